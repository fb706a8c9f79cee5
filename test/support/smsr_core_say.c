/* SPDX-License-Identifier: Apache-2.0 */
/* What parties and the card say to the core, and what it said back. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "common/base/hex.h"
#include "common/codec/adminhttp.h"
#include "common/codec/apdu.h"
#include "common/codec/packet.h"
#include "common/codec/script.h"
#include "common/codec/tlv.h"
#include "common/msg/admin.h"
#include "smsr/domain/authz.h"
#include "test/support/smsr_core_int.h"

#include <stdio.h>
#include <stdlib.h>

struct span core_hex(struct core *w, const char *hex)
{
    size_t n = strlen(hex), got = 0;
    uint8_t *p = arena_alloc(&w->arena, n / 2 + 1);

    assert_non_null(p);
    assert_int_equal(hex_decode(hex, n, p, n / 2 + 1, &got), ERR_OK);
    return span_of(p, got);
}

/* --- calls --- */
struct caller core_caller(const struct core *w, enum core_party who)
{
    struct caller c = {.party = w->oid[who], .iface = who == CORE_D ? IF_ES3 : IF_ES4};

    for (unsigned r = ROLE_EUM; r <= ROLE_AUDITOR; r++)
        if (w->parties[who].roles & (1u << r))
            c.role = (enum party_role)r;
    if (who == CORE_D)
        c.mno = w->oid[CORE_B];
    return c;
}

int core_request(struct core *w, enum core_party who, enum msg_type type, void *body)
{
    char fcid[24];
    struct message m = {type, body};
    struct input in = {.kind = IN_CALL};
    struct base_request *base = body;
    struct caller c = core_caller(w, who);

    (void)snprintf(fcid, sizeof fcid, "call-%u", (unsigned)w->calls);
    if (!base->function_call_identifier.n)
        base->function_call_identifier = span_str(fcid);
    in.u.call = (struct in_call){.msg = &m, .context_id = span_str("context"),
                                 .fcid = base->function_call_identifier, .party = c.party,
                                 .role = c.role, .mno_id = c.mno,
                                 .conn = 1, .message_id = w->calls};
    in.u.call.digest[0] = (uint8_t)w->calls;
    in.u.call.digest[31] = 1;
    return core_post(w, &in);
}

int core_call(struct core *w, enum core_party who, enum function f, unsigned profile)
{
    enum interface iface = who == CORE_D ? IF_ES3 : IF_ES4;
    struct es4_enable_profile_request plain = {.eid = w->eid};
    struct es4_audit_eis_request audit = {.eid = w->eid};
    struct es4_update_subscription_address_request address = {.eid = w->eid};
    struct es4_update_policy_rules_request policy = {.eid = w->eid};
    enum msg_type t = msg_type_find(iface, f, MSG_KIND_REQUEST);

    if (f == FN_AUDIT_EIS)
        return core_request(w, who, t, &audit);
    if (f == FN_UPDATE_POLICY_RULES) {
        policy.iccid = core_iccid(profile);
        policy.pol2 = (struct pol2){.rules = {{span_str("PROFILE"), span_str("ENABLE"),
                                               span_str("Not-Allowed")}}, .n = 1, .present = true};
        return core_request(w, who, t, &policy);
    }
    if (f == FN_UPDATE_SUBSCRIPTION_ADDRESS) {
        address.iccid = core_iccid(profile);
        assert_int_equal(msisdn_parse(span_str("4915799999"), &address.new_address.msisdn), ERR_OK);
        return core_request(w, who, t, &address);
    }
    plain.iccid = core_iccid(profile);
    return core_request(w, who, t, &plain);
}

void core_ask_enable(struct core *w, uint32_t validity_s)
{
    struct es4_enable_profile_request m = {
        .base = {.validity_period_s = validity_s, .has_validity_period = validity_s != 0},
        .eid = w->eid, .iccid = core_iccid(ONE)};

    assert_int_equal(core_request(w, CORE_B, MSG_ES4_ENABLE_PROFILE_REQUEST, &m), ERR_OK);
}

