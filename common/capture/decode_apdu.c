/* SPDX-License-Identifier: Apache-2.0 */
/* C-APDUs and R-APDUs of ES5 and ES8 (SGP.02 4.1.1, 4.1.3; GlobalPlatform Card Specification 11).
 * The clauses of the card functions stand in this table and nowhere else; the numbering of 4.1.1 is
 * taken from the order of the operation types of the audit trail (believed). */
#include "common/capture/decode.h"

#include "common/codec/tlv.h"
#include "common/base/ids.h"

#include <stdio.h>

static const struct {
    uint8_t ins, p1;
    bool any_p1;
    const char *name, *clause;
} COMMANDS[] = {
    {0xE6, 0x0C, false, "INSTALL [for install and make selectable]: CreateISDP", "SGP.02 4.1.1.1"},
    {0xE6, 0x20, false, "INSTALL [for personalization]", "SGP.02 4.1.3.1"},
    {0xE2, 0, true, "STORE DATA", "SGP.02 4.1.1"},
    {0xE4, 0, true, "DELETE", "SGP.02 4.1.1.4"},
    {0xF2, 0, true, "GET STATUS: eUICCCapabilityAudit", "SGP.02 4.1.1.5"},
    {0xCA, 0, true, "GET DATA: eUICCCapabilityAudit", "SGP.02 4.1.1.5"},
    {0xEC, 0, true, "PUSH", "TS 102 226 8.3"},
    {0xD8, 0, true, "PUT KEY", "GPCS 11.8"},
    {0x50, 0, true, "INITIALIZE UPDATE", "GP Amd D 7.1.1"},
    {0x82, 0, true, "EXTERNAL AUTHENTICATE", "GP Amd D 7.1.2"},
};

static const struct {
    uint16_t tag;
    const char *name, *clause;
} DGIS[] = {
    {0x3A01, "certificate of the SM-DP or SM-SR", "SGP.02 4.1.3.1"},
    {0x3A02, "key agreement", "SGP.02 4.1.3.1"},
    {0x3A03, "EnableProfile", "SGP.02 4.1.1.2"},
    {0x3A04, "DisableProfile", "SGP.02 4.1.1.3"},
    {0x3A05, "SetFallBackAttribute", "SGP.02 4.1.1.7"},
    {0x3A07, "addressing or connectivity parameters", "SGP.02 4.1.1.10"},
    {0x3A08, "HandleNotificationConfirmation", "SGP.02 4.1.1.11"},
};

/* Tags; parent 0 stands for any. */
static const struct {
    uint32_t parent, tag;
    const char *name;
} TAGS[] = {
    {0, 0x4F, "AID"},
    {0, 0x4E, "sequence number"},
    {0, 0x5C, "tag list"},
    {0, 0xE3, "GlobalPlatform registry entry"},
    {0, 0x9F70, "life cycle"},
    {0, 0x53, "fall-back attribute"},
    {0, 0x8F, "granted non-volatile memory"},
    {0, 0x91, "remaining non-volatile memory"},
    {0, 0xFF21, "extended card resources"},
    {0xFF21, 0x81, "installed applications"},
    {0xFF21, 0x82, "free non-volatile memory"},
    {0xFF21, 0x83, "free volatile memory"},
    {0, 0xBF30, "eUICC data"},
    {0, 0x66, "recognition data"},
    {0, 0x7F21, "certificate"},
    {0, 0xC9, "parameters of the security domain"},
    {0xC9, 0x81, "secure channel: protocol and options"},
    {0, 0xEF, "system parameters"},
    {0xEF, 0x83, "cumulative granted non-volatile memory"},
    {0, 0xA3, "SMS parameters"},
    {0, 0x85, "random challenge"},
    {0, 0x86, "receipt"},
    {0, 0x80, "ISD-Ps deleted by POL1"},
    {0, 0xF2, "keys kept"},
};

const char *lifecycle_text(uint8_t lifecycle)
{
    switch (lifecycle) {
    case 0x03:
        return "INSTALLED";
    case 0x07:
        return "SELECTABLE";
    case 0x0F:
        return "PERSONALIZED";
    case 0x1F:
        return "DISABLED";
    case 0x3F:
        return "ENABLED";
    default:
        return "not defined";
    }
}

