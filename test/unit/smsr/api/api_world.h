/* SPDX-License-Identifier: Apache-2.0 */
/* The SM-SR in memory: the real core over an in-memory disk and a clock that stands, parties on the
 * other end of memory streams, an EUM that signs, and a carrier that only counts. */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#include "common/crypto/ecka.h"
#include "common/crypto/pki_issue.h"
#include "common/crypto/scp80.h"
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

#define NOW 1763800000000
#define DAY 86400000LL
#define OID(n) "1.3.6.1.4.1.99999." #n
#define SMSR OID(1)
#define SMDP OID(2)
#define MNO_A OID(11)
#define MNO_B OID(10)
#define FLEET OID(20)
#define FLEET_2 OID(21)
#define EUM OID(30)
#define EUM_2 OID(31)
#define ADMIN OID(40)
#define GOT_MAX 64

static const char WORLD_CONF[] =
    "smsr: {oid: " SMSR ", listen: h:1, coap: h:2}\n"
    "networks: [{id: sim, coap: h:3}]\n"
    "tls: {ca: a, cert: b, key: c}\n"
    "gsma: {ci: [d]}\n"
    "keystore: {kek: e}\n"
    "tenants:\n"
    "  - {id: water, admits: [" MNO_A ", " MNO_B "],\n"
    "     eid_ranges: [{from: '890490320000000000000000000000', to: "
    "'890490320000000000000000000099'}]}\n"
    "  - {id: gas, admits: [" MNO_A "],\n"
    "     eid_ranges: [{from: '890490320000000000000000000100', to: "
    "'890490320000000000000000000199'}]}\n"
    "parties:\n"
    "  - {oid: " MNO_A ", tenant: red, roles: [operator], iccid: ['894901']}\n"
    "  - {oid: " MNO_B ", tenant: blue, roles: [operator], iccid: ['894902'], on_behalf: [" SMDP
    "]}\n"
    "  - {oid: " SMDP ", tenant: house, roles: [smdp]}\n"
    "  - {oid: " FLEET ", tenant: water, roles: [fleet]}\n"
    "  - {oid: " FLEET_2 ", tenant: gas, roles: [fleet]}\n"
    "  - {oid: " EUM ", tenant: maker, roles: [eum]}\n"
    "  - {oid: " EUM_2 ", tenant: other-maker, roles: [eum]}\n"
    "  - {oid: " ADMIN ", tenant: house, roles: [admin]}\n"
    "routes:\n"
    "  - {mno: " MNO_A
    ", profile_type: '*', network: sim, source: '491700001', apn: a, host: h, port: 7}\n"
    "  - {mno: " MNO_B
    ", profile_type: '*', network: sim, source: '491700002', apn: b, host: h, port: 7}\n";

/* One envelope as the peer saw it. */
struct got {
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
struct peer {
    struct world *w;
    struct rpc *client, *server;
    struct buf to_server, to_client;
    bool client_gone, server_gone, up, closed;
    char why[320];
    struct got got[GOT_MAX];
    unsigned n;
};
struct sent_sms {
    char to[17], from[17];
    uint8_t ud[140];
    size_t n;
};
struct world {
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
    struct peer *peers[16];
    unsigned n_peers;
    struct sent_sms sms[32];
    unsigned n_sms;
    struct arena arena;
    unsigned calls;
};

/* --- ports --- */
static inline int world_sms(void *ctx, const char *network, const struct msisdn *to,
                            const char *from, uint8_t pid, uint8_t dcs, int64_t vp_s,
                            struct span ud, uint64_t tag)
{
    struct world *w = ctx;
    struct sent_sms *s = &w->sms[w->n_sms++];

