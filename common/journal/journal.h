/* SPDX-License-Identifier: Apache-2.0 */
/* The append-only log that is the truth of a daemon (design laws 1 and 2, section 3.2): one
 * commit a turn makes the records and the secrets of that turn durable together; each record is
 * chained to its predecessor of the same stream. Any error inside a transaction means stop: the
 * caller's view is ahead of what can be committed, and there is no way back. After anything but
 * a wrong call (ERR_INVAL, ERR_STATE), a lock (ERR_BUSY) or an absent row (ERR_NOT_FOUND), every
 * later write answers that first error again. */
#pragma once

#include "common/base/ids.h"
#include "common/base/mem.h"
#include "common/base/rng.h"
#include "common/crypto/crypto.h"

#define JOURNAL_STREAMS_MAX 65536u        /* streams of one journal (tenants and the house) */
#define JOURNAL_BODY_MAX    (1024u * 1024) /* octets of one body */
#define JOURNAL_SECRET_ID_MAX 48u
#define JOURNAL_SEALED_MAX  (64u * 1024)

struct journal_record {
    uint64_t lsn;         /* given by the journal: 1, 2, 3 ... without a gap */
    uint32_t epoch;       /* given by the journal */
    uint32_t stream;      /* the tenant whose record it is; 0 = the house */
    uint64_t seq;         /* given by the journal: 1, 2, 3 ... in its stream without a gap */
    int64_t at_ms;        /* Unix milliseconds */
    char type[32];        /* object.past-tense: 1..31 of a-z 0-9 . - */
    uint8_t class_;       /* retention class */
    struct uuid op;       /* zero: absent */
    struct eid eid;       /* zero: absent */
    struct span body;     /* when read: {NULL, 0} = erased by retention */
};

struct journal;

struct journal_options {
    const char *vfs;      /* NULL: the operating system */
    struct rng *rng;      /* feeds the salts; NULL: the generator of crypto. Borrowed */
    bool read_only;       /* the file must exist; every write answers ERR_STATE */
};
/* Opens or creates with synchronous=FULL. The epoch is one more than that of the last record, so
 * it rises durably with the first record of this opening. crypto is borrowed. The newest record
 * of each stream is verified: ERR_CORRUPT names the lsn. Else the errors of db_open and
 * db_migrate. */
MUST_CHECK int journal_open(const char *path, const struct journal_options *o,
                            struct crypto *crypto, struct journal **ret, struct errmsg *why);
void journal_close(struct journal *j); /* NULL allowed; what was not committed is gone */

MUST_CHECK int journal_begin(struct journal *j);
/* Fills lsn, epoch and seq. ERR_INVAL: type, body larger than the limit; ERR_STATE outside a
 * transaction; ERR_FULL: too many streams. */
MUST_CHECK int journal_append(struct journal *j, struct journal_record *rec);
/* Erases body and salt of a record for ever; hashes and chain stay. ERR_NOT_FOUND. */
MUST_CHECK int journal_erase(struct journal *j, uint64_t lsn);
/* After ERR_OK everything of this transaction is durable. */
MUST_CHECK int journal_commit(struct journal *j);

/* Ask this, never whether commit returned: a standby's acknowledgement may come to be part of
 * it. */
uint64_t journal_durable_lsn(const struct journal *j);
uint64_t journal_last_lsn(const struct journal *j);   /* appended, perhaps not durable */
/* Time of the last record, as it stands there; 0: there is none. */
MUST_CHECK int journal_last_at(struct journal *j, int64_t *ret_ms);
uint32_t journal_epoch(const struct journal *j);      /* read only: of the last record */
bool journal_failed(const struct journal *j);
bool journal_disk_full(const struct journal *j); /* it failed of that */

/* --- secrets: sealed elsewhere, opaque here. Inside a transaction they are part of it, outside
 * each call is durable by itself. id: 1..48 octets. --- */
MUST_CHECK int journal_secret_put(struct journal *j, struct span id, uint32_t kek_version,
                                  struct span sealed);            /* ERR_EXISTS */
