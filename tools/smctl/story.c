/* SPDX-License-Identifier: Apache-2.0 */
/* Records of an operation put together (design 5). The log holds packets ciphered, and of a step
 * its digest: the script is built again from the card function the record names, and shown only
 * when the packet has room for exactly that, or the digest proves it. */
#include "tools/smctl/story.h"

#include "common/codec/packet.h"
#include "common/codec/sms.h"
#include "smdp/domain/order.h"
#include "smsr/es5/es5.h"
#include "smsr/proc/procs.h"
#include "tools/smctl/records.h"

#include <stdio.h>

#define BODY_FRONT 6u /* CNTR and PCNTR */
#define BLOCK      16u

void story_init(struct story *s, struct crypto *c)
{
    memset(s, 0, sizeof *s);
    s->crypto = c;
}

static bool is_order(enum event_type t)
{
    return t == EV_ORDER_ACCEPTED || t == EV_ORDER_ADVANCED || t == EV_ORDER_IN_DOUBT ||
           t == EV_ORDER_CONCLUDED;
}

const char *story_state(const struct story *s, const struct event *ev)
{
    if (!ev->op_state)
        return "";
    if (s->order || is_order(ev->type))
        return order_state_text(ev->op_state - 1);
    return proc_state_name(ev->function != FN_NONE ? ev->function : s->function, ev->op_state - 1);
}

/* --- scripts built again --- */

static void build_create(const struct story *s, struct writer *w)
{
    struct euicc card;

    memset(&card, 0, sizeof card);
    card.isd_p_load_file = AID_ISD_P_PACKAGE;
    card.isd_p_module = AID_ISD_P_MODULE;
    es5_create_isdp(w, SCRIPT_INDEFINITE, &card, &s->aid, s->memory_required);
}

static void build_command(const struct story *s, const struct event *ev, struct writer *w)
{
    /* Auto-deletion by POL2 runs inside the switch: its command is about the profile left behind.
     */
    bool deleting = !strcmp(story_state(s, ev), "DELETING");

    if (deleting && s->previous_aid.n)
        es5_delete_profile(w, SCRIPT_DEFINITE, &s->previous_aid);
    else if (deleting || !ev->aid.n)
        w->failed = true;
    else if (ev->function == FN_ENABLE_PROFILE)
        es5_enable_profile(w, SCRIPT_DEFINITE, &ev->aid);
    else if (ev->function == FN_DISABLE_PROFILE)
        es5_disable_profile(w, SCRIPT_DEFINITE, &ev->aid);
    else if (ev->function == FN_DELETE_PROFILE)
        es5_delete_profile(w, SCRIPT_DEFINITE, &ev->aid);
    else if (ev->function == FN_SET_FALLBACK_ATTRIBUTE)
        es5_set_fallback(w, SCRIPT_DEFINITE, &ev->aid);
    else if (ev->function == FN_CREATE_ISDP)
        build_create(s, w);
    else
        w->failed = true;
}

/* known: how many ISD-Ps the EIS had, as far as it changes the script. */
static void build(const struct story *s, const struct event *ev, unsigned known, struct writer *w)
{
    uint32_t sequence = ev->sequence ? ev->sequence : s->sequence;

    switch (ev->purpose) {
    case PURPOSE_CMD:
        build_command(s, ev, w);
        break;
    case PURPOSE_CONFIRM:
        if (sequence)
            es5_confirm_notification(w, SCRIPT_DEFINITE, (uint16_t)(sequence - 1));
        else
            w->failed = true;
        break;
    case PURPOSE_FENCE:
    case PURPOSE_AUDIT:
        if (ev->function == FN_SET_FALLBACK_ATTRIBUTE)
            es5_fallback_ask(w, SCRIPT_DEFINITE, &ev->aid);
        else
            es5_audit(w, SCRIPT_DEFINITE, known);
        break;
    default:
        w->failed = true;
    }
}

/* What is ciphered is CNTR, PCNTR, checksum, script, padded to blocks: another script rarely fits.
 */
static bool fits(enum packet_dialect d, struct span packet, struct span script)
{
    struct packet_cmd p;
    size_t inside;

    if (packet_cmd_split(packet, d, &p) != ERR_OK)
        return false;
    inside = BODY_FRONT + p.cc_len + script.n;
    return p.body.n == (inside + BLOCK - 1) / BLOCK * BLOCK;
}

static struct story_packet *packet_of(struct story *s, uint32_t kvn, uint64_t counter)
{
    for (unsigned i = 0; i < s->n_packets; i++)
        if (s->packets[i].kvn == kvn && s->packets[i].counter == counter)
            return &s->packets[i];
    return NULL;
}

