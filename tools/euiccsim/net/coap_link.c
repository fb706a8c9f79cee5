/* SPDX-License-Identifier: Apache-2.0 */
/* The CoAP link: requests that come in, short messages both ways. */
#include "tools/euiccsim/net/coap_link_int.h"

#include "common/base/hex.h"

#include <stdio.h>
#include <stdlib.h>

#define ACK_TIMEOUT_S 1u              /* of CoAP: 1, 2, 4, 8 s, then a message is tried anew */
#define ACK_REPEATS 3u
#define SCRATCH_MAX (2u * LINK_WINDOW)

bool link_u64(const char *text, uint64_t *ret)
{
    uint64_t v = 0;

    if (!*text)
        return false;
    for (; *text; text++) {
        if (*text < '0' || *text > '9' || v > (UINT64_MAX - 9) / 10)
            return false;
        v = 10 * v + (uint64_t)(*text - '0');
    }
    *ret = v;
    return true;
}

void link_request(struct coap_link *c, enum coap_method method, const char *path,
                  const char *more, struct span payload, struct coap_msg *ret)
{
    *ret = (struct coap_msg){.method = method, .payload = payload, .confirmable = true};
    (void)snprintf(ret->path, sizeof(ret->path), "%s", path);
    (void)snprintf(ret->query, sizeof(ret->query), "n=%s%s", c->network, more);
}

/* --- MO --- */
static void mo_done(void *ctx, uint64_t m, const struct coap_reply *r);

static void mo_wait(struct coap_link *c, struct link_mo *mo)
{
    mo->again_ms = clock_mono_ms(c->clock) + LINK_PAUSE_MS;
    list_push(&c->mo_waiting, &mo->item);
    c->n.mo_again++;
    link_timer_set(c);
}

static void mo_send(struct coap_link *c, struct link_mo *mo)
{
    char more[96];
    struct coap_msg m;

    (void)snprintf(more, sizeof(more), "&from=%s&run=%s&m=%llu", mo->from.s, c->run,
                   (unsigned long long)mo->m);
    link_request(c, COAP_POST, "sms/mo", more, span_of(mo->ud, mo->n), &m);
    if (coap_send_request(c->peer, &m, mo_done, c, mo->m) != ERR_OK)
        mo_wait(c, mo);
    else
        c->n.mo_sent++;
}

/* 4.xx is final: the message is wrong. 5.03 and silence: the same message again, same number. */
static void mo_done(void *ctx, uint64_t m, const struct coap_reply *r)
{
    struct coap_link *c = ctx;
    struct link_mo *mo = map_get(c->mos, span_of(&m, sizeof(m)));

    if (!mo)
        return;
    if (r->code == COAP_TIMED_OUT || r->code >= COAP_INTERNAL || r->code == COAP_TOO_MANY) {
        mo_wait(c, mo);
        return;
    }
    c->n.mo_taken += r->code == COAP_CHANGED;
    (void)map_del(c->mos, span_of(&m, sizeof(m)));
    free(mo);
}

/* The receiver remembers a window of numbers: none may be answered later than LINK_MO_SPAN
 * newer. */
static bool mo_room(struct coap_link *c)
{
    void *cursor = NULL, *oldest = NULL;

    if (!map_next(c->mos, &cursor, NULL, &oldest))
        return true;
    return c->next_m - ((struct link_mo *)oldest)->m < LINK_MO_SPAN;
}

static int on_mo(void *ctx, const struct msisdn *from, struct span ud, uint64_t id)
{
    struct coap_link *c = ctx;
    struct link_mo *mo;
    int rc;

    (void)id;                         /* numbers of this link count within its run */
    if (!mo_room(c))
        return ERR_FULL;
    mo = calloc(1, sizeof(*mo));
    if (!mo || ud.n > sizeof(mo->ud)) {
        free(mo);
        return mo ? ERR_TOO_LARGE : ERR_NOMEM;
    }
    mo->m = ++c->next_m;
    mo->from = *from;
    mo->n = (uint8_t)ud.n;
    memcpy(mo->ud, ud.p, ud.n);
    list_init(&mo->item);
    rc = map_put(c->mos, span_of(&mo->m, sizeof(mo->m)), mo);
    if (rc != ERR_OK) {
        free(mo);
        return rc;
    }
    mo_send(c, mo);
    return ERR_OK;
}

static void on_report(void *ctx, uint64_t message, enum report_state s)
{
    static const char *const STATES[] = {"delivered", "expired", "undeliverable"};
    struct coap_link *c = ctx;
    char more[64];
    struct coap_msg m;

    if (!map_del(c->reports, span_of(&message, sizeof(message))))
        return;                       /* nobody asked */
    (void)snprintf(more, sizeof(more), "&id=%llu&state=%s", (unsigned long long)message,
                   STATES[s]);
    link_request(c, COAP_POST, "sms/dlr", more, (struct span){NULL, 0}, &m);
    c->n.reports += coap_send_request(c->peer, &m, NULL, NULL, 0) == ERR_OK;
}

