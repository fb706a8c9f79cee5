/* SPDX-License-Identifier: Apache-2.0 */
/* EIS as GetEIS shows it to the caller's role (SGP.02 Annex E). */
#include "tools/smctl/eis_print.h"

#include "common/base/clock.h"
#include "smsr/domain/notification.h"
#include "tools/smctl/out.h"

static void line(const char *name, struct span value)
{
    char text[160];

    if (value.n)
        printf("  %-22s %s\n", name, text_safe(value, text, sizeof text));
}

static void number(const char *name, uint32_t v)
{
    if (v)
        printf("  %-22s %u\n", name, v);
}

static void profile(const struct eis_profile *p)
{
    char aid[AID_TEXT], type[100];

    aid_text(&p->isdp_aid, aid);
    printf("  profile %s  %-8s%s%s%s\n", p->iccid.s[0] ? p->iccid.s : "-",
           profile_state_text(p->state), p->fallback_attribute ? "  fall-back" : "",
           p->emergency ? "  emergency" : "", p->test ? "  test" : "");
    printf("    ISD-P %s  owner %s  type %s\n", aid, p->mno_id.s[0] ? p->mno_id.s : "-",
           p->profile_type.n ? text_safe(p->profile_type, type, sizeof type) : "-");
    if (p->address.msisdn.s[0] || p->address.imsi.s[0])
        printf("    address MSISDN %s  IMSI %s\n",
               p->address.msisdn.s[0] ? p->address.msisdn.s : "-",
               p->address.imsi.s[0] ? p->address.imsi.s : "-");
    for (unsigned i = 0; i < p->pol2.n; i++) {
        char action[40], what[40];
        printf("    POL2 %s %s\n", text_safe(p->pol2.rules[i].action, action, sizeof action),
               text_safe(p->pol2.rules[i].qualification, what, sizeof what));
    }
}

static void span_line(const char *name, int64_t ms)
{
    char text[24];

    text_delta(ms, text);
    line(name, span_str(text + 1)); /* without its sign */
}

/* When it can be reached, as its contacts told. */
static void reach(const struct eis *e)
{
    int64_t now = clock_wall_ms(&CLOCK_SYSTEM), gone = now - e->last_wake_ms;
    char at[25];

    if (e->last_contact_ms) {
        clock_text(e->last_contact_ms, at);
        line("last contact", span_str(at));
    }
    if (e->wakes_every_ms <= 0 || gone < 0)
        return;
    span_line("wakes every", e->wakes_every_ms);
    if (e->awake_ms > 0)
        span_line("heard for, at most", e->awake_ms);
    clock_text(now - gone % e->wakes_every_ms + e->wakes_every_ms, at);
    line("next wake expected", span_str(at));
}

void eis_print(const struct eis *e)
{
    char eid[EID_TEXT], at[25], imei[IMEI_TEXT];

    eid_text(&e->eid, eid);
    printf("EID %s\n", eid);
    line("EUM", span_of(e->eum_id.s, strlen(e->eum_id.s)));
    line("SM-SR", span_of(e->smsr_id.s, strlen(e->smsr_id.s)));
    line("platform", e->platform_type);
    line("platform version", e->platform_version);
    line("remote provisioning", e->capabilities.remote_provisioning_version);
    number("free memory", e->remaining_memory);
    number("memory for profiles", e->available_memory_for_profiles);
    if (e->last_audit_ms) {
        clock_text(e->last_audit_ms, at);
        line("last audit", span_str(at));
    }
    if (e->card_state != CARD_NONE)
        line("state", span_str(card_state_text(e->card_state)));
    if (e->registered_ms) {
        clock_text(e->registered_ms, at);
        line("registered", span_str(at));
    }
    if (e->imei.n) {
        imei_text(e->imei, imei);
        line("IMEI of its device", span_str(imei));
    }
    reach(e);
    for (unsigned i = 0; i < e->n_profiles; i++)
        profile(&e->profiles[i]);
    for (unsigned i = 0; i < e->n_keysets; i++)
        printf("  key set %02X  counter %llu\n", e->keysets[i].version,
               (unsigned long long)e->keysets[i].counter);
}
