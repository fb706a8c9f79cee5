/* SPDX-License-Identifier: Apache-2.0 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdio.h>

#include "common/base/hex.h"
#include "common/crypto/ecka.h"
#include "test/support/eis_xml.h"

#define DSIG "http://www.w3.org/2000/09/xmldsig#"

static void put(struct buf *b, const char *fmt, ...) PRINTF_LIKE(2, 3);
static void put(struct buf *b, const char *fmt, ...)
{
    char text[6000];
    va_list ap;
    int n;

    va_start(ap, fmt);
    n = vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    assert_true(n >= 0 && (size_t)n < sizeof text);
    buf_add(b, text, (size_t)n);
}

static void put_hex(struct buf *b, struct span s)
{
    char text[4097];

    assert_int_equal(hex_encode(s, text, sizeof text), ERR_OK);
    put(b, "%s", text);
}

void eis_xml_base64(struct span s, struct buf *out)
{
    static const char DIGITS[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

    for (size_t i = 0; i < s.n; i += 3) {
        uint32_t v = (uint32_t)s.p[i] << 16;
        v |= i + 1 < s.n ? (uint32_t)s.p[i + 1] << 8 : 0;
        v |= i + 2 < s.n ? s.p[i + 2] : 0u;
        put(out, "%c%c%c%c", DIGITS[v >> 18 & 63], DIGITS[v >> 12 & 63],
            i + 1 < s.n ? DIGITS[v >> 6 & 63] : '=', i + 2 < s.n ? DIGITS[v & 63] : '=');
    }
}

static const char * or (const char *given, const char *usual)
{
    return given ? given : usual;
}

static void leaf(struct buf *b, const char *name, const char *value)
{
    put(b, "<rps3:%s>%s</rps3:%s>", name, value, name);
}

static void leaf_span(struct buf *b, const char *name, struct span value)
{
    put(b, "<rps3:%s>%.*s</rps3:%s>", name, (int)value.n, (const char *)value.p, name);
}

static void leaf_aid(struct buf *b, const char *name, const struct aid *aid)
{
    char text[AID_TEXT];

    aid_text(aid, text);
    leaf(b, name, text);
}

/* Behind the start tag of EumSignedInfo, its end tag included. */
static void signed_content(const struct srw_eis *e, struct buf *b)
{
    const struct eum_signed_info *i = &e->info;
    char eid[EID_TEXT];

    eid_text(&i->eid, eid);
    leaf(b, "Eid", eid);
    leaf(b, "Eum-id", i->eum_id.s);
    leaf(b, "ProductionDate", "2025-11-20T08:00:00Z");
    leaf_span(b, "PlatformType", i->platform_type);
    leaf_span(b, "PlatformVersion", i->platform_version);
    leaf_aid(b, "Isd-p-loadfile-aid", &i->isd_p_load_file);
    leaf_aid(b, "Isd-p-module-aid", &i->isd_p_module);
    put(b, "<rps3:Ecasd>");
    leaf_aid(b, "Aid", &AID_ECASD);
    put(b,
        "<rps3:Tar>000002</rps3:Tar><rps3:Sin>01</rps3:Sin><rps3:Sdin>02</"
        "rps3:Sdin><rps3:Role>ECASD</rps3:Role>"
        "<rps3:Keyset><rps3:Version>116</rps3:Version><rps3:Type>CA</rps3:Type><rps3:Certificate>"
        "<rps3:Index>1</rps3:Index><rps3:CaId>1.2.3</rps3:CaId><rps3:Value>");
    put_hex(b, i->ecasd_certificate);
    put(b, "</rps3:Value></rps3:Certificate></rps3:Keyset></rps3:Ecasd><rps3:EuiccCapabilities>");
    leaf(b, "CattpSupport", i->capabilities.cattp ? "true" : "false");
    leaf(b, "HttpSupport", i->capabilities.http ? "1" : "0");
    leaf(b, "HttpVersion", "1.1");
    leaf(b, "SecurePacketVersion", "1.0");
    leaf_span(b, "RemoteProvisioningVersion", i->capabilities.remote_provisioning_version);
    put(b, "</rps3:EuiccCapabilities></rps3:EumSignedInfo>");
}

