/* SPDX-License-Identifier: Apache-2.0 */
/* eis import: every entry of the files is one ES1-RegisterEIS, all or nothing for itself
 * (SGP.02 5.2). */
#include "tools/smctl/eis_file.h"
#include "tools/smctl/input_file.h"
#include "tools/smctl/jobs.h"
#include "tools/smctl/start_importer.h"

#include "common/base/hex.h"
#include "common/msg/admin.h"
#include "common/msg/catalogue.h"
#include "common/msg/es1.h"
#include "tools/eisimport/rows.h"

#include <dirent.h>
#include <limits.h>
#include <stdlib.h>
#include <sys/stat.h>

#define FILES_MAX    4096u
#define DECODE_ARENA (1u << 20)
#define ORDER_MAX    100u

/* A file is what batches are counted by. */
struct source {
    char name[PATH_MAX];
    struct input_file file;
    uint8_t hash[32];
    size_t first, n;  /* its entries */
    struct buf rows;  /* of XML: what the importer made of it */
    uint32_t refused; /* rows that cannot be sent */
};
struct import {
    struct crypto *crypto;
    const struct smctl *x;
    const char *order;
    struct source *sources;
    size_t n_sources;
    struct span *entries; /* of all files, in order */
    size_t n;
};

static void import_fini(struct import *m)
{
    for (size_t i = 0; i < m->n_sources; i++) {
        input_close(&m->sources[i].file);
        buf_fini(&m->sources[i].rows);
    }
    free(m->sources);
    free(m->entries);
}

static const struct source *source_of(const struct import *m, size_t entry)
{
    size_t i = 0;

    while (i + 1 < m->n_sources && entry >= m->sources[i].first + m->sources[i].n)
        i++;
    return &m->sources[i];
}

static int grow(struct import *m, size_t n, struct errmsg *why)
{
    struct span *grown = realloc(m->entries, (m->n + n) * sizeof *grown);

    if (!grown)
        return errmsg_set(why, ERR_NOMEM, "%s", err_text(ERR_NOMEM));
    m->entries = grown;
    return ERR_OK;
}

/* --- XML, by the importer --- */
static int row_of(struct import *m, struct source *src, const struct row *r, struct errmsg *why)
{
    char text[700];

    switch (r->kind) {
    case ROW_ENTRY:
        if (grow(m, 1, why))
            return ERR_NOMEM;
        m->entries[m->n++] = r->body;
        return ERR_OK;
    case ROW_REFUSED:
        src->refused++;
        return ERR_OK;
    case ROW_FILE:
        return errmsg_set(why, ERR_CONFIG, "%.160s: %s", src->name,
                          text_safe(r->body, text, sizeof text));
    case ROW_END:
        break;
    }
    return ERR_OK;
}

static int take_xml(struct import *m, struct source *src, struct errmsg *why)
{
    const char *const *value = m->x->args->value;
    int err = importer_start(src->name, value[OPT_TRANSPORT_KEY], value[OPT_EUM_CERTIFICATE],
                             &src->rows, why);
    struct span rest = buf_span(&src->rows);
    enum row_kind last = (enum row_kind)0;
    struct row r;

    if (err)
        return err;
    while ((err = row_next(&rest, &last, &r)) == ERR_OK) {
        err = row_of(m, src, &r, why);
        if (err)
            return err;
    }
    return err == ERR_NOT_FOUND
               ? ERR_OK
               : errmsg_set(why, ERR_CONFIG,
                            "%.160s: its importer broke off, and nothing was sent; "
                            "start it again",
                            src->name);
}

static void refused_print(const struct smctl *x, const struct source *src, const struct row *r)
{
    char text[700];
    struct buf b;
    struct json w = {.out = &b};

    text_safe(r->body, text, sizeof text);
    if (!x->json) {
        printf("RegisterEIS%s%s refused: row %u of %s: %s\n", r->eid[0] ? " " : "", r->eid,
               r->number, src->name, text);
        return;
    }
    buf_init(&b, 0);
    json_open(&w, NULL, '{');
    json_str(&w, "function", "RegisterEIS");
    json_str(&w, "eid", r->eid);
    json_str(&w, "outcome", "refused");
    json_str(&w, "file", src->name);
    json_u64(&w, "row", r->number);
    json_str(&w, "message", text);
    json_close(&w, '}');
    out_line(stdout, &b);
    buf_fini(&b);
}

/* What will not be sent is said before what is. */
static void print_refused(const struct smctl *x, const struct source *src)
{
    struct span rest = buf_span(&src->rows);
    enum row_kind last = (enum row_kind)0;
    struct row r;

    while (src->refused && row_next(&rest, &last, &r) == ERR_OK)
        if (r.kind == ROW_REFUSED)
            refused_print(x, src, &r);
}

