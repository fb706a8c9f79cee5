/* SPDX-License-Identifier: Apache-2.0 */
/* Links: remora_test_support remora_euiccsim remora_pki remora_smdp_profile remora_wire */
/* A world is exact: counts, disjoint sets, keys that belong together, files every reader
 * accepts. Long for a test: every case reads the files of one world, each with the reader of another part. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/base/hex.h"
#include "common/base/map.h"
#include "common/crypto/ecka.h"
#include "common/crypto/pki.h"
#include "common/msg/eis.h"
#include "common/wire/wire.h"
#include "smdp/profile/subscription_csv.h"
#include "test/support/path.h"
#include "tools/euiccsim/fleet_file.h"
#include "tools/euiccsim/net/hss.h"
#include "tools/euiccsim/world.h"
#include "tools/pki/pki_tree.h"

#define NOW INT64_C(1795000000000)

struct fix {
    struct tmpdir t;
    struct crypto *crypto;
    char pki[300], dir[300], file[5][340];
    struct world_order o;
};
static struct fix F;

static int setup(void **state)
{
    static const char *const NAMES[] = {"eum/eum.pem", "eum/eum.key", "ci/cert.pem", "ci/key.pem",
                                        "transport.key"};
    struct pki_tree *tree = calloc(1, sizeof(*tree));
    struct errmsg why = {""};

    (void)state;
    tmpdir_init(&F.t);
    tmpdir_path(&F.t, "pki", F.pki, sizeof(F.pki));
    F.crypto = crypto_new(NULL);
    tree->now_ms = NOW;
    tree->days = 3650;
    tree->smsr_address = tree->smdp_address = "127.0.0.1:1";
    pki_tree_defaults(tree);
    if (pki_tree_write(F.crypto, tree, F.pki, &why) != ERR_OK)
        fail_msg("%s", why.text);
    free(tree);
    for (unsigned i = 0; i < 5; i++)
        (void)snprintf(F.file[i], sizeof(F.file[i]), "%s/%s", F.pki, NAMES[i]);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    crypto_free(F.crypto);
    tmpdir_fini(&F.t);
    return 0;
}

static void order(const char *dir, unsigned meters, uint64_t seed)
{
    tmpdir_path(&F.t, dir, F.dir, sizeof(F.dir));
    world_order_defaults(&F.o);
    F.o.dir = F.dir;
    F.o.meters = meters;
    F.o.seed = seed;
    F.o.eum_cert = F.file[0];
    F.o.eum_key = F.file[1];
    F.o.ci_cert = F.file[2];
    F.o.ci_key = F.file[3];
    F.o.transport_key = F.file[4];
    F.o.now_ms = NOW;
}

static struct world_counts make(void)
{
    struct world_counts n = {0};
    struct errmsg why = {""};

    if (world_make(&F.o, &n, &why) != ERR_OK)
        fail_msg("%s", why.text);
    return n;
}

static void file_get(const char *name, struct buf *out)
{
    struct errmsg why = {""};

    buf_init(out, 64u << 20);
    if (world_read(F.dir, name, 64u << 20, out, &why) != ERR_OK)
        fail_msg("%s", why.text);
}

struct meters {
    unsigned n, away;
    struct map *eids, *imsis;
    struct eid eid[1000];
    struct card_factory f[4];         /* the first ones */
    uint8_t cert[4][CARD_CERT_MAX];
    uint8_t away_at[1000];
};

static int see_meter(void *ctx, const struct fleet_meter *m)
{
    struct meters *all = ctx;
    const struct card_profile_data *b = &m->factory.bootstrap;

    assert_true(all->n < 1000);
    assert_true(eid_check(&m->factory.eid));
    assert_int_equal(map_put(all->eids, span_of(m->factory.eid.b, 16), all), 0);
    assert_int_equal(map_put(all->imsis, span_str(b->imsi.s), all), 0);
    assert_true(iccid_luhn_ok(&b->iccid));
    assert_int_equal(strlen(m->factory.imei), 15);
    all->eid[all->n] = m->factory.eid;
    all->away_at[all->n] = strcmp(m->heard.s, "26203") == 0;
    all->away += all->away_at[all->n];
    if (all->n < 4) {
        all->f[all->n] = m->factory;
        memcpy(all->cert[all->n], m->cert, sizeof(m->cert));
    }
    all->n++;
    return ERR_OK;
}

