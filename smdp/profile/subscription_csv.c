/* SPDX-License-Identifier: Apache-2.0 */
/* Reader of subscription files. Every failure names row and column and the rule, never a cell. */
#include "smdp/profile/subscription_csv.h"

#include <stdio.h>
#include <stdlib.h>

#include "common/base/hex.h"
#include "common/base/map.h"

#define ROWS_MAX_DEFAULT 1000000
#define CELL_MAX         256

void subscription_wipe(struct subscription *s)
{
    mem_wipe(s, sizeof(*s));
}

/* --- columns: how each cell becomes a field --- */

struct column {
    const char *name;
    bool required;
    bool may_be_empty;
    int (*read)(struct span cell, struct subscription *s);
    const char *rule;
};

static int hex_cell(struct span cell, uint8_t *dst, size_t n)
{
    size_t got = 0;
    if (cell.n != 2 * n)
        return ERR_FORMAT;
    return hex_decode((const char *)cell.p, cell.n, dst, n, &got);
}

static int read_iccid(struct span cell, struct subscription *s)
{
    return iccid_parse(cell, &s->iccid);
}

static int read_imsi(struct span cell, struct subscription *s)
{
    return imsi_parse(cell, &s->imsi);
}

static int read_msisdn(struct span cell, struct subscription *s)
{
    return cell.n ? msisdn_parse(cell, &s->msisdn) : ERR_OK;
}

static int read_k(struct span cell, struct subscription *s)
{
    return hex_cell(cell, s->k, sizeof(s->k));
}

static int read_opc(struct span cell, struct subscription *s)
{
    return hex_cell(cell, s->opc, sizeof(s->opc));
}

/* Class 10 is the emergency bit and not stored in EF-ACC; one of 0..9 must be there
 * (TS 22.011 4.2). */
static int read_acc(struct span cell, struct subscription *s)
{
    int rc = hex_cell(cell, s->acc, sizeof(s->acc));
    unsigned acc = (unsigned)s->acc[0] << 8 | s->acc[1];
    s->has_acc = true;
    return rc || acc & 0x0400 || !(acc & 0x03FF) ? ERR_FORMAT : ERR_OK;
}

static int read_mnc_len(struct span cell, struct subscription *s)
{
    if (cell.n != 1 || (cell.p[0] != '2' && cell.p[0] != '3'))
        return ERR_FORMAT;
    s->mnc_len = (uint8_t)(cell.p[0] - '0');
    return ERR_OK;
}

static int read_smsc(struct span cell, struct subscription *s)
{
    return msisdn_parse(cell, &s->smsc);
}

static int digits_code(struct span cell, size_t min, struct code8 *c)
{
    if (cell.n < min || cell.n > 8)
        return ERR_FORMAT;
    memset(c->v, 0xFF, sizeof(c->v));
    for (size_t i = 0; i < cell.n; i++) {
        if (cell.p[i] < '0' || cell.p[i] > '9')
            return ERR_FORMAT;
        c->v[i] = cell.p[i];
    }
    c->set = true;
    return ERR_OK;
}

static int read_pin1(struct span cell, struct subscription *s)
{
    return digits_code(cell, 4, &s->pin1);
}

static int read_puk1(struct span cell, struct subscription *s)
{
    return digits_code(cell, 8, &s->puk1);
}

static int read_pin2(struct span cell, struct subscription *s)
{
    return digits_code(cell, 4, &s->pin2);
}

static int read_puk2(struct span cell, struct subscription *s)
{
    return digits_code(cell, 8, &s->puk2);
}

static int read_adm1(struct span cell, struct subscription *s)
{
    if (cell.n != 16)
        return digits_code(cell, 4, &s->adm1);
    s->adm1.set = true;
    return hex_cell(cell, s->adm1.v, sizeof(s->adm1.v));
}

static int read_kvn(struct span cell, struct subscription *s)
{
    int rc = hex_cell(cell, &s->ota_kvn, 1);
    return rc || s->ota_kvn < 0x01 || s->ota_kvn > 0x0F ? ERR_FORMAT : ERR_OK;
}

static int ota_cell(struct span cell, struct ota_secret *k)
{
    if (cell.n != 32 && cell.n != 48 && cell.n != 64)
        return ERR_FORMAT;
    k->n = (uint8_t)(cell.n / 2);
    return hex_cell(cell, k->v, k->n);
}

