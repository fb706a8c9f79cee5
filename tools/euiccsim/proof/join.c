/* SPDX-License-Identifier: Apache-2.0 */
/* Commands by what names them on the card: key set and counter (SCP80), or the Next-URI under which the
 * answer of the step is POSTed (SCP81). */
#include "tools/euiccsim/proof/join.h"

#include "common/base/hex.h"
#include "common/base/map.h"
#include "common/codec/apdu.h"
#include "common/codec/script.h"
#include "common/codec/tlv.h"

#include <stdio.h>
#include <stdlib.h>

struct command {
    struct operation_seen *op;
    char name[64];                 /* for the report: "S 01:0000000005" or the URI */
    unsigned accepted;             /* effects the card answered well, by the journal */
    unsigned rows;
    bool by_sms;
    struct command *next;          /* of the same operation, in the order they were armed */
};
struct operation_seen {
    struct uuid id;
    struct eid eid;
    enum function function;
    enum verdict verdict;
    struct command *first, *last;
};
struct row {
    struct card_ledger_row r;
    struct command *command;
    bool good;
    struct row *next;              /* of the same card, by n */
};
struct card_rows {
    struct row *first, *last;
};
struct join {
    struct map *ops, *commands, *cards;
    struct operation_seen **order; /* in the order they were met: reports repeat */
    size_t n_order, cap_order;
};

struct join *join_new(void)
{
    struct join *j = calloc(1, sizeof *j);

    if (!j)
        return NULL;
    j->ops = map_new(0);
    j->commands = map_new(0);
    j->cards = map_new(0);
    if (j->ops && j->commands && j->cards)
        return j;
    join_free(j);
    return NULL;
}

void join_free(struct join *j)
{
    void *cursor = NULL, *value;

    if (!j)
        return;
    for (size_t i = 0; i < j->n_order; i++) {
        struct command *c = j->order[i]->first;
        while (c) {
            struct command *next = c->next;
            free(c);
            c = next;
        }
        free(j->order[i]);
    }
    while (j->cards && map_next(j->cards, &cursor, NULL, &value)) {
        struct row *r = ((struct card_rows *)value)->first;
        while (r) {
            struct row *next = r->next;
            free(r);
            r = next;
        }
        free(value);
    }
    map_free(j->ops);
    map_free(j->commands);
    map_free(j->cards);
    free(j->order);
    free(j);
}

/* --- keys: EID and what names the command on that card --- */
struct key {
    uint8_t b[MAP_KEY_MAX];
    size_t n;
};

static struct span key_span(const struct key *k)
{
    return span_of(k->b, k->n);
}

static struct key sms_key(const struct eid *eid, uint8_t kvn, uint64_t counter)
{
    struct key k;
    struct writer w = wr_init(k.b, sizeof k.b);

    wr_bytes(&w, eid->b, 16);
    wr_u8(&w, 'S');
    wr_u8(&w, kvn);
    wr_u64(&w, counter);
    k.n = w.len;
    return k;
}

static struct key step_key(const struct eid *eid, const struct uuid *session, uint32_t step)
{
    struct key k;
    struct writer w = wr_init(k.b, sizeof k.b);

    wr_bytes(&w, eid->b, 16);
    wr_u8(&w, 'H');
    wr_bytes(&w, session->b, 16);
    wr_u32(&w, step);
    k.n = w.len;
    return k;
}

/* "/s/<32 hex>/<step>", possibly with an origin in front. */
static bool uri_key(const struct eid *eid, const char *uri, struct key *ret)
{
    const char *s = strstr(uri, "/s/"), *p;
    struct uuid session;
    uint64_t step = 0;
    size_t n;

    if (!s || strlen(s) < 3 + 32 + 2 || s[35] != '/' || hex_decode(s + 3, 32, session.b, 16, &n))
        return false;
    for (p = s + 36; *p >= '0' && *p <= '9' && step < UINT32_MAX; p++)
        step = step * 10 + (uint64_t)(*p - '0');
    if (*p || p == s + 36 || step > UINT32_MAX)
        return false;
    *ret = step_key(eid, &session, (uint32_t)step);
    return true;
}

