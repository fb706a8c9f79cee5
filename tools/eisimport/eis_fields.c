/* SPDX-License-Identifier: Apache-2.0 */
/* Tables of elements by their published names; order is not asked for, number is. */
#include "tools/eisimport/eis_fields.h"

#include <string.h>

#include "tools/eisimport/eis_value.h"
#include "tools/eisimport/eis_xml.h"

#define FIELDS_MAX 16u

int field_bad(const struct fields *f, const xmlNode *n, const char *what)
{
    return errmsg_set(f->why, ERR_FORMAT, "line %ld: %.60s %s", xmlGetLineNo(n),
                      (const char *)n->name, what);
}

int fields_walk(struct fields *f, const xmlNode *of, const struct field *rows, size_t n, void *to)
{
    unsigned seen[FIELDS_MAX] = {0};

    for (const xmlNode *c = xml_first(of); c; c = xml_next(c)) {
        size_t i = 0;
        int err;
        while (i < n && !xml_is(c, rows[i].name))
            i++;
        if (i == n)
            return field_bad(f, c, "is no element that an EIS of the published schema has there");
        if (seen[i]++ && !(rows[i].flags & FIELD_MANY))
            return field_bad(f, c, "stands twice");
        err = rows[i].read(f, c, (uint8_t *)to + rows[i].offset);
        if (err)
            return err;
    }
    for (size_t i = 0; i < n; i++)
        if ((rows[i].flags & FIELD_MUST) && !seen[i])
            return errmsg_set(f->why, ERR_FORMAT, "line %ld: %.60s lacks its %s", xmlGetLineNo(of),
                              (const char *)of->name, rows[i].name);
    return ERR_OK;
}

int field_skip(struct fields *f, const xmlNode *n, void *to)
{
    (void)f;
    (void)n;
    (void)to;
    return ERR_OK;
}

int field_flag(struct fields *f, const xmlNode *n, void *to)
{
    struct span s;

    if (xml_text(n, &s, f->why))
        return ERR_FORMAT;
    return value_flag(s, to) ? field_bad(f, n, "is neither true nor false") : ERR_OK;
}

int field_u32(struct fields *f, const xmlNode *n, void *to)
{
    uint32_t *ret = to;
    uint64_t v = 0;
    struct span s;

    if (xml_text(n, &s, f->why))
        return ERR_FORMAT;
    if (value_number(s, UINT32_MAX, &v))
        return field_bad(f, n, "is no number of octets");
    *ret = (uint32_t)v;
    return ERR_OK;
}

int field_oid(struct fields *f, const xmlNode *n, void *to)
{
    struct span s;

    if (xml_text(n, &s, f->why))
        return ERR_FORMAT;
    return oid_parse(s, to) ? field_bad(f, n, "is no OID: numbers with dots between them") : ERR_OK;
}

int field_aid(struct fields *f, const xmlNode *n, void *to)
{
    struct span s, octets;

    if (xml_text(n, &s, f->why))
        return ERR_FORMAT;
    if (value_hex(s, f->a, 16, &octets) || aid_from_bytes(octets, to))
        return field_bad(f, n, "is no AID: 5 to 16 octets in hexadecimal");
    return ERR_OK;
}

int field_text(struct fields *f, const xmlNode *n, void *to)
{
    struct span s;

    if (xml_text(n, &s, f->why))
        return ERR_FORMAT;
    if (s.n > 100 || memchr(s.p, '&', s.n) || memchr(s.p, '<', s.n) || memchr(s.p, '>', s.n))
        return field_bad(f, n, "has more than 100 octets, or one of & < >");
    *(struct span *)to = s;
    return ERR_OK;
}

/* --- EumSignedInfo --- */
static int eid(struct fields *f, const xmlNode *n, void *to)
{
    struct span s, octets;

    if (xml_text(n, &s, f->why))
        return ERR_FORMAT;
    if (value_hex(s, f->a, 16, &octets) || eid_from_bytes(octets, to)) {
        memset(to, 0, sizeof(struct eid));
        return field_bad(f, n, "is no EID: 32 digits whose check digits hold");
    }
    return ERR_OK;
}

