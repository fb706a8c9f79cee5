/* SPDX-License-Identifier: Apache-2.0 */
/* Field tables of an SM-SR change (proto/es4.proto, es7.proto; SGP.02 5.5, 5.6). */
#include "common/wire/wire_table.h"

#include "common/msg/es4.h"
#include "common/msg/es7.h"
#include "common/wire/table_arms.h"
#include "es4.pb-c.h"
#include "es7.pb-c.h"

static const struct wire_field ES4_PREPARE_SMSR_CHANGE_REQUEST_ROWS[] = {
    WIRE_F_BASE_REQUEST(es4_prepare_smsr_change_request),
    WIRE_F_EID(es4_prepare_smsr_change_request, "Eid", eid),
    WIRE_F_OID(es4_prepare_smsr_change_request, "CurrentSMSRid", current_smsr_id),
};
const struct wire_table WIRE_ES4_PREPARE_SMSR_CHANGE_REQUEST =
    WIRE_TABLE(es4_prepare_smsr_change_request, ES4_PREPARE_SMSR_CHANGE_REQUEST_ROWS,
               remora__es4__prepare_smsrchange_request__descriptor);

static const struct wire_field ES4_PREPARE_SMSR_CHANGE_RESPONSE_ROWS[] = {
    WIRE_F_BASE_RESPONSE(es4_prepare_smsr_change_response),
};
const struct wire_table WIRE_ES4_PREPARE_SMSR_CHANGE_RESPONSE =
    WIRE_TABLE(es4_prepare_smsr_change_response, ES4_PREPARE_SMSR_CHANGE_RESPONSE_ROWS,
               remora__es4__prepare_smsrchange_response__descriptor);

static const struct wire_field ES4_SMSR_CHANGE_REQUEST_ROWS[] = {
    WIRE_F_BASE_REQUEST(es4_smsr_change_request),
    WIRE_F_EID(es4_smsr_change_request, "Eid", eid),
    WIRE_F_OID(es4_smsr_change_request, "Target_Smsr_id", target_smsr_id),
};
const struct wire_table WIRE_ES4_SMSR_CHANGE_REQUEST =
    WIRE_TABLE(es4_smsr_change_request, ES4_SMSR_CHANGE_REQUEST_ROWS,
               remora__es4__smsrchange_request__descriptor);

static const struct wire_field ES4_SMSR_CHANGE_RESPONSE_ROWS[] = {
    WIRE_F_BASE_RESPONSE(es4_smsr_change_response),
};
const struct wire_table WIRE_ES4_SMSR_CHANGE_RESPONSE =
    WIRE_TABLE(es4_smsr_change_response, ES4_SMSR_CHANGE_RESPONSE_ROWS,
               remora__es4__smsrchange_response__descriptor);

static const struct wire_field ES7_HANDOVER_EUICC_REQUEST_ROWS[] = {
    WIRE_F_BASE_REQUEST(es7_handover_euicc_request),
    WIRE_F_EID(es7_handover_euicc_request, "eid", eid),
    WIRE_F_BYTES(es7_handover_euicc_request, "Eis", eis, WIRE_DATA_MAX),
};
const struct wire_table WIRE_ES7_HANDOVER_EUICC_REQUEST =
    WIRE_TABLE(es7_handover_euicc_request, ES7_HANDOVER_EUICC_REQUEST_ROWS,
               remora__es7__handover_euiccrequest__descriptor);

static const struct wire_field ES7_HANDOVER_EUICC_RESPONSE_ROWS[] = {
    WIRE_F_BASE_RESPONSE(es7_handover_euicc_response),
};
const struct wire_table WIRE_ES7_HANDOVER_EUICC_RESPONSE =
    WIRE_TABLE(es7_handover_euicc_response, ES7_HANDOVER_EUICC_RESPONSE_ROWS,
               remora__es7__handover_euiccresponse__descriptor);

static const struct wire_field ES7_AUTHENTICATE_SMSR_REQUEST_ROWS[] = {
    WIRE_F_BASE_REQUEST(es7_authenticate_smsr_request),
    WIRE_F_EID(es7_authenticate_smsr_request, "Eid", eid),
    WIRE_F_BYTES(es7_authenticate_smsr_request, "SmsrCertificate", smsr_certificate, 2048),
};
const struct wire_table WIRE_ES7_AUTHENTICATE_SMSR_REQUEST =
    WIRE_TABLE(es7_authenticate_smsr_request, ES7_AUTHENTICATE_SMSR_REQUEST_ROWS,
               remora__es7__authenticate_smsrrequest__descriptor);

static const struct wire_field ES7_AUTHENTICATE_SMSR_RESPONSE_ROWS[] = {
    WIRE_F_BASE_RESPONSE(es7_authenticate_smsr_response),
    WIRE_F_BYTES(es7_authenticate_smsr_response, "RandomChallenge", random_challenge, 32),
};
const struct wire_table WIRE_ES7_AUTHENTICATE_SMSR_RESPONSE =
    WIRE_TABLE(es7_authenticate_smsr_response, ES7_AUTHENTICATE_SMSR_RESPONSE_ROWS,
               remora__es7__authenticate_smsrresponse__descriptor);

static const struct wire_field ES7_CREATE_ADDITIONAL_KEY_SET_REQUEST_ROWS[] = {
    WIRE_F_BASE_REQUEST(es7_create_additional_key_set_request),
    WIRE_F_EID(es7_create_additional_key_set_request, "Eid", eid),
    WIRE_F_U8(es7_create_additional_key_set_request, "KeyVersionNumber", key_version_number),
    WIRE_F_I64(es7_create_additional_key_set_request, "InitialSequenceCounter", initial_sequence_counter),
    WIRE_F_TEXT(es7_create_additional_key_set_request, "ECCKeyLength", ecc_key_length, 16),
    WIRE_F_U8(es7_create_additional_key_set_request, "ScenarioParameter", scenario_parameter),
    WIRE_F_BYTES(es7_create_additional_key_set_request, "HostId", host_id, 64),
    WIRE_F_BYTES(es7_create_additional_key_set_request, "EphemeralPublicKey", ephemeral_public_key, 256),
    WIRE_F_BYTES(es7_create_additional_key_set_request, "Signature", signature, 160),
};
const struct wire_table WIRE_ES7_CREATE_ADDITIONAL_KEY_SET_REQUEST =
    WIRE_TABLE(es7_create_additional_key_set_request, ES7_CREATE_ADDITIONAL_KEY_SET_REQUEST_ROWS,
               remora__es7__create_additional_key_set_request__descriptor);

static const struct wire_field ES7_CREATE_ADDITIONAL_KEY_SET_RESPONSE_ROWS[] = {
    WIRE_F_BASE_RESPONSE(es7_create_additional_key_set_response),
    WIRE_F_BYTES(es7_create_additional_key_set_response, "DerivationRandom", derivation_random, 32),
    WIRE_F_BYTES(es7_create_additional_key_set_response, "Receipt", receipt, 64),
};
const struct wire_table WIRE_ES7_CREATE_ADDITIONAL_KEY_SET_RESPONSE =
    WIRE_TABLE(es7_create_additional_key_set_response, ES7_CREATE_ADDITIONAL_KEY_SET_RESPONSE_ROWS,
               remora__es7__create_additional_key_set_response__descriptor);
