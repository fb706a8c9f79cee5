/* SPDX-License-Identifier: Apache-2.0 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>

#include "common/msg/admin.h"
#include "common/wire/wire.h"
#include "test/support/counter.h"

enum cnt_sql { CQ_LOAD, CQ_SAVE, CQ_SCAN, CQ_REST, CQ_COUNT };
static const char *const CNT_SQL[CQ_COUNT] = {
    [CQ_LOAD] = "SELECT value, due FROM counter WHERE eid = ?1",
    [CQ_SAVE] = "INSERT OR REPLACE INTO counter VALUES(?1, ?2, ?3)",
    [CQ_SCAN] = "SELECT eid, due FROM counter WHERE due > 0 ORDER BY eid",
    [CQ_REST] = "UPDATE rest SET n = n + 1",
};
static const char *const CNT_SCHEMA[] = {
    "CREATE TABLE counter(eid BLOB PRIMARY KEY, value INTEGER NOT NULL, due INTEGER NOT NULL) "
    "STRICT;"
    "CREATE TABLE rest(n INTEGER NOT NULL) STRICT; INSERT INTO rest VALUES(0);",
};

struct mbox cnt_mbox(unsigned i)
{
    struct mbox m = {.kind = MBOX_EUICC};
    struct eid e = fake_eid(i);

    memcpy(m.id, e.b, sizeof e.b);
    return m;
}

struct oid cnt_party(unsigned i)
{
    struct oid o;

    (void)snprintf(o.s, sizeof o.s, "1.3.6.1.4.1.99999.%u", i);
    return o;
}

static struct message app_notice(struct plan *p, const struct eid *eid, uint64_t n)
{
    struct operation_concluded *m = arena_alloc(p->arena, sizeof *m);

    m->operation.b[0] = 7;
    m->operation.b[15] = (uint8_t)n;
    m->function = FN_ENABLE_PROFILE;
    m->eid = *eid;
    m->verdict = VERDICT_SUCCESS;
    return (struct message){MSG_OPERATION_CONCLUDED, m};
}

static int app_open(void *ctx, struct db *state, struct errmsg *why)
{
    struct cnt *w = ctx;
    return stmt_set_new(state, CNT_SQL, CQ_COUNT, &w->sql, why);
}

static void app_close(void *ctx)
{
    struct cnt *w = ctx;
    stmt_set_free(w->sql);
    w->sql = NULL;
}

static int app_load(void *ctx, struct db *state, const struct mbox *key, void **ret)
{
    struct cnt *w = ctx;
    struct stmt *st = stmt_at(w->sql, CQ_LOAD);
    struct counter *c;
    int err;

    (void)state;
    w->loads++;
    stmt_bind_blob(st, 1, span_of(key->id, 16));
    err = stmt_row(st);
    if (!err) {
        c = calloc(1, sizeof *c);
        memcpy(c->eid.b, key->id, 16);
        c->value = stmt_u64(st, 0);
        c->due = stmt_i64(st, 1);
        *ret = c;
    }
    return stmt_end(st, err);
}

static int app_save(void *ctx, struct db *state, const struct mbox *key, const void *obj)
{
    struct cnt *w = ctx;
    const struct counter *c = obj;
    struct stmt *st = stmt_at(w->sql, CQ_SAVE);

    (void)state;
    w->saves++;
    stmt_bind_blob(st, 1, span_of(key->id, 16));
    stmt_bind_u64(st, 2, c->value);
    stmt_bind_i64(st, 3, c->due);
    return stmt_run(st);
}

static int app_save_rest(void *ctx, struct db *state)
{
    struct cnt *w = ctx;

    (void)state;
    return stmt_run(stmt_at(w->sql, CQ_REST));
}

static void app_drop(void *ctx, void *obj)
{
    (void)ctx;
    free(obj);
}

static int64_t app_due(void *ctx, const void *obj)
{
    (void)ctx;
    return ((const struct counter *)obj)->due;
}

void cnt_in(struct input *in, unsigned no, const char *cmd, uint64_t n)
{
    memset(in, 0, sizeof *in);
    in->kind = IN_CARRIER;
    in->to = cnt_mbox(no);
    in->u.carrier.text = span_str(cmd);
    in->u.carrier.counter = n;
}

static struct event *app_record(struct plan *p, enum event_type type, const struct input *in)
{
    struct event *ev = plan_record(p, type);

    memcpy(ev->eid.b, in->to.id, 16);
    return ev;
}

static void app_concluded(struct plan *p, const struct input *in)
{
    struct event *a, *b;
    struct eid eid;
    struct oid one = cnt_party(1), two = cnt_party(2);

    memcpy(eid.b, in->to.id, 16);
    a = app_record(p, EV_PROFILE_ENABLED, in);
    assert_int_equal(iccid_parse(span_str("8949010000000000018"), &a->iccid), ERR_OK);
    b = app_record(p, EV_OPERATION_CONCLUDED, in);
    b->op.b[0] = 7;
    b->result = VERDICT_SUCCESS;
    b->party = one;
    b->fcid = span_str("call-1");
    b->has_digest = true;
    memset(b->digest, 0x5A, 32);
    b->answer = span_str("the answer");
    /* Named against the order of the records on purpose. */
    plan_deliver(p, b, &one, app_notice(p, &eid, 1));
    plan_deliver(p, a, &one, app_notice(p, &eid, 2));
    plan_deliver(p, a, &two, app_notice(p, &eid, 3));
}

