/* SPDX-License-Identifier: Apache-2.0 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "test/support/published.h"

#include <stdio.h>
#include <string.h>

/* Choices, with the rows they are about. */
#define FOREIGN "to an SM-DP and an owner a profile of others is unknown (8.2.1-3.9), not forbidden"
#define TYPES   "a type of others is unknown (8.2.5-3.9), not forbidden"
#define AIDS    "ISD-P AIDs are given out for each card: the same one stands on many"

#define R(f, s, r)     {f, s, r, NULL}
#define N(f, s, r, why) {f, s, r, why}
#define EID(f)         R(f, "8.1.1", "3.9")
#define ICCID(f)       R(f, "8.2.1", "3.9"), R(f, "8.2.1", "3.4")
#define LATE(f)        R(f, "1.6", "5.3"), R(f, "1.2", "4.4")
#define SWITCH(f)                                                                                  \
    EID(f), ICCID(f), R(f, "8.2.2", "3.8"), R(f, "8.2.3", "3.8"), R(f, "8.4", "4.2"), LATE(f)
#define POLICY_RULES(f) EID(f), ICCID(f), R(f, "8.2.3", "2.1")
#define ADDRESS(f)     EID(f), R(f, "8.2.1", "3.9")
#define AUDIT(f)                                                                                   \
    EID(f), R(f, "8.6", "1.2"), R(f, "8.2", "1.2"), R(f, "1.6", "5.4"), LATE(f)
#define SMSR(f)        R(f, "8.7", "3.9")

const struct published_row PUBLISHED[] = {
    EID("ES1-UpdateEISAdditionalProperties"),

    EID("ES2-GetEIS"), SMSR("ES2-GetEIS"),
    EID("ES2-DownloadProfile"), SMSR("ES2-DownloadProfile"),
    R("ES2-DownloadProfile", "8.2.1", "3.9"), R("ES2-DownloadProfile", "8.2.1", "1.2"),
    R("ES2-DownloadProfile", "8.2.5", "3.9"), N("ES2-DownloadProfile", "8.2.5", "1.2", TYPES),
    R("ES2-DownloadProfile", "8.4", "4.2"), LATE("ES2-DownloadProfile"),
    SMSR("ES2-UpdatePolicyRules"), POLICY_RULES("ES2-UpdatePolicyRules"),
    SMSR("ES2-UpdateSubscriptionAddress"), ADDRESS("ES2-UpdateSubscriptionAddress"),
    SMSR("ES2-EnableProfile"), SWITCH("ES2-EnableProfile"), R("ES2-EnableProfile", "8.2.1", "1.2"),
    SMSR("ES2-DisableProfile"), SWITCH("ES2-DisableProfile"), R("ES2-DisableProfile", "8.2.1", "1.2"),
    R("ES2-DisableProfile", "8.1", "3.8"),
    SMSR("ES2-DeleteProfile"), SWITCH("ES2-DeleteProfile"), R("ES2-DeleteProfile", "8.2.1", "1.2"),
    SMSR("ES2-AuditEIS"), AUDIT("ES2-AuditEIS"),
    SMSR("ES2-SetFallBackAttribute"), EID("ES2-SetFallBackAttribute"),
    SMSR("ES2-SetEmergencyProfileAttribute"), EID("ES2-SetEmergencyProfileAttribute"),

    EID("ES3-GetEIS"),
    AUDIT("ES3-AuditEIS"),
    EID("ES3-CreateISDP"), R("ES3-CreateISDP", "8.2.1", "3.3"), R("ES3-CreateISDP", "8.1", "4.8"),
    R("ES3-CreateISDP", "8.4", "4.2"), LATE("ES3-CreateISDP"),
    EID("ES3-SendData"), R("ES3-SendData", "8.3.1", "3.9"), N("ES3-SendData", "8.3.1", "3.4", AIDS),
    R("ES3-SendData", "8.3", "4.2"), LATE("ES3-SendData"),
    EID("ES3-ProfileDownloadCompleted"), ICCID("ES3-ProfileDownloadCompleted"),
    R("ES3-ProfileDownloadCompleted", "8.2.3", "2.1"),
    POLICY_RULES("ES3-UpdatePolicyRules"),
    ADDRESS("ES3-UpdateSubscriptionAddress"),
    SWITCH("ES3-EnableProfile"), N("ES3-EnableProfile", "8.2.1", "1.2", FOREIGN),
    SWITCH("ES3-DisableProfile"), N("ES3-DisableProfile", "8.2.1", "1.2", FOREIGN),
    R("ES3-DisableProfile", "8.1", "3.8"),
    SWITCH("ES3-DeleteISDP"), N("ES3-DeleteISDP", "8.2.1", "1.2", FOREIGN),
    EID("ES3-UpdateConnectivityParameters"), ICCID("ES3-UpdateConnectivityParameters"),
    R("ES3-UpdateConnectivityParameters", "8.3", "4.2"),

    EID("ES4-GetEIS"), R("ES4-GetEIS", "8.6", "1.2"),
    AUDIT("ES4-AuditEIS"),
    POLICY_RULES("ES4-UpdatePolicyRules"),
    ADDRESS("ES4-UpdateSubscriptionAddress"), R("ES4-UpdateSubscriptionAddress", "8.2.6", "1.2"),
    SWITCH("ES4-EnableProfile"), R("ES4-EnableProfile", "8.2.1", "1.2"),
    SWITCH("ES4-DisableProfile"), R("ES4-DisableProfile", "8.2.1", "1.2"), R("ES4-DisableProfile", "8.1", "3.8"),
    SWITCH("ES4-DeleteProfile"), R("ES4-DeleteProfile", "8.2.1", "1.2"),
    EID("ES3-SetFallBackAttribute"), EID("ES3-SetEmergencyProfileAttribute"),
    EID("ES4-SetFallBackAttribute"), EID("ES4-SetEmergencyProfileAttribute"),
    R("ES4-PrepareSMSRChange", "1.2", "3"),
    EID("ES4-SMSRChange"), R("ES4-SMSRChange", "8.1", "1.2"), R("ES4-SMSRChange", "8.4", "4.2"),
    R("ES4-SMSRChange", "8.5.2", "6.3"),

    R("ES7-AuthenticateSMSR", "8.5.3", "6.3"), EID("ES7-AuthenticateSMSR"),
    EID("ES7-CreateAdditionalKeySet"),
    EID("ES7-HandoverEUICC"),
};
const size_t PUBLISHED_N = sizeof PUBLISHED / sizeof *PUBLISHED;

