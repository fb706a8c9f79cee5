/* SPDX-License-Identifier: Apache-2.0 */
/* Where an ICCID or a number stands: the tables, corrected by what changed since they were
 * written. */
#include "smsr/store/store_int.h"

#include <stdlib.h>

static struct span eid_span(const struct eid *e)
{
    return span_of(e->b, sizeof e->b);
}

/* Zeroed, so that two states compare as memory. */
void index_read(const struct euicc *e, struct index_state *ret)
{
    memset(ret, 0, sizeof *ret);
    for (unsigned i = 0; e && i < e->n_profiles; i++) {
        memcpy(ret->iccid[ret->n].s, e->profiles[i].iccid.s, strlen(e->profiles[i].iccid.s));
        memcpy(ret->number[ret->n].s, e->profiles[i].msisdn.s, strlen(e->profiles[i].msisdn.s));
        memcpy(ret->imsi[ret->n].s, e->profiles[i].imsi.s, strlen(e->profiles[i].imsi.s));
        ret->n++;
    }
    ret->life = e ? e->life : CARD_NONE;
}

static bool has_iccid(const struct index_state *st, const struct iccid *iccid)
{
    for (unsigned i = 0; i < st->n; i++)
        if (iccid_eq(&st->iccid[i], iccid))
            return true;
    return false;
}

static bool has_number(const struct index_state *st, const struct msisdn *number)
{
    for (unsigned i = 0; i < st->n; i++)
        if (msisdn_eq(&st->number[i], number))
            return true;
    return false;
}

static int claim_iccid(struct store *s, const struct iccid *iccid, const struct eid *eid,
                       bool present)
{
    struct claim *c = map_get(s->iccids, span_str(iccid->s));
    struct eid there;
    int err;

    if (present) { /* one ICCID, one card: whatever decided otherwise is wrong */
        err = store_iccid(s, iccid, &there);
        if (err != ERR_NOT_FOUND)
            return err ? err : ERR_CORRUPT;
    }
    if (!c) {
        c = calloc(1, sizeof *c);
        if (!c)
            return ERR_NOMEM;
        err = map_put(s->iccids, span_str(iccid->s), c);
        if (err) {
            free(c);
            return err;
        }
    }
    *c = (struct claim){*eid, present};
    return ERR_OK;
}

static int claims_of(struct store *s, const struct msisdn *number, struct number_claims **ret)
{
    struct number_claims *l = map_get(s->numbers, span_str(number->s));
    int err;

    if (!l) {
        l = calloc(1, sizeof *l);
        if (!l)
            return ERR_NOMEM;
        err = map_put(s->numbers, span_str(number->s), l);
        if (err) {
            free(l);
            return err;
        }
    }
    *ret = l;
    return ERR_OK;
}

static int claim_number(struct store *s, const struct msisdn *number, const struct eid *eid,
                        bool present)
{
    struct number_claims *l;
    int err = claims_of(s, number, &l);

    if (err)
        return err;
    for (unsigned i = 0; i < l->n; i++) {
        if (eid_eq(&l->at[i].eid, eid)) {
            l->at[i].present = present;
            return ERR_OK;
        }
    }
    if (l->n == l->cap) {
        unsigned cap = l->cap ? l->cap * 2 : 2;
        struct number_claim *at = realloc(l->at, cap * sizeof *at);
        if (!at)
            return ERR_NOMEM;
        l->at = at;
        l->cap = cap;
    }
    l->at[l->n++] = (struct number_claim){*eid, present};
    return ERR_OK;
}

static int mark_changed(struct store *s, const struct eid *eid)
{
    struct eid *copy;
    int err;

    if (map_get(s->changed, eid_span(eid)))
        return ERR_OK;
    copy = malloc(sizeof *copy);
    if (!copy)
        return ERR_NOMEM;
    *copy = *eid;
    err = map_put(s->changed, eid_span(eid), copy);
    if (err)
        free(copy);
    return err;
}

