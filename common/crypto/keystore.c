/* SPDX-License-Identifier: Apache-2.0 */
/* Keys at rest (design law 9): KEK -> tenant KEK -> record key by HKDF-SHA256 (RFC 5869), then
 * AES-256-GCM whose additional data repeats the place, so that both the key and the tag bind it. */
#include "common/crypto/keystore.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/crypto/ossl.h"

#include <openssl/core_names.h>
#include <openssl/kdf.h>
#include <openssl/params.h>

#define KEK_LEN 32u
#define SEAL_OVERHEAD 28u   /* nonce 12, tag 16 (gcm_seal) */
#define TENANT_CACHE 64u    /* tenant keys kept derived; an evicted one is derived again */
#define AAD_MAX 64u
/* kek.bin holds the key alone and names no version: a file is version 1 until rotation gives files
 * a header. The number enters the additional data, so it cannot be changed silently. */
#define KEK_FILE_VERSION 1u

struct tenant_kek {
    bool used;
    uint32_t tenant;
    uint8_t kek[KEK_LEN];
};

struct keystore {
    struct crypto *c;
    EVP_KDF_CTX *hkdf;
    uint32_t version;
    uint8_t kek[KEK_LEN];
    size_t next_victim;
    struct tenant_kek tenants[TENANT_CACHE];
};

/* HKDF with an empty salt: every input key is uniform already, extracting only hashes it. */
static int hkdf(struct keystore *ks, const uint8_t key[KEK_LEN], struct span info,
                uint8_t ret[KEK_LEN])
{
    char digest[] = "SHA256";
    uint8_t ikm[KEK_LEN], label[AAD_MAX];
    OSSL_PARAM params[4];
    int rc;

    if (info.n > sizeof(label))
        return ERR_INTERNAL;
    memcpy(ikm, key, sizeof(ikm));
    memcpy(label, info.p, info.n);
    params[0] = OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, digest, 0);
    params[1] = OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_KEY, ikm, sizeof(ikm));
    params[2] = OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_INFO, label, info.n);
    params[3] = OSSL_PARAM_construct_end();
    EVP_KDF_CTX_reset(ks->hkdf);
    rc = EVP_KDF_derive(ks->hkdf, ret, KEK_LEN, params) == 1 ? ERR_OK : ERR_CRYPTO;
    EVP_KDF_CTX_reset(ks->hkdf);
    mem_wipe(ikm, sizeof(ikm));
    return rc;
}

static int tenant_kek(struct keystore *ks, uint32_t tenant, const uint8_t **ret)
{
    uint8_t label[32];
    struct writer w = wr_init(label, sizeof(label));
    struct tenant_kek *slot;
    int rc;

    for (size_t i = 0; i < TENANT_CACHE; i++) {
        if (ks->tenants[i].used && ks->tenants[i].tenant == tenant) {
            *ret = ks->tenants[i].kek;
            return ERR_OK;
        }
    }
    slot = &ks->tenants[ks->next_victim];
    ks->next_victim = (ks->next_victim + 1) % TENANT_CACHE;
    slot->used = false;
    wr_str(&w, "remora/tenant");
    wr_u32(&w, tenant);
    rc = hkdf(ks, ks->kek, wr_view(&w), slot->kek);
    if (rc != ERR_OK)
        return rc;
    slot->tenant = tenant;
    slot->used = true;
    *ret = slot->kek;
    return ERR_OK;
}

/* The purpose counts up to its NUL: what stands behind it in the array must not decide whether a
 * blob opens. */
static int place_check(const struct secret_place *at, size_t *ret_purpose_len)
{
    size_t n = strnlen(at->purpose, sizeof(at->purpose));

    if (n == 0 || n == sizeof(at->purpose))
        return ERR_INVAL;
    *ret_purpose_len = n;
    return ERR_OK;
}

/* Purpose in a field of fixed width, so that (purpose, id) has one reading only. */
static void place_put(struct writer *w, const struct secret_place *at, size_t purpose_len)
{
    wr_bytes(w, at->purpose, purpose_len);
    wr_fill(w, 0, sizeof(at->purpose) - purpose_len);
    wr_bytes(w, at->id, sizeof(at->id));
}

/* The record key and the additional data: "remora/secret" || version || tenant || purpose || id. */
static int record_key(struct keystore *ks, const struct secret_place *at, struct writer *aad,
                      struct key **ret)
{
    uint8_t label[AAD_MAX], raw[KEK_LEN];
    struct writer w = wr_init(label, sizeof(label));
    const uint8_t *kek = NULL;
    size_t purpose_len = 0;
    int rc = place_check(at, &purpose_len);

    if (rc == ERR_OK)
        rc = tenant_kek(ks, at->tenant, &kek);
    if (rc != ERR_OK)
        return rc;
    wr_str(&w, "remora/record");
    place_put(&w, at, purpose_len);
    rc = hkdf(ks, kek, wr_view(&w), raw);
    if (rc == ERR_OK)
        rc = key_new(KEY_AES, span_of(raw, sizeof(raw)), ret);
    mem_wipe(raw, sizeof(raw));
    if (rc != ERR_OK)
        return rc;
    wr_str(aad, "remora/secret");
    wr_u32(aad, ks->version);
    wr_u32(aad, at->tenant);
    place_put(aad, at, purpose_len);
    return ERR_OK;
}

