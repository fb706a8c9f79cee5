/* SPDX-License-Identifier: Apache-2.0 */
/* The EIS of a card as its EUM hands it to the SM-SR (SGP.02 3.9; facts: sgp02 section 3.1). */
#include "tools/euiccsim/world_int.h"

#include "common/crypto/ecka.h"
#include "common/msg/eis.h"
#include "common/wire/wire.h"

#define WRAPPED_MAX 32u               /* 16 octets and a block of padding */
#define TYPE_SCP80 0x80u
#define TYPE_SCP81 0x81u
#define KEY_TYPE_AES 0x88u
#define KEY_TYPE_PSK 0x85u

struct wrapped {
    uint8_t b[4][WRAPPED_MAX];
    unsigned n;
};

static int key_put(struct making *m, struct eis_keyset *set, uint8_t kid, uint8_t type,
                   const uint8_t value[16], struct wrapped *room)
{
    struct eis_key *to = &set->keys[set->n_keys];
    struct writer w = wr_init(room->b[room->n], WRAPPED_MAX);
    struct key *key = NULL;
    int rc = key_new(type == KEY_TYPE_PSK ? KEY_PSK : KEY_AES, span_of(value, 16), &key);

    if (rc == ERR_OK)
        rc = ecb_wrap_key(m->crypto, m->transport, key, &w);
    if (rc == ERR_OK)
        rc = key_kcv(m->crypto, key, to->kcv);
    key_free(key);
    to->kid = kid;
    to->type = type;
    to->wrapped = wr_view(&w);
    to->has_kcv = true;
    set->n_keys++;
    room->n++;
    return rc;
}

static int keysets_put(struct making *m, const struct card_factory *f, struct signed_eis *s,
                       struct wrapped *room)
{
    struct eis_keyset *scp80 = &s->keysets[0], *scp81 = &s->keysets[1];
    int rc;

    *scp80 = (struct eis_keyset){.version = f->scp80_kvn, .type = TYPE_SCP80};
    *scp81 = (struct eis_keyset){.version = f->psk_kvn, .type = TYPE_SCP81};
    s->n_keysets = f->psk_kvn ? 2 : 1;
    rc = key_put(m, scp80, 1, KEY_TYPE_AES, f->kic, room);
    if (rc == ERR_OK)
        rc = key_put(m, scp80, 2, KEY_TYPE_AES, f->kid, room);
    if (rc == ERR_OK)
        rc = key_put(m, scp80, 3, KEY_TYPE_AES, f->dek, room);
    if (rc == ERR_OK && f->psk_kvn)
        rc = key_put(m, scp81, f->psk_kid, KEY_TYPE_PSK, f->psk, room);
    return rc;
}

static int info_put(struct making *m, const struct card_factory *f, struct buf *out)
{
    const struct eum_signed_info info = {
        .eid = f->eid, .eum_id = m->o->eum, .production_date_ms = m->o->now_ms,
        .platform_type = span_str("euiccsim"), .platform_version = span_str("1.0.0"),
        .isd_p_load_file = AID_ISD_P_PACKAGE, .isd_p_module = AID_ISD_P_MODULE,
        .ecasd_certificate = f->ecasd_cert,
        .capabilities = {.http = f->psk_kvn != 0, .cattp = f->psk_kvn == 0, .secure_packet = true,
                         .remote_provisioning_version = span_str("3.2.0"),
                         .platform = span_str("euiccsim 1.0.0")},
    };

    return wire_eum_info_encode(&info, out);
}

static int profile_put(struct making *m, const struct card_factory *f, struct eis_profile *p)
{
    *p = (struct eis_profile){
        .iccid = f->bootstrap.iccid, .mno_id = m->o->mno_a, .fallback_attribute = true,
        .address = {f->bootstrap.imsi, f->bootstrap.msisdn}, .state = PROFILE_ENABLED,
        .profile_type = span_str("bootstrap"),
    };
    return aid_isd_p(0x0010, &p->isdp_aid);
}

int make_eis(struct making *m, const struct fleet_meter *meter, struct errmsg *why)
{
    const struct card_factory *f = &meter->factory;
    struct signed_eis s = {.remaining_memory = f->memory_bytes,
                           .available_memory_for_profiles = f->memory_bytes,
                           .smsr_id = m->o->smsr,
                           .transport_key_id = span_str(m->o->transport_id),
                           .n_profiles = 1};
    struct wrapped room = {.n = 0};
    struct span part;
    struct buf info, body;
    uint8_t sig[EC_SIG_LEN], head[4];
    struct writer w = wr_init(head, sizeof(head));
    int rc;

    buf_init(&info, 0);
    buf_init(&body, 0);
    rc = info_put(m, f, &info);
    part = buf_span(&info);
    if (rc == ERR_OK)
        rc = ec_sign(m->crypto, m->eum.key, &part, 1, sig);
    s.eum_signed_info = part;
    s.eum_signature = span_of(sig, sizeof(sig));
    s.eum_certificate = buf_span(&m->eum.der);
    if (rc == ERR_OK)
        rc = profile_put(m, f, &s.profiles[0]);
    if (rc == ERR_OK)
        rc = keysets_put(m, f, &s, &room);
    if (rc == ERR_OK)
        rc = wire_signed_eis_encode(&s, &body);
    if (rc != ERR_OK)
        (void)errmsg_set(why, rc, "an EIS cannot be written: %s", err_text(rc));
    wr_u32(&w, (uint32_t)body.n);
    buf_add_span(&m->eis, wr_view(&w));
    buf_add_span(&m->eis, buf_span(&body));
    buf_fini(&info);
    buf_fini(&body);
    return rc == ERR_OK && m->eis.failed ? ERR_NOMEM : rc;
}
