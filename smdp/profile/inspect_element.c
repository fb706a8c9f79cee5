/* SPDX-License-Identifier: Apache-2.0 */
/* What each kind of profile element holds (TCA profile package specification; tags as in
 * common/codec/saip_map.c). The walk has read the element before, so nothing here can fail: what
 * cannot be read by the finer look is left out. */
#include "smdp/profile/inspect.h"

#include "common/codec/tlv.h"

#include <stdio.h>

static void open_item(struct inspect *i)
{
    i->to->open(i->to->ctx, NULL, false);
}

static void close_item(struct inspect *i)
{
    i->to->close(i->to->ctx, false);
}

static void list(struct inspect *i, const char *name)
{
    i->to->open(i->to->ctx, name, true);
}

static void list_end(struct inspect *i)
{
    i->to->close(i->to->ctx, true);
}

static void text(struct inspect *i, const char *name, const char *s)
{
    i->to->text(i->to->ctx, name, span_str(s));
}

static void hex(struct inspect *i, const char *name, struct span s)
{
    if (s.n)
        i->to->hex(i->to->ctx, name, s);
}

static void octet(struct inspect *i, const char *name, uint8_t v)
{
    hex(i, name, span_of(&v, 1));
}

static void number(struct inspect *i, const char *name, uint64_t v)
{
    if (v)
        i->to->number(i->to->ctx, name, v);
}

/* A TLV of the element itself; absent: an empty value. */
static struct span field(struct span body, uint32_t tag)
{
    struct tlv t;

    return tlv_find(body, tag, &t) == ERR_OK ? t.value : span_of(NULL, 0);
}

/* Arcs of an OBJECT IDENTIFIER (X.690 8.19); cut at the cap. */
static void oid(struct inspect *i, const char *name, struct span v)
{
    char out[96] = "";
    size_t len = 0;
    uint32_t arc = 0;
    bool first = true;

    for (size_t k = 0; k < v.n && len + 16 < sizeof out; k++) {
        arc = arc << 7 | (v.p[k] & 0x7F);
        if (v.p[k] & 0x80)
            continue;
        if (first) {
            uint32_t top = arc < 80 ? arc / 40 : 2;
            len += (size_t)snprintf(out + len, sizeof out - len, "%u.%u", top, arc - top * 40);
        } else {
            len += (size_t)snprintf(out + len, sizeof out - len, ".%u", arc);
        }
        first = false;
        arc = 0;
    }
    if (out[0])
        text(i, name, out);
}

/* --- header --- */
static void services(struct inspect *i, const struct saip_map *m)
{
    uint32_t bits = 0;
    unsigned unknown = 0;

    list(i, "services");
    if (saip_services(m->services, &bits, &unknown) == ERR_OK)
        for (unsigned k = 0; k < SAIP_SERVICES; k++)
            if (bits & 1u << k)
                text(i, NULL, saip_service_name(k));
    list_end(i);
    number(i, "services_unknown", unknown);
}

static void header(struct inspect *i, const struct saip_map *m)
{
    struct reader r = rd_init(saip_value(m->gfste));
    struct span type = saip_value(m->type), pol = saip_value(m->pol);
    char version[16];
    struct iccid iccid;
    struct tlv t;

    (void)snprintf(version, sizeof version, "%u.%u", m->version_major, m->version_minor);
    text(i, "version", version);
    if (type.n)
        i->to->text(i->to->ctx, "profile_type", type);
    if (saip_iccid_get(saip_value(m->iccid), &iccid) == ERR_OK)
        text(i, "iccid", iccid.s);
    hex(i, "pol1", pol);
    services(i, m);
    list(i, "templates");
    while (tlv_next(&r, &t) == ERR_OK)
        oid(i, NULL, t.value);
    list_end(i);
    number(i, "connectivity_octets", saip_value(m->connectivity).n);
}

/* --- files --- */
/* First octet of the file descriptor (TS 102 222 6.3.2.2.2). */
static const char *file_kind(uint8_t descriptor, bool application)
{
    if ((descriptor & 0xBF) == 0x38)
        return application ? "adf" : "df";
    if ((descriptor & 0xBF) == 0x39)
        return "ber-tlv";
    switch (descriptor & 0x07) {
    case 1:
        return "transparent";
    case 2:
        return "linear";
    case 6:
        return "cyclic";
    default:
        return "";
    }
}

static void file_facts(struct inspect *i, const struct saip_file *f, uint16_t usual_fid)
{
    uint16_t fid = f->fid ? f->fid : usual_fid;
    const char *kind = f->descriptor ? file_kind(f->descriptor, f->df_name.p) : "";
    uint8_t two[2] = {(uint8_t)(fid >> 8), (uint8_t)fid};

    if (fid)
        hex(i, "fid", span_of(two, 2));
    if (kind[0])
        text(i, "kind", kind);
    number(i, "size", f->size);
    number(i, "record", f->record_len);
    number(i, "filled", f->held);
    hex(i, "aid", f->df_name);
    hex(i, "link", f->link);
    if (f->absent)
        text(i, "created", "no");
}

