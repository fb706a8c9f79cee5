/* SPDX-License-Identifier: Apache-2.0 */
/* The report as text or one JSON line, and the proof: one line each, and every one of them can fail. */
#include "tools/euiccsim/proof/report_int.h"

#include "tools/euiccsim/net/simnet.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>

struct sums {
    unsigned meters, registered, downloaded, download_failed, enabled, rolled_back, failed, in_doubt,
        not_asked, retried, attached;
    unsigned causes[ATTACH_CAUSES];
};

static void add_enable(struct sums *s, const struct meter *m)
{
    switch (m->enable) {
    case VERDICT_SUCCESS:
        s->enabled++;
        /* The AuC is the witness: the delivered profile's own key opened the network, and it is the one
         * the card has enabled now. */
        if (iccid_eq(&m->enabled, &m->target) && iccid_eq(&m->last_attach.iccid, &m->target) &&
            m->last_attach.cause == ATTACH_OK)
            s->attached++;
        break;
    case VERDICT_ROLLED_BACK:
        s->rolled_back++;
        s->causes[iccid_eq(&m->last_refusal.iccid, &m->target) && m->last_refusal.cause < ATTACH_CAUSES
                      ? m->last_refusal.cause
                      : ATTACH_OK]++;
        break;
    case VERDICT_FAILED:
    case VERDICT_EXPIRED:
    case VERDICT_CANCELLED:
        s->failed++;
        break;
    case VERDICT_IN_DOUBT:
        s->in_doubt++;
        break;
    case VERDICT_NONE:
        s->not_asked++;
        break;
    }
}

static struct sums add_up(struct report *r)
{
    struct sums s;
    void *cursor = NULL, *value;

    memset(&s, 0, sizeof s);
    while (map_next(r->meters, &cursor, NULL, &value)) {
        const struct meter *m = value;
        s.meters++;
        s.downloaded += m->download == VERDICT_SUCCESS;
        s.download_failed += m->download != VERDICT_SUCCESS && m->download != VERDICT_NONE;
        s.retried += m->retried;
        add_enable(&s, m);
    }
    return s;
}

static void step_line(const char *name, struct samples *s)
{
    if (!s->n)
        return;
    printf("  %-34s %8zu   %8.2f %8.2f %8.2f s\n", name, s->n, (double)samples_at(s, 50) / 1e3,
           (double)samples_at(s, 95) / 1e3, (double)samples_at(s, 99) / 1e3);
}

static void causes_line(const struct sums *s)
{
    const char *sep = "";

    printf("  %-34s %8u   ", "rolled back", s->rolled_back);
    for (unsigned i = 0; i < ATTACH_CAUSES; i++) {
        if (!s->causes[i])
            continue;
        printf("%s%u %s", sep, s->causes[i],
               i == ATTACH_OK ? "no confirmation in time" : attach_cause_name((enum attach_cause)i));
        sep = ", ";
    }
    printf("\n");
}

static void text(struct report *r, const struct report_files *f, const struct sums *s,
                 const struct join_report *j, unsigned n, bool sums_ok)
{
    double seconds = (double)(r->last_ms - r->first_ms) / 1e3;

    printf("\nReport (time scale %u: seconds are those of this run)\n", f->time_scale);
    printf("  %-34s %8u\n", "meters", n);
    printf("  %-34s %8u\n", "downloaded", s->downloaded);
    printf("  %-34s %8u\n", "enabled", s->enabled);
    causes_line(s);
    printf("  %-34s %8u\n", "failed", s->failed + s->download_failed);
    printf("  %-34s %8u\n", "in doubt", s->in_doubt);
    printf("  %-34s %8u\n", "not asked", s->not_asked - s->download_failed);
    printf("  %-34s %8u\n", "took a retry", s->retried);
    printf("  %-34s %8s   %8s %8s %8s\n", "step", "count", "p50", "p95", "p99");
    step_line("download, whole order", &r->download);
    step_line("CreateISDP", &r->create);
    step_line("SendData", &r->send_data);
    step_line("enable: answer of the card", &r->enable_por);
    step_line("enable: notification", &r->enable_notification);
    step_line("enable: confirmed", &r->enable_all);
    printf("  %llu operations in %.1f s: %.1f a second\n", (unsigned long long)r->operations, seconds,
           seconds > 0 ? (double)r->operations / seconds : 0.0);
    printf("Proof\n");
    printf("  sums: %s\n", sums_ok ? "equal N" : "DO NOT equal N");
    printf("  exactly once: %llu ledger rows, %llu effect commands accepted, join %s\n",
           (unsigned long long)j->rows, (unsigned long long)(j->accepted + j->undecided + j->undone),
           join_exact(j) ? "exact" : "NOT EXACT");
    if (j->mismatches)
        printf("    %llu mismatches, first: %s\n", (unsigned long long)j->mismatches, j->first.text);
    printf("  attached with the delivered key: %u of %u\n", s->attached, s->enabled);
    printf("  log verify: %s (%llu records)\n", r->log_ok ? "ok" : "FAILED",
           (unsigned long long)r->records);
}

