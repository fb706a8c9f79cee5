/* SPDX-License-Identifier: Apache-2.0 */
/* Inside of the card library: the durable state of a card (all of it is in image.c), what is
 * lost with power, and the functions its files share. Clauses are those of SGP.02. */
#pragma once

#include "common/codec/apdu.h"
#include "common/bearer/cattp_link.h"
#include "common/codec/gpcert.h"
#include "common/codec/push.h"
#include "common/codec/script.h"
#include "common/codec/sms.h"
#include "common/codec/tlv.h"
#include "common/crypto/ecka.h"
#include "common/crypto/scp03t.h"
#include "common/crypto/scp80.h"
#include "tools/euiccsim/card/card.h"

#define SCP80_SETS_MAX 3u
#define PSK_SETS_MAX 3u
#define RC_LEN 16u
#define KEY_TYPE_AES 0x88u /* GlobalPlatform key types */
#define KEY_TYPE_PSK 0x85u
#define PACKET_CONTEXTS 2u /* of the ISD-R, and of the ISD-P that a packet addressed last */

/* --- durable --- */

/* ISD-Ps are named by their number (AID octets 14 and 15, never below 0010) because the table moves
 * when one is added or deleted; 0 is "none", or the ISD-R where a security domain is meant. */
struct isdp {
    struct card_isdp pub;
    uint16_t number;
    uint32_t quota, used;      /* memory granted at installation (0: none), taken by the profile */
    uint64_t sqn;              /* of the USIM: highest accepted */
    uint32_t sequence;         /* SCP03 counter, of the last INITIALIZE UPDATE */
    uint8_t kvn;               /* SCP03 key set; 0 = none yet */
    uint8_t enc[16], mac[16], dek[16];
};
struct scp80_set {
    uint8_t kvn;
    uint8_t kic[16], kid[16], dek[16];
    uint64_t counter;          /* highest accepted */
};
struct psk_set {
    uint8_t kvn, kid, psk[16];
    bool has_dek;              /* its DEK has the next key identifier (GP Amendment B 3.8) */
    uint8_t dek[16];
};

/* A change of the enabled profile, from the command to its confirmation (4.1.1.2, 4.1.1.11). */
enum change_state { CHANGE_NONE, CHANGE_REFRESH, CHANGE_ATTACH, CHANGE_CONFIRM, CHANGE_BACK,
                    CHANGE_LAST, CHANGE_STATES };
enum change_kind { CHANGE_BY_ENABLE, CHANGE_BY_DISABLE, CHANGE_BY_LOSS, CHANGE_KINDS };
struct change {
    enum change_state state;
    enum change_kind kind;
    bool postponed;            /* the REFRESH waits for a power cycle */
    bool fell;                 /* the fall-back profile was enabled on the way */
    uint16_t target, previous; /* ISD-Ps: to be enabled, enabled before */
    uint16_t named;            /* ISD-P the command named: the target, or previous on disable */
    uint32_t row;              /* ledger row of the command */
    int64_t due_ms;
};

enum notification_type { NOTIFY_FIRST_ATTACH = 1, NOTIFY_CHANGED = 2, NOTIFY_ROLLED_BACK = 3,
                         NOTIFY_FALLEN_BACK = 5 };
struct notification {
    uint16_t seq;              /* of the last event */
    uint8_t type;
    uint8_t tries;
    bool open;                 /* not confirmed yet */
    int64_t due_ms;            /* next try, or the end of waiting; 0: waits for the next attach */
    bool has_confirmed;
    uint16_t confirmed_seq;
    uint16_t deleted;          /* ISD-P the confirmation deleted: answered again when repeated */
};

