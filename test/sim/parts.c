/* SPDX-License-Identifier: Apache-2.0 */
/* Puts the world together: papers, disk, daemons, parties. */
#include "test/sim/world_int.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "common/crypto/ecka.h"
#include "test/sim/alloc.h"
#include "test/sim/rand_method.h"
#include "test/support/path.h"
#include "tools/euiccsim/net/quirk_set.h"

static const char CONF[] =
    "smsr: {oid: 1.3.6.1.4.1.99999.1, listen: \"127.0.0.1:1\", coap: \"127.0.0.1:1\", state: sim}\n"
    "networks: [{id: net-a, coap: \"127.0.0.1:1\"}, {id: net-b, coap: \"127.0.0.1:1\"}]\n"
    "tls: {ca: ca.pem, cert: cert.pem, key: key.pem}\n"
    "gsma: {ci: [ci.pem]}\n"
    "keystore: {kek: kek.bin}\n"
    "tenants:\n"
    "  - {id: acme-water, eid_ranges: [{from: \"890490320000000000000000000000\", to: "
    "\"890490329999999999999999999999\"}], admits: [1.3.6.1.4.1.99999.10, 1.3.6.1.4.1.99999.11]}\n"
    "  - {id: globe, eid_ranges: [{from: \"890490330000000000000000000000\", to: "
    "\"890490339999999999999999999999\"}], admits: [1.3.6.1.4.1.99999.10, 1.3.6.1.4.1.99999.11]}\n"
    "  - {id: blue, eid_ranges: []}\n"
    "  - {id: orange, eid_ranges: []}\n"
    "  - {id: rival, eid_ranges: [{from: \"890490340000000000000000000000\", to: "
    "\"890490349999999999999999999999\"}], admits: [1.3.6.1.4.1.99999.12]}\n"
    "parties:\n"
    "  - {oid: 1.3.6.1.4.1.99999.10, tenant: blue, roles: [operator], plmn: [\"26201\"], iccid: "
    "[\"894901\"], on_behalf: [1.3.6.1.4.1.99999.2]}\n"
    "  - {oid: 1.3.6.1.4.1.99999.11, tenant: orange, roles: [operator], plmn: [\"20404\"], iccid: "
    "[\"893104\"]}\n"
    "  - {oid: 1.3.6.1.4.1.99999.12, tenant: rival, roles: [operator], plmn: [\"23430\"], "
    "on_behalf: [1.3.6.1.4.1.99999.3]}\n"
    "  - {oid: 1.3.6.1.4.1.99999.21, tenant: rival, roles: [fleet]}\n"
    "  - {oid: 1.3.6.1.4.1.99999.3, tenant: rival, roles: [smdp]}\n"
    "  - {oid: 1.3.6.1.4.1.99999.31, tenant: rival, roles: [eum]}\n"
    "  - {oid: 1.3.6.1.4.1.99999.22, tenant: globe, roles: [fleet]}\n"
    "  - {oid: 1.3.6.1.4.1.99999.2, tenant: blue, roles: [smdp]}\n"
    "  - {oid: 1.3.6.1.4.1.99999.20, tenant: acme-water, roles: [fleet]}\n"
    "  - {oid: 1.3.6.1.4.1.99999.30, tenant: acme-water, roles: [eum]}\n"
    "plma:\n"
    "  - {mno: 1.3.6.1.4.1.99999.10, profile_type: \"*\", m2m_sp: 1.3.6.1.4.1.99999.11, operations: "
    "[SetFallBackAttribute]}\n"
    "  - {mno: 1.3.6.1.4.1.99999.11, profile_type: \"*\", m2m_sp: 1.3.6.1.4.1.99999.10, operations: "
    "[SetFallBackAttribute]}\n"
    "  - {mno: 1.3.6.1.4.1.99999.10, profile_type: \"*\", m2m_sp: 1.3.6.1.4.1.99999.20, operations: "
    "[EnableProfile, DisableProfile, DeleteProfile]}\n"
    "  - {mno: 1.3.6.1.4.1.99999.10, profile_type: \"*\", m2m_sp: 1.3.6.1.4.1.99999.22, operations: "
    "[EnableProfile, DisableProfile, DeleteProfile]}\n"
    "routes:\n"
    "  - {mno: 1.3.6.1.4.1.99999.10, profile_type: \"*\", network: net-b, source: \"4915100000000\", apn: "
    "iot.blue, host: smsr.example, ipv4: 127.0.0.1, port: 7443, bearers: [sms, https, cattp]}\n"
    "  - {mno: 1.3.6.1.4.1.99999.11, profile_type: \"*\", network: net-a, source: \"4915100000000\", apn: "
    "iot.orange, host: smsr.example, ipv4: 127.0.0.1, port: 7443, bearers: [cattp, sms, https]}\n"
    "limits: {effects_per_hour: 0, rollbacks_per_day: 0}\n";

