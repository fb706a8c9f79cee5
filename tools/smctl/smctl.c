/* SPDX-License-Identifier: Apache-2.0 */
/* From the words typed to the verb, and what all verbs share (design 3.3, 3.6). */
#include "tools/smctl/smctl.h"

#include "common/crypto/pki_issue.h"
#include "common/wire/wire.h"

#include <limits.h>
#include <stdlib.h>

#define FIRST_RETRY_S 5
#define RETRY_S       60
#define SECONDS_MAX   (366ull * 86400)

enum exit_code smctl_fail(int err, const struct errmsg *why)
{
    out_error("%s", why->text[0] ? why->text : err_text(err));
    switch (err) {
    case ERR_CLOSED:
    case ERR_AUTH:
        return XC_CONNECTION;
    case ERR_DENIED:
        return XC_REFUSED;
    case ERR_TIMEOUT:
    case ERR_STATE:
        return XC_DOUBT;
    case ERR_IO:
    case ERR_NOMEM:
    case ERR_CRYPTO:
        return XC_LOCAL;
    default:
        return XC_USAGE;
    }
}

/* --- who speaks, and to whom --- */

enum exit_code smctl_context(struct smctl *x)
{
    char path[PATH_MAX];
    struct pki_entity me = {.key = NULL};
    struct errmsg why = {""};
    int err;

    if (x->context)
        return XC_OK;
    err = contexts_path(x->args->value[OPT_CONFIG], path, sizeof path, &why);
    if (!err)
        err = contexts_load(path, &x->contexts, &why);
    if (!err)
        err = contexts_pick(x->contexts, x->args->value[OPT_AS], &x->context, &why);
    if (!err)
        err = pki_read_entity(x->crypto, x->context->cert, x->context->key, &me, &why);
    if (!err)
        err = tls_identity(buf_span(&me.der), &x->me, &why);
    pki_entity_fini(&me);
    if (!err)
        return XC_OK;
    (void)smctl_fail(err, &why);
    return XC_USAGE;
}

enum exit_code smctl_daemon(struct smctl *x, enum daemon *ret)
{
    const char *via = x->args->value[OPT_VIA];

    *ret = x->verb->daemon;
    if (!via)
        return XC_OK;
    if (!strcmp(via, "smsr"))
        *ret = DAEMON_SMSR;
    else if (!strcmp(via, "smdp"))
        *ret = DAEMON_SMDP;
    else {
        out_error("--via '%.40s': it is smsr or smdp", via);
        return XC_USAGE;
    }
    return XC_OK;
}

static enum exit_code patience(struct smctl *x, struct client_opt *o)
{
    uint64_t retry = UINT64_MAX, timeout = 0, window = CLIENT_WINDOW;
    struct errmsg why;
    int err = args_number(x->args, OPT_RETRY, 0, SECONDS_MAX, &retry, &why);

    if (!err)
        err = args_number(x->args, OPT_TIMEOUT, 0, SECONDS_MAX, &timeout, &why);
    if (!err)
        err = args_number(x->args, OPT_WINDOW, 1, 1000000, &window, &why);
    if (err)
        return smctl_fail(err, &why);
    o->window = (size_t)window;
    o->first_retry_ms = (retry == UINT64_MAX ? FIRST_RETRY_S : (int64_t)retry) * 1000;
    o->retry_ms = (retry == UINT64_MAX ? RETRY_S : (int64_t)retry) * 1000;
    o->timeout_ms = (int64_t)timeout * 1000;
    return XC_OK;
}

enum exit_code smctl_connect(struct smctl *x, const struct client_opt *opt)
{
    struct client_opt o = opt ? *opt : (struct client_opt){.address = NULL};
    struct errmsg why = {""};
    enum exit_code code;
    int err;

    if (x->client)
        return XC_OK;
    code = smctl_context(x);
    if (code == XC_OK)
        code = smctl_daemon(x, &x->daemon);
    if (code == XC_OK)
        code = patience(x, &o);
    if (code != XC_OK)
        return code;
    o.address = x->daemon == DAEMON_SMDP ? x->context->smdp : x->context->smsr;
    o.files = (struct tls_files){x->context->ca, x->context->cert, x->context->key};
    if (!o.address) {
        out_error("context %s has no address of %s", x->context->name, daemon_name(x->daemon));
        return XC_USAGE;
    }
    err = client_new(&o, &x->client, &why);
    if (!err)
        return XC_OK;
    (void)smctl_fail(err, &why);
    return err == ERR_NOMEM ? XC_LOCAL : XC_USAGE;
}

