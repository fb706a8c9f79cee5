/* SPDX-License-Identifier: Apache-2.0 */
/* The core, its disk, its parties and the order in which things happen. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>

#include "common/base/hex.h"
#include "common/engine/engine.h"
#include "common/wire/wire.h"
#include "test/support/smdp_sr.h"

#define START INT64_C(1790000000000)
#define DAY   INT64_C(86400000)

static void oid_set(struct oid *o, const char *s)
{
    assert_int_equal(oid_parse(span_str(s), o), 0);
}

/* --- keys and certificates --- */
static void world_pki(struct dp_world *w)
{
    const struct pki_dates valid = {START - 10 * DAY, START + 3650 * DAY};
    struct pki_subject s = {"Lab CI", {"1.3.6.1.4.1.99999.40"}, CURVE_P256, valid};
    struct pki_subject eum = {"Lab EUM", {"1.3.6.1.4.1.99999.50"}, CURVE_P256, valid};
    struct pki_subject dp = {"Lab DP", {DPW_SMDP}, CURVE_P256, valid};
    struct crypto *c = w->rig.crypto;
    uint8_t point[EC_POINT_LEN], kek[32] = {9};

    assert_int_equal(pki_issue_ci(c, &s, &w->ci), 0);
    assert_int_equal(pki_issue_eum(c, &w->ci, &eum, &w->eum), 0);
    buf_init(&w->dp_cert, 0);
    buf_init(&w->ecasd, 0);
    assert_int_equal(ec_generate(c, CURVE_P256, &w->dp_key, point), 0);
    assert_int_equal(
        pki_issue_gp(c, &w->ci, GPCERT_ROLE_SMDP, &dp, span_of(point, sizeof point), &w->dp_cert),
        0);
    assert_int_equal(pki_issue_ecasd(c, &w->eum, &w->rig.factory.eid, CURVE_P256,
                                     span_of(w->rig.ecasd_point, EC_POINT_LEN), &valid, &w->ecasd),
                     0);
    w->pki = pki_new(c);
    assert_non_null(w->pki);
    assert_int_equal(pki_add_ci_der(w->pki, buf_span(&w->ci.der), NULL), 0);
    assert_int_equal(keystore_new(c, span_of(kek, sizeof kek), 1, &w->keystore), 0);
    w->identity = (struct smdp_identity){buf_span(&w->dp_cert), w->dp_key, CURVE_P256};
}

static void world_card(struct dp_world *w)
{
    struct rig_note note;

    w->rig.world.ci_points = span_of(w->ci.point, EC_POINT_LEN);
    w->rig.factory.ecasd_cert = buf_span(&w->ecasd);
    rig_card_new(&w->rig);
    rig_attach(&w->rig, true);
    assert_true(rig_note(&w->rig, &note));
    assert_int_equal(rig_confirm(&w->rig, note.seq, NULL), 0x9000);
    w->number = 0x11;
    w->remaining_memory = 1u << 20;
}

static void world_env(struct dp_world *w)
{
    struct dp_env *e = &w->env;

    memset(e, 0, sizeof *e);
    oid_set(&e->smdp_oid, DPW_SMDP);
    oid_set(&w->parties[0].oid, DPW_BLUE);
    oid_set(&w->parties[1].oid, DPW_RED);
    oid_set(&w->parties[2].oid, DPW_ADMIN);
    oid_set(&w->parties[3].oid, DPW_ADMIN_2);
    w->parties[0].roles = w->parties[1].roles = 1u << ROLE_OPERATOR;
    w->parties[2].roles = w->parties[3].roles = 1u << ROLE_ADMIN;
    memcpy(w->parties[0].tenant, "blue", 5);
    memcpy(w->parties[1].tenant, "red", 4);
    memcpy(w->parties[0].iccid_prefix[0], "894901", 7);
    memcpy(w->parties[1].iccid_prefix[0], "894902", 7);
    w->parties[0].n_iccid = w->parties[1].n_iccid = 1;
    assert_int_equal(plmn_parse(span_str("26201"), &w->parties[0].plmn[0]), 0);
    assert_int_equal(plmn_parse(span_str("26202"), &w->parties[1].plmn[0]), 0);
    w->parties[0].n_plmn = w->parties[1].n_plmn = 1;
    oid_set(&w->smsr.oid, DPW_SMSR);
    e->parties = w->parties;
    e->n_parties = 4;
    e->smsrs = &w->smsr;
    e->n_smsrs = 1;
    dp_timers_default(e->timer_ms, 1);
    e->time_scale = 1;
    e->orders_max = 1000;
    e->loads_max = 8;
}

