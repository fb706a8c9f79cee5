/* SPDX-License-Identifier: Apache-2.0 */
/* The layout of pcapng, octet by octet where a reader depends on it. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "common/base/hex.h"
#include "common/capture/pcapng.h"

#include <stdio.h>

#define AT INT64_C(1795383921000) /* 2026-11-22T21:45:21Z */

static struct buf B;

static int setup(void **state)
{
    (void)state;
    buf_init(&B, 0);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    buf_fini(&B);
    return 0;
}

static uint32_t le32(size_t at)
{
    assert_true(at + 4 <= B.n);
    return (uint32_t)B.p[at] | (uint32_t)B.p[at + 1] << 8 | (uint32_t)B.p[at + 2] << 16 |
           (uint32_t)B.p[at + 3] << 24;
}

/* The block at at: its length stands at both ends and is a multiple of four. */
static size_t block(size_t at, uint32_t type)
{
    uint32_t n = le32(at + 4);

    assert_int_equal(le32(at), type);
    assert_true(n >= 12 && n % 4 == 0 && at + n <= B.n);
    assert_int_equal(le32(at + n - 4), n);
    return at + n;
}

static const void *within(const void *what, size_t n)
{
    for (size_t i = 0; i + n <= B.n; i++)
        if (!memcmp(B.p + i, what, n))
            return B.p + i;
    return NULL;
}

static void a_section_names_its_interfaces(void **state)
{
    static const char *const NAMES[] = {"sms", "cattp", "smpp", "decoded"};
    size_t at;

    (void)state;
    pcapng_section(&B, "smsr 0.1.0");
    at = block(0, 0x0A0D0D0A);
    assert_int_equal(le32(8), 0x1A2B3C4D);
    assert_int_equal(le32(12), 1);              /* version 1.0 */
    assert_int_equal(le32(16), 0xFFFFFFFF);
    assert_int_equal(le32(20), 0xFFFFFFFF);
    assert_int_equal(le32(24), 10 << 16 | 4);   /* shb_userappl */
    assert_memory_equal(B.p + 28, "smsr 0.1.0\0\0\0\0\0\0", 16);
    for (unsigned i = 0; i < 4; i++) {
        assert_int_equal(le32(at + 8), i == PCAPNG_CATTP ? 101 : 252);
        assert_int_equal(le32(at + 16), strlen(NAMES[i]) << 16 | 2);
        assert_memory_equal(B.p + at + 20, NAMES[i], strlen(NAMES[i]));
        at = block(at, 1);
    }
    assert_int_equal(at, B.n);
}

/* Every length of payload is padded to four octets, and only there. */
static void a_unit_of_every_length(void **state)
{
    static const uint8_t DATA[70000] = {0xA5};
    static const size_t LENGTHS[] = {0, 1, 2, 3, 4, 5, 126, 127, 128, 255, 256, 65535};
    struct pcapng_unit u = {.kind = PCAPNG_SMPP, .out = true, .at_ms = AT,
                            .own = pcapng_end_conn(0, 7444), .other = pcapng_end_conn(9, 0)};

    (void)state;
    for (size_t i = 0; i < sizeof LENGTHS / sizeof *LENGTHS; i++) {
        uint32_t n, tags;
        buf_reset(&B);
        u.octets = span_of(DATA, LENGTHS[i]);
        pcapng_put(&B, &u);
        assert_int_equal(block(0, 6), B.n);
        n = le32(20);
        assert_int_equal(le32(8), PCAPNG_SMPP);
        assert_int_equal((uint64_t)le32(12) << 32 | le32(16), AT);
        assert_int_equal(le32(24), n);
        tags = 4 + 4 + 2 * 20 + 4 * 8 + 4;
        assert_int_equal(n, tags + LENGTHS[i]);
        assert_memory_equal(B.p + 28, "\0\x0C\0\x04" "smpp", 8);
        assert_memory_equal(B.p + 28 + 8 + 40, "\0\x18\0\4\0\0\0\2\0\x19\0\4\0\0\x1D\x14", 16);
        assert_int_equal(B.n, 28 + ((n + 3) & ~3u) + 8 + 4 + 4);
        assert_int_equal(le32(B.n - 16), 4 << 16 | 2);
        assert_int_equal(le32(B.n - 12), 2);    /* outbound */
    }
}

/* Even and odd lengths: the sum over pseudo header and packet is FFFF (RFC 768). */
static void cattp_is_in_udp(void **state)
{
    static const uint8_t DATA[5] = {0xFF, 0x00, 0x01, 0x80, 0x07};
    struct pcapng_unit u = {.kind = PCAPNG_CATTP, .out = false, .at_ms = AT,
                            .own = pcapng_end_conn(0, 7444), .other = pcapng_end_conn(9, 49152)};

    (void)state;
    for (size_t n = 0; n <= sizeof DATA; n++) {
        uint32_t sum = (uint32_t)n + 8 + 17;
        buf_reset(&B);
        u.octets = span_of(DATA, n);
        pcapng_put(&B, &u);
        assert_int_equal(block(0, 6), B.n);
        assert_int_equal(le32(20), 48 + n);
        assert_memory_equal(B.p + 28, "\x60\0\0\0\0", 5);
        assert_int_equal(B.p[33], 8 + n);
        assert_memory_equal(B.p + 34, "\x11\x40\xFD\x52", 4);
        assert_memory_equal(B.p + 68, "\xC0\0\x1D\x14\0", 5);
        assert_memory_equal(B.p + 76, DATA, n);
        for (size_t i = 0; i < 40 + n; i++)
            sum += (uint32_t)B.p[36 + i] << (i % 2 ? 0 : 8);
        while (sum >> 16)
            sum = (sum & 0xFFFF) + (sum >> 16);
        assert_int_equal(sum, 0xFFFF);
    }
}

