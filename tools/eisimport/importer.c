/* SPDX-License-Identifier: Apache-2.0 */
/* File, document, EIS: a fault of one EIS is a row, a fault of a document in a zip is a row, a
 * fault of the file is its only row. */
#include "tools/eisimport/importer.h"

#include "common/wire/wire.h"
#include "tools/eisimport/eis_dsig.h"
#include "tools/eisimport/eis_fields.h"
#include "tools/eisimport/eis_xml.h"
#include "tools/eisimport/eis_zip.h"

#include <stdio.h>

#define ROW_ARENA (1u << 20)

int importer_begin(struct errmsg *why)
{
    xml_init();
    return dsig_init(why);
}

void importer_end(void)
{
    dsig_end();
}

static int refuse(struct importer *m, const struct eid *eid, const char *why)
{
    struct row r = {.kind = ROW_REFUSED, .number = ++m->rows, .body = span_str(why)};

    m->refused++;
    if (!eid_is_zero(eid))
        eid_text(eid, r.eid);
    return m->row(m->ctx, &r);
}

static int accept(struct importer *m, struct span entry)
{
    struct row r = {.kind = ROW_ENTRY, .number = ++m->rows, .body = entry};

    return m->row(m->ctx, &r);
}

/* All but the last: the entry as it is in an .eis file. */
static int convert(struct importer *m, struct fields *f, xmlNodePtr eis, struct buf *out)
{
    struct dsig sig;
    struct buf info;
    int err = fields_read(f, eis);

    if (!err && f->has_keys && !m->transport_key.n)
        err = errmsg_set(f->why, ERR_DENIED,
                         "it holds keys, and the XML does not say under which transport key: "
                         "--transport-key ID");
    if (!err)
        err = dsig_verify(f->signed_info, f->signature, m->eum, f->a, &sig, f->why);
    if (err)
        return err;
    buf_init(&info, 0);
    err = wire_eum_info_encode(&f->info, &info);
    if (!err) {
        f->s.eum_signed_info = sig.covered;
        f->s.eum_reference = sig.reference;
        f->s.eum_signature = sig.signature;
        f->s.eum_certificate = sig.certificate;
        f->s.eum_info = buf_span(&info);
        f->s.transport_key_id = m->transport_key;
        err = wire_signed_eis_encode(&f->s, out);
    }
    if (err)
        err = errmsg_set(f->why, err,
                         "it has more or longer fields than an EIS of this SM-SR may have");
    buf_fini(&info);
    return err;
}

static int one(void *ctx, xmlNodePtr eis)
{
    struct importer *m = ctx;
    struct errmsg why = {""};
    struct arena a;
    struct fields *f;
    struct buf out;
    int err;

    arena_init(&a, ROW_ARENA);
    buf_init(&out, WIRE_DATA_MAX);
    f = arena_alloc(&a, sizeof *f);
    if (!f) {
        err = refuse(m, &(struct eid){{0}}, "no memory to read it: split the list");
    } else {
        f->a = &a;
        f->why = &why;
        err = convert(m, f, eis, &out)
                  ? refuse(m, &f->info.eid, why.text[0] ? why.text : "it cannot be read")
                  : accept(m, buf_span(&out));
    }
    buf_fini(&out);
    arena_fini(&a);
    return err;
}

/* name: of the file in the zip, NULL: the document is all there is, and ret_why tells what is wrong
 * with it. */
static int document(struct importer *m, const char *name, struct span octets,
                    struct errmsg *ret_why)
{
    static const struct eid NONE = {{0}};
    struct errmsg why = {""};
    xmlDocPtr doc = NULL;
    char text[700];
    int bad = xml_read(octets, &doc, &why), err = ERR_OK;

    if (!bad) {
        err = xml_each_eis(doc, one, m);
        bad = err == ERR_NOT_FOUND;
        if (bad) {
            err = errmsg_set(
                &why, ERR_OK,
                "there is no Eis in it: it is no RegisterEIS of the published schema (" NS_GSMA
                "3 or 4)");
        }
    }
    xmlFreeDoc(doc);
    if (!bad || err)
        return err;
    if (!name) {
        *ret_why = why;
        return ERR_OK;
    }
    (void)snprintf(text, sizeof text, "%s: %s", name, why.text);
    return refuse(m, &NONE, text);
}

static int zip_document(void *ctx, const char *name, struct span octets, const struct errmsg *why)
{
    struct importer *m = ctx;
    char text[700];

    if (octets.p)
        return document(m, name, octets, NULL);
    (void)snprintf(text, sizeof text, "%s: %s", name, why->text);
    return refuse(m, &(struct eid){{0}}, text);
}

int importer_run(struct importer *m, struct span file)
{
    struct errmsg why = {""};
    struct row end = {.kind = ROW_END};
    int err;

    if (zip_is(file))
        err = zip_each(file, zip_document, m, &why);
    else
        err = document(m, NULL, file, &why);
    if (err && !why.text[0])
        return err; /* the callback's */
    if (!why.text[0] && !m->rows)
        (void)errmsg_set(&why, ERR_FORMAT, "there is nothing in it");
    if (why.text[0])
        end = (struct row){.kind = ROW_FILE, .body = span_str(why.text)};
    else
        end.number = m->rows;
    return m->row(m->ctx, &end);
}
