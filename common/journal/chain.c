/* SPDX-License-Identifier: Apache-2.0 */
/* Leaf, body hash and link of a record (design section 3.2). */
#include "common/journal/chain.h"

#include "common/base/mutant.h"

const uint8_t CHAIN_GENESIS[32] = {0};

void chain_body_hash(struct crypto *c, const uint8_t salt[JOURNAL_SALT], struct span body,
                     uint8_t ret[32])
{
    const struct span parts[2] = {{salt, JOURNAL_SALT}, body};

    sha256(c, parts, 2, ret);
}

void chain_leaf(struct crypto *c, const struct journal_record *r, const uint8_t body_hash[32],
                uint8_t ret[32])
{
    uint8_t text[160];
    struct writer w = wr_init(text, sizeof(text));
    size_t n = strnlen(r->type, sizeof(r->type) - 1);
    struct span part;

    wr_u8(&w, 0x00);
    wr_u32(&w, r->stream);
    wr_u64(&w, r->seq);
    wr_u64(&w, r->lsn);
    wr_u32(&w, r->epoch);
    wr_u64(&w, (uint64_t)r->at_ms);
    wr_u8(&w, r->class_);
    wr_u8(&w, (uint8_t)n);
    wr_bytes(&w, r->type, n);
    wr_bytes(&w, r->eid.b, sizeof(r->eid.b));
    wr_bytes(&w, r->op.b, sizeof(r->op.b));
    wr_bytes(&w, body_hash, 32);
    part = wr_view(&w);
    sha256(c, &part, 1, ret);
}

void chain_link(struct crypto *c, const uint8_t previous[32], const uint8_t leaf[32],
                uint8_t ret[32])
{
    uint8_t text[65];
    const struct span part = {text, sizeof(text)};

    text[0] = 0x01;
    memcpy(text + 1, mutant("CHAIN_WITHOUT_PREVIOUS") ? leaf : previous, 32);
    memcpy(text + 33, leaf, 32);
    sha256(c, &part, 1, ret);
}
