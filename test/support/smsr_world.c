/* SPDX-License-Identifier: Apache-2.0 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>

#include "common/engine/engine.h"
#include "test/support/smsr_world.h"

#define EXPIRED_MINUTES 40u /* behind the end of every validity period here */

static const char CONF[] =
    "smsr: {oid: " SMSR ", listen: h:1, coap: h:2}\n"
    "networks: [{id: sim, coap: h:3}]\n"
    "tls: {ca: a, cert: b, key: c}\n"
    "gsma: {ci: [d]}\n"
    "keystore: {kek: e}\n"
    "tenants:\n"
    "  - {id: water, admits: [" MNO_A ", " MNO_B ", " SERVICE "],\n"
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
    "  - {oid: " SERVICE ", tenant: house, roles: [m2m-sp]}\n"
    "  - {oid: " EUM ", tenant: maker, roles: [eum]}\n"
    "  - {oid: " EUM_2 ", tenant: other-maker, roles: [eum]}\n"
    "  - {oid: " ADMIN ", tenant: house, roles: [admin]}\n"
    "routes:\n"
    "  - {mno: " MNO_A
    ", profile_type: '*', network: sim, source: '491700001', apn: a, host: h, port: 7}\n"
    "  - {mno: " MNO_B
    ", profile_type: '*', network: sim, source: '491700002', apn: b, host: h, port: 7}\n";

/* --- ports --- */
static int world_sms(void *ctx, const char *network, const struct msisdn *to,
                            const char *from, uint8_t pid, uint8_t dcs, int64_t vp_s,
                            struct span ud, uint64_t tag)
{
    struct srw *w = ctx;
    struct srw_sms *s = &w->sms[w->n_sms++];

    assert_true(w->n_sms <= 32 && ud.n <= 140 && pid == 0x7F && dcs == 0xF6 && vp_s > 0);
    assert_string_equal(network, "sim");
    (void)tag;
    (void)snprintf(s->to, sizeof s->to, "%s", to->s);
    (void)snprintf(s->from, sizeof s->from, "%s", from);
    memcpy(s->ud, ud.p, ud.n);
    s->n = ud.n;
    return ERR_OK;
}

static int world_stream_send(void *ctx, uint64_t conn, struct span bytes)
{
    (void)ctx;
    (void)conn;
    (void)bytes;
    return ERR_OK;
}

static void world_stream_close(void *ctx, uint64_t conn)
{
    (void)ctx;
    (void)conn;
}

static int world_datagram(void *ctx, uint64_t conn, struct span pdu)
{
    (void)ctx;
    (void)conn;
    (void)pdu;
    return ERR_CLOSED;
}

static void world_datagram_end(void *ctx, uint64_t conn)
{
    (void)ctx;
    (void)conn;
}

static int world_free_bytes(const void *ctx, uint64_t *ret)
{
    *ret = ((const struct srw *)ctx)->disk_full ? 0 : UINT64_MAX;
    return ERR_OK;
}

struct smsr_core_options srw_options(struct srw *w)
{
    w->carrier = (struct carrier){world_sms,      world_stream_send,  world_stream_close,
                                  world_datagram, world_datagram_end, w};
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

void srw_open(struct srw *w)
{
    struct smsr_core_options o = srw_options(w);
    struct errmsg why = {{0}};

    if (smsr_core_new(&o, &w->core, &why))
        fail_msg("%s", why.text);
}

static void world_conf(struct srw *w)
{
    struct errmsg why = {{0}};
    char path[512];
    FILE *f;

    tmpdir_path(&w->tmp, "smsr.yaml", path, sizeof path);
    f = fopen(path, "w");
    assert_non_null(f);
    assert_true(fputs(CONF, f) >= 0);
    assert_int_equal(fclose(f), 0);
    if (conf_load(path, 1, &w->conf, &why))
        fail_msg("%s", why.text);
}

static void world_pki(struct srw *w)
{
    struct pki_subject s = {"CI", srw_oid(OID(90)), CURVE_P256,
                            {SRW_NOW - SRW_DAY, SRW_NOW + 1000 * SRW_DAY}};

    assert_int_equal(pki_issue_ci(w->crypto, &s, &w->ci), ERR_OK);
    s.name = "EUM";
    s.oid = srw_oid(EUM);
    s.valid.to_ms = SRW_NOW + 100 * SRW_DAY;
    assert_int_equal(pki_issue_eum(w->crypto, &w->ci, &s, &w->eum), ERR_OK);
    s.oid = srw_oid(EUM_2);
    assert_int_equal(pki_issue_eum(w->crypto, &w->ci, &s, &w->eum_2), ERR_OK);
    w->pki = pki_new(w->crypto);
    assert_int_equal(pki_add_ci_der(w->pki, buf_span(&w->ci.der), NULL), ERR_OK);
}

struct srw *srw_new(const char *name)
{
    struct srw *w = calloc(1, sizeof *w);
    uint8_t kek[32];

