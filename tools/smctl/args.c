/* SPDX-License-Identifier: Apache-2.0 */
/* Options and the forms of their values (identifiers: facts of SGP.02 5.1, Annex J). */
#include "tools/smctl/args.h"

const struct opt_row OPTS[OPT_COUNT] = {
    [OPT_CONFIG] = {"config", "FILE",
                    "contexts; else $SMCTL_CONFIG, else ~/.config/smctl/config.yaml"},
    [OPT_AS] = {"as", "NAME", "context to speak as"},
    [OPT_JSON] = {"json", NULL, "print JSON: one value, or one a line where there are many"},
    [OPT_HELP] = {"help", NULL, "explain the command"},
    [OPT_VIA] = {"via", "smsr|smdp", "which of the two is asked"},
    [OPT_RETRY] = {"retry", "SECONDS",
                   "how long a server that cannot be reached is tried (5; 60 once it was reached)"},
    [OPT_TIMEOUT] = {"timeout", "SECONDS", "give up waiting for answers (0 = never)"},
    [OPT_CALL_ID] = {"call-id", "TEXT",
                     "FunctionCallIdentifier: the same command with the same id is the same call, "
                     "not a second one"},
    [OPT_VALIDITY] = {"validity", "SECONDS", "ValidityPeriod of the call"},
    [OPT_WAKE_DEADLINE] = {"wake-deadline", "SECONDS",
                           "how long a card that sleeps is waited for; --validity runs from when it is there"},
    [OPT_NEXT_CONTACT] = {"at-next-contact", NULL,
                          "send nothing before the card is heard, within the wake deadline"},
    [OPT_PROGRESS] = {"progress", NULL, "show progress although standard error is no terminal"},
    [OPT_UNTIL_VERDICT] = {"until-verdict", NULL,
                           "after an EXPIRED answer go on until the truth about the card is known"},
    [OPT_WINDOW] = {"window", "N",
                    "operations under way at once; the next is asked for when one ends (1000)"},
    [OPT_EID] = {"eid", "EID", "32 digits"},
    [OPT_EIDS] = {"eids", "FILE", "one card a line, # for comments"},
    [OPT_ICCID] = {"iccid", "ICCID", "18 to 20 digits"},
    [OPT_TYPE] = {"type", "T", "profile type"},
    [OPT_ENABLE] = {"enable", NULL, "enable the profile once it is installed"},
    [OPT_SESSIONS] = {"sessions", NULL, "the keys of SCP81 sessions (HTTPS) in place of those of SCP80"},
    [OPT_OUT] = {"out", "FILE", "write \"EID ICCID\" of what succeeded, the form --eids takes"},
    [OPT_SMSR_ID] = {"smsr-id", "OID", "the card's SM-SR; else smsr_id of the context"},
    [OPT_MNO] = {"mno", "OID", "operator that owns the profiles; else the caller"},
    [OPT_STATE] = {"state", "STATE", "only those in this state"},
    [OPT_VERDICT] = {"verdict", "V",
                     "only those with this verdict: SUCCESS FAILED ROLLED_BACK EXPIRED CANCELLED "
                     "IN_DOUBT"},
    [OPT_LIVE] = {"live", NULL, "only those that have not ended"},
    [OPT_LIMIT] = {"limit", "N", "at most that many"},
    [OPT_LAST] = {"last", "N", "only the newest N, the newest at the end"},
    [OPT_BUILTIN] = {"builtin", NULL, "the template that comes with smctl"},
    [OPT_SIZE] = {"size", "OCTETS",
                  "pad the built-in template to that size (K and M are understood)"},
    [OPT_IMSI] = {"imsi", "IMSI", "new IMSI of the address"},
    [OPT_OP] = {"op", "OPERATION", "only records of this operation"},
    [OPT_FROM] = {"from", "LSN", "start at this record"},
    [OPT_STREAM] = {"stream", "N", "only this stream"},
    [OPT_HEADS] = {"heads", "FILE", "heads kept from an earlier run: a cut tail shows"},
    [OPT_SAVE_HEADS] = {"save-heads", "FILE", "keep the heads for the next run"},
    [OPT_PARTY] = {"party", "OID:ROLE:NAME", "one more party, or another one of that name"},
    [OPT_NO_DEFAULTS] = {"no-defaults", NULL, "only the parties given"},
    [OPT_DAYS] = {"days", "N", "validity of the certificates (3650)"},
    [OPT_BEGUN] = {"begun", "DAYS",
                   "how long ago it began (0): certificates that end soon, or ended"},
    [OPT_SMSR] = {"smsr", "HOST:PORT", "address of the SM-SR in the contexts (127.0.0.1:7101)"},
    [OPT_SMDP] = {"smdp", "HOST:PORT", "address of the SM-DP in the contexts (127.0.0.1:7102)"},
    [OPT_MSISDN] = {"msisdn", "MSISDN", "3 to 15 digits"},
    [OPT_NEVER_SEEN] = {"never-seen", NULL, "only cards that were never heard since they were registered"},
    [OPT_BATCH] = {"batch", "HASH", "only cards of this file: its SHA-256, as smctl eis batches prints it"},
    [OPT_ORDER] = {"order", "TEXT", "reference of the order the cards came with, at most 100 octets"},
    [OPT_REASON] = {"reason", "TEXT", "why; it stands in the log"},
    [OPT_TRANSPORT_KEY] = {"transport-key", "ID", "of XML: name of the key that wraps the keys of the cards"},
    [OPT_EUM_CERTIFICATE] = {"eum-certificate", "FILE", "of XML: certificate of the EUM (DER), where signatures bring none"},
    [OPT_WIRE] = {"wire", NULL, "every octet that was on the wire, short messages included"},
    [OPT_OLD_EID] = {"old-eid", "EID", "the card that had the profile"},
    [OPT_NEW_EID] = {"new-eid", "EID", "the card that gets one in its place"},
};

