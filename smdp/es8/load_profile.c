/* SPDX-License-Identifier: Apache-2.0 */
/* ES8.DownloadAndInstallation (SGP.02 4.1.3.3; facts: sgp02 7.2, 7.3): a fresh ISD-P's card
 * challenge can be predicted, so the session is opened and filled without waiting for the card; its
 * answers are checked when they come. A lost session cannot be resumed (trust 3.7): the caller
 * deletes and starts anew. */
#include "smdp/es8/es8.h"

#include "common/codec/tlv.h"

#include <stdlib.h>

#define OPENING        64u /* room for 84 and 85 */
#define FIRST_SEQUENCE 1u  /* of an ISD-P whose keys are new */

struct es8_load {
    struct crypto *c;
    struct scp03_keys keys;
    struct scp03_session session;
    struct aid isd_p;
    struct buf out;              /* 84 85 86 86 ..: ciphertext */
    struct scp03t_place *places; /* behind each segment */
    unsigned n_segments;
    size_t *cuts;         /* payload i is cuts[i]..cuts[i+1] */
    unsigned *segment_at; /* number of the first segment of payload i */
    unsigned n_payloads;
    unsigned answered; /* payloads */
    bool over;
};

void es8_load_free(struct es8_load *l)
{
    if (!l)
        return;
    scp03_session_fini(&l->session);
    es8_keys_free(&l->keys);
    buf_fini(&l->out);
    free(l->places);
    free(l->cuts);
    free(l->segment_at);
    free(l);
}

static int opening(struct es8_load *l)
{
    uint8_t head[OPENING];
    struct writer w = wr_init(head, sizeof head);
    int err = scp03t_initialize(l->c, &l->session, ES8_KVN, &w);

    if (!err)
        err = scp03t_predict(l->c, &l->session, &l->keys, &l->isd_p, FIRST_SEQUENCE);
    if (!err)
        err = scp03t_authenticate(l->c, &l->session, &w);
    if (!err)
        buf_add(&l->out, head, w.len);
    return err;
}

/* Elements of the package are cut anywhere, not at their borders (facts: sgp02 7.2). */
static int segments(struct es8_load *l, struct span package)
{
    uint8_t tlv[SCP03T_SEGMENT_MAX];

    for (size_t at = 0; at < package.n; at += SCP03T_PLAIN_MAX) {
        size_t n = package.n - at < SCP03T_PLAIN_MAX ? package.n - at : SCP03T_PLAIN_MAX;
        struct writer w = wr_init(tlv, sizeof tlv);
        int err = scp03t_segment(l->c, &l->session, span_of(package.p + at, n), &w);
        if (err)
            return err;
        if (l->out.n + w.len - l->cuts[l->n_payloads - 1] > ES8_PAYLOAD_MAX) {
            l->cuts[l->n_payloads] = l->out.n;
            l->segment_at[l->n_payloads++] = l->n_segments;
        }
        l->places[l->n_segments++] = scp03t_here(&l->session);
        buf_add(&l->out, tlv, w.len);
    }
    l->cuts[l->n_payloads] = l->out.n;
    return l->out.failed ? ERR_NOMEM : ERR_OK;
}

int es8_load_new(struct crypto *c, const struct scp03_keys *keys, const struct aid *isd_p,
                 struct span package, struct es8_load **ret)
{
    struct es8_load *l = calloc(1, sizeof *l);
    size_t n = package.n / SCP03T_PLAIN_MAX + 1, most;
    int err;

