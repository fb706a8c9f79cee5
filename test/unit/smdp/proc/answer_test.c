/* SPDX-License-Identifier: Apache-2.0 */
/* Links: remora_test_support remora_smdp_proc */
/* What an operator sees of an EIS, when the octets that brought it are gone. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <string.h>

#include "common/msg/eis.h"
#include "smdp/proc/procs.h"

static void nothing_of_the_answer_is_borrowed(void **state)
{
    char octets[] = "0123456789abcdef";
    struct span text[16];
    struct eis whole = {.n_profiles = 1, .properties.n = 1, .n_keysets = 1, .last_audit_ms = 5};
    struct eis_profile *p = &whole.profiles[0];
    const struct eis *seen;
    struct arena a;

    for (unsigned i = 0; i < 16; i++)
        text[i] = span_of(octets + i, 1);
    whole.platform_type = text[0];
    whole.platform_version = text[1];
    whole.capabilities.remote_provisioning_version = text[2];
    whole.capabilities.platform = text[3];
    p->profile_type = text[4];
    p->pol2.n = 1;
    p->pol2.rules[0] = (struct pol2_rule){text[5], text[6], text[7]};
    whole.properties.list[0] = (struct eis_property){text[8], text[9]};
    whole.ecasd_certificate = whole.eum_signature = whole.eum_signed_info = whole.eum_certificate = text[10];
    arena_init(&a, 0);
    seen = dp_operator_view(&a, &whole);
    memset(octets, '-', sizeof octets);
    assert_non_null(seen);
    const struct span kept[] = {seen->platform_type, seen->platform_version,
                                seen->capabilities.remote_provisioning_version, seen->capabilities.platform,
                                seen->profiles[0].profile_type, seen->profiles[0].pol2.rules[0].subject,
                                seen->profiles[0].pol2.rules[0].action,
                                seen->profiles[0].pol2.rules[0].qualification,
                                seen->properties.list[0].key, seen->properties.list[0].value};
    for (unsigned i = 0; i < sizeof kept / sizeof *kept; i++)
        assert_true(kept[i].n == 1 && kept[i].p[0] == '0' + i);
    assert_int_equal(seen->n_keysets + seen->ecasd_certificate.n + seen->eum_signature.n +
                         seen->eum_signed_info.n + seen->eum_certificate.n + (unsigned)seen->last_audit_ms,
                     0);
    arena_fini(&a);
    (void)state;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_of_the_answer_is_borrowed),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
