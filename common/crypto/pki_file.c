/* SPDX-License-Identifier: Apache-2.0 */
/* Certificates and private keys as PEM files (RFC 7468). Keys are created 0600 by open(2) itself,
 * so there is no moment at which somebody else could read them, and never overwritten. */
#include "common/crypto/pki_issue.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/crypto/ossl.h"

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include "common/crypto/ecka.h"
#include "common/crypto/pki_evp.h"

#define PEM_MAX 65536u

static int write_all(int fd, struct span octets)
{
    while (octets.n > 0) {
        ssize_t put = write(fd, octets.p, octets.n);
        if (put < 0 && errno == EINTR)
            continue;
        if (put <= 0)
            return ERR_IO;
        octets.p += put;
        octets.n -= (size_t)put;
    }
    return fsync(fd) == 0 ? ERR_OK : ERR_IO;
}

int pki_write_file(const char *path, struct span octets, unsigned mode, struct errmsg *why)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, (mode_t)mode);
    int rc;

    if (fd < 0 && errno == EEXIST)
        return errmsg_set(why, ERR_EXISTS, "%s exists already; nothing was written over it", path);
    if (fd < 0)
        return errmsg_set(why, ERR_IO, "cannot create %s (errno %d)", path, errno);
    rc = write_all(fd, octets);
    if (close(fd) != 0)
        rc = ERR_IO;
    if (rc != ERR_OK) {
        (void)unlink(path);
        return errmsg_set(why, ERR_IO, "writing %s failed; it was removed again", path);
    }
    return ERR_OK;
}

/* Writes what stands in the memory BIO; its memory is wiped when it is freed. */
static int write_bio(const char *path, BIO *bio, unsigned mode, struct errmsg *why)
{
    char *text = NULL;
    long n = BIO_get_mem_data(bio, &text);

    return pki_write_file(path, span_of(text, n > 0 ? (size_t)n : 0), mode, why);
}

int pki_write_cert(const char *path, struct span der, struct errmsg *why)
{
    const unsigned char *at = der.p;
    X509 *x = d2i_X509(NULL, &at, (long)der.n);
    BIO *bio = BIO_new(BIO_s_mem());
    int rc;

    if (x && bio && at == der.p + der.n && PEM_write_bio_X509(bio, x) == 1)
        rc = write_bio(path, bio, 0644, why);
    else
        rc = errmsg_set(why, ERR_FORMAT, "what should go to %s is no X.509 certificate", path);
    BIO_free(bio);
    X509_free(x);
    ERR_clear_error();
    return rc;
}

int pki_write_key(const char *path, const struct key *key, struct errmsg *why)
{
    EVP_PKEY *evp = pki_evp_from_key(key);
    BIO *bio = BIO_new(BIO_s_secmem());
    int rc;

    if (evp && bio && PEM_write_bio_PKCS8PrivateKey(bio, evp, NULL, NULL, 0, NULL, NULL) == 1)
        rc = write_bio(path, bio, 0600, why);
    else
        rc = errmsg_set(why, ERR_UNSUPPORTED, "the key for %s has no PEM form", path);
    BIO_free(bio);
    EVP_PKEY_free(evp);
    ERR_clear_error();
    return rc;
}

static int file_open(const char *path, bool is_key, int *ret_fd, struct errmsg *why)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    struct stat st;
    int rc = ERR_OK;

    if (fd < 0)
        return errmsg_set(why, ERR_CONFIG, "cannot open %s (%s)", path,
                          errno == ENOENT ? "no such file" : "not readable by this user");
    if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode))
        rc = errmsg_set(why, ERR_CONFIG, "%s is not a regular file", path);
    else if (is_key && (st.st_mode & (07777u & ~0600u)))
        rc = errmsg_set(why, ERR_CONFIG,
                        "%s has mode %04o and may be read by others; run chmod 0600", path,
                        (unsigned)(st.st_mode & 07777u));
    if (rc != ERR_OK)
        (void)close(fd);
    else
        *ret_fd = fd;
    return rc;
}

/* The whole file into b; the caller wipes it. */
static int file_read(const char *path, bool is_key, struct buf *b, struct errmsg *why)
{
    int fd = -1, rc = file_open(path, is_key, &fd, why);

    buf_init(b, PEM_MAX);
    while (rc == ERR_OK) {
        uint8_t piece[1024];
        ssize_t got = read(fd, piece, sizeof(piece));
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            rc = errmsg_set(why, ERR_CONFIG, "reading %s failed", path);
        else if (got > 0)
            buf_add(b, piece, (size_t)got);
        mem_wipe(piece, sizeof(piece));
        if (b->failed)
            rc = errmsg_set(why, ERR_CONFIG, "%s is too large for a PEM file", path);
        if (got <= 0)
            break;
    }
    if (fd >= 0)
        (void)close(fd);
    return rc;
}

