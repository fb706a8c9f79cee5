/* SPDX-License-Identifier: Apache-2.0 */
/* Links: remora_test_support remora_smsr_proc remora_wire */
/* ES5 commands octet by octet (facts: sgp02 section 6, 13.4), and the answers to them. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdio.h>

#include "common/base/hex.h"
#include "common/codec/push.h"
#include "smsr/es5/es5.h"
#include "test/support/vec.h"

#define AID(nn) "A0000005591010FFFFFFFF890000" nn "00"

static uint8_t room[8192];

static struct span hex(const char *text)
{
    static uint8_t b[8192];
    size_t n = 0;

    assert_int_equal(hex_decode(text, strlen(text), b, sizeof b, &n), ERR_OK);
    return span_of(b, n);
}

static void expect(const struct writer *w, const char *text)
{
    static char got[16384];

    assert_int_equal(hex_encode(wr_view(w), got, sizeof got), ERR_OK);
    assert_string_equal(got, text);
}

static struct aid aid(unsigned number)
{
    struct aid a;

    assert_int_equal(aid_isd_p((uint16_t)number, &a), ERR_OK);
    return a;
}

static void switches(void **state)
{
    struct aid a = aid(0x13);
    struct writer w = wr_init(room, sizeof room);

    es5_enable_profile(&w, SCRIPT_DEFINITE, &a);
    expect(&w, "AA1C221A80E28800153A03124F10" AID("13"));  /* sgp02 13.4 */
    w = wr_init(room, sizeof room);
    es5_disable_profile(&w, SCRIPT_DEFINITE, &a);
    expect(&w, "AA1C221A80E28800153A04124F10" AID("13"));
    w = wr_init(room, sizeof room);
    es5_delete_profile(&w, SCRIPT_DEFINITE, &a);
    expect(&w, "AA1A221880E40040124F10" AID("13") "00");
    w = wr_init(room, sizeof room);
    es5_enable_profile(&w, SCRIPT_INDEFINITE, &a);
    expect(&w, "AE80221A80E28800153A03124F10" AID("13") "0000");
    (void)state;
}

/* The script of the SCP80 known answer is the one this builds. */
static void the_known_answer(void **state)
{
    struct vec *v = vec_open("scp80");
    struct aid a = aid(0x13);
    struct writer w = wr_init(room, sizeof room);
    bool found = false;

    es5_enable_profile(&w, SCRIPT_DEFINITE, &a);
    while (vec_next(v))
        found = found || (vec_has(v, "data") && span_eq(vec_get(v, "data"), wr_view(&w))) ||
                (vec_has(v, "script") && span_eq(vec_get(v, "script"), wr_view(&w)));
    vec_close(v);
    assert_true(found);
    (void)state;
}

static void confirmation(void **state)
{
    static const struct { uint16_t seq; const char *text; } ROWS[] = {
        {0, "AA0F220D80E28900073A08044E02000000"}, {1, "AA0F220D80E28900073A08044E02000100"},
        {0xFFFF, "AA0F220D80E28900073A08044E02FFFF00"}};

    for (size_t i = 0; i < sizeof ROWS / sizeof *ROWS; i++) {
        struct writer w = wr_init(room, sizeof room);
        es5_confirm_notification(&w, SCRIPT_DEFINITE, ROWS[i].seq);
        expect(&w, ROWS[i].text);
    }
    (void)state;
}

static void create(void **state)
{
    struct euicc e = {.isd_p_load_file = AID_ISD_P_PACKAGE, .isd_p_module = AID_ISD_P_MODULE};
    struct aid a = aid(0x13);
    struct writer w = wr_init(room, sizeof room);

    es5_create_isdp(&w, SCRIPT_INDEFINITE, &e, &a, 0);
    /* The bytes of sgp02 6.1. */
    expect(&w,
           "AE80224580E60C003F10" AID("0D") "10" AID("0E") "10" AID("13") "0380C00006C9048102037000"
                                                                          "000000");
    w = wr_init(room, sizeof room);
    es5_create_isdp(&w, SCRIPT_INDEFINITE, &e, &a, 0xFFFF);
    expect(&w,
           "AE80224B80E60C004510" AID("0D") "10" AID("0E") "10" AID("13") "0380C0000CC90481020370"
                                                                          "EF048302FFFF00000000");
    w = wr_init(room, sizeof room);
    es5_create_isdp(&w, SCRIPT_INDEFINITE, &e, &a, 0x10000);
    expect(&w, "AE80224D80E60C004710" AID("0D") "10" AID("0E") "10" AID(
                   "13") "0380C0000EC90481020370"
                         "EF0683040001000000000000");
    (void)state;
}

