/* SPDX-License-Identifier: Apache-2.0 */
/* Who may do what (design law 8, 3.5): identity from the certificate, relation to the card or the
 * profile, then the state. No relation is answered exactly as an unknown EID. */
#pragma once

#include "smsr/domain/env.h"
#include "smsr/domain/euicc.h"
#include "common/msg/catalogue.h"

struct caller {
    struct oid party;
    enum party_role role;
    enum interface iface;
    struct oid mno;                /* ES3: Mno-id of the envelope */
};
/* The role may use this interface and function at all (the certificate's role and the party's
 * roles). */
bool authz_function(const struct party *p, enum party_role role, enum interface iface,
                    enum function fn);
/* The roles that may: bits 1 << ROLE_x. */
uint32_t authz_roles(enum interface iface, enum function fn);
/* The caller has a relation to the card. e NULL: ST_EID_UNKNOWN. ret_owner: the Mno-id it acts for,
 * empty for a fleet manager and on refusal (a foreign card must leave the same record as an unknown
 * one). */
enum status_code authz_card(const struct env *env, const struct caller *c, const struct euicc *e,
                            struct oid *ret_owner);
/* The caller may run fn on this profile of the card. Unknown: another owner's, or none that a
 * service provider has an authorisation for; the realm sees all and is told "not allowed". */
enum status_code authz_profile(const struct env *env, const struct caller *c, const struct euicc *e,
                               const struct euicc_profile *p, enum function fn);
/* Some PLMA of the profile's owner names the caller. */
bool authz_authorised(const struct env *env, const struct caller *c, const struct euicc_profile *p);
/* An SM-DP may create an ISD-P for this ICCID on behalf of mno. */
enum status_code authz_create(const struct env *env, const struct caller *c,
                              const struct iccid *iccid, const struct oid *mno);
/* An IMSI given to a profile of mno is of one of its networks; none given: nothing to compare. */
enum status_code authz_imsi(const struct env *env, const struct oid *mno, const struct imsi *imsi);
