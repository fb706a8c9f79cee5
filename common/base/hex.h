/* SPDX-License-Identifier: Apache-2.0 */
/* Hexadecimal text. Upper case out, either case in. */
#pragma once

#include "common/base/bytes.h"
#include "common/base/err.h"

/* Writes 2*s.n digits and a NUL into dst of cap bytes; ERR_TOO_LARGE when it does not fit. */
MUST_CHECK int hex_encode(struct span s, char *dst, size_t cap);
/* Parses exactly n hex digits (n even, no blanks); ERR_FORMAT, ERR_TOO_LARGE. */
MUST_CHECK int hex_decode(const char *hex, size_t n, uint8_t *dst, size_t cap, size_t *ret_len);
int hex_digit(char c); /* 0..15, or -1 */
