/* SPDX-License-Identifier: Apache-2.0 */
#include "common/codec/smpp.h"

#include <stdio.h>

#define VERSION_34         0x34u
#define TAG_RECEIPTED_ID   0x001Eu
#define TAG_NETWORK_ERROR  0x0423u
#define TAG_PAYLOAD        0x0424u
#define TAG_MESSAGE_STATE  0x0427u
#define VALIDITY_MOST_S    (99ll * 86400)

/* --- reading --- */
int smpp_length(struct span s, size_t *ret)
{
    struct reader r = rd_init(s);
    uint32_t n = rd_u32(&r);

    *ret = 0;
    if (r.failed)
        return ERR_OK;
    if (n < SMPP_HEAD)
        return ERR_FORMAT;
    if (n > SMPP_PDU_MAX)
        return ERR_TOO_LARGE;
    *ret = n;
    return ERR_OK;
}

/* A text that ends with 00; cap counts the 00. */
static int text(struct reader *r, char *dst, size_t cap)
{
    size_t n = 0;
    uint8_t c;

    dst[0] = '\0';
    while ((c = rd_u8(r)) != 0 && !r->failed) {
        if (n + 1 >= cap)
            return ERR_TOO_LARGE;
        dst[n++] = (char)c;
        dst[n] = '\0';
    }
    return r->failed ? ERR_TRUNCATED : ERR_OK;
}

static int address(struct reader *r, struct smpp_address *a, size_t cap)
{
    a->ton = rd_u8(r);
    a->npi = rd_u8(r);
    return text(r, a->digits, cap);
}

static int option(struct reader r, uint16_t tag, struct smpp_message *m)
{
    switch (tag) {
    case TAG_RECEIPTED_ID:
        return text(&r, m->receipted, sizeof m->receipted);
    case TAG_MESSAGE_STATE:
        m->state = (enum smpp_message_state)rd_u8(&r);
        return rd_done(&r) && m->state <= SMPP_STATE_REJECTED ? ERR_OK : ERR_FORMAT;
    case TAG_NETWORK_ERROR:
        m->network_error = (uint32_t)rd_u8(&r) << 16;
        m->network_error |= rd_u16(&r);
        return rd_done(&r) ? ERR_OK : ERR_FORMAT;
    case TAG_PAYLOAD:
        if (m->ud.n)
            return ERR_FORMAT; /* both: nobody could say which one counts */
        m->ud = rd_rest(&r);
        return ERR_OK;
    default:
        return ERR_OK;
    }
}

static int options(struct reader *r, struct smpp_message *m)
{
    int err = ERR_OK;

    while (!err && rd_left(r)) {
        uint16_t tag = rd_u16(r);
        size_t n = rd_u16(r);
        struct reader value = rd_init(rd_span(r, n));
        err = r->failed ? ERR_TRUNCATED : option(value, tag, m);
    }
    return err;
}

static int short_message(struct reader *r, struct smpp_message *m)
{
    char time[17];
    int err = text(r, m->service_type, sizeof m->service_type);

    if (!err)
        err = address(r, &m->source, 21);
    if (!err)
        err = address(r, &m->dest, 21);
    m->esm_class = rd_u8(r);
    m->protocol_id = rd_u8(r);
    m->priority = rd_u8(r);
    if (!err)
        err = text(r, time, sizeof time);
    if (!err)
        err = text(r, time, sizeof time);
    m->registered_delivery = rd_u8(r);
    (void)rd_u8(r); /* replace_if_present */
    m->data_coding = rd_u8(r);
    (void)rd_u8(r); /* sm_default_msg_id */
    m->ud = rd_span(r, rd_u8(r));
    if (!err && r->failed)
        err = ERR_TRUNCATED;
    return err ? err : options(r, m);
}

static int data_message(struct reader *r, struct smpp_message *m)
{
    int err = text(r, m->service_type, sizeof m->service_type);

    if (!err)
        err = address(r, &m->source, sizeof m->source.digits);
    if (!err)
        err = address(r, &m->dest, sizeof m->dest.digits);
    m->esm_class = rd_u8(r);
    m->registered_delivery = rd_u8(r);
    m->data_coding = rd_u8(r);
    if (!err && r->failed)
        err = ERR_TRUNCATED;
    return err ? err : options(r, m);
}

