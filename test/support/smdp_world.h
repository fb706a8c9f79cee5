/* SPDX-License-Identifier: Apache-2.0 */
/* A whole SM-DP core in memory with everything around it: a disk that survives restarts, operators
 * and an admin over rpc, an SM-SR that answers ES3 by driving a real simulated card, and faults on
 * order. A test that uses it names remora_test_support first in its Links line. */
#pragma once

#include "common/crypto/pki_issue.h"
#include "common/msg/admin.h"
#include "common/msg/es2.h"
#include "common/msg/es3.h"
#include "smdp/core.h"
#include "smdp/store/store.h"
#include "test/support/card_rig.h"
#include "test/support/fake.h"
#include "test/support/memvfs.h"

#define DPW_CALLS 256
#define DPW_GOT   128
#define DPW_SMSR  "1.3.6.1.4.1.99999.1"
#define DPW_SMDP  "1.3.6.1.4.1.99999.2"
#define DPW_BLUE  "1.3.6.1.4.1.99999.10"
#define DPW_RED   "1.3.6.1.4.1.99999.11"
#define DPW_ADMIN "1.3.6.1.4.1.99999.30"
#define DPW_ADMIN_2 "1.3.6.1.4.1.99999.32"
#define DPW_TYPE  "Remora basic"
/* The first subscription of dpw_stock. */
#define DPW_ICCID_1 "89490100000000000014"

/* One ES3 call as the SM-SR knows it: executed once, answered for ever. */
struct dpw_call {
    char fcid[ORDER_FCID];
    enum msg_type type;
    uint8_t digest[32];
    struct uuid op;
    struct buf response; /* encoded message */
    enum verdict verdict;
    unsigned times; /* it was asked */
};
struct dpw_delivery {
    enum envelope_kind kind;
    struct uuid op;
    enum verdict verdict;
    struct buf message;
};
/* A party's connection, and what it heard on it. */
struct dpw_client {
    struct dp_world *w;
    struct oid oid;
    enum party_role role;
    struct rpc *server, *client; /* both ends */
    struct buf up, down;         /* octets on their way */
    struct rpc_handler at_server;
    struct arena mem;
    struct envelope got[DPW_GOT];
    unsigned n_got;
    uint64_t last_delivery;
    bool closed;
    bool silent; /* acknowledges nothing */
};
enum dpw_fault {
    DPW_NONE = 0,
    DPW_FAIL,  /* answers FAILED (EXPIRED 1.6-5.x) with code, does nothing */
    DPW_LOSE,  /* does it, and answers FAILED with code */
    DPW_BUSY,  /* 1.2-4.4, once */
    DPW_HOLD,  /* ACCEPTED and no answer until released */
    DPW_BEND,  /* inverts a bit in the card's answer */
    DPW_DOUBT, /* EXPIRED 1.6-5.4, verdict IN_DOUBT */
};
struct dp_world {
    struct rig rig;
    struct memvfs *disk;
    struct fake_clock clock;
    struct rng rng;
    struct pki *pki;
    struct pki_entity ci, eum;
    struct key *dp_key;
    struct buf dp_cert, ecasd, template;
    struct keystore *keystore;
    int64_t key_ms;      /* how long it takes for each job */
    unsigned jobs;       /* it was given */
    struct smdp_identity identity;
    struct dp_env env;
    struct dp_party parties[4];
    struct dp_smsr smsr;
    struct smdp_core *core;
    struct dpw_client blue, red, admin, *guest; /* guest: one more that a test brings; NULL */
    /* the SM-SR */
    bool up;
    struct buf inbox[64]; /* encoded requests in order */
    unsigned n_inbox;
    uint64_t ids; /* message ids of this connection */
    struct dpw_call calls[DPW_CALLS];
    unsigned n_calls;
    struct dpw_delivery deliveries[DPW_CALLS];
    unsigned n_deliveries, sent, acked;
    uint16_t number;          /* of the ISD-P of this card's next creation */
    struct iccid on_card[16]; /* by ISD-P number - 0010 */
    uint8_t states[16];       /* enum profile_state */
    unsigned executed[MSG_TYPE_COUNT];
    enum dpw_fault fault;
    enum msg_type fault_at;
    struct gsma_code fault_code;
    int fault_times; /* -1: always */
    int fault_skip;  /* so many first */
    uint32_t remaining_memory;
    struct subscription_address completed; /* of the last ProfileDownloadCompleted */
    const char *platform; /* of the card, as its EIS has it; NULL: it tells none */
};

