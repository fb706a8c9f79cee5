/* SPDX-License-Identifier: Apache-2.0 */
/* libxml2 without entities, network, DTD and XInclude, and bounded: what is not an element or text
 * ends the parse. */
#include "tools/eisimport/eis_xml.h"

#include <libxml/parser.h>
#include <libxml/parserInternals.h>
#include <libxml/xmlIO.h>
#include <string.h>

struct bounds {
    unsigned elements;
    const char *refused; /* what ended the parse */
    int line;
};

static void stop(void *ctx, const char *why)
{
    xmlParserCtxtPtr p = ctx;
    struct bounds *b = p->_private;

    if (!b->refused) {
        b->refused = why;
        b->line = xmlSAX2GetLineNumber(p);
    }
    xmlStopParser(p);
}

static void no_subset(void *ctx, const xmlChar *name, const xmlChar *external,
                      const xmlChar *system)
{
    (void)name;
    (void)external;
    (void)system;
    stop(ctx, "declares a document type (DTD), by which entities could be smuggled in: ask the EUM "
              "for the file "
              "without DOCTYPE");
}

static void no_reference(void *ctx, const xmlChar *name)
{
    (void)name;
    stop(ctx, "refers to an entity: ask the EUM for the file without entities");
}

static void element(void *ctx, const xmlChar *local, const xmlChar *prefix, const xmlChar *uri,
                    int n_namespaces, const xmlChar **namespaces, int n_attributes, int n_defaulted,
                    const xmlChar **attributes)
{
    xmlParserCtxtPtr p = ctx;
    struct bounds *b = p->_private;

    if (++b->elements > XML_ELEMENTS_MAX)
        stop(ctx, "holds more than a million elements: split the list");
    else if (p->nodeNr >= XML_DEPTH_MAX)
        stop(ctx, "nests elements deeper than any EIS: it is no list of EIS");
    else
        xmlSAX2StartElementNs(ctx, local, prefix, uri, n_namespaces, namespaces, n_attributes,
                              n_defaulted, attributes);
}

static xmlParserInputPtr no_loader(const char *url, const char *id, xmlParserCtxtPtr ctx)
{
    (void)url;
    (void)id;
    (void)ctx;
    return NULL;
}

static void quiet(void *ctx, const char *text, ...)
{
    (void)ctx;
    (void)text;
}

void xml_init(void)
{
    LIBXML_TEST_VERSION
    xmlInitParser();
    xmlSetExternalEntityLoader(no_loader);
    xmlCleanupInputCallbacks();
    xmlCleanupOutputCallbacks();
    xmlSetGenericErrorFunc(NULL, quiet);
}

static int explain(xmlParserCtxtPtr p, const struct bounds *b, struct errmsg *why)
{
    const xmlError *e = xmlCtxtGetLastError(p);
    char text[160] = "it ends early";
    size_t n;

    if (b->refused)
        return errmsg_set(why, ERR_DENIED, "line %d %s", b->line, b->refused);
    if (e && e->message)
        (void)snprintf(text, sizeof text, "%s", e->message);
    n = strcspn(text, "\n");
    text[n] = '\0';
    for (size_t i = 0; i < n; i++)
        if ((unsigned char)text[i] < ' ')
            text[i] = '.';
    return errmsg_set(why, ERR_FORMAT,
                      "it is no well-formed XML: line %d: %s; ask the EUM for the file again",
                      e ? e->line : 0, text);
}

int xml_read(struct span octets, xmlDocPtr *ret, struct errmsg *why)
{
    struct bounds b = {0, NULL, 0};
    xmlParserCtxtPtr p;
    xmlDocPtr doc;
    int err = ERR_OK;

    *ret = NULL;
    if (octets.n > XML_DOC_MAX)
        return errmsg_set(why, ERR_TOO_LARGE, "it has more than %zu octets: split the list",
                          XML_DOC_MAX);
    p = xmlNewParserCtxt();
    if (!p)
        return errmsg_set(why, ERR_NOMEM, "no memory to read it");
    p->_private = &b;
    p->sax->internalSubset = no_subset;
    p->sax->externalSubset = no_subset;
    p->sax->reference = no_reference;
    p->sax->startElementNs = element;
    doc = xmlCtxtReadMemory(p, (const char *)octets.p, (int)octets.n, NULL, NULL,
                            XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING);
    if (!doc || b.refused || !p->wellFormed)
        err = explain(p, &b, why);
    xmlFreeParserCtxt(p);
    if (err) {
        xmlFreeDoc(doc);
        return err;
    }
    *ret = doc;
    return ERR_OK;
}

