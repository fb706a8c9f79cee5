/* SPDX-License-Identifier: Apache-2.0 */
/* The operator's subscriber list. A cell may be a key, so no error text shows one. */
#include "common/base/hex.h"
#include "common/base/mem.h"
#include "tools/euiccsim/net/hss.h"

enum column { COL_IMSI, COL_MSISDN, COL_K, COL_OPC, COL_AMF, COL_SQN, COL_STATUS, COL_ROAMING,
              COLS };
static const char *const COLUMNS[COLS] = {"imsi", "msisdn", "k", "opc", "amf", "sqn", "status",
                                          "roaming"};

/* The next cell of a line: up to the comma. */
static bool cell_next(struct reader *r, struct span *ret)
{
    size_t n = 0;

    if (r->failed)
        return false;
    while (n < rd_left(r) && r->p[n] != ',')
        n++;
    *ret = rd_span(r, n);
    if (rd_left(r) > 0)
        (void)rd_u8(r);
    else
        rd_fail(r);
    return true;
}

/* The next line without its end; false at the end of the text. */
static bool line_next(struct reader *r, struct span *ret)
{
    size_t n = 0, left = rd_left(r);

    if (left == 0)
        return false;
    while (n < left && r->p[n] != '\n')
        n++;
    *ret = rd_span(r, n);
    if (n < left)
        (void)rd_u8(r);
    if (ret->n > 0 && ret->p[ret->n - 1] == '\r')
        ret->n--;
    return true;
}

static int header_read(struct span line, int at[COLS], unsigned *ret_cells, struct errmsg *why)
{
    struct reader r = rd_init(line);
    struct span cell;
    unsigned n = 0;

    for (unsigned c = 0; c < COLS; c++)
        at[c] = -1;
    for (; cell_next(&r, &cell); n++) {
        unsigned c = 0;

        while (c < COLS && !span_eq(cell, span_str(COLUMNS[c])))
            c++;
        if (c == COLS || at[c] >= 0)
            return errmsg_set(why, ERR_FORMAT, "line 1: column %u is unknown or named twice; the "
                              "columns are imsi,msisdn,k,opc,amf,sqn,status,roaming", n + 1);
        at[c] = (int)n;
    }
    for (unsigned c = 0; c < COLS; c++)
        if (at[c] < 0)
            return errmsg_set(why, ERR_FORMAT, "line 1: the column %s is missing", COLUMNS[c]);
    *ret_cells = n;
    return ERR_OK;
}

static bool hex_cell(struct span cell, uint8_t *dst, size_t n)
{
    size_t got = 0;

    return cell.n == 2 * n && hex_decode((const char *)cell.p, cell.n, dst, n, &got) == ERR_OK;
}

static bool status_cell(struct span cell, uint8_t *ret)
{
    static const char *const WORDS[] = {"active", "not-provisioned", "barred"};

    for (unsigned i = 0; i < 3; i++)
        if (span_eq(cell, span_str(WORDS[i]))) {
            *ret = (uint8_t)i;
            return true;
        }
    return false;
}

static bool roaming_cell(struct span cell, struct subscriber *s)
{
    size_t from = 0;

    if (span_eq(cell, span_str("*"))) {
        s->n_roaming = UINT8_MAX;
        return true;
    }
    while (from < cell.n) {
        size_t to = from;

        while (to < cell.n && cell.p[to] != ';')
            to++;
        if (s->n_roaming == ROAMING_MAX ||
            plmn_parse(span_of(cell.p + from, to - from), &s->roaming[s->n_roaming]) != ERR_OK)
            return false;
        s->n_roaming++;
        from = to + 1;
    }
    return true;
}

static bool cell_set(enum column c, struct span cell, struct subscriber *s)
{
    uint8_t sqn[6];

    switch (c) {
    case COL_IMSI:
        return imsi_parse(cell, &s->imsi) == ERR_OK;
    case COL_MSISDN:
        return cell.n == 0 || msisdn_parse(cell, &s->msisdn) == ERR_OK;
    case COL_K:
        return hex_cell(cell, s->k, sizeof(s->k));
    case COL_OPC:
        return hex_cell(cell, s->opc, sizeof(s->opc));
    case COL_AMF:
        return hex_cell(cell, s->amf, sizeof(s->amf));
    case COL_SQN:
        if (!hex_cell(cell, sqn, sizeof(sqn)))
            return false;
        for (unsigned i = 0; i < sizeof(sqn); i++)
            s->sqn = s->sqn << 8 | sqn[i];
        return true;
    case COL_STATUS:
        return status_cell(cell, &s->status);
    case COL_ROAMING:
        return roaming_cell(cell, s);
    case COLS:
        break;
    }
    return false;
}

static int row_read(struct span line, const int at[COLS], unsigned cells, unsigned number,
                    struct subscriber *ret, struct errmsg *why)
{
    struct reader r = rd_init(line);
    struct span cell;
    unsigned n = 0;

    *ret = (struct subscriber){0};
    for (; cell_next(&r, &cell); n++)
        for (unsigned c = 0; c < COLS; c++)
            if (at[c] == (int)n && !cell_set((enum column)c, cell, ret))
                return errmsg_set(why, ERR_FORMAT, "line %u: the value of %s is wrong", number,
                                  COLUMNS[c]);
    if (n != cells)
        return errmsg_set(why, ERR_FORMAT, "line %u has %u cells, the first line has %u", number, n,
                          cells);
    return ERR_OK;
}

int hss_load_csv(struct hss *h, struct span text, unsigned *ret_rows, struct errmsg *why)
{
    struct reader r = rd_init(text);
    struct subscriber s = {0};
    struct span line;
    int at[COLS], rc;
    unsigned cells = 0, number = 1, rows = 0;

    if (!line_next(&r, &line))
        return errmsg_set(why, ERR_FORMAT, "the file is empty");
    rc = header_read(line, at, &cells, why);
    while (rc == ERR_OK && line_next(&r, &line)) {
        number++;
        if (line.n == 0)
            continue;
        rc = row_read(line, at, cells, number, &s, why);
        if (rc == ERR_OK)
            rc = hss_add(h, &s);
        if (rc == ERR_EXISTS)
            rc = errmsg_set(why, rc, "line %u: the IMSI or MSISDN stands in another line", number);
        rows += rc == ERR_OK;
    }
    mem_wipe(&s, sizeof(s));
    if (rc == ERR_OK && ret_rows)
        *ret_rows = rows;
    return rc;
}
