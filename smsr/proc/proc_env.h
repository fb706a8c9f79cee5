/* SPDX-License-Identifier: Apache-2.0 */
/* What the SM-SR's deciders know besides the card: configuration, and the volatile facts of the
 * channel, asked by the application right before it decides. */
#pragma once

#include "common/proc/proc.h"
#include "smsr/domain/env.h"
#include "smsr/domain/euicc.h"
#include "smsr/domain/out.h"

struct proc_env {
    const struct env *env;
    struct crypto *crypto;         /* digests only */
    bool held;                     /* a POST of this card waits for our response right now */
    struct uuid held_session;
    bool linked;                   /* a CAT_TP link of this card is open right now */
    struct uuid link;
    uint32_t chained;              /* TAR with which its last packet left script chaining open */
    struct uuid new_op;            /* id for the operation this input may begin */
    /* The ICCID stands in another EIS already (view over the whole fleet). */
    bool (*iccid_taken)(void *ctx, const struct iccid *iccid);
    /* The number stands on a profile of another owner than mno (same view); NULL: never. */
    bool (*number_taken)(void *ctx, const struct msisdn *number, const struct oid *mno);
    /* It stands in the EIS of another card that this owner may see, as its own (same view); NULL: never. */
    bool (*iccid_elsewhere)(void *ctx, const struct iccid *iccid, const struct oid *mno,
                            const struct eid *here);
    /* How long an operation of this card that begins waits for its network, in ms; 0: it does not. NULL:
     * never. */
    int64_t (*wait)(void *ctx, const struct euicc *e, const struct operation *op);
    void *ctx;
};
