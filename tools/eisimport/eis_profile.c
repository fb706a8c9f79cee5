/* SPDX-License-Identifier: Apache-2.0 */
/* ProfileInfo, and the security domains with their key sets and certificates (facts: sgp02 3.1).
 * Keys are wrapped by the transport key (SGP.02 2.8) and stay so. */
#include <string.h>

#include "tools/eisimport/eis_fields.h"
#include "tools/eisimport/eis_value.h"
#include "tools/eisimport/eis_xml.h"

#define WRAPPED_MAX 256u
#define ECASD_MAX   2048u

/* --- profiles --- */
static int iccid(struct fields *f, const xmlNode *n, void *to)
{
    struct span s;

    if (xml_text(n, &s, f->why))
        return ERR_FORMAT;
    return iccid_parse(s, to) ? field_bad(f, n, "is no ICCID: 18 to 20 digits that begin with 89")
                              : ERR_OK;
}

static int imsi(struct fields *f, const xmlNode *n, void *to)
{
    struct span s;

    if (xml_text(n, &s, f->why))
        return ERR_FORMAT;
    return s.n && imsi_parse(s, to) ? field_bad(f, n, "is no IMSI: 6 to 15 digits") : ERR_OK;
}

static int msisdn(struct fields *f, const xmlNode *n, void *to)
{
    struct span s;

    if (xml_text(n, &s, f->why))
        return ERR_FORMAT;
    return s.n && msisdn_parse(s, to) ? field_bad(f, n, "is no number: 3 to 15 digits") : ERR_OK;
}

static int address(struct fields *f, const xmlNode *n, void *to)
{
    static const struct field ROWS[] = {
        {"Imsi", imsi, offsetof(struct subscription_address, imsi), 0},
        {"Msisdn", msisdn, offsetof(struct subscription_address, msisdn), 0},
    };

    return fields_walk(f, n, ROWS, sizeof ROWS / sizeof *ROWS, to);
}

static int profile_state(struct fields *f, const xmlNode *n, void *to)
{
    enum profile_state *state = to;
    struct span s;

    if (xml_text(n, &s, f->why))
        return ERR_FORMAT;
    *state = profile_state_parse(s);
    return *state == PROFILE_ENABLED || *state == PROFILE_DISABLED || *state == PROFILE_CREATED
               ? ERR_OK
               : field_bad(f, n, "is none of Enabled, Disabled, Created");
}

static int rule(struct fields *f, const xmlNode *n, void *to)
{
    static const struct field ROWS[] = {
        {"Subject", field_text, offsetof(struct pol2_rule, subject), FIELD_MUST},
        {"Action", field_text, offsetof(struct pol2_rule, action), FIELD_MUST},
        {"Qualification", field_text, offsetof(struct pol2_rule, qualification), FIELD_MUST},
    };
    struct pol2 *p = to;

    if (p->n == EIS_POL2_MAX)
        return field_bad(f, n, "is one rule more than this SM-SR takes");
    return fields_walk(f, n, ROWS, sizeof ROWS / sizeof *ROWS, &p->rules[p->n++]);
}

static int pol2(struct fields *f, const xmlNode *n, void *to)
{
    static const struct field ROWS[] = {{"Rule", rule, 0, FIELD_MANY}};
    struct pol2 *p = to;

    p->present = true;
    return fields_walk(f, n, ROWS, 1, p);
}

#define AT(m) offsetof(struct eis_profile, m)
int field_profile(struct fields *f, const xmlNode *n, void *to)
{
    static const struct field ROWS[] = {
        {"Iccid", iccid, AT(iccid), FIELD_MUST},
        {"Isd-p-aid", field_aid, AT(isdp_aid), FIELD_MUST},
        {"Mno-id", field_oid, AT(mno_id), FIELD_MUST},
        {"FallbackAttribute", field_flag, AT(fallback_attribute), FIELD_MUST},
        {"SubscriptionAddress", address, AT(address), 0},
        {"State", profile_state, AT(state), FIELD_MUST},
        {"Smdp-id", field_oid, AT(smdp_id), 0},
        {"ProfileType", field_text, AT(profile_type), 0},
        {"AllocatedMemory", field_u32, AT(allocated_memory), 0},
        {"FreeMemory", field_u32, AT(free_memory), 0},
        {"pol2", pol2, AT(pol2), 0},
    };

    (void)to;
    if (f->s.n_profiles == EIS_PROFILES_MAX)
        return field_bad(f, n, "is one profile more than a card can have here");
    return fields_walk(f, n, ROWS, sizeof ROWS / sizeof *ROWS, &f->s.profiles[f->s.n_profiles++]);
}

