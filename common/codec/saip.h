/* SPDX-License-Identifier: Apache-2.0 */
/* SAIP (TCA interoperable profile package): a sequence of DER profile elements, walked and edited
 * by tag path only; no ASN.1 schema. Field tags are listed in saip.c and saip_map.c with the
 * element they stand in. Four layers: saip_next (elements) < saip_locate (where each item stands) <
 * saip_read (values) and saip_edit (replace values, all enclosing lengths follow). */
#pragma once

#include "common/base/bytes.h"
#include "common/base/err.h"
#include "common/base/ids.h"
#include "common/base/mem.h"

/* --- elements --- */

/* ProfileElement choice numbers that the house looks into; saip_pe_name knows them all. */
enum saip_pe_tag {
    SAIP_PE_HEADER = 0,
    SAIP_PE_GFM = 1,
    SAIP_PE_PIN = 2,
    SAIP_PE_PUK = 3,
    SAIP_PE_AKA = 4,
    SAIP_PE_SD = 6,
    SAIP_PE_RFM = 7,
    SAIP_PE_APPLICATION = 8,
    SAIP_PE_END = 10,
    SAIP_PE_MF = 16,
    SAIP_PE_USIM = 19,
    SAIP_PE_OPT_USIM = 20,
    SAIP_PE_ISIM = 21,
};
#define SAIP_PE_TAGS      34
#define SAIP_ELEMENTS_MAX 512

struct saip_pe {
    uint32_t tag;     /* choice number, 0 = header */
    const char *name; /* "header", "usim", "akaParameter", "end"; "unknown" */
    struct span raw;  /* whole element */
    struct span value;
    uint32_t identification; /* PE header identification; 0 when the element has none */
};
/* ERR_NOT_FOUND at the end; ERR_FORMAT when the next TLV is no profile element. */
MUST_CHECK int saip_next(struct reader *r, struct saip_pe *ret);
const char *saip_pe_name(uint32_t tag);
/* Elements in order header..end, exactly one header first and one end last. */
MUST_CHECK int saip_check(struct span package, unsigned *ret_elements, struct errmsg *why);

/* --- where things stand --- */

enum saip_ef {
    SAIP_EF_ICCID,  /* mf [4], 2FE2 */
    SAIP_EF_IMSI,   /* usim [3], 6F07 */
    SAIP_EF_SMSP,   /* usim [11], 6F42 */
    SAIP_EF_ACC,    /* usim [18], 6F78 */
    SAIP_EF_AD,     /* usim [21], 6FAD */
    SAIP_EF_MSISDN, /* opt-usim [7], 6F40 */
    SAIP_EF_IMPI,   /* isim [3], 6F02 */
    SAIP_EF_COUNT
};

/* One File of a template element: a list of FCP, fill offsets and fill contents. */
struct saip_file {
    struct span raw;     /* whole field; p NULL: the template has no such file */
    struct span fcp;     /* fileDescriptor [1], whole; absent: the eUICC's own default */
    uint16_t fid;        /* fileID of the FCP; 0 not stated */
    uint16_t record_len; /* TS 102 222 descriptor octets 3..4; 0: no records or not stated */
    uint32_t size;       /* efFileSize; 0 not stated */
    unsigned fills;      /* fillFileContent fields */
    uint32_t held;       /* octets in them */
    bool absent;         /* doNotCreate */
    uint8_t descriptor;  /* first octet of the fileDescriptor; 0 not stated */
    struct span df_name; /* AID of an ADF */
    struct span link;    /* linkPath */
};

/* A value with the TLVs of its neighbourhood, all views into the package. */
struct saip_code_at { /* one PINConfiguration or PUKConfiguration */
    uint8_t key_ref;
    uint8_t unblock_ref;
    struct span value; /* whole TLV [1] of 8 octets */
};
struct saip_aka_at {      /* one akaParameter with algoParameter */
    uint8_t algorithm;    /* 1 Milenage, 2 TUAK, 3 usim-test */
    struct span key, opc; /* whole TLVs [2] and [3] */
};
struct saip_key_at {        /* one KeyObject of a securityDomain */
    uint8_t sd;             /* 0 = first securityDomain: the MNO-SD */
    uint8_t kvn, kid, type; /* type of the first component, GP coding: 80..84 DES, 88 AES */
    uint8_t components;
    struct span data; /* whole TLV keyData [6] of the first component */
};
enum saip_msl_place {               /* the five places where a minimum security level stands */
                      SAIP_MSL_RFM, /* rfm minimumSecurityLevel [1] */
                      SAIP_MSL_SD_TOOLKIT,  /* securityDomain, applicationParameters EA/80 (TS 102
                                               226) */
                      SAIP_MSL_SD_SIM,      /* securityDomain, systemSpecificParameters EF/CA */
                      SAIP_MSL_APP_TOOLKIT, /* application, EA/80 */
                      SAIP_MSL_APP_SIM,     /* application, EF/CA */
};
struct saip_msl {
    uint8_t place;
    uint8_t value;           /* SPI1 coding (TS 102 225); 00 when the field states no level */
    uint32_t identification; /* of the element */
};

