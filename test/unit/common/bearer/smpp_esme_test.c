/* SPDX-License-Identifier: Apache-2.0 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "common/bearer/smpp_esme.h"

#include <stdio.h>
#include <stdlib.h>

struct fix {
    struct smpp_esme *e;
    struct smpp_esme_config cfg;
    struct smpp_pdu said[40];      /* what was written, parsed; texts only */
    unsigned n_said, bound, broken, receipts, mos, results;
    uint64_t tag, handle;
    enum smpp_result result;
    enum smpp_message_state state;
    char id[65], why[100], from[65];
    size_t mo_octets;
    int64_t now;
};

static void on_write(void *ctx, struct span bytes)
{
    struct fix *f = ctx;

    assert_true(f->n_said < 40);
    assert_int_equal(smpp_parse(bytes, &f->said[f->n_said++]), ERR_OK);
}

static void on_bound(void *ctx)
{
    struct fix *f = ctx;

    f->bound++;
}

static void on_result(void *ctx, uint64_t tag, enum smpp_result r, const char *id)
{
    struct fix *f = ctx;

    f->results++;
    f->tag = tag;
    f->result = r;
    (void)snprintf(f->id, sizeof f->id, "%s", id);
}

static void on_mo(void *ctx, uint64_t handle, const struct smpp_message *m)
{
    struct fix *f = ctx;

    f->mos++;
    f->handle = handle;
    f->mo_octets = m->ud.n;
    (void)snprintf(f->from, sizeof f->from, "%s", m->source.digits);
}

static void on_receipt(void *ctx, const struct smpp_receipt *r)
{
    struct fix *f = ctx;

    f->receipts++;
    f->state = r ? r->state : SMPP_STATE_NONE;
    (void)snprintf(f->id, sizeof f->id, "%s", r ? r->id : "");
}

static void on_broken(void *ctx, const char *why)
{
    struct fix *f = ctx;

    f->broken++;
    (void)snprintf(f->why, sizeof f->why, "%s", why);
}

static int setup(void **state)
{
    struct fix *f = calloc(1, sizeof *f);
    struct smpp_esme_port port = {on_write, on_bound, on_result, on_mo, on_receipt, on_broken, f, NULL};

    f->cfg = smpp_esme_config_default();
    f->cfg.window = 3;
    f->cfg.bind = (struct smpp_bind){"remora", "secret", ""};
    f->e = smpp_esme_new(&f->cfg, &port);
    assert_non_null(f->e);
    f->now = 1000;
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    struct fix *f = *state;

    smpp_esme_free(f->e);
    free(f);
    return 0;
}

static void hears(struct fix *f, struct span bytes)
{
    smpp_esme_input(f->e, bytes, f->now);
}

static void answers(struct fix *f, uint32_t id, uint32_t status, uint32_t sequence)
{
    uint8_t room[32];
    struct writer w = wr_init(room, sizeof room);

    smpp_put_short(&w, id, status, sequence);
    hears(f, wr_view(&w));
}

static const struct smpp_pdu *last(const struct fix *f)
{
    assert_true(f->n_said > 0);
    return &f->said[f->n_said - 1];
}

static void bind(struct fix *f)
{
    smpp_esme_opened(f->e, f->now);
    assert_int_equal(last(f)->id, SMPP_BIND_TRANSCEIVER);
    answers(f, SMPP_BIND_TRANSCEIVER | SMPP_RESP, 0, last(f)->sequence);
    assert_true(smpp_esme_is_bound(f->e));
}

static int submit(struct fix *f, uint64_t tag)
{
    const struct smpp_message m = {.source = {3, 1, "4917"}, .dest = {1, 1, "491510000011"},
                                   .esm_class = SMPP_UDHI, .ud = span_str("ud")};

    return smpp_esme_submit(f->e, &m, tag, f->now);
}

