/* SPDX-License-Identifier: Apache-2.0 */
/* Algorithms and reference are looked at by name first, so that a refusal says what is wrong;
 * xmlsec verifies, with nothing else enabled than what passed. */

/* OpenSSL, behind xmlsec, has a type of the name ERR_STATE, which is an error of ours
 * (common/base/err.h). */
#define ERR_STATE OPENSSL_ERR_STATE
#include <xmlsec/xmlsec.h>
#include <xmlsec/crypto.h>
#include <xmlsec/errors.h>
#include <xmlsec/io.h>
#include <xmlsec/xmldsig.h>
#undef ERR_STATE

#include <libxml/parser.h>
#include <string.h>

#include "tools/eisimport/eis_dsig.h"
#include "tools/eisimport/eis_value.h"
#include "tools/eisimport/eis_xml.h"

#define COVERED_MAX     8192u
#define REFERENCE_MAX   4096u
#define CERTIFICATE_MAX 4096u
#define SIGNATURE_MAX   512u

static const char *const CANONICAL[] = {
    "http://www.w3.org/TR/2001/REC-xml-c14n-20010315",
    "http://www.w3.org/2006/12/xml-c14n11",
    "http://www.w3.org/2001/10/xml-exc-c14n#",
};
#define ECDSA_SHA256 "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256"
#define SHA256       "http://www.w3.org/2001/04/xmlenc#sha256"

static void quiet(const char *file, int line, const char *func, const char *object,
                  const char *subject, int reason, const char *msg)
{
    (void)file;
    (void)line;
    (void)func;
    (void)object;
    (void)subject;
    (void)reason;
    (void)msg;
}

int dsig_init(struct errmsg *why)
{
    if (xmlSecInit() < 0 || xmlSecCheckVersion() != 1 || xmlSecCryptoAppInit(NULL) < 0 ||
        xmlSecCryptoInit() < 0)
        return errmsg_set(why, ERR_INTERNAL,
                          "the xmlsec library cannot be used; reinstall libxmlsec1-openssl");
    xmlSecErrorsSetCallback(quiet);
    xmlSecIOCleanupCallbacks(); /* no file, no network */
    return ERR_OK;
}

void dsig_end(void)
{
    (void)xmlSecCryptoShutdown();
    (void)xmlSecCryptoAppShutdown();
    (void)xmlSecShutdown();
}

/* --- what is signed, and how --- */
struct look {
    xmlNodePtr info; /* EumSignedInfo */
    const xmlNode *signed_info, *value, *key_info;
    struct errmsg *why;
};

static bool is_canonical(struct span name)
{
    for (size_t i = 0; i < sizeof CANONICAL / sizeof *CANONICAL; i++)
        if (span_eq(name, span_str(CANONICAL[i])))
            return true;
    return false;
}

static bool has_sha1(struct span name)
{
    for (size_t i = 0; i + 4 <= name.n; i++)
        if (!strncmp((const char *)name.p + i, "sha1", 4))
            return true;
    return false;
}

static int unfit(const struct look *l, const char *what, struct span name)
{
    if (has_sha1(name))
        return errmsg_set(
            l->why, ERR_DENIED,
            "%s is SHA-1 (%.*s), which is refused: ask the EUM to sign with ecdsa-sha256", what,
            (int)(name.n < 100 ? name.n : 100), (const char *)name.p);
    return errmsg_set(l->why, ERR_DENIED,
                      "%s %.*s is not one that is taken (%s): ask the EUM to sign so", what,
                      (int)(name.n < 100 ? name.n : 100), name.n ? (const char *)name.p : "",
                      "ECDSA with SHA-256 over canonical XML without comments");
}

static const xmlNode *child(const xmlNode *of, const char *name)
{
    const xmlNode *found = NULL;

    for (const xmlNode *c = xml_first(of); c; c = xml_next(c))
        if (xml_is_dsig(c, name)) {
            if (found)
                return NULL; /* twice is none */
            found = c;
        }
    return found;
}

static int check_method(const struct look *l, const xmlNode *of, const char *name, const char *want)
{
    const xmlNode *m = child(of, name);
    struct span algorithm = m ? xml_attribute(m, "Algorithm") : (struct span){NULL, 0};
    bool good = want ? span_eq(algorithm, span_str(want)) : is_canonical(algorithm);

    return good ? ERR_OK : unfit(l, name, algorithm);
}