static int find(const char *name, size_t n)
{
    for (int i = 0; i < OPT_COUNT; i++)
        if (strlen(OPTS[i].name) == n && !memcmp(OPTS[i].name, name, n))
            return i;
    return -1;
}

static int keep(struct args *ret, enum opt o, const char *value, struct errmsg *why)
{
    if (o == OPT_PARTY) {
        if (ret->n_parties == ARGS_PARTY_MAX)
            return errmsg_set(why, ERR_INVAL, "more than %u --party", ARGS_PARTY_MAX);
        ret->parties[ret->n_parties++] = value;
    } else if (ret->value[o] && OPTS[o].arg) {
        return errmsg_set(why, ERR_INVAL, "--%s is given twice", OPTS[o].name);
    }
    ret->value[o] = value;
    return ERR_OK;
}

/* One option; *i moves over a value that stands in the next word. */
static int take(int argc, char *const *argv, int *i, struct args *ret, struct errmsg *why)
{
    const char *name = argv[*i] + 2;
    const char *eq = strchr(name, '=');
    int o = find(name, eq ? (size_t)(eq - name) : strlen(name));

    if (o < 0)
        return errmsg_set(why, ERR_UNSUPPORTED, "unknown option %.60s", argv[*i]);
    if (!OPTS[o].arg)
        return eq ? errmsg_set(why, ERR_INVAL, "--%s takes no value", OPTS[o].name)
                  : keep(ret, (enum opt)o, "", why);
    if (eq)
        return keep(ret, (enum opt)o, eq + 1, why);
    if (*i + 1 >= argc)
        return errmsg_set(why, ERR_INVAL, "--%s lacks its %s", OPTS[o].name, OPTS[o].arg);
    return keep(ret, (enum opt)o, argv[++*i], why);
}

int args_parse(int argc, char *const *argv, struct args *ret, struct errmsg *why)
{
    bool words = false;

    memset(ret, 0, sizeof *ret);
    for (int i = 1; i < argc; i++) {
        int err = ERR_OK;
        if (!words && !strcmp(argv[i], "--")) {
            words = true;
        } else if (!words && !strcmp(argv[i], "-h")) {
            ret->value[OPT_HELP] = "";
        } else if (!words && !strncmp(argv[i], "--", 2)) {
            err = take(argc, argv, &i, ret, why);
        } else if (!words && argv[i][0] == '-' && argv[i][1]) {
            err = errmsg_set(why, ERR_UNSUPPORTED, "unknown option %.60s", argv[i]);
        } else if (ret->n_pos == sizeof ret->pos / sizeof *ret->pos) {
            err = errmsg_set(why, ERR_INVAL, "too many words, the first one too many is '%.60s'",
                             argv[i]);
        } else {
            ret->pos[ret->n_pos++] = argv[i];
        }
        if (err)
            return err;
    }
    return ERR_OK;
}

int text_number(const char *s, const char *what, uint64_t min, uint64_t max, uint64_t *ret,
                struct errmsg *why)
{
    uint64_t v = 0;
    size_t n = strlen(s);
    bool ok = n >= 1 && n <= 20;

