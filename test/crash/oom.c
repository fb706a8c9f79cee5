/* SPDX-License-Identifier: Apache-2.0 */
/* For LD_PRELOAD: memory that runs out at allocation OOM_AT of the process, for OOM_FOR allocations (0: for
 * ever), counted from the start. It says when that begins and when MANY have failed; a process that falls says
 * where. */
#include <execinfo.h>
#include <signal.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

extern void *__libc_malloc(size_t n);
extern void *__libc_calloc(size_t n, size_t size);
extern void *__libc_realloc(void *p, size_t n);

#define MANY 8

static atomic_ullong at, length, count;

static void fell(int signal)
{
    void *at_[40];

    backtrace_symbols_fd(at_, backtrace(at_, 40), 2);
    (void)raise(signal);
}

__attribute__((constructor)) static void begin(void)
{
    const char *from = getenv("OOM_AT"), *how_long = getenv("OOM_FOR");

    length = how_long ? strtoull(how_long, NULL, 10) : 1;
    (void)backtrace((void *[1]){NULL}, 1);  /* it allocates the first time */
    (void)sigaction(SIGSEGV, &(struct sigaction){.sa_handler = fell, .sa_flags = (int)SA_RESETHAND}, NULL);
    at = from ? strtoull(from, NULL, 10) : 0;
}

__attribute__((destructor)) static void end(void)
{
    char line[64];
    int n = snprintf(line, sizeof line, "oom: %llu allocations\n", (unsigned long long)count);

    (void)!write(2, line, (size_t)n);
}

static int fails(void)
{
    unsigned long long n = atomic_fetch_add(&count, 1) + 1;

    if (!at || n < at || (length && n >= at + length))
        return 0;
    if (n == at)
        (void)!write(2, "oom: begins\n", 12);
    if (n == at + MANY)
        (void)!write(2, "oom: many\n", 10);
    return 1;
}

void *malloc(size_t n)
{
    return fails() ? NULL : __libc_malloc(n);
}

void *calloc(size_t n, size_t size)
{
    return fails() ? NULL : __libc_calloc(n, size);
}

void *realloc(void *p, size_t n)
{
    return fails() ? NULL : __libc_realloc(p, n);
}
