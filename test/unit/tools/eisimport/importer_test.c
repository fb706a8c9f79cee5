/* SPDX-License-Identifier: Apache-2.0 */
/* Links: remora_test_support remora_eisimport remora_smsr_api remora_smsr_app */
/* Published XML of an EUM, one and many, good and hostile, as far as the SM-SR's answer. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <zip.h>

#include "test/support/eis_xml_got.h"
#include "tools/eisimport/eis_xml.h"

static int setup(void **state)
{
    *state = srw_new("xml");
    return 0;
}

/* From the XML to a card that has its keys; what the EUM signed stands in the log as it was
 * digested. */
static void one_card_is_registered(void **state)
{
    struct srw *w = *state;
    struct eis_xml_how how = {.canonical = NULL};
    struct journal_record rec;
    struct signed_eis s;
    struct srw_eis e;
    struct event ev;
    struct span octets;
    struct buf xml, body;
    struct xml_got g;

    buf_init(&xml, 0);
    buf_init(&body, 0);
    srw_eis_prepare(w, 1, &e);
    eis_xml_begin(&xml);
    eis_xml_put(w, &e, &how, &xml, &octets);
    eis_xml_end(&xml);
    xml_import(&g, buf_span(&xml));
    if (g.row[0].kind != ROW_ENTRY)
        fail_msg("%.*s", (int)g.row[0].body.n, (const char *)g.row[0].body.p);
    if (xml_register(w, &g.row[0], "one")->status != EXEC_SUCCESS)
        fail_msg("%s", xml_register(w, &g.row[0], "one")->text);
    assert_int_equal(srw_card(w, 1)->n_profiles, 2);
    assert_int_equal(srw_card(w, 1)->scp80_kvn, 1);
    assert_int_equal(srw_card(w, 1)->counter_high, 7);
    assert_int_equal(srw_card(w, 1)->psk_kvn, 0x40);
    assert_int_equal(srw_card(w, 1)->profiles[0].pol2, POL2_DELETE_NOT_ALLOWED);
    assert_string_equal(srw_card(w, 1)->platform, "sim");
    assert_true(srw_card(w, 1)->http);
    assert_int_equal(journal_get(engine_journal(smsr_core_engine(w->core)), srw_card(w, 1)->eis_lsn,
                                 &rec, &body),
                     ERR_OK);
    assert_int_equal(wire_event_decode(EV_EUICC_REGISTERED, buf_span(&body), &w->arena, &ev, NULL),
                     ERR_OK);
    assert_int_equal(wire_signed_eis_decode(ev.data, &w->arena, &s, NULL), ERR_OK);
    assert_true(span_eq(s.eum_signed_info, octets));
    /* Built from the log again it is the same card. */
    srw_drop_peers(w);
    memvfs_crash(w->m, MEMVFS_KEEP, NULL);
    smsr_core_free(w->core);
    srw_open(w);
    assert_int_equal(srw_card(w, 1)->n_profiles, 2);
    buf_fini(&xml);
    buf_fini(&body);
    arena_fini(&g.arena);
}

static void forms_of_the_signature(void **state)
{
    struct srw *w = *state;
    const struct eis_xml_how how[] = {
        {.canonical = XML_EXC_C14N},
        {.nested = true},
        {.id = "other-name"},
        {.nested = true, .id = "third"},
    };
    struct buf xml;
    struct xml_got g;

    buf_init(&xml, 0);
    xml_list(w, 4, how, &xml);
    xml_import(&g, buf_span(&xml));
    for (unsigned i = 0; i < 4; i++)
        if (g.row[i].kind != ROW_ENTRY)
            fail_msg("row %u: %.*s", i, (int)g.row[i].body.n, (const char *)g.row[i].body.p);
    for (unsigned i = 0; i < 4; i++)
        assert_int_equal(xml_register(w, &g.row[i], (char[]){(char)('a' + i), 0})->status,
                         EXEC_SUCCESS);
    buf_fini(&xml);
    arena_fini(&g.arena);
}

