/* SPDX-License-Identifier: Apache-2.0 */
/* Allocations that fail, for the daemons alone: `sim` is linked with --wrap for malloc, calloc and realloc
 * (alloc_wrap.c), and whoever calls a daemon says so. Like the hook under OpenSSL's generator this one
 * carries no context: it is the process's. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* From here on one of so many allocations of the daemons fails, by the seed; 0: none. */
void alloc_fail(uint64_t seed, uint32_t one_of);
/* A daemon runs now (enum life_who), or the world does (-1). Returns who ran before. */
int alloc_enter(int who);
uint64_t alloc_failures(int who);  /* since the first alloc_fail of this seed */
void alloc_reset(void);
/* This allocation is to fail. */
bool alloc_fails(void);

/* For what belongs to the world but is called from inside a daemon: its disk. */
void *world_malloc(size_t n);
void *world_calloc(size_t n, size_t size);
void *world_realloc(void *p, size_t n);
