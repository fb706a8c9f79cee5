/* SPDX-License-Identifier: Apache-2.0 */
/* The SM-SR in memory: the real core over an in-memory disk and a clock that stands, parties on the
 * other end of memory streams, an EUM that signs, and a carrier that only counts. A test that uses it
 * names remora_test_support first in its Links line. */
#pragma once

#include "common/crypto/pki_issue.h"
#include "common/msg/admin.h"
#include "common/msg/es1.h"
#include "common/msg/es3.h"
#include "common/msg/es4.h"
#include "common/wire/wire.h"
#include "smsr/api/isdr_secret.h"
#include "smsr/core.h"
#include "test/support/fake.h"
#include "test/support/memvfs.h"
#include "test/support/path.h"

#define SRW_NOW 1763800000000
#define SRW_DAY 86400000LL
#define OID(n) "1.3.6.1.4.1.99999." #n
#define SMSR OID(1)
#define SMDP OID(2)
#define MNO_A OID(11)
#define MNO_B OID(10)
#define FLEET OID(20)
#define FLEET_2 OID(21)
#define SERVICE OID(22)            /* a service provider nobody authorised yet */
#define EUM OID(30)
#define EUM_2 OID(31)
#define ADMIN OID(40)
#define SRW_GOT 64

/* One envelope as the peer saw it. */
struct srw_got {
    enum envelope_kind kind;
    uint64_t message_id, relates_to, delivery_no;
    struct uuid operation;
    enum verdict verdict;
    enum msg_type type;
    enum exec_status status;
    struct gsma_code code;
    char text[320];
    struct buf octets;             /* the message alone */
};
struct srw_peer {
    struct srw *w;
    struct rpc *client, *server;
    struct buf to_server, to_client;
    bool client_gone, server_gone, up, closed;
    char why[320];
    struct srw_got got[SRW_GOT];
    unsigned n;
};
struct srw_sms {
    char to[17], from[17];
    uint8_t ud[140];
    size_t n;
};
struct srw {
    struct memvfs *m;
    struct tmpdir tmp;
    struct fake_clock clock;
    struct rng rng;
    struct crypto *crypto;
    struct keystore *ks;
    struct pki *pki;
    struct pki_entity ci, eum, eum_2;
    struct transport_key transport;
    struct key *kic, *kid, *dek, *psk;
    struct conf *conf;
    struct smsr_core *core;
    struct carrier carrier;
    struct space space;
    bool disk_full;
    struct srw_peer *peers[16];
    unsigned n_peers;
    struct srw_sms sms[32];
    unsigned n_sms;
    unsigned cards[8], n_cards;    /* enrolled */
    struct arena arena;
    unsigned calls;
};

struct srw *srw_new(const char *name); /* its core is open; name: of the disk */
void srw_free(struct srw *w);
/* For cmocka: *state is one, which has card 1, and 101 in the realm gas. */
int srw_setup(void **state);
int srw_teardown(void **state);
struct smsr_core_options srw_options(struct srw *w);
void srw_open(struct srw *w);
void srw_drop_peers(struct srw *w);
/* The process dies, and with it what the mode says of the disk; nothing is open. */
void srw_die(struct srw *w, enum memvfs_crash_mode mode);
void srw_turn(struct srw *w);
/* Everything that is under way arrives, and every turn is ended. */
void srw_pump(struct srw *w);
/* The cards are silent, minute by minute, until no call waits for its answer; nothing sent is kept. */
void srw_expire(struct srw *w);
/* Octets that are under way to r arrive; false: there were none. */
bool srw_move(struct rpc *r, struct buf *from, bool gone);
const struct euicc *srw_card(struct srw *w, unsigned card);

/* --- parties --- */
struct srw_peer *srw_dial_as(struct srw *w, const char *oid, enum party_role role, bool subscribe,
                             uint64_t last);
struct srw_peer *srw_dial(struct srw *w, const char *oid, enum party_role role);
void srw_hang_up(struct srw_peer *p);
void srw_send(struct srw_peer *p, enum msg_type t, const void *body, const char *mno);
/* Sends and returns what came back for it. */
const struct srw_got *srw_call(struct srw_peer *p, enum msg_type t, const void *body,
                               const char *mno);
const void *srw_body(struct srw *w, const struct srw_got *g);
void srw_expect(const struct srw_got *g, const char *subject, const char *reason);

/* --- EIS --- */
struct srw_eis {
    struct signed_eis s;
    struct eum_signed_info info;
    const struct pki_entity *signer;
    uint8_t point[65];
};

struct oid srw_oid(const char *s);
struct iccid srw_iccid(const char *prefix, unsigned i);
void srw_wrap(struct srw *w, const struct key *k, uint8_t kid, uint8_t type, struct eis_key *ret);
/* A card of the EUM: profile 0 of A enabled with the fall-back attribute, profile 1 of B
 * disabled. */
void srw_eis_prepare(struct srw *w, unsigned card, struct srw_eis *e);
/* Signs what stands in the parts and encodes the whole. */
struct span srw_eis_encode(struct srw *w, struct srw_eis *e);
struct es1_register_eis_request srw_eis_request(const char *fcid, struct span eis);
void srw_enrol(struct srw *w, struct srw_peer *eum, unsigned card);
struct es4_enable_profile_request srw_enable_request(const char *fcid, unsigned card);