/* The other canonicalisations; in a list every EIS has the same Id. */
static void inclusive_canonicalisation(void **state)
{
    struct srw *w = *state;
    const struct eis_xml_how how[] = {{.canonical = XML_C14N},
                                      {.canonical = "http://www.w3.org/2006/12/xml-c14n11"}};
    struct buf xml;
    struct xml_got g;

    buf_init(&xml, 0);
    xml_list(w, 2, how, &xml);
    xml_import(&g, buf_span(&xml));
    for (unsigned i = 0; i < 2; i++) {
        if (g.row[i].kind != ROW_ENTRY)
            fail_msg("row %u: %.*s", i, (int)g.row[i].body.n, (const char *)g.row[i].body.p);
        assert_int_equal(xml_register(w, &g.row[i], (char[]){(char)('a' + i), 0})->status,
                         EXEC_SUCCESS);
    }
    buf_fini(&xml);
    arena_fini(&g.arena);
}

/* Each fault costs its own row, names its card and says what to do. */
static void one_bad_row(void **state)
{
    static const struct {
        struct eis_xml_how how;
        const char *says[3];
    } BAD[] = {
        {{.signature = "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha1"},
         {"SignatureMethod is SHA-1", "ecdsa-sha256"}},
        {{.signature = "http://www.w3.org/2000/09/xmldsig#rsa-sha1"}, {"SHA-1", "refused"}},
        {{.digest = "http://www.w3.org/2000/09/xmldsig#sha1"},
         {"DigestMethod is SHA-1", "ask the EUM"}},
        {{.signature = "http://www.w3.org/2001/04/xmldsig-more#hmac-sha256"},
         {"SignatureMethod", "not one that is taken"}},
        {{.no_signature = true}, {"not signed by its EUM", "ask the EUM for its own file"}},
        {{.in_signed = " "}, {"signature does not fit", "written anew", "import that unchanged"}},
        {{.uri = "#other"}, {"refers to '#other'", "ask the EUM"}},
        {{.uri = ""}, {"refers to ''", "EumSignedInfo"}},
        {{.uri = "http://example.com/x"}, {"refers to 'http://example.com/x'"}},
        {{.uri = "file:///etc/passwd"}, {"refers to 'file:///etc/passwd'"}},
        {{.transform = "http://www.w3.org/TR/1999/REC-xpath-19991116"},
         {"Transform", "not one that is taken"}},
        {{.transform = "http://www.w3.org/TR/1999/REC-xslt-19991116"}, {"Transform"}},
        {{.transform = "http://www.w3.org/2000/09/xmldsig#enveloped-signature"}, {"Transform"}},
        {{.canonical = "http://www.w3.org/2001/10/xml-exc-c14n#WithComments"},
         {"CanonicalizationMethod"}},
        {{.twice = true}, {"one Reference"}},
        {{.no_certificate = true}, {"--eum-certificate FILE"}},
        {{.in_signed = "<!-- x -->"}, {"comment"}},
        {{.in_signed = "<?php x ?>"}, {"instruction"}},
        {{.in_signed = "<rps3:Eid>89</rps3:Eid>"}, {"Eid is no EID"}},
        {{.in_eis = "<rps3:Surprise/>"}, {"Surprise is no element"}},
        {{.in_eis = "<rps3:Smsr-id>1.2.3</rps3:Smsr-id>"}, {"Smsr-id stands twice"}},
    };
    struct srw *w = *state;

    for (size_t i = 0; i < sizeof BAD / sizeof *BAD; i++) {
        const struct eis_xml_how how[3] = {{.canonical = NULL}, BAD[i].how, {.canonical = NULL}};
        struct buf xml;
        struct xml_got g;
        buf_init(&xml, 0);
        xml_list(w, 3, how, &xml);
        xml_import(&g, buf_span(&xml));
        assert_int_equal(g.n, 4);
        assert_int_equal(g.row[3].kind, ROW_END);
        assert_int_equal(g.row[0].kind, ROW_ENTRY);
        if (g.row[2].kind != ROW_ENTRY)
            fail_msg("fault %zu cost row 3: %.*s", i, (int)g.row[2].body.n,
                     (const char *)g.row[2].body.p);
        assert_int_equal(g.row[1].kind, ROW_REFUSED);
        assert_int_equal(g.row[1].number, 2);
        for (size_t k = 0; k < 3 && BAD[i].says[k]; k++)
            xml_must_say(&g.row[1], BAD[i].says[k]);
        if (!xml_says(&g.row[1], "comment") && !xml_says(&g.row[1], "no EID") &&
            !xml_says(&g.row[1], "instruction")) {
            char eid[EID_TEXT];
            struct eid two = fake_eid(2);
            eid_text(&two, eid);
            assert_string_equal(g.row[1].eid, eid);
        }
        buf_fini(&xml);
        arena_fini(&g.arena);
    }
}

