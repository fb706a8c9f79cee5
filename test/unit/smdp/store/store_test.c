/* SPDX-License-Identifier: Apache-2.0 */
/* The stock and the orders as the view sees them: in memory, in state.db, and across the border. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>

#include "common/engine/engine_int.h"
#include "smdp/store/store.h"

static struct db *DB;
static struct dp_store *S;
static const struct dp_scope ALL = {.all = true};

static struct dp_scope scope(const char *mno)
{
    struct dp_scope s = {.all = false};

    assert_int_equal(oid_parse(span_str(mno), &s.mno), 0);
    return s;
}

static void again(void)
{
    dp_store_free(S);
    S = dp_store_new();
    assert_non_null(S);
    assert_int_equal(dp_store_open(S, DB, NULL), 0);
}

/* The engine's tables first, as engine_open does it. */
static void migrate(unsigned n)
{
    const char *steps[16];
    unsigned k = 0;

    for (unsigned i = 0; i < ENGINE_MIGRATION_COUNT; i++)
        steps[k++] = ENGINE_MIGRATIONS[i];
    for (unsigned i = 0; i < n; i++)
        steps[k++] = DP_STORE_MIGRATIONS[i];
    assert_int_equal(db_migrate(DB, steps, k, NULL), 0);
}

static int setup(void **state)
{
    const struct db_options o = {.application_id = DP_STORE_APPLICATION_ID, .sync = DB_SYNC_NORMAL};

    (void)state;
    assert_int_equal(db_open(":memory:", &o, &DB, NULL), 0);
    migrate(DP_STORE_MIGRATION_COUNT);
    S = NULL;
    again();
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    dp_store_free(S);
    db_close(DB);
    return 0;
}

static int flush(void)
{
    int err = db_begin(DB);

    if (!err)
        err = dp_store_save_rest(S);
    if (!err)
        err = db_commit(DB);
    if (!err)
        dp_store_flushed(S);
    return err;
}

static struct event about(enum event_type t, const char *mno, unsigned n)
{
    struct event ev = {.type = t, .function = FN_DOWNLOAD_PROFILE};
    char text[32];

    (void)snprintf(text, sizeof text, "89490100000000%05u", n);
    assert_int_equal(iccid_parse(span_str(text), &ev.iccid), 0);
    (void)snprintf(text, sizeof text, "2620100%08u", n);
    assert_int_equal(imsi_parse(span_str(text), &ev.imsi), 0);
    assert_int_equal(oid_parse(span_str(mno), &ev.mno), 0);
    ev.profile_type = span_str("basic");
    memset(ev.eid.b, 0x89, 16);
    memset(ev.op.b, (int)(n + 1), 16);
    return ev;
}

static int put(enum event_type t, const char *mno, unsigned n)
{
    struct event ev = about(t, mno, n);
    return dp_store_apply(S, 1, &ev);
}

static unsigned number(const struct stock_item *i)
{
    return (unsigned)strtoul(i->iccid.s + 14, NULL, 10);
}

static void picks_each_once(void **state)
{
    struct stock_item i;

    (void)state;
    for (unsigned flushed = 0; flushed < 3; flushed++) {
        teardown(state);
        setup(state);
        for (unsigned n = 0; n < 50; n++)
            assert_int_equal(put(EV_PROFILE_IMPORTED, "1.2.3", n), 0);
        if (flushed)
            assert_int_equal(flush(), 0);
        if (flushed == 2)
            again();
        for (unsigned n = 0; n < 50; n++) {
            assert_int_equal(dp_store_pick(S, &(struct oid){"1.2.3"}, span_str("basic"), &i), 0);
            assert_int_equal(i.state, STOCK_AVAILABLE);
            assert_int_equal(put(EV_ORDER_ACCEPTED, "1.2.3", number(&i)), 0); /* never twice */
            if (n % 7 == 6)
                assert_int_equal(flush(), 0);
        }
        assert_int_equal(dp_store_pick(S, &(struct oid){"1.2.3"}, span_str("basic"), &i), ERR_FULL);
        /* What is released is found again, wherever the search stood. */
        assert_int_equal(put(EV_PROFILE_RELEASED, "1.2.3", 11), 0);
        assert_int_equal(dp_store_pick(S, &(struct oid){"1.2.3"}, span_str("basic"), &i), 0);
        assert_int_equal(number(&i), 11);
        assert_int_equal(flush(), 0);
        assert_int_equal(dp_store_pick(S, &(struct oid){"1.2.3"}, span_str("basic"), &i), 0);
        assert_int_equal(number(&i), 11);
    }
}

