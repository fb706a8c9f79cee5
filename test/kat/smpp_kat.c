/* SPDX-License-Identifier: Apache-2.0 */
/* SMPP 3.4 against what others wrote and read. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "common/codec/smpp.h"
#include "test/support/vec.h"

static const uint8_t COMMAND[] = {0x02, 0x70, 0x00, 0x00, 0x38, 0x15, 0x16, 0x39,
                                  0x12, 0x12, 0x00, 0x00, 0x01, 0xD8, 0x75};
static const uint8_t RESPONSE[] = {0x02, 0x71, 0x00, 0x00, 0x0B, 0x0A, 0x00, 0x00,
                                   0x01, 0x00, 0x00, 0x00, 0x00, 0x01, 0x00, 0x00};

static void put(struct writer *w, const char *name)
{
    const struct smpp_bind bind = {"remora", "secret", "OTA"};
    const struct smpp_message m = {
        .source = {3, 1, "4917"}, .dest = {1, 1, "491510000011"}, .esm_class = SMPP_UDHI,
        .protocol_id = 0x7F, .data_coding = 0xF6, .registered_delivery = 1, .validity_s = 900,
        .ud = span_of(COMMAND, sizeof COMMAND)};

    if (!strcmp(name, "bind"))
        smpp_put_bind(w, 1, &bind);
    else if (!strcmp(name, "submit"))
        smpp_put_submit(w, 2, &m);
    else if (!strcmp(name, "enquire"))
        smpp_put_short(w, SMPP_ENQUIRE_LINK, 0, 3);
    else if (!strcmp(name, "deliver_resp"))
        smpp_put_short(w, SMPP_DELIVER_SM | SMPP_RESP, 0, 4);
    else if (!strcmp(name, "unbind"))
        smpp_put_short(w, SMPP_UNBIND, 0, 5);
    else if (!strcmp(name, "nack"))
        smpp_put_short(w, SMPP_GENERIC_NACK, SMPP_BAD_COMMAND, 6);
    else
        fail_msg("%s is not written here", name);
}

static void message(const char *name, const struct smpp_message *m)
{
    assert_string_equal(m->source.digits, "491510000011");
    assert_string_equal(m->dest.digits, "4917");
    if (!strcmp(name, "receipt")) {
        assert_int_equal(m->esm_class, SMPP_RECEIPT);
        assert_string_equal(m->receipted, "id-42");
        assert_int_equal(m->state, SMPP_STATE_DELIVERED);
        return;
    }
    assert_int_equal(m->esm_class, SMPP_UDHI);
    assert_int_equal(m->data_coding, 0xF6);
    assert_true(span_eq(m->ud, span_of(RESPONSE, sizeof RESPONSE)));
}

static void check(const char *name, const struct smpp_pdu *p)
{
    static const struct {
        const char *name;
        uint32_t id, status, sequence;
    } ROWS[] = {
        {"deliver", SMPP_DELIVER_SM, 0, 77},
        {"receipt", SMPP_DELIVER_SM, 0, 78},
        {"data", SMPP_DATA_SM, 0, 79},
        {"submit_resp", SMPP_SUBMIT_SM | SMPP_RESP, 0, 2},
        {"throttled", SMPP_SUBMIT_SM | SMPP_RESP, SMPP_THROTTLED, 2},
        {"bind_resp", SMPP_BIND_TRANSCEIVER | SMPP_RESP, 0, 1},
        {"smsc_enquire", SMPP_ENQUIRE_LINK, 0, 9},
    };

    for (size_t i = 0; i < sizeof ROWS / sizeof *ROWS; i++) {
        if (strcmp(ROWS[i].name, name) != 0)
            continue;
        assert_int_equal(p->id, ROWS[i].id);
        assert_int_equal(p->status, ROWS[i].status);
        assert_int_equal(p->sequence, ROWS[i].sequence);
        if (i < 3)
            message(name, &p->message);
        assert_string_equal(p->message_id, i == 3 ? "id-42" : "");
        return;
    }
    fail_msg("%s is not read here", name);
}

static void what_others_read_and_wrote(void **state)
{
    struct vec *v = vec_open("smpp");
    unsigned n = 0;

    (void)state;
    while (vec_next(v)) {
        const char *name = vec_text(v, "name");
        struct span pdu = vec_get(v, "pdu");
        uint8_t room[300];
        struct writer w = wr_init(room, sizeof room);
        struct smpp_pdu p;
        size_t length;
        assert_int_equal(smpp_length(pdu, &length), ERR_OK);
        assert_int_equal(length, pdu.n);
        assert_int_equal(smpp_parse(pdu, &p), ERR_OK);
        if (!strcmp(vec_text(v, "from"), "smsc")) {
            check(name, &p);
        } else {
            put(&w, name);
            assert_true(span_eq(wr_view(&w), pdu));
        }
        n++;
    }
    assert_int_equal(n, 13);
    vec_close(v);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_others_read_and_wrote),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
