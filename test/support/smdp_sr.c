/* SPDX-License-Identifier: Apache-2.0 */
/* An SM-SR as the contract has it: a call is executed once and answered for ever, answers of
 * asynchronous calls are numbered deliveries, the card is real. Scripts travel as chained SMS
 * packets. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>

#include "common/codec/apdu.h"
#include "common/codec/script.h"
#include "common/codec/tlv.h"
#include "common/wire/wire.h"
#include "test/support/smdp_sr.h"

#define SCRIPT_ROOM 3000u

/* --- link --- */
int dpw_link_call(void *ctx, const struct oid *smsr, struct envelope *e)
{
    struct dp_world *w = ctx;
    struct buf *b = &w->inbox[w->n_inbox];

    assert_true(oid_eq(smsr, &w->smsr.oid));
    if (!w->up)
        return ERR_CLOSED;
    if (w->n_inbox == 64)
        return ERR_FULL;
    e->message_id = ++w->ids;
    buf_init(b, 0);
    assert_int_equal(wire_envelope_encode(e, b), 0);
    w->n_inbox++;
    return ERR_OK;
}

void dpw_link_ack(void *ctx, const struct oid *smsr, uint64_t number)
{
    struct dp_world *w = ctx;

    assert_true(oid_eq(smsr, &w->smsr.oid));
    assert_true(number <= w->n_deliveries);
    if (number > w->acked)
        w->acked = (unsigned)number;
}

void dpw_sr_link(struct dp_world *w)
{
    for (unsigned i = 0; i < w->n_inbox; i++)
        buf_fini(&w->inbox[i]);
    w->n_inbox = 0;
    w->ids = 1; /* HELLO */
    if (w->up) {
        w->sent = (unsigned)smdp_core_last_delivery(w->core, &w->smsr.oid);
        assert_true(w->sent >= w->acked); /* what was acknowledged is held durably */
    }
}

void dpw_sr_fini(struct dp_world *w)
{
    w->up = false;
    dpw_sr_link(w);
    for (unsigned i = 0; i < w->n_calls; i++)
        buf_fini(&w->calls[i].response);
    for (unsigned i = 0; i < w->n_deliveries; i++)
        buf_fini(&w->deliveries[i].message);
}

static void deliver(struct dp_world *w, enum envelope_kind kind, const struct uuid *op,
                    enum verdict v, struct span message)
{
    struct dpw_delivery *d = &w->deliveries[w->n_deliveries];

    assert_true(w->n_deliveries < DPW_CALLS);
    memset(d, 0, sizeof *d);
    d->kind = kind;
    if (op)
        d->op = *op;
    d->verdict = v;
    buf_init(&d->message, 0);
    buf_add_span(&d->message, message);
    w->n_deliveries++;
}

void dpw_tell(struct dp_world *w, enum msg_type type, const void *body)
{
    const struct message m = {type, body};
    struct buf b;

    buf_init(&b, 0);
    assert_int_equal(wire_message_encode(&m, &b), 0);
    deliver(w, ENV_NOTICE, NULL, VERDICT_NONE, buf_span(&b));
    buf_fini(&b);
}

/* --- the card --- */
static unsigned slot_of(const struct dp_world *w, const struct iccid *iccid)
{
    for (unsigned i = 1; i < 16; i++)
        if (w->states[i] != PROFILE_NONE && iccid_eq(&w->on_card[i], iccid))
            return i;
    return 0;
}

/* One element of a payload in one packet, chained to the session. */
static bool run_element(struct dp_world *w, uint32_t tar, struct span element, bool raw,
                        uint8_t how, struct buf *out)
{
    const uint8_t chaining[3] = {0x83, 0x01, how};
    uint8_t room[SCRIPT_ROOM];
    struct writer wr = wr_init(room, sizeof room);
    struct script_writer sw;
    struct script_reader sr;
    struct script_item item;
    struct apdu_rsp rsp;

    script_begin(&sw, &wr, SCRIPT_INDEFINITE, false);
    script_put_raw(&sw, span_of(chaining, sizeof chaining));
    if (raw)
        script_put_raw(&sw, element);
    else
        script_put_cmd(&sw, element);
    script_end(&sw, 0);
    rig_script(&w->rig, tar, wr_view(&wr));
    if (!w->rig.por.got || w->rig.por.status != 0 ||
        script_open(span_of(w->rig.por.data, w->rig.por.n), &sr) || script_next(&sr, &item))
        return false;
    if (item.tag == SCRIPT_TAG_RSP) {
        buf_add_span(out, item.value);
        return apdu_rsp_parse(item.value, &rsp) == ERR_OK && sw_is_ok(rsp.sw);
    }
    buf_add_span(out, item.raw);
    return item.tag >= 0x84 && item.tag <= 0x86;
}