static void types_and_operators_are_apart(void **state)
{
    struct stock_item i;
    struct dp_scope mine = scope("1.2.3"), other = scope("1.2.4"), nobody = {.all = false};
    struct event ev = about(EV_PROFILE_IMPORTED, "1.2.3", 1);

    (void)state;
    assert_int_equal(put(EV_PROFILE_IMPORTED, "1.2.3", 1), 0);
    for (unsigned flushed = 0; flushed < 2; flushed++) {
        assert_int_equal(dp_store_pick(S, &other.mno, span_str("basic"), &i), ERR_NOT_FOUND);
        assert_int_equal(dp_store_pick(S, &mine.mno, span_str("other"), &i), ERR_NOT_FOUND);
        assert_int_equal(dp_store_stock(S, &mine, &ev.iccid, &i), 0);
        assert_int_equal(dp_store_stock(S, &ALL, &ev.iccid, &i), 0);
        assert_int_equal(dp_store_stock(S, &other, &ev.iccid, &i), ERR_NOT_FOUND);
        assert_int_equal(i.iccid.s[0], 0); /* nothing of it is shown */
        assert_int_equal(dp_store_stock(S, &nobody, &ev.iccid, &i), ERR_NOT_FOUND);
        assert_int_equal(dp_store_stock(S, &ALL, &(struct iccid){""}, &i), ERR_NOT_FOUND);
        assert_int_equal(flush(), 0);
    }
}

static struct dp_taken taken(const struct event *iccid, const struct event *imsi,
                             const struct event *msisdn)
{
    struct dp_taken t;

    assert_int_equal(dp_store_taken(S, &iccid->iccid, &imsi->imsi, &msisdn->msisdn, &t), 0);
    return t;
}

static void twice_is_taken(void **state)
{
    struct event ev = about(EV_PROFILE_IMPORTED, "1.2.3", 1),
                 two = about(EV_PROFILE_IMPORTED, "1.2.4", 2);
    struct dp_taken t;

    (void)state;
    assert_int_equal(msisdn_parse(span_str("4915100001"), &ev.msisdn), 0);
    assert_int_equal(msisdn_parse(span_str("4915100002"), &two.msisdn), 0);
    t = taken(&ev, &ev, &ev);
    assert_false(t.iccid || t.imsi || t.msisdn);
    assert_int_equal(dp_store_apply(S, 1, &ev), 0);
    for (unsigned flushed = 0; flushed < 2; flushed++) {
        t = taken(&ev, &two, &two);
        assert_true(t.iccid && !t.imsi && !t.msisdn);
        t = taken(&two, &ev, &two);
        assert_true(!t.iccid && t.imsi && !t.msisdn);
        t = taken(&two, &two, &ev);
        assert_true(!t.iccid && !t.imsi && t.msisdn);
        assert_int_equal(flush(), 0);
    }
    /* Deleted, in memory and then in state.db: the number is free, ICCID and IMSI never are. */
    ev.type = EV_ORDER_ACCEPTED;
    ev.function = FN_DOWNLOAD_PROFILE;
    memset(ev.eid.b, 0x89, 16);
    memset(ev.op.b, 1, 16);
    assert_int_equal(dp_store_apply(S, 2, &ev), 0);
    ev.type = EV_PROFILE_INSTALLED;
    assert_int_equal(dp_store_apply(S, 3, &ev), 0);
    assert_int_equal(flush(), 0);
    ev.type = EV_PROFILE_DELETED;
    assert_int_equal(dp_store_apply(S, 4, &ev), 0);
    for (unsigned flushed = 0; flushed < 2; flushed++) {
        t = taken(&ev, &ev, &ev);
        assert_true(t.iccid && t.imsi && !t.msisdn);
        assert_int_equal(flush(), 0);
    }
    ev = about(EV_PROFILE_IMPORTED, "1.2.3", 1);
    memset(&two.msisdn, 0, sizeof two.msisdn); /* none is no number */
    t = taken(&two, &two, &two);
    assert_false(t.iccid || t.imsi || t.msisdn);
    /* A log that says so all the same is broken. */
    assert_int_equal(dp_store_apply(S, 1, &ev), ERR_CORRUPT);
    two.imsi = ev.imsi;
    assert_int_equal(dp_store_apply(S, 1, &two), 0);
    assert_int_equal(db_begin(DB), 0);
    assert_int_equal(dp_store_save_rest(S), ERR_EXISTS);
    assert_int_equal(db_rollback(DB), 0);
}

