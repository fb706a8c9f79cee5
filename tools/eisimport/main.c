/* SPDX-License-Identifier: Apache-2.0 */
/* eisimport: reads its input whole, loads what it needs, gives everything else up, and only then
 * looks at the XML. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tools/eisimport/importer.h"
#include "tools/eisimport/sandbox.h"

#define INPUT_MAX       ((size_t)256 << 20)
#define CERTIFICATE_MAX (64u << 10)
#define FLUSH_AT        (256u << 10)

static const char USAGE[] =
    "eisimport: RegisterEIS as XML (one or a list, plain or in a zip) into the entries of an .eis "
    "file\n"
    "  eisimport [--transport-key ID] [--eum-certificate FILE] [--rows] [FILE|-] > cards.eis\n"
    "  --transport-key ID      name of the key that wraps the keys of the cards\n"
    "  --eum-certificate FILE  of the EUM (DER), for signatures that bring none\n"
    "  --rows                  every row with its number, those refused included, as smctl reads "
    "them\n"
    "Exit codes: 0 all rows, 1 some were refused (standard error says which and why), 2 nothing "
    "can be read.\n";

struct run {
    bool rows, file_refused;
    struct buf out;
};

static int write_all(struct run *r)
{
    for (size_t at = 0; at < r->out.n;) {
        ssize_t n = write(STDOUT_FILENO, r->out.p + at, r->out.n - at);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return ERR_IO;
        at += (size_t)n;
    }
    buf_reset(&r->out);
    return ERR_OK;
}

/* Lines of standard error end where a sentence may have put its own. */
static void say(const struct row *row)
{
    if (row->kind == ROW_FILE)
        fprintf(stderr, "eisimport: %.*s\n", (int)row->body.n, (const char *)row->body.p);
    else if (row->kind == ROW_REFUSED)
        fprintf(stderr, "eisimport: row %u%s%s: %.*s\n", row->number, *row->eid ? ", EID " : "",
                row->eid, (int)row->body.n, (const char *)row->body.p);
}

static int take(void *ctx, const struct row *row)
{
    struct run *r = ctx;
    uint8_t head[4];
    struct writer w = wr_init(head, sizeof head);

    r->file_refused = r->file_refused || row->kind == ROW_FILE;
    if (r->rows) {
        row_put(&r->out, row);
    } else if (row->kind == ROW_ENTRY) {
        wr_u32(&w, (uint32_t)row->body.n);
        buf_add(&r->out, head, w.len);
        buf_add_span(&r->out, row->body);
    } else {
        say(row);
    }
    if (r->out.failed)
        return ERR_NOMEM;
    return r->out.n > FLUSH_AT || row->kind == ROW_END || row->kind == ROW_FILE ? write_all(r)
                                                                                : ERR_OK;
}

static int read_all(int fd, size_t max, struct buf *ret)
{
    buf_init(ret, max + 1);
    for (;;) {
        uint8_t *p;
        ssize_t n;
        size_t room = max + 1 - ret->n, step = room < FLUSH_AT ? room : FLUSH_AT;
        if (!step)
            return ERR_TOO_LARGE;
        p = buf_grow(ret, step);
        if (!p)
            return ERR_NOMEM;
        do
            n = read(fd, p, step);
        while (n < 0 && errno == EINTR);
        ret->n -= step - (n > 0 ? (size_t)n : 0);
        if (n < 0)
            return ERR_IO;
        if (n == 0)
            return ERR_OK;
    }
}

static int read_file(const char *path, size_t max, struct buf *ret)
{
    int fd = strcmp(path, "-") != 0 ? open(path, O_RDONLY | O_CLOEXEC) : STDIN_FILENO;
    int err = fd < 0 ? ERR_IO : read_all(fd, max, ret);

    if (fd > STDIN_FILENO)
        close(fd);
    if (err)
        fprintf(stderr, "eisimport: %.200s: %s\n", path,
                err == ERR_TOO_LARGE ? "it is too large: split it"
                : fd < 0             ? strerror(errno)
                                     : err_text(err));
    return err;
}

static int import(struct importer *m, struct run *r, struct span file)
{
    struct errmsg why = {""};
    bool filtered;

    if (importer_begin(&why)) {
        fprintf(stderr, "eisimport: %s\n", why.text);
        return 2;
    }
    if (sandbox_enter(&filtered)) {
        fprintf(stderr, "eisimport: the limits of the process cannot be set\n");
        return 2;
    }
    if (importer_run(m, file)) {
        fprintf(stderr, "eisimport: the rows cannot be written\n");
        return 2;
    }
    return r->file_refused ? 2 : m->refused ? 1 : 0;
}

int main(int argc, char **argv)
{
    struct run r = {.rows = false};
    struct importer m = {.row = take, .ctx = &r};
    struct buf eum = {.p = NULL}, file = {.p = NULL};
    const char *path = "-", *cert = NULL;
    int code = 2;

    for (int i = 1; i < argc; i++) {
        bool more = i + 1 < argc;
        if (!strcmp(argv[i], "--rows"))
            r.rows = true;
        else if (!strcmp(argv[i], "--transport-key") && more)
            m.transport_key = span_str(argv[++i]);
        else if (!strcmp(argv[i], "--eum-certificate") && more)
            cert = argv[++i];
        else if (argv[i][0] != '-' || !argv[i][1])
            path = argv[i];
        else {
            fputs(USAGE, !strcmp(argv[i], "--help") ? stdout : stderr);
            return strcmp(argv[i], "--help") != 0 ? 2 : 0;
        }
    }
    buf_init(&r.out, 0);
    if ((!cert || !read_file(cert, CERTIFICATE_MAX, &eum)) && !read_file(path, INPUT_MAX, &file)) {
        m.eum = cert ? buf_span(&eum) : (struct span){NULL, 0};
        code = import(&m, &r, buf_span(&file));
    }
    buf_fini(&r.out);
    buf_fini(&eum);
    buf_fini(&file);
    return code;
}
