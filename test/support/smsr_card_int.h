/* SPDX-License-Identifier: Apache-2.0 */
/* Inside of the little card: what it runs, for what it hears. */
#pragma once

#include "test/support/smsr_card.h"

uint16_t little_on(const struct little_card *c);         /* the ISD-P that is enabled */
void little_change(struct little_card *c, uint16_t to);
void little_tell(struct little_card *c, uint8_t kind);   /* a notification waits */
/* The answer, in room. */
struct span little_run(struct little_card *c, struct span script, uint8_t *room, size_t cap);
