/* SPDX-License-Identifier: Apache-2.0 */
/* What the witnesses say: cards from their last images, the network from its attach records. Holds
 * no secret: keys of a card are read into memory and never printed. */
#include "tools/euiccsim/app.h"

#include "common/base/hex.h"
#include "common/base/map.h"
#include "common/net/coap.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>

/* --- one card --- */
struct look {
    struct ledger_file *f;
    struct crypto *crypto;
    struct rng rng;
    struct card_world cards;
    struct map *eids;             /* seen already: the order is that of the file */
    unsigned n, attached, rejected, with_profile;
    uint64_t rows;
};

static const char *state_name(enum card_isdp_state s)
{
    switch (s) {
    case ISDP_SELECTABLE:
        return "selectable";
    case ISDP_PERSONALIZED:
        return "personalized";
    case ISDP_DISABLED:
        return "disabled";
    case ISDP_ENABLED:
        return "enabled";
    }
    return "unknown";
}

static void isdp_print(const struct card_isdp *p, bool first)
{
    char aid[AID_TEXT], sha[65];
    bool installed = p->state == ISDP_DISABLED || p->state == ISDP_ENABLED;
    static const uint8_t NONE[32];

    aid_text(&p->aid, aid);
    printf("%s{\"aid\":\"%s\",\"state\":\"%s\",\"fallback\":%s", first ? "" : ",", aid,
           state_name(p->state), p->fallback ? "true" : "false");
    if (installed)
        printf(",\"iccid\":\"%s\",\"imsi\":\"%s\"", p->data.iccid.s, p->data.imsi.s);
    if (installed && memcmp(p->data.package_sha256, NONE, sizeof(NONE)) != 0 &&
        hex_encode(span_of(p->data.package_sha256, 32), sha, sizeof(sha)) == ERR_OK)
        printf(",\"package_sha256\":\"%s\"", sha);
    printf("}");
}

static void attach_print(struct look *l, const struct eid *eid, const struct card_isdp *enabled)
{
    struct attach_record a;
    bool same;

    if (!ledger_file_last_attach(l->f, eid, &a)) {
        printf(",\"attach\":null");
        return;
    }
    same = enabled && strcmp(enabled->data.iccid.s, a.iccid.s) == 0;
    l->attached += a.cause == ATTACH_OK && same;
    l->rejected += a.cause != ATTACH_OK;
    printf(",\"attach\":{\"result\":\"%s\",\"iccid\":\"%s\",\"imsi\":\"%s\",\"n\":%u,"
           "\"at_ms\":%lld}",
           attach_cause_name((enum attach_cause)a.cause), a.iccid.s, a.imsi.s, a.n,
           (long long)a.at_ms);
}

static int card_print(struct look *l, const struct eid *eid)
{
    const struct card_isdp *enabled;
    struct card *card = NULL;
    char text[EID_TEXT];
    struct buf image;
    int rc;

    buf_init(&image, 0);
    rc = ledger_file_image(l->f, eid, &image);
    if (rc == ERR_OK)
        rc = card_from_image(&l->cards, buf_span(&image), &card);
    buf_wipe(&image);
    buf_fini(&image);
    if (rc != ERR_OK)
        return rc;
    eid_text(eid, text);
    enabled = card_enabled(card);
    printf("%s\n  {\"eid\":\"%s\",\"enabled_iccid\":", l->n++ ? "," : "", text);
    if (enabled)
        printf("\"%s\"", enabled->data.iccid.s);
    else
        printf("null");
    l->with_profile += enabled != NULL;
    printf(",\"memory_free\":%u,\"ledger_rows\":%u,\"isdps\":[", card_memory_free(card),
           card_ledger_count(card));
    l->rows += card_ledger_count(card);
    for (unsigned i = 0; i < card_isdp_count(card); i++)
        isdp_print(card_isdp_at(card, i), i == 0);
    printf("]");
    attach_print(l, eid, enabled);
    printf("}");
    card_free(card);
    return ERR_OK;
}

static int each_card(void *ctx, const struct eid *eid, struct span image)
{
    struct look *l = ctx;
    int rc;

    (void)image;
    rc = map_put(l->eids, span_of(eid->b, sizeof(eid->b)), l);
    return rc == ERR_EXISTS ? ERR_OK : rc;
}

static int ledger_of(const char *dir, struct ledger_file **ret, struct errmsg *why)
{
    char path[PATH_MAX];
    int rc = dir ? world_path(dir, WORLD_LEDGER, path, sizeof(path))
                 : errmsg_set(why, ERR_CONFIG, "--dir is missing");

    return rc == ERR_OK ? ledger_file_open(path, LEDGER_READ, ret, why) : rc;
}

