/* SPDX-License-Identifier: Apache-2.0 */
/* P-256, brainpoolP256r1 and FRP256V1 (BSI TR-03111, ANSSI 2011). Keys enter as raw points and raw
 * scalars and never through the library's decoders, which cost 25 times as much. */
#include "common/base/mem.h"
#include "common/crypto/ecka.h"
#include "common/crypto/impl.h"
#include "common/crypto/ossl.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <stdlib.h>

#define FIELD 32u
#define N_CURVES 3
#define POINT_CACHE 64      /* certificate keys of the parties in use; the oldest one goes */
#define DER_SIG_MAX 80u

/* FRP256V1 has no name in OpenSSL 3.0; cofactor 1. */
static const char FRP_P[] = "F1FD178C0B3AD58F10126DE8CE42435B3961ADBCABC8CA6DE8FCF353D86E9C03";
static const char FRP_A[] = "F1FD178C0B3AD58F10126DE8CE42435B3961ADBCABC8CA6DE8FCF353D86E9C00";
static const char FRP_B[] = "EE353FCA5428A9300D4ABA754A44C00FDFEC0C9AE4B1A1803075ED967B7BB73F";
static const char FRP_N[] = "F1FD178C0B3AD58F10126DE8CE42435B53DC67E140D2BF941FFDD459C6D655E1";
static const char FRP_G[] = "04B6B3D4C356C139EB31183D4749D423958C27D2DCAF98B70164C97A2DD98F5CFF"
                            "6142E0F7C8B204911F9271F0F3ECEF8C2701C307E8E4C9E183115A1554062CFB";

struct ec_pair {
    EVP_PKEY *pkey;
    EVP_PKEY_CTX *sign, *derive;     /* made at first use, kept with the key */
};

struct public_key {
    enum curve curve;
    uint8_t point[EC_POINT_LEN];
    EVP_PKEY *pkey;
    EVP_PKEY_CTX *verify;
    uint64_t used;
};

struct domain {
    EC_GROUP *group;
    EVP_PKEY *params;
    EVP_PKEY_CTX *keygen;
};

struct curves {
    struct domain domain[N_CURVES];  /* built at first use */
    struct public_key cache[POINT_CACHE];
    uint64_t tick;
    BN_CTX *bn;
};

/* The library's error queue is shared with TLS, which reads meaning into it: leave it empty. */
static int refuse(int err)
{
    ERR_clear_error();
    return err;
}

/* A context is made at its first use and kept; parsing and fetching cost more than the call. */
static int context_once(EVP_PKEY_CTX **ctx, EVP_PKEY *pkey, int (*init)(EVP_PKEY_CTX *))
{
    if (*ctx)
        return 0;
    *ctx = EVP_PKEY_CTX_new_from_pkey(NULL, pkey, NULL);
    if (*ctx && init(*ctx) == 1)
        return 0;
    EVP_PKEY_CTX_free(*ctx);
    *ctx = NULL;
    return refuse(ERR_CRYPTO);
}

static int curve_slot(enum curve curve)
{
    switch (curve) {
    case CURVE_P256:
        return 0;
    case CURVE_BRAINPOOLP256R1:
        return 1;
    case CURVE_FRP256V1:
        return 2;
    }
    return -1;
}

struct curves *curves_new(void)
{
    struct curves *cv = calloc(1, sizeof *cv);

    if (!cv)
        return NULL;
    cv->bn = BN_CTX_secure_new();
    if (cv->bn)
        return cv;
    curves_free(cv);
    return NULL;
}

static void public_key_fini(struct public_key *p)
{
    EVP_PKEY_CTX_free(p->verify);
    EVP_PKEY_free(p->pkey);
    *p = (struct public_key){0};
}

