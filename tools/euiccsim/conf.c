/* SPDX-License-Identifier: Apache-2.0 */
/* Options as tables: name, value, meaning, and the function that reads the value. */
#include "tools/euiccsim/conf.h"

#include "common/base/clock.h"

#include <stdio.h>

struct option {
    const char *name, *value, *doc;
    int (*set)(void *conf, const char *value, struct errmsg *why);    /* NULL: end of the table */
};

static int number(const char *option, const char *text, uint64_t least, uint64_t most,
                  uint64_t *ret, struct errmsg *why)
{
    uint64_t v = 0;
    bool ok = *text != 0;

    for (const char *p = text; ok && *p; p++) {
        ok = *p >= '0' && *p <= '9' && v <= (UINT64_MAX - 9) / 10;
        v = 10 * v + (uint64_t)(*p - '0');
    }
    if (!ok || v < least || v > most)
        return errmsg_set(why, ERR_CONFIG, "%s %.40s: a number from %llu to %llu is wanted", option,
                          text, (unsigned long long)least, (unsigned long long)most);
    *ret = v;
    return ERR_OK;
}

static int rate(const char *option, const char *text, uint32_t *ret, struct errmsg *why)
{
    struct errmsg inner = {""};

    if (rate_parse(span_str(text), ret, &inner) != ERR_OK)
        return errmsg_set(why, ERR_CONFIG, "%s: %s", option, inner.text);
    return ERR_OK;
}

#define SETTER(name, type)                                                                         \
    static int name(void *conf, const char *v, struct errmsg *why)                                 \
    {                                                                                              \
        type *c = conf;                                                                            \
        (void)why;
#define SETTER_END                                                                                 \
        return ERR_OK;                                                                             \
    }

/* --- run --- */
SETTER(run_dir, struct run_conf) c->dir = v; SETTER_END
SETTER(run_listen, struct run_conf) c->listen = v; SETTER_END
SETTER(run_smsr, struct run_conf) c->smsr = v; SETTER_END
SETTER(run_network, struct run_conf) c->network = v; SETTER_END
SETTER(run_https, struct run_conf) c->https = v; SETTER_END
SETTER(run_cattp, struct run_conf) c->cattp = v; SETTER_END
SETTER(run_keylog, struct run_conf) c->keylog = v; SETTER_END

static int run_seed(void *conf, const char *v, struct errmsg *why)
{
    return number("--seed", v, 0, UINT64_MAX, &((struct run_conf *)conf)->seed, why);
}

static int run_scale(void *conf, const char *v, struct errmsg *why)
{
    uint64_t n = 1;
    int rc = number("--time-scale", v, 1, 10000, &n, why);

    ((struct run_conf *)conf)->time_scale = (unsigned)n;
    return rc;
}

static int run_latency(void *conf, const char *v, struct errmsg *why)
{
    if (latency_parse(span_str(v), &((struct run_conf *)conf)->latency))
        return ERR_OK;
    return errmsg_set(why, ERR_CONFIG, "--latency %.40s: fast or lab2016", v);
}

static int run_loss(void *conf, const char *v, struct errmsg *why)
{
    uint32_t loss = 0;
    int rc = rate("--loss", v, &loss, why);

    if (rc == ERR_OK)
        faults_from_loss(loss, &((struct run_conf *)conf)->faults);
    return rc;
}

static int run_faults(void *conf, const char *v, struct errmsg *why)
{
    struct errmsg inner = {""};

    if (faults_parse(span_str(v), &((struct run_conf *)conf)->faults, &inner) != ERR_OK)
        return errmsg_set(why, ERR_CONFIG, "--faults: %s", inner.text);
    return ERR_OK;
}

static int run_quirks(void *conf, const char *v, struct errmsg *why)
{
    struct errmsg inner = {""};

    if (quirk_set_parse(span_str(v), &((struct run_conf *)conf)->quirks, &inner) != ERR_OK)
        return errmsg_set(why, ERR_CONFIG, "--quirks: %s", inner.text);
    return ERR_OK;
}

