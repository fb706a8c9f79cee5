/* SPDX-License-Identifier: Apache-2.0 */
/* profile inspect: a profile package of a file, element by element. Nothing is asked of a server, and
 * nothing is printed of a file that is no whole package. */
#include "tools/smctl/input_file.h"
#include "tools/smctl/smctl.h"

#include "smdp/profile/inspect.h"

#define DEPTH_MAX 8

/* --- for programs: the sink is JSON's own shape --- */
static void json_sink_open(void *ctx, const char *name, bool list)
{
    json_open(ctx, name, list ? '[' : '{');
}

static void json_sink_close(void *ctx, bool list)
{
    json_close(ctx, list ? ']' : '}');
}

static void json_sink_text(void *ctx, const char *name, struct span s)
{
    json_text(ctx, name, s);
}

static void json_sink_hex(void *ctx, const char *name, struct span s)
{
    json_hex(ctx, name, s);
}

static void json_sink_number(void *ctx, const char *name, uint64_t v)
{
    json_u64(ctx, name, v);
}

/* --- for people: an object is a line, what nests in it stands below and further in --- */
struct lines {
    struct buf *out;
    unsigned depth;                /* of open objects and lists */
    const char *pending[DEPTH_MAX]; /* name of a list that has nothing in it yet */
    bool begun;                     /* there is a line to be ended */
    bool first;                     /* nothing but its indentation stands on it */
    bool fresh;                     /* nothing of the object that is open was written */
};

static void put(struct lines *l, const char *s)
{
    buf_add(l->out, s, strlen(s));
}

static void line_end(struct lines *l)
{
    if (l->begun)
        put(l, "\n");
    l->begun = false;
}

/* Of what stands in that many objects and lists; the first list is not further in than its object. */
static void line_begin(struct lines *l, unsigned depth)
{
    line_end(l);
    for (unsigned i = 1; i < depth; i++)
        put(l, "  ");
    l->begun = true;
    l->first = true;
}

/* The name of the list that is open stands above its first item, or in front of it. */
static void list_name(struct lines *l)
{
    unsigned at = l->depth ? l->depth - 1 : 0;

    if (at >= DEPTH_MAX || !l->pending[at])
        return;
    line_begin(l, at);
    put(l, l->pending[at]);
    put(l, ":");
    l->pending[at] = NULL;
}

static void lines_open(void *ctx, const char *name, bool list)
{
    struct lines *l = ctx;

    if (!list) {
        list_name(l);
        line_begin(l, l->depth);
        l->fresh = true;
    }
    if (l->depth < DEPTH_MAX)
        l->pending[l->depth] = list ? name : NULL;
    l->depth++;
}

static void lines_close(void *ctx, bool list)
{
    struct lines *l = ctx;

    l->depth--;
    if (list)
        line_end(l);
}

/* The text that comes first in an object names it and needs no name itself. */
static void lines_value(struct lines *l, const char *name, const char *value, bool text)
{
    if (!name) {
        list_name(l);
        put(l, " ");
        put(l, value);
        return;
    }
    if (!l->begun)
        line_begin(l, l->depth);
    if (!l->first)
        put(l, ", ");
    for (const char *c = name; *c && !(text && l->fresh); c++)
        buf_add(l->out, *c == '_' ? " " : c, 1);
    put(l, text && l->fresh ? "" : " ");
    put(l, value);
    l->first = l->fresh = false;
}

static void lines_text(void *ctx, const char *name, struct span s)
{
    char value[256];

    lines_value(ctx, name, text_safe(s, value, sizeof value), true);
}

static void lines_hex(void *ctx, const char *name, struct span s)
{
    char value[2 * 64 + 4];
    size_t n = s.n < 64 ? s.n : 64;

    for (size_t i = 0; i < n; i++)
        (void)snprintf(value + 2 * i, 3, "%02X", s.p[i]);
    (void)snprintf(value + 2 * n, 4, "%s", n < s.n ? ".." : "");
    lines_value(ctx, name, value, false);
}

static void lines_number(void *ctx, const char *name, uint64_t v)
{
    char value[24];

    (void)snprintf(value, sizeof value, "%llu", (unsigned long long)v);
    lines_value(ctx, name, value, false);
}

enum exit_code verb_profile_inspect(struct smctl *x)
{
    struct input_file f = {.map = NULL};
    struct errmsg why = {""}, inner = {""};
    struct buf out;
    struct json j = {.out = &out};
    struct lines l = {.out = &out};
    const struct profile_sink json = {&j,          json_sink_open, json_sink_close, json_sink_text,
                                      json_sink_hex, json_sink_number};
    const struct profile_sink lines = {&l,         lines_open, lines_close, lines_text,
                                       lines_hex, lines_number};
    int err = input_open(x->words[0], &f, &why);

    if (err)
        return smctl_fail(err, &why);
    buf_init(&out, 0);
    err = profile_inspect(f.octets, x->crypto, x->json ? &json : &lines, &inner);
    if (err)
        err = errmsg_set(&why, ERR_CONFIG, "%.160s is no profile package: %.150s", x->words[0],
                         inner.text);
    else if (out.failed)
        err = errmsg_set(&why, ERR_NOMEM, "%s", err_text(ERR_NOMEM));
    else if (x->json)
        out_line(stdout, &out);
    else
        (void)!fwrite(out.p, 1, out.n, stdout); /* ferror is asked once at the end */
    buf_fini(&out);
    input_close(&f);
    return err ? smctl_fail(err, &why) : XC_OK;
}
