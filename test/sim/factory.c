/* SPDX-License-Identifier: Apache-2.0 */
/* Cards and papers of a simulated world. */
#include "test/sim/factory.h"

#include "common/base/hex.h"
#include "common/crypto/ecka.h"
#include "common/wire/wire.h"
#include "common/msg/eis.h"
#include "smdp/profile/template.h"
#include "tools/euiccsim/net/faults.h"
#include "tools/euiccsim/net/simnet.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

const char *const FACTORY_SMSR = "1.3.6.1.4.1.99999.1", *const FACTORY_SMDP = "1.3.6.1.4.1.99999.2",
                  *const FACTORY_A = "1.3.6.1.4.1.99999.11", *const FACTORY_B = "1.3.6.1.4.1.99999.10",
                  *const FACTORY_FLEETS[FACTORY_REALMS] = {"1.3.6.1.4.1.99999.20",
                                                           "1.3.6.1.4.1.99999.22"},
                  *const FACTORY_EUM = "1.3.6.1.4.1.99999.30",
                  *const FACTORY_RIVAL = "1.3.6.1.4.1.99999.12",
                  *const FACTORY_RIVAL_FLEET = "1.3.6.1.4.1.99999.21",
                  *const FACTORY_RIVAL_SMDP = "1.3.6.1.4.1.99999.3",
                  *const FACTORY_RIVAL_EUM = "1.3.6.1.4.1.99999.31";

struct subscription_data {
    struct iccid iccid;
    struct imsi imsi;
    struct msisdn msisdn;
    uint8_t k[16], opc[16], ota[3][16];
    unsigned pin;
};

static struct oid oid_of(const char *s)
{
    struct oid o;

    memset(&o, 0, sizeof o);
    (void)snprintf(o.s, sizeof o.s, "%s", s);
    return o;
}

static char luhn(const char *digits, size_t n)
{
    unsigned sum = 0;

    for (size_t i = 0; i < n; i++) {
        unsigned d = (unsigned)(digits[n - 1 - i] - '0') * (i % 2 ? 1u : 2u);
        sum += d > 9 ? d - 9 : d;
    }
    return (char)('0' + (10 - sum % 10) % 10);
}

static void subscription(struct rng *rng, const char *iin, const char *plmn, const char *cc, unsigned i,
                         struct subscription_data *ret)
{
    memset(ret, 0, sizeof *ret);
    (void)snprintf(ret->iccid.s, sizeof ret->iccid.s - 1, "%s%012u", iin, i + 1);
    ret->iccid.s[strlen(ret->iccid.s)] = luhn(ret->iccid.s, strlen(ret->iccid.s));
    (void)snprintf(ret->imsi.s, sizeof ret->imsi.s, "%s%010u", plmn, i + 1);
    (void)snprintf(ret->msisdn.s, sizeof ret->msisdn.s, "%s%08u", cc, i + 1);
    rng_fill(rng, ret->k, 16);
    rng_fill(rng, ret->opc, 16);
    rng_fill(rng, ret->ota, sizeof ret->ota);
    ret->pin = (unsigned)rng_below(rng, 90000000) + 10000000;
}

static void add_text(struct buf *b, const char *s)
{
    buf_add(b, s, strlen(s));
}

static int hss_row(struct buf *b, const struct subscription_data *s, bool provisioned)
{
    char k[33], opc[33], line[256];

    if (hex_encode(span_of(s->k, 16), k, sizeof k) || hex_encode(span_of(s->opc, 16), opc, sizeof opc))
        return ERR_INTERNAL;
    (void)snprintf(line, sizeof line, "%s,%s,%s,%s,8000,000000000020,%s,*\n", s->imsi.s, s->msisdn.s, k,
                   opc, provisioned ? "active" : "not-provisioned");
    add_text(b, line);
    return ERR_OK;
}

static int subscription_row(struct buf *b, const struct subscription_data *s)
{
    const uint8_t *secret[5] = {s->k, s->opc, s->ota[0], s->ota[1], s->ota[2]};
    char hex[5][33], line[512];

    for (unsigned i = 0; i < 5; i++)
        if (hex_encode(span_of(secret[i], 16), hex[i], sizeof hex[i]))
            return ERR_INTERNAL;
    (void)snprintf(line, sizeof line, "%s,%s,%s,%s,%s,01,%s,%s,%s,%04u,%u,%04u,%u,%u\n", s->iccid.s, s->imsi.s,
                   s->msisdn.s, hex[0], hex[1], hex[2], hex[3], hex[4], s->pin % 10000, s->pin,
                   s->pin / 10000, s->pin + 1, s->pin + 2);
    add_text(b, line);
    return ERR_OK;
}