struct card {
    const struct card_world *w;
    struct eid eid;
    char imei[17];
    uint32_t quirks;
    struct msisdn smsr;
    struct scp80_set scp80[SCP80_SETS_MAX];
    struct psk_set psk[PSK_SETS_MAX];
    uint8_t n_scp80, n_psk;
    uint8_t notify_kvn;        /* SCP80 key set of the last accepted command */
    uint8_t ecasd_private[32];
    uint8_t ecasd_cert_len;
    uint8_t *ecasd_cert;
    uint32_t memory_free;
    uint32_t ledger_n;
    bool declared;             /* the first network attachment was told */
    struct change change;
    struct notification notification;
    int64_t loss_due_ms;       /* end of patience with a network that is gone; 0 = attached */
    uint8_t n_isdps;
    struct isdp *isdps;

    /* --- volatile --- */
    uint64_t version;
    uint32_t silent;
    unsigned power_left;       /* commands until the power fails; 0: it holds */
    uint8_t status_next;       /* GET STATUS [next occurrence]; outlives the script that began */
    uint32_t n_rows, cap_rows;
    struct card_ledger_row *rows;
    struct sms_rx *rx;
    struct https *https;
    struct push_trigger called; /* where the last session went; port 0: none yet. Not durable */
    struct link *link;
    uint32_t memory_owed;      /* QUIRK_MEMORY_LATER: free at the next reset; durable as free */
    bool link_was_cut;         /* QUIRK_LINK_CUT has struck since power came */
    struct held_por *held;
    struct context *packet_context[PACKET_CONTEXTS], *https_context;
    int64_t resend_due_ms;     /* a notification the network did not take */
};

/* State of one script session: between 3A01 and 3A02, and of an SCP03t load. Lost with power. */
struct context {
    bool chained;              /* script chaining holds it between packets (TS 102 226) */
    uint16_t sd;               /* security domain these were for */
    bool has_rc;
    uint16_t perso;            /* ISD-P under INSTALL [for personalization] */
    uint16_t certified;        /* who asked for the certificate to be verified; 0 = ISD-R */
    uint8_t rc[RC_LEN];
    uint8_t point[EC_POINT_LEN];      /* of the certificate that was verified */
    uint8_t curve;
    uint16_t loading;          /* ISD-P of the SCP03t session */
    struct scp03_session scp03;
    struct buf package;        /* plaintext of the load so far */
    size_t parsed;             /* octets of it in whole profile elements */
};

/* --- one script being executed --- */
struct exec {
    struct card *c;
    struct context *ctx;
    int64_t now_ms;
    struct card_actions *out;
    char channel;              /* 'S', 'C' or 'H' */
    uint8_t kvn;
    uint8_t kid;               /* HTTPS: of the PSK */
    uint64_t counter;
    const char *step_uri;      /* HTTPS; empty on SMS */
    uint16_t sd;               /* ISD-P the script is for; 0 = ISD-R */
    uint16_t position;         /* of the command, from 0; script chaining is none */
    bool begun;                /* an element was read */
    unsigned executed;
    bool changed_profile;      /* an enable or disable was accepted */
    struct card_ledger_row row;    /* of the command at hand */
    struct push_channel push;  /* of the command before a link is asked for */
    bool has_push;
    bool row_free;             /* it turned out to be no effect command */
    int err;                   /* first failure that is none of the card's: ends the script */
};
#define SCRIPT_ANSWER_ROOM 300u    /* most that one command answers, with its tags */

/* --- card.c, isdp.c --- */
static inline void card_touch(struct card *c)
{
    c->version++;
}
struct isdp *isdp_by_number(const struct card *c, uint16_t number);   /* NULL for 0 or unknown */
struct isdp *isdp_by_aid(const struct card *c, const struct aid *a);
struct isdp *isdp_enabled(const struct card *c);
struct isdp *isdp_fallback(const struct card *c);
MUST_CHECK int isdp_add(struct card *c, const struct aid *a, struct isdp **ret);
void isdp_remove(struct card *c, uint16_t number);   /* wipes, gives its memory back */
void isdp_reset(struct card *c);                     /* the memory that waited for it */
/* previous to Disabled and next to Enabled (3.2), either may be 0. */
void isdp_switch(struct card *c, uint16_t previous, uint16_t next);
struct scp80_set *scp80_set_find(struct card *c, uint8_t kvn);
struct psk_set *psk_set_find(struct card *c, uint8_t kvn, uint8_t kid);

