/* SPDX-License-Identifier: Apache-2.0 */
/* Making a world: the sets of meters with a fate of their own, keys of the PKI, all files or
 * none. */
#include "tools/euiccsim/world_int.h"

#include "common/base/hex.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define METERS_MAX 1000000u
#define FILE_MAX ((size_t)4 << 30)

void world_order_defaults(struct world_order *o)
{
    *o = (struct world_order){
        .meters = 1000, .seed = 1, .no_coverage = RATE_ONE / 100, .unknown_imsi = RATE_ONE / 200,
        .transport_id = "eum-smsr", .eum = {"1.3.6.1.4.1.99999.30"},
        .smsr = {"1.3.6.1.4.1.99999.1"}, .mno_a = {"1.3.6.1.4.1.99999.11"},
        .mno_b = {"1.3.6.1.4.1.99999.10"}, .eid_prefix = "8904903200000100",
        .profile_type = "meter", .memory_bytes = 512 * 1024, .fleet = &FLEET_KINDS[0],
    };
}

/* Exactly the rounded number of each fate, drawn without putting back: the sets are apart. */
static int fates_draw(struct making *m)
{
    unsigned n = m->o->meters, at = 0;
    uint32_t *order = calloc(n, sizeof(*order));

    m->fate = calloc(n, 1);
    if (!order || !m->fate) {
        free(order);
        return ERR_NOMEM;
    }
    m->counts.meters = n;
    m->counts.no_coverage = (unsigned)(((uint64_t)n * m->o->no_coverage + RATE_ONE / 2) / RATE_ONE);
    m->counts.unknown_imsi =
        (unsigned)(((uint64_t)n * m->o->unknown_imsi + RATE_ONE / 2) / RATE_ONE);
    for (unsigned i = 0; i < n; i++)
        order[i] = i;
    for (unsigned i = n; i > 1; i--) {
        uint64_t j = rng_below(&m->rng, i);
        uint32_t swap = order[i - 1];

        order[i - 1] = order[j];
        order[j] = swap;
    }
    for (unsigned i = 0; i < m->counts.no_coverage && at < n; i++)
        m->fate[order[at++]] = FATE_NO_COVERAGE;
    for (unsigned i = 0; i < m->counts.unknown_imsi && at < n; i++)
        m->fate[order[at++]] = FATE_UNKNOWN_IMSI;
    free(order);
    return ERR_OK;
}

static int order_check(const struct world_order *o, struct errmsg *why)
{
    size_t prefix = strlen(o->eid_prefix);

    if (o->meters == 0 || o->meters > METERS_MAX)
        return errmsg_set(why, ERR_CONFIG, "--meters: 1 to %u", METERS_MAX);
    if (o->no_coverage > RATE_ONE - o->unknown_imsi)
        return errmsg_set(why, ERR_CONFIG, "--no-coverage and --unknown-imsi together are more "
                          "than all meters");
    if (prefix < 2 || prefix > 22 || strspn(o->eid_prefix, "0123456789") != prefix ||
        strncmp(o->eid_prefix, "89", 2) != 0)
        return errmsg_set(why, ERR_CONFIG, "--eid-prefix: 2 to 22 digits from 89");
    if (!o->eum_cert || !o->eum_key || !o->ci_cert || !o->ci_key)
        return errmsg_set(why, ERR_CONFIG, "the certificates and keys of EUM and CI are missing: "
                          "give --pki DIR as smctl pki init wrote it");
    return ERR_OK;
}

static int transport_read(struct making *m, struct errmsg *why)
{
    uint8_t k[TRANSPORT_LEN];
    struct buf text;
    size_t n = 0;
    int rc;

    if (!m->o->transport_key) {
        crypto_random(m->crypto, m->transport_raw, TRANSPORT_LEN);
        return key_new(KEY_AES, span_of(m->transport_raw, TRANSPORT_LEN), &m->transport);
    }
    buf_init(&text, 0);
    rc = world_read(NULL, m->o->transport_key, 256, &text, why);
    while (rc == ERR_OK && text.n > 0 && (text.p[text.n - 1] == '\n' || text.p[text.n - 1] == '\r'))
        text.n--;
    if (rc == ERR_OK && (hex_decode((const char *)text.p, text.n, k, sizeof(k), &n) != ERR_OK ||
                         n != sizeof(k)))
        rc = errmsg_set(why, ERR_CONFIG, "%s: 32 hexadecimal digits are wanted",
                        m->o->transport_key);
    if (rc == ERR_OK)
        rc = key_new(KEY_AES, span_of(k, n), &m->transport);
    mem_wipe(k, sizeof(k));
    buf_wipe(&text);
    buf_fini(&text);
    return rc;
}

static int making_init(struct making *m, const struct world_order *o, struct errmsg *why)
{
    struct buf *all[] = {&m->fleet, &m->eis, &m->hss_a, &m->hss_b, &m->stock, &m->eids, &m->push};
    int rc;

    *m = (struct making){.o = o};
    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
        buf_init(all[i], FILE_MAX);
    rng_init_seeded(&m->rng, o->seed);
    m->crypto = crypto_new(NULL);
    if (!m->crypto)
        return ERR_CRYPTO;
    rc = pki_read_entity(m->crypto, o->eum_cert, o->eum_key, &m->eum, why);
    if (rc == ERR_OK)
        rc = pki_read_entity(m->crypto, o->ci_cert, o->ci_key, &m->ci, why);
    if (rc == ERR_OK)
        rc = transport_read(m, why);
    return rc == ERR_OK ? fates_draw(m) : rc;
}

