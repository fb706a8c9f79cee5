/* SPDX-License-Identifier: Apache-2.0 */
/* The frame: totals of the package, what lint finds, and the head of each element. */
#include "smdp/profile/inspect.h"

#include "common/codec/tlv.h"

#include <stdio.h>

static void text(const struct profile_sink *to, const char *name, const char *s)
{
    if (s[0])
        to->text(to->ctx, name, span_str(s));
}

static void totals(const struct profile_sink *to, struct span package, const struct saip_profile *p,
                   const struct lint_report *r)
{
    char version[16];

    (void)snprintf(version, sizeof version, "%u.%u", p->version_major, p->version_minor);
    to->number(to->ctx, "octets", package.n);
    to->number(to->ctx, "memory", r->memory);
    text(to, "version", version);
    text(to, "profile_type", p->profile_type);
    text(to, "iccid", p->iccid_header.s);
    text(to, "imsi", p->imsi.s);
    text(to, "msisdn", p->msisdn.s);
    text(to, "smsc", p->smsc.s);
    to->number(to->ctx, "refused", r->n_refused);
    to->number(to->ctx, "warned", r->n_warned);
}

static const char *severity_text(enum lint_severity s)
{
    return s == LINT_REFUSE ? "refused" : s == LINT_WARN ? "warned" : "taken";
}

static void findings(const struct profile_sink *to, const struct lint_report *r)
{
    to->open(to->ctx, "findings", true);
    for (unsigned i = 0; i < r->n; i++) {
        const struct lint_finding *f = &r->finding[i];
        to->open(to->ctx, NULL, false);
        text(to, "rule", f->rule->id);
        text(to, "commercial", severity_text(f->severity));
        text(to, "test_range", severity_text(f->rule->test));
        if (f->rule->secret)
            text(to, "of", "subscription");
        text(to, "place", f->place);
        text(to, "cure", f->rule->cure);
        to->close(to->ctx, false);
    }
    to->close(to->ctx, true);
}

/* mandated [0] of the PEHeader; a header element has none. */
static bool mandated(const struct saip_pe *pe)
{
    struct tlv head, t;

    return pe->tag != SAIP_PE_HEADER && tlv_find(pe->value, 0xA0, &head) == ERR_OK &&
           tlv_find(head.value, 0x80, &t) == ERR_OK;
}

static int element(void *ctx, const struct saip_walk *w)
{
    struct inspect *i = ctx;
    const struct profile_sink *to = i->to;
    const struct saip_map *m = w->map;

    to->open(to->ctx, NULL, false);
    text(to, "element", w->pe->name);
    if (w->pe->tag != SAIP_PE_HEADER)
        to->number(to->ctx, "identification", w->pe->identification);
    if (mandated(w->pe))
        text(to, "mandatory", "yes");
    to->number(to->ctx, "offset", (size_t)(w->pe->raw.p - m->package.p));
    to->number(to->ctx, "octets", w->pe->raw.n);
    if (m->memory != i->memory)
        to->number(to->ctx, "memory", m->memory - i->memory);
    inspect_element(i, w);
    to->close(to->ctx, false);
    i->pin = m->n_pin;
    i->puk = m->n_puk;
    i->aka = m->n_aka;
    i->key = m->n_key;
    i->msl = m->n_msl;
    i->tar = m->n_tar;
    i->memory = m->memory;
    return ERR_OK;
}

int profile_inspect(struct span package, struct crypto *crypto, const struct profile_sink *to,
                    struct errmsg *why)
{
    struct inspect i = {.to = to, .crypto = crypto};
    struct saip_profile p;
    struct lint_report r;
    struct saip_map map;
    int err = saip_read(package, &p, why);

    if (err)
        return err;
    profile_lint(package, NULL, &r);
    to->open(to->ctx, NULL, false);
    totals(to, package, &p, &r);
    mem_wipe(&p, sizeof p);
    findings(to, &r);
    to->open(to->ctx, "elements", true);
    err = saip_each(package, &map, element, &i, why);
    to->close(to->ctx, true);
    to->close(to->ctx, false);
    return err;
}
