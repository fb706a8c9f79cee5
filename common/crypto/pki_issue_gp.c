/* SPDX-License-Identifier: Apache-2.0 */
/* 7F21 certificates of a PKI of one's own: CERT.DP and CERT.SR by a CI, CERT.ECASD by an EUM
 * (GlobalPlatform Amendment E). Usage is written as 82 and 00 80. */
#include "common/crypto/pki_issue.h"

#include <time.h>

#include "common/crypto/ossl.h"

#include <openssl/objects.h>

#include "common/codec/tlv.h"
#include "common/crypto/ecka.h"

#define CERT_MAX 512u
#define GP_ID_MAX 16u           /* tags 93, 42 and 5F20 hold at most 16 octets */
#define SERIAL_LEN 8u
#define TAG_USAGE 0x95u
#define USAGE_SIGNATURE 0x82u
#define USAGE_KEY_AGREEMENT 0x80u
#define YEAR_10000_MS 253402300800000ll

struct gp_id {
    size_t n;
    uint8_t b[GP_ID_MAX];
};

static bool id_from_oid(const struct oid *oid, struct gp_id *ret)
{
    ASN1_OBJECT *o = oid->s[0] != '\0' ? OBJ_txt2obj(oid->s, 1) : NULL;
    bool ok = o && OBJ_length(o) > 0 && OBJ_length(o) <= GP_ID_MAX;

    if (ok) {
        ret->n = OBJ_length(o);
        memcpy(ret->b, OBJ_get0_data(o), ret->n);
    }
    ASN1_OBJECT_free(o);
    ERR_clear_error();
    return ok;
}

static bool day_of(int64_t ms, uint32_t *ret)
{
    time_t s = (time_t)(ms / 1000);
    struct tm tm;

    if (ms < 0 || ms >= YEAR_10000_MS || !gmtime_r(&s, &tm))
        return false;
    *ret = ((uint32_t)tm.tm_year + 1900u) * 10000u + ((uint32_t)tm.tm_mon + 1u) * 100u +
           (uint32_t)tm.tm_mday;
    return true;
}

/* The key usage of an ECASD is written in the two octets 00 80, which no number of the struct can
 * say; all other TLVs stay as the codec wrote them. */
static void tbs_put(struct writer *w, const struct gpcert *g)
{
    static const uint8_t AGREEMENT[] = {0x00, USAGE_KEY_AGREEMENT};
    uint8_t plain[CERT_MAX];
    struct writer p = wr_init(plain, sizeof(plain));
    struct reader r;
    struct tlv t;

    gpcert_tbs_put(&p, g);
    r = rd_init(wr_view(&p));
    while (tlv_next(&r, &t) == ERR_OK) {
        if (t.tag == TAG_USAGE && g->usage == USAGE_KEY_AGREEMENT)
            tlv_put(w, TAG_USAGE, span_of(AGREEMENT, sizeof(AGREEMENT)));
        else
            wr_span(w, t.raw);
    }
    if (p.failed || !rd_done(&r))
        w->failed = true;
}

/* Fills what all kinds share, signs, appends. */
static int gp_issue(struct crypto *c, const struct pki_entity *issuer,
                    const struct pki_dates *valid, struct gpcert *g, struct buf *out)
{
    uint8_t serial[SERIAL_LEN], tbs[CERT_MAX], whole[CERT_MAX], sig[EC_SIG_LEN];
    struct writer wt = wr_init(tbs, sizeof(tbs)), ww = wr_init(whole, sizeof(whole));
    struct gp_id ca_id;
    struct span to_sign;
    int rc;

    if (g->point.n != EC_POINT_LEN || g->point.p[0] != 0x04 || !id_from_oid(&issuer->oid, &ca_id) ||
        valid->from_ms >= valid->to_ms || !day_of(valid->from_ms, &g->from_date) ||
        !day_of(valid->to_ms, &g->to_date))
        return ERR_INVAL;
    crypto_random(c, serial, sizeof(serial));
    g->serial = span_of(serial, sizeof(serial));
    g->ca_id = span_of(ca_id.b, ca_id.n);
    g->authority_key_id = span_of(issuer->ski, sizeof(issuer->ski));
    tbs_put(&wt, g);
    to_sign = wr_view(&wt);
    if (to_sign.n == 0)
        return ERR_INTERNAL;
    rc = ec_sign(c, issuer->key, &to_sign, 1, sig);
    if (rc != ERR_OK)
        return rc;
    gpcert_put(&ww, to_sign, span_of(sig, sizeof(sig)));
    if (ww.failed)
        return ERR_INTERNAL;
    buf_add_span(out, wr_view(&ww));
    return out->failed ? ERR_NOMEM : ERR_OK;
}

int pki_issue_gp(struct crypto *c, const struct pki_entity *ci, enum gpcert_role role,
                 const struct pki_subject *s, struct span point, struct buf *out)
{
    struct gpcert g = {.usage = USAGE_SIGNATURE, .role = role, .point = point,
                       .curve = (uint8_t)s->curve};
    struct gp_id subject;

    if ((role != GPCERT_ROLE_SMDP && role != GPCERT_ROLE_SMSR) || !id_from_oid(&s->oid, &subject))
        return ERR_INVAL;
    g.subject = span_of(subject.b, subject.n);
    return gp_issue(c, ci, &s->valid, &g, out);
}

int pki_issue_ecasd(struct crypto *c, const struct pki_entity *eum, const struct eid *eid,
                    enum curve curve, struct span point, const struct pki_dates *valid,
                    struct buf *out)
{
    struct gpcert g = {.usage = USAGE_KEY_AGREEMENT, .role = GPCERT_ROLE_NONE, .point = point,
                       .subject = span_of(eid->b, sizeof(eid->b)), .curve = (uint8_t)curve};

    return gp_issue(c, eum, valid, &g, out);
}
