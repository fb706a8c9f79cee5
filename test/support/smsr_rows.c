/* SPDX-License-Identifier: Apache-2.0 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>

#include "common/engine/engine_int.h"
#include "test/support/smsr_rows.h"

struct iccid rows_iccid(unsigned i)
{
    struct iccid c = {{0}};

    (void)snprintf(c.s, sizeof c.s, "89490100000000%05u", i);
    return c;
}

struct msisdn rows_number(unsigned i)
{
    struct msisdn m = {{0}};

    (void)snprintf(m.s, sizeof m.s, "49170%06u", i);
    return m;
}

struct uuid rows_op(unsigned i)
{
    struct uuid u = {{0}};

    u.b[0] = 1;
    u.b[14] = (uint8_t)(i >> 8);
    u.b[15] = (uint8_t)i;
    return u;
}

static void env_make(struct rows *w)
{
    static struct eid_range range[2] = {
        {"890490320000000000000000000000", "890490320000000000000000000005"},
        {"890490320000000000000000000006", "890490320000000000000000000099"},
    };
    static struct oid admits[2];

    admits[0] = (struct oid){{0}};
    (void)snprintf(admits[0].s, sizeof admits[0].s, "%s", ROWS_MNO_A);
    (void)snprintf(admits[1].s, sizeof admits[1].s, "%s", ROWS_MNO_B);
    for (unsigned i = 0; i < 2; i++) {
        (void)snprintf(w->tenant[i].id, sizeof w->tenant[i].id, "tenant-%u", i + 1);
        w->tenant[i].number = i + 1;
        w->tenant[i].ranges = &range[i];
        w->tenant[i].n_ranges = 1;
        w->tenant[i].admits = admits;
        w->tenant[i].n_admits = 2;
    }
    (void)snprintf(w->party[0].oid.s, sizeof w->party[0].oid.s, "%s", ROWS_MNO_A);
    (void)snprintf(w->party[1].oid.s, sizeof w->party[1].oid.s, "%s", ROWS_MNO_B);
    (void)snprintf(w->party[2].oid.s, sizeof w->party[2].oid.s, "1.3.6.1.4.1.99999.20");
    (void)snprintf(w->party[3].oid.s, sizeof w->party[3].oid.s, "1.3.6.1.4.1.99999.21");
    (void)snprintf(w->party[4].oid.s, sizeof w->party[4].oid.s, "1.3.6.1.4.1.99999.1");
    w->party[2].tenant = &w->tenant[0];
    w->party[3].tenant = &w->tenant[1];
    w->env =
        (struct env){.tenants = w->tenant, .n_tenants = 2, .parties = w->party, .n_parties = 5};
}

struct scope rows_scope(struct rows *w, unsigned party, enum party_role role)
{
    return (struct scope){&w->env, &w->party[party], role};
}

int rows_setup(void **state)
{
    struct rows *w = calloc(1, sizeof *w);
    struct db_options o = {.application_id = STORE_APPLICATION_ID, .sync = DB_SYNC_NORMAL};
    const char *steps[16];
    unsigned n = 0;
    struct errmsg why;

    w->s = store_new();
    env_make(w);
    assert_int_equal(db_open(":memory:", &o, &w->db, &why), ERR_OK);
    for (unsigned i = 0; i < ENGINE_MIGRATION_COUNT; i++) /* the engine's tables first, as engine_open does it */
        steps[n++] = ENGINE_MIGRATIONS[i];
    for (unsigned i = 0; i < STORE_MIGRATION_COUNT; i++)
        steps[n++] = STORE_MIGRATIONS[i];
    assert_int_equal(db_migrate(w->db, steps, n, &why), ERR_OK);
    if (store_open(w->s, w->db, &why))
        fail_msg("%s", why.text);
    *state = w;
    return 0;
}

int rows_teardown(void **state)
{
    struct rows *w = *state;

    for (unsigned i = 0; i < ROWS_CARDS; i++)
        euicc_free(w->card[i]);
    store_close(w->s);
    store_free(w->s);
    db_close(w->db);
    free(w);
    return 0;
}

