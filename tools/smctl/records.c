/* SPDX-License-Identifier: Apache-2.0 */
/* Fetching and showing records (design 3.2). */
#include "tools/smctl/records.h"

#include "common/codec/apdu.h"
#include "common/codec/packet.h"
#include "common/wire/wire.h"
#include "smsr/domain/notification.h"

#include <inttypes.h>

#define PAGE        256u
#define EVENT_ARENA (4u << 20)

struct walk {
    record_fn fn;
    void *ctx;
    uint64_t left, to;
    uint64_t next, durable;
    unsigned n;
    bool done;
};

static enum exit_code page(void *ctx, const struct envelope *e)
{
    const struct admin_events_response *r = e->message.body;
    struct walk *w = ctx;
    enum exit_code code = XC_OK;

    if (e->message.type != MSG_ADMIN_EVENTS_RESPONSE)
        return XC_CONNECTION;
    w->n = r->n_records;
    w->durable = r->durable_lsn;
    w->next = r->next_lsn;
    for (unsigned i = 0; i < r->n_records && code == XC_OK; i++) {
        if (w->left == 0 || (w->to && r->records[i].lsn > w->to)) {
            w->done = true;
            return XC_OK;
        }
        code = w->fn(w->ctx, &r->records[i]);
        w->left--;
    }
    return code;
}

enum exit_code records_each(struct smctl *x, const struct records_filter *f, record_fn fn,
                            void *ctx, uint64_t *ret_next, uint64_t *ret_durable)
{
    struct walk w = {.fn = fn,
                     .ctx = ctx,
                     .left = f->limit ? f->limit : UINT64_MAX,
                     .to = f->to_lsn,
                     .next = f->from_lsn};
    enum exit_code code;
    uint64_t from;

    do {
        struct admin_events_request q = {.limit = PAGE,
                                         .stream = f->stream,
                                         .has_stream = f->has_stream,
                                         .op = f->op,
                                         .eid = f->eid};
        struct message m = {MSG_ADMIN_EVENTS_REQUEST, &q};
        char id[UUID_TEXT];
        from = w.next;
        q.from_lsn = from;
        if (w.left < PAGE)
            q.limit = (uint32_t)w.left;
        smctl_call_id(x, id);
        q.base.function_call_identifier = span_str(id);
        w.n = 0;
        code = smctl_ask(x, &m, page, &w);
        /* A page may be empty and yet move on: what it looked through did not fit the filter. */
    } while (code == XC_OK && !w.done && w.left > 0 && w.next > from && w.next <= w.durable);
    if (ret_next)
        *ret_next = w.next;
    if (ret_durable)
        *ret_durable = w.durable;
    return code;
}

/* --- words --- */

static const char *const DECISIONS[] = {
    "", "confirm", "too late: not confirmed", "older: ignored", "confirm and audit", "audit"};

const char *decision_text(uint32_t decision)
{
    return decision < sizeof DECISIONS / sizeof *DECISIONS ? DECISIONS[decision] : "?";
}

const char *notification_kind_text(uint32_t kind)
{
    switch (kind) {
    case 1:
        return "first network attachment";
    case 2:
        return "profile change succeeded";
    case 3:
        return "profile change failed, rolled back";
    case 5:
        return "profile change after fall-back";
    default:
        return "not defined";
    }
}

static void word(struct buf *b, const char *fmt, ...) PRINTF_LIKE(2, 3);
static void word(struct buf *b, const char *fmt, ...)
{
    char text[400];
    va_list args;

    va_start(args, fmt);
    (void)vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    if (b->n)
        buf_add(b, " ", 1);
    buf_add(b, text, strlen(text));
}