    w->m = memvfs_register(name, 3);
    tmpdir_init(&w->tmp);
    fake_clock_init(&w->clock, SRW_NOW);
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
    srw_open(w);
    return w;
}

static void peer_free(struct srw_peer *p)
{
    for (unsigned i = 0; i < p->n; i++)
        buf_fini(&p->got[i].octets);
    rpc_free(p->client);
    rpc_free(p->server);
    buf_fini(&p->to_server);
    buf_fini(&p->to_client);
    free(p);
}

void srw_drop_peers(struct srw *w)
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

void srw_free(struct srw *w)
{
    srw_drop_peers(w);
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

int srw_setup(void **state)
{
    struct srw *w = srw_new("world");
    struct srw_peer *eum = srw_dial(w, EUM, ROLE_EUM);

    srw_enrol(w, eum, 1);
    srw_enrol(w, eum, 101);
    *state = w;
    return 0;
}

int srw_teardown(void **state)
{
    srw_free(*state);
    return 0;
}

/* --- parties --- */
static bool to_server(void *ctx, struct span bytes)
{
    struct srw_peer *p = ctx;
    buf_add_span(&p->to_server, bytes);
    return true;
}

static bool to_client(void *ctx, struct span bytes)
{
    struct srw_peer *p = ctx;
    buf_add_span(&p->to_client, bytes);
    return true;
}

static void close_client(void *ctx)
{
    ((struct srw_peer *)ctx)->client_gone = true;
}

static void close_server(void *ctx)
{
    ((struct srw_peer *)ctx)->server_gone = true;
}

static void on_welcome(void *ctx, struct rpc *r)
{
    (void)r;
    ((struct srw_peer *)ctx)->up = true;
}

static void on_got(void *ctx, struct rpc *r, const struct envelope *e)
{
    struct srw_peer *p = ctx;
    struct srw_got *g = &p->got[p->n++];
    const struct base_response *b = message_response(&e->message);

    (void)r;
    assert_true(p->n <= SRW_GOT);
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

static void on_client_closed(void *ctx, struct rpc *r, int err, const char *why)
{
    struct srw_peer *p = ctx;

    (void)r;
    (void)err;
    p->closed = true;
    (void)snprintf(p->why, sizeof p->why, "%s", why);
}

bool srw_move(struct rpc *r, struct buf *from, bool gone)
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

void srw_die(struct srw *w, enum memvfs_crash_mode mode)
{
    srw_drop_peers(w);
    memvfs_crash(w->m, mode, NULL);
    smsr_core_free(w->core);
    w->core = NULL;
    w->n_sms = 0;
}

const struct euicc *srw_card(struct srw *w, unsigned card)
{
    struct mbox key = {.kind = MBOX_EUICC};
    struct eid eid = fake_eid(card);
    const void *e = NULL;

    memcpy(key.id, eid.b, sizeof eid.b);
    assert_int_equal(engine_view(smsr_core_engine(w->core), &key, &e), ERR_OK);
    return e;
}

void srw_turn(struct srw *w)
{
    if (smsr_core_turn(w->core))
        fail_msg("%s", smsr_core_why(w->core));
}

void srw_pump(struct srw *w)
{
    bool busy = true;

    for (unsigned round = 0; busy; round++) {
        assert_true(round < 100);
        busy = false;
        for (unsigned i = 0; i < w->n_peers; i++) {
            struct srw_peer *p = w->peers[i];
            rpc_flush(p->client);
            busy |= srw_move(p->server, &p->to_server, p->server_gone);
        }
        srw_turn(w);
        for (unsigned i = 0; i < w->n_peers; i++) {
            struct srw_peer *p = w->peers[i];
            rpc_flush(p->server);
            busy |= srw_move(p->client, &p->to_client, p->client_gone);
            if (p->server_gone && !p->closed) {
                rpc_eof(p->server, ERR_CLOSED, "closed");
                rpc_eof(p->client, ERR_CLOSED, "closed by the server");
                p->client_gone = true;
            }
        }
    }
}

static bool anybody_waits(struct srw *w)
{
    for (unsigned i = 0; i < w->n_cards; i++) {
        const struct euicc *e = srw_card(w, w->cards[i]);
        for (unsigned k = 0; k < e->n_ops; k++)
            if (!e->ops[k]->answered)
                return true;
    }
    return false;
}

void srw_expire(struct srw *w)
{
    assert_true(anybody_waits(w));
    for (unsigned minute = 0; anybody_waits(w); minute++) {
        if (minute == EXPIRED_MINUTES)
            fail_msg("a call waits for its answer behind %u minutes", minute);
        fake_clock_step(&w->clock, 60000);
        srw_pump(w);
        w->n_sms = 0;
    }
}

struct srw_peer *srw_dial_as(struct srw *w, const char *oid, enum party_role role,
                                   bool subscribe, uint64_t last)
{
    struct srw_peer *p = calloc(1, sizeof *p);
    struct rpc_stream cs = {.write = to_server, .close = close_client, .ctx = p};
    struct rpc_stream ss = {
        .write = to_client, .close = close_server, .ctx = p, .id = w->calls * 100 + 1};
    struct rpc_handler h = {.on_welcome = on_welcome, .on_message = on_got,
                            .on_closed = on_client_closed, .ctx = p};
    struct rpc_handler sh = smsr_core_handler(w->core);
    struct rpc_party who = {srw_oid(oid), role};

    w->calls++;
    p->w = w;
    buf_init(&p->to_server, 0);
    buf_init(&p->to_client, 0);
    p->server = rpc_server(&ss, &sh, &who);
    p->client = rpc_client(&cs, &h, subscribe, last);
    w->peers[w->n_peers++] = p;
    assert_true(w->n_peers <= 16);
    srw_pump(w);
    return p;
}

struct srw_peer *srw_dial(struct srw *w, const char *oid, enum party_role role)
{
    struct srw_peer *p = srw_dial_as(w, oid, role, false, 0);

    if (!p->up)
        fail_msg("%s", p->why);
    return p;
}

void srw_hang_up(struct srw_peer *p)
{
    rpc_eof(p->server, ERR_CLOSED, "cut");
    rpc_eof(p->client, ERR_CLOSED, "cut");
    p->server_gone = p->client_gone = true;
}

void srw_send(struct srw_peer *p, enum msg_type t, const void *body, const char *mno)
{
    struct envelope e = {.kind = ENV_REQUEST, .message = {t, body}};

    if (mno)
        e.mno_id = srw_oid(mno);
    assert_int_equal(rpc_send(p->client, &e, NULL), ERR_OK);
}

const struct srw_got *srw_call(struct srw_peer *p, enum msg_type t, const void *body,
                                     const char *mno)
{
    unsigned before = p->n;

    srw_send(p, t, body, mno);
    srw_pump(p->w);
    assert_true(p->n > before);
    return &p->got[before];
}

const void *srw_body(struct srw *w, const struct srw_got *g)
{
    struct message m;

    assert_int_equal(wire_message_decode(buf_span(&g->octets), &w->arena, &m, NULL), ERR_OK);
    return m.body;
}

void srw_expect(const struct srw_got *g, const char *subject, const char *reason)
{
    if (g->kind != ENV_RESPONSE || strcmp(g->code.subject, subject) ||
        strcmp(g->code.reason, reason))
        fail_msg("%s %s: %s-%s \"%s\" instead of %s-%s", envelope_kind_text(g->kind),
                 exec_status_text(g->status), g->code.subject, g->code.reason, g->text, subject,
                 reason);
    assert_int_equal(g->status, EXEC_FAILED);
}
