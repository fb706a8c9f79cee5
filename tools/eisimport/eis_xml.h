/* SPDX-License-Identifier: Apache-2.0 */
/* One XML document, and the EIS in it. */
#pragma once

#include <libxml/tree.h>

#include "common/base/mem.h"

#define XML_DOC_MAX      ((size_t)32 << 20) /* octets of a document */
#define XML_DEPTH_MAX    24                 /* elements in one another; an EIS list needs twelve */
#define XML_ELEMENTS_MAX 1000000u
#define XML_TEXT_MAX     ((size_t)64 << 10) /* of one element */

#define NS_GSMA "http://namespaces.gsma.org/esim-messaging/"
#define NS_DSIG "http://www.w3.org/2000/09/xmldsig#"

void xml_init(void); /* once a process: nothing is loaded from anywhere */
/* ERR_DENIED: it declares a document type, or is too deep or too large; ERR_FORMAT: not well
 * formed. The sentence says where and what to do. xmlFreeDoc by the caller. */
MUST_CHECK int xml_read(struct span octets, xmlDocPtr *ret, struct errmsg *why);
/* Calls on for each EIS: the root, or an element of a list or message at most XML_LIST_DEPTH below
 * it. ERR_NOT_FOUND: there is none. What on answers other than 0 ends the walk. */
#define XML_LIST_DEPTH 4u
MUST_CHECK int xml_each_eis(xmlDocPtr doc, int (*on)(void *ctx, xmlNodePtr eis), void *ctx);

/* --- elements --- */
bool xml_is(const xmlNode *n,
            const char *name); /* of the published schema, or without a namespace */
bool xml_is_dsig(const xmlNode *n, const char *name); /* of XML-DSig */
xmlNodePtr xml_first(const xmlNode *parent);          /* first child element */
xmlNodePtr xml_next(const xmlNode *n);                /* next element beside it */
/* Nothing but elements and text below it: a comment or an instruction could hide half of a value.
 */
MUST_CHECK int xml_plain(const xmlNode *n, struct errmsg *why);
/* The one text of an element without elements, trimmed; ERR_FORMAT, ERR_TOO_LARGE. */
MUST_CHECK int xml_text(const xmlNode *n, struct span *ret, struct errmsg *why);
/* Value of an attribute without a namespace, by name; absent: the absent span. */
struct span xml_attribute(const xmlNode *n, const char *name);
