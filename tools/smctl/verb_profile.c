/* SPDX-License-Identifier: Apache-2.0 */
/* profile push, enable, disable, delete, fallback and emergency: calls on one card or on a list of them
 * (SGP.02 5.3 ES2, 5.5 ES4). */
#include "tools/smctl/profile_calls.h"

#include "common/msg/es2.h"
#include "common/msg/es4.h"

#include <stdlib.h>

void *profile_request(struct arena *a, size_t n, struct message *ret, enum msg_type type)
{
    void *body = arena_alloc(a, n);

    ret->type = type;
    ret->body = body;
    return body;
}

/* --- requests --- */

static int push_request(struct jobs *j, size_t i, const struct base_request *base, struct arena *a,
                        struct message *ret)
{
    const struct profile_calls *p = j->ctx;
    struct es2_download_profile_request *r =
        profile_request(a, sizeof *r, ret, MSG_ES2_DOWNLOAD_PROFILE_REQUEST);

    if (!r)
        return ERR_NOMEM;
    r->base = *base;
    r->eid = j->job[i].eid;
    r->smsr_id = p->smsr_id;
    r->enable_profile = p->enable;
    if (p->type.n)
        r->profile_type = p->type;
    else
        r->iccid = j->job[i].iccid;
    return ERR_OK;
}

static void push_answer(struct jobs *j, size_t i, const struct message *m)
{
    const struct es2_download_profile_response *r = m->body;

    if (m->type == MSG_ES2_DOWNLOAD_PROFILE_RESPONSE && r->iccid.s[0])
        j->job[i].iccid = r->iccid;
}

/* What names a profile and nothing else has requests of one shape on each interface. */
static int es4_request(struct jobs *j, size_t i, const struct base_request *base, struct arena *a,
                       struct message *ret)
{
    const struct profile_calls *p = j->ctx;
    struct es4_enable_profile_request *r;
    _Static_assert(
        sizeof(struct es4_enable_profile_request) == sizeof(struct es4_disable_profile_request) &&
            sizeof(struct es4_enable_profile_request) == sizeof(struct es4_delete_profile_request) &&
            sizeof(struct es4_enable_profile_request) ==
                sizeof(struct es4_set_fall_back_attribute_request) &&
            sizeof(struct es4_enable_profile_request) ==
                sizeof(struct es4_set_emergency_profile_attribute_request),
        "EID and ICCID each");

    r = profile_request(a, sizeof *r, ret, msg_type_find(IF_ES4, p->function, MSG_KIND_REQUEST));
    if (!r)
        return ERR_NOMEM;
    r->base = *base;
    r->eid = j->job[i].eid;
    r->iccid = j->job[i].iccid;
    return ERR_OK;
}

static int es2_request(struct jobs *j, size_t i, const struct base_request *base, struct arena *a,
                       struct message *ret)
{
    const struct profile_calls *p = j->ctx;
    struct es2_enable_profile_request *r;
    _Static_assert(
        sizeof(struct es2_enable_profile_request) == sizeof(struct es2_disable_profile_request) &&
            sizeof(struct es2_enable_profile_request) == sizeof(struct es2_delete_profile_request) &&
            sizeof(struct es2_enable_profile_request) ==
                sizeof(struct es2_set_fall_back_attribute_request) &&
            sizeof(struct es2_enable_profile_request) ==
                sizeof(struct es2_set_emergency_profile_attribute_request),
        "EID, Smsr-id and ICCID each");

    r = profile_request(a, sizeof *r, ret, msg_type_find(IF_ES2, p->function, MSG_KIND_REQUEST));
    if (!r)
        return ERR_NOMEM;
    r->base = *base;
    r->eid = j->job[i].eid;
    r->smsr_id = p->smsr_id;
    r->iccid = j->job[i].iccid;
    return ERR_OK;
}

/* --- which cards --- */

struct eids_row *profile_row(const struct eids_row *row)
{
    struct eids_row *copy = malloc(sizeof *copy);

    if (copy)
        *copy = *row;
    return copy;
}

/* One card of --eid and --iccid, or the lines of --eids. */
static enum exit_code cards_read(struct smctl *x, bool with_iccid, struct eids *ret)
{
    const struct args *a = x->args;
    struct errmsg why = {""};
    struct eids_row row;
    int err;

