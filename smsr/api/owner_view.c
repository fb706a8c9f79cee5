/* SPDX-License-Identifier: Apache-2.0 */
/* A record as an owner may see it: of its own operation, but without the profiles and deliveries of
 * other owners of the card (design law 8, 3.5: foreign = unknown). */
#include "smsr/api/api_int.h"

/* GET STATUS is answered with these in it; shorter ones name no ISD-P. */
#define AID_OCTETS 16u

struct view {
    struct request *q;
    const struct op_row *op;
    const struct euicc *e;         /* NULL: nothing of the card is known */
    bool cut;
};

static bool own(const struct view *v, const struct euicc_profile *p)
{
    const struct scope *sc = &v->q->scope;
    struct caller c = {sc->party->oid, sc->role, IF_ADMIN, v->op->mno};

    switch (sc->role) {
    case ROLE_OPERATOR:
        return oid_eq(&p->mno, &sc->party->oid);
    case ROLE_SMDP:
        return v->op->mno.s[0] && oid_eq(&p->mno, &v->op->mno);
    case ROLE_M2M_SP:
        return authz_authorised(sc->env, &c, p);
    default:
        return false;
    }
}

/* What the caller named itself, or holds on the card now; of one that is gone nobody knows whose it
 * was. */
static bool own_iccid(const struct view *v, const struct iccid *iccid)
{
    const struct euicc_profile *p = v->e ? euicc_profile_by_iccid(v->e, iccid) : NULL;

    return iccid_eq(iccid, &v->op->iccid) || (p && own(v, p));
}

static bool foreign_aid(const struct view *v, const struct aid *aid)
{
    const struct euicc_profile *p = v->e ? euicc_profile_by_aid(v->e, aid) : NULL;

    return p && !own(v, p);
}

static bool names_foreign(const struct view *v, struct span data)
{
    for (unsigned i = 0; v->e && i < v->e->n_profiles; i++) {
        const struct euicc_profile *p = &v->e->profiles[i];
        if (own(v, p) || p->aid.n != AID_OCTETS)
            continue;
        for (size_t at = 0; at + AID_OCTETS <= data.n; at++)
            if (!memcmp(data.p + at, aid_span(&p->aid).p, AID_OCTETS))
                return true;
    }
    return false;
}

static void hide_profile(struct view *v, struct event *ev)
{
    if (ev->iccid.s[0] && !own_iccid(v, &ev->iccid)) {
        memset(&ev->iccid, 0, sizeof ev->iccid);
        memset(&ev->aid, 0, sizeof ev->aid);
        memset(&ev->mno, 0, sizeof ev->mno);
        memset(&ev->smdp, 0, sizeof ev->smdp);
        memset(&ev->msisdn, 0, sizeof ev->msisdn);
        memset(&ev->imsi, 0, sizeof ev->imsi);
        ev->profile_type = (struct span){NULL, 0};
        ev->pol2 = 0;
        v->cut = true;
    }
    if (ev->aid.n && foreign_aid(v, &ev->aid)) {
        memset(&ev->aid, 0, sizeof ev->aid);
        v->cut = true;
    }
    if (ev->previous.s[0] && !own_iccid(v, &ev->previous)) {
        memset(&ev->previous, 0, sizeof ev->previous);
        memset(&ev->previous_aid, 0, sizeof ev->previous_aid);
        v->cut = true;
    }
    if (ev->previous_aid.n && foreign_aid(v, &ev->previous_aid)) {
        memset(&ev->previous_aid, 0, sizeof ev->previous_aid);
        v->cut = true;
    }
}

static void hide_lists(struct view *v, struct event *ev)
{
    unsigned kept = 0;

    for (unsigned i = 0; i < ev->n_profiles; i++) {
        struct event_profile *p = &ev->profiles[i];
        if (!foreign_aid(v, &p->aid) && (!p->iccid.s[0] || own_iccid(v, &p->iccid)))
            ev->profiles[kept++] = *p;
    }
    v->cut = v->cut || kept != ev->n_profiles;
    ev->n_profiles = kept;
    kept = 0;
    for (unsigned i = 0; i < ev->n_deliveries; i++)
        if (oid_eq(&ev->deliveries[i].party, &v->q->scope.party->oid))
            ev->deliveries[kept++] = ev->deliveries[i];
    v->cut = v->cut || kept != ev->n_deliveries;
    ev->n_deliveries = kept;
    if (names_foreign(v, ev->data)) {
        ev->data = (struct span){NULL, 0};
        v->cut = true;
    }
}

static const struct euicc *card_of(struct request *q, const struct eid *eid)
{
    struct mbox key = {.kind = MBOX_EUICC};
    const void *e = NULL;

    memcpy(key.id, eid->b, sizeof eid->b);
    return engine_view(q->a->cfg.engine, &key, &e) ? NULL : e;
}

int api_owner_body(struct request *q, const struct op_row *op, const struct journal_record *rec,
                   struct buf *ret, bool *ret_cut)
{
    struct view v = {q, op, card_of(q, &rec->eid), false};
    struct arena *scratch = &q->a->scratch;
    struct event *ev;
    int err;

    arena_reset(scratch);
    ev = arena_alloc(scratch, sizeof *ev);
    err = ev ? wire_event_decode(event_type_parse(rec->type), rec->body, scratch, ev, NULL)
             : ERR_NOMEM;
    if (err)
        return err;
    hide_profile(&v, ev);
    hide_lists(&v, ev);
    *ret_cut = v.cut;
    return v.cut ? wire_event_encode(ev, ret) : ERR_OK;
}