/* --- actions.c --- */
MUST_CHECK int action_plain(struct card_actions *out, enum card_action_kind kind);
MUST_CHECK int action_open(struct card_actions *out, const uint8_t ipv4[4], uint16_t port);
MUST_CHECK int action_open_udp(struct card_actions *out, const uint8_t ipv4[4], uint16_t port);
MUST_CHECK int action_send(struct card_actions *out, struct span bytes);
MUST_CHECK int action_datagram(struct card_actions *out, struct span bytes);
/* Cuts a packet into TP-UDs. */
MUST_CHECK int action_sms(struct card_actions *out, const struct msisdn *to, enum sms_kind kind,
                          struct span packet, uint8_t ref);

/* --- timers.c --- */
enum card_timer_id { CARD_TIMER_ATTACH, CARD_TIMER_NOTIFY, CARD_TIMER_RESEND, CARD_TIMER_LOSS,
                     CARD_TIMER_SMS_HOLD, CARD_TIMER_HTTPS_IDLE, CARD_TIMER_HTTPS_POLL,
                     CARD_TIMER_HTTPS_RETRY,
                     CARD_TIMER_CALL_LATER, CARD_TIMERS };
int64_t timer_ms(const struct card *c, enum card_timer_id t);      /* scaled, at least 1 */

/* --- script.c, command.c --- */
/* Runs a command script and writes its response script. room of w: what the bearer carries back. */
MUST_CHECK int script_run(struct exec *x, struct span script, struct writer *w);
uint16_t command_run(struct exec *x, struct span capdu, struct writer *data);
struct context *context_get(struct context **slot);                /* NULL: no memory */
void context_drop(struct context **slot);
/* What packets to this security domain share; NULL: no memory. */
struct context *packet_context(struct card *c, uint16_t sd);
void packet_context_drop(struct card *c, uint16_t sd);
void packet_contexts_drop(struct card *c);

/* Handlers: write response data, return the status word. */
uint16_t cmd_create_isdp(struct exec *x, const struct apdu_cmd *cmd, struct writer *data);
uint16_t cmd_install_perso(struct exec *x, const struct apdu_cmd *cmd, struct writer *data);
uint16_t cmd_store_data(struct exec *x, const struct apdu_cmd *cmd, struct writer *data);
uint16_t cmd_delete(struct exec *x, const struct apdu_cmd *cmd, struct writer *data);
uint16_t cmd_delete_keys(struct exec *x, const struct apdu_cmd *cmd, struct writer *data);
uint16_t cmd_put_key(struct exec *x, const struct apdu_cmd *cmd, struct writer *data);
uint16_t cmd_get_status(struct exec *x, const struct apdu_cmd *cmd, struct writer *data);
uint16_t cmd_get_data(struct exec *x, const struct apdu_cmd *cmd, struct writer *data);
uint16_t cmd_push_channel(struct exec *x, const struct apdu_cmd *cmd, struct writer *data);
uint16_t cmd_push_link(struct exec *x, const struct apdu_cmd *cmd, struct writer *data);
/* STORE DATA by DGI: dgi is its value, rest what follows the DGI in the command. */
uint16_t store_certificate(struct exec *x, struct span dgi, struct span rest, struct writer *data);
uint16_t store_keyset(struct exec *x, struct span dgi, struct span rest, struct writer *data);
uint16_t store_enable(struct exec *x, struct span dgi, struct span rest, struct writer *data);
uint16_t store_disable(struct exec *x, struct span dgi, struct span rest, struct writer *data);
uint16_t store_fallback(struct exec *x, struct span dgi, struct span rest, struct writer *data);
uint16_t store_addressing(struct exec *x, struct span dgi, struct span rest, struct writer *data);
uint16_t store_confirmation(struct exec *x, struct span dgi, struct span rest,
                            struct writer *data);
