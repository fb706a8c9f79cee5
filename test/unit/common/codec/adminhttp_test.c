/* SPDX-License-Identifier: Apache-2.0 */
/* Administration messages: any cut of the stream reads the same, and what two readers could take
 * differently is refused (RFC 9112; GP Amendment B 3.4). */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "common/codec/adminhttp.h"

#include <stdio.h>
#include <stdlib.h>

#define POST    "POST /p HTTP/1.1\r\n"
#define PROTO   "X-Admin-Protocol: globalplatform-remote-admin/1.0\r\n"
#define HEAD    POST PROTO
#define OK200   "HTTP/1.1 200 OK\r\n" PROTO
#define CHUNKED "Transfer-Encoding: chunked\r\n"
#define EID     "89001012012341234012345678901224"

/* Feeds step octets at a time until done or an error; the octets used come back. */
static int feed_all(struct admin_parser *p, struct span s, size_t step, size_t *used, bool *done)
{
    int rc = ERR_OK;
    *used = 0;
    *done = false;
    while (rc == ERR_OK && !*done && *used < s.n) {
        size_t n = s.n - *used < step ? s.n - *used : step, got = 0;
        rc = admin_parser_feed(p, span_of(s.p + *used, n), &got, done);
        assert_true(got <= n);
        assert_true(got == n || *done || rc != ERR_OK);
        *used += got;
    }
    return rc;
}

/* One verdict for the whole, octet by octet, and in threes; done only with ERR_OK. */
static int verdict(struct span s, bool response)
{
    static const size_t STEP[] = {SIZE_MAX, 1, 3};
    int first = ERR_INTERNAL;
    bool first_done = false;
    size_t first_used = 0;
    for (size_t i = 0; i < 3; i++) {
        struct admin_parser *p = admin_parser_new(response);
        size_t used;
        bool done;
        assert_non_null(p);
        int rc = feed_all(p, s, STEP[i], &used, &done);
        if (rc != ERR_OK) {
            bool again;
            size_t more;
            assert_false(done);
            assert_int_equal(admin_parser_feed(p, span_str("x"), &more, &again), rc); /* sticky */
        }
        if (i == 0) {
            first = rc;
            first_done = done;
            first_used = used;
        }
        assert_int_equal(rc, first);
        assert_int_equal(done, first_done);
        assert_int_equal(used, first_used);
        admin_parser_free(p);
    }
    return first != ERR_OK ? first : first_done ? ERR_OK : ERR_AGAIN;
}

static int request(const char *s)
{
    return verdict(span_str(s), false);
}

static int response(const char *s)
{
    return verdict(span_str(s), true);
}

static void bodies_go_round(void **state)
{
    (void)state;
    static const size_t N[] = {0, 1, 126, 127, 128, 255, 256, 1023, 1024, 1025, 65535, 65536};
    static uint8_t body[ADMIN_BODY_MAX];
    for (size_t i = 0; i < sizeof body; i++) {
        body[i] = (uint8_t)(i * 31);
    }
    for (size_t i = 0; i < sizeof N / sizeof *N; i++) {
        struct admin_request in = {.uri = "/a?b=c",
                                   .status = ADMIN_STATUS_OK,
                                   .resume = i % 2 == 1},
                             out;
        struct admin_parser *p = admin_parser_new(false);
        struct buf b;
        size_t used;
        bool done;
        buf_init(&b, 0);
        in.body = span_of(body, N[i]);
        in.from_aid = AID_ISD_R;
        in.from_eid.b[0] = 0x89;
        admin_request_put(&b, &in, "sr.example:7443");
        assert_false(b.failed);
        for (size_t step = 1; step < 5000; step = step * 5 + 1) {
            assert_int_equal(feed_all(p, buf_span(&b), step, &used, &done), ERR_OK);
            assert_true(done);
            assert_int_equal(used, b.n);
            assert_int_equal(admin_parser_request(p, &out), ERR_OK);
            assert_string_equal(out.uri, in.uri);
            assert_int_equal(out.status, ADMIN_STATUS_OK);
            assert_int_equal(out.resume, in.resume);
            assert_true(eid_eq(&out.from_eid, &in.from_eid));
            assert_true(aid_eq(&out.from_aid, &AID_ISD_R));
            assert_true(out.body.n == N[i] &&
                        memcmp(body, out.body.p ? out.body.p : body, N[i]) == 0);
            admin_parser_next(p);
        }
        buf_fini(&b);
        admin_parser_free(p);
    }
}