    assert_true(w->n_sms <= 32 && ud.n <= 140 && pid == 0x7F && dcs == 0xF6 && vp_s > 0);
    assert_string_equal(network, "sim");
    (void)tag;
    (void)snprintf(s->to, sizeof s->to, "%s", to->s);
    (void)snprintf(s->from, sizeof s->from, "%s", from);
    memcpy(s->ud, ud.p, ud.n);
    s->n = ud.n;
    return ERR_OK;
}

static inline int world_stream_send(void *ctx, uint64_t conn, struct span bytes)
{
    (void)ctx;
    (void)conn;
    (void)bytes;
    return ERR_OK;
}

static inline void world_stream_close(void *ctx, uint64_t conn)
{
    (void)ctx;
    (void)conn;
}

static inline int world_free_bytes(const void *ctx, uint64_t *ret)
{
    *ret = ((const struct world *)ctx)->disk_full ? 0 : UINT64_MAX;
    return ERR_OK;
}

static inline struct smsr_core_options world_options(struct world *w)
{
    w->carrier = (struct carrier){world_sms, world_stream_send, world_stream_close, w};
    return (struct smsr_core_options){.conf = w->conf,
                                      .journal_path = "/s/journal.db",
                                      .state_path = "/s/state.db",
                                      .vfs = memvfs_name(w->m),
                                      .space = &w->space,
                                      .crypto = w->crypto,
                                      .keystore = w->ks,
                                      .pki = w->pki,
                                      .transport = &w->transport,
                                      .n_transport = 1,
                                      .clock = &w->clock.port,
                                      .rng = &w->rng,
                                      .carrier = &w->carrier,
                                      .version = "test"};
}

static inline void world_open(struct world *w)
{
    struct smsr_core_options o = world_options(w);
    struct errmsg why = {{0}};

    if (smsr_core_new(&o, &w->core, &why))
        fail_msg("%s", why.text);
}

static inline void world_conf(struct world *w)
{
    struct errmsg why = {{0}};
    char path[512];
    FILE *f;

    tmpdir_path(&w->tmp, "smsr.yaml", path, sizeof path);
    f = fopen(path, "w");
    assert_non_null(f);
    assert_true(fputs(WORLD_CONF, f) >= 0);
    assert_int_equal(fclose(f), 0);
    if (conf_load(path, 1, &w->conf, &why))
        fail_msg("%s", why.text);
}

static inline struct oid oid_of(const char *s)
{
    struct oid o;

    assert_int_equal(oid_parse(span_str(s), &o), ERR_OK);
    return o;
}

static inline void world_pki(struct world *w)
{
    struct pki_subject s = {"CI", oid_of(OID(90)), CURVE_P256, {NOW - DAY, NOW + 1000 * DAY}};

    assert_int_equal(pki_issue_ci(w->crypto, &s, &w->ci), ERR_OK);
    s.name = "EUM";
    s.oid = oid_of(EUM);
    s.valid.to_ms = NOW + 100 * DAY;
    assert_int_equal(pki_issue_eum(w->crypto, &w->ci, &s, &w->eum), ERR_OK);
    s.oid = oid_of(EUM_2);
    assert_int_equal(pki_issue_eum(w->crypto, &w->ci, &s, &w->eum_2), ERR_OK);
    w->pki = pki_new(w->crypto);
    assert_int_equal(pki_add_ci_der(w->pki, buf_span(&w->ci.der), NULL), ERR_OK);
}

static inline struct world *world_new(const char *name)
{
    struct world *w = calloc(1, sizeof *w);
    uint8_t kek[32];

    w->m = memvfs_register(name, 3);
    tmpdir_init(&w->tmp);
    fake_clock_init(&w->clock, NOW);
    fake_rng_init(&w->rng, 5);
    w->crypto = crypto_new(NULL);
    memset(kek, 0x4B, sizeof kek);
    assert_int_equal(keystore_new(w->crypto, span_of(kek, 32), 1, &w->ks), ERR_OK);
    world_pki(w);
    (void)snprintf(w->transport.id, sizeof w->transport.id, "tk-1");
    assert_int_equal(key_random(w->crypto, KEY_AES, 16, &w->transport.key), ERR_OK);
    assert_int_equal(key_random(w->crypto, KEY_AES, 16, &w->kic), ERR_OK);
    assert_int_equal(key_random(w->crypto, KEY_AES, 16, &w->kid), ERR_OK);
    assert_int_equal(key_random(w->crypto, KEY_AES, 16, &w->dek), ERR_OK);
    assert_int_equal(key_random(w->crypto, KEY_PSK, 16, &w->psk), ERR_OK);
    w->space = (struct space){world_free_bytes, w};
    arena_init(&w->arena, 0);
    world_conf(w);
    world_open(w);
    return w;
}

static inline void peer_free(struct peer *p)
{
    for (unsigned i = 0; i < p->n; i++)
        buf_fini(&p->got[i].octets);
    rpc_free(p->client);
    rpc_free(p->server);
    buf_fini(&p->to_server);
    buf_fini(&p->to_client);
    free(p);
}

static inline void world_drop_peers(struct world *w)
{
    for (unsigned i = 0; i < w->n_peers; i++) {
        if (!w->peers[i]->server_gone)
            rpc_eof(w->peers[i]->server, ERR_CLOSED, "end");
        if (!w->peers[i]->client_gone)
            rpc_eof(w->peers[i]->client, ERR_CLOSED, "end");
        peer_free(w->peers[i]);
    }
    w->n_peers = 0;
}

static inline void world_free(struct world *w)
{
    world_drop_peers(w);
    smsr_core_free(w->core);
    conf_free(w->conf);
    key_free(w->transport.key);
    key_free(w->kic);
    key_free(w->kid);
    key_free(w->dek);
    key_free(w->psk);
    pki_entity_fini(&w->ci);
    pki_entity_fini(&w->eum);
    pki_entity_fini(&w->eum_2);
    pki_free(w->pki);
    keystore_free(w->ks);
    crypto_free(w->crypto);
    memvfs_free(w->m);
    arena_fini(&w->arena);
    tmpdir_fini(&w->tmp);
    free(w);
}

/* --- parties --- */
static inline bool to_server(void *ctx, struct span bytes)
{
    struct peer *p = ctx;
    buf_add_span(&p->to_server, bytes);
    return true;
}

static inline bool to_client(void *ctx, struct span bytes)
{
    struct peer *p = ctx;
    buf_add_span(&p->to_client, bytes);
    return true;
}

static inline void close_client(void *ctx)
{
    ((struct peer *)ctx)->client_gone = true;
}

static inline void close_server(void *ctx)
{
    ((struct peer *)ctx)->server_gone = true;
}

static inline void on_welcome(void *ctx, struct rpc *r)
{
    (void)r;
    ((struct peer *)ctx)->up = true;
}

static inline void on_got(void *ctx, struct rpc *r, const struct envelope *e)
{
    struct peer *p = ctx;
    struct got *g = &p->got[p->n++];
    const struct base_response *b = message_response(&e->message);

    (void)r;
    assert_true(p->n <= GOT_MAX);
    g->kind = e->kind;
    g->message_id = e->message_id;
    g->relates_to = e->relates_to;
    g->delivery_no = e->delivery_no;
    g->operation = e->operation;
    g->verdict = e->verdict;
    g->type = e->message.type;
    buf_init(&g->octets, 0);
    if (e->message.type != MSG_NONE)
        assert_int_equal(wire_message_encode(&e->message, &g->octets), ERR_OK);
    if (b) {
        g->status = b->answer.status;
        g->code = b->answer.code;
        (void)snprintf(g->text, sizeof g->text, "%.*s", (int)b->answer.message.n,
                       b->answer.message.n ? (const char *)b->answer.message.p : "");
    } else {
        (void)snprintf(g->text, sizeof g->text, "%.*s", (int)e->error_text.n,
                       e->error_text.n ? (const char *)e->error_text.p : "");
    }
}

static inline void on_client_closed(void *ctx, struct rpc *r, int err, const char *why)
{
    struct peer *p = ctx;

    (void)r;
    (void)err;
    p->closed = true;
    (void)snprintf(p->why, sizeof p->why, "%s", why);
}

static inline bool move(struct rpc *r, struct buf *from, bool gone)
{
    struct buf taken = *from;

    if (!from->n)
        return false;
    buf_init(from, 0);
    if (!gone)
        rpc_input(r, buf_span(&taken));
    buf_fini(&taken);
    return true;
}

static inline void world_turn(struct world *w)
{
    if (smsr_core_turn(w->core))
        fail_msg("%s", smsr_core_why(w->core));
}

/* Everything that is under way arrives, and every turn is ended. */
static inline void pump(struct world *w)
{
    bool busy = true;

    for (unsigned round = 0; busy; round++) {
        assert_true(round < 100);
        busy = false;
        for (unsigned i = 0; i < w->n_peers; i++) {
            struct peer *p = w->peers[i];
            rpc_flush(p->client);
            busy |= move(p->server, &p->to_server, p->server_gone);
        }
        world_turn(w);
        for (unsigned i = 0; i < w->n_peers; i++) {
            struct peer *p = w->peers[i];
            rpc_flush(p->server);
            busy |= move(p->client, &p->to_client, p->client_gone);
            if (p->server_gone && !p->closed) {
                rpc_eof(p->server, ERR_CLOSED, "closed");
                rpc_eof(p->client, ERR_CLOSED, "closed by the server");
                p->client_gone = true;
            }
        }
    }
}

static inline struct peer *dial_as(struct world *w, const char *oid, enum party_role role,
                                   bool subscribe, uint64_t last)
{
    struct peer *p = calloc(1, sizeof *p);
    struct rpc_stream cs = {.write = to_server, .close = close_client, .ctx = p};
    struct rpc_stream ss = {
        .write = to_client, .close = close_server, .ctx = p, .id = w->calls * 100 + 1};
    struct rpc_handler h = {.on_welcome = on_welcome, .on_message = on_got,
                            .on_closed = on_client_closed, .ctx = p};
    struct rpc_handler sh = smsr_core_handler(w->core);
    struct rpc_party who = {oid_of(oid), role};

    w->calls++;
    p->w = w;
    buf_init(&p->to_server, 0);
    buf_init(&p->to_client, 0);
    p->server = rpc_server(&ss, &sh, &who);
    p->client = rpc_client(&cs, &h, subscribe, last);
    w->peers[w->n_peers++] = p;
    assert_true(w->n_peers <= 16);
    pump(w);
    return p;
}

static inline struct peer *dial(struct world *w, const char *oid, enum party_role role)
{
    struct peer *p = dial_as(w, oid, role, false, 0);

    if (!p->up)
        fail_msg("%s", p->why);
    return p;
}

static inline void hang_up(struct peer *p)
{
    rpc_eof(p->server, ERR_CLOSED, "cut");
    rpc_eof(p->client, ERR_CLOSED, "cut");
    p->server_gone = p->client_gone = true;
}

static inline void send_call(struct peer *p, enum msg_type t, const void *body, const char *mno)
{
    struct envelope e = {.kind = ENV_REQUEST, .message = {t, body}};

    if (mno)
        e.mno_id = oid_of(mno);
    assert_int_equal(rpc_send(p->client, &e, NULL), ERR_OK);
}

/* Sends and returns what came back for it. */
static inline const struct got *call(struct peer *p, enum msg_type t, const void *body,
                                     const char *mno)
{
    unsigned before = p->n;

    send_call(p, t, body, mno);
    pump(p->w);
    assert_true(p->n > before);
    return &p->got[before];
}

static inline const void *body_of(struct world *w, const struct got *g)
{
    struct message m;

    assert_int_equal(wire_message_decode(buf_span(&g->octets), &w->arena, &m, NULL), ERR_OK);
    return m.body;
}

static inline void assert_code(const struct got *g, const char *subject, const char *reason)
{
    if (g->kind != ENV_RESPONSE || strcmp(g->code.subject, subject) ||
        strcmp(g->code.reason, reason))
        fail_msg("%s %s: %s-%s \"%s\" instead of %s-%s", envelope_kind_text(g->kind),
                 exec_status_text(g->status), g->code.subject, g->code.reason, g->text, subject,
                 reason);
    assert_int_equal(g->status, EXEC_FAILED);
}

/* --- EIS --- */
static inline struct eid eid_no(unsigned i)
{
    char digits[31];
    struct eid e;

    (void)snprintf(digits, sizeof digits, "89049032%022u", i);
    assert_int_equal(eid_make(digits, &e), ERR_OK);
    return e;
}

static inline struct iccid iccid_no(const char *prefix, unsigned i)
{
    struct iccid c = {{0}};

    (void)snprintf(c.s, sizeof c.s, "%s%013u", prefix, i);
    return c;
}

struct eis_parts {
    struct signed_eis s;
    struct eum_signed_info info;
    const struct pki_entity *signer;
    uint8_t point[65];
};

static inline void wrap(struct world *w, const struct key *k, uint8_t kid, uint8_t type,
                        struct eis_key *ret)
{
    uint8_t *place = arena_alloc(&w->arena, 64);
    struct writer out = wr_init(place, 64);

