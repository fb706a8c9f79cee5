/* SPDX-License-Identifier: Apache-2.0 */
#include "common/conf/schema.h"

const cyaml_schema_value_t CONF_STRING = {
    CYAML_VALUE_STRING(CYAML_FLAG_POINTER, char, 1, CONF_TEXT)};

static const cyaml_schema_field_t RANGE_FIELDS[] = {CONF_STR("from", struct conf_raw_range, from),
                                                    CONF_STR("to", struct conf_raw_range, to),
                                                    CYAML_FIELD_END};
const cyaml_schema_value_t CONF_RANGE = {
    CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, struct conf_raw_range, RANGE_FIELDS)};

const cyaml_schema_field_t CONF_TLS_FIELDS[] = {
    CONF_STR("ca", struct conf_raw_tls, ca), CONF_STR("cert", struct conf_raw_tls, cert),
    CONF_STR("key", struct conf_raw_tls, key), CYAML_FIELD_END};
const cyaml_schema_field_t CONF_KEYSTORE_FIELDS[] = {CONF_STR("kek", struct conf_raw_keystore, kek),
                                                     CYAML_FIELD_END};

int conf_daemon_load(const char *file, const cyaml_schema_value_t *schema, void **ret,
                     struct errmsg *why)
{
    int err = conf_file_load(file, schema, ret, why);

    return err == ERR_NOT_FOUND
               ? errmsg_set(why, ERR_CONFIG, "%s cannot be opened; name the file with --config",
                            file)
               : err;
}