static void audit(void **state)
{
    struct writer w = wr_init(room, sizeof room);

    es5_audit(&w, SCRIPT_DEFINITE, 8);
    expect(&w, "AA16220D80F24002074F005C034F9F7000220580CAFF2100");
    w = wr_init(room, sizeof room);
    es5_audit(&w, SCRIPT_DEFINITE, 9);
    expect(&w, "AA25220D80F24002074F005C034F9F7000220D80F24003074F005C034F9F7000220580CAFF2100");
    w = wr_init(room, sizeof room);
    es5_audit_paged(&w, SCRIPT_DEFINITE, 1);
    expect(&w, "AA34220580CAFF2100220D80F24002074F005C034F9F7000"
               "220D80F24003074F005C034F9F7000220D80F24003074F005C034F9F7000");
    w = wr_init(room, ES5_AUDIT_ROOM);
    es5_audit_paged(&w, SCRIPT_DEFINITE, 64);
    assert_false(w.failed);
    (void)state;
}

static void a_small_room_fails_whole(void **state)
{
    struct aid a = aid(0x13);

    for (size_t cap = 0; cap < 30; cap++) {
        struct writer w = wr_init(room, cap);
        es5_enable_profile(&w, SCRIPT_DEFINITE, &a);
        assert_null(wr_view(&w).p);
    }
    (void)state;
}

/* --- answers --- */
static void first_answer(void **state)
{
    static const struct {
        const char *text;
        int err;
        uint16_t sw;
        size_t n;
        uint8_t bad;
    } ROWS[] = {
        {"AB0780010123029000", ERR_OK, 0x9000, 0, 0},
        {"AB0A8001012305AABBCC9000", ERR_OK, 0x9000, 3, 0},
        {"AF80230290000000", ERR_OK, 0x9000, 0, 0},
        {"AB0423026985", ERR_OK, 0x6985, 0, 0},
        {"AB0B8001022302698523029000", ERR_OK, 0x6985, 0, 0}, /* the first counts */
        {"AB06800101900102", ERR_OK, 0, 0, 2},
        {"AB03800100", ERR_OK, 0, 0, 0},
        {"AB00", ERR_OK, 0, 0, 0},
        {"", ERR_FORMAT, 0, 0, 0},
        {"AA0422029000", ERR_FORMAT, 0, 0, 0},
        {"AB0780010123019000", ERR_FORMAT, 0, 0, 0},
        {"AB06800101230190", ERR_FORMAT, 0, 0, 0},
        {"AB0880010123029000", ERR_FORMAT, 0, 0, 0},
        {"AF8023029000", ERR_FORMAT, 0, 0, 0},
    };

    for (size_t i = 0; i < sizeof ROWS / sizeof *ROWS; i++) {
        struct es5_answer a;
        int err = es5_answer_read(hex(ROWS[i].text), &a);
        if (ROWS[i].err) {
            if (err == ERR_OK)
                fail_msg("row %u was read", (unsigned)i);
            continue;
        }
        if (err != ERR_OK)
            fail_msg("row %u: %s", (unsigned)i, err_name(err));
        assert_int_equal(a.sw, ROWS[i].sw);
        assert_int_equal(a.data.n, ROWS[i].n);
        assert_int_equal(a.bad_format, ROWS[i].bad);
    }
    (void)state;
}

#define MEMORY "230CFF2107810102820212349000"
#define MEMORY_TWICE MEMORY MEMORY
#define ONE_IS(nn, state) "231A" E3(nn, state) "9000"
#define E3(nn, state) "E3164F10" AID(nn) "9F7001" state

static void known(struct euicc *e, struct euicc_profile *p, unsigned n)
{
    memset(e, 0, sizeof *e);
    memset(p, 0, n * sizeof *p);
    for (unsigned i = 0; i < n; i++)
        p[i].aid = aid((uint16_t)(0x10 + i));
    e->profiles = p;
    e->n_profiles = n;
}

#define NAMED(nn) "221D80F24002174F10" AID(nn) "5C034F9F7000"

/* By name, first the one it is about. An answer that ends at another one that is not there tells nothing:
 * that may be one which the EIS does not know any more. */
