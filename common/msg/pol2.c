/* SPDX-License-Identifier: Apache-2.0 */
/* POL2: the strings of the published schema, and the bits they stand for (facts: sgp02 4.1). */
#include "common/msg/eis.h"

static const struct {
    const char *action, *qualification;
    uint8_t bit;
} RULES[] = {
    {"ENABLE", "Not-Allowed", POL2_ENABLE_NOT_ALLOWED},
    {"DISABLE", "Not-Allowed", POL2_DISABLE_NOT_ALLOWED},
    {"DELETE", "Not-Allowed", POL2_DELETE_NOT_ALLOWED},
    {"DISABLE", "Auto-Delete", POL2_DISABLE_AUTO_DELETE},
};
#define N_RULES (sizeof RULES / sizeof *RULES)
#define SUBJECT "PROFILE"

static uint8_t bit_of(const struct pol2_rule *q)
{
    for (size_t i = 0; i < N_RULES; i++)
        if (span_eq(q->subject, span_str(SUBJECT)) && span_eq(q->action, span_str(RULES[i].action)) &&
            span_eq(q->qualification, span_str(RULES[i].qualification)))
            return RULES[i].bit;
    return 0;
}

bool pol2_read(const struct pol2 *p, uint8_t *ret)
{
    uint8_t bits = 0;

    for (unsigned i = 0; i < p->n; i++) {
        uint8_t bit = bit_of(&p->rules[i]);
        if (!bit)
            return false;
        bits |= bit;
    }
    *ret = bits;
    return true;
}

void pol2_write(uint8_t bits, struct pol2 *ret)
{
    *ret = (struct pol2){.present = true};
    for (size_t i = 0; i < N_RULES; i++)
        if (bits & RULES[i].bit)
            ret->rules[ret->n++] = (struct pol2_rule){
                span_str(SUBJECT), span_str(RULES[i].action), span_str(RULES[i].qualification)};
}
