/* SPDX-License-Identifier: Apache-2.0 */
/* A new SCP80 key set of the ISD-R in the place of the one that is spoken with: put (PUT KEY under the old DEK),
 * proven by an answer under the new keys, then the old one deleted (DELETE [key]). At every instant the card has
 * a set whose keys are sealed here, and until the answer under the new one the old one is spoken with. Effects go
 * by SMS, the same bytes each time; behind silence the card is asked which key sets it has (GET DATA 00E0). The keys
 * of sessions (SCP81, PSK and DEK) are put in the same way, and proven by a session that the card opens with them. */
#include "smsr/proc/admission.h"

#include "common/codec/packet.h"

enum { RK_QUEUED, RK_PUTTING, RK_ASKING, RK_PROVING, RK_DELETING, RK_CHECKING, RK_CALLING, RK_STATE_COUNT };
#define S(x) (1u << (unsigned)(x))
#define PSK_KID  1u
#define PSK_KEYS 2u /* PSK and DEK have neighbouring key identifiers */
#define SET_LAST 3u /* KIc 1, KID 2, DEK 3 */

static const struct span NOTHING = {NULL, 0};

static bool of_sessions(const struct run *r)
{
    return r->op->more_to_do;
}

/* The set that this operation puts: the newest beside the one that is spoken with. */
static uint8_t fresh(const struct run *r)
{
    if (of_sessions(r))
        return r->e->psk_spare;
    return r->e->n_spare ? r->e->spare[r->e->n_spare - 1].kvn : 0;
}

static bool full(const struct euicc *e, bool sessions)
{
    return !euicc_new_kvn(e, sessions) || (sessions ? e->psk_spare != 0 : e->n_spare == EUICC_SPARE_MAX);
}

enum status_code keys_check(const struct env *env, const struct euicc *e, bool sessions)
{
    for (unsigned i = 0; i < e->n_ops; i++)
        if (e->ops[i]->function == FN_ROTATE_KEYS)
            return ST_BUSY;
    if (full(e, sessions))
        return ST_KEYS_FULL;
    if (sessions && !bearer_route(env, e, BEARER_HTTPS))
        return ST_NO_BEARER;
    return run_reachable(env, e);
}

int keys_start(struct run *r)
{
    struct event *ev;

    if (full(r->e, of_sessions(r))) {
        (void)run_conclude(r, VERDICT_FAILED, ST_KEYS_FULL, STAGE_PREPARATION, NOTHING);
        return ERR_OK;
    }
    ev = run_record(r, EV_KEYSET_PREPARED, -1, 0);
    ev->kvn = euicc_new_kvn(r->e, of_sessions(r));
    return run_arm_keys(r, (uint8_t)ev->kvn, RK_PUTTING);
}

static int queued(const struct proc_view *v, const struct input *in, struct plan *p)
{
    struct run r = RUN_INIT(v, in, p);

    if (run_expired(&r)) {
        run_expire_unsent(&r);
        return ERR_OK;
    }
    return keys_start(&r);
}

/* A card that is silent may have fallen back by itself. */
static const struct euicc_profile *other(const struct run *r)
{
    const struct euicc_profile *p = euicc_fallback(r->e);

    return p && p->msisdn.s[0] && (r->op->in_doubt || run_expired(r)) ? p : NULL;
}

/* Soon while the card is there; the longer nothing was heard, the rarer. */
static int64_t ask_due(const struct run *r)
{
    int64_t silent = (r->now - r->e->reach.seen_ms) / 2;
    int64_t least = run_timer(r, TIMER_FENCE_1), most = run_timer(r, TIMER_RESEND_MAX);
    int64_t pause = r->in->kind == IN_POR || silent < least ? least : silent;

    return run_awake_due(r, r->now + (pause < most ? pause : most));
}

