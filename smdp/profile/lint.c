/* SPDX-License-Identifier: Apache-2.0 */
/* The rules of profile lint and the judgements behind them; in one file, longer than others, so that a rule stands
 * beside its row. */
#include "smdp/profile/lint.h"

#include "common/base/mutant.h"
#include <stdio.h>
#include <strings.h>

#define ICCID_TS48    "89000123456789012341" /* every TS.48 generic test profile, v1 to v7 */
#define MCC_TEST      "001"
#define KVN_SCP80_MAX 0x0F
#define POL1_BITS     0x07

struct lint {
    const struct lint_options *options;
    struct saip_map map;
    struct saip_profile p;
    const struct lint_rule *rule; /* the one that runs */
    struct lint_report *out;
};

/* When the list is full a refusal takes the place of the last warning: none may go unnamed. */
static struct lint_finding *slot(struct lint_report *out, enum lint_severity severity)
{
    if (out->n < LINT_FINDINGS)
        return &out->finding[out->n++];
    for (unsigned i = LINT_FINDINGS; severity == LINT_REFUSE && i > 0; i--) {
        if (out->finding[i - 1].severity == LINT_WARN)
            return &out->finding[i - 1];
    }
    return NULL;
}

static void found(struct lint *l, const char *fmt, ...) PRINTF_LIKE(2, 3);

static void found(struct lint *l, const char *fmt, ...)
{
    enum lint_severity severity = l->options->test ? l->rule->test : l->rule->commercial;
    struct lint_report *out = l->out;
    if (severity == LINT_NONE)
        return;
    out->n_refused += severity == LINT_REFUSE;
    out->n_warned += severity == LINT_WARN;
    struct lint_finding *f = slot(out, severity);
    if (!f)
        return;
    va_list args;
    va_start(args, fmt);
    (void)vsnprintf(f->place, sizeof(f->place), fmt, args);
    va_end(args);
    f->rule = l->rule;
    f->severity = severity;
}

/* --- judgements --- */

/* Numbers are not levels: 08 or 12 are above 06 and yet lack ciphering, so the bits decide. */
bool lint_msl_weak(uint8_t msl)
{
    if (mutant("LINT_ACCEPTS_MSL_02") && msl == 0x02)
        return false;
    bool checksum = msl & 0x02; /* 10 cryptographic checksum, 11 digital signature */
    bool ciphered = msl & 0x04;
    return !checksum || !ciphered;
}

bool lint_msl_no_counter(uint8_t msl)
{
    return !lint_msl_weak(msl) && !(msl & 0x10);
}

static bool ascending(struct span s, uint8_t first)
{
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] != (uint8_t)(first + i))
            return false;
    }
    return true;
}

static bool constant(struct span s)
{
    for (size_t i = 1; i < s.n; i++) {
        if (s.p[i] != s.p[0])
            return false;
    }
    return true;
}

/* Repeats of a published block, as test profiles stretch 16 octets to 24 and 32. */
static bool repeats(struct span s, const uint8_t *block, size_t n)
{
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] != block[i % n])
            return false;
    }
    return true;
}

bool lint_key_known(struct span key)
{
    static const uint8_t COUNT[] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
    static const uint8_t NIBBLES[] = {0x01, 0x23, 0x45, 0x67, 0x89, 0xAB, 0xCD, 0xEF};
    static const uint8_t TS35208_K[] = {0x46, 0x5B, 0x5C, 0xE8, 0xB1, 0x99, 0xB4, 0x9F,
                                        0xAA, 0x5F, 0x0A, 0x2E, 0xE2, 0x38, 0xA6, 0xBC};
    static const uint8_t TS35208_OPC[] = {0xCD, 0x63, 0xCB, 0x71, 0x95, 0x4A, 0x9F, 0x4E,
                                          0x48, 0xA5, 0x99, 0x4E, 0x37, 0xA0, 0x2B, 0xAF};
    if (key.n == 0)
        return false;
    return constant(key) || ascending(key, 0x00) || ascending(key, 0x40) ||
           repeats(key, COUNT, sizeof(COUNT)) || repeats(key, NIBBLES, sizeof(NIBBLES)) ||
           repeats(key, TS35208_K, sizeof(TS35208_K)) ||
           repeats(key, TS35208_OPC, sizeof(TS35208_OPC));
}