/* --- the journal --- */
static struct operation_seen *operation(struct join *j, const struct event *ev)
{
    struct operation_seen *op = map_get(j->ops, span_of(ev->op.b, 16));

    if (op)
        return op;
    op = calloc(1, sizeof *op);
    if (!op)
        return NULL;
    op->id = ev->op;
    op->eid = ev->eid;
    if (j->n_order == j->cap_order) {
        size_t cap = j->cap_order ? j->cap_order * 2 : 256;
        struct operation_seen **o = realloc(j->order, cap * sizeof(*o));
        if (!o) {
            free(op);
            return NULL;
        }
        j->order = o;
        j->cap_order = cap;
    }
    if (map_put(j->ops, span_of(ev->op.b, 16), op)) {
        free(op);
        return NULL;
    }
    j->order[j->n_order++] = op;
    return op;
}

static int add_command(struct join *j, struct operation_seen *op, const struct key *k, bool by_sms,
                       const char *name)
{
    struct command *c = map_get(j->commands, key_span(k));
    int err;

    if (c) /* two records for one counter or step: the journal itself is wrong */
        return ERR_CORRUPT;
    c = calloc(1, sizeof *c);
    if (!c)
        return ERR_NOMEM;
    c->op = op;
    c->by_sms = by_sms;
    (void)snprintf(c->name, sizeof c->name, "%s", name);
    err = map_put(j->commands, key_span(k), c);
    if (err) {
        free(c);
        return err;
    }
    if (op->last)
        op->last->next = c;
    else
        op->first = c;
    op->last = c;
    return ERR_OK;
}

static bool first_sw_is_9000(struct span response)
{
    struct script_reader sr;
    struct script_item item;

    if (script_open(response, &sr) || !sr.response)
        return false;
    while (!script_next(&sr, &item)) {
        struct apdu_rsp rsp;
        if (item.tag == SCRIPT_TAG_RSP)
            return !apdu_rsp_parse(item.value, &rsp) && rsp.sw == 0x9000;
    }
    return false;
}

/* Effects in the answer of a SendData step: every C-APDU that went well, and an 86 with data, which is
 * the protected result of a whole load. */
static unsigned effects(struct span elements)
{
    struct reader r = rd_init(elements);
    struct tlv t;
    unsigned n = 0;

    while (!tlv_next(&r, &t)) {
        struct apdu_rsp rsp;
        if (t.tag == SCRIPT_TAG_RSP && !apdu_rsp_parse(t.value, &rsp) && rsp.sw == 0x9000)
            n++;
        else if (t.tag == 0x86 && t.value.n)
            n++;
    }
    return n;
}

static void answered(struct join *j, struct operation_seen *op, const struct event *ev)
{
    struct key k = sms_key(&ev->eid, (uint8_t)ev->kvn, ev->counter);
    struct command *c = map_get(j->commands, key_span(&k));

    (void)op;
    if (c && ev->por_status == 1 && first_sw_is_9000(ev->data))
        c->accepted = 1;
}

static void step_answered(struct join *j, struct operation_seen *op, const struct event *ev)
{
    struct key k = step_key(&ev->eid, &ev->session, ev->step);
    struct command *c = map_get(j->commands, key_span(&k));

    if (!c)
        return;
    if (op->function == FN_CREATE_ISDP)
        c->accepted = ev->sw == 0x9001;
    else
        c->accepted = effects(ev->data);
}