/* A genuine signature beside another card's part. */
static void a_signature_of_another_eis(void **state)
{
    struct srw *w = *state;
    struct eis_xml_how how = {.canonical = NULL};
    struct srw_eis one, two;
    struct buf a, b;
    struct xml_got g;
    char *from, *to;

    buf_init(&a, 0);
    buf_init(&b, 0);
    srw_eis_prepare(w, 1, &one);
    srw_eis_prepare(w, 2, &two);
    eis_xml_begin(&a);
    eis_xml_put(w, &one, &how, &a, NULL);
    eis_xml_end(&a);
    buf_add(&a, "", 1);
    eis_xml_put(w, &two, &how, &b, NULL);
    buf_add(&b, "", 1);
    from = strstr((char *)b.p, "<rps3:EumSignature");
    to = strstr((char *)a.p, "<rps3:EumSignature");
    assert_true(from && to);
    /* Both have the same length but for the certificate, which is the same one. */
    memcpy(to, from, (size_t)(strstr(from, "</rps3:EumSignature>") - from));
    xml_import(&g, span_str((const char *)a.p));
    assert_int_equal(g.row[0].kind, ROW_REFUSED);
    xml_must_say(&g.row[0], "signature does not fit");
    buf_fini(&a);
    buf_fini(&b);
    arena_fini(&g.arena);
}

/* --- the whole file --- */
static void a_file_that_cannot_be_read(void **state)
{
    static const struct {
        const char *text, *says[2];
    } BAD[] = {
        {"<!DOCTYPE l [<!ENTITY a \"aaaaaaaaaa\"><!ENTITY b \"&a;&a;&a;&a;&a;&a;&a;&a;\"><!ENTITY "
         "c \"&b;&b;&b;&b;&b;&b;\">"
         "]><l>&c;</l>",
         {"document type", "without DOCTYPE"}},
        {"<!DOCTYPE l [<!ENTITY x SYSTEM \"file:///etc/passwd\">]><l>&x;</l>",
         {"document type", "without DOCTYPE"}},
        {"<!DOCTYPE l SYSTEM \"http://127.0.0.1:1/x.dtd\"><l/>", {"document type"}},
        {"<!DOCTYPE l PUBLIC \"-//x\" \"x.dtd\"><l/>", {"document type"}},
        {"<l>&unknown;</l>", {"no well-formed XML"}},
        {"<l xmlns:xi=\"http://www.w3.org/2001/XInclude\"><xi:include href=\"file:///etc/passwd\" "
         "parse=\"text\"/></l>",
         {"no Eis"}},
        {"", {"no well-formed XML", "ask the EUM"}},
        {"<l", {"no well-formed XML"}},
        {"<l></m>", {"no well-formed XML", "line 1"}},
        {"hello", {"no well-formed XML"}},
        {"<l/>", {"no Eis", "published schema"}},
        {"<Eis xmlns=\"http://example.com/other\"/>", {"no Eis"}},
        {"\x00\x00\x00\x20", {"no well-formed XML"}},
    };

    for (size_t i = 0; i < sizeof BAD / sizeof *BAD; i++) {
        struct xml_got g;
        xml_import(
            &g, span_of(BAD[i].text, i + 1 == sizeof BAD / sizeof *BAD ? 4 : strlen(BAD[i].text)));
        assert_int_equal(g.n, 1);
        assert_int_equal(g.row[0].kind, ROW_FILE);
        for (size_t k = 0; k < 2 && BAD[i].says[k]; k++)
            xml_must_say(&g.row[0], BAD[i].says[k]);
        arena_fini(&g.arena);
    }
    (void)state;
}

