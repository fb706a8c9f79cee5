/* SPDX-License-Identifier: Apache-2.0 */
/* Links: remora_test_support remora_card remora_smdp_profile */
/* Real and published octets played to the simulated card. Where a session needs keys or a
 * counter that no command can set, they are put into the card's image. */
#include "test/kat/kat.h"

#include "common/codec/script.h"
#include "common/codec/tlv.h"
#include "test/support/card_rig.h"
#include "test/support/fake.h"

#define MEMORY_OF_THE_TRACE 0x00077E30u

static int setup(void **state)
{
    struct rig *r;

    (void)rig_setup_new(state);
    r = *state;
    r->factory.memory_bytes = MEMORY_OF_THE_TRACE;
    rig_card_new(r);
    return 0;
}

/* Replaces octets of the card's image that stand there exactly once. */
static void patch(struct rig *r, size_t before, struct span old, struct span fresh)
{
    struct card *c = NULL;
    struct buf image;
    unsigned found = 0;

    buf_init(&image, 0);
    assert_int_equal(card_image(r->card, &image), 0);
    for (size_t i = before; i + old.n <= image.n; i++) {
        if (memcmp(image.p + i, old.p, old.n) != 0)
            continue;
        memcpy(image.p + i - before, fresh.p, fresh.n);
        found++;
    }
    assert_int_equal(found, 1);
    assert_int_equal(card_from_image(&r->world, buf_span(&image), &c), 0);
    card_free(r->card);
    r->card = c;
    buf_fini(&image);
}

/* ISD-P number personalised with these keys; its next session has this sequence counter. */
static void isdp_with(struct rig *r, uint16_t number, struct span enc, struct span mac,
                      uint32_t sequence)
{
    struct rig_keys keys;
    uint8_t old[32], fresh[37];
    struct writer w = wr_init(fresh, sizeof(fresh));
    size_t n;

    assert_int_equal(rig_create(r, number, 0), 0x9000);
    rig_personalise(r, number, &keys);
    assert_int_equal(key_export_raw(keys.scp03.enc, old, 16, &n), 0);
    assert_int_equal(key_export_raw(keys.scp03.mac, old + 16, 16, &n), 0);
    wr_u32(&w, sequence - 1);      /* stands before version and keys (image.c) */
    wr_u8(&w, 0x30);
    wr_span(&w, enc);
    wr_span(&w, mac);
    patch(r, 5, span_of(old, sizeof(old)), wr_view(&w));
    rig_keys_fini(&keys);
}

/* One chained script with this element for an ISD-P; the answer's element is compared. */
static void element_is(struct rig *r, uint16_t number, uint8_t how, struct span tlv,
                       struct span want)
{
    kat_same(rig_element(r, number, how, tlv), want);
}

static uint16_t number_of(struct span aid)
{
    struct aid a;
    uint16_t n = 0;

    assert_int_equal(aid_from_bytes(aid, &a), 0);
    assert_true(aid_is_isd_p(&a, &n));
    return n;
}

/* --- scripts of a real platform, answers of a real eUICC --- */

/* Executes the script of this name and compares the answer. */
static void expanded(struct rig *r, const char *name)
{
    struct vec *v = vec_open("expanded");
    bool found = false;

    while (!found && kat_next(v, "expanded")) {
        if (strcmp(vec_text(v, "name"), name) != 0)
            continue;
        found = true;
        rig_script(r, 1, vec_get(v, "command"));
        assert_true(r->por.got);
        kat_same(span_of(r->por.data, r->por.n), vec_get(v, "response"));
    }
    assert_true(found);
    vec_close(v);
}

