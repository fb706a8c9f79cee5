/* SPDX-License-Identifier: Apache-2.0 */
/* What a card answers to CreateISDP and SendData, and what follows from it. */
#include "smsr/proc/session.h"

#include "common/base/mutant.h"
#include "common/codec/adminhttp.h"

#define ANSWER_MAX 60000u /* of all steps of a SendData: what its RESPONSE may carry */

struct event *session_answered(struct run *r, const struct way *way, struct span data,
                               uint64_t done, int next, int64_t due)
{
    struct event *ev;

    if (way->bearer == BEARER_CATTP) {
        ev = run_por(r, next, due);
    } else {
        ev = run_record(r, EV_STEP_ANSWERED, next, due);
        ev->session = r->op->session;
        ev->step = r->op->step;
    }
    ev->data = data;
    ev->number = done;
    return ev;
}

void session_finish(struct run *r, const struct way *way, enum verdict v, enum status_code st,
                    struct span data)
{
    (void)run_conclude(r, v, st, v == VERDICT_SUCCESS ? STAGE_NONE : STAGE_CARD, data);
    if (!r->op->more_to_do)
        session_leave(r, way);
}

static int created(struct run *r, const struct heard *h)
{
    struct es5_answer a;
    enum status_code st = ST_ISDR_EXECUTION;
    bool read = !es5_answer_read(h->body, &a);
    struct event *ev = session_answered(r, &h->way, h->body, COMMAND_ANSWERED, -1, 0);

    if (read && a.sw)
        ev->sw = a.sw + 1u;
    if (read && run_sw(a.sw) == RUN_SW_DONE) {
        (void)run_record(r, EV_ISDP_CREATED, -1, 0);
        session_finish(r, &h->way, VERDICT_SUCCESS, ST_OK, h->body);
        return ERR_OK;
    }
    /* 90 xx refuses the script before it ran; an answer that does not tell is no proof: ask. */
    if (!read || (run_sw(a.sw) == RUN_SW_OPEN && a.sw != 0x6581 && !a.bad_format)) {
        run_in_doubt(r, "the card's answer does not tell");
        return session_ask(r, &h->way);
    }
    if (a.sw == 0x6A84 || a.sw == 0x6581)
        st = ST_MEMORY;
    session_finish(r, &h->way, VERDICT_FAILED, st, h->body);
    return ERR_OK;
}

/* All response elements behind each other: those of earlier steps and of this one. */
static struct span whole_answer(struct run *r, struct span now)
{
    struct writer w = run_writer(r, r->op->rsp_len + now.n);

    wr_bytes(&w, r->op->rsp, r->op->rsp_len);
    wr_span(&w, now);
    return wr_view(&w);
}

static int data_answered(struct run *r, const struct heard *h)
{
    const struct dialect *d = dialect_of(r->e);
    struct writer scratch = run_writer(r, ES5_BODY_MAX(d->body_max));
    struct span elements;
    struct buf out;
    size_t done = 0;
    bool ok = false;
    int err;

    buf_init(&out, ADMIN_BODY_MAX);
    if (es5_send_data_read(h->body, &out, &ok) || r->op->rsp_len + out.n > ANSWER_MAX)
        ok = false;
    if (r->op->rsp_len + out.n > ANSWER_MAX)
        buf_reset(&out);
    elements = span_of(out.n ? arena_dup(r->p->arena, out.p, out.n) : NULL, out.n);
    buf_fini(&out);
    if (elements.n && !elements.p)
        return ERR_NOMEM;
    if (session_payload_lost(r)) {
        ok = false;
    } else {
        err = es5_send_data(&scratch, span_of(r->op->data, r->op->data_len), r->op->data_done,
                            d->body_max, NULL, &done);
        if (err)
            return err;
    }
    (void)session_answered(r, &h->way, elements, done, -1, 0);
    if (ok && done < r->op->data_len)
        return session_command(r, &h->way, done);
    session_finish(r, &h->way, ok ? VERDICT_SUCCESS : VERDICT_FAILED, ok ? ST_OK : ST_SD_EXECUTION,
                   whole_answer(r, elements));
    return ERR_OK;
}

int session_heard(struct run *r, const struct heard *h)
{
    return session_creates(r) ? created(r, h) : data_answered(r, h);
}

int session_not_run(struct run *r, const struct heard *h, uint8_t status)
{
    bool creates = session_creates(r);

    (void)session_answered(r, &h->way, (struct span){NULL, 0},
                           creates ? COMMAND_ANSWERED : r->op->data_done, -1, 0);
    if (creates && !run_script_refused(status)) {
        run_in_doubt(r, "the card does not say what became of the script");
        return session_ask(r, &h->way);
    }
    session_finish(r, &h->way, VERDICT_FAILED, creates ? ST_ISDR_EXECUTION : ST_SD_EXECUTION,
                   (struct span){NULL, 0});
    return ERR_OK;
}

/* Behind its fence the command goes again: into the session that was opened for the question, or
 * over a link, which is asked for when none is open. */
static int command_again(struct run *r, const struct way *way)
{
    struct way link = {BEARER_CATTP, r->pe->link};

    if (way->bearer == BEARER_HTTPS)
        return session_command(r, way, 0);
    if (r->pe->linked)
        return session_command(r, &link, 0);
    r->after = way->bearer;
    return session_trigger(r, SE_WAIT_SESSION, run_patient_due(r, r->now + run_timer(r, TIMER_RESEND_1)));
}

int session_audited(struct run *r, const struct way *way, const struct es5_status *st)
{
    bool creates = session_creates(r);

    if (creates && run_seen(st, &r->op->aid) && !mutant("CREATED_AGAIN_UNSEEN")) {
        (void)run_record(r, EV_ISDP_CREATED, -1, 0);
        session_finish(r, way, VERDICT_SUCCESS, ST_OK, (struct span){NULL, 0});
        return ERR_OK;
    }
    /* Never answered and proven not to have run, on its own channel. */
    if (creates && !r->op->data_done && r->op->attempt < CREATE_ATTEMPTS && !r->op->answered &&
        !run_expired(r))
        return command_again(r, way);
    session_finish(r, way, VERDICT_FAILED, creates ? ST_NO_EFFECT : ST_SD_EXECUTION,
                   (struct span){NULL, 0});
    return ERR_OK;
}
