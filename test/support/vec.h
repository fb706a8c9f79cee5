/* SPDX-License-Identifier: Apache-2.0 */
/* Reader of known-answer files, test/vectors/NAME.vec: `# comment`, `key = value`, an empty line
 * ends a record. A value is hex (blanks between octets are allowed) or, through vec_text, text. A
 * missing file, key or a malformed line ends the program: a known answer is never skipped. */
#pragma once

#include "common/base/bytes.h"

struct vec;
struct vec *vec_open(const char *name);              /* "scp80" opens test/vectors/scp80.vec */
void vec_close(struct vec *v);                       /* fails when the file held no record */
bool vec_next(struct vec *v);                        /* the next record; false at the end */
bool vec_has(const struct vec *v, const char *key);
struct span vec_get(const struct vec *v, const char *key);      /* valid until vec_next */
const char *vec_text(const struct vec *v, const char *key);     /* valid until vec_next */
uint64_t vec_uint(const struct vec *v, const char *key);        /* decimal, or hex after 0x */