static void responses_go_round(void **state)
{
    (void)state;
    static const struct {
        int code;
        const char *next;
        const char *body;
    } CASES[] = {{200, "/n/1", "abc"}, {204, "/n/1", ""}, {204, "", ""}, {200, "", "abc"},
                 {200, "", ""},        {403, "", ""},     {503, "", ""}, {418, "", ""}};
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        struct admin_response in = {.code = CASES[i].code, .body = span_str(CASES[i].body)}, out;
        struct admin_parser *p = admin_parser_new(true);
        struct buf b;
        size_t used;
        bool done;
        buf_init(&b, 0);
        memcpy(in.next_uri, CASES[i].next, strlen(CASES[i].next));
        if (i == 0) {
            assert_int_equal(aid_isd_p(0x13, &in.target), ERR_OK);
        }
        admin_response_put(&b, &in);
        assert_false(b.failed);
        assert_int_equal(feed_all(p, buf_span(&b), 2, &used, &done), ERR_OK);
        assert_true(done && used == b.n);
        assert_int_equal(admin_parser_response(p, &out), ERR_OK);
        assert_int_equal(out.code, in.code);
        assert_string_equal(out.next_uri, in.next_uri);
        assert_true(aid_eq(&out.target, &in.target));
        assert_int_equal(out.body.n, in.body.n);
        buf_fini(&b);
        admin_parser_free(p);
    }
}

static void variants_are_read(void **state)
{
    (void)state;
    static const char MSG[] =
        "\r\nPOST /x HTTP/1.1\r\nhOsT:h\r\nx-admin-protocol:globalplatform-remote-admin/1.0\r\n"
        "X-ADMIN-FROM: //SE-ID/eid/" EID " ;//aaid/aid/A000000559/1010FFFFFFFF8900000100;//x/y\r\n"
        "x-admin-script-status:  OK\t \r\nX-Admin-Resume: TRUE\r\nX-Other: \x01\r\n\r\n";
    char s[sizeof MSG];
    struct admin_request r;
    struct admin_parser *p = admin_parser_new(false);
    size_t used;
    bool done;
    memcpy(s, MSG, sizeof MSG);
    *strchr(s, '\x01') = '~';
    assert_int_equal(feed_all(p, span_str(s), 5, &used, &done), ERR_OK);
    assert_true(done);
    assert_int_equal(admin_parser_request(p, &r), ERR_OK);
    char eid[EID_TEXT];
    eid_text(&r.from_eid, eid);
    assert_string_equal(eid, EID);
    assert_true(aid_eq(&r.from_aid, &AID_ISD_R));
    assert_true(r.resume && r.status == ADMIN_STATUS_OK);
    admin_parser_free(p);
}

static void statuses(void **state)
{
    (void)state;
    static const struct {
        const char *word;
        enum admin_script_status want;
    } CASES[] = {{"ok", ADMIN_STATUS_OK},
                 {"unknown-application", ADMIN_STATUS_UNKNOWN_APPLICATION},
                 {"not-a-security-domain", ADMIN_STATUS_NOT_A_SD},
                 {"security-error", ADMIN_STATUS_SECURITY_ERROR},
                 {"busy", ADMIN_STATUS_OTHER},
                 {"", ADMIN_STATUS_OTHER}};
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        char s[256];
        struct admin_request r;
        struct admin_parser *p = admin_parser_new(false);
        size_t used;
        bool done;
        (void)snprintf(s, sizeof s, HEAD "X-Admin-Script-Status: %s\r\n\r\n", CASES[i].word);
        assert_int_equal(feed_all(p, span_str(s), 9, &used, &done), ERR_OK);
        assert_int_equal(admin_parser_request(p, &r), ERR_OK);
        assert_int_equal(r.status, CASES[i].want);
        admin_parser_free(p);
    }
}