/* Two worlds of five have parties that want bearers in an order of their own, one of eleven parties and
 * tenants that may have few operations in flight. */
static bool write_conf(const struct world *w, FILE *f)
{
    static const char *const ORDER[] = {"[sms, https, cattp]", "[https, cattp, sms]", "[cattp, https]"};
    static const char PARTY[] = "roles: [operator]", TENANT[] = "  - {id: acme-water";
    uint64_t seed = w->plan.seed;
    bool few = w->plan.faults && seed % 11 == 5;
    const char *from = strstr(CONF, TENANT) + sizeof TENANT - 1, *at;

    (void)fprintf(f, "%.*s", (int)(from - CONF), CONF);
    if (few)
        (void)fprintf(f, ", operations: %u", 2 + (unsigned)(seed / 11 % 3));
    while ((at = strstr(from, PARTY))) {
        (void)fprintf(f, "%.*s", (int)(at - from) + (int)sizeof PARTY - 1, from);
        if (seed % 5 < 2)
            (void)fprintf(f, ", bearers: %s", ORDER[seed / 5 % 3]);
        if (few)
            (void)fprintf(f, ", operations: %u", 1 + (unsigned)(seed / 33 % 3));
        from = at + sizeof PARTY - 1;
    }
    return fputs(from, f) >= 0;
}

static int read_conf(struct world *w, struct errmsg *why)
{
    struct tmpdir dir;
    char path[512];
    bool written;
    FILE *f;
    int err;

    tmpdir_init(&dir);
    tmpdir_path(&dir, "smsr.yaml", path, sizeof path);
    f = fopen(path, "w");
    written = f && write_conf(w, f);
    if (!f || fclose(f) || !written)
        return errmsg_set(why, ERR_IO, "the configuration cannot be written");
    err = conf_load(path, 1, &w->conf, why);
    tmpdir_fini(&dir);
    return err;
}

static int make_keystore(struct world *w, struct keystore **ret)
{
    uint8_t kek[32];

    rng_fill(&w->id_rng, kek, sizeof kek);
    return keystore_new(w->crypto, span_of(kek, sizeof kek), 1, ret);
}

static int make_pki(struct world *w, struct pki **ret, struct errmsg *why)
{
    *ret = pki_new(w->crypto);
    return *ret ? pki_add_ci_der(*ret, buf_span(&w->factory.ci.der), why) : ERR_NOMEM;
}

/* A daemon must be able to decide whatever falls due, unless memory failed it in this very step. An answer that
 * only says so is no excuse: a script too long for its room says the same. */
static void card_trouble(void *ctx, const struct eid *eid, const struct uuid *op, int err)
{
    struct world *w = ctx;
    char text[EID_TEXT];

    (void)op;
    eid_text(eid, text);
    if (!life_lacked_memory(&w->sr_life))
        world_fault(w, "the SM-SR cannot decide what falls due for EID %s: %s", text, err_text(err));
}

static void order_trouble(void *ctx, const struct uuid *order, int err)
{
    struct world *w = ctx;
    char text[UUID_TEXT];

    uuid_text(order, text);
    if (!life_lacked_memory(&w->dp_life))
        world_fault(w, "the SM-DP cannot decide what falls due for order %s: %s", text, err_text(err));
}

int world_open_smsr(struct world *w, struct errmsg *why)
{
    struct rpc_handler core;
    struct smsr_core_options o = {
        .conf = w->conf, .journal_path = "smsr.journal", .state_path = "smsr.state",
        .vfs = memvfs_name(w->sr_life.disk), .crypto = w->crypto, .transport = &w->transport, .n_transport = 1,
        .clock = &w->sr_clock.port, .rng = &w->id_rng, .carrier = &w->carrier, .version = "sim",
        .witness = life_witness(&w->sr_life), .keystore = w->sr_keys, .pki = w->sr_pki,
        .on_trouble = card_trouble, .ctx = w};
    int was = alloc_enter(LIFE_SMSR), err = smsr_core_new(&o, &w->sr, why);

    (void)alloc_enter(was);
    if (err)
        return err;
    core = smsr_core_handler(w->sr);
    life_born(&w->sr_life, &core);
    return ERR_OK;
}

/* Every seventh world has SMSCs that take few parts a second and few data sessions: campaigns wait in the
 * mailboxes. */
