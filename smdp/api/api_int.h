/* SPDX-License-Identifier: Apache-2.0 */
/* Inside of the api: one request on its way through the checks. */
#pragma once

#include "common/base/map.h"
#include "common/daemon/callers.h"
#include "common/msg/catalogue.h"
#include "common/wire/wire.h"
#include "smdp/api/api.h"
#include "smdp/domain/secret.h"

/* A file that arrives in parts on one connection; wiped with it. */
struct upload {
    enum msg_type type;
    struct oid mno;
    char profile_type[101];
    uint32_t total, next;
    struct buf data;
};

struct dp_api {
    struct dp_api_config cfg;
    struct callers *callers;
    struct map *uploads; /* connection -> struct upload */
    struct dp_api_counters count;
};

struct request {
    struct dp_api *a;
    const struct dp_party *party;
    struct dp_scope scope;
    const struct msg_info *info;
    struct message msg; /* in the memory of the turn */
    struct in_call call;
};

/* calls.c */
void dp_api_request(struct dp_api *a, struct rpc *r, const struct envelope *e);
struct arena *dp_request_memory(struct request *q);
/* A response body of the request's type, its base filled for success; NULL: out of memory. */
void *dp_request_response(struct request *q, struct message *ret);
/* RESPONSE in the memory of the turn. */
void dp_request_respond(struct request *q, struct message m);
/* FAILED with this code; detail (NULL: the catalogue's sentence) is copied. */
void dp_request_refuse(struct request *q, enum status_code st, const char *detail);
/* The same for a record that keeps it. */
struct message dp_request_refusal(struct request *q, enum status_code st, const char *detail);
/* true: this call was made before and is answered here. */
bool dp_request_repeated(struct request *q);
/* One call's identity into the record that answers it. */
void dp_request_put(struct request *q, struct event *ev, const struct message *answer);

/* admin.c; false: no such function for this role */
bool dp_request_admin(struct request *q);

/* stock.c */
void dp_request_stock(struct request *q);
void dp_request_loss(struct request *q);

/* upload.c */
void dp_upload_free(struct upload *u);
void dp_upload_drop(struct dp_api *a, uint64_t conn); /* the one of this connection, if any */
void dp_request_template_add(struct request *q);
void dp_request_import(struct request *q);

/* import.c: the whole file or nothing; *ret_rows were taken. */
MUST_CHECK int dp_import_subscriptions(struct request *q, struct span csv,
                                       const struct dp_party *mno, const char *profile_type,
                                       uint32_t *ret_rows, struct errmsg *why);
