/* SPDX-License-Identifier: Apache-2.0 */
/* A file read through the page cache: files of 100,000 EIS are not copied. */
#pragma once

#include "common/base/bytes.h"
#include "common/base/err.h"

struct input_file {
    struct span octets; /* empty but not absent for a file without content */
    void *map;
};
/* ERR_CONFIG names the file and what is wrong with it. */
MUST_CHECK int input_open(const char *path, struct input_file *ret, struct errmsg *why);
void input_close(struct input_file *f);
