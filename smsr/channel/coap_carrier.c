/* SPDX-License-Identifier: Apache-2.0 */
/* Short messages over CoAP and the requests of the networks (README.md, "CoAP rules"; design 6). */
#include "smsr/channel/coap_carrier_int.h"

#include <stdio.h>
#include <stdlib.h>

#include "common/base/hex.h"
#include "common/codec/sms.h"

#define NUMBER_DIGITS_MAX 18u

/* --- reading --- */

bool query_number(const char *query, const char *key, uint64_t *ret)
{
    char text[NUMBER_DIGITS_MAX + 1];
    uint64_t v = 0;

    if (!coap_query_get(query, key, text, sizeof text) || !text[0])
        return false;
    for (const char *p = text; *p; p++) {
        if (*p < '0' || *p > '9')
            return false;
        v = v * 10 + (uint64_t)(*p - '0');
    }
    *ret = v;
    return true;
}

static void seen_set(struct seen *s, uint64_t m, bool on)
{
    uint8_t *at = &s->bits[m % SEEN_WINDOW / 8];
    uint8_t bit = (uint8_t)(1u << m % 8);

    *at = (uint8_t)(on ? *at | bit : *at & ~bit);
}

bool seen_before(struct seen *s, const char *run, uint64_t m)
{
    if (strcmp(s->run, run) != 0) {
        memset(s, 0, sizeof *s);
        (void)snprintf(s->run, sizeof s->run, "%s", run);
    } else if (m <= s->high) {
        if (s->high - m >= SEEN_WINDOW || (s->bits[m % SEEN_WINDOW / 8] & 1u << m % 8))
            return true;
        seen_set(s, m, true);
        return false;
    }
    if (m - s->high >= SEEN_WINDOW)
        memset(s->bits, 0, sizeof s->bits);
    else
        for (uint64_t i = s->high + 1; i < m; i++)
            seen_set(s, i, false);
    s->high = m;
    seen_set(s, m, true);
    return false;
}

static bool run_read(const char *query, char dst[17])
{
    size_t n = 0;

    if (!coap_query_get(query, "run", dst, 17))
        return false;
    while (dst[n] && hex_digit(dst[n]) >= 0)
        n++;
    return n > 0 && !dst[n];
}

static struct network *network_find(struct coap_carrier *cc, const char *id)
{
    for (unsigned i = 0; i < cc->n_nets; i++)
        if (!strcmp(cc->net[i].id, id))
            return &cc->net[i];
    return NULL;
}

/* --- mobile originated --- */

static void mo_in(struct coap_carrier *cc, struct network *net, const struct coap_msg *req,
                  struct coap_reply *ret)
{
    char run[17], digits[20];
    struct msisdn from;
    uint64_t m;

    ret->code = COAP_BAD_REQUEST;
    if (!run_read(req->query, run) || !query_number(req->query, "m", &m) ||
        !coap_query_get(req->query, "from", digits, sizeof digits) ||
        msisdn_parse(span_str(digits), &from) != ERR_OK || !req->payload.n)
        return;
    ret->code = COAP_TOO_LARGE;
    if (req->payload.n > SMS_UD_MAX)
        return;
    ret->code = COAP_CHANGED;
    if (seen_before(&net->mo, run, m)) {
        cc->n.mo_repeated++;
        return;
    }
    cc->n.mo_received++;
    channel_sms_mo(cc->ch, &from, req->payload);
}

static enum message_report report_of(const char *state)
{
    static const struct {
        const char *word;
        enum message_report report;
    } STATES[] = {{"delivered", REPORTED_DELIVERED},
                  {"expired", REPORTED_EXPIRED},
                  {"undeliverable", REPORTED_UNDELIVERABLE},
                  {"rejected", REPORTED_REJECTED},
                  {"unknown", REPORTED_UNKNOWN}};

    for (size_t i = 0; i < sizeof STATES / sizeof *STATES; i++)
        if (!strcmp(state, STATES[i].word))
            return STATES[i].report;
    return REPORTED_NOTHING;
}

static void dlr_in(struct coap_carrier *cc, const struct network *net, const struct coap_msg *req,
                   struct coap_reply *ret)
{
    char id[64], state[16];

