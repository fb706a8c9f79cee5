/* SPDX-License-Identifier: Apache-2.0 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "test/support/printed.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/err.h"
#include "test/support/path.h"

void printed_add(struct buf *b, const char *fmt, ...)
{
    char text[1024];
    va_list ap;
    int n;

    va_start(ap, fmt);
    n = vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    assert_true(n >= 0 && (size_t)n < sizeof text);
    buf_add(b, text, (size_t)n);
    assert_false(b->failed);
}

/* Where the printed text stands in the document. */
static char *region(char *doc, const char *document, const char *name, char **ret_end)
{
    char mark[80];
    char *begin;

    (void)snprintf(mark, sizeof mark, "<!-- printed: %s -->\n", name);
    begin = strstr(doc, mark);
    *ret_end = begin ? strstr(begin, "<!-- end -->\n") : NULL;
    if (!begin || !*ret_end)
        fail_msg("%s has no place for the table: add the lines %s and <!-- end -->", document, mark);
    return begin + strlen(mark);
}

static void rewrite(const char *document, const char *doc, const char *begin, const char *end,
                    const struct buf *text)
{
    char path[512];
    FILE *f;

    source_path(document, path, sizeof path);
    f = fopen(path, "w");
    assert_non_null(f);
    assert_int_equal(fwrite(doc, 1, (size_t)(begin - doc), f), begin - doc);
    assert_int_equal(fwrite(buf_span(text).p, 1, buf_span(text).n, f), buf_span(text).n);
    assert_true(fputs(end, f) >= 0);
    assert_int_equal(fclose(f), 0);
}

void printed_same(const char *document, const char *name, const struct buf *text)
{
    const char *print = getenv("REMORA_PRINT");
    struct span now = buf_span(text);
    size_t n, at = 0;
    char *doc = source_read(document, &n), *end, *begin = region(doc, document, name, &end);

    if (print && !strcmp(print, "1")) {
        rewrite(document, doc, begin, end, text);
    } else if (!span_eq(span_of(begin, (size_t)(end - begin)), now)) {
        while (at < now.n && begin + at < end && begin[at] == (char)now.p[at])
            at++;
        while (at > 0 && begin[at - 1] != '\n')
            at--;
        fail_msg("%s: table \"%s\" is not what the code says: run this test with REMORA_PRINT=1. First line "
                 "that differs: %.*s", document, name, (int)strcspn(begin + at, "\n"), begin + at);
    }
    free(doc);
}
