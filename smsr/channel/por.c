/* SPDX-License-Identifier: Apache-2.0 */
/* Response packets of cards (TS 102 225), by SMS or over a CAT_TP link: the checksum names the
 * card, the counter names the packet. */
#include "common/crypto/scp80.h"
#include "smsr/channel/channel_int.h"
#include "smsr/domain/dialect.h"

#define ALG_AES 0x02u               /* KIc, KID low nibble: AES-CBC, CMAC (TS 102 225 5.1) */

struct scp80_keys scp80_keys_from(const struct isdr_keys *k)
{
    return (struct scp80_keys){k->kic, k->kid, k->cc_len};
}

static bool usable(const struct isdr_keys *k)
{
    return k->kic && k->kid && k->scp80_kvn >= 1 && k->scp80_kvn <= 15;
}

bool scp80_keys_at(struct channel *ch, const struct eid *eid, unsigned at, struct isdr_keys *ret)
{
    int err;

    *ret = (struct isdr_keys){0};
    if (at == 0)
        err = ch->port.keys(ch->port.ctx, eid, ret);
    else
        err = ch->port.more_keys ? ch->port.more_keys(ch->port.ctx, eid, at - 1, ret) : ERR_NOT_FOUND;
    return !err && usable(ret);
}

/* A packet's bytes stay open only under the key set that armed them. */
static bool packet_open(const struct euicc *e, uint8_t kvn, uint64_t counter)
{
    for (unsigned i = 0; i < e->n_packets; i++)
        if (e->packets[i].kvn == kvn && e->packets[i].counter == counter)
            return true;
    return false;
}

static enum por_fate por_post(struct channel *ch, const struct eid *eid, uint8_t kvn,
                              const struct msisdn *from, const struct scp80_response *por)
{
    const struct euicc *e = ch->port.euicc(ch->port.ctx, eid);
    struct input in = {.kind = IN_POR};

    if (!e || !packet_open(e, kvn, por->cntr)) {
        ch->n.por_late++;
        return POR_LATE;
    }
    in.u.por.kvn = kvn;
    in.u.por.counter = por->cntr;
    in.u.por.status = por->status;
    in.u.por.data = span_of(por->data, por->data_len);
    if (from)
        in.u.por.from = *from;
    ch->n.por_accepted++;
    channel_post(ch, eid, &in);
    return POR_ACCEPTED;
}

/* The head of what we send is fixed by the card's dialect, so the answer's protection is known
 * before it is read: a card cannot be spoken for with less. */
static enum por_fate por_under(struct channel *ch, const struct eid *eid, enum packet_dialect d,
                               uint8_t spi2, const struct isdr_keys *k, struct span packet,
                               const struct msisdn *from)
{
    const struct scp80_keys keys = scp80_keys_from(k);
    uint8_t octet = (uint8_t)((unsigned)k->scp80_kvn << 4 | ALG_AES), kvn = k->scp80_kvn;
    enum por_fate fate = POR_UNPROVEN;
    struct scp80_response por;

    if (scp80_por_unwrap(ch->crypto, &keys, d, spi2, octet, octet, packet, &por))
        return POR_FOREIGN;
    tap_response(ch, eid, d, packet, &por);
    if (por.authentic)
        fate = por_post(ch, eid, kvn, from, &por);
    else
        ch->n.por_unproven++;
    mem_wipe(&por, sizeof por);
    return fate;
}

/* A response does not name its key set: each that the card may have is tried. */
enum por_fate por_take(struct channel *ch, const struct eid *eid, enum packet_dialect d,
                       struct span packet, const struct msisdn *from)
{
    const struct euicc *e = ch->port.euicc(ch->port.ctx, eid);
    enum por_fate fate = POR_UNTRIED;
    struct isdr_keys k;
    uint8_t spi2;

    if (!e) /* one without an open packet is tried as well: a late answer is not a forged one */
        return POR_UNTRIED;
    spi2 = dialect_of(e)->spi2;
    for (unsigned at = 0; fate < POR_UNPROVEN && scp80_keys_at(ch, eid, at, &k); at++)
        fate = por_under(ch, eid, d, spi2, &k, packet, from);
    return fate;
}
