/* SPDX-License-Identifier: Apache-2.0 */
/* The durable state of a card as bytes: "RMC" and a version, then every durable field of struct
 * card in order, big-endian, texts as length and octets. One walk serves writing and reading, so
 * the two cannot differ; the same state gives the same bytes. */
#include <stdlib.h>

#include "tools/euiccsim/card/card_int.h"

#define IMAGE_MAX 16384u
#define IMAGE_VERSION 2u       /* 1: key sets of SCP81 have no DEK */
static const uint8_t MAGIC[3] = {'R', 'M', 'C'};

/* r NULL: writing. A field that cannot be is remembered in bad. */
struct walk {
    struct writer w;
    struct reader *r;
    unsigned version;
    bool bad;
};

static void walk_raw(struct walk *k, void *p, size_t n)
{
    if (k->r)
        rd_copy(k->r, p, n);
    else
        wr_bytes(&k->w, p, n);
}

static uint64_t walk_uint(struct walk *k, uint64_t v, unsigned octets)
{
    uint64_t got = 0;

    for (unsigned i = 0; i < octets; i++) {
        if (k->r)
            got = got << 8 | rd_u8(k->r);
        else
            wr_u8(&k->w, (uint8_t)(v >> (8 * (octets - 1 - i))));
    }
    return k->r ? got : v;
}

static void walk_u8(struct walk *k, uint8_t *p)
{
    *p = (uint8_t)walk_uint(k, *p, 1);
}

static void walk_u16(struct walk *k, uint16_t *p)
{
    *p = (uint16_t)walk_uint(k, *p, 2);
}

static void walk_u32(struct walk *k, uint32_t *p)
{
    *p = (uint32_t)walk_uint(k, *p, 4);
}

static void walk_u64(struct walk *k, uint64_t *p)
{
    *p = walk_uint(k, *p, 8);
}

static void walk_ms(struct walk *k, int64_t *p)
{
    uint64_t v = walk_uint(k, (uint64_t)*p, 8);

    if (v > INT64_MAX)
        k->bad = true;
    else
        *p = (int64_t)v;
}

static void walk_bool(struct walk *k, bool *p)
{
    uint64_t v = walk_uint(k, *p ? 1 : 0, 1);

    if (v > 1)
        k->bad = true;
    *p = v == 1;
}

/* Enumerators and counts: below limit. */
static unsigned walk_below(struct walk *k, unsigned v, unsigned limit)
{
    unsigned got = (unsigned)walk_uint(k, v, 1);

    if (got >= limit) {
        k->bad = true;
        return 0;
    }
    return got;
}

/* Digits in a fixed field, NUL-terminated and zero behind. */
static void walk_digits(struct walk *k, char *p, size_t cap)
{
    size_t n = walk_below(k, (unsigned)strnlen(p, cap), (unsigned)cap);

    if (!k->r) {
        wr_bytes(&k->w, p, n);
        return;
    }
    memset(p, 0, cap);
    rd_copy(k->r, p, n);
    for (size_t i = 0; i < n; i++)
        if (p[i] < '0' || p[i] > '9')
            k->bad = true;
}

static void walk_profile(struct walk *k, struct card_profile_data *d)
{
    walk_digits(k, d->iccid.s, sizeof(d->iccid.s));
    walk_digits(k, d->imsi.s, sizeof(d->imsi.s));
    walk_digits(k, d->msisdn.s, sizeof(d->msisdn.s));
    walk_raw(k, d->k, sizeof(d->k));
    walk_raw(k, d->opc, sizeof(d->opc));
    walk_raw(k, d->acc, sizeof(d->acc));
    walk_u8(k, &d->pol1);
    walk_u8(k, &d->ad_mnc_len);
    d->smsp_len = (uint8_t)walk_below(k, d->smsp_len, sizeof(d->smsp) + 1);
    walk_raw(k, d->smsp, d->smsp_len);
    d->connectivity_len = (uint8_t)walk_below(k, d->connectivity_len,
                                              sizeof(d->connectivity) + 1);
    walk_raw(k, d->connectivity, d->connectivity_len);
    walk_u8(k, &d->n_ota_keys);
    walk_raw(k, d->package_sha256, sizeof(d->package_sha256));
}

