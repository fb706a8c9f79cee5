/* SPDX-License-Identifier: Apache-2.0 */
/* smctl against the other end of a real connection: bulk calls, lost connections, late verdicts,
 * deliveries, refusals (design 3.3, 3.4). */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "common/msg/es1.h"
#include "common/msg/es2.h"
#include "common/msg/es4.h"
#include "test/unit/tools/smctl/fake_daemon.h"
#include "tools/smctl/eis_file.h"

static struct ran ran;

static void send(struct rpc *r, struct envelope *e)
{
    fake_must(rpc_send(r, e, NULL) == ERR_OK, "the daemon cannot answer");
}

static struct uuid op_of(const struct eid *eid)
{
    struct uuid u;

    memcpy(u.b, eid->b, sizeof u.b);
    return u;
}

static void accepted(struct rpc *r, const struct envelope *e, const struct eid *eid)
{
    struct envelope a = {
        .kind = ENV_ACCEPTED, .relates_to = e->message_id, .operation = op_of(eid)};

    send(r, &a);
}

static void answer(struct rpc *r, const struct envelope *e, const struct eid *eid,
                   enum exec_status s, const char *subject, const char *reason, enum verdict v)
{
    struct es2_download_profile_response body = {.base = {.answer = {.status = s}}};
    struct envelope a = {.kind = ENV_RESPONSE,
                         .relates_to = e->message_id,
                         .operation = op_of(eid),
                         .verdict = v,
                         .message = {msg_type_response(e->message.type), &body}};

    memcpy(body.base.answer.code.subject, subject, strlen(subject) + 1);
    memcpy(body.base.answer.code.reason, reason, strlen(reason) + 1);
    if (e->message.type == MSG_ES2_DOWNLOAD_PROFILE_REQUEST && s == EXEC_SUCCESS)
        (void)!iccid_parse(span_str("8949010000000000001"), &body.iccid);
    send(r, &a);
}

static void write_eids(struct fake *f, char path[512], unsigned n, const char *behind)
{
    FILE *out;

    tmpdir_path(&f->dir, "eids", path, 512);
    out = fopen(path, "w");
    assert_non_null(out);
    for (unsigned i = 0; i < n; i++) {
        char digits[31], text[EID_TEXT];
        struct eid e;
        (void)snprintf(digits, sizeof digits, "8900101201234123401234%08u", i);
        assert_int_equal(eid_make(digits, &e), ERR_OK);
        eid_text(&e, text);
        fprintf(out, "%s%s\n", text, behind);
    }
    fclose(out);
}

/* --- bulk --- */

/* Number of a card made by write_eids. */
static unsigned number_of(const struct eid *e)
{
    unsigned n = 0;

    for (unsigned i = 11; i < 15; i++)
        n = n * 100 + (e->b[i] >> 4) * 10u + (e->b[i] & 15u);
    return n;
}

/* Cuts the connection twice in the middle; answers by the card's number. */
static void bulk_request(struct fake *f, struct rpc *r, const struct envelope *e, bool repeat)
{
    const struct es2_download_profile_request *q = e->message.body;
    unsigned n = number_of(&q->eid);

    (void)repeat;
    fake_must(e->message.type == MSG_ES2_DOWNLOAD_PROFILE_REQUEST, "another message");
    fake_must(!strcmp(q->smsr_id.s, "1.3.6.1.4.1.99999.1"), "Smsr-id");
    fake_must(rpc_in_flight(r) <= RPC_WINDOW, "the window");
    if (f->report.requests == 100 || f->report.requests == 230) {
        rpc_close(r, NULL);
        return;
    }
    if (n % 50 == 3) {
        answer(r, e, &q->eid, EXEC_FAILED, "8.1.1", "3.9", VERDICT_FAILED);
        return;
    }
    accepted(r, e, &q->eid);
    if (n % 50 == 4)
        answer(r, e, &q->eid, EXEC_FAILED, "8.4", "4.2", VERDICT_ROLLED_BACK);
    else
        answer(r, e, &q->eid, EXEC_SUCCESS, "", "", VERDICT_SUCCESS);
}

