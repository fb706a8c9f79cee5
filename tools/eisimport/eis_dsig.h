/* SPDX-License-Identifier: Apache-2.0 */
/* The EUM's signature over its part of an EIS (XML-DSig; which forms are taken: README). */
#pragma once

#include <libxml/tree.h>

#include "common/base/mem.h"

struct dsig {
    struct span covered;     /* canonical EumSignedInfo, as it was digested */
    struct span reference;   /* canonical ds:SignedInfo, as it was signed */
    struct span signature;   /* r and s */
    struct span certificate; /* X.509 DER: of KeyInfo, or given */
};
MUST_CHECK int dsig_init(struct errmsg *why); /* once a process, before the sandbox */
void dsig_end(void);
/* eum: the certificate to use where KeyInfo has none; empty: none was given. The certificate's own
 * path is the SM-SR's to verify, which has the roots. Spans live in a. */
MUST_CHECK int dsig_verify(xmlNodePtr info, xmlNodePtr signature, struct span eum, struct arena *a,
                           struct dsig *ret, struct errmsg *why);
