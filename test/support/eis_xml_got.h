/* SPDX-License-Identifier: Apache-2.0 */
/* What the importer makes of a file, and what the SM-SR makes of that. A test that uses it links
 * remora_eisimport. */
#pragma once

#include "test/support/eis_xml.h"
#include "tools/eisimport/importer.h"

#define XML_ROWS 16

struct xml_got {
    struct row row[XML_ROWS];
    unsigned n;
    struct arena arena;
};

int xml_take(void *ctx, const struct row *r); /* ctx: struct xml_got */
/* With transport key tk-1; the arena of g is the caller's to end. */
void xml_import(struct xml_got *g, struct span file);
bool xml_says(const struct row *r, const char *word);
void xml_must_say(const struct row *r, const char *word);
/* A list of cards 1 to n, each as how says, from 0. */
void xml_list(struct srw *w, unsigned n, const struct eis_xml_how *how, struct buf *out);
/* ES1-RegisterEIS of an entry. */
const struct srw_got *xml_register(struct srw *w, const struct row *r, const char *call);
/* For cmocka: of a group. */
int xml_begin(void **state);
int xml_finish(void **state);