static void good_messages(void **state)
{
    (void)state;
    assert_int_equal(request(HEAD "\r\n"), ERR_OK);
    assert_int_equal(request(HEAD "Content-Length: 0\r\n\r\n"), ERR_OK);
    assert_int_equal(request(HEAD "Content-Length: 00003\r\n\r\nabc"), ERR_OK);
    assert_int_equal(request(HEAD CHUNKED "\r\n0\r\n\r\n"), ERR_OK);
    assert_int_equal(request(HEAD CHUNKED "\r\n00000001\r\na\r\n2\r\nbc\r\n0\r\n\r\n"), ERR_OK);
    assert_int_equal(request(HEAD CHUNKED "\r\na\r\n0123456789\r\nA\r\n0123456789\r\n0\r\n\r\n"),
                     ERR_OK);
    assert_int_equal(request(HEAD "X-Admin-From: //se-id/cin/1;iin/2\r\n\r\n"), ERR_OK);
    assert_int_equal(request(HEAD "X-Admin-From: //aa-id/aid/A000000559/-\r\n\r\n"), ERR_OK);
    assert_int_equal(request(HEAD "X-Admin-Next-URI: a b\r\n\r\n"), ERR_OK); /* not of this side */
    assert_int_equal(response("HTTP/1.1 204\r\n" PROTO "\r\n"), ERR_OK);
    assert_int_equal(response("HTTP/1.1 503 Busy now\r\n\r\n"), ERR_OK);
    assert_int_equal(response(OK200 "Content-Length: 2\r\n\r\nok"), ERR_OK);
    /* not finished yet */
    assert_int_equal(request(HEAD), ERR_AGAIN);
    assert_int_equal(request(HEAD "Content-Length: 4\r\n\r\nabc"), ERR_AGAIN);
    assert_int_equal(request(HEAD CHUNKED "\r\n1\r\na\r\n0\r\n\r"), ERR_AGAIN);
}

static void start_lines_are_refused(void **state)
{
    (void)state;
    static const char *const BAD[] = {
        "GET /p HTTP/1.1\r\n" PROTO "\r\n",
        "post /p HTTP/1.1\r\n" PROTO "\r\n",
        "POST /p HTTP/1.0\r\n" PROTO "\r\n",
        "POST /p HTTP/1.1 \r\n" PROTO "\r\n",
        "POST  HTTP/1.1\r\n" PROTO "\r\n",
        "POST /a b HTTP/1.1\r\n" PROTO "\r\n",
        "POST /p\r\n" PROTO "\r\n",
        "POST /\t HTTP/1.1\r\n" PROTO "\r\n",
        "POST /\x80 HTTP/1.1\r\n" PROTO "\r\n",
        " POST /p HTTP/1.1\r\n" PROTO "\r\n",
        "\r\n\r\nPOST /p HTTP/1.1\r\n",
        "\nPOST /p HTTP/1.1\r\n",
    };
    for (size_t i = 0; i < sizeof BAD / sizeof *BAD; i++) {
        assert_int_equal(request(BAD[i]), ERR_FORMAT);
    }
    static const char *const BAD_STATUS[] = {
        "HTTP/1.0 200 OK\r\n" PROTO "\r\n",       "HTTP/1.1 20 OK\r\n" PROTO "\r\n",
        "HTTP/1.1 2000 OK\r\n" PROTO "\r\n",      "HTTP/1.1 2x0 OK\r\n" PROTO "\r\n",
        "HTTP/1.1 100 Continue\r\n" PROTO "\r\n", "HTTP/1.1 600 X\r\n" PROTO "\r\n",
        "HTTP/1.1  200 OK\r\n" PROTO "\r\n",      "HTTP/1.1 200 O\x01K\r\n" PROTO "\r\n",
    };
    for (size_t i = 0; i < sizeof BAD_STATUS / sizeof *BAD_STATUS; i++) {
        assert_int_equal(response(BAD_STATUS[i]), ERR_FORMAT);
    }
}

