/* SPDX-License-Identifier: Apache-2.0 */
/* Links: remora_test_support remora_simnet remora_card remora_smdp_profile */
/* The fleet's append file: what was answered is there again, torn tails go, damage is refused. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "test/support/net_rig.h"
#include "test/support/path.h"
#include "tools/euiccsim/net/ledger_codec.h"

static struct eid eid_of(unsigned n)
{
    char digits[31];
    struct eid e;

    (void)snprintf(digits, sizeof(digits), "8904903200000100000000000%05u", n);
    assert_int_equal(eid_make(digits, &e), 0);
    return e;
}

static struct card_ledger_row row_of(const struct eid *e, unsigned n)
{
    struct card_ledger_row r = {.eid = *e, .n = n, .channel = n % 2 ? 'S' : 'H', .kvn = 1,
                                .counter = n * 1000003u, .position = (uint16_t)n, .ins = 0xE2,
                                .p1 = 0x88, .dgi = 0x3A03, .sw = 0x9000, .state_before = 0x1F,
                                .state_after = 0x3F, .cause = CAUSE_OTA, .undoes = n / 2};

    (void)snprintf(r.step_uri, sizeof(r.step_uri), "%s", n % 2 ? "" : "/s/0011/2");
    assert_int_equal(aid_isd_p(0x11, &r.aid), 0);
    return r;
}

static void put(struct ledger_file *f, unsigned card, uint8_t fill, size_t n, unsigned rows)
{
    struct card_ledger_row r[8];
    struct eid e = eid_of(card);
    uint8_t image[300];

    memset(image, fill, sizeof(image));
    for (unsigned i = 0; i < rows; i++)
        r[i] = row_of(&e, fill * 8u + i);
    assert_int_equal(ledger_file_put_card(f, &e, span_of(image, n), r, rows), 0);
}

static struct attach_record attach(struct ledger_file *f, unsigned card, uint8_t cause)
{
    struct attach_record a = {.eid = eid_of(card), .at_ms = 1700000000123, .cause = cause,
                              .iccid = {"8949010000000000016"}, .imsi = {"262010000001000"}};

    assert_int_equal(ledger_file_put_attach(f, &a), 0);
    return a;
}

static void image_is(struct ledger_file *f, unsigned card, uint8_t fill, size_t n)
{
    struct eid e = eid_of(card);
    struct buf b;

    buf_init(&b, 0);
    assert_int_equal(ledger_file_image(f, &e, &b), 0);
    assert_int_equal(b.n, n);
    for (size_t i = 0; i < n; i++)
        assert_int_equal(b.p[i], fill);
    buf_fini(&b);
}

struct seen {
    unsigned cards, rows, attaches;
    uint64_t sum;
};

static int see_card(void *ctx, const struct eid *eid, struct span image)
{
    struct seen *s = ctx;

    s->cards++;
    s->sum += eid->b[15] + image.n;
    return ERR_OK;
}

static int see_row(void *ctx, const struct card_ledger_row *row)
{
    struct seen *s = ctx;
    struct card_ledger_row want = row_of(&row->eid, row->n);

    assert_int_equal(row->channel, want.channel);
    assert_string_equal(row->step_uri, want.step_uri);
    assert_int_equal(row->counter, want.counter);
    assert_int_equal(row->undoes, want.undoes);
    assert_int_equal(row->dgi, want.dgi);
    assert_int_equal(row->sw, want.sw);
    assert_true(aid_eq(&row->aid, &want.aid));
    s->rows++;
    s->sum += row->n;
    return ERR_OK;
}

static int see_attach(void *ctx, const struct attach_record *a)
{
    struct seen *s = ctx;

    assert_int_equal(a->at_ms, 1700000000123);
    assert_string_equal(a->imsi.s, "262010000001000");
    s->attaches++;
    s->sum += a->n * 100000u + a->cause;
    return ERR_OK;
}

static struct seen seen_in(struct ledger_file *f)
{
    struct seen s = {0};
    const struct ledger_visitor v = {see_card, see_row, see_attach, &s};

    assert_int_equal(ledger_file_each(f, &v), 0);
    return s;
}

static void fill(struct ledger_file *f)
{
    put(f, 1, 1, 100, 0);
    put(f, 2, 2, 300, 3);
    (void)attach(f, 1, 0);
    put(f, 1, 3, 120, 2);
    (void)attach(f, 1, 4);
    (void)attach(f, 2, 0);
    put(f, 2, 4, 0, 1);          /* rows alone: the image stays */
}