static void pace_networks(struct world *w)
{
    struct conf *c = w->conf;
    uint64_t seed = w->plan.seed;

    for (unsigned i = 0; w->plan.faults && seed % 7 == 4 && i < c->n_networks; i++)
        c->rates[c->env.n_networks++] = (struct env_network){
            c->networks[i].id, 1 + (unsigned)(seed / 7 % 4), (unsigned)(seed / 28 % 3)};
}

static int make_smsr(struct world *w, struct errmsg *why)
{
    int err = make_keystore(w, &w->sr_keys);

    (void)snprintf(w->transport.id, sizeof w->transport.id, "%s", FACTORY_TRANSPORT_ID);
    w->transport.key = w->factory.transport;
    pace_networks(w);
    if (!err)
        err = make_pki(w, &w->sr_pki, why);
    return err ? err : world_open_smsr(w, why);
}

static void dp_party(struct dp_party *p, const char *oid, const char *tenant, enum party_role role)
{
    memset(p, 0, sizeof *p);
    (void)snprintf(p->oid.s, sizeof p->oid.s, "%s", oid);
    (void)snprintf(p->tenant, sizeof p->tenant, "%s", tenant);
    p->roles = 1u << (unsigned)role;
}

static int link_call(void *ctx, const struct oid *smsr, struct envelope *e)
{
    struct world *w = ctx;

    (void)smsr;
    return w->dp_rpc && rpc_is_up(w->dp_rpc) ? rpc_send(w->dp_rpc, e, &e->message_id) : ERR_CLOSED;
}

static void link_ack(void *ctx, const struct oid *smsr, uint64_t number)
{
    struct world *w = ctx;
    struct envelope e;

    (void)smsr;
    memset(&e, 0, sizeof e);
    e.kind = ENV_ACK;
    e.delivery_no = number;
    /* Unsent, the next HELLO says the same: as the daemon does. */
    if (w->dp_rpc && rpc_is_up(w->dp_rpc) && rpc_send(w->dp_rpc, &e, NULL) &&
        !life_lacked_memory(&w->dp_life))
        world_fault(w, "the SM-DP cannot acknowledge");
}

static int64_t key_ms(void *ctx)
{
    struct world *w = ctx;
    int64_t ms;

    if (w->now_ms >= w->quiet_ms || !fault_hits(&w->range_rng, w->ranges.slow_keys))
        return 0;
    ms = 1 + (int64_t)rng_below(&w->range_rng, (uint64_t)w->ranges.slow_ms);
    if (!world_choice(w, "the keystore of the SM-DP takes %lld ms", (long long)ms))
        return 0;
    w->stats.hits[HIT_KEYS_SLOW]++;
    return ms;
}

int world_open_smdp(struct world *w, struct errmsg *why)
{
    struct smdp_core_config c = {
        .env = &w->dp_env, .journal_path = "smdp.journal", .state_path = "smdp.state",
        .vfs = memvfs_name(w->dp_life.disk), .crypto = w->crypto, .identities = &w->dp_identity,
        .n_identities = 1, .clock = &w->dp_clock.port, .rng = &w->id_rng, .link = {link_call, link_ack, w},
        .version = "sim", .witness = life_witness(&w->dp_life), .keystore = w->dp_keys,
        .pki = w->dp_pki, .key_ms = key_ms, .on_trouble = order_trouble, .ctx = w};
    struct rpc_handler core;
    int was = alloc_enter(LIFE_SMDP), err = smdp_core_new(&c, &w->dp, why);

    (void)alloc_enter(was);
    if (err)
        return err;
    core = smdp_core_handler(w->dp);
    life_born(&w->dp_life, &core);
    return ERR_OK;
}

