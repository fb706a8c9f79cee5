/* SPDX-License-Identifier: Apache-2.0 */
/* What a call asks for, taken out of its message once. */
#pragma once

#include "smsr/proc/run.h"

struct ask {
    enum function fn;
    struct caller caller;
    struct span fcid;
    uint32_t validity_s;
    bool has_validity;
    uint32_t wake_s;               /* 0: not asked for */
    bool at_next_contact;
    struct eid eid;
    struct iccid iccid;
    struct aid sd_aid;
    struct oid mno;
    uint32_t memory;
    bool more_to_do;
    struct span data;
    struct subscription_address address;
    struct span profile_type;
    struct pol2 pol2;
    const struct iccid *iccids;    /* AuditEIS: those listed */
    unsigned n_iccids;
};
/* false: the message is no request of this SM-SR's card functions. */
bool ask_read(const struct in_call *call, struct ask *ret);
/* First step of each procedure, in the commit of its admission when nothing else runs on the card.
 */
int session_start(struct run *r);
int command_arm(struct run *r);
/* Requester, policy, state, address and limit of a command that is no switch, in this view. */
enum status_code command_check(const struct env *env, const struct caller *c, const struct euicc *e,
                               const struct euicc_profile *t, enum function f, int64_t now);
int audit_start(struct run *r);
int keys_start(struct run *r);
/* The card can get another key set now, of SCP80 or of sessions, and none is on its way. */
enum status_code keys_check(const struct env *env, const struct euicc *e, bool sessions);