/* What leaves as short messages: the reference is the low octet of the counter. */
static void parts(const struct event *ev, struct rows *out)
{
    for (unsigned i = 1; i <= sms_parts(ev->data.n); i++) {
        uint8_t ud[SMS_UD_MAX];
        struct writer w = wr_init(ud, sizeof ud);
        char name[24];
        (void)snprintf(name, sizeof name, "TP-UD %u", i);
        if (sms_part_put(&w, SMS_COMMAND, ev->data, (uint8_t)ev->counter, i) == ERR_OK)
            decode_tp_ud(out, 0, name, wr_view(&w));
    }
}

static void armed(struct story *s, const struct event *ev, struct rows *out)
{
    struct story_packet pk = {.kvn = ev->kvn, .counter = ev->counter};
    struct writer w = wr_init(pk.script, sizeof pk.script);
    enum packet_dialect d = ev->bearer == BEARER_CATTP ? PACKET_CATTP : PACKET_SMS;
    struct commands sent = {.n = 0};
    struct row *row;

    if (out->wire && d == PACKET_SMS)
        parts(ev, out);
    decode_packet(out, 0, d, ev->data, ev->counter);
    build(s, ev, 0, &w);
    if (!w.failed && !fits(d, ev->data, wr_view(&w))) { /* a long list is asked for twice */
        w = wr_init(pk.script, sizeof pk.script);
        build(s, ev, EUICC_PROFILES_MAX, &w);
    }
    if (w.failed || !fits(d, ev->data, wr_view(&w))) {
        bool link = s->bearer == BEARER_CATTP;
        row = rows_add(out, 1, "inside", (struct span){NULL, 0},
                       link ? "TS 102 226" : "GP Amd B 3.7");
        row_say(row, ev->purpose != PURPOSE_TRIGGER ? "not in the log in clear"
                     : link ? "push: UDP channel and identification of the CAT_TP link to be opened"
                            : "push trigger: connection, host and key of the session to be opened");
        return;
    }
    row = rows_add(out, 1, "inside", (struct span){NULL, 0}, NULL);
    row_say(row, "built again from this record; its length fits the packet");
    decode_script(out, 1, wr_view(&w), &sent);
    pk.n = w.len;
    if (s->n_packets < STORY_PACKETS_MAX)
        s->packets[s->n_packets++] = pk;
}

static void answered(struct story *s, const struct event *ev, struct rows *out)
{
    struct story_packet *pk = packet_of(s, ev->kvn, ev->counter);
    uint8_t status = ev->por_status ? (uint8_t)(ev->por_status - 1) : 0;
    struct commands sent = {.n = 0};

    if (ev->por_status)
        row_say(rows_add(out, 0, "PoR", span_of(&status, 1), "TS 102 225 5.2"), "%s",
                por_status_text(status));
    if (pk)
        commands_read(span_of(pk->script, pk->n), &sent);
    if (ev->data.n && (ev->data.p[0] == 0xAB || ev->data.p[0] == 0xAF))
        decode_script(out, 0, ev->data, &sent);
    else if (ev->data.n) /* of SendData over CAT_TP */
        decode_elements(out, 0, ev->data);
}

/* --- steps of an administration session --- */

/* Candidate i for the body of a step; false behind the last one. */
static bool step_build(const struct story *s, unsigned i, struct writer *w)
{
    if (i == 1 || i == 2) { /* the fence of a lost session */
        es5_audit(w, SCRIPT_INDEFINITE, i == 1 ? 0 : EUICC_PROFILES_MAX);
        return true;
    }
    if (i == 0)
        build_create(s, w);
    return i == 0;
}

static void step_opened(struct story *s, const struct event *ev, struct rows *out)
{
    struct commands sent = {.n = 0};
    struct writer w;
    uint8_t digest[32];

    row_say(rows_add(out, 0, "digest", span_of(ev->digest, ev->has_digest ? 32 : 0), "FIPS 180-4"),
            "SHA-256 of the body; the body itself is not kept");
    s->step_n = 0;
    for (unsigned i = 0; s->step_n == 0; i++) {
        struct span view;
        w = wr_init(s->step_script, sizeof s->step_script);
        if (!step_build(s, i, &w))
            return;
        view = wr_view(&w);
        sha256(s->crypto, &view, 1, digest);
        if (view.n && !memcmp(digest, ev->digest, sizeof digest))
            s->step_n = view.n;
    }
    row_say(rows_add(out, 1, "inside", (struct span){NULL, 0}, NULL),
            "built again; the digest proves it");
    decode_script(out, 1, span_of(s->step_script, s->step_n), &sent);
}

static void step_answered(struct story *s, const struct event *ev, struct rows *out)
{
    struct commands sent = {.n = 0};

    if (s->step_n)
        commands_read(span_of(s->step_script, s->step_n), &sent);
    s->step_n = 0;
    if (ev->data.n && (ev->data.p[0] == 0xAB || ev->data.p[0] == 0xAF))
        decode_script(out, 0, ev->data, &sent);
    else if (ev->data.n)
        decode_elements(out, 0, ev->data);
}