static int read_kic(struct span cell, struct subscription *s)
{
    return ota_cell(cell, &s->ota_kic);
}

static int read_kid(struct span cell, struct subscription *s)
{
    return ota_cell(cell, &s->ota_kid);
}

static int read_dek(struct span cell, struct subscription *s)
{
    return ota_cell(cell, &s->ota_dek);
}

static int read_pol1(struct span cell, struct subscription *s)
{
    int rc = hex_cell(cell, &s->pol1, 1);
    s->has_pol1 = true;
    return rc || s->pol1 & ~0x07 ? ERR_FORMAT : ERR_OK;
}

static int read_type(struct span cell, struct subscription *s)
{
    if (cell.n == 0 || cell.n >= sizeof(s->profile_type))
        return ERR_FORMAT;
    for (size_t i = 0; i < cell.n; i++) {
        if (cell.p[i] < 0x20 || cell.p[i] == 0x7F)
            return ERR_FORMAT;
    }
    memcpy(s->profile_type, cell.p, cell.n);
    return ERR_OK;
}

static const struct column COLUMNS[] = {
    {"iccid", true, false, read_iccid, "18 to 20 digits starting 89"},
    {"imsi", true, false, read_imsi, "6 to 15 digits"},
    {"k", true, false, read_k, "32 hex digits"},
    {"opc", true, false, read_opc, "32 hex digits (OPc, not OP)"},
    {"msisdn", false, true, read_msisdn, "3 to 15 digits with the country code, or empty"},
    {"acc", false, false, read_acc, "4 hex digits, one of the bits 0 to 9 set, bit 10 clear"},
    {"ad_mnc_len", false, false, read_mnc_len, "2 or 3"},
    {"smsp", false, false, read_smsc,
     "service centre number, 3 to 15 digits with the country code"},
    {"pin1", false, false, read_pin1, "4 to 8 digits"},
    {"puk1", false, false, read_puk1, "8 digits"},
    {"pin2", false, false, read_pin2, "4 to 8 digits"},
    {"puk2", false, false, read_puk2, "8 digits"},
    {"adm1", false, false, read_adm1, "4 to 8 digits or 16 hex digits"},
    {"ota_kvn", false, false, read_kvn, "2 hex digits, 01 to 0F"},
    {"ota_kic", false, false, read_kic, "an AES key of 32, 48 or 64 hex digits"},
    {"ota_kid", false, false, read_kid, "an AES key of 32, 48 or 64 hex digits"},
    {"ota_dek", false, false, read_dek, "an AES key of 32, 48 or 64 hex digits"},
    {"pol1", false, false, read_pol1, "2 hex digits, 00 to 07"},
    {"profile_type", false, false, read_type, "1 to 63 printable characters"},
};
#define N_COLUMNS (sizeof(COLUMNS) / sizeof(COLUMNS[0]))

struct subscription_csv {
    size_t max_rows;
    unsigned rows;            /* data rows read, blank lines included */
    unsigned n;               /* columns of this file */
    uint8_t order[N_COLUMNS]; /* index into COLUMNS of the file's columns */
    bool has[N_COLUMNS];
    struct map *iccids;
    struct map *imsis;
    struct map *msisdns;
};

/* --- cells --- */

/* Next cell into buf: plain, or quoted with "" for a quote. False at the end of the line. */
static int cell_next(struct reader *r, bool *more, uint8_t *buf, size_t *ret_n)
{
    size_t n = 0;
    bool quoted = rd_left(r) && *r->p == '"';
    bool open = quoted;
    if (quoted)
        (void)rd_u8(r);
    *more = false;
    while (rd_left(r)) {
        uint8_t c = rd_u8(r);
        if (c == '"') {
            bool twice = open && rd_left(r) && *r->p == '"';
            if (!open)
                return ERR_FORMAT;
            if (!twice) {
                open = false;
                continue;
            }
            (void)rd_u8(r);
        } else if (c == ',' && !open) {
            *more = true;
            break;
        } else if (quoted && !open) {
            return ERR_FORMAT;
        }
        if (n == CELL_MAX)
            return ERR_TOO_LARGE;
        buf[n++] = c;
    }
    *ret_n = n;
    return open ? ERR_FORMAT : ERR_OK;
}

