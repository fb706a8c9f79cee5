/* SPDX-License-Identifier: Apache-2.0 */
/* The PUSH commands of a CAT_TP link (TS 102 226; facts: ota 2.4): the first names the UDP channel,
 * the second, in the same packet, the link in it. 9000 says that they were understood; the device
 * opens the channel behind the answer. */
#include "tools/euiccsim/card/card_int.h"

uint16_t cmd_push_channel(struct exec *x, const struct apdu_cmd *cmd, struct writer *data)
{
    (void)data;
    if (x->sd != 0 || x->channel != 'S')
        return SW_CONDITIONS;
    x->has_push = push_channel_parse(cmd->data, &x->push) == ERR_OK && x->push.has_address;
    return x->has_push ? SW_OK : SW_DATA;
}

uint16_t cmd_push_link(struct exec *x, const struct apdu_cmd *cmd, struct writer *data)
{
    struct push_link l;

    (void)data;
    if (!x->has_push)
        return SW_CONDITIONS;
    if (push_link_parse(cmd->data, &l) != ERR_OK || l.id.n > CATTP_ID_MAX)
        return SW_DATA;
    x->has_push = false;
    x->err = link_open(x->c, &x->push, &l, x->now_ms, x->out);
    return SW_OK;
}
