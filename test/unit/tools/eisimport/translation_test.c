/* SPDX-License-Identifier: Apache-2.0 */
/* Links: remora_test_support remora_eisimport remora_smsr_api remora_smsr_app */
/* What the SM-SR makes of an importer that does not say what the EUM signed. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdio.h>

#include "test/support/eis_xml_got.h"

static int setup(void **state)
{
    *state = srw_new("xml");
    return 0;
}

#define FALSE_ONES 14u

/* One thing of the entry otherwise; what the refusal names, NULL: the refusal comes before that
 * look. */
static const char *falsify(struct srw *w, unsigned i, struct signed_eis *s,
                           struct eum_signed_info *info)
{
    uint8_t *copy;

    switch (i) {
    case 0:
        info->eum_id = srw_oid(EUM_2); /* another than the caller */
        return NULL;
    case 1:
        info->platform_type = span_str("siM");
        return "PlatformType";
    case 2:
        info->platform_version = span_str("1.0.1");
        return "PlatformVersion";
    case 3:
        info->isd_p_load_file = AID_ISD_P_MODULE;
        return "Isd-p-loadfile-aid";
    case 4:
        info->isd_p_module.n = 0;
        return "Isd-p-module-aid";
    case 5:
        info->ecasd_certificate.n--;
        return "Ecasd";
    case 6:
        info->capabilities.cattp = !info->capabilities.cattp;
        return "CattpSupport";
    case 7:
        info->capabilities.http = false;
        return "HttpSupport";
    case 8:
        info->capabilities.remote_provisioning_version = span_str("2.1.0");
        return "RemoteProvisioningVersion";
    case 9:
        info->eid = fake_eid(2);
        return "Eid";
    case 10:
        copy = arena_dup(&w->arena, s->eum_signed_info.p, s->eum_signed_info.n);
        copy[200] ^= 1;
        s->eum_signed_info.p = copy;
        return "signed part";
    case 11:
        copy = arena_dup(&w->arena, s->eum_reference.p, s->eum_reference.n);
        copy[s->eum_reference.n - 60] ^= 1;
        s->eum_reference.p = copy;
        return "signed part";
    case 12:
        s->eum_reference.n = 0; /* as if it were a message of ours */
        return NULL;
    default:
        info->capabilities.platform = span_str("other-1");
        return "PlatformType";
    }
}

static void refused(struct srw *w, const struct signed_eis *good, unsigned i)
{
    struct signed_eis s = *good;
    struct eum_signed_info info;
    struct row r = {.kind = ROW_ENTRY};
    const struct srw_got *got;
    struct buf out, in;
    const char *says;
    char call[8];

    assert_int_equal(wire_eis_info_decode(&s, &w->arena, &info, NULL), ERR_OK);
    says = falsify(w, i, &s, &info);
    buf_init(&in, 0);
    buf_init(&out, 0);
    assert_int_equal(wire_eum_info_encode(&info, &in), ERR_OK);
    s.eum_info = buf_span(&in);
    assert_int_equal(wire_signed_eis_encode(&s, &out), ERR_OK);
    r.body = buf_span(&out);
    (void)snprintf(call, sizeof call, "f%u", i);
    got = xml_register(w, &r, call);
    if (got->status == EXEC_SUCCESS || (says && !strstr(got->text, says)))
        fail_msg("%u: %s-%s %s", i, got->code.subject, got->code.reason, got->text);
    buf_fini(&in);
    buf_fini(&out);
    srw_drop_peers(w);
}

static void a_false_translation_is_refused(void **state)
{
    struct srw *w = *state;
    struct eis_xml_how how = {.canonical = NULL};
    struct signed_eis s;
    struct xml_got g;
    struct buf xml;

    buf_init(&xml, 0);
    xml_list(w, 1, &how, &xml);
    xml_import(&g, buf_span(&xml));
    assert_int_equal(wire_signed_eis_decode(g.row[0].body, &w->arena, &s, NULL), ERR_OK);
    for (unsigned i = 0; i < FALSE_ONES; i++)
        refused(w, &s, i);
    assert_null(srw_card(w, 1));
    assert_int_equal(xml_register(w, &g.row[0], "good")->status, EXEC_SUCCESS);
    buf_fini(&xml);
    arena_fini(&g.arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_false_translation_is_refused, setup, srw_teardown),
    };
    return cmocka_run_group_tests(tests, xml_begin, xml_finish);
}