/* As the published scanners list them: S@T, then WIB (Simjacker and its kin). */
bool lint_tar_browser(const uint8_t tar[3])
{
    static const uint8_t LOW[] = {0x00, 0x01, 0x02, 0x03, 0x04, 0x05, 0x15, 0x22, 0xBA, 0xEE, 0xFF};
    if (memcmp(tar, "\x50\x53\x48", 3) == 0 || memcmp(tar, "\x53\x40\x54", 3) == 0)
        return true;
    if (tar[0] == 0 && tar[1] == 0)
        return tar[2] >= 1 && tar[2] <= 9;
    return tar[0] == 0xBF && tar[1] == 0xFF && memchr(LOW, tar[2], sizeof(LOW));
}

bool lint_iccid_test(const struct iccid *iccid)
{
    return strcmp(iccid->s, ICCID_TS48) == 0;
}

bool lint_imsi_test(const struct imsi *imsi)
{
    return strncmp(imsi->s, MCC_TEST, 3) == 0;
}

bool lint_code_known(const uint8_t code[8])
{
    size_t n = 8;
    while (n && code[n - 1] == 0xFF)
        n--;
    struct span s = span_of(code, n);
    return n == 0 || constant(s) || ascending(s, '0') || ascending(s, '1');
}

static bool is_des(uint8_t type)
{
    return type >= 0x80 && type <= 0x84;
}

static const char *msl_place_name(uint8_t place)
{
    static const char *const NAMES[] = {"rfm", "security domain toolkit",
                                        "security domain SIM toolkit", "application toolkit",
                                        "application SIM toolkit"};
    return place < sizeof(NAMES) / sizeof(NAMES[0]) ? NAMES[place] : "?";
}

/* --- rules --- */

static void rule_missing(struct lint *l)
{
    static const struct {
        enum saip_ef ef;
        const char *name;
    } FILES[] = {{SAIP_EF_ICCID, "EF-ICCID"}, {SAIP_EF_IMSI, "EF-IMSI"}, {SAIP_EF_ACC, "EF-ACC"}};
    for (size_t i = 0; i < sizeof(FILES) / sizeof(FILES[0]); i++) {
        if (!l->map.ef[FILES[i].ef].raw.p)
            found(l, "%s", FILES[i].name);
    }
    if (!l->map.n_aka)
        found(l, "akaParameter with a key");
    if (!l->map.n_pin)
        found(l, "pinCodes");
}

static void rule_duplicate(struct lint *l)
{
    static const uint8_t ONCE[] = {SAIP_PE_PUK, SAIP_PE_MF, SAIP_PE_USIM, SAIP_PE_OPT_USIM};
    for (size_t i = 0; i < sizeof(ONCE); i++) {
        if (l->map.count[ONCE[i]] > 1)
            found(l, "%u elements %s", l->map.count[ONCE[i]], saip_pe_name(ONCE[i]));
    }
    if (l->map.same_identification)
        found(l, "two elements with one identification");
}

static void rule_iccid_differs(struct lint *l)
{
    if (l->map.ef[SAIP_EF_ICCID].fills && !iccid_eq(&l->p.iccid_header, &l->p.iccid_ef))
        found(l, "header and EF-ICCID");
}

static void rule_iccid_luhn(struct lint *l)
{
    if (!iccid_luhn_ok(&l->p.iccid_header))
        found(l, "ICCID %s", l->p.iccid_header.s);
}

static void rule_iccid_test(struct lint *l)
{
    if (lint_iccid_test(&l->p.iccid_header))
        found(l, "ICCID " ICCID_TS48);
}