static void check(struct ledger_file *f)
{
    struct attach_record a;
    struct eid e = eid_of(1), none = eid_of(9);
    struct buf b;

    image_is(f, 1, 3, 120);
    image_is(f, 2, 2, 300);
    assert_true(ledger_file_last_attach(f, &e, &a));
    assert_int_equal(a.n, 2);
    assert_int_equal(a.cause, 4);
    assert_false(ledger_file_last_attach(f, &none, &a));
    buf_init(&b, 0);
    assert_int_equal(ledger_file_image(f, &none, &b), ERR_NOT_FOUND);
    buf_fini(&b);
}

static void memory_keeps_what_a_file_keeps(void **state)
{
    (void)state;
    struct ledger_file *f = NULL;
    struct seen s;

    assert_int_equal(ledger_file_open(NULL, LEDGER_WRITE, &f, NULL), 0);
    fill(f);
    check(f);
    s = seen_in(f);
    assert_int_equal(s.cards, 3);
    assert_int_equal(s.rows, 6);
    assert_int_equal(s.attaches, 3);
    ledger_file_close(f);
}

static void a_file_is_read_again(void **state)
{
    (void)state;
    struct tmpdir t;
    char path[300];
    struct ledger_file *f = NULL, *reader = NULL;
    struct seen s, again;
    struct stat st;
    struct errmsg why = {""};

    tmpdir_init(&t);
    tmpdir_path(&t, "ledger", path, sizeof(path));
    assert_int_equal(ledger_file_open(path, LEDGER_READ, &f, &why), ERR_NOT_FOUND);
    assert_int_equal(ledger_file_open(path, LEDGER_WRITE, &f, &why), 0);
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    fill(f);
    s = seen_in(f);
    assert_int_equal(ledger_file_open(path, LEDGER_WRITE, &reader, &why), ERR_BUSY);
    assert_non_null(strstr(why.text, "in use"));
    assert_int_equal(ledger_file_open(path, LEDGER_READ, &reader, &why), 0);
    check(reader);
    assert_int_equal(ledger_file_put_card(reader, &(struct eid){{0}}, span_str("x"), NULL, 0),
                     ERR_STATE);
    ledger_file_close(reader);
    ledger_file_close(f);
    assert_int_equal(ledger_file_open(path, LEDGER_WRITE, &f, &why), 0);
    check(f);
    again = seen_in(f);
    assert_memory_equal(&s, &again, sizeof(s));
    assert_int_equal(attach(f, 1, 0).n, 3);
    ledger_file_close(f);
    tmpdir_fini(&t);
}

static size_t file_read(const char *path, uint8_t *dst, size_t cap)
{
    FILE *in = fopen(path, "rb");
    size_t n;

    assert_non_null(in);
    n = fread(dst, 1, cap, in);
    assert_true(n < cap);
    (void)fclose(in);
    return n;
}

static void file_write(const char *path, const uint8_t *p, size_t n)
{
    FILE *out = fopen(path, "wb");

    assert_non_null(out);
    assert_int_equal(fwrite(p, 1, n, out), n);
    assert_int_equal(fclose(out), 0);
}

/* A file that was filled and closed, and its octets. */
static size_t filled_file(struct tmpdir *t, char path[300], uint8_t *bytes, size_t cap)
{
    struct ledger_file *f = NULL;

    tmpdir_init(t);
    tmpdir_path(t, "ledger", path, 300);
    assert_int_equal(ledger_file_open(path, LEDGER_WRITE, &f, NULL), 0);
    fill(f);
    ledger_file_close(f);
    return file_read(path, bytes, cap);
}

/* Cut at every octet: whole records stay, the rest goes, and the file can be written again. */
static void a_torn_tail_is_dropped_wherever_it_tore(void **state)
{
    (void)state;
    struct tmpdir t;
    char path[300];
    static uint8_t bytes[4096];
    struct ledger_file *f = NULL;
    size_t n, last = 0;

    n = filled_file(&t, path, bytes, sizeof(bytes));
    for (size_t cut = 0; cut <= n; cut++) {
        uint64_t size;

        file_write(path, bytes, cut);
        assert_int_equal(ledger_file_open(path, LEDGER_WRITE, &f, NULL), 0);
        size = ledger_file_size(f);
        assert_true(size <= (cut < LEDGER_MAGIC_LEN ? LEDGER_MAGIC_LEN : cut) && size >= last);
        last = size;
        put(f, 7, 9, 50, 1);
        ledger_file_close(f);
        assert_int_equal(ledger_file_open(path, LEDGER_WRITE, &f, NULL), 0);
        image_is(f, 7, 9, 50);
        assert_true(ledger_file_size(f) > size);
        ledger_file_close(f);
    }
    assert_int_equal(last, n);
    tmpdir_fini(&t);
}

