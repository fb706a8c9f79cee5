/* SPDX-License-Identifier: Apache-2.0 */
/* Secured packets and scripts (TS 102 225 5.1, TS 31.115 4, TS 102 226 5.2; SCP03t:
 * SGP.02 4.1.3.3). */
#include "common/capture/decode.h"

#include "common/codec/packet.h"
#include "common/codec/push.h"
#include "common/codec/script.h"
#include "common/codec/tlv.h"
#include "common/crypto/scp03.h"

#include <inttypes.h>
#include <stdio.h>

#define CLAUSE_PACKET "TS 102 225 5.1"
#define CLAUSE_RESPONSE "TS 102 225 5.2"
#define CLAUSE_SCRIPT "TS 102 226 5.2.1"
#define CLAUSE_SCP03T "SGP.02 4.1.3.3"

/* --- packets --- */

static void spi_rows(struct rows *out, unsigned depth, const struct packet_cmd_head *h)
{
    static const char *const COUNTER[] = {"no counter", "counter not checked",
                                          "counter must be higher", "counter exactly one higher"};
    static const char *const INTEGRITY[] = {"no checksum", "redundancy check",
                                            "cryptographic checksum", "digital signature"};
    static const char *const POR[] = {"no PoR", "PoR always", "PoR on error", "PoR reserved"};
    uint8_t spi[2] = {h->spi1, h->spi2};

    row_say(rows_add(out, depth, "SPI", span_of(spi, 2), "TS 102 225 5.1.1"),
            "%s, %s, %s; %s%s, %s, %s", COUNTER[(h->spi1 & SPI1_COUNTER_MASK) >> 3],
            h->spi1 & SPI1_CIPHER ? "ciphered" : "not ciphered", INTEGRITY[h->spi1 & 3],
            POR[h->spi2 & SPI2_POR_MASK], h->spi2 & SPI2_POR_CIPHER ? " ciphered" : "",
            INTEGRITY[(h->spi2 >> 2) & 3],
            h->spi2 & SPI2_POR_SUBMIT ? "by SMS-SUBMIT" : "by report");
}

static const char *alg_text(enum packet_alg a)
{
    static const char *const TEXT[] = {"AES",   "DES",   "3DES two keys", "3DES three keys",
                                       "CRC16", "CRC32", "unknown"};
    return TEXT[(unsigned)a <= PACKET_ALG_UNKNOWN ? a : PACKET_ALG_UNKNOWN];
}

static const char *tar_text(uint32_t tar)
{
    return tar == 0x000001                       ? "ISD-R"
           : tar == 0x000002                     ? "ECASD"
           : tar >= 0x000010 && tar <= 0x00FFFF ? "ISD-P"
                                                 : "";
}

/* CPL or RPL of two octets, or in the dialect of CAT_TP CPI or RPI and a BER length; behind them
 * stand tail octets of the head. */
static void length_rows(struct rows *out, unsigned depth, enum packet_dialect d, bool response,
                        struct span head, size_t tail, size_t body)
{
    const char *clause = response ? CLAUSE_RESPONSE : CLAUSE_PACKET;
    size_t front = head.n - tail, at = d == PACKET_CATTP;

    if (at)
        row_say(rows_add(out, depth, response ? "RPI" : "CPI", span_of(head.p, 1), clause), "%s",
                response ? "response packet" : "command packet");
    row_say(rows_add(out, depth, response ? "RPL" : "CPL", span_of(head.p + at, front - at),
                     clause), "%zu octets follow", tail + body);
}