static void too_deep_and_too_many(void **state)
{
    struct buf xml;
    struct xml_got g;

    (void)state;
    buf_init(&xml, 64u << 20);
    for (unsigned i = 0; i < 100; i++)
        buf_add(&xml, "<a>", 3);
    xml_import(&g, buf_span(&xml));
    assert_int_equal(g.row[0].kind, ROW_FILE);
    xml_must_say(&g.row[0], "deeper");
    arena_fini(&g.arena);
    buf_reset(&xml);
    buf_add(&xml, "<a>", 3);
    for (unsigned i = 0; i <= XML_ELEMENTS_MAX; i++)
        buf_add(&xml, "<b/>", 4);
    buf_add(&xml, "</a>", 4);
    xml_import(&g, buf_span(&xml));
    xml_must_say(&g.row[0], "million elements");
    arena_fini(&g.arena);
    buf_reset(&xml);
    memset(buf_grow(&xml, XML_DOC_MAX + 1), ' ', XML_DOC_MAX + 1);
    xml_import(&g, buf_span(&xml));
    xml_must_say(&g.row[0], "split the list");
    arena_fini(&g.arena);
    buf_fini(&xml);
}

static void keys_need_the_name_of_their_transport_key(void **state)
{
    struct srw *w = *state;
    const struct eis_xml_how how[2] = {{.canonical = NULL}, {.no_keys = true}};
    struct importer m = {.row = xml_take};
    struct buf xml;
    struct xml_got g;

    buf_init(&xml, 0);
    xml_list(w, 2, how, &xml);
    memset(&g, 0, sizeof g);
    arena_init(&g.arena, 0);
    m.ctx = &g;
    assert_int_equal(importer_run(&m, buf_span(&xml)), ERR_OK);
    assert_int_equal(g.row[0].kind, ROW_REFUSED);
    xml_must_say(&g.row[0], "--transport-key ID");
    assert_int_equal(g.row[1].kind, ROW_ENTRY); /* the SM-SR refuses it for its lack of keys */
    buf_fini(&xml);
    arena_fini(&g.arena);
}

static void a_certificate_given_beside(void **state)
{
    struct srw *w = *state;
    const struct eis_xml_how how[2] = {{.no_certificate = true}, {.canonical = NULL}};
    struct importer m = {
        .transport_key = span_str("tk-1"), .eum = buf_span(&w->eum.der), .row = xml_take};
    struct buf xml;
    struct xml_got g;

    buf_init(&xml, 0);
    xml_list(w, 2, how, &xml);
    memset(&g, 0, sizeof g);
    arena_init(&g.arena, 0);
    m.ctx = &g;
    assert_int_equal(importer_run(&m, buf_span(&xml)), ERR_OK);
    assert_int_equal(g.row[0].kind, ROW_ENTRY);
    assert_int_equal(xml_register(w, &g.row[0], "a")->status, EXEC_SUCCESS);
    assert_int_equal(g.row[1].kind, ROW_ENTRY);
    arena_fini(&g.arena);
    m.eum = buf_span(&w->eum_2.der); /* of another EUM */
    memset(&g, 0, sizeof g);
    arena_init(&g.arena, 0);
    assert_int_equal(importer_run(&m, buf_span(&xml)), ERR_OK);
    assert_int_equal(g.row[0].kind, ROW_REFUSED);
    xml_must_say(&g.row[0], "does not fit");
    buf_fini(&xml);
    arena_fini(&g.arena);
}

/* --- zip --- */
struct member {
    const char *name;
    struct span octets;
};

