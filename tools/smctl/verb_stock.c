/* SPDX-License-Identifier: Apache-2.0 */
/* The SM-DP's stock: templates, subscriptions, inventory (our own interface). Files go in parts of
 * at most 64 KiB, one after the other; both hold keys, so nothing of them is ever shown. */
#include "tools/smctl/input_file.h"
#include "tools/smctl/smctl.h"

#include "common/msg/admin.h"
#include "smdp/profile/subscription_csv.h"
#include "smdp/profile/template.h"

#include <ctype.h>

#define PAGE      500u
#define PARTS_MAX 4096u

struct upload {
    struct smctl *x;
    enum msg_type type;
    struct span name; /* profile type */
    struct oid mno;
    struct span content;
    char id[UUID_TEXT];
    uint32_t imported, warned;
    char warnings[ADMIN_WARNINGS_MAX][320]; /* what was taken all the same */
    unsigned n_warnings;
};

static void warnings_keep(struct upload *u, const struct admin_warning *list, unsigned n)
{
    u->n_warnings = 0;
    for (unsigned i = 0; i < n && i < ADMIN_WARNINGS_MAX; i++)
        (void)text_safe(list[i].text, u->warnings[u->n_warnings++], sizeof u->warnings[0]);
}

static enum exit_code part_taken(void *ctx, const struct envelope *e)
{
    struct upload *u = ctx;
    const struct admin_subscriptions_import_response *r = e->message.body;
    const struct admin_template_add_response *t = e->message.body;

    if (e->message.type == MSG_ADMIN_SUBSCRIPTIONS_IMPORT_RESPONSE) {
        u->imported = r->imported;
        u->warned = r->warned;
        warnings_keep(u, r->warnings, r->n_warnings);
    } else if (e->message.type == MSG_ADMIN_TEMPLATE_ADD_RESPONSE) {
        warnings_keep(u, t->warnings, t->n_warnings);
    }
    return XC_OK;
}

static enum exit_code send_part(struct upload *u, uint32_t part, uint32_t total, struct span data)
{
    struct admin_template_add_request t = {
        .profile_type = u->name, .part = part, .total = total, .data = data};
    struct admin_subscriptions_import_request s = {
        .mno = u->mno, .profile_type = u->name, .part = part, .total = total, .csv = data};
    char id[UUID_TEXT + 16];
    struct message m = {u->type, &t};

    (void)snprintf(id, sizeof id, "%s/%u", u->id, part);
    t.base.function_call_identifier = s.base.function_call_identifier = span_str(id);
    if (u->type == MSG_ADMIN_SUBSCRIPTIONS_IMPORT_REQUEST)
        m.body = &s;
    return smctl_ask(u->x, &m, part_taken, u);
}

static enum exit_code upload(struct upload *u)
{
    size_t total = (u->content.n + ADMIN_PART_MAX - 1) / ADMIN_PART_MAX;
    enum exit_code code = XC_OK;

    if (total == 0 || total > PARTS_MAX) {
        out_error(total ? "the file is larger than %u MiB" : "the file is empty",
                  PARTS_MAX * ADMIN_PART_MAX >> 20);
        return XC_USAGE;
    }
    smctl_call_id(u->x, u->id);
    for (size_t i = 0; code == XC_OK && i < total; i++) {
        size_t at = i * ADMIN_PART_MAX;
        size_t n = u->content.n - at < ADMIN_PART_MAX ? u->content.n - at : ADMIN_PART_MAX;
        code = send_part(u, (uint32_t)i + 1, (uint32_t)total, span_of(u->content.p + at, n));
    }
    return code;
}

static enum exit_code type_read(struct smctl *x, struct span *ret)
{
    const char *type = x->args->value[OPT_TYPE];

    if (!type || !*type || strlen(type) > 100) {
        out_error("--type names the profile type: 1 to 100 characters");
        return XC_USAGE;
    }
    *ret = span_str(type);
    return XC_OK;
}

static void warnings_print(const struct upload *u)
{
    for (unsigned i = 0; i < u->n_warnings; i++)
        fprintf(stderr, "warning: %s\n", u->warnings[i]);
    if (u->warned > u->n_warnings)
        fprintf(stderr, "warning: %u rows have one; these are the first\n", u->warned);
}