int join_event(struct join *j, const struct event *ev)
{
    struct operation_seen *op;
    char name[64];
    struct key k;

    if (uuid_is_zero(&ev->op))
        return ERR_OK;
    op = operation(j, ev);
    if (!op)
        return ERR_NOMEM;
    switch (ev->type) {
    case EV_OPERATION_ACCEPTED:
        op->function = ev->function;
        op->eid = ev->eid;
        return ERR_OK;
    case EV_OPERATION_ARMED:
        (void)snprintf(name, sizeof name, "key set %u counter %llu", ev->kvn,
                       (unsigned long long)ev->counter);
        k = sms_key(&ev->eid, (uint8_t)ev->kvn, ev->counter);
        return add_command(j, op, &k, true, name);
    case EV_STEP_OPENED:
        if (ev->purpose != PURPOSE_CMD)
            return ERR_OK;
        (void)snprintf(name, sizeof name, "step %u", ev->step);
        k = step_key(&ev->eid, &ev->session, ev->step);
        return add_command(j, op, &k, false, name);
    case EV_OPERATION_ANSWERED:
        answered(j, op, ev);
        return ERR_OK;
    case EV_STEP_ANSWERED:
        step_answered(j, op, ev);
        return ERR_OK;
    case EV_PROFILE_ENABLED:
    case EV_PROFILE_DISABLED:
    case EV_PROFILE_ROLLED_BACK:
    case EV_ISDP_CREATED:
        /* Known by the card's own later word, even when the answer itself was lost. The last command of
         * the operation so far is the one it is about: a deletion by POL2 is armed after this record. */
        if (op->last && !op->last->accepted)
            op->last->accepted = 1;
        return ERR_OK;
    case EV_OPERATION_CONCLUDED:
        op->verdict = ev->result;
        if (!op->function)
            op->function = ev->function;
        return ERR_OK;
    default:
        return ERR_OK;
    }
}

/* --- the ledger --- */
int join_row(struct join *j, const struct card_ledger_row *row)
{
    struct card_rows *card = map_get(j->cards, span_of(row->eid.b, 16));
    struct row *r = calloc(1, sizeof *r);
    int err;

    if (!r)
        return ERR_NOMEM;
    r->r = *row;
    r->good = row->sw == 0x9000 || row->sw == 0x0100 || (row->sw >> 8) == 0x61 ||
              (row->sw >> 8) == 0x62 || (row->sw >> 8) == 0x63;
    if (!card) {
        card = calloc(1, sizeof *card);
        err = card ? map_put(j->cards, span_of(row->eid.b, 16), card) : ERR_NOMEM;
        if (err) {
            free(card);
            free(r);
            return err;
        }
    }
    if (card->last)
        card->last->next = r;
    else
        card->first = r;
    card->last = r;
    return ERR_OK;
}

/* --- the join --- */
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

/* A row stands when no later row of that ISD-P undid it (design law 12). */
static bool stands(const struct row *r)
{
    for (const struct row *l = r->next; l; l = l->next) {
        if (!l->good)
            continue;
        if (l->r.undoes == r->r.n)
            return false;
        if (l->r.ins == 0xE4 && l->r.cause != CAUSE_FALLBACK && aid_eq(&l->r.aid, &r->r.aid))
            return false;
        if (l->r.cause == CAUSE_POL1 && aid_eq(&l->r.aid, &r->r.aid))
            return false;
        if (is_switch(&r->r) && (l->r.cause == CAUSE_FALLBACK || is_switch(&l->r)))
            return false;
    }
    return true;
}

static bool was_rolled_back(const struct row *r)
{
    for (const struct row *l = r->next; l; l = l->next)
        if (l->r.undoes == r->r.n || l->r.cause == CAUSE_FALLBACK)
            return true;
    return false;
}

static void match_row(struct join *j, struct row *r, struct join_report *ret)
{
    struct key k;

    if (r->r.cause != CAUSE_OTA) {
        ret->own_rows++;
        return;
    }
    if (!r->good)
        return;
    ret->rows++;
    if (r->r.channel == 'S')
        k = sms_key(&r->r.eid, r->r.kvn, r->r.counter);
    else if (!uri_key(&r->r.eid, r->r.step_uri, &k)) {
        mismatch(ret, &r->r.eid, "row %u names no step: %s", r->r.n, r->r.step_uri);
        return;
    }
    r->command = map_get(j->commands, key_span(&k));
    if (!r->command) {
        mismatch(ret, &r->r.eid, "row %u (%c, counter %llu %s) belongs to no command of the journal",
                 r->r.n, r->r.channel, (unsigned long long)r->r.counter, r->r.step_uri);
        return;
    }
    r->command->rows++;
    if (r->command->op->verdict == VERDICT_NONE && !r->command->accepted)
        ret->undecided++;
}

