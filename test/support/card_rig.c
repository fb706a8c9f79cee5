/* SPDX-License-Identifier: Apache-2.0 */
/* The rig itself: world, calls into the card, what is checked after each. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>

#include "common/base/hex.h"
#include "common/codec/gpcert.h"
#include "common/codec/script.h"
#include "common/codec/tlv.h"
#include "test/support/card_rig.h"
#include "test/support/fake.h"

#define SCRIPT_ROOM 3000u

/* --- world --- */

static size_t cert_make(struct rig *r, const struct key *signer, enum gpcert_role role,
                        uint32_t usage, const uint8_t point[EC_POINT_LEN], uint8_t dst[256])
{
    static const uint8_t ID[2] = {0x01, 0x02};
    const struct gpcert g = {
        .serial = span_of(ID, 1), .ca_id = span_of(ID, 2), .subject = span_of(ID, 2),
        .usage = usage, .to_date = 20450101, .role = role,
        .point = span_of(point, EC_POINT_LEN), .curve = CURVE_P256,
    };
    uint8_t tbs[256], sig[EC_SIG_LEN];
    struct writer t = wr_init(tbs, sizeof(tbs)), w = wr_init(dst, 256);
    struct span part;

    gpcert_tbs_put(&t, &g);
    part = wr_view(&t);
    assert_int_equal(ec_sign(r->crypto, signer, &part, 1, sig), 0);
    gpcert_put(&w, part, span_of(sig, sizeof(sig)));
    assert_false(w.failed);
    return w.len;
}

static void world_make(struct rig *r)
{
    uint8_t point[EC_POINT_LEN], d[32];
    struct key *ecasd = NULL;

    assert_int_equal(ec_generate(r->crypto, CURVE_P256, &r->ci, r->ci_point), 0);
    assert_int_equal(ec_generate(r->crypto, CURVE_P256, &r->dp, point), 0);
    r->dp_cert_n = cert_make(r, r->ci, GPCERT_ROLE_SMDP, 0x82, point, r->dp_cert);
    assert_int_equal(ec_generate(r->crypto, CURVE_P256, &r->sr, point), 0);
    r->sr_cert_n = cert_make(r, r->ci, GPCERT_ROLE_SMSR, 0x82, point, r->sr_cert);
    rng_fill(&r->rng, d, sizeof(d));
    d[0] = 0x01;                   /* below the order of the curve */
    memcpy(r->factory.ecasd_private, d, sizeof(d));
    assert_int_equal(ec_private(r->crypto, CURVE_P256, span_of(d, sizeof(d)), &ecasd), 0);
    assert_int_equal(ec_point(r->crypto, ecasd, r->ecasd_point), 0);
    key_free(ecasd);
    r->ecasd_cert_n = cert_make(r, r->ci, GPCERT_ROLE_NONE, 0x80, r->ecasd_point,
                                r->ecasd_cert);
    r->world = (struct card_world){
        .crypto = r->crypto, .rng = &r->rng, .time_scale = 1,
        .ci_points = span_of(r->ci_point, sizeof(r->ci_point)),
        .smsr_address = {RIG_SMSR},
    };
    r->world.scp81 = scp81_client_ctx(r->crypto);
    assert_non_null(r->world.scp81);
}

static void factory_make(struct rig *r, uint32_t quirks)
{
    struct card_factory *f = &r->factory;

    assert_int_equal(eid_parse("89001012012341234012345678901224", &f->eid), 0);
    f->scp80_kvn = 1;
    rng_fill(&r->rng, f->kic, sizeof(f->kic));
    rng_fill(&r->rng, f->kid, sizeof(f->kid));
    rng_fill(&r->rng, f->dek, sizeof(f->dek));
    f->psk_kvn = 0x40;
    f->psk_kid = 1;
    rng_fill(&r->rng, f->psk, sizeof(f->psk));
    f->ecasd_cert = span_of(r->ecasd_cert, r->ecasd_cert_n);
    f->memory_bytes = 1024 * 1024;
    memcpy(f->imei, "490154203237518", 16);
    f->quirks = quirks;
    f->has_bootstrap = true;
    assert_int_equal(iccid_parse(span_str("8949010000000000016"), &f->bootstrap.iccid), 0);
    rig_imsi(0x10, &f->bootstrap.imsi);
    assert_int_equal(msisdn_parse(span_str("491710000016"), &f->bootstrap.msisdn), 0);
    rig_secrets(0x10, f->bootstrap.k, f->bootstrap.opc);
}