static void meters_get(struct meters *all)
{
    struct buf b;
    unsigned n = 0;
    struct errmsg why = {""};

    memset(all, 0, sizeof(*all));
    all->eids = map_new(0);
    all->imsis = map_new(0);
    file_get(WORLD_FLEET, &b);
    if (fleet_each(buf_span(&b), see_meter, all, &n, &why) != ERR_OK)
        fail_msg("%s", why.text);
    assert_int_equal(n, all->n);
    buf_fini(&b);
}

static void meters_fini(struct meters *all)
{
    map_free(all->eids);
    map_free(all->imsis);
}

static void counts_are_exact(void **state)
{
    (void)state;
    static const struct {
        unsigned meters, away, unknown;
        const char *dir;
    } ROWS[] = {{1000, 10, 5, "n1000"}, {200, 2, 1, "n200"}, {50, 1, 0, "n50"}, {1, 0, 0, "n1"}};
    static struct meters all;

    for (size_t i = 0; i < sizeof(ROWS) / sizeof(ROWS[0]); i++) {
        struct hss *a = hss_new(F.crypto), *b = hss_new(F.crypto);
        struct world_counts n;
        unsigned rows = 0;
        struct buf csv;

        order(ROWS[i].dir, ROWS[i].meters, 5);
        n = make();
        assert_int_equal(n.meters, ROWS[i].meters);
        assert_int_equal(n.no_coverage, ROWS[i].away);
        assert_int_equal(n.unknown_imsi, ROWS[i].unknown);
        meters_get(&all);
        assert_int_equal(all.n, ROWS[i].meters);
        assert_int_equal(all.away, ROWS[i].away);
        file_get(WORLD_HSS_A, &csv);
        assert_int_equal(hss_load_csv(a, buf_span(&csv), &rows, NULL), 0);
        assert_int_equal(rows, ROWS[i].meters);
        buf_fini(&csv);
        file_get(WORLD_HSS_B, &csv);
        assert_int_equal(hss_load_csv(b, buf_span(&csv), &rows, NULL), 0);
        assert_int_equal(rows, ROWS[i].meters - ROWS[i].unknown);
        buf_fini(&csv);
        meters_fini(&all);
        hss_free(a);
        hss_free(b);
    }
}

struct stock {
    unsigned n, unknown, clash;
    struct hss *b;
    const struct meters *all;
};

static int see_subscription(void *arg, unsigned row, const struct subscription *s)
{
    struct stock *st = arg;
    struct subscriber *sub = hss_by_imsi(st->b, &s->imsi);

    (void)row;
    if (!sub) {
        st->unknown++;
        st->clash += st->all->away_at[st->n];      /* never both fates */
    } else {
        assert_memory_equal(sub->k, s->k, 16);
        assert_memory_equal(sub->opc, s->opc, 16);
        assert_string_equal(sub->msisdn.s, s->msisdn.s);
    }
    assert_string_equal(s->profile_type, "meter");
    assert_true(iccid_luhn_ok(&s->iccid));
    assert_true(s->adm1.set && s->pin1.set && s->ota_kvn == 1 && s->ota_kic.n == 16);
    st->n++;
    return ERR_OK;
}

