/* SPDX-License-Identifier: Apache-2.0 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#include "smsr/store/store.h"

#define HOUSE 0
#define CARDS 12

/* A store over an in-memory database and the cards an engine would hold. Half of the tests run
 * twice: before and after the write-behind the answers are the same. */
struct world {
    struct store *s;
    struct db *db;
    struct euicc *card[CARDS];
    uint64_t lsn;
    struct env env;
    struct tenant tenant[2];
    struct party party[5];
};

static const char *const MNO_A = "1.3.6.1.4.1.99999.10";
static const char *const MNO_B = "1.3.6.1.4.1.99999.11";

static struct eid eid_no(unsigned i)
{
    char digits[31];
    struct eid e;

    (void)snprintf(digits, sizeof digits, "89049032%022u", i);
    assert_int_equal(eid_make(digits, &e), ERR_OK);
    return e;
}

static struct iccid iccid_no(unsigned i)
{
    struct iccid c = {{0}};

    (void)snprintf(c.s, sizeof c.s, "89490100000000%05u", i);
    return c;
}

static struct msisdn number_no(unsigned i)
{
    struct msisdn m = {{0}};

    (void)snprintf(m.s, sizeof m.s, "49170%06u", i);
    return m;
}

static struct uuid op_no(unsigned i)
{
    struct uuid u = {{0}};

    u.b[0] = 1;
    u.b[14] = (uint8_t)(i >> 8);
    u.b[15] = (uint8_t)i;
    return u;
}

static void env_make(struct world *w)
{
    static struct eid_range range[2] = {
        {"890490320000000000000000000000", "890490320000000000000000000005"},
        {"890490320000000000000000000006", "890490320000000000000000000099"},
    };
    static struct oid admits[2];

    admits[0] = (struct oid){{0}};
    (void)snprintf(admits[0].s, sizeof admits[0].s, "%s", MNO_A);
    (void)snprintf(admits[1].s, sizeof admits[1].s, "%s", MNO_B);
    for (unsigned i = 0; i < 2; i++) {
        (void)snprintf(w->tenant[i].id, sizeof w->tenant[i].id, "tenant-%u", i + 1);
        w->tenant[i].number = i + 1;
        w->tenant[i].ranges = &range[i];
        w->tenant[i].n_ranges = 1;
        w->tenant[i].admits = admits;
        w->tenant[i].n_admits = 2;
    }
    (void)snprintf(w->party[0].oid.s, sizeof w->party[0].oid.s, "%s", MNO_A);
    (void)snprintf(w->party[1].oid.s, sizeof w->party[1].oid.s, "%s", MNO_B);
    (void)snprintf(w->party[2].oid.s, sizeof w->party[2].oid.s, "1.3.6.1.4.1.99999.20");
    (void)snprintf(w->party[3].oid.s, sizeof w->party[3].oid.s, "1.3.6.1.4.1.99999.21");
    (void)snprintf(w->party[4].oid.s, sizeof w->party[4].oid.s, "1.3.6.1.4.1.99999.1");
    w->party[2].tenant = &w->tenant[0];
    w->party[3].tenant = &w->tenant[1];
    w->env =
        (struct env){.tenants = w->tenant, .n_tenants = 2, .parties = w->party, .n_parties = 5};
}

static struct scope scope_of(struct world *w, unsigned party, enum party_role role)
{
    return (struct scope){&w->env, &w->party[party], role};
}

static int setup(void **state)
{
    struct world *w = calloc(1, sizeof *w);
    struct db_options o = {.application_id = STORE_APPLICATION_ID, .sync = DB_SYNC_NORMAL};
    struct errmsg why;

    w->s = store_new();
    env_make(w);
    assert_int_equal(db_open(":memory:", &o, &w->db, &why), ERR_OK);
    assert_int_equal(db_migrate(w->db, STORE_MIGRATIONS, STORE_MIGRATION_COUNT, &why), ERR_OK);
    if (store_open(w->s, w->db, &why))
        fail_msg("%s", why.text);
    *state = w;
    return 0;
}

