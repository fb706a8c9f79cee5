/* SPDX-License-Identifier: Apache-2.0 */
/* The join itself, card by card: rows to commands, verdicts to rows, orders to operations. Nothing is
 * taken from the ledger that the journals do not say by themselves. */
#include "tools/euiccsim/proof/join_int.h"

#include <stdio.h>

static void mismatch(struct join_report *ret, const struct eid *eid, const char *fmt, ...)
    PRINTF_LIKE(3, 4);
static void mismatch(struct join_report *ret, const struct eid *eid, const char *fmt, ...)
{
    char text[EID_TEXT];
    va_list ap;
    int n;

    if (ret->mismatches++)
        return;
    eid_text(eid, text);
    n = snprintf(ret->first.text, sizeof ret->first.text, "EID %s: ", text);
    va_start(ap, fmt);
    (void)vsnprintf(ret->first.text + n, sizeof ret->first.text - (size_t)n, fmt, ap);
    va_end(ap);
}

static bool is_switch(const struct card_ledger_row *r)
{
    return r->ins == 0xE2 && (r->dgi == 0x3A03 || r->dgi == 0x3A04);
}

static bool is_attribute(const struct card_ledger_row *r)
{
    return r->ins == 0xE2 && r->dgi == 0x3A05;
}

static bool is_deletion(const struct card_ledger_row *r)
{
    return r->ins == 0xE4 && r->cause != CAUSE_FALLBACK;
}

/* A load that ended in a PEStatus, whichever: its answer is protected, so the SM-SR counts it as run. */
static bool is_load(const struct card_ledger_row *r)
{
    return r->ins == 0x86 && r->sw >> 8 == 0x01;
}

/* A row stands when no later row of that ISD-P undid it (design law 12). */
static bool stands(const struct row *r)
{
    for (const struct row *l = r->next; l; l = l->next) {
        if (!l->good)
            continue;
        if (l->r.undoes == r->r.n)
            return false;
        if (is_deletion(&l->r) && aid_eq(&l->r.aid, &r->r.aid))
            return false;
        if (l->r.cause == CAUSE_POL1 && aid_eq(&l->r.aid, &r->r.aid))
            return false;
        if (is_attribute(&r->r) && is_attribute(&l->r)) /* it has moved on */
            return false;
        if (is_switch(&r->r) && (l->r.cause == CAUSE_FALLBACK || is_switch(&l->r)))
            return false;
    }
    return true;
}

static bool was_undone(const struct row *r, bool by_fallback)
{
    for (const struct row *l = r->next; l; l = l->next)
        if (l->r.undoes == r->r.n || (by_fallback && l->r.cause == CAUSE_FALLBACK))
            return true;
    return false;
}

static void match_row(struct join *j, struct row *r, struct join_report *ret)
{
    struct join_key k;

    if (r->r.cause != CAUSE_OTA) {
        ret->own_rows++;
        return;
    }
    if (!r->good && !is_load(&r->r))
        return;
    ret->rows++;
    if (r->r.channel != 'H')
        k = join_sms_key(&r->r.eid, r->r.kvn, r->r.counter);
    else if (!join_uri_key(&r->r.eid, r->r.step_uri, &k)) {
        mismatch(ret, &r->r.eid, "row %u names no step: %s", r->r.n, r->r.step_uri);
        return;
    }
    r->command = map_get(j->commands, join_key_span(&k));
    if (!r->command) {
        mismatch(ret, &r->r.eid, "row %u (%c, counter %llu %s) belongs to no command of the journal",
                 r->r.n, r->r.channel, (unsigned long long)r->r.counter, r->r.step_uri);
        return;
    }
    r->command->rows++;
}

static bool switches(const struct operation_seen *op)
{
    return op->function == FN_ENABLE_PROFILE || op->function == FN_DISABLE_PROFILE;
}

/* The last try of a switch: behind a fence there may have been others before, and behind it its deletion. */
static const struct command *last_try(const struct operation_seen *op)
{
    const struct command *last = NULL;

    for (const struct command *c = op->first; c; c = c->next)
        if (!c->deletes)
            last = c;
    return last;
}

static bool is_earlier_try(const struct operation_seen *op, const struct command *c)
{
    return switches(op) && !c->deletes && c != last_try(op);
}

