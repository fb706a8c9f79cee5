/* SPDX-License-Identifier: Apache-2.0 */
/* SMPP: a session that is fed anything keeps its books: each submit_sm has one result, nothing is
 * written that does not read, and it breaks once. The first octet says how the rest is cut. */
#include "common/bearer/smpp_esme.h"

#include <stdio.h>
#include <stdlib.h>

struct seen {
    struct smpp_esme *e;
    unsigned submitted, results, broken;
};

static void on_write(void *ctx, struct span bytes)
{
    struct smpp_pdu p;

    (void)ctx;
    if (smpp_parse(bytes, &p) != ERR_OK)
        abort();
}

static void on_bound(void *ctx)
{
    static const uint8_t UD[140];
    const struct smpp_message m = {.source = {3, 1, "4917"}, .dest = {1, 1, "491510000011"},
                                   .esm_class = SMPP_UDHI, .ud = span_of(UD, sizeof UD)};
    struct seen *s = ctx;

    while (smpp_esme_submit(s->e, &m, s->submitted, 1) == ERR_OK)
        s->submitted++;
}

static void on_result(void *ctx, uint64_t tag, enum smpp_result r, const char *id)
{
    struct seen *s = ctx;

    (void)r;
    if (tag >= s->submitted || strlen(id) > 64)
        abort();
    s->results++;
}

static void on_mo(void *ctx, uint64_t handle, const struct smpp_message *m)
{
    struct seen *s = ctx;

    if (m->ud.n > SMPP_PDU_MAX)
        abort();
    smpp_esme_mo_answer(s->e, handle, m->ud.n % 2);
}

static void on_receipt(void *ctx, const struct smpp_receipt *r)
{
    (void)ctx;
    if (r && (!r->id[0] || strlen(r->id) > 64 || strlen(r->error) > 7 || r->state == SMPP_STATE_NONE ||
              r->state > SMPP_STATE_REJECTED))
        abort();
}

/* The same octets as the text of a receipt, with and without parameters before it. */
static void as_text(struct span text)
{
    struct smpp_message m = {.esm_class = SMPP_RECEIPT, .ud = text};
    struct smpp_receipt r;

    if (smpp_receipt_read(&m, &r) == ERR_OK)
        on_receipt(NULL, &r);
    (void)snprintf(m.receipted, sizeof m.receipted, "%s", "7f");
    m.network_error = 0x03FFFF;
    if (smpp_receipt_read(&m, &r) == ERR_OK)
        on_receipt(NULL, &r);
}

static void on_broken(void *ctx, const char *why)
{
    struct seen *s = ctx;

    if (!why[0] || ++s->broken > 1)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const uint8_t BOUND[] = {0, 0, 0, 16, 0x80, 0, 0, 9, 0, 0, 0, 0, 0, 0, 0, 1};
    struct seen seen = {0};
    const struct smpp_esme_port port = {on_write,   on_bound,  on_result, on_mo,
                                        on_receipt, on_broken, &seen, NULL};
    struct smpp_esme_config cfg = smpp_esme_config_default();
    size_t step = size ? data[0] % 64 + 1u : 1;

    as_text(span_of(data, size));
    cfg.window = 4;
    seen.e = smpp_esme_new(&cfg, &port);
    if (!seen.e)
        abort();
    smpp_esme_opened(seen.e, 1);
    smpp_esme_input(seen.e, span_of(BOUND, sizeof BOUND), 1);
    for (size_t at = 1; at < size; at += step)
        smpp_esme_input(seen.e, span_of(data + at, size - at < step ? size - at : step), 1);
    smpp_esme_timer(seen.e, 5000);
    smpp_esme_closed(seen.e);
    if (seen.results != seen.submitted)
        abort();
    smpp_esme_free(seen.e);
    return 0;
}
