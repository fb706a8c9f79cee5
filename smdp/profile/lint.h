/* SPDX-License-Identifier: Apache-2.0 */
/* Checks of a profile package before it leaves the SM-DP (trust A3, A6, A7, A8: published test
 * keys, DES keys, weak security levels). Findings name places, never values. */
#pragma once

#include "common/codec/saip.h"

enum lint_severity { LINT_NONE, LINT_WARN, LINT_REFUSE };

struct lint_rule {
    const char *id;                /* "msl-weak": stable, shown to operators */
    enum lint_severity commercial; /* on a commercial EID range */
    enum lint_severity test;       /* on a range flagged test */
    bool secret;                   /* about values personalisation replaces: not for a template */
    const char *cure;
};
/* All rules, in the order they run. */
const struct lint_rule *lint_rules(size_t *ret_n);

struct lint_options {
    bool test;           /* the EID range is flagged test */
    bool template;       /* not personalised yet: rules on its secrets wait */
    uint32_t memory_max; /* cap on the memory estimate (trust A3); 0 = none */
};

#define LINT_FINDINGS 48
struct lint_finding {
    const struct lint_rule *rule;
    enum lint_severity severity;
    char place[96]; /* "rfm 25: level 02", "MNO-SD key 01/02" */
};
struct lint_report {
    unsigned n; /* findings kept; n_refused and n_warned count all */
    struct lint_finding finding[LINT_FINDINGS];
    unsigned n_refused, n_warned;
    uint32_t memory; /* estimate in octets */
};

/* Always fills ret; a package that cannot be read is one finding of rule "structure". options may
 * be NULL: commercial, personalised, no cap. */
void profile_lint(struct span package, const struct lint_options *options, struct lint_report *ret);
/* The one of that id; NULL: no such rule. */
const struct lint_rule *lint_rule_find(const char *id);
/* The first refusal, or, without one, the first warning; NULL: nothing was found. */
const struct lint_finding *lint_worst(const struct lint_report *r);
/* A sentence for the first refusal (or, without one, the first warning): id, place and cure. False
 * when there is no finding. */
bool lint_sentence(const struct lint_report *r, struct errmsg *ret);

/* --- the judgements the rules are made of, for tests and for the order check --- */

/* SPI1 of TS 102 225 5.1.1: at least a cryptographic checksum and ciphering ("06"). */
bool lint_msl_weak(uint8_t msl);
/* Not weak, but without a counter that must rise ("16"). */
bool lint_msl_no_counter(uint8_t msl);
/* A published or trivial key: 000102.., 0123456789ABCDEF.., 404142.., TS 35.208 test set 1, or one
 * octet throughout. */
bool lint_key_known(struct span key);
/* A TAR of the S@T or WIB browser (trust A7). */
bool lint_tar_browser(const uint8_t tar[3]);
bool lint_iccid_test(const struct iccid *iccid); /* every TS.48 profile has the same */
bool lint_imsi_test(const struct imsi *imsi);    /* country 001 */
/* A published or trivial code: one digit throughout, or 12345678. */
bool lint_code_known(const uint8_t code[8]);
