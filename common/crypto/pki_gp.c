/* SPDX-License-Identifier: Apache-2.0 */
/* GlobalPlatform side of the GSMA chains: CERT.ECASD under an EUM, CERT.DP and CERT.SR under a CI
 * (SGP.02 2.3.2, GlobalPlatform Amendment E). The signature comes first, so that a date or role
 * named in a refusal is one that somebody of the chain did sign. */
#include "common/crypto/pki_impl.h"

#include <time.h>

#include "common/crypto/ecka.h"

#define EID_LEN 16u

/* The day of now in UTC as the number YYYYMMDD, the form of 5F24 and 5F25. */
static int today(int64_t now_ms, uint32_t *ret)
{
    time_t s = (time_t)(now_ms / 1000);
    struct tm tm;

    if (now_ms < 0 || !gmtime_r(&s, &tm) || tm.tm_year > 9999 - 1900)
        return ERR_INVAL;
    *ret = ((uint32_t)tm.tm_year + 1900u) * 10000u + ((uint32_t)tm.tm_mon + 1u) * 100u +
           (uint32_t)tm.tm_mday;
    return ERR_OK;
}

/* Both days belong to the validity. */
static int dates_check(const struct gpcert *g, int64_t now_ms, const char *what,
                       struct errmsg *why)
{
    uint32_t day = 0;
    int rc = today(now_ms, &day);

    if (rc != ERR_OK)
        return rc;
    if (g->from_date != 0 && day < g->from_date)
        return errmsg_set(why, ERR_EXPIRED, "%s is not valid before %08u", what, g->from_date);
    if (day > g->to_date)
        return errmsg_set(why, ERR_EXPIRED, "%s expired after %08u", what, g->to_date);
    return ERR_OK;
}

static int cert_parse(struct span cert_7f21, const char *what, struct gpcert *g,
                      struct errmsg *why)
{
    int rc = gpcert_parse(cert_7f21, g);

    if (rc != ERR_OK)
        return errmsg_set(why, rc, "%s is not a 7F21 certificate (%s)", what, err_text(rc));
    return ERR_OK;
}

static bool signed_by(struct pki *p, const struct gpcert *g, enum curve curve, struct span point)
{
    return g->signature.n == EC_SIG_LEN &&
           ec_verify(p->c, curve, point, &g->tbs, 1, g->signature) == ERR_OK;
}

/* That the point lies on its curve is checked where it is used (ec_dh, ec_verify: ERR_FORMAT). */
static int key_check(const struct gpcert *g, const char *what, struct errmsg *why)
{
    if (g->curve != CURVE_P256 && g->curve != CURVE_BRAINPOOLP256R1 && g->curve != CURVE_FRP256V1)
        return errmsg_set(why, ERR_UNSUPPORTED, "%s has a key on an unsupported curve (%02X)", what,
                          g->curve);
    if (g->point.n != EC_POINT_LEN || g->point.p[0] != 0x04)
        return errmsg_set(why, ERR_FORMAT, "%s has no uncompressed public point", what);
    return ERR_OK;
}

static int ecasd_check(const struct gpcert *g, const struct pki_eum *eum, const uint8_t eid16[16],
                       struct errmsg *why)
{
    if (!gpcert_usage_agrees(g->usage) || g->role != GPCERT_ROLE_NONE)
        return errmsg_set(why, ERR_AUTH, "CERT.ECASD is a certificate of another kind (usage %02X)",
                          g->usage);
    if (g->authority_key_id.n > 0 &&
        !span_eq(g->authority_key_id, span_of(eum->ski, eum->ski_len)))
        return errmsg_set(why, ERR_AUTH, "CERT.ECASD names another authority key than the EUM's");
    /* A subject of another length names no EID (older cards); what binds such a certificate to the
     * card is the EUM's signature over the EIS part that carries it. */
    if (g->subject.n == EID_LEN && !span_eq(g->subject, span_of(eid16, EID_LEN)))
        return errmsg_set(why, ERR_AUTH, "CERT.ECASD belongs to another EID");
    return ERR_OK;
}