static int make_smdp(struct world *w, struct errmsg *why)
{
    int err = make_keystore(w, &w->dp_keys);

    if (!err)
        err = make_pki(w, &w->dp_pki, why);
    (void)snprintf(w->dp_env.smdp_oid.s, sizeof w->dp_env.smdp_oid.s, "%s", FACTORY_SMDP);
    (void)snprintf(w->smsr_oid.s, sizeof w->smsr_oid.s, "%s", FACTORY_SMSR);
    w->dp_smsr.oid = w->smsr_oid;
    w->dp_env.smsrs = &w->dp_smsr;
    w->dp_env.n_smsrs = 1;
    dp_party(&w->dp_parties[0], FACTORY_B, "blue", ROLE_OPERATOR);
    (void)snprintf(w->dp_parties[0].plmn[0].s, sizeof w->dp_parties[0].plmn[0].s, "%s", FACTORY_PLMN_B);
    w->dp_parties[0].n_plmn = 1;
    (void)snprintf(w->dp_parties[0].iccid_prefix[0], sizeof w->dp_parties[0].iccid_prefix[0], "894901");
    w->dp_parties[0].n_iccid = 1;
    dp_party(&w->dp_parties[1], "1.3.6.1.4.1.99999.40", "house", ROLE_ADMIN);
    dp_party(&w->dp_parties[2], FACTORY_RIVAL, "rival", ROLE_OPERATOR);
    w->dp_env.parties = w->dp_parties;
    w->dp_env.n_parties = 3;
    dp_timers_default(w->dp_env.timer_ms, 1);
    w->dp_env.time_scale = 1;
    w->dp_env.orders_max = 100000;
    w->dp_env.loads_max = 64;
    w->dp_identity.cert = buf_span(&w->factory.smdp_cert);
    w->dp_identity.key = w->factory.smdp_key;
    w->dp_identity.curve = CURVE_P256;
    return err ? err : world_open_smdp(w, why);
}

static void make_parties(struct world *w)
{
    client_init(&w->eum, "eum", FACTORY_EUM, ROLE_EUM, w->links, &w->sr_life.front, false, w->crypto);
    client_init(&w->a, "op-a", FACTORY_A, ROLE_OPERATOR, w->links, &w->sr_life.front, true, w->crypto);
    client_init(&w->b, "op-b", FACTORY_B, ROLE_OPERATOR, w->links, &w->sr_life.front, true, w->crypto);
    client_init(&w->b_dp, "op-b-dp", FACTORY_B, ROLE_OPERATOR, w->links, &w->dp_life.front, true,
                w->crypto);
    client_init(&w->admin, "admin", "1.3.6.1.4.1.99999.40", ROLE_ADMIN, w->links, &w->dp_life.front,
                false, w->crypto);
    for (unsigned r = 0; r < FACTORY_REALMS; r++)
        client_init(&w->fleet[r], r ? "fleet-2" : "fleet", FACTORY_FLEETS[r], ROLE_FLEET, w->links,
                    &w->sr_life.front, true, w->crypto);
    hostile_init(w);
}

/* What a dying daemon writes is read by nobody. */
static bool is_muted(void *ctx, const void *writer)
{
    const struct world *w = ctx;

    return (writer == &w->sr_life && w->sr_life.dying) || (writer == w && w->dp_life.dying) ||
           (writer == &w->dp_life && w->dp_life.dying);
}

int world_parts(struct world *w, struct errmsg *why)
{
    const unsigned lost = w->plan.cards >= 8 ? 1 : 0;
    const struct factory_plan made = {
        .n = w->plan.cards, .no_coverage = lost, .imsi_unknown = lost,
        .realms = w->plan.faults ? FACTORY_REALMS : 1,
        .quirks = w->plan.faults ? 0x3F : 0, .tight = w->ranges.tight,
        .card_quirks = w->plan.card_quirks, .net_quirks = w->plan.net_quirks,
        .odd = w->plan.faults && w->plan.seed % 3 == 1, .seed = w->plan.seed,
        .keeps_memory = w->ranges.keeps_memory, .now_ms = world_wall(w)};
    int err;

    rand_method_seed(w->plan.seed);
    alloc_reset();
    w->crypto = crypto_new(NULL);
    w->sr_life.disk = memvfs_register("smsr", w->plan.seed);
    w->dp_life.disk = memvfs_register("smdp", w->plan.seed ^ 0x51);
    w->links = links_new(&w->net_rng);
    if (!w->crypto || !w->sr_life.disk || !w->dp_life.disk || !w->links)
        return ERR_NOMEM;
    memvfs_set_clock(w->sr_life.disk, w->clock.wall_ms, w->clock.ctx);
    memvfs_set_clock(w->dp_life.disk, w->clock.wall_ms, w->clock.ctx);
    w->sr_life.lying = w->dp_life.lying = w->plan.lying;
    memvfs_set_lying_sync(w->sr_life.disk, w->plan.lying);
    memvfs_set_lying_sync(w->dp_life.disk, w->plan.lying);
    links_on_muted(w->links, is_muted, w);
    err = factory_make(&w->factory, w->crypto, &w->id_rng, &made);
    if (err)
        return errmsg_set(why, err, "the factory stopped: %s", err_text(err));
    err = read_conf(w, why);
    if (!err)
        err = world_network(w, why);
    if (!err)
        err = make_smsr(w, why);
    if (!err)
        err = make_smdp(w, why);
    make_parties(w);
    return err ? err : watch_new(w, &w->watch);
}
