/* SPDX-License-Identifier: Apache-2.0 */
/* The commands a terminal may give, in one table (TS 102 221 11.1, GlobalPlatform 11.3, 11.9). */
#include "tools/euiccsim/card/terminal.h"

#include "tools/euiccsim/card/card_int.h"

#define SW_HELD 0x6100u /* so much waits for GET RESPONSE */
#define SW_LE   0x6C00u /* so much is there */
#define TAG_EID 0x5Au

enum app { APP_NONE, APP_USIM, APP_ISD_R, APP_ECASD };

/* T=0 and, in TA3, the voltage classes of TS 102 221 6.3; the historical octets say what SELECT can
 * do (full and partial name, path, FID; SFI, record number) and who this is. */
static const uint8_t ATR[] = {0x3B, 0x8E, 0x80, 0x1F, 0xC7, 0x80, 0x31, 0xE0, 0x73, 0xF6,
                              0x21, 0x00, 0x66, 'R',  'E',  'M',  'O',  'R',  'A',  0x43};

struct span terminal_atr(void)
{
    return span_of(ATR, sizeof(ATR));
}

/* A change switches the states of the profiles with its 9000; the card runs with the profile of
 * before until the REFRESH (SGP.02 3.2.1). */
static const struct isdp *running(const struct card *c)
{
    if (c->change.state == CHANGE_REFRESH)
        return isdp_by_number(c, c->change.previous);
    return isdp_enabled(c);
}

static void follow(struct terminal *t, const struct isdp *p)
{
    const uint16_t number = p ? p->number : 0;

    if (number != t->profile)
        *t = (struct terminal){.profile = number, .df = FID_MF};
}

void terminal_reset(struct terminal *t, const struct card *c)
{
    const struct isdp *p = running(c);

    *t = (struct terminal){.profile = p ? p->number : 0, .df = FID_MF};
}

static size_t wanted(const struct apdu_cmd *cmd)
{
    return cmd->has_le && cmd->le != 0 ? cmd->le : 256;
}

/* --- SELECT --- */
static void select_df(struct terminal *t, uint8_t app, uint16_t df)
{
    t->app = app;
    t->df = df;
    t->ef = NULL;
}

/* What a security domain says of itself (GlobalPlatform 11.9.3.1): its AID, 255 octets at most. */
static void fci_put(const struct aid *a, struct writer *w)
{
    static const uint8_t LONGEST[4] = {0x9F, 0x65, 0x01, 0xFF};
    const size_t mark = tlv_open(w, 0x6F);

    tlv_put(w, 0x84, aid_span(a));
    tlv_put(w, 0xA5, span_of(LONGEST, sizeof(LONGEST)));
    tlv_close(w, mark);
}

/* By its AID or the first octets of it; of several that begin so, the first. */
static uint16_t select_aid(struct terminal *t, const struct isdp *p, struct span name, bool tell,
                           struct writer *data)
{
    static const struct {
        const struct aid *aid;
        enum app app;
    } APPS[] = {{&AID_ISD_R, APP_ISD_R}, {&AID_ECASD, APP_ECASD}, {&AID_USIM, APP_USIM}};

    if (name.n < 5 || name.n > 16)
        return name.n == 0 ? SW_LENGTH : SW_DATA;
    for (size_t i = 0; i < sizeof(APPS) / sizeof(APPS[0]); i++) {
        const struct aid *a = APPS[i].aid;
        const bool usim = APPS[i].app == APP_USIM;

        if (name.n > a->n || memcmp(name.p, a->b, name.n) != 0 || (usim && !p))
            continue;
        select_df(t, (uint8_t)APPS[i].app, usim ? FID_ADF : FID_MF);
        if (tell && usim)
            file_fcp(p, FID_ADF, NULL, data);
        else if (tell)
            fci_put(a, data);
        return SW_OK;
    }
    return SW_NO_FILE;
}

/* One step of a path: *df and *ef become what fid names there. */
static bool step(const struct terminal *t, const struct isdp *p, uint16_t fid, uint16_t *df,
                 const struct file **ef)
{
    uint8_t room[FILE_ROOM];

    if (*ef)
        return false; /* nothing lies below an EF */
    if (fid == FID_MF || (fid == FID_ADF && t->app == APP_USIM)) {
        *df = fid;
        return true;
    }
    *ef = file_by_fid(*df, fid);
    return *ef && p && (*ef)->content(p, room) > 0;
}

