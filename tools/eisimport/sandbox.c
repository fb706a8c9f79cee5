/* SPDX-License-Identifier: Apache-2.0 */
/* Limits of the process, and seccomp (filter mode). What is not allowed answers EPERM: a library
 * that tries to load something late fails in its own words, and the row is refused. */
#include "tools/eisimport/sandbox.h"

#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>

#define MEMORY_MAX ((rlim_t)2 << 30)
#define CPU_MAX    ((rlim_t)300) /* seconds */

/* The sanitizers reserve terabytes and ask the kernel for more than this program does. */
#if defined(__SANITIZE_ADDRESS__)
#define SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(memory_sanitizer)
#define SANITIZED 1
#endif
#endif
#ifndef SANITIZED
#define SANITIZED 0
#endif

static bool limit(int what, rlim_t most)
{
    struct rlimit l = {most, most}, now;

    if (getrlimit(what, &now) == 0 && now.rlim_max != RLIM_INFINITY && now.rlim_max < most)
        l.rlim_cur = l.rlim_max = now.rlim_max;
    return setrlimit(what, &l) == 0;
}

#if defined(__x86_64__)
#define ARCH AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define ARCH AUDIT_ARCH_AARCH64
#endif

#define ALLOW(nr)                                                                                  \
    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (nr), 0, 1), BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)

static bool filter(void)
{
#ifdef ARCH
    static const struct sock_filter RULES[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, arch)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ARCH, 1, 0),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        ALLOW(__NR_read),
        ALLOW(__NR_write),
        ALLOW(__NR_writev),
        ALLOW(__NR_close),
        ALLOW(__NR_brk),
        ALLOW(__NR_mmap),
        ALLOW(__NR_munmap),
        ALLOW(__NR_mremap),
        ALLOW(__NR_madvise),
        ALLOW(__NR_mprotect),
        ALLOW(__NR_futex),
        ALLOW(__NR_getrandom),
        ALLOW(__NR_clock_gettime),
        ALLOW(__NR_gettid),
        ALLOW(__NR_getpid),
        ALLOW(__NR_rt_sigprocmask),
        ALLOW(__NR_rt_sigreturn),
        ALLOW(__NR_tgkill),
        ALLOW(__NR_fstat),
        ALLOW(__NR_lseek),
        ALLOW(__NR_exit),
        ALLOW(__NR_exit_group),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
    };
    struct sock_fprog prog = {sizeof RULES / sizeof *RULES, (struct sock_filter *)(uintptr_t)RULES};

    return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
           prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &prog, 0, 0) == 0;
#else
    return false;
#endif
}

int sandbox_enter(bool *ret_filtered)
{
    *ret_filtered = false;
    if (!limit(RLIMIT_CORE, 0) || !limit(RLIMIT_CPU, CPU_MAX) || !limit(RLIMIT_NPROC, 0))
        return ERR_IO;
    if (SANITIZED)
        return ERR_OK;
    if (!limit(RLIMIT_AS, MEMORY_MAX) || !limit(RLIMIT_NOFILE, 3))
        return ERR_IO;
    *ret_filtered = filter();
    return ERR_OK;
}
