/* SPDX-License-Identifier: Apache-2.0 */
/* The append-only file of the fleet: open, append, read (contract and layout: ledger_file.h). */
#include "tools/euiccsim/net/ledger_int.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define COMPACT_RATIO 4u
#define MEMORY_MAX (1u << 30)

int ledger_append(struct ledger_file *f)
{
    const uint8_t *p = f->record.p;
    size_t n = f->record.n;

    if (f->failed || f->mode == LEDGER_READ)
        return f->failed ? ERR_IO : ERR_STATE;
    if (f->fd < 0) {
        buf_add(&f->memory, p, n);
        f->failed = f->memory.failed;
    } else {
        ssize_t done;

        do
            done = write(f->fd, p, n);
        while (done < 0 && errno == EINTR);
        f->failed = done < 0 || (size_t)done != n;     /* a part would be a torn record */
    }
    if (f->failed)
        return ERR_IO;
    f->size += n;
    return ERR_OK;
}

int ledger_read_at(struct ledger_file *f, uint64_t at, uint8_t *dst, size_t n)
{
    if (f->fd < 0) {
        if (at > f->memory.n || n > f->memory.n - at)
            return ERR_TRUNCATED;
        memcpy(dst, f->memory.p + at, n);
        return ERR_OK;
    }
    while (n > 0) {
        ssize_t got = pread(f->fd, dst, n, (off_t)at);

        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return ERR_IO;
        if (got == 0)
            return ERR_TRUNCATED;
        dst += got;
        n -= (size_t)got;
        at += (uint64_t)got;
    }
    return ERR_OK;
}

/* The slot of a card, made when it is new. */
static struct ledger_slot *slot_get(struct ledger_file *f, const struct eid *eid)
{
    struct ledger_slot *s = map_get(f->slots, span_of(eid->b, sizeof(eid->b)));

    if (s)
        return s;
    s = calloc(1, sizeof(*s));
    if (s && map_put(f->slots, span_of(eid->b, sizeof(eid->b)), s) != ERR_OK) {
        free(s);
        s = NULL;
    }
    return s;
}

/* Notes the record whose payload begins at at. */
static int index_record(struct ledger_file *f, uint64_t at, struct span payload)
{
    struct ledger_slot *s;
    struct eid eid;
    size_t image_at = 0, image_n = 0;
    unsigned rows = 0;
    int rc;

    if (payload.p[0] != LEDGER_CARD)
        return ERR_OK;
    rc = ledger_card_layout(payload, &eid, &image_at, &image_n, &rows);
    if (rc != ERR_OK)
        return rc;
    s = slot_get(f, &eid);
    if (!s)
        return ERR_NOMEM;
    if (image_n == 0)
        return ERR_OK;
    f->dead += s->image_n + (s->image_n && !s->rows ? LEDGER_HEAD + LEDGER_CARD_LEAST : 0u);
    s->image_at = at + image_at;
    s->image_n = (uint32_t)image_n;
    s->rows = rows > 0;
    return ERR_OK;
}

static int note_attach(void *ctx, const struct attach_record *a)
{
    struct ledger_file *f = ctx;
    struct ledger_slot *s = slot_get(f, &a->eid);

    if (!s)
        return ERR_NOMEM;
    s->attach = *a;
    return ERR_OK;
}

