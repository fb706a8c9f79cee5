/* SPDX-License-Identifier: Apache-2.0 */
/* TP-UDs with their headers (TS 23.040 9.2.3.24, TS 31.115 4). */
#include "common/capture/decode.h"

#include <stdio.h>

#define CLAUSE_UDH "TS 23.040 9.2.3.24"

static void concat_row(struct row *row, struct span ie)
{
    unsigned ref = ie.p[0];
    size_t wide = ie.n - 3;        /* the reference has two octets */

    if (wide)
        ref = ref << 8 | ie.p[1];
    row_say(row, "concatenation: reference %u, part %u of %u", ref, ie.p[wide + 2],
            ie.p[wide + 1]);
}

static void element_row(struct rows *out, unsigned depth, uint8_t id, struct span ie)
{
    char name[8];
    struct row *row;

    (void)snprintf(name, sizeof name, "IE %02X", id);
    row = rows_add(out, depth, name, ie,
                   id == 0x70 || id == 0x71   ? "TS 31.115 4"
                   : id == 0x00 || id == 0x08 ? "TS 23.040 9.2.3.24.1"
                                              : CLAUSE_UDH);
    if ((id == 0x00 && ie.n == 3) || (id == 0x08 && ie.n == 4))
        concat_row(row, ie);
    else
        row_say(row, "%s",
                id == 0x70   ? "command packet for the card"
                : id == 0x71 ? "response packet of the card"
                             : "");
}

void decode_tp_ud(struct rows *out, unsigned depth, const char *name, struct span tp_ud)
{
    struct row *row = rows_add(out, depth, name, tp_ud, CLAUSE_UDH);
    struct reader r = rd_init(tp_ud);
    struct reader head = rd_init(rd_span(&r, rd_u8(&r)));

    if (r.failed) {
        row_say(row, "%zu octets without a whole header", tp_ud.n);
        return;
    }
    row_say(row, "TP-UD of %zu octets", tp_ud.n);
    row_say(rows_add(out, depth + 1, "UDHL", span_of(tp_ud.p, 1), CLAUSE_UDH), "%u octets follow",
            tp_ud.p[0]);
    while (rd_left(&head)) {
        uint8_t id = rd_u8(&head);
        struct span ie = rd_span(&head, rd_u8(&head));
        if (head.failed) {
            row_say(rows_add(out, depth + 1, "?", (struct span){NULL, 0}, CLAUSE_UDH),
                    "an element longer than its header");
            return;
        }
        element_row(out, depth + 1, id, ie);
    }
    row_say(rows_add(out, depth + 1, "data", rd_rest(&r), NULL), "of the packet");
}
