/* SPDX-License-Identifier: Apache-2.0 */
/* The verbs: dispatch, usage and help come from this one table. */
#include "tools/smctl/smctl.h"

#define CALLS                                                                                      \
    (OPT_BIT(OPT_CALL_ID) | OPT_BIT(OPT_VALIDITY) | OPT_BIT(OPT_UNTIL_VERDICT) |                   \
     OPT_BIT(OPT_PROGRESS) | OPT_BIT(OPT_EIDS) | OPT_BIT(OPT_OUT) | OPT_BIT(OPT_WINDOW))
#define WAKE (OPT_BIT(OPT_WAKE_DEADLINE) | OPT_BIT(OPT_NEXT_CONTACT))
#define CHANGE                                                                                     \
    (CALLS | WAKE | OPT_BIT(OPT_EID) | OPT_BIT(OPT_ICCID) | OPT_BIT(OPT_VIA) | OPT_BIT(OPT_SMSR_ID))

/* Paragraphs are wrapped by help. */
#define MORE_BULK                                                                                  \
    " A single card is named by --eid, many by --eids FILE. Many calls are in flight at once; a "  \
    "lost connection is taken up again and the same calls are repeated under the same "            \
    "identifiers, which the server answers from its store. What did not succeed gets a line with " \
    "its reason, and the counts sum to the number of lines in the file."