/* Reads the record at at into f->scratch. ERR_NOT_FOUND: the end, or torn from there on. */
int ledger_record_at(struct ledger_file *f, uint64_t at, struct span *ret_payload)
{
    uint8_t head[LEDGER_HEAD];
    struct reader r = rd_init(span_of(head, sizeof(head)));
    uint32_t n, crc;
    uint8_t *p;
    int rc;

    if (at + LEDGER_HEAD > f->size)
        return ERR_NOT_FOUND;
    rc = ledger_read_at(f, at, head, sizeof(head));
    n = rd_u32(&r);
    crc = rd_u32(&r);
    if (rc == ERR_OK && (n == 0 || n > LEDGER_PAYLOAD_MAX))
        rc = ERR_CORRUPT;        /* a torn append has the head it was given */
    if (rc == ERR_OK && n > f->size - at - LEDGER_HEAD)
        return ERR_NOT_FOUND;
    buf_reset(&f->scratch);
    p = rc == ERR_OK ? buf_grow(&f->scratch, n) : NULL;
    if (rc == ERR_OK && !p)
        rc = ERR_NOMEM;
    if (rc == ERR_OK)
        rc = ledger_read_at(f, at + LEDGER_HEAD, p, n);
    if (rc != ERR_OK)
        return rc;
    *ret_payload = buf_span(&f->scratch);
    if (ledger_crc32(*ret_payload) == crc)
        return ERR_OK;
    return at + LEDGER_HEAD + n == f->size ? ERR_NOT_FOUND : ERR_CORRUPT;
}

/* Indexes what is there; size ends behind the last whole record. */
static int scan(struct ledger_file *f, struct errmsg *why)
{
    const struct ledger_visitor v = {.attach = note_attach, .ctx = f};
    uint64_t at = LEDGER_MAGIC_LEN;
    struct span payload;
    int rc;

    for (;;) {
        rc = ledger_record_at(f, at, &payload);
        if (rc == ERR_NOT_FOUND)
            break;
        if (rc == ERR_OK)
            rc = ledger_payload(payload, &v);
        if (rc == ERR_OK)
            rc = index_record(f, at + LEDGER_HEAD, payload);
        if (rc == ERR_FORMAT || rc == ERR_TRUNCATED || rc == ERR_CORRUPT)
            return errmsg_set(why, ERR_CORRUPT, "the fleet's state file is damaged at octet %llu: "
                              "restore it or begin with a fresh directory",
                              (unsigned long long)at);
        if (rc != ERR_OK)
            return rc;
        at += LEDGER_HEAD + payload.n;
    }
    f->size = at;
    return ERR_OK;
}

static int begin(struct ledger_file *f)
{
    f->size = 0;
    buf_reset(&f->record);
    buf_add(&f->record, LEDGER_MAGIC, LEDGER_MAGIC_LEN);
    return f->record.failed ? ERR_NOMEM : ledger_append(f);
}

static int load(struct ledger_file *f, const char *path, struct errmsg *why)
{
    uint8_t magic[LEDGER_MAGIC_LEN];
    struct stat st;
    uint64_t whole;
    int rc;

    if (fstat(f->fd, &st) != 0)
        return errmsg_set(why, ERR_IO, "%s: %s", path, strerror(errno));
    f->size = whole = (uint64_t)st.st_size;
    if (whole < LEDGER_MAGIC_LEN && f->mode == LEDGER_WRITE)     /* killed while it was made */
        return ftruncate(f->fd, 0) == 0 ? begin(f) : ERR_IO;
    rc = ledger_read_at(f, 0, magic, sizeof(magic));
    if (rc == ERR_TRUNCATED || (rc == ERR_OK && memcmp(magic, LEDGER_MAGIC, sizeof(magic)) != 0))
        return errmsg_set(why, ERR_CORRUPT, "%s is no state file of a fleet", path);
    if (rc == ERR_OK)
        rc = scan(f, why);
    if (rc == ERR_OK && f->mode == LEDGER_WRITE && f->size < whole &&
        ftruncate(f->fd, (off_t)f->size) != 0)
        rc = errmsg_set(why, ERR_IO, "%s: %s", path, strerror(errno));
    return rc;
}

static int file_open(struct ledger_file *f, struct errmsg *why)
{
    int flags = f->mode == LEDGER_READ ? O_RDONLY : O_RDWR | O_CREAT | O_APPEND;

    f->fd = open(f->path, flags | O_CLOEXEC, 0600);
    if (f->fd < 0)
        return errmsg_set(why, errno == ENOENT ? ERR_NOT_FOUND : ERR_IO, "%s: %s", f->path,
                          strerror(errno));
    if (f->mode == LEDGER_WRITE && flock(f->fd, LOCK_EX | LOCK_NB) != 0)
        return errmsg_set(why, ERR_BUSY, "%s is in use by another euiccsim: stop that one first",
                          f->path);
    return load(f, f->path, why);
}

