/* SPDX-License-Identifier: Apache-2.0 */
/* "host:port" and "[v6]:port" texts and the socket addresses behind them. */
#pragma once

#include "common/base/err.h"

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

#define ADDR_HOST 254 /* a DNS name of 253 octets and the NUL */
#define ADDR_TEXT 64

struct addr {
    union {
        struct sockaddr sa;
        struct sockaddr_in in;
        struct sockaddr_in6 in6;
    } u;
    socklen_t len;
};

/* ERR_CONFIG names what is wrong with the text. Brackets of a v6 literal are dropped. */
MUST_CHECK int addr_split(const char *text, char ret_host[ADDR_HOST], uint16_t *ret_port,
                          struct errmsg *why);
/* A v4 or v6 literal; false for a name. Never blocks. */
bool addr_literal(const char *host, uint16_t port, struct addr *ret);
/* Literal or name, first address found. Blocks in the resolver: for start-up only. ERR_CONFIG. */
MUST_CHECK int addr_resolve(const char *text, int socktype, struct addr *ret, struct errmsg *why);
void addr_text(const struct addr *a, char dst[ADDR_TEXT]);
uint16_t addr_port(const struct addr *a);
bool addr_same_host(const struct addr *a, const struct addr *b);
