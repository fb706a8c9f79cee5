/* SPDX-License-Identifier: Apache-2.0 */
/* Key log of a client: in a file of its own, so that a program which does not ask for it does not hold
 * it (test/lint/keylog.py looks). */
#include "common/bearer/scp81_impl.h"

static void told(const SSL *ssl, const char *line)
{
    const struct scp81 *s = SSL_get_app_data(ssl);

    s->ctx->keylog(s->ctx->keylog_arg, line);
}

int scp81_client_keylog(struct scp81_ctx *x, scp81_keylog_fn line, void *ctx)
{
    if (x->server)
        return ERR_INVAL;
    x->keylog = line;
    x->keylog_arg = ctx;
    SSL_CTX_set_keylog_callback(x->tls, told);
    return ERR_OK;
}
