# SPDX-License-Identifier: Apache-2.0
"""4.3, the platform's functions: of each the nominal call and each status that the facts list for it (sgp02 2.2)."""
from suite import (BENT_EID, BOOT, DISABLED, EID, ELSEWHERE, ENABLED, FLEETING, FRESH, ICCID, KEPT, NEXT_ICCID,
                   NOTHING_CHANGED, SAME_CALL, SMSR, UNDELETABLE, UNKNOWN_EID, UNKNOWN_ICCID,
                   answered, call, case, done, eis_says, malformed, refused, same_answers, shows_profiles, with_fields,
                   without)

OTHER_SMSR = "1.3.6.1.4.1.99999.999"
NUMBER = "491739999999"
ADDRESS = {"Msisdn": NUMBER}
RULE = {"Rule": [{"Subject": "PROFILE", "Action": "DELETE", "Qualification": "Not-Allowed"}]}
NO_RULE = {"Rule": [{"Subject": "PROFILE", "Action": "FORGET", "Qualification": "Not-Allowed"}]}

# function: who may call it, what it needs beside the EID, of which profile, on a card in which state, clause
CALLS = {
    "ES2_GetEIS": ("owner", {"Smsr_id": SMSR}, None, FRESH, "5.3.1"),
    "ES2_EnableProfile": ("owner", {"SmSr_id": SMSR}, "Iccid", DISABLED, "5.3.5"),
    "ES2_DisableProfile": ("owner", {"Smsr_id": SMSR}, "Iccid", ENABLED, "5.3.6"),
    "ES2_DeleteProfile": ("owner", {"Smsr_id": SMSR}, "Iccid", DISABLED, "5.3.7"),
    "ES2_DownloadProfile": ("owner", {"SmSr_id": SMSR, "ProfileType": "meter"}, None, FRESH, "5.3.2"),
    "ES3_GetEIS": ("smdp", {}, None, FRESH, "5.4.1"),
    "ES3_CreateISDP": ("smdp", {"RequiredMemory": 30000, "Mno_id": "owner"}, "new", FRESH, "5.4.3"),
    "ES2_AuditEIS": ("owner", {"Smsr_id": SMSR}, None, DISABLED, "5.3.8"),
    "ES2_UpdatePolicyRules": ("owner", {"Smsr_id": SMSR, "pol2": RULE}, "Iccid", DISABLED, "5.3.3"),
    "ES2_UpdateSubscriptionAddress": ("owner", {"Smsr_id": SMSR, "newSubscriptionAddress": ADDRESS}, "Iccid", DISABLED, "5.3.4"),
    "ES3_AuditEIS": ("smdp", {}, None, DISABLED, "5.4.2"),
    "ES3_UpdatePolicyRules": ("smdp", {"pol2": RULE}, "Iccid", DISABLED, "5.4.6"),
    "ES3_UpdateSubscriptionAddress": ("smdp", {"newSubscriptionAddress": ADDRESS}, "Iccid", DISABLED, "5.4.7"),
    "ES3_EnableProfile": ("smdp", {}, "Iccid", DISABLED, "5.4.8"),
    "ES3_DisableProfile": ("smdp", {}, "Iccid", ENABLED, "5.4.9"),
    "ES3_DeleteISDP": ("smdp", {}, "Iccid", DISABLED, "5.4.10"),
    "ES4_GetEIS": ("sp", {}, None, FRESH, "5.5.1"),
    "ES4_AuditEIS": ("sp", {}, None, FRESH, "5.5.2"),
    "ES4_EnableProfile": ("sp", {}, "Iccid", DISABLED, "5.5.5"),
    "ES4_DisableProfile": ("sp", {}, "Iccid", ENABLED, "5.5.6"),
    "ES4_DeleteProfile": ("sp", {}, "Iccid", DISABLED, "5.5.7"),
    "ES4_UpdatePolicyRules": ("owner", {"pol2": RULE}, "Iccid", DISABLED, "5.5.3"),
    "ES4_UpdateSubscriptionAddress": ("owner", {"newSubscriptionAddress": ADDRESS}, "Iccid", DISABLED, "5.5.4"),
}
AFTERWARDS = {"EnableProfile": eis_says("Enabled"), "DisableProfile": eis_says("Disabled"), "DeleteProfile": eis_says(None),
              "DeleteISDP": eis_says(None)}
