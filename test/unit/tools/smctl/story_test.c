/* SPDX-License-Identifier: Apache-2.0 */
/* The story of an operation from recorded records (design 5): the packet is that of a published key
 * set, so what is built again can be compared with what was ciphered. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "common/base/hex.h"
#include "smsr/es5/es5.h"
#include "smsr/proc/procs.h"
#include "smsr/proc/switch.h"
#include "common/codec/packet.h"
#include "tools/smctl/story.h"

#include <stdio.h>

#define PACKET                                                                                     \
    "003815163912120000015AEEFB6849994111BF40ECA01FDC6F2A8F76F359F82CEEA8D8D160FF0C098F64B2900714" \
    "E4AC7F8D956CF22FDE903D98"
#define ENABLE "AA1C221A80E28800153A03124F10A0000005591010FFFFFFFF8900001300"

static struct crypto *crypto;
static struct story story;
static struct rows rows;

static struct span octets(const char *hex)
{
    static uint8_t b[8][512];
    static unsigned at;
    uint8_t *dst = b[at++ % 8];
    size_t n;

    assert_int_equal(hex_decode(hex, strlen(hex), dst, 512, &n), ERR_OK);
    return span_of(dst, n);
}

static struct aid aid_of(const char *hex)
{
    struct aid a;

    assert_int_equal(aid_from_bytes(octets(hex), &a), ERR_OK);
    return a;
}

static void feed(const struct event *ev, int64_t at_ms)
{
    struct admin_record r = {.at_ms = at_ms};

    story_record(&story, &r, ev, &rows);
}

static const struct row *find(const char *name, const char *meaning)
{
    for (unsigned i = 0; i < rows.n; i++)
        if ((!name || !strcmp(rows.v[i].name, name)) && strstr(rows.v[i].meaning, meaning))
            return &rows.v[i];
    return NULL;
}

/* Value of such a row, "" without one. */
static const char *value(const char *name, const char *meaning)
{
    const struct row *r = find(name, meaning);

    return r ? r->value : "";
}

static const char *clause(const char *name, const char *meaning)
{
    const struct row *r = find(name, meaning);

    return r && r->clause ? r->clause : "";
}

static void accept(enum function f)
{
    struct event ev = {.type = EV_OPERATION_ACCEPTED, .function = f};

    story_init(&story, crypto);
    ev.aid = aid_of("A0000005591010FFFFFFFF8900001300");
    ev.memory_required = f == FN_CREATE_ISDP ? 40000 : 0;
    feed(&ev, 1000);
    assert_int_equal(story.start_ms, 1000);
}

static struct event armed(enum function f)
{
    struct event ev = {.type = EV_OPERATION_ARMED,
                       .function = f,
                       .purpose = PURPOSE_CMD,
                       .kvn = 1,
                       .counter = 1,
                       .op_state = SW_ARMED + 1};

    ev.aid = aid_of("A0000005591010FFFFFFFF8900001300");
    ev.previous_aid = aid_of("A0000005591010FFFFFFFF8900001200");
    ev.data = octets(PACKET);
    return ev;
}

static void an_enable_with_its_packet(void **state)
{
    struct event ev;

    (void)state;
    accept(FN_ENABLE_PROFILE);
    ev = armed(FN_ENABLE_PROFILE);
    feed(&ev, 1010);
    assert_non_null(find("inside", "built again"));
    assert_string_equal(value("script", "command script, definite"), ENABLE);
    assert_string_equal(clause("C-APDU 1", "EnableProfile"), "SGP.02 4.1.1.2");
    assert_string_equal(story_state(&story, &ev), "ARMED");
    /* The PoR names the packet by its counter. */
    struct event por = {.type = EV_OPERATION_ANSWERED,
                        .kvn = 1,
                        .counter = 1,
                        .por_status = 1,
                        .data = octets("AB07800101230290"
                                       "00")};
    feed(&por, 5000);
    assert_string_equal(value("PoR", ""), "00");
    assert_non_null(find("R-APDU 1", "SW 9000"));
    /* The notification and its confirmation; the confirmation's script needs the sequence number.
     */
    struct event seen = {.type = EV_NOTIFICATION_RECEIVED, .kind = 2, .sequence = 8, .decision = 1};
    seen.aid = ev.aid;
    feed(&seen, 9000);
    assert_non_null(find("4D", "succeeded"));
    assert_string_equal(value("4E", "sequence number 7"), "0007");
    assert_non_null(find("decision", "confirm"));
    struct event done = {.type = EV_PROFILE_ENABLED,
                         .data = octets("80124F10A0000005591010FFFFFFFF8900001200")};
    feed(&done, 10000);
    assert_non_null(find("80", "deleted by POL1"));
    struct event end = {.type = EV_OPERATION_CONCLUDED,
                        .result = VERDICT_SUCCESS,
                        .completed_at_ms = 10000,
                        .text = span_str("x")};
    feed(&end, 10000);
    assert_true(story.concluded);
    assert_int_equal(story.last.result, VERDICT_SUCCESS);
    assert_ptr_equal(story.last.text.p, story.last_text); /* tells cases of one code apart */
    assert_true(span_eq(story.last.text, span_str("x")));
}