static void records_that_cannot_follow(void **state)
{
    (void)state;
    assert_int_equal(put(EV_ORDER_ACCEPTED, "1.2.3", 1), ERR_CORRUPT);
    assert_int_equal(put(EV_PROFILE_RELEASED, "1.2.3", 1), ERR_CORRUPT);
    assert_int_equal(put(EV_PROFILE_INSTALLED, "1.2.3", 1), ERR_CORRUPT);
    assert_int_equal(put(EV_PROFILE_ENABLED, "1.2.3", 1), 0); /* about somebody else's profile */
    assert_int_equal(put(EV_PROFILE_IMPORTED, "1.2.3", 1), 0);
    assert_int_equal(put(EV_ORDER_ACCEPTED, "1.2.3", 1), 0);
    assert_int_equal(put(EV_ORDER_ACCEPTED, "1.2.3", 1), ERR_CORRUPT);
    struct event ev = about(EV_ORDER_ACCEPTED, "1.2.3", 1);
    ev.function = FN_ENABLE_PROFILE; /* a relay reserves nothing */
    assert_int_equal(dp_store_apply(S, 1, &ev), 0);
}

static void templates_and_tenants(void **state)
{
    struct event t = {.type = EV_TEMPLATE_ADDED, .profile_type = span_str("basic")};
    struct event n = {.type = EV_ADMIN_TENANT_ADDED, .text = span_str("blue"), .number = 4};
    char longest[102];
    uint64_t lsn;

    (void)state;
    assert_int_equal(dp_store_template(S, span_str("basic"), &lsn), ERR_NOT_FOUND);
    assert_int_equal(dp_store_apply(S, 42, &t), 0);
    assert_int_equal(dp_store_apply(S, 43, &t), ERR_CORRUPT);
    assert_int_equal(dp_store_tenant(S, "blue"), 0);
    assert_int_equal(dp_store_next_tenant(S), 1);
    assert_int_equal(dp_store_apply(S, 44, &n), 0);
    assert_int_equal(dp_store_apply(S, 45, &n), ERR_CORRUPT);
    n.text = span_str("red");
    assert_int_equal(dp_store_apply(S, 45, &n), ERR_CORRUPT); /* a number is never given twice */
    n.number = 0;
    assert_int_equal(dp_store_apply(S, 45, &n), ERR_CORRUPT);
    memset(longest, 'a', sizeof longest);
    t.profile_type = span_of(longest, 101);
    assert_int_equal(dp_store_apply(S, 46, &t), ERR_CORRUPT);
    assert_int_equal(flush(), 0);
    again();
    assert_int_equal(dp_store_template(S, span_str("basic"), &lsn), 0);
    assert_int_equal(lsn, 42);
    assert_int_equal(dp_store_tenant(S, "blue"), 4);
    assert_int_equal(dp_store_next_tenant(S), 5);
}

/* --- orders --- */
static struct order order(unsigned n, const char *mno, unsigned state)
{
    struct order o = {
        .function = FN_DOWNLOAD_PROFILE, .state = state, .attempt = 1, .due_ms = 5000 + n};

    memset(o.id.b, (int)n, 16);
    memset(o.eid.b, (int)(0x80 + n / 2), 16);
    assert_int_equal(oid_parse(span_str(mno), &o.mno), 0);
    return o;
}