/* Words in place of numbers that mean something else elsewhere; true: number and kind are said. */
static bool life_words(const struct event *ev, struct buf *b)
{
    char now[IMEI_TEXT], before[IMEI_TEXT];

    switch (ev->type) {
    case EV_EUICC_STATE_CHANGED:
        word(b, "%s, before %s", card_state_text((enum card_state)ev->number),
             card_state_text((enum card_state)ev->kind));
        return true;
    case EV_DEVICE_CHANGED:
        imei_text(ev->imei, now);
        imei_text(ev->data, before);
        word(b, "IMEI %s, before %s", now, before);
        return true;
    case EV_BATCH_IMPORTED:
        word(b, "%" PRIu64 " rows: %u accepted, %u refused, %u known", ev->number, ev->rows_accepted,
             ev->rows_refused, ev->rows_known);
        return true;
    default:
        return false;
    }
}

static void card_words(const struct event *ev, struct buf *b)
{
    char aid[AID_TEXT];

    if (ev->purpose != PURPOSE_NONE)
        word(b, "%s", packet_purpose_text(ev->purpose));
    if (ev->bearer != BEARER_NONE)
        word(b, "by %s", bearer_text(ev->bearer));
    if (ev->counter)
        word(b, "counter %" PRIu64 " of key set %02X", ev->counter, ev->kvn);
    if (ev->por_status)
        word(b, "PoR %02X %s", ev->por_status - 1, por_status_text((uint8_t)(ev->por_status - 1)));
    if (ev->sw)
        word(b, "SW %04X %s", ev->sw - 1, sw_text((uint16_t)(ev->sw - 1)));
    if (ev->sequence)
        word(b, "sequence %u", ev->sequence - 1);
    if (ev->kind && ev->type != EV_EUICC_STATE_CHANGED)
        word(b, "type %02X %s", ev->kind, notification_kind_text(ev->kind));
    if (ev->decision)
        word(b, "(%s)", decision_text(ev->decision));
    if (ev->step)
        word(b, "step %u", ev->step);
    if (ev->aid.n) {
        aid_text(&ev->aid, aid);
        word(b, "AID %s", aid);
    }
    if (ev->memory_free)
        word(b, "free memory %u", ev->memory_free);
}

/* When a card is there, and what waits for it. */
static void wake_words(const struct event *ev, struct buf *out)
{
    char text[24];

    if (ev->validity_once_ms) {
        text_delta(ev->validity_once_ms, text);
        word(out, "then valid for %s", text + 1);
    }
    if (ev->at_next_contact)
        word(out, "sent at the next contact");
    if (ev->type != EV_EUICC_SEEN)
        return;
    word(out, ev->period_ms ? "the card woke" : "the card was heard");
    if (ev->period_ms) {
        text_delta(ev->period_ms, text);
        word(out, "it wakes every %s, by %u wakes", text + 1, ev->kind + 1u);
    }
    if (ev->window_ms) {
        text_delta(ev->window_ms, text);
        word(out, "heard for %s at most", text + 1);
    }
}

void event_words(const struct event *ev, struct buf *out)
{
    char text[256], at[25];

    if (ev->function != FN_NONE)
        word(out, "%s%s%s", ev->iface != IF_NONE ? interface_text(ev->iface) : "",
             ev->iface != IF_NONE ? "-" : "", function_text(ev->function));
    if (ev->party.s[0])
        word(out, "party %s", ev->party.s);
    if (ev->iccid.s[0])
        word(out, "ICCID %s", ev->iccid.s);
    if (ev->previous.s[0])
        word(out, "previous %s", ev->previous.s);
    card_words(ev, out);
    if (ev->profile_type.n)
        word(out, "profile type %s", text_safe(ev->profile_type, text, sizeof text));
    if (ev->result != VERDICT_NONE)
        word(out, "%s", verdict_text(ev->result));
    if (ev->code.subject[0])
        word(out, "%s-%s", ev->code.subject, ev->code.reason);
    if (ev->stage != STAGE_NONE)
        word(out, "stage %s", stage_text(ev->stage));
    if (ev->attempt > 1)
        word(out, "attempt %u", ev->attempt);
    if (life_words(ev, out))
        ;
    else if (ev->type == EV_MESSAGE_REPORTED) /* its number stands in words */
        word(out, "a hint:");
    else if (ev->number && ev->type != EV_EUICC_SEEN)
        word(out, "number %" PRIu64, ev->number);
    if (ev->validity_end_ms) {
        clock_text(ev->validity_end_ms, at);
        word(out, ev->validity_once_ms ? "waits for the card until %s" : "valid to %s", at);
    }
    wake_words(ev, out);
    if (ev->n_deliveries)
        word(out, "deliveries %u", ev->n_deliveries);
    if (ev->text.n)
        word(out, "\"%s\"", text_safe(ev->text, text, sizeof text));
}