static void head_rows(struct rows *out, unsigned depth, enum packet_dialect d,
                      const struct packet_cmd *p)
{
    const struct packet_cmd_head *h = &p->head;
    uint8_t chl = (uint8_t)(13 + p->cc_len);
    uint8_t tar[3] = {(uint8_t)(h->tar >> 16), (uint8_t)(h->tar >> 8), (uint8_t)h->tar};

    length_rows(out, depth, d, false, p->head_raw, 8, p->body.n);
    row_say(rows_add(out, depth, "CHL", span_of(&chl, 1), NULL), "checksum of %zu octets",
            p->cc_len);
    spi_rows(out, depth, h);
    row_say(rows_add(out, depth, "KIc", span_of(&h->kic, 1), "TS 102 225 5.1.2"),
            "key set %02X, %s", packet_kvn(h->kic), alg_text(packet_kic_alg(h->kic)));
    row_say(rows_add(out, depth, "KID", span_of(&h->kid, 1), "TS 102 225 5.1.3"),
            "key set %02X, %s", packet_kvn(h->kid), alg_text(packet_kid_alg(h->kid, h->spi1)));
    row_say(rows_add(out, depth, "TAR", span_of(tar, 3), "SGP.02 Annex H"), "%s",
            tar_text(h->tar));
}

void decode_packet(struct rows *out, unsigned depth, enum packet_dialect d, struct span packet,
                   uint64_t counter)
{
    static const uint8_t UDH[] = {0x02, 0x70, 0x00};
    struct row *row = rows_add(out, depth, "packet", packet,
                               d == PACKET_SMS ? "TS 31.115 4.2" : "TS 102 225 5.1");
    struct packet_cmd p;

    if (d == PACKET_SMS && packet.n > sizeof UDH && !memcmp(packet.p, UDH, sizeof UDH))
        packet = span_of(packet.p + sizeof UDH, packet.n - sizeof UDH);
    if (packet_cmd_split(packet, d, &p) != ERR_OK) {
        row_say(row, "%zu octets that are no command packet", packet.n);
        return;
    }
    row_say(row, "SCP80 command packet of %zu octets", packet.n);
    head_rows(out, depth + 1, d, &p);
    row = rows_add(out, depth + 1, p.head.spi1 & SPI1_CIPHER ? "ciphered" : "body", p.body,
                   CLAUSE_PACKET);
    row_say(row, "CNTR %" PRIu64 " (%010" PRIX64 "), PCNTR, checksum, data, padding", counter,
            counter);
}

void decode_response(struct rows *out, unsigned depth, enum packet_dialect d, struct span packet,
                     uint64_t counter, uint8_t status)
{
    struct row *row = rows_add(out, depth, "packet", packet,
                               d == PACKET_SMS ? "TS 31.115 4.3" : CLAUSE_RESPONSE);
    struct packet_rsp p;
    uint8_t rhl, tar[3];

    if (packet_rsp_split(packet, d, &p) != ERR_OK) {
        row_say(row, "%zu octets that are no response packet", packet.n);
        return;
    }
    rhl = (uint8_t)(10 + p.cc_len);
    tar[0] = (uint8_t)(p.tar >> 16);
    tar[1] = (uint8_t)(p.tar >> 8);
    tar[2] = (uint8_t)p.tar;
    row_say(row, "SCP80 response packet of %zu octets", packet.n);
    length_rows(out, depth + 1, d, true, p.head_raw, 4, p.body.n);
    row_say(rows_add(out, depth + 1, "RHL", span_of(&rhl, 1), NULL), "checksum of %zu octets",
            p.cc_len);
    row_say(rows_add(out, depth + 1, "TAR", span_of(tar, 3), "SGP.02 Annex H"), "%s",
            tar_text(p.tar));
    row_say(rows_add(out, depth + 1, "body", p.body, CLAUSE_RESPONSE),
            "CNTR %" PRIu64 " (%010" PRIX64 "), PCNTR, status, checksum, data, padding", counter,
            counter);
    row_say(rows_add(out, depth + 1, "status", span_of(&status, 1), NULL), "%s",
            por_status_text(status));
}

/* --- scripts --- */

