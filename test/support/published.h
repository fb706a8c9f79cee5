/* SPDX-License-Identifier: Apache-2.0 */
/* The statuses that SGP.02 names for each function (SGP.02 5.2 to 5.6; facts: sgp02 2.2), and a walk that has each of
 * them provoked. A row is of a function that is built, and provoked; or of one that is not built, and then nobody may
 * provoke it; or it is answered otherwise here, and says why. */
#pragma once

#include "common/msg/msg_type.h"

struct published_row {
    const char *function;          /* "ES4-EnableProfile" */
    const char *subject, *reason;
    const char *otherwise;         /* why this house does not answer it; NULL: it does */
};
extern const struct published_row PUBLISHED[];
extern const size_t PUBLISHED_N;

struct provocation {
    const char *function;          /* NULL: any of this program's functions without a row of its own */
    const char *subject, *reason;
    void (*run)(const struct published_row *row);      /* ends the test unless that very status was answered */
};
/* Every row whose function begins with one of these ("ES3-"; NULL ends them) is provoked, or must not be. Returns how
 * many were provoked. built: the program answers a request that is a message. */
unsigned published_walk(const char *const *interfaces, bool (*built)(enum msg_type request),
                        const struct provocation *list, size_t n);
