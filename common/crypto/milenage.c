/* SPDX-License-Identifier: Apache-2.0 */
/* Milenage with its standard rotations and constants (TS 35.206 4.1). */
#include "common/crypto/milenage.h"

#include "common/base/mem.h"
#include "common/crypto/impl.h"

/* Rotation in octets and last octet of the constant for OUT1..OUT5 (r1..r5, c1..c5). */
static const struct {
    uint8_t rotate, constant;
} STEP[5] = {{8, 0x00}, {0, 0x01}, {4, 0x02}, {8, 0x04}, {12, 0x08}};

static void subscriber_key(const uint8_t k[16], struct key *ret)
{
    *ret = (struct key){.refs = 1, .type = KEY_AES, .n = 16};
    memcpy(ret->b, k, 16);
}

static void xor16(uint8_t *dst, const uint8_t *a)
{
    for (size_t i = 0; i < 16; i++)
        dst[i] ^= a[i];
}

int milenage_opc(struct crypto *c, const uint8_t k[16], const uint8_t op[16], uint8_t ret[16])
{
    struct key key;
    int err;

    subscriber_key(k, &key);
    err = aes_ecb_block(c, &key, op, ret);
    mem_wipe(&key, sizeof key);
    if (!err)
        xor16(ret, op);
    return err;
}

/* OUTn = E(rot(in ^ OPc, r) ^ add ^ c) ^ OPc */
static int out_n(struct crypto *c, const struct key *k, const uint8_t opc[16], const uint8_t *in,
                 const uint8_t *add, size_t n, uint8_t out[16])
{
    uint8_t x[16], t[16];
    int err;

    memcpy(x, in, 16);
    xor16(x, opc);
    for (size_t i = 0; i < 16; i++)
        t[i] = x[(i + STEP[n].rotate) % 16];
    if (add)
        xor16(t, add);
    t[15] ^= STEP[n].constant;
    err = aes_ecb_block(c, k, t, out);
    if (!err)
        xor16(out, opc);
    mem_wipe(x, sizeof x);
    mem_wipe(t, sizeof t);
    return err;
}

int milenage(struct crypto *c, const uint8_t k[16], const uint8_t opc[16], const uint8_t rand[16],
             const uint8_t sqn[6], const uint8_t amf[2], struct milenage_out *ret)
{
    struct key key;
    uint8_t temp[16], in1[16], out[5][16];
    int err;

    subscriber_key(k, &key);
    memcpy(temp, rand, 16);
    xor16(temp, opc);
    err = aes_ecb_block(c, &key, temp, temp);
    for (size_t i = 0; i < 16; i += 8) {
        memcpy(in1 + i, sqn, 6);
        memcpy(in1 + i + 6, amf, 2);
    }
    if (!err)
        err = out_n(c, &key, opc, in1, temp, 0, out[0]);
    for (size_t n = 1; !err && n < 5; n++)
        err = out_n(c, &key, opc, temp, NULL, n, out[n]);
    if (!err) {
        memcpy(ret->f1, out[0], 8);
        memcpy(ret->f1s, out[0] + 8, 8);
        memcpy(ret->f5, out[1], 6);
        memcpy(ret->f2, out[1] + 8, 8);
        memcpy(ret->f3, out[2], 16);
        memcpy(ret->f4, out[3], 16);
        memcpy(ret->f5s, out[4], 6);
    }
    mem_wipe(&key, sizeof key);
    mem_wipe(temp, sizeof temp);
    mem_wipe(out, sizeof out);
    return err;
}
