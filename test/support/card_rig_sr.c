/* SPDX-License-Identifier: Apache-2.0 */
/* SM-SR end of an SCP81 session over memory (GP Amendment B 3). */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>

#include "common/codec/script.h"
#include "test/support/card_rig_sr.h"

static struct key *psk_of(void *arg, const struct eid *eid, uint8_t kid, uint8_t kvn)
{
    struct rig_sr *sr = arg;

    return eid_eq(eid, &sr->r->factory.eid) && kid == 1 && kvn == sr->trigger.psk_kvn ? sr->psk : NULL;
}

void rig_sr_init(struct rig_sr *sr, struct rig *r)
{
    *sr = (struct rig_sr){.r = r};
    assert_int_equal(key_new(KEY_PSK, span_of(r->factory.psk, 16), &sr->psk), 0);
    sr->ctx = scp81_server_ctx(r->crypto, psk_of, sr);
    assert_non_null(sr->ctx);
    sr->trigger = (struct push_trigger){.buffer_size = 1280, .port = 7443, .psk_kvn = 0x40, .psk_kid = 1,
                                        .ipv4 = {127, 0, 0, 1}, .has_address = true};
    (void)snprintf(sr->trigger.host, sizeof(sr->trigger.host), "smsr.example");
    (void)snprintf(sr->trigger.uri, sizeof(sr->trigger.uri), "/remora");
}

void rig_sr_use_psk(struct rig_sr *sr, uint8_t kvn, const uint8_t psk[16])
{
    key_free(sr->psk);
    assert_int_equal(key_new(KEY_PSK, span_of(psk, 16), &sr->psk), 0);
    sr->trigger.psk_kvn = kvn;
    sr->trigger.psk_identity = span_str(""); /* its version and identifier say enough */
}

void rig_sr_fini(struct rig_sr *sr)
{
    scp81_free(sr->s);
    scp81_ctx_free(sr->ctx);
    key_free(sr->psk);
}

void rig_sr_trigger(struct rig_sr *sr)
{
    uint8_t data[512];
    struct writer w = wr_init(data, sizeof(data));

    push_trigger_put(&w, &sr->trigger);
    assert_false(w.failed);
    rig_script(sr->r, 1, wr_view(&w));
    assert_true(sr->r->por.got);
    assert_int_equal(sr->r->por.status, POR_OK);
    assert_int_equal(sr->r->por.n, 0);
}

static bool request_take(struct rig_sr *sr)
{
    struct admin_request q;

    if (scp81_request(sr->s, &q) != ERR_OK)
        return false;
    assert_true(eid_eq(&q.from_eid, &sr->r->factory.eid));
    assert_true(aid_eq(&q.from_aid, &AID_ISD_R));
    memcpy(sr->uri, q.uri, sizeof(sr->uri));
    sr->status = q.status;
    sr->resume = q.resume;
    assert_true(q.body.n <= sizeof(sr->body));
    sr->body_n = q.body.n;
    if (q.body.n > 0)
        memcpy(sr->body, q.body.p, q.body.n);
    return true;
}

bool rig_sr_pump(struct rig_sr *sr)
{
    struct rig *r = sr->r;
    bool got = false;

    for (;;) {
        struct span out = scp81_output(sr->s);

        if (out.n > 0 && !r->closed) {
            uint8_t piece[1024];       /* as the network cuts it */
            size_t n = out.n < sizeof(piece) ? out.n : sizeof(piece);

            memcpy(piece, out.p, n);
            scp81_sent(sr->s, n);
            rig_stream(r, span_of(piece, n));
        } else if (r->stream.n > 0) {
            (void)!scp81_input(sr->s, buf_span(&r->stream));
            buf_reset(&r->stream);
            got = request_take(sr) || got;
        } else {
            return got;
        }
    }
}

bool rig_sr_open(struct rig_sr *sr)
{
    scp81_free(sr->s);
    sr->s = scp81_accept(sr->ctx);
    assert_non_null(sr->s);
    buf_reset(&sr->r->stream);
    rig_stream_opened(sr->r, true);
    return rig_sr_pump(sr);
}

bool rig_sr_answer(struct rig_sr *sr, int code, const struct aid *target, struct span body,
                   bool next)
{
    struct admin_response a = {.code = code, .body = body};

    if (target)
        a.target = *target;
    if (next)
        (void)snprintf(a.next_uri, sizeof(a.next_uri), "/remora/step/%u", ++sr->step);
    sr->r->refresh = sr->r->opened = sr->r->closed = false;
    assert_int_equal(scp81_respond(sr->s, &a), 0);
    return rig_sr_pump(sr);
}

uint16_t rig_sr_apdu(struct rig_sr *sr, struct span capdu, struct span *ret)
{
    uint8_t script[512];
    struct writer w = wr_init(script, sizeof(script));
    struct script_writer sw;
    struct script_reader reader;
    struct script_item item;
    struct apdu_rsp rsp;

    script_begin(&sw, &w, SCRIPT_INDEFINITE, false);
    script_put_cmd(&sw, capdu);
    script_end(&sw, 0);
    assert_true(rig_sr_answer(sr, 200, NULL, wr_view(&w), true));
    assert_int_equal(sr->status, ADMIN_STATUS_OK);
    assert_int_equal(script_open(span_of(sr->body, sr->body_n), &reader), 0);
    assert_int_equal(reader.form, SCRIPT_INDEFINITE);
    assert_int_equal(script_next(&reader, &item), 0);
    assert_int_equal(item.tag, SCRIPT_TAG_RSP);
    assert_int_equal(apdu_rsp_parse(item.value, &rsp), 0);
    if (ret)
        *ret = rsp.data;
    return rsp.sw;
}

void rig_sr_cut(struct rig_sr *sr)
{
    scp81_free(sr->s);
    sr->s = NULL;
    buf_reset(&sr->r->stream);
    rig_stream_closed(sr->r);
}

int rig_sr_setup(void **state)
{
    struct rig_sr *session = malloc(sizeof *session);
    void *r;

    assert_non_null(session);
    if (rig_setup(&r) != 0)
        return -1;
    rig_sr_init(session, r);
    *state = session;
    return 0;
}

int rig_sr_teardown(void **state)
{
    struct rig_sr *sr = *state;
    void *r = sr->r;

    rig_sr_fini(sr);
    free(sr);
    return rig_teardown(&r);
}

void rig_sr_begin(struct rig_sr *sr)
{
    rig_sr_trigger(sr);
    assert_true(sr->r->opened);
    assert_true(rig_sr_open(sr));
    assert_string_equal(sr->uri, "/remora");
    assert_int_equal(sr->body_n, 0);
    assert_int_equal(sr->status, ADMIN_STATUS_NONE);
    assert_false(sr->resume);
}

void rig_sr_finish(struct rig_sr *sr)
{
    assert_false(rig_sr_answer(sr, 204, NULL, span_of(NULL, 0), false));
    assert_true(sr->r->closed);
}

uint16_t rig_sr_audit(struct rig_sr *sr)
{
    return rig_sr_apdu(sr, span_of("\x80\xCA\xFF\x21\x00", 5), NULL);
}