static int64_t key_ms(void *ctx)
{
    struct dp_world *w = ctx;

    w->jobs++;
    return w->key_ms;
}

static void open_core(struct dp_world *w)
{
    struct errmsg why = {{0}};
    const struct smdp_core_config cfg = {.env = &w->env,
                                         .journal_path = "journal.db",
                                         .state_path = "state.db",
                                         .vfs = memvfs_name(w->disk),
                                         .crypto = w->rig.crypto,
                                         .keystore = w->keystore,
                                         .pki = w->pki,
                                         .identities = &w->identity,
                                         .n_identities = 1,
                                         .clock = &w->clock.port,
                                         .rng = &w->rng,
                                         .link = {dpw_link_call, dpw_link_ack, w},
                                         .key_ms = key_ms,
                                         .ctx = w,
                                         .version = "test"};

    if (smdp_core_new(&cfg, &w->core, &why))
        fail_msg("%s", why.text);
}

void dpw_init(struct dp_world *w)
{
    static unsigned serial;
    char name[32];

    memset(w, 0, sizeof *w);
    rig_init(&w->rig, 0);
    fake_clock_init(&w->clock, START);
    fake_rng_init(&w->rng, 99);
    (void)snprintf(name, sizeof name, "dpw%u", ++serial);
    w->disk = memvfs_register(name, 1);
    assert_non_null(w->disk);
    world_pki(w);
    world_card(w);
    world_env(w);
    oid_set(&w->blue.oid, DPW_BLUE);
    oid_set(&w->red.oid, DPW_RED);
    oid_set(&w->admin.oid, DPW_ADMIN);
    w->blue.role = w->red.role = ROLE_OPERATOR;
    w->admin.role = ROLE_ADMIN;
    open_core(w);
    dpw_link(w, true);
    dpw_connect(w, &w->blue, true);
    dpw_connect(w, &w->red, true);
    dpw_connect(w, &w->admin, false);
    dpw_run(w);
}

void dpw_fini(struct dp_world *w)
{
    dpw_disconnect(&w->blue);
    dpw_disconnect(&w->red);
    dpw_disconnect(&w->admin);
    arena_fini(&w->blue.mem);
    arena_fini(&w->red.mem);
    arena_fini(&w->admin.mem);
    smdp_core_free(w->core);
    memvfs_free(w->disk);
    dpw_sr_fini(w);
    keystore_free(w->keystore);
    pki_free(w->pki);
    pki_entity_fini(&w->ci);
    pki_entity_fini(&w->eum);
    key_free(w->dp_key);
    buf_fini(&w->dp_cert);
    buf_fini(&w->ecasd);
    buf_fini(&w->template);
    rig_fini(&w->rig);
}

int dpw_setup(void **state)
{
    struct dp_world *w = malloc(sizeof *w);

    assert_non_null(w);
    dpw_init(w);
    *state = w;
    return 0;
}

int dpw_teardown(void **state)
{
    dpw_fini(*state);
    free(*state);
    return 0;
}

