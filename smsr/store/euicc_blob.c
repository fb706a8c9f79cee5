/* SPDX-License-Identifier: Apache-2.0 */
/* One walk for both directions, so that a field cannot be written and not read. */
#include "smsr/store/euicc_blob.h"

#include "common/base/mutant.h"
#include <stdlib.h>

/* Either end: w writes, r reads. */
struct walk {
    struct writer *w;
    struct reader *r;
};

static void spoil(struct walk *k)
{
    if (k->w)
        k->w->failed = true;
    else if (k->r)
        rd_fail(k->r);
}

static void u8(struct walk *k, uint8_t *v)
{
    if (k->w)
        wr_u8(k->w, *v);
    else
        *v = rd_u8(k->r);
}

static void u16(struct walk *k, uint16_t *v)
{
    if (k->w)
        wr_u16(k->w, *v);
    else
        *v = rd_u16(k->r);
}

static void u32(struct walk *k, uint32_t *v)
{
    if (k->w)
        wr_u32(k->w, *v);
    else
        *v = rd_u32(k->r);
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

static void flag(struct walk *k, bool *v)
{
    uint8_t b = *v;

    u8(k, &b);
    if (b > 1)
        spoil(k);
    *v = b == 1;
}

/* An enum of at most max. */
#define CHOICE(k, field, max)                                                                      \
    do {                                                                                           \
        uint8_t choice_ = (uint8_t)(field);                                                        \
        u8(k, &choice_);                                                                           \
        if (choice_ > (max))                                                                       \
            spoil(k);                                                                       \
        else                                                                                       \
            (field) = choice_;                                                                     \
    } while (0)

static void octets(struct walk *k, uint8_t *p, size_t n)
{
    if (k->w)
        wr_bytes(k->w, p, n);
    else
        rd_copy(k->r, p, n);
}

/* NUL-terminated text in a field of cap octets; no octet 0 inside. */
static void text(struct walk *k, char *s, size_t cap)
{
    size_t n = k->w ? strnlen(s, cap - 1) : 0;
    uint8_t len = (uint8_t)n;

    u8(k, &len);
    if (k->w) {
        wr_bytes(k->w, s, n);
        return;
    }
    memset(s, 0, cap);
    if (len >= cap) {
        spoil(k);
        return;
    }
    rd_copy(k->r, s, len);
    if (strlen(s) != len)
        spoil(k);
}

#define TEXT(k, field) text(k, field, sizeof(field))
#define OCTETS(k, field) octets(k, field, sizeof(field))

static void aid(struct walk *k, struct aid *a)
{
    u8(k, &a->n);
    if (a->n > sizeof a->b) {
        spoil(k);
        a->n = 0;
    }
    octets(k, a->b, a->n);
}

static void count(struct walk *k, unsigned *n, unsigned max)
{
    uint8_t b = (uint8_t)*n;

    u8(k, &b);
    if (b > max) {
        spoil(k);
        b = 0;
    }
    *n = b;
}

static void profile(struct walk *k, struct euicc_profile *p)
{
    aid(k, &p->aid);
    TEXT(k, p->iccid.s);
    TEXT(k, p->mno.s);
    TEXT(k, p->smdp.s);
    TEXT(k, p->profile_type);
    CHOICE(k, p->state, PROFILE_ENABLED);
    flag(k, &p->fallback);
    flag(k, &p->emergency);
    flag(k, &p->test);
    u8(k, &p->pol2);
    TEXT(k, p->imsi.s);
    TEXT(k, p->msisdn.s);
    u32(k, &p->memory_required);
}

static void packet(struct walk *k, struct euicc_packet *p)
{
    u8(k, &p->kvn);
    u64(k, &p->counter);
    CHOICE(k, p->purpose, PURPOSE_TRIGGER);
    OCTETS(k, p->op.b);
    u64(k, &p->lsn);
    i64(k, &p->first_sent_ms);
}

static void op_identity(struct walk *k, struct operation *o)
{
    OCTETS(k, o->id.b);
    CHOICE(k, o->function, FN_COUNT - 1);
    CHOICE(k, o->iface, IF_ADMIN);
    TEXT(k, o->party.s);
    CHOICE(k, o->role, ROLE_AUDITOR);
    TEXT(k, o->mno.s);
    TEXT(k, o->fcid);
    TEXT(k, o->correlation_id);
    OCTETS(k, o->digest);
    TEXT(k, o->iccid.s);
    aid(k, &o->aid);
    TEXT(k, o->previous.s);
    aid(k, &o->previous_aid);
    i64(k, &o->accepted_ms);
    i64(k, &o->validity_end_ms);
    i64(k, &o->once_ms);
    flag(k, &o->next_contact);
}

static void op_progress(struct walk *k, struct operation *o)
{
    uint32_t state = o->state;

    u32(k, &state);
    o->state = state;
    i64(k, &o->due_ms);
    u32(k, &o->attempt);
    flag(k, &o->armed);
    flag(k, &o->answered);
    flag(k, &o->in_doubt);
    CHOICE(k, o->bearer, BEARER_CATTP);
    u8(k, &o->kvn);
    u64(k, &o->counter);
    u32(k, &o->fences);
    i64(k, &o->window_end_ms);
    i64(k, &o->armed_ms);
    u16(k, &o->notif_sequence);
    flag(k, &o->notif_seen);
    flag(k, &o->ran);
    flag(k, &o->stray);
    u8(k, &o->notif_kind);
    flag(k, &o->more_to_do);
    u32(k, &o->memory_required);
    OCTETS(k, o->session.b);
    u32(k, &o->step);
    flag(k, &o->step_open);
    u32(k, &o->data_done);
    flag(k, &o->asked_again);
    CHOICE(k, o->asked, BEARER_CATTP);
}

static void card(struct walk *k, struct euicc *e)
{
    OCTETS(k, e->eid.b);
    u32(k, &e->tenant);
    u64(k, &e->eis_lsn);
    TEXT(k, e->eum.s);
    TEXT(k, e->rp_version);
    TEXT(k, e->platform);
    aid(k, &e->isd_p_load_file);
    aid(k, &e->isd_p_module);
    flag(k, &e->http);
    flag(k, &e->cattp);
    u32(k, &e->memory_free);
    u32(k, &e->memory_available);
    i64(k, &e->last_audit_ms);
    u8(k, &e->scp80_kvn);
    u64(k, &e->counter_high);
    if (mutant("COUNTER_FROM_OLD_COPY") && k->w == NULL && e->counter_high > 3)
        e->counter_high -= 3;
    u8(k, &e->psk_kvn);
    u8(k, &e->psk_kid);
    count(k, &e->n_spare, EUICC_SPARE_MAX);
    for (unsigned i = 0; i < e->n_spare; i++) {
        u8(k, &e->spare[i].kvn);
        u64(k, &e->spare[i].counter_high);
    }
    u8(k, &e->psk_spare);
    flag(k, &e->psk_named);
    flag(k, &e->has_notif);
    flag(k, &e->unheard);
    u16(k, &e->notif_sequence);
    TEXT(k, e->imei);
    CHOICE(k, e->life, CARD_TRANSFERRED);
    i64(k, &e->registered_ms);
    flag(k, &e->has_batch);
    if (e->has_batch)
        OCTETS(k, e->batch);
    u64(k, &e->audit_lsn);
    u64(k, &e->profiles_lsn);
}

static void heard(struct walk *k, struct euicc_bearer *b)
{
    u8(k, &b->misses);
    i64(k, &b->missed_ms);
}

static void reach(struct walk *k, struct reach *r)
{
    i64(k, &r->seen_ms);
    i64(k, &r->woke_ms);
    i64(k, &r->period_ms);
    i64(k, &r->window_ms);
    u8(k, &r->proofs);
}

static void limits(struct walk *k, struct euicc *e)
{
    uint32_t at = e->effect_at;

    for (size_t i = 0; i < sizeof e->effect_ms / sizeof *e->effect_ms; i++)
        i64(k, &e->effect_ms[i]);
    u32(k, &at);
    if (at >= sizeof e->effect_ms / sizeof *e->effect_ms) {
        spoil(k);
        at = 0;
    }
    e->effect_at = at;
    for (size_t i = 0; i < sizeof e->rollback_ms / sizeof *e->rollback_ms; i++)
        i64(k, &e->rollback_ms[i]);
    for (size_t i = BEARER_SMS; i <= BEARER_CATTP; i++)
        heard(k, &e->heard[i]);
    u32(k, &e->next_step);
    u64(k, &e->last_lsn);
}

void euicc_blob_put(struct writer *w, const struct euicc *e)
{
    struct walk k = {w, NULL};
    struct euicc copy = *e; /* the walk takes places, and writes none of them in this direction */

    wr_u8(w, EUICC_BLOB_VERSION);
    card(&k, &copy);
    reach(&k, &copy.reach);
    limits(&k, &copy);
    count(&k, &copy.n_packets, EUICC_PACKETS_MAX);
    for (unsigned i = 0; i < e->n_packets; i++)
        packet(&k, &copy.packets[i]);
    count(&k, &copy.n_profiles, EUICC_PROFILES_MAX);
    for (unsigned i = 0; i < e->n_profiles; i++)
        profile(&k, &e->profiles[i]);
    count(&k, &copy.n_ops, EUICC_OPS_MAX);
    for (unsigned i = 0; i < e->n_ops; i++) {
        op_identity(&k, e->ops[i]);
        op_progress(&k, e->ops[i]);
    }
}

static int get_lists(struct walk *k, struct euicc *e)
{
    unsigned n = 0;

    count(k, &e->n_packets, EUICC_PACKETS_MAX);
    for (unsigned i = 0; i < e->n_packets; i++)
        packet(k, &e->packets[i]);
    count(k, &n, EUICC_PROFILES_MAX);
    e->profiles = n ? calloc(n, sizeof *e->profiles) : NULL;
    if (n && !e->profiles)
        return ERR_NOMEM;
    e->n_profiles = n;
    for (unsigned i = 0; i < n; i++)
        profile(k, &e->profiles[i]);
    count(k, &n, EUICC_OPS_MAX);
    for (unsigned i = 0; i < n; i++) {
        e->ops[i] = calloc(1, sizeof *e->ops[i]);
        if (!e->ops[i])
            return ERR_NOMEM;
        e->n_ops++;
        op_identity(k, e->ops[i]);
        op_progress(k, e->ops[i]);
    }
    return ERR_OK;
}

int euicc_blob_get(struct span blob, struct euicc **ret)
{
    struct reader r = rd_init(blob);
    struct walk k = {NULL, &r};
    struct euicc *e;
    int err;

    if (!blob.n)
        return ERR_CORRUPT;
    if (rd_u8(&r) != EUICC_BLOB_VERSION)
        return ERR_UNSUPPORTED;
    e = calloc(1, sizeof *e);
    if (!e)
        return ERR_NOMEM;
    card(&k, e);
    reach(&k, &e->reach);
    limits(&k, e);
    err = get_lists(&k, e);
    if (!err && !rd_done(&r))
        err = ERR_CORRUPT;
    if (err) {
        euicc_free(e);
        return err;
    }
    *ret = e;
    return ERR_OK;
}
