/* SPDX-License-Identifier: Apache-2.0 */
/* The aggregate of an EID as one blob of state.db (design 3.2: EIS as one packed blob). Octet 0 is
 * the version; the rest follows the order of struct euicc, integers big-endian, text with a length
 * octet. What is memory only (SendData payload, collected responses, resend counts) is left out. */
#pragma once

#include "smsr/domain/euicc.h"

#define EUICC_BLOB_VERSION 7
#define EUICC_BLOB_MAX (32u * 1024u)

/* Deterministic: equal aggregates give equal octets. */
void euicc_blob_put(struct writer *w, const struct euicc *e);
/* ERR_UNSUPPORTED: version of another program; ERR_CORRUPT: not what was written; ERR_NOMEM. */
MUST_CHECK int euicc_blob_get(struct span blob, struct euicc **ret);
