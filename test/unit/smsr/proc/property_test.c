/* SPDX-License-Identifier: Apache-2.0 */
/* Links: remora_test_support remora_smsr_proc remora_wire */
/* Random calls, losses, repetitions, reorderings, waits, roll-backs, broken sessions and crashes
 * against a card that tells the truth. The harness asserts its laws after every input; here the
 * card is the witness of each verdict, and at the end all operations end and the EIS is the card. Longer than other
 * files: the card and what is drawn for it are one model, of no use to anybody else. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "common/codec/adminhttp.h"
#include "common/codec/packet.h"
#include "common/msg/eis.h"
#include "test/support/fake.h"
#include "test/support/smsr_card.h"
#include "test/support/smsr_core_way.h"

#include <stdlib.h>

#define SEQUENCES 2000
#define FULL_SEQUENCES 100000
#define INPUTS 60

static uint64_t state_of_rng;

static uint32_t draw(uint32_t n)
{
    state_of_rng = state_of_rng * 6364136223846793005ull + 1442695040888963407ull;
    return (uint32_t)(state_of_rng >> 33) % n;
}

/* Edges of the state tables that were taken, over all sequences. */
static uint32_t taken[FN_COUNT][32];
static unsigned visited[FN_COUNT][32];

static void note_edges(const struct core *w, const struct operation *before)
{
    visited[before->function][before->state]++;
    for (unsigned i = 0; i < w->plan.n_records; i++) {
        const struct event *ev = w->plan.records[i];
        if (ev->op_state && ev->type != EV_OPERATION_ACCEPTED && uuid_eq(&ev->op, &before->id))
            taken[before->function][before->state] |= 1u << (ev->op_state - 1);
    }
}

/* The card against the verdict of the operation that ended in the last input. */
static void witness(const struct little_card *c, const struct operation *op,
                    const struct event *end)
{
    uint16_t number = 0;
    uint8_t state;

    if (!aid_is_isd_p(&op->aid, &number) || end->stage == STAGE_ADMISSION)
        return;
    state = little_state(c, number);
    switch (op->function) {
    case FN_ENABLE_PROFILE:
    case FN_DISABLE_PROFILE:
        /* A fall-back nobody told us of may have done what was asked for. */
        if (!(c->fell && end->result == VERDICT_SUCCESS))
            assert_int_equal(end->result == VERDICT_SUCCESS, uuid_eq(&c->stands, &op->id));
        if (end->result == VERDICT_SUCCESS)
            assert_int_equal(state == 0x3F, op->function == FN_ENABLE_PROFILE);
        break;
    case FN_DELETE_PROFILE:
        if (op->armed)
            assert_int_equal(end->result == VERDICT_SUCCESS, state == 0);
        break;
    case FN_CREATE_ISDP:
        assert_int_equal(end->result == VERDICT_SUCCESS, state != 0);
        break;
    default:
        break;
    }
}

/* An input through fn, with the operation it concerned looked at before and after. */
#define WITH(c, call)                                                                              \
    do {                                                                                           \
        struct operation before_;                                                                  \
        bool has_ = (c)->w->e->n_ops > 0;                                                          \
        if (has_) {                                                                                \
            before_ = *(c)->w->e->ops[0];                                                          \
            visited[before_.function][before_.state]++;                                            \
        }                                                                                          \
        call;                                                                                      \
        if (has_)                                                                                  \
            look((c), &before_);                                                                   \
    } while (0)

static void look(struct little_card *c, const struct operation *before)
{
    const struct event *end;

    if (c->w->err)
        return;
    note_edges(c->w, before);
    end = core_event(c->w, EV_OPERATION_CONCLUDED);
    if (end && uuid_eq(&end->op, &before->id))
        witness(c, before, end);
}

static void sensible_call(struct core *w)
{
    const struct euicc_profile *p;
    uint16_t number = 0;
    enum core_party owner;

    if (!w->e->n_profiles)
        return;
    p = &w->e->profiles[draw(w->e->n_profiles)];
    owner = oid_eq(&p->mno, &w->oid[CORE_A]) ? CORE_A : CORE_B;
    assert_true(aid_is_isd_p(&p->aid, &number));
    if (p->state == PROFILE_ENABLED)
        (void)core_call(w, owner, draw(4) ? FN_DISABLE_PROFILE : FN_AUDIT_EIS, number);
    else if (owner == CORE_A && !draw(8))
        (void)core_call(w, owner, FN_SET_FALLBACK_ATTRIBUTE, number);
    else
        (void)core_call(w, owner, draw(6) ? FN_ENABLE_PROFILE : FN_DELETE_PROFILE, number);
}