static void scp03t_row(struct rows *out, unsigned depth, const struct script_item *item,
                       bool response)
{
    static const char *const FAULTS[] = {"not defined", "length or structure", "security error",
                                         "referenced data not found"};
    char name[8];
    const char *what = "";

    (void)snprintf(name, sizeof name, "%02X", (unsigned)item->tag);
    switch (item->tag) {
    case 0x84:
        what = response ? "answer to INITIALIZE UPDATE" : "INITIALIZE UPDATE";
        break;
    case 0x85:
        what = response ? "answer to EXTERNAL AUTHENTICATE" : "EXTERNAL AUTHENTICATE";
        break;
    case 0x86:
        row_say(rows_hide(out, depth, name, item->value, CLAUSE_SCP03T), "%s",
                !response       ? "profile data, ciphered for the ISD-P"
                : item->value.n > SCP03_MAC ? "result, ciphered for the SM-DP"
                                : "segment taken");
        return;
    default: /* 9F44 9F45 9F46 */
        row_say(rows_add(out, depth, name, item->value, CLAUSE_SCP03T), "error to %02X: %s",
                (unsigned)item->tag - 0x9F44 + 0x84,
                FAULTS[item->value.n == 1 && item->value.p[0] < 4 ? item->value.p[0] : 0]);
        return;
    }
    row_say(rows_add(out, depth, name, item->value, CLAUSE_SCP03T), "%s", what);
}

static void bad_row(struct rows *out, unsigned depth, struct span value)
{
    static const char *const WHAT[] = {"not defined", "unknown tag", "wrong length",
                                       "length not found"};

    row_say(rows_add(out, depth, "90", value, CLAUSE_SCRIPT),
            "the card could not read the script: %s",
            WHAT[value.n == 1 && value.p[0] < 4 ? value.p[0] : 0]);
}

/* Numbers the commands and answers, so that an answer finds its command. */
static void item_rows(struct rows *out, unsigned depth, const struct script_item *item,
                      bool response, struct commands *sent, unsigned *at)
{
    char name[24];

    switch (item->tag) {
    case SCRIPT_TAG_CMD: {
        struct apdu_cmd c;
        (void)snprintf(name, sizeof name, "C-APDU %u", ++*at);
        decode_capdu(out, depth, name, item->value, &c);
        if (sent && sent->n < DECODE_COMMANDS_MAX)
            sent->v[sent->n++] = c;
        return;
    }
    case SCRIPT_TAG_RSP:
        (void)snprintf(name, sizeof name, "R-APDU %u", ++*at);
        decode_rapdu(out, depth, name, item->value,
                     sent && *at <= sent->n ? &sent->v[*at - 1] : NULL);
        return;
    case SCRIPT_TAG_COUNT:
        row_say(rows_add(out, depth, "80", item->value, CLAUSE_SCRIPT),
                "number of commands executed");
        return;
    case SCRIPT_TAG_BAD:
        bad_row(out, depth, item->value);
        return;
    case 0x81:
    case 0x82:
    case SCRIPT_TAG_CHAINING:
        (void)snprintf(name, sizeof name, "%02X", (unsigned)item->tag);
        row_say(rows_add(out, depth, name, item->value, CLAUSE_SCRIPT), "%s",
                item->tag == 0x81   ? "immediate action"
                : item->tag == 0x82 ? "error action"
                                    : "script chaining");
        return;
    default:
        scp03t_row(out, depth, item, response);
    }
}

void commands_read(struct span script, struct commands *ret)
{
    struct script_reader sr;
    struct script_item item;

    ret->n = 0;
    if (script_open(script, &sr) != ERR_OK || sr.response)
        return;
    while (script_next(&sr, &item) == ERR_OK && ret->n < DECODE_COMMANDS_MAX) {
        struct apdu_cmd *c = &ret->v[ret->n];
        if (item.tag != SCRIPT_TAG_CMD)
            continue;
        if (apdu_cmd_parse(item.value, c) != ERR_OK)
            memset(c, 0, sizeof *c); /* keeps its place: answers find theirs by it */
        ret->n++;
    }
}

void decode_script(struct rows *out, unsigned depth, struct span script, struct commands *sent)
{
    struct row *row = rows_hide(out, depth, "script", script, CLAUSE_SCRIPT);
    struct script_reader sr;
    struct script_item item;
    unsigned at = 0;
    int err = script_open(script, &sr);

    if (err) {
        row_say(row, "%s", script.n ? "no script of the expanded format" : "empty");
        return;
    }
    row_say(row, "%s script, %s length", sr.response ? "response" : "command",
            sr.form == SCRIPT_DEFINITE ? "definite" : "indefinite");
    if (sent && !sr.response)
        sent->n = 0;
    while ((err = script_next(&sr, &item)) == ERR_OK)
        item_rows(out, depth + 1, &item, sr.response, sent, &at);
    if (err != ERR_NOT_FOUND)
        row_say(rows_add(out, depth + 1, "?", (struct span){NULL, 0}, NULL),
                "the script cannot be read from here on");
}

