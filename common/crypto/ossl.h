/* SPDX-License-Identifier: Apache-2.0 */
/* Include this before any other <openssl/...> header: OpenSSL has a type of the name ERR_STATE,
 * which is an error of ours (common/base/err.h). It goes by another name while the two headers that
 * mention it are read; their guards keep it so afterwards. */
#pragma once

#define ERR_STATE OPENSSL_ERR_STATE
#include <openssl/types.h>
#include <openssl/err.h>
#undef ERR_STATE
