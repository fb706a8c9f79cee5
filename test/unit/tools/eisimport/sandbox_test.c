/* SPDX-License-Identifier: Apache-2.0 */
/* Links: remora_eisimport */
/* In the sandbox a process reads, writes and computes; it opens, connects and starts nothing. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tools/eisimport/sandbox.h"

/* What a child found out: 0, or the number of what it could do. */
static int inside(void)
{
    bool filtered = false;
    struct rlimit l;
    char *p;

    if (sandbox_enter(&filtered))
        return 1;
    p = malloc(1 << 20);
    if (!p)
        return 2;
    memset(p, 1, 1 << 20);
    free(p);
    if (getrlimit(RLIMIT_CORE, &l) == 0 && l.rlim_max != 0)
        return 3;
    if (!filtered)
        return 0; /* a kernel, or a build with sanitizers, without it */
    if (open("/etc/passwd", O_RDONLY) >= 0)
        return 4;
    if (socket(AF_INET, SOCK_STREAM, 0) >= 0 || errno != EPERM)
        return 5;
    if (fork() >= 0)
        return 6;
    if (execl("/bin/true", "true", (char *)NULL) == 0 || errno != EPERM)
        return 7;
    if (write(STDERR_FILENO, "", 0) != 0)
        return 8;
    return 0;
}

static void a_process_that_reads_xml(void **state)
{
    pid_t pid = fork();
    int status = 0;

    (void)state;
    if (pid == 0)
        _exit(inside());
    assert_true(pid > 0);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(a_process_that_reads_xml)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