/* What does not fit the packet is never shown as if it were inside. */
static void what_does_not_fit_is_not_shown(void **state)
{
    struct event ev;

    (void)state;
    accept(FN_ENABLE_PROFILE);
    ev = armed(FN_ENABLE_PROFILE);
    ev.function = FN_SEND_DATA;
    feed(&ev, 1010);
    assert_null(find(NULL, "built again"));
    assert_non_null(find("inside", "not in the log in clear"));
    ev = armed(FN_ENABLE_PROFILE);
    ev.aid = (struct aid){.n = 0};
    feed(&ev, 1010);
    assert_null(find(NULL, "built again"));
    ev = armed(FN_ENABLE_PROFILE);
    ev.data =
        octets("002815163912120000015AEEFB6849994111BF40ECA01FDC6F2A8F76F359F82CEEA8D8D160FF0C"
               "098F64B2"); /* a block less */
    feed(&ev, 1010);
    assert_null(find(NULL, "built again"));
    ev = armed(FN_ENABLE_PROFILE);
    ev.purpose = PURPOSE_TRIGGER;
    feed(&ev, 1010);
    assert_non_null(find("inside", "push trigger"));
    ev = armed(FN_ENABLE_PROFILE);
    ev.data = (struct span){NULL, 0};
    feed(&ev, 1010);
    assert_non_null(find("packet", "no command packet"));
    ev = armed(FN_ENABLE_PROFILE);
    ev.purpose = PURPOSE_CONFIRM; /* no notification before it */
    feed(&ev, 1010);
    assert_null(find(NULL, "built again"));
    struct event por = {.type = EV_OPERATION_ANSWERED, .kvn = 1, .counter = 99, .por_status = 3};
    feed(&por, 1020);
    assert_non_null(find("PoR", ""));
}

/* Auto-deletion by POL2 is about the profile that was switched off. */
static void a_deletion_inside_a_switch(void **state)
{
    struct event ev;

    (void)state;
    accept(FN_ENABLE_PROFILE);
    ev = armed(FN_ENABLE_PROFILE);
    feed(&ev, 1010);
    ev.previous_aid = (struct aid){.n = 0};
    ev.op_state = SW_DELETING + 1;
    ev.counter = 2;
    feed(&ev, 2000);
    assert_string_equal(story_state(&story, &ev), "DELETING");
    assert_non_null(find("C-APDU 1", "DELETE"));
    assert_string_equal(value("4F", "(ISD-P)"), "A0000005591010FFFFFFFF8900001200");
}

static void a_step_is_proven_by_its_digest(void **state)
{
    struct event ev = {.type = EV_STEP_OPENED, .function = FN_CREATE_ISDP, .has_digest = true};
    struct event answer = {.type = EV_STEP_ANSWERED};
    struct euicc card;
    uint8_t body[256];
    struct writer w = wr_init(body, sizeof body);
    struct span s;

    (void)state;
    accept(FN_CREATE_ISDP);
    memset(&card, 0, sizeof card);
    card.isd_p_load_file = AID_ISD_P_PACKAGE;
    card.isd_p_module = AID_ISD_P_MODULE;
    es5_create_isdp(&w, SCRIPT_INDEFINITE, &card, &story.aid, 40000);
    s = wr_view(&w);
    sha256(crypto, &s, 1, ev.digest);
    feed(&ev, 1100);
    assert_non_null(find("inside", "digest proves it"));
    assert_non_null(find("C-APDU 1", "CreateISDP"));
    assert_non_null(find("83", "40000"));
    answer.data = octets("AF802303009000"
                         "0000");
    feed(&answer, 1200);
    assert_non_null(find("R-APDU 1", "SW 9000"));
    assert_non_null(find("data", "no confirmation data"));
    ev.digest[0] ^= 1;
    feed(&ev, 1300);
    assert_null(find("inside", ""));
    answer.data = octets("850086009F460102");
    feed(&answer, 1400);
    assert_non_null(find("9F46", "security error"));
    answer.data = (struct span){NULL, 0};
    feed(&answer, 1500);
    assert_int_equal(rows.n, 0);
}

/* The packets of a CAT_TP link are of another dialect; what went over it is told as of a
 * session. */
