/* SPDX-License-Identifier: Apache-2.0 */
/* RAND_set_rand_method is deprecated but is the one hook that also feeds key generation and the TLS
 * handshake of OpenSSL 3.0; it stays in this file of the simulator. */
#define OPENSSL_SUPPRESS_DEPRECATED
#include <openssl/rand.h>

#include <stdlib.h>

#include "common/base/rng.h"
#include "test/sim/rand_method.h"

/* OpenSSL's hook carries no context: the generator is the process's, like the hook itself. */
static struct rng generator;

static int draw(unsigned char *buf, int num)
{
    if (num < 0)
        return 0;
    rng_fill(&generator, buf, (size_t)num);
    return 1;
}

static int status(void)
{
    return 1;
}

void rand_method_seed(uint64_t seed)
{
    static const RAND_METHOD METHOD = {NULL, draw, NULL, NULL, draw, status};

    rng_init_seeded(&generator, seed);
    if (RAND_set_rand_method(&METHOD) != 1)
        abort();
}
