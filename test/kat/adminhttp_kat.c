/* SPDX-License-Identifier: Apache-2.0 */
/* One real administration exchange in both directions (GP Amendment B 3.4). */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "common/codec/adminhttp.h"
#include "common/codec/script.h"
#include "test/support/vec.h"

static struct span message(const struct vec *v, uint8_t *room, size_t cap)
{
    struct writer w = wr_init(room, cap);
    wr_span(&w, vec_get(v, "headers"));
    wr_span(&w, vec_get(v, "body"));
    assert_false(w.failed);
    return wr_view(&w);
}

/* step: how many octets a feed brings. */
static void feed(struct admin_parser *p, struct span s, size_t step)
{
    bool done = false;
    for (size_t at = 0; at < s.n; at += step) {
        size_t n = s.n - at < step ? s.n - at : step, used = 0;
        assert_false(done);
        assert_int_equal(admin_parser_feed(p, span_of(s.p + at, n), &used, &done), ERR_OK);
        assert_int_equal(used, n);
    }
    assert_true(done);
}

static void check_request(const struct admin_request *r, unsigned no)
{
    static const char *const URI[] = {"/polling", "/server/adminagent?cmd=2"};
    char eid[EID_TEXT];
    eid_text(&r->from_eid, eid);
    assert_string_equal(eid, "89001012012341234012345678901224");
    assert_true(aid_eq(&r->from_aid, &AID_ISD_R));
    assert_string_equal(r->uri, URI[no]);
    assert_false(r->resume);
    assert_int_equal(r->status, no == 0 ? ADMIN_STATUS_NONE : ADMIN_STATUS_OK);
    assert_int_equal(r->body.n, no == 0 ? 0 : 40);
    if (no == 1) {
        struct script_reader sr;
        assert_int_equal(script_open(r->body, &sr), ERR_OK);
        assert_true(sr.response);
    }
}

static void check_response(const struct admin_response *r)
{
    uint16_t number = 0;
    struct script_reader sr;
    assert_int_equal(r->code, 200);
    assert_string_equal(r->next_uri, "/server/adminagent?cmd=2");
    assert_true(aid_is_isd_p(&r->target, &number));
    assert_int_equal(number, 0x0013);
    assert_int_equal(r->body.n, 0x23);
    assert_int_equal(script_open(r->body, &sr), ERR_OK);
    assert_false(sr.response);
}

static void one_message(struct span s, bool response, size_t step, unsigned no)
{
    struct admin_parser *p = admin_parser_new(response);
    struct admin_request rq;
    struct admin_response rs;
    struct buf out;
    assert_non_null(p);
    buf_init(&out, 0);
    for (int pass = 0; pass < 2; pass++) { /* as it came, then as we write it */
        feed(p, s, step);
        if (response) {
            assert_int_equal(admin_parser_response(p, &rs), ERR_OK);
            assert_int_equal(admin_parser_request(p, &rq), ERR_STATE);
            check_response(&rs);
            if (pass == 0) {
                admin_response_put(&out, &rs);
            }
        } else {
            assert_int_equal(admin_parser_request(p, &rq), ERR_OK);
            assert_int_equal(admin_parser_response(p, &rs), ERR_STATE);
            check_request(&rq, no);
            if (pass == 0) {
                admin_request_put(&out, &rq, "10.8.40.125");
            }
        }
        assert_false(out.failed);
        s = buf_span(&out);
        if (pass == 0) {
            admin_parser_next(p);
        }
    }
    buf_fini(&out);
    admin_parser_free(p);
}

static void real_exchange(void **state)
{
    (void)state;
    struct vec *v = vec_open("scp81");
    unsigned requests = 0, responses = 0;
    while (vec_next(v)) {
        if (strcmp(vec_text(v, "block"), "real_exchange") != 0) {
            continue;
        }
        uint8_t room[2048];
        bool response = strcmp(vec_text(v, "dir"), "sr>card") == 0;
        struct span s = message(v, room, sizeof room);
        for (size_t step = 1; step < s.n + 7; step += 7) {
            one_message(s, response, step, requests);
        }
        requests += response ? 0 : 1;
        responses += response ? 1 : 0;
    }
    assert_int_equal(requests, 2);
    assert_int_equal(responses, 1);
    vec_close(v);
}

/* The chunked body we write is octet for octet the one of the log. */
static void body_octets(void **state)
{
    (void)state;
    struct vec *v = vec_open("scp81");
    unsigned seen = 0;
    while (vec_next(v)) {
        if (strcmp(vec_text(v, "block"), "real_exchange") != 0 || vec_get(v, "body").n == 0 ||
            strcmp(vec_text(v, "dir"), "sr>card") != 0) {
            continue;
        }
        struct span body = vec_get(v, "body");
        struct admin_response r = {.code = 200, .body = span_of(body.p + 4, 0x23)};
        struct buf out;
        buf_init(&out, 0);
        admin_response_put(&out, &r);
        assert_true(out.n > body.n);
        assert_memory_equal(out.p + out.n - body.n, body.p, body.n);
        buf_fini(&out);
        seen++;
    }
    assert_int_equal(seen, 1);
    vec_close(v);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(real_exchange),
                                       cmocka_unit_test(body_octets)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
