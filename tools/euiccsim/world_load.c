/* SPDX-License-Identifier: Apache-2.0 */
/* Reading a world back: what the network and the fleet need of it. */
#include "tools/euiccsim/world.h"

#include "common/base/hex.h"
#include "common/base/mem.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <limits.h>
#include <stdio.h>
#include <unistd.h>

#define JSON_MAX (1u << 20)
#define FILE_MAX ((size_t)4 << 30)
#define CI_POINTS_MAX 32u

int world_path(const char *dir, const char *name, char *dst, size_t cap)
{
    int n = dir ? snprintf(dst, cap, "%s/%s", dir, name) : snprintf(dst, cap, "%s", name);

    return n < 0 || (size_t)n >= cap ? ERR_TOO_LARGE : ERR_OK;
}

int world_read(const char *dir, const char *name, size_t max, struct buf *out, struct errmsg *why)
{
    char path[PATH_MAX];
    uint8_t chunk[16384];
    int fd, rc = world_path(dir, name, path, sizeof(path));
    ssize_t got;

    if (rc != ERR_OK)
        return errmsg_set(why, rc, "the path of %s is too long", name);
    fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return errmsg_set(why, ERR_CONFIG, "%s: %s", path, strerror(errno));
    do {
        got = read(fd, chunk, sizeof(chunk));
        if (got > 0)
            buf_add(out, chunk, (size_t)got);
    } while (got > 0 && !out->failed && out->n <= max);
    mem_wipe(chunk, sizeof(chunk));
    (void)close(fd);
    if (out->failed || out->n > max)
        return errmsg_set(why, ERR_TOO_LARGE, "%s is larger than %zu octets", path, max);
    return got < 0 ? errmsg_set(why, ERR_IO, "%s: %s", path, strerror(errno)) : ERR_OK;
}

static bool text_copy(const json_t *o, const char *name, char *dst, size_t cap)
{
    const char *s = json_string_value(json_object_get(o, name));

    if (!s || !*s || strlen(s) >= cap)
        return false;
    memcpy(dst, s, strlen(s) + 1);
    return true;
}

static int operator_read(const char *dir, const json_t *o, struct world *w, struct errmsg *why)
{
    struct operator_config *to = &w->operators[w->n_operators];
    struct buf *csv = &w->csv[w->n_operators];
    char name[64];
    int rc;

    if (!text_copy(o, "id", to->id, sizeof(to->id)) ||
        !text_copy(o, "plmn", to->plmn.s, sizeof(to->plmn.s)) ||
        !text_copy(o, "numbers", to->numbers, sizeof(to->numbers)) ||
        !text_copy(o, "hss", name, sizeof(name)) || strchr(name, '/'))
        return errmsg_set(why, ERR_CONFIG, WORLD_JSON ": operator %u needs id, plmn, numbers and "
                          "hss", w->n_operators + 1);
    buf_init(csv, FILE_MAX);
    w->n_operators++;
    rc = world_read(dir, name, FILE_MAX, csv, why);
    to->hss_csv = buf_span(csv);
    return rc;
}

static int coverage_read(const json_t *list, struct world *w, struct errmsg *why)
{
    size_t n = json_array_size(list);

    for (size_t i = 0; i < n; i++) {
        const char *home = NULL, *visited = NULL;

        if (w->n_coverage == sizeof(w->coverage) / sizeof(w->coverage[0]) ||
            json_unpack(json_array_get(list, i), "[s,s!]", &home, &visited) != 0 ||
            plmn_parse(span_str(home), &w->coverage[w->n_coverage].home) != ERR_OK ||
            plmn_parse(span_str(visited), &w->coverage[w->n_coverage].visited) != ERR_OK)
            return errmsg_set(why, ERR_CONFIG, WORLD_JSON ": coverage is a list of pairs of PLMNs");
        w->n_coverage++;
    }
    return ERR_OK;
}

static int points_read(const json_t *list, struct world *w, struct errmsg *why)
{
    size_t n = json_array_size(list);

    for (size_t i = 0; i < n && i < CI_POINTS_MAX; i++) {
        const char *hex = json_string_value(json_array_get(list, i));
        uint8_t point[65];
        size_t len = 0;

        if (!hex || hex_decode(hex, strlen(hex), point, sizeof(point), &len) != ERR_OK || len != 65)
            return errmsg_set(why, ERR_CONFIG, WORLD_JSON ": ci_points are 65 octets in "
                              "hexadecimal");
        buf_add(&w->ci_points, point, len);
    }
    return w->ci_points.n > 0 ? ERR_OK
                              : errmsg_set(why, ERR_CONFIG, WORLD_JSON ": ci_points is missing");
}

static int json_read(const char *dir, const json_t *root, struct world *w, struct errmsg *why)
{
    const char *number = json_string_value(json_object_get(root, "smsr_number"));
    const char *fleet = json_string_value(json_object_get(root, "fleet"));
    json_t *operators = json_object_get(root, "operators");
    int rc;

    if (json_integer_value(json_object_get(root, "version")) != 1)
        return errmsg_set(why, ERR_CONFIG, WORLD_JSON ": version is not 1");
    if (!number || msisdn_parse(span_str(number), &w->smsr) != ERR_OK)
        return errmsg_set(why, ERR_CONFIG, WORLD_JSON ": smsr_number is missing or no number");
    if (json_array_size(operators) == 0 || json_array_size(operators) > OPERATORS_MAX)
        return errmsg_set(why, ERR_CONFIG, WORLD_JSON ": 1 to %u operators", OPERATORS_MAX);
    w->kind = fleet_kind_of(span_str(fleet ? fleet : "mains")); /* worlds of before name none */
    if (!w->kind)
        return errmsg_set(why, ERR_CONFIG, WORLD_JSON ": there is no fleet \"%.40s\"", fleet);
    w->meters = (unsigned)json_integer_value(json_object_get(root, "meters"));
    rc = coverage_read(json_object_get(root, "coverage"), w, why);
    if (rc == ERR_OK)
        rc = points_read(json_object_get(root, "ci_points"), w, why);
    for (size_t i = 0; rc == ERR_OK && i < json_array_size(operators); i++)
        rc = operator_read(dir, json_array_get(operators, i), w, why);
    return rc;
}

int world_load(const char *dir, struct world *ret, struct errmsg *why)
{
    struct buf text;
    json_error_t error;
    json_t *root = NULL;
    int rc;

    *ret = (struct world){.meters = 0};
    buf_init(&ret->ci_points, 0);
    buf_init(&ret->fleet, FILE_MAX);
    buf_init(&text, 2 * JSON_MAX);
    rc = world_read(dir, WORLD_JSON, JSON_MAX, &text, why);
    if (rc == ERR_OK) {
        root = json_loadb((const char *)text.p, text.n, JSON_REJECT_DUPLICATES, &error);
        rc = root ? json_read(dir, root, ret, why)
                  : errmsg_set(why, ERR_CONFIG, WORLD_JSON " line %d: %s", error.line, error.text);
    }
    json_decref(root);
    buf_fini(&text);
    if (rc == ERR_OK)
        rc = world_read(dir, WORLD_FLEET, FILE_MAX, &ret->fleet, why);
    if (rc != ERR_OK)
        world_fini(ret);
    return rc;
}

void world_fini(struct world *w)
{
    for (unsigned i = 0; i < w->n_operators; i++) {
        buf_wipe(&w->csv[i]);
        buf_fini(&w->csv[i]);
    }
    buf_wipe(&w->fleet);
    buf_fini(&w->fleet);
    buf_fini(&w->ci_points);
    *w = (struct world){.meters = 0};
}