/* --- what cards say of themselves --- */

static void notification(struct story *s, const struct event *ev, struct rows *out)
{
    uint8_t kind = (uint8_t)ev->kind;
    uint32_t number = ev->sequence ? ev->sequence - 1 : 0;
    uint8_t seq[2] = {(uint8_t)(number >> 8), (uint8_t)number};

    s->sequence = ev->sequence;
    row_say(rows_add(out, 0, "4D", span_of(&kind, 1), "SGP.02 4.1.1.11"), "notification type: %s",
            notification_kind_text(ev->kind));
    row_say(rows_add(out, 0, "4E", span_of(seq, 2), NULL), "sequence number %u", number);
    row_say(rows_add(out, 0, "2F", aid_span(&ev->aid), NULL),
            "AID of the ISD-P that is enabled now");
    if (ev->imei.n)
        row_say(rows_add(out, 0, "14", ev->imei, "TS 102 223 8.20"), "IMEI of the device");
    row_say(rows_add(out, 0, "decision", (struct span){NULL, 0}, "SGP.02 3.15"), "%s",
            decision_text(ev->decision));
}

static void audit(const struct event *ev, struct rows *out)
{
    for (unsigned i = 0; i < ev->n_profiles; i++) {
        const struct event_profile *p = &ev->profiles[i];
        row_say(rows_add(out, 0, "ISD-P", aid_span(&p->aid), "SGP.02 4.1.1.5"), "%02X %s%s%s%s",
                p->lifecycle, lifecycle_text(p->lifecycle), p->iccid.s[0] ? ", ICCID " : "",
                p->iccid.s, p->fallback ? ", fall-back" : "");
    }
    if (ev->memory_free)
        row_say(rows_add(out, 0, "memory", (struct span){NULL, 0}, "SGP.02 4.1.1.5"),
                "%u octets free", ev->memory_free);
}

/* profile.enabled carries the answer to the confirmation without its status word. */
static void confirmed(const struct event *ev, struct rows *out)
{
    static const uint8_t COMMAND[] = {0x3A, 0x08};
    const struct apdu_cmd sent = {.ins = 0xE2, .data = {COMMAND, sizeof COMMAND}};

    if (ev->data.n)
        decode_rdata(out, 0, ev->data, &sent);
}

/* What tells apart the cases that share a code. */
static void keep_text(struct story *s, struct span text)
{
    size_t n = text.n < sizeof s->last_text ? text.n : sizeof s->last_text;

    if (n)
        memcpy(s->last_text, text.p, n);
    s->last.text = span_of(s->last_text, n);
}

static void learn(struct story *s, const struct admin_record *r, const struct event *ev)
{
    s->order = s->order || is_order(ev->type);
    if (ev->type == EV_OPERATION_ACCEPTED || ev->type == EV_ORDER_ACCEPTED) {
        s->start_ms = s->start_ms ? s->start_ms : r->at_ms;
        s->function = ev->function;
        s->aid = ev->aid;
        s->memory_required = ev->memory_required;
    }
    if (!s->start_ms)
        s->start_ms = r->at_ms;
    if (ev->type == EV_BEARER_CHOSEN)
        s->bearer = ev->bearer;
    if (ev->previous_aid.n)
        s->previous_aid = ev->previous_aid;
    if (ev->type == EV_OPERATION_CONCLUDED || ev->type == EV_ORDER_CONCLUDED) {
        s->concluded = true;
        s->last = *ev;
        s->last.data = s->last.answer = s->last.fcid = s->last.imei = s->last.correlation_id =
            s->last.profile_type = (struct span){NULL, 0};
        keep_text(s, ev->text);
    }
}

void story_erased(const struct admin_record *r, const char *why, struct rows *out)
{
    out->n = 0;
    out->full = false;
    row_say(rows_add(out, 0, "body", span_of(r->body_hash, sizeof r->body_hash), "FIPS 180-4"),
            "%s: SHA-256 of its salt and octets", why);
}

void story_record(struct story *s, const struct admin_record *r, const struct event *ev,
                  struct rows *out)
{
    out->n = 0;
    out->full = false;
    learn(s, r, ev);
    switch (ev->type) {
    case EV_OPERATION_ARMED:
    case EV_PACKET_ARMED:
        armed(s, ev, out);
        break;
    case EV_OPERATION_ANSWERED:
        answered(s, ev, out);
        break;
    case EV_STEP_OPENED:
        step_opened(s, ev, out);
        break;
    case EV_STEP_ANSWERED:
        step_answered(s, ev, out);
        break;
    case EV_NOTIFICATION_RECEIVED:
        notification(s, ev, out);
        break;
    case EV_EUICC_AUDITED:
        audit(ev, out);
        break;
    case EV_PROFILE_ENABLED:
    case EV_PROFILE_DISABLED:
        confirmed(ev, out);
        break;
    default:
        break;
    }
}
