/* SPDX-License-Identifier: Apache-2.0 */
/* Whose turn it is: rate, data sessions, what parties and tenants may have in flight; nobody is starved,
 * nobody forgotten. */
#include "test/unit/smsr/channel/channel_world.h"
#include "smsr/domain/bearer.h"

#define CROWD 60u

/* A meter with an operation that was accepted. */
static struct one {
    struct euicc e;
    struct euicc_profile profile;
    struct operation op;
} M[CROWD];

static struct env_network LIMITS[1];
static struct party PARTIES[3];
static struct tenant TENANTS[2];
static unsigned seen;                                     /* posts that were looked at */

static int limited(void **state)
{
    int err = setup(state);

    seen = 0;
    LIMITS[0] = (struct env_network){"a", 0, 0};
    for (unsigned i = 0; i < 3; i++) {
        PARTIES[i] = (struct party){.operations = 0};
        (void)snprintf(PARTIES[i].oid.s, sizeof PARTIES[i].oid.s, "1.3.%u", i);
    }
    for (unsigned i = 0; i < 2; i++)
        TENANTS[i] = (struct tenant){.number = i + 1};
    W.env.networks = LIMITS;
    W.env.n_networks = 1;
    W.env.parties = PARTIES;
    W.env.n_parties = 3;
    W.env.tenants = TENANTS;
    W.env.n_tenants = 2;
    for (unsigned i = 0; i < CROWD; i++) {
        struct one *m = &M[i];
        memset(m, 0, sizeof *m);
        m->profile = W.card[0].profile[0];
        m->profile.state = PROFILE_ENABLED;
        m->e = W.card[0].e;
        m->e.eid.b[15] = (uint8_t)i;
        m->e.profiles = &m->profile;
        m->e.n_profiles = 1;
        m->e.tenant = 1;
        m->op.id.b[15] = (uint8_t)i;
        m->op.function = FN_ENABLE_PROFILE;
        m->op.party = PARTIES[0].oid;
        m->op.mno = PARTIES[0].oid;
    }
    return err;
}

static int64_t ask(unsigned i)
{
    return channel_pace(W.ch, &M[i].e, &M[i].op);
}

/* Its record is applied: it waits, or its first command is out. */
static void is_in_state(unsigned i, unsigned state)
{
    M[i].op.state = state;
    M[i].e.ops[0] = &M[i].op;
    M[i].e.n_ops = 1;
    channel_turns(W.ch, &M[i].e);
}

static void begins(unsigned i)
{
    assert_int_equal(ask(i), 0);
    is_in_state(i, 1);
}

static void must_wait(unsigned i)
{
    assert_true(ask(i) > 0);
    is_in_state(i, 0);
}

static void ends(unsigned i)
{
    M[i].e.ops[0] = NULL;
    M[i].e.n_ops = 0;
    channel_turns(W.ch, &M[i].e);
}

/* Who was let in since the last look, in order; each begins. */
static unsigned let_in(unsigned ret[CROWD])
{
    unsigned n = 0;

    for (; seen < W.n_posts; seen++) {
        assert_int_equal(W.post[seen]->in.kind, IN_TURN);
        ret[n++] = W.post[seen]->in.to.id[15];
    }
    for (unsigned i = 0; i < n; i++) {
        assert_int_equal(ask(ret[i]), 0);
        is_in_state(ret[i], 1);
    }
    return n;
}

/* These were, and nobody else. */
static void were_let_in(const unsigned *want, unsigned n)
{
    unsigned who[CROWD];

    assert_int_equal(let_in(who), n);
    for (unsigned i = 0; i < n; i++)
        assert_int_equal(who[i], want[i]);
}
#define LET_IN(...)                                                                                \
    were_let_in((const unsigned[]){__VA_ARGS__},                                                   \
                sizeof((const unsigned[]){__VA_ARGS__}) / sizeof(unsigned))
#define NOBODY_LET_IN() were_let_in(NULL, 0)

static void without_limits_nobody_waits(void **state)
{
    (void)state;
    W.env.n_networks = 0;
    for (unsigned i = 0; i < CROWD; i++)
        begins(i);
    assert_int_equal(channel_turns_running(W.ch), 0);     /* and nobody is counted */
}

/* Ten parts a second are five operations. */
static void the_rate_of_a_network(void **state)
{
    unsigned who[CROWD], n = 0, at = 5;

    (void)state;
    LIMITS[0].parts_per_second = 10;
    for (unsigned i = 0; i < 5; i++)
        begins(i);
    for (unsigned i = 5; i < 30; i++)
        must_wait(i);
    assert_int_equal(COUNT(operation_paced), 25);
    assert_int_equal(channel_turns_waiting(W.ch), 25);
    pass(1000);
    n = let_in(who);
    assert_in_range(n, 4, 6);
    for (unsigned i = 0; i < n; i++)
        assert_int_equal(who[i], at++);                   /* in order */
    pass(10000);
    assert_int_equal(n + let_in(who), 25);
    assert_int_equal(channel_turns_waiting(W.ch), 0);
}

/* An operation is more than a second of it. */
static void the_slowest_network(void **state)
{
    unsigned who[CROWD];

    (void)state;
    LIMITS[0].parts_per_second = 1;
    for (unsigned i = 0; i < 10; i++)
        must_wait(i);
    pass(21000);
    assert_in_range(let_in(who), 9, 10);
}