/* --- key sets --- */
struct key_at {
    struct eis_key *key;
    bool has_value;
};

static int octet_of(struct span s, uint8_t *ret)
{
    struct arena a;
    struct span v;
    int err;

    arena_init(&a, 64);
    err = value_hex(s, &a, 1, &v);
    if (!err && v.n == 1)
        *ret = v.p[0];
    else
        err = ERR_FORMAT;
    arena_fini(&a);
    return err;
}

/* KeyComponent type="88" value="..."; the same as elements on some platforms. */
static struct span attribute_or_child(struct fields *f, const xmlNode *n, const char *attribute,
                                      const char *element)
{
    struct span s = xml_attribute(n, attribute);

    for (const xmlNode *c = xml_first(n); !s.p && c; c = xml_next(c))
        if (xml_is(c, element) && xml_text(c, &s, f->why))
            return (struct span){NULL, 0};
    return s;
}

static int component(struct fields *f, const xmlNode *n, void *to)
{
    struct key_at *k = to;
    struct span type = attribute_or_child(f, n, "type", "Type"),
                value = attribute_or_child(f, n, "value", "Value");

    if (k->has_value)
        return field_bad(f, n, "is a second component: a key of an ISD-R has one");
    if (octet_of(value_trim(type), &k->key->type) ||
        value_hex(value_trim(value), f->a, WRAPPED_MAX, &k->key->wrapped) || !k->key->wrapped.n)
        return field_bad(f, n, "lacks a type of one octet or a value, in hexadecimal");
    k->has_value = f->has_keys = true;
    return ERR_OK;
}

static int components(struct fields *f, const xmlNode *n, void *to)
{
    static const struct field ROWS[] = {{"KeyComponent", component, 0, FIELD_MANY}};

    return xml_attribute(n, "value").p ? component(f, n, to) : fields_walk(f, n, ROWS, 1, to);
}

static int index_of(struct fields *f, const xmlNode *n, void *to)
{
    struct key_at *k = to;
    uint64_t v;
    struct span s;

    if (xml_text(n, &s, f->why))
        return ERR_FORMAT;
    if (value_number(s, 127, &v))
        return field_bad(f, n, "is no key identifier of 0 to 127");
    k->key->kid = (uint8_t)v;
    return ERR_OK;
}

static int key(struct fields *f, const xmlNode *n, void *to)
{
    static const struct field ROWS[] = {{"Index", index_of, 0, FIELD_MUST},
                                        {"KeyComponents", components, 0, FIELD_MUST | FIELD_MANY}};
    struct eis_keyset *set = to;
    struct span kcv = xml_attribute(n, "kcv"), octets;
    struct key_at k = {NULL, false};
    int err;

    if (set->n_keys == EIS_KEYS_MAX)
        return field_bad(f, n, "is one key more than a key set can have here");
    k.key = &set->keys[set->n_keys++];
    err = fields_walk(f, n, ROWS, sizeof ROWS / sizeof *ROWS, &k);
    if (err || !kcv.p)
        return err;
    if (value_hex(value_trim(kcv), f->a, sizeof k.key->kcv, &octets) ||
        octets.n != sizeof k.key->kcv)
        return field_bad(f, n, "has a kcv that is not three octets");
    memcpy(k.key->kcv, octets.p, octets.n);
    k.key->has_kcv = true;
    return ERR_OK;
}

static int version(struct fields *f, const xmlNode *n, void *to)
{
    struct eis_keyset *set = to;
    struct span s;
    uint64_t v;

    if (xml_text(n, &s, f->why))
        return ERR_FORMAT;
    if (value_number(s, 127, &v) || !v)
        return field_bad(f, n, "is no key version of 1 to 127, in decimal");
    set->version = (uint8_t)v;
    return ERR_OK;
}

static int set_type(struct fields *f, const xmlNode *n, void *to)
{
    static const struct {
        const char *name;
        uint8_t type;
    } TYPES[] = {{"SCP80", 0x80}, {"SCP81", 0x81}, {"SCP03", 0x03}};
    struct eis_keyset *set = to;
    struct span s;

    if (xml_text(n, &s, f->why))
        return ERR_FORMAT;
    for (size_t i = 0; i < sizeof TYPES / sizeof *TYPES; i++)
        if (span_eq(s, span_str(TYPES[i].name)))
            set->type = TYPES[i].type;
    return ERR_OK; /* others say what the version says, too */
}

