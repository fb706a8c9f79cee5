/* SPDX-License-Identifier: Apache-2.0 */
/* Making and reading a card: what the EUM delivers (SGP.02 2.2, 3.9) and what witnesses may look
 * at. */
#include "tools/euiccsim/card/card.h"

#include <stdlib.h>

#include "common/bearer/sms_rx.h"
#include "tools/euiccsim/card/card_int.h"

#define BOAST 16384u               /* octets that QUIRK_MEMORY_BOAST adds */

#define BOOTSTRAP_NUMBER 0x0010u

/* Fifteen digits, or none: a device that tells no IMEI. */
static bool imei_fits(const char *imei, size_t cap)
{
    size_t n = 0;

    while (n < cap && imei[n] >= '0' && imei[n] <= '9')
        n++;
    return (n == 0 || n == 15) && imei[n] == '\0';
}

static bool factory_fits(const struct card_factory *f)
{
    if (eid_is_zero(&f->eid) || f->scp80_kvn < 0x01 || f->scp80_kvn > 0x0F)
        return false;
    if (f->psk_kvn != 0 && (f->psk_kvn < 0x40 || f->psk_kvn > 0x4F))
        return false;
    return f->ecasd_cert.n <= CARD_CERT_MAX && imei_fits(f->imei, sizeof(f->imei));
}

static int bootstrap_add(struct card *c, const struct card_profile_data *data)
{
    struct aid a;
    struct isdp *p = NULL;
    int rc = aid_isd_p(BOOTSTRAP_NUMBER, &a);

    if (rc == ERR_OK)
        rc = isdp_add(c, &a, &p);
    if (rc != ERR_OK)
        return rc;
    p->pub.state = ISDP_ENABLED;
    p->pub.fallback = true;
    p->pub.data = *data;
    return ERR_OK;
}

static int factory_put(struct card *c, const struct card_factory *f)
{
    struct scp80_set *s = &c->scp80[0];

    c->eid = f->eid;
    memcpy(c->imei, f->imei, sizeof(c->imei));
    c->quirks = f->quirks;
    c->memory_free = f->memory_bytes;
    memcpy(c->ecasd_private, f->ecasd_private, sizeof(c->ecasd_private));
    s->kvn = f->scp80_kvn;
    memcpy(s->kic, f->kic, sizeof(s->kic));
    memcpy(s->kid, f->kid, sizeof(s->kid));
    memcpy(s->dek, f->dek, sizeof(s->dek));
    c->n_scp80 = 1;
    c->notify_kvn = f->scp80_kvn;
    c->notification.seq = f->notified;
    if (f->psk_kvn != 0) {
        c->psk[0] = (struct psk_set){.kvn = f->psk_kvn, .kid = f->psk_kid};
        memcpy(c->psk[0].psk, f->psk, sizeof(c->psk[0].psk));
        c->n_psk = 1;
    }
    if (f->ecasd_cert.n > 0) {
        c->ecasd_cert = malloc(f->ecasd_cert.n);
        if (!c->ecasd_cert)
            return ERR_NOMEM;
        memcpy(c->ecasd_cert, f->ecasd_cert.p, f->ecasd_cert.n);
        c->ecasd_cert_len = (uint8_t)f->ecasd_cert.n;
    }
    return f->has_bootstrap ? bootstrap_add(c, &f->bootstrap) : ERR_OK;
}

int card_new(const struct card_world *w, const struct card_factory *f, struct card **ret)
{
    struct card *c;
    int rc;

    *ret = NULL;
    if (!factory_fits(f))
        return ERR_INVAL;
    c = calloc(1, sizeof(*c));
    if (!c)
        return ERR_NOMEM;
    c->w = w;
    c->smsr = w->smsr_address;
    rc = factory_put(c, f);
    if (rc != ERR_OK) {
        card_free(c);
        return rc;
    }
    *ret = c;
    return ERR_OK;
}

void card_free(struct card *c)
{
    if (!c)
        return;
    (void)https_drop(c);
    (void)link_drop(c);
    held_por_free(c);
    packet_contexts_drop(c);
    sms_rx_free(c->rx);
    if (c->isdps)
        mem_wipe(c->isdps, c->n_isdps * sizeof(*c->isdps));
    free(c->isdps);
    free(c->ecasd_cert);
    free(c->rows);
    mem_wipe(c, sizeof(*c));
    free(c);
}

const struct eid *card_eid(const struct card *c)
{
    return &c->eid;
}

unsigned card_isdp_count(const struct card *c)
{
    return c->n_isdps;
}

const struct card_isdp *card_isdp_at(const struct card *c, unsigned i)
{
    return i < c->n_isdps ? &c->isdps[i].pub : NULL;
}

const struct card_isdp *card_enabled(const struct card *c)
{
    const struct isdp *p = isdp_enabled(c);

    return p ? &p->pub : NULL;
}

uint32_t card_memory_told(const struct card *c)
{
    return c->memory_free + (c->quirks & QUIRK_MEMORY_BOAST ? BOAST : 0);
}

uint32_t card_memory_free(const struct card *c)
{
    return c->memory_free;
}

uint64_t card_version(const struct card *c)
{
    return c->version;
}

uint32_t card_silent_count(const struct card *c)
{
    return c->silent;
}
