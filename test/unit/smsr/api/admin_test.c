/* SPDX-License-Identifier: Apache-2.0 */
/* Links: remora_test_support remora_smsr_api remora_smsr_app */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "common/journal/chain.h"
#include "test/support/smsr_world.h"

static struct uuid op_b;                   /* B's operation on card 1 */

static int setup(void **state)
{
    struct srw *w = srw_new("admin");
    struct srw_peer *eum = srw_dial(w, EUM, ROLE_EUM);
    struct srw_peer *b = srw_dial(w, MNO_B, ROLE_OPERATOR);
    struct es4_enable_profile_request req = srw_enable_request("call", 1);

    for (unsigned i = 1; i <= 3; i++)
        srw_enrol(w, eum, i);
    srw_enrol(w, eum, 101);
    op_b = srw_call(b, MSG_ES4_ENABLE_PROFILE_REQUEST, &req, NULL)->operation;
    srw_drop_peers(w);
    *state = w;
    return 0;
}

#define BASE .base = {.function_call_identifier = span_str("r")}

static const struct { const char *oid; enum party_role role; } WHO[] = {
    {MNO_A, ROLE_OPERATOR}, {MNO_B, ROLE_OPERATOR}, {FLEET, ROLE_FLEET},
    {FLEET_2, ROLE_FLEET},  {ADMIN, ROLE_ADMIN},    {SMDP, ROLE_SMDP},
};
#define N_WHO (sizeof WHO / sizeof *WHO)

static void an_operation_is_shown_to_whom_it_concerns(void **state)
{
    static const bool SEES[N_WHO] = {false, true, true, false, true, false};
    struct srw *w = *state;
    struct admin_operation_show_request req = {BASE, .op = op_b};

    for (size_t i = 0; i < N_WHO; i++) {
        struct srw_peer *p = srw_dial(w, WHO[i].oid, WHO[i].role);
        const struct srw_got *g = srw_call(p, MSG_ADMIN_OPERATION_SHOW_REQUEST, &req, NULL);
        const struct admin_operation *o =
            ((const struct admin_operation_show_response *)srw_body(w, g))->operation;
        assert_int_equal(g->status, EXEC_SUCCESS);
        assert_int_equal(o != NULL, SEES[i]);
        if (!o)
            continue;
        assert_int_equal(o->function, FN_ENABLE_PROFILE);
        assert_string_equal(o->party.s, MNO_B);
        assert_true(o->state.n > 0 && o->state.p[0] != '?');
        assert_int_equal(o->verdict, VERDICT_NONE);
        assert_true(o->validity_end_ms > o->accepted_at_ms);
    }
}

static void operations_are_listed_within_the_scope(void **state)
{
    static const unsigned SEES[N_WHO] = {0, 1, 1, 0, 1, 0};
    struct srw *w = *state;
    struct admin_operation_list_request req = {BASE, .live_only = true};

    for (size_t i = 0; i < N_WHO; i++) {
        struct srw_peer *p = srw_dial(w, WHO[i].oid, WHO[i].role);
        const struct admin_operation_list_response *r =
            srw_body(w, srw_call(p, MSG_ADMIN_OPERATION_LIST_REQUEST, &req, NULL));
        assert_int_equal(r->n_operations, SEES[i]);
    }
}

static void cards_are_listed_within_the_scope(void **state)
{
    static const unsigned SEES[N_WHO] = {4, 3, 3, 1, 4, 0};
    static const unsigned PROFILES[N_WHO] = {1, 1, 2, 2, 2, 0};
    struct srw *w = *state;

    for (size_t i = 0; i < N_WHO; i++) {
        struct admin_eis_list_request req = {BASE, .limit = 2};
        struct srw_peer *p = srw_dial(w, WHO[i].oid, WHO[i].role);
        unsigned seen = 0, n;
        do {
            const struct srw_got *g = srw_call(p, MSG_ADMIN_EIS_LIST_REQUEST, &req, NULL);
            const struct admin_eis_list_response *r = srw_body(w, g);
            n = r->n_rows;
            for (unsigned k = 0; k < n; k++) {
                assert_int_equal(r->rows[k].profiles, PROFILES[i]);
                req.after = r->rows[k].eid;
                seen++;
            }
            if (WHO[i].role == ROLE_SMDP)
                srw_expect(g, "1.2", "1.2");
        } while (n == 2);
        assert_int_equal(seen, SEES[i]);
    }
}