static void a_party_has_so_many_in_flight(void **state)
{
    (void)state;
    PARTIES[0].operations = 3;
    for (unsigned i = 0; i < 3; i++)
        begins(i);
    for (unsigned i = 3; i < 6; i++)
        must_wait(i);
    M[6].op.party = PARTIES[1].oid;                       /* another one, for the same owner */
    must_wait(6);
    M[7].op.party = M[7].op.mno = PARTIES[1].oid;
    begins(7);
    pass(60000);
    NOBODY_LET_IN();
    ends(1);
    LET_IN(3);
    ends(0);
    ends(2);
    LET_IN(6, 4);                                         /* lanes take turns */
}

/* The other tenant's only order does not stand behind a campaign. */
static void a_campaign_starves_nobody(void **state)
{
    (void)state;
    TENANTS[0].operations = 2;
    LIMITS[0].parts_per_second = 2;
    begins(0);
    for (unsigned i = 1; i < 40; i++)
        must_wait(i);
    M[40].e.tenant = 2;
    M[40].op.party = M[40].op.mno = PARTIES[2].oid;
    must_wait(40);
    pass(2400);
    LET_IN(1, 40);
}

static void data_sessions_of_a_network(void **state)
{
    struct channel_wait why;

    (void)state;
    LIMITS[0].data_sessions = 2;
    for (unsigned i = 0; i < 5; i++) {
        M[i].op.function = FN_CREATE_ISDP;
        M[i].e.http = true;
        M[i].e.psk_kvn = PSK_KVN;
    }
    begins(0);
    begins(1);
    must_wait(2);
    must_wait(3);
    begins(10);                                           /* a switch takes none */
    assert_true(channel_waits(W.ch, &M[3].e.eid, &M[3].op.id, &why));
    assert_int_equal(why.before, 1);
    assert_non_null(strstr(why.why, "data sessions"));
    assert_false(channel_waits(W.ch, &M[0].e.eid, &M[0].op.id, &why));
    ends(0);
    LET_IN(2);
}

/* An SM-DP acts for several owners: what one of them may not have more of is nothing to the others. */
static void owners_behind_one_party(void **state)
{
    unsigned who[CROWD];

    (void)state;
    (void)let_in(NULL);
    PARTIES[1].operations = 1;
    LIMITS[0].parts_per_second = 2;
    M[0].op.mno = M[1].op.mno = PARTIES[1].oid;
    M[2].op.mno = PARTIES[2].oid;
    begins(0);
    must_wait(1);
    must_wait(2);
    pass(2400);
    assert_int_equal(let_in(who), 1);
    assert_int_equal(who[0], 2);
}

/* A bearer that was silent is preferred again when it has rested: its sessions are counted. */
static void a_bearer_that_has_rested(void **state)
{
    struct channel_wait why;

    (void)state;
    (void)let_in(NULL);
    LIMITS[0].data_sessions = 1;
    PARTIES[0].bearers[0] = BEARER_HTTPS;
    PARTIES[0].n_bearers = 1;
    for (unsigned i = 0; i < 2; i++) {
        M[i].e.http = true;
        M[i].e.psk_kvn = PSK_KVN;
        M[i].e.heard[BEARER_HTTPS].misses = BEARER_MISSES;
        M[i].e.heard[BEARER_HTTPS].missed_ms = W.clock.wall_ms - W.env.timer_ms[TIMER_BEARER_REST];
    }
    begins(0);
    must_wait(1);
    assert_true(channel_waits(W.ch, &M[1].e.eid, &M[1].op.id, &why));
    assert_non_null(strstr(why.why, "data sessions"));
}

/* What its validity ended, or a card that called, is not let in any more; nobody behind it waits for it. */
static void who_does_not_wait_any_more(void **state)
{
    (void)state;
    PARTIES[0].operations = 1;
    begins(0);
    must_wait(1);
    must_wait(2);
    must_wait(3);
    ends(1);
    is_in_state(2, 1);                                    /* its card is there: it does not ask */
    ends(0);
    NOBODY_LET_IN();                                      /* 2 has the place */
    ends(2);
    LET_IN(3);
    ends(3);
    assert_int_equal(channel_turns_running(W.ch), 0);
}

/* Until all that is in flight was told of, nobody begins. */
static void a_start(void **state)
{
    (void)state;
    PARTIES[0].operations = 2;
    channel_turns_hold(W.ch, true);
    must_wait(0);
    is_in_state(1, 3);
    must_wait(2);
    channel_turns_hold(W.ch, false);
    LET_IN(0);
}

/* Let in, but the decision failed: its place is kept a while, then another's. */
static void who_is_let_in_and_does_not_begin(void **state)
{
    (void)state;
    PARTIES[0].operations = 1;
    LIMITS[0].parts_per_second = 10;
    assert_int_equal(ask(0), 0);
    must_wait(1);
    pass(30000);
    NOBODY_LET_IN();
    pass(31000);
    must_wait(2);                                         /* whoever looks */
    pass(400);
    LET_IN(1);
}

int main(void)
{
#define L(f) cmocka_unit_test_setup_teardown(f, limited, teardown)
    const struct CMUnitTest tests[] = {
        L(without_limits_nobody_waits),
        L(the_rate_of_a_network),
        L(the_slowest_network),
        L(a_party_has_so_many_in_flight),
        L(a_campaign_starves_nobody),
        L(data_sessions_of_a_network),
        L(owners_behind_one_party),
        L(a_bearer_that_has_rested),
        L(who_does_not_wait_any_more),
        L(a_start),
        L(who_is_let_in_and_does_not_begin),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