static xmlAttrPtr id_of(xmlNodePtr info)
{
    static const char *const NAMES[] = {"Id", "ID", "id"};

    for (xmlAttrPtr a = info->properties; a; a = a->next)
        for (size_t i = 0; i < sizeof NAMES / sizeof *NAMES; i++)
            if (!strcmp((const char *)a->name, NAMES[i]))
                return a;
    return NULL;
}

/* "#ID" of the EumSignedInfo beside the signature, and of nothing else. */
static int check_uri(const struct look *l, const xmlNode *reference)
{
    struct span uri = xml_attribute(reference, "URI"), id;
    xmlAttrPtr a = id_of(l->info);

    id = a && a->children && a->children->content ? span_str((const char *)a->children->content)
                                                  : span_str("");
    if (id.n && uri.n == id.n + 1 && uri.p[0] == '#' && !memcmp(uri.p + 1, id.p, id.n))
        return ERR_OK;
    return errmsg_set(l->why, ERR_DENIED,
                      "the signature refers to '%.*s' and not to the Id of EumSignedInfo: what the "
                      "EUM signed is another "
                      "part, or another EIS; ask the EUM for the file again",
                      (int)(uri.n < 60 ? uri.n : 60), uri.n ? (const char *)uri.p : "");
}

static int check_transforms(const struct look *l, const xmlNode *reference)
{
    const xmlNode *list = child(reference, "Transforms");
    unsigned n = 0;

    for (const xmlNode *t = list ? xml_first(list) : NULL; t; t = xml_next(t), n++) {
        struct span algorithm = xml_attribute(t, "Algorithm");
        if (n || !xml_is_dsig(t, "Transform") || !is_canonical(algorithm))
            return unfit(l, "Transform", algorithm);
    }
    return ERR_OK;
}

static int look_at(struct look *l, xmlNodePtr signature)
{
    const xmlNode *reference;
    int err;

    l->signed_info = child(signature, "SignedInfo");
    l->value = child(signature, "SignatureValue");
    l->key_info = child(signature, "KeyInfo");
    reference = l->signed_info ? child(l->signed_info, "Reference") : NULL;
    if (!l->signed_info || !l->value || !reference)
        return errmsg_set(l->why, ERR_DENIED,
                          "EumSignature is no XML-DSig signature with one Reference: an EIS that "
                          "is not signed by its EUM "
                          "is refused, however it was written; ask the EUM for its own file");
    err = check_method(l, l->signed_info, "CanonicalizationMethod", NULL);
    if (!err)
        err = check_method(l, l->signed_info, "SignatureMethod", ECDSA_SHA256);
    if (!err)
        err = check_uri(l, reference);
    if (!err)
        err = check_transforms(l, reference);
    return err ? err : check_method(l, reference, "DigestMethod", SHA256);
}

/* --- the certificate --- */
static int find_certificate(const struct look *l, struct span given, struct arena *a,
                            struct span *ret)
{
    const xmlNode *data = l->key_info ? child(l->key_info, "X509Data") : NULL, *cert = NULL;
    struct span text;

    for (const xmlNode *c = data ? xml_first(data) : NULL; c && !cert; c = xml_next(c))
        if (xml_is_dsig(c, "X509Certificate"))
            cert = c;
    if (given.n) {
        *ret = given;
        return ERR_OK;
    }
    if (!cert)
        return errmsg_set(
            l->why, ERR_DENIED,
            "the signature brings no certificate of its EUM: give it with --eum-certificate FILE");
    if (xml_text(cert, &text, l->why) || value_base64(text, a, CERTIFICATE_MAX, ret))
        return errmsg_set(l->why, ERR_FORMAT,
                          "X509Certificate is no certificate; ask the EUM for the file again");
    return ERR_OK;
}

/* --- verification --- */
static int allow(xmlSecDSigCtxPtr ctx)
{
    const xmlSecTransformId canonical[] = {xmlSecTransformInclC14NId, xmlSecTransformInclC14N11Id,
                                           xmlSecTransformExclC14NId};

    ctx->flags = XMLSEC_DSIG_FLAGS_STORE_SIGNEDINFO_REFERENCES | XMLSEC_DSIG_FLAGS_STORE_SIGNATURE;
    ctx->enabledReferenceUris = xmlSecTransformUriTypeSameDocument;
    for (size_t i = 0; i < sizeof canonical / sizeof *canonical; i++)
        if (xmlSecDSigCtxEnableReferenceTransform(ctx, canonical[i]) < 0 ||
            xmlSecDSigCtxEnableSignatureTransform(ctx, canonical[i]) < 0)
            return ERR_NOMEM;
    if (xmlSecDSigCtxEnableReferenceTransform(ctx, xmlSecTransformSha256Id) < 0 ||
        xmlSecDSigCtxEnableSignatureTransform(ctx, xmlSecTransformEcdsaSha256Id) < 0)
        return ERR_NOMEM;
    return ERR_OK;
}

