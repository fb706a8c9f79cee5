/* SPDX-License-Identifier: Apache-2.0 */
/* ES5, SM-SR to ISD-R: one file per card function (SGP.02 4.1.1; facts: sgp02 section 6). Each
 * writes its C-APDUs as a finished expanded script and reads the answer to it; pure. */
#pragma once

#include "common/codec/apdu.h"
#include "common/codec/push.h"
#include "common/codec/script.h"
#include "common/crypto/keyset.h"
#include "smsr/domain/env.h"
#include "smsr/domain/euicc.h"

/* First R-APDU of a response script. sw 0: the script itself was refused (90 xx) or empty. */
struct es5_answer {
    uint16_t sw;
    struct span data;          /* R-APDU without SW */
    uint8_t bad_format;        /* value of a 90 01 xx, 0 = none */
};
MUST_CHECK int es5_answer_read(struct span response, struct es5_answer *ret);
/* A script of this one C-APDU. */
void es5_put_apdu(struct writer *w, enum script_form form, const struct apdu_cmd *c);

/* 80E60C00: EIS load file and module, ISD-P AID, privileges 80C000, C9 = SCP03 i 70, quota when >
 * 0. */
void es5_create_isdp(struct writer *w, enum script_form form, const struct euicc *e,
                     const struct aid *isd_p, uint32_t memory);
/* 80E28800 15 3A03 / 3A04: 9000 is not the end, the notification is. */
void es5_enable_profile(struct writer *w, enum script_form form, const struct aid *isd_p);
void es5_disable_profile(struct writer *w, enum script_form form, const struct aid *isd_p);
/* 80E28800 15 3A05 .. 00: 9000 is the end. */
void es5_set_fallback(struct writer *w, enum script_form form, const struct aid *isd_p);
/* Who holds it: GET STATUS of that ISD-P without a tag list, since 53 is told in no other form (facts: sgp02
 * 6.5). ERR_FORMAT: the answer does not tell. One that is not there holds nothing. */
void es5_fallback_ask(struct writer *w, enum script_form form, const struct aid *isd_p);
MUST_CHECK int es5_fallback_read(struct span response, const struct aid *isd_p, bool *ret_holds);
/* 80E40040 12 4F10: 9000, or 6A88 when it is gone already. */
void es5_delete_profile(struct writer *w, enum script_form form, const struct aid *isd_p);

/* GET STATUS of all ISD-Ps and GET DATA FF21 in one script (eUICCCapabilityAudit). known: ISD-Ps of
 * the EIS; where they may not fit into one answer the rest is asked for in the same script. */
void es5_audit(struct writer *w, enum script_form form, unsigned known);
/* The same for a card that gives its list in pages (6310), down to one ISD-P each; one that has no FF21
 * answers nothing to it, so it is asked in turn. */
void es5_audit_paged(struct writer *w, enum script_form form, unsigned known);
/* The same for one that cuts its list (62F1) and ends the script there: each ISD-P of the EIS by its name,
 * first the one that it is about, since a script ends at one that is not there. */
void es5_audit_named(struct writer *w, enum script_form form, const struct euicc *e,
                     const struct aid *first);
#define ES5_AUDIT_ROOM 640u     /* octets of any of them */
struct es5_status {
    struct event_profile isdp[EVENT_PROFILES_MAX];   /* iccid empty: the card knows AIDs */
    unsigned n;
    bool has_memory;
    uint32_t memory_free;
};
/* ERR_FORMAT when the answer is not what the script asked for, ERR_TRUNCATED when the list goes on,
 * ERR_NOT_FOUND when the ISD-P that was asked for first by name is not there and no other is told of.
 * A card that answers runs on an enabled profile: a list that shows none of them (6A88 too) does
 * not tell about the card and is ERR_FORMAT, so that nothing is believed gone because a card lists
 * in another way. */
MUST_CHECK int es5_audit_read(const struct euicc *e, struct span response, struct es5_status *ret);

/* 80E28900 07 3A08 04 4E02 seq 00; answer 80 L { 4F10 AID }* = ISD-Ps deleted because of POL1. */
void es5_confirm_notification(struct writer *w, enum script_form form, uint16_t sequence);
#define ES5_DELETED_MAX 3 /* a switch leaves one profile; the next audit finds what is beyond */
struct es5_deleted {
    struct aid aid[ES5_DELETED_MAX];
    unsigned n;
};
MUST_CHECK int es5_confirm_read(struct span rapdu_data, struct es5_deleted *ret);

/* ES3-SendData: one body from the payload at offset: C-APDUs are wrapped in 22, SCP03t TLVs go as
 * they are; cut at element borders, at most limit octets of payload unless one element alone is
 * larger. ret_next is the offset after what was taken. ERR_FORMAT: the payload is neither;
 * ERR_TOO_LARGE: an element of more than ES5_ELEMENT_MAX octets, which no card buffers. A body has
 * at most ES5_BODY_MAX(limit) octets. */
