/* SPDX-License-Identifier: Apache-2.0 */
/* The order of sequence numbers (RFC 1982) of smsr/domain/notification.c. */
#include "test/prove/libc.h"

#include "test/prove/tlv.h"

#include "smsr/domain/notification.h"

/*@ logic integer ahead(integer a, integer b) = a >= b ? a - b : 0x10000 + a - b;
*/

/*@ assigns \nothing;
    ensures half: \result <==> 0 < ahead(a, b) < 0x8000;
*/
bool sequence_newer(uint16_t a, uint16_t b);

/*@ requires 0 < n < 0x8000;
    assigns \nothing;
    ensures after_a_wrap_too: \result;
*/
static bool later_is_newer(uint16_t b, uint16_t n)
{
    return sequence_newer((uint16_t)((b + n) % 0x10000), b);
}

/*@ assigns \nothing;
    ensures never_both: \result;
*/
static bool one_way(uint16_t a, uint16_t b)
{
    return !(sequence_newer(a, b) && sequence_newer(b, a));
}

#include "smsr/domain/notification.c"