static void making_fini(struct making *m)
{
    struct buf *all[] = {&m->fleet, &m->eis, &m->hss_a, &m->hss_b, &m->stock, &m->eids, &m->push};

    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
        buf_wipe(all[i]);
        buf_fini(all[i]);
    }
    pki_entity_fini(&m->eum);
    pki_entity_fini(&m->ci);
    key_free(m->transport);
    crypto_free(m->crypto);
    mem_wipe(&m->rng, sizeof(m->rng));
    mem_wipe(m->transport_raw, sizeof(m->transport_raw));
    free(m->fate);
}

static int make_all(struct making *m, struct errmsg *why)
{
    struct fleet_meter meter;
    struct made_sub b;
    int rc = ERR_OK;

    make_printf(&m->hss_a, "imsi,msisdn,k,opc,amf,sqn,status,roaming\n");
    make_printf(&m->hss_b, "imsi,msisdn,k,opc,amf,sqn,status,roaming\n");
    make_printf(&m->stock, "iccid,imsi,k,opc,msisdn,smsp,pin1,puk1,pin2,puk2,adm1,ota_kvn,ota_kic,"
                           "ota_kid,ota_dek,profile_type\n");
    make_printf(&m->push, "eid,iccid\n");
    buf_add(&m->fleet, FLEET_MAGIC, FLEET_MAGIC_LEN);
    for (unsigned i = 0; rc == ERR_OK && i < m->o->meters; i++) {
        rc = make_meter(m, i, &meter, &b);
        if (rc == ERR_OK)
            rc = fleet_put(&meter, &m->fleet);
        if (rc == ERR_OK)
            rc = make_eis(m, &meter, why);
        if (rc == ERR_OK)
            rc = make_rows(m, i, &meter, &b);
        if (rc != ERR_OK && why && !why->text[0])
            (void)errmsg_set(why, rc, "meter %u cannot be made: %s", i + 1, err_text(rc));
    }
    mem_wipe(&meter, sizeof(meter));
    make_wipe_subs(&b);
    return rc;
}

static int write_one(const char *dir, const char *name, const struct buf *b, unsigned mode,
                     struct errmsg *why)
{
    char path[PATH_MAX];
    int rc = world_path(dir, name, path, sizeof(path));

    return rc == ERR_OK ? pki_write_file(path, buf_span(b), mode, why) : rc;
}

static int write_transport(struct making *m, struct errmsg *why)
{
    struct buf text;
    char hex[2 * TRANSPORT_LEN + 1];
    int rc;

    if (m->o->transport_key)
        return ERR_OK;
    buf_init(&text, 0);
    rc = hex_encode(span_of(m->transport_raw, TRANSPORT_LEN), hex, sizeof(hex));
    if (rc == ERR_OK) {
        make_printf(&text, "%s\n", hex);
        rc = write_one(m->o->dir, WORLD_TRANSPORT, &text, 0600, why);
    }
    mem_wipe(hex, sizeof(hex));
    buf_wipe(&text);
    buf_fini(&text);
    return rc;
}

/* world.json is the last: a directory with it is whole. */
static int write_all(struct making *m, struct errmsg *why)
{
    const struct {
        const char *name;
        const struct buf *b;
        unsigned mode;
    } files[] = {
        {WORLD_FLEET, &m->fleet, 0600}, {WORLD_EIS, &m->eis, 0600}, {WORLD_HSS_A, &m->hss_a, 0600},
        {WORLD_HSS_B, &m->hss_b, 0600}, {WORLD_STOCK_B, &m->stock, 0600},
        {WORLD_EIDS, &m->eids, 0644}, {WORLD_PUSH, &m->push, 0644},
    };
    struct buf json;
    int rc = write_transport(m, why);

    for (size_t i = 0; rc == ERR_OK && i < sizeof(files) / sizeof(files[0]); i++)
        rc = write_one(m->o->dir, files[i].name, files[i].b, files[i].mode, why);
    buf_init(&json, FILE_MAX);
    if (rc == ERR_OK)
        rc = make_expected_json(m, &json);
    if (rc == ERR_OK)
        rc = write_one(m->o->dir, WORLD_EXPECTED, &json, 0644, why);
    buf_reset(&json);
    if (rc == ERR_OK)
        rc = make_world_json(m, &json);
    if (rc == ERR_OK)
        rc = write_one(m->o->dir, WORLD_JSON, &json, 0644, why);
    buf_fini(&json);
    return rc;
}

static int dir_make(const char *dir, struct errmsg *why)
{
    char path[PATH_MAX];
    int rc = world_path(dir, WORLD_JSON, path, sizeof(path));

    if (rc != ERR_OK)
        return rc;
    if (mkdir(dir, 0700) != 0 && errno != EEXIST)
        return errmsg_set(why, ERR_IO, "%s: %s", dir, strerror(errno));
    if (access(path, F_OK) == 0)
        return errmsg_set(why, ERR_EXISTS, "%s holds a world already: choose another --dir", dir);
    return ERR_OK;
}

int world_make(const struct world_order *o, struct world_counts *ret, struct errmsg *why)
{
    struct making m = {.o = NULL};
    int rc = order_check(o, why);

    if (rc == ERR_OK)
        rc = dir_make(o->dir, why);
    if (rc != ERR_OK)
        return rc;
    rc = making_init(&m, o, why);
    if (rc == ERR_OK)
        rc = make_all(&m, why);
    if (rc == ERR_OK)
        rc = write_all(&m, why);
    *ret = m.counts;
    making_fini(&m);
    return rc;
}
