/* SPDX-License-Identifier: Apache-2.0 */
/* Known faults of the open peer, by name (facts: trust 1.5): T-NJ-3. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "common/base/mem.h"
#include "common/codec/packet.h"
#include "common/crypto/scp80.h"
#include "test/kat/kat.h"

#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#define LOOKED_AWAY 80 /* exit code of a comparison that came to an end */

/* Stands in the place of the C library's while this program runs: an early exit of a comparison is one of
 * these. */
static size_t widest;

int memcmp(const void *a, const void *b, size_t n)
{
    const volatile uint8_t *x = a, *y = b;

    widest = n > widest ? n : widest;
    for (size_t i = 0; i < n; i++)
        if (x[i] != y[i])
            return x[i] < y[i] ? -1 : 1;
    return 0;
}

struct world {
    struct crypto *c;
    struct scp80_keys keys;
};

static int setup(void **state)
{
    static const uint8_t KIC[16] = {1, 2, 3}, KID[16] = {4, 5, 6};
    static struct world x;

    x.c = crypto_new(NULL);
    x.keys.kic = kat_key(KEY_AES, span_of(KIC, 16));
    x.keys.kid = kat_key(KEY_AES, span_of(KID, 16));
    *state = &x;
    return x.c ? 0 : -1;
}

static int teardown(void **state)
{
    struct world *x = *state;

    key_free(x->keys.kic);
    key_free(x->keys.kid);
    crypto_free(x->c);
    return 0;
}

/* Looks at its last octet although the first one differs: the page behind cannot be read, and a process that
 * came so far died of it. */
static bool reads_to_the_end(bool differ)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    uint8_t *p = mmap(NULL, 2 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    uint8_t other[16] = {0};
    int status = 0;
    pid_t child;

    assert_true(p != MAP_FAILED);
    assert_int_equal(mprotect(p + page, page, PROT_NONE), 0);
    other[0] = differ;
    child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        (void)close(STDERR_FILENO); /* a sanitizer's report is no news */
        (void)signal(SIGSEGV, SIG_DFL);
        _exit(mem_eq_ct(p + page - 15, other, sizeof other) ? LOOKED_AWAY + 1 : LOOKED_AWAY);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(munmap(p, 2 * page), 0);
    return !WIFEXITED(status) || WEXITSTATUS(status) < LOOKED_AWAY;
}

static void tnj3_a_comparison_reads_all_octets(void **state)
{
    (void)state;
    assert_true(reads_to_the_end(false));
    assert_true(reads_to_the_end(true));
}

/* T-NJ-3: the checksum of what a card says was compared octet by octet until one differed. Whichever octet of a
 * response or a notification is wrong, no memcmp looks at what is as wide as a checksum. */
static void never_by_memcmp(const struct world *x, bool notification, uint8_t spi2)
{
    static struct scp80_command command;
    static struct scp80_response response;
    const struct packet_cmd_head h = {notification ? 0x02 : 0x16, spi2, 0x12, 0x12, 0x000001};
    uint8_t packet[PACKET_MAX];
    struct writer w = wr_init(packet, sizeof packet);
    struct span data = span_str("what a card says");
    int err = notification ? scp80_wrap(x->c, &x->keys, PACKET_SMS, &h, 0, data, &w)
                           : scp80_por_wrap(x->c, &x->keys, PACKET_SMS, &h, 7, POR_OK, data, &w);

    assert_int_equal(err, ERR_OK);
    for (size_t i = 0; i <= w.len; i++) { /* each octet in its turn, at last none */
        widest = 0;
        if (i < w.len)
            packet[i] ^= 0x40;
        err = notification ? scp80_unwrap(x->c, &x->keys, PACKET_SMS, wr_view(&w), &command)
                           : scp80_por_unwrap(x->c, &x->keys, PACKET_SMS, spi2, 0x12, 0x12, wr_view(&w), &response);
        if (widest >= 4)
            fail_msg("octet %u: %u octets compared by memcmp", (unsigned)i, (unsigned)widest);
        assert_int_equal(err == ERR_OK, i == w.len);
        if (i < w.len)
            packet[i] ^= 0x40;
    }
}

static void tnj3_a_checksum_is_never_compared_by_memcmp(void **state)
{
    never_by_memcmp(*state, false, 0x39);
    never_by_memcmp(*state, false, 0x29);
    never_by_memcmp(*state, true, 0x00);
    widest = 0;
    assert_int_not_equal(memcmp("12345678", *state, 8), 0); /* the control: it would be seen */
    assert_int_equal(widest, 8);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tnj3_a_comparison_reads_all_octets),
        cmocka_unit_test_setup_teardown(tnj3_a_checksum_is_never_compared_by_memcmp, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
