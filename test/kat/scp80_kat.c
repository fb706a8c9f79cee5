/* SPDX-License-Identifier: Apache-2.0 */
/* SCP80 packets of other implementations, of real traffic and generated ones: each is built as its
 * sender does and opened as its receiver does. */
#include "common/crypto/scp80.h"

#include "test/kat/kat.h"

#define UDH_LEN 3u    /* 02 71 00 in front of a response */
#define CHL_AT 2u
#define CHL_CC4 0x11u

static struct scp80_command command;
static struct scp80_response response;

static enum key_type type_by(uint8_t algorithm)
{
    return (algorithm & 0x0F) == 0x02 ? KEY_AES : KEY_DES;
}

static struct packet_cmd_head head_by_raw(const uint8_t *p)
{
    return (struct packet_cmd_head){p[0], p[1], p[2], p[3], (uint32_t)kat_num(span_of(p + 4, 3))};
}

static struct packet_cmd_head head_by_keys(const struct vec *v)
{
    struct span spi = vec_get(v, "SPI");

    return (struct packet_cmd_head){spi.p[0], spi.p[1], vec_get(v, "KIc").p[0],
                                    vec_get(v, "KID").p[0], (uint32_t)kat_num(vec_get(v, "TAR"))};
}

static struct scp80_keys keys_of(const struct vec *v, uint8_t kic, uint8_t kid)
{
    struct scp80_keys k = {0};

    if (vec_has(v, "KIC_key"))
        k.kic = kat_key(type_by(kic), vec_get(v, "KIC_key"));
    if (vec_has(v, "KID_key"))
        k.kid = kat_key(type_by(kid), vec_get(v, "KID_key"));
    return k;
}

static void keys_fini(struct scp80_keys *k)
{
    key_free(k->kic);
    key_free(k->kid);
}

/* Both directions of one command packet. */
static void command_both(struct crypto *c, const struct scp80_keys *k, enum packet_dialect d,
                         const struct packet_cmd_head *h, uint64_t cntr, struct span data,
                         struct span packet)
{
    uint8_t out[PACKET_MAX];
    struct writer w = wr_init(out, sizeof out);

    assert_int_equal(scp80_wrap(c, k, d, h, cntr, data, &w), 0);
    kat_same(wr_view(&w), packet);
    assert_int_equal(scp80_unwrap(c, k, d, packet, &command), 0);
    assert_int_equal(command.head.spi1, h->spi1);
    assert_int_equal(command.head.spi2, h->spi2);
    assert_int_equal(command.head.kic, h->kic);
    assert_int_equal(command.head.kid, h->kid);
    assert_int_equal(command.head.tar, h->tar);
    assert_int_equal(command.cntr, cntr);
    kat_same(span_of(command.data, command.data_len), data);
}

static void por_both(struct crypto *c, const struct scp80_keys *k, const struct packet_cmd_head *h,
                     uint64_t cntr, uint8_t status, struct span data, struct span por)
{
    uint8_t out[PACKET_MAX];
    struct writer w = wr_init(out, sizeof out);

    assert_int_equal(scp80_por_wrap(c, k, PACKET_SMS, h, cntr, status, data, &w), 0);
    kat_same(wr_view(&w), por);
    assert_int_equal(
        scp80_por_unwrap(c, k, PACKET_SMS, h->spi2, h->kic, h->kid, por, &response), 0);
    assert_int_equal(response.tar, h->tar);
    assert_int_equal(response.cntr, cntr);
    assert_int_equal(response.status, status);
    kat_same(span_of(response.data, response.data_len), data);
}

static struct span without_udh(struct span s)
{
    assert_true(s.n > UDH_LEN);
    return span_of(s.p + UDH_LEN, s.n - UDH_LEN);
}

/* Records of one block that name all header fields; returns how many. */
static int commands(struct crypto *c, const char *file, const char *block, enum packet_dialect d)
{
    struct vec *v = vec_open(file);
    int n = 0;

    for (; kat_next(v, block); n++) {
        struct packet_cmd_head h = head_by_keys(v);
        struct scp80_keys k = keys_of(v, h.kic, h.kid);

        command_both(c, &k, d, &h, kat_num(vec_get(v, "CNTR")), vec_get(v, "data"),
                     vec_get(v, "packet"));
        keys_fini(&k);
    }
    vec_close(v);
    return n;
}

static void test_generated(void **state)
{
    assert_int_equal(commands(*state, "scp80", "generated_commands", PACKET_SMS), 21);
}