static void damage_in_the_middle_is_refused(void **state)
{
    (void)state;
    struct tmpdir t;
    char path[300];
    static uint8_t bytes[4096];
    struct ledger_file *f = NULL;
    struct errmsg why = {""};
    size_t n, refused = 0;

    n = filled_file(&t, path, bytes, sizeof(bytes));
    for (size_t at = 0; at < 400; at++) {
        int rc;

        bytes[at] ^= 0x10;
        file_write(path, bytes, n);
        bytes[at] ^= 0x10;
        rc = ledger_file_open(path, LEDGER_READ, &f, &why);
        assert_true(rc == ERR_CORRUPT || rc == ERR_OK);
        if (rc == ERR_OK) {       /* a length that now reaches beyond the end looks torn */
            assert_true(ledger_file_size(f) < n);
            ledger_file_close(f);
        }
        refused += rc == ERR_CORRUPT;
    }
    assert_true(refused > 390);
    file_write(path, (const uint8_t *)"SQLite format 3", 15);
    assert_int_equal(ledger_file_open(path, LEDGER_WRITE, &f, &why), ERR_CORRUPT);
    assert_non_null(strstr(why.text, "no state file"));
    tmpdir_fini(&t);
}

static void payloads_of_wrong_form_are_refused(void **state)
{
    (void)state;
    struct seen s = {0};
    const struct ledger_visitor v = {see_card, see_row, see_attach, &s};
    struct card_ledger_row r;
    struct eid e = eid_of(1);
    struct buf b;

    buf_init(&b, 0);
    r = row_of(&e, 3);
    assert_int_equal(ledger_card_put(&e, span_str("image"), &r, 1, &b), 0);
    for (size_t n = 0; n < b.n - LEDGER_HEAD; n++)
        assert_int_not_equal(ledger_payload(span_of(b.p + LEDGER_HEAD, n), &v), 0);
    assert_int_equal(s.cards + s.rows, 0);          /* told whole or not at all */
    assert_int_equal(ledger_payload(span_of(b.p + LEDGER_HEAD, b.n - LEDGER_HEAD), &v), 0);
    assert_int_equal(s.cards, 1);
    b.p[LEDGER_HEAD] = 9;
    assert_int_equal(ledger_payload(span_of(b.p + LEDGER_HEAD, b.n - LEDGER_HEAD), &v),
                     ERR_FORMAT);
    assert_int_equal(ledger_payload((struct span){NULL, 0}, &v), ERR_TRUNCATED);
    assert_int_equal(ledger_card_put(&e, span_of(b.p, (1u << 20)), NULL, 0, &b), ERR_TOO_LARGE);
    assert_int_equal(ledger_crc32(span_str("123456789")), 0xCBF43926u);
    buf_fini(&b);
}

static void compaction_keeps_rows_attaches_and_the_last_image(void **state)
{
    (void)state;
    struct tmpdir t;
    char path[300];
    struct ledger_file *f = NULL;
    struct seen before, after;
    uint64_t full;

    tmpdir_init(&t);
    tmpdir_path(&t, "ledger", path, sizeof(path));
    for (int memory = 0; memory < 2; memory++) {
        assert_int_equal(ledger_file_open(memory ? NULL : path, LEDGER_WRITE, &f, NULL), 0);
        fill(f);
        for (unsigned i = 0; i < 40; i++)
            put(f, 3, (uint8_t)i, 300, i == 7 ? 2 : 0);
        before = seen_in(f);
        full = ledger_file_size(f);
        assert_true(ledger_file_live(f) < full / 4);
        assert_int_equal(ledger_file_compact(f), 0);
        assert_true(ledger_file_size(f) < full / 4);
        after = seen_in(f);
        assert_int_equal(after.rows, before.rows);
        assert_int_equal(after.attaches, before.attaches);
        assert_int_equal(after.cards, 3);
        check(f);
        image_is(f, 3, 39, 300);
        put(f, 3, 40, 10, 0);
        image_is(f, 3, 40, 10);
        ledger_file_close(f);
    }
    /* The file that grows beyond four times what lives in it is compacted at open. */
    assert_int_equal(ledger_file_open(path, LEDGER_WRITE, &f, NULL), 0);
    for (unsigned i = 0; i < 60; i++)
        put(f, 3, (uint8_t)i, 300, 0);
    full = ledger_file_size(f);
    ledger_file_close(f);
    assert_int_equal(ledger_file_open(path, LEDGER_WRITE, &f, NULL), 0);
    assert_true(ledger_file_size(f) < full / 4);
    check(f);
    image_is(f, 3, 59, 300);
    ledger_file_close(f);
    tmpdir_fini(&t);
}

