/* SPDX-License-Identifier: Apache-2.0 */
#include "tools/euiccsim/net/vpcd.h"

#define HEAD 2u

static size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* Moves octets from *bytes into dst, as many as there are up to n; dst NULL passes them over. */
static void take(struct vpcd *v, struct span *bytes, uint8_t *dst, size_t n)
{
    n = least(n, bytes->n);
    if (dst && n > 0)
        memcpy(dst, bytes->p, n);
    if (n > 0)
        *bytes = (struct span){bytes->p + n, bytes->n - n};
    v->got += n;
}

static int message(const struct vpcd *v, struct vpcd_msg *ret)
{
    static const struct {
        uint8_t code;
        enum vpcd_kind kind;
    } CONTROLS[] = {{0x00, VPCD_OFF}, {0x01, VPCD_ON}, {0x02, VPCD_RESET}, {0x04, VPCD_ATR}};

    *ret = (struct vpcd_msg){VPCD_APDU, span_of(v->body, least(v->want, VPCD_KEPT))};
    if (v->want > 1)
        return ERR_OK;
    for (size_t i = 0; i < sizeof(CONTROLS) / sizeof(CONTROLS[0]); i++)
        if (CONTROLS[i].code == v->body[0]) {
            *ret = (struct vpcd_msg){.kind = CONTROLS[i].kind};
            return ERR_OK;
        }
    return ERR_FORMAT;
}

int vpcd_next(struct vpcd *v, struct span *bytes, struct vpcd_msg *ret)
{
    size_t in;

    if (v->got < HEAD) {
        take(v, bytes, v->head + v->got, HEAD - v->got);
        if (v->got < HEAD)
            return ERR_AGAIN;
        v->want = (size_t)v->head[0] << 8 | v->head[1];
        if (v->want == 0)
            return ERR_FORMAT;
    }
    in = v->got - HEAD;
    if (in < VPCD_KEPT)
        take(v, bytes, v->body + in, least(v->want, VPCD_KEPT) - in);
    if (v->got - HEAD >= VPCD_KEPT)
        take(v, bytes, NULL, v->want - (v->got - HEAD));
    if (v->got - HEAD < v->want)
        return ERR_AGAIN;
    v->got = 0;
    return message(v, ret);
}

void vpcd_put(struct writer *w, struct span payload)
{
    if (payload.n == 0 || payload.n > UINT16_MAX) {
        w->failed = true;
        return;
    }
    wr_u16(w, (uint16_t)payload.n);
    wr_span(w, payload);
}
