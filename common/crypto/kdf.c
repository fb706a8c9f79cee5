/* SPDX-License-Identifier: Apache-2.0 */
/* Key derivation of ECKA-EG (BSI TR-03111 4.3.3, ANSI X9.63) and of SCP03 (SP 800-108 counter mode,
 * 8-bit counter in the middle; OpenSSL's KBKDF cannot place it there). */
#include "common/crypto/kdf.h"

#include "common/base/mem.h"
#include "common/crypto/cmac.h"

#define SHA256_LEN 32u
#define X963_MAX 1024u
#define SP800_MAX 64u

int kdf_x963(struct crypto *c, struct span z, struct span shared_info, uint8_t *dst, size_t n)
{
    uint8_t block[SHA256_LEN], counter[4] = {0, 0, 0, 0};

    if (z.n == 0 || n == 0 || n > X963_MAX)
        return ERR_INVAL;
    for (size_t done = 0; done < n; done += SHA256_LEN) {
        struct span parts[] = {z, span_of(counter, sizeof counter), shared_info};
        size_t take = n - done < SHA256_LEN ? n - done : SHA256_LEN;

        counter[3]++;            /* at most X963_MAX / 32 blocks */
        sha256(c, parts, 3, block);
        memcpy(dst + done, block, take);
    }
    mem_wipe(block, sizeof block);
    return 0;
}

int kdf_sp800_108(struct crypto *c, const struct key *k, struct span before, struct span after,
                  uint8_t *dst, size_t n)
{
    uint8_t block[16], counter = 0;
    int err = 0;

    if (n == 0 || n > SP800_MAX)
        return ERR_INVAL;
    for (size_t done = 0; done < n && !err; done += sizeof block) {
        struct span parts[] = {before, span_of(&counter, 1), after};
        size_t take = n - done < sizeof block ? n - done : sizeof block;

        counter++;
        err = cmac(c, k, parts, 3, block);
        if (!err)
            memcpy(dst + done, block, take);
    }
    mem_wipe(block, sizeof block);
    return err;
}

int kdf_scp03(struct crypto *c, const struct key *k, uint8_t constant, unsigned bits,
              struct span context, uint8_t *dst)
{
    uint8_t label[15] = {0};

    if (bits == 0 || bits % 8 || bits > 8 * SP800_MAX)
        return ERR_INVAL;
    label[11] = constant;
    label[13] = (uint8_t)(bits >> 8);
    label[14] = (uint8_t)bits;
    return kdf_sp800_108(c, k, span_of(label, sizeof label), context, dst, bits / 8);
}