int index_change(struct store *s, const struct eid *eid, const struct index_state *before,
                 const struct index_state *after)
{
    int err = mark_changed(s, eid);

    for (unsigned i = 0; !err && i < before->n; i++) {
        if (!has_iccid(after, &before->iccid[i]))
            err = claim_iccid(s, &before->iccid[i], eid, false);
        if (!err && before->number[i].s[0] && !has_number(after, &before->number[i]))
            err = claim_number(s, &before->number[i], eid, false);
    }
    for (unsigned i = 0; !err && i < after->n; i++) {
        if (!has_iccid(before, &after->iccid[i]))
            err = claim_iccid(s, &after->iccid[i], eid, true);
        if (!err && after->number[i].s[0] && !has_number(before, &after->number[i]))
            err = claim_number(s, &after->number[i], eid, true);
    }
    return err;
}

int index_save(struct store *s, const struct eid *eid, const struct euicc *e)
{
    struct stmt *del_profile = stmt_at(s->sql, SQ_PROFILE_DEL);
    struct stmt *del_address = stmt_at(s->sql, SQ_ADDRESS_DEL);
    int err;

    if (!map_get(s->changed, eid_span(eid)))
        return ERR_OK;
    stmt_bind_blob(del_profile, 1, eid_span(eid));
    err = stmt_run(del_profile);
    if (!err) {
        stmt_bind_blob(del_address, 1, eid_span(eid));
        err = stmt_run(del_address);
    }
    for (unsigned i = 0; !err && i < e->n_profiles; i++) {
        const struct euicc_profile *p = &e->profiles[i];
        struct stmt *st = stmt_at(s->sql, SQ_PROFILE_PUT);
        stmt_bind_text(st, 1, span_str(p->iccid.s));
        stmt_bind_blob(st, 2, eid_span(eid));
        stmt_bind_text(st, 3, span_str(p->mno.s));
        stmt_bind_text(st, 4, span_str(p->imsi.s));
        err = stmt_run(st);
        if (err || !p->msisdn.s[0])
            continue;
        st = stmt_at(s->sql, SQ_ADDRESS_PUT);
        stmt_bind_text(st, 1, span_str(p->msisdn.s));
        stmt_bind_blob(st, 2, eid_span(eid));
        err = stmt_run(st);
    }
    return err;
}

void index_clear(struct store *s)
{
    void *cursor = NULL;
    void *value;

    while (map_next(s->iccids, &cursor, NULL, &value))
        free(value);
    cursor = NULL;
    while (map_next(s->numbers, &cursor, NULL, &value)) {
        free(((struct number_claims *)value)->at);
        free(value);
    }
    cursor = NULL;
    while (map_next(s->changed, &cursor, NULL, &value))
        free(value);
    map_clear(s->iccids);
    map_clear(s->numbers);
    map_clear(s->changed);
}

int store_iccid(struct store *s, const struct iccid *iccid, struct eid *ret)
{
    const struct claim *c = map_get(s->iccids, span_str(iccid->s));
    struct stmt *st = stmt_at(s->sql, SQ_PROFILE_GET);
    int err;

    if (c) {
        *ret = c->eid;
        return c->present ? ERR_OK : ERR_NOT_FOUND;
    }
    stmt_bind_text(st, 1, span_str(iccid->s));
    err = stmt_row(st);
    if (!err)
        stmt_copy(st, 0, ret->b, sizeof ret->b);
    return stmt_end(st, err);
}

static const struct number_claim *find_claim(const struct number_claims *l, const struct eid *eid)
{
    for (unsigned i = 0; l && i < l->n; i++)
        if (eid_eq(&l->at[i].eid, eid))
            return &l->at[i];
    return NULL;
}

int store_candidates(struct store *s, const struct msisdn *number, struct eid *ret, unsigned max,
                     unsigned *ret_n)
{
    const struct number_claims *l = map_get(s->numbers, span_str(number->s));
    struct stmt *st = stmt_at(s->sql, SQ_ADDRESS_GET);
    unsigned n = 0;
    int err;

    /* Newest first: a card that was just given this number is the likely one. */
    for (unsigned i = l ? l->n : 0; i-- > 0 && n < max;)
        if (l->at[i].present)
            ret[n++] = l->at[i].eid;
    stmt_bind_text(st, 1, span_str(number->s));
    stmt_bind_u64(st, 2, (uint64_t)max + (l ? l->n : 0));
    while ((err = stmt_row(st)) == ERR_OK) {
        struct eid eid;
        stmt_copy(st, 0, eid.b, sizeof eid.b);
        if (n < max && !find_claim(l, &eid))
            ret[n++] = eid;
    }
    *ret_n = n;
    return stmt_end(st, err == ERR_NOT_FOUND ? ERR_OK : err);
}

