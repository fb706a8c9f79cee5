/* SPDX-License-Identifier: Apache-2.0 */
/* Where tests find their inputs and put their files. */
#pragma once

#include <stddef.h>

/* REMORA_SOURCE (set by ctest; the working directory without it) joined with a relative path. Ends
 * the program when it does not fit. */
void source_path(const char *tail, char *dst, size_t cap);

/* A whole file of the source tree on the heap, a NUL behind it; ends the program on failure. */
char *source_read(const char *tail, size_t *ret_len);

struct tmpdir {
    char path[256];
};
void tmpdir_init(struct tmpdir *t);    /* a fresh directory of mode 0700 under TMPDIR */
void tmpdir_fini(struct tmpdir *t);    /* removes it with everything inside */
void tmpdir_path(const struct tmpdir *t, const char *name, char *dst, size_t cap);
