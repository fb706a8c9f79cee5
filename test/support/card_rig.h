/* SPDX-License-Identifier: Apache-2.0 */
/* The world around one simulated card, for its tests: the keys of an EUM, a CI, an SM-DP and an
 * SM-SR that speaks SCP80 and SCP81 with common/ alone. After each call the rig takes the ledger
 * rows, writes the card's image, reads it back and compares, and checks what must always hold. A
 * test that uses it names remora_test_support first in its Links line. */
#pragma once

#include "common/bearer/sms_rx.h"
#include "common/crypto/ecka.h"
#include "common/crypto/scp03t.h"
#include "common/crypto/scp80.h"
#include "tools/euiccsim/card/card.h"

#define RIG_PDUS 64u
#define RIG_ROWS 256
#define RIG_SMS 48
#define RIG_SMSR "491710000001"    /* where notifications go, and where commands come from */

struct rig_sms {
    struct msisdn to;
    uint8_t n, ud[140];
};
struct rig_por {                   /* what came back for the last packet */
    bool got;
    bool refresh_behind;           /* CARD_REFRESH stood behind it in the list */
    uint8_t status;
    size_t n;
    uint8_t data[PACKET_MAX];
};
struct rig_note {                  /* a default notification */
    uint8_t type;
    uint16_t seq;
    struct aid aid;
    struct eid eid;
    uint8_t imei[8];
};
struct rig {
    struct rng rng;
    struct crypto *crypto;
    struct card_world world;
    struct card_factory factory;
    struct key *ci, *dp, *sr;      /* private keys */
    uint8_t ci_point[EC_POINT_LEN], ecasd_point[EC_POINT_LEN];
    uint8_t dp_cert[256], sr_cert[256], ecasd_cert[256];
    size_t dp_cert_n, sr_cert_n, ecasd_cert_n;
    struct key *kic, *kid;         /* of the card's first SCP80 set */
    struct card *card;
    struct arena arena;
    struct card_actions out;       /* of the last call */
    int64_t now;
    uint64_t counter;
    uint8_t kvn;                   /* of the key set it speaks with */
    uint8_t spi1, spi2;            /* 16 39 unless a test says otherwise */
    struct rig_por por;
    struct rig_sms sms[RIG_SMS];   /* all SMS of the last call or packet */
    unsigned n_sms;
    bool refresh, opened, closed;  /* what else the last call asked for */
    bool udp_opened, udp_closed;
    struct rig_pdu {
        size_t n;
        uint8_t b[1024];
    } pdu[RIG_PDUS];               /* datagrams the card sent and nobody took */
    unsigned n_pdus;
    struct buf stream;             /* stream octets the card sent and nobody took */
    struct card_ledger_row row[RIG_ROWS];
    unsigned n_rows;
    bool unsound;                  /* the rig put the card into a state of its own making */
};

/* A card with an enabled fall-back bootstrap in ISD-P 0010 and 1 MiB of memory; nothing
 * attached. */
void rig_init(struct rig *r, uint32_t quirks);
void rig_fini(struct rig *r);
void rig_card_new(struct rig *r);  /* anew from r->factory */
/* cmocka set-up of a card without quirks, as it comes; of one that is attached and its first notification
 * confirmed; tear-down of both. */
int rig_setup_new(void **state);
int rig_setup(void **state);
int rig_teardown(void **state);
/* Row of the ledger so far, counted from the last one (0) back. */
const struct card_ledger_row *rig_row(const struct rig *r, unsigned back);
/* Power off, image to disk, image from disk, power on: of the old card nothing but its image stays.
 * rig_power cycles the card in place; what power must take away is tested with both. */
void rig_reboot(struct rig *r);

