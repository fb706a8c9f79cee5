/* SPDX-License-Identifier: Apache-2.0 */
/* smctl: the command line of operators and fleet managers (design 1). */
#include "tools/smctl/smctl.h"

int main(int argc, char **argv)
{
    return (int)smctl_main(argc, argv);
}
