/* SPDX-License-Identifier: Apache-2.0 */
/* smdp: the SM-DP. */
#include "smdp/app.h"

int main(int argc, char **argv)
{
    return daemon_main(argc, argv, &SMDP_PROGRAM);
}
