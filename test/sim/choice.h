/* SPDX-License-Identifier: Apache-2.0 */
/* Choices of a world: each call of a party, each fault that hits, each death that comes due gets a
 * number in the order in which they are drawn. One that is left out is drawn all the same but does
 * not happen, so that a failing schedule can be cut down to a short story. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CHOICES_MAX 65536u /* numbers above it can be left out all together only */

#define CHOICE_KINDS_MAX 32u
#define CHOICE_KIND_TEXT 40u

/* Its words without what differs from time to time: "sms-doubled", "is-to-die". */
struct choice_kinds {
    char name[CHOICE_KINDS_MAX][CHOICE_KIND_TEXT];
    unsigned n;
};
struct choices_out {              /* what is left out */
    struct choice_kinds kinds;    /* all of a kind */
    uint8_t bit[CHOICES_MAX / 8]; /* of number n: n - 1 */
    uint64_t after;               /* every number above this one too; 0: none */
};

bool choice_is_out(const struct choices_out *o, uint64_t number);
void choice_set(struct choices_out *o, uint64_t number, bool out);
bool choice_kind_known(const struct choice_kinds *k, const char *name);
/* Once each; one more than there is room for is not taken. */
void choice_kind_add(struct choice_kinds *k, const char *name);
/* "sms-doubled,3,17-40,90-": kinds, numbers, ranges, and all from a number on. false: not of that
 * form, or too large. */
bool choice_parse(const char *text, struct choices_out *ret);
/* The same text of what is left out of the numbers 1 to n, and of all above them; truncated to cap.
 */
void choice_text(const struct choices_out *o, uint64_t n, char *ret, size_t cap);