void curves_free(struct curves *cv)
{
    if (!cv)
        return;
    for (size_t i = 0; i < POINT_CACHE; i++)
        public_key_fini(&cv->cache[i]);
    for (size_t i = 0; i < N_CURVES; i++) {
        EVP_PKEY_CTX_free(cv->domain[i].keygen);
        EVP_PKEY_free(cv->domain[i].params);
        EC_GROUP_free(cv->domain[i].group);
    }
    BN_CTX_free(cv->bn);
    free(cv);
}

void ec_pair_free(struct ec_pair *p)
{
    if (!p)
        return;
    EVP_PKEY_CTX_free(p->sign);
    EVP_PKEY_CTX_free(p->derive);
    EVP_PKEY_free(p->pkey);
    free(p);
}

struct frp {
    BIGNUM *p, *a, *b, *n;
    unsigned char g[EC_POINT_LEN];
};

static void frp_fini(struct frp *f)
{
    BN_free(f->p);
    BN_free(f->a);
    BN_free(f->b);
    BN_free(f->n);
}

static bool frp_init(struct frp *f)
{
    size_t n;

    *f = (struct frp){0};
    if (BN_hex2bn(&f->p, FRP_P) && BN_hex2bn(&f->a, FRP_A) && BN_hex2bn(&f->b, FRP_B)
        && BN_hex2bn(&f->n, FRP_N)
        && OPENSSL_hexstr2buf_ex(f->g, sizeof f->g, &n, FRP_G, '\0') == 1)
        return true;
    frp_fini(f);
    return false;
}

static EC_GROUP *group_make(enum curve curve, BN_CTX *bn)
{
    EC_GROUP *g = NULL;
    EC_POINT *base = NULL;
    struct frp f;
    bool ok;

    if (curve != CURVE_FRP256V1)
        return EC_GROUP_new_by_curve_name(curve == CURVE_P256 ? NID_X9_62_prime256v1
                                                              : NID_brainpoolP256r1);
    if (!frp_init(&f))
        return NULL;
    g = EC_GROUP_new_curve_GFp(f.p, f.a, f.b, bn);
    base = g ? EC_POINT_new(g) : NULL;
    ok = base && EC_POINT_oct2point(g, base, f.g, sizeof f.g, bn) == 1
         && EC_GROUP_set_generator(g, base, f.n, BN_value_one()) == 1;
    EC_POINT_free(base);
    frp_fini(&f);
    if (ok)
        return g;
    EC_GROUP_free(g);
    return NULL;
}

static bool push_domain(OSSL_PARAM_BLD *bld, enum curve curve, const struct frp *f)
{
    if (curve != CURVE_FRP256V1)
        return OSSL_PARAM_BLD_push_utf8_string(
                   bld, OSSL_PKEY_PARAM_GROUP_NAME,
                   curve == CURVE_P256 ? "P-256" : "brainpoolP256r1", 0) == 1;
    return OSSL_PARAM_BLD_push_utf8_string(bld, OSSL_PKEY_PARAM_EC_FIELD_TYPE, "prime-field",
                                           0) == 1
           && OSSL_PARAM_BLD_push_BN(bld, OSSL_PKEY_PARAM_EC_P, f->p) == 1
           && OSSL_PARAM_BLD_push_BN(bld, OSSL_PKEY_PARAM_EC_A, f->a) == 1
           && OSSL_PARAM_BLD_push_BN(bld, OSSL_PKEY_PARAM_EC_B, f->b) == 1
           && OSSL_PARAM_BLD_push_BN(bld, OSSL_PKEY_PARAM_EC_ORDER, f->n) == 1
           && OSSL_PARAM_BLD_push_BN(bld, OSSL_PKEY_PARAM_EC_COFACTOR, BN_value_one()) == 1
           && OSSL_PARAM_BLD_push_octet_string(bld, OSSL_PKEY_PARAM_EC_GENERATOR, f->g,
                                               sizeof f->g) == 1;
}