static int wrap(struct factory *f, const uint8_t *raw, enum key_type type, struct eis_key *k, uint8_t kid,
                struct arena *a)
{
    struct key *key = NULL;
    uint8_t *out = arena_alloc(a, 64);
    struct writer w = wr_init(out, 64);
    int err = key_new(type, span_of(raw, 16), &key);

    if (!err)
        err = ecb_wrap_key(f->crypto, f->transport, key, &w);
    if (!err)
        err = key_kcv(f->crypto, key, k->kcv);
    k->kid = kid;
    k->type = type == KEY_PSK ? 0x85 : 0x88;
    k->wrapped = wr_view(&w);
    k->has_kcv = true;
    key_free(key);
    return err;
}

static int keysets(struct factory *f, const struct card_factory *c, struct signed_eis *e, struct arena *a)
{
    struct eis_keyset *s = &e->keysets[0], *t = &e->keysets[1];
    int err;

    s->version = c->scp80_kvn;
    s->type = 0x80;
    s->n_keys = 3;
    t->version = c->psk_kvn;
    t->type = 0x81;
    t->n_keys = 1;
    e->n_keysets = c->psk_kvn ? 2 : 1;
    err = wrap(f, c->kic, KEY_AES, &s->keys[0], 1, a);
    if (!err)
        err = wrap(f, c->kid, KEY_AES, &s->keys[1], 2, a);
    if (!err)
        err = wrap(f, c->dek, KEY_AES, &s->keys[2], 3, a);
    return err || !c->psk_kvn ? err : wrap(f, c->psk, KEY_PSK, &t->keys[0], c->psk_kid, a);
}

/* EIS as the EUM delivers it: the signed part, its signature, and what may change. */
static int make_eis(struct factory *f, struct factory_card *c, int64_t now_ms)
{
    struct eum_signed_info info;
    struct signed_eis e;
    struct arena a;
    struct buf signed_part;
    uint8_t sig[EC_SIG_LEN];
    struct span part;
    int err;

    arena_init(&a, 0);
    buf_init(&signed_part, 0);
    memset(&info, 0, sizeof info);
    memset(&e, 0, sizeof e);
    info.eid = c->eid;
    info.eum_id = oid_of(FACTORY_EUM);
    info.production_date_ms = now_ms;
    info.platform_type = span_str("remora-sim");
    info.platform_version = span_str("1.0.0");
    info.isd_p_load_file = AID_ISD_P_PACKAGE;
    info.isd_p_module = AID_ISD_P_MODULE;
    info.ecasd_certificate = buf_span(&c->ecasd);
    info.capabilities.http = c->f.psk_kvn != 0;
    info.capabilities.cattp = c->cattp;
    info.capabilities.secure_packet = true;
    info.capabilities.remote_provisioning_version = span_str("3.2.0");
    info.capabilities.platform = span_str("remora-sim");
    err = wire_eum_info_encode(&info, &signed_part);
    part = buf_span(&signed_part);
    if (!err)
        err = ec_sign(f->crypto, f->eum.key, &part, 1, sig);
    e.eum_signed_info = part;
    e.eum_signature = span_of(sig, sizeof sig);
    e.eum_certificate = buf_span(&f->eum.der);
    e.remaining_memory = e.available_memory_for_profiles = c->f.memory_bytes;
    e.smsr_id = oid_of(FACTORY_SMSR);
    e.transport_key_id = span_str(FACTORY_TRANSPORT_ID);
    e.n_profiles = 1;
    e.profiles[0].iccid = c->f.bootstrap.iccid;
    if (!err)
        err = aid_isd_p(0x0010, &e.profiles[0].isdp_aid);
    e.profiles[0].mno_id = oid_of(FACTORY_A);
    e.profiles[0].fallback_attribute = true;
    e.profiles[0].state = PROFILE_ENABLED;
    e.profiles[0].address.imsi = c->f.bootstrap.imsi;
    e.profiles[0].address.msisdn = c->f.bootstrap.msisdn;
    e.profiles[0].profile_type = span_str("bootstrap");
    if (!err)
        err = keysets(f, &c->f, &e, &a);
    if (!err)
        err = wire_signed_eis_encode(&e, &c->eis);
    buf_fini(&signed_part);
    arena_fini(&a);
    return err;
}

