/* SPDX-License-Identifier: Apache-2.0 */
/* An input as a file with a name, for readers that take names. Included first. */
#pragma once

#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* memfd_create */
#endif

#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "common/base/bytes.h"

/* The name stands for these octets until the next call. */
static inline const char *as_file(struct span s)
{
    static char path[64];
    static int fd = -1;

    if (fd < 0)
        fd = memfd_create("input", MFD_CLOEXEC);
    if (fd < 0 || ftruncate(fd, 0) || pwrite(fd, s.p, s.n, 0) != (ssize_t)s.n)
        abort();
    (void)snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    return path;
}