static void random_call(struct little_card *c)
{
    static const enum core_party WHO[] = {CORE_A, CORE_B, CORE_D, CORE_F, CORE_S, CORE_X};
    static const unsigned PROFILE[] = {ONE, TWO, BOOT, FRESH};
    static const enum function FN[] = {FN_ENABLE_PROFILE, FN_ENABLE_PROFILE, FN_DISABLE_PROFILE,
                                       FN_DELETE_PROFILE, FN_AUDIT_EIS, FN_SET_FALLBACK_ATTRIBUTE};
    static const uint8_t DATA[] = {0x86, 0x02, 0xAA, 0xBB, 0x86, 0x01, 0xCC};
    struct core *w = c->w;
    /* Drawn one by one: the order in which arguments are evaluated is the compiler's. */
    unsigned fresh = FRESH + draw(3), who = draw(6), fn = draw(6), profile = draw(4);
    bool some = draw(2), more = draw(2);

    switch (draw(8)) {
    case 0:
        (void)core_create(w, fresh, some ? 1000 : 0, more);
        break;
    case 1:
        (void)core_send(w, some ? fresh : 0, span_of(DATA, sizeof DATA), more);
        break;
    case 2:
        (void)core_completed(w, fresh);
        /* The SM-DP's word is the profile: the little card has no other way to know. */
        if (core_event(w, EV_PROFILE_INSTALLED)) {
            uint16_t number = 0;
            assert_true(aid_is_isd_p(&core_event(w, EV_PROFILE_INSTALLED)->aid, &number));
            for (unsigned i = 0; i < c->n_isdps; i++)
                if (c->isdp[i].number == number)
                    c->isdp[i].state = 0x1F;
        }
        break;
    case 3:
        (void)core_call(w, WHO[who], FN[fn], PROFILE[profile]);
        break;
    default: /* something that is likely to be accepted */
        sensible_call(w);
        break;
    }
    little_hear(c);
}

static void set_policy(struct little_card *c)
{
    static const uint8_t BITS[] = {0, POL2_DISABLE_AUTO_DELETE, POL2_DISABLE_AUTO_DELETE,
                                   POL2_DELETE_NOT_ALLOWED, POL2_DISABLE_NOT_ALLOWED};
    struct event ev = {.type = EV_POLICY_CHANGED};
    const struct euicc *e = c->w->e;

    if (!e->n_profiles)
        return;
    ev.eid = e->eid;
    ev.iccid = e->profiles[draw(e->n_profiles)].iccid;
    ev.pol2 = 0x100u | BITS[draw(5)];
    core_record(c->w, &ev);
}

/* A PoR that refuses without having run: counters below the card's stay as they are. */
static void refuse_packet(struct little_card *c)
{
    unsigned at;

    static const uint8_t STATUS[] = {POR_CC_FAILED, POR_CIPHERING, POR_UNIDENTIFIED, POR_MEMORY,
                                     POR_MORE_TIME, POR_TAR_UNKNOWN, POR_INSUFFICIENT_SECURITY};

    if (!c->n_down)
        return;
    at = draw(c->n_down);
    (void)core_por(c->w, c->down[at].counter, STATUS[draw(7)], span_of("", 0));
    little_hear(c);
}

static void random_input(struct little_card *c)
{
    struct core *w = c->w;
    bool keep = !draw(4);

    switch (draw(20)) {
    case 0: case 1: case 2:
        WITH(c, random_call(c));
        break;
    case 3: case 4: case 5: case 6:
        if (c->n_down)
            little_deliver(c, draw(4) ? c->n_down - 1 : draw(c->n_down));
        break;
    case 7: case 8: case 9:
        if (c->n_up)
            WITH(c, little_answer(c, draw(c->n_up), keep));
        break;
    case 10: case 11:
        WITH(c, little_time(c, draw(2)));
        break;
    case 12:
        WITH(c, little_notify(c));
        break;
    case 13:
        if (draw(3))
            little_roll_back(c);
        else
            little_fall_back(c);
        break;
    case 14:
        if (c->wants_session || draw(2))
            WITH(c, little_open(c));
        if (c->wants_link || !draw(8))
            WITH(c, little_link_open(c));
        break;
    case 15: case 16:
        WITH(c, little_post(c));
        WITH(c, little_link_run(c));
        break;
    case 17:
        if (draw(3) == 0)
            WITH(c, little_break(c, draw(2)));
        else if (draw(3) == 0)
            WITH(c, little_link_break(c, draw(2)));
        else
            w->now += draw(100000);
        break;
    case 18:
        WITH(c, little_word(c, (w->calls + state_of_rng) * 0x9E3779B97F4A7C15ull >> 40));
        if (draw(2))
            WITH(c, refuse_packet(c));
        else
            set_policy(c);
        break;
    default:
        c->in_session = c->has_body = c->linked = c->has_packet = false;
        w->pe.linked = false;
        w->pe.chained = 0;
        WITH(c, core_restart(w));
        little_hear(c);
        break;
    }
}