/* Domain parameters alone (d NULL), or a whole key pair. */
static EVP_PKEY *pkey_make(enum curve curve, const BIGNUM *d, const uint8_t *point)
{
    OSSL_PARAM_BLD *bld = OSSL_PARAM_BLD_new();
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, "EC", NULL);
    OSSL_PARAM *params = NULL;
    EVP_PKEY *pkey = NULL;
    struct frp f = {0};
    bool ok = bld && ctx;

    if (ok && curve == CURVE_FRP256V1)
        ok = frp_init(&f);
    ok = ok && push_domain(bld, curve, &f);
    if (ok && d)
        ok = OSSL_PARAM_BLD_push_octet_string(bld, OSSL_PKEY_PARAM_PUB_KEY, point,
                                              EC_POINT_LEN) == 1
             && OSSL_PARAM_BLD_push_BN(bld, OSSL_PKEY_PARAM_PRIV_KEY, d) == 1;
    params = ok ? OSSL_PARAM_BLD_to_param(bld) : NULL;
    if (params && EVP_PKEY_fromdata_init(ctx) == 1
        && EVP_PKEY_fromdata(ctx, &pkey, d ? EVP_PKEY_KEYPAIR : EVP_PKEY_KEY_PARAMETERS,
                             params) != 1)
        pkey = NULL;
    OSSL_PARAM_free(params);
    OSSL_PARAM_BLD_free(bld);
    EVP_PKEY_CTX_free(ctx);
    frp_fini(&f);
    return pkey;
}

static int domain_get(struct crypto *c, enum curve curve, struct domain **ret)
{
    int slot = curve_slot(curve);
    struct domain *d;

    if (slot < 0)
        return ERR_UNSUPPORTED;
    d = &c->curves->domain[slot];
    if (!d->group)
        d->group = group_make(curve, c->curves->bn);
    if (!d->params)
        d->params = pkey_make(curve, NULL, NULL);
    *ret = d;
    return d->group && d->params ? 0 : ERR_CRYPTO;
}

static int adopt(enum curve curve, EVP_PKEY *pkey, const uint8_t d[FIELD], struct key **ret)
{
    struct ec_pair *p = calloc(1, sizeof *p);

    if (!p) {
        EVP_PKEY_free(pkey);
        return ERR_NOMEM;
    }
    p->pkey = pkey;
    return key_new_ec(curve, d, p, ret);
}

int ec_generate(struct crypto *c, enum curve curve, struct key **ret_private,
                uint8_t ret_point[EC_POINT_LEN])
{
    struct domain *dom;
    EVP_PKEY *pkey = NULL;
    BIGNUM *d = NULL;
    uint8_t raw[FIELD];
    size_t n = 0;
    int err;

    *ret_private = NULL;
    err = domain_get(c, curve, &dom);
    if (!err)
        err = context_once(&dom->keygen, dom->params, EVP_PKEY_keygen_init);
    if (err)
        return err;
    if (EVP_PKEY_generate(dom->keygen, &pkey) != 1)
        return refuse(ERR_CRYPTO);
    if (EVP_PKEY_get_octet_string_param(pkey, OSSL_PKEY_PARAM_PUB_KEY, ret_point, EC_POINT_LEN,
                                        &n) == 1
        && n == EC_POINT_LEN && EVP_PKEY_get_bn_param(pkey, OSSL_PKEY_PARAM_PRIV_KEY, &d) == 1
        && BN_bn2binpad(d, raw, sizeof raw) == (int)sizeof raw) {
        err = adopt(curve, pkey, raw, ret_private);
    } else {
        EVP_PKEY_free(pkey);
        err = ERR_CRYPTO;
    }
    BN_clear_free(d);
    mem_wipe(raw, sizeof raw);
    return err;
}