void rig_card_new(struct rig *r)
{
    card_free(r->card);
    r->counter = 0;
    r->kvn = 1;
    r->n_rows = 0;
    assert_int_equal(card_new(&r->world, &r->factory, &r->card), 0);
}

void rig_init(struct rig *r, uint32_t quirks)
{
    *r = (struct rig){.now = INT64_C(1790000000000), .spi1 = 0x16, .spi2 = 0x39};
    fake_rng_init(&r->rng, 7);
    r->crypto = crypto_new(&r->rng);
    assert_non_null(r->crypto);
    arena_init(&r->arena, 0);
    buf_init(&r->stream, 0);
    world_make(r);
    factory_make(r, quirks);
    assert_int_equal(key_new(KEY_AES, span_of(r->factory.kic, 16), &r->kic), 0);
    assert_int_equal(key_new(KEY_AES, span_of(r->factory.kid, 16), &r->kid), 0);
    rig_card_new(r);
}

void rig_fini(struct rig *r)
{
    card_free(r->card);
    key_free(r->ci);
    key_free(r->dp);
    key_free(r->sr);
    key_free(r->kic);
    key_free(r->kid);
    scp81_ctx_free(r->world.scp81);
    crypto_free(r->crypto);
    arena_fini(&r->arena);
    buf_fini(&r->stream);
}

int rig_setup_new(void **state)
{
    struct rig *r = malloc(sizeof *r);

    assert_non_null(r);
    rig_init(r, 0);
    *state = r;
    return 0;
}

int rig_setup(void **state)
{
    (void)rig_setup_new(state);
    rig_confirmed(*state);
    return 0;
}

int rig_teardown(void **state)
{
    rig_fini(*state);
    free(*state);
    return 0;
}

const struct card_ledger_row *rig_row(const struct rig *r, unsigned back)
{
    assert_true(back < r->n_rows);
    return &r->row[r->n_rows - 1 - back];
}

/* --- what holds after each call --- */

static void image_check(struct rig *r)
{
    struct card *copy = NULL;
    struct buf a, b;

    buf_init(&a, 0);
    buf_init(&b, 0);
    assert_int_equal(card_image(r->card, &a), 0);
    assert_int_equal(card_from_image(&r->world, buf_span(&a), &copy), 0);
    assert_int_equal(card_image(copy, &b), 0);
    assert_true(span_eq(buf_span(&a), buf_span(&b)));
    card_free(copy);
    buf_wipe(&a);
    buf_wipe(&b);
    buf_fini(&a);
    buf_fini(&b);
}

static void witness_check(const struct rig *r)
{
    unsigned enabled = 0, fallback = 0;
    uint64_t memory = card_memory_free(r->card);

    for (unsigned i = 0; i < card_isdp_count(r->card); i++) {
        const struct card_isdp *p = card_isdp_at(r->card, i);

        enabled += p->state == ISDP_ENABLED;
        fallback += p->fallback;
        memory += p->memory;
    }
    assert_true(enabled <= 1);
    assert_int_equal(fallback, r->factory.has_bootstrap);
    if (!r->unsound && !(r->factory.quirks & QUIRK_MEMORY_KEPT))
        assert_int_equal(memory, r->factory.memory_bytes);
}

static void rows_take(struct rig *r, bool told)
{
    unsigned n = card_ledger_take(r->card, r->row + r->n_rows, RIG_ROWS - r->n_rows);

    assert_int_equal(told, n > 0);
    for (unsigned i = 0; i < n; i++) {
        assert_true(eid_eq(&r->row[r->n_rows].eid, &r->factory.eid));
        r->n_rows++;
        assert_int_equal(r->row[r->n_rows - 1].n, r->n_rows);
    }
    assert_int_equal(card_ledger_count(r->card), r->n_rows);
}

static void begin(struct rig *r)
{
    arena_reset(&r->arena);
    r->out = (struct card_actions){.arena = &r->arena};
}

