/* SPDX-License-Identifier: Apache-2.0 */
/* SCP80 with fixed keys: octet 0 chooses dialect (01), response (02), DES keys (04), octet 1 is
 * SPI1 or SPI2 of what is built from the same bytes; the rest is a packet, and data. What was
 * accepted must be built again into something that is accepted; what was built must open to its
 * data. */
#include "common/crypto/scp80.h"
#include "test/fuzz/input.h"

#include <stdlib.h>

static struct crypto *c;
static struct scp80_keys aes, des;
static struct scp80_command command;
static struct scp80_response response;

static struct key *make(enum key_type type, const char *bytes)
{
    struct key *k;

    if (key_new(type, span_of(bytes, 16), &k))
        abort();
    return k;
}

static void prepare(void)
{
    if (c)
        return;
    c = crypto_new(NULL);
    aes = (struct scp80_keys){.kic = make(KEY_AES, "0123456789abcdef"),
                              .kid = make(KEY_AES, "fedcba9876543210")};
    des = (struct scp80_keys){.kic = make(KEY_DES, "0123456789abcdef"),
                              .kid = make(KEY_DES, "fedcba9876543210")};
    if (!c)
        abort();
}

static void open_command(const struct scp80_keys *k, enum packet_dialect d, struct span packet)
{
    static struct scp80_command again;
    uint8_t out[PACKET_MAX];
    struct writer w = wr_init(out, sizeof out);

    if (scp80_unwrap(c, k, d, packet, &command))
        return;
    must(command.data_len <= packet.n);
    must(!scp80_wrap(c, k, d, &command.head, command.cntr,
                     span_of(command.data, command.data_len), &w));
    must(!scp80_unwrap(c, k, d, wr_view(&w), &again));
    must(again.data_len == command.data_len && again.cntr == command.cntr);
}

static void build_command(const struct scp80_keys *k, enum packet_dialect d, uint8_t spi1,
                          struct span data)
{
    uint8_t out[PACKET_MAX], alg = k == &aes ? 0x12 : 0x15;
    struct packet_cmd_head h = {spi1 & 0x1F, 0x39, alg, spi1 & SPI1_RC ? 0x15 : alg, 1};
    struct writer w = wr_init(out, sizeof out);

    if (scp80_wrap(c, k, d, &h, 7, data, &w))
        return;
    must(!scp80_unwrap(c, k, d, wr_view(&w), &command));
    must(span_eq(span_of(command.data, command.data_len), data));
}

static void build_response(const struct scp80_keys *k, enum packet_dialect d, uint8_t spi2,
                           struct span data)
{
    uint8_t out[PACKET_MAX], alg = k == &aes ? 0x12 : 0x15;
    struct packet_cmd_head h = {0x16, spi2 & 0x3F, alg, spi2 & SPI2_POR_RC ? 0x15 : alg, 1};
    struct writer w = wr_init(out, sizeof out);

    if (scp80_por_wrap(c, k, d, &h, 7, POR_OK, data, &w))
        return;
    must(!scp80_por_unwrap(c, k, d, h.spi2, h.kic, h.kid, wr_view(&w), &response));
    must(span_eq(span_of(response.data, response.data_len), data));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    enum packet_dialect d;
    const struct scp80_keys *k;
    struct span rest;

    prepare();
    if (size < 2)
        return 0;
    d = data[0] & 0x01 ? PACKET_CATTP : PACKET_SMS;
    k = data[0] & 0x04 ? &des : &aes;
    rest = span_of(data + 2, size - 2);
    if (data[0] & 0x02) {
        uint8_t alg = k == &aes ? 0x12 : 0x15;

        if (!scp80_por_unwrap(c, k, d, data[1], alg, alg, rest, &response))
            must(response.data_len <= rest.n);
        build_response(k, d, data[1], rest);
    } else {
        open_command(k, d, rest);
        build_command(k, d, data[1], rest);
    }
    return 0;
}