READS = ("GetEIS",)          # asked twice it is answered twice
FROM_OWNER = {f: {"party": "owner"} if f.startswith("ES4") else {} for f in CALLS}      # a fleet manager owns no profile
NAMES_PROFILE = ("EnableProfile", "DisableProfile", "DeleteProfile", "DeleteISDP", "UpdatePolicyRules",
               "UpdateSubscriptionAddress")


def area(function):
    return function.replace("_", "-", 1)


def step(function, **more):
    """The nominal call; more replaces what is wrong this time, None takes it away."""
    party, needs, iccid, _, _ = CALLS[function]
    fields = {"Eid": EID, **needs}
    if iccid == "Iccid":
        fields["Iccid"] = ICCID
    elif iccid == "new":
        fields["Iccid"], fields["Mno_id"] = NEXT_ICCID, lambda scene: scene.pair.oid("owner")
    party, mno = more.pop("party", party), "owner" if function.startswith("ES3") else None
    fields = {name: value for name, value in {**fields, **more}.items() if value is not None}
    return call(party, function, mno, **fields)


def of_each_function():
    for function, (_, _, iccid, given, clause) in CALLS.items():
        name = function.split("_", 1)[1]
        clause = f"SGP.02 {clause}"
        case(area(function), "nominal", clause, given, step(function), (done, AFTERWARDS.get(name, done)))
        case(area(function), "8.1.1-3.9 EID unknown", clause, given, step(function, Eid=UNKNOWN_EID), refused("8.1.1-3.9"))
        case(area(function), "an EID with a wrong check digit is no EID", clause, given, step(function, Eid=BENT_EID),
             malformed("Eid"))
        if name not in READS:
            case(area(function), "1.6-3.3 identifier of another call", clause, given,
                 (step(function, FunctionCallIdentifier=SAME_CALL, Eid=UNKNOWN_EID),
                  step(function, FunctionCallIdentifier=SAME_CALL)), refused("1.6-3.3"))
        if name in NAMES_PROFILE:
            case(area(function), "8.2.1-3.9 ICCID unknown", clause, given, step(function, Iccid=UNKNOWN_ICCID),
                 refused("8.2.1-3.9"))
        if function.startswith("ES2"):
            smsr = "SmSr_id" if name in ("EnableProfile", "DownloadProfile") else "Smsr_id"
            case(area(function), "8.7-3.9 SM-SR unknown", clause, given, step(function, **{smsr: OTHER_SMSR}),
                 refused("8.7-3.9"))


of_each_function()

# --- the same call again ---
for f in ("ES4_EnableProfile", "ES3_EnableProfile", "ES2_EnableProfile"):
    case(area(f), "the same call again has the same answer", "design 3.2", DISABLED,
         (step(f, FunctionCallIdentifier=SAME_CALL), step(f, FunctionCallIdentifier=SAME_CALL)),
         (done, same_answers, eis_says("Enabled")))

# --- states, owners ---
for f in ("ES2_EnableProfile", "ES3_EnableProfile", "ES4_EnableProfile"):
    case(area(f), "8.2-3.5 enabled already", "facts 4.3", ENABLED, step(f), refused("8.2-3.5"))
case("ES2-EnableProfile", "8.2.1-3.9 profile of another operator", "facts 4.3", DISABLED,
     step("ES2_EnableProfile", Iccid=BOOT), refused("8.2.1-3.9"))
case("ES3-EnableProfile", "8.2.1-3.9 profile of another operator", "facts 4.3", DISABLED,
     step("ES3_EnableProfile", Iccid=BOOT), refused("8.2.1-3.9"))
case("ES4-EnableProfile", "8.2.1-1.2 without the owner's authorisation", "facts 4.3", DISABLED,
     step("ES4_EnableProfile", Iccid=BOOT), refused("8.2.1-1.2"))
