/* SPDX-License-Identifier: Apache-2.0 */
/* What an EUM says of its cards. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdio.h>

#include "common/crypto/ecka.h"
#include "common/crypto/scp80.h"
#include "test/support/smsr_world.h"

struct oid srw_oid(const char *s)
{
    struct oid o;

    assert_int_equal(oid_parse(span_str(s), &o), ERR_OK);
    return o;
}

struct iccid srw_iccid(const char *prefix, unsigned i)
{
    struct iccid c = {{0}};

    (void)snprintf(c.s, sizeof c.s, "%s%013u", prefix, i);
    return c;
}

void srw_wrap(struct srw *w, const struct key *k, uint8_t kid, uint8_t type,
                        struct eis_key *ret)
{
    uint8_t *place = arena_alloc(&w->arena, 64);
    struct writer out = wr_init(place, 64);

    ret->kid = kid;
    ret->type = type;
    assert_int_equal(ecb_wrap_key(w->crypto, w->transport.key, k, &out), ERR_OK);
    ret->wrapped = wr_view(&out);
    assert_int_equal(key_kcv(w->crypto, k, ret->kcv), ERR_OK);
    ret->has_kcv = true;
}

static void eis_profile_of(struct eis_profile *p, const char *mno, const char *prefix,
                                  unsigned card, unsigned n, enum profile_state state)
{
    char number[17];

    p->iccid = srw_iccid(prefix, card);
    assert_int_equal(aid_isd_p((uint16_t)(0x0010 + n), &p->isdp_aid), ERR_OK);
    p->mno_id = srw_oid(mno);
    p->state = state;
    p->profile_type = span_str("meter");
    p->allocated_memory = 60000;
    (void)snprintf(number, sizeof number, "49151%u%06u", n, card);
    assert_int_equal(msisdn_parse(span_str(number), &p->address.msisdn), ERR_OK);
}

void srw_eis_prepare(struct srw *w, unsigned card, struct srw_eis *e)
{
    struct pki_dates dates = {SRW_NOW - SRW_DAY, SRW_NOW + 1000 * SRW_DAY};
    struct buf cert;
    struct key *ecasd;

    memset(e, 0, sizeof *e);
    e->signer = &w->eum;
    e->info.eid = fake_eid(card);
    e->info.eum_id = srw_oid(EUM);
    e->info.production_date_ms = SRW_NOW - SRW_DAY;
    e->info.platform_type = span_str("sim");
    e->info.platform_version = span_str("1.0.0");
    e->info.isd_p_load_file = AID_ISD_P_PACKAGE;
    e->info.isd_p_module = AID_ISD_P_MODULE;
    e->info.capabilities.http = e->info.capabilities.secure_packet = true;
    e->info.capabilities.remote_provisioning_version = span_str("3.2.0");
    e->info.capabilities.platform = span_str("sim-1");
    assert_int_equal(ec_generate(w->crypto, CURVE_P256, &ecasd, e->point), ERR_OK);
    key_free(ecasd);
    buf_init(&cert, 0);
    assert_int_equal(pki_issue_ecasd(w->crypto, &w->eum, &e->info.eid, CURVE_P256,
                                     span_of(e->point, 65), &dates, &cert), ERR_OK);
    e->info.ecasd_certificate = span_of(arena_dup(&w->arena, cert.p, cert.n), cert.n);
    buf_fini(&cert);
    e->s.remaining_memory = 200000;
    e->s.available_memory_for_profiles = 300000;
    e->s.smsr_id = srw_oid(SMSR);
    e->s.transport_key_id = span_str("tk-1");
    e->s.n_profiles = 2;
    eis_profile_of(&e->s.profiles[0], MNO_A, "894901", card, 0, PROFILE_ENABLED);
    e->s.profiles[0].fallback_attribute = true;
    eis_profile_of(&e->s.profiles[1], MNO_B, "894902", card, 1, PROFILE_DISABLED);
    e->s.n_keysets = 2;
    e->s.keysets[0] = (struct eis_keyset){.version = 1, .type = 0x80, .counter = 7, .n_keys = 3};
    srw_wrap(w, w->kic, 1, 0x88, &e->s.keysets[0].keys[0]);
    srw_wrap(w, w->kid, 2, 0x88, &e->s.keysets[0].keys[1]);
    srw_wrap(w, w->dek, 3, 0x88, &e->s.keysets[0].keys[2]);
    e->s.keysets[1] = (struct eis_keyset){.version = 0x40, .type = 0x81, .n_keys = 1};
    srw_wrap(w, w->psk, 1, 0x85, &e->s.keysets[1].keys[0]);
}

struct span srw_eis_encode(struct srw *w, struct srw_eis *e)
{
    struct buf info, all;
    struct span ret, part;
    uint8_t sig[EC_SIG_LEN];

    buf_init(&info, 0);
    buf_init(&all, 0);
    if (!e->s.eum_signed_info.n) {
        assert_int_equal(wire_eum_info_encode(&e->info, &info), ERR_OK);
        e->s.eum_signed_info = span_of(arena_dup(&w->arena, info.p, info.n), info.n);
    }
    if (!e->s.eum_signature.n) {
        part = e->s.eum_signed_info;
        assert_int_equal(ec_sign(w->crypto, e->signer->key, &part, 1, sig), ERR_OK);
        e->s.eum_signature = span_of(arena_dup(&w->arena, sig, sizeof sig), sizeof sig);
    }
    if (!e->s.eum_certificate.n)
        e->s.eum_certificate = buf_span(&e->signer->der);
    assert_int_equal(wire_signed_eis_encode(&e->s, &all), ERR_OK);
    ret = span_of(arena_dup(&w->arena, all.p, all.n), all.n);
    buf_fini(&info);
    buf_fini(&all);
    return ret;
}

struct es1_register_eis_request srw_eis_request(const char *fcid, struct span eis)
{
    return (struct es1_register_eis_request){.base = {.function_call_identifier = span_str(fcid)},
                                             .eis = eis};
}

void srw_enrol(struct srw *w, struct srw_peer *eum, unsigned card)
{
    struct srw_eis parts;
    char fcid[32];
    struct es1_register_eis_request req;
    const struct srw_got *g;

    (void)snprintf(fcid, sizeof fcid, "enrol-%u", card);
    srw_eis_prepare(w, card, &parts);
    req = srw_eis_request(fcid, srw_eis_encode(w, &parts));
    g = srw_call(eum, MSG_ES1_REGISTER_EIS_REQUEST, &req, NULL);
    if (g->status != EXEC_SUCCESS)
        fail_msg("%s-%s %s", g->code.subject, g->code.reason, g->text);
    assert_true(w->n_cards < sizeof w->cards / sizeof *w->cards);
    w->cards[w->n_cards++] = card;
}

struct es4_enable_profile_request srw_enable_request(const char *fcid, unsigned card)
{
    return (struct es4_enable_profile_request){.base = {.function_call_identifier = span_str(fcid)},
                                               .eid = fake_eid(card),
                                               .iccid = srw_iccid("894902", card)};
}
