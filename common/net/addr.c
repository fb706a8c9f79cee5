/* SPDX-License-Identifier: Apache-2.0 */
/* Texts of listen and dial addresses (design 3.5: listen, coap, networks). */
#include "common/net/addr.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <stdio.h>
#include <string.h>

/* 0..65535 in decimal digits only. */
static bool port_parse(const char *s, uint16_t *ret)
{
    unsigned v = 0;
    size_t n = strlen(s);
    if (n == 0 || n > 5)
        return false;
    for (size_t i = 0; i < n; i++) {
        if (s[i] < '0' || s[i] > '9')
            return false;
        v = v * 10 + (unsigned)(s[i] - '0');
    }
    if (v > UINT16_MAX)
        return false;
    *ret = (uint16_t)v;
    return true;
}

int addr_split(const char *text, char ret_host[ADDR_HOST], uint16_t *ret_port, struct errmsg *why)
{
    const char *colon = strrchr(text, ':');
    if (!colon || colon == text || !port_parse(colon + 1, ret_port))
        return errmsg_set(why, ERR_CONFIG,
                          "address \"%.80s\" is not host:port with a port of 0 to 65535", text);
    const char *from = text;
    size_t n = (size_t)(colon - text);
    bool bracketed = n >= 2 && text[0] == '[' && colon[-1] == ']';
    if (bracketed) {
        from++;
        n -= 2;
    }
    if (n == 0 || n >= ADDR_HOST || (!bracketed && memchr(from, ':', n)))
        return errmsg_set(why, ERR_CONFIG,
                          "address \"%.80s\" has no valid host (write a v6 address as [::1]:port)",
                          text);
    memcpy(ret_host, from, n);
    ret_host[n] = '\0';
    return ERR_OK;
}

bool addr_literal(const char *host, uint16_t port, struct addr *ret)
{
    *ret = (struct addr){.len = sizeof(ret->u.in)};
    if (inet_pton(AF_INET, host, &ret->u.in.sin_addr) == 1) {
        ret->u.in.sin_family = AF_INET;
        ret->u.in.sin_port = htons(port);
        return true;
    }
    *ret = (struct addr){.len = sizeof(ret->u.in6)};
    if (inet_pton(AF_INET6, host, &ret->u.in6.sin6_addr) != 1)
        return false;
    ret->u.in6.sin6_family = AF_INET6;
    ret->u.in6.sin6_port = htons(port);
    return true;
}

int addr_resolve(const char *text, int socktype, struct addr *ret, struct errmsg *why)
{
    char host[ADDR_HOST];
    uint16_t port;
    int err = addr_split(text, host, &port, why);
    if (err || addr_literal(host, port, ret))
        return err;
    char service[6];
    snprintf(service, sizeof(service), "%u", (unsigned)port);
    struct addrinfo hints = {.ai_socktype = socktype, .ai_flags = AI_NUMERICSERV};
    struct addrinfo *found = NULL;
    int rc = getaddrinfo(host, service, &hints, &found);
    if (rc || !found || found->ai_addrlen > sizeof(ret->u)) {
        if (!rc)
            freeaddrinfo(found);
        return errmsg_set(why, ERR_CONFIG, "host \"%.80s\" cannot be resolved: %s", host,
                          rc ? gai_strerror(rc) : "unknown kind of address");
    }
    *ret = (struct addr){.len = found->ai_addrlen};
    memcpy(&ret->u, found->ai_addr, found->ai_addrlen);
    freeaddrinfo(found);
    return ERR_OK;
}

void addr_text(const struct addr *a, char dst[ADDR_TEXT])
{
    char host[INET6_ADDRSTRLEN] = "?";
    if (a->u.sa.sa_family == AF_INET6) {
        inet_ntop(AF_INET6, &a->u.in6.sin6_addr, host, sizeof(host));
        snprintf(dst, ADDR_TEXT, "[%s]:%u", host, (unsigned)ntohs(a->u.in6.sin6_port));
    } else {
        inet_ntop(AF_INET, &a->u.in.sin_addr, host, sizeof(host));
        snprintf(dst, ADDR_TEXT, "%s:%u", host, (unsigned)ntohs(a->u.in.sin_port));
    }
}

uint16_t addr_port(const struct addr *a)
{
    return ntohs(a->u.sa.sa_family == AF_INET6 ? a->u.in6.sin6_port : a->u.in.sin_port);
}

bool addr_same_host(const struct addr *a, const struct addr *b)
{
    if (a->u.sa.sa_family != b->u.sa.sa_family)
        return false;
    if (a->u.sa.sa_family == AF_INET6)
        return memcmp(&a->u.in6.sin6_addr, &b->u.in6.sin6_addr, sizeof(struct in6_addr)) == 0;
    return a->u.in.sin_addr.s_addr == b->u.in.sin_addr.s_addr;
}
