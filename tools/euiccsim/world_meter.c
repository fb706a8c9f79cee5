/* SPDX-License-Identifier: Apache-2.0 */
/* One meter as the EUM makes it, and the rows it has in the files of the operators. */
#include "tools/euiccsim/world_int.h"

#include "common/base/hex.h"
#include "common/crypto/ecka.h"

#include <stdarg.h>
#include <stdio.h>

#define SCP80_KVN 0x01u
#define PSK_KVN 0x40u
#define PSK_KID 0x01u
#define OTA_KVN "01"                  /* of the profile's own security domain */
#define AMF "8000"                    /* separation bit, TS 33.102 annex H */
#define CERT_DAYS_MS (INT64_C(3650) * 86400000)
#define BACK_MS (INT64_C(86400000))   /* certificates begin the day before */

void make_printf(struct buf *out, const char *fmt, ...)
{
    char line[1024];
    va_list ap;
    int n;

    va_start(ap, fmt);
    n = vsnprintf(line, sizeof(line), fmt, ap);
    va_end(ap);
    if (n < 0 || (size_t)n >= sizeof(line))
        out->failed = true;
    else
        buf_add(out, line, (size_t)n);
    mem_wipe(line, sizeof(line));
}

static char luhn(const char *digits)
{
    size_t n = strlen(digits);
    unsigned sum = 0;

    for (size_t i = 0; i < n; i++) {
        unsigned d = (unsigned)(digits[n - 1 - i] - '0') * (i % 2 == 0 ? 2 : 1);

        sum += d > 9 ? d - 9 : d;
    }
    return (char)('0' + (10 - sum % 10) % 10);
}

static int sub_make(struct making *m, const char *iccid_prefix, const char *plmn,
                    const char *numbers, unsigned i, struct made_sub *ret)
{
    int n = snprintf(ret->iccid.s, sizeof(ret->iccid.s), "%s%0*u", iccid_prefix,
                     (int)(18 - strlen(iccid_prefix)), i);

    if (n != 18)
        return ERR_INVAL;
    ret->iccid.s[18] = luhn(ret->iccid.s);
    ret->iccid.s[19] = 0;
    n = snprintf(ret->imsi.s, sizeof(ret->imsi.s), "%s%0*u", plmn, (int)(15 - strlen(plmn)), i);
    if (n != 15)
        return ERR_INVAL;
    n = snprintf(ret->msisdn.s, sizeof(ret->msisdn.s), "%s%08u", numbers, i);
    if (n < 3 || n > 15)
        return ERR_INVAL;
    rng_fill(&m->rng, ret->k, sizeof(ret->k));
    rng_fill(&m->rng, ret->opc, sizeof(ret->opc));
    return ERR_OK;
}

void make_wipe_subs(struct made_sub *b)
{
    mem_wipe(b, sizeof(*b));
}

static int eid_of(const struct making *m, unsigned i, struct eid *ret)
{
    char digits[31];
    int n = snprintf(digits, sizeof(digits), "%s%0*u", m->o->eid_prefix,
                     (int)(30 - strlen(m->o->eid_prefix)), i);

    return n == 30 ? eid_make(digits, ret) : ERR_INVAL;
}

/* The ECASD key from the world's generator, so that a seed gives the same cards. */
static int ecasd_make(struct making *m, struct fleet_meter *ret)
{
    const struct pki_dates valid = {m->o->now_ms - BACK_MS, m->o->now_ms + CERT_DAYS_MS};
    uint8_t point[EC_POINT_LEN];
    struct key *key = NULL;
    struct buf cert;
    int rc;

    do {
        rng_fill(&m->rng, ret->factory.ecasd_private, sizeof(ret->factory.ecasd_private));
        rc = ec_private(m->crypto, CURVE_P256, span_of(ret->factory.ecasd_private, 32), &key);
    } while (rc == ERR_FORMAT);       /* beyond the order of the curve: one in 2^32 */
    buf_init(&cert, 1024);
    if (rc == ERR_OK)
        rc = ec_point(m->crypto, key, point);
    if (rc == ERR_OK)
        rc = pki_issue_ecasd(m->crypto, &m->eum, &ret->factory.eid, CURVE_P256,
                             span_of(point, sizeof(point)), &valid, &cert);
    if (rc == ERR_OK && cert.n > sizeof(ret->cert))
        rc = ERR_TOO_LARGE;
    if (rc == ERR_OK) {
        memcpy(ret->cert, cert.p, cert.n);
        ret->factory.ecasd_cert = span_of(ret->cert, cert.n);
    }
    key_free(key);
    buf_fini(&cert);
    return rc;
}

/* 14 digits and their check digit (TS 23.003 6.2.1). */
static void imei_make(unsigned i, char dst[17])
{
    (void)snprintf(dst, 17, "35000000%06u", i % 1000000u);
    dst[14] = luhn(dst);
    dst[15] = 0;
}

/* Evenly among all, and not drawn: the other meters stay what they are. */
static bool by_cattp(const struct making *m, unsigned i)
{
    return ((uint64_t)i + 1) * m->o->cattp / RATE_ONE != (uint64_t)i * m->o->cattp / RATE_ONE;
}