static_assert(QUIRK_STAYS_SAME == 1u << FACTORY_AIR_FIRST &&
                  QUIRK_RMAC_EACH == 1u << (FACTORY_AIR_FIRST + FACTORY_AIR_QUIRKS - 1),
              "all quirks of cards about the air");
static_assert(NETQ_PART_LATE == 1u << FACTORY_NET_FIRST &&
                  NETQ_POWER == 1u << (FACTORY_NET_FIRST + FACTORY_NET_QUIRKS - 1),
              "all quirks of networks about the air");

/* Two of three get none, a third one of the card, a third one of its network. */
static void draw_air(const struct factory_plan *p, unsigned i, struct factory_card *c)
{
    struct rng rng;

    c->f.quirks |= p->card_quirks;
    c->net_quirks = p->net_quirks;
    if (!p->odd)
        return;
    rng_init_seeded(&rng, (p->seed ^ UINT64_C(0x6F6464)) + (uint64_t)i * UINT64_C(0x9E3779B97F4A7C15));
    if (rng_below(&rng, 3) == 0)
        c->f.quirks |= 1u << (FACTORY_AIR_FIRST + rng_below(&rng, FACTORY_AIR_QUIRKS));
    if (rng_below(&rng, 3) == 0)
        c->net_quirks |= 1u << (FACTORY_NET_FIRST + rng_below(&rng, FACTORY_NET_QUIRKS));
}

/* Room for a profile of the type "meter", for a few, or for less than one. */
static uint32_t memory(struct rng *rng, const struct factory_plan *p, uint32_t quirks)
{
    uint32_t few = (uint32_t)rng_below(rng, 10000);

    /* What is wrong with it shows only when there is little. */
    return fault_hits(rng, p->tight) ||
                   (quirks & (QUIRK_MEMORY_KEPT | QUIRK_MEMORY_LATER | QUIRK_MEMORY_BOAST))
               ? few : FACTORY_MEMORY;
}

static int make_card(struct factory *f, struct rng *rng, unsigned i, uint32_t quirks,
                     const struct factory_plan *p)
{
    struct pki_dates valid = {p->now_ms - 86400000, p->now_ms + 30LL * 365 * 86400000};
    struct factory_card *c = &f->cards[i];
    struct subscription_data a, b;
    struct key *ecasd = NULL;
    uint8_t point[65];
    char digits[40];
    size_t n;
    int err;

    c->realm = p->realms > 1 && i >= p->n - p->n / 4 ? 1 : 0;
    (void)snprintf(digits, sizeof digits, "8904903%u%022u", 2 + c->realm, i + 1);
    err = eid_make(digits, &c->eid);
    subscription(rng, "893104", FACTORY_PLMN_A, FACTORY_NUMBERS_A, i, &a);
    subscription(rng, "894901", FACTORY_PLMN_B, FACTORY_NUMBERS_B, i, &b);
    if (!err)
        err = ec_generate(f->crypto, CURVE_P256, &ecasd, point);
    if (!err)
        err = key_export_raw(ecasd, c->f.ecasd_private, 32, &n);
    key_free(ecasd);
    buf_init(&c->ecasd, 0);
    buf_init(&c->eis, 0);
    if (!err)
        err = pki_issue_ecasd(f->crypto, &f->eum, &c->eid, CURVE_P256, span_of(point, 65), &valid,
                              &c->ecasd);
    c->f.eid = c->eid;
    c->f.scp80_kvn = 1;
    rng_fill(rng, c->f.kic, 16);
    rng_fill(rng, c->f.kid, 16);
    rng_fill(rng, c->f.dek, 16);
    rng_fill(rng, c->f.psk, 16);
    c->cattp = i % 4 == 2 || i % 4 == 3;        /* one of four speaks CAT_TP alone, one both */
    c->f.psk_kvn = i % 4 == 2 ? 0 : 0x40;
    c->f.psk_kid = 1;
    c->f.ecasd_cert = buf_span(&c->ecasd);
    (void)snprintf(c->f.imei, sizeof c->f.imei, "3500000%08u", i % 100000000u);
    c->f.quirks = quirks | (fault_hits(rng, p->keeps_memory) ? QUIRK_MEMORY_KEPT : 0) |
                  (p->quirks && i % 8 == 2 ? QUIRK_LINK_CUT : 0);
    draw_air(p, i, c);
    c->f.memory_bytes = memory(rng, p, c->f.quirks);
    c->f.has_bootstrap = true;
    c->f.notified = i % 4 == 1 ? 65534 : 0; /* 65535 is followed by 0 */
    c->f.bootstrap.iccid = a.iccid;
    c->f.bootstrap.imsi = a.imsi;
    c->f.bootstrap.msisdn = a.msisdn;
    memcpy(c->f.bootstrap.k, a.k, 16);
    memcpy(c->f.bootstrap.opc, a.opc, 16);
    c->f.bootstrap.ad_mnc_len = 2;
    c->iccid_b = b.iccid;
    c->imsi_b = b.imsi;
    if (!err)
        err = hss_row(&f->hss_a, &a, true);
    if (!err)
        err = hss_row(&f->hss_b, &b, c->fate != FATE_IMSI_UNKNOWN);
    if (!err)
        err = subscription_row(&f->subscriptions, &b);
    return err ? err : make_eis(f, c, p->now_ms);
}

