/* SPDX-License-Identifier: Apache-2.0 */
/* The USIM of the enabled profile: authentication and key agreement with Milenage (TS 33.102 6.3,
 * TS 35.206). One SQN a profile; a figure is fresh when it is higher by at most SQN_AHEAD. */
#include "common/crypto/milenage.h"
#include "tools/euiccsim/card/card_int.h"

#define SQN_AHEAD (UINT64_C(1) << 28)      /* TS 33.102 C.2.1 */
#define SQN_LEN 6u

static void sqn_put(uint64_t sqn, uint8_t dst[SQN_LEN])
{
    for (unsigned i = 0; i < SQN_LEN; i++)
        dst[i] = (uint8_t)(sqn >> (8 * (SQN_LEN - 1 - i)));
}

static void xor_sqn(uint8_t dst[SQN_LEN], const uint8_t a[SQN_LEN], const uint8_t b[SQN_LEN])
{
    for (unsigned i = 0; i < SQN_LEN; i++)
        dst[i] = a[i] ^ b[i];
}

static int functions(const struct card *c, const struct isdp *p, const uint8_t rand[16],
                     const uint8_t sqn[SQN_LEN], const uint8_t amf[2], struct milenage_out *ret)
{
    return milenage(c->w->crypto, p->pub.data.k, p->pub.data.opc, rand, sqn, amf, ret);
}

int card_authenticate(struct card *c, const uint8_t rand[16], const uint8_t autn[16],
                      uint8_t ret_res[8])
{
    static const uint8_t ZERO[SQN_LEN];
    struct isdp *p = isdp_enabled(c);
    struct milenage_out f;
    uint8_t sqn[SQN_LEN];
    uint64_t value = 0;
    int rc;

    if (!p)
        return ERR_NOT_FOUND;
    rc = functions(c, p, rand, ZERO, autn + SQN_LEN, &f);      /* f5 does not depend on SQN */
    if (rc == ERR_OK) {
        xor_sqn(sqn, autn, f.f5);
        rc = functions(c, p, rand, sqn, autn + SQN_LEN, &f);
    }
    if (rc == ERR_OK && !mem_eq_ct(f.f1, autn + SQN_LEN + 2, sizeof(f.f1)))
        rc = ERR_AUTH;
    if (rc == ERR_OK) {
        for (unsigned i = 0; i < SQN_LEN; i++)
            value = value << 8 | sqn[i];
        if (value <= p->sqn || value - p->sqn > SQN_AHEAD)
            rc = ERR_STATE;
    }
    if (rc == ERR_OK) {
        p->sqn = value;
        card_touch(c);
        memcpy(ret_res, f.f2, sizeof(f.f2));
    }
    mem_wipe(&f, sizeof(f));
    return rc;
}

int card_resync(const struct card *c, const uint8_t rand[16], uint8_t ret_auts[14])
{
    static const uint8_t AMF[2];       /* zero in AUTS: TS 33.102 6.3.3 */
    const struct isdp *p = isdp_enabled(c);
    struct milenage_out f;
    uint8_t sqn[SQN_LEN];
    int rc;

    if (!p)
        return ERR_NOT_FOUND;
    sqn_put(p->sqn, sqn);
    rc = functions(c, p, rand, sqn, AMF, &f);
    if (rc == ERR_OK) {
        xor_sqn(ret_auts, sqn, f.f5s);
        memcpy(ret_auts + SQN_LEN, f.f1s, sizeof(f.f1s));
    }
    mem_wipe(&f, sizeof(f));
    return rc;
}