static int fleet(const char *v, const struct fleet_kind **ret, struct errmsg *why)
{
    char all[80];
    struct writer w = wr_init(all, sizeof(all) - 1);

    *ret = fleet_kind_of(span_str(v));
    if (*ret)
        return ERR_OK;
    for (unsigned i = 0; i < FLEET_KIND_COUNT; i++) {
        wr_str(&w, i ? ", " : "");
        wr_str(&w, FLEET_KINDS[i].name);
    }
    all[w.len] = 0;
    return errmsg_set(why, ERR_CONFIG, "--fleet %.40s: one of %s", v, all);
}

static int run_fleet(void *conf, const char *v, struct errmsg *why)
{
    return fleet(v, &((struct run_conf *)conf)->fleet, why);
}

static int run_power(void *conf, const char *v, struct errmsg *why)
{
    return rate("--power-loss", v, &((struct run_conf *)conf)->faults.power_loss, why);
}

static int run_spread(void *conf, const char *v, struct errmsg *why)
{
    uint64_t n = 0;
    int rc = number("--spread", v, 0, 3600000, &n, why);

    ((struct run_conf *)conf)->spread_ms = (int64_t)n;
    return rc;
}

static int run_tps(void *conf, const char *v, struct errmsg *why)
{
    uint64_t n = 0;
    int rc = number("--sms-per-second", v, 0, 1000000, &n, why);

    ((struct run_conf *)conf)->sms_per_s = (uint32_t)n;
    return rc;
}

static int run_reader(void *conf, const char *v, struct errmsg *why)
{
    struct run_conf *c = conf;
    const char *at = strchr(v, '@');
    char eid[EID_TEXT];

    (void)snprintf(eid, sizeof(eid), "%.*s", (int)strcspn(v, "@"), v);
    if (strcspn(v, "@") != EID_TEXT - 1 || eid_parse(eid, &c->reader_eid) != ERR_OK)
        return errmsg_set(why, ERR_CONFIG,
                          "--reader %.40s: the EID of a card is wanted, 32 digits, with @HOST:PORT "
                          "where vpcd waits elsewhere", v);
    c->reader = at ? at + 1 : "127.0.0.1:35963";
    return ERR_OK;
}

static const struct option RUN[] = {
    {"--dir", "DIR", "the world; the fleet's memory is kept there, too", run_dir},
    {"--coap", "HOST:PORT", "where the networks listen (127.0.0.1:5783)", run_listen},
    {"--smsr", "HOST:PORT", "CoAP endpoint of the SM-SR (127.0.0.1:5683)", run_smsr},
    {"--https", "HOST:PORT", "HTTPS port of the SM-SR: cards reach it by TCP, not through CoAP", run_https},
    {"--cattp", "HOST:PORT", "CAT_TP port of the SM-SR: cards reach it by UDP, not through CoAP", run_cattp},
    {"--network", "ID", "networks[].id in the SM-SR's configuration (sim)", run_network},
    {"--time-scale", "K", "divides all timers and delays (1)", run_scale},
    {"--latency", "MODEL", "fast or lab2016 (fast)", run_latency},
    {"--loss", "RATE", "of SMS either way; duplicates, reordering and cuts with it (0)", run_loss},
    {"--faults", "LIST", "NAME=RATE,... one by one, over what --loss says before it", run_faults},
    {"--power-loss", "RATE", "power fails while a card works, per unit it gets (0)", run_power},
    {"--quirks", "LIST", "NAME[=RATE],..., field or none (none)", run_quirks},
    {"--seed", "S", "of faults, delays and quirks (1)", run_seed},
    {"--fleet", "KIND", "mains, nbiot or edrx: how the devices live (as the world says)", run_fleet},
    {"--spread", "MS", "devices are switched on within this time (half a ms each)", run_spread},
    {"--sms-per-second", "N", "each SMSC refuses more (0: takes all)", run_tps},
    {"--reader", "EID[@HOST:PORT]", "this card is in a PC/SC reader, too: vpcd (127.0.0.1:35963)", run_reader},
    {"--keylog", "FILE", "TLS secrets of the cards' sessions, in the form of SSLKEYLOGFILE", run_keylog},
    {NULL, NULL, NULL, NULL},
};

