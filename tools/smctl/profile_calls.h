/* SPDX-License-Identifier: Apache-2.0 */
/* What the verbs of "profile" and audit share: which cards, which SM-SR, and the run over them. */
#pragma once

#include "tools/smctl/eids_file.h"
#include "tools/smctl/jobs.h"

#include "common/msg/eis.h"

struct profile_calls {
    struct oid smsr_id;
    struct span type;
    bool enable;
    enum function function;
    struct subscription_address address;
    struct pol2 pol2;
    struct eid old_eid;     /* profile replace */
    struct iccid old_iccid;
};

/* A zeroed request of n octets in *ret; NULL: no memory. */
void *profile_request(struct arena *a, size_t n, struct message *ret, enum msg_type type);
struct eids_row *profile_row(const struct eids_row *row); /* a copy; NULL: no memory */
/* --smsr-id, else the context's: ES2 calls carry it. */
enum exit_code profile_smsr_id(struct smctl *x, struct oid *ret);
/* Frees the rows. */
enum exit_code profile_run(struct smctl *x, const struct jobs_kind *kind, struct profile_calls *p,
                           struct eids *cards);