static void scripts_of_a_platform(void **state)
{
    struct rig *r = *state;
    struct rig_keys keys;
    struct buf package;

    rig_attach(r, true);
    expanded(r, "GET DATA FF21 extended card resources");
    expanded(r, "bad format: unknown tag AA inside AE");
    expanded(r, "INSTALL [for install] ISD-P");
    expanded(r, "INSTALL [for personalization] ISD-P");
    expanded(r, "DELETE ISD-P");
    expanded(r, "INSTALL [for install] ISD-P");
    rig_personalise(r, 0x13, &keys);
    buf_init(&package, 0);
    rig_package(0x13, 0, 0, &package);
    assert_int_equal(rig_load(r, 0x13, &keys, buf_span(&package)), 0);
    buf_fini(&package);
    rig_keys_fini(&keys);
    expanded(r, "GET STATUS one ISD-P");
    expanded(r, "STORE DATA 3A03 enable");
    assert_true(r->refresh);
    rig_confirmed(r);
    expanded(r, "STORE DATA 3A04 disable");
    rig_confirmed(r);
    expanded(r, "STORE DATA 3A05 set fallback attribute");
    assert_true(rig_isdp(r, 0x13)->fallback);
    expanded(r, "STORE DATA 3A07 SM-SR addressing parameters");
}

/* --- the packet of sgp02 13.4 --- */

static void the_packet_enables(void **state)
{
    struct rig *r = *state;
    struct vec *v = vec_open("sgp02");
    uint8_t high[9], low[9] = {0};
    struct writer w = wr_init(high, sizeof(high));
    bool found = false;

    while (!found && kat_next(v, "scp80_command"))
        found = kat_num(vec_get(v, "TAR")) == 1;
    assert_true(found);
    memcpy(r->factory.kic, vec_get(v, "KIC_key").p, 16);
    memcpy(r->factory.kid, vec_get(v, "KID_key").p, 16);
    key_free(r->kic);
    key_free(r->kid);
    r->kic = kat_key(KEY_AES, vec_get(v, "KIC_key"));
    r->kid = kat_key(KEY_AES, vec_get(v, "KID_key"));
    rig_card_new(r);
    r->counter = 0x00A1B2C3D4ull;  /* a figure that stands nowhere else in the image */
    rig_install(r, 0x13, 0);
    wr_u64(&w, r->counter);
    patch(r, 0, span_of(high, 8), span_of(low, 8));
    rig_packet(r, vec_get(v, "packet"));
    assert_true(r->por.got);
    assert_int_equal(r->por.status, POR_OK);
    kat_same(span_of(r->por.data, r->por.n), span_of("\xAB\x07\x80\x01\x01\x23\x02\x90\x00", 9));
    assert_true(r->refresh);
    assert_int_equal(rig_enabled(r), 0x13);
    assert_int_equal(rig_row(r, 0)->counter, 1);
    rig_packet(r, vec_get(v, "packet"));
    assert_int_equal(r->por.status, POR_CNTR_LOW);
    vec_close(v);
}

/* --- key establishment --- */

/* Lets the card draw exactly these octets next. */
static void draws(struct rig *r, struct rng *rng, struct span bytes)
{
    fake_rng_bytes(rng, bytes.p, bytes.n);
    r->world.rng = rng;
}

static void two_in_a_chain(struct rig *r, struct span a, struct span b, uint8_t how,
                           struct span *ret)
{
    struct script_reader sr;
    struct script_item item = {.tag = 0};

    rig_chained(r, how, a, b);
    assert_int_equal(script_open(span_of(r->por.data, r->por.n), &sr), 0);
    for (unsigned i = 0; i < (b.n > 0 ? 2 : 1); i++)
        assert_int_equal(script_next(&sr, &item), 0);
    assert_memory_equal(item.value.p + item.value.n - 2, "\x90\x00", 2);
    *ret = span_of(item.value.p, item.value.n - 2);
}

/* The certificate and the signature of a real run: the card holds the CI's key and draws the
 * challenge of that run. Its ECASD key is not known, so the receipt is another one. */