enum exit_code smctl_ended(const struct smctl *x, int err, const struct errmsg *why)
{
    enum exit_code code = smctl_fail(err, why);
    char names[200];

    if (err != ERR_DENIED)
        return code;
    contexts_names(x->contexts, names, sizeof names);
    fprintf(stderr,
            "  next: context %s speaks as %s (%s); if another may ask, --as NAME; contexts: %s\n",
            x->context->name, role_text(x->me.role), x->me.oid.s, names);
    return code;
}

/* --- one question --- */

struct ask {
    struct call call;
    const struct message *request;
    ask_fn on;
    void *ctx;
    struct smctl *x;
    const char *about; /* EID of the question, else "" */
    enum exit_code code;
};

static int ask_request(struct call *c, struct arena *a, struct message *ret)
{
    (void)a;
    *ret = LIST_ENTRY(c, struct ask, call)->request[0];
    return ERR_OK;
}

const char *smctl_who(const struct smctl *x, char dst[WHO_MAX])
{
    const char *config = x->args->value[OPT_CONFIG], *as = x->args->value[OPT_AS];

    (void)snprintf(dst, WHO_MAX, "%s%.220s%s%s%.64s%s", config ? "--config " : "",
                   config ? config : "", config ? " " : "", as ? "--as " : "", as ? as : "",
                   as ? " " : "");
    return dst;
}

void smctl_next(const struct smctl *x, const char *next, const char *eid, const char *iccid,
                const char *operation, char *dst, size_t cap)
{
    char who[WHO_MAX];
    struct code_fill f = {eid, iccid, operation, smctl_who(x, who), x->daemon == DAEMON_SMDP};

    code_next(next, &f, dst, cap);
}

static void ask_refused(struct ask *q, const struct exec_answer *a)
{
    struct code_help help;
    char message[300], next[800];

    (void)code_explain(&a->code, a->message, q->x->daemon, &help);
    out_error("%s refused: %s %s-%s %s", daemon_name(q->x->daemon), exec_status_text(a->status),
              a->code.subject, a->code.reason,
              a->message.n ? text_safe(a->message, message, sizeof message) : help.meaning);
    if (help.cause[0])
        fprintf(stderr, "  likely cause: %s\n", help.cause);
    smctl_next(q->x, help.next, q->about, "", "", next, sizeof next);
    if (next[0])
        fprintf(stderr, "  next: %s\n", next);
}

static void ask_done(struct call *c, const struct call_result *r)
{
    struct ask *q = LIST_ENTRY(c, struct ask, call);

    if (r->outcome == CALL_OK || r->outcome == CALL_WARNING) {
        q->code = q->on(q->ctx, r->env);
    } else if (r->base) {
        ask_refused(q, &r->base->answer);
        q->code = XC_REFUSED;
    } else if (r->outcome == CALL_ERROR) {
        out_error("%s", r->text);
        q->code = XC_CONNECTION;
    }
}

/* The card a command is about: the verb's word EID, or --eid. */
static const char *asked_eid(const struct smctl *x)
{
    const char *eid = x->args->value[OPT_EID];

    if (!eid && x->n_words && !strncmp(x->verb->words, "EID", 3))
        eid = x->words[0];
    return eid ? eid : "";
}

enum exit_code smctl_ask(struct smctl *x, const struct message *request, ask_fn on, void *ctx)
{
    static const struct call_port PORT = {ask_request, ask_done};
    struct ask q = {.call = {.port = &PORT},
                    .request = request,
                    .on = on,
                    .ctx = ctx,
                    .x = x,
                    .about = asked_eid(x),
                    .code = XC_CONNECTION};
    enum exit_code code = smctl_connect(x, NULL);
    struct errmsg why = {""};
    int err;

    if (code != XC_OK)
        return code;
    client_call(x->client, &q.call);
    err = client_run(x->client, &why);
    return err ? smctl_ended(x, err, &why) : q.code;
}

void smctl_call_id(struct smctl *x, char dst[UUID_TEXT])
{
    struct uuid id;

    uuid_v7(&id, clock_wall_ms(&CLOCK_SYSTEM), &x->rng);
    uuid_text(&id, dst);
}