static int production(struct fields *f, const xmlNode *n, void *to)
{
    struct span s;

    if (xml_text(n, &s, f->why))
        return ERR_FORMAT;
    return value_time(s, to) ? field_bad(f, n, "is no date") : ERR_OK;
}

static int has_text(struct fields *f, const xmlNode *n, void *to)
{
    struct span s;

    if (xml_text(n, &s, f->why))
        return ERR_FORMAT;
    *(bool *)to = s.n > 0;
    return ERR_OK;
}

#define AT(m) offsetof(struct eum_signed_info, m)
static int capabilities(struct fields *f, const xmlNode *n, void *to)
{
    static const struct field ROWS[] = {
        {"CattpSupport", field_flag, AT(capabilities.cattp), FIELD_MUST},
        {"CattpVersion", field_skip, 0, 0},
        {"HttpSupport", field_flag, AT(capabilities.http), FIELD_MUST},
        {"HttpVersion", field_skip, 0, 0},
        {"SecurePacketVersion", has_text, AT(capabilities.secure_packet), 0},
        {"RemoteProvisioningVersion", field_text, AT(capabilities.remote_provisioning_version),
         FIELD_MUST},
    };

    (void)to;
    return fields_walk(f, n, ROWS, sizeof ROWS / sizeof *ROWS, &f->info);
}

static int signed_info(struct fields *f, const xmlNode *n, void *to)
{
    static const struct field ROWS[] = {
        {"Eid", eid, AT(eid), FIELD_MUST},
        {"Eum-id", field_oid, AT(eum_id), FIELD_MUST},
        {"ProductionDate", production, AT(production_date_ms), FIELD_MUST},
        {"PlatformType", field_text, AT(platform_type), FIELD_MUST},
        {"PlatformVersion", field_text, AT(platform_version), FIELD_MUST},
        {"Isd-p-loadfile-aid", field_aid, AT(isd_p_load_file), FIELD_MUST},
        {"Isd-p-module-aid", field_aid, AT(isd_p_module), FIELD_MUST},
        {"Ecasd", field_ecasd, 0, FIELD_MUST},
        {"EuiccCapabilities", capabilities, 0, FIELD_MUST},
    };

    (void)to;
    f->signed_info = (xmlNodePtr)(uintptr_t)n;
    return fields_walk(f, n, ROWS, sizeof ROWS / sizeof *ROWS, &f->info);
}

/* EumSignature is a signature itself, or holds one. */
static int signature(struct fields *f, const xmlNode *n, void *to)
{
    xmlNodePtr inside = xml_first(n);

    (void)to;
    f->signature = inside && xml_is_dsig(inside, "Signature") && !xml_next(inside)
                       ? inside
                       : (xmlNodePtr)(uintptr_t)n;
    return ERR_OK;
}

#define SIGNED_AT(m) offsetof(struct signed_eis, m)
int fields_read(struct fields *f, xmlNodePtr eis)
{
    static const struct field ROWS[] = {
        {"EumSignedInfo", signed_info, 0, FIELD_MUST},
        {"EumSignature", signature, 0, FIELD_MUST},
        {"RemainingMemory", field_u32, SIGNED_AT(remaining_memory), FIELD_MUST},
        {"AvailableMemoryForProfiles", field_u32, SIGNED_AT(available_memory_for_profiles),
         FIELD_MUST},
        {"LastAuditDate", field_skip, 0, 0},
        {"Smsr-id", field_oid, SIGNED_AT(smsr_id), FIELD_MUST},
        {"ProfileInfo", field_profile, 0, FIELD_MANY},
        {"Isd-r", field_isdr, 0, FIELD_MUST},
        {"AuditTrail", field_skip, 0, 0},
        {"AdditionalProperties", field_skip, 0, 0},
    };
    int err = xml_plain(eis, f->why);

    if (!err)
        err = fields_walk(f, eis, ROWS, sizeof ROWS / sizeof *ROWS, &f->s);
    if (!err) /* keys the dialect table: what the EUM signed as the type of its platform */
        f->info.capabilities.platform = f->info.platform_type;
    return err;
}