void dpw_init(struct dp_world *w);
void dpw_fini(struct dp_world *w);
int dpw_setup(void **state); /* for cmocka: *state is a world */
int dpw_teardown(void **state);
/* The process dies after its last commit and starts again on the same disk; connections are gone.
 */
void dpw_restart(struct dp_world *w);
/* Everything that can move moves: turns, octets, the SM-SR. Ends when nothing moves any more. */
void dpw_run(struct dp_world *w);
/* One step of that: one turn of the core, then one request at the SM-SR. false: nothing moved. */
bool dpw_step(struct dp_world *w);
/* Time goes on to the next timer and everything due happens; false: there is none. */
bool dpw_timer(struct dp_world *w);
void dpw_link(struct dp_world *w, bool up);

void dpw_connect(struct dp_world *w, struct dpw_client *c, bool subscribe);
void dpw_disconnect(struct dpw_client *c);
/* Sends a request; its message id. */
uint64_t dpw_ask(struct dp_world *w, struct dpw_client *c, enum msg_type type, const void *body);
/* The last envelope heard that relates to id; NULL: none yet. */
const struct envelope *dpw_heard(const struct dpw_client *c, uint64_t id);
/* The last one heard of that message type. */
const struct envelope *dpw_last(const struct dpw_client *c, enum msg_type type);
/* The common part of the last response of that type; status EXEC_NONE: none was heard. */
const struct base_response *dpw_answer(const struct dpw_client *c, enum msg_type type);
bool dpw_says(const struct base_response *b, const char *text); /* its message has that in it */
void dpw_expect(const struct base_response *b, enum exec_status status, const char *subject,
                const char *reason);

void dpw_fault(struct dp_world *w, enum dpw_fault f, enum msg_type at, int times,
               const char *subject, const char *reason);
void dpw_release(struct dp_world *w); /* what DPW_HOLD held is answered */
/* A notification or verdict of the SM-SR as a numbered delivery. */
void dpw_tell(struct dp_world *w, enum msg_type type, const void *body);

/* Template and n subscriptions 894901000...NNN with its check digit of blue (or red with other
 * ranges), all answered. */
void dpw_iccid(bool red, unsigned number, char dst[21]);
void dpw_template(struct dp_world *w);
void dpw_csv(struct buf *out, bool red, unsigned from, unsigned n);
void dpw_import(struct dp_world *w, struct dpw_client *c, struct span csv);
void dpw_stock(struct dp_world *w, unsigned n);
/* Asks for a download by type; its order's RESPONSE is heard later. */
uint64_t dpw_download(struct dp_world *w, const char *fcid, bool enable, uint32_t validity_s);
/* Until no order lives or no timer is left. */
void dpw_end(struct dp_world *w);
/* What blue heard of the end of its last download. */
const struct base_response *dpw_ended(const struct dp_world *w);
/* The three together: asked for, run to its end, and heard of like that. */
void dpw_order(struct dp_world *w, const char *fcid, bool enable, enum exec_status status,
               const char *subject, const char *reason);

struct stock_item dpw_item(struct dp_world *w, const char *iccid);
bool dpw_secret(struct dp_world *w, const char *id);
unsigned dpw_orphans(struct dp_world *w); /* ISD-Ps on the card that are not installed */
/* Nothing is left of the order for the first subscription, neither on the card nor here. */
void dpw_expect_released(struct dp_world *w);