static size_t next_element(struct span s, bool raw)
{
    struct reader r = rd_init(s);
    struct tlv t;

    if (!raw)
        return 5u + s.p[4] <= s.n ? 5u + s.p[4] : 0;
    return tlv_next(&r, &t) == ERR_OK ? t.raw.n : 0;
}

static bool send_data(struct dp_world *w, const struct es3_send_data_request *q, struct buf *out)
{
    bool raw = aid_is_isd_p(&q->sd_aid, NULL), first = true;

    assert_true(q->data.n <= 48 * 1024);
    for (size_t at = 0; at < q->data.n;) {
        struct span rest = span_of(q->data.p + at, q->data.n - at);
        size_t n = next_element(rest, raw);
        bool last = at + n == q->data.n && !q->more_to_do;
        uint8_t how = first && (!raw || rest.p[0] == 0x84) && rest.p[1] != 0xE2 ? 0x11
                      : last                                                    ? 0x03
                                                                                : 0x02;
        assert_true(n > 0);
        if (!run_element(w, raw ? aid_tar(&q->sd_aid) : 0x000001, span_of(rest.p, n), raw, how,
                         out))
            return false;
        at += n;
        first = false;
    }
    return true;
}

/* --- functions --- */
static struct gsma_code code(const char *subject, const char *reason)
{
    struct gsma_code c = {{0}, {0}};

    (void)snprintf(c.subject, sizeof c.subject, "%s", subject);
    (void)snprintf(c.reason, sizeof c.reason, "%s", reason);
    return c;
}

static void set_failed(struct base_response *b, struct gsma_code c)
{
    b->answer.status = strncmp(c.subject, "1.6", 4) || c.reason[0] != '5' ? EXEC_FAILED : EXEC_EXPIRED;
    b->answer.code = c;
    b->answer.message = span_str("said by the SM-SR");
}

static void get_eis(struct dp_world *w, struct arena *a, struct es3_get_eis_response *r)
{
    struct eis *e = arena_alloc(a, sizeof *e);

    e->eid = w->rig.factory.eid;
    e->smsr_id = w->smsr.oid;
    e->remaining_memory = w->remaining_memory;
    e->capabilities.remote_provisioning_version = span_str("3.2.0");
    if (w->platform)
        e->capabilities.platform = span_str(w->platform);
    e->ecasd_certificate = buf_span(&w->ecasd);
    e->eum_certificate = buf_span(&w->eum.der);
    for (unsigned i = 1; i < 16; i++) {
        struct eis_profile *p = &e->profiles[e->n_profiles];
        if (w->states[i] == PROFILE_NONE || w->states[i] == PROFILE_IN_CREATION)
            continue;
        p->iccid = w->on_card[i];
        assert_int_equal(aid_isd_p((uint16_t)(0x10 + i), &p->isdp_aid), 0);
        p->state = (enum profile_state)w->states[i];
        p->smdp_id = w->env.smdp_oid;
        p->mno_id = w->blue.oid;
        e->n_profiles++;
    }
    r->eis = e;
}

static void create(struct dp_world *w, const struct es3_create_isdp_request *q,
                   struct es3_create_isdp_response *r)
{
    uint16_t number = w->number;
    uint16_t sw;

    for (unsigned i = 1; i < 16; i++) {
        if (w->states[i] == PROFILE_CREATED) {
            set_failed(&r->base, code("8.4", "4.2"));
            return;
        }
    }
    if (slot_of(w, &q->iccid)) {
        set_failed(&r->base, code("8.2.1", "3.3"));
        return;
    }
    sw = rig_create(&w->rig, number, q->required_memory);
    if (sw != 0x9000) {
        set_failed(&r->base, sw == 0x6A84 ? code("8.1", "4.8") : code("8.4", "4.2"));
        return;
    }
    w->number++;
    w->on_card[number - 0x10] = q->iccid;
    w->states[number - 0x10] = PROFILE_CREATED;
    assert_int_equal(aid_isd_p(number, &r->isdp_aid), 0);
}