/* d in 1..n-1 and its point, 04||X||Y. */
static int scalar_point(struct crypto *c, const struct domain *dom, const BIGNUM *d,
                        uint8_t ret[EC_POINT_LEN])
{
    EC_POINT *q;
    bool ok;

    if (BN_is_zero(d) || BN_cmp(d, EC_GROUP_get0_order(dom->group)) >= 0)
        return ERR_FORMAT;
    q = EC_POINT_new(dom->group);
    ok = q && EC_POINT_mul(dom->group, q, d, NULL, NULL, c->curves->bn) == 1
         && EC_POINT_point2oct(dom->group, q, POINT_CONVERSION_UNCOMPRESSED, ret, EC_POINT_LEN,
                               c->curves->bn) == EC_POINT_LEN;
    EC_POINT_free(q);
    return ok ? 0 : ERR_CRYPTO;
}

int ec_private(struct crypto *c, enum curve curve, struct span d, struct key **ret)
{
    uint8_t point[EC_POINT_LEN];
    struct domain *dom;
    EVP_PKEY *pkey;
    BIGNUM *bn;
    int err;

    *ret = NULL;
    if (d.n != FIELD)
        return ERR_FORMAT;
    err = domain_get(c, curve, &dom);
    if (err)
        return err;
    bn = BN_secure_new();
    if (!bn || !BN_bin2bn(d.p, (int)d.n, bn)) {
        BN_clear_free(bn);
        return ERR_NOMEM;
    }
    BN_set_flags(bn, BN_FLG_CONSTTIME);
    err = scalar_point(c, dom, bn, point);
    if (!err) {
        pkey = pkey_make(curve, bn, point);
        err = pkey ? adopt(curve, pkey, d.p, ret) : ERR_CRYPTO;
    }
    BN_clear_free(bn);
    return err;
}

int ec_point(struct crypto *c, const struct key *private_key, uint8_t ret[EC_POINT_LEN])
{
    size_t n = 0;

    (void)c;
    if (private_key->type != KEY_EC_PRIVATE)
        return ERR_INVAL;
    if (EVP_PKEY_get_octet_string_param(private_key->pair->pkey, OSSL_PKEY_PARAM_PUB_KEY, ret,
                                        EC_POINT_LEN, &n) != 1)
        return ERR_CRYPTO;
    return n == EC_POINT_LEN ? 0 : ERR_CRYPTO;
}

/* ERR_FORMAT when the octets are not an uncompressed point of the curve. All three cofactors are 1,
 * so a point on the curve that is not infinity is in the right group. */
static int point_parse(struct crypto *c, enum curve curve, struct span point, EVP_PKEY **ret)
{
    struct domain *dom;
    EVP_PKEY *pkey;
    int err = domain_get(c, curve, &dom);

    if (err)
        return err;
    if (point.n != EC_POINT_LEN || point.p[0] != 0x04)
        return ERR_FORMAT;
    pkey = EVP_PKEY_new();
    if (!pkey || EVP_PKEY_copy_parameters(pkey, dom->params) != 1) {
        EVP_PKEY_free(pkey);
        return refuse(ERR_CRYPTO);
    }
    if (EVP_PKEY_set1_encoded_public_key(pkey, point.p, point.n) != 1) {
        EVP_PKEY_free(pkey);
        return refuse(ERR_FORMAT);
    }
    *ret = pkey;
    return 0;
}

static int public_get(struct crypto *c, enum curve curve, struct span point,
                      struct public_key **ret)
{
    struct curves *cv = c->curves;
    struct public_key *oldest = &cv->cache[0];
    EVP_PKEY *pkey = NULL;
    int err;

    for (size_t i = 0; i < POINT_CACHE; i++) {
        struct public_key *p = &cv->cache[i];

        if (p->pkey && p->curve == curve && span_eq(point, span_of(p->point, EC_POINT_LEN))) {
            p->used = ++cv->tick;
            *ret = p;
            return 0;
        }
        if (p->used < oldest->used)
            oldest = p;
    }
    err = point_parse(c, curve, point, &pkey);
    if (err)
        return err;
    public_key_fini(oldest);
    oldest->curve = curve;
    oldest->pkey = pkey;
    oldest->used = ++cv->tick;
    memcpy(oldest->point, point.p, EC_POINT_LEN);
    *ret = oldest;
    return 0;
}

