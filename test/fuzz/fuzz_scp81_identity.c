/* SPDX-License-Identifier: Apache-2.0 */
/* PSK identities of SCP81: what is accepted is written back as the same text, in upper case. */
/* Links: remora_bearer */
#include <stdlib.h>

#include "common/bearer/scp81.h"

static char upper(uint8_t c)
{
    return (char)(c >= 'a' && c <= 'z' ? c - 32 : c);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char text[SCP81_IDENTITY_TEXT];
    struct eid eid;
    uint8_t kid, kvn;

    if (scp81_identity_parse(span_of(data, size), &eid, &kid, &kvn) != ERR_OK)
        return 0;
    scp81_identity(&eid, kid, kvn, text);
    if (size != sizeof(text) - 1)
        abort();
    for (size_t i = 0; i < size; i++)
        if (upper(data[i]) != text[i])
            abort();
    return 0;
}