static void test_real(void **state)
{
    assert_int_equal(commands(*state, "scp80", "whty_real", PACKET_SMS), 25);
}

static void test_cattp(void **state)
{
    assert_int_equal(commands(*state, "scp80", "generated_cattp_dialect", PACKET_CATTP), 2);
}

static void test_sgp02(void **state)
{
    assert_int_equal(commands(*state, "sgp02", "scp80_command", PACKET_SMS), 2);
}

static void test_pysim(void **state)
{
    struct vec *v = vec_open("scp80");
    int n = 0;

    assert_int_equal(commands(*state, "scp80", "pysim_command_and_por", PACKET_SMS), 4);
    for (; kat_next(v, "pysim_command_and_por"); n++) {
        struct packet_cmd_head h = head_by_keys(v);
        struct scp80_keys k = keys_of(v, h.kic, h.kid);
        uint8_t data[3];
        struct writer w = wr_init(data, sizeof data);

        wr_u8(&w, (uint8_t)vec_uint(v, "por_number_of_commands"));
        wr_span(&w, vec_get(v, "por_last_sw"));
        por_both(*state, &k, &h, kat_num(vec_get(v, "CNTR")), POR_OK, wr_view(&w),
                 without_udh(vec_get(v, "por")));
        keys_fini(&k);
    }
    assert_int_equal(n, 4);
    vec_close(v);
}

/* 3DES of two keys, KIc and KID 35, TAR B00011 or 000000. SPI2 is told by the form of each PoR. */
static void test_pysim_more(void **state)
{
    static const uint8_t spi2_of_por[] = {0x39, 0x29, 0x29, 0x21};
    struct vec *v = vec_open("scp80");
    int n = 0, pors = 0;

    for (; kat_next(v, "pysim_more"); n++) {
        struct scp80_keys k = keys_of(v, 0x35, 0x35);
        struct packet_cmd_head h = {0x16, 0, 0x35, 0x35, 0xB00011};

        if (vec_has(v, "packet")) {
            h = head_by_raw(vec_get(v, "packet").p + CHL_AT + 1);
            command_both(*state, &k, PACKET_SMS, &h, 0, vec_get(v, "data"),
                         vec_get(v, "packet"));
        } else {
            struct span por = without_udh(vec_get(v, "por"));

            h.spi2 = spi2_of_por[pors++];
            if (vec_has(v, "expect"))
                assert_int_equal(scp80_por_unwrap(*state, &k, PACKET_SMS, h.spi2, h.kic, h.kid,
                                                  por, &response),
                                 ERR_AUTH);
            else
                por_both(*state, &k, &h, 0, POR_OK, vec_get(v, "por_data"), por);
        }
        keys_fini(&k);
    }
    assert_int_equal(n, 5);
    assert_int_equal(pors, 4);
    vec_close(v);
}

static void gsm0348_command(struct crypto *c, const struct vec *v)
{
    struct span packet = vec_get(v, "packet");
    struct packet_cmd_head h = head_by_raw(packet.p + CHL_AT + 1);
    struct scp80_keys k = keys_of(v, h.kic, h.kid);

    if ((h.spi1 & SPI1_CC) && packet.p[CHL_AT] == CHL_CC4)
        k.cc_len = 4;
    command_both(c, &k, PACKET_SMS, &h, kat_num(vec_get(v, "counter")), vec_get(v, "data"),
                 packet);
    keys_fini(&k);
}

static void gsm0348_response(struct crypto *c, const struct vec *v)
{
    struct span por = vec_get(v, "fields_Data");
    bool secured = por.p[CHL_AT] == 0x12;
    struct packet_cmd_head h = {0x16, secured ? 0x39 : 0x21, 0x05, 0x05,
                                (uint32_t)kat_num(vec_get(v, "result_TAR"))};
    struct scp80_keys k = {.kic = kat_key(KEY_DES, vec_get(v, "fields_CipheringKey")),
                           .kid = kat_key(KEY_DES, vec_get(v, "fields_SignatureKey"))};

    assert_string_equal(vec_text(v, "result_ResponseStatus"), "POR_OK");
    por_both(c, &k, &h, kat_num(vec_get(v, "result_Counter")), POR_OK, vec_get(v, "result_Data"),
             por);
    assert_int_equal(response.authentic, secured);
    keys_fini(&k);
}