/* --- MT --- */
struct mt_query {
    struct msisdn to, from;
    uint8_t pid, dcs;
    uint64_t vp_s, m;
    bool report;
    char run[17];
};

static bool hex_octet(const char *text, uint8_t *ret)
{
    size_t n = 0;

    return strlen(text) == 2 && hex_decode(text, 2, ret, 1, &n) == ERR_OK;
}

static bool mt_read(const char *q, struct mt_query *ret)
{
    char text[24];

    ret->report = coap_query_get(q, "dlr", text, sizeof(text)) && !strcmp(text, "1");
    return coap_query_get(q, "to", text, sizeof(text)) &&
           msisdn_parse(span_str(text), &ret->to) == ERR_OK &&
           coap_query_get(q, "from", text, sizeof(text)) &&
           msisdn_parse(span_str(text), &ret->from) == ERR_OK &&
           coap_query_get(q, "pid", text, sizeof(text)) && hex_octet(text, &ret->pid) &&
           coap_query_get(q, "dcs", text, sizeof(text)) && hex_octet(text, &ret->dcs) &&
           coap_query_get(q, "vp", text, sizeof(text)) && link_u64(text, &ret->vp_s) &&
           ret->vp_s <= INT32_MAX && coap_query_get(q, "m", text, sizeof(text)) &&
           link_u64(text, &ret->m) && ret->m != 0 &&
           coap_query_get(q, "run", ret->run, sizeof(ret->run)) && ret->run[0];
}

static void mt_reply(const struct seen_mt *s, struct coap_reply *ret)
{
    ret->code = s->code;
    if (s->code == COAP_CREATED)
        (void)snprintf(ret->location, sizeof(ret->location), "sms/%llu",
                       (unsigned long long)s->message);
}

static uint8_t mt_code(enum simnet_result r)
{
    switch (r) {
    case SIMNET_ACCEPTED:
        return COAP_CREATED;
    case SIMNET_THROTTLED:
        return COAP_TOO_MANY;
    case SIMNET_QUEUE_FULL:
        return COAP_UNAVAILABLE;
    case SIMNET_NO_SUBSCRIBER:
        return COAP_NOT_FOUND;
    case SIMNET_REFUSED:
        break;
    }
    return COAP_BAD_REQUEST;
}

static void on_mt(struct coap_link *c, const struct coap_msg *req, struct coap_reply *ret)
{
    struct mt_query q = {.m = 0};
    enum simnet_result r = SIMNET_REFUSED;
    struct seen_mt *s;

    if (!mt_read(req->query, &q)) {
        c->n.malformed++;
        ret->code = COAP_BAD_REQUEST;
        return;
    }
    if (strcmp(q.run, c->mt_run) != 0) {        /* the SM-SR was started anew */
        memset(c->seen, 0, sizeof(c->seen));
        memcpy(c->mt_run, q.run, sizeof(c->mt_run));
        c->mt_high = 0;
    }
    s = &c->seen[q.m % LINK_SEEN];
    if (s->m == q.m || q.m + LINK_SEEN <= c->mt_high) {
        c->n.mt_repeated++;                     /* older than we remember: it was answered once */
        if (s->m == q.m)
            mt_reply(s, ret);
        else
            ret->code = COAP_CONFLICT;
        return;
    }
    *s = (struct seen_mt){.m = q.m};
    if (q.m > c->mt_high)
        c->mt_high = q.m;
    if (simnet_sms_mt(c->net, &q.to, &q.from, q.pid, q.dcs, (int64_t)q.vp_s, req->payload,
                      clock_wall_ms(c->clock), &r, &s->message) != ERR_OK)
        r = SIMNET_QUEUE_FULL;
    s->code = mt_code(r);
    if (r == SIMNET_ACCEPTED && q.report &&
        map_put(c->reports, span_of(&s->message, sizeof(s->message)), c) != ERR_OK)
        c->n.unsent++;                          /* a hint less */
    c->n.mt_taken += r == SIMNET_ACCEPTED;
    c->n.mt_refused += r != SIMNET_ACCEPTED;
    mt_reply(s, ret);
}