static void a_real_key_establishment_verifies(void **state)
{
    struct rig *r = *state;
    struct vec *v = vec_open("sgp02");
    struct key *ci = NULL;
    struct rng rng;
    struct span data;
    uint8_t perso[64], point[EC_POINT_LEN];
    size_t n;

    assert_true(kat_next(v, "es8_key_establishment"));
    assert_int_equal(ec_private(r->crypto, CURVE_P256, vec_get(v, "sk_ci"), &ci), 0);
    assert_int_equal(ec_point(r->crypto, ci, point), 0);
    key_free(ci);
    r->world.ci_points = span_of(point, sizeof(point));
    draws(r, &rng, vec_get(v, "rc"));
    assert_int_equal(rig_create(r, 0x13, 0), 0x9000);
    n = rig_perso_apdu(0x13, perso, sizeof(perso));
    two_in_a_chain(r, span_of(perso, n), vec_get(v, "capdu_1"), 0x11, &data);
    kat_same(data, vec_get(v, "answer_1"));
    two_in_a_chain(r, vec_get(v, "capdu_2"), span_of(NULL, 0), 0x03, &data);
    assert_int_equal(data.n, 18);
    assert_memory_equal(data.p, "\x86\x10", 2);
    assert_int_equal(rig_state(r, 0x13), ISDP_PERSONALIZED);
    vec_close(v);
}

/* STORE DATA 3A02 of a vector, signed over rc by the rig's SM-DP. */
static size_t keyset_of(struct rig *r, const struct vec *v, struct span rc, uint8_t dst[300])
{
    uint8_t data[256], tail[19] = {0x00, 0x85, 0x10}, sig[EC_SIG_LEN];
    struct writer w = wr_init(data, sizeof(data)), out = wr_init(dst, 300);
    struct apdu_cmd cmd = {.cla = 0x80, .ins = 0xE2, .p1 = 0x89, .p2 = 0x01};
    struct span parts[2];

    dgi_put(&w, 0x3A02, vec_get(v, "crt"));
    tlv_put(&w, 0x7F49, vec_get(v, "Q_ephemeral"));
    memcpy(tail + 3, rc.p, 16);
    parts[0] = wr_view(&w);
    parts[1] = span_of(tail, sizeof(tail));
    assert_int_equal(ec_sign(r->crypto, r->dp, parts, 2, sig), 0);
    tlv_put(&w, 0x5F37, span_of(sig, sizeof(sig)));
    cmd.data = wr_view(&w);
    apdu_cmd_put(&out, &cmd);
    assert_false(out.failed);
    return out.len;
}

/* The card's keys are those of the vector when its SCP03t answer opens with them. */
static void keys_are(struct rig *r, const struct vec *v)
{
    struct scp03_keys keys = {kat_key(KEY_AES, vec_get(v, "ENC")),
                              kat_key(KEY_AES, vec_get(v, "MAC")),
                              kat_key(KEY_AES, vec_get(v, "DEK"))};
    struct scp03_session s = {.kvn = 0};
    uint8_t script[64] = {0xAE, 0x80};
    struct writer w = wr_init(script + 2, sizeof(script) - 4);
    struct script_reader sr;
    struct script_item item;
    struct aid a;

    assert_int_equal(aid_isd_p(0x13, &a), 0);
    assert_int_equal(scp03t_initialize(r->crypto, &s, 0x30, &w), 0);
    rig_script(r, 0x13, span_of(script, w.len + 4));
    assert_int_equal(script_open(span_of(r->por.data, r->por.n), &sr), 0);
    assert_int_equal(script_next(&sr, &item), 0);
    assert_int_equal(scp03t_open(r->crypto, &s, &keys, &a, item.raw), 0);
    scp03_session_fini(&s);
    key_free(keys.enc);
    key_free(keys.mac);
    key_free(keys.dek);
}

