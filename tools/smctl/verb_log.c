/* SPDX-License-Identifier: Apache-2.0 */
/* log verify: over mTLS the chain of every stream the caller may see, recomputed here; with --state
 * the files of a daemon, read only, chain and rebuilt projections (design 2 law 2, 3.2). */
#include "tools/smctl/chain_check.h"
#include "tools/smctl/input_file.h"
#include "tools/smctl/records.h"
#include "tools/smctl/state_verify.h"

#include "common/base/hex.h"
#include "common/journal/journal.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdlib.h>
#include <time.h>

#define TRIES 20 /* a head may be told a moment before its record is durable */

struct check {
    struct smctl *x;
    struct chain_check *chain;
    struct errmsg why;
    struct journal_head *heads; /* kept ones, for the offline walk */
    size_t n_heads;
    bool compared; /* offline: projections were rebuilt and compared */
};

/* --- heads kept by the caller --- */

static int keep_head(void *ctx, const struct admin_head *h, struct errmsg *why)
{
    struct check *k = ctx;
    struct journal_head *grown = realloc(k->heads, (k->n_heads + 1) * sizeof *grown);

    if (!grown)
        return errmsg_set(why, ERR_NOMEM, "%s", err_text(ERR_NOMEM));
    k->heads = grown;
    grown[k->n_heads] = (struct journal_head){.stream = h->stream, .seq = h->seq};
    memcpy(grown[k->n_heads++].hash, h->hash, sizeof h->hash);
    return chain_check_head(k->chain, h, "kept in the file of --heads", why);
}

static int heads_read(struct check *k)
{
    const char *path = k->x->args->value[OPT_HEADS];
    struct errmsg inner = {""};
    struct input_file f;
    int err;

    if (!path)
        return ERR_OK;
    err = input_open(path, &f, &k->why);
    if (err)
        return err;
    err = heads_parse(f.octets, keep_head, k, &inner);
    input_close(&f);
    return err ? errmsg_set(&k->why, err, "%.100s: %.200s", path, inner.text) : ERR_OK;
}

static void head_write(void *ctx, const struct admin_head *h)
{
    char hex[65];

    if (hex_encode(span_of(h->hash, sizeof h->hash), hex, sizeof hex) == ERR_OK)
        fprintf(ctx, "%u %" PRIu64 " %s\n", h->stream, h->seq, hex);
}

static enum exit_code heads_save(const struct check *k)
{
    const char *path = k->x->args->value[OPT_SAVE_HEADS];
    FILE *f;
    bool bad;

    if (!path)
        return XC_OK;
    f = fopen(path, "we");
    if (f) {
        chain_check_heads(k->chain, head_write, f);
        bad = ferror(f) != 0;
        bad = fclose(f) != 0 || bad;
    } else {
        bad = true;
    }
    if (bad)
        out_error("%.200s could not be written: %s", path, strerror(errno));
    return bad ? XC_LOCAL : XC_OK;
}

/* --- over mTLS --- */

static enum exit_code verdict(struct check *k, int err)
{
    if (err == ERR_CORRUPT || err == ERR_AGAIN)
        return XC_FAILED;
    return err ? smctl_fail(err, &k->why) : XC_OK;
}

static enum exit_code take_heads(void *ctx, const struct envelope *e)
{
    const struct admin_heads_response *r = e->message.body;
    struct check *k = ctx;
    int err = ERR_OK;

    if (e->message.type != MSG_ADMIN_HEADS_RESPONSE)
        return XC_CONNECTION;
    for (unsigned i = 0; i < r->n_heads && !err; i++)
        err = chain_check_head(k->chain, &r->heads[i], "as the daemon tells it", &k->why);
    return verdict(k, err);
}

static enum exit_code take_record(void *ctx, const struct admin_record *r)
{
    struct check *k = ctx;

    return verdict(k, chain_check_record(k->chain, r, &k->why));
}

/* Heads first: every record up to them exists by then. */
static enum exit_code walk(struct check *k)
{
    const struct timespec pause = {0, 100 * 1000000L};
    struct admin_heads_request q = {.base = {.validity_period_s = 0}};
    struct message m = {MSG_ADMIN_HEADS_REQUEST, &q};
    struct records_filter f = {.from_lsn = 1};
    char id[UUID_TEXT];
    enum exit_code code;
    int err = ERR_AGAIN;