static void audit_by_name(void **state)
{
    static const struct { const char *text; int err; unsigned n; } ROWS[] = {
        {MEMORY_TWICE ONE_IS("11", "1F") ONE_IS("10", "1F") ONE_IS("12", "3F"), ERR_OK, 3},
        {MEMORY_TWICE "23026A88", ERR_NOT_FOUND, 0},
        {MEMORY_TWICE ONE_IS("11", "3F") "23026A88", ERR_TRUNCATED, 0},
        {MEMORY_TWICE ONE_IS("10", "1F") ONE_IS("12", "3F") "23026A88", ERR_TRUNCATED, 0},
        {MEMORY_TWICE ONE_IS("10", "1F") ONE_IS("12", "3F"), ERR_TRUNCATED, 0},
        {MEMORY_TWICE ONE_IS("10", "1F") ONE_IS("12", "1F") ONE_IS("11", "1F"), ERR_FORMAT, 0},
        {MEMORY_TWICE ONE_IS("10", "1F") "23026D00", ERR_FORMAT, 0},
    };
    struct euicc_profile p[3];
    struct euicc e;
    struct aid first = aid(0x11);
    struct writer w = wr_init(room, sizeof room);

    known(&e, p, 3);
    es5_audit_named(&w, SCRIPT_INDEFINITE, &e, &first);
    expect(&w, "AE80220580CAFF2100220580CAFF2100" NAMED("11") NAMED("10") NAMED("12") "0000");
    for (size_t i = 0; i < sizeof ROWS / sizeof *ROWS; i++) {
        struct es5_status st;
        char text[600];

        (void)snprintf(text, sizeof text, "AF80%s0000", ROWS[i].text);
        assert_int_equal(es5_audit_read(&e, hex(text), &st), ROWS[i].err);
        if (ROWS[i].err)
            continue;
        assert_int_equal(st.n, ROWS[i].n);
        assert_int_equal(st.memory_free, 0x1234);
    }
    (void)state;
}

static void audit_answers(void **state)
{
    const struct euicc e = {.n_profiles = 0};
    static const struct { const char *text; int err; unsigned n; bool memory;
    } ROWS[] = {
        {"AB1F800101231A" E3("10", "3F") "9000", ERR_OK, 1, false},
        {"AB2D800102231A" E3("10", "3F") "9000230CFF2107810102820212349000", ERR_OK, 1, true},
        {"AB23800102231A" E3("10", "3F") "900023026A88", ERR_OK, 1, false}, /* tells no memory */
        {"AF80231A" E3("10", "3F") "90000000", ERR_OK, 1, false},
        {"AB1F800101231A" E3("10", "3F") "9110", ERR_OK, 1, false},
        {"AB3D8001022332" E3("10", "1F") E3("11", "3F") "631023040000"
                                                        "9000",
         ERR_FORMAT, 0, false},
        {"AB3B800102231A" E3("10", "1F") "6310231A" E3("11", "3F") "9000", ERR_OK, 2, false},
        {"AB1F800101231A" E3("10", "3F") "6310", ERR_TRUNCATED, 0, false},
        {"AB1F800101231A" E3("10", "3F") "62F1", ERR_TRUNCATED, 0, false},
        /* in pages, the memory first; what follows the end of the list says nothing */
        {"AB4D800104230CFF2107810102820212349000231A" E3("10", "1F") "6310231A" E3("11", "3F")
         "9000" "23026A88", ERR_OK, 2, true},
        {"AB23800102231A" E3("10", "3F") "631023026A88", ERR_OK, 1, false},
        {"AB1F800101231A" E3("10", "1F") "62F1", ERR_TRUNCATED, 0, false},
        {"AB1F800101231A" E3("10", "3F") "6110", ERR_FORMAT, 0, false},
        {"AB1F800101231A" E3("10", "3F") "6283", ERR_FORMAT, 0, false},
        {"AB1F800101231A" E3("10", "1F") "9000", ERR_FORMAT, 0, false}, /* none is on */
        {"AB0780010123026A88", ERR_FORMAT, 0, false},
        {"AB0780010123029000", ERR_FORMAT, 0, false},
        {"AB1E8001012319E3154F0F"
         "A0000005591010FFFFFFFF89000010009F70013F"
         "9000",
         ERR_FORMAT, 0, false},
        {"AB1A8001012315E3124F10" AID("10") "9000", ERR_FORMAT, 0, false}, /* no state */
        {"AB0D8001012308E3049F70013F"
         "9000",
         ERR_FORMAT, 0, false}, /* no AID */
        {"AB06800101900101", ERR_FORMAT, 0, false},
        {"AB03800100", ERR_FORMAT, 0, false},
        {"AA0422029000", ERR_FORMAT, 0, false},
        {"", ERR_FORMAT, 0, false},
    };

    for (size_t i = 0; i < sizeof ROWS / sizeof *ROWS; i++) {
        struct es5_status st;
        int err = es5_audit_read(&e, hex(ROWS[i].text), &st);
        if (ROWS[i].err) {
            if (err == ERR_OK || (ROWS[i].err == ERR_TRUNCATED && err != ERR_TRUNCATED))
                fail_msg("row %u: %s", (unsigned)i, err_name(err));
            continue;
        }
        if (err != ERR_OK)
            fail_msg("row %u: %s", (unsigned)i, err_name(err));
        assert_int_equal(st.n, ROWS[i].n);
        assert_int_equal(st.has_memory, ROWS[i].memory);
        if (ROWS[i].memory)
            assert_int_equal(st.memory_free, 0x1234);
    }
    (void)state;
}

