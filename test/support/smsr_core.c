/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "test/support/smsr_core.h"

#include "common/base/hex.h"
#include "common/codec/tlv.h"
#include "common/wire/wire.h"
#include "test/support/fake.h"
#include "test/support/smsr_core_int.h"

#include <stdio.h>
#include <stdlib.h>

#define START_MS 1800000000000ll

/* --- names --- */
struct iccid core_iccid(unsigned profile)
{
    char text[24];
    struct iccid ret;

    (void)snprintf(text, sizeof text, "89490%c00000000%05u",
                   profile == ONE || profile >= FRESH ? '2' : '1', profile);
    assert_int_equal(iccid_parse(span_str(text), &ret), ERR_OK);
    return ret;
}

struct aid core_aid(unsigned profile)
{
    struct aid ret = AID_ISD_R;

    if (profile)
        assert_int_equal(aid_isd_p((uint16_t)profile, &ret), ERR_OK);
    return ret;
}

struct uuid core_session(uint8_t n)
{
    struct uuid u = {{0}};

    u.b[0] = 0x5E;
    u.b[15] = n;
    return u;
}

static void set_oid(struct oid *o, const char *s)
{
    assert_int_equal(oid_parse(span_str(s), o), ERR_OK);
}

/* --- environment --- */
static const struct {
    const char *oid;
    enum party_role role;
    unsigned tenant;
} PARTY[CORE_PARTIES] = {
    [CORE_A] = {"1.3.6.1.4.1.99999.10", ROLE_OPERATOR, 1},
    [CORE_B] = {"1.3.6.1.4.1.99999.11", ROLE_OPERATOR, 1},
    [CORE_D] = {"1.3.6.1.4.1.99999.2", ROLE_SMDP, 1},
    [CORE_F] = {"1.3.6.1.4.1.99999.20", ROLE_FLEET, 0},
    [CORE_S] = {"1.3.6.1.4.1.99999.30", ROLE_M2M_SP, 1},
    [CORE_X] = {"1.3.6.1.4.1.99999.12", ROLE_OPERATOR, 1},
    [CORE_G] = {"1.3.6.1.4.1.99999.21", ROLE_FLEET, 1},
    [CORE_E] = {"1.3.6.1.4.1.99999.40", ROLE_EUM, 1},
    [CORE_ADMIN] = {"1.3.6.1.4.1.99999.50", ROLE_ADMIN, 0},
    [CORE_AUDITOR] = {"1.3.6.1.4.1.99999.51", ROLE_AUDITOR, 0},
};

static void set_parties(struct core *w)
{
    for (unsigned i = 0; i < CORE_PARTIES; i++) {
        struct party *p = &w->parties[i];
        set_oid(&w->oid[i], PARTY[i].oid);
        p->oid = w->oid[i];
        p->tenant = &w->tenants[PARTY[i].tenant];
        p->roles = 1u << PARTY[i].role;
    }
    w->parties[CORE_B].on_behalf[0] = w->oid[CORE_D];
    w->parties[CORE_B].n_on_behalf = 1;
    memcpy(w->parties[CORE_A].iccid_prefix[0], "894901", 7);
    memcpy(w->parties[CORE_B].iccid_prefix[0], "894902", 7);
    w->parties[CORE_A].n_iccid = w->parties[CORE_B].n_iccid = 1;
}

static void set_plma(struct plma *p, const struct oid *mno, const struct oid *sp,
                     uint64_t functions)
{
    p->mno = *mno;
    p->m2m_sp = *sp;
    memcpy(p->profile_type, "*", 2);
    p->functions = functions;
}

static void set_env(struct core *w)
{
    struct env *env = &w->env;
    uint64_t move = FN_BIT(FN_ENABLE_PROFILE) | FN_BIT(FN_DISABLE_PROFILE) | FN_BIT(FN_AUDIT_EIS);

    memcpy(w->tenants[0].id, "water", 6);
    memcpy(w->tenants[1].id, "other", 6);
    (void)snprintf(w->ranges[0].from, 31, "890490321234512345123456780000");
    (void)snprintf(w->ranges[0].to, 31, "890490321234512345123456780999");
    (void)snprintf(w->ranges[1].from, 31, "890490321234512345123456790000");
    (void)snprintf(w->ranges[1].to, 31, "890490321234512345123456790999");
    for (unsigned i = 0; i < 2; i++) {
        w->tenants[i].number = i + 1;
        w->tenants[i].ranges = &w->ranges[i];
        w->tenants[i].n_ranges = 1;
    }
    set_parties(w);
    w->admits[0] = w->oid[CORE_A];
    w->admits[1] = w->oid[CORE_B];
    w->admits[2] = w->oid[CORE_S];
    w->tenants[0].admits = w->admits;
    w->tenants[0].n_admits = 3;
    set_plma(&w->plmas[0], &w->oid[CORE_A], &w->oid[CORE_F], move);
    set_plma(&w->plmas[1], &w->oid[CORE_B], &w->oid[CORE_F], move);
    set_plma(&w->plmas[2], &w->oid[CORE_B], &w->oid[CORE_S], FN_BIT(FN_ENABLE_PROFILE));
    for (unsigned i = 0; i < 2; i++) {
        struct route *r = &w->routes[i];
        r->mno = w->oid[i ? CORE_B : CORE_A];
        memcpy(r->profile_type, "*", 2);
        (void)snprintf(r->network, sizeof r->network, "sim");
        (void)snprintf(r->source, sizeof r->source, "491700000001");
        (void)snprintf(r->apn, sizeof r->apn, "iot.example");
        (void)snprintf(r->host, sizeof r->host, "smsr.example");
        r->port = 7443;
        r->sms = r->https = true;
    }
    *env = (struct env){.smsr_oid = {"1.3.6.1.4.1.99999.1"}, .tenants = w->tenants, .n_tenants = 2,
                        .parties = w->parties, .n_parties = CORE_PARTIES, .plmas = w->plmas,
                        .n_plmas = 3, .routes = w->routes, .n_routes = 2, .time_scale = 1,
                        .effects_per_hour = 10, .rollbacks_per_day = 2};
    timers_default(env->timer_ms, 1);
}