static void fields_are_refused(void **state)
{
    (void)state;
    static const char *const BAD[] = {
        POST "\r\n", /* no protocol named */
        POST "X-Admin-Protocol: something/1.0\r\n\r\n",
        HEAD PROTO "\r\n", /* twice */
        HEAD "Host: a\r\nHost: b\r\n\r\n",
        HEAD "Content-Length: 1\r\nContent-Length: 1\r\n\r\na",
        HEAD CHUNKED CHUNKED "\r\n0\r\n\r\n",
        HEAD "Content-Length: 1\r\n" CHUNKED "\r\n0\r\n\r\n",
        HEAD CHUNKED "Content-Length: 0\r\n\r\n0\r\n\r\n",
        HEAD "Content-Length: \r\n\r\n",
        HEAD "Content-Length: +1\r\n\r\na",
        HEAD "Content-Length: -1\r\n\r\na",
        HEAD "Content-Length: 1, 1\r\n\r\na",
        HEAD "Content-Length: 0x1\r\n\r\na",
        HEAD "Content-Length: 1 1\r\n\r\na",
        HEAD "Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
        HEAD "Transfer-Encoding: identity\r\n\r\n",
        HEAD "Transfer-Encoding:\r\n\r\n",
        HEAD "X-A: b\r\n c\r\n\r\n", /* folded */
        HEAD "X-A: b\r\n\tc: d\r\n\r\n",
        POST " " PROTO "\r\n",
        HEAD "X-A : b\r\n\r\n",
        HEAD "X-A\r\n\r\n",
        HEAD ": b\r\n\r\n",
        HEAD "X A: b\r\n\r\n",
        HEAD "X-A: b\x01\r\n\r\n",
        HEAD "X-A: b\x7F\r\n\r\n",
        HEAD "X-A: b\n\r\n",      /* bare LF */
        HEAD "X-A: b\rc\r\n\r\n", /* bare CR */
        HEAD "X-A: b\r\r\n\r\n",
        HEAD "X-Admin-Resume: maybe\r\n\r\n",
        HEAD "X-Admin-From: //se-id/eid/8900\r\n\r\n",
        HEAD "X-Admin-From: //se-id/eid/" EID "1\r\n\r\n",
        HEAD "X-Admin-From: //se-id/eid/8900101201234123401234567890122A\r\n\r\n",
        HEAD "X-Admin-From: //aa-id/aid/A0000005/59\r\n\r\n",
        HEAD "X-Admin-From: //aa-id/aid/A000000559/1\r\n\r\n",
        HEAD "X-Admin-From: //aa-id/aid/A000000559/1010FFFFFFFF890000010011\r\n\r\n",
        HEAD "X-Admin-From: //aa-id/aid/A00000055G/10\r\n\r\n",
        HEAD "Content-Type: text/html\r\nContent-Length: 0\r\n\r\n",
    };
    for (size_t i = 0; i < sizeof BAD / sizeof *BAD; i++) {
        assert_int_equal(request(BAD[i]), ERR_FORMAT);
    }
    assert_int_equal(response("HTTP/1.1 200 OK\r\n\r\n"), ERR_FORMAT);
    assert_int_equal(response(OK200 "X-Admin-Next-URI: a b\r\n\r\n"), ERR_FORMAT);
    assert_int_equal(response(OK200 "X-Admin-Next-URI:\r\n\r\n"), ERR_FORMAT);
    assert_int_equal(response(OK200 "X-Admin-Targeted-Application: A000000559\r\n\r\n"),
                     ERR_FORMAT);
    assert_int_equal(response("HTTP/1.1 204 No\r\n" PROTO "Content-Length: 1\r\n\r\na"),
                     ERR_FORMAT);
    assert_int_equal(response("HTTP/1.1 204 No\r\n" PROTO CHUNKED "\r\n0\r\n\r\n"), ERR_FORMAT);
    static const char NUL_INSIDE[] = HEAD "X-A: b\0c\r\n\r\n";
    assert_int_equal(verdict(span_of(NUL_INSIDE, sizeof NUL_INSIDE - 1), false), ERR_FORMAT);
}