static void sha256_base64(struct srw *w, struct span s, struct buf *out)
{
    uint8_t hash[32];

    sha256(w->crypto, &s, 1, hash);
    eis_xml_base64(span_of(hash, sizeof hash), out);
}

static void reference(const struct eis_xml_how *how, struct span digest, struct buf *b)
{
    const char *c14n = or (how->canonical, XML_EXC_C14N);

    put(b,
        "<ds:Reference URI=\"%s%s\"><ds:Transforms><ds:Transform "
        "Algorithm=\"%s\"></ds:Transform></ds:Transforms>",
        how->uri ? "" : "#", or (how->uri, or (how->id, "eum")), or (how->transform, c14n));
    put(b,
        "<ds:DigestMethod "
        "Algorithm=\"%s\"></ds:DigestMethod><ds:DigestValue>%.*s</ds:DigestValue></ds:Reference>",
        or (how->digest, XML_SHA256), (int)digest.n, (const char *)digest.p);
}

/* Behind "<ds:SignedInfo" and its namespaces. */
static void signed_info_content(const struct eis_xml_how *how, struct span digest, struct buf *b)
{
    put(b,
        "><ds:CanonicalizationMethod "
        "Algorithm=\"%s\"></ds:CanonicalizationMethod><ds:SignatureMethod Algorithm=\"%s\">"
        "</ds:SignatureMethod>",
        or (how->canonical, XML_EXC_C14N), or (how->signature, XML_ECDSA));
    reference(how, digest, b);
    if (how->twice)
        reference(how, digest, b);
    put(b, "</ds:SignedInfo>");
}

static void put_signature(struct srw *w, const struct srw_eis *e, const struct eis_xml_how *how,
                          struct span digest, struct buf *out)
{
    bool inclusive = how->canonical && strcmp(how->canonical, XML_EXC_C14N) != 0;
    uint8_t sig[EC_SIG_LEN];
    struct buf octets;
    struct span part;

    /* Canonical: the namespaces in sorted order of their prefixes, of which exclusive keeps those
     * it uses. */
    buf_init(&octets, 0);
    put(&octets, "<ds:SignedInfo xmlns:ds=\"" DSIG "\"");
    if (inclusive)
        put(&octets, " xmlns:rps3=\"" XML_GSMA_3 "\"");
    signed_info_content(how, digest, &octets);
    part = buf_span(&octets);
    assert_int_equal(ec_sign(w->crypto, e->signer->key, &part, 1, sig), ERR_OK);
    buf_fini(&octets);
    put(out, "<ds:SignedInfo");
    signed_info_content(how, digest, out);
    put(out, "<ds:SignatureValue>\n");
    eis_xml_base64(span_of(sig, sizeof sig), out);
    put(out, "\n</ds:SignatureValue>");
    if (!how->no_certificate) {
        put(out, "<ds:KeyInfo><ds:X509Data><ds:X509Certificate>");
        eis_xml_base64(buf_span(&e->signer->der), out);
        put(out, "</ds:X509Certificate></ds:X509Data></ds:KeyInfo>");
    }
}

static void put_profile(const struct eis_profile *p, struct buf *b)
{
    put(b, "\n<rps3:ProfileInfo>");
    leaf(b, "Iccid", p->iccid.s);
    leaf_aid(b, "Isd-p-aid", &p->isdp_aid);
    leaf(b, "Mno-id", p->mno_id.s);
    leaf(b, "FallbackAttribute", p->fallback_attribute ? "true" : "false");
    put(b, "<rps3:SubscriptionAddress><rps3:Msisdn>%s</rps3:Msisdn></rps3:SubscriptionAddress>",
        p->address.msisdn.s);
    leaf(b, "State", profile_state_text(p->state));
    leaf_span(b, "ProfileType", p->profile_type);
    put(b, "<rps3:AllocatedMemory>%u</rps3:AllocatedMemory>", p->allocated_memory);
    put(b, "<rps3:pol2><rps3:Rule><rps3:Subject>PROFILE</rps3:Subject><rps3:Action>DELETE</"
           "rps3:Action>"
           "<rps3:Qualification>Not-Allowed</rps3:Qualification></rps3:Rule></rps3:pol2></"
           "rps3:ProfileInfo>");
}

