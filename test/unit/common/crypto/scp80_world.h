/* SPDX-License-Identifier: Apache-2.0 */
/* Both ends of SCP80 with one set of keys. */
#pragma once

#include "common/crypto/scp80.h"

#include "test/kat/kat.h"

static const uint8_t KIC[32] = {0x11, 0x22, 0x33, 0x44, 0x55, 0x66, 0x77, 0x88};
static const uint8_t KID[32] = {0xA1, 0xB2, 0xC3, 0xD4, 0xE5, 0xF6, 0x07, 0x18};
static const struct packet_cmd_head HEAD = {0x16, 0x39, 0x12, 0x12, 0x000001};
static const struct span NOTHING = {NULL, 0};
#define CNTR 0x0102030405u

struct world {
    struct crypto *c;
    struct scp80_keys keys;
    uint8_t data[PACKET_MAX + 1];
};

static struct scp80_command command;
static struct scp80_response response;

static inline int setup(void **state)
{
    static struct world x;

    x.c = crypto_new(NULL);
    x.keys.kic = kat_key(KEY_AES, span_of(KIC, 16));
    x.keys.kid = kat_key(KEY_AES, span_of(KID, 16));
    for (size_t i = 0; i < sizeof x.data; i++)
        x.data[i] = (uint8_t)(i * 7 + 1);
    *state = &x;
    return x.c ? 0 : -1;
}

static inline int teardown(void **state)
{
    struct world *x = *state;

    key_free(x->keys.kic);
    key_free(x->keys.kid);
    crypto_free(x->c);
    return 0;
}

static inline struct span wrapped(struct world *x, enum packet_dialect d,
                                  const struct packet_cmd_head *h, size_t n, uint8_t out[PACKET_MAX])
{
    struct writer w = wr_init(out, PACKET_MAX);

    assert_int_equal(scp80_wrap(x->c, &x->keys, d, h, CNTR, span_of(x->data, n), &w), 0);
    return wr_view(&w);
}

static inline struct span answered(struct world *x, enum packet_dialect d,
                                   const struct packet_cmd_head *h, uint8_t status, size_t n,
                                   uint8_t out[PACKET_MAX])
{
    struct writer w = wr_init(out, PACKET_MAX);

    assert_int_equal(
        scp80_por_wrap(x->c, &x->keys, d, h, CNTR, status, span_of(x->data, n), &w), 0);
    return wr_view(&w);
}

static inline int unwrap(struct world *x, enum packet_dialect d, struct span packet)
{
    return scp80_unwrap(x->c, &x->keys, d, packet, &command);
}

static inline int por_unwrap(struct world *x, enum packet_dialect d, uint8_t spi2, struct span packet)
{
    return scp80_por_unwrap(x->c, &x->keys, d, spi2, 0x12, 0x12, packet, &response);
}