/* A TAR under which something on the card takes secured packets (TS 101 220). */
struct saip_tar {
    uint8_t tar[3];
    uint8_t level; /* what it demands of them, as in struct saip_msl */
    uint32_t identification;
};

#define SAIP_PINS 26
#define SAIP_PUKS 16
#define SAIP_AKAS 8
#define SAIP_KEYS 32
#define SAIP_MSLS 64
#define SAIP_TARS 64

struct saip_map {
    struct span package;
    unsigned n_elements;
    uint8_t count[SAIP_PE_TAGS]; /* elements of each choice number, saturating */
    bool same_identification;    /* two elements share a number */
    uint8_t version_major, version_minor;
    /* header fields, whole TLVs; minor is the anchor for a type that is not there yet */
    struct span minor, type, iccid, pol, services, gfste, connectivity;
    struct saip_file ef[SAIP_EF_COUNT];
    struct saip_code_at pin[SAIP_PINS];
    unsigned n_pin;
    struct saip_code_at puk[SAIP_PUKS];
    unsigned n_puk;
    struct saip_aka_at aka[SAIP_AKAS];
    unsigned n_aka;
    struct saip_key_at key[SAIP_KEYS];
    unsigned n_key;
    struct saip_msl msl[SAIP_MSLS];
    unsigned n_msl;
    struct saip_tar tar[SAIP_TARS];
    unsigned n_tar;
    uint32_t memory; /* octets of files, load blocks and keys: see saip_map.c */
    const uint8_t *at; /* what is being read: the place of a mistake */
};
/* Includes saip_check. ERR_FORMAT, ERR_TRUNCATED, ERR_TOO_LARGE (a bound above); why names the
 * element. Values are not judged here. */
MUST_CHECK int saip_locate(struct span package, struct saip_map *ret, struct errmsg *why);
/* The same walk; fn is called behind each element, when the map holds what the element brought. An
 * error of fn ends the walk. */
struct saip_walk {
    struct saip_map *map;
    const struct saip_pe *pe;
    struct errmsg *why;
};
typedef int saip_element_fn(void *ctx, const struct saip_walk *w);
MUST_CHECK int saip_each(struct span package, struct saip_map *ret, saip_element_fn *fn, void *ctx,
                         struct errmsg *why);
/* One File: the whole field. On an error ret_at is where it stands. */
MUST_CHECK int saip_file_get(struct span raw, struct saip_file *ret, const uint8_t **ret_at);
/* The same of a bare FCP. */
MUST_CHECK int saip_fcp_get(struct span fcp, struct saip_file *ret);
/* Name and usual file id of field [n] of a template element; "" and 0: not known. */
#define SAIP_NAME 32
void saip_file_name(uint32_t pe_tag, uint32_t field, char dst[SAIP_NAME], uint16_t *ret_fid);
/* Service n of eUICC-Mandatory-services; NULL behind the last one known. */
#define SAIP_SERVICES 30
const char *saip_service_name(unsigned service);
/* Bits of the services a package demands; ret_unknown: how many more it demands that have no name
 * here. ERR_FORMAT. */
MUST_CHECK int saip_services(struct span services, uint32_t *ret_bits, unsigned *ret_unknown);
/* The file as the card will hold it from its first octet: fills in order, gaps FF (a fill offset is
 * counted from the end of the previous fill). ERR_TOO_LARGE beyond cap. */
MUST_CHECK int saip_file_content(const struct saip_file *f, uint8_t *dst, size_t cap,
                                 size_t *ret_n);

/* Value of one whole TLV as the map points at it; absent for an absent field. */
struct span saip_value(struct span raw);

/* --- values --- */

/* What a card keeps of a package, and what personalisation sets. Zero-length / empty = not there.
 */
struct saip_pin {
    uint8_t key_ref;
    uint8_t value[8];
    uint8_t unblock_ref;
};
struct saip_puk {
    uint8_t key_ref;
    uint8_t value[8];
};
/* n is 0 when the key is longer than value (RSA, ECC): such keys stay in the package only. */
struct saip_ota_key {
    uint8_t kvn;
    uint8_t kid;
    uint8_t type;
    uint8_t n;
    uint8_t value[32];
    uint8_t sd;
};
struct saip_profile {
    uint8_t version_major, version_minor;
    char profile_type[64];
    struct iccid iccid_header, iccid_ef;
    uint8_t pol; /* POL1, ProfileHeader field pol [4]; 0 when absent */
    bool has_pol;
    uint8_t connectivity[256]; /* ProfileHeader connectivityParameters as carried */
    size_t connectivity_len;
    struct imsi imsi;
    uint8_t acc[2];
    bool has_acc;
    uint8_t ad[8];
    size_t ad_len;     /* EF-AD content; octet 4 is the MNC length */
    uint8_t smsp[255]; /* first record of EF-SMSP */
    size_t smsp_len;
    struct msisdn smsc; /* TS-Service-Centre-Address in it; empty when none */
    struct msisdn msisdn;
    uint8_t k[16], opc[16]; /* secrets: wipe after use */
    bool has_k, has_opc;
    uint8_t algorithm; /* 1 Milenage, 2 TUAK, 3 usim-test */
    struct saip_pin pin[SAIP_PINS];
    unsigned n_pin;
    struct saip_puk puk[SAIP_PUKS];
    unsigned n_puk;
    struct saip_ota_key ota[SAIP_KEYS];
    unsigned n_ota;
    uint8_t min_msl;     /* lowest minimumSecurityLevel met; FF when none */
    unsigned n_des_keys; /* keys of GP types 80..84 */
    unsigned n_elements;
};
/* Walks the whole package; recursion and counts bounded. why names the element that is wrong. */
MUST_CHECK int saip_read(struct span package, struct saip_profile *ret, struct errmsg *why);