/* The one ISD-P AID in 4F 10; SW_OK, SW_DATA or SW_NOT_FOUND with *ret NULL. Names it in the
 * row. */
uint16_t exec_isdp(struct exec *x, struct span tlv, struct isdp **ret);

#define SW_OK 0x9000u
#define SW_MORE 0x6310u
#define SW_TRUNCATED 0x62F1u
#define SW_MEMORY 0x6581u
#define SW_LENGTH 0x6700u
#define SW_CHANNEL 0x6881u
#define SW_MESSAGING 0x6882u
#define SW_FILE_KIND 0x6981u
#define SW_SECURITY 0x6982u
#define SW_CONDITIONS 0x6985u
#define SW_NO_EF 0x6986u
#define SW_POL1 0x69E1u
#define SW_DATA 0x6A80u
#define SW_NO_FILE 0x6A82u
#define SW_NO_RECORD 0x6A83u
#define SW_FULL 0x6A84u
#define SW_P1P2 0x6A86u
#define SW_NOT_FOUND 0x6A88u
#define SW_OFFSET 0x6B00u
#define SW_INS 0x6D00u
#define SW_CLA 0x6E00u
#define SW_ALGORITHM 0x9484u
#define SW_KCV 0x9485u

/* --- get_data.c --- */
/* GET DATA of the ISD-R; data: of the command. */
uint16_t get_data(const struct card *c, uint16_t tag, struct span list, struct writer *data);

/* --- files.c: the files of a profile, as a terminal sees them --- */
#define FID_MF 0x3F00u
#define FID_ADF 0x7FFFu            /* the application that was selected by its AID */
#define FILE_ROOM 40u
extern const struct aid AID_USIM;
struct file {
    uint16_t df, fid;
    uint8_t sfi;
    bool records;                  /* linear fixed with one record; else transparent */
    size_t (*content)(const struct isdp *p, uint8_t dst[FILE_ROOM]);   /* 0: the profile has none */
};
const struct file *file_by_fid(uint16_t df, uint16_t fid);     /* NULL: no such file */
const struct file *file_by_sfi(uint16_t df, uint8_t sfi);
/* File control parameters (TS 102 221 11.1.1.3); of an EF, or of a DF when f is NULL. */
void file_fcp(const struct isdp *p, uint16_t df, const struct file *f, struct writer *w);

/* --- load_profile.c: SCP03t elements of a script for an ISD-P --- */
/* False: the element is an error answer and the script stops. */
bool load_element(struct exec *x, const struct script_item *item, struct writer *w);

/* --- pol1.c (facts: sgp02 4.2, 4.3) --- */
#define POL1_NO_DISABLE 0x01u
#define POL1_NO_DELETE 0x02u
#define POL1_AUTO_DELETE 0x04u
bool pol1_forbids(const struct isdp *p, uint8_t bit);
/* Deletes the profile that was disabled when its POL1 says so; number of what is gone, or 0. */
uint16_t pol1_auto_delete(struct exec *x, uint16_t number);

/* --- rollback.c --- */
enum change_event { CHANGE_EV_REFRESH, CHANGE_EV_ATTACHED, CHANGE_EV_TIMEOUT, CHANGE_EV_CONFIRMED,
                    CHANGE_EV_UNCONFIRMED, CHANGE_EVENTS };
/* The command was accepted: states are switched, the REFRESH is still to come. */
void change_begin(struct exec *x, enum change_kind kind, uint16_t named, uint16_t previous,
                  uint16_t target);
MUST_CHECK int change_event(struct card *c, enum change_event ev, int64_t now_ms,
                            struct card_actions *out);
/* UICC reset: open sessions end, the device attaches anew, the change waits for it in this
 * state. */