/* Which key sets it has, under this one (0: the one that is spoken with). */
static int ask(struct run *r, enum packet_purpose purpose, uint8_t kvn, int state)
{
    struct writer w = run_writer(r, 64);

    es5_ask_keys(&w, dialect_of(r->e)->packet_form);
    return run_arm_under(r, purpose, kvn, wr_view(&w), state, ask_due(r), euicc_enabled(r->e), other(r));
}

/* A card that answers each push and never calls is asked ever more rarely. */
static int64_t call_due(const struct run *r)
{
    int64_t since = r->now - r->op->armed_ms, due = ask_due(r);
    enum timer t = TIMER_FENCE_1;

    while (t < TIMER_FENCE_6 && run_timer(r, (enum timer)(t + 1)) <= since)
        t++;
    return t > TIMER_FENCE_1 && due < r->now + run_timer(r, t) ? r->now + run_timer(r, t) : due;
}

/* For a session under the new keys. */
static int call(struct run *r)
{
    const struct route *route = bearer_route(r->env, r->e, BEARER_HTTPS);
    struct writer w = run_writer(r, 512);
    int err = route ? es5_push_session_under(&w, route, fresh(r), PSK_KID) : ERR_OK;

    if (!route) { /* of the profile that is on now: it may come back */
        r->p->volatile_due_ms = ask_due(r);
        return ERR_OK;
    }
    return err ? err : run_arm(r, PURPOSE_TRIGGER, wr_view(&w), RK_CALLING, call_due(r), euicc_enabled(r->e), other(r));
}

static int prove(struct run *r)
{
    return of_sessions(r) ? call(r) : ask(r, PURPOSE_AUDIT, fresh(r), RK_PROVING);
}

/* It is not on the card, and nothing that could bring it there is on its way. */
static int give_up(struct run *r, enum status_code code, struct span data)
{
    struct event *ev = run_record(r, EV_KEYSET_DELETED, -1, 0);

    ev->kvn = fresh(r);
    (void)run_conclude(r, VERDICT_FAILED, code, STAGE_CARD, data);
    return ERR_OK;
}

/* Everything but these two goes. */
static int delete_old(struct run *r, uint8_t kvn, uint8_t psk)
{
    uint8_t kid = psk == r->e->psk_kvn ? r->e->psk_kid : PSK_KID;
    const struct es5_range keep[2] = {{kvn, 1, SET_LAST}, {psk, kid, (uint8_t)(kid + PSK_KEYS - 1)}};
    struct writer w = run_writer(r, 64);

    es5_keep_keys(&w, dialect_of(r->e)->packet_form, keep, psk ? 2 : 1);
    return run_arm_under(r, PURPOSE_CMD, kvn, wr_view(&w), RK_DELETING, run_resend_due(r, r->now),
                         euicc_enabled(r->e), other(r));
}

/* The card answered under it, or opened a session with it. */
static int proven(struct run *r)
{
    uint8_t kvn = fresh(r);
    struct event *ev = run_record(r, EV_KEYSET_USED, -1, 0);

    ev->kvn = kvn;
    ev->number = of_sessions(r) ? PSK_KID : 0;
    return of_sessions(r) ? delete_old(r, r->e->scp80_kvn, kvn) : delete_old(r, kvn, r->e->psk_kvn);
}

static int gone(struct run *r)
{
    for (unsigned i = 0; i < r->e->n_spare; i++)
        run_record(r, EV_KEYSET_DELETED, -1, 0)->kvn = r->e->spare[i].kvn;
    if (r->e->psk_spare)
        run_record(r, EV_KEYSET_DELETED, -1, 0)->kvn = r->e->psk_spare;
    (void)run_conclude(r, VERDICT_SUCCESS, ST_OK, STAGE_NONE, NOTHING);
    return ERR_OK;
}

static void late(struct run *r, int state)
{
    run_expire_sent(r, "validity period over, the card has not answered", state, ask_due(r));
}