static uint16_t select_path(struct terminal *t, const struct isdp *p, uint16_t df, struct span path,
                            bool tell, struct writer *data)
{
    struct reader r = rd_init(path);
    const struct file *ef = NULL;

    if (path.n == 0 || path.n % 2 != 0)
        return SW_LENGTH;
    while (rd_left(&r) > 0)
        if (!step(t, p, rd_u16(&r), &df, &ef))
            return SW_NO_FILE;
    select_df(t, t->app == APP_USIM ? APP_USIM : APP_NONE, df);
    t->ef = ef;
    if (tell)
        file_fcp(p, df, ef, data);
    return SW_OK;
}

static uint16_t cmd_select(struct terminal *t, const struct card *c, const struct apdu_cmd *cmd,
                           struct writer *data)
{
    const struct isdp *p = running(c);
    const bool tell = cmd->p2 != 0x0C;

    if (cmd->p2 != 0x00 && cmd->p2 != 0x04 && cmd->p2 != 0x0C)
        return SW_P1P2;
    switch (cmd->p1) {
    case 0x00:
        return cmd->data.n == 2 ? select_path(t, p, t->df, cmd->data, tell, data) : SW_LENGTH;
    case 0x04:
        return select_aid(t, p, cmd->data, tell, data);
    case 0x08:
        return select_path(t, p, FID_MF, cmd->data, tell, data);
    case 0x09:
        return select_path(t, p, t->df, cmd->data, tell, data);
    default:
        return SW_P1P2;
    }
}

/* --- reading --- */
/* The EF a READ is about: named by its short identifier, else the one that is selected. */
static uint16_t ef_of(struct terminal *t, uint8_t sfi, bool records)
{
    const struct file *f = sfi ? file_by_sfi(t->df, sfi) : t->ef;

    if (!f)
        return sfi ? SW_NO_FILE : SW_NO_EF;
    if (f->records != records)
        return SW_FILE_KIND;
    t->ef = f;
    return SW_OK;
}

static uint16_t cmd_read_binary(struct terminal *t, const struct card *c,
                                const struct apdu_cmd *cmd, struct writer *data)
{
    const bool by_sfi = (cmd->p1 & 0x80) != 0;
    const size_t from = by_sfi ? cmd->p2 : (size_t)(cmd->p1 << 8 | cmd->p2);
    const struct isdp *p = running(c);
    uint8_t room[FILE_ROOM];
    size_t n;
    uint16_t sw;

    if (cmd->data.n > 0)
        return SW_LENGTH;
    if (by_sfi && ((cmd->p1 & 0x60) != 0 || (cmd->p1 & 0x1F) == 0))
        return SW_P1P2;
    sw = ef_of(t, by_sfi ? cmd->p1 & 0x1F : 0, false);
    if (sw != SW_OK)
        return sw;
    n = p ? t->ef->content(p, room) : 0;
    if (from >= n)
        return SW_OFFSET;
    wr_bytes(data, room + from, n - from < wanted(cmd) ? n - from : wanted(cmd));
    return SW_OK;
}

/* Absolute mode alone. */
static uint16_t cmd_read_record(struct terminal *t, const struct card *c,
                                const struct apdu_cmd *cmd, struct writer *data)
{
    const struct isdp *p = running(c);
    uint8_t room[FILE_ROOM];
    uint16_t sw;

    if (cmd->data.n > 0)
        return SW_LENGTH;
    if ((cmd->p2 & 0x07) != 0x04)
        return SW_P1P2;
    sw = ef_of(t, cmd->p2 >> 3, true);
    if (sw != SW_OK)
        return sw;
    if (cmd->p1 != 1 || !p)
        return SW_NO_RECORD;
    wr_bytes(data, room, t->ef->content(p, room));
    return SW_OK;
}

static uint16_t cmd_get_response(struct terminal *t, const struct card *c,
                                 const struct apdu_cmd *cmd, struct writer *data)
{
    const size_t n = wanted(cmd);

    (void)c;
    if (cmd->data.n > 0)
        return SW_LENGTH;
    if (cmd->p1 != 0 || cmd->p2 != 0)
        return SW_P1P2;
    if (t->n_held == 0)
        return SW_CONDITIONS;
    if (n > t->n_held)
        return (uint16_t)(SW_LE | (t->n_held & 0xFF));
    wr_bytes(data, t->held, n);
    t->n_held -= n;
    memmove(t->held, t->held + n, t->n_held);
    return t->n_held ? (uint16_t)(SW_HELD | t->n_held) : SW_OK;
}

