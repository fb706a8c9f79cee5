/* SPDX-License-Identifier: Apache-2.0 */
/* Templates (only where their package stands in the journal) and the numbers of the tenants. */
#include "smdp/store/store_int.h"

#include <stdlib.h>

static struct template_row *template_find(const struct dp_store *s, struct span type)
{
    for (size_t i = 0; i < s->n_templates; i++)
        if (span_eq(span_str(s->templates[i].profile_type), type))
            return &s->templates[i];
    return NULL;
}

static int template_add(struct dp_store *s, struct span type, uint64_t lsn, bool dirty)
{
    struct template_row *t;

    if (type.n == 0 || type.n >= sizeof t->profile_type || template_find(s, type))
        return ERR_CORRUPT;
    if (s->n_templates == TEMPLATES_MAX)
        return ERR_FULL;
    t = realloc(s->templates, (s->n_templates + 1) * sizeof *t);
    if (!t)
        return ERR_NOMEM;
    s->templates = t;
    t = &t[s->n_templates++];
    memset(t, 0, sizeof *t);
    memcpy(t->profile_type, type.p, type.n);
    t->lsn = lsn;
    t->dirty = dirty;
    return ERR_OK;
}

static int tenant_add(struct dp_store *s, struct span id, uint32_t number, bool dirty)
{
    struct tenant_row *t;

    if (id.n == 0 || id.n >= sizeof t->id || number == 0)
        return ERR_CORRUPT;
    for (size_t i = 0; i < s->n_tenants; i++)
        if (s->tenants[i].number == number || span_eq(span_str(s->tenants[i].id), id))
            return ERR_CORRUPT;
    if (s->n_tenants == TENANTS_MAX)
        return ERR_FULL;
    t = realloc(s->tenants, (s->n_tenants + 1) * sizeof *t);
    if (!t)
        return ERR_NOMEM;
    s->tenants = t;
    t = &t[s->n_tenants++];
    memset(t, 0, sizeof *t);
    memcpy(t->id, id.p, id.n);
    t->number = number;
    t->dirty = dirty;
    return ERR_OK;
}

static int template_row(void *ctx, struct stmt *st)
{
    return template_add(ctx, stmt_text(st, 0), stmt_u64(st, 1), false);
}

static int tenant_row(void *ctx, struct stmt *st)
{
    return tenant_add(ctx, stmt_text(st, 1), stmt_u32(st, 0), false);
}

int dp_names_open(struct dp_store *s)
{
    int err = stmt_each(stmt_at(s->stmts, DS_TEMPLATE_ALL), template_row, s);
    return err ? err : stmt_each(stmt_at(s->stmts, DS_TENANT_ALL), tenant_row, s);
}

int dp_names_apply(struct dp_store *s, uint64_t lsn, const struct event *ev)
{
    if (ev->type == EV_TEMPLATE_ADDED)
        return template_add(s, ev->profile_type, lsn, true);
    return ev->number <= UINT32_MAX ? tenant_add(s, ev->text, (uint32_t)ev->number, true)
                                    : ERR_CORRUPT;
}

int dp_names_save(struct dp_store *s)
{
    int err = ERR_OK;

    for (size_t i = 0; !err && i < s->n_templates; i++) {
        struct stmt *st = stmt_at(s->stmts, DS_TEMPLATE_PUT);
        if (!s->templates[i].dirty)
            continue;
        stmt_bind_text(st, 1, span_str(s->templates[i].profile_type));
        stmt_bind_u64(st, 2, s->templates[i].lsn);
        err = stmt_run(st);
        s->templates[i].dirty = err != ERR_OK;
    }
    for (size_t i = 0; !err && i < s->n_tenants; i++) {
        struct stmt *st = stmt_at(s->stmts, DS_TENANT_PUT);
        if (!s->tenants[i].dirty)
            continue;
        stmt_bind_u64(st, 1, s->tenants[i].number);
        stmt_bind_text(st, 2, span_str(s->tenants[i].id));
        err = stmt_run(st);
        s->tenants[i].dirty = err != ERR_OK;
    }
    return err;
}

void dp_names_free(struct dp_store *s)
{
    free(s->templates);
    free(s->tenants);
    s->templates = NULL;
    s->tenants = NULL;
}

int dp_store_template(struct dp_store *s, struct span profile_type, uint64_t *ret_lsn)
{
    const struct template_row *t = template_find(s, profile_type);

    *ret_lsn = t ? t->lsn : 0;
    return t ? ERR_OK : ERR_NOT_FOUND;
}

uint32_t dp_store_tenant(const struct dp_store *s, const char *id)
{
    for (size_t i = 0; i < s->n_tenants; i++)
        if (strcmp(s->tenants[i].id, id) == 0)
            return s->tenants[i].number;
    return 0;
}

uint32_t dp_store_next_tenant(const struct dp_store *s)
{
    uint32_t most = 0;

    for (size_t i = 0; i < s->n_tenants; i++)
        if (s->tenants[i].number > most)
            most = s->tenants[i].number;
    return most + 1;
}