static void test_gsm0348(void **state)
{
    struct vec *v = vec_open("scp80");
    int requests = 0, responses = 0;

    while (kat_next(v, "gsm0348_dataset")) {
        if (vec_has(v, "fields_Data")) {
            gsm0348_response(*state, v);
            responses++;
        } else {
            gsm0348_command(*state, v);
            requests++;
        }
    }
    assert_int_equal(requests, 27);
    assert_int_equal(responses, 4);
    vec_close(v);
}

/* One packet in each dialect, counter 0, data AABB. */
static void test_gsm0348_aes(void **state)
{
    static const uint8_t data[] = {0xAA, 0xBB};
    struct vec *v = vec_open("scp80");
    int n = 0;

    for (; kat_next(v, "gsm0348_aes"); n++) {
        struct span packet = vec_get(v, "packet");
        struct packet_cmd_head h = head_by_raw(packet.p + CHL_AT + 1);
        struct scp80_keys k = keys_of(v, h.kic, h.kid);

        command_both(*state, &k, n == 0 ? PACKET_SMS : PACKET_CATTP, &h, 0,
                     span_of(data, sizeof data), packet);
        keys_fini(&k);
    }
    assert_int_equal(n, 2);
    vec_close(v);
}

static struct span secured_data(struct span plain, size_t fixed, size_t cc_len)
{
    size_t pad = plain.p[5];

    assert_true(plain.n >= fixed + cc_len + pad);
    return span_of(plain.p + fixed + cc_len, plain.n - fixed - cc_len - pad);
}

static void test_asterix(void **state)
{
    struct vec *v = vec_open("scp80");
    int n = 0;

    for (; kat_next(v, "asterix"); n++) {
        struct span packet = vec_get(v, "packet"), plain = vec_get(v, "plain_secured");
        struct packet_cmd_head h = head_by_raw(packet.p + CHL_AT + 1);
        struct scp80_keys k = keys_of(v, h.kic, h.kid);
        uint64_t cntr = kat_num(span_of(plain.p, 5));
        size_t cc_len = vec_get(v, "CC").n;

        command_both(*state, &k, PACKET_SMS, &h, cntr, secured_data(plain, 6, cc_len), packet);
        if (vec_has(v, "por")) {
            struct span rsp = vec_get(v, "por_plain");

            por_both(*state, &k, &h, kat_num(span_of(rsp.p, 5)), POR_OK,
                     secured_data(rsp, 7, 4), without_udh(vec_get(v, "por")));
            assert_false(response.authentic);
        }
        keys_fini(&k);
    }
    assert_int_equal(n, 3);
    vec_close(v);
}

static void test_generated_por(void **state)
{
    struct vec *v = vec_open("scp80");
    int n = 0;

    for (; kat_next(v, "generated_por"); n++) {
        struct packet_cmd_head h = {0x16, vec_get(v, "SPI2").p[0], vec_get(v, "KIc").p[0],
                                    vec_get(v, "KID").p[0], (uint32_t)kat_num(vec_get(v, "TAR"))};
        struct scp80_keys k = keys_of(v, h.kic, h.kid);

        por_both(*state, &k, &h, kat_num(vec_get(v, "CNTR")), vec_get(v, "status").p[0],
                 vec_get(v, "data"), without_udh(vec_get(v, "packet")));
        assert_int_equal(response.authentic, vec_get(v, "cc").n == 8);
        keys_fini(&k);
    }
    assert_int_equal(n, 20);
    vec_close(v);
}

/* Real answers without any security, as SPI2 01 asks. */
static void test_real_por(void **state)
{
    const struct scp80_keys none = {0};
    struct vec *v = vec_open("scp80");
    int n = 0;

    for (; kat_next(v, "whty_por_plain"); n++) {
        struct span por = without_udh(vec_get(v, "por"));
        struct packet_cmd_head h = {0x16, 0x01, 0x12, 0x12, 0x000013};

        por_both(*state, &none, &h, kat_num(span_of(por.p + 6, 5)), POR_OK,
                 span_of(por.p + 13, por.n - 13), por);
        assert_false(response.authentic);
    }
    assert_int_equal(n, 3);
    vec_close(v);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_generated),     cmocka_unit_test(test_real),
        cmocka_unit_test(test_cattp),         cmocka_unit_test(test_sgp02),
        cmocka_unit_test(test_pysim),         cmocka_unit_test(test_pysim_more),
        cmocka_unit_test(test_gsm0348),       cmocka_unit_test(test_gsm0348_aes),
        cmocka_unit_test(test_asterix),       cmocka_unit_test(test_generated_por),
        cmocka_unit_test(test_real_por),
    };

    return cmocka_run_group_tests(tests, kat_crypto, kat_crypto_end);
}
