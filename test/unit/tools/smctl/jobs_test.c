/* SPDX-License-Identifier: Apache-2.0 */
/* Links: remora_test_support remora_smctl remora_pki */
/* smctl with whole fleets: bulk calls, lost connections, the window, late verdicts, imports
 * (design 3.3, 3.4). */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "common/msg/admin.h"
#include "common/msg/es1.h"
#include "common/msg/es2.h"
#include "common/msg/es4.h"
#include "test/support/fake_daemon.h"
#include "tools/smctl/eis_file.h"

#include <signal.h>
#include <stdio.h>

static struct ran ran;

/* --- bulk --- */
/* Cuts the connection twice in the middle; answers by the card's number. */
static void bulk_request(struct fake *f, struct rpc *r, const struct envelope *e, bool repeat)
{
    const struct es2_download_profile_request *q = e->message.body;
    unsigned n = fake_number(&q->eid);

    (void)repeat;
    fake_must(e->message.type == MSG_ES2_DOWNLOAD_PROFILE_REQUEST, "another message");
    fake_must(!strcmp(q->smsr_id.s, "1.3.6.1.4.1.99999.1"), "Smsr-id");
    fake_must(rpc_in_flight(r) <= RPC_WINDOW, "the window");
    if (f->report.requests == 100 || f->report.requests == 230) {
        rpc_close(r, NULL);
        return;
    }
    if (n % 50 == 3) {
        fake_answer(r, e, &q->eid, EXEC_FAILED, "8.1.1", "3.9", VERDICT_FAILED);
        return;
    }
    fake_accept(r, e, &q->eid);
    if (n % 50 == 4)
        fake_answer(r, e, &q->eid, EXEC_FAILED, "8.4", "4.2", VERDICT_ROLLED_BACK);
    else
        fake_answer(r, e, &q->eid, EXEC_SUCCESS, "", "", VERDICT_SUCCESS);
}

static void bulk_survives_lost_connections(void **state)
{
    struct fake f;
    char eids[512], pushed[512], line[128];
    unsigned lines = 0;
    FILE *in;

    (void)state;
    fake_start(&f, bulk_request, NULL);
    fake_eids(&f, eids, 300, "");
    tmpdir_path(&f.dir, "pushed", pushed, sizeof pushed);
    SMCTL(&f, &ran, "--as", "operator-b", "profile", "push", "--eids", eids, "--type", "blue",
          "--out", pushed, "--progress");
    assert_int_equal(ran.code, XC_FAILED);
    assert_non_null(strstr(ran.out, "DownloadProfile: 288 of 300 ok, 6 refused, 6 rolled-back"));
    assert_non_null(strstr(ran.out, "8.1.1-3.9"));
    assert_non_null(strstr(ran.out, "next: check the EID on"));
    assert_non_null(strstr(ran.err, "300/300"));
    in = fopen(pushed, "r");
    assert_non_null(in);
    while (fgets(line, sizeof line, in))
        lines += strstr(line, " 8949010000000000001\n") != NULL;
    fclose(in);
    assert_int_equal(lines, 288);
    struct fake_report r = fake_end(&f);
    assert_int_equal(r.calls, 300); /* the repeats were the same calls */
    assert_true(r.repeats >= 2);
    assert_int_equal(r.hellos, 3);
    assert_int_equal(r.subscribes, 0);
}

static void bulk_json_sums(void **state)
{
    struct fake f;
    char eids[512];
    unsigned lines = 0;

    (void)state;
    fake_start(&f, bulk_request, NULL);
    fake_eids(&f, eids, 60, "");
    SMCTL(&f, &ran, "--as", "operator-b", "profile", "push", "--eids", eids, "--type", "blue",
          "--json", "--call-id", "run-1");
    assert_int_equal(ran.code, XC_FAILED);
    for (const char *p = ran.out; (p = strchr(p, '\n')); p++)
        lines++;
    assert_int_equal(lines, 61);
    assert_non_null(strstr(ran.out, "\"summary\":{\"function\":\"DownloadProfile\",\"total\":60,"
                                    "\"already\":0,\"ok\":56,\"warning\":0,\"refused\":2,"
                                    "\"failed\":0,\"rolled-back\":2"));
    /* The same command with the same call id is the same calls. */
    SMCTL(&f, &ran, "--as", "operator-b", "profile", "push", "--eids", eids, "--type", "blue",
          "--json", "--call-id", "run-1");
    struct fake_report r = fake_end(&f);
    assert_int_equal(r.calls, 60);
}