int smpp_parse(struct span s, struct smpp_pdu *ret)
{
    struct reader r = rd_init(s);
    uint32_t n = rd_u32(&r);

    *ret = (struct smpp_pdu){.id = rd_u32(&r)};
    ret->status = rd_u32(&r);
    ret->sequence = rd_u32(&r);
    if (r.failed)
        return ERR_TRUNCATED;
    if (n != s.n)
        return ERR_FORMAT;
    switch (ret->id) {
    case SMPP_SUBMIT_SM:
    case SMPP_DELIVER_SM:
        return short_message(&r, &ret->message);
    case SMPP_DATA_SM:
        return data_message(&r, &ret->message);
    case SMPP_SUBMIT_SM | SMPP_RESP:
    case SMPP_DATA_SM | SMPP_RESP: /* a refusal may end with its head */
        return rd_left(&r) ? text(&r, ret->message_id, sizeof ret->message_id) : ERR_OK;
    default:
        return ERR_OK;
    }
}

/* --- receipts --- */
static bool same_letter(uint8_t a, char b)
{
    return (a >= 'A' && a <= 'Z' ? a + 32 : a) == b;
}

/* Where this word begins at a word's beginning; word in small letters. */
static bool find_word(struct span s, const char *word, size_t *ret_behind)
{
    size_t n = strlen(word);

    for (size_t at = 0; at + n <= s.n; at++) {
        size_t k = 0;
        while (k < n && same_letter(s.p[at + k], word[k]))
            k++;
        if (k == n && (at == 0 || s.p[at - 1] == ' ')) {
            *ret_behind = at + n;
            return true;
        }
    }
    return false;
}

/* The value of a key, up to the next blank; false: it is not there, or does not fit. */
static bool value_of(struct span s, const char *key, char *dst, size_t cap)
{
    size_t at, n = 0;

    if (!find_word(s, key, &at))
        return false;
    for (; at < s.n && s.p[at] > ' ' && s.p[at] < 0x7F; at++) {
        if (n + 1 >= cap)
            return false;
        dst[n++] = (char)s.p[at];
    }
    dst[n] = '\0';
    return n > 0;
}

static enum smpp_message_state state_of(const char *word)
{
    static const struct {
        const char *word;
        enum smpp_message_state state;
    } WORDS[] = {{"enroute", SMPP_STATE_ENROUTE},        {"delivrd", SMPP_STATE_DELIVERED},
                 {"expired", SMPP_STATE_EXPIRED},        {"deleted", SMPP_STATE_DELETED},
                 {"undeliv", SMPP_STATE_UNDELIVERABLE},  {"acceptd", SMPP_STATE_ACCEPTED},
                 {"unknown", SMPP_STATE_UNKNOWN},        {"rejectd", SMPP_STATE_REJECTED}};
    size_t behind;

    for (size_t i = 0; i < sizeof WORDS / sizeof *WORDS; i++)
        if (strlen(word) == 7 && find_word(span_str(word), WORDS[i].word, &behind))
            return WORDS[i].state;
    return SMPP_STATE_NONE;
}

static bool plain(const char *s)
{
    for (; *s; s++)
        if (!((*s >= '0' && *s <= '9') || (*s >= 'A' && *s <= 'Z') || (*s >= 'a' && *s <= 'z')))
            return false;
    return true;
}

int smpp_receipt_read(const struct smpp_message *m, struct smpp_receipt *ret)
{
    struct span s = m->ud;
    char word[16];
    size_t behind;

    memset(ret, 0, sizeof *ret);
    if (find_word(s, "text:", &behind))
        s.n = behind;
    (void)snprintf(ret->id, sizeof ret->id, "%s", m->receipted);
    if (!ret->id[0] && !value_of(s, "id:", ret->id, sizeof ret->id))
        return ERR_FORMAT;
    ret->state = m->state;
    if (ret->state == SMPP_STATE_NONE && value_of(s, "stat:", word, sizeof word))
        ret->state = state_of(word);
    if (m->network_error)
        (void)snprintf(ret->error, sizeof ret->error, "%u", m->network_error & 0xFFFFu);
    else if (!value_of(s, "err:", ret->error, sizeof ret->error) || !plain(ret->error))
        ret->error[0] = '\0';
    return ret->state == SMPP_STATE_NONE ? ERR_FORMAT : ERR_OK;
}

