/* SPDX-License-Identifier: Apache-2.0 */
/* Inside of the report: what was seen of each meter and each step. */
#pragma once

#include "common/base/map.h"
#include "tools/euiccsim/net/ledger_file.h"
#include "tools/euiccsim/proof/report.h"

struct samples {
    int64_t *v;
    size_t n, cap;
};
struct op_seen {
    enum function function;
    struct iccid iccid;
    int64_t accepted_ms, armed_ms;
    uint32_t armed;                /* purposes armed once, bits */
    bool answered, notified, retried;
};
struct meter {
    struct eid eid;
    enum verdict download, enable; /* of the last of its kind */
    struct gsma_code download_code, enable_code;
    struct iccid target;           /* of that enable */
    bool retried;
    bool has_card;
    struct iccid enabled;          /* on the card itself */
    struct attach_record last_attach, last_refusal;
};
struct report {
    struct arena arena;
    struct crypto *crypto;
    struct rng rng;
    struct card_world world;
    struct map *meters, *ops;
    struct join *join;
    unsigned time_scale;
    int64_t at_ms, first_ms, last_ms;
    uint64_t operations, records;
    bool log_ok;
    struct samples download, create, send_data, enable_por, enable_notification, enable_all;
};
struct meter *report_meter(struct report *r, const struct eid *eid);
void samples_add(struct samples *s, int64_t ms);
int64_t samples_at(struct samples *s, unsigned percent);    /* 0 when there is none */
void report_write(struct report *r, const struct report_files *f, bool *ret_ok);