static void confirmation_answers(void **state)
{
    static const struct { const char *text; int err; unsigned n;
    } ROWS[] = {
        {"", ERR_OK, 0},
        {"8000", ERR_OK, 0},
        {"80124F10" AID("10"), ERR_OK, 1},
        {"80244F10" AID("10") "4F10" AID("11"), ERR_OK, 2},
        {"80364F10" AID("10") "4F10" AID("11") "4F10" AID("12"), ERR_OK, 3},
        {"80484F10" AID("10") "4F10" AID("11") "4F10" AID("12") "4F10" AID("13"), ERR_TOO_LARGE, 3},
        {"8100", ERR_FORMAT, 0},
        {"80", ERR_FORMAT, 0},
        {"8001", ERR_FORMAT, 0},
        {"800000", ERR_FORMAT, 0},
        {"80124E10" AID("10"), ERR_FORMAT, 0},
        {"80054F03010203", ERR_FORMAT, 0},
        {"80114F10" AID("10"), ERR_FORMAT, 0},
    };

    for (size_t i = 0; i < sizeof ROWS / sizeof *ROWS; i++) {
        struct es5_deleted d;
        int err = es5_confirm_read(hex(ROWS[i].text), &d);
        if ((err == ERR_OK) != (ROWS[i].err == ERR_OK))
            fail_msg("row %u: %s", (unsigned)i, err_name(err));
        if (ROWS[i].err != ERR_FORMAT) {
            assert_int_equal(err, ROWS[i].err);
            assert_int_equal(d.n, ROWS[i].n);
        }
    }
    (void)state;
}

static void the_push_of_a_route(void **state)
{
    struct route r = {.port = 7443, .ipv4 = {192, 0, 2, 1}};
    struct euicc e = {.psk_kvn = 0x40, .psk_kid = 1};
    struct push_trigger t;
    struct writer w = wr_init(room, sizeof room);

    memcpy(r.apn, "iot.example", 12);
    memcpy(r.host, "smsr.example", 13);
    assert_int_equal(es5_push_session(&w, &r, &e), ERR_OK);
    assert_int_equal(push_trigger_parse(wr_view(&w), &t), ERR_OK);
    assert_string_equal(t.apn, "iot.example");
    assert_string_equal(t.host, "smsr.example");
    assert_string_equal(t.uri, "/polling");
    assert_int_equal(t.port, 7443);
    assert_memory_equal(t.ipv4, r.ipv4, 4);
    w = wr_init(room, 20);
    assert_int_equal(es5_push_session(&w, &r, &e), ERR_TOO_LARGE);
    (void)state;
}

static void the_push_of_a_link(void **state)
{
    struct route r = {.udp_port = 7444, .ipv4 = {192, 0, 2, 1}};
    const struct eid eid = {{0x89, 0x04}};
    const struct uuid op = {{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16}};
    struct writer w = wr_init(room, sizeof room);
    char got[300];

    memcpy(r.apn, "iot", 4);
    assert_int_equal(es5_push_link(&w, SCRIPT_DEFINITE, &r, &eid, &op), ERR_OK);
    assert_int_equal(hex_encode(wr_view(&w), got, sizeof got), ERR_OK);
    assert_string_equal(got, "AA46"
                             "221E80EC010119" "350103" "39020400" "470403696F74" "3C03011D14" "3E0521C0000201"
                             "222480EC01021F" "3C03001D14" "3618" "89040000000000000000000000000000"
                             "090A0B0C0D0E0F10");
    w = wr_init(room, 60);
    assert_int_equal(es5_push_link(&w, SCRIPT_DEFINITE, &r, &eid, &op), ERR_TOO_LARGE);
    memset(r.apn, 'a', sizeof r.apn - 1); /* 63 octets: the longest label */
    r.apn[sizeof r.apn - 1] = 0;
    w = wr_init(room, sizeof room);
    assert_int_equal(es5_push_link(&w, SCRIPT_DEFINITE, &r, &eid, &op), ERR_OK);
    memcpy(r.apn, "a..b", 5);
    w = wr_init(room, sizeof room);
    assert_int_equal(es5_push_link(&w, SCRIPT_DEFINITE, &r, &eid, &op), ERR_TOO_LARGE);
    (void)state;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_push_of_a_link),
        cmocka_unit_test(switches),
        cmocka_unit_test(the_known_answer),
        cmocka_unit_test(confirmation),
        cmocka_unit_test(create),
        cmocka_unit_test(audit),
        cmocka_unit_test(a_small_room_fails_whole),
        cmocka_unit_test(first_answer),
        cmocka_unit_test(audit_answers),
        cmocka_unit_test(audit_by_name),
        cmocka_unit_test(confirmation_answers),
        cmocka_unit_test(the_push_of_a_route),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
