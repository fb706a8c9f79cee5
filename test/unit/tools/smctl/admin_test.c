/* SPDX-License-Identifier: Apache-2.0 */
/* Links: remora_test_support remora_smctl remora_pki */
/* What smctl asks of our own interface: the log walked, verified and told as a story, operations
 * (design 3.2, 5). */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "common/journal/chain.h"
#include "common/msg/admin.h"
#include "common/wire/wire.h"
#include "common/msg/catalogue.h"
#include "test/support/fake_daemon.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define N     700u
#define OP    "01900000-0000-7000-8000-000000000001"
#define EID_A "89001012012341234012345678901224"

static struct ran ran;

/* What the daemon hands out: the switches are set before it is forked. */
static struct {
    int flip_at; /* record whose body is changed; -1 = none */
    bool rolled_back;
    bool erased; /* the body of the armed record is gone */
    bool cut;    /* the head is of a record that is not handed out */
} lie;

static struct admin_record log_[N];
static uint8_t salt[N][16];
static uint8_t bodies[N][512];
static size_t body_len[N];

static void put_body(unsigned i, enum event_type type, struct event *ev)
{
    struct buf b;

    buf_init(&b, 0);
    ev->type = type;
    assert_int_equal(uuid_parse(span_str(OP), &ev->op), ERR_OK);
    assert_int_equal(eid_parse(EID_A, &ev->eid), ERR_OK);
    assert_int_equal(wire_event_encode(ev, &b), ERR_OK);
    assert_true(b.n <= sizeof bodies[i]);
    memcpy(bodies[i], b.p, b.n);
    body_len[i] = b.n;
    buf_fini(&b);
}

/* An enable in five records among the acknowledgements of others. */
static const char *body_of(unsigned i)
{
    struct event ev;

    memset(&ev, 0, sizeof ev);
    assert_int_equal(oid_parse(span_str("1.3.6.1.4.1.99999.20"), &ev.party), ERR_OK);
    if (i == 3) {
        ev.function = FN_ENABLE_PROFILE;
        ev.iface = IF_ES4;
        ev.role = ROLE_FLEET;
        ev.fcid = span_str("call-1");
        ev.op_state = 1;
        put_body(i, EV_OPERATION_ACCEPTED, &ev);
        return "operation.accepted";
    }
    if (i == 500) {
        static const uint8_t PACKET[200] = {0x00, 0xC6, 0x15, 0x16, 0x39, 0x12, 0x12, 0, 0, 1};
        ev.function = FN_ENABLE_PROFILE;
        ev.purpose = PURPOSE_CMD;
        ev.kvn = 1;
        ev.counter = 0x105;
        ev.op_state = 2;
        ev.aid = AID_ISD_R;
        ev.data = span_of(PACKET, sizeof PACKET);
        put_body(i, EV_OPERATION_ARMED, &ev);
        return "operation.armed";
    }
    if (i == 600) {
        ev.function = FN_ENABLE_PROFILE;
        ev.kind = 2;
        ev.sequence = 8;
        ev.decision = 1;
        put_body(i, EV_NOTIFICATION_RECEIVED, &ev);
        return "notification.received";
    }
    if (i == 650) {
        ev.function = FN_ENABLE_PROFILE;
        ev.result = lie.rolled_back ? VERDICT_ROLLED_BACK : VERDICT_SUCCESS;
        if (lie.rolled_back) {
            memcpy(&ev.code, &STATUS[ST_ROLLED_BACK].code, sizeof ev.code);
            ev.text = span_str(STATUS[ST_ROLLED_BACK].meaning);
            ev.stage = STAGE_ATTACH;
        }
        ev.completed_at_ms = 1700000000650;
        put_body(i, EV_OPERATION_CONCLUDED, &ev);
        return "operation.concluded";
    }
    ev.number = i;
    put_body(i, EV_DELIVERY_ACKNOWLEDGED, &ev);
    return "delivery.acknowledged";
}

