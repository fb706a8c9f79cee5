/* SPDX-License-Identifier: Apache-2.0 */
/* Statuses explained from the catalogues of the daemons themselves (SGP.02 5.1). */
#include "tools/smctl/codes.h"

#include "common/msg/catalogue.h"

const char *daemon_name(enum daemon d)
{
    return d == DAEMON_SMDP ? "smdp" : "smsr";
}

bool code_same(const struct gsma_code *a, const struct gsma_code *b)
{
    return !strcmp(a->subject, b->subject) && !strcmp(a->reason, b->reason);
}

/* How well a row of that daemon fits: 2: code and sentence; 1: the code. */
static int find(enum status_by by, const struct gsma_code *code, struct span message,
                enum status_code *ret)
{
    int best = 0;

    for (unsigned i = ST_OK + 1; i < ST_CODE_COUNT && best < 2; i++) {
        int f = status_by((enum status_code)i) == by && status_is(code, (enum status_code)i);
        if (f && span_eq(span_str(STATUS[i].meaning), message))
            f = 2;
        if (f > best) {
            *ret = (enum status_code)i;
            best = f;
        }
    }
    return best;
}

bool code_explain(const struct gsma_code *code, struct span message, enum daemon from,
                  struct code_help *ret)
{
    enum status_code sr = ST_OK, dp = ST_OK;
    int f_sr = find(BY_SMSR, code, message, &sr);
    int f_dp = find(BY_SMDP, code, message, &dp);
    /* The SM-DP passes on what the SM-SR answered, so a sentence of the other one counts more. */
    bool take_dp = from == DAEMON_SMDP ? f_dp >= f_sr : f_dp > f_sr;
    const struct status_row *row = &STATUS[take_dp ? dp : sr];

    *ret = f_sr || f_dp ? (struct code_help){row->meaning, row->cause, row->next}
                        : (struct code_help){"", "", ""};
    return f_sr > 0 || f_dp > 0;
}

/* The entry of this very sentence, whatever its code: the daemon's own part first. */
static bool by_sentence(struct span text, enum daemon from, struct gsma_code *ret_code)
{
    enum status_by own = from == DAEMON_SMDP ? BY_SMDP : BY_SMSR;
    enum status_code found = ST_OK;

    for (unsigned i = ST_OK + 1; i < ST_CODE_COUNT && text.n; i++)
        if (span_eq(span_str(STATUS[i].meaning), text) &&
            (found == ST_OK || status_by((enum status_code)i) == own))
            found = (enum status_code)i;
    if (found != ST_OK)
        *ret_code = STATUS[found].code;
    return found != ST_OK;
}

/* The sentences of the answer itself: the verdict follows. */
static bool promises(struct span text)
{
    return span_eq(text, span_str(STATUS[ST_EXPIRED_SENT].meaning)) ||
           span_eq(text, span_str(STATUS[DP_ST_IN_DOUBT].meaning));
}

/* A verdict whose sentence is not at hand (a repeated call returns the answer, design 3.4). */
static bool by_verdict(enum verdict v, enum daemon from, struct gsma_code *ret_code,
                       struct code_help *ret)
{
    const struct status_row *row =
        &STATUS[v == VERDICT_ROLLED_BACK ? ST_ROLLED_BACK : ST_CANCELLED];

    memset(ret_code, 0, sizeof *ret_code);
    if (v == VERDICT_SUCCESS) {
        *ret = (struct code_help){"done, after the answer EXPIRED", "the card answered late", ""};
        return true;
    }
    if (v == VERDICT_FAILED) {
        *ret = (struct code_help){"failed, after the answer EXPIRED", "",
                                  "smctl explain OPERATION"};
        return true;
    }
    *ret_code = row->code;
    return code_explain(&row->code, span_str(row->meaning), from, ret);
}

bool code_explain_verdict(const struct code_verdict *v, enum daemon from, struct gsma_code *ret_code,
                          struct code_help *ret)
{
    bool ended = v->verdict != VERDICT_NONE && v->verdict != VERDICT_IN_DOUBT;
    bool late = ended && v->status == EXEC_EXPIRED && v->verdict != VERDICT_EXPIRED;
    struct gsma_code named;

    *ret_code = v->code;
    *ret = (struct code_help){"", "", ""};
    if (late) {
        if (promises(v->text) || !by_sentence(v->text, from, ret_code))
            return by_verdict(v->verdict, from, ret_code, ret);
        return code_explain(ret_code, v->text, from, ret);
    }
    if (!v->code.subject[0])
        return false;
    if (v->verdict == VERDICT_ROLLED_BACK && code_same(&v->code, &STATUS[ST_ROLLED_BACK].code) &&
        !by_sentence(v->text, from, &named))
        return code_explain(&v->code, span_str(STATUS[ST_ROLLED_BACK].meaning), from, ret);
    return code_explain(&v->code, v->text, from, ret);
}

static bool is_letter(char c)
{
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

struct filling {
    char *dst;
    size_t n, cap;
    bool command;   /* between "smctl " and the comma behind it */
    bool own, sent; /* it names the operation; it says itself which daemon is asked */
};

static void put(struct filling *t, const char *s, size_t len)
{
    for (size_t i = 0; i < len && t->n + 1 < t->cap; i++)
        t->dst[t->n++] = s[i];
}

static bool starts(const char *p, const char *word, size_t len)
{
    return !strncmp(p, word, len) && !is_letter(p[len]);
}

/* Octets of a word at p that was replaced; 0 = none. */
static size_t replace(struct filling *t, const struct code_fill *f, const char *p)
{
    const struct {
        const char *word, *value;
    } known[] = {{"EID", f->eid}, {"ICCID", f->iccid}, {"OPERATION", f->operation}};

    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        size_t len = strlen(known[i].word);
        if (!starts(p, known[i].word, len) || !known[i].value[0])
            continue;
        put(t, known[i].value, strlen(known[i].value));
        t->own = t->own || known[i].value == f->operation;
        return len;
    }
    return 0;
}

static void command_end(struct filling *t, const struct code_fill *f)
{
    static const char VIA[] = " --via smdp";

    if (t->command && t->own && f->smdp && !t->sent)
        put(t, VIA, sizeof VIA - 1);
    t->command = false;
}

void code_next(const char *next, const struct code_fill *f, char *dst, size_t cap)
{
    static const char SMCTL[] = "smctl ";
    struct filling t = {.dst = dst, .cap = cap};

    for (const char *p = next; *p;) {
        bool word = p == next || p[-1] == ' ';
        size_t len = 0;
        if (*p == ',' || *p == ';')
            command_end(&t, f);
        if (word && !strncmp(p, SMCTL, sizeof SMCTL - 1)) {
            len = sizeof SMCTL - 1;
            put(&t, p, len);
            put(&t, f->who, strlen(f->who));
            t.command = true;
            t.own = t.sent = false;
        } else if (word && t.command) {
            t.sent = t.sent || starts(p, "--via", 5);
            len = replace(&t, f, p);
        }
        if (len == 0)
            put(&t, p, len = 1);
        p += len;
    }
    command_end(&t, f);
    dst[t.n] = '\0';
}