void dpw_restart(struct dp_world *w)
{
    bool blue = w->blue.client != NULL, red = w->red.client != NULL;

    dpw_disconnect(&w->blue);
    dpw_disconnect(&w->red);
    dpw_disconnect(&w->admin);
    dpw_link(w, false);
    /* What was not committed is gone, what was not synced may be: the connections die with the
     * power. */
    memvfs_crash(w->disk, MEMVFS_DROP, NULL);
    smdp_core_free(w->core);
    w->core = NULL;
    open_core(w);
    dpw_link(w, true);
    if (blue)
        dpw_connect(w, &w->blue, true);
    if (red)
        dpw_connect(w, &w->red, true);
    dpw_connect(w, &w->admin, false);
}

/* --- parties --- */
static bool to_server(void *ctx, struct span s)
{
    buf_add_span(&((struct dpw_client *)ctx)->up, s);
    return true;
}

static bool to_client(void *ctx, struct span s)
{
    buf_add_span(&((struct dpw_client *)ctx)->down, s);
    return true;
}

static void end(void *ctx)
{
    ((struct dpw_client *)ctx)->closed = true;
}

static void keep_message(struct dpw_client *c, const struct envelope *e, struct envelope *to)
{
    struct buf b;

    *to = *e;
    to->context_id = to->traceparent = to->error_text = (struct span){NULL, 0};
    if (e->error_text.n)
        to->error_text =
            span_of(arena_dup(&c->mem, e->error_text.p, e->error_text.n), e->error_text.n);
    if (e->context_id.n)
        to->context_id =
            span_of(arena_dup(&c->mem, e->context_id.p, e->context_id.n), e->context_id.n);
    if (e->message.type == MSG_NONE)
        return;
    buf_init(&b, 0);
    assert_int_equal(wire_message_encode(&e->message, &b), 0);
    assert_int_equal(wire_message_decode(buf_span(&b), &c->mem, &to->message, NULL), 0);
    buf_fini(&b);
}

static void on_message(void *ctx, struct rpc *r, const struct envelope *e)
{
    struct dpw_client *c = ctx;

    assert_true(c->n_got < DPW_GOT);
    keep_message(c, e, &c->got[c->n_got++]);
    if (e->delivery_no && !c->silent) {
        struct envelope ack = {.kind = ENV_ACK, .delivery_no = e->delivery_no};
        if (e->delivery_no > c->last_delivery)
            c->last_delivery = e->delivery_no;
        assert_int_equal(rpc_send(r, &ack, NULL), 0);
    }
}

static void on_closed(void *ctx, struct rpc *r, int err, const char *why)
{
    (void)r;
    (void)err;
    (void)why;
    ((struct dpw_client *)ctx)->closed = true;
}

static void nobody(void *ctx, struct rpc *r)
{
    (void)ctx;
    (void)r;
}

void dpw_connect(struct dp_world *w, struct dpw_client *c, bool subscribe)
{
    static uint64_t serial = 100;
    const struct rpc_stream up = {.write = to_server, .close = end, .ctx = c};
    const struct rpc_stream down = {.write = to_client, .close = end, .ctx = c, .id = ++serial};
    const struct rpc_handler h = {
        .on_welcome = nobody, .on_message = on_message, .on_closed = on_closed, .ctx = c};
    const struct rpc_party party = {c->oid, c->role};

    dpw_disconnect(c);
    c->w = w;
    c->closed = false;
    c->n_got = 0;
    arena_fini(&c->mem);
    arena_init(&c->mem, 0);
    buf_init(&c->up, 0);
    buf_init(&c->down, 0);
    c->at_server = smdp_core_handler(w->core);
    c->server = rpc_server(&down, &c->at_server, &party);
    c->client = rpc_client(&up, &h, subscribe, c->last_delivery);
    assert_non_null(c->server);
    assert_non_null(c->client);
    dpw_run(w);
}

void dpw_disconnect(struct dpw_client *c)
{
    if (!c->client)
        return;
    rpc_eof(c->server, ERR_CLOSED, "gone");
    rpc_eof(c->client, ERR_CLOSED, "gone");
    rpc_free(c->server);
    rpc_free(c->client);
    c->server = c->client = NULL;
    buf_fini(&c->up);
    buf_fini(&c->down);
}

