/* SPDX-License-Identifier: Apache-2.0 */
/* CoAP options as the texts of design 6 and back (RFC 7252 5.10). No percent-encoding: parts are
 * printable ASCII without the separator, anything else is refused. */
#include "common/net/coap_int.h"

#include <string.h>

/* Printable ASCII without space and without the separator of its text. */
static bool octet_ok(uint8_t c, char separator)
{
    return c > 0x20 && c < 0x7F && c != (uint8_t)separator;
}

/* Appends one option's value after a separator; false when it does not fit or has a wrong octet. */
static bool part_append(char *dst, size_t cap, const coap_opt_t *opt, char separator)
{
    const uint8_t *p = coap_opt_value(opt);
    size_t n = coap_opt_length(opt);
    size_t len = strlen(dst);
    if (n == 0 || n + (len ? 2 : 1) > cap - len)
        return false;
    if (len)
        dst[len++] = separator;
    for (size_t i = 0; i < n; i++) {
        if (!octet_ok(p[i], separator))
            return false;
        dst[len++] = (char)p[i];
    }
    dst[len] = '\0';
    return true;
}

uint8_t coap_read_request(const coap_pdu_t *pdu, struct coap_msg *ret)
{
    *ret = (struct coap_msg){.confirmable = coap_pdu_get_type(pdu) == COAP_MESSAGE_CON};
    int code = (int)coap_pdu_get_code(pdu);
    if (code != COAP_POST && code != COAP_DELETE)
        return COAP_NOT_ALLOWED;
    ret->method = code == COAP_POST ? COAP_POST : COAP_DELETE;
    coap_opt_iterator_t it;
    coap_option_iterator_init(pdu, &it, COAP_OPT_ALL);
    for (coap_opt_t *opt = coap_option_next(&it); opt; opt = coap_option_next(&it)) {
        bool ok = true;
        if (it.number == COAP_OPTION_URI_PATH)
            ok = part_append(ret->path, sizeof(ret->path), opt, '/');
        else if (it.number == COAP_OPTION_URI_QUERY)
            ok = part_append(ret->query, sizeof(ret->query), opt, '&');
        else if (it.number == COAP_OPTION_BLOCK1 || it.number == COAP_OPTION_BLOCK2)
            return COAP_BAD_OPTION;
        if (!ok)
            return COAP_BAD_REQUEST;
    }
    size_t n = 0;
    const uint8_t *p = NULL;
    if (coap_get_data(pdu, &n, &p))
        ret->payload = span_of(p, n);
    return ret->payload.n > COAP_UNIT_MAX ? COAP_TOO_LARGE : 0;
}

void coap_read_reply(const coap_pdu_t *pdu, struct coap_reply *ret)
{
    *ret = (struct coap_reply){.code = (uint8_t)coap_pdu_get_code(pdu)};
    coap_opt_iterator_t it;
    coap_option_iterator_init(pdu, &it, COAP_OPT_ALL);
    bool ok = true;
    for (coap_opt_t *opt = coap_option_next(&it); opt && ok; opt = coap_option_next(&it)) {
        if (it.number == COAP_OPTION_LOCATION_PATH)
            ok = part_append(ret->location, sizeof(ret->location), opt, '/');
    }
    size_t n = 0;
    const uint8_t *p = NULL;
    if (coap_get_data(pdu, &n, &p))
        ret->payload = span_of(p, n);
    /* A reply we cannot hand on whole is the peer's fault and says nothing about the request. */
    if (!ok || ret->payload.n > COAP_UNIT_MAX)
        *ret = (struct coap_reply){.code = COAP_INTERNAL};
}

bool coap_text_ok(const char *text, char separator)
{
    size_t part = 0;
    for (const char *c = text; *c; c++) {
        if (*c == separator) {
            if (part == 0)
                return false;
            part = 0;
        } else if (!octet_ok((uint8_t)*c, separator) || ++part > 255) {
            return false;
        }
    }
    return part > 0 || text[0] == '\0';
}

int coap_add_parts(coap_pdu_t *pdu, uint16_t option, const char *text, char separator)
{
    if (!coap_text_ok(text, separator))
        return ERR_INVAL;
    const char *from = text;
    while (*from) {
        const char *end = strchr(from, separator);
        size_t n = end ? (size_t)(end - from) : strlen(from);
        if (!coap_add_option(pdu, option, n, (const uint8_t *)from))
            return ERR_NOMEM;
        from += n;
        if (*from)
            from++;
    }
    return ERR_OK;
}

bool coap_query_get(const char *query, const char *key, char *dst, size_t cap)
{
    size_t key_n = strlen(key);
    const char *from = query;
    while (from && *from) {
        const char *end = strchr(from, '&');
        size_t n = end ? (size_t)(end - from) : strlen(from);
        if (n > key_n && from[key_n] == '=' && memcmp(from, key, key_n) == 0) {
            size_t value_n = n - key_n - 1;
            if (value_n >= cap)
                return false;
            memcpy(dst, from + key_n + 1, value_n);
            dst[value_n] = '\0';
            return true;
        }
        from = end ? end + 1 : NULL;
    }
    return false;
}

int coap_decode(struct span datagram, uint8_t *place, struct coap_msg *ret, uint8_t *ret_code)
{
    *ret = (struct coap_msg){0};
    *ret_code = 0;
    coap_pdu_t *pdu = coap_pdu_init(COAP_MESSAGE_CON, COAP_EMPTY_CODE, 0, COAP_MTU);
    if (!pdu)
        return ERR_NOMEM;
    int err = ERR_OK;
    if (datagram.n == 0 || !coap_pdu_parse(COAP_PROTO_UDP, datagram.p, datagram.n, pdu) ||
        coap_pdu_get_code(pdu) == COAP_EMPTY_CODE || coap_pdu_get_code(pdu) >= 32) {
        err = ERR_FORMAT;
    } else {
        *ret_code = coap_read_request(pdu, ret);
        if (*ret_code)
            err = ERR_UNSUPPORTED;
        if (err || ret->payload.n == 0)
            ret->payload = (struct span){NULL, 0};
        if (ret->payload.n) {
            memcpy(place, ret->payload.p, ret->payload.n);
            ret->payload.p = place;
        }
    }
    coap_delete_pdu(pdu);
    return err;
}