static void draw_fates(struct factory *f, struct rng *rng, unsigned count, enum factory_fate fate)
{
    while (count) {
        unsigned i = (unsigned)rng_below(rng, f->n);
        if (f->cards[i].fate != FATE_FINE)
            continue;
        f->cards[i].fate = fate;
        count--;
    }
}

static int make_papers(struct factory *f, int64_t now_ms)
{
    struct pki_dates valid = {now_ms - 86400000, now_ms + 30LL * 365 * 86400000};
    struct pki_subject ci = {"Sim CI", oid_of("1.3.6.1.4.1.99999.100"), CURVE_P256, valid};
    struct pki_subject eum = {"Sim EUM", oid_of(FACTORY_EUM), CURVE_P256, valid};
    struct pki_subject dp = {"Sim SM-DP", oid_of(FACTORY_SMDP), CURVE_P256, valid};
    uint8_t point[65];
    int err = pki_issue_ci(f->crypto, &ci, &f->ci);

    if (!err)
        err = pki_issue_eum(f->crypto, &f->ci, &eum, &f->eum);
    if (!err)
        err = ec_generate(f->crypto, CURVE_P256, &f->smdp_key, point);
    if (!err)
        err = pki_issue_gp(f->crypto, &f->ci, GPCERT_ROLE_SMDP, &dp, span_of(point, 65), &f->smdp_cert);
    if (!err)
        err = key_random(f->crypto, KEY_AES, 16, &f->transport);
    return err;
}

int factory_make(struct factory *f, struct crypto *c, struct rng *rng, const struct factory_plan *p)
{
    int err;

    memset(f, 0, sizeof *f);
    f->crypto = c;
    f->n = p->n;
    buf_init(&f->smdp_cert, 0);
    buf_init(&f->hss_a, 0);
    buf_init(&f->hss_b, 0);
    buf_init(&f->subscriptions, 0);
    buf_init(&f->package, 0);
    add_text(&f->hss_a, "imsi,msisdn,k,opc,amf,sqn,status,roaming\n");
    add_text(&f->hss_b, "imsi,msisdn,k,opc,amf,sqn,status,roaming\n");
    add_text(&f->subscriptions, "iccid,imsi,msisdn,k,opc,ota_kvn,ota_kic,ota_kid,ota_dek,pin1,puk1,pin2,puk2,adm1\n");
    err = make_papers(f, p->now_ms);
    draw_fates(f, rng, p->no_coverage, FATE_NO_COVERAGE);
    draw_fates(f, rng, p->imsi_unknown, FATE_IMSI_UNKNOWN);
    for (unsigned i = 0; !err && i < p->n; i++) {
        uint32_t quirks = p->quirks && rng_below(rng, 4) == 0
                              ? 1u << rng_below(rng, 6) & p->quirks
                              : 0;
        err = make_card(f, rng, i, quirks, p);
    }
    return err ? err : profile_template_build(0, &f->package);
}

const struct factory_card *factory_card_of(const struct factory *f, const struct eid *eid)
{
    for (unsigned i = 0; i < f->n; i++)
        if (eid_eq(&f->cards[i].eid, eid))
            return &f->cards[i];
    return NULL;
}

void factory_fini(struct factory *f)
{
    for (unsigned i = 0; i < f->n; i++) {
        mem_wipe(&f->cards[i].f, sizeof f->cards[i].f);
        buf_fini(&f->cards[i].ecasd);
        buf_fini(&f->cards[i].eis);
    }
    pki_entity_fini(&f->ci);
    pki_entity_fini(&f->eum);
    key_free(f->smdp_key);
    key_free(f->transport);
    buf_fini(&f->smdp_cert);
    buf_fini(&f->hss_a);
    buf_fini(&f->hss_b);
    buf_wipe(&f->subscriptions);
    buf_fini(&f->subscriptions);
    buf_fini(&f->package);
}
