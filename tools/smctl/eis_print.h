/* SPDX-License-Identifier: Apache-2.0 */
/* An EIS for people (SGP.02 5.1.1.2). */
#pragma once

#include "common/msg/eis.h"

void eis_print(const struct eis *e);