int pki_verify_ecasd(struct pki *p, struct span cert_7f21, struct span eum_der,
                     const uint8_t eid16[16], int64_t now_ms, struct gpcert *ret,
                     struct errmsg *why)
{
    static const char what[] = "CERT.ECASD";
    const struct pki_eum *eum;
    struct gpcert g;
    int rc = pki_eum_get(p, eum_der, &eum, why);

    if (rc == ERR_OK)
        rc = cert_parse(cert_7f21, what, &g, why);
    if (rc != ERR_OK)
        return rc;
    if (!signed_by(p, &g, eum->curve, span_of(eum->point, sizeof(eum->point))))
        return errmsg_set(why, ERR_AUTH, "CERT.ECASD is not signed by this EUM");
    rc = ecasd_check(&g, eum, eid16, why);
    if (rc == ERR_OK)
        rc = pki_window_check(&eum->window, now_ms, "EUM certificate or its CI", why);
    if (rc == ERR_OK)
        rc = dates_check(&g, now_ms, what, why);
    if (rc == ERR_OK)
        rc = key_check(&g, what, why);
    if (rc == ERR_OK)
        *ret = g;
    return rc;
}

/* Whether this root may have signed: by C9 when the certificate has it, else by CA id. */
static bool root_named(const struct pki_root *r, const struct gpcert *g)
{
    if (g->authority_key_id.n > 0)
        return span_eq(g->authority_key_id, span_of(r->ski, r->ski_len));
    return r->ca_id_len > 0 && span_eq(g->ca_id, span_of(r->ca_id, r->ca_id_len));
}

/* A CI has several active keys under one CA id (SGP.02 2.3.2.2), so every named root is tried. */
static int root_signed(struct pki *p, const struct gpcert *g, const char *what, int64_t now_ms,
                       struct errmsg *why)
{
    bool named = false;

    for (size_t i = 0; i < p->n_roots; i++) {
        const struct pki_root *r = &p->roots[i];
        if (!root_named(r, g))
            continue;
        named = true;
        if (signed_by(p, g, r->curve, span_of(r->point, sizeof(r->point))))
            return pki_window_check(&r->window, now_ms, "the CI certificate", why);
    }
    if (named)
        return errmsg_set(why, ERR_AUTH, "%s is not signed by the CI it names", what);
    return errmsg_set(why, ERR_AUTH, "%s names a CI that is not among the %zu loaded", what,
                      p->n_roots);
}

/* The card knows its CI by the point alone. Its curve is taken to be that of the certified key: a
 * party holds one certificate for each CI and curve. Chosen here, not read in a specification. */
static int point_signed(struct pki *p, const struct gpcert *g, const char *what, struct span point,
                        struct errmsg *why)
{
    if (point.n != EC_POINT_LEN)
        return ERR_INVAL;
    if (!signed_by(p, g, (enum curve)g->curve, point))
        return errmsg_set(why, ERR_AUTH, "%s is not signed by this CI key", what);
    return ERR_OK;
}

int pki_verify_gp(struct pki *p, struct span cert_7f21, enum gpcert_role role, struct span ci_point,
                  int64_t now_ms, struct gpcert *ret, struct errmsg *why)
{
    const char *what = role == GPCERT_ROLE_SMDP ? "CERT.DP" : "CERT.SR";
    struct gpcert g;
    int rc;

    if (role != GPCERT_ROLE_SMDP && role != GPCERT_ROLE_SMSR)
        return ERR_INVAL;
    rc = cert_parse(cert_7f21, what, &g, why);
    if (rc != ERR_OK)
        return rc;
    rc = ci_point.n > 0 ? point_signed(p, &g, what, ci_point, why)
                        : root_signed(p, &g, what, now_ms, why);
    if (rc != ERR_OK)
        return rc;
    if (g.role != role || !gpcert_usage_signs(g.usage))
        return errmsg_set(why, ERR_AUTH, "%s is a certificate for another role (C8 %d, usage %02X)",
                          what, (int)g.role, g.usage);
    rc = dates_check(&g, now_ms, what, why);
    if (rc == ERR_OK)
        rc = key_check(&g, what, why);
    if (rc == ERR_OK)
        *ret = g;
    return rc;
}
