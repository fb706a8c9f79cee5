/* SPDX-License-Identifier: Apache-2.0 */
/* What people and programs see of calls: progress, one line a result, the sum. */
#include "tools/smctl/jobs.h"

#include "common/wire/wire.h"

#define BAR_WIDTH      30u
#define PLAIN_EVERY_MS 2000 /* between two progress lines where there is no terminal */

/* --- progress --- */

static size_t succeeded(const struct jobs *j)
{
    return j->count[CALL_OK] + j->count[CALL_WARNING] + j->already;
}

void jobs_progress(void *jobs)
{
    struct jobs *j = jobs;
    int64_t now = clock_mono_ms(&CLOCK_SYSTEM);
    char bar[BAR_WIDTH + 1];
    size_t full = j->n ? j->ended * BAR_WIDTH / j->n : BAR_WIDTH;
    long long ms = now - j->started_ms;

    if (!j->progress_tty && now - j->shown_ms < PLAIN_EVERY_MS)
        return;
    j->shown_ms = now;
    memset(bar, '.', BAR_WIDTH);
    memset(bar, '#', full);
    bar[BAR_WIDTH] = '\0';
    fprintf(stderr, "%s%s [%s] %zu/%zu, %zu ok, %zu not, %lld s%s%s", j->progress_tty ? "\r" : "",
            j->kind->title, bar, j->ended, j->n, succeeded(j), j->ended - succeeded(j), ms / 1000,
            client_is_up(j->x->client) ? "" : ", not connected", j->progress_tty ? "\033[K" : "\n");
    fflush(stderr);
    j->progress_on_line = j->progress_tty;
}

void jobs_progress_end(struct jobs *j)
{
    if (!j->progress)
        return;
    j->shown_ms = 0;
    jobs_progress(j);
    if (j->progress_on_line)
        fputc('\n', stderr);
    j->progress_on_line = false;
}

/* A line to standard output must not end up behind the bar. */
static void clear_bar(struct jobs *j)
{
    if (j->progress_on_line)
        fputs("\r\033[K", stderr);
    j->progress_on_line = false;
}

/* --- one result --- */

struct shown {
    char eid[EID_TEXT], operation[UUID_TEXT], message[320];
    const struct exec_answer *answer; /* NULL without an answer */
    struct gsma_code code;            /* of the verdict, once it follows an answer EXPIRED */
    struct code_help help;
    char next[800];
    long long ms;
};

static void explain_answer(const struct jobs *j, const struct call_result *r, struct shown *s)
{
    struct code_verdict v = {r->env->verdict, s->answer->status, s->answer->code,
                             s->answer->message};
    struct span said = s->answer->message;

    if (code_explain_verdict(&v, j->x->daemon, &s->code, &s->help) &&
        (!said.n || !code_same(&s->code, &s->answer->code)))
        said = span_str(s->help.meaning);
    text_safe(said, s->message, sizeof s->message);
}

static void collect(struct jobs *j, const struct job *job, const struct call_result *r,
                    struct shown *s)
{
    memset(s, 0, sizeof *s);
    s->help = (struct code_help){"", "", ""};
    if (!eid_is_zero(&job->eid))
        eid_text(&job->eid, s->eid);
    if (r->env && !uuid_is_zero(&r->env->operation))
        uuid_text(&r->env->operation, s->operation);
    else if (!uuid_is_zero(&job->call.operation))
        uuid_text(&job->call.operation, s->operation);
    s->ms = job->call.ended_ms - job->call.started_ms;
    if (!r->base) {
        (void)snprintf(s->message, sizeof s->message, "%s", r->text ? r->text : "");
        return;
    }
    s->answer = &r->base->answer;
    explain_answer(j, r, s);
    smctl_next(j->x, s->help.next, s->eid, job->iccid.s, s->operation, s->next, sizeof s->next);
}