static void cards_are_filtered_by_state(void **state)
{
    struct srw *w = *state;
    struct admin_eis_list_request req = {BASE, .state = PROFILE_CREATED};
    struct srw_peer *p = srw_dial(w, ADMIN, ROLE_ADMIN);

    assert_int_equal(((const struct admin_eis_list_response *)srw_body(
                          w, srw_call(p, MSG_ADMIN_EIS_LIST_REQUEST, &req, NULL)))->n_rows, 0);
    req.state = PROFILE_ENABLED;
    assert_int_equal(((const struct admin_eis_list_response *)srw_body(
                          w, srw_call(p, MSG_ADMIN_EIS_LIST_REQUEST, &req, NULL)))->n_rows, 4);
}

/* Everything of the log in pages; the chain of each stream must hold and end in the heads. */
struct chains {
    uint8_t hash[8][32];
    uint64_t seq[8];
};

static void check_record(struct srw *w, struct chains *c, const struct admin_record *r)
{
    struct journal_record rec = {.lsn = r->lsn,
                                 .epoch = r->epoch,
                                 .stream = r->stream,
                                 .seq = r->seq,
                                 .at_ms = r->at_ms,
                                 .class_ = (uint8_t)r->class,
                                 .op = r->op,
                                 .eid = r->eid};
    uint8_t body[32], leaf[32], hash[32];

    assert_true(r->stream < 8);
    assert_int_equal(r->seq, c->seq[r->stream] + 1);
    memcpy(rec.type, r->type.p, r->type.n);
    chain_body_hash(w->crypto, r->salt.p, r->body, body);
    assert_memory_equal(body, r->body_hash, 32);
    chain_leaf(w->crypto, &rec, r->body_hash, leaf);
    chain_link(w->crypto, r->seq == 1 ? CHAIN_GENESIS : c->hash[r->stream], leaf, hash);
    assert_memory_equal(hash, r->hash, 32);
    memcpy(c->hash[r->stream], hash, 32);
    c->seq[r->stream] = r->seq;
}

static unsigned read_log(struct srw *w, struct srw_peer *p, uint32_t limit, struct chains *c)
{
    struct admin_events_request req = {BASE, .from_lsn = 1, .limit = limit};
    unsigned n = 0;

    memset(c, 0, sizeof *c);
    for (;;) {
        const struct admin_events_response *r =
            srw_body(w, srw_call(p, MSG_ADMIN_EVENTS_REQUEST, &req, NULL));
        for (unsigned i = 0; i < r->n_records; i++)
            check_record(w, c, &r->records[i]);
        n += r->n_records;
        if (r->next_lsn > r->durable_lsn)
            return n;
        assert_true(r->next_lsn > req.from_lsn);
        req.from_lsn = r->next_lsn;
        if (p->n > SRW_GOT - 4) {
            srw_hang_up(p);
            p = srw_dial(w, ADMIN, ROLE_ADMIN);
        }
    }
}

static void the_whole_log_can_be_checked_from_outside(void **state)
{
    struct srw *w = *state;
    struct srw_peer *p = srw_dial(w, ADMIN, ROLE_ADMIN);
    struct admin_heads_request heads = {BASE};
    const struct admin_heads_response *h;
    struct chains c;
    uint64_t last = engine_last_lsn(smsr_core_engine(w->core));

    assert_int_equal(read_log(w, p, 5, &c), last);
    p = srw_dial(w, ADMIN, ROLE_ADMIN);
    assert_int_equal(read_log(w, p, 0, &c), last);
    h = srw_body(w, srw_call(p, MSG_ADMIN_HEADS_REQUEST, &heads, NULL));
    assert_true(h->n_heads >= 3);
    for (unsigned i = 0; i < h->n_heads; i++) {
        assert_int_equal(h->heads[i].seq, c.seq[h->heads[i].stream]);
        assert_memory_equal(h->heads[i].hash, c.hash[h->heads[i].stream], 32);
    }
}