/* --- world --- */
enum { PATH_EUM_CERT, PATH_EUM_KEY, PATH_CI_CERT, PATH_CI_KEY, PATH_TRANSPORT };

static int join(struct world_conf *c, unsigned which, const char *dir, const char *name,
                struct errmsg *why)
{
    int n = snprintf(c->paths[which], PATH_MAX, "%s%s%s", dir, name[0] ? "/" : "", name);
    const char **to[] = {&c->order.eum_cert, &c->order.eum_key, &c->order.ci_cert, &c->order.ci_key,
                         &c->order.transport_key};

    if (n < 0 || n >= PATH_MAX)
        return errmsg_set(why, ERR_CONFIG, "the path %.80s... is too long", dir);
    *to[which] = c->paths[which];
    return ERR_OK;
}

static int world_pki(void *conf, const char *v, struct errmsg *why)
{
    static const char *const NAMES[] = {"eum/eum.pem", "eum/eum.key", "ci/cert.pem", "ci/key.pem",
                                        "transport.key"};
    int rc = ERR_OK;

    for (unsigned i = 0; rc == ERR_OK && i < 5; i++)
        rc = join(conf, i, v, NAMES[i], why);
    return rc;
}

static int world_eum_cert(void *conf, const char *v, struct errmsg *why)
{
    return join(conf, PATH_EUM_CERT, v, "", why);
}

static int world_eum_key(void *conf, const char *v, struct errmsg *why)
{
    return join(conf, PATH_EUM_KEY, v, "", why);
}

static int world_transport(void *conf, const char *v, struct errmsg *why)
{
    return join(conf, PATH_TRANSPORT, v, "", why);
}

static int world_meters(void *conf, const char *v, struct errmsg *why)
{
    uint64_t n = 0;
    int rc = number("--meters", v, 1, 1000000, &n, why);

    ((struct world_conf *)conf)->order.meters = (unsigned)n;
    return rc;
}

static int world_seed(void *conf, const char *v, struct errmsg *why)
{
    return number("--seed", v, 0, INT64_MAX, &((struct world_conf *)conf)->order.seed, why);
}

static int world_cattp(void *conf, const char *v, struct errmsg *why)
{
    return rate("--cattp", v, &((struct world_conf *)conf)->order.cattp, why);
}

static int world_fleet(void *conf, const char *v, struct errmsg *why)
{
    return fleet(v, &((struct world_conf *)conf)->order.fleet, why);
}

static int world_no_coverage(void *conf, const char *v, struct errmsg *why)
{
    return rate("--no-coverage", v, &((struct world_conf *)conf)->order.no_coverage, why);
}

static int world_unknown(void *conf, const char *v, struct errmsg *why)
{
    return rate("--unknown-imsi", v, &((struct world_conf *)conf)->order.unknown_imsi, why);
}

static int oid_set(const char *option, const char *v, struct oid *ret, struct errmsg *why)
{
    if (oid_parse(span_str(v), ret) == ERR_OK)
        return ERR_OK;
    return errmsg_set(why, ERR_CONFIG, "%s %.64s: an OID such as 1.3.6.1.4.1.99999.1 is wanted",
                      option, v);
}

static int world_oid_a(void *conf, const char *v, struct errmsg *why)
{
    return oid_set("--operator-a", v, &((struct world_conf *)conf)->order.mno_a, why);
}

static int world_oid_b(void *conf, const char *v, struct errmsg *why)
{
    return oid_set("--operator-b", v, &((struct world_conf *)conf)->order.mno_b, why);
}