    *ret = NULL;
    if (!l || package.n == 0) {
        free(l);
        return l ? ERR_INVAL : ERR_NOMEM;
    }
    most = (n * SCP03T_SEGMENT_MAX + OPENING) / (ES8_PAYLOAD_MAX - SCP03T_SEGMENT_MAX) + 2;
    l->c = c;
    l->isd_p = *isd_p;
    l->keys = (struct scp03_keys){key_ref(keys->enc), key_ref(keys->mac), key_ref(keys->dek)};
    buf_init(&l->out, 0);
    l->places = calloc(n, sizeof *l->places);
    l->cuts = calloc(most + 1, sizeof *l->cuts);
    l->segment_at = calloc(most + 1, sizeof *l->segment_at);
    l->n_payloads = 1;
    err = l->places && l->cuts && l->segment_at ? opening(l) : ERR_NOMEM;
    if (!err)
        err = segments(l, package);
    if (err) {
        es8_load_free(l);
        return err;
    }
    *ret = l;
    return ERR_OK;
}

unsigned es8_load_count(const struct es8_load *l)
{
    return l->n_payloads;
}

struct span es8_load_payload(const struct es8_load *l, unsigned i)
{
    if (i >= l->n_payloads)
        return (struct span){NULL, 0};
    return span_of(l->out.p + l->cuts[i], l->cuts[i + 1] - l->cuts[i]);
}

static int read_status(struct es8_load *l, unsigned segment, struct span raw, struct span *ret,
                       uint8_t *room, size_t cap)
{
    struct writer w = wr_init(room, cap);
    int err = segment + 1 == l->n_segments
                  ? scp03t_answer(l->c, &l->session, raw, &w)
                  : scp03t_answer_at(l->c, &l->session, &l->places[segment], raw, &w);

    *ret = wr_view(&w);
    return err;
}

/* One 86 answer. An early one with data ends the load: the card met something it will not install.
 */
static int segment_answer(struct es8_load *l, unsigned segment, struct span raw,
                          enum es8_result *ret, struct saip_response *ret_status)
{
    uint8_t room[512];
    struct span plain;
    bool last = segment + 1 == l->n_segments;
    int err = read_status(l, segment, raw, &plain, room, sizeof room);

    if (err)
        return err;
    if (plain.n == 0) {
        /* 86 00 carries no MAC and proves nothing: it cannot stand for the result. */
        *ret = ES8_MORE;
        return last ? ERR_FORMAT : ERR_OK;
    }
    err = saip_response_read(plain, ret_status);
    if (err)
        return ERR_FORMAT;
    *ret = last && saip_response_ok(ret_status) ? ES8_INSTALLED : ES8_REFUSED;
    return ERR_OK;
}

static int opening_answer(struct es8_load *l, struct reader *r)
{
    struct tlv t;
    int err = tlv_next(r, &t);

    if (err)
        return ERR_FORMAT;
    err = scp03t_open(l->c, &l->session, &l->keys, &l->isd_p, t.raw);
    if (err)
        return err;
    return tlv_next(r, &t) ? ERR_FORMAT : scp03t_authenticated(&l->session, t.raw);
}

static int batch_answer(struct es8_load *l, unsigned i, struct span response, enum es8_result *ret,
                        struct saip_response *ret_status)
{
    unsigned end = i + 1 < l->n_payloads ? l->segment_at[i + 1] : l->n_segments;
    struct reader r = rd_init(response);
    int err = i == 0 ? opening_answer(l, &r) : ERR_OK;

    *ret = ES8_MORE;
    for (unsigned s = l->segment_at[i]; !err && s < end && *ret == ES8_MORE; s++) {
        struct tlv t;
        err = tlv_next(&r, &t) ? ERR_FORMAT : segment_answer(l, s, t.raw, ret, ret_status);
    }
    return err || *ret == ES8_REFUSED || rd_done(&r) ? err : ERR_FORMAT;
}

int es8_load_answer(struct es8_load *l, unsigned i, struct span response, enum es8_result *ret,
                    struct saip_response *ret_status)
{
    int err;

    memset(ret_status, 0, sizeof *ret_status);
    if (l->over || i != l->answered || i >= l->n_payloads)
        return ERR_STATE;
    err = batch_answer(l, i, response, ret, ret_status);
    l->answered++;
    l->over = err || *ret != ES8_MORE;
    return err;
}
