/* SPDX-License-Identifier: Apache-2.0 */
/* Seeded mistakes: each is one the tests must find out (test/mutants). Only the preset `mutant` compiles
 * them, and REMORA_MUTANT names the one that is made; in every other build mutant() is false and its name
 * is not in the program (test/lint/mutants.py). */
#pragma once

#ifdef REMORA_MUTANTS
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
static inline bool mutant(const char *name)
{
    const char *which = getenv("REMORA_MUTANT");
    return which && !strcmp(which, name);
}
#else
#define mutant(name) false
#endif