static void bulk_survives_lost_connections(void **state)
{
    struct fake f;
    char eids[512], pushed[512], line[128];
    unsigned lines = 0;
    FILE *in;

    (void)state;
    fake_start(&f, bulk_request, NULL);
    write_eids(&f, eids, 300, "");
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
    write_eids(&f, eids, 60, "");
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
        answer(window.rpc, &window.held[i], &window.eid[i], EXEC_SUCCESS, "", "", VERDICT_SUCCESS);
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
    accepted(r, e, &q->eid);
    if (window.n == 3 || number_of(&q->eid) == 9)
        loop_defer(f->loop, &window.end);
}

static void a_fleet_waits_outside(void **state)
{
    struct fake f;
    char eids[512];

    (void)state;
    fake_start(&f, window_request, NULL);
    write_eids(&f, eids, 10, "");
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
    accepted(r, e, &q->eid);
    answer(r, e, &q->eid, EXEC_EXPIRED, "1.6", "5.4", repeat ? VERDICT_SUCCESS : VERDICT_IN_DOUBT);
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

static void refuse_all(struct fake *f, struct rpc *r, const struct envelope *e, bool repeat)
{
    const struct es4_enable_profile_request *q = e->message.body;

    (void)f;
    (void)repeat;
    answer(r, e, &q->eid, EXEC_FAILED, "8.2.3", "3.8", VERDICT_FAILED);
}

static void refusals_are_explained(void **state)
{
    struct fake f;

    (void)state;
    fake_start(&f, refuse_all, NULL);
    SMCTL(&f, &ran, "--as", "fleet", "profile", "disable", "--eid", EID_A, "--iccid", ICCID_A);
    assert_int_equal(ran.code, XC_REFUSED);
    assert_non_null(strstr(ran.out, "refused: POL2"));
    assert_non_null(strstr(ran.out, "  next: smctl --config "));
    assert_non_null(strstr(ran.out, " --as fleet eis show " EID_A));
    /* The same by ES2. */
    SMCTL(&f, &ran, "--as", "operator-b", "profile", "delete", "--via", "smdp", "--eid", EID_A,
          "--iccid", ICCID_A, "--json");
    assert_int_equal(ran.code, XC_REFUSED);
    assert_non_null(strstr(ran.out, "\"outcome\":\"refused\""));
    fake_end(&f);
}

/* It was reached, and said no: not "server not reachable". */
static void refused_at_the_door(void **state)
{
    struct fake f;

    (void)state;
    fake_refuses = true;
    fake_start(&f, refuse_all, NULL);
    fake_refuses = false;
    SMCTL(&f, &ran, "--as", "fleet", "profile", "push", "--eid", EID_A, "--type", "meter");
    assert_int_equal(ran.code, XC_REFUSED);
    assert_non_null(strstr(ran.err, "is not a party"));
    assert_non_null(strstr(ran.err, "context fleet speaks as fleet"));
    assert_non_null(strstr(ran.err, "operator-b"));
    SMCTL(&f, &ran, "--as", "fleet", "operation", "list", "--via", "smdp");
    assert_int_equal(ran.code, XC_REFUSED);
    assert_non_null(strstr(ran.err, "context fleet speaks as fleet"));
    SMCTL(&f, &ran, "--as", "fleet", "notify", "follow", "--limit", "1");
    assert_int_equal(ran.code, XC_REFUSED);
    fake_end(&f);
}

static void error_request(struct fake *f, struct rpc *r, const struct envelope *e, bool repeat)
{
    struct envelope a = {.kind = ENV_ERROR,
                         .relates_to = e->message_id,
                         .error_text = span_str("no such\033[2J thing")};

    (void)f;
    (void)repeat;
    send(r, &a);
}

static void silent_request(struct fake *f, struct rpc *r, const struct envelope *e, bool repeat)
{
    (void)f;
    (void)r;
    (void)e;
    (void)repeat;
}

static void no_answer_is_said(void **state)
{
    struct fake f;

    (void)state;
    fake_start(&f, error_request, NULL);
    SMCTL(&f, &ran, "--as", "fleet", "audit", EID_A);
    assert_int_equal(ran.code, XC_CONNECTION);
    assert_null(strchr(ran.out, '\033'));
    fake_end(&f);
    fake_start(&f, silent_request, NULL);
    SMCTL(&f, &ran, "--as", "fleet", "audit", EID_A, "--timeout", "1");
    assert_int_equal(ran.code, XC_DOUBT);
    assert_non_null(strstr(ran.out, "unanswered"));
    SMCTL(&f, &ran, "--as", "admin", "status", "--timeout", "1");
    assert_int_equal(ran.code, XC_DOUBT);
    kill(f.pid, SIGSTOP); /* reached, but nobody speaks */
    SMCTL(&f, &ran, "--as", "admin", "status", "--retry", "0");
    assert_int_equal(ran.code, XC_CONNECTION);
    kill(f.pid, SIGCONT);
    fake_end(&f);
}

/* --- deliveries --- */

static void deliver_five(struct fake *f, struct rpc *r, const struct envelope *hello)
{
    for (uint64_t no = hello->last_delivery_no + 1; no <= 5; no++) {
        struct es4_handle_profile_enabled_notification n = {.completion_timestamp_ms =
                                                                1700000000000};
        struct envelope e = {.kind = ENV_NOTICE,
                             .delivery_no = no,
                             .message = {MSG_ES4_HANDLE_PROFILE_ENABLED_NOTIFICATION, &n}};
        (void)!eid_parse(EID_A, &n.eid);
        (void)!iccid_parse(span_str(ICCID_A), &n.iccid);
        send(r, &e);
    }
    fake_must(hello->subscribe, "a subscriber");
    (void)f;
}

static void deliveries_are_printed_then_acknowledged(void **state)
{
    struct fake f;

    (void)state;
    fake_start(&f, silent_request, deliver_five);
    SMCTL(&f, &ran, "--as", "operator-b", "notify", "follow", "--limit", "3");
    assert_int_equal(ran.code, XC_OK);
    assert_non_null(strstr(ran.out, "3  ES4-HandleProfileEnabledNotification  EID " EID_A));
    assert_null(strstr(ran.out, "\n4  "));
    struct fake_report r = fake_end(&f);
    assert_int_equal(r.acked, 3);
    assert_int_equal(r.last_no, 0);
}

/* --- eis import --- */

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
    arena_init(&arena, 1 << 20);
    fake_must(e->message.type == MSG_ES1_REGISTER_EIS_REQUEST, "another message");
    fake_must(eis_file_eid(q->eis, &arena, &eid), "the entry as it stands in the file");
    arena_fini(&arena);
    if (number_of(&eid) == 2)
        code = (struct gsma_code){"8.1.1", "3.3"};
    if (number_of(&eid) == 5)
        code = (struct gsma_code){"8.6", "6.2"};
    body.base.answer.code = code;
    body.base.answer.status = code.subject[0] ? EXEC_FAILED : EXEC_SUCCESS;
    send(r, &a);
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
    SMCTL(&f, &ran, "--as", "eum", "eis", "import", eis);
    assert_int_equal(ran.code, XC_REFUSED);
    assert_non_null(strstr(ran.out, "RegisterEIS: 8 of 10 ok, 1 done before, 1 refused"));
    assert_non_null(strstr(ran.out, "8.6-6.2 EUM signature does not fit"));
    assert_null(strstr(ran.out, "8.1.1-3.3"));
    SMCTL(&f, &ran, "--as", "eum", "eis", "import",
          f.dir.path); /* every .eis file of a directory */
    assert_non_null(strstr(ran.out, "8 of 10 ok"));
    struct fake_report r = fake_end(&f);
    assert_int_equal(r.calls, 20);
}