static void action_note(struct rig *r, const struct card_action *a, bool *told)
{
    switch (a->kind) {
    case CARD_SEND_SMS:
        assert_true(r->n_sms < RIG_SMS && a->bytes.n <= 140);
        r->sms[r->n_sms].to = a->to;
        r->sms[r->n_sms].n = (uint8_t)a->bytes.n;
        memcpy(r->sms[r->n_sms++].ud, a->bytes.p, a->bytes.n);
        assert_false(r->refresh);  /* nothing is sent by a device that resets */
        break;
    case CARD_OPEN_STREAM:
        r->opened = true;
        break;
    case CARD_STREAM_SEND:
        buf_add_span(&r->stream, a->bytes);
        break;
    case CARD_STREAM_CLOSE:
        r->closed = true;
        break;
    case CARD_OPEN_UDP:
        r->udp_opened = true;
        break;
    case CARD_DATAGRAM:
        assert_true(r->n_pdus < RIG_PDUS && a->bytes.n <= sizeof(r->pdu[0].b));
        r->pdu[r->n_pdus].n = a->bytes.n;
        memcpy(r->pdu[r->n_pdus++].b, a->bytes.p, a->bytes.n);
        assert_false(r->refresh);
        break;
    case CARD_UDP_CLOSE:
        r->udp_closed = true;
        break;
    case CARD_REFRESH:
        r->refresh = true;
        break;
    case CARD_LEDGER:
        assert_false(*told);
        *told = true;
        break;
    }
}

static void end(struct rig *r, int rc)
{
    bool told = false;

    assert_int_equal(rc, ERR_OK);
    for (unsigned i = 0; i < r->out.n; i++)
        action_note(r, &r->out.a[i], &told);
    rows_take(r, told);
    image_check(r);
    witness_check(r);
}

static void forget(struct rig *r)
{
    r->n_sms = 0;
    r->refresh = r->opened = r->closed = r->udp_opened = r->udp_closed = false;
}

/* --- calls --- */

void rig_attach(struct rig *r, bool ok)
{
    forget(r);
    begin(r);
    end(r, card_attached(r->card, ok, r->now, &r->out));
}

void rig_power(struct rig *r)
{
    forget(r);
    begin(r);
    end(r, card_power_cycle(r->card, r->now, &r->out));
}

void rig_reboot(struct rig *r)
{
    struct card *next = NULL;
    struct buf image;

    buf_init(&image, 0);
    assert_int_equal(card_image(r->card, &image), 0);
    card_free(r->card);
    assert_int_equal(card_from_image(&r->world, buf_span(&image), &next), 0);
    r->card = next;
    buf_wipe(&image);
    buf_fini(&image);
    rig_power(r);
}

bool rig_timer(struct rig *r)
{
    int64_t due = card_due(r->card);

    forget(r);
    if (due == 0)
        return false;
    if (due > r->now)
        r->now = due;
    begin(r);
    end(r, card_timer(r->card, r->now, &r->out));
    return true;
}

void rig_stream(struct rig *r, struct span bytes)
{
    begin(r);
    end(r, card_stream_bytes(r->card, bytes, r->now, &r->out));
}

void rig_stream_opened(struct rig *r, bool ok)
{
    forget(r);
    begin(r);
    end(r, card_stream_opened(r->card, ok, r->now, &r->out));
}

void rig_stream_closed(struct rig *r)
{
    forget(r);
    begin(r);
    end(r, card_stream_closed(r->card, r->now, &r->out));
}

void rig_udp_opened(struct rig *r, bool ok)
{
    forget(r);
    begin(r);
    end(r, card_udp_opened(r->card, ok, r->now, &r->out));
}

void rig_datagram(struct rig *r, struct span pdu)
{
    forget(r);
    begin(r);
    end(r, card_datagram(r->card, pdu, r->now, &r->out));
}

void rig_udp_closed(struct rig *r)
{
    forget(r);
    begin(r);
    end(r, card_udp_closed(r->card, r->now, &r->out));
}

void rig_sms_sent(struct rig *r, bool ok)
{
    begin(r);
    end(r, card_sms_sent(r->card, ok, r->now, &r->out));
}

static uint8_t kic(const struct rig *r)
{
    return (uint8_t)((unsigned)r->kvn << 4 | 0x02u); /* AES */
}

