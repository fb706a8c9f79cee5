/* SPDX-License-Identifier: Apache-2.0 */
/* Answers of a card to ES5 commands, and payloads of ES3-SendData: an accepted payload is cut into
 * bodies that hold each octet once; an accepted list shows an enabled profile. */
#include "smsr/es5/es5.h"

#include <stdlib.h>

static void answers(struct span s)
{
    struct es5_answer a;
    struct es5_status st;
    struct es5_deleted d;
    struct buf out;
    struct euicc_profile known[2] = {{.state = PROFILE_ENABLED}, {.state = PROFILE_DISABLED}};
    const struct euicc e = {.profiles = known, .n_profiles = 2};
    bool ok = false, on = false;

    (void)!es5_answer_read(s, &a);
    if (es5_confirm_read(s, &d) == ERR_OK && d.n > ES5_DELETED_MAX)
        abort();
    if (aid_isd_p(0x10, &known[0].aid) || aid_isd_p(0x11, &known[1].aid))
        abort();
    if (es5_audit_read(&e, s, &st) == ERR_OK) {
        for (unsigned i = 0; i < st.n; i++)
            on = on || st.isdp[i].lifecycle == 0x3F;
        if (!on)
            abort();
    }
    buf_init(&out, 65536);
    (void)!es5_send_data_read(s, &out, &ok);
    buf_fini(&out);
}

static void payload(struct span s, size_t limit)
{
    uint8_t *room = malloc(ES5_BODY_MAX(limit));
    size_t at = 0;

    if (!room || es5_send_data_check(s)) {
        free(room);
        return;
    }
    while (at < s.n) {
        struct writer w = wr_init(room, ES5_BODY_MAX(limit));
        size_t next = at;
        if (es5_send_data(&w, s, at, limit, NULL, &next) || next <= at || next > s.n)
            abort();
        at = next;
    }
    free(room);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    answers(span_of(data, size));
    payload(span_of(data, size), 1020);
    payload(span_of(data, size), 16);
    return 0;
}
