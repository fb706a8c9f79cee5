/* SPDX-License-Identifier: Apache-2.0 */
/* What a plan records of a card's key sets, made durable with it (design law 9): a decider names versions,
 * the keys are drawn here, sealed into its record, and seen by nobody else but the packet that carries them. */
#include "smsr/core_int.h"

#include "smsr/es5/es5.h"

#define PUT_ROOM 200u

void core_keys_done(struct smsr_core *c)
{
    if (c->has_fresh)
        isdr_secret_fini(&c->fresh);
    c->has_fresh = false;
}

static int take(struct smsr_core *c, const struct euicc *e)
{
    const struct isdr_secret *k;
    int err;

    if (c->has_fresh)
        return ERR_OK;
    err = keys_get(c->keys, e->tenant, &e->eid, &k);
    if (err)
        return err;
    c->fresh = isdr_secret_copy(k);
    c->has_fresh = true;
    return ERR_OK;
}

/* In the place of the one before: that goes in the same commit. */
static int seal(struct smsr_core *c, const struct euicc *e, struct event *ev, struct arena *a)
{
    struct event_secret *s = &ev->secrets[ev->n_secrets];
    char id[ISDR_SECRET_ID];
    struct buf sealed;
    int err;

    isdr_secret_id(&e->eid, id);
    buf_init(&sealed, 0);
    err = isdr_secret_seal(c->o.keystore, e->tenant, &e->eid, &c->fresh, &sealed);
    if (!err) {
        s[0].id = s[1].id = span_str(arena_str(a, span_str(id)));
        s[1].sealed = span_of(arena_dup(a, sealed.p, sealed.n), sealed.n);
        s[1].kek_version = keystore_version(c->o.keystore);
        err = s[1].id.n && s[1].sealed.p ? ERR_OK : ERR_NOMEM;
        ev->n_secrets += 2;
    }
    buf_fini(&sealed);
    return err;
}

int core_keys_seal(struct smsr_core *c, const struct euicc *e, struct plan *p)
{
    int err = ERR_OK;

    core_keys_done(c);
    for (unsigned i = 0; !err && i < p->n_records; i++) {
        struct event *ev = p->records[i];
        if (ev->type != EV_KEYSET_PREPARED && ev->type != EV_KEYSET_DELETED)
            continue;
        err = e ? take(c, e) : ERR_INTERNAL;
        if (!err && ev->type == EV_KEYSET_PREPARED)
            err = isdr_secret_grow(&c->fresh, c->o.crypto, (uint8_t)ev->kvn);
        else if (!err)
            isdr_secret_drop(&c->fresh, (uint8_t)ev->kvn);
        if (!err)
            err = seal(c, e, ev, p->arena);
    }
    if (err)
        core_keys_done(c);
    return err;
}

int core_keys_put(struct smsr_core *c, const struct isdr_set *under, const struct card_unit *unit,
                  enum script_form form, struct arena *a, struct span *ret)
{
    const struct isdr_set *s = c->has_fresh ? isdr_secret_set(&c->fresh, unit->put_kvn) : NULL;
    const struct isdr_psk *k = c->has_fresh ? isdr_secret_psk(&c->fresh, unit->put_kvn) : NULL;
    const struct key *keys[ES5_SET_KEYS_MAX] = {s ? s->kic : k ? k->psk : NULL,
                                                s ? s->kid : k ? k->dek : NULL, s ? s->dek : NULL};
    struct writer w = wr_init(arena_alloc(a, PUT_ROOM), PUT_ROOM);
    int err = !w.p ? ERR_NOMEM : !under->dek || !keys[0] || !keys[1] ? ERR_STATE : ERR_OK;

    if (!err)
        err = es5_put_keys(&w, form, c->o.crypto, under->dek, 0, unit->put_kvn, keys, s ? 3 : 2);
    *ret = wr_view(&w);
    return err;
}