int report_cards(const char *dir, struct errmsg *why)
{
    struct look l = {.n = 0};
    const struct ledger_visitor v = {.card = each_card, .ctx = &l};
    void *cursor = NULL;
    struct span key;
    int rc = ledger_of(dir, &l.f, why);

    if (rc != ERR_OK)
        return rc;
    l.crypto = crypto_new(NULL);
    l.eids = map_new(0);
    rng_init_system(&l.rng);
    l.cards = (struct card_world){.crypto = l.crypto, .rng = &l.rng, .time_scale = 1};
    rc = l.crypto && l.eids ? ledger_file_each(l.f, &v) : ERR_NOMEM;
    printf("{\"cards\":[");
    while (rc == ERR_OK && map_next(l.eids, &cursor, &key, NULL)) {
        struct eid eid;

        memcpy(eid.b, key.p, sizeof(eid.b));
        rc = card_print(&l, &eid);
    }
    printf("\n],\"meters\":%u,\"with_enabled_profile\":%u,\"attached_with_enabled_profile\":%u,"
           "\"rejected\":%u,\"ledger_rows\":%llu}\n",
           l.n, l.with_profile, l.attached, l.rejected, (unsigned long long)l.rows);
    map_free(l.eids);
    crypto_free(l.crypto);
    ledger_file_close(l.f);
    return rc;
}

/* --- the ledger --- */
static int row_print(void *ctx, const struct card_ledger_row *r)
{
    static const char *const CAUSES[] = {"ota", "rollback", "fallback", "pol1"};
    char eid[EID_TEXT], aid[AID_TEXT];

    (void)ctx;
    eid_text(&r->eid, eid);
    aid_text(&r->aid, aid);
    printf("{\"eid\":\"%s\",\"n\":%u,\"channel\":\"%s\",\"kvn\":%u,\"counter\":%llu,\"step\":\"",
           eid, r->n, r->channel == 'S' ? "sms" : r->channel == 'C' ? "cattp" : r->channel == 'H' ? "https" : "", r->kvn,
           (unsigned long long)r->counter);
    for (const char *p = r->step_uri; *p; p++)         /* an outsider named it */
        if (*p > 0x20 && *p < 0x7F && *p != '"' && *p != '\\')
            (void)putchar(*p);
    printf("\",\"position\":%u,\"ins\":\"%02X\",\"p1\":\"%02X\",\"p2\":\"%02X\",\"dgi\":\"%04X\","
           "\"aid\":\"%s\",\"sw\":\"%04X\",\"before\":\"%02X\",\"after\":\"%02X\",\"cause\":\"%s\","
           "\"undoes\":%u}\n",
           r->position, r->ins, r->p1, r->p2, r->dgi, aid, r->sw, r->state_before, r->state_after,
           CAUSES[r->cause], r->undoes);
    return ERR_OK;
}

static int attach_row_print(void *ctx, const struct attach_record *a)
{
    char eid[EID_TEXT];

    (void)ctx;
    eid_text(&a->eid, eid);
    printf("{\"eid\":\"%s\",\"attach\":%u,\"at_ms\":%lld,\"result\":\"%s\",\"iccid\":\"%s\","
           "\"imsi\":\"%s\"}\n",
           eid, a->n, (long long)a->at_ms, attach_cause_name((enum attach_cause)a->cause),
           a->iccid.s, a->imsi.s);
    return ERR_OK;
}

int report_ledger(const char *dir, struct errmsg *why)
{
    const struct ledger_visitor v = {.row = row_print, .attach = attach_row_print};
    struct ledger_file *f = NULL;
    int rc = ledger_of(dir, &f, why);

    if (rc == ERR_OK)
        rc = ledger_file_each(f, &v);
    ledger_file_close(f);
    return rc;
}

/* --- a running network --- */
struct asking {
    struct loop *loop;
    int rc;
};

static void answered(void *ctx, uint64_t tag, const struct coap_reply *r)
{
    struct asking *a = ctx;

    (void)tag;
    if (r->code == COAP_CHANGED)
        printf("%.*s\n", (int)r->payload.n, (const char *)r->payload.p);
    a->rc = r->code == COAP_CHANGED ? ERR_OK : ERR_TIMEOUT;
    loop_stop(a->loop);
}

static void no_requests(void *ctx, const struct coap_msg *req, struct coap_reply *ret)
{
    (void)ctx;
    (void)req;
    ret->code = COAP_NOT_FOUND;
}

int report_status(const char *coap, struct errmsg *why)
{
    struct asking a = {.loop = loop_new()};
    struct coap_msg m = {.method = COAP_POST, .path = "sim/status", .confirmable = true};
    struct coap_node *node = NULL;
    struct coap_peer *peer = NULL;
    int rc = a.loop ? coap_open(a.loop, "127.0.0.1:0", no_requests, NULL, &node, why) : ERR_NOMEM;

    if (rc == ERR_OK)
        rc = coap_peer_new(node, coap, &peer, why);
    if (rc == ERR_OK) {
        coap_peer_set_retransmit(peer, 1, 1);
        rc = coap_send_request(peer, &m, answered, &a, 1);
    }
    if (rc == ERR_OK)
        rc = loop_run(a.loop);
    if (rc == ERR_OK && a.rc != ERR_OK)
        rc = errmsg_set(why, a.rc, "nobody answers at %s: is euiccsim run there?", coap);
    if (node)
        coap_close(node);
    if (a.loop)
        loop_free(a.loop);
    return rc;
}