void core_enable(struct core *w, uint32_t validity_s)
{
    core_ask_enable(w, validity_s);
    assert_string_equal(core_state(w), "ARMED");
}

int core_create(struct core *w, unsigned profile, uint32_t memory, bool more)
{
    struct es3_create_isdp_request m = {.eid = w->eid, .iccid = core_iccid(profile),
                                        .mno_id = w->oid[CORE_B], .required_memory = memory,
                                        .more_to_do = more};
    return core_request(w, CORE_D, MSG_ES3_CREATE_ISDP_REQUEST, &m);
}

int core_send(struct core *w, unsigned profile, struct span data, bool more)
{
    struct es3_send_data_request m = {
        .eid = w->eid, .sd_aid = core_aid(profile), .more_to_do = more};
    uint8_t *copy = malloc(data.n ? data.n : 1); /* the arena is emptied before the input */
    int err;

    assert_non_null(copy);
    memcpy(copy, data.p, data.n);
    m.data = span_of(copy, data.n);
    err = core_request(w, CORE_D, MSG_ES3_SEND_DATA_REQUEST, &m);
    free(copy);
    return err;
}

int core_completed(struct core *w, unsigned profile)
{
    struct es3_profile_download_completed_request m = {.eid = w->eid, .iccid = core_iccid(profile),
                                                       .profile_type = span_str("basic")};

    assert_int_equal(msisdn_parse(span_str("491510000099"), &m.address.msisdn), ERR_OK);
    return core_request(w, CORE_D, MSG_ES3_PROFILE_DOWNLOAD_COMPLETED_REQUEST, &m);
}

int core_rotate(struct core *w, enum core_party who)
{
    struct admin_keys_rotate_request m = {.eid = w->eid};

    return core_request(w, who, MSG_ADMIN_KEYS_ROTATE_REQUEST, &m);
}

int core_rotate_sessions(struct core *w, enum core_party who)
{
    struct admin_keys_rotate_request m = {.eid = w->eid, .sessions = true};

    return core_request(w, who, MSG_ADMIN_KEYS_ROTATE_REQUEST, &m);
}

/* --- the card --- */
static struct msisdn number_of(const struct core *w, unsigned profile)
{
    const struct iccid iccid = core_iccid(profile);
    const struct euicc_profile *p = euicc_profile_by_iccid(w->e, &iccid);

    assert_non_null(p);
    return p->msisdn;
}

int core_por(struct core *w, uint64_t counter, uint8_t status, struct span data)
{
    struct input in = {.kind = IN_POR};
    uint8_t copy[2048];
    const uint64_t *high;

    assert_true(data.n <= sizeof copy);
    if (data.n)
        memcpy(copy, data.p, data.n);
    in.u.por.kvn = w->por_kvn ? w->por_kvn : w->e->scp80_kvn;
    high = euicc_counter(w->e, in.u.por.kvn);
    in.u.por.counter = counter || !high ? counter : *high;
    in.u.por.status = status;
    in.u.por.data = span_of(copy, data.n);
    if (w->por_from)
        in.u.por.from = number_of(w, w->por_from);
    return core_post(w, &in);
}

int core_por_hex(struct core *w, uint64_t counter, const char *hex)
{
    return core_por(w, counter, POR_OK, core_hex(w, hex));
}

int core_por_sw(struct core *w, uint64_t counter, uint16_t sw)
{
    char hex[32];

    (void)snprintf(hex, sizeof hex, "AB07800101%s%04X", "2302", sw);
    return core_por_hex(w, counter, hex);
}

