/* SPDX-License-Identifier: Apache-2.0 */
/* Writing the tree (design 3.6). Everything is made in a directory beside the wanted one, which
 * rename(2) then puts in place, so a failure leaves nothing half-done. */
#include "tools/pki/pki_tree.h"

#include "common/crypto/ecka.h"

#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define DAY_MS        86400000LL
#define HOUR_MS       3600000LL
#define DAYS_MAX      36500u
#define KEK_LEN       32u
#define TRANSPORT_LEN 16u /* AES-128 between EUM and SM-SR (SGP.02 2.8) */

struct tree {
    struct crypto *c;
    const struct pki_tree *t;
    const char *dir; /* the one under construction */
    struct errmsg *why;
    struct pki_dates valid;
    struct pki_entity ci, ca;
};

/* dir/sub/file, or ERR_TOO_LARGE. */
static int join(const struct tree *x, const char *sub, const char *file, char dst[PATH_MAX])
{
    int n =
        snprintf(dst, PATH_MAX, "%s%s%s%s%s", x->dir, *sub ? "/" : "", sub, *file ? "/" : "", file);

    if (n < 0 || n >= PATH_MAX)
        return errmsg_set(x->why, ERR_TOO_LARGE, "the path of %s is too long", file);
    return ERR_OK;
}

static int make_dir(const struct tree *x, const char *sub)
{
    char path[PATH_MAX];
    int err = join(x, sub, "", path);

    if (!err && mkdir(path, 0700) != 0)
        err = errmsg_set(x->why, ERR_IO, "cannot create %s (errno %d)", path, errno);
    return err;
}

static int put_file(const struct tree *x, const char *sub, const char *file, struct span octets,
                    unsigned mode)
{
    char path[PATH_MAX];
    int err = join(x, sub, file, path);

    return err ? err : pki_write_file(path, octets, mode, x->why);
}

static int put_key(const struct tree *x, const char *sub, const char *file, const struct key *key)
{
    char path[PATH_MAX];
    int err = join(x, sub, file, path);

    return err ? err : pki_write_key(path, key, x->why);
}

static int put_entity(const struct tree *x, const char *sub, const char *cert, const char *key,
                      const struct pki_entity *e)
{
    char path[PATH_MAX];
    int err = join(x, sub, cert, path);

    if (!err)
        err = pki_write_cert(path, buf_span(&e->der), x->why);
    return err ? err : put_key(x, sub, key, e->key);
}

static int issued(const struct tree *x, const char *what, int err)
{
    return err ? errmsg_set(x->why, err, "the certificate of %s could not be made (%s)", what,
                            err_text(err))
               : ERR_OK;
}

/* Both roots. The CI's own OID is what tag 42 of the 7F21 it signs says. */
static int put_roots(struct tree *x)
{
    struct pki_subject ca = {.name = "Remora TLS authority", .curve = CURVE_P256};
    struct pki_subject ci = {.name = "Remora laboratory CI", .curve = CURVE_P256};
    int err;

    ca.valid = ci.valid = x->valid;
    err = oid_parse(span_str("1.3.6.1.4.1.99999.99"), &ci.oid);
    if (!err)
        err = issued(x, "the TLS authority", pki_issue_tls_ca(x->c, &ca, &x->ca));
    if (!err)
        err = issued(x, "the CI", pki_issue_ci(x->c, &ci, &x->ci));
    if (!err)
        err = make_dir(x, "ca");
    if (!err)
        err = make_dir(x, "ci");
    if (!err)
        err = put_entity(x, "ca", "cert.pem", "key.pem", &x->ca);
    return err ? err : put_entity(x, "ci", "cert.pem", "key.pem", &x->ci);
}