static void drop(struct dp_world *w, const struct iccid *iccid, struct base_response *b)
{
    unsigned slot = slot_of(w, iccid);
    uint16_t sw;

    if (!slot) {
        set_failed(b, code("8.2.1", "3.9"));
        return;
    }
    sw = rig_delete(&w->rig, (uint16_t)(0x10 + slot));
    if (sw == 0x9000 || sw == 0x6A88)
        w->states[slot] = PROFILE_NONE;
    else
        set_failed(b, sw == 0x69E1 ? code("8.2.2", "3.8") : code("8.4", "4.2"));
}

static void execute(struct dp_world *w, const struct envelope *e, struct arena *a, void *body,
                    struct buf *data)
{
    struct base_response *b = body;
    unsigned slot;

    b->answer.status = EXEC_SUCCESS;
    w->executed[e->message.type]++;
    switch (e->message.type) {
    case MSG_ES3_GET_EIS_REQUEST:
        get_eis(w, a, body);
        return;
    case MSG_ES3_CREATE_ISDP_REQUEST:
        create(w, e->message.body, body);
        return;
    case MSG_ES3_SEND_DATA_REQUEST:
        if (!send_data(w, e->message.body, data))
            set_failed(b, code("8.3", "4.2"));
        return;
    case MSG_ES3_PROFILE_DOWNLOAD_COMPLETED_REQUEST:
        slot = slot_of(
            w, &((const struct es3_profile_download_completed_request *)e->message.body)->iccid);
        if (!slot)
            set_failed(b, code("8.2.1", "3.9"));
        else
            w->states[slot] = PROFILE_DISABLED;
        w->completed =
            ((const struct es3_profile_download_completed_request *)e->message.body)->address;
        return;
    case MSG_ES3_DELETE_ISDP_REQUEST:
        drop(w, &((const struct es3_delete_isdp_request *)e->message.body)->iccid, b);
        return;
    default:
        slot = slot_of(w, &((const struct es3_enable_profile_request *)e->message.body)->iccid);
        if (!slot)
            set_failed(b, code("8.2.1", "3.9"));
        else
            w->states[slot] = e->message.type == MSG_ES3_ENABLE_PROFILE_REQUEST ? PROFILE_ENABLED
                                                                                : PROFILE_DISABLED;
        return;
    }
}

void dpw_fault(struct dp_world *w, enum dpw_fault f, enum msg_type at, int times,
               const char *subject, const char *reason)
{
    w->fault = f;
    w->fault_at = at;
    w->fault_times = times;
    w->fault_skip = 0;
    w->fault_code = code(subject ? subject : "", reason ? reason : "");
}

static enum dpw_fault fault_of(struct dp_world *w, enum msg_type t)
{
    if (w->fault_at != t || w->fault_times == 0)
        return DPW_NONE;
    if (w->fault_skip > 0) {
        w->fault_skip--;
        return DPW_NONE;
    }
    if (w->fault_times > 0)
        w->fault_times--;
    return w->fault;
}

/* Does it, unless the fault says otherwise; false: it is not answered now. */
static bool perform(struct dp_world *w, const struct envelope *e, struct dpw_call *k)
{
    const struct msg_info *info = msg_type_info(msg_type_response(e->message.type));
    enum dpw_fault f = fault_of(w, e->message.type);
    struct message m = {msg_type_response(e->message.type), NULL};
    struct base_response *body;
    struct arena a;
    struct buf data;

    arena_init(&a, 0);
    buf_init(&data, 0);
    body = arena_alloc(&a, info->size);
    if (f == DPW_FAIL || f == DPW_BUSY)
        set_failed(body, f == DPW_BUSY ? code("1.2", "4.4") : w->fault_code);
    else
        execute(w, e, &a, body, &data);
    if (f == DPW_LOSE)
        set_failed(body, w->fault_code);
    if (f == DPW_BEND && data.n > 4)
        data.p[data.n - 4] ^= 0x01;
    k->verdict = body->answer.status == EXEC_FAILED ? VERDICT_FAILED : VERDICT_SUCCESS;
    if (f == DPW_DOUBT) {
        body->answer.status = EXEC_EXPIRED;
        body->answer.code = code("1.6", "5.4");
        k->verdict = VERDICT_IN_DOUBT;
    }
    if (m.type == MSG_ES3_SEND_DATA_RESPONSE)
        ((struct es3_send_data_response *)body)->euicc_response_data = buf_span(&data);
    m.body = body;
    assert_int_equal(wire_message_encode(&m, &k->response), 0);
    buf_fini(&data);
    arena_fini(&a);
    return f != DPW_HOLD;
}

