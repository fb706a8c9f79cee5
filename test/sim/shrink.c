/* SPDX-License-Identifier: Apache-2.0 */
/* Delta debugging (Zeller, "Simplifying and isolating failure-inducing input", ddmin) over the
 * numbered choices of a world: whole kinds are left out, then pieces of what still happens, halves
 * first, single choices last, as long as the world goes on to break the same invariant. What
 * follows a choice that is left out may go another way than before; each try is judged by its own
 * end only. */
#include "test/sim/shrink.h"

#include "tools/euiccsim/net/quirk_set.h"

#include <ctype.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#define TRIES_MAX 3000u
#define HANGS_S   600
#define WORDS     64u /* of what fell, when two falls are compared */

struct end { /* of one try, written by its process */
    bool ended;
    int err;
    uint64_t choices, happened;
    struct choice_kinds kinds;
    struct errmsg why;
};
struct shrink {
    const struct world_plan *plan;
    struct end *end;        /* shared with the child */
    char fell[WORDS];       /* the invariant that fell */
    struct choices_out out; /* the best so far */
    uint64_t n;             /* numbers that it drew */
    unsigned tries;
};

/* What fell, without time, numbers and names: "at 12.5 s: I6: EID 8904: ICCID" is "I6 EID ICCID".
 */
static void invariant_of(const char *why, char ret[WORDS])
{
    const char *at = strstr(why, " s: ");
    size_t n = 0;

    for (at = at && !strncmp(why, "at ", 3) ? at + 4 : why; *at && *at != ';' && *at != '('; at++) {
        const char *word = at;
        bool plain = true;
        while (*at && !strchr(" ,;(", *at))
            at++;
        /* Numbers and identifiers differ from world to world; the name of an invariant is "I6". */
        for (const char *c = word; c < at; c++)
            plain = plain && (!isdigit((unsigned char)*c) || (c == word + 1 && *word == 'I'));
        for (const char *c = word; plain && c < at && n + 2 < WORDS; c++)
            ret[n++] = *c;
        if (plain && n + 2 < WORDS)
            ret[n++] = ' ';
        if (!*at || *at == ';' || *at == '(')
            break;
    }
    ret[n] = 0;
}

/* --- one try --- */
static void child(const struct shrink *s, const struct choices_out *out, bool trace)
{
    struct world_plan p = *s->plan;
    struct world_stats stats = {0};
    struct world *w = NULL;
    int quiet = trace ? -1 : open("/dev/null", O_WRONLY);

    if (quiet >= 0)
        (void)dup2(quiet, STDOUT_FILENO);
    (void)alarm(HANGS_S);
    p.without = out;
    p.trace = trace;
    p.kinds = &s->end->kinds;
    s->end->err = world_new(&p, &w, &s->end->why);
    if (!s->end->err)
        s->end->err = world_run(w, &stats, &s->end->why);
    s->end->choices = stats.choices;
    s->end->happened = stats.happened;
    s->end->ended = true;
    fflush(stdout);
    _exit(0); /* a leak of a broken world is not what is looked for */
}

static int try(struct shrink *s, const struct choices_out *out, bool trace)
{
    int status = 0;
    pid_t pid;

    memset(s->end, 0, sizeof *s->end);
    fflush(stdout);
    s->tries++;
    pid = fork();
    if (pid == 0)
        child(s, out, trace);
    if (pid < 0 || waitpid(pid, &status, 0) != pid)
        return ERR_INTERNAL;
    if (!s->end->ended) {
        s->end->err = ERR_INTERNAL;
        (void)errmsg_set(&s->end->why, ERR_INTERNAL, "the process died: %s",
                         WIFSIGNALED(status) ? strsignal(WTERMSIG(status)) : "it gave up");
        s->end->choices = s->n;
    }
    return ERR_OK;
}

/* Leaves out what the world no longer drew, and all above it: that changes nothing. */
static void accept(struct shrink *s, const struct choices_out *out)
{
    s->out = *out;
    if (s->end->choices < s->n)
        s->n = s->end->choices;
    for (uint64_t i = s->n + 1; i <= CHOICES_MAX; i++)
        choice_set(&s->out, i, false);
    s->out.after = s->n ? s->n : 1;
}

/* true: it falls in the same way without these; *ret_err: no process. */
static bool falls(struct shrink *s, const struct choices_out *out, int *ret_err)
{
    char fell[WORDS];

    *ret_err = try(s, out, false);
    if (*ret_err || !s->end->err)
        return false;
    invariant_of(s->end->why.text, fell);
    return !strcmp(fell, s->fell);
}