static void make_log(void)
{
    struct crypto *c = crypto_new(NULL);
    uint8_t last[32] = {0};

    for (unsigned i = 0; i < N; i++) {
        struct journal_record j = {.lsn = i + 1,
                                   .epoch = 1,
                                   .seq = i + 1,
                                   .at_ms = 1700000000000 + i,
                                   .class_ = CLASS_OTA};
        struct admin_record *r = &log_[i];
        uint8_t leaf[32];
        const char *type = body_of(i);
        memcpy(j.type, type, strlen(type) + 1);
        if (i == 3 || i == 500 || i == 600 || i == 650)
            assert_int_equal(uuid_parse(span_str(OP), &j.op), ERR_OK);
        memset(salt[i], (int)(i & 0xFF), 16);
        *r = (struct admin_record){.lsn = j.lsn,
                                   .epoch = 1,
                                   .seq = j.seq,
                                   .at_ms = j.at_ms,
                                   .type = span_str(type),
                                   .class = CLASS_OTA,
                                   .op = j.op,
                                   .salt = span_of(salt[i], 16),
                                   .body = span_of(bodies[i], body_len[i])};
        chain_body_hash(c, salt[i], r->body, r->body_hash);
        chain_leaf(c, &j, r->body_hash, leaf);
        chain_link(c, last, leaf, last);
        memcpy(r->hash, last, 32);
        r->eid = j.eid;
        if (i == 500 && lie.erased)
            r->salt = r->body = (struct span){NULL, 0};
    }
    crypto_free(c);
}

static void events(struct rpc *r, const struct envelope *e)
{
    const struct admin_events_request *q = e->message.body;
    static struct admin_record page[64];
    struct admin_events_response body = {.records = page, .durable_lsn = N - 2u * lie.cut};
    uint64_t lsn = q->from_lsn;

    for (; lsn <= body.durable_lsn && body.n_records < 64; lsn++)
        if (uuid_is_zero(&q->op) || uuid_eq(&q->op, &log_[lsn - 1].op))
            page[body.n_records++] = log_[lsn - 1];
    body.next_lsn = lsn;
    fake_reply(r, e, &body);
}

static void operation(struct rpc *r, const struct envelope *e)
{
    const struct admin_operation_show_request *q = e->message.body;
    static unsigned asked;
    struct admin_operation o = {.function = FN_ENABLE_PROFILE,
                                .iface = IF_ES4,
                                .attempts = 1,
                                .accepted_at_ms = 1700000000000,
                                .state = span_str("ARMED"),
                                .party = {"1.2.3"}};
    struct admin_operation_show_response body = {.operation = &o};
    struct uuid known;

    fake_must(uuid_parse(span_str(OP), &known) == ERR_OK, OP);
    fake_must(eid_parse(EID_A, &o.eid) == ERR_OK, EID_A);
    o.op = q->op;
    if (asked++ > 0) {
        o.verdict = VERDICT_ROLLED_BACK;
        o.status = EXEC_FAILED;
        memcpy(&o.code, &(struct gsma_code){"8.4", "4.2"}, sizeof o.code);
        o.stage = STAGE_ATTACH;
    }
    if (!uuid_eq(&known, &q->op))
        body.operation = NULL;
    fake_reply(r, e, &body);
}

static void request(struct fake *f, struct rpc *r, const struct envelope *e, bool repeat)
{
    (void)f;
    (void)repeat;
    if (e->message.type == MSG_ADMIN_EVENTS_REQUEST) {
        events(r, e);
    } else if (e->message.type == MSG_ADMIN_OPERATION_SHOW_REQUEST) {
        operation(r, e);
    } else if (e->message.type == MSG_ADMIN_HEADS_REQUEST) {
        struct admin_head h = {.stream = 0, .seq = N};
        struct admin_heads_response body = {.heads = &h, .n_heads = 1};
        memcpy(h.hash, log_[N - 1].hash, 32);
        fake_reply(r, e, &body);
    } else if (e->message.type == MSG_ADMIN_STATUS_REQUEST) {
        struct admin_counter c = {span_str("turns"), 5};
        struct admin_status_response body = {
            .version = span_str("0.1"), .durable_lsn = N, .counters = &c, .n_counters = 1};
        fake_reply(r, e, &body);
    } else {
        fake_must(false, "a message that is not answered");
    }
}

static void start(struct fake *f, int flip_at, bool cut)
{
    lie.flip_at = flip_at;
    lie.cut = cut;
    make_log();
    if (flip_at >= 0)
        bodies[flip_at][body_len[flip_at] - 1] ^= 1;
    fake_start(f, request, NULL);
}