    if (!coap_query_get(req->query, "id", id, sizeof id) ||
        !coap_query_get(req->query, "state", state, sizeof state)) {
        ret->code = COAP_BAD_REQUEST;
        return;
    }
    cc->n.dlr_received++;
    if (net->receipts && cc->ch)
        (void)channel_sms_report(cc->ch, net->id, id, report_of(state), "");
    ret->code = COAP_CHANGED;
}

/* --- requests --- */

static void stream_in(struct coap_carrier *cc, struct network *net, const struct coap_msg *req,
                      struct coap_reply *ret)
{
    const char *conn = req->path + strlen("bip/tcp/");

    if (req->method == COAP_DELETE)
        carrier_stream_delete(cc, net, conn, ret);
    else if (!strcmp(conn, "open"))
        carrier_stream_open(cc, net, req->query, ret);
    else
        carrier_stream_piece(cc, net, conn, req, ret);
}

static void on_request(void *ctx, const struct coap_msg *req, struct coap_reply *ret)
{
    struct coap_carrier *cc = ctx;
    bool post = req->method == COAP_POST;
    struct network *net;
    char id[32];

    *ret = (struct coap_reply){.code = COAP_NOT_FOUND};
    if (!cc->ch) {
        ret->code = COAP_UNAVAILABLE;
    } else if (!coap_query_get(req->query, "n", id, sizeof id) || !(net = network_find(cc, id))) {
        ret->code = COAP_BAD_REQUEST;
    } else if (post && !strcmp(req->path, "sms/mo")) {
        mo_in(cc, net, req, ret);
    } else if (post && !strcmp(req->path, "sms/dlr")) {
        dlr_in(cc, net, req, ret);
    } else if (!strncmp(req->path, "bip/tcp/", strlen("bip/tcp/"))) {
        stream_in(cc, net, req, ret);
    } else if (!strncmp(req->path, "bip/udp/", strlen("bip/udp/"))) {
        carrier_datagram_in(cc, net, req->path + strlen("bip/udp/"), req, ret);
    }
    cc->n.refused += ret->code >= COAP_BAD_REQUEST;
}

/* --- mobile terminated --- */

/* A server's error is taken for a passing one: the channel tries again until validity ends. */
static enum carrier_result result_of(uint8_t code)
{
    switch (code) {
    case COAP_CREATED:
        return CARRIER_ACCEPTED;
    case COAP_TIMED_OUT:
        return CARRIER_SILENT;
    case COAP_TOO_MANY:
        return CARRIER_THROTTLED;
    case COAP_NOT_FOUND:
        return CARRIER_NO_SUBSCRIBER;
    default:
        return code >= COAP_INTERNAL ? CARRIER_QUEUE_FULL : CARRIER_REFUSED;
    }
}

static void mt_done(void *ctx, uint64_t tag, const struct coap_reply *r)
{
    const struct network *net = ctx;
    struct coap_carrier *cc = net->cc;
    enum carrier_result result = result_of(r->code);

    cc->n.mt_accepted += result == CARRIER_ACCEPTED;
    if (cc->ch && net->receipts && result == CARRIER_ACCEPTED && !strncmp(r->location, "sms/", 4))
        channel_sms_named(cc->ch, tag, r->location + 4);
    if (cc->ch)
        channel_sms_result(cc->ch, tag, result);
}

static int sms_mt(void *ctx, const char *network, const struct msisdn *to, const char *from,
                  uint8_t pid, uint8_t dcs, int64_t vp_s, struct span tp_ud, uint64_t tag)
{
    struct coap_carrier *cc = ctx;
    struct network *net = network_find(cc, network);
    struct coap_msg m = {.method = COAP_POST, .path = "sms/mt", .confirmable = true,
                         .payload = tp_ud};
    int n, err;

    if (!net)
        return ERR_NOT_FOUND;
    n = snprintf(m.query, sizeof m.query, "to=%s&from=%s&pid=%02X&dcs=%02X&vp=%lld&run=%s&m=%llu%s",
                 to->s, from, (unsigned)pid, (unsigned)dcs, (long long)vp_s, cc->run,
                 (unsigned long long)cc->next_m, net->receipts ? "&dlr=1" : "");
    if (n < 0 || (size_t)n >= sizeof m.query)
        return ERR_INVAL;
    err = coap_send_request(net->peer, &m, mt_done, net, tag);
    if (!err) {
        cc->next_m++;
        cc->n.mt_sent++;
    }
    return err;
}