/* --- elements --- */
static bool of_schema(const xmlNode *n)
{
    return !n->ns || !n->ns->href || !strncmp((const char *)n->ns->href, NS_GSMA, strlen(NS_GSMA));
}

bool xml_is(const xmlNode *n, const char *name)
{
    return n->type == XML_ELEMENT_NODE && of_schema(n) && !strcmp((const char *)n->name, name);
}

bool xml_is_dsig(const xmlNode *n, const char *name)
{
    return n->type == XML_ELEMENT_NODE && n->ns && n->ns->href &&
           !strcmp((const char *)n->ns->href, NS_DSIG) && !strcmp((const char *)n->name, name);
}

static xmlNodePtr element_at(xmlNodePtr n)
{
    while (n && n->type != XML_ELEMENT_NODE)
        n = n->next;
    return n;
}

xmlNodePtr xml_first(const xmlNode *parent)
{
    return element_at(parent->children);
}

xmlNodePtr xml_next(const xmlNode *n)
{
    return element_at(n->next);
}

/* Depth is bounded by XML_DEPTH_MAX. */
int xml_plain(const xmlNode *n, struct errmsg *why)
{
    for (const xmlNode *c = n->children; c; c = c->next) {
        int err = ERR_OK;
        if (c->type == XML_ELEMENT_NODE)
            err = xml_plain(c, why);
        else if (c->type != XML_TEXT_NODE)
            err = errmsg_set(why, ERR_FORMAT,
                             "%.60s holds a comment, an instruction or a CDATA section, which an "
                             "EIS has none of",
                             (const char *)n->name);
        if (err)
            return err;
    }
    return ERR_OK;
}

int xml_text(const xmlNode *n, struct span *ret, struct errmsg *why)
{
    const xmlNode *c = n->children;
    struct span s = span_str("");

    if (c && (c->type != XML_TEXT_NODE || c->next))
        return errmsg_set(why, ERR_FORMAT, "%.60s holds something else than a text",
                          (const char *)n->name);
    if (c && c->content)
        s = span_str((const char *)c->content);
    while (s.n && strchr(" \t\r\n", s.p[0])) {
        s.p++;
        s.n--;
    }
    while (s.n && strchr(" \t\r\n", s.p[s.n - 1]))
        s.n--;
    if (s.n > XML_TEXT_MAX)
        return errmsg_set(why, ERR_TOO_LARGE, "%.60s has a text of more than %zu octets",
                          (const char *)n->name, XML_TEXT_MAX);
    *ret = s;
    return ERR_OK;
}

struct span xml_attribute(const xmlNode *n, const char *name)
{
    for (const xmlAttr *a = n->properties; a; a = a->next)
        if (!a->ns && !strcmp((const char *)a->name, name) && a->children &&
            a->children->type == XML_TEXT_NODE && !a->children->next && a->children->content)
            return span_str((const char *)a->children->content);
    return (struct span){NULL, 0};
}

/* --- the list --- */
static int walk(xmlNodePtr at, unsigned depth, bool *found, int (*on)(void *ctx, xmlNodePtr eis),
                void *ctx)
{
    int err = ERR_OK;

    if (xml_is(at, "Eis")) {
        *found = true;
        return on(ctx, at);
    }
    for (xmlNodePtr c = depth ? xml_first(at) : NULL; !err && c; c = xml_next(c))
        err = walk(c, depth - 1, found, on, ctx);
    return err;
}

int xml_each_eis(xmlDocPtr doc, int (*on)(void *ctx, xmlNodePtr eis), void *ctx)
{
    xmlNodePtr root = xmlDocGetRootElement(doc);
    bool found = false;
    int err = root ? walk(root, XML_LIST_DEPTH, &found, on, ctx) : ERR_OK;

    return err || found ? err : ERR_NOT_FOUND;
}