static int world_oid_smsr(void *conf, const char *v, struct errmsg *why)
{
    return oid_set("--smsr-oid", v, &((struct world_conf *)conf)->order.smsr, why);
}

static int world_oid_eum(void *conf, const char *v, struct errmsg *why)
{
    return oid_set("--eum-oid", v, &((struct world_conf *)conf)->order.eum, why);
}

/* Ends up in CSV and JSON: letters, digits, hyphen. */
static int word(const char *option, const char *v, const char **ret, struct errmsg *why)
{
    size_t n = strlen(v);

    if (n == 0 || n > 32 || strspn(v, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                      "0123456789-") != n)
        return errmsg_set(why, ERR_CONFIG, "%s %.40s: 1 to 32 letters, digits and hyphens", option,
                          v);
    *ret = v;
    return ERR_OK;
}

static int world_type(void *conf, const char *v, struct errmsg *why)
{
    return word("--profile-type", v, &((struct world_conf *)conf)->order.profile_type, why);
}

static int world_transport_id(void *conf, const char *v, struct errmsg *why)
{
    return word("--transport-id", v, &((struct world_conf *)conf)->order.transport_id, why);
}

static int world_memory(void *conf, const char *v, struct errmsg *why)
{
    uint64_t n = 0;
    int rc = number("--memory", v, 0, 1u << 30, &n, why);

    ((struct world_conf *)conf)->order.memory_bytes = (uint32_t)n;
    return rc;
}

SETTER(world_dir, struct world_conf) c->order.dir = v; SETTER_END
SETTER(world_prefix, struct world_conf) c->order.eid_prefix = v; SETTER_END

static const struct option WORLD[] = {
    {"--dir", "DIR", "where the world is written; must hold none", world_dir},
    {"--meters", "N", "cards to make (1000)", world_meters},
    {"--pki", "DIR", "tree of smctl pki init: EUM, CI and transport key", world_pki},
    {"--eum-cert", "FILE", "X.509 certificate that signs cards and EIS", world_eum_cert},
    {"--eum-key", "FILE", "its key", world_eum_key},
    {"--transport-key", "FILE", "32 hex digits shared with the SM-SR", world_transport},
    {"--transport-id", "ID", "its name in the SM-SR's configuration (eum-smsr)",
     world_transport_id},
    {"--seed", "S", "of everything that is drawn (1)", world_seed},
    {"--cattp", "RATE", "meters that speak CAT_TP and no HTTPS (0)", world_cattp},
    {"--fleet", "KIND", "mains, nbiot (wakes once a day) or edrx: how the devices live (mains)", world_fleet},
    {"--no-coverage", "RATE", "meters where operator B is not heard (1%)", world_no_coverage},
    {"--unknown-imsi", "RATE", "subscriptions B's HSS does not know (0.5%)", world_unknown},
    {"--profile-type", "TYPE", "of B's subscriptions (meter)", world_type},
    {"--eid-prefix", "DIGITS", "first digits of all EIDs (8904903200000100)", world_prefix},
    {"--memory", "OCTETS", "free on each card (524288)", world_memory},
    {"--operator-a", "OID", "who delivers the cards (1.3.6.1.4.1.99999.11)", world_oid_a},
    {"--operator-b", "OID", "who gets them (1.3.6.1.4.1.99999.10)", world_oid_b},
    {"--smsr-oid", "OID", "(1.3.6.1.4.1.99999.1)", world_oid_smsr},
    {"--eum-oid", "OID", "(1.3.6.1.4.1.99999.30)", world_oid_eum},
    {NULL, NULL, NULL, NULL},
};

/* --- report, ledger, status --- */
SETTER(look_dir, struct look_conf) c->dir = v; SETTER_END
SETTER(look_coap, struct look_conf) c->coap = v; SETTER_END
SETTER(look_json, struct look_conf) (void)v; c->json = true; SETTER_END