static void taken_with_its_name(void **state)
{
    static const uint8_t ANSWER[] = {0, 0, 0, 0x16, 0x80, 0, 0, 4, 0, 0, 0, 0,
                                     0, 0, 0, 2, 'i', 'd', '-', '4', '2', 0};
    struct fix *f = *state;

    assert_int_equal(submit(f, 5), ERR_STATE);
    bind(f);
    assert_int_equal(f->bound, 1);
    assert_int_equal(submit(f, 5), ERR_OK);
    assert_int_equal(last(f)->sequence, 2);
    for (size_t i = 0; i < sizeof ANSWER; i++) /* octet by octet */
        hears(f, span_of(ANSWER + i, 1));
    assert_true(f->results == 1 && f->tag == 5 && f->result == SMPP_TAKEN);
    assert_string_equal(f->id, "id-42");
    hears(f, span_of(ANSWER, sizeof ANSWER)); /* once more: to nothing that is open */
    assert_int_equal(f->results, 1);
}

static void every_status_means_something(void **state)
{
    static const struct {
        uint32_t status;
        enum smpp_result result;
    } ROWS[] = {
        {SMPP_QUEUE_FULL, SMPP_FULL}, {SMPP_SYSTEM_ERROR, SMPP_FULL}, {SMPP_TEMPORARY, SMPP_FULL},
        {SMPP_BAD_DEST, SMPP_NOBODY}, {SMPP_SUBMIT_FAILED, SMPP_REFUSED},
        {SMPP_PERMANENT, SMPP_REFUSED}, {0x104, SMPP_REFUSED}, {SMPP_THROTTLED, SMPP_SLOWER}};
    struct fix *f = *state;

    bind(f);
    for (size_t i = 0; i < sizeof ROWS / sizeof *ROWS; i++) {
        assert_int_equal(submit(f, i), ERR_OK);
        answers(f, SMPP_SUBMIT_SM | SMPP_RESP, ROWS[i].status, last(f)->sequence);
        assert_int_equal(f->result, ROWS[i].result);
        assert_int_equal(f->tag, i);
        assert_string_equal(f->id, "");
    }
    f->now += 100000;
    assert_int_equal(submit(f, 99), ERR_OK);
    answers(f, SMPP_GENERIC_NACK, SMPP_BAD_COMMAND, last(f)->sequence);
    assert_true(f->tag == 99 && f->result == SMPP_REFUSED);
}

static void the_window_holds(void **state)
{
    struct fix *f = *state;

    bind(f);
    for (uint64_t i = 0; i < 3; i++)
        assert_int_equal(submit(f, i), ERR_OK);
    assert_int_equal(submit(f, 3), ERR_FULL);
    answers(f, SMPP_SUBMIT_SM | SMPP_RESP, 0, 3); /* the middle one */
    assert_int_equal(f->tag, 1);
    assert_int_equal(submit(f, 3), ERR_OK);
    assert_int_equal(submit(f, 4), ERR_FULL);
}

/* 58 stops everything for a while, longer each time; room comes back when it is taken again. */
static void throttled_it_waits_longer_each_time(void **state)
{
    struct fix *f = *state;
    int64_t wait = 1000;

    bind(f);
    for (unsigned i = 0; i < 8; i++) {
        assert_int_equal(submit(f, i), ERR_OK);
        answers(f, SMPP_SUBMIT_SM | SMPP_RESP, SMPP_THROTTLED, last(f)->sequence);
        f->now += wait - 1;
        assert_int_equal(submit(f, i), ERR_FULL);
        f->now += 1;
        wait = wait * 2 > 60000 ? 60000 : wait * 2;
    }
    for (unsigned i = 0; i < 8; i++) {
        assert_int_equal(submit(f, i), ERR_OK);
        answers(f, SMPP_SUBMIT_SM | SMPP_RESP, 0, last(f)->sequence);
    }
    assert_int_equal(submit(f, 1), ERR_OK);
    answers(f, SMPP_SUBMIT_SM | SMPP_RESP, SMPP_THROTTLED, last(f)->sequence);
    f->now += 1000;
    assert_int_equal(submit(f, 1), ERR_OK);
}

/* Two answers 58 to one burst are one step of the back-off. */
static void a_burst_counts_once(void **state)
{
    struct fix *f = *state;

    bind(f);
    assert_int_equal(submit(f, 1), ERR_OK);
    assert_int_equal(submit(f, 2), ERR_OK);
    answers(f, SMPP_SUBMIT_SM | SMPP_RESP, SMPP_THROTTLED, 2);
    answers(f, SMPP_SUBMIT_SM | SMPP_RESP, SMPP_THROTTLED, 3);
    f->now += 1000;
    assert_int_equal(submit(f, 1), ERR_OK);
}

