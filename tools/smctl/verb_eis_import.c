/* SPDX-License-Identifier: Apache-2.0 */
/* eis import: every entry of the files is one ES1-RegisterEIS, all or nothing for itself
 * (SGP.02 5.2). */
#include "tools/smctl/eis_file.h"
#include "tools/smctl/input_file.h"
#include "tools/smctl/jobs.h"

#include "common/msg/es1.h"

#include <dirent.h>
#include <limits.h>
#include <stdlib.h>
#include <sys/stat.h>

#define FILES_MAX    4096u
#define DECODE_ARENA (1u << 20)

struct import {
    struct input_file *files;
    size_t n_files;
    struct span *entries; /* of all files, in order */
    size_t n;
};

static void import_fini(struct import *m)
{
    for (size_t i = 0; i < m->n_files; i++)
        input_close(&m->files[i]);
    free(m->files);
    free(m->entries);
}

/* A damaged file is refused as a whole, before anything is sent. */
static int take_entries(struct import *m, const char *path, struct span octets, struct errmsg *why)
{
    size_t n, offset;
    struct span rest = octets, entry, *grown;
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
    grown = realloc(m->entries, (m->n + n) * sizeof *grown);
    if (!grown)
        return errmsg_set(why, ERR_NOMEM, "%s", err_text(ERR_NOMEM));
    m->entries = grown;
    while (eis_file_next(&rest, &entry) == ERR_OK)
        m->entries[m->n++] = entry;
    return ERR_OK;
}

static int take_file(struct import *m, const char *path, struct errmsg *why)
{
    struct input_file *files;
    int err;

    if (m->n_files == FILES_MAX)
        return errmsg_set(why, ERR_CONFIG, "more than %u files", FILES_MAX);
    files = realloc(m->files, (m->n_files + 1) * sizeof *files);
    if (!files)
        return errmsg_set(why, ERR_NOMEM, "%s", err_text(ERR_NOMEM));
    m->files = files;
    err = input_open(path, &m->files[m->n_files], why);
    if (err)
        return err;
    m->n_files++;
    return take_entries(m, path, m->files[m->n_files - 1].octets, why);
}

static int is_eis(const struct dirent *e)
{
    size_t n = strlen(e->d_name);

    return n > 4 && !strcmp(e->d_name + n - 4, ".eis");
}

static int take_dir(struct import *m, const char *dir, struct errmsg *why)
{
    struct dirent **found = NULL;
    int n = scandir(dir, &found, is_eis, alphasort);
    int err = ERR_OK;

    if (n < 0)
        return errmsg_set(why, ERR_CONFIG, "directory %.200s cannot be read", dir);
    if (n == 0)
        err = errmsg_set(why, ERR_CONFIG, "directory %.200s holds no .eis file", dir);
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
    r->base = *base;
    r->eis = m->entries[i];
    *ret = (struct message){MSG_ES1_REGISTER_EIS_REQUEST, r};
    return ERR_OK;
}

/* 8.1.1-3.3: the EID is registered. A second run over the same file is no fault. */
static bool registered_before(const struct gsma_code *code)
{
    return !strcmp(code->subject, "8.1.1") && !strcmp(code->reason, "3.3");
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

enum exit_code verb_eis_import(struct smctl *x)
{
    static const struct jobs_kind KIND = {"RegisterEIS", register_request, NULL, registered_before};
    struct import m = {.files = NULL};
    struct errmsg why = {""};
    struct jobs j;
    enum exit_code code = XC_OK;
    int err = import_read(&m, x->words[0], &why);

    if (err) {
        import_fini(&m);
        return smctl_fail(err, &why);
    }
    code = jobs_init(&j, x, &KIND, m.n, true);
    j.ctx = &m;
    if (code == XC_OK) {
        name_cards(&j, &m);
        code = jobs_run(&j);
    }
    jobs_fini(&j);
    import_fini(&m);
    return code;
}
