/* SPDX-License-Identifier: Apache-2.0 */
/* ES5.EstablishISDRKeySet (SGP.02 4.1.1.8): the certificate of the SM-SR that is to come, answered by a challenge;
 * its ephemeral key signed over that, answered by the receipt. Script chaining keeps the challenge between the two
 * packets (TS 102 226; facts: sgp02 10.5). */
#include "smsr/es5/es5.h"

#define CHAIN_FIRST 0x11u /* keep on reset */
#define CHAIN_LAST  0x03u
#define APDU_ROOM   300u

struct ecka_crt es5_keyset_crt(uint8_t kvn, uint8_t scenario)
{
    return (struct ecka_crt){.scenario = scenario, .usage = 0x10, .key_type = 0x88, .key_len = 0x10,
                             .kid = 0x01, .kvn = kvn};
}

static int chained(struct writer *w, uint8_t how, const struct writer *apdu)
{
    const uint8_t chain[3] = {SCRIPT_TAG_CHAINING, 0x01, how};
    struct script_writer sw;

    script_begin(&sw, w, SCRIPT_INDEFINITE, false);
    script_put_raw(&sw, span_of(chain, sizeof chain));
    script_put_cmd(&sw, wr_view(apdu));
    script_end(&sw, 1);
    return w->failed ? ERR_TOO_LARGE : ERR_OK;
}

int es5_keyset_certificate(struct writer *w, struct span cert_7f21)
{
    uint8_t room[APDU_ROOM];
    struct writer apdu = wr_init(room, sizeof room);
    int err = keyset_put_certificate(&apdu, cert_7f21);

    return err ? err : chained(w, CHAIN_FIRST, &apdu);
}

int es5_keyset_key(struct writer *w, const struct ecka_crt *crt, struct span point, enum curve curve,
                   bool bare, struct span signature)
{
    uint8_t room[APDU_ROOM];
    struct writer apdu = wr_init(room, sizeof room);
    int err = keyset_put_key(&apdu, crt, point, curve, bare, signature);

    return err ? err : chained(w, CHAIN_LAST, &apdu);
}

static int answer(struct span response, struct span *ret)
{
    struct es5_answer a;

    if (es5_answer_read(response, &a) || !a.sw)
        return ERR_FORMAT;
    *ret = a.data;
    return a.sw == 0x9000 ? ERR_OK : ERR_DENIED;
}

int es5_keyset_challenge(struct span response, struct span *ret_rc)
{
    struct span data;
    int err = answer(response, &data);

    return err ? err : keyset_read_challenge(data, ret_rc);
}

int es5_keyset_receipt(struct span response, struct span *ret_dr, struct span *ret_receipt)
{
    struct span data;
    int err = answer(response, &data);

    return err ? err : keyset_read_receipt(data, ret_dr, ret_receipt);
}
