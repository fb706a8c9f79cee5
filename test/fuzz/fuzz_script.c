/* SPDX-License-Identifier: Apache-2.0 */
/* Scripts and answers: a script that reads to its end is written back the same (TS 102 226 5.2). */
#include "common/codec/apdu.h"
#include "common/codec/script.h"

#include <stdlib.h>

static void rebuild(struct span s, uint8_t *room, size_t cap)
{
    struct writer w = wr_init(room, cap);
    struct script_reader r;
    struct script_writer sw;
    struct script_item it;
    struct apdu_cmd c;
    struct apdu_rsp a;
    int rc = script_open(s, &r);
    if (rc != ERR_OK) {
        if (r.bad == SCRIPT_BAD_NONE) {
            abort();
        }
        return;
    }
    script_begin(&sw, &w, r.form, r.response);
    size_t body = w.len;
    while ((rc = script_next(&r, &it)) == ERR_OK) {
        script_put_raw(&sw, it.raw);
        (void)!apdu_cmd_parse(it.value, &c);
        (void)!apdu_rsp_parse(it.value, &a);
    }
    /* The count is an element of its own here, so the body alone is compared. */
    size_t start = r.form == SCRIPT_INDEFINITE ? 2 : s.n - (w.len - body);
    if (rc == ERR_NOT_FOUND && (w.failed || memcmp(s.p + start, room + body, w.len - body) != 0)) {
        abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint8_t *room = malloc(size + 16);
    if (room != NULL) {
        rebuild(span_of(data, size), room, size + 16);
    }
    free(room);
    return 0;
}