static void put_keyset(const struct eis_keyset *k, struct buf *b)
{
    put(b,
        "<rps3:Keyset><rps3:Version>%u</rps3:Version><rps3:Type>%s</rps3:Type><rps3:Cntr>%llu</"
        "rps3:Cntr>",
        k->version, k->type == 0x81 ? "SCP81" : "SCP80", (unsigned long long)k->counter);
    for (unsigned i = 0; i < k->n_keys; i++) {
        put(b,
            "<rps3:Key "
            "kcv=\"%02X%02x%02X\"><rps3:Index>%u</"
            "rps3:Index><rps3:KeyComponents><rps3:KeyComponent "
            "type=\"%02X\" value=\"",
            k->keys[i].kcv[0], k->keys[i].kcv[1], k->keys[i].kcv[2], k->keys[i].kid,
            k->keys[i].type);
        put_hex(b, k->keys[i].wrapped);
        put(b, "\"/></rps3:KeyComponents></rps3:Key>");
    }
    put(b, "</rps3:Keyset>");
}

static void put_rest(const struct srw_eis *e, const struct eis_xml_how *how, struct buf *b)
{
    put(b, "\n<rps3:RemainingMemory>%u</rps3:RemainingMemory>", e->s.remaining_memory);
    put(b, "<rps3:AvailableMemoryForProfiles>%u</rps3:AvailableMemoryForProfiles>",
        e->s.available_memory_for_profiles);
    leaf(b, "Smsr-id", e->s.smsr_id.s);
    for (unsigned i = 0; i < e->s.n_profiles; i++)
        put_profile(&e->s.profiles[i], b);
    put(b, "\n<rps3:Isd-r>");
    leaf_aid(b, "Aid", &AID_ISD_R);
    put(b, "<rps3:Role>ISD-R</rps3:Role>");
    for (unsigned i = 0; !how->no_keys && i < e->s.n_keysets; i++)
        put_keyset(&e->s.keysets[i], b);
    if (how->no_keys)
        put(b, "<rps3:Keyset><rps3:Version>1</rps3:Version></rps3:Keyset>");
    put(b, "</rps3:Isd-r>\n");
}

void eis_xml_put(struct srw *w, struct srw_eis *e, const struct eis_xml_how *how, struct buf *out,
                 struct span *ret_signed)
{
    struct buf octets, digest;

    buf_init(&octets, 0);
    buf_init(&digest, 0);
    put(&octets, "<rps3:EumSignedInfo xmlns:rps3=\"" XML_GSMA_3 "\" Id=\"%s\">",
        or (how->id, "eum"));
    signed_content(e, &octets);
    sha256_base64(w, buf_span(&octets), &digest);
    if (ret_signed)
        *ret_signed = span_of(arena_dup(&w->arena, octets.p, octets.n), octets.n);
    put(out, "\n<rps3:Eis>\n<rps3:EumSignedInfo Id=\"%s\">%s", or (how->id, "eum"),
        or (how->in_signed, ""));
    signed_content(e, out);
    put(out, "\n<rps3:EumSignature%s>", how->nested ? "" : " xmlns:ds=\"" DSIG "\"");
    if (how->nested)
        put(out, "<ds:Signature xmlns:ds=\"" DSIG "\">");
    if (!how->no_signature)
        put_signature(w, e, how, buf_span(&digest), out);
    put(out, "%s</rps3:EumSignature>%s", how->nested ? "</ds:Signature>" : "",
        or (how->in_eis, ""));
    put_rest(e, how, out);
    put(out, "</rps3:Eis>");
    buf_fini(&octets);
    buf_fini(&digest);
}

void eis_xml_begin(struct buf *out)
{
    put(out,
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<rps3:EisList xmlns:rps3=\"" XML_GSMA_3 "\">");
}

void eis_xml_end(struct buf *out)
{
    put(out, "\n</rps3:EisList>\n");
}