/* Nothing is lost any more. */
static void settle(struct little_card *c)
{
    for (unsigned i = 0; i < 2000; i++) {
        if (c->n_down)
            little_deliver(c, 0);
        else if (c->n_up)
            WITH(c, little_answer(c, 0, false));
        else if (c->in_session && c->has_body)
            WITH(c, little_post(c));
        else if (c->wants_session)
            WITH(c, little_open(c));
        else if (c->has_packet)
            WITH(c, little_link_run(c));
        else if (c->wants_link)
            WITH(c, little_link_open(c));
        else if (c->telling && (i % 5 == 0))
            WITH(c, little_notify(c));
        else if (c->w->e->n_ops)
            WITH(c, (void)little_time(c, true));
        else
            return;
    }
    fail_msg("%s does not end", core_state(c->w));
}

static unsigned verdicts[VERDICT_IN_DOUBT];

/* Who asks has something to say about the way. */
static void prefer(struct core *w, unsigned at)
{
    static const enum bearer ORDER[][3] = {{BEARER_SMS, BEARER_HTTPS, BEARER_CATTP},
                                           {BEARER_HTTPS, BEARER_CATTP, BEARER_SMS},
                                           {BEARER_CATTP, BEARER_HTTPS, BEARER_NONE}};

    for (unsigned i = 0; at < 3 && i < CORE_PARTIES; i++)
        core_prefer(&w->parties[i], ORDER[at][0], ORDER[at][1], ORDER[at][2]);
}

static void one_sequence(uint64_t seed)
{
    static const uint16_t RECONFIRM[] = {0x9000, 0x6985, 0x6A88};
    static struct little_card c;
    struct core w;

    state_of_rng = seed * 0x9E3779B97F4A7C15ull + 1;
    core_init_with(&w, core_has_cattp);
    w.routes[0].cattp = w.routes[1].cattp = w.routes[0].cattp_first = w.routes[1].cattp_first =
        draw(3) == 0;
    w.routes[0].cattp_commands = w.routes[1].cattp_commands = w.routes[0].cattp && draw(2) == 0;
    prefer(&w, (unsigned)(seed % 9));
    w.env.effects_per_hour = 0;
    w.env.rollbacks_per_day = 0;
    little_init(&c, &w);
    c.reconfirm_sw = RECONFIRM[draw(3)];
    if (draw(4) == 0)
        w.env.n_routes = 1; /* B's profiles are no way to a session */
    for (unsigned i = 0; i < INPUTS; i++)
        random_input(&c);
    w.env.n_routes = 2;
    settle(&c);
    assert_int_equal(w.e->n_ops, 0);
    core_call(&w, CORE_F, FN_AUDIT_EIS, 0);
    little_hear(&c);
    settle(&c);
    little_same(&c);
    for (unsigned v = 0; v < VERDICT_IN_DOUBT; v++)
        verdicts[v] += w.concluded[v];
    core_fini(&w);
}

static uint64_t at_seed;

static void the_laws_hold_in_all_sequences(void **state)
{
    uint64_t first = fake_seed(1);
    unsigned n = getenv("REMORA_SEED") ? 1 : getenv("REMORA_FULL") ? FULL_SEQUENCES : SEQUENCES;

    for (at_seed = first; at_seed < first + n; at_seed++)
        one_sequence(at_seed);
    at_seed = 0;
    print_message("verdicts:");
    for (unsigned v = VERDICT_SUCCESS; v < VERDICT_IN_DOUBT; v++) {
        print_message(" %s %u", verdict_text((enum verdict)v), verdicts[v]);
        assert_true(verdicts[v] > 0 || v == VERDICT_CANCELLED || n < SEQUENCES);
    }
    print_message("\n");
    (void)state;
}

/* A failing run is repeated by REMORA_SEED. */
static int name_the_seed(void **state)
{
    (void)state;
    if (at_seed)
        print_message("failed at REMORA_SEED=%llu\n", (unsigned long long)at_seed);
    return 0;
}

#define EDGE(w, call)                                                                              \
    do {                                                                                           \
        struct operation before_ = *(w)->e->ops[0];                                                \
        visited[before_.function][before_.state]++;                                                \
        call;                                                                                      \
        note_edges((w), &before_);                                                                 \
    } while (0)