static const struct option LOOK[] = {
    {"--dir", "DIR", "the world", look_dir},
    {"--coap", "HOST:PORT", "of a running euiccsim (status; 127.0.0.1:5783)", look_coap},
    {"--json", NULL, "JSON, the only form there is", look_json},
    {NULL, NULL, NULL, NULL},
};

static int parse(const struct option *table, int argc, char **argv, void *conf, struct errmsg *why)
{
    int rc = ERR_OK;

    for (int i = 0; rc == ERR_OK && i < argc; i++) {
        const struct option *o = table;

        while (o->name && strcmp(o->name, argv[i]) != 0)
            o++;
        if (!o->name)
            return errmsg_set(why, ERR_CONFIG, "there is no option %.60s: see euiccsim help",
                              argv[i]);
        if (o->value && ++i == argc)
            return errmsg_set(why, ERR_CONFIG, "%s wants %s", o->name, o->value);
        rc = o->set(conf, argv[i], why);
    }
    return rc;
}

static int dir_wanted(const char *dir, struct errmsg *why)
{
    return dir ? ERR_OK : errmsg_set(why, ERR_CONFIG, "--dir is missing");
}

int conf_run(int argc, char **argv, struct run_conf *ret, struct errmsg *why)
{
    int rc;

    *ret = (struct run_conf){.listen = "127.0.0.1:5783", .smsr = "127.0.0.1:5683",
                             .network = "sim", .seed = 1, .time_scale = 1, .spread_ms = -1};
    rc = parse(RUN, argc, argv, ret, why);
    return rc == ERR_OK ? dir_wanted(ret->dir, why) : rc;
}

int conf_world(int argc, char **argv, struct world_conf *ret, struct errmsg *why)
{
    int rc;

    memset(ret, 0, sizeof(*ret));
    world_order_defaults(&ret->order);
    ret->order.now_ms = clock_wall_ms(&CLOCK_SYSTEM);
    rc = parse(WORLD, argc, argv, ret, why);
    return rc == ERR_OK ? dir_wanted(ret->order.dir, why) : rc;
}

int conf_look(int argc, char **argv, struct look_conf *ret, struct errmsg *why)
{
    *ret = (struct look_conf){.coap = "127.0.0.1:5783"};
    return parse(LOOK, argc, argv, ret, why);
}

static void table_print(const char *title, const struct option *table)
{
    printf("\n%s\n", title);
    for (const struct option *o = table; o->name; o++) {
        char left[48];

        (void)snprintf(left, sizeof(left), "%s %s", o->name, o->value ? o->value : "");
        printf("  %-24s %s\n", left, o->doc);
    }
}

void conf_usage(void)
{
    printf("euiccsim: a fleet of simulated eUICCs behind simulated mobile networks\n");
    table_print("euiccsim world: makes cards, operators and their files", WORLD);
    table_print("euiccsim run: networks and fleet, until SIGTERM; quirks: who will be odd",
                RUN);
    table_print("euiccsim report | ledger | status: what cards and networks say", LOOK);
    printf("\nfleets:\n");
    for (unsigned i = 0; i < FLEET_KIND_COUNT; i++)
        printf("  %-24s %s\n", FLEET_KINDS[i].name, FLEET_KINDS[i].doc);
    printf("\nquirks of cards:");
    for (unsigned i = 0; i < CARD_QUIRK_COUNT; i++)
        printf(" %s", CARD_QUIRKS[i].name);
    printf("\nquirks of networks:");
    for (unsigned i = 0; i < NET_QUIRK_COUNT; i++)
        printf(" %s", NET_QUIRKS[i].name);
    printf("\nfaults:");
    for (unsigned i = 0; fault_name(i); i++)
        printf(" %s", fault_name(i));
    printf("\n\nexit codes: 0 done, 1 failed while running, 2 wrong use or configuration\n");
}
