/* SPDX-License-Identifier: Apache-2.0 */
/* Octets of cards and packets as explain decodes them: the first octet says what they are taken
 * for. */
#include "common/capture/decode.h"
#include "test/fuzz/input.h"
#include "tools/smctl/story.h"

#include <stdlib.h>
#include <string.h>

static void story(struct rows *rows, struct span s)
{
    struct crypto *c = crypto_new(NULL);
    struct story *st = calloc(1, sizeof *st);
    struct admin_record r = {.at_ms = 1};
    struct event ev = {.type = (enum event_type)(1 + s.n % (EV_TYPE_COUNT - 1)),
                       .function = FN_ENABLE_PROFILE,
                       .purpose = PURPOSE_FENCE,
                       .op_state = (uint32_t)s.n,
                       .counter = 1,
                       .data = s};

    must(c && st);
    story_init(st, c);
    for (unsigned i = 0; i < 3; i++) {
        story_record(st, &r, &ev, rows);
        (void)story_state(st, &ev);
        ev.type = i ? EV_STEP_ANSWERED : EV_OPERATION_ANSWERED;
    }
    free(st);
    crypto_free(c);
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
    struct rows *rows = calloc(1, sizeof *rows);
    struct commands sent = {.n = 0};
    struct apdu_cmd c = {.ins = 0};
    struct buf text;
    struct span s = n ? span_of(p + 1, n - 1) : span_of(p, 0);

    struct crypto *wire = n && p[0] & 0x40 ? crypto_new(NULL) : NULL;

    must(rows);
    rows->wire = wire;
    switch (n ? p[0] % 6 : 0) {
    case 0:
        decode_packet(rows, 0, PACKET_SMS, s, 1);
        decode_packet(rows, 0, PACKET_CATTP, s, 1);
        break;
    case 1:
        decode_script(rows, 0, s, &sent);
        decode_script(rows, 0, s, &sent);
        break;
    case 2:
        decode_elements(rows, 0, s);
        decode_content(rows, 0, s);
        break;
    case 3:
        decode_capdu(rows, 0, "C", s, &c);
        decode_rdata(rows, 0, s, &c);
        break;
    case 4:
        decode_rapdu(rows, 0, "R", s, NULL);
        decode_tp_ud(rows, 0, "TP-UD", s);
        decode_response(rows, 0, PACKET_SMS, s, 1, 0);
        decode_response(rows, 0, PACKET_CATTP, s, 1, 0);
        break;
    default:
        story(rows, s);
    }
    must(rows->n <= ROWS_MAX);
    for (unsigned i = 0; i < rows->n; i++)
        must(strlen(rows->v[i].value) < sizeof rows->text &&
             strlen(rows->v[i].meaning) < sizeof rows->v[i].meaning);
    buf_init(&text, 0);
    rows_print(rows, 3, &text);
    must(!text.failed);
    buf_fini(&text);
    crypto_free(wire);
    free(rows);
    return 0;
}
