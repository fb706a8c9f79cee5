/* SPDX-License-Identifier: Apache-2.0 */
/* smsr: the SM-SR. */
#include "smsr/app.h"

int main(int argc, char **argv)
{
    return daemon_main(argc, argv, &SMSR_PROGRAM);
}
