/* SPDX-License-Identifier: Apache-2.0 */
/* Links: remora_smsr_api remora_wire remora_crypto remora_msg remora_base */
/* The signed octets of an EIS that came as XML, in which the SM-SR looks up what was translated:
 * SignedInfo, a NUL, EumSignedInfo. Whatever they are, nothing is read beyond them. */
#include <string.h>

#include "smsr/api/eis_signed.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct crypto *c;
    const uint8_t *nul = size ? memchr(data, 0, size) : NULL;
    static const uint8_t CERT[4] = {0x7F, 0x21, 0x01, 0xAB};
    struct eum_signed_info info = {
        .platform_type = span_str("sim"),
        .platform_version = span_str("1.0.0"),
        .ecasd_certificate = {CERT, sizeof CERT},
        .capabilities = {.http = true, .remote_provisioning_version = span_str("3.2.0")}};
    struct signed_eis s = {.n_profiles = 0};
    struct errmsg why;

    if (!c)
        c = crypto_new(NULL);
    if (!nul || !c)
        return 0;
    s.eum_reference = span_of(data, (size_t)(nul - data));
    s.eum_signed_info = span_of(nul + 1, size - (size_t)(nul + 1 - data));
    (void)!oid_parse(span_str("1.3.6.1"), &info.eum_id);
    info.isd_p_load_file = AID_ISD_P_PACKAGE;
    info.isd_p_module = AID_ISD_P_MODULE;
    if (s.eum_reference.n)
        (void)!eis_signed_check(c, &s, &info, &why);
    return 0;
}
