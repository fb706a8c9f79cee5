/* SPDX-License-Identifier: Apache-2.0 */
/* The commands of the ISD-R (SGP.02 4.1.1) in one table. The OTA channel has secured them, so each
 * class with the proprietary bit is taken (facts: sgp02 6). */
#include "tools/euiccsim/card/card_int.h"

static const struct command_row {
    const char *name;
    uint8_t cla_mask, cla;
    uint8_t ins;
    uint8_t p1_mask, p1, p2_mask, p2;
    bool effect;               /* changes the card: has a row in the ledger */
    uint16_t (*run)(struct exec *x, const struct apdu_cmd *cmd, struct writer *data);
} COMMANDS[] = {
    {"INSTALL [for install]", 0x80, 0x80, 0xE6, 0xFF, 0x0C, 0xFF, 0x00, true, cmd_create_isdp},
    {"INSTALL [for personalization]", 0x80, 0x80, 0xE6, 0xFF, 0x20, 0xFF, 0x00, true,
     cmd_install_perso},
    {"STORE DATA", 0x80, 0x80, 0xE2, 0x18, 0x08, 0x00, 0x00, true, cmd_store_data},
    {"DELETE", 0x80, 0x80, 0xE4, 0xFF, 0x00, 0xFF, 0x40, true, cmd_delete},
    {"DELETE [key]", 0x80, 0x80, 0xE4, 0xFF, 0x00, 0xFF, 0x00, true, cmd_delete_keys},
    {"PUT KEY", 0x80, 0x80, 0xD8, 0x80, 0x00, 0x80, 0x80, true, cmd_put_key},
    {"GET STATUS", 0x80, 0x80, 0xF2, 0xFF, 0x40, 0xFE, 0x02, false, cmd_get_status},
    {"GET DATA", 0x80, 0x80, 0xCA, 0x00, 0x00, 0x00, 0x00, false, cmd_get_data},
    {"PUSH [open channel]", 0x80, 0x80, PUSH_INS, 0xFF, PUSH_P1, 0xFF, PUSH_P2_CHANNEL, false,
     cmd_push_channel},
    {"PUSH [CAT_TP link]", 0x80, 0x80, PUSH_INS, 0xFF, PUSH_P1, 0xFF, PUSH_P2_LINK, false,
     cmd_push_link},
};

/* The most exact reason why no row fits: class, then instruction, then parameters. */
static uint16_t row_find(const struct apdu_cmd *cmd, const struct command_row **ret)
{
    uint16_t sw = SW_CLA;

    for (size_t i = 0; i < sizeof(COMMANDS) / sizeof(COMMANDS[0]); i++) {
        const struct command_row *r = &COMMANDS[i];

        if ((cmd->cla & r->cla_mask) != r->cla)
            continue;
        if (sw == SW_CLA)
            sw = SW_INS;
        if (cmd->ins != r->ins)
            continue;
        sw = SW_P1P2;
        if ((cmd->p1 & r->p1_mask) == r->p1 && (cmd->p2 & r->p2_mask) == r->p2) {
            *ret = r;
            return SW_OK;
        }
    }
    return sw;
}

uint16_t command_run(struct exec *x, struct span capdu, struct writer *data)
{
    const struct command_row *row = NULL;
    struct apdu_cmd cmd;
    uint16_t sw;

    if (apdu_cmd_parse(capdu, &cmd) != ERR_OK)
        return SW_LENGTH;
    sw = row_find(&cmd, &row);
    if (sw != SW_OK)
        return sw;
    ledger_open(x, &cmd);
    x->row_free = !row->effect;
    sw = row->run(x, &cmd, data);
    if (!x->row_free)
        ledger_close(x, sw);
    return sw;
}

uint16_t exec_isdp(struct exec *x, struct span tlv, struct isdp **ret)
{
    struct tlv t;
    struct aid a;

    *ret = NULL;
    if (tlv_only(tlv, 0x4F, &t) != ERR_OK || aid_from_bytes(t.value, &a) != ERR_OK)
        return SW_DATA;
    ledger_about(x, &a);
    *ret = isdp_by_aid(x->c, &a);
    return *ret ? SW_OK : SW_NOT_FOUND;
}
