/* SPDX-License-Identifier: Apache-2.0 */
/* A link that takes some of a network's calls and hands the others on to what took them before: its
 * first member. */
#pragma once

#include "tools/euiccsim/net/simnet.h"

struct link_pass {
    struct simnet_port others;
};
/* Puts the link in front: port hands everything on until its functions are replaced. */
void link_pass_take(struct link_pass *p, struct simnet_port *port);