static void check_row(struct row *r, bool settled, struct join_report *ret)
{
    const struct operation_seen *op = r->command->op;

    switch (op->verdict) {
    case VERDICT_FAILED:
    case VERDICT_EXPIRED:
    case VERDICT_CANCELLED:
        /* Of several scripts that build up a profile those before the one that failed stand until the
         * SM-DP has deleted it. */
        if (r->good && (settled || op->function != FN_SEND_DATA) && stands(r))
            mismatch(ret, &r->r.eid, "%s of %s is concluded %s but its row %u stands", r->command->name,
                     function_text(op->function), verdict_text(op->verdict), r->r.n);
        break;
    case VERDICT_ROLLED_BACK:
        if (is_switch(&r->r) && !was_undone(r, true))
            mismatch(ret, &r->r.eid, "ROLLED_BACK, but row %u was never rolled back", r->r.n);
        break;
    case VERDICT_SUCCESS:
        if (is_earlier_try(op, r->command) && r->good && stands(r))
            mismatch(ret, &r->r.eid, "%s was tried again but its row %u stands", r->command->name, r->r.n);
        if (is_switch(&r->r) && was_undone(r, false) && !op->unheard && !is_earlier_try(op, r->command))
            mismatch(ret, &r->r.eid, "%s is concluded SUCCESS but its row %u was rolled back",
                     r->command->name, r->r.n);
        break;
    case VERDICT_NONE:
    case VERDICT_IN_DOUBT:
        break;
    }
    /* The same APDU of the same command twice is a double execution. */
    for (const struct row *l = r->next; l; l = l->next)
        if (l->command == r->command && l->r.position == r->r.position)
            mismatch(ret, &r->r.eid, "%s ran twice: rows %u and %u", r->command->name, r->r.n, l->r.n);
}

/* Rows of the effect that the operation is about. A creation or deletion may be sent again behind its
 * fence: of all its commands one ran. A switch that is tried again may have run before and been undone: the
 * last try counts. */
static uint32_t effect_rows(const struct operation_seen *op)
{
    const struct command *last = switches(op) ? last_try(op) : NULL;
    uint32_t n = 0;

    for (const struct command *c = op->first; c; c = c->next)
        if (!last || c == last)
            n += c->rows;
    return n;
}

/* The ISD-P of a deletion that ran on nothing is gone by another row. */
static bool proved_gone(const struct operation_seen *op)
{
    for (const struct command *c = op->first; c; c = c->next)
        if (!c->answered || c->accepted)
            return false;
    return true;
}

/* The card is on its fall-back profile, and only the conclusion says with what reservation. */
static bool not_said_yet(const struct operation_seen *op, const struct command *c)
{
    return op->verdict == VERDICT_NONE && op->function == FN_DISABLE_PROFILE && !c->answered;
}

static void check_command(const struct operation_seen *op, const struct command *c,
                          struct join_report *ret)
{
    bool success = op->verdict == VERDICT_SUCCESS;

    ret->commands++;
    if (c == (switches(op) ? last_try(op) : op->first) && (op->unheard || not_said_yet(op, c))) { /* it ran or it did not; not twice: check_operation */
        ret->accepted += c->rows;
        return;
    }
    ret->accepted += c->accepted;
    if (c->single && c->rows > 1)
        mismatch(ret, &op->eid, "%s has %u rows", c->name, c->rows);
    if ((c->accepted || c->answered) && c->rows != c->accepted)
        mismatch(ret, &op->eid, "%s of %s: %u effects accepted by the journal, %u rows in the ledger",
                 c->name, function_text(op->function), c->accepted, c->rows);
    if (success && op->function == FN_SEND_DATA && !c->answered)
        mismatch(ret, &op->eid, "%s is concluded SUCCESS but %s was never answered",
                 function_text(op->function), c->name);
    if (c->accepted || !c->rows)
        return;
    if (op->verdict == VERDICT_NONE)
        ret->undecided += c->rows;
    else if (!success || is_earlier_try(op, c))
        ret->undone += c->rows; /* check_row has seen that none of them stands */
    else
        mismatch(ret, &op->eid, "%s is concluded SUCCESS but no record says that %s ran",
                 function_text(op->function), c->name);
}

static void check_operation(const struct operation_seen *op, struct join_report *ret)
{
    bool is_one = op->function == FN_ENABLE_PROFILE || op->function == FN_DISABLE_PROFILE ||
                  op->function == FN_CREATE_ISDP || op->function == FN_DELETE_PROFILE ||
                  op->function == FN_SET_FALLBACK_ATTRIBUTE;
    bool must = op->verdict == VERDICT_SUCCESS || op->verdict == VERDICT_ROLLED_BACK;
    uint32_t n = effect_rows(op);

    if (is_one && must && op->function == FN_DELETE_PROFILE && proved_gone(op))
        must = false;
    if (switches(op) && op->unheard) /* said with a reservation, by the journal itself */
        must = false;
    if (is_one && (n > 1 || (must && n != 1)))
        mismatch(ret, &op->eid, "%s is %s with %u rows for its command", function_text(op->function),
                 verdict_text(op->verdict), n);
    if (op->again) /* design law 3: the same bytes, or a fence before other ones */
        mismatch(ret, &op->eid, "%s was sent again in other bytes without a fence",
                 function_text(op->function));
    if (switches(op) && op->verdict == VERDICT_SUCCESS && !op->confirmed)
        mismatch(ret, &op->eid, "%s is SUCCESS but the card neither confirmed it nor was audited",
                 function_text(op->function));
}

