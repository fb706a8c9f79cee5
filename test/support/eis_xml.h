/* SPDX-License-Identifier: Apache-2.0 */
/* The EIS of a test's EUM as the published XML has it, signed by XML-DSig. The canonical octets are
 * written here by hand, so that they are no echo of the library that reads them. */
#pragma once

#include "test/support/smsr_world.h"

#define XML_GSMA_3   "http://namespaces.gsma.org/esim-messaging/3"
#define XML_EXC_C14N "http://www.w3.org/2001/10/xml-exc-c14n#"
#define XML_C14N     "http://www.w3.org/TR/2001/REC-xml-c14n-20010315"
#define XML_ECDSA    "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256"
#define XML_SHA256   "http://www.w3.org/2001/04/xmlenc#sha256"

/* What a test wants otherwise; NULL, 0: as it should be. */
struct eis_xml_how {
    const char *canonical, *signature, *digest, *transform, *uri;
    const char *id;        /* "eum" */
    const char *in_signed; /* put into EumSignedInfo after it was signed */
    const char *in_eis;    /* put behind the signature */
    bool nested;           /* a ds:Signature in EumSignature */
    bool no_certificate, no_signature,
        twice; /* no ds:X509Certificate; an empty EumSignature; two references */
    bool no_keys;
};
/* One Eis element at the end of out; the prefix rps3 is declared by what it stands in. ret_signed
 * (may be NULL): the canonical EumSignedInfo, in w's arena. */
void eis_xml_put(struct srw *w, struct srw_eis *e, const struct eis_xml_how *how, struct buf *out,
                 struct span *ret_signed);
void eis_xml_begin(struct buf *out); /* a list */
void eis_xml_end(struct buf *out);
void eis_xml_base64(struct span s, struct buf *out);