    memset(&row, 0, sizeof row);
    *ret = (struct eids){NULL, 0};
    if (args_has(a, OPT_EIDS) == args_has(a, OPT_EID)) {
        out_error("name one card with --eid, or a file of them with --eids");
        return XC_USAGE;
    }
    if (args_has(a, OPT_EIDS)) {
        err = args_has(a, OPT_ICCID)
                  ? errmsg_set(&why, ERR_INVAL, "--iccid goes with --eid; with --eids each line %s",
                               with_iccid ? "has its own" : "gets a profile of the --type")
                  : eids_read(a->value[OPT_EIDS], with_iccid, ret, &why);
        return err ? smctl_fail(err == ERR_IO ? err : ERR_CONFIG, &why) : XC_OK;
    }
    err = args_eid(a, OPT_EID, &row.eid, &why);
    if (!err && with_iccid && !args_has(a, OPT_ICCID))
        err = errmsg_set(&why, ERR_INVAL, "--iccid is missing: which profile of the card?");
    if (!err)
        err = args_iccid(a, OPT_ICCID, &row.iccid, &why);
    if (!err) {
        ret->rows = profile_row(&row);
        ret->n = ret->rows ? 1 : 0;
        err = ret->rows ? ERR_OK : errmsg_set(&why, ERR_NOMEM, "%s", err_text(ERR_NOMEM));
    }
    return err ? smctl_fail(err, &why) : XC_OK;
}

enum exit_code profile_run(struct smctl *x, const struct jobs_kind *kind, struct profile_calls *p,
                             struct eids *cards)
{
    struct jobs j;
    enum exit_code code = jobs_init(&j, x, kind, cards->n, args_has(x->args, OPT_EIDS));

    j.ctx = p;
    for (size_t i = 0; code == XC_OK && i < cards->n; i++) {
        j.job[i].eid = cards->rows[i].eid;
        j.job[i].iccid = cards->rows[i].iccid;
    }
    eids_fini(cards);
    if (code == XC_OK)
        code = jobs_run(&j);
    jobs_fini(&j);
    return code;
}

/* --smsr-id, else the context's: ES2 calls carry it. */
enum exit_code profile_smsr_id(struct smctl *x, struct oid *ret)
{
    struct errmsg why = {""};
    enum exit_code code;

    if (args_oid(x->args, OPT_SMSR_ID, ret, &why))
        return smctl_fail(ERR_INVAL, &why);
    code = smctl_context(x);
    if (code != XC_OK || ret->s[0])
        return code;
    if (x->context->smsr_id && oid_parse(span_str(x->context->smsr_id), ret) == ERR_OK)
        return XC_OK;
    out_error("which SM-SR manages the card? give --smsr-id, or smsr_id in context %s",
              x->context->name);
    return XC_USAGE;
}

/* --- verbs --- */

enum exit_code verb_profile_push(struct smctl *x)
{
    static const struct jobs_kind KIND = {"DownloadProfile", push_request, push_answer, NULL};
    struct profile_calls p = {.function = FN_DOWNLOAD_PROFILE};
    const char *type = x->args->value[OPT_TYPE];
    struct eids cards;
    enum exit_code code;

    if ((type && *type) == args_has(x->args, OPT_ICCID)) {
        out_error("name the profile by --type or by --iccid");
        return XC_USAGE;
    }
    if (type)
        p.type = span_str(type);
    p.enable = args_has(x->args, OPT_ENABLE);
    code = profile_smsr_id(x, &p.smsr_id);
    if (code == XC_OK)
        code = cards_read(x, false, &cards);
    return code == XC_OK ? profile_run(x, &KIND, &p, &cards) : code;
}

static enum exit_code change(struct smctl *x, enum function f, const char *title)
{
    struct jobs_kind kind = {title, es4_request, NULL, NULL};
    struct profile_calls p = {.function = f};
    struct eids cards;
    enum daemon to;
    enum exit_code code = smctl_daemon(x, &to);

    if (code == XC_OK && to == DAEMON_SMDP &&
        (args_has(x->args, OPT_WAKE_DEADLINE) || args_has(x->args, OPT_NEXT_CONTACT))) {
        out_error("--wake-deadline and --at-next-contact are of ES4: leave --via smdp out");
        return XC_USAGE;
    }
    if (code == XC_OK && to == DAEMON_SMDP) {
        kind.request = es2_request;
        code = profile_smsr_id(x, &p.smsr_id);
    }
    if (code == XC_OK)
        code = cards_read(x, true, &cards);
    return code == XC_OK ? profile_run(x, &kind, &p, &cards) : code;
}

enum exit_code verb_profile_enable(struct smctl *x)
{
    return change(x, FN_ENABLE_PROFILE, "EnableProfile");
}

enum exit_code verb_profile_disable(struct smctl *x)
{
    return change(x, FN_DISABLE_PROFILE, "DisableProfile");
}

enum exit_code verb_profile_delete(struct smctl *x)
{
    return change(x, FN_DELETE_PROFILE, "DeleteProfile");
}

enum exit_code verb_profile_fallback(struct smctl *x)
{
    return change(x, FN_SET_FALLBACK_ATTRIBUTE, "SetFallBackAttribute");
}

enum exit_code verb_profile_emergency(struct smctl *x)
{
    return change(x, FN_SET_EMERGENCY_ATTRIBUTE, "SetEmergencyProfileAttribute");
}