/* --- the EIS --- */
static void set_profile(struct core *w, struct eis_profile *p, unsigned number,
                        enum core_party owner)
{
    char msisdn[16];

    memset(p, 0, sizeof *p);
    p->iccid = core_iccid(number);
    p->isdp_aid = core_aid(number);
    p->mno_id = w->oid[owner];
    if (owner == CORE_B)
        p->smdp_id = w->oid[CORE_D];
    p->state = number == BOOT ? PROFILE_ENABLED : PROFILE_DISABLED;
    p->fallback_attribute = number == BOOT;
    p->profile_type = span_str("basic");
    (void)snprintf(msisdn, sizeof msisdn, "4915100000%02X", number);
    assert_int_equal(msisdn_parse(span_str(msisdn), &p->address.msisdn), ERR_OK);
    p->allocated_memory = 20000;
}

static void register_card(struct core *w,
                          void (*change)(struct signed_eis *, struct eum_signed_info *))
{
    static const uint8_t blob[4] = {1, 2, 3, 4};
    struct signed_eis eis;
    struct eum_signed_info info;
    struct buf inner, outer;
    struct event ev;

    memset(&eis, 0, sizeof eis);
    memset(&info, 0, sizeof info);
    info.eid = w->eid;
    set_oid(&info.eum_id, "1.3.6.1.4.1.99999.40");
    info.isd_p_load_file = AID_ISD_P_PACKAGE;
    info.isd_p_module = AID_ISD_P_MODULE;
    info.capabilities.http = info.capabilities.secure_packet = true;
    info.capabilities.remote_provisioning_version = span_str("3.2.0");
    info.capabilities.platform = span_str("sim");
    info.ecasd_certificate = span_of(blob, 4);
    eis.remaining_memory = eis.available_memory_for_profiles = 500000;
    eis.smsr_id = w->env.smsr_oid;
    eis.eum_signature = eis.eum_certificate = span_of(blob, 4);
    set_profile(w, &eis.profiles[0], BOOT, CORE_A);
    set_profile(w, &eis.profiles[1], ONE, CORE_B);
    set_profile(w, &eis.profiles[2], TWO, CORE_A);
    eis.n_profiles = 3;
    eis.keysets[0] = (struct eis_keyset){.version = 0x01, .type = 0x80};
    eis.keysets[1] = (struct eis_keyset){.version = 0x40, .type = 0x81};
    eis.n_keysets = 2;
    if (change)
        change(&eis, &info);
    buf_init(&inner, 0);
    buf_init(&outer, 0);
    assert_int_equal(wire_eum_info_encode(&info, &inner), ERR_OK);
    eis.eum_signed_info = buf_span(&inner);
    assert_int_equal(wire_signed_eis_encode(&eis, &outer), ERR_OK);
    memset(&ev, 0, sizeof ev);
    ev.type = EV_EUICC_REGISTERED;
    ev.eid = w->eid;
    ev.number = 1;
    ev.data = buf_span(&outer);
    core_record(w, &ev);
    buf_fini(&inner);
    buf_fini(&outer);
}

void core_init_with(struct core *w, void (*change)(struct signed_eis *, struct eum_signed_info *))
{
    memset(w, 0, sizeof *w);
    arena_init(&w->arena, 0);
    fake_rng_init(&w->rng, 7);
    w->crypto = crypto_new(&w->rng);
    assert_non_null(w->crypto);
    set_env(w);
    assert_int_equal(eid_make("890490321234512345123456780001", &w->eid), ERR_OK);
    assert_int_equal(eid_make("890490321234512345123456790001", &w->foreign), ERR_OK);
    w->now = START_MS;
    w->pe.env = &w->env;
    w->pe.crypto = w->crypto;
    register_card(w, change);
}