/* Three may be under way: they end when nothing more comes. */
static struct {
    struct loop_task end;
    struct rpc *rpc;
    struct envelope held[4];
    struct eid eid[4];
    unsigned n;
} window;

static void window_end(void *ctx)
{
    (void)ctx;
    for (unsigned i = 0; i < window.n; i++)
        fake_answer(window.rpc, &window.held[i], &window.eid[i], EXEC_SUCCESS, "", "", VERDICT_SUCCESS);
    window.n = 0;
}

static void window_request(struct fake *f, struct rpc *r, const struct envelope *e, bool repeat)
{
    const struct es2_download_profile_request *q = e->message.body;

    (void)repeat;
    fake_must(window.n < 3, "more under way than --window says");
    if (!window.rpc)
        loop_task_init(&window.end, window_end, NULL);
    window.rpc = r;
    window.held[window.n] = *e;
    window.eid[window.n++] = q->eid;
    fake_accept(r, e, &q->eid);
    if (window.n == 3 || fake_number(&q->eid) == 9)
        loop_defer(f->loop, &window.end);
}

static void a_fleet_waits_outside(void **state)
{
    struct fake f;
    char eids[512];

    (void)state;
    fake_start(&f, window_request, NULL);
    fake_eids(&f, eids, 10, "");
    SMCTL(&f, &ran, "--as", "operator-b", "profile", "push", "--eids", eids, "--type", "blue", "--window", "3");
    assert_int_equal(ran.code, XC_OK);
    SMCTL(&f, &ran, "--as", "operator-b", "profile", "push", "--eids", eids, "--type", "blue", "--window", "0");
    assert_int_equal(ran.code, XC_USAGE);
    struct fake_report r = fake_end(&f);
    assert_int_equal(r.calls, 10);
}

/* --- one call and what becomes of it --- */
static void late_request(struct fake *f, struct rpc *r, const struct envelope *e, bool repeat)
{
    const struct es4_enable_profile_request *q = e->message.body;

    (void)f;
    fake_must(e->message.type == MSG_ES4_ENABLE_PROFILE_REQUEST, "another message");
    fake_must(q->base.has_validity_period && q->base.validity_period_s == 30, "validity");
    fake_accept(r, e, &q->eid);
    fake_answer(r, e, &q->eid, EXEC_EXPIRED, "1.6", "5.4", repeat ? VERDICT_SUCCESS : VERDICT_IN_DOUBT);
}

#define EID_A   "89001012012341234012345678901224"
#define ICCID_A "8949010000000000001"

static void an_answer_is_not_the_verdict(void **state)
{
    struct fake f;

    (void)state;
    fake_start(&f, late_request, NULL);
    SMCTL(&f, &ran, "--as", "fleet", "profile", "enable", "--eid", EID_A, "--iccid", ICCID_A,
          "--validity", "30");
    assert_int_equal(ran.code, XC_DOUBT);
    assert_non_null(strstr(ran.out, "in-doubt 1.6-5.4"));
    SMCTL(&f, &ran, "--as", "fleet", "profile", "enable", "--eid", EID_A, "--iccid", ICCID_A,
          "--validity", "30", "--until-verdict");
    assert_int_equal(ran.code, XC_OK);
    assert_non_null(strstr(ran.out, ": ok"));
    assert_null(strstr(ran.out, "do not ask again"));
    assert_null(strstr(ran.out, "1.6-5.4"));
    struct fake_report r = fake_end(&f);
    assert_int_equal(r.calls, 2);
    assert_int_equal(r.repeats, 1);
}

/* --- eis import --- */
/* What is told of the file behind its calls: it sums. */
static void batch_request(struct rpc *r, const struct envelope *e)
{
    const struct admin_batch_request *q = e->message.body;
    struct admin_batch_row row = {.rows = q->rows, .accepted = q->accepted, .refused = q->refused,
                                  .known = q->known, .order_reference = q->order_reference};
    struct admin_batch_response body = {.row = &row};
    struct envelope a = {.kind = ENV_RESPONSE, .relates_to = e->message_id,
                         .message = {MSG_ADMIN_BATCH_RESPONSE, &body}};

    fake_must(q->rows == 10 && q->accepted == 8 && q->refused == 1 && q->known == 1, "rows that sum");
    fake_must(span_eq(q->order_reference, span_str("PO-1")), "the order reference");
    body.base.answer.status = EXEC_SUCCESS;
    fake_send(r, &a);
}