static int plain_from_der(const uint8_t *der, size_t n, uint8_t ret_sig[EC_SIG_LEN])
{
    const unsigned char *p = der;
    ECDSA_SIG *sig = d2i_ECDSA_SIG(NULL, &p, (long)n);
    bool ok = sig && BN_bn2binpad(ECDSA_SIG_get0_r(sig), ret_sig, (int)FIELD) == (int)FIELD
              && BN_bn2binpad(ECDSA_SIG_get0_s(sig), ret_sig + FIELD, (int)FIELD) == (int)FIELD;

    ECDSA_SIG_free(sig);
    return ok ? 0 : ERR_CRYPTO;
}

int ec_sign(struct crypto *c, const struct key *private_key, const struct span *parts,
            size_t n_parts, uint8_t ret_sig[EC_SIG_LEN])
{
    uint8_t hash[32], der[DER_SIG_MAX];
    size_t n = sizeof der;
    struct ec_pair *p = private_key->pair;
    int err;

    if (private_key->type != KEY_EC_PRIVATE)
        return ERR_INVAL;
    err = context_once(&p->sign, p->pkey, EVP_PKEY_sign_init);
    if (err)
        return err;
    sha256(c, parts, n_parts, hash);
    if (EVP_PKEY_sign(p->sign, der, &n, hash, sizeof hash) != 1)
        return refuse(ERR_CRYPTO);
    return plain_from_der(der, n, ret_sig);
}

/* r||s to the library's form; the length written, 0 on failure. */
static size_t der_from_plain(struct span sig, uint8_t dst[DER_SIG_MAX])
{
    ECDSA_SIG *s = ECDSA_SIG_new();
    BIGNUM *r = BN_bin2bn(sig.p, (int)FIELD, NULL);
    BIGNUM *v = BN_bin2bn(sig.p + FIELD, (int)FIELD, NULL);
    unsigned char *p = dst;
    int n = 0;

    if (s && r && v && ECDSA_SIG_set0(s, r, v) == 1) {
        r = v = NULL;            /* owned by s now */
        n = i2d_ECDSA_SIG(s, &p);
    }
    BN_free(r);
    BN_free(v);
    ECDSA_SIG_free(s);
    return n > 0 ? (size_t)n : 0;
}

int ec_verify(struct crypto *c, enum curve curve, struct span point, const struct span *parts,
              size_t n_parts, struct span sig)
{
    uint8_t hash[32], der[DER_SIG_MAX];
    struct public_key *p;
    size_t n;
    int err = public_get(c, curve, point, &p);

    if (err)
        return err;
    if (sig.n != EC_SIG_LEN)
        return ERR_AUTH;
    err = context_once(&p->verify, p->pkey, EVP_PKEY_verify_init);
    if (err)
        return err;
    n = der_from_plain(sig, der);
    if (n == 0)
        return ERR_CRYPTO;
    sha256(c, parts, n_parts, hash);
    if (EVP_PKEY_verify(p->verify, der, n, hash, sizeof hash) != 1)
        return refuse(ERR_AUTH);
    return 0;
}

int ec_dh(struct crypto *c, const struct key *private_key, struct span peer_point,
          uint8_t ret_z[32])
{
    struct ec_pair *p = private_key->pair;
    struct public_key *peer;
    size_t n = FIELD;
    int err;

    if (private_key->type != KEY_EC_PRIVATE)
        return ERR_INVAL;
    err = public_get(c, private_key->curve, peer_point, &peer);
    if (!err)
        err = context_once(&p->derive, p->pkey, EVP_PKEY_derive_init);
    if (err)
        return err;
    if (EVP_PKEY_derive_set_peer_ex(p->derive, peer->pkey, 0) != 1
        || EVP_PKEY_derive(p->derive, ret_z, &n) != 1)
        return refuse(ERR_CRYPTO);
    return n == FIELD ? 0 : ERR_CRYPTO;
}
