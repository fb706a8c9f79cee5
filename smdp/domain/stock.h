/* SPDX-License-Identifier: Apache-2.0 */
/* A subscription of an operator in stock (one ICCID, one IMSI, one card at a time for ever).
 * Changed by records alone; the states never go back without a record that says why. */
#pragma once

#include "common/base/ids.h"
#include "common/msg/event.h"

enum stock_state {
    STOCK_NONE = 0,
    STOCK_AVAILABLE,
    /* Bound to eid by an order. Its time-to-live is the order's validity period, which the caller
     * gives and timers.validity_max bounds: an order that did not begin in time ends and releases
     * with proof (nothing was sent); one that did is cleaned up until the SM-SR proves the card
     * clean. There is no second clock: one that ran out sooner would free an ICCID that may stand
     * on a card, one that ran longer would hold one that nothing needs. */
    STOCK_RESERVED,
    STOCK_INSTALLED, /* stands on eid; its Ki is gone from here */
    STOCK_DELETED,   /* was installed and is deleted: never used again, it has no Ki any more */
    STOCK_LOST,      /* two persons declared its card lost; deleted when the card says so after all */
};
struct stock_item {
    struct iccid iccid;
    struct imsi imsi;
    struct msisdn msisdn;
    struct oid mno;
    char profile_type[101];
    enum stock_state state;
    bool enabled;    /* as its SM-SR told */
    int64_t told_ms; /* and when that was so, by the clock of the SM-SR; 0: it did not say */
    struct eid eid;
    struct uuid order;
    struct oid declared_by;   /* who was the first to declare the loss of its card */
    struct uuid successor;    /* the last order that was to take over its number */
    struct iccid replaced_by; /* who has its number now: a replacement is done once */
};

const char *stock_state_text(enum stock_state s);
enum stock_state stock_state_parse(struct span s); /* STOCK_NONE when unknown */

/* Applies a record about this ICCID: profile.imported (i is STOCK_NONE), order.accepted,
 * profile.installed, profile.released, profile.enabled, .disabled, .deleted, address.changed,
 * loss.declared, number.moved. ERR_CORRUPT: it cannot follow the state. */
MUST_CHECK int stock_apply(struct stock_item *i, const struct event *ev);
/* The same for the profile the record names as previous: order.accepted of a replacement,
 * number.moved. */
MUST_CHECK int stock_apply_previous(struct stock_item *i, const struct event *ev);
/* It is proved, or declared by two persons, that the profile stands on no card in use: the number
 * may go to another one. */
bool stock_gone(const struct stock_item *i);
