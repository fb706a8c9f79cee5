/* SPDX-License-Identifier: Apache-2.0 */
/* Codings of the files and fields that personalisation sets: ICCID, EF-IMSI, EF-SMSP, EF-MSISDN
 * (TS 31.102 4.2, TS 24.011 8.2.5). */
#include "common/codec/saip.h"

#define SMSP_TAIL         28   /* octets behind the alpha identifier */
#define SMSP_SCA          13   /* of which the service centre starts here and takes 12 */
#define SMSP_SCA_ABSENT   0x02 /* parameter indicator bit 2: 0 = service centre present */
#define MSISDN_TAIL       14
#define NUMBER_DIGITS_MAX 15
#define TON_INTERNATIONAL 0x91

/* High nibble first, F in what is left. */
void saip_iccid_put(const struct iccid *i, uint8_t dst[10])
{
    size_t n = strlen(i->s);
    for (size_t k = 0; k < 10; k++) {
        int high = 2 * k < n ? i->s[2 * k] - '0' : 15;
        int low = 2 * k + 1 < n ? i->s[2 * k + 1] - '0' : 15;
        dst[k] = (uint8_t)(high << 4 | low);
    }
}

int saip_iccid_get(struct span s, struct iccid *ret)
{
    uint8_t swapped[10];
    if (s.n != sizeof(swapped))
        return ERR_FORMAT;
    for (size_t k = 0; k < sizeof(swapped); k++)
        swapped[k] = (uint8_t)(s.p[k] << 4 | s.p[k] >> 4);
    return iccid_from_swapped(span_of(swapped, sizeof(swapped)), ret);
}

/* Digit k of a number in swapped nibbles, F beyond its end. */
static uint8_t digit_at(const char *digits, size_t n, size_t k)
{
    return k < n ? (uint8_t)(digits[k] - '0') : 0x0F;
}

/* Length octet, then odd/even and type nibble (1 even, 9 odd) in front of the digits. */
void saip_imsi_put(const struct imsi *i, uint8_t dst[9])
{
    size_t n = strlen(i->s);
    memset(dst, 0xFF, 9);
    dst[0] = (uint8_t)(n / 2 + 1);
    dst[1] = (uint8_t)(digit_at(i->s, n, 0) << 4 | (n % 2 ? 0x09 : 0x01));
    for (size_t k = 1; k < n; k += 2)
        dst[1 + (k + 1) / 2] = (uint8_t)(digit_at(i->s, n, k + 1) << 4 | digit_at(i->s, n, k));
}

int saip_imsi_get(struct span s, struct imsi *ret)
{
    uint8_t digits[17];
    size_t n = 0;
    if (s.n < 2 || s.p[0] < 1 || s.p[0] > 8 || (size_t)s.p[0] + 1 > s.n)
        return ERR_FORMAT;
    bool odd = s.p[1] & 0x08;
    if ((s.p[1] & 0x07) != 0x01)
        return ERR_FORMAT;
    for (size_t k = 1; k <= s.p[0]; k++) {
        if (k > 1)
            digits[n++] = (uint8_t)('0' + (s.p[k] & 15));
        digits[n++] = (uint8_t)('0' + (s.p[k] >> 4));
    }
    if (!odd && digits[--n] != '0' + 15)
        return ERR_FORMAT;
    return imsi_parse(span_of(digits, n), ret);
}

static void swapped_put(struct writer *w, const char *digits)
{
    size_t n = strlen(digits);
    for (size_t k = 0; k < n; k += 2)
        wr_u8(w, (uint8_t)(digit_at(digits, n, k + 1) << 4 | digit_at(digits, n, k)));
}

void saip_address_put(struct writer *w, const struct msisdn *m)
{
    if (!m->s[0])
        return;
    wr_u8(w, TON_INTERNATIONAL);
    swapped_put(w, m->s);
}

int saip_address_get(struct span s, struct msisdn *ret)
{
    uint8_t digits[2 * 10];
    size_t n = 0;
    if (s.n < 3 || s.n > 11 || !(s.p[0] & 0x80))
        return ERR_FORMAT;
    for (size_t k = 1; k < s.n; k++) {
        digits[n++] = (uint8_t)('0' + (s.p[k] & 15));
        digits[n++] = (uint8_t)('0' + (s.p[k] >> 4));
    }
    if (digits[n - 1] == '0' + 15)
        n--;
    if (n > NUMBER_DIGITS_MAX)
        return ERR_FORMAT;
    return msisdn_parse(span_of(digits, n), ret);
}

/* Length octet, address, F up to room octets. */
static void number_put(uint8_t *dst, size_t room, const struct msisdn *m)
{
    memset(dst, 0xFF, room);
    struct writer w = wr_init(dst + 1, room - 1);
    saip_address_put(&w, m);
    if (w.len)
        dst[0] = (uint8_t)w.len;
}

static int number_get(struct span s, struct msisdn *ret)
{
    size_t n = s.p[0];
    if (n == 0xFF || n == 0) {
        *ret = (struct msisdn){{0}};
        return ERR_OK;
    }
    if (n > s.n - 1)
        return ERR_FORMAT;
    return saip_address_get(span_of(s.p + 1, n), ret);
}

int saip_smsp_put(uint8_t *record, size_t n, const struct msisdn *smsc)
{
    if (n < SMSP_TAIL)
        return ERR_INVAL;
    uint8_t *tail = record + n - SMSP_TAIL;
    tail[0] = (uint8_t)(smsc->s[0] ? tail[0] & ~SMSP_SCA_ABSENT : tail[0] | SMSP_SCA_ABSENT);
    number_put(tail + SMSP_SCA, 12, smsc);
    return ERR_OK;
}

int saip_smsp_get(struct span record, struct msisdn *ret)
{
    if (record.n < SMSP_TAIL)
        return ERR_FORMAT;
    const uint8_t *tail = record.p + record.n - SMSP_TAIL;
    if (tail[0] & SMSP_SCA_ABSENT) {
        *ret = (struct msisdn){{0}};
        return ERR_OK;
    }
    return number_get(span_of(tail + SMSP_SCA, 12), ret);
}

int saip_msisdn_put(uint8_t *record, size_t n, const struct msisdn *m)
{
    if (n < MSISDN_TAIL)
        return ERR_INVAL;
    number_put(record + n - MSISDN_TAIL, 12, m);
    return ERR_OK;
}

int saip_msisdn_get(struct span record, struct msisdn *ret)
{
    if (record.n < MSISDN_TAIL)
        return ERR_FORMAT;
    return number_get(span_of(record.p + record.n - MSISDN_TAIL, 12), ret);
}