/* --- life --- */

static int networks_add(struct coap_carrier *cc, const struct coap_network *nets, unsigned n,
                        struct errmsg *why)
{
    if (n > NETWORKS_MAX)
        return errmsg_set(why, ERR_CONFIG, "%u networks are more than the %u there is room for", n,
                          NETWORKS_MAX);
    for (unsigned i = 0; i < n; i++) {
        struct network *net = &cc->net[i];
        size_t len = strlen(nets[i].id);
        int err;

        if (len == 0 || len >= sizeof net->id || network_find(cc, nets[i].id))
            return errmsg_set(why, ERR_CONFIG,
                              "network id \"%.40s\" is empty, too long or used twice", nets[i].id);
        err = coap_peer_new(cc->node, nets[i].host_port, &net->peer, why);
        if (err)
            return err;
        coap_peer_set_retransmit(net->peer, ACK_TIMEOUT_S, ACK_REPEATS);
        memcpy(net->id, nets[i].id, len + 1);
        net->cc = cc;
        net->receipts = nets[i].receipts;
        cc->n_nets++;
    }
    return ERR_OK;
}

static int parts_new(struct coap_carrier *cc, struct rng *rng, struct errmsg *why)
{
    uint8_t run[8];

    rng_fill(rng, run, sizeof run);
    cc->next_m = 1;
    list_init(&cc->paused);
    cc->by_id = map_new(CARRIER_STREAMS_MAX);
    cc->by_conn = map_new(CARRIER_STREAMS_MAX);
    cc->places = places_new(CARRIER_STREAMS_MAX, 0);
    cc->timer = loop_timer_new(cc->loop, carrier_streams_resume, cc);
    cc->port = (struct carrier){sms_mt,           carrier_stream_send,  carrier_stream_close,
                                carrier_datagram, carrier_datagram_end, cc};
    if (!cc->by_id || !cc->by_conn || !cc->places || !cc->timer)
        return errmsg_set(why, ERR_NOMEM, "%s", err_text(ERR_NOMEM));
    return hex_encode(span_of(run, sizeof run), cc->run, sizeof cc->run);
}

int coap_carrier_open(struct loop *l, const char *listen, const struct coap_network *nets,
                      unsigned n_nets, struct rng *rng, struct coap_carrier **ret,
                      struct errmsg *why)
{
    struct coap_carrier *cc = calloc(1, sizeof *cc);
    int err;

    *ret = NULL;
    if (!cc)
        return errmsg_set(why, ERR_NOMEM, "%s", err_text(ERR_NOMEM));
    cc->loop = l;
    err = parts_new(cc, rng, why);
    if (!err)
        err = coap_open(l, listen, on_request, cc, &cc->node, why);
    if (!err)
        err = networks_add(cc, nets, n_nets, why);
    if (err) {
        coap_carrier_close(cc);
        return err;
    }
    *ret = cc;
    return ERR_OK;
}

const struct carrier *coap_carrier_port(const struct coap_carrier *cc)
{
    return &cc->port;
}

void coap_carrier_attach(struct coap_carrier *cc, struct channel *ch)
{
    cc->ch = ch;
}

uint16_t coap_carrier_udp_port(const struct coap_carrier *cc)
{
    return coap_port(cc->node);
}

/* The node tells what is in flight that it timed out: by then nobody listens. */
void coap_carrier_close(struct coap_carrier *cc)
{
    if (!cc)
        return;
    cc->ch = NULL;
    coap_close(cc->node);
    carrier_streams_fini(cc);
    places_free(cc->places);
    loop_timer_free(cc->timer);
    free(cc);
}

void coap_carrier_get_counters(const struct coap_carrier *cc, struct coap_carrier_counters *ret)
{
    *ret = cc->n;
}