void core_init(struct core *w)
{
    core_init_with(w, NULL);
}

void core_fini(struct core *w)
{
    for (size_t i = 0; i < w->n_rows; i++)
        free((void *)(uintptr_t)w->rows[i].body.p);
    free(w->rows);
    euicc_free(w->e);
    euicc_free(w->twin);
    arena_fini(&w->arena);
    crypto_free(w->crypto);
}

/* --- records --- */
static void apply_to(struct core *w, struct euicc **e, const struct event *ev, uint64_t lsn,
                     int64_t at)
{
    struct signed_eis eis;
    struct eum_signed_info info;
    struct euicc_record r = {lsn, at, ev, NULL, NULL};

    if (ev->type == EV_EUICC_REGISTERED) {
        assert_int_equal(wire_signed_eis_decode(ev->data, &w->arena, &eis, NULL), ERR_OK);
        assert_int_equal(wire_eum_info_decode(eis.eum_signed_info, &w->arena, &info, NULL), ERR_OK);
        r.eis = &eis;
        r.info = &info;
    }
    if (euicc_apply(e, &r) != ERR_OK)
        fail_msg("record %s cannot follow the state", event_type_name(ev->type));
}

static void apply_row(struct core *w, struct euicc **e, const struct core_row *row)
{
    struct event *ev = arena_alloc(&w->arena, sizeof *ev);
    struct errmsg why = {""};

    assert_non_null(ev);
    if (wire_event_decode(row->type, row->body, &w->arena, ev, &why) != ERR_OK)
        fail_msg("%s: %s", event_type_name(row->type), why.text);
    ev->type = row->type;
    apply_to(w, e, ev, row->lsn, row->at_ms);
}

/* One record as the engine makes it durable and applies it, live and from its octets. */
void core_append(struct core *w, const struct event *ev)
{
    struct errmsg why = {""};
    struct core_row *row;
    struct buf body;

    if (w->n_rows == w->cap_rows) {
        w->cap_rows = w->cap_rows ? w->cap_rows * 2 : 64;
        w->rows = realloc(w->rows, w->cap_rows * sizeof *w->rows);
        assert_non_null(w->rows);
    }
    buf_init(&body, 0);
    if (event_check(ev, &why) != ERR_OK)
        fail_msg("%s", why.text);
    if (wire_event_encode(ev, &body) != ERR_OK)
        fail_msg("record %s cannot be encoded", event_type_name(ev->type));
    row = &w->rows[w->n_rows++];
    *row = (struct core_row){ev->type, w->n_rows, w->now, buf_span(&body)};
    core_law_record(w, ev);
    apply_to(w, &w->e, ev, row->lsn, row->at_ms);
    apply_row(w, &w->twin, row);
}

void core_record(struct core *w, const struct event *ev)
{
    core_append(w, ev);
    arena_reset(&w->arena);
    memset(&w->plan, 0, sizeof w->plan);
    w->due = w->e ? euicc_due(w->e) : 0;
}

void core_restart(struct core *w)
{
    struct input in = {.kind = IN_RESTART};

    euicc_free(w->e);
    w->e = NULL;
    w->pe.held = false;
    for (size_t i = 0; i < w->n_rows; i++)
        apply_row(w, &w->e, &w->rows[i]);
    core_assert_same(w->e, w->twin);
    w->due = euicc_due(w->e);
    w->volatile_due = 0;
    (void)core_post(w, &in);
}

/* --- time, by the rules of engine/sched.c --- */
bool core_timer(struct core *w)
{
    struct input in = {.kind = IN_TIMER};
    int64_t due = w->volatile_due ? w->volatile_due : w->due;
    size_t before = w->n_rows;
    int err;

    if (!due)
        return false;
    if (due > w->now)
        w->now = due;
    w->volatile_due = 0;
    err = core_post(w, &in);
    assert_true(err == ERR_OK || err == ERR_STATE);
    /* A mailbox whose time has come moves its time or its records, or it would be woken for ever.
     */
    due = w->volatile_due ? w->volatile_due : w->due;
    if (err || (w->n_rows == before && due && due <= w->now))
        fail_msg("%s spins on its timer", core_state(w));
    return true;
}

void core_pass(struct core *w, int64_t ms)
{
    int64_t until = w->now + ms;

    for (unsigned i = 0; i < 100000; i++) {
        int64_t due = w->volatile_due ? w->volatile_due : w->due;
        if (!due || due > until) {
            w->now = until;
            return;
        }
        (void)core_timer(w);
    }
    fail_msg("time does not pass");
}

int core_setup(void **state)
{
    struct core *w = malloc(sizeof *w);

    assert_non_null(w);
    core_init(w);
    *state = w;
    return 0;
}

int core_teardown(void **state)
{
    core_fini(*state);
    free(*state);
    return 0;
}
