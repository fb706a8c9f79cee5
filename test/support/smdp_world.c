/* SPDX-License-Identifier: Apache-2.0 */
/* The core, its disk, its parties and the order in which things happen. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdio.h>

#include "common/base/hex.h"
#include "common/engine/engine.h"
#include "common/wire/wire.h"
#include "smdp/profile/template.h"
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
    w->parties[0].roles = w->parties[1].roles = 1u << ROLE_OPERATOR;
    w->parties[2].roles = 1u << ROLE_ADMIN;
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
    e->n_parties = 3;
    e->smsrs = &w->smsr;
    e->n_smsrs = 1;
    dp_timers_default(e->timer_ms, 1);
    e->time_scale = 1;
    e->orders_max = 1000;
    e->loads_max = 8;
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

/* --- stock --- */
void dpw_template(struct dp_world *w)
{
    struct admin_template_add_request q = {
        .profile_type = span_str(DPW_TYPE), .part = 1, .total = 1};

    buf_fini(&w->template);
    buf_init(&w->template, 0);
    assert_int_equal(profile_template_build(0, &w->template), 0);
    q.base.function_call_identifier = span_str("template-1");
    q.data = buf_span(&w->template);
    (void)dpw_ask(w, &w->admin, MSG_ADMIN_TEMPLATE_ADD_REQUEST, &q);
    dpw_run(w);
    assert_int_equal(dpw_answer(&w->admin, MSG_ADMIN_TEMPLATE_ADD_RESPONSE)->answer.status,
                     EXEC_SUCCESS);
}

void dpw_iccid(bool red, unsigned number, char dst[21])
{
    struct iccid i = {{0}};

    for (unsigned digit = 0; digit < 10; digit++) {
        (void)snprintf(i.s, sizeof i.s, "%s%013u%u", red ? "894902" : "894901", number, digit);
        if (iccid_luhn_ok(&i))
            memcpy(dst, i.s, sizeof i.s);
    }
}

void dpw_csv(struct buf *out, bool red, unsigned from, unsigned n)
{
    static const char HEAD[] =
        "iccid,imsi,msisdn,k,opc,puk1,puk2,adm1,ota_kvn,ota_kic,ota_kid,ota_dek\r\n";
    char row[512], k[33], opc[33], iccid[21], msisdn[16];
    uint8_t b[16];

    buf_add(out, HEAD, sizeof HEAD - 1);
    for (unsigned i = from; i < from + n; i++) {
        for (unsigned j = 0; j < 16; j++)
            b[j] = (uint8_t)(0x31 + i * 7 + j * j * 5);
        assert_int_equal(hex_encode(span_of(b, 16), k, sizeof k), 0);
        for (unsigned j = 0; j < 16; j++)
            b[j] = (uint8_t)(0xA3 + i * 11 + j * j * 3);
        assert_int_equal(hex_encode(span_of(b, 16), opc, sizeof opc), 0);
        dpw_iccid(red, i, iccid);
        (void)snprintf(msisdn, sizeof msisdn, "49171%d%06u", red, i);
        (void)snprintf(
            row, sizeof row,
            "%s,%s%010u,%s,%s,%s,7182%04u,6182%04u,5182%04u,01,%s,%s,%s\r\n", iccid,
            red ? "26202" : "26201", i, i % 2 ? msisdn : "", k, opc, i % 10000, i % 10000, i % 10000, "00112233445566778899AABBCCDDEE01",
            "10112233445566778899AABBCCDDEE02", "20112233445566778899AABBCCDDEE03");
        buf_add(out, row, strlen(row));
    }
}

void dpw_import(struct dp_world *w, struct dpw_client *c, struct span csv)
{
    static unsigned serial;
    uint32_t total = (uint32_t)((csv.n + ADMIN_PART_MAX - 1) / ADMIN_PART_MAX);

    for (uint32_t part = 1; part <= total; part++) {
        struct admin_subscriptions_import_request q = {
            .profile_type = span_str(DPW_TYPE), .part = part, .total = total};
        size_t at = (size_t)(part - 1) * ADMIN_PART_MAX;
        char fcid[32];
        q.csv = span_of(csv.p + at, csv.n - at < ADMIN_PART_MAX ? csv.n - at : ADMIN_PART_MAX);
        (void)snprintf(fcid, sizeof fcid, "import-%u", ++serial);
        q.base.function_call_identifier = span_str(fcid);
        (void)dpw_ask(w, c, MSG_ADMIN_SUBSCRIPTIONS_IMPORT_REQUEST, &q);
        dpw_run(w);
    }
}

void dpw_stock(struct dp_world *w, unsigned n)
{
    struct buf csv;

    dpw_template(w);
    buf_init(&csv, 0);
    dpw_csv(&csv, false, 1, n);
    dpw_import(w, &w->blue, buf_span(&csv));
    buf_fini(&csv);
    assert_int_equal(dpw_answer(&w->blue, MSG_ADMIN_SUBSCRIPTIONS_IMPORT_RESPONSE)->answer.status,
                     EXEC_SUCCESS);
}

uint64_t dpw_download(struct dp_world *w, const char *fcid, bool enable, uint32_t validity_s)
{
    struct es2_download_profile_request q = {.eid = w->rig.factory.eid,
                                             .smsr_id = w->smsr.oid,
                                             .profile_type = span_str(DPW_TYPE),
                                             .enable_profile = enable};

    q.base.function_call_identifier = span_str(fcid);
    q.base.has_validity_period = validity_s != 0;
    q.base.validity_period_s = validity_s;
    return dpw_ask(w, &w->blue, MSG_ES2_DOWNLOAD_PROFILE_REQUEST, &q);
}

struct stock_item dpw_item(struct dp_world *w, const char *iccid)
{
    const struct dp_scope all = {.all = true};
    struct stock_item item = {.state = STOCK_NONE};
    struct iccid i;

    assert_int_equal(iccid_parse(span_str(iccid), &i), 0);
    (void)!dp_store_stock(smdp_core_store(w->core), &all, &i, &item);
    return item;
}

bool dpw_secret(struct dp_world *w, const char *id)
{
    struct buf b;
    int err;

    buf_init(&b, 0);
    err = journal_secret_get(engine_journal(smdp_core_engine(w->core)), span_str(id), NULL, &b);
    buf_fini(&b);
    assert_true(err == ERR_OK || err == ERR_NOT_FOUND);
    return err == ERR_OK;
}

unsigned dpw_orphans(struct dp_world *w)
{
    unsigned n = 0;

    for (unsigned i = 0; i < card_isdp_count(w->rig.card); i++)
        n += card_isdp_at(w->rig.card, i)->state < ISDP_DISABLED;
    return n;
}