static void rule_imsi_test(struct lint *l)
{
    if (lint_imsi_test(&l->p.imsi))
        found(l, "EF-IMSI, country " MCC_TEST);
}

static void rule_mnc_length(struct lint *l)
{
    unsigned len = l->p.ad_len >= 4 ? l->p.ad[3] & 0x0F : 2;
    if (len != 2 && len != 3)
        found(l, "EF-AD, MNC length %u", len);
}

static void rule_acc(struct lint *l)
{
    unsigned acc = (unsigned)l->p.acc[0] << 8 | l->p.acc[1];
    if (l->p.has_acc && (acc & 0x0400 || !(acc & 0x03FF)))
        found(l, "EF-ACC %04X", acc);
}

/* EF-IMPI: 80 LL and a text that begins with the IMSI (TS 23.003 13.3). */
static void rule_isim(struct lint *l)
{
    uint8_t b[256];
    size_t n = 0;
    const struct saip_file *f = &l->map.ef[SAIP_EF_IMPI];
    size_t imsi = strlen(l->p.imsi.s);
    if (!f->fills || saip_file_content(f, b, sizeof(b), &n) || !imsi)
        return;
    if (n < 2 + imsi || memcmp(b + 2, l->p.imsi.s, imsi) != 0)
        found(l, "isim EF-IMPI");
}

static void rule_pol1(struct lint *l)
{
    if (l->p.has_pol && l->p.pol & ~POL1_BITS)
        found(l, "header pol %02X", l->p.pol);
}

static void rule_algorithm(struct lint *l)
{
    for (unsigned i = 0; i < l->map.n_aka; i++) {
        if (l->map.aka[i].algorithm == 3)
            found(l, "akaParameter %u", i + 1);
    }
}

static void rule_ki(struct lint *l)
{
    for (unsigned i = 0; i < l->map.n_aka; i++) {
        if (lint_key_known(saip_value(l->map.aka[i].key)))
            found(l, "akaParameter %u", i + 1);
    }
}

static void rule_opc(struct lint *l)
{
    for (unsigned i = 0; i < l->map.n_aka; i++) {
        struct span opc = saip_value(l->map.aka[i].opc);
        if (opc.n == 0 || lint_key_known(opc))
            found(l, "akaParameter %u", i + 1);
    }
}

static void key_found(struct lint *l, const struct saip_key_at *k)
{
    found(l, "security domain %u key %02X/%02X, type %02X", k->sd, k->kvn, k->kid, k->type);
}

static void rule_ota_des(struct lint *l)
{
    for (unsigned i = 0; i < l->map.n_key; i++) {
        const struct saip_key_at *k = &l->map.key[i];
        if (is_des(k->type) && k->kvn >= 1 && k->kvn <= KVN_SCP80_MAX)
            key_found(l, k);
    }
}

static void rule_sd_des(struct lint *l)
{
    for (unsigned i = 0; i < l->map.n_key; i++) {
        const struct saip_key_at *k = &l->map.key[i];
        if (is_des(k->type) && (k->kvn == 0 || k->kvn > KVN_SCP80_MAX))
            key_found(l, k);
    }
}

static void rule_sd_known(struct lint *l)
{
    for (unsigned i = 0; i < l->map.n_key; i++) {
        const struct saip_key_at *k = &l->map.key[i];
        if (k->type <= 0x8F && lint_key_known(saip_value(k->data)))
            key_found(l, k);
    }
}

static void rule_ota_missing(struct lint *l)
{
    for (unsigned i = 0; i < l->map.n_key; i++) {
        const struct saip_key_at *k = &l->map.key[i];
        if (k->sd == 0 && k->type == 0x88 && k->kvn >= 1 && k->kvn <= KVN_SCP80_MAX)
            return;
    }
    found(l, "MNO-SD");
}