static void done(const struct upload *u, const char *what, uint64_t count)
{
    char name[128];
    struct buf b;
    struct json w = {.out = &b};

    if (!u->x->json) {
        warnings_print(u);
        printf("%s for profile type %s: %llu\n", what, text_safe(u->name, name, sizeof name),
               (unsigned long long)count);
        return;
    }
    buf_init(&b, 0);
    json_open(&w, NULL, '{');
    json_text(&w, "type", u->name);
    json_u64(&w, what, count);
    if (u->warned)
        json_u64(&w, "warned", u->warned);
    if (u->n_warnings) {
        json_open(&w, "warnings", '[');
        for (unsigned i = 0; i < u->n_warnings; i++)
            json_str(&w, NULL, u->warnings[i]);
        json_close(&w, ']');
    }
    json_close(&w, '}');
    out_line(stdout, &b);
    buf_fini(&b);
}

/* --- templates --- */

static enum exit_code builtin(struct smctl *x, struct buf *out)
{
    const char *size = x->args->value[OPT_SIZE];
    struct errmsg why = {""};
    uint64_t n = 0;
    int err;

    if (x->n_words) {
        out_error("either FILE or --builtin");
        return XC_USAGE;
    }
    if (size && text_size(size, "--size", PROFILE_TEMPLATE_MAX, &n, &why))
        return smctl_fail(ERR_INVAL, &why);
    err = profile_template_build((size_t)n, out);
    if (err)
        out_error("the built-in template cannot be made: %s", err_text(err));
    return err ? XC_USAGE : XC_OK;
}

enum exit_code verb_template_add(struct smctl *x)
{
    struct upload u = {.x = x, .type = MSG_ADMIN_TEMPLATE_ADD_REQUEST};
    struct input_file f = {.map = NULL};
    struct errmsg why = {""};
    struct buf made;
    enum exit_code code = type_read(x, &u.name);

    if (code != XC_OK)
        return code;
    if (!args_has(x->args, OPT_BUILTIN) && (x->n_words == 0 || args_has(x->args, OPT_SIZE))) {
        out_error(x->n_words ? "--size goes with --builtin" : "give FILE or --builtin");
        return XC_USAGE;
    }
    buf_init(&made, 0);
    if (args_has(x->args, OPT_BUILTIN)) {
        code = builtin(x, &made);
        u.content = buf_span(&made);
    } else if (input_open(x->words[0], &f, &why)) {
        code = smctl_fail(ERR_CONFIG, &why);
    } else {
        u.content = f.octets;
    }
    if (code == XC_OK)
        code = upload(&u);
    if (code == XC_OK)
        done(&u, "octets", u.content.n);
    buf_wipe(&made);
    buf_fini(&made);
    input_close(&f);
    return code;
}

/* --- subscriptions --- */

static int count_row(void *arg, unsigned row, const struct subscription *s)
{
    (void)arg;
    (void)row;
    (void)s;
    return ERR_OK;
}

/* Of a long path the end, which leaves room for the sentence behind it. */
static const char *path_end(const char *path)
{
    size_t n = strlen(path);

    return n > 75 ? path + n - 75 : path;
}

enum exit_code verb_profile_import(struct smctl *x)
{
    struct upload u = {.x = x, .type = MSG_ADMIN_SUBSCRIPTIONS_IMPORT_REQUEST};
    struct input_file f = {.map = NULL};
    struct errmsg why = {""};
    unsigned rows = 0;
    enum exit_code code = type_read(x, &u.name);
    int err;

    if (code != XC_OK)
        return code;
    err = args_oid(x->args, OPT_MNO, &u.mno, &why);
    if (!err)
        err = input_open(x->words[0], &f, &why);
    if (!err) {
        struct errmsg inner = {""};
        u.content = f.octets;
        /* The SM-DP checks it again; here a mistake costs no transfer of keys. */
        err = subscription_csv_each(f.octets, count_row, NULL, &rows, &inner);
        if (err)
            err = errmsg_set(&why, ERR_CONFIG, "%s: %.240s", path_end(x->words[0]), inner.text);
        else if (!rows)
            err = errmsg_set(&why, ERR_CONFIG,
                             "%.100s holds a header and no subscription: one row a profile",
                             x->words[0]);
    }
    if (err) {
        input_close(&f);
        return smctl_fail(err, &why);
    }
    code = smctl_context(x);
    if (code == XC_OK && !u.mno.s[0])
        u.mno = x->me.oid;
    if (code == XC_OK)
        code = upload(&u);
    if (code == XC_OK)
        done(&u, "imported", u.imported);
    input_close(&f);
    return code;
}

/* --- inventory --- */

struct listing {
    struct smctl *x;
    uint64_t left;
    struct iccid after;
    unsigned n;
};