static void a_realm_reads_its_own_stream_only(void **state)
{
    struct srw *w = *state;
    struct srw_peer *p = srw_dial(w, FLEET_2, ROLE_FLEET);
    struct admin_events_request req = {BASE, .from_lsn = 1};
    struct admin_heads_request heads = {BASE};
    const struct admin_events_response *r =
        srw_body(w, srw_call(p, MSG_ADMIN_EVENTS_REQUEST, &req, NULL));
    const struct admin_heads_response *h;

    assert_int_equal(r->n_records, 1); /* its one card */
    assert_int_equal(r->records[0].stream, 2);
    h = srw_body(w, srw_call(p, MSG_ADMIN_HEADS_REQUEST, &heads, NULL));
    assert_int_equal(h->n_heads, 1);
    req.has_stream = true;
    req.stream = 1; /* asking for another one gives nothing */
    r = srw_body(w, srw_call(p, MSG_ADMIN_EVENTS_REQUEST, &req, NULL));
    assert_int_equal(r->n_records, 0);
}

static void an_owner_reads_the_events_of_his_operation(void **state)
{
    struct srw *w = *state;
    struct admin_events_request req = {BASE, .from_lsn = 1, .op = op_b};
    const struct admin_events_response *r =
        srw_body(w, srw_call(srw_dial(w, MNO_B, ROLE_OPERATOR), MSG_ADMIN_EVENTS_REQUEST, &req, NULL));

    assert_true(r->n_records >= 2); /* accepted, armed */
    assert_true(span_eq(r->records[0].type, span_str("operation.accepted")));
    r = srw_body(w, srw_call(srw_dial(w, MNO_A, ROLE_OPERATOR), MSG_ADMIN_EVENTS_REQUEST, &req, NULL));
    assert_int_equal(r->n_records, 0);
    memset(&req.op, 0, sizeof req.op);
    r = srw_body(w, srw_call(srw_dial(w, MNO_B, ROLE_OPERATOR), MSG_ADMIN_EVENTS_REQUEST, &req, NULL));
    assert_int_equal(r->n_records, 0); /* without an operation an owner has no log */
}

static const struct event *event_of(struct srw *w, const struct admin_record *r)
{
    struct event *ev = arena_alloc(&w->arena, sizeof *ev);
    char type[32] = "";

    memcpy(type, r->type.p, r->type.n);
    assert_true(r->body.p != NULL);
    assert_int_equal(wire_event_decode(event_type_parse(type), r->body, &w->arena, ev, NULL),
                     ERR_OK);
    return ev;
}

static bool holds(struct span hay, const void *needle, size_t n)
{
    for (size_t i = 0; i + n <= hay.n; i++)
        if (!memcmp(hay.p + i, needle, n))
            return true;
    return false;
}

/* Everything that happens in B's operation, its end included: of A's profile, of which B switches
 * the card away, and of what A hears, nothing is shown; the fleet manager sees it all. */
