/* SPDX-License-Identifier: Apache-2.0 */
/* The two JSON files of a world: what everybody may know, and how it must end. Texts are digits,
 * OIDs and words of ours, so nothing needs escaping but the transport key's id and the profile
 * type, which the order checks. */
#include "tools/euiccsim/world_int.h"

#include "common/base/hex.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>

static int dump(json_t *root, struct buf *out)
{
    char *text = root ? json_dumps(root, JSON_INDENT(2)) : NULL;

    json_decref(root);
    if (!text)
        return ERR_NOMEM;
    buf_add(out, text, strlen(text));
    buf_add(out, "\n", 1);
    free(text);
    return out->failed ? ERR_NOMEM : ERR_OK;
}

static json_t *operator_json(const char *id, const struct oid *oid, const char *plmn,
                             const char *numbers, const char *iccid, const char *hss)
{
    return json_pack("{s:s, s:s, s:s, s:s, s:s, s:s}", "id", id, "oid", oid->s, "plmn", plmn,
                     "numbers", numbers, "iccid_prefix", iccid, "hss", hss);
}

static void range_end(const struct making *m, unsigned serial, char dst[31])
{
    (void)snprintf(dst, 31, "%s%0*u", m->o->eid_prefix, (int)(30 - strlen(m->o->eid_prefix)),
                   serial);
}

int make_world_json(struct making *m, struct buf *out)
{
    char point[2 * 65 + 1], from[31], to[31];
    int rc = hex_encode(span_of(m->ci.point, sizeof(m->ci.point)), point, sizeof(point));

    if (rc != ERR_OK)
        return rc;
    range_end(m, 0, from);
    range_end(m, m->o->meters - 1, to);
    return dump(json_pack(
        "{s:i, s:I, s:I, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:[o,o], "
        "s:[[s,s],[s,s],[s,s]], s:[s]}",
        "version", 1, "meters", (json_int_t)m->o->meters, "seed", (json_int_t)m->o->seed,
        "fleet", m->o->fleet->name, "smsr_number", SMSR_NUMBER, "smsr_oid", m->o->smsr.s, "eum_oid", m->o->eum.s,
        "eid_from", from, "eid_to", to, "transport_key_id", m->o->transport_id,
        "transport_key", m->o->transport_key ? m->o->transport_key : WORLD_TRANSPORT,
        "profile_type", m->o->profile_type, "bootstrap_type", "bootstrap",
        "operators",
        operator_json("a", &m->o->mno_a, A_PLMN, A_NUMBERS, A_ICCID, WORLD_HSS_A),
        operator_json("b", &m->o->mno_b, B_PLMN, B_NUMBERS, B_ICCID, WORLD_HSS_B),
        "coverage", A_PLMN, B_PLMN, A_PLMN, NO_B_PLMN, B_PLMN, B_PLMN,
        "ci_points", point), out);
}

int make_expected_json(struct making *m, struct buf *out)
{
    json_t *root = json_pack("{s:i, s:i, s:[], s:[]}", "meters", (int)m->counts.meters, "attached",
                             (int)(m->counts.meters - m->counts.no_coverage -
                                   m->counts.unknown_imsi),
                             "no-coverage", "imsi-unknown");

    for (unsigned i = 0; root && i < m->o->meters; i++) {
        char digits[31], text[EID_TEXT];
        struct eid eid;

        if (m->fate[i] == FATE_OK)
            continue;
        range_end(m, i, digits);
        if (eid_make(digits, &eid) != ERR_OK)
            continue;
        eid_text(&eid, text);
        (void)json_array_append_new(json_object_get(root, m->fate[i] == FATE_NO_COVERAGE
                                                              ? "no-coverage" : "imsi-unknown"),
                                    json_string(text));
    }
    return dump(root, out);
}
