/* SPDX-License-Identifier: Apache-2.0 */
/* Tables of the manual that are printed from the code: between the lines "<!-- printed: NAME -->" and
 * "<!-- end -->" of a document stands what a test prints, and the test fails when it does not. */
#pragma once

#include "common/base/mem.h"

/* Adds formatted text; ends the test when there is no memory. */
void printed_add(struct buf *b, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* Ends the test unless the document (relative to the source root) has this text. With REMORA_PRINT=1 in the
 * environment the text is written into the document instead. */
void printed_same(const char *document, const char *name, const struct buf *text);
