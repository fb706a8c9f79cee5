/* SPDX-License-Identifier: Apache-2.0 */
/* Links: remora_test_support remora_smsr_api remora_smsr_app */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "test/support/smsr_world.h"

#include <stdio.h>

static int setup(void **state)
{
    *state = srw_new("es1");
    return 0;
}

static void a_good_eis_is_registered_with_its_keys(void **state)
{
    struct srw *w = *state;
    struct srw_peer *eum = srw_dial(w, EUM, ROLE_EUM);
    const struct euicc *e;
    struct buf sealed;

    srw_enrol(w, eum, 1);
    e = srw_card(w, 1);
    assert_non_null(e);
    assert_int_equal(e->n_profiles, 2);
    assert_int_equal(e->scp80_kvn, 1);
    assert_int_equal(e->counter_high, 7);
    assert_int_equal(e->psk_kvn, 0x40);
    buf_init(&sealed, 0);
    {
        char id[ISDR_SECRET_ID];
        struct isdr_secret s;
        uint8_t a[3], b[3];
        isdr_secret_id(&e->eid, id);
        assert_int_equal(journal_secret_get(engine_journal(smsr_core_engine(w->core)), span_str(id),
                                            NULL, &sealed),
                         ERR_OK);
        assert_int_equal(isdr_secret_open(w->ks, e->tenant, &e->eid, buf_span(&sealed), &s),
                         ERR_OK);
        assert_int_equal(key_kcv(w->crypto, s.set[0].kic, a), ERR_OK);
        assert_int_equal(key_kcv(w->crypto, w->kic, b), ERR_OK);
        assert_memory_equal(a, b, 3);
        assert_int_equal(key_kcv(w->crypto, s.psk[0].psk, a), ERR_OK);
        assert_int_equal(key_kcv(w->crypto, w->psk, b), ERR_OK);
        assert_memory_equal(a, b, 3);
        assert_int_equal(s.psk[0].kid, 1);
        isdr_secret_fini(&s);
        /* Another tenant or EID does not open it. */
        assert_int_equal(isdr_secret_open(w->ks, e->tenant + 1, &e->eid, buf_span(&sealed), &s),
                         ERR_AUTH);
    }
    buf_fini(&sealed);
}

