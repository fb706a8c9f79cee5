/* SPDX-License-Identifier: Apache-2.0 */
/* Links: remora_test_support remora_euiccsim remora_bearer */
/* The key log of simulated cards: a line for each handshake that names its ClientHello, in a file that nobody
 * else reads; a server has none. */
#include "test/unit/common/bearer/scp81_world.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/base/hex.h"
#include "test/support/path.h"
#include "tools/euiccsim/keylog.h"

#define RANDOM_AT 11u              /* record and handshake headers, version */

static size_t content(const char *path, char *dst, size_t cap)
{
    FILE *f = fopen(path, "rb");
    size_t n;

    assert_non_null(f);
    n = fread(dst, 1, cap - 1, f);
    assert_int_equal(fclose(f), 0);
    dst[n] = 0;
    return n;
}

static void a_line_for_each_handshake(void **state)
{
    struct world *w = *state;
    struct errmsg why = {""};
    struct keylog *k = NULL;
    struct tmpdir dir;
    struct stat st;
    char path[512], text[2048];

    tmpdir_init(&dir);
    tmpdir_path(&dir, "keys.log", path, sizeof(path));
    for (unsigned round = 1; round <= 2; round++) {
        char random[65];
        size_t at;

        assert_int_equal(keylog_open(path, w->client_ctx, &k, &why), ERR_OK);
        handshaken(w);
        assert_false(keylog_failed(k));
        at = (round - 1) * (14 + 64 + 1 + 96 + 1);
        assert_int_equal(content(path, text, sizeof(text)), at + 14 + 64 + 1 + 96 + 1);
        assert_memory_equal(text + at, "CLIENT_RANDOM ", 14);
        assert_int_equal(hex_encode(span_of(w->to_server.p + RANDOM_AT, 32), random, 65), ERR_OK);
        for (unsigned i = 0; i < 64; i++)
            assert_int_equal(text[at + 14 + i] | 0x20, random[i] | 0x20);
        assert_int_equal(text[at + 14 + 64], ' ');
        assert_int_equal(text[at + 14 + 64 + 1 + 96], '\n');
        keylog_close(k);
    }
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    tmpdir_fini(&dir);
}

static void a_file_that_others_read_is_refused(void **state)
{
    struct world *w = *state;
    struct keylog *k = NULL;
    struct tmpdir dir;
    char path[512], link_path[512];
    int fd;

    tmpdir_init(&dir);
    tmpdir_path(&dir, "open.log", path, sizeof(path));
    tmpdir_path(&dir, "link.log", link_path, sizeof(link_path));
    fd = open(path, O_WRONLY | O_CREAT, 0600);
    assert_true(fd >= 0 && fchmod(fd, 0640) == 0 && close(fd) == 0);
    assert_int_equal(symlink(path, link_path), 0);
    for (unsigned i = 0; i < 3; i++) {
        struct errmsg why = {""};
        const char *bad = i == 0 ? path : i == 1 ? link_path : "/nowhere/keys.log";

        assert_int_equal(keylog_open(bad, w->client_ctx, &k, &why), ERR_CONFIG);
        assert_non_null(strstr(why.text, "--keylog"));
        assert_null(k);
    }
    tmpdir_fini(&dir);
}

static void ignored(void *ctx, const char *line)
{
    (void)ctx;
    (void)line;
}

static void a_server_has_none(void **state)
{
    struct world *w = *state;

    assert_int_equal(scp81_client_keylog(w->server_ctx, ignored, NULL), ERR_INVAL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_line_for_each_handshake, setup, teardown),
        cmocka_unit_test_setup_teardown(a_file_that_others_read_is_refused, setup, teardown),
        cmocka_unit_test_setup_teardown(a_server_has_none, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