/* --- cards of a caller --- */
static int compare_eids(const void *a, const void *b)
{
    return memcmp(a, b, sizeof(struct eid));
}

/* Puts eid into the ordered list of at most max, dropping the last one when it is full. */
static void insert_eid(struct eid *at, unsigned *n, unsigned max, const struct eid *eid)
{
    unsigned i = 0;

    while (i < *n && memcmp(at[i].b, eid->b, sizeof eid->b) < 0)
        i++;
    if (i == max || (i < *n && eid_eq(&at[i], eid)))
        return;
    if (*n == max)
        (*n)--;
    memmove(&at[i + 1], &at[i], (*n - i) * sizeof *at);
    at[i] = *eid;
    (*n)++;
}

/* Cards of the caller, whatever they are. */
static struct stmt *scope_stmt(struct store *s, const struct scope *sc)
{
    struct stmt *st;

    if (scope_is_house(sc))
        return stmt_at(s->sql, SQ_CARD_ALL);
    if (sc->role == ROLE_FLEET || sc->role == ROLE_ADMIN || sc->role == ROLE_AUDITOR) {
        st = stmt_at(s->sql, SQ_CARD_TENANT);
        stmt_bind_u64(st, 3, sc->party->tenant ? sc->party->tenant->number : 0);
        return st;
    }
    st = stmt_at(s->sql, SQ_CARD_OWNER);
    stmt_bind_text(st, 3, span_str(sc->party->oid.s));
    return st;
}

static struct stmt *text_stmt(struct store *s, enum store_stmt which, const char *key)
{
    struct stmt *st = stmt_at(s->sql, which);

    stmt_bind_text(st, 3, span_str(key));
    return st;
}

/* The index that leaves the fewest candidates; whoever asks checks each of them against the view. */
static struct stmt *eids_stmt(struct store *s, const struct scope *sc, const struct card_filter *f)
{
    struct stmt *st;

    if (f->iccid.s[0])
        return text_stmt(s, SQ_CARD_ICCID, f->iccid.s);
    if (f->imsi.s[0])
        return text_stmt(s, SQ_CARD_IMSI, f->imsi.s);
    if (f->msisdn.s[0])
        return text_stmt(s, SQ_CARD_MSISDN, f->msisdn.s);
    if (f->has_batch) {
        st = stmt_at(s->sql, SQ_CARD_BATCH);
        stmt_bind_blob(st, 3, span_of(f->batch, sizeof f->batch));
        return st;
    }
    if (f->life != CARD_NONE) {
        st = stmt_at(s->sql, SQ_CARD_LIFE);
        stmt_bind_u64(st, 3, (uint64_t)f->life);
        return st;
    }
    return f->mno.s[0] ? text_stmt(s, SQ_CARD_OWNER, f->mno.s) : scope_stmt(s, sc);
}

int store_eids(struct store *s, const struct scope *sc, const struct card_filter *f,
               const struct eid *after, struct eid *ret, unsigned max, unsigned *ret_n)
{
    struct stmt *st = eids_stmt(s, sc, f);
    void *cursor = NULL;
    void *value;
    unsigned n = 0;
    int err;

    stmt_bind_blob(st, 1, eid_span(after));
    stmt_bind_u64(st, 2, max);
    while ((err = stmt_row(st)) == ERR_OK) {
        struct eid eid;
        stmt_copy(st, 0, eid.b, sizeof eid.b);
        ret[n++] = eid;
    }
    err = stmt_end(st, err == ERR_NOT_FOUND ? ERR_OK : err);
    while (!err && map_next(s->changed, &cursor, NULL, &value))
        if (compare_eids(value, after) > 0)
            insert_eid(ret, &n, max, value);
    *ret_n = n;
    return err;
}