/* What is changed before or after signing, and how it is refused. */
enum change {
    SIGNATURE,
    CERTIFICATE,
    OTHER_EUM,
    OTHER_CALLER,
    SMSR_ID,
    REALM,
    EID_DIGITS,
    TWICE,
    ICCID_TAKEN,
    ICCID_DOUBLED,
    NUMBER_TAKEN,
    NUMBER_SHARED,
    AID_DOUBLED,
    TWO_ENABLED,
    TWO_FALLBACK,
    TWO_EMERGENCY,
    BOTH_ATTRIBUTES,
    STATE_CREATED,
    NO_MNO,
    ECASD_OTHER_EID,
    ECASD_GARBAGE,
    TRANSPORT_ID,
    TRANSPORT_OTHER,
    KCV_WRONG,
    KCV_MISSING,
    CLEAR_KEY,
    CLEAR_PADDED,
    KEY_TYPE,
    KEY_TWICE,
    KEY_UNKNOWN,
    SET_UNKNOWN,
    NO_SCP80,
    NO_KID,
    NO_PSK,
    EUM_EXPIRED,
    CHANGE_COUNT
};
static const struct { const char *subject, *reason, *says; } WANT[CHANGE_COUNT] = {
    [SIGNATURE] = {"8.6", "6.2", "signature"},
    [CERTIFICATE] = {"8.5.1", "6.1", "EUM certificate"},
    [OTHER_EUM] = {"8.6", "6.2", "signature"},
    [OTHER_CALLER] = {"8.6", "1.2", "another EUM"},
    [SMSR_ID] = {"8.7", "3.4", "Smsr-id"},
    [REALM] = {"8.1.1", "3.10", "range"},
    [EID_DIGITS] = {"8.1.1", "2.1", "Eid"},
    [TWICE] = {"8.1.1", "3.3", "registered already"},
    [ICCID_TAKEN] = {"8.2.1", "3.3", "another card"},
    [ICCID_DOUBLED] = {"8.6", "2.1", "same ICCID"},
    [NUMBER_TAKEN] = {"8.2.6", "3.3", "profile 2"},
    [NUMBER_SHARED] = {"8.2.6", "3.3", "profile 2"},
    [AID_DOUBLED] = {"8.6", "2.1", "same ICCID or AID"},
    [TWO_ENABLED] = {"8.6", "2.1", "enabled"},
    [TWO_FALLBACK] = {"8.6", "2.1", "fall-back"},
    [TWO_EMERGENCY] = {"8.6", "2.1", "emergency"},
    [BOTH_ATTRIBUTES] = {"8.6", "2.1", "profile 1"},
    [STATE_CREATED] = {"8.6", "2.1", "profile 2"},
    [NO_MNO] = {"8.6", "2.1", "profile 1"},
    [ECASD_OTHER_EID] = {"8.5.2", "6.1", "ECASD"},
    [ECASD_GARBAGE] = {"8.5.2", "6.1", "ECASD"},
    [TRANSPORT_ID] = {"8.6", "6.1", "transport key"},
    [TRANSPORT_OTHER] = {"8.6", "6.1", "key 01 of key set 01"},
    [KCV_WRONG] = {"8.6", "6.1", "key 02 of key set 01"},
    [KCV_MISSING] = {"8.6", "6.1", "check value"},
    [CLEAR_KEY] = {"8.6", "6.1", "key 01 of key set 01"},
    [CLEAR_PADDED] = {"8.6", "6.1", "key 01 of key set 01"},
    [KEY_TYPE] = {"8.6", "6.1", "key 01 of key set 40"},
    [KEY_TWICE] = {"8.6", "6.1", "stands twice"},
    [KEY_UNKNOWN] = {"8.6", "6.1", "unknown"},
    [SET_UNKNOWN] = {"8.6", "6.1", "neither SCP80 nor SCP81"},
    [NO_SCP80] = {"8.6", "6.1", "no SCP80 key set"},
    [NO_KID] = {"8.6", "6.1", "KIc and KID"},
    [NO_PSK] = {"8.6", "6.1", "HTTPS"},
    [EUM_EXPIRED] = {"8.5.1", "6.3", "EUM certificate"},
};

static void change_profiles(struct srw_eis *e, enum change c)
{
    struct eis_profile *p = e->s.profiles;

    switch (c) {
    case ICCID_TAKEN: p[0].iccid = srw_iccid("894901", 1); break;
    case ICCID_DOUBLED: p[1].iccid = p[0].iccid; break;
    case NUMBER_TAKEN: assert_int_equal(msisdn_parse(span_str("491510000001"),
                                                     &p[1].address.msisdn), ERR_OK); break;
    case NUMBER_SHARED: p[1].address.msisdn = p[0].address.msisdn; break;
    case AID_DOUBLED: p[1].isdp_aid = p[0].isdp_aid; break;
    case TWO_ENABLED: p[1].state = PROFILE_ENABLED; break;
    case TWO_FALLBACK: p[1].fallback_attribute = true; break;
    case TWO_EMERGENCY: p[0].fallback_attribute = false; p[0].emergency = p[1].emergency = true; break;
    case BOTH_ATTRIBUTES: p[0].emergency = true; break;
    case STATE_CREATED: p[1].state = PROFILE_CREATED; break;
    case NO_MNO: memset(&p[0].mno_id, 0, sizeof p[0].mno_id); break;
    default: break;
    }
}

static void change_keys(struct srw *w, struct srw_eis *e, enum change c)
{
    struct eis_keyset *set = e->s.keysets;
    static uint8_t clear[32];

    memset(clear, 0x11, sizeof clear);
    memset(clear + 16, 0x10, 16); /* clear key and padding, never enciphered */
    switch (c) {
    case TRANSPORT_ID: e->s.transport_key_id = span_str("tk-2"); break;
    case TRANSPORT_OTHER: {
        struct key *mine = w->transport.key;
        assert_int_equal(key_random(w->crypto, KEY_AES, 16, &w->transport.key), ERR_OK);
        srw_wrap(w, w->kic, 1, 0x88, &set[0].keys[0]);
        key_free(w->transport.key);
        w->transport.key = mine;
        break;
    }
    case KCV_WRONG: set[0].keys[1].kcv[2] ^= 1; break;
    case KCV_MISSING: set[0].keys[2].has_kcv = false; break;
    case CLEAR_KEY: set[0].keys[0].wrapped = span_of(clear, 16); break;
    case CLEAR_PADDED: set[0].keys[0].wrapped = span_of(clear, 32); break;
    case KEY_TYPE: set[1].keys[0].type = 0x88; break;
    case KEY_TWICE: set[0].keys[1].kid = 1; break;
    case KEY_UNKNOWN: set[0].keys[1].kid = 9; break;
    case SET_UNKNOWN: set[0].version = 0x30; break;
    case NO_SCP80:
        set[0] = set[1];
        e->s.n_keysets = 1;
        break;
    case NO_KID: set[0].n_keys = 1; break;
    case NO_PSK: e->s.n_keysets = 1; break;
    default: break;
    }
}

