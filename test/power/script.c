/* SPDX-License-Identifier: Apache-2.0 */
#include "test/power/script.h"

#include "common/wire/wire.h"
#include "test/power/daemon.h"
#include "test/sim/world_int.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct taking {
    struct script *to;
    const struct engine_app *app; /* says whose mailbox a record is for */
    size_t max;
    struct arena scratch;
};

struct span script_secret_id(size_t i, char dst[SCRIPT_SECRET])
{
    (void)snprintf(dst, SCRIPT_SECRET, "row/%zu", i);
    return span_str(dst);
}

static void set_secrets(struct event *ev, size_t i, struct arena *a)
{
    char id[SCRIPT_SECRET];
    const char *put = arena_str(a, script_secret_id(i, id));
    const char *end = i % 5 == 4 ? arena_str(a, script_secret_id(i - 4, id)) : NULL;

    ev->n_secrets = 0;
    if (put)
        ev->secrets[ev->n_secrets++] = (struct event_secret){span_str(put), span_str("sealed"), 1};
    if (end)
        ev->secrets[ev->n_secrets++] = (struct event_secret){span_str(end), {NULL, 0}, 0};
}

int script_event(const struct script *s, size_t i, struct arena *a, struct event *ret)
{
    const struct script_row *r = &s->rows[i];
    int err = wire_event_decode(r->type, r->body, a, ret, NULL);

    ret->type = r->type;
    ret->eid = r->eid;
    ret->op = r->op;
    if (!err)
        set_secrets(ret, i, a);
    return err;
}

static int add_row(struct script *s, const struct script_row *r)
{
    if (s->n == s->cap) {
        size_t cap = s->cap ? s->cap * 2 : 256;
        struct script_row *rows = realloc(s->rows, cap * sizeof *rows);
        if (!rows)
            return ERR_NOMEM;
        s->rows = rows;
        s->cap = cap;
    }
    s->rows[s->n++] = *r;
    return ERR_OK;
}

/* The engine writes admin.started itself at each start. */
static int take(void *ctx, const struct journal_record *rec)
{
    struct taking *t = ctx;
    struct script_row r = {.type = event_type_parse(rec->type), .stream = rec->stream, .at_ms = rec->at_ms,
                           .op = rec->op, .eid = rec->eid, .to = {.kind = MBOX_HOUSE}};
    struct event ev;
    struct buf body;
    int err;

    if (t->to->n == t->max)
        return ERR_EXISTS;
    if (r.type == EV_ADMIN_STARTED)
        return ERR_OK;
    arena_reset(&t->scratch);
    err = wire_event_decode(r.type, rec->body, &t->scratch, &ev, NULL);
    if (err)
        return err;
    ev.type = r.type;
    ev.eid = r.eid;
    ev.op = r.op;
    t->app->route(t->app->ctx, rec, &ev, &r.to);
    set_secrets(&ev, t->to->n, &t->scratch);
    buf_init(&body, 0);
    err = wire_event_encode(&ev, &body);
    r.body = span_of(arena_dup(&t->to->mem, body.p, body.n), body.n);
    buf_fini(&body);
    return err || !r.body.p ? err ? err : ERR_NOMEM : add_row(t->to, &r);
}

static int take_all(struct engine *from, const struct daemon *d, size_t max, struct script *ret)
{
    struct taking t = {.to = ret, .app = &d->app, .max = max};
    int err;

    arena_init(&t.scratch, 0);
    arena_init(&ret->mem, 0);
    err = journal_read(engine_journal(from), 1, 0, take, &t);
    arena_fini(&t.scratch);
    return err == ERR_EXISTS ? ERR_OK : err;
}

int script_record(uint64_t seed, unsigned cards, size_t max, struct script *ret_smsr,
                  struct script *ret_smdp, struct errmsg *why)
{
    const struct world_plan plan = {.seed = seed, .cards = cards, .faults = true};
    struct daemon sr = {0}, dp = {0};
    struct world_stats stats;
    struct world *w = NULL;
    int err = world_new(&plan, &w, why);

    /* Whether that world keeps its laws is test/sim's business: its records are real. */
    if (!err && world_run(w, &stats, why) && (!w->sr || !w->dp))
        err = ERR_STATE;
    if (!err)
        err = daemon_smsr(w->crypto, &sr);
    if (!err)
        err = daemon_smdp(w->crypto, &dp);
    if (!err)
        err = take_all(smsr_core_engine(w->sr), &sr, max, ret_smsr);
    if (!err)
        err = take_all(smdp_core_engine(w->dp), &dp, max, ret_smdp);
    daemon_fini(&sr);
    daemon_fini(&dp);
    world_free(w);
    return err;
}

void script_fini(struct script *s)
{
    free(s->rows);
    arena_fini(&s->mem);
}