/* Codings of single files. All readers answer ERR_FORMAT on bytes that are no such value. */
void saip_iccid_put(const struct iccid *i, uint8_t dst[10]); /* header: BCD not swapped, F padded */
MUST_CHECK int saip_iccid_get(struct span s, struct iccid *ret);
void saip_imsi_put(const struct imsi *i, uint8_t dst[9]); /* EF-IMSI, TS 31.102 4.2.2 */
MUST_CHECK int saip_imsi_get(struct span s, struct imsi *ret);
/* Address of TS 24.011 8.2.5: TON/NPI 91 and swapped digits, without its length octet; at most 9
 * octets. An empty number writes nothing. */
void saip_address_put(struct writer *w, const struct msisdn *m);
MUST_CHECK int saip_address_get(struct span s, struct msisdn *ret);
/* Service centre in an EF-SMSP record (28 octets after the alpha identifier, TS 31.102 4.2.27).
 * ERR_INVAL when the record is shorter than 28 octets. */
MUST_CHECK int saip_smsp_put(uint8_t *record, size_t n, const struct msisdn *smsc);
MUST_CHECK int saip_smsp_get(struct span record, struct msisdn *ret);
/* Number in an EF-MSISDN record (14 octets after the alpha identifier, TS 31.102 4.2.26). */
MUST_CHECK int saip_msisdn_put(uint8_t *record, size_t n, const struct msisdn *m);
MUST_CHECK int saip_msisdn_get(struct span record, struct msisdn *ret);

/* --- editing --- */

#define SAIP_EDITS      96
#define SAIP_EDIT_BYTES 8192
struct saip_edit {
    uint32_t at, n;     /* the TLV of the package this is about */
    uint32_t from, len; /* new TLVs in bytes[] */
    bool after;         /* insert behind that TLV instead of replacing it */
};
/* Collects edits of one package; the package must outlive it. Holds secrets: always _fini. */
struct saip_editor {
    struct span package;
    unsigned n;
    int failed; /* first error, sticky: callers check saip_edit_build alone */
    uint32_t used;
    struct saip_edit edit[SAIP_EDITS];
    uint8_t bytes[SAIP_EDIT_BYTES];
};
void saip_edit_init(struct saip_editor *e, struct span package);
void saip_edit_fini(struct saip_editor *e);
/* old is a whole TLV as saip_map points at it; new_tlvs takes its place, {.., 0} deletes it. */
void saip_edit_replace(struct saip_editor *e, struct span old, struct span new_tlvs);
/* Same tag, other value. */
void saip_edit_value(struct saip_editor *e, struct span old, struct span value);
void saip_edit_after(struct saip_editor *e, struct span anchor, struct span new_tlvs);
/* The file shall hold exactly content: one fill instead of all fills, the FCP untouched. */
void saip_edit_file(struct saip_editor *e, const struct saip_file *f, struct span content);
/* Rebuilds the package with every enclosing DER length right and appends it to out. ERR_STATE: one
 * edit inside what another replaces, or two replacements of one TLV; ERR_INVAL: an edit that stands
 * on no TLV border; ERR_TOO_LARGE, ERR_NOMEM. */
MUST_CHECK int saip_edit_build(struct saip_editor *e, struct buf *out);

/* --- the card's answer --- */

#define SAIP_STATUS_MAX 8
struct saip_status {
    uint16_t status; /* 0 ok, 1..11, 31; 6xxx and 9xxx are ISO 7816 status words */
    bool has_identification;
    uint16_t identification; /* of the element that failed */
    bool has_additional;
    uint8_t additional;
    bool has_offset;
    uint32_t offset;
};
struct saip_response {
    unsigned n;
    struct saip_status pe[SAIP_STATUS_MAX];
    bool aborted;     /* profileInstallationAborted */
    char message[65]; /* statusMessage; empty when absent */
};
const char *saip_status_text(uint16_t status); /* "ok", "bad-values"; "proprietary", "unknown" */
/* All octets of s are one EUICCResponse (padding removed by the caller). More than SAIP_STATUS_MAX
 * statuses: ERR_TOO_LARGE. */
MUST_CHECK int saip_response_read(struct span s, struct saip_response *ret);
void saip_response_put(struct writer *w, const struct saip_response *r);
/* Installed: at least one status, all of them ok, not aborted. */
bool saip_response_ok(const struct saip_response *r);