static void the_sm_dp_reads_the_stock_and_the_hss_knows_the_same_keys(void **state)
{
    (void)state;
    static struct meters all;
    struct hss *b = hss_new(F.crypto);
    struct stock st = {.b = b, .all = &all};
    struct errmsg why = {""};
    struct buf csv;
    unsigned rows = 0;

    order("stock", 400, 9);
    F.o.no_coverage = RATE_ONE / 2;
    F.o.unknown_imsi = RATE_ONE / 2;
    (void)make();
    meters_get(&all);
    assert_int_equal(all.away, 200);
    file_get(WORLD_HSS_B, &csv);
    assert_int_equal(hss_load_csv(b, buf_span(&csv), NULL, NULL), 0);
    buf_fini(&csv);
    file_get(WORLD_STOCK_B, &csv);
    if (subscription_csv_each(buf_span(&csv), see_subscription, &st, &rows, &why) != ERR_OK)
        fail_msg("%s", why.text);
    assert_int_equal(rows, 400);
    assert_int_equal(st.unknown, 200);
    assert_int_equal(st.clash, 0);
    buf_fini(&csv);
    meters_fini(&all);
    hss_free(b);
}

/* --- EIS --- */
static struct key *transport_get(void)
{
    struct buf text;
    struct key *key = NULL;
    uint8_t k[16];
    size_t n = 0;

    buf_init(&text, 0);
    assert_int_equal(world_read(NULL, F.file[4], 256, &text, NULL), 0);
    assert_int_equal(hex_decode((const char *)text.p, 32, k, sizeof(k), &n), 0);
    assert_int_equal(key_new(KEY_AES, span_of(k, 16), &key), 0);
    buf_fini(&text);
    return key;
}

static void key_is(struct key *transport, const struct eis_key *k, enum key_type type,
                   const uint8_t want[16])
{
    struct key *got = NULL;
    uint8_t raw[16], kcv[3];
    size_t n = 0;

    assert_int_equal(ecb_unwrap_key(F.crypto, transport, type, k->wrapped, &got), 0);
    assert_int_equal(key_export_raw(got, raw, sizeof(raw), &n), 0);
    assert_memory_equal(raw, want, 16);
    assert_int_equal(key_kcv(F.crypto, got, kcv), 0);
    assert_true(k->has_kcv);
    assert_memory_equal(kcv, k->kcv, 3);
    key_free(got);
}

static void one_eis(struct pki *pki, struct key *transport, struct span body,
                    const struct card_factory *f, const uint8_t *cert)
{
    struct signed_eis s;
    struct eum_signed_info info;
    struct gpcert ecasd;
    struct errmsg why = {""};
    struct arena a;
    struct key *private = NULL;
    uint8_t point[65];

    arena_init(&a, 0);
    assert_int_equal(wire_signed_eis_decode(body, &a, &s, &why), 0);
    assert_int_equal(wire_eum_info_decode(s.eum_signed_info, &a, &info, &why), 0);
    assert_true(eid_eq(&info.eid, &f->eid));
    if (pki_verify_eum_signature(pki, s.eum_certificate, s.eum_signed_info, s.eum_signature,
                                 &why) != ERR_OK ||
        pki_verify_ecasd(pki, info.ecasd_certificate, s.eum_certificate, f->eid.b, NOW, &ecasd,
                         &why) != ERR_OK)
        fail_msg("%s", why.text);
    assert_memory_equal(info.ecasd_certificate.p, cert, info.ecasd_certificate.n);
    assert_int_equal(ec_private(F.crypto, CURVE_P256, span_of(f->ecasd_private, 32), &private), 0);
    assert_int_equal(ec_point(F.crypto, private, point), 0);
    assert_memory_equal(point, ecasd.point.p, 65);
    key_free(private);
    assert_int_equal(s.n_keysets, 2);
    assert_int_equal(s.keysets[0].version, f->scp80_kvn);
    key_is(transport, &s.keysets[0].keys[0], KEY_AES, f->kic);
    key_is(transport, &s.keysets[0].keys[1], KEY_AES, f->kid);
    key_is(transport, &s.keysets[0].keys[2], KEY_AES, f->dek);
    key_is(transport, &s.keysets[1].keys[0], KEY_PSK, f->psk);
    assert_int_equal(s.n_profiles, 1);
    assert_true(iccid_eq(&s.profiles[0].iccid, &f->bootstrap.iccid));
    assert_true(s.profiles[0].fallback_attribute);
    assert_int_equal(s.profiles[0].state, PROFILE_ENABLED);
    assert_string_equal(s.profiles[0].address.msisdn.s, f->bootstrap.msisdn.s);
    assert_string_equal(s.smsr_id.s, "1.3.6.1.4.1.99999.1");
    arena_fini(&a);
}