/* --- what never reaches a daemon --- */

static void mistakes_send_nothing(void **state)
{
    struct fake f;
    char eids[512], eis[512];
    FILE *out;

    (void)state;
    fake_start(&f, silent_request, NULL);
    write_eids(&f, eids, 3, " x");
    tmpdir_path(&f.dir, "cut.eis", eis, sizeof eis);
    out = fopen(eis, "w");
    fputs("\x01\x02", out);
    fclose(out);
    SMCTL(&f, &ran, "--as", "fleet", "profile", "enable", "--eids", eids);
    assert_int_equal(ran.code, XC_USAGE);
    assert_non_null(strstr(ran.err, "line 1"));
    SMCTL(&f, &ran, "--as", "fleet", "profile", "enable", "--eids", eids, "--eid", EID_A);
    assert_int_equal(ran.code, XC_USAGE);
    SMCTL(&f, &ran, "--as", "fleet", "profile", "enable", "--eid", EID_A);
    assert_int_equal(ran.code, XC_USAGE);
    SMCTL(&f, &ran, "--as", "eum", "eis", "import", eis);
    assert_int_equal(ran.code, XC_USAGE);
    assert_non_null(strstr(ran.err, "ends inside an entry"));
    SMCTL(&f, &ran, "--as", "eum", "eis", "import", f.dir.path);
    assert_int_equal(ran.code, XC_USAGE);
    SMCTL(&f, &ran, "--as", "operator-b", "profile", "push", "--eid", EID_A);
    assert_int_equal(ran.code, XC_USAGE);
    SMCTL(&f, &ran, "--as", "operator-b", "profile", "push", "--eid", EID_A, "--type", "x",
          "--call-id", "");
    assert_int_equal(ran.code, XC_USAGE);
    SMCTL(&f, &ran, "--as", "nobody", "status");
    assert_int_equal(ran.code, XC_USAGE);
    SMCTL(&f, &ran, "--as", "fleet", "eis", "list", "--nonsense");
    assert_int_equal(ran.code, XC_USAGE);
    assert_non_null(strstr(ran.err, "smctl help eis list lists"));
    SMCTL(&f, &ran, "--nonsense");
    assert_int_equal(ran.code, XC_USAGE);
    assert_non_null(strstr(ran.err, "smctl help lists"));
    SMCTL(&f, &ran, "--as", "fleet", "operation", "list", "--last", "1", "--limit", "1");
    assert_int_equal(ran.code, XC_USAGE);
    SMCTL(&f, &ran, "--as", "fleet", "eis", "list", "--state", "Available");
    assert_int_equal(ran.code, XC_USAGE);
    assert_non_null(strstr(ran.err, "Created, Disabled, Enabled"));
    SMCTL(&f, &ran, "--as", "fleet", "status", "--via", "hlr");
    assert_int_equal(ran.code, XC_USAGE);
    SMCTL(&f, &ran, "--as", "fleet", "status", "--eid", EID_A);
    assert_int_equal(ran.code, XC_USAGE);
    SMCTL(&f, &ran, "--as", "operator-b", "profile", "import", "--type", "x", eids);
    assert_int_equal(ran.code, XC_USAGE);
    SMCTL(&f, &ran, "--as", "operator-b", "profile", "template", "add", "--type", "x");
    assert_int_equal(ran.code, XC_USAGE);
    SMCTL(&f, &ran, "help", "eis", "import");
    assert_int_equal(ran.code, XC_OK);
    assert_non_null(strstr(ran.out, "EXIT CODES"));
    /* The text of an option that several commands share is the command's own. */
    SMCTL(&f, &ran, "help", "eis", "list");
    assert_non_null(strstr(ran.out, "Created Disabled Enabled"));
    assert_null(strstr(ran.out, "running daemon"));
    SMCTL(&f, &ran, "help", "log", "verify");
    assert_non_null(strstr(ran.out, "--state DIR"));
    assert_null(strstr(ran.out, "in this state"));
    struct fake_report r = fake_end(&f);
    assert_int_equal(r.requests, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bulk_survives_lost_connections),
        cmocka_unit_test(bulk_json_sums),
        cmocka_unit_test(a_fleet_waits_outside),
        cmocka_unit_test(an_answer_is_not_the_verdict),
        cmocka_unit_test(refusals_are_explained),
        cmocka_unit_test(refused_at_the_door),
        cmocka_unit_test(no_answer_is_said),
        cmocka_unit_test(deliveries_are_printed_then_acknowledged),
        cmocka_unit_test(an_import_counts_every_entry),
        cmocka_unit_test(mistakes_send_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