static int app_command(struct cnt *w, const struct input *in, struct plan *p)
{
    struct span cmd = in->u.carrier.text;
    uint64_t n = in->u.carrier.counter;
    struct event *ev;

    if (span_eq(cmd, span_str("add"))) {
        app_record(p, EV_EUICC_AUDITED, in)->number = n;
        plan_out(p, 1, &n, sizeof n);
    } else if (span_eq(cmd, span_str("read"))) {
        plan_out(p, 2, &n, sizeof n);
    } else if (span_eq(cmd, span_str("wait"))) {
        ev = app_record(p, EV_OPERATION_ACCEPTED, in);
        ev->op.b[0] = 7;
        ev->function = FN_ENABLE_PROFILE;
        ev->due_ms = (int64_t)n;
    } else if (span_eq(cmd, span_str("move"))) {
        p->volatile_due_ms = (int64_t)n;
    } else if (span_eq(cmd, span_str("tell"))) {
        app_concluded(p, in);
    } else if (span_eq(cmd, span_str("bad"))) {
        app_record(p, EV_EUICC_AUDITED, in)->number = 1;
        (void)plan_record(p, EV_OPERATION_ACCEPTED); /* without its mandatory fields */
    } else if (span_eq(cmd, span_str("starve"))) {
        (void)arena_alloc(p->arena, SIZE_MAX); /* fails without asking the system */
        p->err = ERR_TOO_LARGE; /* as it looks to who had no room */
    } else if (span_eq(cmd, span_str("starve and refuse"))) {
        (void)arena_alloc(p->arena, SIZE_MAX); /* fails without asking the system */
        return ERR_STATE;
    } else if (span_eq(cmd, span_str("arm"))) {
        ev = app_record(p, EV_PACKET_ARMED, in);
        ev->purpose = PURPOSE_AUDIT;
        p->unit = (struct card_unit){.set = true, .purpose = PURPOSE_AUDIT, .tar = 1,
                                     .script = span_str("script"), .armed = ev};
    } else if (span_eq(cmd, span_str("secret"))) {
        ev = app_record(p, EV_EUICC_AUDITED, in);
        ev->secrets[ev->n_secrets++] =
            (struct event_secret){span_str("key/1"), span_str("sealed"), 3};
    } else if (span_eq(cmd, span_str("forget"))) {
        ev = app_record(p, EV_EUICC_AUDITED, in);
        ev->secrets[ev->n_secrets++] = (struct event_secret){span_str("key/1"), {NULL, 0}, 0};
    } else if (span_eq(cmd, span_str("post"))) {
        struct input more;
        cnt_in(&more, 2, "add", n);
        assert_int_equal(engine_post(w->e, &more), ERR_OK);
    } else {
        return ERR_STATE;
    }
    return ERR_OK;
}

static int app_decide(void *ctx, void *obj, const struct input *in, struct plan *p)
{
    struct cnt *w = ctx;
    struct counter *c = obj;

    if (in->kind == IN_RESTART) {
        struct mbox one = cnt_mbox(1);
        w->restarts++;
        return w->restart_fails && !memcmp(in->to.id, one.id, 16) ? w->restart_fails : ERR_STATE;
    }
    if (in->kind == IN_TIMER) {
        struct event *ev = app_record(p, EV_EUICC_AUDITED, in);
        ev->number = 1000;
        ev->op_state = 1;
        assert_non_null(c);
        return w->decide_fails ? ERR_CRYPTO : ERR_OK;
    }
    return app_command(w, in, p);
}