static void register_request(struct fake *f, struct rpc *r, const struct envelope *e, bool repeat)
{
    const struct es1_register_eis_request *q = e->message.body;
    struct es1_register_eis_response body = {.base = {.answer = {.status = EXEC_SUCCESS}}};
    struct envelope a = {.kind = ENV_RESPONSE,
                         .relates_to = e->message_id,
                         .message = {MSG_ES1_REGISTER_EIS_RESPONSE, &body}};
    struct gsma_code code = {"", ""};
    struct arena arena;
    struct eid eid;

    (void)repeat;
    (void)f;
    if (e->message.type == MSG_ADMIN_BATCH_REQUEST) {
        batch_request(r, e);
        return;
    }
    arena_init(&arena, 1 << 20);
    fake_must(e->message.type == MSG_ES1_REGISTER_EIS_REQUEST, "another message");
    fake_must(eis_file_eid(q->eis, &arena, &eid), "the entry as it stands in the file");
    arena_fini(&arena);
    if (fake_number(&eid) == 2)
        code = (struct gsma_code){"8.1.1", "3.3"};
    if (fake_number(&eid) == 5)
        code = (struct gsma_code){"8.6", "6.2"};
    body.base.answer.code = code;
    body.base.answer.status = code.subject[0] ? EXEC_FAILED : EXEC_SUCCESS;
    fake_send(r, &a);
}

static void write_eis(const char *path, unsigned n)
{
    FILE *out = fopen(path, "w");

    assert_non_null(out);
    for (unsigned i = 0; i < n; i++) {
        struct signed_eis s = {.eum_signature = span_str("sig"),
                               .eum_certificate = span_str("cert")};
        struct eum_signed_info info = {.eum_id = {"1.2.3"}};
        char digits[31];
        struct buf in, all;
        buf_init(&in, 0);
        buf_init(&all, 0);
        (void)snprintf(digits, sizeof digits, "8900101201234123401234%08u", i);
        assert_int_equal(eid_make(digits, &info.eid), ERR_OK);
        assert_int_equal(wire_eum_info_encode(&info, &in), ERR_OK);
        s.eum_signed_info = buf_span(&in);
        assert_int_equal(wire_signed_eis_encode(&s, &all), ERR_OK);
        fprintf(out, "%c%c%c%c", 0, 0, (int)(all.n >> 8), (int)(all.n & 0xFF));
        assert_int_equal(fwrite(all.p, 1, all.n, out), all.n);
        buf_fini(&in);
        buf_fini(&all);
    }
    fclose(out);
}

static void an_import_counts_every_entry(void **state)
{
    struct fake f;
    char eis[512];

    (void)state;
    fake_start(&f, register_request, NULL);
    tmpdir_path(&f.dir, "cards.eis", eis, sizeof eis);
    write_eis(eis, 10);
    SMCTL(&f, &ran, "--as", "eum", "eis", "import", eis, "--order", "PO-1");
    assert_int_equal(ran.code, XC_REFUSED);
    assert_non_null(strstr(ran.out, "RegisterEIS: 8 of 10 ok, 1 done before, 1 refused"));
    assert_non_null(strstr(ran.out, "8.6-6.2 EUM signature does not fit"));
    assert_null(strstr(ran.out, "8.1.1-3.3"));
    assert_non_null(strstr(ran.out, "cards.eis: 10 rows: 8 accepted, 1 refused, 1 known; batch "));
    SMCTL(&f, &ran, "--as", "eum", "eis", "import", f.dir.path, "--order",
          "PO-1"); /* every .eis file of a directory */
    assert_non_null(strstr(ran.out, "8 of 10 ok"));
    struct fake_report r = fake_end(&f);
    assert_int_equal(r.calls, 22);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bulk_survives_lost_connections),
        cmocka_unit_test(bulk_json_sums),
        cmocka_unit_test(a_fleet_waits_outside),
        cmocka_unit_test(an_answer_is_not_the_verdict),
        cmocka_unit_test(an_import_counts_every_entry),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