static void walk_isdp(struct walk *k, struct isdp *p)
{
    uint8_t state = (uint8_t)p->pub.state;

    walk_u16(k, &p->number);
    if (aid_isd_p(p->number, &p->pub.aid) != ERR_OK)
        k->bad = true;
    walk_u8(k, &state);
    if (state != ISDP_SELECTABLE && state != ISDP_PERSONALIZED && state != ISDP_DISABLED &&
        state != ISDP_ENABLED)
        k->bad = true;
    p->pub.state = (enum card_isdp_state)state;
    walk_bool(k, &p->pub.fallback);
    walk_u32(k, &p->pub.memory);
    walk_u32(k, &p->quota);
    walk_u32(k, &p->used);
    walk_u64(k, &p->sqn);
    walk_u32(k, &p->sequence);
    walk_u8(k, &p->kvn);
    walk_raw(k, p->enc, sizeof(p->enc));
    walk_raw(k, p->mac, sizeof(p->mac));
    walk_raw(k, p->dek, sizeof(p->dek));
    walk_profile(k, &p->pub.data);
}

static void walk_keys(struct walk *k, struct card *c)
{
    c->n_scp80 = (uint8_t)walk_below(k, c->n_scp80, SCP80_SETS_MAX + 1);
    for (unsigned i = 0; i < c->n_scp80; i++) {
        struct scp80_set *s = &c->scp80[i];

        walk_u8(k, &s->kvn);
        walk_raw(k, s->kic, sizeof(s->kic));
        walk_raw(k, s->kid, sizeof(s->kid));
        walk_raw(k, s->dek, sizeof(s->dek));
        walk_u64(k, &s->counter);
        if (s->kvn < 0x01 || s->kvn > 0x0F || s->counter > CNTR_MAX)
            k->bad = true;
    }
    c->n_psk = (uint8_t)walk_below(k, c->n_psk, PSK_SETS_MAX + 1);
    for (unsigned i = 0; i < c->n_psk; i++) {
        walk_u8(k, &c->psk[i].kvn);
        walk_u8(k, &c->psk[i].kid);
        walk_raw(k, c->psk[i].psk, sizeof(c->psk[i].psk));
        if (k->version < 2)
            continue;
        walk_bool(k, &c->psk[i].has_dek);
        walk_raw(k, c->psk[i].dek, sizeof(c->psk[i].dek));
    }
    walk_u8(k, &c->notify_kvn);
}

static void walk_change(struct walk *k, struct change *ch)
{
    ch->state = (enum change_state)walk_below(k, ch->state, CHANGE_STATES);
    ch->kind = (enum change_kind)walk_below(k, ch->kind, CHANGE_KINDS);
    walk_bool(k, &ch->postponed);
    walk_bool(k, &ch->fell);
    walk_u16(k, &ch->target);
    walk_u16(k, &ch->previous);
    walk_u16(k, &ch->named);
    walk_u32(k, &ch->row);
    walk_ms(k, &ch->due_ms);
}

static void walk_notification(struct walk *k, struct notification *n)
{
    walk_u16(k, &n->seq);
    walk_u8(k, &n->type);
    walk_u8(k, &n->tries);
    walk_bool(k, &n->open);
    walk_ms(k, &n->due_ms);
    walk_bool(k, &n->has_confirmed);
    walk_u16(k, &n->confirmed_seq);
    walk_u16(k, &n->deleted);
}

static void walk_card(struct walk *k, struct card *c)
{
    walk_raw(k, c->eid.b, sizeof(c->eid.b));
    walk_digits(k, c->imei, sizeof(c->imei));
    walk_u32(k, &c->quirks);
    walk_digits(k, c->smsr.s, sizeof(c->smsr.s));
    walk_keys(k, c);
    walk_raw(k, c->ecasd_private, sizeof(c->ecasd_private));
    walk_u32(k, &c->memory_free);
    walk_u32(k, &c->ledger_n);
    walk_bool(k, &c->declared);
    walk_change(k, &c->change);
    walk_notification(k, &c->notification);
    walk_ms(k, &c->loss_due_ms);
}