enum exit_code records_none(const struct smctl *x)
{
    out_error("no record of this operation is to be seen here; --via %s asks the other daemon, "
              "--as another party may see it",
              x->daemon == DAEMON_SMSR ? "smdp" : "smsr");
    return XC_REFUSED;
}

const struct event *record_event(const struct admin_record *r, struct arena *a, struct errmsg *why)
{
    struct event *ev = arena_alloc(a, sizeof *ev);
    char type[64];

    why->text[0] = '\0';
    if (!ev || !r->body.p) {
        (void)errmsg_set(why, ERR_EXPIRED,
                         r->body.p ? "memory ran out" : "body erased by retention");
        return NULL;
    }
    text_safe(r->type, type, sizeof type);
    if (wire_event_decode(event_type_parse(type), r->body, a, ev, why) == ERR_OK)
        return ev;
    if (!why->text[0])
        (void)errmsg_set(why, ERR_FORMAT, "this smctl does not know the type %s", type);
    return NULL;
}

/* --- a line --- */

static void print_json(const struct admin_record *r, const struct event *ev, const char *eid,
                       const char *op)
{
    struct buf b, body;
    struct json w = {.out = &b};

    buf_init(&b, 0);
    buf_init(&body, 0);
    json_open(&w, NULL, '{');
    json_u64(&w, "lsn", r->lsn);
    json_time(&w, "at", r->at_ms);
    json_u64(&w, "epoch", r->epoch);
    json_u64(&w, "stream", r->stream);
    json_u64(&w, "seq", r->seq);
    json_text(&w, "type", r->type);
    json_str(&w, "class", event_class_text(r->class));
    json_str(&w, "eid", eid);
    json_str(&w, "operation", op);
    json_hex(&w, "hash", span_of(r->hash, sizeof r->hash));
    if (ev && wire_event_json(ev, &body) == ERR_OK)
        json_raw(&w, "body", buf_span(&body));
    json_close(&w, '}');
    out_line(stdout, &b);
    buf_fini(&b);
    buf_fini(&body);
}

void record_print(const struct smctl *x, const struct admin_record *r)
{
    char eid[EID_TEXT] = "", op[UUID_TEXT] = "", at[25], type[40];
    struct errmsg why = {""};
    const struct event *ev;
    struct arena a;
    struct buf words;

    arena_init(&a, EVENT_ARENA);
    buf_init(&words, 0);
    ev = record_event(r, &a, &why);
    if (!eid_is_zero(&r->eid))
        eid_text(&r->eid, eid);
    if (!uuid_is_zero(&r->op))
        uuid_text(&r->op, op);
    if (x->json) {
        print_json(r, ev, eid, op);
    } else {
        clock_text(r->at_ms, at);
        if (ev)
            event_words(ev, &words);
        printf("%" PRIu64 "  %s  %u/%" PRIu64 "  %-22s %s%s%s%s", r->lsn, at, r->stream, r->seq,
               text_safe(r->type, type, sizeof type), eid, *eid ? "  " : "", op, *op ? "  " : "");
        if (!ev)
            printf("(%s)", why.text);
        out_line(stdout, &words);
    }
    buf_fini(&words);
    arena_fini(&a);
}
