/* SPDX-License-Identifier: Apache-2.0 */
/* Statuses explained from the catalogues of the daemons themselves (SGP.02 5.1). */
#include "tools/smctl/codes.h"

#include "smdp/domain/status.h"
#include "smsr/domain/status.h"

const char *daemon_name(enum daemon d)
{
    return d == DAEMON_SMDP ? "smdp" : "smsr";
}

static bool same(const struct gsma_code *a, const struct gsma_code *b)
{
    return !strcmp(a->subject, b->subject) && !strcmp(a->reason, b->reason);
}

/* 2: code and sentence fit; 1: the code does. */
static int fit(const struct gsma_code *row, const char *meaning, const struct gsma_code *code,
               struct span message)
{
    if (!row->subject[0] || !same(row, code))
        return 0;
    return span_eq(span_str(meaning), message) ? 2 : 1;
}

static int from_smsr(const struct gsma_code *code, struct span message, struct code_help *ret)
{
    int best = 0;

    for (unsigned i = 1; i < ST_CODE_COUNT; i++) {
        const struct status_row *r = &STATUS[i];
        int f = r->meaning ? fit(&r->code, r->meaning, code, message) : 0;
        if (f > best) {
            *ret = (struct code_help){r->meaning, r->cause, r->next};
            best = f;
        }
    }
    return best;
}

static int from_smdp(const struct gsma_code *code, struct span message, struct code_help *ret)
{
    int best = 0;

    for (unsigned i = 1; i < DP_ST_COUNT; i++) {
        const struct dp_status_row *r = dp_status_row((enum dp_status)i);
        int f = r->message ? fit(&r->code, r->message, code, message) : 0;
        if (f > best) {
            *ret = (struct code_help){r->message, r->cause, r->next};
            best = f;
        }
    }
    return best;
}

bool code_explain(const struct gsma_code *code, struct span message, enum daemon from,
                  struct code_help *ret)
{
    struct code_help sr = {"", "", ""}, dp = {"", "", ""};
    int f_sr = from_smsr(code, message, &sr);
    int f_dp = from_smdp(code, message, &dp);
    /* The SM-DP passes on what the SM-SR answered, so a sentence of the other one counts more. */
    bool take_dp = from == DAEMON_SMDP ? f_dp >= f_sr : f_dp > f_sr;

    *ret = take_dp ? dp : sr;
    ret->meaning = ret->meaning ? ret->meaning : "";
    ret->cause = ret->cause ? ret->cause : "";
    ret->next = ret->next ? ret->next : "";
    return f_sr > 0 || f_dp > 0;
}

static bool is_letter(char c)
{
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

void code_next(const char *next, const char *eid, const char *iccid, const char *operation,
               char *dst, size_t cap)
{
    const struct {
        const char *word, *value;
    } known[] = {{"EID", eid}, {"ICCID", iccid}, {"OPERATION", operation}};
    bool is_command = !strncmp(next, "smctl ", 6);
    size_t n = 0;

    for (const char *p = next; *p && n + 1 < cap;) {
        const char *put = NULL;
        size_t len = 0;
        for (size_t i = 0; is_command && !put && i < 3; i++) {
            len = strlen(known[i].word);
            if (known[i].value[0] && !strncmp(p, known[i].word, len) && !is_letter(p[len]) &&
                (p == next || p[-1] == ' '))
                put = known[i].value;
        }
        if (!put) {
            dst[n++] = *p++;
            continue;
        }
        for (p += len; *put && n + 1 < cap; put++)
            dst[n++] = *put;
    }
    dst[n] = '\0';
}
