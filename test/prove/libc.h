/* SPDX-License-Identifier: Apache-2.0 */
/* What the proofs believe of the C library: areas of octets copied, filled and compared. */
#pragma once

#include <stdint.h>
#include <string.h>

/*@ requires n == 0 || (\valid(dst + (0 .. n - 1)) && \valid_read(src + (0 .. n - 1)));
    requires n == 0 || \separated(dst + (0 .. n - 1), src + (0 .. n - 1));
    assigns dst[0 .. n - 1] \from src[0 .. n - 1];
    ensures \forall integer k; 0 <= k < n ==> dst[k] == \old(src[k]);
*/
void octets_copy(uint8_t *dst, const uint8_t *src, size_t n);

/*@ requires n == 0 || (\valid(dst + (0 .. n - 1)) && \valid_read(src + (0 .. n - 1)));
    assigns dst[0 .. n - 1] \from src[0 .. n - 1];
    ensures \forall integer k; 0 <= k < n ==> dst[k] == \old(src[k]);
*/
void octets_move(uint8_t *dst, const uint8_t *src, size_t n);

/*@ requires n == 0 || \valid(dst + (0 .. n - 1));
    requires 0 <= v <= 255;
    assigns dst[0 .. n - 1] \from v;
    ensures \forall integer k; 0 <= k < n ==> dst[k] == v;
*/
void octets_fill(uint8_t *dst, int v, size_t n);

/*@ requires n == 0 || (\valid_read(a + (0 .. n - 1)) && \valid_read(b + (0 .. n - 1)));
    assigns \result \from a[0 .. n - 1], b[0 .. n - 1];
    ensures \result == 0 <==> \forall integer k; 0 <= k < n ==> a[k] == b[k];
*/
int octets_compare(const uint8_t *a, const uint8_t *b, size_t n);

/*@ predicate text{L}(char *s, integer n) = 0 <= n < 0x7FFFFFFF && \valid_read{L}(s + (0 .. n)) && s[n] == 0 &&
      \forall integer k; 0 <= k < n ==> s[k] != 0;
*/
/*@ requires \exists integer n; text(s, n);
    assigns \result \from s[0 ..];
    ensures text(s, \result);
*/
size_t text_length(const char *s);

#define strlen  text_length
#define memcpy  octets_copy
#define memmove octets_move
#define memset  octets_fill
#define memcmp  octets_compare