static void the_log_holds(void **state)
{
    struct fake f;
    char heads[512], text[256] = "";

    (void)state;
    start(&f, -1, false);
    tmpdir_path(&f.dir, "heads", heads, sizeof heads);
    SMCTL(&f, &ran, "--as", "auditor", "log", "verify", "--save-heads", heads);
    assert_int_equal(ran.code, XC_OK);
    assert_non_null(
        strstr(ran.out, "log verify: ok (smsr, 700 records, 1 streams, 0 bodies erased"));
    fake_slurp(heads, text, sizeof text);
    assert_int_equal(strncmp(text, "0 700 ", 6), 0);
    SMCTL(&f, &ran, "--as", "auditor", "log", "verify", "--heads", heads, "--json");
    assert_int_equal(ran.code, XC_OK);
    assert_non_null(strstr(ran.out, "\"ok\":true"));
    FILE *out = fopen(heads, "r+");
    fputs("0 699 ", out); /* the hash of another record */
    fclose(out);
    SMCTL(&f, &ran, "--as", "auditor", "log", "verify", "--heads", heads);
    assert_int_equal(ran.code, XC_FAILED);
    assert_non_null(strstr(ran.out, "--heads has another hash"));
    out = fopen(heads, "w");
    fputs("nonsense\n", out);
    fclose(out);
    SMCTL(&f, &ran, "--as", "auditor", "log", "verify", "--heads", heads);
    assert_int_equal(ran.code, XC_USAGE);
    fake_end(&f);
}

static void a_flip_and_a_cut_are_found(void **state)
{
    struct fake f;

    (void)state;
    start(&f, 555, false);
    SMCTL(&f, &ran, "--as", "auditor", "log", "verify");
    assert_int_equal(ran.code, XC_FAILED);
    assert_non_null(strstr(ran.out, "lsn 556"));
    assert_non_null(strstr(ran.out, "body does not have its hash"));
    fake_end(&f);
    start(&f, -1, true);
    SMCTL(&f, &ran, "--as", "auditor", "log", "verify");
    assert_int_equal(ran.code, XC_FAILED);
    assert_non_null(strstr(ran.out, "the log is cut"));
    fake_end(&f);
}

static void the_story_is_told(void **state)
{
    struct fake f;

    (void)state;
    start(&f, -1, false);
    SMCTL(&f, &ran, "--as", "fleet", "explain", OP);
    assert_int_equal(ran.code, XC_OK);
    assert_non_null(strstr(ran.out, "ES4-EnableProfile"));
    assert_non_null(strstr(ran.out, "asked by 1.3.6.1.4.1.99999.20 (fleet), call call-1"));
    assert_non_null(strstr(ran.out, "+0.597 s  notification.received"));
    assert_non_null(strstr(ran.out, "[SGP.02 4.1.1.11]"));
    assert_non_null(strstr(ran.out, "verdict SUCCESS"));
    SMCTL(&f, &ran, "--as", "fleet", "explain", OP, "--json");
    assert_int_equal(ran.code, XC_OK);
    assert_non_null(strstr(ran.out, "\"after_ms\":597"));
    SMCTL(&f, &ran, "--as", "fleet", "explain", "01900000-0000-7000-8000-000000000002");
    assert_int_equal(ran.code, XC_REFUSED);
    SMCTL(&f, &ran, "--as", "fleet", "events", "list", "--op", OP);
    assert_int_equal(ran.code, XC_OK);
    assert_non_null(strstr(ran.out, "operation.concluded"));
    SMCTL(&f, &ran, "--as", "fleet", "events", "list", "--from", "690", "--limit", "5", "--json");
    assert_int_equal(ran.code, XC_OK);
    assert_non_null(strstr(ran.out, "\"lsn\":694"));
    assert_null(strstr(ran.out, "\"lsn\":695"));
    fake_end(&f);
}