for f in ("ES2_DisableProfile", "ES3_DisableProfile", "ES4_DisableProfile"):
    case(area(f), "8.2-3.5 disabled already", "facts 4.3", DISABLED, step(f), refused("8.2-3.5"))
for f in ("ES3_EnableProfile", "ES3_DisableProfile", "ES3_DeleteISDP", "ES4_EnableProfile"):
    case(area(f), "8.2.1-3.4 profile on another card", "facts 2.2", FRESH, step(f, **FROM_OWNER[f], Iccid=ELSEWHERE),
         refused("8.2.1-3.4"))
for f in ("ES2_DeleteProfile", "ES3_DeleteISDP", "ES4_DeleteProfile"):
    case(area(f), "8.2-3.5 still enabled", "facts 4.3", ENABLED, step(f), refused("8.2-3.5"))
case("ES4-DisableProfile", "8.1-3.8 the fall-back profile", "facts 4.3", FRESH,
     call("other", "ES4_DisableProfile", Eid=EID, Iccid=BOOT), refused("8.1-3.8"))
case("ES4-DeleteProfile", "8.2-3.8 the fall-back profile", "facts 4.3", FRESH,
     call("other", "ES4_DeleteProfile", Eid=EID, Iccid=BOOT), refused("8.2-3.8"))
case("ES4-AuditEIS", "8.2-1.2 a listed ICCID of somebody else", "SGP.02 5.5.2", DISABLED,
     call("owner", "ES4_AuditEIS", Eid=EID, Iccid=lambda scene: [scene.boot]), refused("8.2-1.2"))

# --- POL2 ---
for rule, f, given, code in (("ENABLE", "EnableProfile", DISABLED, "8.2.3-3.8"), ("DISABLE", "DisableProfile", ENABLED, "8.2.3-3.8"),
                             ("DELETE", "DeleteProfile", DISABLED, "8.2.3-3.8")):
    POL2 = {"Rule": [{"Subject": "PROFILE", "Action": rule, "Qualification": "Not-Allowed"}]}
    state = "Enabled" if given == ENABLED else "Disabled"
    for interface in ("ES2", "ES4"):
        case(f"{interface}-{f}", f"8.2.3-3.8 POL2 {rule} not allowed", "facts 4.3", given,
             (step("ES4_UpdatePolicyRules", pol2=POL2), step(f"{interface}_{f}")), (answered(f"FAILED {code}"), eis_says(state)))
case("ES4-DisableProfile", "POL2 auto-delete", "facts 4.3", ENABLED,
     (step("ES4_UpdatePolicyRules",
           pol2={"Rule": [{"Subject": "PROFILE", "Action": "DISABLE", "Qualification": "Auto-Delete"}]}),
      step("ES4_DisableProfile")), (done, eis_says(None)))
for f in ("ES2_UpdatePolicyRules", "ES3_UpdatePolicyRules", "ES4_UpdatePolicyRules"):
    case(area(f), "8.2.3-2.1 rule unknown", "facts 2.2", DISABLED, step(f, pol2=NO_RULE), refused("8.2.3-2.1"))
case("ES4-UpdatePolicyRules", "1.2-1.2 only by an operator", "SGP.02 5.5.3", DISABLED,
     step("ES4_UpdatePolicyRules", party="sp"), refused("1.2-1.2"))
case("ES4-UpdateSubscriptionAddress", "8.2.6-1.2 only by the owner", "SGP.02 5.5.4", DISABLED,
     step("ES4_UpdateSubscriptionAddress", party="sp"), refused("8.2.6-1.2"))

# --- POL1: the card refuses, or deletes by itself ---
for f in ("ES2_DisableProfile", "ES3_DisableProfile", "ES4_DisableProfile"):
    case(area(f), "8.2.2-3.8 POL1 disabling not allowed", "facts 4.2", KEPT, step(f),
         (answered("FAILED 8.2.2-3.8"), eis_says("Enabled")))
case("ES4-EnableProfile", "8.2.2-3.8 POL1 of the enabled one", "facts 4.3", KEPT,
     call("other", "ES4_EnableProfile", Eid=EID, Iccid=BOOT), (answered("FAILED 8.2.2-3.8"), eis_says("Enabled")))
