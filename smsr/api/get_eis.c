/* SPDX-License-Identifier: Apache-2.0 */
/* GetEIS on ES3 and ES4 (SGP.02 5.4.2, 5.5.1): the view of the caller's role; an EID without a
 * relation is unknown. */
#include "smsr/api/api_int.h"

#include "common/msg/es3.h"
#include "common/msg/es4.h"
#include "smsr/domain/card_state.h"
#include "smsr/domain/eis_view.h"

/* The signed part as it was received stands in the body of its record. */
static int read_signed(struct request *q, uint64_t lsn, struct signed_eis *ret,
                       struct eum_signed_info *ret_info)
{
    struct arena *arena = engine_arena(q->a->cfg.engine);
    struct event *ev = arena_alloc(arena, sizeof *ev);
    struct journal_record rec;
    struct buf body;
    int err;

    buf_init(&body, 0);
    err = ev ? journal_get(engine_journal(q->a->cfg.engine), lsn, &rec, &body) : ERR_NOMEM;
    if (!err)
        err = wire_event_decode(EV_EUICC_REGISTERED, buf_span(&body), arena, ev, NULL);
    if (!err)
        err = wire_signed_eis_decode(ev->data, arena, ret, NULL);
    if (!err)
        err = wire_eis_info_decode(ret, arena, ret_info, NULL);
    buf_fini(&body);
    return err;
}

static const struct eis *view(struct request *q, const struct caller *c, const struct euicc *e)
{
    struct arena *arena = engine_arena(q->a->cfg.engine);
    struct signed_eis *s = arena_alloc(arena, sizeof *s);
    struct eum_signed_info *info = arena_alloc(arena, sizeof *info);
    struct eis *ret = arena_alloc(arena, sizeof *ret);
    bool have;

    if (!s || !info || !ret)
        return NULL;
    have = !read_signed(q, e->eis_lsn, s, info);
    eis_view(q->a->cfg.env, c, e, have ? s : NULL, have ? info : NULL, arena, ret);
    return ret;
}

void api_get_eis(struct request *q)
{
    struct caller c = {q->call.party, q->call.role, q->info->iface, q->call.mno_id};
    bool es3 = q->msg.type == MSG_ES3_GET_EIS_REQUEST;
    struct mbox key = {.kind = MBOX_EUICC};
    struct oid owner;
    struct eid eid;
    struct message m;
    const struct eis *eis;
    const void *e = NULL;
    void *body;
    enum status_code st;

    eid = es3 ? ((const struct es3_get_eis_request *)q->msg.body)->eid
              : ((const struct es4_get_eis_request *)q->msg.body)->eid;
    memcpy(key.id, eid.b, sizeof eid.b);
    if (engine_view(q->a->cfg.engine, &key, &e))
        return; /* the engine has failed: the process stops */
    st = authz_card(q->a->cfg.env, &c, e, &owner);
    if (!st)
        st = card_state_refuses(((const struct euicc *)e)->life, FN_GET_EIS);
    if (st) {
        api_refuse(q, st, (struct span){NULL, 0});
        return;
    }
    eis = view(q, &c, e);
    /* As for AuditEIS: admitted, but no owner here has authorised it for anything (SGP.02 3.20). */
    if (eis && c.role == ROLE_M2M_SP && !eis->n_profiles) {
        api_refuse(q, ST_EIS_NOT_ALLOWED, (struct span){NULL, 0});
        return;
    }
    body = api_response(q, &m);
    if (!eis || !body) {
        api_refuse(q, ST_STORAGE, span_str("no memory for the answer"));
        return;
    }
    if (es3)
        ((struct es3_get_eis_response *)body)->eis = eis;
    else
        ((struct es4_get_eis_response *)body)->eis = eis;
    api_respond(q, m, &(struct outcome){.verdict = VERDICT_SUCCESS});
}