static bool carry(struct buf *from, struct rpc *to)
{
    struct buf b = *from;

    if (!b.n)
        return false;
    buf_init(from, 0);
    rpc_input(to, buf_span(&b));
    buf_fini(&b);
    return true;
}

static bool client_move(struct dpw_client *c)
{
    bool moved = false;

    if (!c->client || c->closed)
        return false;
    rpc_flush(c->client);
    moved |= carry(&c->up, c->server);
    rpc_flush(c->server);
    moved |= carry(&c->down, c->client);
    return moved;
}

uint64_t dpw_ask(struct dp_world *w, struct dpw_client *c, enum msg_type type, const void *body)
{
    struct envelope e = {
        .kind = ENV_REQUEST, .context_id = span_str("ctx-1"), .message = {type, body}};
    uint64_t id = 0;

    (void)w;
    assert_int_equal(rpc_send(c->client, &e, &id), 0);
    return id;
}

const struct envelope *dpw_heard(const struct dpw_client *c, uint64_t id)
{
    for (unsigned i = c->n_got; i-- > 0;)
        if (c->got[i].relates_to == id)
            return &c->got[i];
    return NULL;
}

const struct envelope *dpw_last(const struct dpw_client *c, enum msg_type type)
{
    for (unsigned i = c->n_got; i-- > 0;)
        if (c->got[i].message.type == type)
            return &c->got[i];
    return NULL;
}

const struct base_response *dpw_answer(const struct dpw_client *c, enum msg_type type)
{
    static const struct base_response NOTHING;
    const struct envelope *e = dpw_last(c, type);
    const struct base_response *b = e ? message_response(&e->message) : NULL;

    return b ? b : &NOTHING;
}

/* --- time --- */
static void turn(struct dp_world *w)
{
    if (smdp_core_turn(w->core))
        fail_msg("the SM-DP stopped: %s", smdp_core_why(w->core));
}

static bool clients_move(struct dp_world *w)
{
    bool moved = client_move(&w->blue);

    moved |= client_move(&w->red);
    moved |= client_move(&w->admin);
    return w->guest ? client_move(w->guest) || moved : moved;
}

bool dpw_step(struct dp_world *w)
{
    bool moved = clients_move(w);
    int64_t due = smdp_core_due(w->core);

    moved |= due >= 0 && due <= w->clock.mono_ms;
    turn(w);
    moved |= clients_move(w);
    moved |= dpw_sr_step(w);
    turn(w);
    return moved;
}

void dpw_run(struct dp_world *w)
{
    for (unsigned i = 0; i < 2000; i++)
        if (!dpw_step(w))
            return;
    fail_msg("the world does not come to rest");
}

bool dpw_timer(struct dp_world *w)
{
    int64_t due = smdp_core_due(w->core);

    if (due < 0)
        return false;
    if (due > w->clock.mono_ms)
        fake_clock_step(&w->clock, due - w->clock.mono_ms);
    dpw_run(w);
    return true;
}

void dpw_link(struct dp_world *w, bool up)
{
    if (w->up == up)
        return;
    w->up = up;
    dpw_sr_link(w);
    if (up)
        smdp_core_link_up(w->core, &w->smsr.oid);
    else
        smdp_core_link_down(w->core, &w->smsr.oid);
}

bool dpw_says(const struct base_response *b, const char *text)
{
    char all[512];

    (void)snprintf(all, sizeof all, "%.*s", (int)b->answer.message.n,
                   b->answer.message.n ? (const char *)b->answer.message.p : "");
    return strstr(all, text) != NULL;
}

void dpw_expect(const struct base_response *b, enum exec_status status, const char *subject,
                const char *reason)
{
    if (b->answer.status != status || strcmp(b->answer.code.subject, subject) != 0 ||
        strcmp(b->answer.code.reason, reason) != 0)
        fail_msg("status %d %s-%s %.*s", (int)b->answer.status, b->answer.code.subject,
                 b->answer.code.reason, (int)b->answer.message.n,
                 b->answer.message.n ? (const char *)b->answer.message.p : "");
}