static bool contains(struct span hay, struct span needle)
{
    for (size_t i = 0; i + needle.n <= hay.n; i++)
        if (!memcmp(hay.p + i, needle.p, needle.n))
            return true;
    return false;
}

static void no_wrapped_key(struct srw *w, const struct srw_eis *parts)
{
    struct journal_record rec;
    struct signed_eis s;
    struct event ev;
    struct buf body;

    buf_init(&body, 0);
    assert_int_equal(journal_get(engine_journal(smsr_core_engine(w->core)), srw_card(w, 1)->eis_lsn,
                                 &rec, &body), ERR_OK);
    assert_int_equal(wire_event_decode(EV_EUICC_REGISTERED, buf_span(&body), &w->arena, &ev, NULL),
                     ERR_OK);
    assert_int_equal(wire_signed_eis_decode(ev.data, &w->arena, &s, NULL), ERR_OK);
    for (unsigned i = 0; i < parts->s.n_keysets; i++)
        for (unsigned k = 0; k < parts->s.keysets[i].n_keys; k++) {
            struct span wrapped = parts->s.keysets[i].keys[k].wrapped;
            /* Whole, and the first block alone: under one transport key it is the same for ever. */
            assert_true(wrapped.n >= 16);
            assert_false(contains(buf_span(&body), span_of(wrapped.p, 16)));
            assert_int_equal(s.keysets[i].keys[k].kid, parts->s.keysets[i].keys[k].kid);
            assert_int_equal(s.keysets[i].keys[k].wrapped.n, 0);
        }
    assert_true(span_eq(s.eum_signed_info, parts->s.eum_signed_info));
    assert_true(span_eq(s.eum_signature, parts->s.eum_signature));
    buf_fini(&body);
}

/* Kept for ever, a wrapped key would be as safe as the one transport key: the log has none, and the
 * card is the same when it is built from the log again. */
static void the_log_holds_no_wrapped_key(void **state)
{
    struct srw *w = *state;
    struct srw_peer *eum = srw_dial(w, EUM, ROLE_EUM);
    struct srw_eis parts;
    struct es1_register_eis_request req;
    struct srw_got first;

    srw_eis_prepare(w, 1, &parts);
    req = srw_eis_request("call", srw_eis_encode(w, &parts));
    first = *srw_call(eum, MSG_ES1_REGISTER_EIS_REQUEST, &req, NULL);
    assert_int_equal(first.status, EXEC_SUCCESS);
    no_wrapped_key(w, &parts);
    srw_drop_peers(w);
    memvfs_crash(w->m, MEMVFS_KEEP, NULL);
    smsr_core_free(w->core);
    srw_open(w);
    assert_int_equal(srw_card(w, 1)->scp80_kvn, 1);
    assert_int_equal(srw_card(w, 1)->counter_high, 7);
    assert_int_equal(srw_card(w, 1)->psk_kvn, 0x40);
    assert_int_equal(srw_card(w, 1)->psk_kid, 1);
    no_wrapped_key(w, &parts);
    /* The digest of the call is over what was sent, keys included: another key is another call. */
    eum = srw_dial(w, EUM, ROLE_EUM);
    assert_int_equal(srw_call(eum, MSG_ES1_REGISTER_EIS_REQUEST, &req, NULL)->status, EXEC_SUCCESS);
    change_keys(w, &parts, TRANSPORT_OTHER);
    req = srw_eis_request("call", srw_eis_encode(w, &parts));
    srw_expect(srw_call(eum, MSG_ES1_REGISTER_EIS_REQUEST, &req, NULL), "1.6", "3.3");
}

