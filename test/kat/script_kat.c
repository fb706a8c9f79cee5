/* SPDX-License-Identifier: Apache-2.0 */
/* Scripts of real cards and servers, read and written back octet by octet (TS 102 226 5.2.1). */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "common/codec/apdu.h"
#include "common/codec/script.h"
#include "common/codec/tlv.h"
#include "test/support/vec.h"

static bool is_hex(const char *s)
{
    return s[0] != '\0' && s[strspn(s, "0123456789ABCDEFabcdef")] == '\0';
}

static bool in_block(const struct vec *v, const char *name)
{
    return strcmp(vec_text(v, "block"), name) == 0;
}

static void check_apdu(const struct script_item *it)
{
    uint8_t room[300];
    struct writer w = wr_init(room, sizeof room);
    if (it->tag == SCRIPT_TAG_CMD) {
        struct apdu_cmd c;
        assert_int_equal(apdu_cmd_parse(it->value, &c), ERR_OK);
        apdu_cmd_put(&w, &c);
        assert_true(span_eq(wr_view(&w), it->value));
    } else if (it->tag == SCRIPT_TAG_RSP) {
        struct apdu_rsp r;
        assert_int_equal(apdu_rsp_parse(it->value, &r), ERR_OK);
        apdu_rsp_put(&w, r.data, r.sw);
        assert_true(span_eq(wr_view(&w), it->value));
    }
}

/* Reads the whole script and writes it again; the number of its elements. */
static unsigned both_ways(struct span s, bool response)
{
    static uint8_t room[4096];
    struct writer w = wr_init(room, sizeof room);
    struct script_reader r;
    struct script_writer sw;
    struct script_item it;
    unsigned n = 0, count = 0;
    int rc;
    assert_int_equal(script_open(s, &r), ERR_OK);
    assert_int_equal(r.response, response);
    assert_int_equal(r.trailing, 0);
    script_begin(&sw, &w, r.form, response);
    while ((rc = script_next(&r, &it)) == ERR_OK) {
        n++;
        check_apdu(&it);
        if (it.tag == SCRIPT_TAG_CMD) {
            script_put_cmd(&sw, it.value);
        } else if (it.tag == SCRIPT_TAG_RSP) {
            script_put_rsp(&sw, it.value);
        } else if (it.tag == SCRIPT_TAG_COUNT) {
            count = it.value.p[it.value.n - 1];
        } else {
            script_put_raw(&sw, it.raw);
        }
    }
    assert_int_equal(rc, ERR_NOT_FOUND);
    assert_true(r.ended);
    script_end(&sw, count);
    assert_true(span_eq(wr_view(&w), s));
    return n;
}

static void nested_template_is_named(struct span s)
{
    struct script_reader r;
    struct script_item it;
    assert_int_equal(script_open(s, &r), ERR_OK);
    assert_int_equal(script_next(&r, &it), ERR_FORMAT);
    assert_int_equal(it.tag, 0xAA);
    assert_int_equal(r.bad, SCRIPT_BAD_TAG);
    assert_int_equal(script_next(&r, &it), ERR_FORMAT);
}

static void expanded(void **state)
{
    (void)state;
    struct vec *v = vec_open("expanded");
    unsigned commands = 0, responses = 0, refused = 0;
    while (vec_next(v)) {
        if (!in_block(v, "expanded")) {
            continue;
        }
        if (is_hex(vec_text(v, "command"))) {
            commands++;
            if (strncmp(vec_text(v, "name"), "bad format", 10) == 0) {
                nested_template_is_named(vec_get(v, "command"));
                refused++;
            } else {
                assert_int_equal(both_ways(vec_get(v, "command"), false), 1);
            }
        }
        assert_true(both_ways(vec_get(v, "response"), true) >= 1);
        responses++;
    }
    assert_int_equal(commands, 10);
    assert_int_equal(responses, 16);
    assert_int_equal(refused, 1);
    vec_close(v);
}

static void notification_confirmation(void **state)
{
    (void)state;
    struct vec *v = vec_open("expanded");
    unsigned seen = 0;
    while (vec_next(v)) {
        if (!in_block(v, "sms_notification")) {
            continue;
        }
        struct span s = vec_get(v, "plain");
        if (s.p[0] == 0xAA) {
            assert_int_equal(both_ways(s, false), 1);
        } else {
            struct tlv t, eid;
            assert_int_equal(tlv_only(s, 0xE1, &t), ERR_OK);
            assert_int_equal(tlv_find(t.value, 0x4C, &eid), ERR_OK);
            assert_int_equal(eid.value.n, 16);
        }
        seen++;
    }
    assert_int_equal(seen, 2);
    vec_close(v);
}

static void push_apdus(void **state)
{
    (void)state;
    struct vec *v = vec_open("expanded");
    unsigned seen = 0;
    while (vec_next(v)) {
        if (!in_block(v, "push")) {
            continue;
        }
        struct apdu_cmd c;
        struct tlv t;
        assert_int_equal(apdu_cmd_parse(vec_get(v, "apdu"), &c), ERR_OK);
        assert_int_equal(c.ins, 0xEC);
        assert_int_equal(tlv_find(c.data, 0x3C, &t), ERR_OK);
        assert_int_equal(t.value.n, 3);
        seen++;
    }
    assert_int_equal(seen, 2);
    vec_close(v);
}

static void scp03t_in_scripts(void **state)
{
    (void)state;
    struct vec *v = vec_open("scp03t");
    unsigned seen = 0;
    while (vec_next(v)) {
        if (!in_block(v, "real_session")) {
            continue;
        }
        assert_int_equal(both_ways(vec_get(v, "command_script_1"), false), 2);
        assert_int_equal(both_ways(vec_get(v, "response_script_1"), true), 2);
        assert_int_equal(both_ways(vec_get(v, "response_to_all_but_last"), true), 1);
        seen++;
    }
    assert_int_equal(seen, 1);
    vec_close(v);
}

/* What the packets of SCP80 carry: definite and indefinite commands, and answers with a count. */
static void scripts_inside_packets(void **state)
{
    (void)state;
    struct vec *v = vec_open("scp80");
    unsigned commands = 0, answers = 0;
    while (vec_next(v)) {
        if (in_block(v, "generated_commands") || in_block(v, "generated_cattp_dialect")) {
            struct span s = vec_get(v, "data");
            if (s.n > 1 && (s.p[0] == 0xAA || s.p[0] == 0xAE)) {
                assert_true(both_ways(s, false) >= 1);
                commands++;
            }
        } else if (in_block(v, "whty_por_plain")) {
            struct span s = vec_get(v, "por");
            struct span data = span_of(s.p + 16, s.n - 16); /* after 02 71 00 RPL RHL TAR CNTR .. */
            if (data.n > 0 && (data.p[0] == 0xAB || data.p[0] == 0xAF)) {
                assert_true(both_ways(data, true) >= 1);
                answers++;
            }
        }
    }
    assert_true(commands >= 5);
    assert_int_equal(answers, 3);
    vec_close(v);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(expanded),
        cmocka_unit_test(notification_confirmation),
        cmocka_unit_test(push_apdus),
        cmocka_unit_test(scp03t_in_scripts),
        cmocka_unit_test(scripts_inside_packets),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
