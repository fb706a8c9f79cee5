/* SPDX-License-Identifier: Apache-2.0 */
/* Files given to smctl: .eis, lists of cards, kept heads; and texts of others on their way to a
 * terminal. The first octet says which. */
#include "test/fuzz/input.h"
#include "tools/smctl/chain_check.h"
#include "tools/smctl/eids_file.h"
#include "tools/smctl/eis_file.h"
#include "tools/smctl/out.h"

static void eis(struct span s)
{
    size_t n, offset, again = 0;
    struct span rest = s, entry;
    int err = eis_file_count(s, &n, &offset);
    struct arena a;
    struct eid eid;

    must(offset <= s.n && (err || offset == s.n));
    arena_init(&a, 1 << 20);
    while (eis_file_next(&rest, &entry) == ERR_OK) {
        arena_reset(&a);
        again++;
        (void)eis_file_eid(entry, &a, &eid);
    }
    must(again == n);
    arena_fini(&a);
}

static void eids(struct span s, bool with_iccid)
{
    struct errmsg why = {""};
    struct eids e;
    int err = eids_parse(s, with_iccid, &e, &why);

    must(err ? why.text[0] && !e.rows : e.n > 0);
    for (size_t i = 0; i < e.n; i++)
        must(eid_check(&e.rows[i].eid) && (e.rows[i].iccid.s[0] != '\0') == with_iccid);
    eids_fini(&e);
}

static int head(void *ctx, const struct admin_head *h, struct errmsg *why)
{
    (void)ctx;
    (void)why;
    must(h->seq <= INT64_MAX);
    return ERR_OK;
}

static void shown(struct span s)
{
    char text[64];
    struct buf b;
    struct json w = {.out = &b};

    for (const char *p = text_safe(s, text, sizeof text); *p; p++)
        must((unsigned char)*p >= 0x20 && *p != 0x7F);
    buf_init(&b, 0);
    json_text(&w, "x", s);
    for (size_t i = 0; i < b.n; i++)
        must(b.p[i] >= 0x20);
    buf_fini(&b);
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
    struct span s = n ? span_of(p + 1, n - 1) : span_of(p, 0);
    struct errmsg why;

    switch (n ? p[0] % 5 : 0) {
    case 0:
        eis(s);
        break;
    case 1:
        eids(s, false);
        break;
    case 2:
        eids(s, true);
        break;
    case 3:
        (void)!heads_parse(s, head, NULL, &why);
        break;
    default:
        shown(s);
    }
    return 0;
}