static void no_answer_is_lost_not_refused(void **state)
{
    struct fix *f = *state;

    bind(f);
    assert_int_equal(submit(f, 7), ERR_OK);
    assert_int_equal(smpp_esme_due(f->e), f->now + 10000);
    f->now += 10000;
    smpp_esme_timer(f->e, f->now);
    assert_true(f->results == 1 && f->result == SMPP_LOST && f->tag == 7);
    assert_true(smpp_esme_is_bound(f->e));
    assert_int_equal(submit(f, 8), ERR_OK);
    smpp_esme_closed(f->e);
    assert_true(f->results == 2 && f->result == SMPP_LOST && f->tag == 8);
    assert_int_equal(smpp_esme_due(f->e), 0);
    bind(f); /* and again */
    assert_int_equal(submit(f, 9), ERR_OK);
}

static void enquire_link_both_ways(void **state)
{
    struct fix *f = *state;

    bind(f);
    answers(f, SMPP_ENQUIRE_LINK, 0, 77);
    assert_true(last(f)->id == (SMPP_ENQUIRE_LINK | SMPP_RESP) && last(f)->sequence == 77);
    assert_int_equal(smpp_esme_due(f->e), f->now + 30000);
    f->now += 30000;
    smpp_esme_timer(f->e, f->now);
    assert_int_equal(last(f)->id, SMPP_ENQUIRE_LINK);
    answers(f, SMPP_ENQUIRE_LINK | SMPP_RESP, 0, last(f)->sequence);
    f->now += 30000;
    smpp_esme_timer(f->e, f->now);
    assert_int_equal(last(f)->id, SMPP_ENQUIRE_LINK);
    f->now += 10000;
    smpp_esme_timer(f->e, f->now);
    assert_int_equal(f->broken, 1);
    assert_string_equal(f->why, "no answer to enquire_link");
}

/* deliver_sm as an independent library writes it: UDHI, 16 octets of a response packet. */
static const uint8_t DELIVER[] = {
    0x00, 0x00, 0x00, 0x41, 0x00, 0x00, 0x00, 0x05, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x4D, 0x00,
    0x01, 0x01, 0x34, 0x39, 0x31, 0x35, 0x31, 0x30, 0x30, 0x30, 0x30, 0x30, 0x31, 0x31, 0x00, 0x03, 0x01,
    0x34, 0x39, 0x31, 0x37, 0x00, 0x40, 0x7F, 0x00, 0x00, 0x00, 0x00, 0x00, 0xF6, 0x00, 0x10, 0x02, 0x71,
    0x00, 0x00, 0x0B, 0x0A, 0x00, 0x00, 0x01, 0x00, 0x00, 0x00, 0x00, 0x01, 0x00, 0x00};

static void a_message_is_answered_when_its_owner_says_so(void **state)
{
    struct fix *f = *state;
    unsigned said;

    bind(f);
    said = f->n_said;
    hears(f, span_of(DELIVER, sizeof DELIVER));
    assert_true(f->mos == 1 && f->mo_octets == 16);
    assert_string_equal(f->from, "491510000011");
    assert_int_equal(f->n_said, said);
    smpp_esme_mo_answer(f->e, f->handle, true);
    assert_true(last(f)->id == (SMPP_DELIVER_SM | SMPP_RESP) && last(f)->sequence == 77 &&
                last(f)->status == 0);
    hears(f, span_of(DELIVER, sizeof DELIVER));
    smpp_esme_mo_answer(f->e, f->handle, false);
    assert_int_equal(last(f)->status, SMPP_TEMPORARY);
    hears(f, span_of(DELIVER, sizeof DELIVER));
    smpp_esme_closed(f->e);
    bind(f);
    said = f->n_said;
    smpp_esme_mo_answer(f->e, f->handle, true); /* of the connection that is gone */
    assert_int_equal(f->n_said, said);
}

