/* SPDX-License-Identifier: Apache-2.0 */
/* Profile packages from an operator: read, lint, inspect, personalise; what was personalised reads again.
 * The card's EUICCResponse takes the same input. */
#include <stdlib.h>

#include "common/codec/saip.h"
#include "smdp/profile/inspect.h"
#include "smdp/profile/lint.h"
#include "smdp/profile/personalise.h"

static void subscription(struct subscription *s)
{
    *s = (struct subscription){.iccid = {"89490100000000000006"},
                               .imsi = {"262011234567894"},
                               .smsc = {"491710000"},
                               .msisdn = {"4917112345678"},
                               .mnc_len = 2,
                               .has_pol1 = true,
                               .pol1 = 1,
                               .ota_kvn = 1};
    s->k[0] = s->opc[0] = 1;
    s->pin2.set = true;
    s->ota_kic.n = s->ota_kid.n = s->ota_dek.n = 32;
}

/* Brackets close as they were opened, and every value is inside. */
static void on_open(void *ctx, const char *name, bool list)
{
    (void)name;
    (void)list;
    ++*(int *)ctx;
}

static void on_close(void *ctx, bool list)
{
    (void)list;
    if (--*(int *)ctx < 0)
        abort();
}

static void on_octets(void *ctx, const char *name, struct span s)
{
    static volatile uint8_t sum;
    (void)name;
    for (size_t i = 0; i < s.n; i++)
        sum = (uint8_t)(sum ^ s.p[i]);
    if (*(int *)ctx <= 0)
        abort();
}

static void on_number(void *ctx, const char *name, uint64_t v)
{
    (void)v;
    on_octets(ctx, name, span_of(NULL, 0));
}

/* What can be read can be shown. */
static void inspect(struct span package)
{
    int depth = 0;
    struct errmsg why;
    const struct profile_sink to = {&depth, on_open, on_close, on_octets, on_octets, on_number};
    if (profile_inspect(package, NULL, &to, &why) || depth != 0)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct saip_profile p;
    static struct lint_report report;
    static struct subscription s;
    struct saip_response response;
    struct profile_options o = {.test = true};
    struct profile_report done;
    struct errmsg why;
    struct span package = span_of(data, size);
    struct buf out;
    if (saip_response_read(package, &response) == ERR_OK) {
        uint8_t b[1024];
        struct writer w = wr_init(b, sizeof(b));
        saip_response_put(&w, &response);
        if (saip_response_read(wr_view(&w), &response))
            abort();
    }
    profile_lint(package, NULL, &report);
    if (saip_read(package, &p, &why))
        return 0;
    inspect(package);
    subscription(&s);
    buf_init(&out, 0);
    int rc = profile_personalise(package, &s, &o, &out, &done, &why);
    if (rc == ERR_OK && (saip_read(buf_span(&out), &p, &why) || !imsi_eq(&p.imsi, &s.imsi)))
        abort();
    if (rc == ERR_INTERNAL)
        abort();
    buf_fini(&out);
    return 0;
}