static void the_sm_sr_can_check_every_eis(void **state)
{
    (void)state;
    static struct meters all;
    struct pki *pki = pki_new(F.crypto);
    struct key *transport = transport_get();
    struct errmsg why = {""};
    struct reader r;
    struct buf eis;
    unsigned n = 0;

    order("eis", 20, 3);
    (void)make();
    meters_get(&all);
    assert_int_equal(pki_add_ci_file(pki, F.file[2], &why), 0);
    file_get(WORLD_EIS, &eis);
    r = rd_init(buf_span(&eis));
    while (rd_left(&r) > 0) {
        size_t len = rd_u32(&r);
        struct span body = rd_span(&r, len);

        assert_false(r.failed);
        if (n < 4)
            one_eis(pki, transport, body, &all.f[n], all.cert[n]);
        n++;
    }
    assert_int_equal(n, 20);
    buf_fini(&eis);
    meters_fini(&all);
    key_free(transport);
    pki_free(pki);
}

static void a_seed_gives_the_same_cards_and_fates(void **state)
{
    (void)state;
    static const char *const SAME[] = {WORLD_HSS_A, WORLD_HSS_B, WORLD_STOCK_B, WORLD_EIDS,
                                       WORLD_PUSH, WORLD_EXPECTED};
    struct buf a[6], b;

    order("seed-1", 300, 42);
    (void)make();
    for (unsigned i = 0; i < 6; i++)
        file_get(SAME[i], &a[i]);
    order("seed-2", 300, 42);
    (void)make();
    for (unsigned i = 0; i < 6; i++) {
        file_get(SAME[i], &b);
        assert_true(span_eq(buf_span(&a[i]), buf_span(&b)));
        buf_fini(&b);
    }
    order("seed-3", 300, 43);
    (void)make();
    file_get(WORLD_EXPECTED, &b);
    assert_false(span_eq(buf_span(&a[5]), buf_span(&b)));
    buf_fini(&b);
    for (unsigned i = 0; i < 6; i++)
        buf_fini(&a[i]);
}

static void a_world_is_read_back(void **state)
{
    (void)state;
    struct world w;
    struct errmsg why = {""};
    struct pki_entity ci;

    order("load", 30, 1);
    (void)make();
    if (world_load(F.dir, &w, &why) != ERR_OK)
        fail_msg("%s", why.text);
    assert_int_equal(w.meters, 30);
    assert_int_equal(w.n_operators, 2);
    assert_int_equal(w.n_coverage, 3);
    assert_string_equal(w.smsr.s, "491610000001");
    memset(&ci, 0, sizeof(ci));
    assert_int_equal(pki_read_entity(F.crypto, F.file[2], F.file[3], &ci, &why), 0);
    assert_int_equal(w.ci_points.n, 65);
    assert_memory_equal(w.ci_points.p, ci.point, 65);
    pki_entity_fini(&ci);
    world_fini(&w);
}

