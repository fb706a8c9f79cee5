/* SPDX-License-Identifier: Apache-2.0 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "test/support/join_story.h"

const struct eid TOLD_EID = {{0x89, 0x04, 0x90, 0x32, 0x00, 0x00, 0x01, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
                                0x00, 0x00, 0x01}};
const struct aid TOLD_ISD_P = {16, {0xA0, 0x00, 0x00, 0x05, 0x59, 0x10, 0x10, 0xFF, 0xFF, 0xFF, 0xFF, 0x89,
                                      0x00, 0x00, 0x11, 0x00}};

struct event told_record(enum event_type type, uint8_t op)
{
    struct event ev = {.type = type};

    ev.eid = TOLD_EID;
    ev.op.b[15] = op;
    return ev;
}

void told(struct join *j, struct event ev)
{
    assert_int_equal(join_event(j, &ev), ERR_OK);
}

void told_accepted(struct join *j, uint8_t op, enum function f)
{
    struct event ev = told_record(EV_OPERATION_ACCEPTED, op);

    ev.function = f;
    told(j, ev);
}

void told_armed(struct join *j, uint8_t op, uint64_t counter)
{
    struct event ev = told_record(EV_OPERATION_ARMED, op);

    ev.kvn = 1;
    ev.counter = counter;
    told(j, ev);
}

static struct event step_opened(uint8_t op, enum packet_purpose purpose, uint32_t n)
{
    struct event ev = told_record(EV_STEP_OPENED, op);

    ev.purpose = purpose;
    ev.session.b[15] = 7;
    ev.step = n;
    return ev;
}

void told_step(struct join *j, uint8_t op, uint32_t n)
{
    told(j, step_opened(op, PURPOSE_CMD, n));
}

/* A question in a session of its own, and its answer. */
void told_fenced(struct join *j, uint8_t op, uint32_t n)
{
    struct event ev = step_opened(op, PURPOSE_FENCE, n);

    told(j, ev);
    ev.type = EV_STEP_ANSWERED;
    told(j, ev);
}

void told_ended(struct join *j, uint8_t op, enum verdict v)
{
    struct event ev = told_record(EV_OPERATION_CONCLUDED, op);

    ev.result = v;
    told(j, ev);
}

struct card_ledger_row told_row_of(uint32_t n, uint64_t counter)
{
    struct card_ledger_row r = {.n = n, .channel = 'S', .kvn = 1, .counter = counter, .ins = 0xE2,
                                .dgi = 0x3A03, .sw = 0x9000, .cause = CAUSE_OTA};

    r.eid = TOLD_EID;
    r.aid = TOLD_ISD_P;
    return r;
}

void told_row(struct join *j, struct card_ledger_row r)
{
    assert_int_equal(join_row(j, &r), ERR_OK);
}

void told_step_row(struct join *j, uint32_t n, uint32_t number)
{
    struct card_ledger_row r = told_row_of(n, 0);

    r.channel = 'H';
    r.ins = 0xE6;
    r.dgi = 0;
    (void)snprintf(r.step_uri, sizeof r.step_uri, TOLD_STEP_URI "%u", number);
    told_row(j, r);
}

void told_asked(struct join *j, uint8_t op, enum packet_purpose purpose, uint64_t counter)
{
    struct event ev = told_record(EV_PACKET_ARMED, op);

    ev.purpose = purpose;
    ev.kvn = 1;
    ev.counter = counter;
    told(j, ev);
    ev = told_record(EV_OPERATION_ANSWERED, op);
    ev.kvn = 1;
    ev.counter = counter;
    ev.por_status = 1;
    told(j, ev);
}

void told_confirmed(struct join *j, uint8_t op, uint64_t counter)
{
    told_asked(j, op, PURPOSE_CONFIRM, counter);
}

void told_switched(struct join *j, uint64_t counter)
{
    told_confirmed(j, 1, counter);
    told(j, told_record(EV_PROFILE_ENABLED, 1));
    told_ended(j, 1, VERDICT_SUCCESS);
}

/* An enabling that went well, by the book: the others depart from it. */
void told_enabled(struct join *j)
{
    told_accepted(j, 1, FN_ENABLE_PROFILE);
    told_armed(j, 1, 5);
    told_switched(j, 6);
}

void told_expect(struct join *j, const char *text)
{
    struct join_report r;

    join_finish(j, &r);
    if (!text) {
        assert_string_equal(r.first.text, "");
        assert_true(join_exact(&r));
    } else {
        assert_false(join_exact(&r));
        if (!strstr(r.first.text, text))
            fail_msg("\"%s\" does not say \"%s\"", r.first.text, text);
    }
}

int told_setup(void **state)
{
    *state = join_new();
    return *state ? 0 : -1;
}

int told_teardown(void **state)
{
    join_free(*state);
    return 0;
}

struct card_ledger_row told_deletion(uint32_t n, uint64_t counter)
{
    struct card_ledger_row r = told_row_of(n, counter);

    r.ins = 0xE4;
    r.dgi = 0;
    return r;
}

void told_step_answer(struct join *j, uint8_t op, uint32_t n, struct span data)
{
    struct event ev = told_record(EV_STEP_ANSWERED, op);

    ev.session.b[15] = 7;
    ev.step = n;
    ev.data = data;
    told(j, ev);
}
