/* SPDX-License-Identifier: Apache-2.0 */
/* The ledger of a card (design law 12): one row for each effect command that was executed or
 * refused, and for each change the card made by itself. Rows wait here until the owner takes
 * them. */
#include <stdio.h>
#include <stdlib.h>

#include "tools/euiccsim/card/card_int.h"

#define ROWS_MAX 4096u     /* an owner that takes none is broken */

uint32_t card_ledger_count(const struct card *c)
{
    return c->ledger_n;
}

unsigned card_ledger_take(struct card *c, struct card_ledger_row *dst, unsigned max)
{
    unsigned n = c->n_rows < max ? c->n_rows : max;

    for (unsigned i = 0; i < n; i++)
        dst[i] = c->rows[i];
    for (unsigned i = n; i < c->n_rows; i++)
        c->rows[i - n] = c->rows[i];
    c->n_rows -= n;
    if (c->n_rows == 0) {      /* thousands of idle cards: nothing is kept */
        free(c->rows);
        c->rows = NULL;
        c->cap_rows = 0;
    }
    return n;
}

static int row_add(struct card *c, struct card_ledger_row *row)
{
    if (c->n_rows >= ROWS_MAX)
        return ERR_FULL;
    if (c->n_rows == c->cap_rows) {
        uint32_t cap = c->cap_rows ? 2 * c->cap_rows : 2;
        struct card_ledger_row *rows = realloc(c->rows, cap * sizeof(*rows));

        if (!rows)
            return ERR_NOMEM;
        c->rows = rows;
        c->cap_rows = cap;
    }
    row->eid = c->eid;
    row->n = ++c->ledger_n;
    c->rows[c->n_rows++] = *row;
    card_touch(c);
    return ERR_OK;
}

uint8_t ledger_state(const struct card *c, const struct aid *a)
{
    const struct isdp *p = isdp_by_aid(c, a);

    return p ? (uint8_t)p->pub.state : 0;
}

void ledger_open(struct exec *x, const struct apdu_cmd *cmd)
{
    x->row = (struct card_ledger_row){
        .channel = x->channel, .kvn = x->kvn, .counter = x->counter, .position = x->position,
        .ins = cmd->ins, .p1 = cmd->p1, .p2 = cmd->p2, .cause = CAUSE_OTA,
    };
    /* A longer URI is cut: the ledger names the step, it does not resolve it. */
    (void)snprintf(x->row.step_uri, sizeof(x->row.step_uri), "%s", x->step_uri);
}

void ledger_about(struct exec *x, const struct aid *a)
{
    x->row.aid = *a;
    x->row.state_before = ledger_state(x->c, a);
}

void ledger_close(struct exec *x, uint16_t sw)
{
    int rc;

    x->row.sw = sw;
    x->row.state_after = ledger_state(x->c, &x->row.aid);
    rc = row_add(x->c, &x->row);
    if (rc != ERR_OK)
        x->err = rc;
}

int ledger_own(struct card *c, enum card_cause cause, const struct aid *a, uint8_t state_before,
               uint32_t undoes)
{
    struct card_ledger_row row = {
        .aid = *a, .sw = SW_OK, .cause = cause, .undoes = undoes, .state_before = state_before,
        .state_after = ledger_state(c, a),
    };

    return row_add(c, &row);
}

int ledger_tell(struct card *c, struct card_actions *out)
{
    for (unsigned i = 0; i < out->n; i++)
        if (out->a[i].kind == CARD_LEDGER)
            return ERR_OK;
    return c->n_rows > 0 ? action_plain(out, CARD_LEDGER) : ERR_OK;
}