static const char *tag_name(uint32_t parent, uint32_t tag)
{
    const char *any = "";

    for (size_t i = 0; i < sizeof TAGS / sizeof *TAGS; i++) {
        if (TAGS[i].tag == tag && TAGS[i].parent == parent)
            return TAGS[i].name;
        if (TAGS[i].tag == tag && TAGS[i].parent == 0)
            any = TAGS[i].name;
    }
    return any;
}

static uint64_t number(struct span s)
{
    uint64_t v = 0;

    for (size_t i = 0; i < s.n && i < 8; i++)
        v = (v << 8) | s.p[i];
    return v;
}

static const char *aid_kind(struct span s)
{
    struct aid aid;

    if (aid_from_bytes(s, &aid) != ERR_OK)
        return "";
    if (aid_eq(&aid, &AID_ISD_R))
        return " (ISD-R)";
    if (aid_eq(&aid, &AID_ECASD))
        return " (ECASD)";
    return aid_is_isd_p(&aid, NULL) ? " (ISD-P)" : "";
}

static void say_tag(struct row *row, uint32_t parent, const struct tlv *t)
{
    const char *name = tag_name(parent, t->tag);

    if (t->tag == 0x4F && t->value.n == 0)
        row_say(row, "AID: every one");
    else if (t->tag == 0x80 && parent == 0x3A08 && t->value.n == 0)
        row_say(row, "ISD-Ps deleted by POL1: none");
    else if (t->tag == 0x4F)
        row_say(row, "AID%s", aid_kind(t->value));
    else if (t->tag == 0x9F70 && t->value.n == 1)
        row_say(row, "%s %02X %s", name, t->value.p[0], lifecycle_text(t->value.p[0]));
    else if (t->tag == 0x53 && t->value.n == 1)
        row_say(row, "%s %s", name, t->value.p[0] & 1 ? "set" : "not set");
    else if (t->tag == 0x4E || t->tag == 0x8F || t->tag == 0x91 || parent == 0xFF21 ||
             parent == 0xEF)
        row_say(row, "%s %llu", name, (unsigned long long)number(t->value));
    else
        row_say(row, "%s", name);
}

static bool constructed(uint32_t tag)
{
    unsigned first = tag > 0xFFFF ? tag >> 16 : tag > 0xFF ? tag >> 8 : tag;

    /* C9 and the answer to a confirmation hold TLVs although their tags do not say so. */
    return (first & 0x20u) != 0 || tag == 0xC9;
}

static void decode_tlvs(struct rows *out, unsigned depth, struct span s, uint32_t parent)
{
    struct reader r = rd_init(s);
    struct tlv t;
    int err;

    while ((err = tlv_next(&r, &t)) == ERR_OK) {
        char name[12];
        bool inside = constructed(t.tag) || (t.tag == 0x80 && parent == 0x3A08);
        (void)snprintf(name, sizeof name, "%02X", (unsigned)t.tag);
        say_tag(rows_add(out, depth, name, t.value, NULL), parent, &t);
        if (inside && t.value.n && depth < 12 && parent != 0x7F21)
            decode_tlvs(out, depth + 1, t.value, t.tag);
    }
    if (err != ERR_NOT_FOUND)
        row_say(rows_add(out, depth, "?", rd_rest(&r), NULL), "octets that are no TLV");
}

/* --- commands --- */

/* The comprehension TLVs of a PUSH for a data channel (TS 102 223 8): none is inside another one,
 * whatever its tag looks like. */
static void decode_push(struct rows *out, unsigned depth, struct span data)
{
    static const struct {
        uint32_t tag;
        const char *name;
    } NAMES[] = {
        {0x35, "bearer description"}, {0x39, "buffer size"},  {0x47, "network access name"},
        {0x3C, "transport level: protocol and port"},         {0x3E, "address"},
        {0x36, "identification"},     {0x0D, "text"},
    };
    struct reader r = rd_init(data);
    struct tlv t;
    int err;

    while ((err = tlv_next(&r, &t)) == ERR_OK) {
        const char *what = "";
        char name[12];
        for (size_t i = 0; i < sizeof NAMES / sizeof *NAMES; i++)
            if (NAMES[i].tag == (t.tag & 0x7F))
                what = NAMES[i].name;
        (void)snprintf(name, sizeof name, "%02X", (unsigned)t.tag);
        row_say(rows_add(out, depth, name, t.value, "TS 102 223 8"), "%s", what);
    }
    if (err != ERR_NOT_FOUND)
        row_say(rows_add(out, depth, "?", rd_rest(&r), NULL), "octets that are no TLV");
}