static int teardown(void **state)
{
    struct world *w = *state;

    for (unsigned i = 0; i < CARDS; i++)
        euicc_free(w->card[i]);
    store_close(w->s);
    store_free(w->s);
    db_close(w->db);
    free(w);
    return 0;
}

static int apply(struct world *w, unsigned card, struct event *ev, const struct signed_eis *eis,
                 const struct eum_signed_info *info)
{
    struct journal_record rec = {.lsn = ++w->lsn, .at_ms = 1000 + (int64_t)w->lsn,
                                 .stream = card <= 5 ? 1 : 2};
    struct euicc_record r = {w->lsn, rec.at_ms, ev, eis, info};

    ev->eid = eid_no(card);
    return store_apply(w->s, &rec, &r, &w->card[card]);
}

/* A card with one profile of MNO A: ICCID and number have the number of the card. */
static void enrol(struct world *w, unsigned card)
{
    struct event ev = {.type = EV_EUICC_REGISTERED, .number = card <= 5 ? 1 : 2};
    struct signed_eis eis = {.n_profiles = 1};
    struct eum_signed_info info = {.eid = eid_no(card)};

    eis.profiles[0].iccid = iccid_no(card);
    eis.profiles[0].address.msisdn = number_no(card);
    eis.profiles[0].state = PROFILE_ENABLED;
    (void)snprintf(eis.profiles[0].mno_id.s, sizeof eis.profiles[0].mno_id.s, "%s", MNO_A);
    assert_int_equal(apply(w, card, &ev, &eis, &info), ERR_OK);
}

static int create_isdp(struct world *w, unsigned card, unsigned op, unsigned iccid)
{
    struct event ev = {.type = EV_OPERATION_ACCEPTED, .op = op_no(op), .function = FN_CREATE_ISDP,
                       .iccid = iccid_no(iccid), .op_state = 1, .due_ms = 5000};

    (void)snprintf(ev.mno.s, sizeof ev.mno.s, "%s", MNO_B);
    (void)snprintf(ev.party.s, sizeof ev.party.s, "%s", MNO_B);
    ev.fcid = span_str("call");
    return apply(w, card, &ev, NULL, NULL);
}

static void accept_op(struct world *w, unsigned card, unsigned op, const char *party)
{
    struct event ev = {.type = EV_OPERATION_ACCEPTED,
                       .op = op_no(op),
                       .function = FN_ENABLE_PROFILE,
                       .iface = IF_ES4,
                       .iccid = iccid_no(card),
                       .op_state = 1,
                       .due_ms = 5000};

    (void)snprintf(ev.party.s, sizeof ev.party.s, "%s", party);
    assert_int_equal(apply(w, card, &ev, NULL, NULL), ERR_OK);
}

static int end_op(struct world *w, unsigned card, unsigned op, enum verdict v, enum stage stage)
{
    struct event ev = {
        .type = EV_OPERATION_CONCLUDED, .op = op_no(op), .result = v, .stage = stage};

    if (v != VERDICT_SUCCESS) {
        (void)snprintf(ev.code.subject, sizeof ev.code.subject, "8.4");
        (void)snprintf(ev.code.reason, sizeof ev.code.reason, "4.2");
        ev.text = span_str("why");
    }
    return apply(w, card, &ev, NULL, NULL);
}

static void flush(struct world *w)
{
    assert_int_equal(db_begin(w->db), ERR_OK);
    assert_int_equal(store_save_rest(w->s), ERR_OK);
    for (unsigned i = 0; i < CARDS; i++) {
        struct eid eid = eid_no(i);
        if (w->card[i])
            assert_int_equal(store_save(w->s, &eid, w->card[i]), ERR_OK);
    }
    assert_int_equal(db_commit(w->db), ERR_OK);
    store_flushed(w->s);
}

static int where(struct world *w, unsigned iccid, struct eid *ret)
{
    struct iccid c = iccid_no(iccid);
    return store_iccid(w->s, &c, ret);
}

