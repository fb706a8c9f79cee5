/* SPDX-License-Identifier: Apache-2.0 */
/* The exit codes (design 4: scripts see the verdict, not the answer). */
#include "tools/smctl/exits.h"

static const struct {
    struct exit_row row;
    unsigned weight;
} ROWS[XC_COUNT] = {
    [XC_OK] = {{"ok", "done as asked; log verify: everything holds"}, 0},
    [XC_FAILED] = {{"failed", "verdict FAILED or ROLLED_BACK; log verify: something does not hold"},
                   4},
    [XC_USAGE] = {{"usage", "command line, configuration or input file wrong; nothing was sent"},
                  2},
    [XC_CONNECTION] = {{"connection", "server not reachable, or it ended the exchange"}, 5},
    [XC_REFUSED] = {{"refused", "refused before anything was done: by a GSMA status, or as a party at the door"}, 3},
    [XC_DOUBT] = {{"doubt", "EXPIRED, CANCELLED or IN_DOUBT, or the wait was given up"}, 6},
    [XC_LOCAL] = {{"local", "a file of this machine could not be read or written"}, 1},
};

const struct exit_row *exit_row(enum exit_code code)
{
    return &ROWS[(unsigned)code < XC_COUNT ? code : XC_LOCAL].row;
}

enum exit_code exit_worse(enum exit_code a, enum exit_code b)
{
    return ROWS[b].weight > ROWS[a].weight ? b : a;
}