/* Rules over the whole table that a reader must not take for granted. */
static bool table_sound(const struct card *c)
{
    unsigned enabled = 0, fallback = 0;

    for (unsigned i = 0; i < c->n_isdps; i++) {
        enabled += c->isdps[i].pub.state == ISDP_ENABLED;
        fallback += c->isdps[i].pub.fallback;
        for (unsigned j = 0; j < i; j++)
            if (c->isdps[j].number == c->isdps[i].number)
                return false;
    }
    return enabled <= 1 && fallback <= 1 && c->n_scp80 > 0;
}

int card_image(const struct card *c, struct buf *out)
{
    uint8_t room[IMAGE_MAX];
    struct walk k = {.w = wr_init(room, sizeof(room)), .version = IMAGE_VERSION};
    struct card copy = *c;         /* the walk takes what it may also fill */

    copy.memory_free += c->memory_owed;      /* whoever reads this was without power */
    wr_bytes(&k.w, MAGIC, sizeof(MAGIC));
    wr_u8(&k.w, IMAGE_VERSION);
    walk_card(&k, &copy);
    wr_u8(&k.w, c->ecasd_cert_len);
    wr_bytes(&k.w, c->ecasd_cert, c->ecasd_cert_len);
    wr_u8(&k.w, c->n_isdps);
    for (unsigned i = 0; i < c->n_isdps; i++) {
        struct isdp p = c->isdps[i];

        walk_isdp(&k, &p);
        mem_wipe(&p, sizeof(p));
    }
    buf_add_span(out, wr_view(&k.w));
    mem_wipe(&copy, sizeof(copy));
    mem_wipe(room, k.w.len);
    if (k.w.failed || k.bad)
        return ERR_INTERNAL;
    return out->failed ? ERR_NOMEM : ERR_OK;
}

static int tables_read(struct card *c, struct walk *k)
{
    struct reader *r = k->r;
    struct span cert = rd_span(r, rd_u8(r));
    unsigned n;

    if (cert.n > CARD_CERT_MAX)
        return ERR_FORMAT;
    if (cert.n > 0) {
        c->ecasd_cert = malloc(cert.n);
        if (!c->ecasd_cert)
            return ERR_NOMEM;
        memcpy(c->ecasd_cert, cert.p, cert.n);
        c->ecasd_cert_len = (uint8_t)cert.n;
    }
    n = rd_u8(r);
    if (n > CARD_ISDPS_MAX)
        return ERR_FORMAT;
    if (n == 0)
        return ERR_OK;
    c->isdps = calloc(n, sizeof(*c->isdps));
    if (!c->isdps)
        return ERR_NOMEM;
    c->n_isdps = (uint8_t)n;
    for (unsigned i = 0; i < n; i++)
        walk_isdp(k, &c->isdps[i]);
    return ERR_OK;
}

int card_from_image(const struct card_world *w, struct span image, struct card **ret)
{
    struct reader r = rd_init(image);
    struct walk k = {.r = &r};
    struct span magic = rd_span(&r, sizeof(MAGIC));
    struct card *c;
    int rc;

    *ret = NULL;
    k.version = rd_u8(&r);
    if (!span_eq(magic, span_of(MAGIC, sizeof(MAGIC))) || k.version < 1 || k.version > IMAGE_VERSION)
        return ERR_FORMAT;
    c = calloc(1, sizeof(*c));
    if (!c)
        return ERR_NOMEM;
    c->w = w;
    walk_card(&k, c);
    rc = tables_read(c, &k);
    if (rc == ERR_OK && r.failed)
        rc = ERR_TRUNCATED;
    if (rc == ERR_OK && (k.bad || !rd_done(&r) || !table_sound(c) || eid_is_zero(&c->eid)))
        rc = ERR_FORMAT;
    if (rc != ERR_OK) {
        card_free(c);
        return rc;
    }
    *ret = c;
    return ERR_OK;
}