static unsigned candidates(struct world *w, unsigned number, struct eid *ret)
{
    struct msisdn m = number_no(number);
    unsigned n = 99;

    assert_int_equal(store_candidates(w->s, &m, ret, 16, &n), ERR_OK);
    return n;
}

static void a_saved_card_is_the_same_card(void **state)
{
    struct world *w = *state;
    struct eid eid = eid_no(1), other = eid_no(2);
    struct euicc *back;

    enrol(w, 1);
    accept_op(w, 1, 1, MNO_A);
    assert_int_equal(store_load(w->s, &eid, &back), ERR_NOT_FOUND);
    flush(w);
    assert_int_equal(store_load(w->s, &eid, &back), ERR_OK);
    assert_int_equal(back->n_ops, 1);
    assert_true(iccid_eq(&back->profiles[0].iccid, &w->card[1]->profiles[0].iccid));
    euicc_free(back);
    assert_int_equal(store_load(w->s, &other, &back), ERR_NOT_FOUND);
}

static void an_iccid_is_found_at_once_and_after_the_write_behind(void **state)
{
    struct world *w = *state;
    struct eid eid, want = eid_no(1);

    assert_int_equal(where(w, 1, &eid), ERR_NOT_FOUND);
    enrol(w, 1);
    for (unsigned i = 0; i < 2; i++) {
        assert_int_equal(where(w, 1, &eid), ERR_OK);
        assert_true(eid_eq(&eid, &want));
        assert_int_equal(where(w, 2, &eid), ERR_NOT_FOUND);
        flush(w);
    }
}

static void an_iccid_never_stands_on_two_cards(void **state)
{
    struct world *w = *state;

    enrol(w, 1);
    enrol(w, 2);
    enrol(w, 3);
    assert_int_equal(create_isdp(w, 1, 1, 50), ERR_OK);
    assert_int_equal(create_isdp(w, 2, 2, 50), ERR_CORRUPT);
    flush(w);
    assert_int_equal(create_isdp(w, 3, 3, 50), ERR_CORRUPT);
}

static void a_profile_may_move_within_one_batch(void **state)
{
    struct world *w = *state;
    struct eid eid, one = eid_no(1), two = eid_no(2);

    enrol(w, 1);
    enrol(w, 2);
    assert_int_equal(create_isdp(w, 2, 1, 50), ERR_OK);
    flush(w);
    /* Card 2 loses it, card 1 gets it; card 1 is written first. */
    assert_int_equal(end_op(w, 2, 1, VERDICT_FAILED, STAGE_CARD), ERR_OK);
    assert_int_equal(where(w, 50, &eid), ERR_NOT_FOUND);
    assert_int_equal(create_isdp(w, 1, 2, 50), ERR_OK);
    flush(w);
    assert_int_equal(where(w, 50, &eid), ERR_OK);
    assert_true(eid_eq(&eid, &one));
    /* And back: card 1 is written first again, card 2 takes it over. */
    assert_int_equal(end_op(w, 1, 2, VERDICT_FAILED, STAGE_CARD), ERR_OK);
    assert_int_equal(create_isdp(w, 2, 3, 50), ERR_OK);
    flush(w);
    assert_int_equal(where(w, 50, &eid), ERR_OK);
    assert_true(eid_eq(&eid, &two));
}

static void a_number_names_all_its_cards(void **state)
{
    struct world *w = *state;
    struct eid found[16];
    struct event ev = {.type = EV_ADDRESS_CHANGED, .iccid = iccid_no(2), .msisdn = number_no(1)};

    enrol(w, 1);
    enrol(w, 2);
    for (unsigned i = 0; i < 2; i++) {
        assert_int_equal(candidates(w, 1, found), 1);
        assert_int_equal(candidates(w, 2, found), 1);
        assert_int_equal(candidates(w, 3, found), 0);
        flush(w);
    }
    assert_int_equal(apply(w, 2, &ev, NULL, NULL), ERR_OK);
    for (unsigned i = 0; i < 2; i++) {
        struct eid two = eid_no(2);
        assert_int_equal(candidates(w, 1, found), 2);
        assert_true(i || eid_eq(&found[0], &two)); /* the newest first, while it is new */
        assert_int_equal(candidates(w, 2, found), 0);
        flush(w);
    }
}

