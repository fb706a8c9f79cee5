/* SPDX-License-Identifier: Apache-2.0 */
/* Canonical XML (W3C C14N) writes an element in one way: text between '>' and "</name>", no
 * entities but those for & < > and carriage return, which no field of an EIS needs. So a value is
 * in it when its octets stand in front of the end tag of its element. */
#include "smsr/api/eis_signed.h"

#include "common/base/hex.h"

#include <string.h>

#define DIGEST_SHA256    "http://www.w3.org/2001/04/xmlenc#sha256"
#define SIGNATURE_SHA256 "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256"
#define BASE64_SHA256    45u /* 44 characters and NUL */

static bool is_space(uint8_t c)
{
    return c == ' ' || c == '\n' || c == '\t' || c == '\r';
}

static struct span trim(const uint8_t *from, const uint8_t *to)
{
    while (from < to && is_space(*from))
        from++;
    while (to > from && is_space(to[-1]))
        to--;
    return span_of(from, (size_t)(to - from));
}

/* Behind "</": the name, a prefix before it or not, then '>'. Length of all that, 0: another one.
 */
static size_t end_tag(struct span s, size_t at, const char *name)
{
    size_t n = strlen(name), i = at;

    while (i < s.n && s.p[i] != '>' && s.p[i] != '<' && s.p[i] != ':')
        i++;
    i = i < s.n && s.p[i] == ':' ? i + 1 : at;
    if (s.n - i <= n || memcmp(s.p + i, name, n) != 0 || s.p[i + n] != '>')
        return 0;
    return i + n + 1 - at;
}

/* The text of the next element of this name at or behind *at, which moves behind it; false: there
 * is none. Text is what follows the last '>': an element with others inside has none. */
static bool next_text(struct span s, const char *name, size_t *at, struct span *ret)
{
    size_t open = *at;

    for (size_t i = *at; i + 2 < s.n; i++) {
        size_t n;
        if (s.p[i] == '>')
            open = i + 1;
        if (s.p[i] != '<' || s.p[i + 1] != '/')
            continue;
        n = end_tag(s, i + 2, name);
        if (!n)
            continue;
        *ret = trim(s.p + open, s.p + i);
        *at = i + 2 + n;
        return true;
    }
    return false;
}

static bool same_text(struct span a, const char *b, bool hex)
{
    size_t n = strlen(b);

    if (a.n != n)
        return false;
    for (size_t i = 0; i < n; i++) {
        uint8_t x = a.p[i], y = (uint8_t)b[i];
        if (x != y && !(hex && (x ^ y) == 0x20 && (x | 0x20) >= 'a' && (x | 0x20) <= 'f'))
            return false;
    }
    return true;
}

#define ONCE      0u
#define SOMEWHERE 1u
#define HEX       2u /* digits of any case */

/* An element of this name says this; of a name that may stand there ONCE no other element is there.
 */
static bool stands(struct span s, const char *name, const char *value, unsigned how)
{
    struct span text;
    unsigned n = 0;
    bool found = false;

    for (size_t at = 0; next_text(s, name, &at, &text); n++)
        found = found || same_text(text, value, how & HEX);
    return found && (how & SOMEWHERE || n == 1);
}

static unsigned count(struct span s, const char *name)
{
    struct span text;
    unsigned n = 0;

    for (size_t at = 0; next_text(s, name, &at, &text);)
        n++;
    return n;
}

static bool contains(struct span s, const char *what)
{
    size_t n = strlen(what);

    for (size_t i = 0; i + n <= s.n; i++)
        if (!memcmp(s.p + i, what, n))
            return true;
    return false;
}