/* --- writing --- */
static size_t begin(struct writer *w, uint32_t id, uint32_t status, uint32_t sequence)
{
    size_t at = w->len;

    wr_u32(w, 0);
    wr_u32(w, id);
    wr_u32(w, status);
    wr_u32(w, sequence);
    return at;
}

static void finish(struct writer *w, size_t at)
{
    struct writer head;

    if (w->failed)
        return;
    if (w->len - at > SMPP_PDU_MAX) {
        w->failed = true;
        return;
    }
    head = wr_init(w->p + at, 4);
    wr_u32(&head, (uint32_t)(w->len - at));
}

static void put_text(struct writer *w, const char *s, size_t cap)
{
    size_t n = strnlen(s, cap);

    if (n == cap)
        w->failed = true;
    wr_bytes(w, s, n == cap ? 0 : n);
    wr_u8(w, 0);
}

static void put_address(struct writer *w, const struct smpp_address *a)
{
    wr_u8(w, a->ton);
    wr_u8(w, a->npi);
    put_text(w, a->digits, 21);
}

/* Relative form YYMMDDhhmmss000R: years and months stay 00, days reach 99. */
static void put_validity(struct writer *w, int64_t s)
{
    char t[32];

    if (s > VALIDITY_MOST_S)
        s = VALIDITY_MOST_S;
    if (s <= 0)
        t[0] = '\0';
    else
        (void)snprintf(t, sizeof t, "0000%02d%02d%02d%02d000R", (int)(s / 86400),
                       (int)(s / 3600 % 24), (int)(s / 60 % 60), (int)(s % 60));
    put_text(w, t, 17);
}

void smpp_put_bind(struct writer *w, uint32_t sequence, const struct smpp_bind *b)
{
    size_t at = begin(w, SMPP_BIND_TRANSCEIVER, 0, sequence);

    put_text(w, b->system_id, sizeof b->system_id);
    put_text(w, b->password, sizeof b->password);
    put_text(w, b->system_type, sizeof b->system_type);
    wr_u8(w, VERSION_34);
    wr_u16(w, 0);                  /* addr_ton, addr_npi: the account's */
    put_text(w, "", 41);           /* address_range */
    finish(w, at);
}

void smpp_put_submit(struct writer *w, uint32_t sequence, const struct smpp_message *m)
{
    size_t at = begin(w, SMPP_SUBMIT_SM, 0, sequence);

    if (m->ud.n > SMPP_UD_MAX)
        w->failed = true;
    put_text(w, m->service_type, sizeof m->service_type);
    put_address(w, &m->source);
    put_address(w, &m->dest);
    wr_u8(w, m->esm_class);
    wr_u8(w, m->protocol_id);
    wr_u8(w, m->priority);
    put_text(w, "", 17);           /* schedule_delivery_time: now */
    put_validity(w, m->validity_s);
    wr_u8(w, m->registered_delivery);
    wr_u8(w, 0);                   /* replace_if_present: never, or a retry would swallow a part */
    wr_u8(w, m->data_coding);
    wr_u8(w, 0);
    wr_u8(w, (uint8_t)m->ud.n);
    wr_span(w, m->ud);
    finish(w, at);
}

void smpp_put_short(struct writer *w, uint32_t id, uint32_t status, uint32_t sequence)
{
    size_t at = begin(w, id, status, sequence);

    if (id == (SMPP_DELIVER_SM | SMPP_RESP) || id == (SMPP_DATA_SM | SMPP_RESP))
        wr_u8(w, 0);               /* message_id: empty */
    finish(w, at);
}