/* A damaged file is refused as a whole, before anything is sent. */
static int take_entries(struct import *m, const char *path, struct span octets, struct errmsg *why)
{
    size_t n, offset;
    struct span rest = octets, entry;
    int err = eis_file_count(octets, &n, &offset);

    if (err)
        return errmsg_set(why, ERR_CONFIG,
                          "%.160s: %s at octet %zu, after %zu whole entries: it is damaged or no "
                          ".eis file; ask the EUM for it again",
                          path,
                          err == ERR_TRUNCATED   ? "it ends inside an entry"
                          : err == ERR_TOO_LARGE ? "an entry is too large"
                                                 : "an entry has no octets",
                          offset, n);
    if (n == 0)
        return errmsg_set(why, ERR_CONFIG, "%.200s: there is no entry in it", path);
    if (grow(m, n, why))
        return ERR_NOMEM;
    while (eis_file_next(&rest, &entry) == ERR_OK)
        m->entries[m->n++] = entry;
    return ERR_OK;
}

static int take_file(struct import *m, const char *path, struct errmsg *why)
{
    struct source *sources, *at;
    int err;

    if (m->n_sources == FILES_MAX)
        return errmsg_set(why, ERR_CONFIG, "more than %u files", FILES_MAX);
    sources = realloc(m->sources, (m->n_sources + 1) * sizeof *sources);
    if (!sources)
        return errmsg_set(why, ERR_NOMEM, "%s", err_text(ERR_NOMEM));
    m->sources = sources;
    at = &sources[m->n_sources];
    memset(at, 0, sizeof *at);
    (void)snprintf(at->name, sizeof at->name, "%s", path);
    err = input_open(path, &at->file, why);
    if (err)
        return err;
    m->n_sources++;
    sha256(m->crypto, &at->file.octets, 1, at->hash);
    at->first = m->n;
    err = importer_is_for(at->file.octets) ? take_xml(m, at, why)
                                           : take_entries(m, path, at->file.octets, why);
    at->n = m->n - at->first;
    return err;
}

static int is_eis(const struct dirent *e)
{
    static const char *const ENDS[] = {".eis", ".xml", ".zip"};
    size_t n = strlen(e->d_name);

    for (size_t i = 0; i < sizeof ENDS / sizeof *ENDS; i++)
        if (n > 4 && !strcmp(e->d_name + n - 4, ENDS[i]))
            return 1;
    return 0;
}

static int take_dir(struct import *m, const char *dir, struct errmsg *why)
{
    struct dirent **found = NULL;
    int n = scandir(dir, &found, is_eis, alphasort);
    int err = ERR_OK;

    if (n < 0)
        return errmsg_set(why, ERR_CONFIG, "directory %.200s cannot be read", dir);
    if (n == 0)
        err = errmsg_set(why, ERR_CONFIG, "directory %.200s holds no .eis, .xml or .zip file", dir);
    for (int i = 0; i < n; i++) {
        char path[PATH_MAX];
        int len = snprintf(path, sizeof path, "%s/%s", dir, found[i]->d_name);
        if (!err && (len < 0 || len >= PATH_MAX))
            err = errmsg_set(why, ERR_CONFIG, "a path in %.200s is too long", dir);
        if (!err)
            err = take_file(m, path, why);
        free(found[i]);
    }
    free(found);
    return err;
}

static int import_read(struct import *m, const char *path, struct errmsg *why)
{
    struct stat st;

    if (stat(path, &st) == 0 && S_ISDIR(st.st_mode))
        return take_dir(m, path, why);
    return take_file(m, path, why);
}

static int register_request(struct jobs *j, size_t i, const struct base_request *base,
                            struct arena *a, struct message *ret)
{
    const struct import *m = j->ctx;
    struct es1_register_eis_request *r = arena_alloc(a, sizeof *r);

    if (!r)
        return ERR_NOMEM;
    memset(r, 0, sizeof *r);
    r->base = *base;
    r->eis = m->entries[i];
    r->order_reference = m->order ? span_str(m->order) : (struct span){NULL, 0};
    r->has_batch = true;
    memcpy(r->batch, source_of(m, i)->hash, sizeof r->batch);
    *ret = (struct message){MSG_ES1_REGISTER_EIS_REQUEST, r};
    return ERR_OK;
}

/* A second run over the same file is no fault. */
static bool registered_before(const struct gsma_code *code)
{
    return status_is(code, ST_EID_EXISTS);
}

/* Only to name the cards in what is printed: the SM-SR judges the entries. */
static void name_cards(struct jobs *j, const struct import *m)
{
    struct arena a;

    arena_init(&a, DECODE_ARENA);
    for (size_t i = 0; i < m->n; i++) {
        arena_reset(&a);
        (void)eis_file_eid(m->entries[i], &a, &j->job[i].eid);
    }
    arena_fini(&a);
}

/* --- what became of each file --- */
struct sum {
    const struct smctl *x;
    const struct source *src;
    struct admin_batch_request q;
};

