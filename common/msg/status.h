/* SPDX-License-Identifier: Apache-2.0 */
/* GSMA answers and our verdicts (SGP.02 5.1; facts: sgp02 section 2; design 3.4). The answer is
 * what the caller is told once; the verdict is the truth about the operation. */
#pragma once

#include "common/base/bytes.h"
#include "common/base/ids.h"

/* Status of FunctionExecutionStatus, the published spelling on the wire. */
enum exec_status {
    EXEC_NONE = 0,
    EXEC_SUCCESS, /* EXECUTED_SUCCESS */
    EXEC_WARNING, /* EXECUTED_WITHWARNING */
    EXEC_FAILED,
    EXEC_EXPIRED,
};

/* StatusCodeData: subject and reason are OIDs like "8.1.1" and "3.9". */
struct gsma_code {
    char subject[12];
    char reason[8];
};

struct exec_answer {
    enum exec_status status;
    struct gsma_code code; /* empty on success */
    struct span subject_identifier;
    struct span message; /* free text, never an identifier of somebody else */
};

enum verdict {
    VERDICT_NONE = 0, /* not ended */
    VERDICT_SUCCESS,
    VERDICT_FAILED,
    VERDICT_ROLLED_BACK,
    VERDICT_EXPIRED, /* never armed */
    VERDICT_CANCELLED,
    VERDICT_IN_DOUBT, /* public, with a reason and a next step; ends by audit */
};

enum stage { /* where a failure arose */
             STAGE_NONE = 0,
             STAGE_ADMISSION,
             STAGE_PREPARATION,
             STAGE_BEARER,
             STAGE_CARD,
             STAGE_ATTACH,
             STAGE_CONFIRMATION,
};

enum party_role {
    ROLE_NONE = 0,
    ROLE_EUM,
    ROLE_OPERATOR,
    ROLE_M2M_SP,
    ROLE_SMDP,
    ROLE_SMSR,
    ROLE_FLEET,
    ROLE_ADMIN,
    ROLE_AUDITOR,
};

/* Functions of SGP.02 that this pair executes, independent of the interface they came over. */
enum function {
    FN_NONE = 0,
    FN_REGISTER_EIS,
    FN_GET_EIS,
    FN_AUDIT_EIS,
    FN_CREATE_ISDP,
    FN_SEND_DATA,
    FN_PROFILE_DOWNLOAD_COMPLETED,
    FN_ENABLE_PROFILE,
    FN_DISABLE_PROFILE,
    FN_DELETE_PROFILE,
    FN_UPDATE_SUBSCRIPTION_ADDRESS,
    FN_UPDATE_POLICY_RULES,
    FN_DOWNLOAD_PROFILE,
    FN_NOTIFICATION, /* unsolicited notification handling: confirm and audit */
    FN_SET_FALLBACK_ATTRIBUTE,
    FN_SET_EMERGENCY_ATTRIBUTE,
    FN_UPDATE_CONNECTIVITY, /* UpdateConnectivityParameters */
    FN_UPDATE_EIS_PROPERTIES, /* UpdateEISAdditionalProperties */
    FN_UNSET_FALLBACK_ATTRIBUTE, /* as are the next: of notifications alone */
    FN_UNSET_EMERGENCY_ATTRIBUTE,
    FN_MASTER_DELETE,
    FN_ROTATE_KEYS,  /* ours: a new key set of the ISD-R in the place of one */
    FN_PREPARE_SMSR_CHANGE,
    FN_SMSR_CHANGE,
    FN_HANDOVER_EUICC,
    FN_AUTHENTICATE_SMSR,
    FN_CREATE_ADDITIONAL_KEY_SET,
    FN_REPLACE_PROFILE, /* ours: a profile for another card takes over the number of one */
    FN_DECLARE_LOSS,    /* ours: two persons say that a card is lost */
    FN_COUNT
};
#define FN_BIT(f) (UINT64_C(1) << (unsigned)(f)) /* of a set of functions */
enum interface { IF_NONE = 0, IF_ES1, IF_ES2, IF_ES3, IF_ES4, IF_ES7, IF_ADMIN };

enum profile_state { /* EIS state of SGP.02; the card's life-cycle byte beside it */
                     PROFILE_NONE = 0,
                     PROFILE_IN_CREATION, /* between CreateISDP and the card's answer; never shown
                                           */
                     PROFILE_CREATED,     /* 07 or 0F on the card */
                     PROFILE_DISABLED,    /* 1F */
                     PROFILE_ENABLED,     /* 3F */
};

/* Where a card stands in its life at this SM-SR: ours, beside the states of its profiles. Moves and what
 * each refuses: smsr/domain/card_state.c. */
enum card_state {
    CARD_NONE = 0,
    CARD_REGISTERED,  /* its EIS is here; it was never heard */
    CARD_SEEN,        /* heard */
    CARD_QUARANTINED, /* nothing is changed on it until somebody has looked */
    CARD_LOST,        /* it is given nothing more; what is on it may be taken away */
    CARD_RETIRED,     /* for good */
    CARD_TRANSFERRED, /* another SM-SR manages it */
    CARD_STATE_COUNT
};

#define POL2_ENABLE_NOT_ALLOWED  0x01u
#define POL2_DISABLE_NOT_ALLOWED 0x02u
#define POL2_DELETE_NOT_ALLOWED  0x04u
#define POL2_DISABLE_AUTO_DELETE 0x08u

/* An unknown value reads "?". */
const char *exec_status_text(enum exec_status s); /* wire spelling */
const char *verdict_text(enum verdict v);         /* "SUCCESS", "ROLLED_BACK" ... */
enum verdict verdict_parse(struct span s);        /* VERDICT_NONE when unknown; so do all below */
const char *stage_text(enum stage s);
const char *role_text(enum party_role r);   /* "operator", "m2m-sp" ... as in the SAN URI */
enum party_role role_parse(struct span s);  /* ROLE_NONE when unknown */
const char *function_text(enum function f); /* "EnableProfile" */
enum function function_parse(struct span s);
const char *interface_text(enum interface i);         /* "ES4" */
const char *profile_state_text(enum profile_state s); /* "Created" "Disabled" "Enabled" */
enum profile_state profile_state_parse(struct span s);
const char *card_state_text(enum card_state s); /* "REGISTERED" "SEEN" ... */
enum card_state card_state_parse(struct span s);