MUST_CHECK int journal_secret_rewrap(struct journal *j, struct span id, uint32_t kek_version,
                                     struct span sealed);         /* new seal, ERR_NOT_FOUND */
MUST_CHECK int journal_secret_del(struct journal *j, struct span id);  /* ERR_NOT_FOUND */
/* ret_kek_version may be NULL; sealed octets are appended to ret_sealed. ERR_NOT_FOUND. */
MUST_CHECK int journal_secret_get(struct journal *j, struct span id, uint32_t *ret_kek_version,
                                  struct buf *ret_sealed);
/* Ids in order; fn other than 0 stops and is returned. fn must not call this journal. */
typedef int (*journal_secret_fn)(void *ctx, struct span id, uint32_t kek_version);
MUST_CHECK int journal_secret_each(struct journal *j, journal_secret_fn fn, void *ctx);

/* --- reading: sees what this connection appended, committed or not --- */
/* At most limit records (0: all) from from_lsn on in order, body hash and chain verified as they
 * pass. ERR_CORRUPT: the first one that does not verify is not delivered; ERR_OK also for none
 * at all. fn other than 0 stops and is returned; spans live during the call; a write or another
 * journal_read inside fn answers ERR_STATE, which fails nothing. */
typedef int (*journal_read_fn)(void *ctx, const struct journal_record *rec);
MUST_CHECK int journal_read(struct journal *j, uint64_t from_lsn, uint64_t limit,
                            journal_read_fn fn, void *ctx);
/* The same with all the leaf and the link are made of, for those who check the chain elsewhere. salt is
 * {NULL, 0} where the body is erased. */
struct journal_row {
    struct journal_record rec;
    struct span salt;
    uint8_t body_hash[32];
    uint8_t hash[32];
};
typedef int (*journal_row_fn)(void *ctx, const struct journal_row *row);
MUST_CHECK int journal_read_rows(struct journal *j, uint64_t from_lsn, uint64_t limit,
                                 journal_row_fn fn, void *ctx);
/* One record, its body appended to ret_body and checked against its hash. ret_rec may be NULL; its
 * body is not set. ERR_NOT_FOUND; ERR_EXPIRED: erased; ERR_CORRUPT. */
MUST_CHECK int journal_get(struct journal *j, uint64_t lsn, struct journal_record *ret_rec,
                           struct buf *ret_body);

struct journal_head {
    uint32_t stream;
    uint64_t seq;
    uint64_t lsn;
    uint8_t hash[32];
};
MUST_CHECK int journal_head(const struct journal *j, uint32_t stream, struct journal_head *ret);
typedef int (*journal_head_fn)(void *ctx, const struct journal_head *head);
/* In order of stream. */
MUST_CHECK int journal_heads(const struct journal *j, journal_head_fn fn, void *ctx);

/* --- care --- */
/* truncate at idle: empties the log file, with it the deleted secrets. ERR_BUSY: a reader holds
 * it. */
MUST_CHECK int journal_checkpoint(struct journal *j, bool truncate);
uint32_t journal_wal_pages(const struct journal *j);  /* checkpoint when it grows large */

struct journal_report {
    uint64_t records;
    uint64_t erased;         /* records without a body */
    uint64_t last_lsn;
    uint32_t streams;
    uint32_t epoch;
    uint64_t first_bad_lsn;  /* 0: none, or not tied to a record */
    struct errmsg why;
};
/* Reads a journal that a daemon may have open. Checks schema and triggers, gap-freeness of lsn
 * and seq, body hashes, the chain of each stream, that the given heads (n_heads may be 0) stand
 * in it, and the structure of the file. Heads kept elsewhere are what shows a cut tail. ERR_OK:
 * all of it holds; ERR_CORRUPT: ret_report says where; other errors: it could not be read. */
MUST_CHECK int journal_verify(const char *path, const char *vfs, struct crypto *crypto,
                              const struct journal_head *heads, size_t n_heads,
                              struct journal_report *ret_report);
