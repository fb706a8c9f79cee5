/* SPDX-License-Identifier: Apache-2.0 */
/* Sizes of an archive are claims: what is read is counted. */
#include "tools/eisimport/eis_zip.h"

#include <stdlib.h>
#include <string.h>
#include <zip.h>

#include "tools/eisimport/eis_xml.h"

bool zip_is(struct span octets)
{
    return octets.n >= 4 && (!memcmp(octets.p, "PK\3\4", 4) || !memcmp(octets.p, "PK\5\6", 4));
}

struct unpack {
    zip_t *zip;
    uint8_t *p; /* XML_DOC_MAX + 1 octets */
    size_t left;
};

static int refuse_entry(const zip_stat_t *st, struct errmsg *why)
{
    size_t n = strlen(st->name);

    if ((st->valid & ZIP_STAT_ENCRYPTION_METHOD) && st->encryption_method != ZIP_EM_NONE)
        return errmsg_set(why, ERR_DENIED,
                          "it is encrypted: unpack it first, and keep the password out of the way");
    if (n < 4 || strcmp(st->name + n - 4, ".xml") != 0)
        return errmsg_set(why, ERR_DENIED,
                          "it is no .xml file: put only files of EIS into the zip");
    return ERR_OK;
}

/* ERR_TOO_LARGE ends the whole archive: there is no more room for anything behind it. */
static int unpack(struct unpack *u, zip_uint64_t i, struct span *ret, struct errmsg *why)
{
    size_t max = u->left < XML_DOC_MAX ? u->left : XML_DOC_MAX, n = 0;
    zip_file_t *in = zip_fopen_index(u->zip, i, 0);
    zip_int64_t got = 0;

    if (!in)
        return errmsg_set(why, ERR_FORMAT, "it cannot be unpacked; ask the EUM for the file again");
    while (n <= max && (got = zip_fread(in, u->p + n, max + 1 - n)) > 0)
        n += (size_t)got;
    /* The end is read as well: there libzip compares the CRC. */
    if (got < 0 || (n <= max && zip_fread(in, u->p + n, 1) != 0))
        got = -1;
    if (zip_fclose(in) != 0)
        got = -1;
    if (got < 0)
        return errmsg_set(why, ERR_FORMAT, "it is damaged; ask the EUM for the file again");
    if (n > max)
        return errmsg_set(why, ERR_TOO_LARGE, "it unpacks to more than %zu octets: split the list",
                          max);
    u->left -= n;
    *ret = span_of(u->p, n);
    return ERR_OK;
}

static int each(struct unpack *u,
                int (*on)(void *ctx, const char *name, struct span octets,
                          const struct errmsg *why),
                void *ctx)
{
    zip_int64_t n = zip_get_num_entries(u->zip, 0);
    int err = ERR_OK;

    for (zip_int64_t i = 0; !err && i < n; i++) {
        struct errmsg why = {""};
        struct span octets = {NULL, 0};
        zip_stat_t st;
        char name[256] = "?";
        int bad;
        zip_stat_init(&st);
        bad = zip_stat_index(u->zip, (zip_uint64_t)i, 0, &st) || !(st.valid & ZIP_STAT_NAME)
                  ? ERR_FORMAT
                  : ERR_OK;
        if (!bad) {
            size_t len = strlen(st.name);
            if (len && st.name[len - 1] == '/')
                continue;
            (void)snprintf(name, sizeof name, "%.200s", st.name);
            bad = refuse_entry(&st, &why);
        }
        if (!bad)
            bad = unpack(u, (zip_uint64_t)i, &octets, &why);
        err = on(ctx, name, octets, &why);
        if (!err && bad == ERR_TOO_LARGE)
            break;
    }
    return err;
}

int zip_each(struct span octets,
             int (*on)(void *ctx, const char *name, struct span octets, const struct errmsg *why),
             void *ctx, struct errmsg *why)
{
    struct unpack u = {.p = malloc(XML_DOC_MAX + 1), .left = ZIP_TOTAL_MAX};
    zip_error_t e;
    zip_source_t *src;
    int err = ERR_OK;

    zip_error_init(&e);
    src = zip_source_buffer_create(octets.p, octets.n, 0, &e);
    u.zip = src ? zip_open_from_source(src, ZIP_RDONLY, &e) : NULL;
    if (!u.p)
        err = errmsg_set(why, ERR_NOMEM, "no memory to unpack it");
    else if (!u.zip)
        err = errmsg_set(why, ERR_FORMAT, "it is a damaged zip; ask the EUM for the file again");
    else if (zip_get_num_entries(u.zip, 0) > (zip_int64_t)ZIP_ENTRIES_MAX)
        err = errmsg_set(why, ERR_TOO_LARGE, "it holds more than %u files: split it",
                         ZIP_ENTRIES_MAX);
    else
        err = each(&u, on, ctx);
    if (u.zip)
        zip_discard(u.zip);
    else if (src)
        zip_source_free(src);
    zip_error_fini(&e);
    free(u.p);
    return err;
}
