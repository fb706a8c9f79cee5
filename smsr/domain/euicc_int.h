/* SPDX-License-Identifier: Apache-2.0 */
/* Inside of euicc_apply: what its files share. */
#pragma once

#include "smsr/domain/euicc.h"

/* euicc.registered: ERR_CORRUPT without its decoded EIS, ERR_FULL, ERR_NOMEM. */
MUST_CHECK int euicc_create(struct euicc **ret, const struct euicc_record *r);
/* Zero-padded text of at most cap - 1 octets, cut at a character's border. */
void euicc_copy_text(char *dst, size_t cap, struct span s);
MUST_CHECK int euicc_add_profile(struct euicc *e, const struct euicc_profile *p);
void euicc_drop_profile(struct euicc *e, const struct euicc_profile *p);

/* The operation of a record; every record of a running one may move its state and timer. NULL: none runs. */
struct operation *euicc_advance(struct euicc *e, const struct euicc_record *r);

/* --- euicc_packets.c: operation.armed and packet.armed, operation.answered, step.opened, step.answered --- */
MUST_CHECK int euicc_message_reported(struct euicc *e, const struct euicc_record *r);
MUST_CHECK int euicc_armed(struct euicc *e, const struct euicc_record *r);
MUST_CHECK int euicc_answered(struct euicc *e, const struct euicc_record *r);
MUST_CHECK int euicc_step_opened(struct euicc *e, const struct euicc_record *r);
MUST_CHECK int euicc_step_answered(struct euicc *e, const struct euicc_record *r);
/* bearer.chosen, and what says how a bearer does. */
MUST_CHECK int euicc_bearer_chosen(struct euicc *e, const struct euicc_record *r);
void euicc_bearer_heard(struct euicc *e, struct operation *op, enum bearer b);
void euicc_bearer_missed(struct euicc *e, const struct operation *op, int64_t at_ms);
/* --- euicc_keysets.c --- */
MUST_CHECK int euicc_keyset_prepared(struct euicc *e, const struct euicc_record *r);
MUST_CHECK int euicc_keyset_used(struct euicc *e, const struct euicc_record *r);
MUST_CHECK int euicc_keyset_deleted(struct euicc *e, const struct euicc_record *r);
/* What is out for an operation that ended. */
void euicc_packets_drop(struct euicc *e, const struct uuid *op);