    ret->kid = kid;
    ret->type = type;
    assert_int_equal(ecb_wrap_key(w->crypto, w->transport.key, k, &out), ERR_OK);
    ret->wrapped = wr_view(&out);
    assert_int_equal(key_kcv(w->crypto, k, ret->kcv), ERR_OK);
    ret->has_kcv = true;
}

static inline void eis_profile_of(struct eis_profile *p, const char *mno, const char *prefix,
                                  unsigned card, unsigned n, enum profile_state state)
{
    char number[17];

    p->iccid = iccid_no(prefix, card);
    assert_int_equal(aid_isd_p((uint16_t)(0x0010 + n), &p->isdp_aid), ERR_OK);
    p->mno_id = oid_of(mno);
    p->state = state;
    p->profile_type = span_str("meter");
    p->allocated_memory = 60000;
    (void)snprintf(number, sizeof number, "49151%u%06u", n, card);
    assert_int_equal(msisdn_parse(span_str(number), &p->address.msisdn), ERR_OK);
}

/* A card of the EUM: profile 0 of A enabled with the fall-back attribute, profile 1 of B
 * disabled. */
static inline void eis_prepare(struct world *w, unsigned card, struct eis_parts *e)
{
    struct pki_dates dates = {NOW - DAY, NOW + 1000 * DAY};
    struct buf cert;
    struct key *ecasd;

    memset(e, 0, sizeof *e);
    e->signer = &w->eum;
    e->info.eid = eid_no(card);
    e->info.eum_id = oid_of(EUM);
    e->info.production_date_ms = NOW - DAY;
    e->info.platform_type = span_str("sim");
    e->info.platform_version = span_str("1.0.0");
    e->info.isd_p_load_file = AID_ISD_P_PACKAGE;
    e->info.isd_p_module = AID_ISD_P_MODULE;
    e->info.capabilities.http = e->info.capabilities.secure_packet = true;
    e->info.capabilities.remote_provisioning_version = span_str("3.2.0");
    e->info.capabilities.platform = span_str("sim-1");
    assert_int_equal(ec_generate(w->crypto, CURVE_P256, &ecasd, e->point), ERR_OK);
    key_free(ecasd);
    buf_init(&cert, 0);
    assert_int_equal(pki_issue_ecasd(w->crypto, &w->eum, &e->info.eid, CURVE_P256,
                                     span_of(e->point, 65), &dates, &cert), ERR_OK);
    e->info.ecasd_certificate = span_of(arena_dup(&w->arena, cert.p, cert.n), cert.n);
    buf_fini(&cert);
    e->s.remaining_memory = 200000;
    e->s.available_memory_for_profiles = 300000;
    e->s.smsr_id = oid_of(SMSR);
    e->s.transport_key_id = span_str("tk-1");
    e->s.n_profiles = 2;
    eis_profile_of(&e->s.profiles[0], MNO_A, "894901", card, 0, PROFILE_ENABLED);
    e->s.profiles[0].fallback_attribute = true;
    eis_profile_of(&e->s.profiles[1], MNO_B, "894902", card, 1, PROFILE_DISABLED);
    e->s.n_keysets = 2;
    e->s.keysets[0] = (struct eis_keyset){.version = 1, .type = 0x80, .counter = 7, .n_keys = 3};
    wrap(w, w->kic, 1, 0x88, &e->s.keysets[0].keys[0]);
    wrap(w, w->kid, 2, 0x88, &e->s.keysets[0].keys[1]);
    wrap(w, w->dek, 3, 0x88, &e->s.keysets[0].keys[2]);
    e->s.keysets[1] = (struct eis_keyset){.version = 0x40, .type = 0x81, .n_keys = 1};
    wrap(w, w->psk, 1, 0x85, &e->s.keysets[1].keys[0]);
}

/* Signs what stands in the parts and encodes the whole. */
static inline struct span eis_encode(struct world *w, struct eis_parts *e)
{
    struct buf info, all;
    struct span ret, part;
    uint8_t sig[EC_SIG_LEN];

    buf_init(&info, 0);
    buf_init(&all, 0);
    if (!e->s.eum_signed_info.n) {
        assert_int_equal(wire_eum_info_encode(&e->info, &info), ERR_OK);
        e->s.eum_signed_info = span_of(arena_dup(&w->arena, info.p, info.n), info.n);
    }
    if (!e->s.eum_signature.n) {
        part = e->s.eum_signed_info;
        assert_int_equal(ec_sign(w->crypto, e->signer->key, &part, 1, sig), ERR_OK);
        e->s.eum_signature = span_of(arena_dup(&w->arena, sig, sizeof sig), sizeof sig);
    }
    if (!e->s.eum_certificate.n)
        e->s.eum_certificate = buf_span(&e->signer->der);
    assert_int_equal(wire_signed_eis_encode(&e->s, &all), ERR_OK);
    ret = span_of(arena_dup(&w->arena, all.p, all.n), all.n);
    buf_fini(&info);
    buf_fini(&all);
    return ret;
}

static inline struct es1_register_eis_request eis_request(const char *fcid, struct span eis)
{
    return (struct es1_register_eis_request){.base = {.function_call_identifier = span_str(fcid)},
                                             .eis = eis};
}

static inline void enrol(struct world *w, struct peer *eum, unsigned card)
{
    struct eis_parts parts;
    char fcid[32];
    struct es1_register_eis_request req;
    const struct got *g;

    (void)snprintf(fcid, sizeof fcid, "enrol-%u", card);
    eis_prepare(w, card, &parts);
    req = eis_request(fcid, eis_encode(w, &parts));
    g = call(eum, MSG_ES1_REGISTER_EIS_REQUEST, &req, NULL);
    if (g->status != EXEC_SUCCESS)
        fail_msg("%s-%s %s", g->code.subject, g->code.reason, g->text);
}

static inline struct es4_enable_profile_request enable_request(const char *fcid, unsigned card)
{
    return (struct es4_enable_profile_request){.base = {.function_call_identifier = span_str(fcid)},
                                               .eid = eid_no(card),
                                               .iccid = iccid_no("894902", card)};
}