int make_meter(struct making *m, unsigned i, struct fleet_meter *ret, struct made_sub *ret_b)
{
    struct card_factory *f = &ret->factory;
    struct made_sub a;
    int rc;

    *ret = (struct fleet_meter){.cert = {0}};
    *ret_b = (struct made_sub){.k = {0}};
    rc = eid_of(m, i, &f->eid);
    if (rc == ERR_OK)
        rc = sub_make(m, A_ICCID, A_PLMN, A_NUMBERS, i, &a);
    if (rc == ERR_OK)
        rc = sub_make(m, B_ICCID, B_PLMN, B_NUMBERS, i, ret_b);
    if (rc != ERR_OK)
        return rc;
    f->scp80_kvn = SCP80_KVN;
    rng_fill(&m->rng, f->kic, sizeof(f->kic));
    rng_fill(&m->rng, f->kid, sizeof(f->kid));
    rng_fill(&m->rng, f->dek, sizeof(f->dek));
    f->psk_kvn = by_cattp(m, i) ? 0 : PSK_KVN;
    f->psk_kid = PSK_KID;
    rng_fill(&m->rng, f->psk, sizeof(f->psk));
    f->memory_bytes = m->o->memory_bytes;
    imei_make(i, f->imei);
    f->has_bootstrap = true;
    f->bootstrap = (struct card_profile_data){.iccid = a.iccid, .imsi = a.imsi, .msisdn = a.msisdn,
                                              .ad_mnc_len = (uint8_t)(strlen(A_PLMN) - 3)};
    memcpy(f->bootstrap.k, a.k, sizeof(a.k));
    memcpy(f->bootstrap.opc, a.opc, sizeof(a.opc));
    f->bootstrap.acc[i % 10 >= 8] = (uint8_t)(1u << i % 8);   /* one of ten classes (TS 22.011) */
    (void)snprintf(ret->heard.s, sizeof(ret->heard.s), "%s",
                   m->fate[i] == FATE_NO_COVERAGE ? NO_B_PLMN : B_PLMN);
    make_wipe_subs(&a);
    return ecasd_make(m, ret);
}

/* --- rows --- */
static int hss_row(struct buf *out, const struct imsi *imsi, const struct msisdn *msisdn,
                   const uint8_t k[16], const uint8_t opc[16])
{
    char kt[33], ot[33];
    int rc = hex_encode(span_of(k, 16), kt, sizeof(kt));

    if (rc == ERR_OK)
        rc = hex_encode(span_of(opc, 16), ot, sizeof(ot));
    if (rc == ERR_OK)
        make_printf(out, "%s,%s,%s,%s," AMF ",000000000000,active,*\n", imsi->s, msisdn->s, kt, ot);
    mem_wipe(kt, sizeof(kt));
    mem_wipe(ot, sizeof(ot));
    return rc;
}

static int stock_row(struct making *m, const struct made_sub *b)
{
    char hex[5][33];
    uint8_t key[16];
    unsigned pin[5];
    int rc = hex_encode(span_of(b->k, 16), hex[0], sizeof(hex[0]));

    if (rc == ERR_OK)
        rc = hex_encode(span_of(b->opc, 16), hex[1], sizeof(hex[1]));
    for (unsigned i = 2; rc == ERR_OK && i < 5; i++) {
        rng_fill(&m->rng, key, sizeof(key));
        rc = hex_encode(span_of(key, 16), hex[i], sizeof(hex[i]));
    }
    for (unsigned i = 0; i < 5; i++)
        pin[i] = (unsigned)rng_below(&m->rng, 100000000);
    if (rc == ERR_OK)
        make_printf(&m->stock, "%s,%s,%s,%s,%s," SMSR_NUMBER ",%04u,%08u,%04u,%08u,%08u," OTA_KVN
                    ",%s,%s,%s,%s\n", b->iccid.s, b->imsi.s, hex[0], hex[1], b->msisdn.s,
                    pin[0] % 10000, pin[1], pin[2] % 10000, pin[3], pin[4], hex[2], hex[3], hex[4],
                    m->o->profile_type);
    mem_wipe(hex, sizeof(hex));
    mem_wipe(key, sizeof(key));
    return rc;
}

int make_rows(struct making *m, unsigned i, const struct fleet_meter *meter,
              const struct made_sub *b)
{
    const struct card_profile_data *a = &meter->factory.bootstrap;
    char eid[EID_TEXT];
    int rc = hss_row(&m->hss_a, &a->imsi, &a->msisdn, a->k, a->opc);

    if (rc == ERR_OK && m->fate[i] != FATE_UNKNOWN_IMSI)
        rc = hss_row(&m->hss_b, &b->imsi, &b->msisdn, b->k, b->opc);
    if (rc == ERR_OK)
        rc = stock_row(m, b);
    eid_text(&meter->factory.eid, eid);
    make_printf(&m->eids, "%s\n", eid);
    make_printf(&m->push, "%s,%s\n", eid, b->iccid.s);
    return rc == ERR_OK && (m->hss_a.failed || m->hss_b.failed || m->stock.failed ||
                            m->eids.failed || m->push.failed) ? ERR_NOMEM : rc;
}