static int copy_buffer(xmlSecBufferPtr b, size_t max, const char *what, struct arena *a,
                       struct span *ret, struct errmsg *why)
{
    size_t n = b ? xmlSecBufferGetSize(b) : 0;

    if (!n || n > max)
        return errmsg_set(why, ERR_TOO_LARGE, "%s has %zu octets, of at most %zu; ask the EUM",
                          what, n, max);
    *ret = span_of(arena_dup(a, xmlSecBufferGetData(b), n), n);
    return ret->p ? ERR_OK : ERR_NOMEM;
}

static int take(xmlSecDSigCtxPtr ctx, const struct look *l, struct arena *a, struct dsig *ret)
{
    xmlSecDSigReferenceCtxPtr r = xmlSecPtrListGetItem(&ctx->signedInfoReferences, 0);
    struct span text;
    int err;

    if (!r || xmlSecPtrListGetSize(&ctx->signedInfoReferences) != 1)
        return errmsg_set(l->why, ERR_INTERNAL, "the reference of the signature was not kept");
    err = copy_buffer(xmlSecDSigReferenceCtxGetPreDigestBuffer(r), COVERED_MAX, "EumSignedInfo", a,
                      &ret->covered, l->why);
    if (!err)
        err = copy_buffer(xmlSecDSigCtxGetPreSignBuffer(ctx), REFERENCE_MAX, "SignedInfo", a,
                          &ret->reference, l->why);
    if (!err)
        err = xml_text(l->value, &text, l->why);
    if (!err && value_base64(text, a, SIGNATURE_MAX, &ret->signature))
        err = errmsg_set(l->why, ERR_FORMAT, "SignatureValue is not base64");
    return err;
}

/* EumSignature is of the type ds:Signature, which xmlsec knows by the element of that name: it gets
 * it, above what is canonicalised. */
static void be_signature(xmlNodePtr n, const struct look *l)
{
    xmlNodeSetName(n, (const xmlChar *)"Signature");
    n->ns = l->signed_info->ns;
}

static int run(xmlSecDSigCtxPtr ctx, xmlNodePtr signature, const struct look *l, struct arena *a,
               struct dsig *ret)
{
    int err = allow(ctx);

    if (err)
        return errmsg_set(l->why, err, "%s", err_text(err));
    ctx->signKey = xmlSecCryptoAppKeyLoadMemory(ret->certificate.p, (xmlSecSize)ret->certificate.n,
                                                xmlSecKeyDataFormatCertDer, NULL, NULL, NULL);
    if (!ctx->signKey)
        return errmsg_set(l->why, ERR_FORMAT,
                          "the EUM's certificate cannot be read; ask the EUM for it again");
    be_signature(signature, l);
    if (xmlSecDSigCtxVerify(ctx, signature) < 0 || ctx->status != xmlSecDSigStatusSucceeded)
        return errmsg_set(l->why, ERR_AUTH,
                          "the EUM's signature does not fit: it was changed or written anew after "
                          "it was signed; ask the "
                          "EUM for its own file and import that unchanged");
    return take(ctx, l, a, ret);
}

int dsig_verify(xmlNodePtr info, xmlNodePtr signature, struct span eum, struct arena *a,
                struct dsig *ret, struct errmsg *why)
{
    struct look l = {.info = info, .why = why};
    xmlAttrPtr id = id_of(info);
    xmlSecDSigCtxPtr ctx;
    xmlChar *value;
    int err = look_at(&l, signature);

    memset(ret, 0, sizeof *ret);
    if (!err)
        err = find_certificate(&l, eum, a, &ret->certificate);
    if (err)
        return err;
    ctx = xmlSecDSigCtxCreate(NULL);
    value = xmlNodeListGetString(info->doc, id->children, 1);
    /* The Id is known for as long as this signature is looked at: lists name every EIS the same. */
    if (!ctx || !value)
        err = errmsg_set(why, ERR_NOMEM, "%s", err_text(ERR_NOMEM));
    else if (!xmlAddID(NULL, info->doc, value, id))
        err = errmsg_set(why, ERR_DENIED,
                         "its Id stands twice in the document; ask the EUM for the file again");
    else {
        err = run(ctx, signature, &l, a, ret);
        (void)xmlRemoveID(info->doc, id);
    }
    if (value)
        xmlFree(value);
    if (ctx)
        xmlSecDSigCtxDestroy(ctx);
    return err;
}