/* GlobalPlatform certificate of an SM-DP or SM-SR with a key pair of its own. */
static int put_gp(const struct tree *x, const struct pki_party *p, const struct pki_subject *s)
{
    enum gpcert_role role = p->role == ROLE_SMSR ? GPCERT_ROLE_SMSR : GPCERT_ROLE_SMDP;
    struct key *key = NULL;
    uint8_t point[65];
    struct buf cert;
    int err;

    buf_init(&cert, 4096);
    err = issued(x, p->name, ec_generate(x->c, s->curve, &key, point));
    if (!err)
        err = issued(x, p->name,
                     pki_issue_gp(x->c, &x->ci, role, s, span_of(point, sizeof point), &cert));
    if (!err)
        err = put_file(x, p->name, "gp.7f21", buf_span(&cert), 0644);
    if (!err)
        err = put_key(x, p->name, "gp.key", key);
    key_free(key);
    buf_fini(&cert);
    return err;
}

static int put_eum(const struct tree *x, const struct pki_party *p, const struct pki_subject *s)
{
    struct pki_entity e = {.key = NULL};
    int err = issued(x, p->name, pki_issue_eum(x->c, &x->ci, s, &e));

    if (!err)
        err = put_entity(x, p->name, "eum.pem", "eum.key", &e);
    pki_entity_fini(&e);
    return err;
}

static int put_kek(const struct tree *x, const char *sub)
{
    uint8_t kek[KEK_LEN];
    int err;

    crypto_random(x->c, kek, sizeof kek);
    err = put_file(x, sub, "kek.bin", span_of(kek, sizeof kek), 0600);
    mem_wipe(kek, sizeof kek);
    return err;
}

static int put_transport(const struct tree *x)
{
    static const char DIGITS[] = "0123456789ABCDEF";
    uint8_t key[TRANSPORT_LEN];
    char text[2 * TRANSPORT_LEN + 1];
    int err;

    crypto_random(x->c, key, sizeof key);
    for (size_t i = 0; i < sizeof key; i++) {
        text[2 * i] = DIGITS[key[i] >> 4];
        text[2 * i + 1] = DIGITS[key[i] & 15];
    }
    text[2 * sizeof key] = '\n';
    err = put_file(x, "", "transport.key", span_of(text, sizeof text), 0600);
    mem_wipe(key, sizeof key);
    mem_wipe(text, sizeof text);
    return err;
}

static int put_party(const struct tree *x, const struct pki_party *p)
{
    struct pki_subject s = {.name = p->name, .oid = p->oid, .curve = CURVE_P256};
    struct pki_entity leaf = {.key = NULL};
    int err;

    s.valid = x->valid;
    err = make_dir(x, p->name);
    if (!err)
        err = issued(x, p->name, pki_issue_tls_leaf(x->c, &x->ca, role_text(p->role), &s, &leaf));
    if (!err)
        err = put_entity(x, p->name, "cert.pem", "key.pem", &leaf);
    pki_entity_fini(&leaf);
    if (!err && (p->role == ROLE_SMSR || p->role == ROLE_SMDP))
        err = put_gp(x, p, &s);
    if (!err && (p->role == ROLE_SMSR || p->role == ROLE_SMDP))
        err = put_kek(x, p->name);
    if (!err && p->role == ROLE_EUM)
        err = put_eum(x, p, &s);
    return err;
}

static void put_text(struct buf *b, const char *s)
{
    buf_add(b, s, strlen(s));
}

/* Names, roles and OIDs hold nothing that YAML would read otherwise; paths are relative to the
 * file, so the tree may be moved. */
static int put_contexts(const struct tree *x)
{
    const struct pki_party *smsr = NULL;
    struct buf b;
    char line[PATH_MAX];
    int err;

    buf_init(&b, 0);
    put_text(&b, "# Contexts of smctl: who speaks, and to whom. Paths are relative to this file.\n"
                 "contexts:\n");
    for (unsigned i = 0; i < x->t->n; i++)
        if (!smsr && x->t->parties[i].role == ROLE_SMSR)
            smsr = &x->t->parties[i];
    for (unsigned i = 0; i < x->t->n; i++) {
        const struct pki_party *p = &x->t->parties[i];
        (void)snprintf(line, sizeof line, "  - name: %s\n    smsr: \"%s\"\n    smdp: \"%s\"\n",
                       p->name, x->t->smsr_address, x->t->smdp_address);
        put_text(&b, line);
        (void)snprintf(line, sizeof line,
                       "    ca: ca/cert.pem\n    cert: %s/cert.pem\n    key: %s/key.pem\n", p->name,
                       p->name);
        put_text(&b, line);
        if (smsr) {
            (void)snprintf(line, sizeof line, "    smsr_id: %s\n", smsr->oid.s);
            put_text(&b, line);
        }
    }
    err = b.failed ? ERR_NOMEM : put_file(x, "", "smctl.yaml", buf_span(&b), 0644);
    buf_fini(&b);
    return err;
}

