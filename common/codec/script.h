/* SPDX-License-Identifier: Apache-2.0 */
/* Expanded remote command format of TS 102 226 (facts: ota section 2.2).
 *   AA L { 22 L C-APDU ... }             ->  AB L { 80 L count, 23 L R-APDU ... }
 *   AE 80 { 22 L C-APDU ... } 00 00      ->  AF 80 { 23 L R-APDU ... } 00 00
 * Inside AE/AF the SCP03t TLVs 84 85 86 (answers 84 85 86, 9F44 9F45 9F46) stand where 22/23 stand.
 * Further elements: 81 immediate action, 82 error action, 83 script chaining, 90 bad format. */
#pragma once

#include "common/base/bytes.h"
#include "common/base/err.h"

enum script_form { SCRIPT_DEFINITE, SCRIPT_INDEFINITE };

#define SCRIPT_TAG_CMD 0x22u
#define SCRIPT_TAG_RSP 0x23u
#define SCRIPT_TAG_COUNT 0x80u
#define SCRIPT_TAG_CHAINING 0x83u
#define SCRIPT_TAG_BAD 0x90u

struct script_item {
    uint32_t tag;         /* 22 23 80 81 82 83 84 85 86 90 9F44 9F45 9F46 */
    struct span value;    /* the C-APDU, R-APDU or TLV value */
    struct span raw;      /* the whole TLV: what SCP03t authenticates */
};
/* What a card answers in 90 01 xx when a script cannot be read. */
enum script_bad {
    SCRIPT_BAD_NONE = 0,
    SCRIPT_BAD_TAG = 1,          /* unknown tag */
    SCRIPT_BAD_LENGTH = 2,       /* wrong length */
    SCRIPT_BAD_NO_LENGTH = 3     /* length not found */
};
struct script_reader {
    struct reader r;
    enum script_form form;
    bool response;
    bool ended;
    uint8_t bad;                 /* enum script_bad; set whenever ERR_FORMAT was returned */
    size_t trailing;             /* octets 00 after the end-of-contents: tolerated and reported */
};
/* Opens a command (AA, AE) or a response (AB, AF). ERR_FORMAT when the outer template is another, a
 * definite length does not match, or an indefinite one has no end-of-contents. Both forms are read
 * on every bearer. */
MUST_CHECK int script_open(struct span s, struct script_reader *ret);
/* Next element; ERR_NOT_FOUND at the end; ERR_FORMAT: an element that may not stand there (its tag
 * is in *ret) or has an impossible length. */
MUST_CHECK int script_next(struct script_reader *sr, struct script_item *ret);

/* Building: begin, any number of puts, end. */
struct script_writer {
    struct writer *w;
    size_t mark;
    enum script_form form;
    bool response;
};
void script_begin(struct script_writer *sw, struct writer *w, enum script_form form, bool response);
void script_put_cmd(struct script_writer *sw, struct span capdu);   /* wraps in 22 */
void script_put_rsp(struct script_writer *sw, struct span rapdu);   /* wraps in 23 */
void script_put_raw(struct script_writer *sw, struct span tlv);     /* a whole TLV (84.., 83, 90) */
/* count is written as 80 in a definite response only; pass what was executed. */
void script_end(struct script_writer *sw, unsigned count);