static void chunks_are_refused(void **state)
{
    (void)state;
    static const char *const BAD[] = {
        "\r\n",
        ";x=y\r\n",
        "1;x=y\r\na\r\n0\r\n\r\n",
        "1 \r\na\r\n0\r\n\r\n",
        " 1\r\na\r\n",
        "0x1\r\na\r\n",
        "g\r\n",
        "-1\r\n",
        "000000001\r\n",
        "1\na\r\n",
        "1\r\r\n",
        "1\r\nab\r\n",
        "1\r\na\n",
        "1\r\na\rX",
        "0\r\nX-Trailer: 1\r\n",
        "0\r\n\rX",
        "0\rX",
    };
    for (size_t i = 0; i < sizeof BAD / sizeof *BAD; i++) {
        char s[256];
        (void)snprintf(s, sizeof s, "%s%s", HEAD CHUNKED "\r\n", BAD[i]);
        assert_int_equal(request(s), ERR_FORMAT);
    }
    assert_int_equal(request(HEAD CHUNKED "\r\n10001\r\n"), ERR_TOO_LARGE);
    assert_int_equal(request(HEAD CHUNKED "\r\nFFFFFFFF\r\n"), ERR_TOO_LARGE);
    assert_int_equal(request(HEAD CHUNKED "\r\n1\r\na\r\n10000\r\n"), ERR_TOO_LARGE);
}

static void limits(void **state)
{
    (void)state;
    static char s[3 * ADMIN_HEAD_MAX];
    static char pad[2 * ADMIN_HEAD_MAX];
    const size_t frame = strlen(HEAD "X-A: \r\n\r\n");
    for (size_t extra = 0; extra < 2;
         extra++) { /* a head of exactly the limit, and one octet more */
        size_t n = ADMIN_HEAD_MAX - frame + extra;
        memset(pad, 'a', n);
        pad[n] = '\0';
        (void)snprintf(s, sizeof s, HEAD "X-A: %s\r\n\r\n", pad);
        assert_int_equal(request(s), extra ? ERR_TOO_LARGE : ERR_OK);
        n = ADMIN_URI_MAX - 1 + extra;
        pad[n] = '\0';
        (void)snprintf(s, sizeof s, "POST %s HTTP/1.1\r\n" PROTO "\r\n", pad);
        assert_int_equal(request(s), extra ? ERR_TOO_LARGE : ERR_OK);
        (void)snprintf(s, sizeof s, OK200 "X-Admin-Next-URI: %s\r\n\r\n", pad);
        assert_int_equal(response(s), extra ? ERR_TOO_LARGE : ERR_OK);
    }
    assert_int_equal(request(HEAD "Content-Length: 65536\r\n\r\n"), ERR_AGAIN);
    assert_int_equal(request(HEAD "Content-Length: 65537\r\n\r\n"), ERR_TOO_LARGE);
    assert_int_equal(request(HEAD "Content-Length: 99999999999999999999\r\n\r\n"), ERR_TOO_LARGE);
}