static void a_receipt_is_a_hint(void **state)
{
    static const uint8_t TLVS[] = {0x00, 0x1E, 0x00, 0x03, 'a', 'b', 0x00, 0x04, 0x27, 0x00, 0x01, 0x05};
    struct fix *f = *state;
    uint8_t b[sizeof DELIVER + sizeof TLVS];

    memcpy(b, DELIVER, sizeof DELIVER);
    memcpy(b + sizeof DELIVER, TLVS, sizeof TLVS);
    b[3] = sizeof b;
    b[39] = SMPP_RECEIPT;
    bind(f);
    hears(f, span_of(b, sizeof b));
    assert_true(f->receipts == 1 && f->mos == 0 && f->state == SMPP_STATE_UNDELIVERABLE);
    assert_string_equal(f->id, "ab");
    assert_int_equal(last(f)->id, SMPP_DELIVER_SM | SMPP_RESP);
    b[sizeof b - 1] = SMPP_STATE_NONE; /* of which message, but not what: answered, or it comes for ever */
    hears(f, span_of(b, sizeof b));
    assert_true(f->receipts == 2 && f->mos == 0 && f->state == SMPP_STATE_NONE && !f->id[0]);
    assert_int_equal(last(f)->status, SMPP_OK);
}

static void what_it_does_not_know(void **state)
{
    struct fix *f = *state;
    uint8_t b[sizeof DELIVER];

    bind(f);
    answers(f, 0x00000102, 0, 5); /* alert_notification or whatever comes */
    assert_true(last(f)->id == SMPP_GENERIC_NACK && last(f)->status == SMPP_BAD_COMMAND);
    memcpy(b, DELIVER, sizeof b);
    b[48] = 0x30;                 /* more octets than there are */
    hears(f, span_of(b, sizeof b));
    assert_true(last(f)->id == (SMPP_DELIVER_SM | SMPP_RESP) && last(f)->status == SMPP_BAD_LENGTH);
    assert_int_equal(f->broken, 0);
    hears(f, span_of("\0\0\0\1", 4));
    assert_int_equal(f->broken, 1);
    hears(f, span_of(DELIVER, sizeof DELIVER)); /* nothing more is listened to */
    assert_int_equal(f->mos, 0);
}

static void a_bind_that_fails(void **state)
{
    struct fix *f = *state;

    smpp_esme_opened(f->e, f->now);
    answers(f, SMPP_BIND_TRANSCEIVER | SMPP_RESP, SMPP_BAD_PASSWORD, 1);
    assert_string_equal(f->why, "the SMSC refuses the password");
    smpp_esme_closed(f->e);
    smpp_esme_opened(f->e, f->now);
    f->now += 10000;
    smpp_esme_timer(f->e, f->now);
    assert_string_equal(f->why, "no answer to the bind");
    assert_int_equal(f->broken, 2);
}

static void the_end_from_either_side(void **state)
{
    struct fix *f = *state;

    bind(f);
    answers(f, SMPP_UNBIND, 0, 9);
    assert_int_equal(last(f)->id, SMPP_UNBIND | SMPP_RESP);
    assert_string_equal(f->why, "the SMSC unbinds");
    smpp_esme_closed(f->e);
    bind(f);
    smpp_esme_unbind(f->e, f->now);
    assert_int_equal(last(f)->id, SMPP_UNBIND);
    assert_int_equal(submit(f, 1), ERR_STATE);
    answers(f, SMPP_UNBIND | SMPP_RESP, 0, last(f)->sequence);
    assert_string_equal(f->why, "unbound");
    assert_int_equal(f->broken, 2);
}

static void a_window_without_sense(void **state)
{
    struct fix *f = *state;
    const struct smpp_esme_port none = {0};

    f->cfg.window = 0;
    assert_null(smpp_esme_new(&f->cfg, &none));
    f->cfg.window = 257;
    assert_null(smpp_esme_new(&f->cfg, &none));
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(taken_with_its_name), T(every_status_means_something), T(the_window_holds),
        T(throttled_it_waits_longer_each_time), T(a_burst_counts_once),
        T(no_answer_is_lost_not_refused), T(enquire_link_both_ways),
        T(a_message_is_answered_when_its_owner_says_so), T(a_receipt_is_a_hint),
        T(what_it_does_not_know), T(a_bind_that_fails), T(the_end_from_either_side),
        T(a_window_without_sense),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
