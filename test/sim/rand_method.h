/* SPDX-License-Identifier: Apache-2.0 */
/* One seeded generator behind every random octet OpenSSL draws, so that P-256 keys, ECDSA nonces and
 * TLS-PSK handshakes of a run repeat bit by bit. Simulator only. */
#pragma once

#include <stdint.h>

/* Installs or reseeds it. Aborts when OpenSSL refuses: nothing that follows could be repeated. */
void rand_method_seed(uint64_t seed);
