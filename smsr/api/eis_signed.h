/* SPDX-License-Identifier: Apache-2.0 */
/* An EIS that its EUM signed as XML (ES1, SGP.02 annex A; XML-DSig). A program of its own, without
 * keys, reads the XML (tools/eisimport) and hands on what was signed, octet by octet, beside its
 * translation. Here no XML is parsed: it is looked up in the signed octets that they are covered by
 * the signature, and that every field of the translation stands in them, so that whoever translated
 * cannot say what the EUM did not sign. */
#pragma once

#include "common/crypto/crypto.h"
#include "common/msg/eis.h"

/* The signature over eum_reference is verified already. ERR_AUTH names what is missing or differs.
 */
MUST_CHECK int eis_signed_check(struct crypto *c, const struct signed_eis *s,
                                const struct eum_signed_info *info, struct errmsg *why);
