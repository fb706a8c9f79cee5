/* SPDX-License-Identifier: Apache-2.0 */
/* What all ES5 functions share: the first R-APDU of a response script. */
#include "smsr/es5/es5.h"

int es5_answer_read(struct span response, struct es5_answer *ret)
{
    struct script_reader sr;
    struct script_item item;
    int err;

    memset(ret, 0, sizeof *ret);
    err = script_open(response, &sr);
    if (err)
        return err;
    if (!sr.response)
        return ERR_FORMAT;
    while ((err = script_next(&sr, &item)) == ERR_OK) {
        if (item.tag == SCRIPT_TAG_RSP) {
            struct apdu_rsp rsp;
            err = apdu_rsp_parse(item.value, &rsp);
            if (!err) {
                ret->sw = rsp.sw;
                ret->data = rsp.data;
            }
            return err;
        }
        if (item.tag == SCRIPT_TAG_BAD) {
            ret->bad_format = item.value.n ? item.value.p[0] : 0xFF;
            return ERR_OK;
        }
    }
    return err == ERR_NOT_FOUND ? ERR_OK : err;
}

#define APDU_MAX (5u + 255u + 1u)

void es5_put_apdu(struct writer *w, enum script_form form, const struct apdu_cmd *c)
{
    uint8_t apdu[APDU_MAX];
    struct writer a = wr_init(apdu, sizeof apdu);
    struct script_writer sw;

    apdu_cmd_put(&a, c);
    w->failed = w->failed || a.failed;
    script_begin(&sw, w, form, false);
    script_put_cmd(&sw, wr_view(&a));
    script_end(&sw, 1);
}
