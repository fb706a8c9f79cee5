/* SPDX-License-Identifier: Apache-2.0 */
/* The control reference template: what is read is written back as the same octets, unless the
 * optional 96 stood in it. */
#include "common/crypto/ecka.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct ecka_crt crt;
    uint8_t out[32];
    struct writer w = wr_init(out, sizeof out);

    if (ecka_crt_parse(span_of(data, size), &crt))
        return 0;
    ecka_crt_put(&w, &crt);
    if (w.failed || (size == w.len && !span_eq(wr_view(&w), span_of(data, size))))
        abort();
    return 0;
}
