/* SPDX-License-Identifier: Apache-2.0 */
/* A subscription of an operator in stock (one ICCID, one IMSI, one card at a time for ever).
 * Changed by records alone; the states never go back without a record that says why. */
#pragma once

#include "common/base/ids.h"
#include "common/msg/event.h"

enum stock_state {
    STOCK_NONE = 0,
    STOCK_AVAILABLE,
    STOCK_RESERVED,  /* bound to eid by a running order */
    STOCK_INSTALLED, /* stands on eid; its Ki is gone from here */
    STOCK_DELETED,   /* was installed and is deleted: never used again, it has no Ki any more */
};
struct stock_item {
    struct iccid iccid;
    struct imsi imsi;
    struct msisdn msisdn;
    struct oid mno;
    char profile_type[101];
    enum stock_state state;
    bool enabled; /* as its SM-SR told last */
    struct eid eid;
    struct uuid order;
};

const char *stock_state_text(enum stock_state s);
enum stock_state stock_state_parse(struct span s); /* STOCK_NONE when unknown */

/* Applies a record about this ICCID: profile.imported (i is STOCK_NONE), order.accepted,
 * profile.installed, profile.released, profile.enabled, .disabled, .deleted. ERR_CORRUPT: it cannot
 * follow the state. */
MUST_CHECK int stock_apply(struct stock_item *i, const struct event *ev);