/* One pass over what stands, in pieces of so many. *ret_less: some piece was not needed. */
static int pass(struct shrink *s, uint64_t piece, bool *ret_less)
{
    uint64_t at = 1;
    int err = ERR_OK;

    *ret_less = false;
    while (!err && at <= s->n && s->tries < TRIES_MAX) {
        struct choices_out out = s->out;
        uint64_t taken = 0;
        for (; at <= s->n && taken < piece; at++)
            if (!choice_is_out(&out, at)) {
                choice_set(&out, at, true);
                taken++;
            }
        if (taken && falls(s, &out, &err)) {
            accept(s, &out);
            *ret_less = true;
        }
    }
    return err;
}

/* Whole kinds first: a world without any of a kind is simpler than one without some. */
static int without_kinds(struct shrink *s, const struct choice_kinds *kinds)
{
    int err = ERR_OK;

    for (unsigned i = 0; !err && i < kinds->n; i++) {
        struct choices_out out = s->out;
        if (choice_kind_known(&out.kinds, kinds->name[i]))
            continue;
        choice_kind_add(&out.kinds, kinds->name[i]);
        if (falls(s, &out, &err))
            accept(s, &out);
    }
    return err;
}

static int shorten(struct shrink *s)
{
    const struct choice_kinds kinds = s->end->kinds;
    int err = without_kinds(s, &kinds);
    uint64_t piece = (s->n + 1) / 2;

    while (!err && s->tries < TRIES_MAX) {
        bool less;
        err = pass(s, piece, &less);
        if (piece <= 1 && !less)
            break;
        if (piece > 1)
            piece = piece / 2;
    }
    return err;
}

static size_t quirks_text(const struct quirk_row *rows, unsigned rows_n, uint32_t bits, char *ret, size_t n)
{
    for (unsigned i = 0; n < WORLD_PLAN_TEXT && i < rows_n; i++)
        if (bits & rows[i].bit)
            n += (size_t)snprintf(ret + n, WORLD_PLAN_TEXT - n, " --quirk %s", rows[i].name);
    return n;
}

const char *world_plan_text(const struct world_plan *p, char ret[WORLD_PLAN_TEXT])
{
    size_t n = (size_t)snprintf(ret, WORLD_PLAN_TEXT, " --seed %" PRIu64 " --cards %u%s%s%s", p->seed,
                                p->cards, p->faults ? "" : " --plain",
                                p->lying ? " --lying-disks" : "", p->no_memory ? " --no-memory" : "");

    n = quirks_text(CARD_QUIRKS, CARD_QUIRK_COUNT, p->card_quirks, ret, n);
    (void)quirks_text(NET_QUIRKS, NET_QUIRK_COUNT, p->net_quirks, ret, n);
    return ret;
}

/* --- from the first try to the last --- */
static int tell(struct shrink *s, const struct errmsg *first, uint64_t happened)
{
    static char text[4096];
    char options[WORLD_PLAN_TEXT];
    int err = try(s, &s->out, true);

    choice_text(&s->out, s->n, text, sizeof text);
    printf("%s\n", first->text);
    printf("%s\n", s->end->why.text);
    printf("of %" PRIu64 " choices %" PRIu64
           " are needed, found in %u tries\n  repeat: sim%s --without %s --trace\n",
           happened, s->end->happened, s->tries, world_plan_text(s->plan, options), text);
    return err;
}

static int run(struct shrink *s)
{
    struct errmsg first;
    uint64_t happened;
    int err = try(s, &s->out, false);

    if (err)
        return 2;
    if (!s->end->err) {
        printf("seed %" PRIu64 " passes: there is nothing to shorten\n", s->plan->seed);
        return 1;
    }
    first = s->end->why;
    happened = s->end->happened;
    invariant_of(first.text, s->fell);
    s->n = s->end->choices < CHOICES_MAX ? s->end->choices : CHOICES_MAX;
    err = shorten(s);
    return err || tell(s, &first, happened) ? 2 : 0;
}

int shrink_run(const struct world_plan *p)
{
    struct shrink *s = calloc(1, sizeof *s);
    int rc = 2;

    if (!s)
        return rc;
    s->plan = p;
    s->end = mmap(NULL, sizeof *s->end, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (s->end != MAP_FAILED) {
        if (p->without)
            s->out = *p->without;
        rc = run(s);
        (void)munmap(s->end, sizeof *s->end);
    }
    free(s);
    return rc;
}