static int count_orders(void *ctx, const struct order *o)
{
    struct order *last = ctx;

    *last = *o;
    last->batch++;
    return 0;
}

static unsigned listed(const struct dp_scope *sc, struct dp_order_filter f)
{
    unsigned n = 0;

    f.limit = 1;
    for (;;) {
        struct order last = {.batch = 0};
        assert_int_equal(dp_store_orders(S, sc, &f, count_orders, &last), 0);
        if (!last.batch)
            return n;
        f.after = last.id;
        n++;
    }
}

static int scanned(void *ctx, const struct mbox *key, int64_t due)
{
    unsigned *n = ctx;

    assert_int_equal(key->kind, MBOX_ORDER);
    assert_int_equal(due, 5000 + key->id[0]);
    ++*n;
    return 0;
}

static void orders_are_kept(void **state)
{
    struct dp_scope mine = scope("1.2.3"), nobody = {.all = false};
    struct order *got;
    struct mbox key;
    unsigned n = 0;

    (void)state;
    for (unsigned i = 1; i <= 10; i++) {
        struct order o = order(i, i % 2 ? "1.2.3" : "1.2.4", i > 6 ? ORDER_DONE : ORDER_LOAD);
        o.verdict = i == 10 ? VERDICT_FAILED : VERDICT_NONE;
        assert_int_equal(dp_store_save(S, &o), 0);
        o.step = 9;
        assert_int_equal(dp_store_save(S, &o), 0);
    }
    again();
    order_mbox(&(struct uuid){{0}}, &key);
    assert_int_equal(dp_store_load(S, &key, &got), ERR_NOT_FOUND);
    memset(key.id, 3, 16);
    assert_int_equal(dp_store_load(S, &key, &got), 0);
    assert_int_equal(got->step, 9);
    free(got);
    key.kind = MBOX_EUICC;
    assert_int_equal(dp_store_load(S, &key, &got), ERR_NOT_FOUND);
    assert_int_equal(dp_store_scan(S, scanned, &n), 0);
    assert_int_equal(n, 6);
    assert_int_equal(dp_store_live(S), 6);
    assert_int_equal(listed(&ALL, (struct dp_order_filter){.limit = 1}), 10);
    assert_int_equal(listed(&mine, (struct dp_order_filter){.limit = 1}), 5);
    assert_int_equal(listed(&nobody, (struct dp_order_filter){.limit = 1}), 0);
    assert_int_equal(listed(&ALL, (struct dp_order_filter){.live_only = true}), 6);
    assert_int_equal(listed(&ALL, (struct dp_order_filter){.verdict = VERDICT_FAILED}), 1);
    struct dp_order_filter f = {.limit = 1};
    memset(f.eid.b, 0x81, 16);
    assert_int_equal(listed(&ALL, f), 2);
    assert_int_equal(listed(&mine, f), 1);
}

static void one_card_one_order(void **state)
{
    struct order a = order(2, "1.2.3", ORDER_CHECK), b = order(3, "1.2.3", ORDER_WAITING),
                 relay = order(4, "1.2.3", ORDER_RELAY);
    struct uuid fresh;

    (void)state;
    memset(fresh.b, 9, 16);
    assert_false(dp_store_card_busy(S, &a.eid, &fresh));
    assert_int_equal(dp_store_order(S, &b), 0);
    assert_true(dp_store_card_busy(S, &a.eid, &fresh));
    assert_false(dp_store_card_busy(S, &b.eid, &b.id));
    assert_false(dp_store_card_busy(S, &b.eid, &a.id)); /* it waits, and came later */
    assert_int_equal(dp_store_order(S, &a), 0);
    assert_true(dp_store_card_busy(S, &b.eid, &b.id));
    assert_false(dp_store_card_busy(S, &a.eid, &a.id));
    relay.function = FN_ENABLE_PROFILE;
    relay.eid = a.eid;
    assert_int_equal(dp_store_order(S, &relay), 0);
    assert_false(dp_store_card_busy(S, &a.eid, &a.id));
    assert_int_equal(dp_store_live(S), 3);
    a.state = ORDER_DONE;
    assert_int_equal(dp_store_order(S, &a), 0);
    assert_int_equal(dp_store_order(S, &a), 0);
    assert_false(dp_store_card_busy(S, &b.eid, &b.id));
    b.state = relay.state = ORDER_DONE;
    assert_int_equal(dp_store_order(S, &b), 0);
    assert_int_equal(dp_store_order(S, &relay), 0);
    assert_int_equal(dp_store_live(S), 0);
    assert_false(dp_store_card_busy(S, &a.eid, &fresh));
}

