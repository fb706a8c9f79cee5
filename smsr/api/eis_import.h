/* SPDX-License-Identifier: Apache-2.0 */
/* Checking an EIS as an EUM delivers it (SGP.02 3.9, 5.2.1; design 3.6): chains, signature over the
 * octets as received, ECASD certificate, identity, keys. Pure but for the port that knows the
 * fleet. */
#pragma once

#include "common/crypto/pki.h"
#include "smsr/api/api.h"
#include "smsr/api/isdr_secret.h"
#include "common/msg/catalogue.h"

struct eis_check {
    struct crypto *crypto;
    struct pki *pki;
    const struct env *env;
    const struct transport_key *transport;
    unsigned n_transport;
    int64_t now_ms;
    struct oid caller;                     /* the EUM of the certificate */
    /* The card is registered; the ICCID stands on some card. */
    bool (*eid_known)(void *ctx, const struct eid *eid);
    bool (*iccid_known)(void *ctx, const struct iccid *iccid);
    /* The number stands on a profile of another owner. */
    bool (*number_taken)(void *ctx, const struct msisdn *number, const struct oid *mno);
    void *ctx;
};
struct eis_import {
    struct signed_eis eis;
    struct eum_signed_info info;
    const struct tenant *realm;
    struct isdr_secret keys;               /* eis_import_fini frees them */
};
/* ST_OK, ST_STORAGE (no memory: nothing was found out), or why it is refused: the code and one sentence in why. On refusal ret->info.eid stands
 * when it could be read. */
enum status_code eis_import_read(const struct eis_check *c, struct span octets, struct arena *a,
                                 struct eis_import *ret, struct errmsg *why);
void eis_import_fini(struct eis_import *im);