static struct span trimmed(const uint8_t *p, size_t n)
{
    while (n && (p[n - 1] == ' ' || p[n - 1] == '\t'))
        n--;
    while (n && (p[0] == ' ' || p[0] == '\t')) {
        p++;
        n--;
    }
    return span_of(p, n);
}

static struct span line_of(struct span line)
{
    static const uint8_t BOM[] = {0xEF, 0xBB, 0xBF};
    if (line.n >= sizeof(BOM) && memcmp(line.p, BOM, sizeof(BOM)) == 0)
        line = span_of(line.p + sizeof(BOM), line.n - sizeof(BOM));
    if (line.n && line.p[line.n - 1] == '\r')
        line.n--;
    return line;
}

/* --- header --- */

/* The cell is not repeated: where the header is missing it is a value, perhaps a key. */
static int unknown_column(unsigned column, struct errmsg *why)
{
    char names[200] = "";
    size_t n = 0;

    for (size_t i = 0; i < N_COLUMNS && n < sizeof(names); i++)
        n += (size_t)snprintf(names + n, sizeof(names) - n, "%s%s", i ? ", " : "", COLUMNS[i].name);
    return errmsg_set(why, ERR_FORMAT,
                      "row 1, column %u: no known column name; row 1 holds names parted by commas "
                      "out of %s",
                      column, names);
}

static int header_cell(struct subscription_csv *c, struct span name, struct errmsg *why)
{
    size_t i = 0;
    while (i < N_COLUMNS && !span_eq(name, span_str(COLUMNS[i].name)))
        i++;
    if (i == N_COLUMNS)
        return unknown_column(c->n + 1, why);
    if (c->has[i])
        return errmsg_set(why, ERR_FORMAT, "row 1: column %s is named twice: remove one",
                          COLUMNS[i].name);
    c->has[i] = true;
    c->order[c->n++] = (uint8_t)i;
    return ERR_OK;
}

static bool has_column(const struct subscription_csv *c, const char *name)
{
    for (size_t i = 0; i < N_COLUMNS; i++) {
        if (strcmp(COLUMNS[i].name, name) == 0)
            return c->has[i];
    }
    return false;
}

static int header_complete(const struct subscription_csv *c, struct errmsg *why)
{
    for (size_t i = 0; i < N_COLUMNS; i++) {
        if (COLUMNS[i].required && !c->has[i])
            return errmsg_set(why, ERR_FORMAT, "row 1: column %s is missing: add it",
                              COLUMNS[i].name);
    }
    bool kvn = has_column(c, "ota_kvn");
    if (kvn != has_column(c, "ota_kic") || kvn != has_column(c, "ota_kid"))
        return errmsg_set(why, ERR_FORMAT,
                          "row 1: columns ota_kvn, ota_kic and ota_kid belong together: add the "
                          "missing ones");
    if (has_column(c, "ota_dek") && !kvn)
        return errmsg_set(why, ERR_FORMAT, "row 1: column ota_dek needs ota_kvn: add it");
    return ERR_OK;
}

static int header_read(struct subscription_csv *c, struct span line, struct errmsg *why)
{
    uint8_t buf[CELL_MAX];
    struct reader r = rd_init(line);
    bool more = true;
    while (more) {
        size_t n = 0;
        int rc = cell_next(&r, &more, buf, &n);
        if (rc)
            return errmsg_set(why, ERR_FORMAT, "row 1, column %u: quotes or length are wrong",
                              c->n + 1);
        rc = header_cell(c, trimmed(buf, n), why);
        if (rc)
            return rc;
    }
    return header_complete(c, why);
}

int subscription_csv_new(struct span header, size_t max_rows, struct subscription_csv **ret,
                         struct errmsg *why)
{
    struct subscription_csv *c = calloc(1, sizeof(*c));
    if (!c)
        return ERR_NOMEM;
    c->max_rows = max_rows ? max_rows : ROWS_MAX_DEFAULT;
    c->iccids = map_new(c->max_rows);
    c->imsis = map_new(c->max_rows);
    c->msisdns = map_new(c->max_rows);
    int rc = c->iccids && c->imsis && c->msisdns ? header_read(c, line_of(header), why) : ERR_NOMEM;
    if (rc) {
        subscription_csv_free(c);
        return rc;
    }
    *ret = c;
    return ERR_OK;
}