#define ES5_ELEMENT_MAX 2048u
#define ES5_BODY_MAX(limit) (2u * ((limit) + ES5_ELEMENT_MAX) + 16u)
/* Over CAT_TP every packet is a script of its own: what a card must remember between them is held
 * by script chaining (TS 102 226; facts: sgp02 10.5). NULL: a session holds it. */
struct es5_chain {
    bool begun;                    /* in: the card holds a chain; out: it does behind this script */
    bool more;                     /* another SendData follows */
};
MUST_CHECK int es5_send_data_check(struct span payload);
MUST_CHECK int es5_send_data(struct writer *w, struct span payload, size_t offset, size_t limit,
                             struct es5_chain *chain, size_t *ret_next);
/* Copies the answer's elements (23 L R-APDU, SCP03t answers: whole TLVs) behind each other and says
 * whether the card went on: false on an error SW, 9F44..9F46 or a bad format. */
MUST_CHECK int es5_send_data_read(struct span response, struct buf *out, bool *ret_ok);

/* Push trigger for a route: connection parameters, host, URI of the first POST, PSK reference. */
MUST_CHECK int es5_push_session(struct writer *w, const struct route *route, const struct euicc *e);
/* The same for this key set of SCP81, whichever the card is called with otherwise. */
MUST_CHECK int es5_push_session_under(struct writer *w, const struct route *route, uint8_t kvn, uint8_t kid);

/* The two PUSH commands of a CAT_TP link as one script. What the card has to say in its SYN is its
 * EID and half of the operation's id: a stranger who knows the EID alone cannot take its place. */
#define ES5_LINK_ID 24u
void es5_link_id(const struct eid *eid, const struct uuid *op, uint8_t ret[ES5_LINK_ID]);
MUST_CHECK int es5_push_link(struct writer *w, enum script_form form, const struct route *route,
                             const struct eid *eid, const struct uuid *op);

/* --- keysets.c: the keys of the ISD-R --- */
#define ES5_SET_KEYS_MAX 3u     /* KIc, KID, DEK; PSK, DEK */
/* PUT KEY of a whole set, in the place of old_kvn (0: of none), ciphered by the DEK of the set that the
 * command goes under (GP Card Specification 11.8, Amendment B 3.8). */
MUST_CHECK int es5_put_keys(struct writer *w, enum script_form form, struct crypto *c,
                            const struct key *dek, uint8_t old_kvn, uint8_t kvn,
                            const struct key *const *keys, unsigned n);
/* FinaliseISDRHandover: DELETE [key]; each range named stays, every other key of the ISD-R goes. */
struct es5_range {
    uint8_t kvn, first, last;
};
void es5_keep_keys(struct writer *w, enum script_form form, const struct es5_range *keep, unsigned n);
/* GET DATA 00E0: which keys there are. */
void es5_ask_keys(struct writer *w, enum script_form form);
#define ES5_KEYS_MAX 32u
struct es5_keys {
    struct {
        uint8_t kid, kvn;
    } key[ES5_KEYS_MAX];
    unsigned n;
};
/* ERR_FORMAT: the answer does not tell. */
MUST_CHECK int es5_keys_read(struct span response, struct es5_keys *ret);
bool es5_keys_has(const struct es5_keys *k, uint8_t kvn);
/* UpdateSMSRAddressingParameters: STORE DATA 3A07 { A3 { 81 number } }. */
void es5_smsr_address(struct writer *w, enum script_form form, const struct msisdn *number);

/* --- establish_keyset.c: EstablishISDRKeySet, of an SM-SR change; both scripts are one chain --- */
/* The CRT of a new SCP80 set; both SM-SRs write the same octets from its version (SGP.02 4.1.1.8). */
struct ecka_crt es5_keyset_crt(uint8_t kvn, uint8_t scenario);
#define ES5_KEYSET_SCENARIO 0x08u /* choice: no key set is deleted, no DR, no HostID */
/* The other SM-SR's certificate. ERR_TOO_LARGE. */
MUST_CHECK int es5_keyset_certificate(struct writer *w, struct span cert_7f21);
/* Its ephemeral key, signed over the challenge. */
MUST_CHECK int es5_keyset_key(struct writer *w, const struct ecka_crt *crt, struct span point,
                              enum curve curve, bool bare, struct span signature);
/* Views into the response. ERR_DENIED: an error status word; ERR_FORMAT: it does not tell. */
MUST_CHECK int es5_keyset_challenge(struct span response, struct span *ret_rc);
MUST_CHECK int es5_keyset_receipt(struct span response, struct span *ret_dr, struct span *ret_receipt);
