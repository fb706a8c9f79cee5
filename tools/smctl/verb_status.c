/* SPDX-License-Identifier: Apache-2.0 */
/* status: what a daemon says of itself. */
#include "tools/smctl/smctl.h"

#include "common/msg/admin.h"

#include <inttypes.h>

static enum exit_code shown(void *ctx, const struct envelope *e)
{
    const struct admin_status_response *r = e->message.body;
    struct smctl *x = ctx;
    char text[80];

    if (e->message.type != MSG_ADMIN_STATUS_RESPONSE)
        return XC_CONNECTION;
    if (x->json)
        return smctl_print_message(&e->message);
    printf("%s %s at %s\n", daemon_name(x->daemon), text_safe(r->version, text, sizeof text),
           x->daemon == DAEMON_SMDP ? x->context->smdp : x->context->smsr);
    printf("  epoch %u  durable lsn %" PRIu64 "\n", r->epoch, r->durable_lsn);
    printf("  memory %" PRIu64 " octets  fsyncs %" PRIu64 "  written %" PRIu64 " octets\n",
           r->memory_rss, r->fsyncs, r->bytes_written);
    for (unsigned i = 0; i < r->n_counters; i++)
        printf("  %-32s %" PRIu64 "\n", text_safe(r->counters[i].name, text, sizeof text),
               r->counters[i].value);
    return XC_OK;
}

enum exit_code verb_status(struct smctl *x)
{
    struct admin_status_request q = {.base = {.validity_period_s = 0}};
    struct message m = {MSG_ADMIN_STATUS_REQUEST, &q};
    char id[UUID_TEXT];

    smctl_call_id(x, id);
    q.base.function_call_identifier = span_str(id);
    return smctl_ask(x, &m, shown, x);
}
