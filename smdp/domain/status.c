/* SPDX-License-Identifier: Apache-2.0 */
/* The catalogue of our own answers. */
#include "smdp/domain/status.h"

static const struct dp_status_row ROWS[DP_ST_COUNT] = {
    [DP_ST_OK] = {{"", ""}, "done", "", ""},
    [DP_ST_EID_UNKNOWN] = {{"8.1.1", "3.9"},
                           "this eUICC is not known",
                           "wrong EID, or its digits do not check",
                           "check the EID on the card's label"},
    [DP_ST_SMSR_UNKNOWN] = {{"8.7", "3.9"},
                            "no such SM-SR is configured",
                            "the Smsr-id is wrong or missing in the configuration",
                            "add it under smsr: and restart"},
    [DP_ST_SMSR_INACCESSIBLE] = {{"8.7", "5.1"},
                                 "the SM-SR does not answer",
                                 "network, certificate or the SM-SR is down",
                                 "smctl status --via smdp"},
    [DP_ST_ICCID_UNKNOWN] = {{"8.2.1", "3.9"},
                             "no such profile is in stock",
                             "the ICCID was not imported for this operator",
                             "smctl profile import --type T CSV"},
    [DP_ST_ICCID_FOREIGN] = {{"8.2.1", "1.2"},
                             "this ICCID is outside the caller's ranges",
                             "the party's iccid prefixes do not cover it",
                             "check iccid: of the party"},
    [DP_ST_ICCID_IN_USE] = {{"8.2.1", "3.3"},
                            "this profile is already used",
                            "it is reserved by a running order or stands on a card",
                            "smctl profile list --state Reserved, or --state Installed"},
    [DP_ST_TYPE_UNKNOWN] = {{"8.2.5", "3.9"},
                            "no such profile type is known",
                            "no template of that name, or no subscription of it was ever imported",
                            "smctl profile template add --type T FILE, then "
                            "smctl profile import --type T CSV"},
    [DP_ST_TYPE_EMPTY] = {{"8.2.5", "3.7"},
                          "no profile of this type is left in stock",
                          "every imported subscription is used",
                          "smctl profile import --type T CSV"},
    [DP_ST_TYPE_EXISTS] = {{"8.2.5", "3.3"},
                           "a template of this name exists with other contents",
                           "templates are never replaced",
                           "choose a new name"},
    [DP_ST_TYPE_REFUSED] = {{"8.2.5", "3.8"},
                            "the profile package breaks a rule",
                            "the lint rule named in the message",
                            "change the template"},
    [DP_ST_SUBSCRIPTION_REFUSED] = {{"8.2.1", "3.8"},
                                    "the subscription of this profile breaks a rule",
                                    "the lint rule named in the message",
                                    "import a subscription that keeps it and order that one"},
    [DP_ST_SUBSCRIPTION_WARNED] = {{"8.2.1", "2.1"},
                                   "the subscription of this profile is unusual",
                                   "the lint rule named in the message",
                                   "compare it with what the operator ordered; it is installed"},
    [DP_ST_NO_PROFILE_NAMED] = {{"8.2.5", "2.3"},
                                "neither profile type nor ICCID is given",
                                "one of the two names the profile",
                                "give --type or --iccid"},
    [DP_ST_TYPE_MISMATCH] = {{"8.2.5", "3.12"},
                             "the profile is not of the type given",
                             "type and ICCID contradict each other",
                             "leave one of them out"},
    [DP_ST_ECASD_INVALID] = {{"8.5.2", "6.1"},
                             "the card's certificate does not verify",
                             "another CI, a damaged EIS, or a certificate of another card",
                             "check gsma.ci and the EIS"},
    [DP_ST_ECASD_EXPIRED] = {{"8.5.2", "6.3"},
                             "the card's certificate is not valid now",
                             "its dates, or the clock of this machine",
                             "check both"},
    [DP_ST_ECASD_CURVE] = {{"8.5.2", "3.1"},
                           "no certificate of ours is on the card's curve",
                           "the card speaks another curve",
                           "add a pair under gsma.certs"},
    [DP_ST_MEMORY] = {{"8.1", "4.8"},
                      "the card has too little memory for this profile",
                      "its last audit reported less than the package needs",
                      "delete a profile or audit"},
    [DP_ST_VALIDITY] = {{"1.6", "3.8"},
                        "the validity period is longer than accepted",
                        "it is above AcceptableValidityPeriod",
                        "ask for a shorter one"},
    [DP_ST_EXPIRED] = {{"1.6", "5.3"},
                       "the validity period ended before anything was sent to the card",
                       "the card or the SM-SR did not come into reach in time",
                       "order again"},
    [DP_ST_IN_DOUBT] = {{"1.6", "5.4"},
                        "the validity period ended and the outcome is not known yet",
                        "the clean-up of the card is still running",
                        "wait for OperationConcluded"},
    [DP_ST_BUSY] = {{"1.2", "4.4"},
                    "this cannot be done at the moment",
                    "memory, a file or a place for it was not to be had",
                    "try again later; the log of the SM-DP says what fails for longer"},
    [DP_ST_ORDERS_FULL] = {{"1.2", "4.4"},
                           "too many orders are running",
                           "the limit orders: is reached",
                           "try again later"},
    [DP_ST_DISK_FULL] = {{"1.2", "4.4"},
                         "no new orders are taken: the disk is nearly full",
                         "free space is below the reserve",
                         "make room"},
    [DP_ST_CALL_REUSED] = {{"1.6", "3.3"},
                           "this FunctionCallIdentifier was used for another request",
                           "identifiers are unique for ever",
                           "use a new one"},
    [DP_ST_NOT_ALLOWED] = {{"1.6", "1.2"},
                           "this party may not call this function",
                           "the role of the certificate",
                           "speak as a party of the right role: --as NAME"},
    [DP_ST_REQUEST_INVALID] = {{"1.6", "2.1"},
                               "the request is not valid",
                               "what the sentence names is missing, malformed or refused",
                               "mend it and ask again"},
    [DP_ST_CARD] = {{"8.3", "4.2"},
                    "the card's answer is not what the procedure needs",
                    "the ISD-P refused, or another party answered",
                    "smctl explain OPERATION --via smdp"},
    [DP_ST_ROLLED_BACK] = {{"8.4", "4.2"},
                           "the card went back to its former profile",
                           "no network for the new profile, or no confirmation in time",
                           "check coverage and the subscription, then enable it again"},
    [DP_ST_ICCID_STANDS] = {{"8.2.1", "3.3"},
                            "the SM-SR knows this ICCID on a card already; it stays reserved here",
                            "it was installed by another SM-DP, or before this stock was restored",
                            "smctl profile list --state Reserved; order another profile"},
    [DP_ST_ICCID_DELETED] = {{"8.2.1", "3.3"},
                             "this profile is deleted and cannot be used again",
                             "its keys were wiped when it was installed; its ICCID is never reused",
                             "push another one: smctl profile list --state Available"},
    [DP_ST_POL2_INVALID] = {{"8.2.3", "2.1"},
                            "POL2 rule not known",
                            "subject, action or qualification misspelt",
                            "use PROFILE; ENABLE, DISABLE, DELETE; Not-Allowed, Auto-Delete"},
    [DP_ST_FEATURE] = {{"8.1", "3.1"},
                       "the card does not support what the profile demands",
                       "a mandatory service of the package against the EIS, or the list under "
                       "platforms:",
                       "smctl profile inspect FILE, and smctl eis show EID"},
    [DP_ST_EID_DENIED] = {{"8.1.1", "1.2"},
                          "no profile goes to this eUICC",
                          "it falls in a range under denied_eids:",
                          "ask whoever set the range; it is for cards that are known to be broken "
                          "into"},
    [DP_ST_SECRET] = {{"8.2.1", "3.7"},
                      "the subscription's key material is not available",
                      "it was wiped after an earlier installation, or does not open under this key",
                      "smctl profile import --type T CSV"},
};

const struct dp_status_row *dp_status_row(enum dp_status id)
{
    return &ROWS[(unsigned)id < DP_ST_COUNT ? id : DP_ST_OK];
}

struct exec_answer dp_status_answer(enum dp_status id, const char *message)
{
    const struct dp_status_row *row = dp_status_row(id);
    struct exec_answer x = {.code = row->code};

    if (id == DP_ST_OK) {
        x.status = EXEC_SUCCESS;
        return x;
    }
    x.status = id == DP_ST_EXPIRED || id == DP_ST_IN_DOUBT ? EXEC_EXPIRED : EXEC_FAILED;
    x.message = span_str(message ? message : row->message);
    return x;
}

bool dp_code_is(const struct gsma_code *c, const char *subject, const char *reason)
{
    return strcmp(c->subject, subject) == 0 && strcmp(c->reason, reason) == 0;
}

void dp_text_put(char *dst, size_t cap, const char *s)
{
    size_t n = strnlen(s, cap - 1);

    memcpy(dst, s, n);
    dst[n] = '\0';
}