static int app_arm(void *ctx, const void *obj, const struct card_unit *u, struct plan *p)
{
    struct buf packet;

    (void)ctx;
    buf_init(&packet, 0);
    buf_add_span(&packet, span_str("packet of "));
    buf_add_span(&packet, u->script);
    u->armed->kvn = 1;
    u->armed->counter = obj ? ((const struct counter *)obj)->value + 1 : 1;
    u->armed->data = span_of(arena_dup(p->arena, packet.p, packet.n), packet.n);
    buf_fini(&packet);
    return ERR_OK;
}

static void app_route(void *ctx, const struct journal_record *rec, const struct event *ev,
                             struct mbox *ret)
{
    (void)ctx;
    (void)ev;
    if (eid_is_zero(&rec->eid))
        return;
    ret->kind = MBOX_EUICC;
    memcpy(ret->id, rec->eid.b, 16);
}

static uint32_t app_stream(void *ctx, const struct event *ev, const struct input *in)
{
    (void)ctx;
    (void)in;
    return eid_is_zero(&ev->eid) ? 0 : 1;
}

static int app_apply(void *ctx, const struct journal_record *rec, const struct event *ev,
                            void **obj)
{
    struct cnt *w = ctx;
    struct counter *c = *obj;

    if (w->apply_fails)
        return ERR_CORRUPT;
    if (eid_is_zero(&rec->eid)) {
        w->house_records++;
        return ERR_OK;
    }
    if (!c) {
        c = calloc(1, sizeof *c);
        c->eid = rec->eid;
        *obj = c;
    }
    if (ev->type == EV_EUICC_AUDITED)
        c->value += ev->number;
    if (ev->type == EV_OPERATION_ACCEPTED)
        c->due = ev->due_ms;
    if (ev->op_state)
        c->due = 0;
    return ERR_OK;
}

static int app_scan(void *ctx, struct db *state,
                           int (*cb)(void *cb_ctx, const struct mbox *key, int64_t due),
                           void *cb_ctx)
{
    struct cnt *w = ctx;
    struct stmt *st = stmt_at(w->sql, CQ_SCAN);
    struct mbox key = {.kind = MBOX_EUICC};
    int err;

    (void)state;
    while ((err = stmt_row(st)) == ERR_OK) {
        stmt_copy(st, 0, key.id, 16);
        err = cb(cb_ctx, &key, stmt_i64(st, 1));
        if (err)
            break;
    }
    return stmt_end(st, err == ERR_NOT_FOUND ? ERR_OK : err);
}

static char *app_line(struct cnt *w)
{
    assert_true(w->n_log < CNT_LOG);
    return w->log[w->n_log++];
}

static void app_release(void *ctx, const struct plan_out *out, uint64_t lsn)
{
    struct cnt *w = ctx;
    uint64_t n;

    assert_true(lsn <= engine_durable_lsn(w->e));
    memcpy(&n, out->body, sizeof n);
    (void)snprintf(app_line(w), 80, "out %u %llu", out->kind, (unsigned long long)n);
    if (w->post_in_release) {
        struct input in;
        char text[16];
        (void)snprintf(text, sizeof text, "%s", w->post_in_release);
        w->post_in_release = NULL;
        cnt_in(&in, 1, text, 5);
        assert_int_equal(engine_post(w->e, &in), ERR_OK);
        memset(text, 'x', sizeof text); /* the poster's buffer does not live on */
    }
}

static void app_deliver(void *ctx, uint64_t conn, const struct event *ev, unsigned index)
{
    struct cnt *w = ctx;
    struct message m = {MSG_NONE, NULL};
    struct arena a;

    arena_init(&a, 0);
    assert_int_equal(wire_message_decode(ev->deliveries[index].message, &a, &m, NULL), ERR_OK);
    assert_int_equal(m.type, MSG_OPERATION_CONCLUDED);
    (void)snprintf(app_line(w), 80, "deliver conn %u no %u message %u", (unsigned)conn,
                   (unsigned)ev->deliveries[index].number,
                   ((const struct operation_concluded *)m.body)->operation.b[15]);
    arena_fini(&a);
}