static void candidates_are_bounded(void **state)
{
    struct world *w = *state;
    struct eid found[2];
    struct msisdn m = number_no(1);
    unsigned n;

    for (unsigned i = 1; i < 8; i++) {
        struct event ev = {.type = EV_ADDRESS_CHANGED, .iccid = iccid_no(i), .msisdn = m};
        enrol(w, i);
        assert_int_equal(apply(w, i, &ev, NULL, NULL), ERR_OK);
    }
    for (unsigned i = 0; i < 2; i++) {
        assert_int_equal(store_candidates(w->s, &m, found, 2, &n), ERR_OK);
        assert_int_equal(n, 2);
        flush(w);
    }
}

static void tenants_are_numbered_once(void **state)
{
    struct world *w = *state;
    struct event ev = {.type = EV_ADMIN_TENANT_ADDED, .number = 1, .text = span_str("acme")};
    uint32_t n;

    assert_int_equal(store_tenant(w->s, "acme", &n), ERR_NOT_FOUND);
    assert_int_equal(store_next_tenant(w->s), 1);
    assert_int_equal(store_apply_house(w->s, &ev), ERR_OK);
    ev.number = 2;
    assert_int_equal(store_apply_house(w->s, &ev), ERR_CORRUPT); /* the name is taken */
    ev.text = span_str("blue");
    ev.number = 1;
    assert_int_equal(store_apply_house(w->s, &ev), ERR_CORRUPT); /* the number is taken */
    ev.number = 3;
    assert_int_equal(store_apply_house(w->s, &ev), ERR_CORRUPT); /* a gap */
    ev.number = 2;
    assert_int_equal(store_apply_house(w->s, &ev), ERR_OK);
    flush(w);
    store_close(w->s);
    assert_int_equal(store_open(w->s, w->db, NULL), ERR_OK);
    assert_int_equal(store_tenant(w->s, "blue", &n), ERR_OK);
    assert_int_equal(n, 2);
    assert_int_equal(store_next_tenant(w->s), 3);
}

static unsigned scanned;

static int count_one(void *ctx, const struct eid *eid, int64_t due)
{
    struct eid want = eid_no(2);

    (void)ctx;
    assert_true(eid_eq(eid, &want));
    assert_int_equal(due, 5000);
    scanned++;
    return ERR_OK;
}

static void scanning_lists_what_runs(void **state)
{
    struct world *w = *state;

    enrol(w, 1);
    enrol(w, 2);
    accept_op(w, 2, 1, MNO_A);
    flush(w);
    scanned = 0;
    assert_int_equal(store_scan(w->s, count_one, NULL), ERR_OK);
    assert_int_equal(scanned, 1);
}

static struct op_row row_of(struct world *w, unsigned op)
{
    struct scope sc = scope_of(w, 4, ROLE_ADMIN);
    struct uuid u = op_no(op);
    struct op_row row;

    assert_int_equal(store_operation(w->s, &sc, &u, &row), ERR_OK);
    return row;
}

static void an_operation_tells_answer_and_verdict_apart(void **state)
{
    struct world *w = *state;
    struct event late = {.type = EV_OPERATION_EXPIRED, .op = op_no(1), .code = {"1.6", "5.4"}};
    struct event doubt = {.type = EV_OPERATION_IN_DOUBT,
                          .op = op_no(1),
                          .text = span_str("silence"),
                          .op_state = 5,
                          .due_ms = 9000};
    struct op_row row;

    enrol(w, 1);
    accept_op(w, 1, 1, MNO_A);
    row = row_of(w, 1);
    assert_int_equal(row.verdict, VERDICT_NONE);
    assert_int_equal(row.status, EXEC_NONE);
    flush(w);
    assert_int_equal(apply(w, 1, &late, NULL, NULL), ERR_OK);
    assert_int_equal(apply(w, 1, &doubt, NULL, NULL), ERR_OK);
    row = row_of(w, 1);
    assert_int_equal(row.verdict, VERDICT_IN_DOUBT);
    assert_int_equal(row.status, EXEC_EXPIRED);
    assert_int_equal(row.state, 4);
    assert_string_equal(row.text, "silence");
    flush(w);
    assert_int_equal(end_op(w, 1, 1, VERDICT_SUCCESS, STAGE_NONE), ERR_OK);
    for (unsigned i = 0; i < 2; i++) {
        row = row_of(w, 1);
        assert_int_equal(row.verdict, VERDICT_SUCCESS);
        assert_int_equal(row.status, EXEC_EXPIRED); /* what was answered stays answered */
        assert_string_equal(row.code.reason, "5.4");
        assert_string_equal(row.party.s, MNO_A);
        assert_true(row.concluded_ms > 0);
        flush(w);
    }
}

