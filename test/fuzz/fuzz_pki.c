/* SPDX-License-Identifier: Apache-2.0 */
/* Certificate paths with everything from outside: kind, then three blobs of { length, octets }: CI
 * root (DER or PEM), EUM certificate, certificate 7F21. What is accepted is what was asked for, and
 * a second look gives the same verdict. */
#include "test/fuzz/as_file.h"

#include "common/crypto/pki.h"
#include "test/fuzz/input.h"

#define NOW 1763800000000

static const uint8_t EID[16] = {0x89, 0x04, 0x40, 0x45, [14] = 0x42, [15] = 0x30};

static struct span blob(struct reader *r)
{
    size_t n = rd_left(r) < 2 ? 0 : rd_u16(r);

    return rd_span(r, n < rd_left(r) ? n : rd_left(r));
}

static void eum(struct pki *p, struct span der)
{
    struct errmsg why = {{0}};
    uint8_t point[65];
    enum curve curve;
    int first = pki_verify_eum(p, der, NOW, point, &curve, &why);

    must(first == ERR_OK ? point[0] == 4 : why.text[0] || first == ERR_NOMEM);
    must(pki_verify_eum(p, der, NOW, point, &curve, &why) == first);
    if (first == ERR_OK)
        must(pki_verify_eum(p, der, INT64_MAX, point, &curve, &why) == ERR_EXPIRED);
}

static void gp(struct pki *p, struct span cert, enum gpcert_role role)
{
    struct errmsg why = {{0}};
    struct gpcert g;
    int rc = pki_verify_gp(p, cert, role, (struct span){NULL, 0}, NOW, &g, &why);

    if (rc == ERR_OK)
        must(g.role == role && g.point.n == 65 && gpcert_usage_signs(g.usage));
    else
        must(why.text[0] != 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct crypto *c;
    struct reader r = rd_init(span_of(data, size));
    uint8_t kind = rd_u8(&r);
    struct span ci = blob(&r), eum_der = blob(&r), cert = blob(&r);
    struct errmsg why = {{0}};
    struct gpcert g;
    struct pki *p;

    if (!c)
        c = crypto_new(NULL);
    p = pki_new(c);
    must(c && p);
    int rc = kind & 1 ? pki_add_ci_file(p, as_file(ci), &why) : pki_add_ci_der(p, ci, &why);
    must(rc == ERR_OK || (rc == ERR_CONFIG && why.text[0]));
    eum(p, eum_der);
    rc = pki_verify_ecasd(p, cert, eum_der, EID, NOW, &g, &why);
    if (rc == ERR_OK)
        must(span_eq(g.subject, span_of(EID, sizeof EID)) && g.point.n == 65);
    gp(p, cert, kind & 2 ? GPCERT_ROLE_SMDP : GPCERT_ROLE_SMSR);
    (void)!pki_verify_eum_signature(p, eum_der, ci, cert, &why);
    pki_free(p);
    return 0;
}