static void ends_can_be_read(void **state)
{
    static const uint8_t NUMBER[16] = {0xFD, 0x52, 0x65, 0x6D, 0x6F, 0x72, 0, 0,
                                       0, 0x04, 0x91, 0x71, 0x23, 0x45, 0x67, 0x89};
    static const uint8_t NOBODY[16] = {0xFD, 0x52, 0x65, 0x6D, 0x6F, 0x72};
    struct eid eid;

    (void)state;
    assert_memory_equal(pcapng_end_number("4917123456789").ip6, NUMBER, 16);
    assert_memory_equal(pcapng_end_number("").ip6, NOBODY, 16);
    (void)pcapng_end_number("12345678901234567890"); /* longer than any */
    assert_int_equal(pcapng_end_conn(0x0102, 7).ip6[14], 1);
    assert_int_equal(pcapng_end_conn(0x0102, 7).port, 7);
    assert_int_equal(eid_make("890440450000000000000000000001", &eid), ERR_OK);
    assert_memory_equal(pcapng_end_eid(&eid).ip6, eid.b, 16);
}

/* TS 23.040 9.2.2.1 and 9.2.2.2: what gsm_sms reads. */
static void short_messages_in_their_tpdu(void **state)
{
    static const uint8_t UD[] = {0x02, 0x70, 0x00, 0x55};
    static const uint8_t DELIVER[] = {0x40, 0x05, 0x81, 0x21, 0x43, 0xF5, 0x7F,
                                      0xF6, 0x62, 0x11, 0x22, 0x12, 0x54, 0x12,
                                      0x00, 0x04, 0x02, 0x70, 0x00, 0x55};
    static const uint8_t SUBMIT[] = {0x41, 0x00, 0x00};
    struct pcapng_sms s = {true, AT, "4917123456789", "12345", NULL, 0x7F, 0xF6, {UD, sizeof UD}};

    (void)state;
    pcapng_put_sms(&B, &s);
    assert_non_null(within("gsm_sms", 7));
    assert_non_null(within(DELIVER, sizeof DELIVER));
    assert_non_null(within("\0\x23\0\4\0\0\0\0", 8)); /* sent */
    buf_reset(&B);
    s.out = false;
    s.own = "";
    pcapng_put_sms(&B, &s);
    assert_non_null(within(SUBMIT, sizeof SUBMIT));
    assert_non_null(within("\0\x23\0\4\0\0\0\1", 8)); /* received */
}

static void smpp(uint32_t id, const char *body, size_t n)
{
    uint8_t pdu[400];
    struct writer w = wr_init(pdu, sizeof pdu);
    struct pcapng_unit u = {.out = true, .at_ms = AT};

    wr_u32(&w, (uint32_t)(16 + n));
    wr_u32(&w, id);
    wr_u32(&w, 0);
    wr_u32(&w, 1);
    wr_bytes(&w, body, n);
    u.octets = wr_view(&w);
    buf_reset(&B);
    pcapng_put_smpp(&B, &u);
}

/* Whatever binds: its password is no business of a reader; other PDUs are as they were. */
static void a_bind_is_without_its_password(void **state)
{
    static const char BIND[] = "remora\0secret12\0\0\x34\0\0";
    static const uint32_t BINDS[] = {1, 2, 9, 0x0B}; /* outbind: the SMSC's own */

    (void)state;
    for (unsigned i = 0; i < 4; i++) {
        smpp(BINDS[i], BIND, sizeof BIND);
        assert_null(within("secret", 6));
        assert_non_null(within("remora\0********\0\0\x34", 18));
        smpp(BINDS[i], "remora\0secret12", 15); /* cut */
        assert_null(within("secret", 6));
        smpp(BINDS[i], "remora", 6);            /* where is it? */
        assert_int_equal(B.n, 0);
        smpp(BINDS[i], BIND, 0);
        assert_int_equal(B.n, 0);
    }
    smpp(0x80000009, BIND, sizeof BIND);
    assert_non_null(within(BIND, sizeof BIND));
    smpp(4, BIND, sizeof BIND);
    assert_non_null(within(BIND, sizeof BIND));
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {T(a_section_names_its_interfaces),
                                       T(a_unit_of_every_length),
                                       T(cattp_is_in_udp),
                                       T(ends_can_be_read),
                                       T(short_messages_in_their_tpdu),
                                       T(a_bind_is_without_its_password)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