static void a_creation_over_cattp(void **state)
{
    static const struct packet_cmd_head head = {0x16, 0x39, 0x12, 0x12, 0x000001};
    struct event chosen = {.type = EV_BEARER_CHOSEN, .bearer = BEARER_CATTP, .number = 3};
    struct event push = {.type = EV_PACKET_ARMED, .purpose = PURPOSE_TRIGGER, .bearer = BEARER_SMS,
                         .kvn = 1, .counter = 4, .data = octets(PACKET)};
    struct event create, por = {.type = EV_OPERATION_ANSWERED, .kvn = 1, .counter = 5, .por_status = 1,
                                .data = octets("AF8023030090000000")};
    uint8_t packet[256] = {0};
    struct writer w = wr_init(packet, sizeof packet);

    (void)state;
    accept(FN_CREATE_ISDP);
    feed(&chosen, 1005);
    feed(&push, 1010);
    assert_non_null(find("inside", "CAT_TP link"));
    create = armed(FN_CREATE_ISDP);
    create.bearer = BEARER_CATTP;
    create.counter = 5;
    packet_cmd_head_put(&w, &head, 8, 96, PACKET_CATTP);
    create.data = span_of(packet, w.len + 96);
    feed(&create, 1020);
    assert_non_null(find("packet", "SCP80 command packet"));
    assert_non_null(find("inside", "built again"));
    assert_string_equal(clause("C-APDU 1", "CreateISDP"), "SGP.02 4.1.1.1");
    feed(&por, 1030);
    assert_non_null(find("R-APDU 1", "SW 9000"));
    accept(FN_SEND_DATA);
    por.data = octets("86008600");
    feed(&por, 1040);
    assert_non_null(find("86", "segment taken"));
}

/* For the wire: each short message as it left, every octet of the packet, no script twice. */
static void as_it_was_on_the_wire(void **state)
{
    static const uint8_t HASH[32] = {0xAB, 0xCD};
    struct admin_record erased = {.at_ms = 1};
    struct event ev;
    uint8_t big[300] = {0x01, 0x29, 0x15, 0x16, 0x39, 0x12, 0x12, 0, 0, 1};

    (void)state;
    accept(FN_ENABLE_PROFILE);
    rows.wire = crypto;
    ev = armed(FN_ENABLE_PROFILE);
    feed(&ev, 1010);
    assert_string_equal(value("TP-UD 1", "61 octets"), "027000" PACKET);
    assert_string_equal(clause("IE 70", "command packet"), "TS 31.115 4");
    assert_string_equal(value("packet", "SCP80 command packet"), PACKET);
    assert_string_equal(value("C-APDU 1", "EnableProfile"), &ENABLE[8]);
    assert_non_null(strstr(value("script", "command script"), "<30 octets, SHA-256 "));
    ev.data = span_of(big, sizeof big);
    ev.counter = 0x0102;
    feed(&ev, 1020);
    assert_non_null(find("IE 00", "reference 2, part 1 of 3"));
    assert_non_null(find("IE 00", "reference 2, part 3 of 3"));
    ev.bearer = BEARER_CATTP;
    feed(&ev, 1030);
    assert_null(find("IE 00", ""));
    memcpy(erased.body_hash, HASH, sizeof HASH);
    story_erased(&erased, "body erased by retention", &rows);
    assert_int_equal(rows.n, 1);
    assert_int_equal(strlen(value("body", "erased by retention")), 64);
    assert_memory_equal(value("body", "erased by retention"), "ABCD0000", 8);
    rows.wire = NULL;
}

static void an_audit_and_the_rest(void **state)
{
    struct event ev = {.type = EV_EUICC_AUDITED, .n_profiles = 1, .memory_free = 5};
    struct event any = {.type = EV_ORDER_ADVANCED, .op_state = 3};

    (void)state;
    story_init(&story, crypto);
    ev.profiles[0].aid = aid_of("A0000005591010FFFFFFFF8900001300");
    ev.profiles[0].lifecycle = 0x1F;
    ev.profiles[0].fallback = true;
    feed(&ev, 50);
    assert_int_equal(story.start_ms, 50); /* without an acceptance the first record is the start */
    assert_non_null(find("ISD-P", "1F DISABLED, fall-back"));
    assert_non_null(find("memory", "5 octets free"));
    feed(&any, 60);
    assert_int_equal(rows.n, 0);
    assert_string_equal(story_state(&story, &any), "ORPHAN"); /* a state of the SM-DP */
    any.type = EV_PROFILE_INSTALLED;
    any.op_state = 8;
    assert_string_equal(story_state(&story, &any), "COMPLETE");
    any.op_state = 0;
    assert_string_equal(story_state(&story, &any), "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_enable_with_its_packet),
        cmocka_unit_test(what_does_not_fit_is_not_shown),
        cmocka_unit_test(a_deletion_inside_a_switch),
        cmocka_unit_test(a_step_is_proven_by_its_digest),
        cmocka_unit_test(a_creation_over_cattp),
        cmocka_unit_test(as_it_was_on_the_wire),
        cmocka_unit_test(an_audit_and_the_rest),
    };
    crypto = crypto_new(NULL);
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    crypto_free(crypto);
    return failed;
}
