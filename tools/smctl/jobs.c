/* SPDX-License-Identifier: Apache-2.0 */
/* Running calls (design 3.3: bulk is many requests in flight). */
#include "tools/smctl/jobs.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#define VALIDITY_MAX (30ull * 86400)
#define CALL_ID_MAX  180u /* with "-EID" and more behind it within 255 octets */

enum exit_code outcome_exit(enum call_outcome o)
{
    switch (o) {
    case CALL_OK:
    case CALL_WARNING:
        return XC_OK;
    case CALL_REFUSED:
        return XC_REFUSED;
    case CALL_FAILED:
    case CALL_ROLLED_BACK:
        return XC_FAILED;
    case CALL_CANCELLED:
    case CALL_EXPIRED:
    case CALL_IN_DOUBT:
        return XC_DOUBT;
    default:
        return XC_CONNECTION;
    }
}

/* --- identifiers --- */

/* The call id, made different for each card or entry of a bulk command. */
static struct span call_identifier(const struct job *job, struct arena *a)
{
    const struct jobs *j = job->jobs;
    char text[256], eid[EID_TEXT];
    size_t i = (size_t)(job - j->job);
    int n;

    if (!j->call_id) {
        uuid_text(&job->id, text);
        n = UUID_TEXT - 1;
    } else if (!j->bulk) {
        n = snprintf(text, sizeof text, "%s", j->call_id);
    } else if (eid_is_zero(&job->eid)) {
        n = snprintf(text, sizeof text, "%s-%zu", j->call_id, i + 1);
    } else {
        eid_text(&job->eid, eid);
        n = snprintf(text, sizeof text, "%s-%s", j->call_id, eid);
    }
    return span_of(arena_dup(a, text, (size_t)n), (size_t)n);
}

static int job_request(struct call *c, struct arena *a, struct message *ret)
{
    struct job *job = LIST_ENTRY(c, struct job, call);
    struct jobs *j = job->jobs;
    struct base_request base = j->base;

    base.function_call_identifier = call_identifier(job, a);
    if (!base.function_call_identifier.p)
        return ERR_NOMEM;
    return j->kind->request(j, (size_t)(job - j->job), &base, a, ret);
}

static void write_out(struct jobs *j, const struct job *job)
{
    char eid[EID_TEXT];

    eid_text(&job->eid, eid);
    fprintf(j->out, "%s %s\n", eid, job->iccid.s);
}

static void job_done(struct call *c, const struct call_result *r)
{
    struct job *job = LIST_ENTRY(c, struct job, call);
    struct jobs *j = job->jobs;
    bool good = r->outcome == CALL_OK || r->outcome == CALL_WARNING;

    job->outcome = r->outcome;
    job->ended = true;
    j->ended++;
    if (good && j->kind->answer)
        j->kind->answer(j, (size_t)(job - j->job), &r->env->message);
    job->already = r->outcome == CALL_REFUSED && r->base && j->kind->already &&
                   j->kind->already(&r->base->answer.code);
    if (job->already)
        j->already++;
    else
        j->count[r->outcome]++;
    if (good && j->out)
        write_out(j, job);
    jobs_show_one(j, job, r);
}

/* --- outside --- */

static enum exit_code read_options(struct jobs *j)
{
    const struct args *a = j->x->args;
    struct errmsg why = {""};
    uint64_t validity = 0, wake = 0;

    j->call_id = a->value[OPT_CALL_ID];
    if (j->call_id && (!*j->call_id || strlen(j->call_id) > CALL_ID_MAX)) {
        out_error("--call-id has 1 to %u characters", CALL_ID_MAX);
        return XC_USAGE;
    }
    if (args_number(a, OPT_VALIDITY, 1, VALIDITY_MAX, &validity, &why))
        return smctl_fail(ERR_INVAL, &why);
    j->base.has_validity_period = args_has(a, OPT_VALIDITY);
    j->base.validity_period_s = (uint32_t)validity;
    if (args_number(a, OPT_WAKE_DEADLINE, 1, VALIDITY_MAX, &wake, &why))
        return smctl_fail(ERR_INVAL, &why);
    j->base.wake_deadline_s = (uint32_t)wake;
    j->base.at_next_contact = args_has(a, OPT_NEXT_CONTACT);
    j->progress_tty = isatty(STDERR_FILENO) == 1;
    j->progress = j->bulk && (j->progress_tty || args_has(a, OPT_PROGRESS));
    return XC_OK;
}

enum exit_code jobs_init(struct jobs *j, struct smctl *x, const struct jobs_kind *kind, size_t n,
                         bool bulk)
{
    static const struct call_port PORT = {job_request, job_done};
    int64_t now = clock_wall_ms(&CLOCK_SYSTEM);
    enum exit_code code;

    memset(j, 0, sizeof *j);
    j->x = x;
    j->kind = kind;
    j->n = n;
    j->bulk = bulk;
    code = read_options(j);
    if (code != XC_OK)
        return code;
    j->job = calloc(n ? n : 1, sizeof *j->job);
    if (!j->job) {
        out_error("%s", err_text(ERR_NOMEM));
        return XC_LOCAL;
    }
    for (size_t i = 0; i < n; i++) {
        j->job[i].jobs = j;
        j->job[i].outcome = CALL_UNANSWERED;
        j->job[i].call.port = &PORT;
        j->job[i].call.until_verdict = args_has(x->args, OPT_UNTIL_VERDICT);
        if (!j->call_id)
            uuid_v7(&j->job[i].id, now, &x->rng);
    }
    return XC_OK;
}

static enum exit_code open_out(struct jobs *j)
{
    const char *path = j->x->args->value[OPT_OUT];

    if (!path)
        return XC_OK;
    j->out = fopen(path, "we");
    if (j->out)
        return XC_OK;
    out_error("%.200s cannot be written: %s", path, strerror(errno));
    return XC_LOCAL;
}

static enum exit_code close_out(struct jobs *j)
{
    bool bad = j->out && (ferror(j->out) || fflush(j->out) != 0);

    if (j->out && fclose(j->out) != 0)
        bad = true;
    j->out = NULL;
    if (bad)
        out_error("%.200s could not be written", j->x->args->value[OPT_OUT]);
    return bad ? XC_LOCAL : XC_OK;
}

enum exit_code jobs_run(struct jobs *j)
{
    enum exit_code code = smctl_connect(j->x, NULL);
    struct errmsg why = {""};
    int err;

    if (code == XC_OK)
        code = open_out(j);
    if (code != XC_OK)
        return code;
    j->started_ms = clock_mono_ms(&CLOCK_SYSTEM);
    for (size_t i = 0; i < j->n; i++)
        client_call(j->x->client, &j->job[i].call);
    client_set_tick(j->x->client, j->progress ? jobs_progress : NULL, j);
    err = client_run(j->x->client, &why);
    if (err == ERR_DENIED) { /* at the door: none of it was sent */
        jobs_progress_end(j);
        return exit_worse(smctl_ended(j->x, err, &why), close_out(j));
    }
    if (err)
        code = err == ERR_TIMEOUT || err == ERR_STATE ? XC_DOUBT : XC_CONNECTION;
    client_set_tick(j->x->client, NULL, NULL);
    jobs_progress_end(j);
    for (int o = 0; o < CALL_OUTCOME_COUNT; o++)
        if (j->count[o])
            code = exit_worse(code, outcome_exit((enum call_outcome)o));
    j->why = why;
    if (j->bulk && !j->sum_later)
        jobs_show_sum(j, why.text);
    return exit_worse(code, close_out(j));
}

void jobs_fini(struct jobs *j)
{
    free(j->job);
    j->job = NULL;
}
