/* SPDX-License-Identifier: Apache-2.0 */
/* Answers of cards to ES8: the first octet chooses the reader, the rest is EuiccResponseData. */
#include <stdlib.h>

#include "smdp/es8/es8.h"

static const uint8_t KEY[16] = {1, 2, 3, 4};
static const uint8_t PACKAGE[3000] = {0xA0, 0x48};

static void load_answer(struct span answer)
{
    struct rng rng;
    struct crypto *c;
    struct scp03_keys keys = {0};
    struct es8_load *l = NULL;
    struct saip_response status;
    enum es8_result result;
    struct aid aid;

    rng_init_seeded(&rng, 1);
    c = crypto_new(&rng);
    if (!c || key_new(KEY_AES, span_of(KEY, 16), &keys.enc) ||
        key_new(KEY_AES, span_of(KEY, 16), &keys.mac) || aid_isd_p(0x0011, &aid) ||
        es8_load_new(c, &keys, &aid, span_of(PACKAGE, sizeof PACKAGE), &l))
        abort();
    if (es8_load_answer(l, 0, answer, &result, &status) == 0 && result == ES8_MORE)
        abort(); /* there is one payload: it ends here or fails */
    if (es8_load_answer(l, 0, answer, &result, &status) != ERR_STATE)
        abort();
    es8_load_free(l);
    es8_keys_free(&keys);
    crypto_free(c);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct span a, b, rest = span_of(data + 1, size ? size - 1 : 0);

    if (!size)
        return 0;
    switch (data[0] % 4) {
    case 0:
        if (es8_read_challenge(rest, &a) == 0 && a.n != 16 && a.n != ES8_RC_MAX)
            abort();
        break;
    case 1:
        if (es8_read_receipt(rest, &a, &b) == 0 && b.n != 16)
            abort();
        break;
    case 2:
        (void)keyset_bare_point(rest);
        break;
    default:
        load_answer(rest);
        break;
    }
    return 0;
}
