/* SPDX-License-Identifier: Apache-2.0 */
/* The TLS secrets of the cards' sessions in a file (SSLKEYLOGFILE: a line a handshake, appended), so that
 * tshark reads a capture of the laboratory. Mode 0600; whoever has it reads every session in it. */
#pragma once

#include "common/bearer/scp81.h"

struct keylog;
/* ERR_CONFIG, ERR_IO: why names the file. */
MUST_CHECK int keylog_open(const char *path, struct scp81_ctx *client, struct keylog **ret,
                           struct errmsg *why);
bool keylog_failed(const struct keylog *k);      /* a line could not be written */
void keylog_close(struct keylog *k);             /* NULL: nothing; after the last session */
