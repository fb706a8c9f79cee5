/* SPDX-License-Identifier: Apache-2.0 */
/* Factory records to bytes and back (layout: fleet_file.h). */
#include "tools/euiccsim/fleet_file.h"

static void text_put(struct writer *w, const char *s)
{
    wr_u8(w, (uint8_t)strlen(s));
    wr_str(w, s);
}

/* Digits only: nothing here is anything else. */
static void text_get(struct reader *r, char *dst, size_t cap)
{
    size_t n = rd_u8(r);
    struct span s;

    memset(dst, 0, cap);
    if (n >= cap) {
        rd_fail(r);
        return;
    }
    s = rd_span(r, n);
    for (size_t i = 0; !r->failed && i < n; i++) {
        if (s.p[i] < '0' || s.p[i] > '9')
            rd_fail(r);
        dst[i] = (char)s.p[i];
    }
}

static void profile_put(struct writer *w, const struct card_profile_data *p)
{
    text_put(w, p->iccid.s);
    text_put(w, p->imsi.s);
    text_put(w, p->msisdn.s);
    wr_bytes(w, p->k, sizeof(p->k));
    wr_bytes(w, p->opc, sizeof(p->opc));
    wr_bytes(w, p->acc, sizeof(p->acc));
    wr_u8(w, p->pol1);
    wr_u8(w, p->ad_mnc_len);
    wr_u8(w, p->smsp_len);
    wr_bytes(w, p->smsp, p->smsp_len);
    wr_u8(w, p->connectivity_len);
    wr_bytes(w, p->connectivity, p->connectivity_len);
}

static void profile_get(struct reader *r, struct card_profile_data *p)
{
    text_get(r, p->iccid.s, sizeof(p->iccid.s));
    text_get(r, p->imsi.s, sizeof(p->imsi.s));
    text_get(r, p->msisdn.s, sizeof(p->msisdn.s));
    rd_copy(r, p->k, sizeof(p->k));
    rd_copy(r, p->opc, sizeof(p->opc));
    rd_copy(r, p->acc, sizeof(p->acc));
    p->pol1 = rd_u8(r);
    p->ad_mnc_len = rd_u8(r);
    p->smsp_len = rd_u8(r);
    if (p->smsp_len > sizeof(p->smsp))
        rd_fail(r);
    else
        rd_copy(r, p->smsp, p->smsp_len);
    p->connectivity_len = rd_u8(r);
    if (p->connectivity_len > sizeof(p->connectivity))
        rd_fail(r);
    else
        rd_copy(r, p->connectivity, p->connectivity_len);
}

int fleet_put(const struct fleet_meter *m, struct buf *out)
{
    const struct card_factory *f = &m->factory;
    uint8_t room[FLEET_RECORD_MAX], head[4];
    struct writer w = wr_init(room, sizeof(room)), h = wr_init(head, sizeof(head));

    if (f->ecasd_cert.n > CARD_CERT_MAX)
        return ERR_INVAL;
    wr_bytes(&w, f->eid.b, sizeof(f->eid.b));
    wr_u8(&w, f->scp80_kvn);
    wr_bytes(&w, f->kic, sizeof(f->kic));
    wr_bytes(&w, f->kid, sizeof(f->kid));
    wr_bytes(&w, f->dek, sizeof(f->dek));
    wr_u8(&w, f->psk_kvn);
    wr_u8(&w, f->psk_kid);
    wr_bytes(&w, f->psk, sizeof(f->psk));
    wr_bytes(&w, f->ecasd_private, sizeof(f->ecasd_private));
    wr_u16(&w, (uint16_t)f->ecasd_cert.n);
    wr_span(&w, f->ecasd_cert);
    wr_u32(&w, f->memory_bytes);
    text_put(&w, f->imei);
    text_put(&w, m->heard.s);
    wr_u8(&w, f->has_bootstrap);
    if (f->has_bootstrap)
        profile_put(&w, &f->bootstrap);
    wr_u32(&h, (uint32_t)w.len);
    buf_add_span(out, wr_view(&h));
    buf_add_span(out, wr_view(&w));
    mem_wipe(room, sizeof(room));
    return w.failed ? ERR_INVAL : out->failed ? ERR_NOMEM : ERR_OK;
}

int fleet_get(struct span record, struct fleet_meter *ret)
{
    struct card_factory *f = &ret->factory;
    struct reader r = rd_init(record);
    uint8_t has;
    size_t n;

    *ret = (struct fleet_meter){.cert = {0}};
    rd_copy(&r, f->eid.b, sizeof(f->eid.b));
    f->scp80_kvn = rd_u8(&r);
    rd_copy(&r, f->kic, sizeof(f->kic));
    rd_copy(&r, f->kid, sizeof(f->kid));
    rd_copy(&r, f->dek, sizeof(f->dek));
    f->psk_kvn = rd_u8(&r);
    f->psk_kid = rd_u8(&r);
    rd_copy(&r, f->psk, sizeof(f->psk));
    rd_copy(&r, f->ecasd_private, sizeof(f->ecasd_private));
    n = rd_u16(&r);
    if (n > sizeof(ret->cert))
        rd_fail(&r);
    else
        rd_copy(&r, ret->cert, n);
    f->ecasd_cert = span_of(ret->cert, n);
    f->memory_bytes = rd_u32(&r);
    text_get(&r, f->imei, sizeof(f->imei));
    text_get(&r, ret->heard.s, sizeof(ret->heard.s));
    has = rd_u8(&r);
    f->has_bootstrap = has == 1;
    if (has == 1)
        profile_get(&r, &f->bootstrap);
    if (r.failed)
        return ERR_TRUNCATED;
    return rd_done(&r) && has <= 1 && eid_check(&f->eid) ? ERR_OK : ERR_FORMAT;
}

int fleet_each(struct span file, fleet_fn fn, void *ctx, unsigned *ret_n, struct errmsg *why)
{
    struct reader r = rd_init(file);
    struct span magic = rd_span(&r, FLEET_MAGIC_LEN);
    struct fleet_meter m;
    unsigned n = 0;
    int rc = ERR_OK;

    if (r.failed || !span_eq(magic, span_str(FLEET_MAGIC)))
        return errmsg_set(why, ERR_FORMAT, "no fleet file");
    while (rc == ERR_OK && rd_left(&r) > 0) {
        size_t len = rd_u32(&r);
        struct span record = rd_span(&r, len);

        n++;
        rc = r.failed || len > FLEET_RECORD_MAX ? ERR_TRUNCATED : fleet_get(record, &m);
        if (rc != ERR_OK) {
            rc = errmsg_set(why, ERR_FORMAT, "the record of meter %u is damaged", n);
            break;
        }
        rc = fn(ctx, &m);
    }
    mem_wipe(&m, sizeof(m));
    *ret_n = n;
    return rc;
}