static void naa(struct inspect *i, const struct saip_walk *w)
{
    static const struct {
        uint32_t tag;
        const char *name;
    } NAAS[] = {{SAIP_PE_USIM, "usim"}, {SAIP_PE_ISIM, "isim"}, {25, "csim"}};
    struct saip_file f;
    const uint8_t *at;
    struct tlv t;

    for (size_t k = 0; k < sizeof NAAS / sizeof *NAAS; k++) {
        if (NAAS[k].tag != w->pe->tag)
            continue;
        text(i, "naa", NAAS[k].name);
        if (tlv_find(w->pe->value, 0xA2, &t) == ERR_OK &&
            saip_file_get(t.raw, &f, &at) == ERR_OK)
            hex(i, "aid", f.df_name);
    }
}

/* Number of a context-specific field, from one octet or two. */
static uint32_t field_number(const struct tlv *t)
{
    return t->tag < 0x100 ? t->tag & 0x1F : t->tag & 0x7F;
}

static void files(struct inspect *i, const struct saip_walk *w)
{
    struct reader r = rd_init(w->pe->value);
    char name[SAIP_NAME], unnamed[16];
    struct saip_file f;
    const uint8_t *at;
    uint16_t fid;
    struct tlv t;

    oid(i, "template", field(w->pe->value, 0x81));
    naa(i, w);
    list(i, "files");
    while (tlv_next(&r, &t) == ERR_OK) {
        if (t.tag == 0xA0 || t.tag == 0x81 || saip_file_get(t.raw, &f, &at))
            continue;
        saip_file_name(w->pe->tag, field_number(&t), name, &fid);
        (void)snprintf(unnamed, sizeof unnamed, "[%u]", (unsigned)field_number(&t));
        open_item(i);
        text(i, "file", name[0] ? name : unnamed);
        number(i, "offset", (size_t)(t.raw.p - w->map->package.p));
        file_facts(i, &f, fid);
        close_item(i);
    }
    list_end(i);
}

/* One list of commands: paths, creations, fills; each creation becomes a file. */
static void gfm_list(struct inspect *i, const struct saip_walk *w, struct span commands)
{
    struct reader r = rd_init(commands);
    struct saip_file f = {.size = 0};
    struct span path = {NULL, 0};
    bool open = false;
    struct tlv t;

    while (tlv_next(&r, &t) == ERR_OK) {
        if ((t.tag == 0x62 || t.tag == 0x80) && open) {
            number(i, "filled", f.held);
            close_item(i);
            open = false;
        }
        if (t.tag == 0x80)
            path = t.value;
        if (t.tag == 0x81)
            f.held += (uint32_t)t.value.n;
        if (t.tag != 0x62)
            continue;
        f = (struct saip_file){.size = 0};
        if (saip_fcp_get(t.value, &f))
            continue;
        open_item(i);
        number(i, "offset", (size_t)(t.raw.p - w->map->package.p));
        hex(i, "path", path);
        file_facts(i, &f, 0);
        open = true;
    }
    if (open) {
        number(i, "filled", f.held);
        close_item(i);
    }
}

static void gfm(struct inspect *i, const struct saip_walk *w)
{
    struct reader r = rd_init(field(w->pe->value, 0xA1));
    struct tlv t;

    list(i, "files");
    while (tlv_next(&r, &t) == ERR_OK)
        gfm_list(i, w, t.value);
    list_end(i);
}

/* --- codes and keys --- */
static void codes(struct inspect *i, const char *name, const struct saip_code_at *c, unsigned n)
{
    list(i, name);
    for (unsigned k = 0; k < n; k++) {
        open_item(i);
        octet(i, "reference", c[k].key_ref);
        if (c[k].unblock_ref)
            octet(i, "unblocked_by", c[k].unblock_ref);
        text(i, "value", "present");
        close_item(i);
    }
    list_end(i);
}

static void pins(struct inspect *i, const struct saip_walk *w)
{
    codes(i, "pins", &w->map->pin[i->pin], w->map->n_pin - i->pin);
    hex(i, "shared_with", field(field(w->pe->value, 0xA1), 0x81));
}

static void presence(struct inspect *i, const char *name, struct span raw)
{
    char s[40] = "absent";

    if (raw.p)
        (void)snprintf(s, sizeof s, "present, %zu octets", saip_value(raw).n);
    text(i, name, s);
}

static void aka(struct inspect *i, const struct saip_walk *w)
{
    static const char *const NAMES[] = {"", "milenage", "tuak", "usim-test"};
    struct span mapping = field(field(w->pe->value, 0xA1), 0xA0);

    for (unsigned k = i->aka; k < w->map->n_aka; k++) {
        const struct saip_aka_at *a = &w->map->aka[k];
        if (a->algorithm && a->algorithm < 4)
            text(i, "algorithm", NAMES[a->algorithm]);
        presence(i, "key", a->key);
        presence(i, "opc", a->opc);
    }
    if (mapping.p)
        hex(i, "keys_of", field(mapping, 0x81));
}