int core_por_keys(struct core *w, uint64_t counter, const char *list)
{
    uint8_t room[300], rows[200], rapdu[250];
    struct writer r = wr_init(room, sizeof room), l = wr_init(rows, sizeof rows);
    struct writer a = wr_init(rapdu, sizeof rapdu), e0;
    struct script_writer sw;
    char *end;

    for (; *list; list = *end ? end + 1 : end) {
        uint8_t kvn = (uint8_t)strtoul(list, &end, 16);
        for (uint8_t kid = 1; kid <= (kvn < 0x40 ? 3 : 1); kid++)
            tlv_put(&l, 0xC0, span_of((const uint8_t[]){kid, kvn, kvn < 0x40 ? 0x88 : 0x85, 16}, 4));
    }
    e0 = wr_init(room, sizeof room);
    tlv_put(&e0, 0xE0, wr_view(&l));
    apdu_rsp_put(&a, wr_view(&e0), 0x9000);
    script_begin(&sw, &r, SCRIPT_DEFINITE, true);
    script_put_rsp(&sw, wr_view(&a));
    script_end(&sw, 1);
    return core_por(w, counter, POR_OK, wr_view(&r));
}

int core_por_list(struct core *w, uint64_t counter, const char *list)
{
    static const uint8_t MEMORY[] = {0xFF, 0x21, 0x06, 0x82, 0x04, 0x00, 0x05, 0x00, 0x00};
    uint8_t room[1024], entries[512], rapdu[600];
    struct writer r = wr_init(room, sizeof room), l = wr_init(entries, sizeof entries), a;
    struct script_writer sw;

    while (*list) {
        unsigned number = (unsigned)strtoul(list, NULL, 16);
        const char *eq = strchr(list, '=');
        struct aid aid = core_aid(number);
        size_t e3 = tlv_open(&l, 0xE3);
        assert_non_null(eq);
        tlv_put(&l, 0x4F, aid_span(&aid));
        tlv_put_u8(&l, 0x9F70, (uint8_t)strtoul(eq + 1, NULL, 16));
        tlv_close(&l, e3);
        list = eq + 3;
        list += *list == ' ';
    }
    script_begin(&sw, &r, SCRIPT_DEFINITE, true);
    a = wr_init(rapdu, sizeof rapdu);
    apdu_rsp_put(&a, wr_view(&l), 0x9000);
    script_put_rsp(&sw, wr_view(&a));
    a = wr_init(rapdu, sizeof rapdu);
    apdu_rsp_put(&a, span_of(MEMORY, sizeof MEMORY), 0x9000);
    script_put_rsp(&sw, wr_view(&a));
    script_end(&sw, 2);
    return core_por(w, counter, POR_OK, wr_view(&r));
}

int core_note(struct core *w, uint8_t kind, uint16_t sequence, unsigned profile)
{
    static const uint8_t IMEI[8] = {0x4A, 0x09, 0x51, 0x24, 0x30, 0x32, 0x57, 0x81};
    struct input in = {.kind = IN_NOTIFICATION};

    in.u.notification.kind = kind;
    in.u.notification.sequence = sequence;
    in.u.notification.aid = core_aid(profile);
    in.u.notification.imei = span_of(IMEI, sizeof IMEI);
    in.u.notification.bearer = BEARER_SMS;
    return core_post(w, &in);
}

int core_first_post(struct core *w, uint8_t session)
{
    return core_first_post_under(w, session, w->e->psk_kvn);
}

int core_first_post_under(struct core *w, uint8_t session, uint8_t psk_kvn)
{
    struct input in = {.kind = IN_POST};

    in.u.post.psk_kvn = psk_kvn;
    in.u.post.session = core_session(session);
    in.u.post.first = true;
    in.u.post.next_uri = span_str("");
    return core_post(w, &in);
}

int core_step_post(struct core *w, uint8_t session, uint32_t step, uint8_t status, struct span body)
{
    struct input in = {.kind = IN_POST};
    char uri[64];
    uint8_t *copy = malloc(body.n ? body.n : 1);
    int err;

    assert_non_null(copy);
    if (body.n)
        memcpy(copy, body.p, body.n);
    (void)snprintf(uri, sizeof uri, "/s/00112233445566778899AABBCCDDEEFF/%u",
                   (unsigned)(step ? step : w->e->n_ops ? w->e->ops[0]->step : 0));
    in.u.post.session = core_session(session);
    in.u.post.next_uri = span_str(uri);
    in.u.post.script_status = status;
    in.u.post.body = span_of(copy, body.n);
    err = core_post(w, &in);
    free(copy);
    return err;
}