int ledger_file_open(const char *path, enum ledger_mode mode, struct ledger_file **ret,
                     struct errmsg *why)
{
    struct ledger_file *f = calloc(1, sizeof(*f));
    int rc;

    *ret = NULL;
    if (!f)
        return ERR_NOMEM;
    f->fd = -1;
    f->mode = mode;
    buf_init(&f->record, 2 * LEDGER_PAYLOAD_MAX);
    buf_init(&f->scratch, 2 * LEDGER_PAYLOAD_MAX);
    buf_init(&f->memory, MEMORY_MAX);
    f->slots = map_new(0);
    f->path = path ? strdup(path) : NULL;
    if (!f->slots || (path && !f->path))
        rc = ERR_NOMEM;
    else
        rc = path ? file_open(f, why) : begin(f);
    if (rc == ERR_OK && path && mode == LEDGER_WRITE &&
        f->size / COMPACT_RATIO > ledger_file_live(f))
        rc = ledger_file_compact(f);
    if (rc != ERR_OK) {
        ledger_file_close(f);
        return rc;
    }
    *ret = f;
    return ERR_OK;
}

void ledger_slots_drop(struct ledger_file *f)
{
    void *cursor = NULL, *slot;

    while (f->slots && map_next(f->slots, &cursor, NULL, &slot))
        free(slot);
}

void ledger_file_close(struct ledger_file *f)
{
    if (!f)
        return;
    if (f->fd >= 0)
        (void)close(f->fd);
    ledger_slots_drop(f);
    map_free(f->slots);
    buf_wipe(&f->record);
    buf_wipe(&f->scratch);
    buf_wipe(&f->memory);
    buf_fini(&f->record);
    buf_fini(&f->scratch);
    buf_fini(&f->memory);
    free(f->path);
    free(f);
}

int ledger_file_put_card(struct ledger_file *f, const struct eid *eid, struct span image,
                         const struct card_ledger_row *rows, unsigned n_rows)
{
    uint64_t at = f->size;
    int rc = ledger_card_put(eid, image, rows, n_rows, &f->record);

    if (rc == ERR_OK)
        rc = ledger_append(f);
    if (rc == ERR_OK)
        rc = index_record(f, at + LEDGER_HEAD,
                          span_of(f->record.p + LEDGER_HEAD, f->record.n - LEDGER_HEAD));
    return rc;
}

int ledger_file_put_attach(struct ledger_file *f, struct attach_record *a)
{
    struct ledger_slot *s = slot_get(f, &a->eid);
    int rc;

    if (!s)
        return ERR_NOMEM;
    a->n = s->attach.n + 1;
    rc = ledger_attach_put(a, &f->record);
    if (rc == ERR_OK)
        rc = ledger_append(f);
    if (rc == ERR_OK)
        s->attach = *a;
    return rc;
}

int ledger_file_image(struct ledger_file *f, const struct eid *eid, struct buf *out)
{
    const struct ledger_slot *s = map_get(f->slots, span_of(eid->b, sizeof(eid->b)));
    uint8_t *p;

    if (!s || s->image_n == 0)
        return ERR_NOT_FOUND;
    p = buf_grow(out, s->image_n);
    return p ? ledger_read_at(f, s->image_at, p, s->image_n) : ERR_NOMEM;
}

bool ledger_file_last_attach(const struct ledger_file *f, const struct eid *eid,
                             struct attach_record *ret)
{
    const struct ledger_slot *s = map_get(f->slots, span_of(eid->b, sizeof(eid->b)));

    if (!s || s->attach.n == 0)
        return false;
    *ret = s->attach;
    return true;
}

uint64_t ledger_file_size(const struct ledger_file *f)
{
    return f->size;
}

uint64_t ledger_file_live(const struct ledger_file *f)
{
    return f->size - f->dead;
}