/* --- the two effects --- */
/* Its timer, or a start: the same bytes again; once the validity is over, the question. */
static int again(struct run *r, int asking)
{
    const struct euicc_packet *pk = run_packet(r, PURPOSE_CMD);

    if (run_expired(r))
        late(r, asking);
    if (r->op->answered || r->answered_now || !pk) /* nobody waits: what is there comes first */
        return ask(r, PURPOSE_FENCE, 0, asking);
    run_resend(r, pk, euicc_enabled(r->e), other(r));
    return ERR_OK;
}

/* What its own status word says; false: it does not tell. */
static bool said(const struct run *r, enum run_sw *ret)
{
    const struct in_por *por = &r->in->u.por;
    struct es5_answer a;

    if (por->status != POR_OK || es5_answer_read(por->data, &a))
        return false;
    *ret = run_sw(a.sw);
    return *ret != RUN_SW_OPEN;
}

/* false: no answer to the effect that is out (but to one before it, perhaps), or one that says to wait. */
static bool heard(struct run *r)
{
    const struct euicc_packet *pk = run_answered(r);
    uint8_t status = r->in->u.por.status;

    return pk && pk->kvn == r->op->kvn && pk->counter == r->op->counter && status != POR_MEMORY &&
           status != POR_MORE_TIME;
}

static int putting(const struct proc_view *v, const struct input *in, struct plan *p)
{
    struct run r = RUN_INIT(v, in, p);
    enum run_sw sw;

    if (in->kind != IN_POR)
        return again(&r, RK_ASKING);
    if (!heard(&r))
        return ERR_STATE;
    (void)run_por(&r, -1, 0);
    if (!said(&r, &sw))
        return ask(&r, PURPOSE_FENCE, 0, RK_ASKING);
    return sw == RUN_SW_DONE ? prove(&r) : give_up(&r, ST_ISDR_EXECUTION, in->u.por.data);
}

static int deleting(const struct proc_view *v, const struct input *in, struct plan *p)
{
    struct run r = RUN_INIT(v, in, p);
    enum run_sw sw;

    if (in->kind != IN_POR)
        return again(&r, RK_CHECKING);
    if (!heard(&r))
        return ERR_STATE;
    (void)run_por(&r, -1, 0);
    if (!said(&r, &sw))
        return ask(&r, PURPOSE_FENCE, 0, RK_CHECKING);
    if (sw == RUN_SW_DONE)
        return gone(&r);
    (void)run_conclude_warning(&r, ST_KEYS_KEPT, in->u.por.data);
    return ERR_OK;
}

/* --- questions --- */
/* The answer to the fence of the effect that is out: a question from before it tells nothing. false: something
 * else, or it does not tell: asked again later. */
static bool listed(struct run *r, int state, struct es5_keys *ret, int *ret_err)
{
    const struct euicc_packet *pk = run_answered(r);

    *ret_err = pk && pk->purpose == PURPOSE_FENCE && pk->kvn == r->op->kvn && pk->counter > r->op->counter
                   ? ERR_OK
                   : ERR_STATE;
    if (*ret_err)
        return false;
    if (r->in->u.por.status == POR_OK && !es5_keys_read(r->in->u.por.data, ret))
        return true;
    (void)run_por(r, state, ask_due(r));
    return false;
}

/* Behind the fence of PUT KEY: the set is there, or it can not come any more. */
static int asking(const struct proc_view *v, const struct input *in, struct plan *p)
{
    struct run r = RUN_INIT(v, in, p);
    struct es5_keys keys;
    int err;

    if (in->kind != IN_POR) {
        if (run_expired(&r))
            late(&r, RK_ASKING);
        return ask(&r, PURPOSE_FENCE, 0, RK_ASKING);
    }
    if (!listed(&r, RK_ASKING, &keys, &err))
        return err;
    (void)run_por(&r, -1, 0);
    return es5_keys_has(&keys, fresh(&r)) ? prove(&r) : give_up(&r, ST_NO_EFFECT, NOTHING);
}

