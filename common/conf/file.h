/* SPDX-License-Identifier: Apache-2.0 */
/* A YAML file by its schema. What the library says in several lines becomes one sentence that names
 * the file, the place, what is wrong and what would be right. (yaml_* are libyaml's names.) */
#pragma once

#include "common/base/err.h"

#include <cyaml/cyaml.h>

/* *ret by conf_file_free. ERR_NOT_FOUND: the file cannot be opened (the caller knows which option
 * names it); ERR_CONFIG. */
MUST_CHECK int conf_file_load(const char *file, const cyaml_schema_value_t *schema, void **ret,
                         struct errmsg *why);
void conf_file_free(const cyaml_schema_value_t *schema, void *data); /* NULL: nothing */