static void decode_store(struct rows *out, unsigned depth, struct span data)
{
    struct reader r = rd_init(data);
    struct dgi d;
    int err;

    while ((err = dgi_next(&r, &d)) == ERR_OK) {
        const char *name = "", *clause = NULL;
        char tag[16];
        for (size_t i = 0; i < sizeof DGIS / sizeof *DGIS; i++) {
            if (DGIS[i].tag == d.tag) {
                name = DGIS[i].name;
                clause = DGIS[i].clause;
            }
        }
        (void)snprintf(tag, sizeof tag, "DGI %04X", d.tag);
        row_say(rows_add(out, depth, tag, d.value, clause), "%s", name);
        if (d.tag != 0x3A01 && d.tag != 0x3A02)
            decode_tlvs(out, depth + 1, d.value, 0);
        else
            break; /* what follows 3A02 in its command are BER-TLVs, not DGIs */
    }
    if (err != ERR_OK && err != ERR_NOT_FOUND)
        row_say(rows_add(out, depth, "?", data, NULL), "no DGI");
}

/* Length octet and value: the fields of INSTALL (GPCS 11.5.2.3). */
static void decode_install(struct rows *out, unsigned depth, const struct apdu_cmd *c)
{
    static const char *const CREATE[] = {"executable load file", "executable module",  "ISD-P",
                                         "privileges",           "install parameters", "token"};
    static const char *const PERSO[] = {"-", "-", "security domain", "-", "-", "-"};
    const char *const *names = c->p1 == 0x20 ? PERSO : CREATE;
    struct reader r = rd_init(c->data);

    for (unsigned i = 0; i < 6; i++) {
        struct span v = rd_span(&r, rd_u8(&r));
        if (r.failed) {
            row_say(rows_add(out, depth, "?", c->data, NULL),
                    "the fields do not fit their lengths");
            return;
        }
        if (v.n)
            row_say(rows_add(out, depth, names[i], v, NULL), "%s", v.n == 16 ? aid_kind(v) : "");
        if (i == 4 && v.n && c->p1 == 0x0C)
            decode_tlvs(out, depth + 1, v, 0);
    }
}

/* What no key and nothing of a profile can be in: the wire form shows it. 3A07 may hold the access
 * data of a profile; what is ciphered (CLA b3) is somebody else's. */
static bool is_open(const struct apdu_cmd *c)
{
    struct reader r = rd_init(c->data);
    struct dgi d;
    int err;

    if (c->cla & 0x04)
        return false;
    if (c->ins != 0xE2)
        return c->ins == 0xE6 || c->ins == 0xE4 || c->ins == 0xF2 || c->ins == 0xCA ||
               c->ins == 0xEC;
    while ((err = dgi_next(&r, &d)) == ERR_OK) {
        if (d.tag < 0x3A01 || d.tag > 0x3A08 || d.tag == 0x3A07)
            return false;
        if (d.tag == 0x3A01 || d.tag == 0x3A02) /* certificates and public keys, then TLVs */
            return true;
    }
    return err == ERR_NOT_FOUND;
}

/* The function a STORE DATA is about: its first DGI. */
static const char *store_function(struct span data, const char **clause)
{
    struct reader r = rd_init(data);
    unsigned tag = rd_u16(&r);

    for (size_t i = 0; i < sizeof DGIS / sizeof *DGIS; i++) {
        if (!r.failed && DGIS[i].tag == tag) {
            *clause = DGIS[i].clause;
            return DGIS[i].name;
        }
    }
    return "";
}

void decode_capdu(struct rows *out, unsigned depth, const char *name, struct span capdu,
                  struct apdu_cmd *ret)
{
    const char *what = "", *function = "", *clause = "ISO 7816-4 5.1";
    struct apdu_cmd c;
    bool parsed = apdu_cmd_parse(capdu, &c) == ERR_OK;
    bool shown = !out->wire || (parsed && is_open(&c));
    struct row *row = shown ? rows_add(out, depth, name, capdu, NULL)
                            : rows_hide(out, depth, name, capdu, NULL);