static void secrets_are_for_the_owner_alone(void **state)
{
    (void)state;
    static const char *const SECRET[] = {WORLD_FLEET, WORLD_EIS, WORLD_HSS_A, WORLD_HSS_B,
                                         WORLD_STOCK_B, WORLD_TRANSPORT};
    struct stat st;
    char path[400];

    order("modes", 5, 1);
    F.o.transport_key = NULL;
    (void)make();
    for (size_t i = 0; i < sizeof(SECRET) / sizeof(SECRET[0]); i++) {
        (void)snprintf(path, sizeof(path), "%s/%s", F.dir, SECRET[i]);
        assert_int_equal(stat(path, &st), 0);
        assert_int_equal(st.st_mode & 0777, 0600);
    }
    assert_int_equal(stat(F.dir, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0700);
}

static void refused(int rc, const char *word)
{
    struct world_counts n;
    struct errmsg why = {""};

    assert_int_equal(world_make(&F.o, &n, &why), rc);
    if (!strstr(why.text, word))
        fail_msg("%s", why.text);
}

static void wrong_orders_get_a_sentence(void **state)
{
    (void)state;
    order("again", 5, 1);
    (void)make();
    refused(ERR_EXISTS, "holds a world already");
    order("bad", 0, 1);
    refused(ERR_CONFIG, "--meters");
    order("bad", 1000001, 1);
    refused(ERR_CONFIG, "--meters");
    order("bad", 10, 1);
    F.o.no_coverage = RATE_ONE;
    refused(ERR_CONFIG, "more than");
    order("bad", 10, 1);
    F.o.eid_prefix = "79049032";
    refused(ERR_CONFIG, "--eid-prefix");
    F.o.eid_prefix = "89049032000001000000000";
    refused(ERR_CONFIG, "--eid-prefix");
    order("bad", 10, 1);
    F.o.eum_cert = NULL;
    refused(ERR_CONFIG, "--pki");
    order("bad", 10, 1);
    F.o.eum_key = F.file[3];
    refused(ERR_CONFIG, "eum.pem");
    order("bad", 10, 1);
    F.o.transport_key = F.file[0];
    refused(ERR_TOO_LARGE, "larger");
    order("bad", 10, 1);
    F.o.transport_key = "/nonexistent";
    refused(ERR_CONFIG, "/nonexistent");
    tmpdir_path(&F.t, "no/such/place", F.dir, sizeof(F.dir));
    F.o.transport_key = NULL;
    refused(ERR_IO, "no/such/place");
}

static void json_is(const char *text)
{
    char path[340];
    FILE *out;

    (void)snprintf(path, sizeof(path), "%s/%s", F.dir, WORLD_JSON);
    out = fopen(path, "w");
    assert_non_null(out);
    (void)fputs(text, out);
    assert_int_equal(fclose(out), 0);
}

#define OPS                                                                                        \
    "\"operators\":[{\"id\":\"a\",\"plmn\":\"26201\",\"numbers\":\"49\","                     \
    "\"hss\":\"hss-a.csv\"}]"
#define NUM "\"smsr_number\":\"4916\""

static void damaged_worlds_get_a_sentence(void **state)
{
    (void)state;
    static const struct {
        const char *json, *word;
    } ROWS[] = {
        {"", "line"}, {"{", "line"}, {"{\"version\":1,\"version\":1}", "uplicate"},
        {"{\"version\":2}", "version"}, {"{\"version\":1}", "smsr_number"},
        {"{\"version\":1," NUM "}", "operators"},
        {"{\"version\":1," NUM "," OPS "}", "ci_points"},
        {"{\"version\":1," NUM "," OPS ",\"ci_points\":[\"04\"]}", "ci_points"},
        {"{\"version\":1," NUM "," OPS ",\"coverage\":[[\"26201\"]]}", "coverage"},
        {"{\"version\":1," NUM "," OPS ",\"coverage\":[[\"26201\",\"x\"]]}", "coverage"},
    };
    struct world w;

    order("damaged", 3, 1);
    (void)make();
    for (size_t i = 0; i < sizeof(ROWS) / sizeof(ROWS[0]); i++) {
        struct errmsg why = {""};

        json_is(ROWS[i].json);
        assert_int_equal(world_load(F.dir, &w, &why), ERR_CONFIG);
        if (!strstr(why.text, ROWS[i].word))
            fail_msg("%zu: %s", i, why.text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(counts_are_exact),
        cmocka_unit_test(the_sm_dp_reads_the_stock_and_the_hss_knows_the_same_keys),
        cmocka_unit_test(the_sm_sr_can_check_every_eis),
        cmocka_unit_test(a_seed_gives_the_same_cards_and_fates),
        cmocka_unit_test(a_world_is_read_back),
        cmocka_unit_test(secrets_are_for_the_owner_alone),
        cmocka_unit_test(wrong_orders_get_a_sentence),
        cmocka_unit_test(damaged_worlds_get_a_sentence),
    };

    return cmocka_run_group_tests(tests, setup, teardown);
}
