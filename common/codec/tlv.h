/* SPDX-License-Identifier: Apache-2.0 */
/* BER-TLV reader and writer: definite lengths up to 83 xxxxxx, tags of 1..3 octets (ISO 7816-4,
 * ITU X.690). Comprehension TLVs of TS 102 223 use the same walk with the comprehension bit masked
 * by the caller. Non-minimal length forms and the tag 00 are refused. */
#pragma once

#include "common/base/bytes.h"
#include "common/base/err.h"

struct tlv {
    uint32_t tag;         /* as on the wire: 0x5A, 0x7F21, 0xBF30 */
    struct span value;
    struct span raw;      /* tag, length and value */
};

/* Reads the next TLV of r. ERR_NOT_FOUND at the clean end, ERR_TRUNCATED, ERR_FORMAT. */
MUST_CHECK int tlv_next(struct reader *r, struct tlv *ret);
/* The first TLV with this tag among the siblings of body; ERR_NOT_FOUND. */
MUST_CHECK int tlv_find(struct span body, uint32_t tag, struct tlv *ret);
/* The whole span is exactly one TLV with this tag, else ERR_FORMAT. */
MUST_CHECK int tlv_only(struct span s, uint32_t tag, struct tlv *ret);

size_t tlv_len_size(size_t n);                                  /* octets of the length field */
void tlv_put_tag(struct writer *w, uint32_t tag);
void tlv_put_len(struct writer *w, size_t n);
void tlv_put(struct writer *w, uint32_t tag, struct span value);
void tlv_put_u8(struct writer *w, uint32_t tag, uint8_t v);
/* Constructed: remembers where the value starts; tlv_close moves the value to make room for its
 * length. Nest freely. */
size_t tlv_open(struct writer *w, uint32_t tag);
void tlv_close(struct writer *w, size_t mark);

/* GlobalPlatform DGI: 2-octet tag, length one octet 00..FE or FF and two octets (not BER). */
struct dgi {
    uint16_t tag;
    struct span value;
};
MUST_CHECK int dgi_next(struct reader *r, struct dgi *ret);     /* ERR_NOT_FOUND at the end */
void dgi_put(struct writer *w, uint16_t tag, struct span value);