static void json(struct report *r, const struct sums *s, const struct join_report *j, unsigned n, bool ok)
{
    printf("{\"meters\":%u,\"downloaded\":%u,\"enabled\":%u,\"rolled_back\":%u,\"failed\":%u,"
           "\"in_doubt\":%u,\"not_asked\":%u,\"retried\":%u,\"no_coverage\":%u,\"imsi_unknown\":%u,"
           "\"operations\":%llu,\"ms\":%lld,\"ledger_rows\":%llu,\"accepted\":%llu,\"mismatches\":%llu,"
           "\"attached\":%u,\"log_ok\":%s,\"ok\":%s}\n",
           n, s->downloaded, s->enabled, s->rolled_back, s->failed + s->download_failed, s->in_doubt,
           s->not_asked - s->download_failed, s->retried, s->causes[ATTACH_NO_COVERAGE], s->causes[ATTACH_IMSI_UNKNOWN],
           (unsigned long long)r->operations, (long long)(r->last_ms - r->first_ms),
           (unsigned long long)j->rows, (unsigned long long)(j->accepted + j->undecided + j->undone),
           (unsigned long long)j->mismatches, s->attached, r->log_ok ? "true" : "false",
           ok ? "true" : "false");
}

void report_write(struct report *r, const struct report_files *f, bool *ret_ok)
{
    struct join_report j;
    struct sums s = add_up(r);
    unsigned n = f->meters ? f->meters : s.meters;
    bool sums_ok = s.meters == n &&
                   s.enabled + s.rolled_back + s.failed + s.in_doubt + s.not_asked == n;

    join_finish(r->join, &j);
    *ret_ok = sums_ok && join_exact(&j) && s.attached == s.enabled && r->log_ok && !s.in_doubt;
    if (f->json)
        json(r, &s, &j, n, *ret_ok);
    else
        text(r, f, &s, &j, n, sums_ok);
}

static bool number(const char *text_in, unsigned *ret)
{
    char *end;
    unsigned long v = strtoul(text_in, &end, 10);

    *ret = (unsigned)v;
    return *text_in && !*end && v <= 100000000ul;
}

int report_main(int argc, char **argv)
{
    static const struct option OPTIONS[] = {
        {"smsr-state", required_argument, NULL, 's'}, {"smdp-state", required_argument, NULL, 'd'},
        {"ledger", required_argument, NULL, 'l'},     {"time-scale", required_argument, NULL, 't'},
        {"meters", required_argument, NULL, 'n'},     {"json", no_argument, NULL, 'j'},
        {NULL, 0, NULL, 0}};
    struct report_files f = {.time_scale = 1};
    char smsr[512] = "", smdp[512] = "";
    struct errmsg why = {""};
    bool ok, fine = true;
    int c, err;

    while ((c = getopt_long(argc, argv, "", OPTIONS, NULL)) != -1) {
        switch (c) {
        case 's':
            fine = fine && snprintf(smsr, sizeof smsr, "%s/journal.db", optarg) < (int)sizeof smsr;
            break;
        case 'd':
            fine = fine && snprintf(smdp, sizeof smdp, "%s/journal.db", optarg) < (int)sizeof smdp;
            break;
        case 'l':
            f.ledger = optarg;
            break;
        case 't':
            fine = fine && number(optarg, &f.time_scale);
            break;
        case 'n':
            fine = fine && number(optarg, &f.meters);
            break;
        case 'j':
            f.json = true;
            break;
        default:
            fine = false;
            break;
        }
    }
    if (!fine || !smsr[0] || !f.ledger) {
        fprintf(stderr, "usage: euiccsim proof --smsr-state DIR [--smdp-state DIR] --ledger FILE "
                        "[--meters N] [--time-scale K] [--json]\n");
        return 2;
    }
    f.smsr_journal = smsr;
    f.smdp_journal = smdp[0] ? smdp : NULL;
    err = report_print(&f, &ok, &why);
    if (err)
        fprintf(stderr, "euiccsim proof: %s\n", why.text[0] ? why.text : err_text(err));
    return err ? 1 : ok ? 0 : 1;
}