static void an_owner_sees_nothing_of_another_owner(void **state)
{
    struct srw *w = *state;
    struct admin_events_request req = {BASE, .from_lsn = 1, .op = op_b};
    struct iccid other = srw_iccid("894901", 1), mine = srw_iccid("894902", 1);
    const struct admin_events_response *b, *f;
    unsigned previous = 0, deliveries = 0, armed = 0;
    struct aid aid;

    assert_int_equal(aid_isd_p(0x0010, &aid), ERR_OK);
    for (unsigned i = 0; i < 40; i++) { /* the card is silent: it ends as IN_DOUBT and is told */
        fake_clock_step(&w->clock, 60000);
        srw_turn(w);
        w->n_sms = 0;
    }
    f = srw_body(w, srw_call(srw_dial(w, FLEET, ROLE_FLEET), MSG_ADMIN_EVENTS_REQUEST, &req, NULL));
    b = srw_body(w, srw_call(srw_dial(w, MNO_B, ROLE_OPERATOR), MSG_ADMIN_EVENTS_REQUEST, &req, NULL));
    assert_int_equal(b->n_records, f->n_records);
    for (unsigned i = 0; i < f->n_records; i++) {
        const struct event *all = event_of(w, &f->records[i]), *part = event_of(w, &b->records[i]);
        previous += iccid_eq(&all->previous, &other);
        deliveries += all->n_deliveries;
        armed += all->type == EV_OPERATION_ARMED;
        assert_string_equal(part->previous.s, "");
        assert_int_equal(part->previous_aid.n, 0);
        assert_false(holds(b->records[i].body, other.s, strlen(other.s)));
        assert_false(holds(b->records[i].body, aid.b, aid.n));
        for (unsigned k = 0; k < part->n_deliveries; k++)
            assert_string_equal(part->deliveries[k].party.s, MNO_B);
        /* Its own is all there, and a body that was not touched can still be checked. */
        assert_int_equal(part->type, all->type);
        assert_true(iccid_eq(&part->iccid, &all->iccid));
        assert_true(!all->iccid.s[0] || iccid_eq(&all->iccid, &mine));
        assert_int_equal(part->counter, all->counter);
        assert_true(span_eq(part->data, all->data));
        if (b->records[i].salt.p)
            assert_true(span_eq(b->records[i].body, f->records[i].body));
    }
    assert_true(armed == 1 && previous >= 1 && deliveries >= 1);
}

static void status_is_for_the_house(void **state)
{
    struct srw *w = *state;
    struct admin_status_request req = {BASE};
    const struct admin_status_response *r;
    uint64_t records = 0, sms = 0;

    srw_expect(srw_call(srw_dial(w, FLEET, ROLE_FLEET), MSG_ADMIN_STATUS_REQUEST, &req, NULL), "1.2",
                "1.2");
    r = srw_body(w, srw_call(srw_dial(w, ADMIN, ROLE_ADMIN), MSG_ADMIN_STATUS_REQUEST, &req, NULL));
    assert_true(span_eq(r->version, span_str("test")));
    assert_int_equal(r->epoch, 1);
    assert_int_equal(r->durable_lsn, engine_last_lsn(smsr_core_engine(w->core)));
    for (unsigned i = 0; i < r->n_counters; i++) {
        if (span_eq(r->counters[i].name, span_str("records")))
            records = r->counters[i].value;
        if (span_eq(r->counters[i].name, span_str("sms_sent")))
            sms = r->counters[i].value;
    }
    assert_int_equal(records, r->durable_lsn);
    assert_int_equal(sms, w->n_sms);
    assert_true(sms > 0);
}

/* What the smdp alone serves is no function here. */
static void functions_of_the_other_daemon_are_denied(void **state)
{
    struct srw *w = *state;
    struct admin_profile_list_request req = {BASE};

    srw_expect(srw_call(srw_dial(w, ADMIN, ROLE_ADMIN), MSG_ADMIN_PROFILE_LIST_REQUEST, &req, NULL), "1.2",
                "1.2");
}

int main(void)
{
#define CASE(f) cmocka_unit_test_setup_teardown(f, setup, srw_teardown)
    const struct CMUnitTest tests[] = {
        CASE(an_operation_is_shown_to_whom_it_concerns),
        CASE(operations_are_listed_within_the_scope),
        CASE(cards_are_listed_within_the_scope),
        CASE(cards_are_filtered_by_state),
        CASE(the_whole_log_can_be_checked_from_outside),
        CASE(a_realm_reads_its_own_stream_only),
        CASE(an_owner_reads_the_events_of_his_operation),
        CASE(an_owner_sees_nothing_of_another_owner),
        CASE(status_is_for_the_house),
        CASE(functions_of_the_other_daemon_are_denied),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