/* "Reserved" is not for ever: until when, or what ends it. */
static void reserved_text(const struct admin_profile_row *r, char *dst, size_t cap)
{
    char order[UUID_TEXT], until[25] = "";

    dst[0] = '\0';
    if (!span_eq(r->state, span_str("Reserved")) || uuid_is_zero(&r->order))
        return;
    uuid_text(&r->order, order);
    if (r->reserved_until_ms)
        clock_text(r->reserved_until_ms, until);
    (void)snprintf(dst, cap, "  until %s, order %s",
                   *until ? until : "it is proved not to be on the card", order);
}

static void row_text(const struct admin_profile_row *r, const char *eid)
{
    char type[100], state[40], reserved[160];

    reserved_text(r, reserved, sizeof reserved);
    printf("%-20s  %-9s  %s%s%sIMSI %s  MSISDN %s  %s  owner %s%s\n", r->iccid.s,
           text_safe(r->state, state, sizeof state), *eid ? "on " : "", eid, *eid ? "  " : "",
           r->imsi.s, r->msisdn.s[0] ? r->msisdn.s : "-",
           text_safe(r->profile_type, type, sizeof type), r->mno.s, reserved);
}

static void row_print(const struct smctl *x, const struct admin_profile_row *r)
{
    char eid[EID_TEXT] = "", order[UUID_TEXT] = "";
    struct buf b;
    struct json w = {.out = &b};

    if (!eid_is_zero(&r->eid))
        eid_text(&r->eid, eid);
    if (!x->json) {
        row_text(r, eid);
        return;
    }
    if (!uuid_is_zero(&r->order))
        uuid_text(&r->order, order);
    buf_init(&b, 0);
    json_open(&w, NULL, '{');
    json_str(&w, "iccid", r->iccid.s);
    json_text(&w, "state", r->state);
    json_str(&w, "eid", eid);
    json_str(&w, "imsi", r->imsi.s);
    json_str(&w, "msisdn", r->msisdn.s);
    json_text(&w, "profile_type", r->profile_type);
    json_str(&w, "mno", r->mno.s);
    json_str(&w, "order", order);
    json_time(&w, "reserved_until", r->reserved_until_ms);
    json_close(&w, '}');
    out_line(stdout, &b);
    buf_fini(&b);
}

static enum exit_code listed(void *ctx, const struct envelope *e)
{
    const struct admin_profile_list_response *r = e->message.body;
    struct listing *l = ctx;

    if (e->message.type != MSG_ADMIN_PROFILE_LIST_RESPONSE)
        return XC_CONNECTION;
    l->n = r->n_rows;
    for (unsigned i = 0; i < r->n_rows; i++) {
        if (l->left > 0) {
            row_print(l->x, &r->rows[i]);
            l->left--;
        }
        l->after = r->rows[i].iccid;
    }
    return XC_OK;
}

/* As the SM-DP writes its states: "Reserved", whichever case was typed. */
static struct span state_written(const char *text, char dst[40])
{
    size_t n = 0;

    for (; text[n] && n + 1 < 40; n++)
        dst[n] = (char)(n ? tolower((unsigned char)text[n]) : toupper((unsigned char)text[n]));
    dst[n] = '\0';
    return span_str(dst);
}

enum exit_code verb_profile_list(struct smctl *x)
{
    struct admin_profile_list_request q = {.limit = PAGE};
    struct listing l = {.x = x, .left = UINT64_MAX};
    struct errmsg why = {""};
    char state[40];
    enum exit_code code;

    if (args_number(x->args, OPT_LIMIT, 1, UINT64_MAX, &l.left, &why) ||
        args_oid(x->args, OPT_MNO, &q.mno, &why))
        return smctl_fail(ERR_INVAL, &why);
    if (args_has(x->args, OPT_TYPE))
        q.profile_type = span_str(x->args->value[OPT_TYPE]);
    if (args_has(x->args, OPT_STATE))
        q.state = state_written(x->args->value[OPT_STATE], state);
    do {
        char id[UUID_TEXT];
        struct message m = {MSG_ADMIN_PROFILE_LIST_REQUEST, &q};
        smctl_call_id(x, id);
        q.base.function_call_identifier = span_str(id);
        q.after = l.after;
        if (l.left < PAGE)
            q.limit = (uint32_t)l.left;
        l.n = 0;
        code = smctl_ask(x, &m, listed, &l);
    } while (code == XC_OK && l.n > 0 && l.left > 0);
    return code;
}
