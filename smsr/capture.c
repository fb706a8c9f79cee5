/* SPDX-License-Identifier: Apache-2.0 */
#include "smsr/capture.h"

#include "common/base/log.h"
#include "common/capture/decode.h"
#include "common/capture/pcapng.h"
#include "common/codec/sms.h"
#include "smsr/domain/env.h"

#include <stdio.h>
#include <stdlib.h>

#define TEXT_MAX  60000u           /* of one unit: capture_file.h */
#define SMPP_PORT 2775u
#define CARD_PORT 49152u           /* nobody else's dissector */

struct capture {
    struct capture_file *file;
    struct loop *loop;
    struct loop_task flushing;
    struct crypto *crypto;
    struct channel *ch;
    struct smpp_carrier *smscs;
    struct channel_tap tap;
    struct rows rows;              /* of the unit that is being written */
    struct buf text;
};

static int64_t now(void)
{
    return clock_wall_ms(&CLOCK_SYSTEM);
}

/* --- the file --- */
static void detach(struct capture *c)
{
    if (c->ch)
        channel_set_tap(c->ch, NULL);
    if (c->smscs)
        smpp_carrier_set_seen(c->smscs, NULL, NULL);
    c->ch = NULL;
    c->smscs = NULL;
}

/* Once a turn, and outside of everything that may be told. */
static void on_flush(void *ctx)
{
    struct capture *c = ctx;

    if (capture_file_flush(c->file))
        return;
    log_warn("capture", "%s; the capture has ended, everything else goes on",
             capture_file_why(c->file));
    detach(c);
}

static struct buf *room(struct capture *c)
{
    loop_defer(c->loop, &c->flushing);
    return capture_file_room(c->file);
}

/* --- what is seen --- */
static void on_sms(void *ctx, const struct tap_sms *s)
{
    const struct pcapng_sms p = {s->out, now(), s->card->s, s->own, NULL,
                                 SMS_PID_SIM_DATA, SMS_DCS_CLASS2, s->tp_ud};
    struct buf *b = room(ctx);

    if (b)
        pcapng_put_sms(b, &p);
}

static void on_datagram(void *ctx, bool out, uint64_t conn, struct span pdu)
{
    const struct pcapng_unit u = {.kind = PCAPNG_CATTP, .out = out, .at_ms = now(),
                                  .own = pcapng_end_conn(0, CATTP_UDP_PORT),
                                  .other = pcapng_end_conn(conn, CARD_PORT), .octets = pdu};
    struct buf *b = room(ctx);

    if (b)
        pcapng_put(b, &u);
}

static void on_smpp(void *ctx, unsigned smsc, bool out, struct span pdu)
{
    const struct pcapng_unit u = {.out = out, .at_ms = now(), .own = pcapng_end_conn(0, SMPP_PORT),
                                  .other = pcapng_end_conn(1 + smsc, SMPP_PORT), .octets = pdu};
    struct buf *b = room(ctx);

    if (b)
        pcapng_put_smpp(b, &u);
}

static void text_put(struct capture *c, bool out, const struct eid *eid, const char *protocol)
{
    struct pcapng_unit u = {.kind = PCAPNG_DECODED, .out = out, .at_ms = now(),
                            .own = pcapng_end_number(""), .other = pcapng_end_eid(eid),
                            .protocol = protocol};
    struct buf *b;

    rows_print(&c->rows, 0, &c->text);
    u.octets = buf_span(&c->text);
    u.octets.n = u.octets.n < TEXT_MAX ? u.octets.n : TEXT_MAX;
    b = room(c);
    if (b && !c->text.failed)
        pcapng_put(b, &u);
    buf_wipe(&c->text);
    buf_reset(&c->text);
}

static void begin(struct capture *c, const char *what, const struct eid *eid)
{
    char line[200], id[EID_TEXT];

    eid_text(eid, id);
    (void)snprintf(line, sizeof line, "%s, EID %s\n", what, id);
    c->rows.n = 0;
    c->rows.full = false;
    buf_add(&c->text, line, strlen(line));
}

static void on_packet(void *ctx, const struct tap_packet *p)
{
    struct capture *c = ctx;
    char what[120];

    (void)snprintf(what, sizeof what, "SCP80 %s by %s%s",
                   p->out        ? "command"
                   : p->response ? "response"
                                 : "command of the card",
                   p->dialect == PACKET_SMS ? "SMS" : "CAT_TP",
                   p->opened ? "" : ", not opened: the keys of the card are not here");
    begin(c, what, &p->eid);
    if (p->response)
        decode_response(&c->rows, 0, p->dialect, p->packet, p->counter, p->status);
    else
        decode_packet(&c->rows, 0, p->dialect, p->packet, p->counter);
    if (p->opened)
        decode_content(&c->rows, 1, p->content);
    text_put(c, p->out, &p->eid, "SCP80");
}

/* Of a URI that a card wrote: what cannot steer a terminal. */
static void printable(const char *s, char *dst, size_t cap)
{
    size_t n = 0;

    for (; *s && n + 1 < cap; s++)
        dst[n++] = *s > 0x20 && *s < 0x7F ? *s : '.';
    dst[n] = '\0';
}

static void on_step(void *ctx, const struct tap_step *s)
{
    struct capture *c = ctx;
    char uri[100], what[160];

    printable(s->uri, uri, sizeof uri);
    if (s->out)
        (void)snprintf(what, sizeof what, "SCP81 response %d%s%s", s->code,
                       *uri ? ", Next-URI " : "", uri);
    else
        (void)snprintf(what, sizeof what, "SCP81 POST %s", uri);
    begin(c, what, &s->eid);
    if (s->target.n)
        row_say(rows_add(&c->rows, 0, "target", aid_span(&s->target), "GP Amd B 3.4"),
                "application the script is for");
    decode_content(&c->rows, 0, s->body);
    text_put(c, s->out, &s->eid, "SCP81");
}

/* --- life --- */
struct capture *capture_open(const char *path, const char *application,
                             const struct capture_limits *limits, struct loop *l)
{
    struct capture *c = calloc(1, sizeof *c);
    struct errmsg why = {"no memory for the capture"};

    if (c) {
        buf_init(&c->text, 1u << 20);
        loop_task_init(&c->flushing, on_flush, c);
        c->loop = l;
        c->tap = (struct channel_tap){on_sms, on_datagram, on_packet, on_step, c};
        c->crypto = c->rows.wire = crypto_new(NULL);
    }
    if (c && c->crypto && !capture_file_open(path, application, limits, &c->file, &why)) {
        log_notice("capture", "what cards and SMSCs say is written to %s", path);
        return c;
    }
    log_warn("capture", "%s; there is no capture, everything else goes on", why.text);
    capture_close(c);
    return NULL;
}

void capture_attach(struct capture *c, struct channel *ch, struct smpp_carrier *smscs)
{
    c->ch = ch;
    c->smscs = smscs;
    channel_set_tap(ch, &c->tap);
    if (smscs)
        smpp_carrier_set_seen(smscs, on_smpp, c);
}

void capture_close(struct capture *c)
{
    if (!c)
        return;
    detach(c);
    loop_undefer(&c->flushing);
    capture_file_close(c->file);
    crypto_free(c->crypto);
    buf_fini(&c->text);
    free(c);
}