static void base64_of(const uint8_t in[32], char out[BASE64_SHA256])
{
    static const char DIGITS[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    size_t o = 0;

    for (size_t i = 0; i < 32; i += 3) {
        uint32_t v = (uint32_t)in[i] << 16 | (i + 1 < 32 ? (uint32_t)in[i + 1] << 8 : 0) |
                     (i + 2 < 32 ? in[i + 2] : 0u);
        out[o++] = DIGITS[v >> 18 & 63];
        out[o++] = DIGITS[v >> 12 & 63];
        out[o++] = i + 1 < 32 ? DIGITS[v >> 6 & 63] : '=';
        out[o++] = i + 2 < 32 ? DIGITS[v & 63] : '=';
    }
    out[o] = '\0';
}

/* The signature covers the octets: one reference, by SHA-256. */
static int check_reference(struct crypto *c, const struct signed_eis *s, struct errmsg *why)
{
    char digest[BASE64_SHA256];
    uint8_t hash[32];
    struct span text;
    size_t at = 0;

    sha256(c, &s->eum_signed_info, 1, hash);
    base64_of(hash, digest);
    if (!s->eum_reference.n || s->eum_reference.p[0] != '<' ||
        count(s->eum_reference, "Reference") != 1 || count(s->eum_reference, "DigestValue") != 1 ||
        count(s->eum_reference, "SignedInfo") != 1)
        return errmsg_set(why, ERR_AUTH, "what the EUM signed is not one reference of XML-DSig");
    if (!contains(s->eum_reference, DIGEST_SHA256) || !contains(s->eum_reference, SIGNATURE_SHA256))
        return errmsg_set(why, ERR_AUTH, "the EUM's signature is not ECDSA with SHA-256");
    if (!next_text(s->eum_reference, "DigestValue", &at, &text) || text.n != strlen(digest) ||
        memcmp(text.p, digest, text.n) != 0)
        return errmsg_set(why, ERR_AUTH, "EUM signature does not fit the signed part as received");
    return ERR_OK;
}

static bool text_stands(struct span s, const char *name, struct span value)
{
    char text[256];

    if (!value.n || value.n >= sizeof text)
        return false;
    memcpy(text, value.p, value.n);
    text[value.n] = '\0';
    return strlen(text) == value.n && stands(s, name, text, ONCE);
}

static bool aid_stands(struct span s, const char *name, const struct aid *aid)
{
    char text[AID_TEXT];

    aid_text(aid, text);
    return aid->n && stands(s, name, text, ONCE | HEX);
}

static bool flag_stands(struct span s, const char *name, bool value)
{
    return stands(s, name, value ? "true" : "false", ONCE) ||
           stands(s, name, value ? "1" : "0", ONCE);
}

static bool certificate_stands(struct span s, struct span certificate)
{
    static const size_t MOST = 2048;
    char text[2 * 2048 + 1];

    return certificate.n && certificate.n <= MOST && !hex_encode(certificate, text, sizeof text) &&
           stands(s, "Value", text, SOMEWHERE | HEX);
}

/* platform is ours and is made of PlatformType alone: what keys a card's dialect was signed, too.
 */
static bool platform_is_the_type(const struct eum_signed_info *info)
{
    struct span p = info->capabilities.platform;

    return !p.n || span_eq(p, info->platform_type);
}

static bool begins_with_its_element(struct span s)
{
    static const char NAME[] = "EumSignedInfo";
    size_t i = 1;

    if (!s.n || s.p[0] != '<')
        return false;
    while (i < s.n && s.p[i] != ':' && s.p[i] != '>' && s.p[i] != ' ')
        i++;
    i = i < s.n && s.p[i] == ':' ? i + 1 : 1;
    return s.n - i > sizeof NAME && !memcmp(s.p + i, NAME, sizeof NAME - 1) &&
           (s.p[i + sizeof NAME - 1] == '>' || s.p[i + sizeof NAME - 1] == ' ');
}

static const char *missing(struct span s, const struct eum_signed_info *i)
{
    char eid[EID_TEXT];

    eid_text(&i->eid, eid);
    if (!begins_with_its_element(s) || count(s, "EumSignedInfo") != 1)
        return "EumSignedInfo";
    if (!stands(s, "Eid", eid, ONCE))
        return "Eid";
    if (!stands(s, "Eum-id", i->eum_id.s, ONCE))
        return "Eum-id";
    if (!text_stands(s, "PlatformType", i->platform_type) || !platform_is_the_type(i))
        return "PlatformType";
    if (!text_stands(s, "PlatformVersion", i->platform_version))
        return "PlatformVersion";
    if (!aid_stands(s, "Isd-p-loadfile-aid", &i->isd_p_load_file))
        return "Isd-p-loadfile-aid";
    if (!aid_stands(s, "Isd-p-module-aid", &i->isd_p_module))
        return "Isd-p-module-aid";
    if (!certificate_stands(s, i->ecasd_certificate))
        return "Ecasd";
    if (!flag_stands(s, "CattpSupport", i->capabilities.cattp))
        return "CattpSupport";
    if (!flag_stands(s, "HttpSupport", i->capabilities.http))
        return "HttpSupport";
    if (!text_stands(s, "RemoteProvisioningVersion", i->capabilities.remote_provisioning_version))
        return "RemoteProvisioningVersion";
    return NULL;
}

int eis_signed_check(struct crypto *c, const struct signed_eis *s,
                     const struct eum_signed_info *info, struct errmsg *why)
{
    const char *field;
    int err = check_reference(c, s, why);

    if (err)
        return err;
    field = missing(s->eum_signed_info, info);
    if (field)
        return errmsg_set(why, ERR_AUTH, "%s does not stand so in what the EUM signed", field);
    return ERR_OK;
}