enum exit_code smctl_print_message(const struct message *m)
{
    struct buf b;
    int err;

    buf_init(&b, 0);
    err = wire_message_json(m, &b);
    if (!err)
        out_line(stdout, &b);
    buf_fini(&b);
    if (err)
        out_error("the answer cannot be shown: %s", err_text(err));
    return err ? XC_LOCAL : XC_OK;
}

/* --- a run --- */

const struct verb *verb_find(const char *const *words, unsigned n, unsigned *ret_n)
{
    const struct verb *best = NULL;
    char line[128] = "";
    size_t len = 0;

    *ret_n = 0;
    for (unsigned k = 1; k <= n && k <= ARGS_WORDS_MAX; k++) {
        size_t more = strlen(words[k - 1]);
        if (len + more + 2 > sizeof line)
            break;
        if (len)
            line[len++] = ' ';
        memcpy(line + len, words[k - 1], more + 1);
        len += more;
        for (unsigned i = 0; i < N_VERBS; i++) {
            if (!strcmp(VERBS[i].name, line)) {
                best = &VERBS[i];
                *ret_n = k;
            }
        }
    }
    return best;
}

static enum exit_code no_such_verb(const struct args *a)
{
    size_t n = a->n_pos ? strlen(a->pos[0]) : 0;
    bool any = false;

    if (!n) {
        out_error("say what to do; smctl help lists the commands");
        return XC_USAGE;
    }
    for (unsigned i = 0; i < N_VERBS; i++) {
        if (strncmp(VERBS[i].name, a->pos[0], n) || (VERBS[i].name[n] && VERBS[i].name[n] != ' '))
            continue;
        if (!any)
            out_error("'%.40s' is followed by one of these:", a->pos[0]);
        fprintf(stderr, "  smctl %s %s\n", VERBS[i].name, VERBS[i].words);
        any = true;
    }
    if (!any)
        out_error("there is no command '%.40s'; smctl help lists them", a->pos[0]);
    return XC_USAGE;
}

static enum exit_code check_words(const struct smctl *x)
{
    uint64_t allowed = x->verb->opts | OPTS_GLOBAL;

    for (int i = 0; i < OPT_COUNT; i++) {
        if (args_has(x->args, (enum opt)i) && !(allowed & OPT_BIT(i))) {
            out_error("--%s does not go with smctl %s; smctl help %s", OPTS[i].name, x->verb->name,
                      x->verb->name);
            return XC_USAGE;
        }
    }
    if (x->n_words >= x->verb->min_words && x->n_words <= x->verb->max_words)
        return XC_OK;
    out_error("usage: smctl %s %s; smctl help %s", x->verb->name, x->verb->words, x->verb->name);
    return XC_USAGE;
}

static enum exit_code run(struct smctl *x)
{
    enum exit_code code = check_words(x);

    if (code != XC_OK)
        return code;
    rng_init_system(&x->rng);
    x->crypto = crypto_new(NULL);
    if (!x->crypto) {
        out_error("%s", err_text(ERR_NOMEM));
        return XC_LOCAL;
    }
    code = x->verb->run(x);
    client_free(x->client);
    contexts_free(x->contexts);
    crypto_free(x->crypto);
    if (fflush(stdout) != 0 || ferror(stdout)) {
        out_error("standard output could not be written");
        code = exit_worse(code, XC_LOCAL);
    }
    return code;
}

enum exit_code smctl_main(int argc, char *const *argv)
{
    struct args args;
    struct errmsg why = {""};
    struct smctl x = {.args = &args};
    unsigned taken = 0;
    int err;

    err = args_parse(argc, argv, &args, &why);
    x.verb = verb_find(args.pos, args.n_pos, &taken);
    if (err) {
        if (err == ERR_UNSUPPORTED)
            out_error("%s; smctl help%s%s lists the options", why.text, x.verb ? " " : "",
                      x.verb ? x.verb->name : "");
        else
            out_error("%s", why.text);
        return XC_USAGE;
    }
    x.json = args_has(&args, OPT_JSON);
    x.words = args.pos + taken;
    x.n_words = args.n_pos - taken;
    if (args_has(&args, OPT_HELP) || (!x.verb && !args.n_pos && argc > 1)) {
        x.words = args.pos;
        x.n_words = args.n_pos;
        return verb_help(&x);
    }
    return x.verb ? run(&x) : no_such_verb(&args);
}