/* PIN1 and PIN2 are the user's to change; PUK and ADM codes stay. */
static void rule_codes(struct lint *l)
{
    for (unsigned i = 0; i < l->p.n_puk; i++) {
        if (lint_code_known(l->p.puk[i].value))
            found(l, "pukCodes %02X", l->p.puk[i].key_ref);
    }
    for (unsigned i = 0; i < l->p.n_pin; i++) {
        uint8_t ref = l->p.pin[i].key_ref & 0x7F;
        if (ref >= 0x0A && ref <= 0x0E && lint_code_known(l->p.pin[i].value))
            found(l, "pinCodes %02X (ADM)", l->p.pin[i].key_ref);
    }
}

static void rule_msl_weak(struct lint *l)
{
    for (unsigned i = 0; i < l->map.n_msl; i++) {
        const struct saip_msl *m = &l->map.msl[i];
        if (lint_msl_weak(m->value))
            found(l, "%s, element %u: level %02X", msl_place_name(m->place), m->identification,
                  m->value);
    }
}

static void rule_msl_counter(struct lint *l)
{
    for (unsigned i = 0; i < l->map.n_msl; i++) {
        const struct saip_msl *m = &l->map.msl[i];
        if (lint_msl_no_counter(m->value))
            found(l, "%s, element %u: level %02X", msl_place_name(m->place), m->identification,
                  m->value);
    }
}

static void browsers(struct lint *l, bool open)
{
    for (unsigned i = 0; i < l->map.n_tar; i++) {
        const struct saip_tar *t = &l->map.tar[i];
        if (lint_tar_browser(t->tar) && lint_msl_weak(t->level) == open)
            found(l, "element %u: TAR %02X%02X%02X, level %02X", t->identification, t->tar[0],
                  t->tar[1], t->tar[2], t->level);
    }
}

static void rule_browser_open(struct lint *l)
{
    browsers(l, true);
}

static void rule_browser(struct lint *l)
{
    browsers(l, false);
}

/* "GSMA Generic eUICC Test Profile" of TS.48, and what calls itself likewise. */
static void rule_type_test(struct lint *l)
{
    static const char NAME[] = "test profile";
    for (const char *s = l->p.profile_type; *s; s++) {
        if (strncasecmp(s, NAME, sizeof(NAME) - 1) == 0) {
            found(l, "header profileType");
            return;
        }
    }
}

static void rule_memory(struct lint *l)
{
    if (l->options->memory_max && l->map.memory > l->options->memory_max)
        found(l, "estimate %u, allowed %u octets", l->map.memory, l->options->memory_max);
}

static void rule_version(struct lint *l)
{
    if (l->p.version_major < 1 || l->p.version_major > 3)
        found(l, "header version %u.%u", l->p.version_major, l->p.version_minor);
}

#define R LINT_REFUSE
#define W LINT_WARN
static const struct lint_rule RULES[] = {
    {"structure", R, R, false, "export the package again as DER with header first and end last"},
    {"element-missing", R, R, false, "add the element to the template"},
    {"element-duplicate", R, R, false, "keep one element of the kind, one number each"},
    {"version-unknown", W, W, false, "use a package version the card's maker lists"},
    {"iccid-differs", R, R, true, "personalise the package again"},
    {"iccid-luhn", W, W, true, "check the ICCID for a typing error"},
    {"iccid-test", R, W, true, "TS.48 test profiles belong on a range flagged test"},
    {"imsi-test", R, W, true, "use an IMSI of the operator, or a range flagged test"},
    {"mnc-length", R, R, true, "set octet 4 of EF-AD to 2 or 3"},
    {"acc", W, W, true, "set one access class of 0 to 9 and not 10"},
    {"isim-identity", W, W, true,
     "remove the ISIM from the template or give it this IMSI's identity"},
    {"pol1-reserved", R, R, false, "only the bits 01, 02 and 04 of POL1 have a meaning"},
    {"usim-test-algorithm", R, W, false, "set algorithmID to Milenage (1) or TUAK (2)"},
    {"ki-known", R, W, true, "give the subscription a secret K"},
    {"opc-known", R, W, true, "give the subscription its OPc"},
    {"ota-key-des", R, W, false, "replace the key set by AES keys (type 88)"},
    {"sd-key-des", W, W, false, "replace the key set by AES keys (type 88)"},
    {"sd-key-known", R, W, true, "give the subscription secret OTA keys, remove other key sets"},
    {"ota-key-missing", W, W, false,
     "add an AES key set 01 to 0F, or the profile cannot be managed"},
    {"code-known", R, W, true, "give the subscription its own PUK and ADM codes"},
    {"msl-weak", R, W, false, "require checksum and ciphering: level 16"},
    {"msl-no-counter", W, W, false, "require a rising counter: level 16"},
    {"browser-open", R, R, false,
     "remove the S@T or WIB application, or require checksum and ciphering of it: level 16"},
    {"browser", W, W, false, "remove the S@T or WIB application unless a service needs it"},
    {"type-test", R, W, false, "TS.48 test profiles belong on a range flagged test"},
    {"memory", R, R, false, "remove files or applications, or ask for a higher memory allowance"},
};
#undef R
#undef W