    memset(ret, 0, sizeof *ret);
    if (!parsed) {
        row_say(row, "no C-APDU");
        return;
    }
    *ret = c;
    for (size_t i = 0; i < sizeof COMMANDS / sizeof *COMMANDS; i++) {
        if (COMMANDS[i].ins == c.ins && (COMMANDS[i].any_p1 || COMMANDS[i].p1 == c.p1)) {
            what = COMMANDS[i].name;
            clause = COMMANDS[i].clause;
            break;
        }
    }
    if (c.ins == 0xE2)
        function = store_function(c.data, &clause);
    row->clause = clause;
    row_say(row, "%s%s%s", what, *function ? ": " : "", function);
    row = rows_add(out, depth + 1, "header", span_of(capdu.p, 4), NULL);
    row_say(row, "CLA %02X INS %02X P1 %02X P2 %02X%s", c.cla, c.ins, c.p1, c.p2,
            c.has_le ? ", answer expected" : "");
    if (!shown && c.data.n)
        (void)rows_hide(out, depth + 1, "data", c.data, NULL);
    else if (c.ins == 0xE2)
        decode_store(out, depth + 1, c.data);
    else if (c.ins == 0xE6)
        decode_install(out, depth + 1, &c);
    else if (c.ins == 0xEC)
        decode_push(out, depth + 1, c.data);
    else if (c.data.n)
        decode_tlvs(out, depth + 1, c.data, 0);
}

/* --- answers --- */

static bool is_confirmation(const struct apdu_cmd *c)
{
    return c && c->ins == 0xE2 && c->data.n >= 2 && c->data.p[0] == 0x3A && c->data.p[1] == 0x08;
}

void decode_rdata(struct rows *out, unsigned depth, struct span data, const struct apdu_cmd *sent)
{
    if (data.n == 0)
        return;
    if (data.n == 1 && data.p[0] == 0 && (!sent || sent->ins == 0xE6 || sent->ins == 0xE4)) {
        row_say(rows_add(out, depth, "data", data, "GPCS 11.5.3"), "no confirmation data");
        return;
    }
    decode_tlvs(out, depth, data, is_confirmation(sent) ? 0x3A08 : 0);
}

void decode_rapdu(struct rows *out, unsigned depth, const char *name, struct span rapdu,
                  const struct apdu_cmd *sent)
{
    bool shown = !out->wire || !sent || is_open(sent);
    struct row *row = shown ? rows_add(out, depth, name, rapdu, "ISO 7816-4 5.1")
                            : rows_hide(out, depth, name, rapdu, "ISO 7816-4 5.1");
    struct apdu_rsp r;

    if (apdu_rsp_parse(rapdu, &r) != ERR_OK) {
        row_say(row, "no R-APDU");
        return;
    }
    row_say(row, "SW %04X %s", r.sw, r.sw == 0x69E1 ? "refused by POL1" : sw_text(r.sw));
    if (shown)
        decode_rdata(out, depth + 1, r.data, sent);
}

void decode_notification(struct rows *out, unsigned depth, const struct tlv *e1)
{
    static const char *const NAMES[] = {"EID", "AID of the ISD-P that is enabled now",
                                        "notification type", "sequence number", "IMEI"};
    struct row *row = rows_add(out, depth, "E1", e1->value, "SGP.02 4.1.1.11");
    struct reader r = rd_init(e1->value);
    struct tlv t;

    row_say(row, "notification of the card");
    while (tlv_next(&r, &t) == ERR_OK) {
        char name[12];
        (void)snprintf(name, sizeof name, "%02X", (unsigned)t.tag);
        row_say(rows_add(out, depth + 1, name, t.value, NULL), "%s",
                t.tag == 0x4C                    ? NAMES[0]
                : t.tag == 0x2F || t.tag == 0x4F || t.tag == 0xAF ? NAMES[1]
                : t.tag == 0x4D                  ? NAMES[2]
                : t.tag == 0x4E                  ? NAMES[3]
                : t.tag == 0x14 || t.tag == 0x94 ? NAMES[4]
                                                 : "");
    }
}