const struct verb VERBS[] = {
    {"help", "[COMMAND]", 0, ARGS_WORDS_MAX, 0, DAEMON_SMSR, "explain a command, or list them",
     NULL, verb_help},
    {"pki init", "DIR", 1, 1,
     OPT_BIT(OPT_PARTY) | OPT_BIT(OPT_NO_DEFAULTS) | OPT_BIT(OPT_DAYS) | OPT_BIT(OPT_BEGUN) |
         OPT_BIT(OPT_SMSR) | OPT_BIT(OPT_SMDP),
     DAEMON_SMSR, "make certificates, keys and contexts of a laboratory",
     "Writes ca/, ci/, a directory for each party, transport.key and smctl.yaml into DIR, which "
     "must be empty or not exist. Parties unless --no-defaults: smsr, smdp, operator-a, "
     "operator-b, fleet, eum, admin, auditor. Roles: eum operator m2m-sp smdp smsr fleet admin "
     "auditor.",
     verb_pki_init},
    {"eis import", "FILE|DIR", 1, 1,
     OPT_BIT(OPT_CALL_ID) | OPT_BIT(OPT_VALIDITY) | OPT_BIT(OPT_PROGRESS) | OPT_BIT(OPT_ORDER) |
         OPT_BIT(OPT_TRANSPORT_KEY) | OPT_BIT(OPT_EUM_CERTIFICATE),
     DAEMON_SMSR, "register the cards of .eis files, or of RegisterEIS as XML (ES1-RegisterEIS, as an EUM)",
     "A damaged file is refused before anything is sent. Each entry is registered whole or not at "
     "all; those registered before count as done before. A refused one gets a line with its "
     "reason. The rows of each file are counted and kept with --order and its SHA-256: smctl eis batches. XML, one EIS or a list, plain or in a zip, is read by "
     "eisimport, a program without keys or connections, which verifies the EUM's signature; a row that it refuses costs "
     "no other.",
     verb_eis_import},
    {"eis show", "EID", 1, 1, OPT_BIT(OPT_VIA) | OPT_BIT(OPT_SMSR_ID), DAEMON_SMSR,
     "what is known of a card, as far as you may see it (ES4-GetEIS; ES2 with --via smdp)", NULL,
     verb_eis_show},
    {"eis list", "", 0, 0,
     OPT_BIT(OPT_STATE) | OPT_BIT(OPT_LIMIT) | OPT_BIT(OPT_ICCID) | OPT_BIT(OPT_IMSI) | OPT_BIT(OPT_MSISDN) |
         OPT_BIT(OPT_MNO) | OPT_BIT(OPT_EID) | OPT_BIT(OPT_BATCH) | OPT_BIT(OPT_NEVER_SEEN) |
         OPT_BIT(OPT_DAYS),
     DAEMON_SMSR, "the cards you may see, or those of them that are searched for",
     "Several options: the cards for which all hold; those about a profile hold of one and the same profile. "
     "What you may not see is not found: an IMSI or a number finds your own profiles only, unless you are of the "
     "house.",
     verb_eis_list},
    {"eis keys rotate", "[EID]", 0, 1,
     (CALLS & ~OPT_BIT(OPT_OUT)) | OPT_BIT(OPT_SESSIONS), DAEMON_SMSR,
     "give a card a new key set in the place of the one in use, and wait",
     "PUT KEY under the old DEK, an answer under the new keys, then DELETE [key]: there is never no key "
     "set that both sides have. Until the card answers under the new one the old one is in use; those of "
     "--sessions are proven by a session that the card opens with them." MORE_BULK,
     verb_eis_keys_rotate},
    {"eis state", "EID STATE", 2, 2, OPT_BIT(OPT_REASON) | OPT_BIT(OPT_CALL_ID), DAEMON_SMSR,
     "put a card into quarantine, or mark it as lost or retired, or take that back",
     "STATE: QUARANTINED: nothing is changed on the card. LOST: no profile is put or enabled on it; disable and "
     "delete are possible. RETIRED: nothing is asked of it any more, for good. SEEN: back to where it was. What "
     "runs goes on to its verdict, and what the card tells is confirmed in every state. REGISTERED becomes SEEN "
     "by itself, when the card is heard first.",
     verb_eis_state},
    {"eis drift", "EID", 1, 1, 0, DAEMON_SMSR,
     "what the EIS says against what the card said last of itself, and what to type about it",
     "Exit code 1 when they differ. smctl audit EID asks the card again.", verb_eis_drift},
    {"eis batches", "", 0, 0, OPT_BIT(OPT_LIMIT), DAEMON_SMSR,
     "files of cards that were imported: order reference, SHA-256, rows",
     "Rows are the sum of those accepted (registered from the file, in whichever run), refused (in the last run) "
     "and known (registered before).",
     verb_eis_batches},
    {"profile push", "", 0, 0,
     CALLS | OPT_BIT(OPT_EID) | OPT_BIT(OPT_ICCID) | OPT_BIT(OPT_TYPE) | OPT_BIT(OPT_ENABLE) |
         OPT_BIT(OPT_SMSR_ID),
     DAEMON_SMDP, "download a profile to a card (ES2-DownloadProfile, as an operator)",
     "The profile is one in stock of --type, or the one of --iccid. Waits for the end; Ctrl-C "
     "leaves the orders running." MORE_BULK,
     verb_profile_push},
    {"profile enable", "", 0, 0, CHANGE, DAEMON_SMSR,
     "enable a profile (ES4-EnableProfile; ES2 with --via smdp)",
     "Lines of --eids: EID ICCID, as profile push --out writes them." MORE_BULK,
     verb_profile_enable},
    {"profile disable", "", 0, 0, CHANGE, DAEMON_SMSR,
     "disable a profile; the fall-back profile takes over (ES4, or ES2 with --via smdp)",
     "Lines of --eids: EID ICCID." MORE_BULK, verb_profile_disable},
    {"profile delete", "", 0, 0, CHANGE, DAEMON_SMSR,
     "delete a disabled profile from a card (ES4, or ES2 with --via smdp)",
     "Lines of --eids: EID ICCID." MORE_BULK, verb_profile_delete},
    {"profile fallback", "", 0, 0, CHANGE, DAEMON_SMSR,
     "give a profile the fall-back attribute (SetFallBackAttribute: ES4, or ES2 with --via smdp)",
     "The card returns to this profile when it loses its network; whoever had the attribute loses it. Lines of "
     "--eids: EID ICCID." MORE_BULK, verb_profile_fallback},
    {"profile emergency", "", 0, 0, CHANGE, DAEMON_SMSR,
     "ask for the emergency attribute (SetEmergencyProfileAttribute: ES4, or ES2 with --via smdp)",
     "Refused by this SM-SR: the command is published nowhere we could read. Lines of --eids: EID ICCID." MORE_BULK,
     verb_profile_emergency},
    {"profile address", "EID ICCID MSISDN", 3, 3,
     OPT_BIT(OPT_IMSI) | OPT_BIT(OPT_CALL_ID) | OPT_BIT(OPT_VALIDITY) | OPT_BIT(OPT_VIA) |
         OPT_BIT(OPT_SMSR_ID),
     DAEMON_SMSR,
     "tell the number by which a profile is reached (UpdateSubscriptionAddress: ES4, or ES2 with --via smdp)",
     NULL, verb_profile_address},
    {"profile policy", "EID ICCID RULES", 3, 3,
     OPT_BIT(OPT_CALL_ID) | OPT_BIT(OPT_VIA) | OPT_BIT(OPT_SMSR_ID), DAEMON_SMSR,
     "set the POL2 of a profile, all of it (UpdatePolicyRules, as its owner: ES4, or ES2 with --via smdp)",
     "RULES: none, or by commas enable-not-allowed, disable-not-allowed, delete-not-allowed, "
     "disable-auto-delete.",
     verb_profile_policy},
    {"profile list", "", 0, 0,
     OPT_BIT(OPT_TYPE) | OPT_BIT(OPT_MNO) | OPT_BIT(OPT_STATE) | OPT_BIT(OPT_LIMIT), DAEMON_SMDP,
     "the stock of the SM-DP: ICCID, state, card", NULL,
     verb_profile_list},
    {"profile stock", "", 0, 0, OPT_BIT(OPT_TYPE) | OPT_BIT(OPT_MNO), DAEMON_SMDP,
     "how many profiles of each type are left, and which types ran low",
     "A threshold stands under low_stock: of the SM-DP. Falling under it is a record, stock.ran-low, "
     "once until the stock was filled up again.",
     verb_profile_stock},
    {"profile replace", "", 0, 0,
     (CALLS & ~(OPT_BIT(OPT_EIDS) | OPT_BIT(OPT_WINDOW))) | OPT_BIT(OPT_OLD_EID) |
         OPT_BIT(OPT_NEW_EID) | OPT_BIT(OPT_ICCID) | OPT_BIT(OPT_ENABLE) | OPT_BIT(OPT_SMSR_ID),
     DAEMON_SMDP, "give another card a profile that takes over the number of one (as an operator)",
     "A profile of the same type is reserved and downloaded to --new-eid; as it completes, the number "
     "of the one that was on --old-eid (--iccid, if there were several) becomes its own, in one "
     "step, at the SM-SR and in the stock. The old one must be deleted, as its SM-SR told, or its "
     "card declared lost by two admins (profile lost). Its ICCID and keys are never used again. A "
     "number that is ported while the card stays is profile address, and no replacement.",
     verb_profile_replace},
    {"profile lost", "EID ICCID", 2, 2, OPT_BIT(OPT_REASON) | OPT_BIT(OPT_CALL_ID), DAEMON_SMDP,
     "declare that the card of a profile is lost; it takes two different admins",
     "Until the second one has said so the profile counts as in use. A card that is heard of in "
     "between takes the first declaration back.",
     verb_profile_lost},
    {"profile inspect", "FILE", 1, 1, 0, DAEMON_SMDP,
     "show a profile package element by element, and what lint says of it; asks no server",
     "Type, identification, place and size of each element; files with ids and sizes, applications "
     "and their security levels, keys by version, identifier and check value. Ki, OPc, PIN, PUK and "
     "ADM codes are only said to be there. Findings are those of commercial cards, and beside them "
     "what a range under test_eids makes of each.",
     verb_profile_inspect},
    {"profile import", "CSV", 1, 1, OPT_BIT(OPT_TYPE) | OPT_BIT(OPT_MNO), DAEMON_SMDP,
     "bring subscriptions of a --type into stock, all rows or none",
     "Columns that must be there: iccid, imsi, k, opc; others: msisdn, acc, ad_mnc_len, smsp, "
     "pin1, puk1, pin2, puk2, adm1, ota_kvn, ota_kic, ota_kid, ota_dek, pol1, profile_type. The "
     "file is checked before anything is sent; errors name row and column, never a value.",
     verb_profile_import},
    {"profile template add", "[FILE]", 0, 1,
     OPT_BIT(OPT_TYPE) | OPT_BIT(OPT_BUILTIN) | OPT_BIT(OPT_SIZE), DAEMON_SMDP,
     "give the SM-DP a profile package that --type is made from", NULL, verb_template_add},
    {"operation show", "OPERATION", 1, 1, OPT_BIT(OPT_VIA), DAEMON_SMSR,
     "answer and verdict of an operation, or of an order with --via smdp", NULL,
     verb_operation_show},
    {"operation list", "", 0, 0,
     OPT_BIT(OPT_VIA) | OPT_BIT(OPT_EID) | OPT_BIT(OPT_VERDICT) | OPT_BIT(OPT_LIVE) |
         OPT_BIT(OPT_LIMIT) | OPT_BIT(OPT_LAST),
     DAEMON_SMSR, "operations or orders you may see, the oldest first", NULL, verb_operation_list},
    {"operation wait", "OPERATION", 1, 1, OPT_BIT(OPT_VIA), DAEMON_SMSR,
     "wait for the verdict; it becomes the exit code", NULL, verb_operation_wait},
    {"explain", "OPERATION", 1, 1, OPT_BIT(OPT_VIA) | OPT_BIT(OPT_WIRE), DAEMON_SMSR,
     "the story of an operation, every packet head and APDU decoded with its clause",
     "Times are from the acceptance on. What went to the card is ciphered in the log; where its "
     "content follows from the record it is built again and shown as such. With --wire values are "
     "whole; segments of profiles, and bodies that retention erased, are their SHA-256.",
     verb_explain},
    {"capture", "OPERATION FILE", 2, 2, OPT_BIT(OPT_VIA), DAEMON_SMSR,
     "what the log holds of an operation as a new FILE for tshark (pcapng)",
     "Short messages as they left, except for numbers, which are not in the log; packets and "
     "answers decoded as explain --wire has them. What is being said right now: smsr --capture.",
     verb_capture},
    {"events list", "", 0, 0,
     OPT_BIT(OPT_VIA) | OPT_BIT(OPT_FROM) | OPT_BIT(OPT_OP) | OPT_BIT(OPT_EID) |
         OPT_BIT(OPT_STREAM) | OPT_BIT(OPT_LIMIT) | OPT_BIT(OPT_LAST),
     DAEMON_SMSR, "records of the log, the oldest first", NULL, verb_events_list},
    {"events tail", "", 0, 0,
     OPT_BIT(OPT_VIA) | OPT_BIT(OPT_FROM) | OPT_BIT(OPT_OP) | OPT_BIT(OPT_EID) |
         OPT_BIT(OPT_STREAM),
     DAEMON_SMSR, "records of the log as they come, until Ctrl-C", NULL, verb_events_tail},
    {"log verify", "", 0, 0,
     OPT_BIT(OPT_VIA) | OPT_BIT(OPT_STATE) | OPT_BIT(OPT_HEADS) | OPT_BIT(OPT_SAVE_HEADS),
     DAEMON_SMSR, "prove that the log is whole: every hash computed here and compared",
     "Over mTLS: body hashes, chain and heads of the streams you may see. --state DIR: the files "
     "of a daemon on this machine, read only; its projections are rebuilt from the log and "
     "compared. Heads kept elsewhere (--save-heads, later --heads) are what shows a cut tail.",
     verb_log_verify},
    {"audit", "[EID]", 0, 1,
     ((CALLS | WAKE) & ~OPT_BIT(OPT_OUT)) | OPT_BIT(OPT_VIA) | OPT_BIT(OPT_SMSR_ID), DAEMON_SMSR,
     "ask the card itself what is on it (AuditEIS: ES4, or ES2 with --via smdp) and wait", NULL,
     verb_audit},
    {"notify follow", "", 0, 0, OPT_BIT(OPT_VIA) | OPT_BIT(OPT_LIMIT), DAEMON_SMSR,
     "print what this party must still hear and acknowledge it, until Ctrl-C",
     "One subscriber a party. What was not printed is not acknowledged and comes again.",
     verb_notify_follow},
    {"contacts unknown", "", 0, 0, OPT_BIT(OPT_LIMIT), DAEMON_SMSR,
     "numbers of no card that were heard, the last first: meters whose EIS is not imported yet",
     "A declaration has the form of a card's notification; whose it is cannot be proved before the "
     "import. Kept in memory, 4096 at most, of which the last 1024 are shown; nothing is answered. A last line "
     "says what is not listed.",
     verb_contacts_unknown},
    {"status", "", 0, 0, OPT_BIT(OPT_VIA), DAEMON_SMSR, "version, counters and memory of a daemon",
     NULL, verb_status},
};
const struct opt_own OPTS_OWN[] = {
    {"eis list", OPT_STATE, "STATE",
     "only cards that hold a profile in this state: Created Disabled Enabled; or that are in this one: "
     "REGISTERED SEEN QUARANTINED LOST RETIRED TRANSFERRED"},
    {"eis list", OPT_DAYS, "N", "with --never-seen: registered at least that long ago (30; 0: all)"},
    {"eis list", OPT_ICCID, "ICCID", "only the card this profile is on"},
    {"eis list", OPT_IMSI, "IMSI", "only cards with this subscription"},
    {"eis list", OPT_MSISDN, "MSISDN", "only cards with a profile of this number"},
    {"eis list", OPT_MNO, "OID", "only cards with a profile of this operator"},
    {"eis list", OPT_EID, "EID", "only this card"},
    {"profile list", OPT_STATE, "STATE", "only those: Available Reserved Installed Deleted Lost"},
    {"log verify", OPT_STATE, "DIR", "files of a stopped or running daemon"},
    {"operation list", OPT_LIMIT, "N", "at most that many, the oldest ones"},
    {"events list", OPT_LIMIT, "N", "at most that many, the oldest ones"},
};
const unsigned N_OPTS_OWN = sizeof OPTS_OWN / sizeof *OPTS_OWN;
const unsigned N_VERBS = sizeof VERBS / sizeof *VERBS;
