/* SPDX-License-Identifier: Apache-2.0 */
/* Inside of scp81: contexts and PSK callbacks (scp81_tls.c), streams and messages (scp81.c). */
#pragma once

#include "common/crypto/ossl.h"

#include <openssl/ssl.h>

#include "common/bearer/scp81.h"

#define SCP81_CLIENT_IDENTITY_MAX 128u  /* a client's own identity text, NUL included */

struct scp81_ctx {
    SSL_CTX *tls;
    struct crypto *c;
    bool server;
    scp81_psk_fn psk;
    void *psk_arg;
    scp81_keylog_fn keylog;     /* client; NULL: none */
    void *keylog_arg;
};

enum exchange {
    EX_IDLE,            /* server: waits for a request. client: may post */
    EX_WAIT,            /* client: posted, waits for the response */
    EX_READY,           /* a message is complete and not taken */
    EX_TAKEN,           /* server: taken, must be answered. client: taken, may post */
};

struct scp81 {
    struct scp81_ctx *ctx;
    SSL *ssl;
    BIO *in, *out;      /* owned by ssl */
    struct admin_parser *parser;
    struct buf ahead;   /* plaintext behind the message the parser holds */
    enum exchange ex;
    bool ready;
    int dead;           /* the error that ended the stream, 0 while it lives */
    bool has_peer;
    struct eid peer;
    uint8_t peer_kvn;
    struct key *key;    /* client */
    char identity[SCP81_CLIENT_IDENTITY_MAX];
};