/* Without it the library would ask the terminal for a password. */
static int no_password(char *buf, int size, int rwflag, void *arg)
{
    (void)buf;
    (void)size;
    (void)rwflag;
    (void)arg;
    return -1;
}

int pki_read_key(struct crypto *c, const char *path, struct key **ret, struct errmsg *why)
{
    struct buf text;
    EVP_PKEY *evp = NULL;
    BIO *bio = NULL;
    int rc;

    *ret = NULL;
    rc = file_read(path, true, &text, why);
    if (rc == ERR_OK) {
        bio = BIO_new_mem_buf(text.p, (int)text.n);
        evp = bio ? PEM_read_bio_PrivateKey(bio, NULL, no_password, NULL) : NULL;
        if (!evp)
            rc = errmsg_set(why, ERR_CONFIG, "%s holds no PEM private key without password", path);
        else if (pki_evp_to_key(c, evp, ret) != ERR_OK)
            rc = errmsg_set(why, ERR_CONFIG, "%s holds no key on P-256 or brainpoolP256r1", path);
    }
    EVP_PKEY_free(evp);
    BIO_free(bio);
    buf_wipe(&text);
    buf_fini(&text);
    ERR_clear_error();
    return rc;
}

/* The registeredID of subjectAltName, where an entity's OID stands; empty when there is none. */
static void entity_oid(X509 *x, struct oid *ret)
{
    GENERAL_NAMES *names = X509_get_ext_d2i(x, NID_subject_alt_name, NULL, NULL);

    ret->s[0] = '\0';
    for (int i = 0; i < sk_GENERAL_NAME_num(names); i++) {
        const GENERAL_NAME *name = sk_GENERAL_NAME_value(names, i);
        char text[sizeof(ret->s)];
        int n;
        if (name->type != GEN_RID)
            continue;
        n = OBJ_obj2txt(text, sizeof(text), name->d.registeredID, 1);
        if (n > 0 && (size_t)n < sizeof(text) && oid_parse(span_str(text), ret) == ERR_OK)
            break;
        ret->s[0] = '\0';
    }
    GENERAL_NAMES_free(names);
}

/* Everything of the entity that follows from certificate and key. */
static int entity_fill(struct crypto *c, X509 *x, struct pki_entity *e)
{
    EVP_PKEY *evp = pki_evp_from_key(e->key);
    const ASN1_OCTET_STRING *ski = X509_get0_subject_key_id(x);
    unsigned char *der = NULL;
    int n = i2d_X509(x, &der);
    int rc = ERR_CONFIG;

    if (evp && n > 0 && EVP_PKEY_eq(X509_get0_pubkey(x), evp) == 1 &&
        ec_point(c, e->key, e->point) == ERR_OK) {
        sha1(c, span_of(e->point, sizeof(e->point)), e->ski);
        /* What is signed with this entity names it by its own identifier, so it must be this
         * form. */
        if (ski && ASN1_STRING_length(ski) == 20 &&
            memcmp(ASN1_STRING_get0_data(ski), e->ski, 20) == 0) {
            buf_init(&e->der, 0);
            buf_add(&e->der, der, (size_t)n);
            entity_oid(x, &e->oid);
            e->curve = pki_evp_curve(e->key);
            rc = e->der.failed ? ERR_NOMEM : ERR_OK;
        }
    }
    OPENSSL_free(der);
    EVP_PKEY_free(evp);
    return rc;
}

int pki_read_entity(struct crypto *c, const char *cert_path, const char *key_path,
                    struct pki_entity *ret, struct errmsg *why)
{
    struct pki_entity e = {.key = NULL};
    struct buf text;
    BIO *bio = NULL;
    X509 *x = NULL;
    int rc = file_read(cert_path, false, &text, why);

    *ret = e;
    if (rc == ERR_OK) {
        bio = BIO_new_mem_buf(text.p, (int)text.n);
        x = bio ? PEM_read_bio_X509(bio, NULL, no_password, NULL) : NULL;
        if (!x)
            rc = errmsg_set(why, ERR_CONFIG, "%s holds no PEM certificate", cert_path);
    }
    if (rc == ERR_OK)
        rc = pki_read_key(c, key_path, &e.key, why);
    if (rc == ERR_OK && entity_fill(c, x, &e) != ERR_OK)
        rc = errmsg_set(why, ERR_CONFIG, "%s and %s do not belong together", cert_path, key_path);
    if (rc == ERR_OK)
        *ret = e;
    else
        pki_entity_fini(&e);
    X509_free(x);
    BIO_free(bio);
    buf_fini(&text);
    ERR_clear_error();
    return rc;
}
