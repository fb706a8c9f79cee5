/* SPDX-License-Identifier: Apache-2.0 */
/* Conversion of EC private keys between handles and the library's objects (RFC 5915, RFC 5480
 * names). */
#include "common/crypto/pki_evp.h"

#include "common/crypto/ossl.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/obj_mac.h>
#include <openssl/param_build.h>

#include "common/base/mem.h"
#include "common/crypto/ecka.h"
#include "common/crypto/impl.h"

#define SCALAR_LEN 32u

static const struct {
    enum curve curve;
    const char *group;
} GROUPS[] = {
    {CURVE_P256, SN_X9_62_prime256v1},
    {CURVE_BRAINPOOLP256R1, SN_brainpoolP256r1},
};

static const char *group_of(enum curve curve)
{
    for (size_t i = 0; i < sizeof(GROUPS) / sizeof(GROUPS[0]); i++)
        if (GROUPS[i].curve == curve)
            return GROUPS[i].group;
    return NULL;
}

enum curve pki_evp_curve(const struct key *k)
{
    return k->curve;
}

static EVP_PKEY *evp_build(const char *group, const uint8_t point[EC_POINT_LEN], const BIGNUM *d)
{
    OSSL_PARAM_BLD *bld = OSSL_PARAM_BLD_new();
    OSSL_PARAM *params = NULL;
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, "EC", NULL);
    EVP_PKEY *evp = NULL;

    if (bld && ctx &&
        OSSL_PARAM_BLD_push_utf8_string(bld, OSSL_PKEY_PARAM_GROUP_NAME, group, 0) == 1 &&
        OSSL_PARAM_BLD_push_octet_string(bld, OSSL_PKEY_PARAM_PUB_KEY, point, EC_POINT_LEN) == 1 &&
        OSSL_PARAM_BLD_push_BN(bld, OSSL_PKEY_PARAM_PRIV_KEY, d) == 1)
        params = OSSL_PARAM_BLD_to_param(bld);
    if (!params || EVP_PKEY_fromdata_init(ctx) != 1 ||
        EVP_PKEY_fromdata(ctx, &evp, EVP_PKEY_KEYPAIR, params) != 1)
        evp = NULL;
    OSSL_PARAM_free(params);
    OSSL_PARAM_BLD_free(bld);
    EVP_PKEY_CTX_free(ctx);
    return evp;
}

struct evp_pkey_st *pki_evp_from_key(const struct key *k)
{
    const char *group = key_get_type(k) == KEY_EC_PRIVATE ? group_of(k->curve) : NULL;
    uint8_t d[SCALAR_LEN], point[EC_POINT_LEN];
    BIGNUM *bn = NULL;
    EVP_PKEY *evp = NULL;
    size_t n = 0;

    if (!group)
        return NULL;
    if (ec_point(NULL, k, point) == ERR_OK && key_export_raw(k, d, sizeof(d), &n) == ERR_OK &&
        n == sizeof(d))
        bn = BN_secure_new();
    if (bn && BN_bin2bn(d, SCALAR_LEN, bn))
        evp = evp_build(group, point, bn);
    BN_clear_free(bn);
    mem_wipe(d, sizeof(d));
    ERR_clear_error();
    return evp;
}

int pki_evp_to_key(struct crypto *c, struct evp_pkey_st *evp, struct key **ret)
{
    uint8_t d[SCALAR_LEN];
    char group[32] = "";
    BIGNUM *bn = NULL;
    size_t n = 0;
    int rc = ERR_UNSUPPORTED;

    *ret = NULL;
    if (!EVP_PKEY_is_a(evp, "EC") ||
        EVP_PKEY_get_group_name(evp, group, sizeof(group), &n) != 1)
        group[0] = '\0';
    for (size_t i = 0; i < sizeof(GROUPS) / sizeof(GROUPS[0]); i++) {
        if (strcmp(GROUPS[i].group, group) != 0)
            continue;
        if (EVP_PKEY_get_bn_param(evp, OSSL_PKEY_PARAM_PRIV_KEY, &bn) == 1 &&
            BN_bn2binpad(bn, d, SCALAR_LEN) == (int)SCALAR_LEN)
            rc = ec_private(c, GROUPS[i].curve, span_of(d, SCALAR_LEN), ret);
        break;
    }
    BN_clear_free(bn);
    mem_wipe(d, sizeof(d));
    ERR_clear_error();
    return rc;
}
