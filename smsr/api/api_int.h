/* SPDX-License-Identifier: Apache-2.0 */
/* Inside of the api: one request on its way through the checks. */
#pragma once

#include "common/daemon/callers.h"
#include "common/wire/wire.h"
#include "smsr/api/api.h"
#include "common/msg/catalogue.h"

struct api {
    struct api_config cfg;
    struct callers *callers;
    struct arena scratch;                  /* one record that is looked into */
    struct api_counters count;
};

struct request {
    struct api *a;
    const struct party *party;
    struct scope scope;
    const struct msg_info *info;
    struct message msg;                    /* in the memory of the turn */
    struct in_call call;
    const struct base_request *base;
};

/* calls.c */
void api_request(struct api *a, struct rpc *r, const struct envelope *e);
/* RESPONSE in the memory of the turn; verdict and operation may be empty. It leaves when all that
 * was appended so far is durable. */
struct outcome {
    struct uuid op;                /* zero: no operation */
    enum verdict verdict;
    int64_t concluded_ms;
};
void api_respond(struct request *q, struct message m, const struct outcome *x);
/* FAILED with this code; detail (may be empty) stands in place of the catalogue's sentence. */
void api_refuse(struct request *q, enum status_code st, struct span detail);
struct message api_refusal(struct request *q, enum status_code st, struct span detail);
/* A response body of the request's type, its base filled for success; NULL: out of memory. */
void *api_response(struct request *q, struct message *ret);

/* A record of this call that no procedure makes: who asked, by which function; its end is the answer. */
struct event *api_call_record(struct request *q, struct plan *p, enum event_type type,
                              const struct eid *eid);
void api_call_end(struct request *q, struct plan *p, struct event *ev, struct message m, enum verdict v);

/* life.c: what the tools of the house change or read of the life of cards */
void api_card_state(struct request *q);
void api_batch(struct request *q);
void api_batch_list(struct request *q);
void api_drift(struct request *q);

/* es1.c */
void api_register_eis(struct request *q);
/* get_eis.c */
void api_get_eis(struct request *q);
/* owner_view.c: the body of a record of op as its owner may see it. ret_cut: something of others was
 * left out and what remains is in ret; else the body may be shown as it is. */
MUST_CHECK int api_owner_body(struct request *q, const struct op_row *op,
                              const struct journal_record *rec, struct buf *ret, bool *ret_cut);
/* admin.c; false: no such function for this role. It may leave a record: idempotency and room go before it. */
bool api_admin_may(const struct request *q, bool *ret_changes);
void api_admin(struct request *q);
uint32_t api_admin_roles(enum msg_type t); /* that may ask it: bits 1 << ROLE_x */