int keystore_new(struct crypto *c, struct span kek, uint32_t kek_version, struct keystore **ret)
{
    struct keystore *ks;
    EVP_KDF *kdf;

    *ret = NULL;
    if (kek.n != KEK_LEN || !kek.p)
        return ERR_INVAL;
    ks = calloc(1, sizeof(*ks));
    if (!ks)
        return ERR_NOMEM;
    kdf = EVP_KDF_fetch(NULL, "HKDF", NULL);
    ks->hkdf = kdf ? EVP_KDF_CTX_new(kdf) : NULL;
    EVP_KDF_free(kdf);   /* the context holds its own reference */
    if (!ks->hkdf) {
        free(ks);
        return ERR_CRYPTO;
    }
    ks->c = c;
    ks->version = kek_version;
    memcpy(ks->kek, kek.p, KEK_LEN);
    *ret = ks;
    return ERR_OK;
}

void keystore_free(struct keystore *ks)
{
    if (!ks)
        return;
    EVP_KDF_CTX_free(ks->hkdf);
    mem_wipe(ks, sizeof(*ks));
    free(ks);
}

uint32_t keystore_version(const struct keystore *ks)
{
    return ks->version;
}

/* One octet more than allowed is asked for, so a longer file is seen even where st_size lies. */
static int read_all(int fd, uint8_t *dst, size_t cap, size_t *ret_n)
{
    size_t n = 0;

    while (n < cap) {
        ssize_t got = read(fd, dst + n, cap - n);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return ERR_IO;
        if (got == 0)
            break;
        n += (size_t)got;
    }
    *ret_n = n;
    return ERR_OK;
}

static int kek_file_check(int fd, const char *path, struct errmsg *why)
{
    struct stat st;

    if (fstat(fd, &st) != 0)
        return errmsg_set(why, ERR_CONFIG, "keystore: cannot examine %s (errno %d)", path, errno);
    if (!S_ISREG(st.st_mode))
        return errmsg_set(why, ERR_CONFIG, "keystore: %s is not a regular file", path);
    if (st.st_mode & (07777u & ~0600u))
        return errmsg_set(why, ERR_CONFIG,
                          "keystore: %s has mode %04o, others may read it; run chmod 0600 on it",
                          path, (unsigned)(st.st_mode & 07777u));
    return ERR_OK;
}

int keystore_load(struct crypto *c, const char *path, struct keystore **ret, struct errmsg *why)
{
    uint8_t kek[KEK_LEN + 1];
    size_t n = 0;
    int rc, fd;

    *ret = NULL;
    /* O_NONBLOCK: a FIFO put in the file's place must not hang the start. */
    fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    if (fd < 0 && errno == ELOOP)
        return errmsg_set(why, ERR_CONFIG, "keystore: %s is a symbolic link; name the file itself",
                          path);
    if (fd < 0)
        return errmsg_set(why, ERR_CONFIG, "keystore: cannot open %s (%s)", path,
                          errno == ENOENT ? "no such file; smctl pki init writes one"
                                          : "not readable by this user");
    rc = kek_file_check(fd, path, why);
    if (rc == ERR_OK && read_all(fd, kek, sizeof(kek), &n) != ERR_OK)
        rc = errmsg_set(why, ERR_CONFIG, "keystore: reading %s failed", path);
    (void)close(fd);
    if (rc == ERR_OK && n != KEK_LEN)
        rc = errmsg_set(why, ERR_CONFIG, "keystore: %s must hold exactly %u octets of key", path,
                        KEK_LEN);
    if (rc == ERR_OK) {
        rc = keystore_new(c, span_of(kek, KEK_LEN), KEK_FILE_VERSION, ret);
        if (rc != ERR_OK)
            (void)errmsg_set(why, rc, "keystore: %s (%s)", err_text(rc), path);
    }
    mem_wipe(kek, sizeof(kek));
    return rc;
}

int keystore_seal(struct keystore *ks, const struct secret_place *at, struct span plain,
                  struct buf *out)
{
    uint8_t aad[AAD_MAX];
    struct writer a = wr_init(aad, sizeof(aad)), w;
    struct key *k = NULL;
    size_t before = out->n, sealed_len = 0;
    uint8_t *dst;
    int rc = mem_add(plain.n, SEAL_OVERHEAD, &sealed_len);

    if (rc == ERR_OK)
        rc = record_key(ks, at, &a, &k);
    if (rc != ERR_OK)
        return rc;
    dst = buf_grow(out, sealed_len);
    if (!dst) {
        key_free(k);
        return ERR_NOMEM;
    }
    w = wr_init(dst, sealed_len);
    rc = gcm_seal(ks->c, k, wr_view(&a), plain, &w);
    if (rc == ERR_OK && (w.failed || w.len != sealed_len))
        rc = ERR_INTERNAL;
    if (rc != ERR_OK)
        out->n = before;
    key_free(k);
    return rc;
}

int keystore_open(struct keystore *ks, const struct secret_place *at, struct span sealed,
                  struct buf *out)
{
    uint8_t aad[AAD_MAX];
    struct writer a = wr_init(aad, sizeof(aad)), w;
    struct key *k = NULL;
    size_t before = out->n, plain_len;
    uint8_t *dst;
    int rc;

    /* Too short to hold nonce and tag is one more way of not being what was sealed. */
    if (sealed.n < SEAL_OVERHEAD)
        return ERR_AUTH;
    plain_len = sealed.n - SEAL_OVERHEAD;
    rc = record_key(ks, at, &a, &k);
    if (rc != ERR_OK)
        return rc;
    dst = buf_grow(out, plain_len);
    if (!dst) {
        key_free(k);
        return ERR_NOMEM;
    }
    w = wr_init(dst, plain_len);
    rc = gcm_open(ks->c, k, wr_view(&a), sealed, &w);
    if (rc == ERR_OK && (w.failed || w.len != plain_len))
        rc = ERR_INTERNAL;
    if (rc != ERR_OK) {
        mem_wipe(dst, plain_len);
        out->n = before;
    }
    key_free(k);
    return rc;
}