static void zip_of(const struct member *m, unsigned n, struct buf *out)
{
    zip_error_t e;
    zip_source_t *src;
    zip_t *z;
    zip_stat_t st;

    zip_error_init(&e);
    src = zip_source_buffer_create(NULL, 0, 0, &e);
    assert_non_null(src);
    zip_source_keep(src);
    z = zip_open_from_source(src, ZIP_TRUNCATE, &e);
    assert_non_null(z);
    for (unsigned i = 0; i < n; i++) {
        zip_source_t *in = zip_source_buffer(z, m[i].octets.p, m[i].octets.n, 0);
        assert_true(zip_file_add(z, m[i].name, in, ZIP_FL_ENC_UTF_8) >= 0);
    }
    assert_int_equal(zip_close(z), 0);
    assert_int_equal(zip_source_stat(src, &st), 0);
    assert_int_equal(zip_source_open(src), 0);
    assert_int_equal(zip_source_read(src, buf_grow(out, st.size), st.size), st.size);
    zip_source_close(src);
    zip_source_free(src);
}

static void a_zip_of_files(void **state)
{
    struct srw *w = *state;
    const struct eis_xml_how how[2] = {{.canonical = NULL}, {.canonical = NULL}};
    struct buf xml, zip;
    struct xml_got g;

    buf_init(&xml, 0);
    buf_init(&zip, 0);
    xml_list(w, 2, how, &xml);
    {
        const struct member m[] = {{"order/a.xml", buf_span(&xml)},
                                   {"b.xml", span_str("<no")},
                                   {"readme.txt", span_str("x")},
                                   {"c.xml", span_str("<!DOCTYPE a><a/>")}};
        zip_of(m, 4, &zip);
    }
    xml_import(&g, buf_span(&zip));
    assert_int_equal(g.n, 6);
    assert_int_equal(g.row[0].kind, ROW_ENTRY);
    assert_int_equal(g.row[1].kind, ROW_ENTRY);
    xml_must_say(&g.row[2], "b.xml: it is no well-formed XML");
    xml_must_say(&g.row[3], "readme.txt: it is no .xml file");
    xml_must_say(&g.row[4], "c.xml: line 1 declares a document type");
    assert_int_equal(g.row[5].number, 5);
    arena_fini(&g.arena);
    /* Damaged in the middle: libzip finds the sum of the member wrong. */
    zip.p[60] ^= 0x55;
    xml_import(&g, buf_span(&zip));
    assert_true(g.row[0].kind == ROW_REFUSED || g.row[0].kind == ROW_FILE);
    arena_fini(&g.arena);
    xml_import(&g, span_of(zip.p, zip.n / 2));
    assert_int_equal(g.row[0].kind, ROW_FILE);
    xml_must_say(&g.row[0], "damaged zip");
    arena_fini(&g.arena);
    buf_fini(&xml);
    buf_fini(&zip);
}

/* 33 MiB of one octet are some kilobytes: what is unpacked is counted, not what the archive says.
 */
static void a_zip_bomb(void **state)
{
    struct buf zeros, zip;
    struct xml_got g;

    (void)state;
    buf_init(&zeros, 64u << 20);
    buf_init(&zip, 0);
    memset(buf_grow(&zeros, XML_DOC_MAX + 4096), ' ', XML_DOC_MAX + 4096);
    {
        const struct member m[] = {{"bomb.xml", buf_span(&zeros)}, {"b.xml", span_str("<l/>")}};
        zip_of(m, 2, &zip);
    }
    assert_true(zip.n < 200000);
    xml_import(&g, buf_span(&zip));
    xml_must_say(&g.row[0], "bomb.xml: it unpacks to more than");
    arena_fini(&g.arena);
    buf_fini(&zeros);
    buf_fini(&zip);
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, srw_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(one_card_is_registered),
        T(forms_of_the_signature),
        T(inclusive_canonicalisation),
        T(one_bad_row),
        T(a_signature_of_another_eis),
        cmocka_unit_test(a_file_that_cannot_be_read),
        cmocka_unit_test(too_deep_and_too_many),
        T(keys_need_the_name_of_their_transport_key),
        T(a_certificate_given_beside),
        T(a_zip_of_files),
        cmocka_unit_test(a_zip_bomb),
    };
    return cmocka_run_group_tests(tests, xml_begin, xml_finish);
}