static void next_message_follows(void **state)
{
    (void)state;
    static const char TWO[] =
        HEAD "Content-Length: 3\r\n\r\nabc" HEAD CHUNKED "\r\n1\r\nd\r\n0\r\n\r\n";
    struct span s = span_str(TWO);
    struct admin_parser *p = admin_parser_new(false);
    struct admin_request r;
    struct admin_response other;
    size_t used = 0;
    bool done = false;
    assert_int_equal(admin_parser_request(p, &r), ERR_STATE);
    assert_int_equal(admin_parser_feed(p, s, &used, &done), ERR_OK);
    assert_true(done && used == strlen(HEAD "Content-Length: 3\r\n\r\nabc"));
    assert_int_equal(admin_parser_response(p, &other), ERR_STATE);
    assert_int_equal(admin_parser_request(p, &r), ERR_OK);
    assert_true(span_eq(r.body, span_str("abc")));
    s = span_of(s.p + used, s.n - used);
    assert_int_equal(admin_parser_feed(p, s, &used, &done), ERR_STATE);
    assert_true(used == 0 && !done);
    admin_parser_next(p);
    assert_int_equal(admin_parser_request(p, &r), ERR_STATE);
    assert_int_equal(admin_parser_feed(p, s, &used, &done), ERR_OK);
    assert_true(done && used == s.n);
    assert_int_equal(admin_parser_request(p, &r), ERR_OK);
    assert_true(span_eq(r.body, span_str("d")));
    admin_parser_free(p);
    admin_parser_free(NULL);
}

static void an_error_ends_the_session(void **state)
{
    (void)state;
    struct admin_parser *p = admin_parser_new(false);
    struct admin_request r;
    size_t used;
    bool done;
    assert_int_equal(admin_parser_feed(p, span_str("\n"), &used, &done), ERR_FORMAT);
    admin_parser_next(p);
    assert_int_equal(admin_parser_feed(p, span_str(HEAD "\r\n"), &used, &done), ERR_FORMAT);
    assert_int_equal(admin_parser_request(p, &r), ERR_STATE);
    admin_parser_free(p);
}

static bool request_written(const struct admin_request *r, const char *host)
{
    struct buf b;
    buf_init(&b, 0);
    admin_request_put(&b, r, host);
    bool ok = !b.failed;
    buf_fini(&b);
    return ok;
}

static bool response_written(const struct admin_response *r)
{
    struct buf b;
    buf_init(&b, 0);
    admin_response_put(&b, r);
    bool ok = !b.failed;
    buf_fini(&b);
    return ok;
}

static void writers_refuse(void **state)
{
    (void)state;
    static uint8_t big[ADMIN_BODY_MAX + 1];
    struct admin_request r = {.uri = "/ok"};
    assert_true(request_written(&r, "h"));
    assert_false(request_written(&r, ""));
    assert_false(request_written(&r, "h\r\nX: y"));
    struct admin_request bad = {.uri = "/a b"};
    assert_false(request_written(&bad, "h"));
    bad = (struct admin_request){.uri = ""};
    assert_false(request_written(&bad, "h"));
    bad = (struct admin_request){.uri = "/ok", .status = ADMIN_STATUS_OTHER};
    assert_false(request_written(&bad, "h"));
    bad = (struct admin_request){.uri = "/ok", .body = span_of(big, sizeof big)};
    assert_false(request_written(&bad, "h"));
    struct admin_response s = {.code = 200};
    assert_true(response_written(&s));
    s.code = 199;
    assert_false(response_written(&s));
    s.code = 600;
    assert_false(response_written(&s));
    s = (struct admin_response){.code = 204, .body = span_of(big, 1)};
    assert_false(response_written(&s));
    s = (struct admin_response){.code = 200, .next_uri = "/a\r\nX: y"};
    assert_false(response_written(&s));
    s = (struct admin_response){.code = 200, .body = span_of(big, sizeof big)};
    assert_false(response_written(&s));
    s = (struct admin_response){.code = 200, .target = {.n = 3}};
    assert_false(response_written(&s));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bodies_go_round),
        cmocka_unit_test(responses_go_round),
        cmocka_unit_test(variants_are_read),
        cmocka_unit_test(statuses),
        cmocka_unit_test(good_messages),
        cmocka_unit_test(start_lines_are_refused),
        cmocka_unit_test(fields_are_refused),
        cmocka_unit_test(chunks_are_refused),
        cmocka_unit_test(limits),
        cmocka_unit_test(next_message_follows),
        cmocka_unit_test(an_error_ends_the_session),
        cmocka_unit_test(writers_refuse),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
