/* SPDX-License-Identifier: Apache-2.0 */
/* Links: remora_test_support remora_smctl remora_pki */
/* smctl against the other end of a real connection: refusals, silence, deliveries, mistakes
 * (design 3.3, 3.4). */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "common/msg/es2.h"
#include "common/msg/es4.h"
#include "test/support/fake_daemon.h"
#include "tools/smctl/eis_file.h"

#include <signal.h>
#include <stdio.h>

static struct ran ran;

#define EID_A   "89001012012341234012345678901224"
#define ICCID_A "8949010000000000001"

static void refuse_all(struct fake *f, struct rpc *r, const struct envelope *e, bool repeat)
{
    const struct es4_enable_profile_request *q = e->message.body;

    (void)f;
    (void)repeat;
    fake_answer(r, e, &q->eid, EXEC_FAILED, "8.2.3", "3.8", VERDICT_FAILED);
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
    fake_start(&f, NULL, NULL);
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
    fake_send(r, &a);
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
        fake_send(r, &e);
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

/* --- what never reaches a daemon --- */
static void mistakes_send_nothing(void **state)
{
    struct fake f;
    char eids[512], eis[512];
    FILE *out;

    (void)state;
    fake_start(&f, silent_request, NULL);
    fake_eids(&f, eids, 3, " x");
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
        cmocka_unit_test(refusals_are_explained),
        cmocka_unit_test(refused_at_the_door),
        cmocka_unit_test(no_answer_is_said),
        cmocka_unit_test(deliveries_are_printed_then_acknowledged),
        cmocka_unit_test(mistakes_send_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