static int count_items(void *ctx, const struct stock_item *i)
{
    (void)i;
    ++*(unsigned *)ctx;
    return 0;
}

static unsigned in_list(const struct dp_scope *sc, struct dp_stock_filter f)
{
    unsigned n = 0;

    if (!f.limit)
        f.limit = 100;
    assert_int_equal(dp_store_stock_list(S, sc, &f, count_items, &n), 0);
    return n;
}

static void stock_is_listed(void **state)
{
    struct dp_scope mine = scope("1.2.3"), nobody = {.all = false};
    struct dp_stock_filter after = {.after = about(EV_PROFILE_IMPORTED, "1.2.3", 4).iccid};

    (void)state;
    for (unsigned n = 0; n < 10; n++)
        assert_int_equal(put(EV_PROFILE_IMPORTED, n % 2 ? "1.2.3" : "1.2.4", n), 0);
    assert_int_equal(put(EV_ORDER_ACCEPTED, "1.2.3", 1), 0);
    assert_int_equal(flush(), 0);
    assert_int_equal(in_list(&ALL, (struct dp_stock_filter){.limit = 0}), 10);
    assert_int_equal(in_list(&ALL, (struct dp_stock_filter){.limit = 3}), 3);
    assert_int_equal(in_list(&mine, (struct dp_stock_filter){.limit = 0}), 5);
    assert_int_equal(in_list(&nobody, (struct dp_stock_filter){.limit = 0}), 0);
    assert_int_equal(in_list(&mine, (struct dp_stock_filter){.state = STOCK_RESERVED}), 1);
    assert_int_equal(in_list(&ALL, (struct dp_stock_filter){.profile_type = span_str("none")}), 0);
    assert_int_equal(in_list(&ALL, after), 5);
}

/* Rows of an earlier program do not say when; they are built anew from the journal. */
static void an_earlier_state_is_built_anew(void **state)
{
    static const char *const LOOK[] = {
        "SELECT (SELECT count(*) FROM inventory) + (SELECT count(*) FROM party) + value FROM meta"};
    const struct db_options o = {.application_id = DP_STORE_APPLICATION_ID, .sync = DB_SYNC_NORMAL};
    struct stmt_set *look = NULL;

    (void)state;
    dp_store_free(S);
    S = NULL;
    db_close(DB);
    assert_int_equal(db_open(":memory:", &o, &DB, NULL), 0);
    migrate(2); /* before it knew when it was told */
    assert_int_equal(db_exec(DB, "INSERT INTO inventory VALUES('1', '2', '3', '1.2.3', 'basic', 1, 0,"
                                 " zeroblob(16), zeroblob(16));"
                                 "INSERT INTO party VALUES('1.2.3', 7, 3);"
                                 "UPDATE meta SET value = 9 WHERE key = 'applied_lsn'"), 0);
    migrate(DP_STORE_MIGRATION_COUNT);
    assert_int_equal(stmt_set_new(DB, LOOK, 1, &look, NULL), 0);
    assert_int_equal(stmt_row(stmt_at(look, 0)), 0);
    assert_int_equal(stmt_u64(stmt_at(look, 0), 0), 0);
    assert_int_equal(stmt_end(stmt_at(look, 0), 0), 0);
    stmt_set_free(look);
    again();
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
    const struct CMUnitTest tests[] = {
        T(picks_each_once),       T(types_and_operators_are_apart),
        T(twice_is_taken),        T(records_that_cannot_follow),
        T(templates_and_tenants), T(orders_are_kept),
        T(an_earlier_state_is_built_anew),
        T(one_card_one_order),    T(stock_is_listed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