/* As a file for tshark and in full; what was erased is its digest; no file is written over. */
static void the_wire_of_it(void **state)
{
    char file[300], *octets;
    struct fake f;
    FILE *in;
    size_t n;

    (void)state;
    start(&f, -1, false);
    SMCTL(&f, &ran, "--as", "fleet", "explain", OP);
    assert_null(strstr(ran.out, "TP-UD"));
    SMCTL(&f, &ran, "--as", "fleet", "explain", OP, "--wire");
    assert_int_equal(ran.code, XC_OK);
    assert_non_null(strstr(ran.out, "TP-UD 2"));
    assert_non_null(strstr(ran.out, "concatenation: reference 5, part 1 of 2  [TS 23.040 9.2.3.24.1]"));
    SMCTL(&f, &ran, "--as", "fleet", "explain", OP, "--wire", "--json");
    assert_non_null(strstr(ran.out, "\"field\":\"TP-UD 1\""));
    tmpdir_path(&f.dir, "heads", file, sizeof file);
    in = fopen(file, "w");
    assert_true(in && !fclose(in));
    SMCTL(&f, &ran, "--as", "fleet", "capture", OP, file);
    assert_int_equal(ran.code, XC_LOCAL);
    assert_non_null(strstr(ran.err, "name another file"));
    assert_int_equal(unlink(file), 0);
    SMCTL(&f, &ran, "--as", "fleet", "capture", "01900000-0000-7000-8000-000000000002", file);
    assert_int_equal(ran.code, XC_REFUSED);
    assert_int_equal(access(file, F_OK), -1);
    SMCTL(&f, &ran, "--as", "fleet", "capture", OP, file);
    assert_int_equal(ran.code, XC_OK);
    assert_non_null(strstr(ran.out, "4 units of 4 records"));
    in = fopen(file, "rb");
    octets = calloc(1, 65536);
    assert_true(in && octets);
    n = fread(octets, 1, 65536, in);
    assert_true(n > 1000 && n < 65536);
    assert_memory_equal(octets, "\x0A\x0D\x0D\x0A", 4);
    free(octets);
    fclose(in);
    fake_end(&f);
    lie.erased = true;
    start(&f, -1, false);
    lie.erased = false;
    SMCTL(&f, &ran, "--as", "fleet", "explain", OP, "--wire");
    assert_non_null(strstr(ran.out, "body erased by retention: SHA-256 of its salt and octets"));
    tmpdir_path(&f.dir, "again", file, sizeof file);
    SMCTL(&f, &ran, "--as", "fleet", "capture", OP, file, "--json");
    assert_non_null(strstr(ran.out, "\"units\":2,\"records\":4"));
    fake_end(&f);
}

/* Four cases share its code: the first of them is not its cause. */
static void a_roll_back_has_its_own_cause(void **state)
{
    struct fake f;

    (void)state;
    lie.rolled_back = true;
    start(&f, -1, false);
    lie.rolled_back = false;
    SMCTL(&f, &ran, "--as", "fleet", "explain", OP);
    assert_int_equal(ran.code, XC_OK);
    assert_non_null(strstr(ran.out, "verdict ROLLED_BACK 8.4-4.2, stage attach"));
    assert_non_null(strstr(ran.out, STATUS[ST_ROLLED_BACK].cause));
    assert_non_null(strstr(ran.out, STATUS[ST_ROLLED_BACK].next));
    assert_null(strstr(ran.out, "unfinished"));
    SMCTL(&f, &ran, "--as", "fleet", "operation", "show", OP);
    SMCTL(&f, &ran, "--as", "fleet", "operation", "show", OP);
    assert_non_null(strstr(ran.out, STATUS[ST_ROLLED_BACK].cause));
    assert_non_null(strstr(ran.out, STATUS[ST_ROLLED_BACK].next));
    SMCTL(&f, &ran, "--as", "fleet", "operation", "show", OP, "--json");
    assert_non_null(strstr(ran.out, STATUS[ST_ROLLED_BACK].cause));
    fake_end(&f);
}

static void operations_and_status(void **state)
{
    struct fake f;

    (void)state;
    start(&f, -1, false);
    SMCTL(&f, &ran, "--as", "fleet", "operation", "wait", OP); /* the first answer has no verdict */
    assert_int_equal(ran.code, XC_FAILED);
    assert_non_null(strstr(ran.out, "ROLLED_BACK"));
    SMCTL(&f, &ran, "--as", "fleet", "operation", "show", OP, "--json");
    assert_int_equal(ran.code, XC_OK);
    assert_non_null(strstr(ran.out, "\"verdict\":\"ROLLED_BACK\""));
    SMCTL(&f, &ran, "--as", "fleet", "operation", "show", "01900000-0000-7000-8000-000000000002");
    assert_int_equal(ran.code, XC_REFUSED);
    SMCTL(&f, &ran, "--as", "admin", "status");
    assert_int_equal(ran.code, XC_OK);
    assert_non_null(strstr(ran.out, "turns"));
    fake_end(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_log_holds),
        cmocka_unit_test(a_flip_and_a_cut_are_found),
        cmocka_unit_test(the_story_is_told),
        cmocka_unit_test(the_wire_of_it),
        cmocka_unit_test(a_roll_back_has_its_own_cause),
        cmocka_unit_test(operations_and_status),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