static void check_row(struct row *r, struct join_report *ret)
{
    const struct operation_seen *op = r->command->op;

    switch (op->verdict) {
    case VERDICT_FAILED:
    case VERDICT_EXPIRED:
    case VERDICT_CANCELLED:
        if (stands(r))
            mismatch(ret, &r->r.eid, "%s of %s is concluded %s but its row %u stands", r->command->name,
                     function_text(op->function), verdict_text(op->verdict), r->r.n);
        break;
    case VERDICT_ROLLED_BACK:
        if (is_switch(&r->r) && !was_rolled_back(r))
            mismatch(ret, &r->r.eid, "ROLLED_BACK, but row %u was never rolled back", r->r.n);
        break;
    case VERDICT_NONE:
    case VERDICT_SUCCESS:
    case VERDICT_IN_DOUBT:
        break;
    }
    /* The same APDU of the same command twice is a double execution. */
    for (const struct row *l = r->next; l; l = l->next)
        if (l->good && l->command == r->command && l->r.position == r->r.position)
            mismatch(ret, &r->r.eid, "%s ran twice: rows %u and %u", r->command->name, r->r.n, l->r.n);
}

/* A creation that never ran may be sent again behind its fence: of all its commands one ran. Another
 * command behind the first is the deletion by POL2. */
static uint32_t effect_rows(const struct operation_seen *op)
{
    uint32_t n = 0;

    if (op->function != FN_CREATE_ISDP)
        return op->first->rows;
    for (const struct command *c = op->first; c; c = c->next)
        n += c->rows;
    return n;
}

static void check_command(const struct operation_seen *op, const struct command *c,
                          struct join_report *ret)
{
    bool sure = op->function == FN_ENABLE_PROFILE || op->function == FN_DISABLE_PROFILE ||
                op->function == FN_CREATE_ISDP;

    ret->commands++;
    ret->accepted += c->accepted;
    if (c->by_sms && c->rows > 1)
        mismatch(ret, &op->eid, "%s has %u rows", c->name, c->rows);
    if (c->accepted && c->rows != c->accepted)
        mismatch(ret, &op->eid, "%s of %s: %u effects accepted by the journal, %u rows in the ledger",
                 c->name, function_text(op->function), c->accepted, c->rows);
    if (c == op->first && sure && effect_rows(op) != 1 &&
        (op->verdict == VERDICT_SUCCESS || op->verdict == VERDICT_ROLLED_BACK || effect_rows(op) > 1))
        mismatch(ret, &op->eid, "%s is %s with %u rows for its command", function_text(op->function),
                 verdict_text(op->verdict), effect_rows(op));
    if (!c->accepted && c->rows && op->verdict == VERDICT_SUCCESS)
        ret->accepted += c->rows; /* found by an audit: the verdict itself is the acceptance */
    if (!c->accepted && c->rows && (op->verdict == VERDICT_FAILED || op->verdict == VERDICT_EXPIRED))
        ret->undecided += c->rows; /* undone by a later row, which check_row has verified */
}

void join_finish(struct join *j, struct join_report *ret)
{
    void *cursor = NULL, *value;

    memset(ret, 0, sizeof *ret);
    for (size_t i = 0; i < j->n_order; i++)
        for (struct command *c = j->order[i]->first; c; c = c->next)
            c->rows = 0;
    while (map_next(j->cards, &cursor, NULL, &value)) {
        uint32_t n = 0;
        for (struct row *r = ((struct card_rows *)value)->first; r; r = r->next) {
            if (r->r.n != ++n)
                mismatch(ret, &r->r.eid, "ledger row %u where %u was due", r->r.n, n);
            r->command = NULL;
            match_row(j, r, ret);
        }
    }
    cursor = NULL;
    while (map_next(j->cards, &cursor, NULL, &value))
        for (struct row *r = ((struct card_rows *)value)->first; r; r = r->next)
            if (r->command)
                check_row(r, ret);
    for (size_t i = 0; i < j->n_order; i++)
        for (const struct command *c = j->order[i]->first; c; c = c->next)
            check_command(j->order[i], c, ret);
}

bool join_exact(const struct join_report *r)
{
    return !r->mismatches && r->rows == r->accepted + r->undecided;
}