    for (size_t i = 0; ok && i < n; i++) {
        unsigned digit = (unsigned)(s[i] - '0');
        ok = s[i] >= '0' && s[i] <= '9' && v <= (UINT64_MAX - digit) / 10;
        v = ok ? v * 10 + digit : v;
    }
    if (!ok || v < min || v > max)
        return errmsg_set(why, ERR_INVAL, "%s '%.40s' is not a whole number from %llu to %llu",
                          what, s, (unsigned long long)min, (unsigned long long)max);
    *ret = v;
    return ERR_OK;
}

int text_size(const char *s, const char *what, uint64_t max, uint64_t *ret, struct errmsg *why)
{
    char digits[24];
    size_t n = strlen(s);
    uint64_t unit = 1, v = 0;
    bool ok;

    if (n > 1 && (s[n - 1] == 'K' || s[n - 1] == 'k'))
        unit = 1024;
    if (n > 1 && (s[n - 1] == 'M' || s[n - 1] == 'm'))
        unit = 1024 * 1024;
    if (unit > 1)
        n--;
    ok = n < sizeof digits;
    if (ok) {
        memcpy(digits, s, n);
        digits[n] = '\0';
        ok = text_number(digits, what, 0, UINT64_MAX / unit, &v, NULL) == ERR_OK && v * unit <= max;
    }
    if (!ok)
        return errmsg_set(why, ERR_INVAL,
                          "%s '%.40s' is no size of at most %llu octets: digits, and K or M for "
                          "1,024 or 1,048,576 of them",
                          what, s, (unsigned long long)max);
    *ret = v * unit;
    return ERR_OK;
}

int text_eid(const char *s, struct eid *ret, struct errmsg *why)
{
    int err = eid_parse(s, ret);

    if (err == ERR_INVAL)
        return errmsg_set(why, ERR_INVAL,
                          "EID %.40s fails its check digits (the whole number mod 97 is not 1): "
                          "compare it with the card's label",
                          s);
    if (err)
        return errmsg_set(why, ERR_INVAL, "'%.40s' is no EID: 32 digits that start with 89", s);
    return ERR_OK;
}

int text_iccid(const char *s, struct iccid *ret, struct errmsg *why)
{
    if (iccid_parse(span_str(s), ret) != ERR_OK)
        return errmsg_set(why, ERR_INVAL, "'%.40s' is no ICCID: 18 to 20 digits that start with 89",
                          s);
    return ERR_OK;
}

int text_uuid(const char *s, struct uuid *ret, struct errmsg *why)
{
    if (uuid_parse(span_str(s), ret) != ERR_OK)
        return errmsg_set(why, ERR_INVAL,
                          "'%.40s' is no operation id: 8-4-4-4-12 hexadecimal digits as "
                          "smctl operation list shows them",
                          s);
    return ERR_OK;
}

int args_number(const struct args *a, enum opt o, uint64_t min, uint64_t max, uint64_t *ret,
                struct errmsg *why)
{
    char what[40] = "--";

    if (!a->value[o])
        return ERR_OK;
    memcpy(what + 2, OPTS[o].name, strlen(OPTS[o].name) + 1);
    return text_number(a->value[o], what, min, max, ret, why);
}

int args_last(const struct args *a, uint64_t *ret, struct errmsg *why)
{
    *ret = 0;
    if (args_has(a, OPT_LAST) && args_has(a, OPT_LIMIT))
        return errmsg_set(why, ERR_INVAL, "--last is the newest, --limit the oldest: give one");
    return args_number(a, OPT_LAST, 1, LAST_MAX, ret, why);
}

int args_eid(const struct args *a, enum opt o, struct eid *ret, struct errmsg *why)
{
    return a->value[o] ? text_eid(a->value[o], ret, why) : ERR_OK;
}

int args_iccid(const struct args *a, enum opt o, struct iccid *ret, struct errmsg *why)
{
    return a->value[o] ? text_iccid(a->value[o], ret, why) : ERR_OK;
}

int args_oid(const struct args *a, enum opt o, struct oid *ret, struct errmsg *why)
{
    if (a->value[o] && oid_parse(span_str(a->value[o]), ret) != ERR_OK)
        return errmsg_set(why, ERR_INVAL, "--%s '%.60s' is no OID in dotted decimal", OPTS[o].name,
                          a->value[o]);
    return ERR_OK;
}

int args_uuid(const struct args *a, enum opt o, struct uuid *ret, struct errmsg *why)
{
    return a->value[o] ? text_uuid(a->value[o], ret, why) : ERR_OK;
}