/* Corners that chance seldom finds: a creation that never ran is sent again; the old profile is to
 * be deleted, and the confirmation is answered behind the fence; then the deletion meets silence.
 */
static void rare_edges(void **state)
{
    struct event ev = {.type = EV_POLICY_CHANGED, .pol2 = 0x100u | POL2_DISABLE_AUTO_DELETE};
    struct core w;
    uint64_t confirm, fence;

    core_init(&w);
    (void)core_call(&w, CORE_B, FN_ENABLE_PROFILE, ONE);
    (void)core_note(&w, 2, 5, ONE);
    (void)core_por_hex(&w, 0, "AB09800101230480009000");
    ev.eid = w.eid;
    ev.iccid = core_iccid(ONE);
    core_record(&w, &ev);
    (void)core_call(&w, CORE_A, FN_ENABLE_PROFILE, TWO);
    (void)core_note(&w, 2, 6, TWO);
    confirm = w.e->counter_high;
    (void)core_note(&w, 4, 7, BOOT);
    fence = w.e->counter_high;
    EDGE(&w, (void)core_por_list(&w, fence, "10=1F 11=1F 12=3F"));
    assert_string_equal(core_state(&w), "WAIT_ROLLBACK");
    EDGE(&w, (void)core_por_hex(&w, confirm, "AB09800101230480009000"));
    assert_string_equal(core_state(&w), "DELETING");
    while (w.plan.unit.purpose != PURPOSE_FENCE)
        EDGE(&w, (void)core_timer(&w));
    EDGE(&w, (void)core_por_list(&w, 0, "10=1F 12=3F"));
    assert_int_equal(w.e->n_ops, 0);
    core_fini(&w);
    core_init(&w);
    (void)core_create(&w, FRESH, 0, false);
    (void)core_first_post(&w, 1);
    (void)core_session_end(&w, 1);
    (void)core_first_post(&w, 2);
    EDGE(&w, (void)core_step_post(
                 &w, 2, 0, ADMIN_STATUS_OK,
                 core_hex(&w, "AF80231AE3164F10A0000005591010FFFFFFFF89000010009F70013F"
                              "90000000")));
    assert_string_equal(core_state(&w), "STEP");
    core_fini(&w);
    (void)state;
}

/* A deletion that did not run in its session, where an unfinished load lets it not go again. */
static void moved_from_a_session(void **state)
{
    struct core w;

    core_init_with(&w, core_has_cattp);
    prefer(&w, 1);
    w.routes[0].cattp = true;
    core_created(&w, FRESH, 0);
    (void)core_call(&w, CORE_B, FN_DELETE_PROFILE, ONE);
    (void)core_first_post(&w, 2);
    (void)core_first_post(&w, 3);
    EDGE(&w, core_step_hex(&w, 3,
                           "AF802362E3164F10A0000005591010FFFFFFFF89000010009F70013F"
                           "E3164F10A0000005591010FFFFFFFF89000011009F70011F"
                           "E3164F10A0000005591010FFFFFFFF89000012009F70011F"
                           "E3164F10A0000005591010FFFFFFFF89000013009F70010790000000"));
    assert_string_equal(core_state(&w), "WAIT_LINK");
    core_fini(&w);
    (void)state;
}

/* A command that went into a session, which the card gives up: it is seen by SMS that it ran, while the
 * question waits in another session; and the card begins once more. */
static void fenced_in_session(void **state)
{
    struct core w;

    for (unsigned i = 0; i < 3; i++) {
        bool disable = i == 2;
        core_init(&w);
        if (disable) {
            (void)core_call(&w, CORE_A, FN_ENABLE_PROFILE, TWO);
            (void)core_note(&w, 2, 3, TWO);
            (void)core_por_hex(&w, 0, CONFIRMED);
        }
        (void)core_call(&w, CORE_F, FN_AUDIT_EIS, 0);
        if (disable)
            (void)core_call(&w, CORE_A, FN_DISABLE_PROFILE, TWO);
        else
            (void)core_call(&w, CORE_B, i ? FN_DELETE_PROFILE : FN_ENABLE_PROFILE, ONE);
        (void)core_first_post(&w, 1);
        core_step_hex(&w, 1, disable ? STEP_TWO_ON : STEP_BOOT_ON);
        (void)core_timer(&w);
        assert_string_equal(core_state(&w), "ARMED");
        EDGE(&w, (void)core_first_post(&w, 2));
        assert_string_equal(core_state(&w), "FENCE_STEP");
        if (i) {
            EDGE(&w, (void)core_first_post(&w, 3));
        } else {
            EDGE(&w, (void)core_session_end(&w, 2));
            while (w.plan.unit.purpose != PURPOSE_FENCE)
                EDGE(&w, (void)core_timer(&w));
            EDGE(&w, (void)core_first_post(&w, 3));
            w.por_from = ONE;
            EDGE(&w, (void)core_por_list(&w, w.e->counter_high, NEW_ON));
            assert_string_equal(core_state(&w), "WAIT_ROLLBACK");
        }
        core_fini(&w);
    }
    (void)state;
}

