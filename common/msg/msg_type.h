/* SPDX-License-Identifier: Apache-2.0 */
/* The messages of this version, one name each: interface, function, direction (SGP.02 5.2 to 5.6).
 * The number on the wire is the field number in envelope.proto, never the value of this enum. */
#pragma once

#include "common/msg/status.h"

enum msg_type {
    MSG_NONE = 0,
    /* ES1: EUM -> SM-SR */
    MSG_ES1_REGISTER_EIS_REQUEST,
    MSG_ES1_REGISTER_EIS_RESPONSE,
    /* ES2: operator -> SM-DP */
    MSG_ES2_GET_EIS_REQUEST,
    MSG_ES2_GET_EIS_RESPONSE,
    MSG_ES2_DOWNLOAD_PROFILE_REQUEST,
    MSG_ES2_DOWNLOAD_PROFILE_RESPONSE,
    MSG_ES2_ENABLE_PROFILE_REQUEST,
    MSG_ES2_ENABLE_PROFILE_RESPONSE,
    MSG_ES2_DISABLE_PROFILE_REQUEST,
    MSG_ES2_DISABLE_PROFILE_RESPONSE,
    MSG_ES2_DELETE_PROFILE_REQUEST,
    MSG_ES2_DELETE_PROFILE_RESPONSE,
    MSG_ES2_HANDLE_PROFILE_ENABLED_NOTIFICATION,
    MSG_ES2_HANDLE_PROFILE_DISABLED_NOTIFICATION,
    MSG_ES2_HANDLE_PROFILE_DELETED_NOTIFICATION,
    /* ES3: SM-DP -> SM-SR */
    MSG_ES3_GET_EIS_REQUEST,
    MSG_ES3_GET_EIS_RESPONSE,
    MSG_ES3_CREATE_ISDP_REQUEST,
    MSG_ES3_CREATE_ISDP_RESPONSE,
    MSG_ES3_SEND_DATA_REQUEST,
    MSG_ES3_SEND_DATA_RESPONSE,
    MSG_ES3_PROFILE_DOWNLOAD_COMPLETED_REQUEST,
    MSG_ES3_PROFILE_DOWNLOAD_COMPLETED_RESPONSE,
    MSG_ES3_ENABLE_PROFILE_REQUEST,
    MSG_ES3_ENABLE_PROFILE_RESPONSE,
    MSG_ES3_DISABLE_PROFILE_REQUEST,
    MSG_ES3_DISABLE_PROFILE_RESPONSE,
    MSG_ES3_DELETE_ISDP_REQUEST,
    MSG_ES3_DELETE_ISDP_RESPONSE,
    MSG_ES3_HANDLE_PROFILE_ENABLED_NOTIFICATION,
    MSG_ES3_HANDLE_PROFILE_DISABLED_NOTIFICATION,
    MSG_ES3_HANDLE_PROFILE_DELETED_NOTIFICATION,
    /* ES4: operator or fleet manager -> SM-SR */
    MSG_ES4_GET_EIS_REQUEST,
    MSG_ES4_GET_EIS_RESPONSE,
    MSG_ES4_AUDIT_EIS_REQUEST,
    MSG_ES4_AUDIT_EIS_RESPONSE,
    MSG_ES4_UPDATE_SUBSCRIPTION_ADDRESS_REQUEST,
    MSG_ES4_UPDATE_SUBSCRIPTION_ADDRESS_RESPONSE,
    MSG_ES4_ENABLE_PROFILE_REQUEST,
    MSG_ES4_ENABLE_PROFILE_RESPONSE,
    MSG_ES4_DISABLE_PROFILE_REQUEST,
    MSG_ES4_DISABLE_PROFILE_RESPONSE,
    MSG_ES4_DELETE_PROFILE_REQUEST,
    MSG_ES4_DELETE_PROFILE_RESPONSE,
    MSG_ES4_UPDATE_POLICY_RULES_REQUEST,
    MSG_ES4_UPDATE_POLICY_RULES_RESPONSE,
    MSG_ES4_HANDLE_PROFILE_ENABLED_NOTIFICATION,
    MSG_ES4_HANDLE_PROFILE_DISABLED_NOTIFICATION,
    MSG_ES4_HANDLE_PROFILE_DELETED_NOTIFICATION,
    /* ours: the tools of the house -> either daemon */
    MSG_ADMIN_OPERATION_SHOW_REQUEST,
    MSG_ADMIN_OPERATION_SHOW_RESPONSE,
    MSG_ADMIN_OPERATION_LIST_REQUEST,
    MSG_ADMIN_OPERATION_LIST_RESPONSE,
    MSG_ADMIN_EVENTS_REQUEST,
    MSG_ADMIN_EVENTS_RESPONSE,
    MSG_ADMIN_HEADS_REQUEST,
    MSG_ADMIN_HEADS_RESPONSE,
    MSG_ADMIN_EIS_LIST_REQUEST,
    MSG_ADMIN_EIS_LIST_RESPONSE,
    MSG_ADMIN_PROFILE_LIST_REQUEST,
    MSG_ADMIN_PROFILE_LIST_RESPONSE,
    MSG_ADMIN_TEMPLATE_ADD_REQUEST,
    MSG_ADMIN_TEMPLATE_ADD_RESPONSE,
    MSG_ADMIN_SUBSCRIPTIONS_IMPORT_REQUEST,
    MSG_ADMIN_SUBSCRIPTIONS_IMPORT_RESPONSE,
    MSG_ADMIN_STATUS_REQUEST,
    MSG_ADMIN_STATUS_RESPONSE,
    MSG_ADMIN_STRANGERS_REQUEST,
    MSG_ADMIN_STRANGERS_RESPONSE,
    MSG_OPERATION_CONCLUDED, /* NOTICE: the verdict after an EXPIRED answer (design 3.4) */
    MSG_TYPE_COUNT
};

enum msg_kind { MSG_KIND_NONE = 0, MSG_KIND_REQUEST, MSG_KIND_RESPONSE, MSG_KIND_NOTICE };

struct msg_info {
    const char *name; /* "ES4-EnableProfileRequest": the published spelling */
    enum interface iface;
    enum function function; /* FN_NONE for admin; a notification has the function it tells of */
    enum msg_kind kind;
    bool synchronous; /* mode S: REQUEST -> RESPONSE on the connection, never a delivery */
    size_t size;      /* of the struct message.body points to */
};

/* The row of a message; NULL for MSG_NONE and unknown values. */
const struct msg_info *msg_type_info(enum msg_type t);
const char *msg_type_name(enum msg_type t);     /* "MSG_?" when unknown */
enum msg_type msg_type_parse(struct span name); /* MSG_NONE when unknown */
/* The RESPONSE that belongs to a REQUEST, and back; MSG_NONE for everything else. */
enum msg_type msg_type_response(enum msg_type request);
enum msg_type msg_type_request(enum msg_type response);
/* The message of that interface, function and kind; MSG_NONE when this version has none. */
enum msg_type msg_type_find(enum interface iface, enum function f, enum msg_kind kind);
