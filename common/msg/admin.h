/* SPDX-License-Identifier: Apache-2.0 */
/* Our own interface: what the tools ask either daemon for, and the notice of a late verdict
 * (design 3.2, 3.4, 5). Lists point into the arena of whoever decoded them. A zero or empty filter
 * does not filter. */
#pragma once

#include "common/msg/base.h"
#include "common/msg/event.h"

#define ADMIN_LIST_MAX 1024u
#define ADMIN_PART_MAX (64u * 1024u) /* octets of a package or file per request */

struct admin_operation { /* an operation of the SM-SR or an order of the SM-DP */
    struct uuid op;
    struct eid eid;
    enum function function;
    enum interface iface;
    struct oid party;
    struct span fcid;
    struct iccid iccid;
    struct span state; /* name of the state in its procedure */
    enum verdict verdict;
    enum exec_status status; /* the answer that was given; EXEC_NONE = none yet */
    struct gsma_code code;
    int64_t accepted_at_ms;
    int64_t validity_end_ms;
    int64_t concluded_at_ms;
    uint32_t attempts;
    enum stage stage;
    struct span text; /* reason and next step */
};
struct admin_operation_show_request {
    struct base_request base;
    struct uuid op;
};
struct admin_operation_show_response {
    struct base_response base;
    const struct admin_operation *operation; /* NULL = unknown */
};
struct admin_operation_list_request {
    struct base_request base;
    struct eid eid;
    enum verdict verdict;
    bool live_only;
    uint32_t limit;
    struct uuid after; /* last one of the page before */
};
struct admin_operation_list_response {
    struct base_response base;
    const struct admin_operation *operations;
    unsigned n_operations;
};

struct admin_keys_rotate_request { /* asynchronous */
    struct base_request base;
    struct eid eid;
    bool sessions; /* the PSK and DEK of SCP81 in place of the keys of SCP80 */
};
struct admin_keys_rotate_response {
    struct base_response base;
};

struct admin_record { /* a record of the journal with all the leaf is made of (design 3.2) */
    uint64_t lsn;
    uint32_t epoch;
    uint32_t stream; /* 0 = the house */
    uint64_t seq;
    int64_t at_ms;
    struct span type; /* "profile.enabled" */
    enum event_class class;
    struct uuid op;
    struct eid eid;
    struct span salt, body; /* absent once erased; a body without a salt: the caller's part of it */
    uint8_t body_hash[32];
    uint8_t hash[32];
};
struct admin_events_request {
    struct base_request base;
    uint64_t from_lsn; /* inclusive */
    uint32_t limit;
    uint32_t stream;
    bool has_stream;
    struct uuid op;
    struct eid eid;
};
struct admin_events_response {
    struct base_response base;
    const struct admin_record *records;
    unsigned n_records;
    uint64_t next_lsn; /* from_lsn of the next page */
    uint64_t durable_lsn;
};

struct admin_head {
    uint32_t stream;
    uint64_t seq;
    uint8_t hash[32];
};
struct admin_heads_request {
    struct base_request base;
};
struct admin_heads_response {
    struct base_response base;
    const struct admin_head *heads;
    unsigned n_heads;
};

struct admin_eis_row {
    struct eid eid;
    struct span tenant;
    struct iccid enabled;
    uint32_t profiles; /* how many */
    int64_t last_audit_ms;
    enum card_state card_state;
    int64_t registered_ms, last_contact_ms;
};
struct admin_eis_list_request {
    struct base_request base;
    struct eid after;
    uint32_t limit;
    enum profile_state state; /* cards that hold a profile in this state */
    /* Of one and the same profile, where more than one of these is given. */
    struct iccid iccid;
    struct imsi imsi;
    struct msisdn msisdn;
    struct oid mno;
    enum card_state card_state;
    uint8_t batch[32]; /* registered from this file */
    bool has_batch;
    int64_t unheard_since_ms; /* registered by then and never heard */
};
struct admin_eis_list_response {
    struct base_response base;
    const struct admin_eis_row *rows;
    unsigned n_rows;
};

struct admin_stranger_row { /* a number of no card */
    struct msisdn msisdn;
    uint64_t messages, declarations; /* of them notifications of a card, by their form */
    int64_t first_ms, last_ms;
};
struct admin_strangers_request {
    struct base_request base;
    uint32_t limit;
};
struct admin_strangers_response {
    struct base_response base;
    const struct admin_stranger_row *rows; /* heard last first */
    unsigned n_rows;
    uint64_t known;     /* numbers kept, listed or not */
    uint64_t forgotten; /* that made room for others since the start */
};

struct admin_card_state_request {
    struct base_request base;
    struct eid eid;
    enum card_state card_state; /* SEEN: back from quarantine or lost; REGISTERED when it was never heard */
    struct span text;           /* why */
};
struct admin_card_state_response {
    struct base_response base;
    enum card_state card_state, previous;
};