static struct dpw_call *call_of(struct dp_world *w, const struct envelope *e, bool *ret_known)
{
    struct span fcid = message_request(&e->message)->function_call_identifier;
    struct dpw_call *k;
    uint8_t digest[32];
    struct buf octets;
    struct span part;

    buf_init(&octets, 0);
    assert_int_equal(wire_message_canonical(&e->message, &octets), 0);
    part = buf_span(&octets);
    sha256(w->rig.crypto, &part, 1, digest);
    buf_fini(&octets);
    *ret_known = true;
    for (unsigned i = 0; i < w->n_calls; i++) {
        k = &w->calls[i];
        if (!span_eq(span_str(k->fcid), fcid))
            continue;
        assert_memory_equal(k->digest, digest, 32); /* one identifier, one request: for ever */
        k->times++;
        return k;
    }
    *ret_known = false;
    assert_true(w->n_calls < DPW_CALLS && fcid.n < ORDER_FCID);
    k = &w->calls[w->n_calls++];
    memset(k, 0, sizeof *k);
    memcpy(k->fcid, fcid.p, fcid.n);
    memcpy(k->digest, digest, 32);
    k->type = e->message.type;
    k->times = 1;
    uuid_v7(&k->op, 1, &w->rng);
    buf_init(&k->response, 0);
    return k;
}

static void say(struct dp_world *w, struct envelope *e, struct span message)
{
    struct arena a;

    arena_init(&a, 0);
    e->message_id = ++w->ids;
    if (message.n)
        assert_int_equal(wire_message_decode(message, &a, &e->message, NULL), 0);
    smdp_core_peer(w->core, &w->smsr.oid, e);
    arena_fini(&a);
}

static void request(struct dp_world *w, const struct envelope *e)
{
    const struct msg_info *info = msg_type_info(e->message.type);
    struct envelope out = {.kind = ENV_RESPONSE, .relates_to = e->message_id};
    bool known, answered;
    struct dpw_call *k = call_of(w, e, &known);

    assert_true(e->mno_id.s[0]);
    answered = known ? k->verdict != VERDICT_NONE && k->response.n : perform(w, e, k);
    out.operation = info->synchronous ? (struct uuid){{0}} : k->op;
    out.verdict = k->verdict;
    if (info->synchronous || (known && answered)) {
        say(w, &out, buf_span(&k->response));
        return;
    }
    out.kind = ENV_ACCEPTED;
    out.verdict = VERDICT_NONE;
    say(w, &out, (struct span){NULL, 0});
    if (answered)
        deliver(w, ENV_RESPONSE, &k->op, k->verdict, buf_span(&k->response));
    else if (!known)
        k->verdict = VERDICT_NONE; /* held: known and unanswered */
}

void dpw_release(struct dp_world *w)
{
    for (unsigned i = 0; i < w->n_calls; i++) {
        struct dpw_call *k = &w->calls[i];
        if (k->verdict != VERDICT_NONE)
            continue;
        k->verdict = VERDICT_SUCCESS;
        deliver(w, ENV_RESPONSE, &k->op, k->verdict, buf_span(&k->response));
    }
}

static bool next_request(struct dp_world *w)
{
    struct envelope e;
    struct arena a;
    struct buf b;

    if (!w->n_inbox)
        return false;
    b = w->inbox[0];
    w->n_inbox--;
    memmove(&w->inbox[0], &w->inbox[1], w->n_inbox * sizeof w->inbox[0]);
    arena_init(&a, 0);
    assert_int_equal(wire_envelope_decode(buf_span(&b), &a, &e, NULL), 0);
    request(w, &e);
    arena_fini(&a);
    buf_fini(&b);
    return true;
}

bool dpw_sr_step(struct dp_world *w)
{
    struct envelope e = {.kind = ENV_NONE};

    if (!w->up)
        return false;
    if (w->sent < w->n_deliveries) {
        const struct dpw_delivery *d = &w->deliveries[w->sent++];
        e.kind = d->kind;
        e.delivery_no = w->sent;
        e.operation = d->op;
        e.verdict = d->verdict;
        say(w, &e, buf_span(&d->message));
        return true;
    }
    return next_request(w);
}