int core_session_end(struct core *w, uint8_t session)
{
    struct input in = {.kind = IN_SESSION_END};

    in.u.session_end.session = core_session(session);
    return core_post(w, &in);
}

/* --- then --- */
const char *core_state(const struct core *w)
{
    return w->e && w->e->n_ops ? proc_state_name(w->e->ops[0]->function, w->e->ops[0]->state) : "-";
}

unsigned core_events(const struct core *w, enum event_type t)
{
    unsigned n = 0;

    for (unsigned i = 0; i < w->plan.n_records; i++)
        n += w->plan.records[i]->type == t;
    return n;
}

const struct event *core_event(const struct core *w, enum event_type t)
{
    for (unsigned i = 0; i < w->plan.n_records; i++)
        if (w->plan.records[i]->type == t)
            return w->plan.records[i];
    return NULL;
}

const void *core_out(const struct core *w, enum out_kind kind, unsigned nth)
{
    for (unsigned i = 0; i < w->plan.n_outs; i++)
        if (w->plan.outs[i].kind == (uint32_t)kind && nth-- == 0)
            return w->plan.outs[i].body;
    return NULL;
}

const char *core_script(const struct core *w)
{
    static char hex[1024];

    if (!w->plan.unit.set)
        return "";
    assert_int_equal(hex_encode(w->plan.unit.script, hex, sizeof hex), ERR_OK);
    return hex;
}

const void *core_delivery(const struct core *w, enum core_party who, enum msg_type t)
{
    for (unsigned i = 0; i < w->plan.n_deliveries; i++)
        if (w->plan.deliveries[i].msg.type == t &&
            oid_eq(&w->plan.deliveries[i].party, &w->oid[who]))
            return w->plan.deliveries[i].msg.body;
    return NULL;
}

const struct exec_answer *core_answer(const struct core *w)
{
    const struct exec_answer *found = NULL;

    for (unsigned i = 0; i < w->plan.n_deliveries + w->plan.n_outs; i++) {
        const struct message *m = NULL;
        const struct base_response *b;
        if (i < w->plan.n_deliveries)
            m = &w->plan.deliveries[i].msg;
        else if (w->plan.outs[i - w->plan.n_deliveries].kind == OUT_REPLY)
            m = &((const struct out_reply *)w->plan.outs[i - w->plan.n_deliveries].body)->message;
        b = m ? message_response(m) : NULL;
        if (b) {
            assert_null(found);
            found = &b->answer;
        }
    }
    if (!found)
        fail_msg("no answer");
    return found;
}

void core_expect(const struct core *w, enum exec_status status, const char *subject,
                 const char *reason)
{
    const struct exec_answer *a = core_answer(w);

    if (a->status != status || strcmp(a->code.subject, subject) || strcmp(a->code.reason, reason))
        fail_msg("answered %s %s-%s, not %s %s-%s", exec_status_text(a->status), a->code.subject,
                 a->code.reason, exec_status_text(status), subject, reason);
}

void core_expect_end(const struct core *w, enum verdict v, const char *subject, const char *reason)
{
    const struct event *ev = core_event(w, EV_OPERATION_CONCLUDED);

    if (!ev) {
        fail_msg("not concluded, %s", core_state(w));
        return;
    }
    if (ev->result != v || strcmp(ev->code.subject, subject) || strcmp(ev->code.reason, reason))
        fail_msg("ended %s %s-%s, not %s %s-%s", verdict_text(ev->result), ev->code.subject,
                 ev->code.reason, verdict_text(v), subject, reason);
}

enum profile_state core_profile_state(const struct core *w, unsigned profile)
{
    struct iccid iccid = core_iccid(profile);
    const struct euicc_profile *p = euicc_profile_by_iccid(w->e, &iccid);

    return p ? p->state : PROFILE_NONE;
}