static void app_peer_ack(void *ctx, const struct oid *peer, uint64_t number)
{
    (void)snprintf(app_line(ctx), 80, "ack %s %u", peer->s, (unsigned)number);
}

static void app_flushed(void *ctx, uint64_t lsn)
{
    (void)ctx;
    assert_true(lsn > 0);
}

static void app_trouble(void *ctx, const struct mbox *key, int err)
{
    struct cnt *w = ctx;

    assert_true(err != ERR_OK && err != ERR_STATE);
    w->troubles++;
    w->troubled = *key;
}

struct engine_app cnt_app(struct cnt *w)
{
    return (struct engine_app){
        .ctx = w, .migrations = CNT_SCHEMA, .n_migrations = 1, .application_id = 0x52436E74,
        .program = "counter", .version = "1", .open = app_open, .close = app_close,
        .load = app_load, .save = app_save, .save_rest = app_save_rest, .drop = app_drop,
        .due = app_due, .decide = app_decide, .arm = app_arm, .route = app_route,
        .stream = app_stream, .apply = app_apply, .scan = app_scan, .release = app_release,
        .deliver = app_deliver, .peer_ack = app_peer_ack, .trouble = app_trouble,
        .flushed = app_flushed};
}

static const struct engine_dump CNT_DUMPS[] = {
    {"counter", "SELECT hex(eid) || '|' || value || '|' || due FROM counter ORDER BY eid"},
};

int cnt_verify(struct cnt *w, struct errmsg *why)
{
    struct engine_config cfg = {.journal_path = CNT_JOURNAL, .state_path = CNT_STATE,
                                .vfs = memvfs_name(w->m)};
    struct cnt other = {.m = w->m}; /* its own statements: the daemon may be running */
    struct engine_app app = cnt_app(&other);

    memset(why, 0, sizeof *why);
    return engine_verify_state(&cfg, &app, w->crypto, &w->clock.port, &w->rng, CNT_DUMPS, 1, why);
}

int cnt_try(struct cnt *w, const struct engine_config *more)
{
    struct engine_config cfg = more ? *more : (struct engine_config){0};
    struct engine_app app = cnt_app(w);

    cfg.journal_path = CNT_JOURNAL;
    if (!cfg.state_path)
        cfg.state_path = CNT_STATE;
    cfg.vfs = memvfs_name(w->m);
    return engine_open(&cfg, &app, w->crypto, &w->clock.port, &w->rng, &w->e, &w->why);
}

void cnt_open(struct cnt *w, const struct engine_config *more)
{
    if (cnt_try(w, more))
        fail_msg("%s", w->why.text);
}

void cnt_close(struct cnt *w)
{
    engine_close(w->e);
    w->e = NULL;
}

void cnt_init(struct cnt *w, const char *name)
{
    memset(w, 0, sizeof *w);
    w->m = memvfs_register(name, 7);
    w->crypto = crypto_new(NULL);
    fake_clock_init(&w->clock, CNT_NOW);
    fake_rng_init(&w->rng, 7);
}

void cnt_fini(struct cnt *w)
{
    cnt_close(w);
    crypto_free(w->crypto);
    memvfs_free(w->m);
}

int cnt_post(struct cnt *w, unsigned no, const char *cmd, uint64_t n)
{
    struct input in;

    cnt_in(&in, no, cmd, n);
    return engine_post(w->e, &in);
}

void cnt_do(struct cnt *w, unsigned no, const char *cmd, uint64_t n)
{
    assert_int_equal(cnt_post(w, no, cmd, n), ERR_OK);
}

void cnt_turn(struct cnt *w)
{
    if (engine_turn_end(w->e))
        fail_msg("%s", engine_why(w->e));
}

uint64_t cnt_value(struct cnt *w, unsigned no)
{
    struct mbox key = cnt_mbox(no);
    const void *obj;

    assert_int_equal(engine_view(w->e, &key, &obj), ERR_OK);
    return obj ? ((const struct counter *)obj)->value : 0;
}

/* --- of cmocka --- */
int cnt_setup(void **state)
{
    struct cnt *w = malloc(sizeof *w);

    assert_non_null(w);
    cnt_init(w, "counter");
    cnt_open(w, NULL);
    *state = w;
    return 0;
}

int cnt_teardown(void **state)
{
    cnt_fini(*state);
    free(*state);
    return 0;
}
