/* SPDX-License-Identifier: Apache-2.0 */
/* Configuration files: the first octet chooses whose (SM-SR, SM-DP, smctl). What is refused gets a
 * sentence of one line; what is accepted names files that can be asked for. */
#include "test/fuzz/as_file.h"

#include "smdp/conf.h"
#include "smsr/conf.h"
#include "test/fuzz/input.h"
#include "tools/smctl/contexts.h"

static void said(int err, const struct errmsg *why)
{
    must(err == ERR_CONFIG && why->text[0] && !strchr(why->text, '\n'));
}

static void smsr(const char *path)
{
    struct errmsg why = {{0}};
    struct conf *c = NULL;
    int err = conf_load(path, 1, &c, &why);

    if (err) {
        must(c == NULL);
        said(err, &why);
        return;
    }
    must(c->listen && c->state && c->env.smsr_oid.s[0]);
    (void)!conf_check_files(c, &why);
    conf_free(c);
}

static void smdp(const char *path)
{
    struct errmsg why = {{0}};
    struct dp_conf *c = NULL;
    int err = dp_conf_load(path, 1, &c, &why);

    if (err) {
        must(c == NULL);
        said(err, &why);
        return;
    }
    must(c->listen && c->state && c->env.smdp_oid.s[0]);
    (void)!dp_conf_check_files(c, &why);
    dp_conf_free(c);
}

static void smctl(const char *path)
{
    struct errmsg why = {{0}};
    const struct context *x;
    struct contexts *c = NULL;
    char names[80];
    int err = contexts_load(path, &c, &why);

    if (err) {
        must(c == NULL);
        said(err, &why);
        return;
    }
    contexts_names(c, names, sizeof names);
    must(strlen(names) < sizeof names);
    if (!contexts_pick(c, NULL, &x, &why))
        must(x->name && x->ca && x->cert && x->key && (x->smsr || x->smdp));
    contexts_free(c);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static void (*const READERS[])(const char *) = {smsr, smdp, smctl};

    if (size < 1)
        return 0;
    READERS[data[0] % 3](as_file(span_of(data + 1, size - 1)));
    return 0;
}
