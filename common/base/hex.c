/* SPDX-License-Identifier: Apache-2.0 */
/* Hexadecimal text, the form in which every vector and command line shows octets. */
#include "common/base/hex.h"

int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    return -1;
}

int hex_encode(struct span s, char *dst, size_t cap)
{
    static const char DIGITS[] = "0123456789ABCDEF";

    if (cap == 0 || s.n > (cap - 1) / 2)
        return ERR_TOO_LARGE;
    for (size_t i = 0; i < s.n; i++) {
        dst[2 * i] = DIGITS[s.p[i] >> 4];
        dst[2 * i + 1] = DIGITS[s.p[i] & 15];
    }
    dst[2 * s.n] = '\0';
    return ERR_OK;
}

int hex_decode(const char *hex, size_t n, uint8_t *dst, size_t cap, size_t *ret_len)
{
    if (n % 2 != 0)
        return ERR_FORMAT;
    if (n / 2 > cap)
        return ERR_TOO_LARGE;
    for (size_t i = 0; i < n; i += 2) {
        int high = hex_digit(hex[i]);
        int low = hex_digit(hex[i + 1]);
        if (high < 0 || low < 0)
            return ERR_FORMAT;
        dst[i / 2] = (uint8_t)(high << 4 | low);
    }
    *ret_len = n / 2;
    return ERR_OK;
}
