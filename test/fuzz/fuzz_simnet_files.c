/* SPDX-License-Identifier: Apache-2.0 */
/* Links: remora_euiccsim remora_simlink remora_simnet */
/* What the fleet reads from files and command lines: HSS list, ledger payload, factory record,
 * quirks, and the pieces of a stream. The first octet chooses. */
#include "common/base/mem.h"
#include "tools/euiccsim/fleet_file.h"
#include "tools/euiccsim/net/coap_link_int.h"
#include "tools/euiccsim/net/hss.h"
#include "tools/euiccsim/net/quirk_set.h"

#include <stdlib.h>

static int row(void *ctx, const struct card_ledger_row *r)
{
    size_t *sum = ctx;

    *sum += r->n + strlen(r->step_uri);
    if (r->aid.n > 16)
        abort();
    return ERR_OK;
}

static int image(void *ctx, const struct eid *eid, struct span s)
{
    size_t *sum = ctx;

    *sum += eid->b[0] + s.n;
    return ERR_OK;
}

static int attach(void *ctx, const struct attach_record *a)
{
    size_t *sum = ctx;

    *sum += strlen(a->iccid.s) + strlen(a->imsi.s);
    return ERR_OK;
}

static int meter(void *ctx, const struct fleet_meter *m)
{
    struct buf again;
    size_t *sum = ctx;

    buf_init(&again, 0);
    if (fleet_put(m, &again) != ERR_OK)    /* what was read can be written */
        abort();
    *sum += again.n;
    buf_fini(&again);
    return ERR_OK;
}

static void hss(struct span s)
{
    struct crypto *c = crypto_new(NULL);
    struct hss *h = c ? hss_new(c) : NULL;
    struct errmsg why;

    if (h)
        (void)!hss_load_csv(h, s, NULL, &why);
    hss_free(h);
    crypto_free(c);
}

/* offset (2), length (1) and as many octets, again and again. */
static void pieces(struct span s)
{
    struct reader r = rd_init(s);
    struct octets_rx rx;
    struct buf out;
    uint64_t total = 0;

    octets_rx_init(&rx);
    buf_init(&out, 2 * LINK_WINDOW);
    while (rd_left(&r) > 3) {
        uint64_t offset = rd_u16(&r);
        struct span b = rd_span(&r, rd_u8(&r));

        if (r.failed || b.n == 0)
            break;
        if (octets_rx_take(&rx, offset, b, &out) == ERR_OK)
            total += out.n;
        if (rx.next != total)
            abort();
    }
    octets_rx_fini(&rx);
    buf_fini(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    size_t sum = 0;
    const struct ledger_visitor v = {image, row, attach, &sum};
    struct quirk_set q;
    struct errmsg why;
    struct span s;
    unsigned n;

    if (size == 0)
        return 0;
    s = span_of(data + 1, size - 1);
    switch (data[0] % 5) {
    case 0:
        hss(s);
        break;
    case 1:
        (void)!ledger_payload(s, &v);
        break;
    case 2:
        (void)!fleet_each(s, meter, &sum, &n, &why);
        break;
    case 3:
        (void)!quirk_set_parse(s, &q, &why);
        break;
    default:
        pieces(s);
        break;
    }
    return 0;
}