static bool is_built(const char *function, bool (*built)(enum msg_type request))
{
    char request[80];
    enum msg_type t;

    (void)snprintf(request, sizeof request, "%sRequest", function);
    t = msg_type_parse(span_str(request));
    return t != MSG_NONE && built(t);
}

static const struct provocation *find(const struct published_row *row, const struct provocation *list, size_t n)
{
    const struct provocation *any = NULL;

    for (size_t i = 0; i < n; i++) {
        const struct provocation *p = &list[i];
        if (strcmp(p->subject, row->subject) != 0 || strcmp(p->reason, row->reason) != 0)
            continue;
        if (p->function && !strcmp(p->function, row->function))
            return p;
        if (!p->function)
            any = p;
    }
    return any;
}

static bool ours(const char *const *interfaces, const char *function)
{
    for (; *interfaces; interfaces++)
        if (!strncmp(function, *interfaces, strlen(*interfaces)))
            return true;
    return false;
}

unsigned published_walk(const char *const *interfaces, bool (*built)(enum msg_type request),
                        const struct provocation *list, size_t n)
{
    unsigned done = 0, not_built = 0, otherwise = 0;
    bool used[64] = {false};

    assert_true(n <= sizeof used / sizeof *used);

    for (size_t i = 0; i < PUBLISHED_N; i++) {
        const struct published_row *row = &PUBLISHED[i];
        const struct provocation *p = find(row, list, n);
        if (!ours(interfaces, row->function))
            continue;
        if (!is_built(row->function, built)) {
            if (p && p->function)
                fail_msg("%s is not built, yet %s-%s is provoked", row->function, row->subject, row->reason);
            not_built++;
        } else if (row->otherwise) {
            if (p && p->function)
                fail_msg("%s %s-%s is provoked, although %s", row->function, row->subject, row->reason,
                         row->otherwise);
            otherwise++;
        } else if (!p) {
            fail_msg("%s is built: provoke %s-%s", row->function, row->subject, row->reason);
        } else {
            used[p - list] = true;
            p->run(row);
            done++;
        }
    }
    for (size_t i = 0; i < n; i++)
        if (!used[i])
            fail_msg("%s-%s is provoked, and published for no function that is built", list[i].subject,
                     list[i].reason);
    print_message("%u statuses provoked; %u of functions not built, %u answered otherwise\n", done, not_built,
                  otherwise);
    return done;
}