typedef void check(struct lint *l);
/* One for each of RULES, in the same order; structure is what saip_read says. */
static check *const CHECKS[] = {
    NULL,
    rule_missing,
    rule_duplicate,
    rule_version,
    rule_iccid_differs,
    rule_iccid_luhn,
    rule_iccid_test,
    rule_imsi_test,
    rule_mnc_length,
    rule_acc,
    rule_isim,
    rule_pol1,
    rule_algorithm,
    rule_ki,
    rule_opc,
    rule_ota_des,
    rule_sd_des,
    rule_sd_known,
    rule_ota_missing,
    rule_codes,
    rule_msl_weak,
    rule_msl_counter,
    rule_browser_open,
    rule_browser,
    rule_type_test,
    rule_memory,
};
#define N_RULES (sizeof(RULES) / sizeof(RULES[0]))
_Static_assert(sizeof(CHECKS) / sizeof(CHECKS[0]) == N_RULES, "one check for each rule");

const struct lint_rule *lint_rules(size_t *ret_n)
{
    *ret_n = N_RULES;
    return RULES;
}

void profile_lint(struct span package, const struct lint_options *options, struct lint_report *ret)
{
    static const struct lint_options COMMERCIAL;
    struct errmsg why = {""};
    struct lint l = {.options = options ? options : &COMMERCIAL, .out = ret};
    memset(ret, 0, sizeof(*ret));
    l.rule = &RULES[0];
    if (saip_read(package, &l.p, &why) || saip_locate(package, &l.map, &why)) {
        found(&l, "%.90s", why.text);
        return;
    }
    ret->memory = l.map.memory;
    for (size_t i = 1; i < N_RULES; i++) {
        l.rule = &RULES[i];
        if (!(l.rule->secret && l.options->template))
            CHECKS[i](&l);
    }
    mem_wipe(&l.p, sizeof(l.p));
}

const struct lint_rule *lint_rule_find(const char *id)
{
    for (size_t i = 0; i < N_RULES; i++)
        if (strcmp(RULES[i].id, id) == 0)
            return &RULES[i];
    return NULL;
}

const struct lint_finding *lint_worst(const struct lint_report *r)
{
    const struct lint_finding *f = NULL;
    for (unsigned i = 0; i < r->n; i++) {
        if (!f || (f->severity == LINT_WARN && r->finding[i].severity == LINT_REFUSE))
            f = &r->finding[i];
    }
    return f;
}

bool lint_sentence(const struct lint_report *r, struct errmsg *ret)
{
    const struct lint_finding *f = lint_worst(r);
    if (!f)
        return false;
    (void)errmsg_set(ret, ERR_OK, "profile rule %s: %s; %s", f->rule->id, f->place, f->rule->cure);
    return true;
}