case("ES4-DeleteProfile", "8.2.2-3.8 POL1 deletion not allowed", "facts 4.2", UNDELETABLE, step("ES4_DeleteProfile"),
     (answered("FAILED 8.2.2-3.8"), eis_says("Disabled")))
case("ES4-DisableProfile", "POL1 auto-delete", "facts 4.3", FLEETING, step("ES4_DisableProfile"), (done, eis_says(None)))

# --- what only some functions know ---
case("ES3-CreateISDP", "8.2.1-3.3 ICCID allocated already", "SGP.02 5.4.3", DISABLED,
     step("ES3_CreateISDP", Iccid=ICCID), refused("8.2.1-3.3"))
case("ES3-CreateISDP", "8.1-4.8 more memory than the card has", "SGP.02 5.4.3", FRESH,
     step("ES3_CreateISDP", RequiredMemory=2_000_000_000, Iccid=UNKNOWN_ICCID), refused("8.1-4.8"))
case("ES3-SendData", "8.3.1-3.9 security domain unknown", "SGP.02 5.4.4", FRESH,
     call("smdp", "ES3_SendData", "owner", Eid=EID, Sd_aid=bytes.fromhex("A0000005591010FFFFFFFF890000FF00"),
          Data=bytes.fromhex("80CA00E000")), refused("8.3.1-3.9"))
case("ES3-ProfileDownloadCompleted", "8.2.1-3.9 ICCID unknown", "SGP.02 5.4.5", FRESH,
     call("smdp", "ES3_ProfileDownloadCompleted", "owner", Eid=EID, Iccid=UNKNOWN_ICCID), refused("8.2.1-3.9"))
case("ES3-ProfileDownloadCompleted", "8.2-3.5 completed before", "SGP.02 5.4.5", DISABLED,
     call("smdp", "ES3_ProfileDownloadCompleted", "owner", Eid=EID, Iccid=ICCID), refused("8.2-3.5"))
case("ES2-DownloadProfile", "8.2.1-3.9 ICCID unknown", "SGP.02 5.3.2", FRESH,
     step("ES2_DownloadProfile", Iccid=UNKNOWN_ICCID, ProfileType=None), refused("8.2.1-3.9"))
case("ES2-DownloadProfile", "8.2.5-3.9 profile type unknown", "SGP.02 5.3.2", FRESH,
     step("ES2_DownloadProfile", ProfileType="nothing like it"), refused("8.2.5-3.9"))
case("ES4-AuditEIS", "8.6-1.2 an operator without a profile on the card", "SGP.02 5.5.2", FRESH,
     call("owner", "ES4_AuditEIS", Eid=EID, Iccid=lambda scene: [scene.boot]), refused("8.6-1.2"))

# --- visibility (facts 3.4) ---
case("ES4-GetEIS", "the operator sees its own profiles alone", "annex E", DISABLED, step("ES4_GetEIS", party="owner"),
     (done, shows_profiles(ICCID), without("Isd_p_loadfile_aid", "Isd_p_module_aid", "Ecasd", "LastAuditDate"),
      NOTHING_CHANGED))
case("ES4-GetEIS", "the other operator, too", "annex E", DISABLED, step("ES4_GetEIS", party="other"),
     (done, shows_profiles(BOOT), NOTHING_CHANGED))
case("ES3-GetEIS", "the SM-DP sees what it needs", "annex E", FRESH, step("ES3_GetEIS"),
     (done, with_fields("RemainingMemory", "EuiccCapabilities"), without("LastAuditDate", "Keyset"), NOTHING_CHANGED))
for f in ("ES4_GetEIS", "ES4_AuditEIS", "ES4_EnableProfile", "ES4_DisableProfile", "ES4_DeleteProfile"):
    extra = {"Iccid": ICCID} if f.endswith("Profile") else {}
    case(area(f), "a stranger hears what an unknown EID says", "design law 8", DISABLED, call("stranger", f, Eid=EID, **extra),
         refused("8.1.1-3.9"))
