/* SPDX-License-Identifier: Apache-2.0 */
/* help: printed from the tables that parse and dispatch. */
#include "tools/smctl/smctl.h"

#define WIDTH 78u

/* v NULL: as all commands have it. */
static void put_option(const struct verb *v, enum opt o)
{
    const char *arg = OPTS[o].arg, *doc = OPTS[o].doc;
    char left[64];

    for (unsigned i = 0; v && i < N_OPTS_OWN; i++) {
        if (OPTS_OWN[i].opt == o && !strcmp(OPTS_OWN[i].verb, v->name)) {
            arg = OPTS_OWN[i].arg;
            doc = OPTS_OWN[i].doc;
        }
    }
    (void)snprintf(left, sizeof left, "--%s%s%s", OPTS[o].name, arg ? " " : "", arg ? arg : "");
    printf("  %-24s %s\n", left, doc);
}

static void put_exits(void)
{
    printf("\nEXIT CODES\n");
    for (int i = 0; i < XC_COUNT; i++)
        printf("  %d  %-11s %s\n", i, exit_row((enum exit_code)i)->name,
               exit_row((enum exit_code)i)->text);
}

static void put_options(const char *title, const struct verb *v, uint64_t which)
{
    if (!which)
        return;
    printf("\n%s\n", title);
    for (int i = 0; i < OPT_COUNT; i++)
        if (which & OPT_BIT(i))
            put_option(v, (enum opt)i);
}

static void put_wrapped(const char *text)
{
    size_t at = WIDTH;

    while (*text) {
        size_t n = strcspn(text, " ");
        if (at + n + 1 > WIDTH) {
            printf("\n ");
            at = 1;
        }
        printf(" %.*s", (int)n, text);
        at += n + 1;
        text += n + strspn(text + n, " ");
    }
    printf("\n");
}

static void put_verb(const struct verb *v)
{
    printf("NAME\n  smctl %s - %s\n\nSYNOPSIS\n  smctl %s%s%s [options]\n", v->name, v->doc,
           v->name, *v->words ? " " : "", v->words);
    if (v->more) {
        printf("\nDESCRIPTION");
        put_wrapped(v->more);
    }
    put_options("OPTIONS", v, v->opts);
    put_options("OPTIONS OF ALL COMMANDS", v, OPTS_GLOBAL);
    put_exits();
}

static void put_all(void)
{
    printf(
        "smctl: the command line of Remora for operators, fleet managers and EUMs\n\nCOMMANDS\n");
    for (unsigned i = 0; i < N_VERBS; i++)
        printf("  %-20s %-18s %s\n", VERBS[i].name, VERBS[i].words, VERBS[i].doc);
    put_options("OPTIONS OF ALL COMMANDS", NULL, OPTS_GLOBAL);
    put_exits();
}

enum exit_code verb_help(struct smctl *x)
{
    unsigned taken = 0;
    const struct verb *v = verb_find(x->words, x->n_words, &taken);
    bool any = false;

    if (v && taken == x->n_words) {
        put_verb(v);
        return XC_OK;
    }
    if (x->n_words == 0) {
        put_all();
        return XC_OK;
    }
    for (unsigned i = 0; i < N_VERBS; i++) {
        size_t n = strlen(x->words[0]);
        if (x->n_words != 1 || strncmp(VERBS[i].name, x->words[0], n) || VERBS[i].name[n] != ' ')
            continue;
        printf("%ssmctl %s %s - %s\n", any ? "" : "COMMANDS\n", VERBS[i].name, VERBS[i].words,
               VERBS[i].doc);
        any = true;
    }
    if (!any)
        out_error("there is no such command; smctl help lists them");
    return any ? XC_OK : XC_USAGE;
}
