/* SPDX-License-Identifier: Apache-2.0 */
/* ECASD: the card's own key pair and the CI keys it trusts (SGP.02 2.2.1.2). */
#include "tools/euiccsim/card/card_int.h"

/* The curve of the CI key is that of the certified key, as at the server (crypto/pki_gp). */
static bool ci_signed(const struct card *c, const struct gpcert *g)
{
    const struct span all = c->w->ci_points;

    if (g->signature.n != EC_SIG_LEN)
        return false;
    for (size_t at = 0; at + EC_POINT_LEN <= all.n; at += EC_POINT_LEN)
        if (ec_verify(c->w->crypto, (enum curve)g->curve, span_of(all.p + at, EC_POINT_LEN),
                      &g->tbs, 1, g->signature) == ERR_OK)
            return true;
    return false;
}

int ecasd_verify(const struct card *c, struct span cert_7f21, enum gpcert_role role,
                 struct gpcert *ret)
{
    struct gpcert g;
    int rc = gpcert_parse(cert_7f21, &g);

    if (rc != ERR_OK)
        return ERR_FORMAT;
    if (g.point.n != EC_POINT_LEN)
        return ERR_FORMAT;
    if (!ci_signed(c, &g) || g.role != role || !gpcert_usage_signs(g.usage))
        return ERR_AUTH;
    *ret = g;
    return ERR_OK;
}

int ecasd_agree(const struct card *c, struct span ephemeral, const struct ecka_crt *crt,
                struct span dr, struct ecka_keys *ret)
{
    struct key *own = NULL;
    int rc = ec_private(c->w->crypto, CURVE_P256,
                        span_of(c->ecasd_private, sizeof(c->ecasd_private)), &own);

    *ret = (struct ecka_keys){0};
    if (rc == ERR_OK)
        rc = ecka_derive(c->w->crypto, own, ephemeral, crt, dr, span_of(NULL, 0), ret);
    key_free(own);
    return rc;
}