/* --- orders --- */
struct order_rows {
    uint32_t attempt;              /* the last one that reached the SM-SR */
    unsigned creations, loads, others; /* rows of that attempt */
    const struct operation_seen *call; /* the last operation of the function that was relayed */
    const struct operation_seen *enable;
    const struct row *standing;
};

static void order_rows(const struct card_seen *card, const struct order_seen *o, struct order_rows *ret)
{
    memset(ret, 0, sizeof *ret);
    for (const struct operation_seen *op = card->ops; op; op = op->next) {
        if (!uuid_eq(&op->order, &o->id))
            continue;
        ret->attempt = op->attempt > ret->attempt ? op->attempt : ret->attempt;
        ret->call = op->function == o->function ? op : ret->call;
        ret->enable = op->function == FN_ENABLE_PROFILE ? op : ret->enable;
    }
    for (const struct row *r = card->first; r; r = r->next) {
        const struct operation_seen *op = r->command ? r->command->op : NULL;
        if (!op || !uuid_eq(&op->order, &o->id) || !r->good || op->function == FN_DELETE_PROFILE)
            continue;
        if (stands(r))
            ret->standing = r;
        if (op->attempt != ret->attempt)
            continue;
        ret->creations += op->function == FN_CREATE_ISDP;
        ret->loads += is_load(&r->r);
        ret->others += op->function == FN_SEND_DATA && !is_load(&r->r);
    }
}

static void check_download(const struct card_seen *card, const struct order_seen *o,
                           const struct order_rows *n, struct join_report *ret)
{
    bool enabled = n->enable && n->enable->verdict == VERDICT_SUCCESS;

    if (o->verdict != VERDICT_SUCCESS) {
        if (n->standing)
            mismatch(ret, &card->eid, "an order is concluded %s but its row %u stands",
                     verdict_text(o->verdict), n->standing->r.n);
        return;
    }
    if (n->creations != 1 || n->loads != 1 || !n->others)
        mismatch(ret, &card->eid, "an order is SUCCESS with %u creations, %u loads and %u other rows",
                 n->creations, n->loads, n->others);
    if (o->enable && enabled == o->warned)
        mismatch(ret, &card->eid, "an order is SUCCESS %s its profile but the operation says %s",
                 o->warned ? "without enabling" : "and has enabled",
                 n->enable ? verdict_text(n->enable->verdict) : "nothing");
}

static void check_order(const struct card_seen *card, const struct order_seen *o,
                        struct join_report *ret)
{
    enum verdict v;
    struct order_rows n;

    if (o->verdict == VERDICT_NONE)
        return;
    order_rows(card, o, &n);
    ret->orders++;
    if (o->function == FN_DOWNLOAD_PROFILE) {
        check_download(card, o, &n, ret);
        return;
    }
    /* What is relayed ends as the operation did; refused or never asked, it did nothing. */
    v = n.call ? n.call->verdict : VERDICT_NONE;
    if (o->verdict != v && (v != VERDICT_NONE || o->verdict == VERDICT_SUCCESS ||
                            o->verdict == VERDICT_ROLLED_BACK))
        mismatch(ret, &card->eid, "a relayed %s is concluded %s but its operation says %s",
                 function_text(o->function), verdict_text(o->verdict), verdict_text(v));
}

/* --- one card, or all --- */
static void join_one(struct join *j, struct card_seen *card, bool settled, struct join_report *ret)
{
    uint32_t n = 0;

    for (struct operation_seen *op = card->ops; op; op = op->next)
        for (struct command *c = op->first; c; c = c->next)
            c->rows = 0;
    for (struct row *r = card->first; r; r = r->next) {
        if (r->r.n != ++n)
            mismatch(ret, &r->r.eid, "ledger row %u where %u was due", r->r.n, n);
        r->command = NULL;
        match_row(j, r, ret);
    }
    for (struct row *r = card->first; r; r = r->next)
        if (r->command)
            check_row(r, settled, ret);
    for (const struct operation_seen *op = card->ops; op; op = op->next) {
        for (const struct command *c = op->first; c; c = c->next)
            check_command(op, c, ret);
        if (op->first || op->verdict == VERDICT_ROLLED_BACK)
            check_operation(op, ret);
    }
    for (const struct order_seen *o = card->orders; o; o = o->next)
        check_order(card, o, ret);
}

void join_card(struct join *j, const struct eid *eid, struct join_report *ret)
{
    struct card_seen *card = map_get(j->cards, span_of(eid->b, 16));

    memset(ret, 0, sizeof *ret);
    if (card)
        join_one(j, card, false, ret);
}

void join_finish(struct join *j, struct join_report *ret)
{
    void *cursor = NULL, *value;

    memset(ret, 0, sizeof *ret);
    while (map_next(j->cards, &cursor, NULL, &value))
        join_one(j, value, true, ret);
}

bool join_exact(const struct join_report *r)
{
    return !r->mismatches && r->rows == r->accepted + r->undecided + r->undone;
}