static int put_all(struct tree *x)
{
    int err = put_roots(x);

    for (unsigned i = 0; !err && i < x->t->n; i++)
        err = put_party(x, &x->t->parties[i]);
    if (!err)
        err = put_transport(x);
    return err ? err : put_contexts(x);
}

/* Two levels deep is all there is. */
static void remove_tree(const char *dir, unsigned depth)
{
    DIR *d = opendir(dir);
    char path[PATH_MAX];

    for (struct dirent *e; d && (e = readdir(d));) {
        int n = snprintf(path, sizeof path, "%s/%s", dir, e->d_name);
        if (!strcmp(e->d_name, ".") || !strcmp(e->d_name, "..") || n < 0 || n >= PATH_MAX)
            continue;
        if (unlink(path) != 0 && depth > 0)
            remove_tree(path, depth - 1);
    }
    if (d)
        closedir(d);
    (void)rmdir(dir);
}

static int check(const struct pki_tree *t, struct errmsg *why)
{
    if (t->n == 0)
        return errmsg_set(why, ERR_CONFIG, "no party is named: give --party OID:role:name");
    if (t->days < 1 || t->days > DAYS_MAX)
        return errmsg_set(why, ERR_CONFIG, "validity is 1 to %u days", DAYS_MAX);
    for (const char *s = t->smsr_address; *s; s++)
        if (*s == '"' || *s == '\\' || *s < 0x20)
            return errmsg_set(why, ERR_CONFIG, "the address of the SM-SR is not host:port");
    for (const char *s = t->smdp_address; *s; s++)
        if (*s == '"' || *s == '\\' || *s < 0x20)
            return errmsg_set(why, ERR_CONFIG, "the address of the SM-DP is not host:port");
    if (strlen(t->smsr_address) > 300 || strlen(t->smdp_address) > 300)
        return errmsg_set(why, ERR_CONFIG, "an address is longer than 300 characters");
    return ERR_OK;
}

static int put_in_place(const char *from, const char *to, struct errmsg *why)
{
    if (rename(from, to) == 0)
        return ERR_OK;
    if (errno == ENOTEMPTY || errno == EEXIST || errno == ENOTDIR)
        return errmsg_set(why, ERR_EXISTS,
                          "%s exists and is not an empty directory; nothing was written, choose "
                          "another one",
                          to);
    return errmsg_set(why, ERR_IO, "cannot create %s (errno %d)", to, errno);
}

int pki_tree_write(struct crypto *c, const struct pki_tree *t, const char *dir, struct errmsg *why)
{
    struct tree x = {.c = c, .t = t, .why = why};
    char made[PATH_MAX], to[PATH_MAX];
    size_t n = strlen(dir);
    int err = check(t, why);

    if (err)
        return err;
    while (n > 1 && dir[n - 1] == '/')
        n--;
    if (n == 0 || n + 8 > sizeof made)
        return errmsg_set(why, ERR_CONFIG, "the directory has no name, or one that is too long");
    (void)snprintf(to, sizeof to, "%.*s", (int)n, dir);
    (void)snprintf(made, sizeof made, "%.*s.XXXXXX", (int)n, dir);
    if (!mkdtemp(made))
        return errmsg_set(why, ERR_IO, "cannot create a directory beside %s (errno %d)", to, errno);
    x.dir = made;
    x.valid = (struct pki_dates){t->now_ms - HOUR_MS, t->now_ms + (int64_t)t->days * DAY_MS};
    err = put_all(&x);
    if (!err)
        err = put_in_place(made, to, why);
    if (err)
        remove_tree(made, 2);
    pki_entity_fini(&x.ca);
    pki_entity_fini(&x.ci);
    return err;
}
