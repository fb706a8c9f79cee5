/* SPDX-License-Identifier: Apache-2.0 */
#include "test/power/daemon.h"

#include <stdlib.h>

void daemon_dump(struct daemon *d, const char *table, const char *sql)
{
    if (d->n_dumps == DAEMON_DUMPS_MAX)
        abort();
    d->dumps[d->n_dumps++] = (struct engine_dump){table, sql};
}

void daemon_fini(struct daemon *d)
{
    if (d->core)
        d->free(d->core);
    d->core = NULL;
}
