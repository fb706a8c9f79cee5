/* SPDX-License-Identifier: Apache-2.0 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "test/support/eis_xml_got.h"

int xml_take(void *ctx, const struct row *r)
{
    struct xml_got *g = ctx;

    assert_true(g->n < XML_ROWS);
    g->row[g->n] = *r;
    g->row[g->n++].body = span_of(arena_dup(&g->arena, r->body.p, r->body.n), r->body.n);
    return ERR_OK;
}

void xml_import(struct xml_got *g, struct span file)
{
    struct importer m = {.transport_key = span_str("tk-1"), .row = xml_take, .ctx = g};

    memset(g, 0, sizeof *g);
    arena_init(&g->arena, 0);
    assert_int_equal(importer_run(&m, file), ERR_OK);
    assert_true(g->n > 0);
    assert_int_equal(g->row[g->n - 1].kind == ROW_END ? g->row[g->n - 1].number : 0,
                     g->row[g->n - 1].kind == ROW_END ? g->n - 1 : 0);
}

bool xml_says(const struct row *r, const char *word)
{
    char text[800] = "";

    memcpy(text, r->body.p, r->body.n < sizeof text ? r->body.n : sizeof text - 1);
    return strstr(text, word) != NULL;
}

void xml_must_say(const struct row *r, const char *word)
{
    if (!xml_says(r, word))
        fail_msg("'%s' is not in '%.*s'", word, (int)r->body.n, (const char *)r->body.p);
}

/* A list of cards 1 to n, each as how says; how is indexed from 0. */
void xml_list(struct srw *w, unsigned n, const struct eis_xml_how *how, struct buf *out)
{
    eis_xml_begin(out);
    for (unsigned i = 0; i < n; i++) {
        struct srw_eis e;
        srw_eis_prepare(w, i + 1, &e);
        eis_xml_put(w, &e, &how[i], out, NULL);
    }
    eis_xml_end(out);
}

const struct srw_got *xml_register(struct srw *w, const struct row *r, const char *call)
{
    struct es1_register_eis_request req = srw_eis_request(call, r->body);

    return srw_call(srw_dial(w, EUM, ROLE_EUM), MSG_ES1_REGISTER_EIS_REQUEST, &req, NULL);
}

int xml_begin(void **state)
{
    struct errmsg why;

    (void)state;
    return importer_begin(&why);
}

int xml_finish(void **state)
{
    (void)state;
    importer_end();
    return 0;
}
