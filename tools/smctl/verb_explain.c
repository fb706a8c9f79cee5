/* SPDX-License-Identifier: Apache-2.0 */
/* explain: the story of one operation (design 5, step 9). */
#include "tools/smctl/records.h"
#include "tools/smctl/story.h"

#include <inttypes.h>
#include <stdlib.h>

#define EVENT_ARENA (4u << 20)

struct explain {
    struct smctl *x;
    struct story story;
    struct rows rows;
    struct arena arena;
    struct iccid iccid; /* of the first record */
    unsigned n;
};

static void title(const struct admin_record *r, const struct event *ev)
{
    char op[UUID_TEXT], eid[EID_TEXT], at[25], fcid[160];

    uuid_text(&r->op, op);
    eid_text(&r->eid, eid);
    clock_text(r->at_ms, at);
    printf("operation %s  %s-%s\n", op, interface_text(ev->iface), function_text(ev->function));
    printf("  EID %s%s%s\n", eid, ev->iccid.s[0] ? "  ICCID " : "", ev->iccid.s);
    printf("  asked by %s (%s), call %s\n  at %s\n\n", ev->party.s[0] ? ev->party.s : "the SM-SR",
           role_text(ev->role), text_safe(ev->fcid, fcid, sizeof fcid), at);
}

/* What the title and the acceptance say is not said again with each record. */
static void short_words(const struct explain *e, const struct event *ev, struct buf *out)
{
    struct event rest = *ev;

    if (ev->type != EV_OPERATION_ACCEPTED && ev->type != EV_ORDER_ACCEPTED) {
        rest.function = FN_NONE;
        rest.party = (struct oid){""};
        if (iccid_eq(&ev->iccid, &e->iccid))
            rest.iccid = (struct iccid){""};
        if (aid_eq(&ev->aid, &e->story.aid))
            rest.aid = (struct aid){.n = 0};
    }
    event_words(&rest, out);
}

static void print_text(struct explain *e, const struct admin_record *r, const struct event *ev,
                       const char *why)
{
    char delta[24], type[40];
    const char *state = ev ? story_state(&e->story, ev) : "";
    struct buf words;

    buf_init(&words, 0);
    if (ev)
        short_words(e, ev, &words);
    text_delta(r->at_ms - e->story.start_ms, delta);
    printf("%14s  %s", delta, text_safe(r->type, type, sizeof type));
    if (*state)
        printf("  -> %s", state);
    printf("  (lsn %" PRIu64 ")\n", r->lsn);
    if (words.n)
        printf("%16s%.*s\n", "", (int)words.n, (const char *)words.p);
    if (!ev)
        printf("%16s%s\n", "", why);
    buf_reset(&words);
    rows_print(&e->rows, 17, &words);
    if (words.n)
        printf("%.*s", (int)words.n, (const char *)words.p);
    buf_fini(&words);
}

static void print_json(struct explain *e, const struct admin_record *r, const struct event *ev,
                       const char *why)
{
    struct buf b, words;
    struct json w = {.out = &b};

    buf_init(&b, 0);
    buf_init(&words, 0);
    if (ev)
        event_words(ev, &words);
    json_open(&w, NULL, '{');
    json_u64(&w, "lsn", r->lsn);
    json_time(&w, "at", r->at_ms);
    json_int(&w, "after_ms", r->at_ms - e->story.start_ms);
    json_text(&w, "type", r->type);
    json_str(&w, "state", ev ? story_state(&e->story, ev) : "");
    if (words.n)
        json_text(&w, "words", buf_span(&words));
    json_str(&w, "note", why);
    json_open(&w, "decoded", '[');
    for (unsigned i = 0; i < e->rows.n; i++) {
        const struct row *row = &e->rows.v[i];
        json_open(&w, NULL, '{');
        json_u64(&w, "depth", row->depth);
        json_str(&w, "field", row->name);
        json_str(&w, "value", row->value);
        json_str(&w, "meaning", row->meaning);
        json_str(&w, "clause", row->clause);
        json_close(&w, '}');
    }
    json_close(&w, ']');
    json_close(&w, '}');
    out_line(stdout, &b);
    buf_fini(&words);
    buf_fini(&b);
}

static enum exit_code one(void *ctx, const struct admin_record *r)
{
    struct explain *e = ctx;
    struct errmsg why = {""};
    const struct event *ev;

    arena_reset(&e->arena);
    ev = record_event(r, &e->arena, &why);
    e->rows.n = 0;
    if (ev && e->n == 0)
        e->iccid = ev->iccid;
    if (ev)
        story_record(&e->story, r, ev, &e->rows);
    else if (!e->story.start_ms)
        e->story.start_ms = r->at_ms;
    if (!ev && e->rows.wire)
        story_erased(r, why.text, &e->rows);
    if (e->x->json) {
        print_json(e, r, ev, why.text);
    } else {
        if (e->n == 0 && ev)
            title(r, ev);
        print_text(e, r, ev, why.text);
    }
    e->n++;
    return XC_OK;
}

/* Who reads this is not sent here again. */
static void next_of(const struct explain *e, const char *next, char *dst, size_t cap)
{
    char op[UUID_TEXT], eid[EID_TEXT];

    uuid_text(&e->story.last.op, op);
    eid_text(&e->story.last.eid, eid);
    smctl_next(e->x, strncmp(next, "smctl explain", 13) ? next : "", eid, e->iccid.s, op, dst, cap);
}

/* Answer and verdict are two things: both are said. */
static void ending(const struct explain *e)
{
    const struct event *ev = &e->story.last;
    struct code_verdict v = {ev->result, EXEC_NONE, ev->code, ev->text};
    struct gsma_code code;
    struct code_help help;
    char delta[24], text[320], next[800];

    if (!e->story.concluded) {
        printf("\nnot ended yet\n");
        return;
    }
    text_delta(ev->completed_at_ms ? ev->completed_at_ms - e->story.start_ms : 0, delta);
    printf("\nverdict %s%s%s%s%s", verdict_text(ev->result), ev->code.subject[0] ? " " : "",
           ev->code.subject, ev->code.subject[0] ? "-" : "", ev->code.reason);
    if (ev->stage != STAGE_NONE)
        printf(", stage %s", stage_text(ev->stage));
    printf("%s%s\n", ev->completed_at_ms ? ", after " : "", ev->completed_at_ms ? delta : "");
    if (!code_explain_verdict(&v, e->x->daemon, &code, &help))
        return;
    printf("  %s; likely cause: %s\n",
           text_safe(ev->text.n ? ev->text : span_str(help.meaning), text, sizeof text), help.cause);
    next_of(e, help.next, next, sizeof next);
    if (next[0])
        printf("  next: %s\n", next);
}

enum exit_code verb_explain(struct smctl *x)
{
    struct records_filter f = {.from_lsn = 1};
    struct explain *e = calloc(1, sizeof *e);
    struct errmsg why = {""};
    enum exit_code code = XC_LOCAL;

    if (!e) {
        out_error("%s", err_text(ERR_NOMEM));
        return code;
    }
    e->x = x;
    e->rows.wire = args_has(x->args, OPT_WIRE) ? x->crypto : NULL;
    story_init(&e->story, x->crypto);
    arena_init(&e->arena, EVENT_ARENA);
    if (text_uuid(x->words[0], &f.op, &why))
        code = smctl_fail(ERR_INVAL, &why);
    else
        code = records_each(x, &f, one, e, NULL, NULL);
    if (code == XC_OK && e->n == 0)
        code = records_none(x);
    if (code == XC_OK && !x->json)
        ending(e);
    arena_fini(&e->arena);
    free(e);
    return code;
}