static bool is_answer_element(uint32_t tag)
{
    switch (tag) {
    case SCRIPT_TAG_RSP:
    case SCRIPT_TAG_COUNT:
    case SCRIPT_TAG_CHAINING:
    case SCRIPT_TAG_BAD:
        return true;
    default:
        return tag == 0x81 || (tag >= 0x84 && tag <= 0x86) || (tag >= 0x9F44 && tag <= 0x9F46);
    }
}

void decode_elements(struct rows *out, unsigned depth, struct span elements)
{
    struct reader r = rd_init(elements);
    struct tlv t;
    unsigned at = 0;
    int err;

    while ((err = tlv_next(&r, &t)) == ERR_OK) {
        struct script_item item = {t.tag, t.value, t.raw};
        if (is_answer_element(t.tag)) {
            item_rows(out, depth, &item, true, NULL, &at);
            continue;
        }
        row_say(rows_hide(out, depth, "?", t.raw, NULL), "not an element of an answer");
    }
    if (err != ERR_NOT_FOUND)
        row_say(rows_hide(out, depth, "?", elements, NULL), "octets that are no elements");
}

static void text_row(struct rows *out, unsigned depth, const char *name, const char *text,
                     const char *clause)
{
    if (text[0])
        row_say(rows_add(out, depth, name, (struct span){NULL, 0}, clause), "%s", text);
}

/* Its key is named, not held: version and identifier of one the card has. */
static void trigger_rows(struct rows *out, unsigned depth, struct span content,
                         const struct push_trigger *t)
{
    struct row *row = rows_add(out, depth, "81", content, "GP Amd B 3.7");

    row_say(row, "push trigger: the card is to open an administration session");
    if (t->port) {
        char port[40];
        (void)snprintf(port, sizeof port, "%u, buffers of %u octets", t->port, t->buffer_size);
        text_row(out, depth + 1, "TCP port", port, NULL);
    }
    text_row(out, depth + 1, "APN", t->apn, NULL);
    if (t->has_address)
        row_say(rows_add(out, depth + 1, "address", span_of(t->ipv4, 4), NULL), "%u.%u.%u.%u",
                t->ipv4[0], t->ipv4[1], t->ipv4[2], t->ipv4[3]);
    text_row(out, depth + 1, "host", t->host, NULL);
    text_row(out, depth + 1, "agent", t->agent_id, NULL);
    text_row(out, depth + 1, "URI", t->uri, NULL);
    if (t->psk_identity.n)
        row_say(rows_add(out, depth + 1, "identity", t->psk_identity, NULL),
                "by key version %02X, identifier %02X", t->psk_kvn, t->psk_kid);
    if (t->has_retry)
        row_say(rows_add(out, depth + 1, "86", (struct span){NULL, 0}, NULL),
                "retry %u times, every %u s", t->retry_count, t->retry_delay_s);
}

void decode_content(struct rows *out, unsigned depth, struct span content)
{
    struct push_trigger trigger;
    struct commands sent = {.n = 0};
    uint8_t first = content.n ? content.p[0] : 0;
    struct tlv t;

    if (first == 0xAA || first == 0xAE || first == 0xAB || first == 0xAF)
        decode_script(out, depth, content, &sent);
    else if (first == 0xE1 && tlv_only(content, 0xE1, &t) == ERR_OK)
        decode_notification(out, depth, &t);
    else if (first == 0x81 && push_trigger_parse(content, &trigger) == ERR_OK)
        trigger_rows(out, depth, content, &trigger);
    else if (content.n)
        row_say(rows_hide(out, depth, "content", content, NULL), "no script and no notification");
}
