/* SPDX-License-Identifier: Apache-2.0 */
/* Default notification of the ISD-R (SGP.02 3.15.1, 4.1.1.11), by SMS: E1 { 4C EID, 4D type, 4E
 * sequence, 2F AID of the enabled ISD-P, 14 IMEI } as an SCP80 command packet to the SM-SR. A
 * new event takes a new sequence number, a repetition keeps it. Figures of this house: five
 * tries, and an event nobody confirmed is told again at the next attach. */
#include "tools/euiccsim/card/card_int.h"

#define TRIES 5u
#define SKIP 7u                /* QUIRK_STAYS_SKIPPED: numbers that a boot takes */
#define SPI1_NOTIFICATION (SPI1_CC | SPI1_CIPHER)      /* no counter: facts sgp02 6.9 */
#define TAR_ISD_R 0x000001u
#define PACKET_ROOM 256u
#define IMEI_DIGITS 15u

/* TS 102 223 8.20 in the form of a mobile identity (TS 24.008 10.5.1.4): first digit with the odd
 * bit and type 2, the others in swapped pairs. Believed for this TLV. */
static void imei_put(struct writer *w, const char *imei)
{
    uint8_t b[8];

    if (strlen(imei) != IMEI_DIGITS)
        return;
    b[0] = (uint8_t)((imei[0] - '0') << 4 | 0x0A);
    for (size_t i = 1; i < sizeof(b); i++)
        b[i] = (uint8_t)((imei[2 * i - 1] - '0') | (imei[2 * i] - '0') << 4);
    tlv_put(w, 0x14, span_of(b, sizeof(b)));
}

int notification_put(const struct card *c, struct writer *w)
{
    const struct isdp *enabled = isdp_enabled(c);
    const uint8_t seq[2] = {(uint8_t)(c->notification.seq >> 8), (uint8_t)c->notification.seq};
    size_t e1 = tlv_open(w, 0xE1);

    tlv_put(w, 0x4C, span_of(c->eid.b, sizeof(c->eid.b)));
    tlv_put_u8(w, 0x4D, c->notification.type);
    tlv_put(w, 0x4E, span_of(seq, sizeof(seq)));
    if (enabled)
        tlv_put(w, 0x2F, aid_span(&enabled->pub.aid));
    imei_put(w, c->imei);
    tlv_close(w, e1);
    return w->failed ? ERR_TOO_LARGE : ERR_OK;
}

static int packet_put(struct card *c, struct writer *w)
{
    const struct scp80_set *s = scp80_set_find(c, c->notify_kvn);
    const struct packet_cmd_head head = {
        .spi1 = SPI1_NOTIFICATION, .kic = (uint8_t)(c->notify_kvn << 4 | 2),
        .kid = (uint8_t)(c->notify_kvn << 4 | 2), .tar = TAR_ISD_R};
    struct scp80_keys keys = {0};
    uint8_t e1[PACKET_ROOM];
    struct writer inner = wr_init(e1, sizeof(e1));
    int rc = s ? notification_put(c, &inner) : ERR_STATE;

    if (rc == ERR_OK)
        rc = key_new(KEY_AES, span_of(s->kic, sizeof(s->kic)), &keys.kic);
    if (rc == ERR_OK)
        rc = key_new(KEY_AES, span_of(s->kid, sizeof(s->kid)), &keys.kid);
    if (rc == ERR_OK)
        rc = scp80_wrap(c->w->crypto, &keys, PACKET_SMS, &head, 0, wr_view(&inner), w);
    key_free(keys.kic);
    key_free(keys.kid);
    return rc;
}

static int notification_send(struct card *c, struct card_actions *out)
{
    uint8_t packet[PACKET_ROOM];
    struct writer w = wr_init(packet, sizeof(packet));
    int rc;

    c->resend_due_ms = 0;
    if (c->smsr.s[0] == '\0')      /* nobody to tell: the tries pass all the same */
        return ERR_OK;
    rc = packet_put(c, &w);
    return rc == ERR_OK ? action_sms(out, &c->smsr, SMS_COMMAND, wr_view(&w),
                                     (uint8_t)c->notification.seq)
                        : rc;
}

static int notification_try(struct card *c, int64_t now_ms, struct card_actions *out)
{
    c->notification.tries++;
    c->notification.due_ms = now_ms + timer_ms(c, CARD_TIMER_NOTIFY);
    card_touch(c);
    return notification_send(c, out);
}

int notification_start(struct card *c, enum notification_type type, int64_t now_ms,
                       struct card_actions *out)
{
    struct notification *n = &c->notification;

    n->seq++;                  /* 65535 is followed by 0 (RFC 1982) */
    n->type = (uint8_t)type;
    n->tries = 0;
    n->open = true;
    c->declared = true;        /* the network knows this card from whatever is told first */
    return notification_try(c, now_ms, out);
}

/* What nobody confirmed is told again at the next attach: by some cards as news. */
void notification_reboot(struct card *c)
{
    struct notification *n = &c->notification;

    if (!n->open || !(c->quirks & (QUIRK_STAYS_RESET | QUIRK_STAYS_SKIPPED)))
        return;
    n->seq = c->quirks & QUIRK_STAYS_RESET ? 1 : (uint16_t)(n->seq + SKIP);
    card_touch(c);
}

int notification_attached(struct card *c, int64_t now_ms, struct card_actions *out)
{
    struct notification *n = &c->notification;

    if (c->change.state != CHANGE_NONE)
        return ERR_OK;
    if (!c->declared)
        return notification_start(c, NOTIFY_FIRST_ATTACH, now_ms, out);
    if (!n->open || n->due_ms != 0)
        return ERR_OK;
    n->tries = 0;
    return notification_try(c, now_ms, out);
}

int notification_timer(struct card *c, int64_t now_ms, struct card_actions *out)
{
    struct notification *n = &c->notification;

    if (n->open && n->due_ms != 0 && now_ms >= n->due_ms) {
        if (n->tries < TRIES)
            return notification_try(c, now_ms, out);
        n->due_ms = 0;
        card_touch(c);
        return change_event(c, CHANGE_EV_UNCONFIRMED, now_ms, out);
    }
    if (n->open && c->resend_due_ms != 0 && now_ms >= c->resend_due_ms)
        return notification_send(c, out);
    return ERR_OK;
}

/* SGP.02 3.15.1: an SMS that was not taken is sent again; inside one try, so that a network without
 * SMS still leads to the roll-back. */
int card_sms_sent(struct card *c, bool ok, int64_t now_ms, struct card_actions *out)
{
    (void)out;
    if (!ok && c->notification.open && c->notification.due_ms != 0)
        c->resend_due_ms = now_ms + timer_ms(c, CARD_TIMER_RESEND);
    return ERR_OK;
}