static void change_identity(struct srw *w, struct srw_eis *e, enum change c)
{
    struct srw_eis other;

    switch (c) {
    case OTHER_EUM: e->s.eum_certificate = buf_span(&w->eum_2.der); break;
    case CERTIFICATE: e->s.eum_certificate = buf_span(&w->ci.der); break;
    case OTHER_CALLER: e->info.eum_id = srw_oid(EUM_2); break;
    case SMSR_ID: e->s.smsr_id = srw_oid(SMDP); break;
    case REALM: e->info.eid = fake_eid(500); break;
    case TWICE: e->info.eid = fake_eid(1); break;
    case ECASD_OTHER_EID:
        srw_eis_prepare(w, 77, &other);
        e->info.ecasd_certificate = other.info.ecasd_certificate;
        break;
    case ECASD_GARBAGE: e->info.ecasd_certificate = span_str("not a certificate"); break;
    case EUM_EXPIRED: fake_clock_step(&w->clock, 200 * SRW_DAY); break;
    default: break;
    }
}

static struct span changed(struct srw *w, enum change c)
{
    struct srw_eis e;
    struct span octets;
    uint8_t *p;

    srw_eis_prepare(w, 2, &e);
    change_identity(w, &e, c);
    change_profiles(&e, c);
    change_keys(w, &e, c);
    octets = srw_eis_encode(w, &e);
    if (c == SIGNATURE) {
        p = arena_dup(&w->arena, e.s.eum_signature.p, e.s.eum_signature.n);
        p[40] ^= 1;
        e.s.eum_signature.p = p;
        octets = srw_eis_encode(w, &e);
    }
    if (c == EID_DIGITS) { /* the octets of the EID stand somewhere in the signed part */
        p = arena_dup(&w->arena, e.s.eum_signed_info.p, e.s.eum_signed_info.n);
        for (size_t i = 0; i + 16 <= e.s.eum_signed_info.n; i++)
            if (!memcmp(p + i, e.info.eid.b, 16))
                p[i + 15] ^= 1;
        e.s.eum_signed_info.p = p;
        octets = srw_eis_encode(w, &e);
    }
    return octets;
}

static void each_refusal_has_its_code_and_sentence(void **state)
{
    struct srw *w = *state;
    struct srw_peer *eum = srw_dial(w, EUM, ROLE_EUM);

    srw_enrol(w, eum, 1);
    for (enum change c = 0; c < CHANGE_COUNT; c++) {
        char fcid[32];
        struct es1_register_eis_request req;
        const struct srw_got *g;
        (void)snprintf(fcid, sizeof fcid, "wrong-%d", (int)c);
        req = srw_eis_request(fcid, changed(w, c));
        g = srw_call(eum, MSG_ES1_REGISTER_EIS_REQUEST, &req, NULL);
        if (!strstr(g->text, WANT[c].says))
            fail_msg("%d: \"%s\" does not say %s", (int)c, g->text, WANT[c].says);
        srw_expect(g, WANT[c].subject, WANT[c].reason);
        assert_null(srw_card(w, 2));
        assert_int_equal(w->n_sms, 0);
        srw_turn(w);
        if (eum->n > SRW_GOT - 4) { /* a fresh connection has room again */
            srw_hang_up(eum);
            eum = srw_dial(w, EUM, ROLE_EUM);
        }
    }
    assert_int_equal(srw_card(w, 1)->n_profiles, 2);
}

static void garbage_is_refused_without_harm(void **state)
{
    struct srw *w = *state;
    struct srw_peer *eum = srw_dial(w, EUM, ROLE_EUM);
    struct srw_eis parts;
    struct span good;
    struct es1_register_eis_request req;
    const struct srw_got *g;

    srw_eis_prepare(w, 3, &parts);
    good = srw_eis_encode(w, &parts);
    for (unsigned i = 0; i < 20; i++) {
        char fcid[32];
        (void)snprintf(fcid, sizeof fcid, "cut-%u", i);
        req = srw_eis_request(fcid, span_of(good.p, good.n * i / 20));
        g = srw_call(eum, MSG_ES1_REGISTER_EIS_REQUEST, &req, NULL);
        assert_int_equal(g->status, EXEC_FAILED);
        assert_null(srw_card(w, 3));
    }
}