void rig_attach(struct rig *r, bool ok);
void rig_power(struct rig *r);
/* To the card's next timer, and lets it fire; false when there is none. */
bool rig_timer(struct rig *r);
void rig_stream(struct rig *r, struct span bytes);
void rig_stream_opened(struct rig *r, bool ok);
void rig_stream_closed(struct rig *r);
void rig_udp_opened(struct rig *r, bool ok);
void rig_datagram(struct rig *r, struct span pdu);
void rig_udp_closed(struct rig *r);
void rig_sms_sent(struct rig *r, bool ok);

/* A packet for this TAR under the next counter; then its way to the card and back into r->por. */
struct span rig_wrap(struct rig *r, uint32_t tar, struct span data, uint8_t room[PACKET_MAX]);
void rig_packet(struct rig *r, struct span packet);
void rig_script(struct rig *r, uint32_t tar, struct span script);
/* One C-APDU to the ISD-R in an AA script: its status word; data of the answer in *ret (may be
 * NULL) is valid until the next packet. Fails when there is no PoR 00 with exactly one R-APDU. */
uint16_t rig_apdu(struct rig *r, struct span capdu, struct span *ret);
uint16_t rig_hex(struct rig *r, const char *capdu, struct span *ret);

/* The commands by name; number is the ISD-P's. */
uint16_t rig_create(struct rig *r, uint16_t number, uint32_t quota);
uint16_t rig_enable(struct rig *r, uint16_t number);
uint16_t rig_disable(struct rig *r, uint16_t number);
uint16_t rig_set_fallback(struct rig *r, uint16_t number);
uint16_t rig_delete(struct rig *r, uint16_t number);
uint16_t rig_confirm(struct rig *r, uint16_t seq, struct span *ret);
/* The one notification among the SMS of the last call. */
bool rig_note(struct rig *r, struct rig_note *ret);
/* The device attaches, the card tells, and what it tells is confirmed; its sequence number. */
uint16_t rig_confirmed(struct rig *r);
enum sms_kind rig_kind(struct span tp_ud);
/* A chained script for a TAR: one element, whose answer comes back raw; one or two C-APDUs for the
 * ISD-R, whose answer is left in por. */
struct span rig_element(struct rig *r, uint32_t tar, uint8_t how, struct span tlv);
void rig_chained(struct rig *r, uint8_t how, struct span a, struct span b);

/* What an SM-DP does. All three build bytes only. */
struct rig_keys {                  /* the ISD-P's key set as the SM-DP knows it */
    struct scp03_keys scp03;
    uint8_t receipt[16];
};
void rig_keys_fini(struct rig_keys *k);
size_t rig_perso_apdu(uint16_t number, uint8_t *dst, size_t cap);
size_t rig_cert_apdu(struct span cert, uint8_t *dst, size_t cap);
/* STORE DATA 3A02 under this challenge, and the keys that follow from it. */
size_t rig_keyset_apdu(struct rig *r, struct key *signer, const struct ecka_crt *crt,
                       struct span rc, bool bare_point, struct rig_keys *keys, uint8_t *dst,
                       size_t cap);
/* A personalised package of the built-in template. */
void rig_package(uint16_t number, uint8_t pol1, size_t size, struct buf *out);
void rig_package_of(const struct iccid *iccid, uint16_t number, uint8_t pol1, size_t size, struct buf *out);
void rig_imsi(uint16_t number, struct imsi *ret);
void rig_secrets(uint16_t number, uint8_t k[16], uint8_t opc[16]);

/* Everything by SMS: creates, personalises and loads ISD-P number, which ends DISABLED. */
void rig_install(struct rig *r, uint16_t number, uint8_t pol1);
void rig_personalise(struct rig *r, uint16_t number, struct rig_keys *ret);
/* Runs a load in SMS scripts and gives the PEStatus, or 0xFF when it ended otherwise. */
uint8_t rig_load(struct rig *r, uint16_t number, const struct rig_keys *keys, struct span package);

/* Witness. */
const struct card_isdp *rig_isdp(const struct rig *r, uint16_t number);
unsigned rig_state(const struct rig *r, uint16_t number);     /* 0: not there */
uint16_t rig_enabled(const struct rig *r);                    /* 0: none */