static void a_refusal_of_a_card_that_is_not_there_has_a_row(void **state)
{
    struct world *w = *state;
    struct event ev = {.type = EV_OPERATION_CONCLUDED,
                       .op = op_no(3),
                       .result = VERDICT_FAILED,
                       .stage = STAGE_ADMISSION,
                       .function = FN_ENABLE_PROFILE,
                       .code = {"8.1.1", "3.9"}};
    struct op_row row;

    (void)snprintf(ev.party.s, sizeof ev.party.s, "%s", MNO_A);
    assert_int_equal(apply(w, 7, &ev, NULL, NULL), ERR_OK);
    assert_null(w->card[7]);
    flush(w);
    row = row_of(w, 3);
    assert_int_equal(row.status, EXEC_FAILED);
    assert_string_equal(row.code.subject, "8.1.1");
}

static void foreign_operations_are_unknown(void **state)
{
    struct world *w = *state;
    struct uuid op = op_no(1), never = op_no(9);
    struct op_row row, nothing;
    static const struct { unsigned party; enum party_role role; bool sees; } ROWS[] = {
        {0, ROLE_OPERATOR, true},  {1, ROLE_OPERATOR, false}, {2, ROLE_FLEET, true},
        {3, ROLE_FLEET, false},    {2, ROLE_AUDITOR, true},   {3, ROLE_ADMIN, false},
        {4, ROLE_ADMIN, true},     {4, ROLE_AUDITOR, true},   {4, ROLE_OPERATOR, false},
        {4, ROLE_FLEET, false},
    };

    enrol(w, 1);
    accept_op(w, 1, 1, MNO_A);
    for (size_t i = 0; i < sizeof ROWS / sizeof *ROWS; i++) {
        struct scope sc = scope_of(w, ROWS[i].party, ROWS[i].role);
        int want = ROWS[i].sees ? ERR_OK : ERR_NOT_FOUND;
        assert_int_equal(store_operation(w->s, &sc, &op, &row), want);
        assert_int_equal(store_operation(w->s, &sc, &never, &nothing), ERR_NOT_FOUND);
        if (!ROWS[i].sees)
            assert_memory_equal(&row, &nothing, sizeof row);
    }
}

static unsigned list(struct world *w, unsigned party, enum party_role role, struct op_filter f,
                     struct op_row *ret, unsigned max)
{
    struct scope sc = scope_of(w, party, role);
    unsigned n = 99;

    assert_int_equal(store_operations(w->s, &sc, &f, ret, max, &n), ERR_OK);
    return n;
}