int rows_apply(struct rows *w, unsigned card, struct event *ev, const struct signed_eis *eis,
                 const struct eum_signed_info *info)
{
    struct journal_record rec = {.lsn = ++w->lsn, .at_ms = 1000 + (int64_t)w->lsn,
                                 .stream = card <= 5 ? 1 : 2};
    struct euicc_record r = {w->lsn, rec.at_ms, ev, eis, info};

    ev->eid = fake_eid(card);
    return store_apply(w->s, &rec, &r, &w->card[card]);
}

void rows_enrol(struct rows *w, unsigned card)
{
    struct event ev = {.type = EV_EUICC_REGISTERED, .number = card <= 5 ? 1 : 2};
    struct signed_eis eis = {.n_profiles = 1};
    struct eum_signed_info info = {.eid = fake_eid(card)};

    eis.profiles[0].iccid = rows_iccid(card);
    eis.profiles[0].address.msisdn = rows_number(card);
    eis.profiles[0].state = PROFILE_ENABLED;
    (void)snprintf(eis.profiles[0].mno_id.s, sizeof eis.profiles[0].mno_id.s, "%s", ROWS_MNO_A);
    assert_int_equal(rows_apply(w, card, &ev, &eis, &info), ERR_OK);
}

int rows_create_isdp(struct rows *w, unsigned card, unsigned op, unsigned iccid)
{
    struct event ev = {.type = EV_OPERATION_ACCEPTED, .op = rows_op(op), .function = FN_CREATE_ISDP,
                       .iccid = rows_iccid(iccid), .op_state = 1, .due_ms = 5000};

    (void)snprintf(ev.mno.s, sizeof ev.mno.s, "%s", ROWS_MNO_B);
    (void)snprintf(ev.party.s, sizeof ev.party.s, "%s", ROWS_MNO_B);
    ev.fcid = span_str("call");
    return rows_apply(w, card, &ev, NULL, NULL);
}

void rows_accept(struct rows *w, unsigned card, unsigned op, const char *party)
{
    struct event ev = {.type = EV_OPERATION_ACCEPTED,
                       .op = rows_op(op),
                       .function = FN_ENABLE_PROFILE,
                       .iface = IF_ES4,
                       .iccid = rows_iccid(card),
                       .op_state = 1,
                       .due_ms = 5000};

    (void)snprintf(ev.party.s, sizeof ev.party.s, "%s", party);
    assert_int_equal(rows_apply(w, card, &ev, NULL, NULL), ERR_OK);
}

int rows_end(struct rows *w, unsigned card, unsigned op, enum verdict v, enum stage stage)
{
    struct event ev = {
        .type = EV_OPERATION_CONCLUDED, .op = rows_op(op), .result = v, .stage = stage};

    if (v != VERDICT_SUCCESS) {
        (void)snprintf(ev.code.subject, sizeof ev.code.subject, "8.4");
        (void)snprintf(ev.code.reason, sizeof ev.code.reason, "4.2");
        ev.text = span_str("why");
    }
    return rows_apply(w, card, &ev, NULL, NULL);
}

void rows_flush(struct rows *w)
{
    assert_int_equal(db_begin(w->db), ERR_OK);
    assert_int_equal(store_save_rest(w->s), ERR_OK);
    for (unsigned i = 0; i < ROWS_CARDS; i++) {
        struct eid eid = fake_eid(i);
        if (w->card[i])
            assert_int_equal(store_save(w->s, &eid, w->card[i]), ERR_OK);
    }
    assert_int_equal(db_commit(w->db), ERR_OK);
    store_flushed(w->s);
}

int rows_where(struct rows *w, unsigned iccid, struct eid *ret)
{
    struct iccid c = rows_iccid(iccid);
    return store_iccid(w->s, &c, ret);
}

unsigned rows_candidates(struct rows *w, unsigned number, struct eid *ret)
{
    struct msisdn m = rows_number(number);
    unsigned n = 99;

    assert_int_equal(store_candidates(w->s, &m, ret, 16, &n), ERR_OK);
    return n;
}
