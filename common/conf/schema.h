/* SPDX-License-Identifier: Apache-2.0 */
/* The shapes of which the schemas of the daemons consist. st: the struct of the mapping, m: the
 * member the key goes to. */
#pragma once

#include "common/conf/file.h"

#define CONF_TEXT 255
#define CONF_LIST 10000

#define CONF_STR(key, st, m) CYAML_FIELD_STRING_PTR(key, CYAML_FLAG_POINTER, st, m, 1, CONF_TEXT)
#define CONF_STR_OPT(key, st, m)                                                                   \
    CYAML_FIELD_STRING_PTR(key, CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL, st, m, 1, CONF_TEXT)
#define CONF_SEQ(key, st, m, entry, min)                                                           \
    CYAML_FIELD_SEQUENCE(key, CYAML_FLAG_POINTER, st, m, entry, min, CONF_LIST)
#define CONF_SEQ_OPT(key, st, m, entry)                                                            \
    CYAML_FIELD_SEQUENCE(key, CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL, st, m, entry, 0, CONF_LIST)
#define CONF_NUM_OPT(key, st, m)                                                                   \
    CYAML_FIELD_UINT_PTR(key, CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL, st, m)

/* An entry of a sequence. */
extern const cyaml_schema_value_t CONF_STRING;

/* EIDs, both ends included. */
struct conf_raw_range {
    char *from, *to;
};
extern const cyaml_schema_value_t CONF_RANGE;

/* Sections of every daemon. */
struct conf_raw_tls {
    char *ca, *cert, *key;
};
extern const cyaml_schema_field_t CONF_TLS_FIELDS[];
struct conf_raw_keystore {
    char *kek;
};
extern const cyaml_schema_field_t CONF_KEYSTORE_FIELDS[];

/* What conf_file_load does, for a file that an option --config names. */
MUST_CHECK int conf_daemon_load(const char *file, const cyaml_schema_value_t *schema, void **ret,
                                struct errmsg *why);