struct span rig_wrap(struct rig *r, uint32_t tar, struct span data, uint8_t room[PACKET_MAX])
{
    const struct scp80_keys keys = {r->kic, r->kid, 0};
    const struct packet_cmd_head h = {r->spi1, r->spi2, kic(r), kic(r), tar};
    struct writer w = wr_init(room, PACKET_MAX);

    assert_int_equal(scp80_wrap(r->crypto, &keys, PACKET_SMS, &h, ++r->counter, data, &w), 0);
    return wr_view(&w);
}

/* The PoR among the SMS, if one left. */
static void por_read(struct rig *r)
{
    const struct scp80_keys keys = {r->kic, r->kid, 0};
    struct sms_rx *rx = sms_rx_new(4, 4, 1000);
    struct scp80_response rsp;
    struct sms_packet p;

    assert_non_null(rx);
    r->por = (struct rig_por){.got = false};
    for (unsigned i = 0; i < r->n_sms; i++) {
        int rc = sms_rx_part(rx, "", span_of(r->sms[i].ud, r->sms[i].n), 0, &p);

        if (rc != ERR_OK || p.kind != SMS_RESPONSE)
            continue;
        assert_string_equal(r->sms[i].to.s, RIG_SMSR);
        assert_int_equal(scp80_por_unwrap(r->crypto, &keys, PACKET_SMS, r->spi2, kic(r), kic(r),
                                          span_of(p.b, p.n), &rsp), 0);
        assert_false(r->por.got);
        r->por.got = true;
        r->por.refresh_behind = r->refresh;
        r->por.status = rsp.status;
        r->por.n = rsp.data_len;
        memcpy(r->por.data, rsp.data, rsp.data_len);
    }
    sms_rx_free(rx);
}

void rig_packet(struct rig *r, struct span packet)
{
    const struct msisdn from = {RIG_SMSR};
    unsigned n = sms_parts(packet.n);

    assert_true(n > 0);
    forget(r);
    for (unsigned i = 1; i <= n; i++) {
        uint8_t ud[SMS_UD_MAX];
        struct writer w = wr_init(ud, sizeof(ud));

        assert_int_equal(sms_part_put(&w, SMS_COMMAND, packet, (uint8_t)r->counter, i), 0);
        begin(r);
        end(r, card_sms(r->card, &from, wr_view(&w), r->now, &r->out));
    }
    por_read(r);
}

void rig_script(struct rig *r, uint32_t tar, struct span script)
{
    uint8_t room[PACKET_MAX];

    rig_packet(r, rig_wrap(r, tar, script, room));
}

uint16_t rig_apdu(struct rig *r, struct span capdu, struct span *ret)
{
    uint8_t script[SCRIPT_ROOM];
    struct writer w = wr_init(script, sizeof(script));
    struct script_reader sr;
    struct script_writer sw;
    struct script_item item;
    struct apdu_rsp rsp;

    script_begin(&sw, &w, SCRIPT_DEFINITE, false);
    script_put_cmd(&sw, capdu);
    script_end(&sw, 0);
    rig_script(r, 1, wr_view(&w));
    assert_true(r->por.got);
    assert_int_equal(r->por.status, POR_OK);
    assert_int_equal(script_open(span_of(r->por.data, r->por.n), &sr), 0);
    assert_int_equal(sr.form, SCRIPT_DEFINITE);
    assert_int_equal(script_next(&sr, &item), 0);
    assert_int_equal(item.tag, SCRIPT_TAG_COUNT);
    assert_int_equal(item.value.p[0], 1);
    assert_int_equal(script_next(&sr, &item), 0);
    assert_int_equal(item.tag, SCRIPT_TAG_RSP);
    assert_int_equal(apdu_rsp_parse(item.value, &rsp), 0);
    assert_int_equal(script_next(&sr, &item), ERR_NOT_FOUND);
    if (ret)
        *ret = rsp.data;
    return rsp.sw;
}

uint16_t rig_hex(struct rig *r, const char *capdu, struct span *ret)
{
    uint8_t b[300];
    size_t n = 0;

    assert_int_equal(hex_decode(capdu, strlen(capdu), b, sizeof(b), &n), 0);
    return rig_apdu(r, span_of(b, n), ret);
}