void subscription_csv_free(struct subscription_csv *c)
{
    if (!c)
        return;
    map_free(c->iccids);
    map_free(c->imsis);
    map_free(c->msisdns);
    free(c);
}

/* --- rows --- */

static int row_cells(struct subscription_csv *c, struct span line, unsigned row,
                     struct subscription *s, struct errmsg *why)
{
    uint8_t buf[CELL_MAX];
    struct reader r = rd_init(line);
    bool more = true;
    int rc = ERR_OK;
    unsigned i = 0;
    for (; rc == ERR_OK && more && i < c->n; i++) {
        const struct column *col = &COLUMNS[c->order[i]];
        size_t n = 0;
        rc = cell_next(&r, &more, buf, &n);
        struct span cell = trimmed(buf, rc ? 0 : n);
        if (rc || (cell.n == 0 && !col->may_be_empty) || col->read(cell, s))
            rc =
                errmsg_set(why, ERR_FORMAT, "row %u, column %s: not %s", row, col->name, col->rule);
    }
    mem_wipe(buf, sizeof(buf));
    if (rc == ERR_OK && (i < c->n || more))
        rc = errmsg_set(why, ERR_FORMAT, "row %u: has %s columns than the header", row,
                        more ? "more" : "fewer");
    return rc;
}

static int once(struct map *m, const char *key, unsigned row, const char *column,
                struct errmsg *why)
{
    struct span k = span_str(key);
    int rc = map_put(m, k, m);
    if (rc == ERR_EXISTS)
        return errmsg_set(why, rc, "row %u, column %s: stands in an earlier row: keep one", row,
                          column);
    return rc ? errmsg_set(why, rc, "row %u: the batch is too large: split the file", row) : ERR_OK;
}

static bool blank(struct span line)
{
    return trimmed(line.p, line.n).n == 0;
}

int subscription_csv_row(struct subscription_csv *c, struct span line, struct subscription *ret,
                         struct errmsg *why)
{
    memset(ret, 0, sizeof(*ret));
    line = line_of(line);
    unsigned row = ++c->rows + 1;
    if (blank(line))
        return ERR_NOT_FOUND;
    if (line.n > SUBSCRIPTION_LINE_MAX)
        return errmsg_set(why, ERR_TOO_LARGE, "row %u: is longer than %d octets", row,
                          SUBSCRIPTION_LINE_MAX);
    int rc = row_cells(c, line, row, ret, why);
    if (rc == ERR_OK)
        rc = once(c->iccids, ret->iccid.s, row, "iccid", why);
    if (rc == ERR_OK)
        rc = once(c->imsis, ret->imsi.s, row, "imsi", why);
    if (rc == ERR_OK && ret->msisdn.s[0])
        rc = once(c->msisdns, ret->msisdn.s, row, "msisdn", why);
    if (rc)
        subscription_wipe(ret);
    return rc;
}

static struct span line_next(struct reader *r)
{
    const uint8_t *nl = memchr(r->p, '\n', rd_left(r));
    struct span line = rd_span(r, nl ? (size_t)(nl - r->p) : rd_left(r));
    if (nl)
        (void)rd_u8(r);
    return line;
}

int subscription_csv_each(struct span text, subscription_fn *each, void *arg, unsigned *ret_rows,
                          struct errmsg *why)
{
    struct subscription_csv *c = NULL;
    struct subscription s;
    struct reader r = rd_init(text);
    unsigned n = 0;
    if (text.n == 0)
        return errmsg_set(why, ERR_FORMAT, "the subscription file is empty");
    int rc = subscription_csv_new(line_next(&r), 0, &c, why);
    while (rc == ERR_OK && rd_left(&r)) {
        rc = subscription_csv_row(c, line_next(&r), &s, why);
        if (rc == ERR_NOT_FOUND) {
            rc = ERR_OK;
            continue;
        }
        if (rc == ERR_OK) {
            rc = each(arg, c->rows + 1, &s);
            n++;
        }
        subscription_wipe(&s);
    }
    subscription_csv_free(c);
    if (rc == ERR_OK)
        *ret_rows = n;
    return rc;
}