/* --- security domains --- */
static uint16_t cmd_sd_get_data(struct terminal *t, const struct card *c,
                                const struct apdu_cmd *cmd, struct writer *data)
{
    const uint16_t tag = (uint16_t)(cmd->p1 << 8 | cmd->p2);

    if (t->app == APP_ISD_R)
        return get_data(c, tag, cmd->data, data);
    if (tag != TAG_EID)
        return SW_NOT_FOUND;
    if (cmd->data.n > 0)
        return SW_LENGTH;
    tlv_put(data, TAG_EID, span_of(c->eid.b, sizeof(c->eid.b)));
    return SW_OK;
}

/* What changes a card, or lists it, comes over a secured channel and never in clear. */
static uint16_t cmd_secured(struct terminal *t, const struct card *c, const struct apdu_cmd *cmd,
                            struct writer *data)
{
    (void)t;
    (void)c;
    (void)cmd;
    (void)data;
    return SW_SECURITY;
}

/* --- one command --- */
#define CLASS_ISO 0x01u /* CLA 00 */
#define CLASS_GP  0x02u /* CLA 80 */
static const struct terminal_row {
    const char *name;
    uint8_t ins, classes;
    bool domain; /* with a security domain selected */
    uint16_t (*run)(struct terminal *t, const struct card *c, const struct apdu_cmd *cmd,
                    struct writer *data);
} ROWS[] = {
    {"SELECT", 0xA4, CLASS_ISO, false, cmd_select},
    {"READ BINARY", 0xB0, CLASS_ISO, false, cmd_read_binary},
    {"READ RECORD", 0xB2, CLASS_ISO, false, cmd_read_record},
    {"GET RESPONSE", 0xC0, CLASS_ISO | CLASS_GP, false, cmd_get_response},
    {"GET DATA", 0xCA, CLASS_ISO | CLASS_GP, true, cmd_sd_get_data},
    {"STORE DATA", 0xE2, CLASS_GP, true, cmd_secured},
    {"DELETE", 0xE4, CLASS_GP, true, cmd_secured},
    {"INSTALL", 0xE6, CLASS_GP, true, cmd_secured},
    {"PUT KEY", 0xD8, CLASS_GP, true, cmd_secured},
    {"GET STATUS", 0xF2, CLASS_GP, true, cmd_secured},
};

static uint16_t row_of(const struct terminal *t, const struct apdu_cmd *cmd,
                       const struct terminal_row **ret)
{
    const bool domain = t->app == APP_ISD_R || t->app == APP_ECASD;

    if ((cmd->cla & 0x70) != 0)
        return SW_CLA;
    if ((cmd->cla & 0x0C) != 0)
        return SW_MESSAGING;
    if ((cmd->cla & 0x03) != 0)
        return SW_CHANNEL;
    for (size_t i = 0; i < sizeof(ROWS) / sizeof(ROWS[0]); i++) {
        if (ROWS[i].ins != cmd->ins || (ROWS[i].domain && !domain))
            continue;
        *ret = &ROWS[i];
        return ROWS[i].classes & (cmd->cla ? CLASS_GP : CLASS_ISO) ? SW_OK : SW_CLA;
    }
    return SW_INS;
}

/* TS 102 221 7.3.1.1: behind data only the status word can follow; response data is fetched. */
static void answer(struct terminal *t, const struct apdu_cmd *cmd, struct span data, uint16_t sw,
                   struct writer *w)
{
    if (sw == SW_OK && data.n > 0 && cmd->data.n > 0) {
        memcpy(t->held, data.p, data.n);
        t->n_held = data.n;
        apdu_rsp_put(w, span_of(NULL, 0), (uint16_t)(SW_HELD | (data.n & 0xFF)));
    } else if (sw == SW_OK && data.n > 0 && data.n != wanted(cmd)) {
        apdu_rsp_put(w, span_of(NULL, 0), (uint16_t)(SW_LE | (data.n & 0xFF)));
    } else {
        apdu_rsp_put(w, data, sw);
    }
}

void terminal_apdu(struct terminal *t, const struct card *c, struct span capdu, struct writer *w)
{
    uint8_t room[sizeof(t->held)];
    struct writer data = wr_init(room, sizeof(room));
    const struct terminal_row *row = NULL;
    struct apdu_cmd cmd;
    uint16_t sw = SW_LENGTH;

    follow(t, running(c));
    if (apdu_cmd_parse(capdu, &cmd) == ERR_OK)
        sw = row_of(t, &cmd, &row);
    if (!row || row->run != cmd_get_response)
        t->n_held = 0;
    if (sw == SW_OK)
        sw = row->run(t, c, &cmd, &data);
    answer(t, &cmd, wr_view(&data), data.failed ? SW_MEMORY : sw, w);
}