static void on_request(void *ctx, const struct coap_msg *req, struct coap_reply *ret)
{
    struct coap_link *c = ctx;

    ret->code = COAP_NOT_FOUND;
    if (!c->net) {
        ret->code = COAP_UNAVAILABLE;
    } else if (strncmp(req->path, "bip/tcp/", 8) == 0) {
        link_stream_request(c, req, ret);
    } else if (strncmp(req->path, "bip/udp/", 8) == 0) {
        link_datagram_request(c, req, ret);
    } else if (req->method != COAP_POST) {
        ret->code = COAP_NOT_ALLOWED;
    } else if (strcmp(req->path, "sms/mt") == 0) {
        on_mt(c, req, ret);
    } else if (strcmp(req->path, "sim/status") == 0 && c->status) {
        ret->code = COAP_CHANGED;
        ret->payload = span_of(c->text, c->status(c->status_ctx, c->text, sizeof(c->text)));
    }
}

/* --- timer, life --- */
void link_timer_set(struct coap_link *c)
{
    int64_t at = -1;

    if (!list_empty(&c->mo_waiting))
        at = LIST_ENTRY(c->mo_waiting.next, struct link_mo, item)->again_ms;
    if (!list_empty(&c->paused)) {
        int64_t resume = LIST_ENTRY(c->paused.next, struct link_stream, paused)->resume_ms;

        at = at < 0 || resume < at ? resume : at;
    }
    loop_timer_at(c->timer, at);
}

static void on_timer(void *ctx)
{
    struct coap_link *c = ctx;
    int64_t now = clock_mono_ms(c->clock);

    while (!list_empty(&c->mo_waiting)) {
        struct link_mo *mo = LIST_ENTRY(c->mo_waiting.next, struct link_mo, item);

        if (mo->again_ms > now)
            break;
        list_del(&mo->item);
        mo_send(c, mo);
    }
    link_streams_resume(c, now);
    link_timer_set(c);
}

int coap_link_open(struct loop *l, const struct coap_link_config *cfg, struct coap_link **ret,
                   struct errmsg *why)
{
    struct coap_link *c = calloc(1, sizeof(*c));
    int rc = ERR_OK;

    *ret = NULL;
    if (!c)
        return ERR_NOMEM;
    c->loop = l;
    c->clock = cfg->clock;
    list_init(&c->mo_waiting);
    list_init(&c->paused);
    buf_init(&c->scratch, SCRATCH_MAX);
    (void)snprintf(c->run, sizeof(c->run), "%016llx", (unsigned long long)rng_u64(cfg->rng));
    if (strlen(cfg->network) >= sizeof(c->network))
        rc = errmsg_set(why, ERR_CONFIG, "the network id is longer than 31 characters");
    else
        memcpy(c->network, cfg->network, strlen(cfg->network) + 1);
    c->mos = map_new(0);
    c->streams = map_new(0);
    c->reports = map_new(LINK_REPORTS_MAX);
    c->timer = loop_timer_new(l, on_timer, c);
    if (rc == ERR_OK && (!c->mos || !c->streams || !c->reports || !c->timer))
        rc = ERR_NOMEM;
    if (rc == ERR_OK)
        rc = coap_open(l, cfg->listen, on_request, c, &c->node, why);
    if (rc == ERR_OK)
        rc = coap_peer_new(c->node, cfg->smsr, &c->peer, why);
    if (rc != ERR_OK) {
        coap_link_close(c);
        return rc;
    }
    coap_peer_set_retransmit(c->peer, ACK_TIMEOUT_S, ACK_REPEATS);
    *ret = c;
    return ERR_OK;
}

/* The SM-SR forgets it by itself: datagrams have no end. */
static void datagram_closed(void *ctx, uint64_t conn)
{
    (void)ctx;
    (void)conn;
}

struct simnet_port coap_link_port(struct coap_link *c)
{
    return (struct simnet_port){on_mo,         on_report,       link_stream_open, link_stream_bytes,
                                link_stream_closed, link_datagram, datagram_closed, NULL, c};
}

void coap_link_attach(struct coap_link *c, struct simnet *net)
{
    c->net = net;
}

uint16_t coap_link_udp_port(const struct coap_link *c)
{
    return coap_port(c->node);
}

void coap_link_on_status(struct coap_link *c, coap_link_status_fn fn, void *ctx)
{
    c->status = fn;
    c->status_ctx = ctx;
}

void coap_link_get_counters(const struct coap_link *c, struct coap_link_counters *ret)
{
    *ret = c->n;
}

int coap_link_error(const struct coap_link *c)
{
    return c->error;
}

void coap_link_close(struct coap_link *c)
{
    void *cursor = NULL, *mo;

    if (!c)
        return;
    c->net = NULL;
    if (c->node)
        coap_close(c->node);
    if (c->streams)
        link_streams_free(c);
    while (c->mos && map_next(c->mos, &cursor, NULL, &mo))
        free(mo);
    map_free(c->mos);
    map_free(c->reports);
    map_free(c->streams);
    if (c->timer)
        loop_timer_free(c->timer);
    buf_fini(&c->scratch);
    free(c);
}