    smctl_call_id(k->x, id);
    q.base.function_call_identifier = span_str(id);
    code = smctl_ask(k->x, &m, take_heads, k);
    for (int i = 0; code == XC_OK && err == ERR_AGAIN && i < TRIES; i++) {
        if (i)
            (void)nanosleep(&pause, NULL);
        code = records_each(k->x, &f, take_record, k, &f.from_lsn, NULL);
        if (code == XC_OK)
            err = chain_check_missing(k->chain, &k->why);
    }
    return code == XC_OK ? verdict(k, err) : code;
}

/* --- the result --- */

static void show(const struct check *k, bool good, const char *where, uint64_t records,
                 uint64_t erased, uint64_t last, unsigned streams)
{
    struct buf b;
    struct json w = {.out = &b};

    if (!k->x->json) {
        if (good)
            printf("log verify: ok (%s, %" PRIu64 " records, %u streams, %" PRIu64
                   " bodies erased, last lsn %" PRIu64 "%s)\n",
                   where, records, streams, erased, last,
                   k->compared ? ", projections equal to the log" : "");
        else
            printf("log verify: FAILED (%s) %s\n", where, k->why.text);
        return;
    }
    buf_init(&b, 0);
    json_open(&w, NULL, '{');
    json_bool(&w, "ok", good);
    json_str(&w, "where", where);
    json_u64(&w, "records", records);
    json_u64(&w, "streams", streams);
    json_u64(&w, "erased", erased);
    json_u64(&w, "last_lsn", last);
    json_bool(&w, "projections_compared", k->compared);
    json_str(&w, "error", good ? "" : k->why.text);
    json_close(&w, '}');
    out_line(stdout, &b);
    buf_fini(&b);
}

static enum exit_code online(struct check *k)
{
    enum exit_code code = walk(k);
    struct chain_sum s = chain_check_sum(k->chain);

    if (code == XC_OK || code == XC_FAILED)
        show(k, code == XC_OK, daemon_name(k->x->daemon), s.records, s.erased, s.last_lsn,
             s.streams);
    return code == XC_OK ? heads_save(k) : code;
}

static enum exit_code offline(struct check *k, const char *dir)
{
    struct journal_report r;
    char path[PATH_MAX];
    enum exit_code code;
    int err, n = snprintf(path, sizeof path, "%s/journal.db", dir);

    if (n < 0 || n >= PATH_MAX) {
        out_error("--state: the path is too long");
        return XC_USAGE;
    }
    if (args_has(k->x->args, OPT_SAVE_HEADS)) {
        out_error("--save-heads keeps what a daemon tells; it does not go with --state");
        return XC_USAGE;
    }
    err = journal_verify(path, NULL, k->x->crypto, k->heads, k->n_heads, &r);
    if (!err)
        err = state_verify(dir, k->x->args->value[OPT_VIA], &k->compared, &r.why);
    k->why = r.why;
    if (err && err != ERR_CORRUPT) {
        code = smctl_fail(err, &k->why);
        return code == XC_USAGE ? XC_LOCAL : code;
    }
    show(k, err == ERR_OK, dir, r.records, r.erased, r.last_lsn, r.streams);
    return err ? XC_FAILED : XC_OK;
}

enum exit_code verb_log_verify(struct smctl *x)
{
    struct check k = {.x = x, .chain = chain_check_new(x->crypto)};
    enum exit_code code = XC_LOCAL;
    int err = k.chain ? heads_read(&k) : errmsg_set(&k.why, ERR_NOMEM, "%s", err_text(ERR_NOMEM));

    if (err == ERR_CORRUPT) { /* two kept heads contradict each other */
        show(&k, false, x->args->value[OPT_HEADS], 0, 0, 0, 0);
        code = XC_FAILED;
    } else if (err) {
        code = smctl_fail(err, &k.why);
    } else if (args_has(x->args, OPT_STATE)) {
        code = offline(&k, x->args->value[OPT_STATE]);
    } else {
        code = online(&k);
    }
    chain_check_free(k.chain);
    free(k.heads);
    return code;
}
