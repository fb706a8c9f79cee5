/* SPDX-License-Identifier: Apache-2.0 */
/* Links: remora_test_support remora_card remora_smdp_profile remora_test_all cmocka */
/* The simulated card against anybody who can reach it: raw user data, scripts and C-APDUs behind
 * a valid SCP80 packet, triggers, responses and octets of an SCP81 server, card images. The
 * first octet chooses the way in. Each input meets the same card: one ISD-P enabled, one
 * disabled, one with keys and no profile. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdlib.h>

#include "test/support/card_rig_sr.h"

#define INPUT_MAX 3000u

static struct rig *rig;
static struct rig_sr server;
static struct buf start;           /* image of the card every input meets */

static void world_once(void)
{
    struct rig_keys keys;

    if (rig)
        return;
    rig = calloc(1, sizeof(*rig));
    if (!rig)
        abort();
    rig_init(rig, 0);
    rig_attach(rig, true);
    rig_install(rig, 0x13, 0x04);
    assert_int_equal(rig_create(rig, 0x14, 5000), 0x9000);
    rig_personalise(rig, 0x14, &keys);
    rig_keys_fini(&keys);
    rig_sr_init(&server, rig);
    buf_init(&start, 0);
    assert_int_equal(card_image(rig->card, &start), 0);
}

static void card_again(void)
{
    card_free(rig->card);
    assert_int_equal(card_from_image(&rig->world, buf_span(&start), &rig->card), 0);
    rig->n_rows = card_ledger_count(rig->card);
    rig->counter += 1;
    buf_reset(&rig->stream);
}

static void raw_sms(struct span in)
{
    const struct msisdn from = {RIG_SMSR};

    arena_reset(&rig->arena);
    rig->out = (struct card_actions){.arena = &rig->arena};
    assert_int_equal(card_sms(rig->card, &from, in, rig->now, &rig->out), 0);
}

static void capdu(struct span in)
{
    uint8_t script[300];
    struct writer w = wr_init(script, sizeof(script));

    if (in.n > 261)
        in.n = 261;
    wr_u16(&w, 0xAE80);
    wr_u8(&w, 0x22);
    if (in.n > 0x7F)
        wr_u8(&w, in.n > 0xFF ? 0x82 : 0x81);
    if (in.n > 0xFF)
        wr_u16(&w, (uint16_t)in.n);
    else
        wr_u8(&w, (uint8_t)in.n);
    wr_span(&w, in);
    wr_u16(&w, 0);
    rig_script(rig, 1, wr_view(&w));
}

/* Opens a session and answers its first POST with the input for this target. */
static void https(struct span in, uint16_t target)
{
    struct aid a = AID_ISD_R;

    rig_sr_trigger(&server);
    if (!rig_sr_open(&server))
        abort();                   /* the trigger is a good one */
    if (target && aid_isd_p(target, &a) != ERR_OK)
        abort();
    (void)rig_sr_answer(&server, 200, &a, in, true);
}

static void https_octets(struct span in)
{
    rig_sr_trigger(&server);
    rig_stream_opened(rig, true);
    rig_stream(rig, in);
    rig_stream_closed(rig);
}

static void image(struct span in)
{
    struct card *c = NULL;
    struct buf again;

    if (card_from_image(&rig->world, in, &c) != ERR_OK)
        return;
    buf_init(&again, 0);
    if (card_image(c, &again) != ERR_OK)
        abort();
    if (in.p[3] == again.p[3] && !span_eq(buf_span(&again), in)) /* of the same version */
        abort();
    buf_fini(&again);
    card_free(c);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct span in;

    if (size < 1 || size > INPUT_MAX)
        return 0;
    in = span_of(data + 1, size - 1);
    world_once();
    card_again();
    switch (data[0] % 9) {
    case 0: raw_sms(in); break;
    case 1: rig_script(rig, 1, in); break;
    case 2: rig_script(rig, 0x14, in); break;
    case 3: capdu(in); break;
    case 4: https(in, 0); break;
    case 5: https(in, 0x14); break;
    case 6: https_octets(in); break;
    case 7: image(in); break;
    default: rig_script(rig, in.n ? in.p[0] : 0, in); break;
    }
    /* whatever came, the card goes on */
    for (unsigned i = 0; i < 4 && rig_timer(rig); i++)
        rig_attach(rig, i & 1);
    return 0;
}