/* A rotation whose every answer is unclear at first, and one that is told each thing twice. */
static void key_sets(void **state)
{
    struct core w;

    core_init(&w);
    (void)core_call(&w, CORE_F, FN_AUDIT_EIS, 0);
    (void)core_rotate(&w, CORE_ADMIN);
    (void)core_por_list(&w, 0, "10=3F 11=1F 12=1F");
    EDGE(&w, (void)core_timer(&w)); /* its turn */
    EDGE(&w, (void)core_por(&w, 0, POR_CIPHERING, span_of("", 0)));
    EDGE(&w, (void)core_por(&w, 0, POR_CIPHERING, span_of("", 0)));
    EDGE(&w, (void)core_timer(&w));
    EDGE(&w, (void)core_por_keys(&w, 0, "1 2 40"));
    EDGE(&w, (void)core_timer(&w));
    w.por_kvn = 2;
    EDGE(&w, (void)core_por_keys(&w, 0, "1 2 40"));
    w.por_kvn = 0;
    EDGE(&w, (void)core_por(&w, 0, POR_CIPHERING, span_of("", 0)));
    EDGE(&w, (void)core_por(&w, 0, POR_CIPHERING, span_of("", 0)));
    EDGE(&w, (void)core_timer(&w));
    EDGE(&w, (void)core_por_keys(&w, 0, "1 2 40"));
    EDGE(&w, (void)core_por_sw(&w, 0, 0x9000));
    core_expect_end(&w, VERDICT_SUCCESS, "", "");
    (void)core_rotate(&w, CORE_ADMIN);
    EDGE(&w, (void)core_por_sw(&w, 0, 0x9000));
    core_fini(&w);
    for (unsigned i = 0; i < 2; i++) {
        core_init(&w);
        (void)core_rotate_sessions(&w, CORE_ADMIN);
        if (i) {
            EDGE(&w, (void)core_por(&w, 0, POR_CIPHERING, span_of("", 0)));
            EDGE(&w, (void)core_por_keys(&w, 0, "1 40 41"));
        } else {
            EDGE(&w, (void)core_por_sw(&w, 0, 0x9000));
        }
        EDGE(&w, (void)core_timer(&w));
        EDGE(&w, (void)core_first_post_under(&w, 3, 0x41));
        EDGE(&w, (void)core_por_sw(&w, 0, 0x9000));
        core_expect_end(&w, VERDICT_SUCCESS, "", "");
        core_fini(&w);
    }
    (void)state;
}

static bool takes(const struct proc *p, unsigned s, unsigned k)
{
    for (unsigned f = FN_NONE; f < FN_COUNT; f++) {
        const struct proc *q = proc_of((enum function)f);
        if (q && q->states == p->states && (taken[f][s] & (1u << k)))
            return true;
    }
    return false;
}

/* Tables allow what happens, and what they allow happens. */
static void every_state_is_visited_and_every_edge_taken(void **state)
{
    unsigned missing = 0;

    for (unsigned f = FN_NONE; f < FN_COUNT; f++) {
        const struct proc *p = proc_of((enum function)f);
        for (unsigned s = 0; p && s < p->n_states; s++) {
            if (!visited[f][s]) {
                print_message("%s %s is never visited\n", p->name, p->states[s].name);
                missing++;
            }
            for (unsigned k = 0; k < p->n_states; k++)
                if ((p->states[s].out_mask & (1u << k)) && !takes(p, s, k)) {
                    print_message("%s %s -> %s is never taken\n", p->name, p->states[s].name,
                                  p->states[k].name);
                    missing++;
                }
        }
    }
    assert_int_equal(missing, 0);
    (void)state;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(the_laws_hold_in_all_sequences, name_the_seed),
        cmocka_unit_test(rare_edges),
        cmocka_unit_test(moved_from_a_session),
        cmocka_unit_test(fenced_in_session),
        cmocka_unit_test(key_sets),
        cmocka_unit_test(every_state_is_visited_and_every_edge_taken),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
