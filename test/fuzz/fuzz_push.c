/* SPDX-License-Identifier: Apache-2.0 */
/* Session triggers and the commands of a CAT_TP link: what reads is written in our form and reads
 * the same again. */
#include "common/codec/apdu.h"
#include "common/codec/push.h"

#include <stdlib.h>

static void channel_again(struct span s)
{
    struct push_channel c, again;
    uint8_t room[300];
    struct writer w = wr_init(room, sizeof room);
    struct apdu_cmd cmd;
    if (push_channel_parse(s, &c) != ERR_OK) {
        return;
    }
    push_channel_put(&w, &c);
    if (w.failed || apdu_cmd_parse(wr_view(&w), &cmd) != ERR_OK ||
        push_channel_parse(cmd.data, &again) != ERR_OK || strcmp(c.apn, again.apn) != 0 ||
        c.port != again.port || memcmp(c.ipv4, again.ipv4, sizeof c.ipv4) != 0) {
        abort();
    }
}

static void link_again(struct span s)
{
    struct push_link l, again;
    uint8_t room[300];
    struct writer w = wr_init(room, sizeof room);
    struct apdu_cmd cmd;
    if (push_link_parse(s, &l) != ERR_OK || l.id.n > 240) {
        return;
    }
    push_link_put(&w, &l);
    if (w.failed || apdu_cmd_parse(wr_view(&w), &cmd) != ERR_OK ||
        push_link_parse(cmd.data, &again) != ERR_OK || l.port != again.port ||
        !span_eq(l.id, again.id)) {
        abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct push_trigger t, again;
    uint8_t room[1024];
    struct writer w = wr_init(room, sizeof room);
    channel_again(span_of(data, size));
    link_again(span_of(data, size));
    if (push_trigger_parse(span_of(data, size), &t) != ERR_OK) {
        return 0;
    }
    push_trigger_put(&w, &t);
    if (push_trigger_parse(wr_view(&w), &again) != ERR_OK || strcmp(t.host, again.host) != 0 ||
        strcmp(t.uri, again.uri) != 0 || t.port != again.port ||
        t.retry_delay_s != again.retry_delay_s || t.psk_identity.n != again.psk_identity.n ||
        (t.port != 0 && strcmp(t.apn, again.apn) != 0)) {
        abort();
    }
    return 0;
}