static void generated_key_set(struct rig *r, const struct vec *v)
{
    struct span dr = vec_has(v, "DR") ? vec_get(v, "DR") : span_of(NULL, 0), data;
    uint8_t draw[32] = {0xA5}, perso[64], store[300];
    struct rng rng;
    struct tlv t;
    size_t n;

    if (dr.n > 0)
        memcpy(draw + 16, dr.p, dr.n);
    memcpy(r->factory.ecasd_private, vec_get(v, "d_ecasd").p, 32);
    rig_card_new(r);
    draws(r, &rng, span_of(draw, 16 + dr.n));
    assert_int_equal(rig_create(r, 0x13, 0), 0x9000);
    n = rig_perso_apdu(0x13, perso, sizeof(perso));
    two_in_a_chain(r, span_of(perso, n),
                   span_of(store, rig_cert_apdu(span_of(r->dp_cert, r->dp_cert_n), store,
                                                sizeof(store))), 0x11, &data);
    n = keyset_of(r, v, span_of(draw, 16), store);
    two_in_a_chain(r, span_of(store, n), span_of(NULL, 0), 0x03, &data);
    assert_int_equal(tlv_find(data, 0x86, &t), 0);
    kat_same(t.value, vec_get(v, "receipt"));
    assert_int_equal(tlv_find(data, 0x85, &t), dr.n > 0 ? ERR_OK : ERR_NOT_FOUND);
    if (dr.n > 0)
        kat_same(t.value, dr);
    r->world.rng = &r->rng;
    keys_are(r, v);
}

/* Generated sets whose ECASD key is known: the card's receipt, its DR, and its keys. */
static void generated_key_sets(void **state)
{
    struct vec *v = vec_open("key_agreement");
    unsigned done = 0;

    while (kat_next(v, "ecka_receipt_generated")) {
        if (vec_get(v, "crt").p[5] & 0x04)     /* HostID: not offered by this card */
            continue;
        generated_key_set(*state, v);
        done++;
    }
    assert_int_equal(done, 2);
    vec_close(v);
}

/* --- SCP03t --- */

static void a_real_session(void **state)
{
    struct rig *r = *state;
    struct vec *v = vec_open("sgp02");
    uint16_t number;

    assert_true(kat_next(v, "scp03t_session"));
    number = number_of(vec_get(v, "aid"));
    isdp_with(r, number, vec_get(v, "key_enc"), vec_get(v, "key_mac"), 1);
    element_is(r, number, 0x11, vec_get(v, "init_update_tlv"),
               vec_get(v, "init_update_response_tlv"));
    element_is(r, number, 0x02, vec_get(v, "ext_auth_tlv"), span_of("\x85\x00", 2));
    element_is(r, number, 0x02, vec_get(v, "segment_1_tlv"), span_of("\x86\x00", 2));
    element_is(r, number, 0x02, vec_get(v, "segment_1_tlv"), span_of("\x9F\x46\x01\x02", 4));
    vec_close(v);
}

static void a_generated_session(void **state)
{
    struct rig *r = *state;
    struct vec *v = vec_open("scp03t");
    uint16_t number;

    assert_true(kat_next(v, "generated"));
    number = number_of(vec_get(v, "AID"));
    isdp_with(r, number, vec_get(v, "ENC"), vec_get(v, "MAC"),
              (uint32_t)kat_num(vec_get(v, "sequence_counter")));
    element_is(r, number, 0x11, vec_get(v, "init_update_tlv"),
               vec_get(v, "init_update_response_tlv"));
    element_is(r, number, 0x02, vec_get(v, "ext_auth_tlv"), span_of("\x85\x00", 2));
    vec_close(v);
}

/* --- the trigger of a real platform --- */

static void real_triggers_open_a_stream(void **state)
{
    struct rig *r = *state;
    struct vec *v = vec_open("expanded");
    unsigned opened = 0;

    while (kat_next(v, "https_trigger")) {
        rig_card_new(r);
        rig_script(r, 1, vec_get(v, "data"));
        assert_true(r->por.got);
        assert_int_equal(r->por.status, POR_OK);
        opened += r->opened;
    }
    assert_int_equal(opened, 3);       /* the fourth has no connection parameters of use */
    vec_close(v);
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, setup, rig_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(scripts_of_a_platform), CASE(the_packet_enables),
        CASE(a_real_key_establishment_verifies), CASE(generated_key_sets), CASE(a_real_session),
        CASE(a_generated_session), CASE(real_triggers_open_a_stream),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
