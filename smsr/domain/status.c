/* SPDX-License-Identifier: Apache-2.0 */
/* Subjects and reasons: facts sgp02 section 2; where the published lists give no number for a case, the
 * nearest reason was chosen here and nowhere else (marked "chosen"). */
#include "smsr/domain/status.h"

const struct status_row STATUS[ST_CODE_COUNT] = {
    [ST_EID_UNKNOWN] = {{"8.1.1", "3.9"}, "EID unknown", "never registered here, or not yours to see",
                        "smctl eis list"},
    [ST_EID_EXISTS] = {{"8.1.1", "3.3"}, "EID is registered already",
                       "the same EIS was delivered twice", "smctl eis show EID"},
    [ST_EID_CHECK] = {{"8.1.1", "2.1"}, "EID fails its check digits (whole number mod 97 is not 1)",
                      "mistyped, or a lab card", "correct it, or allow lab cards: limits.allow_lab_eids"},
    [ST_EIS_NOT_ALLOWED] = {{"8.6", "1.2"}, "requester may not manage this EIS",
                            "no relation to the card or its profiles", "check tenants, plma and parties"},
    [ST_EIS_FORMAT] = {{"8.6", "2.1"}, "EIS is not well formed", "damaged or truncated file",
                       "ask the EUM for the file again"},
    [ST_EIS_KEY] = {{"8.6", "6.1"}, "a key of the EIS does not open or its check value differs",
                    "wrong transport key, clear key or damaged file",
                    "compare the transport key id and its check value with the EUM"},
    [ST_EUM_CERTIFICATE] = {{"8.5.1", "6.1"}, "EUM certificate does not chain to a known CI",
                            "CI root missing, or another CI", "add the root to gsma.ci"},
    [ST_EUM_EXPIRED] = {{"8.5.1", "6.3"}, "EUM certificate is expired or not yet valid",
                        "old file, or wrong clock", "ask the EUM for a new file; check the clock"},
    [ST_EIS_SIGNATURE] = {{"8.6", "6.2"}, "EUM signature does not fit the signed part",
                          "the file was changed after signing", "ask the EUM for the file again"},
    [ST_ECASD_CERTIFICATE] = {{"8.5.2", "6.1"}, "ECASD certificate was not issued by this EUM for this EID",
                              "mixed-up file", "ask the EUM for the file again"},
    [ST_ECASD_EXPIRED] = {{"8.5.2", "6.3"}, "ECASD certificate is expired", "old card", "replace the card"},
    [ST_AUDIT_DENIED] = {{"8.2", "1.2"}, "a listed ICCID is not the requester's on this card",
                         "another owner's profile, or none", "list your own profiles, or none"},
    [ST_SMSR_OTHER] = {{"8.7", "3.4"}, "EIS names another SM-SR", "sent to the wrong SM-SR",
                       "register it there, or ask for an SM-SR change"},
    [ST_REALM_NONE] = {{"8.1.1", "3.10"}, "EID lies in no tenant's range", "tenants.eid_ranges lacks it",
                       "add the range, then import again"},       /* chosen: invalid association */
    [ST_ICCID_UNKNOWN] = {{"8.2.1", "3.9"}, "ICCID unknown on this card", "never created, or deleted",
                          "smctl eis show EID"},
    [ST_ICCID_IN_USE] = {{"8.2.1", "3.3"}, "ICCID is allocated already", "a second order for one profile",
                         "smctl operation list"},
    [ST_ICCID_ELSEWHERE] = {{"8.2.1", "3.4"}, "ICCID is on another card", "wrong EID in the call",
                            "smctl profile list"},
    [ST_ICCID_NOT_ALLOWED] = {{"8.2.1", "1.2"}, "requester may not operate this profile",
                              "not the owner and no authorisation for this function",
                              "ask the owner for a PLMA"},
    [ST_PROFILE_STATE] = {{"8.2", "3.5"}, "profile is not in the state this function needs",
                          "already enabled, not enabled, or not installed yet",
                          "smctl eis show EID"},                   /* chosen: invalid transition */
    [ST_PROFILE_FALLBACK] = {{"8.2", "3.8"}, "profile holds the fall-back attribute",
                             "it must stay on the card", "move the fall-back attribute first"},
    [ST_DISABLE_FALLBACK] = {{"8.1", "3.8"}, "the fall-back profile cannot be disabled", "it is the last resort",
                             "enable another profile instead"},
    [ST_POL1] = {{"8.2.2", "3.8"}, "the card refused: POL1", "policy inside the profile",
                 "ask the owner to update POL1 by its own OTA"},
    [ST_POL2] = {{"8.2.3", "3.8"}, "refused: POL2", "policy rule in the EIS", "smctl eis show EID"},
    [ST_POL2_INVALID] = {{"8.2.3", "2.1"}, "POL2 rule not known", "subject, action or qualification misspelt",
                         "use PROFILE; ENABLE, DISABLE, DELETE; Not-Allowed, Auto-Delete"},
    [ST_ADDRESS_MISSING] = {{"8.2.6", "3.7"}, "profile has no subscription address",
                            "the card could not be reached after the switch",
                            "smctl profile address EID ICCID MSISDN"},
    [ST_ROUTE_MISSING] = {{"8.2.6", "3.10"}, "no route to the profile's network", "routes lacks its owner",
                          "add a route for the owner and profile type"},
    [ST_ADDRESS_NOT_ALLOWED] = {{"8.2.6", "1.2"}, "requester may not change this address", "not the owner",
                                "ask the owner"},
    [ST_MEMORY] = {{"8.1", "4.8"}, "not enough memory on the card", "too many or too large profiles",
                   "delete a profile, then smctl audit EID"},
    [ST_ORPHAN] = {{"8.4", "4.2"}, "an unfinished ISD-P stands on the card: delete it first",
                   "an earlier download broke off", "delete it first"},
    [ST_SD_AID_UNKNOWN] = {{"8.3.1", "3.9"}, "security domain unknown on this card", "wrong SD-AID",
                           "smctl eis show EID"},
    [ST_SD_EXECUTION] = {{"8.3", "4.2"}, "the security domain answered with an error, or its session was lost",
                         "see the response data", "smctl explain OPERATION"},
    [ST_ISDR_EXECUTION] = {{"8.4", "4.2"}, "the ISD-R answered with an error", "see the response data",
                           "smctl explain OPERATION"},
    [ST_ROLLED_BACK] = {{"8.4", "4.2"}, "the card went back to its former profile",
                        "no network for the new profile, or no confirmation in time",
                        "check coverage and the subscription, then try again"},
    [ST_FALLEN_BACK] = {{"8.4", "4.2"}, "the card fell back", "no network on the former profile either",
                        "smctl audit EID"},
    [ST_NO_BEARER] = {{"8.1", "3.1"}, "the card or its route has no HTTPS bearer", "capability or route",
                      "check the EIS capabilities and routes"},
    [ST_BUSY] = {{"1.2", "4.4"}, "too many operations wait for this card", "earlier calls are not done",
                 "smctl operation list --eid EID"},
    [ST_RATE] = {{"1.2", "4.4"}, "too many operations on this card within an hour", "a loop in a client?",
                 "wait, or raise limits.effects_per_hour"},
    [ST_BREAKER] = {{"1.2", "4.4"}, "the card rolled back repeatedly; held", "no coverage for the new profile",
                    "find the cause, then wait until the 24 hours are over"},
    [ST_FUNCTION_DENIED] = {{"1.2", "1.2"}, "this role may not call this function", "wrong certificate",
                            "use the context of the right party"},
    [ST_CALL_REUSED] = {{"1.6", "3.3"}, "FunctionCallIdentifier was used for another request",
                        "identifiers must be unique", "use a new identifier"},
    [ST_FORMAT] = {{"1.6", "2.1"}, "request is not well formed", "a field is missing or malformed",
                   "see the message"},
    [ST_VALIDITY_TOO_LONG] = {{"1.6", "3.8"}, "validity period is longer than this SM-SR accepts",
                              "see AcceptableValidityPeriod", "ask for a shorter one"},
    [ST_CANCELLED] = {{"1.6", "3.8"}, "cancelled before anything was sent", "asked for", ""},
    [ST_EXPIRED_UNSENT] = {{"1.6", "5.3"}, "validity period ended before anything was sent",
                           "the card waited behind other operations or could not be addressed",
                           "safe to ask again"},
    [ST_EXPIRED_SENT] = {{"1.6", "5.4"}, "sent, but the card did not answer in time",
                         "card asleep, out of coverage, or its answer was lost",
                         "do not ask again: the verdict follows; smctl operation show"},
    [ST_STORAGE] = {{"1.2", "4.4"}, "no room for new work", "disk nearly full", "free space"},
};

const struct status_row *status_find(const struct gsma_code *code)
{
    for (unsigned i = 1; i < ST_CODE_COUNT; i++)
        if (!strcmp(STATUS[i].code.subject, code->subject) &&
            !strcmp(STATUS[i].code.reason, code->reason))
            return &STATUS[i];
    return NULL;
}

struct exec_answer status_answer(enum status_code code)
{
    struct exec_answer a;

    memset(&a, 0, sizeof a);
    if (code == ST_OK) {
        a.status = EXEC_SUCCESS;
        return a;
    }
    a.status = code == ST_EXPIRED_UNSENT || code == ST_EXPIRED_SENT ? EXEC_EXPIRED : EXEC_FAILED;
    a.code = STATUS[code].code;
    a.message = span_str(STATUS[code].meaning);
    return a;
}