static void a_repeat_gets_the_stored_answer(void **state)
{
    struct srw *w = *state;
    struct srw_peer *eum = srw_dial(w, EUM, ROLE_EUM);
    struct srw_eis parts, other;
    struct es1_register_eis_request req, changed_req;
    struct srw_got first;
    const struct srw_got *g;

    srw_eis_prepare(w, 1, &parts);
    srw_eis_prepare(w, 2, &other);
    req = srw_eis_request("call", srw_eis_encode(w, &parts));
    changed_req = srw_eis_request("call", srw_eis_encode(w, &other));
    first = *srw_call(eum, MSG_ES1_REGISTER_EIS_REQUEST, &req, NULL);
    assert_int_equal(first.status, EXEC_SUCCESS);
    fake_clock_step(&w->clock, 5000);
    for (unsigned i = 0; i < 3; i++) {
        g = srw_call(eum, MSG_ES1_REGISTER_EIS_REQUEST, &req, NULL);
        assert_true(span_eq(buf_span(&g->octets), buf_span(&first.octets)));
        g = srw_call(eum, MSG_ES1_REGISTER_EIS_REQUEST, &changed_req, NULL);
        srw_expect(g, "1.6", "3.3");
        assert_null(srw_card(w, 2));
        if (i == 0)
            assert_int_equal(engine_flush(smsr_core_engine(w->core)), ERR_OK);
        if (i == 1) {
            struct buf keep = first.octets;
            buf_init(&first.octets, 0);
            buf_add_span(&first.octets, buf_span(&keep));
            srw_drop_peers(w);
            memvfs_crash(w->m, MEMVFS_KEEP, NULL);
            smsr_core_free(w->core);
            srw_open(w);
            eum = srw_dial(w, EUM, ROLE_EUM);
        }
    }
    buf_fini(&first.octets);
    /* A refusal is an answer too. */
    req = srw_eis_request("bad", changed(w, SMSR_ID));
    srw_expect(srw_call(eum, MSG_ES1_REGISTER_EIS_REQUEST, &req, NULL), "8.7", "3.4");
    srw_expect(srw_call(eum, MSG_ES1_REGISTER_EIS_REQUEST, &req, NULL), "8.7", "3.4");
}

static void only_an_eum_registers(void **state)
{
    struct srw *w = *state;
    struct srw_peer *fleet = srw_dial(w, FLEET, ROLE_FLEET);
    struct srw_eis parts;
    struct es1_register_eis_request req;

    srw_eis_prepare(w, 1, &parts);
    req = srw_eis_request("call", srw_eis_encode(w, &parts));
    srw_expect(srw_call(fleet, MSG_ES1_REGISTER_EIS_REQUEST, &req, NULL), "1.2", "1.2");
    assert_null(srw_card(w, 1));
}

static void a_full_disk_refuses_cleanly(void **state)
{
    struct srw *w = *state;
    struct srw_peer *eum = srw_dial(w, EUM, ROLE_EUM);
    struct srw_eis parts;
    struct es1_register_eis_request req;
    uint64_t before = engine_last_lsn(smsr_core_engine(w->core));

    srw_eis_prepare(w, 1, &parts);
    req = srw_eis_request("call", srw_eis_encode(w, &parts));
    w->disk_full = true;
    srw_expect(srw_call(eum, MSG_ES1_REGISTER_EIS_REQUEST, &req, NULL), "1.2", "4.4");
    assert_int_equal(engine_last_lsn(smsr_core_engine(w->core)), before);
    w->disk_full = false;
    assert_int_equal(srw_call(eum, MSG_ES1_REGISTER_EIS_REQUEST, &req, NULL)->status, EXEC_SUCCESS);
}

int main(void)
{
#define CASE(f) cmocka_unit_test_setup_teardown(f, setup, srw_teardown)
    const struct CMUnitTest tests[] = {
        CASE(a_good_eis_is_registered_with_its_keys),
        CASE(the_log_holds_no_wrapped_key),
        CASE(each_refusal_has_its_code_and_sentence),
        CASE(garbage_is_refused_without_harm),
        CASE(a_repeat_gets_the_stored_answer),
        CASE(only_an_eum_registers),
        CASE(a_full_disk_refuses_cleanly),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