static enum exit_code batch_told(void *ctx, const struct envelope *e)
{
    const struct admin_batch_response *r = e->message.body;
    const struct sum *t = ctx;
    char hash[65] = "";
    struct buf b;
    struct json w = {.out = &b};

    if (e->message.type != MSG_ADMIN_BATCH_RESPONSE || !r->row ||
        hex_encode(span_of(t->src->hash, sizeof t->src->hash), hash, sizeof hash))
        return XC_CONNECTION;
    if (!t->x->json) {
        printf("%s: %u rows: %u accepted, %u refused, %u known; batch %s\n", t->src->name,
               t->q.rows, t->q.accepted, t->q.refused, t->q.known, hash);
        if (r->row->accepted != t->q.accepted)
            printf("  over all its imports: %u accepted, %u refused, %u known\n", r->row->accepted,
                   r->row->refused, r->row->known);
        return XC_OK;
    }
    buf_init(&b, 0);
    json_open(&w, NULL, '{');
    json_open(&w, "batch", '{');
    json_str(&w, "file", t->src->name);
    json_str(&w, "hash", hash);
    json_text(&w, "order", r->row->order_reference);
    json_u64(&w, "rows", t->q.rows);
    json_u64(&w, "accepted", t->q.accepted);
    json_u64(&w, "refused", t->q.refused);
    json_u64(&w, "known", t->q.known);
    json_close(&w, '}');
    json_close(&w, '}');
    out_line(stdout, &b);
    buf_fini(&b);
    return XC_OK;
}

/* Counts of a file; false: a call has no answer, so that nothing can be said of all of it. */
static bool count_rows(const struct jobs *j, const struct source *src,
                       struct admin_batch_request *q)
{
    q->rows = (uint32_t)src->n + src->refused;
    q->refused = src->refused;
    for (size_t i = src->first; i < src->first + src->n; i++) {
        const struct job *job = &j->job[i];
        if (!job->already && (job->outcome == CALL_UNANSWERED || job->outcome == CALL_ERROR))
            return false;
        if (job->already)
            q->known++;
        else if (job->outcome == CALL_OK || job->outcome == CALL_WARNING)
            q->accepted++;
        else
            q->refused++;
    }
    return true;
}

/* A run repeated under --call-id gets the answers of the first one, this one's included. */
static void batch_call_id(struct smctl *x, size_t file, char dst[256])
{
    if (args_has(x->args, OPT_CALL_ID))
        (void)snprintf(dst, 256, "%.180s-batch-%zu", x->args->value[OPT_CALL_ID], file + 1);
    else
        smctl_call_id(x, dst);
}

static enum exit_code tell_batch(struct smctl *x, const struct import *m, const struct jobs *j,
                                 size_t file)
{
    const struct source *src = &m->sources[file];
    struct sum t = {.x = x, .src = src, .q = {.rows = 0}};
    struct message msg = {MSG_ADMIN_BATCH_REQUEST, &t.q};
    char id[256];

    if (!count_rows(j, src, &t.q)) {
        out_error("%.160s: not every row was answered; import the file again: what is registered "
                  "counts as known",
                  src->name);
        return XC_DOUBT;
    }
    batch_call_id(x, file, id);
    t.q.base.function_call_identifier = span_str(id);
    memcpy(t.q.batch, src->hash, sizeof t.q.batch);
    if (m->order)
        t.q.order_reference = span_str(m->order);
    return smctl_ask(x, &msg, batch_told, &t);
}

static enum exit_code run_import(struct smctl *x, struct import *m)
{
    static const struct jobs_kind KIND = {"RegisterEIS", register_request, NULL, registered_before};
    struct jobs j;
    uint32_t refused = 0;
    enum exit_code code = jobs_init(&j, x, &KIND, m->n, true);

    j.ctx = m;
    j.sum_later = true;
    if (code == XC_OK) {
        for (size_t i = 0; i < m->n_sources; i++) {
            print_refused(x, &m->sources[i]);
            refused += m->sources[i].refused;
        }
        name_cards(&j, m);
        code = jobs_run(&j);
        for (size_t i = 0; code != XC_CONNECTION && i < m->n_sources; i++)
            code = exit_worse(code, tell_batch(x, m, &j, i));
        if (j.ended)
            jobs_show_sum(&j, j.why.text);
        if (refused)
            code = exit_worse(code, XC_REFUSED);
    }
    jobs_fini(&j);
    return code;
}

enum exit_code verb_eis_import(struct smctl *x)
{
    struct import m = {.crypto = x->crypto, .x = x, .order = x->args->value[OPT_ORDER]};
    struct errmsg why = {""};
    enum exit_code code;
    int err = ERR_OK;

    if (m.order && strlen(m.order) > ORDER_MAX)
        err = errmsg_set(&why, ERR_INVAL, "--order is longer than %u octets", ORDER_MAX);
    if (!err)
        err = import_read(&m, x->words[0], &why);
    code = err ? smctl_fail(err, &why) : run_import(x, &m);
    import_fini(&m);
    return code;
}
