/* SPDX-License-Identifier: Apache-2.0 */
/* capture: what the log holds of one operation as a file for tshark. */
#include "common/capture/capture_file.h"
#include "common/capture/pcapng.h"
#include "common/codec/sms.h"
#include "tools/smctl/records.h"
#include "tools/smctl/story.h"

#include <inttypes.h>
#include <stdlib.h>
#include <unistd.h>

#define EVENT_ARENA (4u << 20)

struct recording {
    struct smctl *x;
    struct story story;
    struct rows rows;
    struct arena arena;
    struct buf text;
    struct capture_file *file;
    unsigned records, units;
};

static bool is_armed(const struct event *ev)
{
    return ev && (ev->type == EV_OPERATION_ARMED || ev->type == EV_PACKET_ARMED);
}

/* The parts as they left: their reference is the counter's, so they can be made again. To whom is
 * not in the log. */
static void put_sms(struct recording *rec, const struct admin_record *r, const struct event *ev)
{
    for (unsigned i = 1; i <= sms_parts(ev->data.n); i++) {
        struct buf *b = capture_file_room(rec->file);
        uint8_t ud[SMS_UD_MAX];
        struct writer w = wr_init(ud, sizeof ud);
        struct pcapng_sms s = {.out = true, .at_ms = r->at_ms, .card = "", .own = "",
                               .eid = &r->eid, .pid = SMS_PID_SIM_DATA, .dcs = SMS_DCS_CLASS2};
        if (!b || sms_part_put(&w, SMS_COMMAND, ev->data, (uint8_t)ev->counter, i))
            return;
        s.tp_ud = wr_view(&w);
        pcapng_put_sms(b, &s);
        rec->units++;
    }
}

static const char *protocol(const struct event *ev)
{
    if (!ev)
        return "log";
    return ev->type == EV_STEP_OPENED || ev->type == EV_STEP_ANSWERED ? "SCP81" : "SCP80";
}

static void put_text(struct recording *rec, const struct admin_record *r, const struct event *ev)
{
    struct pcapng_unit u = {.kind = PCAPNG_DECODED,
                            .out = is_armed(ev) || (ev && ev->type == EV_STEP_OPENED),
                            .at_ms = r->at_ms, .own = pcapng_end_number(""),
                            .other = pcapng_end_eid(&r->eid), .protocol = protocol(ev)};
    struct buf *b = capture_file_room(rec->file);
    char front[128], type[40], eid[EID_TEXT];

    eid_text(&r->eid, eid);
    (void)snprintf(front, sizeof front, "%s (lsn %" PRIu64 "), EID %s\n",
                   text_safe(r->type, type, sizeof type), r->lsn, eid);
    buf_reset(&rec->text);
    buf_add(&rec->text, front, strlen(front));
    rows_print(&rec->rows, 0, &rec->text);
    u.octets = buf_span(&rec->text);
    if (!b || rec->text.failed)
        return;
    pcapng_put(b, &u);
    rec->units++;
}

/* A record that holds no octets of the wire is no unit. */
static enum exit_code one(void *ctx, const struct admin_record *r)
{
    struct recording *rec = ctx;
    struct errmsg why = {""};
    const struct event *ev;

    arena_reset(&rec->arena);
    ev = record_event(r, &rec->arena, &why);
    if (ev)
        story_record(&rec->story, r, ev, &rec->rows);
    else
        story_erased(r, why.text, &rec->rows);
    rec->records++;
    if (is_armed(ev) && ev->bearer != BEARER_CATTP)
        put_sms(rec, r, ev);
    if (rec->rows.n)
        put_text(rec, r, ev);
    return XC_OK;
}

static void say(const struct recording *rec, const char *path)
{
    struct buf b;
    struct json w = {.out = &b};

    if (!rec->x->json) {
        printf("%s: %u units of %u records\n", path, rec->units,
               rec->records);
        return;
    }
    buf_init(&b, 0);
    json_open(&w, NULL, '{');
    json_str(&w, "file", path);
    json_u64(&w, "units", rec->units);
    json_u64(&w, "records", rec->records);
    json_close(&w, '}');
    out_line(stdout, &b);
    buf_fini(&b);
}

static enum exit_code record_all(struct recording *rec, const struct records_filter *f,
                                 const char *path)
{
    static const struct capture_limits NONE = {0, NULL, 0};
    struct errmsg why = {""};
    enum exit_code code;

    if (!access(path, F_OK)) {
        out_error("%s exists; name another file", path);
        return XC_LOCAL;
    }
    if (capture_file_open(path, "smctl", &NONE, &rec->file, &why)) {
        out_error("%s", why.text);
        return XC_LOCAL;
    }
    code = records_each(rec->x, f, one, rec, NULL, NULL);
    if (code == XC_OK && rec->records == 0)
        code = records_none(rec->x);
    if (!capture_file_flush(rec->file)) {
        out_error("%s", capture_file_why(rec->file));
        code = code == XC_OK ? XC_LOCAL : code;
    }
    if (code == XC_OK)
        say(rec, path);
    capture_file_close(rec->file);
    if (code != XC_OK)
        (void)unlink(path);
    return code;
}

enum exit_code verb_capture(struct smctl *x)
{
    struct records_filter f = {.from_lsn = 1};
    struct recording *rec = calloc(1, sizeof *rec);
    struct errmsg why = {""};
    enum exit_code code;

    if (!rec) {
        out_error("%s", err_text(ERR_NOMEM));
        return XC_LOCAL;
    }
    rec->x = x;
    rec->rows.wire = x->crypto;
    story_init(&rec->story, x->crypto);
    arena_init(&rec->arena, EVENT_ARENA);
    buf_init(&rec->text, 1u << 20);
    code = text_uuid(x->words[0], &f.op, &why) ? smctl_fail(ERR_INVAL, &why)
                                               : record_all(rec, &f, x->words[1]);
    buf_fini(&rec->text);
    arena_fini(&rec->arena);
    free(rec);
    return code;
}
