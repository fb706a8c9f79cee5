/* SPDX-License-Identifier: Apache-2.0 */
/* Execution of expanded scripts (TS 102 226 5.2, SGP.02 2.4.3, 4.1.3.3): elements one by one, each
 * answered at once; a bad format or a bad status word ends the script. */
#include <stdlib.h>

#include "tools/euiccsim/card/card_int.h"

#define CHAIN_FIRST 0x01u           /* deleted by a reset */
#define CHAIN_FIRST_KEEP 0x11u      /* said to outlive a reset; here a reset ends both */
#define CHAIN_MORE 0x02u
#define CHAIN_LAST 0x03u
#define CHAIN_NO_PREVIOUS 0x01u

struct context *context_get(struct context **slot)
{
    if (!*slot) {
        *slot = calloc(1, sizeof(**slot));
        if (*slot)
            buf_init(&(*slot)->package, 0);
    }
    return *slot;
}

void context_drop(struct context **slot)
{
    struct context *ctx = *slot;

    if (!ctx)
        return;
    scp03_session_fini(&ctx->scp03);
    buf_wipe(&ctx->package);
    buf_fini(&ctx->package);
    mem_wipe(ctx, sizeof(*ctx));
    free(ctx);
    *slot = NULL;
}

struct context *packet_context(struct card *c, uint16_t sd)
{
    struct context **slot = &c->packet_context[sd != 0];

    if (*slot && (*slot)->sd != sd)
        context_drop(slot);
    if (context_get(slot))
        (*slot)->sd = sd;
    return *slot;
}

void packet_context_drop(struct card *c, uint16_t sd)
{
    context_drop(&c->packet_context[sd != 0]);
}

void packet_contexts_drop(struct card *c)
{
    for (unsigned i = 0; i < PACKET_CONTEXTS; i++)
        context_drop(&c->packet_context[i]);
}

static void bad_put(struct script_writer *sw, uint8_t code)
{
    const uint8_t tlv[3] = {SCRIPT_TAG_BAD, 0x01, code};

    script_put_raw(sw, span_of(tlv, sizeof(tlv)));
}

/* Script chaining of SMS and CAT_TP, each security domain its own; over HTTPS the session holds the
 * state and the element changes nothing. False: there is no script before this one. */
static bool chaining(struct exec *x, struct script_writer *sw, uint8_t how)
{
    static const uint8_t NO_PREVIOUS[3] = {SCRIPT_TAG_CHAINING, 0x01, CHAIN_NO_PREVIOUS};
    bool first = how == CHAIN_FIRST || how == CHAIN_FIRST_KEEP;

    if (x->channel == 'H')
        return true;
    if (!first && !x->ctx->chained) {
        script_put_raw(sw, span_of(NO_PREVIOUS, sizeof(NO_PREVIOUS)));
        return false;
    }
    if (first) {
        packet_context_drop(x->c, x->sd);
        x->ctx = packet_context(x->c, x->sd);
        if (!x->ctx) {
            x->err = ERR_NOMEM;
            return false;
        }
    }
    x->ctx->chained = how != CHAIN_LAST;
    return true;
}

static bool chaining_known(uint8_t how)
{
    return how == CHAIN_FIRST || how == CHAIN_FIRST_KEEP || how == CHAIN_MORE ||
           how == CHAIN_LAST;
}

/* A C-APDU and its R-APDU. An ISD-P is reached through its own secure channel only (GP Amendment B
 * 3.3.3.2), which in this form of script is SCP03t. */
static bool apdu_element(struct exec *x, struct script_writer *sw, struct span capdu)
{
    uint8_t room[SCRIPT_ANSWER_ROOM];
    struct writer data = wr_init(room, sizeof(room) - 2);
    uint16_t word = x->sd != 0 ? SW_SECURITY : command_run(x, capdu, &data);

    if (data.failed)
        x->err = ERR_INTERNAL;
    if (!sw_is_ok(word))
        data.len = 0;
    data.cap = sizeof(room);
    wr_u16(&data, word);
    script_put_rsp(sw, wr_view(&data));
    x->executed++;
    return sw_is_ok(word) && word != SW_TRUNCATED && x->err == ERR_OK;
}

static bool element(struct exec *x, struct script_writer *sw, const struct script_item *item)
{
    switch (item->tag) {
    case SCRIPT_TAG_CMD:
        return apdu_element(x, sw, item->value);
    case SCRIPT_TAG_CHAINING:
        if (!x->begun && chaining_known(item->value.p[0]))
            return chaining(x, sw, item->value.p[0]);
        break;
    case 0x84:
    case 0x85:
    case 0x86:
        if (x->sd == 0)
            break;
        x->executed++;
        return load_element(x, item, sw->w);
    default:
        break;
    }
    bad_put(sw, SCRIPT_BAD_TAG);
    return false;
}

static bool room_left(struct script_writer *sw)
{
    static const uint8_t TRUNCATED[2] = {SW_TRUNCATED >> 8, SW_TRUNCATED & 0xFF};

    if (!sw->w->failed && sw->w->cap - sw->w->len >= 2 * SCRIPT_ANSWER_ROOM)
        return true;
    script_put_rsp(sw, span_of(TRUNCATED, sizeof(TRUNCATED)));
    return false;
}

void card_power_fails(struct card *c, unsigned commands)
{
    c->power_left = commands;
}

static bool power_fails(struct card *c)
{
    return c->power_left > 0 && --c->power_left == 0;
}

int script_run(struct exec *x, struct span script, struct writer *w)
{
    struct script_reader sr;
    struct script_writer sw;
    struct script_item item;
    int rc = script_open(script, &sr);

    script_begin(&sw, w, sr.form, true);
    if (rc != ERR_OK || sr.response) {
        bad_put(&sw, rc != ERR_OK ? sr.bad : SCRIPT_BAD_TAG);
        script_end(&sw, 0);
        return w->failed ? ERR_INTERNAL : ERR_OK;
    }
    for (;;) {
        rc = script_next(&sr, &item);
        if (rc != ERR_OK || !room_left(&sw) || !element(x, &sw, &item))
            break;
        x->begun = true;
        if (item.tag == SCRIPT_TAG_CHAINING)
            continue;
        x->position++;
        if (power_fails(x->c))
            break;
    }
    if (rc == ERR_FORMAT)
        bad_put(&sw, sr.bad);
    script_end(&sw, x->executed);
    if (x->err == ERR_OK && w->failed)
        return ERR_INTERNAL;
    return x->err;
}
