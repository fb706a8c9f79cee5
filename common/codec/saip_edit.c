/* SPDX-License-Identifier: Apache-2.0 */
/* Replaces fields of a profile package and rebuilds every enclosing length (X.690 8.1.3, 10.1). */
#include "common/codec/saip.h"

#include "common/codec/tlv.h"

#define DEPTH_MAX     12 /* the deepest field of a package stands at depth 8 */
#define LENGTH_GROWTH 4  /* octets a length field may gain at each level */

void saip_edit_init(struct saip_editor *e, struct span package)
{
    memset(e, 0, sizeof(*e));
    e->package = package;
}

void saip_edit_fini(struct saip_editor *e)
{
    mem_wipe(e, sizeof(*e));
}

static void edit_add(struct saip_editor *e, struct span at, struct span tlvs, bool after)
{
    if (e->failed)
        return;
    if (!at.p || at.p < e->package.p || at.n == 0 ||
        (size_t)(at.p - e->package.p) > e->package.n - at.n || e->package.n > UINT32_MAX) {
        e->failed = ERR_INVAL;
        return;
    }
    if (e->n == SAIP_EDITS || tlvs.n > SAIP_EDIT_BYTES - e->used) {
        e->failed = ERR_TOO_LARGE;
        return;
    }
    if (tlvs.n)
        memcpy(e->bytes + e->used, tlvs.p, tlvs.n);
    e->edit[e->n++] = (struct saip_edit){(uint32_t)(at.p - e->package.p), (uint32_t)at.n, e->used,
                                         (uint32_t)tlvs.n, after};
    e->used += (uint32_t)tlvs.n;
}

void saip_edit_replace(struct saip_editor *e, struct span old, struct span new_tlvs)
{
    edit_add(e, old, new_tlvs, false);
}

void saip_edit_after(struct saip_editor *e, struct span anchor, struct span new_tlvs)
{
    edit_add(e, anchor, new_tlvs, true);
}

void saip_edit_value(struct saip_editor *e, struct span old, struct span value)
{
    uint8_t b[1024];
    struct tlv t;
    struct reader r = rd_init(old);
    if (!old.p || tlv_next(&r, &t)) {
        e->failed = e->failed ? e->failed : ERR_INVAL;
        return;
    }
    struct writer w = wr_init(b, sizeof(b));
    tlv_put(&w, t.tag, value);
    if (w.failed)
        e->failed = e->failed ? e->failed : ERR_TOO_LARGE;
    else
        edit_add(e, old, wr_view(&w), false);
    mem_wipe(b, sizeof(b));
}

void saip_edit_file(struct saip_editor *e, const struct saip_file *f, struct span content)
{
    uint8_t b[2048];
    struct tlv file, t;
    struct reader r = rd_init(f->raw);
    if (!f->raw.p || tlv_next(&r, &file)) {
        e->failed = e->failed ? e->failed : ERR_INVAL;
        return;
    }
    struct writer w = wr_init(b, sizeof(b));
    size_t mark = tlv_open(&w, file.tag);
    r = rd_init(file.value);
    while (tlv_next(&r, &t) == ERR_OK) {
        if (t.tag == 0xA1) /* fileDescriptor; fills and offsets give way */
            wr_span(&w, t.raw);
    }
    tlv_put(&w, 0x83, content);
    tlv_close(&w, mark);
    if (w.failed)
        e->failed = e->failed ? e->failed : ERR_TOO_LARGE;
    else
        edit_add(e, f->raw, wr_view(&w), false);
    mem_wipe(b, sizeof(b));
}

struct rebuild {
    const struct saip_editor *e;
    struct writer w;
    unsigned applied;
};

/* An edit strictly inside the TLV that starts at offset at and is n octets long. */
static bool edits_inside(const struct saip_editor *e, size_t at, size_t n)
{
    for (unsigned i = 0; i < e->n; i++) {
        if (e->edit[i].at > at && e->edit[i].at < at + n)
            return true;
    }
    return false;
}

static int emit(struct rebuild *b, struct span region, unsigned depth);

/* The TLV itself: replaced, rebuilt around inner edits, or copied. */
static int emit_tlv(struct rebuild *b, const struct tlv *t, size_t at, unsigned depth)
{
    const struct saip_edit *replace = NULL;
    bool inside = edits_inside(b->e, at, t->raw.n);
    for (unsigned i = 0; i < b->e->n; i++) {
        const struct saip_edit *ed = &b->e->edit[i];
        if (ed->at != at || ed->after)
            continue;
        if (ed->n != t->raw.n)
            return ERR_INVAL;
        if (replace || inside)
            return ERR_STATE;
        replace = ed;
        b->applied++;
    }
    if (replace) {
        wr_bytes(&b->w, b->e->bytes + replace->from, replace->len);
        return ERR_OK;
    }
    if (!inside) {
        wr_span(&b->w, t->raw);
        return ERR_OK;
    }
    if (!(t->raw.p[0] & 0x20))
        return ERR_INVAL;
    size_t mark = tlv_open(&b->w, t->tag);
    int rc = emit(b, t->value, depth + 1);
    tlv_close(&b->w, mark);
    return rc;
}

static int emit(struct rebuild *b, struct span region, unsigned depth)
{
    struct reader r = rd_init(region);
    struct tlv t;
    int rc;
    if (depth > DEPTH_MAX)
        return ERR_TOO_LARGE;
    while ((rc = tlv_next(&r, &t)) == ERR_OK) {
        size_t at = (size_t)(t.raw.p - b->e->package.p);
        rc = emit_tlv(b, &t, at, depth);
        if (rc)
            return rc;
        for (unsigned i = 0; i < b->e->n; i++) {
            const struct saip_edit *ed = &b->e->edit[i];
            if (ed->at != at || !ed->after)
                continue;
            if (ed->n != t.raw.n)
                return ERR_INVAL;
            wr_bytes(&b->w, b->e->bytes + ed->from, ed->len);
            b->applied++;
        }
    }
    return rc == ERR_NOT_FOUND ? ERR_OK : rc;
}

int saip_edit_build(struct saip_editor *e, struct buf *out)
{
    if (e->failed)
        return e->failed;
    size_t start = out->n;
    size_t room = e->package.n + e->used + (size_t)e->n * DEPTH_MAX * LENGTH_GROWTH;
    uint8_t *at = buf_grow(out, room);
    if (!at)
        return ERR_NOMEM;
    struct rebuild b = {.e = e, .w = wr_init(at, room)};
    int rc = emit(&b, e->package, 0);
    if (rc == ERR_OK && b.w.failed)
        rc = ERR_TOO_LARGE;
    if (rc == ERR_OK && b.applied != e->n)
        rc = ERR_INVAL;
    size_t n = rc ? 0 : b.w.len;
    mem_wipe(at + n, room - n);
    out->n = start + n;
    return rc;
}
