/* SPDX-License-Identifier: Apache-2.0 */
/* notify follow: everything a party must still hear, in order, acknowledged once it is printed
 * (design 3.3). What is not acknowledged comes again at the next run. */
#include "tools/smctl/smctl.h"

#include "common/msg/admin.h"
#include "common/msg/es2.h"
#include "common/wire/wire.h"
#include "smsr/domain/notification.h"

#include <inttypes.h>

struct follow {
    struct smctl *x;
    uint64_t left;
};

static void print_notification(const struct envelope *e)
{
    const struct es2_handle_profile_enabled_notification *n = e->message.body;
    char eid[EID_TEXT], at[25];

    eid_text(&n->eid, eid);
    clock_text(n->completion_timestamp_ms, at);
    printf("%" PRIu64 "  %s  EID %s  ICCID %s  completed %s\n", e->delivery_no,
           msg_type_name(e->message.type), eid, n->iccid.s, at);
}

static void print_concluded(const struct envelope *e)
{
    const struct operation_concluded *n = e->message.body;
    char eid[EID_TEXT], op[UUID_TEXT], text[200];

    eid_text(&n->eid, eid);
    uuid_text(&n->operation, op);
    printf("%" PRIu64 "  OperationConcluded  %s  EID %s  ICCID %s  %s %s%s%s  %s  operation %s\n",
           e->delivery_no, function_text(n->function), eid, n->iccid.s, verdict_text(n->verdict),
           n->code.subject, n->code.subject[0] ? "-" : "", n->code.reason,
           text_safe(n->text, text, sizeof text), op);
}

static void print_device(const struct envelope *e)
{
    const struct device_changed *n = e->message.body;
    char eid[EID_TEXT], at[25], now[IMEI_TEXT], before[IMEI_TEXT];

    eid_text(&n->eid, eid);
    clock_text(n->at_ms, at);
    imei_text(n->imei, now);
    imei_text(n->previous, before);
    printf("%" PRIu64 "  DeviceChanged  EID %s  IMEI %s, before %s  heard %s\n", e->delivery_no, eid, now, before,
           at);
}

static void print_response(const struct envelope *e, const struct base_response *b)
{
    char op[UUID_TEXT], text[200];

    uuid_text(&e->operation, op);
    printf("%" PRIu64 "  %s  %s %s%s%s  %s  %s%soperation %s\n", e->delivery_no,
           msg_type_name(e->message.type), exec_status_text(b->answer.status),
           b->answer.code.subject, b->answer.code.subject[0] ? "-" : "", b->answer.code.reason,
           text_safe(b->answer.message, text, sizeof text),
           e->verdict != VERDICT_NONE ? verdict_text(e->verdict) : "",
           e->verdict != VERDICT_NONE ? "  " : "", op);
}

/* The notifications of ES2 and ES4 have the same members. */
static bool is_notification(enum msg_type t)
{
    const struct msg_info *i = msg_type_info(t);

    return i && i->kind == MSG_KIND_NOTICE && t != MSG_OPERATION_CONCLUDED &&
           (i->iface == IF_ES2 || i->iface == IF_ES4);
}

static bool print_json(const struct envelope *e)
{
    struct buf b, body;
    struct json w = {.out = &b};
    char op[UUID_TEXT] = "";
    bool ok;

    buf_init(&b, 0);
    buf_init(&body, 0);
    if (!uuid_is_zero(&e->operation))
        uuid_text(&e->operation, op);
    json_open(&w, NULL, '{');
    json_u64(&w, "number", e->delivery_no);
    json_str(&w, "kind", envelope_kind_text(e->kind));
    json_str(&w, "message", msg_type_name(e->message.type));
    json_str(&w, "operation", op);
    if (e->verdict != VERDICT_NONE)
        json_str(&w, "verdict", verdict_text(e->verdict));
    ok = wire_message_json(&e->message, &body) == ERR_OK;
    if (ok)
        json_raw(&w, "body", buf_span(&body));
    json_close(&w, '}');
    ok = ok && !b.failed;
    out_line(stdout, &b);
    buf_fini(&b);
    buf_fini(&body);
    return ok;
}

static enum client_delivery delivery(void *ctx, const struct envelope *e)
{
    struct follow *f = ctx;
    const struct base_response *b = message_response(&e->message);
    bool ok = true;

    if (f->x->json)
        ok = print_json(e);
    else if (e->message.type == MSG_OPERATION_CONCLUDED)
        print_concluded(e);
    else if (e->message.type == MSG_DEVICE_CHANGED)
        print_device(e);
    else if (is_notification(e->message.type))
        print_notification(e);
    else if (b)
        print_response(e, b);
    else
        printf("%" PRIu64 "  %s\n", e->delivery_no, msg_type_name(e->message.type));
    f->left--;
    /* Printed means written: a full disk or a closed pipe must not lose it. */
    if (!ok || fflush(stdout) != 0 || ferror(stdout))
        return DELIVERY_LOST;
    return f->left ? DELIVERY_TAKEN : DELIVERY_LAST;
}

enum exit_code verb_notify_follow(struct smctl *x)
{
    struct follow f = {.x = x, .left = UINT64_MAX};
    const struct client_opt o = {.subscribe = true, .delivery = delivery, .ctx = &f};
    struct errmsg why = {""};
    enum exit_code code;
    int err;

    if (args_number(x->args, OPT_LIMIT, 1, UINT64_MAX, &f.left, &why))
        return smctl_fail(ERR_INVAL, &why);
    code = smctl_connect(x, &o);
    if (code != XC_OK)
        return code;
    err = client_run(x->client, &why);
    if (err == ERR_OK || err == ERR_STATE || err == ERR_TIMEOUT)
        return XC_OK; /* as much as was asked for, or interrupted: the ordinary ends */
    return smctl_ended(x, err, &why);
}
