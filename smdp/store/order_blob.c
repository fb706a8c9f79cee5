/* SPDX-License-Identifier: Apache-2.0 */
/* An order as one blob of state.db: a version, then every field in one order of writing and
 * reading. */
#include "smdp/store/store.h"

#include <stdlib.h>

#define FORM 3u

/* One walk serves both directions, so they cannot part. */
struct walk {
    struct writer *w;
    struct reader *r;
};

static void octets(struct walk *k, void *p, size_t n)
{
    if (k->w)
        wr_bytes(k->w, p, n);
    else
        rd_copy(k->r, p, n);
}

static void u64(struct walk *k, uint64_t *v)
{
    if (k->w)
        wr_u64(k->w, *v);
    else
        *v = rd_u64(k->r);
}

static void i64(struct walk *k, int64_t *v)
{
    uint64_t u = (uint64_t)*v;

    u64(k, &u);
    *v = (int64_t)u;
}

static void u32(struct walk *k, uint32_t *v)
{
    if (k->w)
        wr_u32(k->w, *v);
    else
        *v = rd_u32(k->r);
}

static void u8(struct walk *k, uint8_t *v)
{
    if (k->w)
        wr_u8(k->w, *v);
    else
        *v = rd_u8(k->r);
}

static void flag(struct walk *k, bool *v)
{
    uint8_t b = *v;

    u8(k, &b);
    if (k->r && b > 1)
        rd_fail(k->r);
    *v = b == 1;
}

static void text(struct walk *k, char *s, size_t cap)
{
    uint16_t n = k->w ? (uint16_t)strlen(s) : 0;

    if (k->w) {
        wr_u16(k->w, n);
        wr_bytes(k->w, s, n);
        return;
    }
    n = rd_u16(k->r);
    if (n >= cap) {
        rd_fail(k->r);
        return;
    }
    rd_copy(k->r, s, n);
    s[n] = '\0';
}

#define NUMBER(k, field)                                                                           \
    do {                                                                                           \
        uint32_t number_ = (uint32_t)(field);                                                      \
        u32(k, &number_);                                                                          \
        (field) = number_;                                                                         \
    } while (0)
#define TEXT(k, field) text(k, field, sizeof(field))

static void code(struct walk *k, struct gsma_code *c)
{
    TEXT(k, c->subject);
    TEXT(k, c->reason);
}

static void facts(struct walk *k, struct order *o)
{
    flag(k, &o->has_card_key);
    flag(k, &o->bare_point);
    u8(k, &o->curve);
    octets(k, o->card_point, sizeof o->card_point);
    u8(k, &o->rc_len);
    octets(k, o->rc, sizeof o->rc);
    flag(k, &o->has_own_key);
    octets(k, o->own_point, sizeof o->own_point);
    octets(k, o->signature, sizeof o->signature);
}

static void payload(struct walk *k, struct order *o)
{
    TEXT(k, o->imsi.s);
    TEXT(k, o->msisdn.s);
    u32(k, &o->pol2);
    NUMBER(k, o->n_iccids);
    if (o->n_iccids > EVENT_PROFILES_MAX) {
        rd_fail(k->r);
        o->n_iccids = 0;
    }
    for (unsigned i = 0; i < o->n_iccids; i++)
        TEXT(k, o->iccids[i].s);
}

static void order(struct walk *k, struct order *o)
{
    octets(k, o->id.b, sizeof o->id.b);
    NUMBER(k, o->function);
    TEXT(k, o->party.s);
    TEXT(k, o->mno.s);
    TEXT(k, o->smsr.s);
    TEXT(k, o->fcid);
    TEXT(k, o->correlation_id);
    octets(k, o->eid.b, sizeof o->eid.b);
    TEXT(k, o->iccid.s);
    TEXT(k, o->profile_type);
    flag(k, &o->enable);
    TEXT(k, o->replaces.s);
    i64(k, &o->accepted_ms);
    i64(k, &o->validity_end_ms);
    u32(k, &o->validity_s);
    payload(k, o);
    NUMBER(k, o->state);
    i64(k, &o->due_ms);
    u32(k, &o->attempt);
    u32(k, &o->step);
    flag(k, &o->calling);
    u32(k, &o->tries);
    u8(k, &o->aid.n);
    octets(k, o->aid.b, sizeof o->aid.b);
    u32(k, &o->memory_required);
    TEXT(k, o->orphan.s);
    u32(k, &o->batch);
    facts(k, o);
    flag(k, &o->installed);
    flag(k, &o->last_attempt);
    code(k, &o->fail);
    NUMBER(k, o->fail_stage);
    TEXT(k, o->fail_text);
    flag(k, &o->answered);
    flag(k, &o->in_doubt);
    NUMBER(k, o->verdict);
    NUMBER(k, o->status);
    code(k, &o->code);
    NUMBER(k, o->stage);
    TEXT(k, o->text);
    i64(k, &o->concluded_ms);
}

int dp_order_pack(const struct order *o, struct writer *w)
{
    struct walk k = {.w = w};
    struct order copy = *o; /* the walk is one for both directions and takes no const */

    wr_u8(w, FORM);
    order(&k, &copy);
    return w->failed ? ERR_TOO_LARGE : ERR_OK;
}

int dp_order_unpack(struct span blob, struct order **ret)
{
    struct reader r = rd_init(blob);
    struct walk k = {.r = &r};
    struct order *o;

    *ret = NULL;
    if (rd_u8(&r) != FORM)
        return blob.n ? ERR_SCHEMA : ERR_CORRUPT;
    o = calloc(1, sizeof *o);
    if (!o)
        return ERR_NOMEM;
    order(&k, o);
    if (!rd_done(&r) || o->state >= ORDER_STATES || o->rc_len > ORDER_RC_MAX ||
        o->aid.n > sizeof o->aid.b) {
        free(o);
        return ERR_CORRUPT;
    }
    *ret = o;
    return ERR_OK;
}