/* GlobalPlatform 11.1.8 */
static const char *key_type_text(uint8_t type)
{
    if (type >= 0x80 && type <= 0x84)
        return "DES";
    if (type == 0x85)
        return "PSK-TLS";
    if (type == 0x88)
        return "AES";
    if (type >= 0xA0 && type <= 0xA8)
        return "RSA";
    return type >= 0xB0 && type <= 0xB7 ? "ECC" : "other";
}

static void key_kcv_show(struct inspect *i, const struct saip_key_at *k)
{
    enum key_type type = k->type == 0x88 ? KEY_AES : KEY_DES;
    struct key *key = NULL;
    uint8_t kcv[3];

    if (!i->crypto || k->components != 1 || (k->type != 0x88 && (k->type < 0x80 || k->type > 0x84)))
        return;
    if (key_new(type, saip_value(k->data), &key) == ERR_OK &&
        key_kcv(i->crypto, key, kcv) == ERR_OK)
        hex(i, "kcv", span_of(kcv, sizeof kcv));
    key_free(key);
}

static void keys(struct inspect *i, const struct saip_walk *w)
{
    list(i, "keys");
    for (unsigned n = i->key; n < w->map->n_key; n++) {
        const struct saip_key_at *k = &w->map->key[n];
        open_item(i);
        octet(i, "version", k->kvn);
        octet(i, "identifier", k->kid);
        text(i, "type", key_type_text(k->type));
        number(i, "octets", saip_value(k->data).n);
        number(i, "components", k->components);
        key_kcv_show(i, k);
        close_item(i);
    }
    list_end(i);
}

/* --- security domains, applications, RFM --- */
static void references(struct inspect *i, const struct saip_map *m)
{
    list(i, "tars");
    for (unsigned k = i->tar; k < m->n_tar; k++) {
        open_item(i);
        hex(i, "tar", span_of(m->tar[k].tar, sizeof m->tar[k].tar));
        octet(i, "level", m->tar[k].level);
        close_item(i);
    }
    list_end(i);
}

static void instance(struct inspect *i, struct span body)
{
    static const char *const AIDS[] = {"package", "class", "aid", "security_domain"};
    struct reader r = rd_init(body);
    unsigned n = 0;
    struct tlv t;

    while (tlv_next(&r, &t) == ERR_OK && t.tag == 0x4F && n < 4)
        hex(i, AIDS[n++], t.value);
    hex(i, "privileges", field(body, 0x82));
    hex(i, "life_cycle", field(body, 0x83));
}

static void security_domain(struct inspect *i, const struct saip_walk *w)
{
    struct reader r = rd_init(field(w->pe->value, 0xA3));
    struct tlv t;
    unsigned n = 0;

    instance(i, field(w->pe->value, 0xA1));
    keys(i, w);
    references(i, w->map);
    while (tlv_next(&r, &t) == ERR_OK)
        n++;
    number(i, "perso_data", n);
}

static void application(struct inspect *i, const struct saip_walk *w)
{
    struct span load = field(w->pe->value, 0xA1);
    struct reader r = rd_init(field(w->pe->value, 0xA2));
    struct tlv t;

    hex(i, "load_package", field(load, 0x4F));
    number(i, "load_octets", field(load, 0xC4).n);
    list(i, "instances");
    while (tlv_next(&r, &t) == ERR_OK) {
        open_item(i);
        instance(i, t.value);
        close_item(i);
    }
    list_end(i);
    references(i, w->map);
}

static void rfm(struct inspect *i, const struct saip_walk *w)
{
    static const char *const AIDS[] = {"aid", "security_domain"};
    struct reader r = rd_init(w->pe->value);
    unsigned n = 0;
    struct tlv t;

    while (tlv_next(&r, &t) == ERR_OK)
        if (t.tag == 0x4F && n < 2)
            hex(i, AIDS[n++], t.value);
    hex(i, "level", field(w->pe->value, 0x81));
    hex(i, "adf", field(field(w->pe->value, 0x30), 0x80));
    references(i, w->map);
}

void inspect_element(struct inspect *i, const struct saip_walk *w)
{
    switch (w->pe->tag) {
    case SAIP_PE_HEADER:
        header(i, w->map);
        return;
    case SAIP_PE_GFM:
        gfm(i, w);
        return;
    case SAIP_PE_PIN:
        pins(i, w);
        return;
    case SAIP_PE_PUK:
        codes(i, "puks", &w->map->puk[i->puk], w->map->n_puk - i->puk);
        return;
    case SAIP_PE_AKA:
        aka(i, w);
        return;
    case SAIP_PE_SD:
        security_domain(i, w);
        return;
    case SAIP_PE_RFM:
        rfm(i, w);
        return;
    case SAIP_PE_APPLICATION:
        application(i, w);
        return;
    default:
        if (w->pe->tag >= SAIP_PE_MF && w->pe->tag < SAIP_PE_TAGS)
            files(i, w);
    }
}