static void pages_of_operations_lose_and_repeat_nothing(void **state)
{
    struct world *w = *state;
    struct op_row rows[4];

    for (unsigned i = 1; i < 8; i++)
        enrol(w, i);
    /* Some rows in the table, some newer ones in memory, one changed since it was written. */
    for (unsigned i = 1; i < 20; i += 2)
        accept_op(w, 1 + i % 7, i, i % 3 ? MNO_A : MNO_B);
    flush(w);
    for (unsigned i = 2; i < 20; i += 4)
        accept_op(w, 1 + i % 7, i, MNO_A);
    assert_int_equal(end_op(w, 1 + 5 % 7, 5, VERDICT_SUCCESS, STAGE_NONE), ERR_OK);
    for (unsigned max = 1; max <= 4; max++) {
        struct op_filter f = {.verdict = VERDICT_NONE};
        unsigned seen = 0, n, last = 0;
        while ((n = list(w, HOUSE + 4, ROLE_ADMIN, f, rows, max)) > 0) {
            for (unsigned i = 0; i < n; i++) {
                assert_true(rows[i].op.b[15] > last);
                last = rows[i].op.b[15];
                seen++;
            }
            f.after = rows[n - 1].op;
        }
        assert_int_equal(seen, 15);
    }
    assert_int_equal(
        list(w, 4, ROLE_ADMIN, (struct op_filter){.verdict = VERDICT_SUCCESS}, rows, 4), 1);
    assert_int_equal(rows[0].op.b[15], 5);
    assert_int_equal(list(w, 1, ROLE_OPERATOR, (struct op_filter){.live_only = true}, rows, 4), 3);
    assert_int_equal(list(w, 3, ROLE_FLEET, (struct op_filter){.eid = eid_no(2)}, rows, 4), 0);
}

static unsigned eids(struct world *w, unsigned party, enum party_role role, unsigned after,
                     struct eid *ret, unsigned max)
{
    struct scope sc = scope_of(w, party, role);
    struct eid from = {{0}};
    unsigned n = 99;

    if (after)
        from = eid_no(after);
    assert_int_equal(store_eids(w->s, &sc, &from, ret, max, &n), ERR_OK);
    return n;
}

static unsigned seen_cards(struct world *w, unsigned party, enum party_role role)
{
    struct scope sc = scope_of(w, party, role);
    struct eid page[3], after = {{0}};
    unsigned n, seen = 0;

    do {
        assert_int_equal(store_eids(w->s, &sc, &after, page, 3, &n), ERR_OK);
        for (unsigned i = 0; i < n; i++) {
            for (unsigned c = 0; c < CARDS; c++)
                if (w->card[c] && eid_eq(&w->card[c]->eid, &page[i]))
                    seen += scope_sees_card(&sc, w->card[c]);
            after = page[i];
        }
    } while (n == 3);
    return seen;
}

static void everybody_lists_the_cards_of_his_relations(void **state)
{
    struct world *w = *state;
    struct eid page[16];

    for (unsigned i = 1; i < 8; i++)
        enrol(w, i);
    assert_int_equal(create_isdp(w, 3, 1, 50), ERR_OK);
    for (unsigned i = 0; i < 2; i++) {
        assert_int_equal(seen_cards(w, 4, ROLE_ADMIN), 7);
        assert_int_equal(seen_cards(w, 2, ROLE_FLEET), 5);
        assert_int_equal(seen_cards(w, 3, ROLE_FLEET), 2);
        assert_int_equal(seen_cards(w, 0, ROLE_OPERATOR), 7);
        assert_int_equal(seen_cards(w, 1, ROLE_OPERATOR), 0); /* in creation: not shown */
        assert_int_equal(seen_cards(w, 4, ROLE_OPERATOR), 0);
        assert_int_equal(eids(w, 4, ROLE_ADMIN, 3, page, 2), 2);
        flush(w);
    }
}

int main(void)
{
#define CASE(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
    const struct CMUnitTest tests[] = {
        CASE(a_saved_card_is_the_same_card),
        CASE(an_iccid_is_found_at_once_and_after_the_write_behind),
        CASE(an_iccid_never_stands_on_two_cards),
        CASE(a_profile_may_move_within_one_batch),
        CASE(a_number_names_all_its_cards),
        CASE(candidates_are_bounded),
        CASE(tenants_are_numbered_once),
        CASE(scanning_lists_what_runs),
        CASE(an_operation_tells_answer_and_verdict_apart),
        CASE(a_refusal_of_a_card_that_is_not_there_has_a_row),
        CASE(foreign_operations_are_unknown),
        CASE(pages_of_operations_lose_and_repeat_nothing),
        CASE(everybody_lists_the_cards_of_his_relations),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