struct admin_batch_row { /* a file of cards; rows = accepted + refused + known */
    struct oid party;
    uint8_t batch[32]; /* SHA-256 of the file */
    struct span order_reference;
    uint32_t rows;
    uint32_t accepted; /* registered from it, whenever it was imported */
    uint32_t refused;  /* when it was imported last */
    uint32_t known;    /* registered before, from somewhere else */
    int64_t first_ms, last_ms;
};
struct admin_batch_request { /* told behind the calls of an import */
    struct base_request base;
    uint8_t batch[32];
    struct span order_reference;
    uint32_t rows, accepted, refused, known; /* of this run */
};
struct admin_batch_response {
    struct base_response base;
    const struct admin_batch_row *row;
};
struct admin_batch_list_request {
    struct base_request base;
    uint32_t limit;
    uint8_t after[32]; /* last one of the page before, with its party */
    struct oid after_party;
};
struct admin_batch_list_response {
    struct base_response base;
    const struct admin_batch_row *rows;
    unsigned n_rows;
};

#define ADMIN_DRIFT_MAX 64u
struct admin_drift_row {
    struct iccid iccid;
    struct aid aid;
    struct span found; /* one sentence */
    struct span next;  /* what to type */
};
struct admin_drift_request {
    struct base_request base;
    struct eid eid;
};
struct admin_drift_response {
    struct base_response base;
    int64_t audited_ms; /* 0: never */
    bool partial;       /* the card's list was cut: what is missing on it is not known */
    const struct admin_drift_row *rows;
    unsigned n_rows;
};

struct admin_profile_row { /* the inventory of the SM-DP */
    struct iccid iccid;
    struct imsi imsi;
    struct msisdn msisdn;
    struct span profile_type;
    struct oid mno;
    struct span state; /* name of the inventory's state */
    struct eid eid;    /* the card it is reserved for or stands on */
    struct uuid order; /* that reserved it */
    /* Reserved: end of the order's validity period; 0 afterwards, when only proof releases it. */
    int64_t reserved_until_ms;
};
struct admin_profile_list_request {
    struct base_request base;
    struct oid mno;
    struct span profile_type;
    struct span state;
    struct iccid after;
    uint32_t limit;
};
struct admin_profile_list_response {
    struct base_response base;
    const struct admin_profile_row *rows;
    unsigned n_rows;
};

struct admin_stock_row { /* what an operator has of a type, by state */
    struct oid mno;
    struct span profile_type;
    uint64_t available, reserved, installed, deleted, lost;
    uint32_t below; /* the threshold; 0: none is configured */
    bool low;       /* stock.ran-low is written, and it was not filled up since */
};
struct admin_stock_request {
    struct base_request base;
    struct oid mno;
    struct span profile_type;
};
struct admin_stock_response {
    struct base_response base;
    const struct admin_stock_row *rows;
    unsigned n_rows;
};

/* A profile of the same type for new_eid takes over the number of the one that was on old_eid. */
struct admin_profile_replace_request {
    struct base_request base;
    struct eid old_eid;
    struct iccid old_iccid; /* empty: the one this operator had there */
    struct eid new_eid;
    struct oid smsr_id; /* of the new card */
    bool enable_profile;
};
struct admin_profile_replace_response {
    struct base_response base;
    struct iccid iccid; /* of the new profile */
};

/* By two admins of this SM-DP, one after the other. */
struct admin_loss_declare_request {
    struct base_request base;
    struct eid eid;
    struct iccid iccid;
    struct span reason; /* for the log */
};
struct admin_loss_declare_response {
    struct base_response base;
    uint32_t persons; /* who have declared it by now: 1 or 2 */
};

struct admin_template_add_request {
    struct base_request base;
    struct span profile_type;
    uint32_t part; /* 1..total */
    uint32_t total;
    struct span data; /* of the package; holds default keys: never shown */
};
/* What was accepted all the same. */
#define ADMIN_WARNINGS_MAX 32u
struct admin_warning {
    uint32_t row; /* of the file, the header is 1; 0: of the whole */
    struct span text;
};
struct admin_template_add_response {
    struct base_response base;
    const struct admin_warning *warnings;
    unsigned n_warnings;
};

struct admin_subscriptions_import_request {
    struct base_request base;
    struct oid mno;
    struct span profile_type;
    uint32_t part; /* 1..total */
    uint32_t total;
    struct span csv; /* holds Ki and OPc: never shown */
};
struct admin_subscriptions_import_response {
    struct base_response base;
    uint32_t imported;
    uint32_t warned; /* rows with a warning; warnings holds the first ones */
    const struct admin_warning *warnings;
    unsigned n_warnings;
};

struct admin_counter {
    struct span name;
    uint64_t value;
};
struct admin_status_request {
    struct base_request base;
};
struct admin_status_response {
    struct base_response base;
    struct span version;
    uint32_t epoch;
    uint64_t durable_lsn;
    const struct admin_counter *counters;
    unsigned n_counters;
    uint64_t memory_rss; /* octets */
    uint64_t fsyncs;
    uint64_t bytes_written;
};

struct operation_concluded { /* NOTICE to the party that made the call */
    struct uuid operation;
    enum function function;
    struct span fcid;
    struct eid eid;
    struct iccid iccid;
    enum verdict verdict;
    struct gsma_code code;
    struct span text;
};

struct device_changed { /* NOTICE to the fleet managers of the realm */
    struct eid eid;
    struct span imei, previous; /* octets as the card coded them (TS 102 223 8.20) */
    int64_t at_ms;
};