MUST_CHECK int change_refresh(struct card *c, enum change_state next, int64_t now_ms,
                              struct card_actions *out);
/* --- fallback.c --- */
/* Nothing else has a network: enables the fall-back profile and waits as long as it takes. */
MUST_CHECK int fallback_enable(struct card *c, int64_t now_ms, struct card_actions *out);
void fallback_network(struct card *c, bool attached, int64_t now_ms);
MUST_CHECK int fallback_timer(struct card *c, int64_t now_ms, struct card_actions *out);

/* --- notification.c --- */
MUST_CHECK int notification_start(struct card *c, enum notification_type type, int64_t now_ms,
                                  struct card_actions *out);
void notification_reboot(struct card *c);
MUST_CHECK int notification_attached(struct card *c, int64_t now_ms, struct card_actions *out);
MUST_CHECK int notification_timer(struct card *c, int64_t now_ms, struct card_actions *out);
MUST_CHECK int notification_put(const struct card *c, struct writer *w);     /* the E1 TLV */

/* --- secured.c --- */
/* One SCP80 packet; from is NULL over a link. */
MUST_CHECK int secured_in(struct card *c, enum packet_dialect d, const struct msisdn *from,
                          struct span packet, int64_t now_ms, struct card_actions *out);

/* --- sms_channel.c --- */
MUST_CHECK int sms_por(struct card *c, const struct msisdn *to, struct span packet, uint64_t counter,
                       bool changed, struct card_actions *out);
/* After an attach: a PoR that this quirk held back leaves now. */
MUST_CHECK int held_por_release(struct card *c, uint32_t quirk, struct card_actions *out);
void held_por_free(struct card *c);

/* --- https_channel.c, https_session.c --- */
/* ERR_FORMAT, ERR_NOT_FOUND: no session comes of it. */
MUST_CHECK int https_trigger(struct card *c, struct span data, int64_t now_ms,
                             struct card_actions *out);
MUST_CHECK int https_timer(struct card *c, int64_t now_ms, struct card_actions *out);
int64_t https_due(const struct card *c);
/* Ends session and script state without a word (power, reset); true when a stream was open. */
bool https_drop(struct card *c);

/* --- link_channel.c --- */
/* Asks the device for a UDP channel; a link that stands ends first. */
MUST_CHECK int link_open(struct card *c, const struct push_channel *channel,
                         const struct push_link *l, int64_t now_ms, struct card_actions *out);
/* A response over the link that brought the command. */
MUST_CHECK int link_por(struct card *c, struct span packet);
MUST_CHECK int link_timer(struct card *c, int64_t now_ms, struct card_actions *out);
int64_t link_due(const struct card *c);
/* Ends it without a word (power, reset); true when the device has a channel for it. */
bool link_drop(struct card *c);

/* --- ecasd.c --- */
/* CERT.DP or CERT.SR under one of the CI points; ERR_FORMAT, ERR_AUTH. A card has no clock:
 * dates are not checked. */
MUST_CHECK int ecasd_verify(const struct card *c, struct span cert_7f21, enum gpcert_role role,
                            struct gpcert *ret);
MUST_CHECK int ecasd_agree(const struct card *c, struct span ephemeral, const struct ecka_crt *crt,
                           struct span dr, struct ecka_keys *ret);

/* --- ledger.c --- */
void ledger_open(struct exec *x, const struct apdu_cmd *cmd);
void ledger_about(struct exec *x, const struct aid *a);      /* names the ISD-P, notes its state */
void ledger_close(struct exec *x, uint16_t sw);              /* writes the row */
uint8_t ledger_state(const struct card *c, const struct aid *a);
/* What the card did by itself to this ISD-P: state_after is read now. */
MUST_CHECK int ledger_own(struct card *c, enum card_cause cause, const struct aid *a,
                          uint8_t state_before, uint32_t undoes);
MUST_CHECK int ledger_tell(struct card *c, struct card_actions *out);