static void a_disk_that_refuses_stops_the_fleet(void **state)
{
    (void)state;
    struct ledger_file *f = NULL;
    struct eid e = eid_of(1);

    if (access("/dev/full", W_OK) != 0)
        skip();
    /* Opened for reading and writing it looks like an empty file, then refuses the first octet. */
    assert_int_equal(ledger_file_open("/dev/full", LEDGER_WRITE, &f, NULL), ERR_IO);
    (void)e;
}

/* The whole chain: a card that was enabled, a kill, the file again, power on. */
static void a_power_cut_brings_every_card_back_as_it_was_answered(void **state)
{
    (void)state;
    struct net_rig n;
    struct seen s = {0};
    const struct ledger_visitor v = {NULL, NULL, NULL, &s};
    struct buf before, after;

    net_rig_begin(&n, &(struct net_setup){0});
    (void)net_rig_send(&n, &n.no_a, NET_ENABLE, 60);
    net_rig_run(&n, 1000);
    assert_int_equal(ledger_file_each(n.ledger, &v), 0);
    buf_init(&before, 0);
    buf_init(&after, 0);
    assert_int_equal(card_image(net_rig_card(&n), &before), 0);
    assert_int_equal(simnet_power_cut(n.net, n.now, 0), 0);
    assert_int_equal(card_image(net_rig_card(&n), &after), 0);
    assert_true(span_eq(buf_span(&before), buf_span(&after)));
    assert_false(simnet_attached(n.net, 0, NULL));
    net_rig_run(&n, 1000);
    assert_true(simnet_attached(n.net, 0, NULL));
    assert_string_equal(card_enabled(net_rig_card(&n))->data.imsi.s, n.imsi_b.s);
    buf_fini(&before);
    buf_fini(&after);
    net_rig_fini(&n);
}

static int count_row(void *ctx, const struct card_ledger_row *row)
{
    (void)row;
    ++*(unsigned *)ctx;
    return ERR_OK;
}

static void the_rows_of_a_command_stand_before_its_answer_leaves(void **state)
{
    (void)state;
    struct net_rig n;
    unsigned rows = 0, before = 0;
    const struct ledger_visitor v = {.row = count_row, .ctx = &rows};

    net_rig_begin(&n, &(struct net_setup){0});
    assert_int_equal(ledger_file_each(n.ledger, &v), 0);
    before = rows;
    (void)net_rig_send(&n, &n.no_a, NET_ENABLE, 60);
    while (n.n_mo == 0) {
        n.now = simnet_due(n.net);
        assert_int_equal(simnet_run(n.net, n.now), 0);
    }
    rows = 0;
    assert_int_equal(ledger_file_each(n.ledger, &v), 0);
    assert_int_equal(rows, before + 1);
    net_rig_fini(&n);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(memory_keeps_what_a_file_keeps),
        cmocka_unit_test(a_file_is_read_again),
        cmocka_unit_test(a_torn_tail_is_dropped_wherever_it_tore),
        cmocka_unit_test(damage_in_the_middle_is_refused),
        cmocka_unit_test(payloads_of_wrong_form_are_refused),
        cmocka_unit_test(compaction_keeps_rows_attaches_and_the_last_image),
        cmocka_unit_test(a_disk_that_refuses_stops_the_fleet),
        cmocka_unit_test(a_power_cut_brings_every_card_back_as_it_was_answered),
        cmocka_unit_test(the_rows_of_a_command_stand_before_its_answer_leaves),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