/* Whatever it says, it says it with the new keys. */
static int proving(const struct proc_view *v, const struct input *in, struct plan *p)
{
    struct run r = RUN_INIT(v, in, p);
    const struct euicc_packet *pk;

    if (in->kind != IN_POR) {
        if (run_expired(&r))
            late(&r, RK_PROVING);
        return prove(&r);
    }
    pk = run_answered(&r);
    if (!pk)
        return ERR_STATE;
    (void)run_por(&r, -1, 0);
    return pk->kvn == fresh(&r) ? proven(&r) : ERR_OK;
}

static bool left(const struct euicc *e, const struct es5_keys *keys)
{
    for (unsigned i = 0; i < e->n_spare; i++)
        if (es5_keys_has(keys, e->spare[i].kvn))
            return true;
    return e->psk_spare && es5_keys_has(keys, e->psk_spare);
}

/* Behind the fence of DELETE [key]: what is still there is deleted anew. */
static int checking(const struct proc_view *v, const struct input *in, struct plan *p)
{
    struct run r = RUN_INIT(v, in, p);
    struct es5_keys keys;
    int err;

    if (in->kind != IN_POR) {
        if (run_expired(&r))
            late(&r, RK_CHECKING);
        return ask(&r, PURPOSE_FENCE, 0, RK_CHECKING);
    }
    if (!listed(&r, RK_CHECKING, &keys, &err))
        return err;
    (void)run_por(&r, -1, 0);
    return left(r.e, &keys) ? delete_old(&r, r.e->scp80_kvn, r.e->psk_kvn) : gone(&r);
}

/* It calls: with the new keys, or with those of before. */
static int calling(const struct proc_view *v, const struct input *in, struct plan *p)
{
    struct run r = RUN_INIT(v, in, p);

    if (in->kind == IN_POST) {
        if (!in->u.post.first || in->u.post.psk_kvn != fresh(&r))
            return ERR_STATE;
        run_session_leave(&r, &in->u.post.session);
        return proven(&r);
    }
    if (in->kind != IN_POR) {
        if (run_expired(&r))
            late(&r, RK_CALLING);
        return call(&r);
    }
    if (!run_answered(&r))
        return ERR_STATE;
    (void)run_por(&r, -1, 0); /* of the push: the session is what counts */
    return ERR_OK;
}

#define INPUTS (IN_BIT(IN_POR) | IN_BIT(IN_TIMER) | IN_BIT(IN_RESTART))
static const struct proc_state STATES[] = {
    [RK_QUEUED] = {"QUEUED", IN_BIT(IN_TIMER) | IN_BIT(IN_RESTART), S(RK_PUTTING), NULL, RESTART_WAIT,
                   queued},
    [RK_PUTTING] = {"PUTTING", INPUTS, S(RK_ASKING) | S(RK_PROVING) | S(RK_CALLING), "resend_1", RESTART_RESUME, putting},
    [RK_ASKING] = {"ASKING", INPUTS, S(RK_ASKING) | S(RK_PROVING) | S(RK_CALLING), "fence_1",
                   RESTART_RECONCILE, asking},
    [RK_PROVING] = {"PROVING", INPUTS, S(RK_PROVING) | S(RK_DELETING), "fence_1", RESTART_RECONCILE,
                    proving},
    [RK_DELETING] = {"DELETING", INPUTS, S(RK_CHECKING), "resend_1", RESTART_RESUME, deleting},
    [RK_CHECKING] = {"CHECKING", INPUTS, S(RK_CHECKING) | S(RK_DELETING), "fence_1", RESTART_RECONCILE,
                     checking},
    [RK_CALLING] = {"CALLING", INPUTS | IN_BIT(IN_POST), S(RK_CALLING) | S(RK_DELETING), "fence_1",
                    RESTART_RECONCILE, calling},
};
const struct proc PROC_ROTATE_KEYS = {"rotate keys", FN_ROTATE_KEYS, STATES, RK_STATE_COUNT};
