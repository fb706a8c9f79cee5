/* SPDX-License-Identifier: Apache-2.0 */
/* One run of smctl: what was typed, who speaks, the connections, and the one way to ask something.
 */
#pragma once

#include "common/crypto/crypto.h"
#include "tools/smctl/args.h"
#include "tools/smctl/client.h"
#include "tools/smctl/codes.h"
#include "tools/smctl/contexts.h"
#include "tools/smctl/exits.h"
#include "tools/smctl/out.h"

struct verb;
struct smctl {
    const struct args *args;
    const struct verb *verb;
    const char *const *words; /* the positional words behind the verb */
    unsigned n_words;
    bool json;
    struct rng rng;
    struct crypto *crypto;
    /* found at the first need */
    struct contexts *contexts;
    const struct context *context;
    struct rpc_party me; /* of our own certificate */
    struct client *client;
    enum daemon daemon; /* client's other end */
};

struct verb {
    const char *name;  /* "profile push" */
    const char *words; /* "EID ICCID MSISDN"; "" = none */
    unsigned min_words, max_words;
    uint64_t opts;      /* OPT_BIT of its own options */
    enum daemon daemon; /* asked unless --via says otherwise */
    const char *doc;    /* one line */
    const char *more;   /* paragraphs, NULL = none */
    enum exit_code (*run)(struct smctl *x);
};
extern const struct verb VERBS[];
/* What an option that several verbs share means to one of them. */
struct opt_own {
    const char *verb;
    enum opt opt;
    const char *arg, *doc;
};
extern const struct opt_own OPTS_OWN[];
extern const unsigned N_OPTS_OWN;
extern const unsigned N_VERBS;

/* The verb whose words the line begins with, the longest; NULL. ret_n: words it took. */
const struct verb *verb_find(const char *const *words, unsigned n, unsigned *ret_n);
/* A whole run; argv as main gets it. */
enum exit_code smctl_main(int argc, char *const *argv);

/* Prints why as an error and gives the exit code that fits err. */
enum exit_code smctl_fail(int err, const struct errmsg *why);
/* Configuration, context and our own certificate. XC_OK or the code to leave with, said already. */
enum exit_code smctl_context(struct smctl *x);
/* Which daemon this run asks: --via, else the verb's own. XC_USAGE when --via names neither. */
enum exit_code smctl_daemon(struct smctl *x, enum daemon *ret);
/* Connects as the context says. opt NULL: an ordinary client. */
enum exit_code smctl_connect(struct smctl *x, const struct client_opt *opt);
/* One synchronous question: on gets the RESPONSE while its octets live. A status other than success
 * is printed and answered with XC_REFUSED. */
typedef enum exit_code (*ask_fn)(void *ctx, const struct envelope *e);
enum exit_code smctl_ask(struct smctl *x, const struct message *request, ask_fn on, void *ctx);
/* smctl_fail of an exchange that ended; refused at the door: who spoke, and who else there is. */
enum exit_code smctl_ended(const struct smctl *x, int err, const struct errmsg *why);
/* Options that make another command speak as this one does: "--as fleet ", or nothing. */
#define WHO_MAX 320u
const char *smctl_who(const struct smctl *x, char dst[WHO_MAX]);
/* A cure with its commands as they are to be typed (code_next); x->daemon has the operation. */
void smctl_next(const struct smctl *x, const char *next, const char *eid, const char *iccid,
                const char *operation, char *dst, size_t cap);
/* FunctionCallIdentifier of our own: UUIDv7 (design 3.2). */
void smctl_call_id(struct smctl *x, char dst[UUID_TEXT]);
/* Prints a whole message as one line of JSON. */
enum exit_code smctl_print_message(const struct message *m);

/* the verbs */
enum exit_code verb_help(struct smctl *x);
enum exit_code verb_pki_init(struct smctl *x);
enum exit_code verb_eis_import(struct smctl *x);
enum exit_code verb_eis_show(struct smctl *x);
enum exit_code verb_eis_list(struct smctl *x);
enum exit_code verb_eis_keys_rotate(struct smctl *x);
enum exit_code verb_eis_state(struct smctl *x);
enum exit_code verb_eis_drift(struct smctl *x);
enum exit_code verb_eis_batches(struct smctl *x);
enum exit_code verb_contacts_unknown(struct smctl *x);
enum exit_code verb_profile_push(struct smctl *x);
enum exit_code verb_profile_enable(struct smctl *x);
enum exit_code verb_profile_disable(struct smctl *x);
enum exit_code verb_profile_delete(struct smctl *x);
enum exit_code verb_profile_list(struct smctl *x);
enum exit_code verb_profile_stock(struct smctl *x);
enum exit_code verb_profile_replace(struct smctl *x);
enum exit_code verb_profile_lost(struct smctl *x);
enum exit_code verb_profile_inspect(struct smctl *x);
enum exit_code verb_profile_address(struct smctl *x);
enum exit_code verb_profile_policy(struct smctl *x);
enum exit_code verb_profile_fallback(struct smctl *x);
enum exit_code verb_profile_emergency(struct smctl *x);
enum exit_code verb_profile_import(struct smctl *x);
enum exit_code verb_template_add(struct smctl *x);
enum exit_code verb_operation_show(struct smctl *x);
enum exit_code verb_operation_list(struct smctl *x);
enum exit_code verb_operation_wait(struct smctl *x);
enum exit_code verb_explain(struct smctl *x);
enum exit_code verb_capture(struct smctl *x);
enum exit_code verb_events_list(struct smctl *x);
enum exit_code verb_events_tail(struct smctl *x);
enum exit_code verb_log_verify(struct smctl *x);
enum exit_code verb_audit(struct smctl *x);
enum exit_code verb_notify_follow(struct smctl *x);
enum exit_code verb_status(struct smctl *x);
