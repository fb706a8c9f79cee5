/* SPDX-License-Identifier: Apache-2.0 */
/* Links: remora_test_support remora_card remora_smdp_profile remora_test_all cmocka */
/* A PC/SC reader with a card in it, from the octets of vpcd on: any frames, any C-APDUs. No answer
 * is longer than one may be, the card is what it was, and no octets of a key ever leave. */
#define _GNU_SOURCE /* memmem */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "test/fuzz/input.h"
#include "test/support/card_rig.h"
#include "tools/euiccsim/card/terminal.h"
#include "tools/euiccsim/net/vpcd.h"

static struct rig *rig;

static void world_once(void)
{
    if (rig)
        return;
    rig = calloc(1, sizeof(*rig));
    must(rig != NULL);
    rig_init(rig, 0);
    rig_attach(rig, true);
}

static void no_key(struct span answer)
{
    const struct card_factory *f = &rig->factory;
    const struct card_profile_data *d = &f->bootstrap;
    const uint8_t *const KEYS[] = {f->kic, f->kid, f->dek, f->psk, f->ecasd_private, d->k, d->opc};

    for (size_t i = 0; i < sizeof(KEYS) / sizeof(KEYS[0]); i++)
        must(!memmem(answer.p, answer.n, KEYS[i], 8));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct span in = span_of(data, size);
    struct terminal t;
    struct vpcd v = {0};
    struct vpcd_msg m;

    world_once();
    terminal_reset(&t, rig->card);
    const uint64_t version = card_version(rig->card);
    while (vpcd_next(&v, &in, &m) == ERR_OK) {
        uint8_t room[TERMINAL_ANSWER_MAX];
        struct writer w = wr_init(room, sizeof(room));

        if (m.kind != VPCD_APDU) {
            terminal_reset(&t, rig->card);
            continue;
        }
        terminal_apdu(&t, rig->card, m.apdu, &w);
        must(!w.failed && w.len >= 2);
        must(w.len == 2 || (room[w.len - 2] & 0xF0) == 0x90 || room[w.len - 2] == 0x61);
        no_key(wr_view(&w));
    }
    must(card_version(rig->card) == version);
    return 0;
}