/* Hexadecimal when five octets of digits are written, else decimal: the schema leaves it open. */
static int counter(struct fields *f, const xmlNode *n, void *to)
{
    struct eis_keyset *set = to;
    struct span s, octets;

    if (xml_text(n, &s, f->why))
        return ERR_FORMAT;
    if (s.n == 10 && !value_hex(s, f->a, 5, &octets)) {
        struct reader r = rd_init(octets);
        set->counter = rd_u40(&r);
        return ERR_OK;
    }
    return value_number(s, 0xFFFFFFFFFFull, &set->counter)
               ? field_bad(f, n, "is no counter of five octets")
               : ERR_OK;
}

static int keyset(struct fields *f, const xmlNode *n, void *to)
{
    static const struct field ROWS[] = {
        {"Version", version, 0, FIELD_MUST},
        {"Type", set_type, 0, 0},
        {"Cntr", counter, 0, 0},
        {"Key", key, 0, FIELD_MANY},
        {"Certificate", field_skip, 0, FIELD_MANY},
    };
    struct eis_keyset *set;

    (void)to;
    if (f->s.n_keysets == EIS_KEYSETS_MAX)
        return field_bad(f, n, "is one key set more than an ISD-R can have here");
    set = &f->s.keysets[f->s.n_keysets++];
    if (fields_walk(f, n, ROWS, sizeof ROWS / sizeof *ROWS, set))
        return ERR_FORMAT;
    if (!set->type)
        set->type = set->version >= 0x40 && set->version <= 0x4F ? 0x81 : 0x80;
    return ERR_OK;
}

/* Members of a security domain; what is not asked for is looked at by name only. */
#define DOMAIN_ROWS(keysets)                                                                       \
    {"Aid", field_skip, 0, 0}, {"Tar", field_skip, 0, FIELD_MANY}, {"Sin", field_skip, 0, 0},      \
        {"Sdin", field_skip, 0, 0}, {"Role", field_skip, 0, 0},                                    \
    {                                                                                              \
        "Keyset", keysets, 0, FIELD_MANY | FIELD_MUST                                              \
    }

int field_isdr(struct fields *f, const xmlNode *n, void *to)
{
    static const struct field ROWS[] = {DOMAIN_ROWS(keyset)};

    (void)to;
    return fields_walk(f, n, ROWS, sizeof ROWS / sizeof *ROWS, f);
}

/* --- ECASD: its certificate --- */
static int certificate_value(struct fields *f, const xmlNode *n, void *to)
{
    struct span s;

    (void)to;
    if (xml_text(n, &s, f->why))
        return ERR_FORMAT;
    if (f->info.ecasd_certificate.n)
        return ERR_OK; /* the first one is that of the key agreement */
    return value_hex(s, f->a, ECASD_MAX, &f->info.ecasd_certificate) || !f->info.ecasd_certificate.n
               ? field_bad(f, n, "is no certificate in hexadecimal")
               : ERR_OK;
}

static int certificate(struct fields *f, const xmlNode *n, void *to)
{
    static const struct field ROWS[] = {{"Index", field_skip, 0, 0},
                                        {"CaId", field_skip, 0, 0},
                                        {"Value", certificate_value, 0, FIELD_MUST}};

    return fields_walk(f, n, ROWS, sizeof ROWS / sizeof *ROWS, to);
}

static int ecasd_keyset(struct fields *f, const xmlNode *n, void *to)
{
    static const struct field ROWS[] = {
        {"Version", field_skip, 0, 0},
        {"Type", field_skip, 0, 0},
        {"Cntr", field_skip, 0, 0},
        {"Key", field_skip, 0, FIELD_MANY},
        {"Certificate", certificate, 0, FIELD_MANY},
    };

    return fields_walk(f, n, ROWS, sizeof ROWS / sizeof *ROWS, to);
}

int field_ecasd(struct fields *f, const xmlNode *n, void *to)
{
    static const struct field ROWS[] = {DOMAIN_ROWS(ecasd_keyset)};
    int err;

    (void)to;
    err = fields_walk(f, n, ROWS, sizeof ROWS / sizeof *ROWS, f);
    return err || f->info.ecasd_certificate.n ? err : field_bad(f, n, "holds no certificate");
}