static void show_json(struct jobs *j, const struct job *job, const struct call_result *r,
                      const struct shown *s)
{
    struct buf b;
    struct json w = {.out = &b};

    buf_init(&b, 0);
    json_open(&w, NULL, '{');
    json_str(&w, "function", j->kind->title);
    json_str(&w, "eid", s->eid);
    json_str(&w, "iccid", job->iccid.s);
    json_str(&w, "operation", s->operation);
    json_str(&w, "outcome", job->already ? "already" : call_outcome_text(job->outcome));
    if (s->answer) {
        json_str(&w, "status", exec_status_text(s->answer->status));
        if (r->env->verdict != VERDICT_NONE)
            json_str(&w, "verdict", verdict_text(r->env->verdict));
        json_str(&w, "subject", s->answer->code.subject);
        json_str(&w, "reason", s->answer->code.reason);
    }
    json_str(&w, "message", s->message);
    json_str(&w, "cause", s->help.cause);
    json_str(&w, "next", s->next);
    if (r->base && r->base->acceptable_validity_period_s)
        json_u64(&w, "acceptable_validity_s", r->base->acceptable_validity_period_s);
    json_int(&w, "ms", s->ms);
    json_close(&w, '}');
    out_line(stdout, &b);
    buf_fini(&b);
}

static void show_text(struct jobs *j, const struct job *job, const struct call_result *r,
                      const struct shown *s)
{
    char code[32] = "", next[WHO_MAX + 80];

    if (s->code.subject[0])
        (void)snprintf(code, sizeof code, " %s-%s", s->code.subject, s->code.reason);
    printf("%s%s%s%s%s: %s%s%s%s\n", j->kind->title, *s->eid ? " " : "", s->eid,
           job->iccid.s[0] ? " " : "", job->iccid.s,
           job->already ? "done before" : call_outcome_text(job->outcome), code,
           *s->message ? " " : "", s->message);
    if (s->help.cause[0])
        printf("  likely cause: %s\n", s->help.cause);
    if (s->next[0])
        printf("  next: %s\n", s->next);
    if (r->base && r->base->acceptable_validity_period_s)
        printf("  acceptable validity period: %u s\n", r->base->acceptable_validity_period_s);
    smctl_next(j->x, "smctl explain OPERATION", s->eid, job->iccid.s, s->operation, next,
               sizeof next);
    if (s->operation[0])
        printf("  operation %s, %lld.%03lld s; %s\n", s->operation, s->ms / 1000, s->ms % 1000,
               next);
}

void jobs_show_one(struct jobs *j, const struct job *job, const struct call_result *r)
{
    bool good = job->outcome == CALL_OK || job->already;
    struct shown s;

    if (j->bulk && good && !j->x->json)
        return;
    collect(j, job, r, &s);
    clear_bar(j);
    if (j->x->json)
        show_json(j, job, r, &s);
    else
        show_text(j, job, r, &s);
}

/* --- the sum --- */

void jobs_show_sum(struct jobs *j, const char *why)
{
    long long ms = clock_mono_ms(&CLOCK_SYSTEM) - j->started_ms;
    struct buf b;
    struct json w = {.out = &b};

    if (!j->x->json) {
        printf("%s: %zu of %zu ok", j->kind->title, j->count[CALL_OK] + j->count[CALL_WARNING],
               j->n);
        if (j->already)
            printf(", %zu done before", j->already);
        for (int o = CALL_WARNING; o < CALL_OUTCOME_COUNT; o++)
            if (j->count[o])
                printf(o == CALL_WARNING ? ", %zu of them with a warning" : ", %zu %s", j->count[o],
                       call_outcome_text((enum call_outcome)o));
        printf("; %lld.%03lld s\n", ms / 1000, ms % 1000);
        if (*why)
            out_error("%s", why);
        return;
    }
    buf_init(&b, 0);
    json_open(&w, NULL, '{');
    json_open(&w, "summary", '{');
    json_str(&w, "function", j->kind->title);
    json_u64(&w, "total", j->n);
    json_u64(&w, "already", j->already);
    for (int o = 0; o < CALL_OUTCOME_COUNT; o++)
        json_u64(&w, call_outcome_text((enum call_outcome)o), j->count[o]);
    json_int(&w, "ms", ms);
    json_str(&w, "error", why);
    json_close(&w, '}');
    json_close(&w, '}');
    out_line(stdout, &b);
    buf_fini(&b);
}
