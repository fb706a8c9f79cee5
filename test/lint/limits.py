#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Size of functions and files. Const tables do not count, blank lines and comments do."""
import re

import tree

FUNCTION_WARN, FUNCTION_MAX = 60, 100
FILE_WARN, FILE_MAX = 500, 800
COLUMNS = 100

PIECE = re.compile(r"[{};]|^[ \t]*#(?:[^\n]*\\\n)*[^\n]*$", re.M)
NAME = re.compile(r"([A-Za-z_]\w*)\s*\(")


def statement_start(text, pos):
    """The offset of the first visible character at or after pos."""
    while pos < len(text) and text[pos].isspace():
        pos += 1
    return pos


def is_table(head):
    """`head` is what stands before a brace: does it open the initialiser of a const object?"""
    return head.rstrip().endswith("=") and re.search(r"\bconst\b|\bstatic_assert\b", head) is not None


def scan(text):
    """Functions as (name, first line, lines, table lines) and all table lines of the file."""
    text = tree.code(text)
    functions, tables = [], 0
    depth, start, function, table = 0, 0, None, None
    for piece in PIECE.finditer(text):
        token = piece.group(0)
        if token not in "{};":
            if depth == 0:
                start = piece.end()
        elif token == "{":
            head = text[start:piece.start()]
            if table is None and is_table(head):
                table = (depth, piece.start())
            elif depth == 0 and head.rstrip().endswith(")") and "=" not in head:
                name = NAME.search(head)
                begin = tree.line_of(text, statement_start(text, start))
                function = [name.group(1) if name else "?", begin, 0]
            depth += 1
            if table is None:
                start = piece.end()
        elif token == "}":
            depth -= 1
            if table is not None and table[0] == depth:
                inside = tree.line_of(text, piece.start()) - tree.line_of(text, table[1]) - 1
                tables += max(inside, 0)
                if function:
                    function[2] += max(inside, 0)
                table = None
            if depth == 0 and function:
                end = tree.line_of(text, piece.start())
                functions.append((function[0], function[1], end - function[1] + 1 - function[2]))
                function = None
            if table is None:
                start = piece.end()
        elif table is None:
            start = piece.end()
    return functions, tables, depth


def check(root, report):
    sources = tree.files(root, {".c", ".h"})
    for rel in sources:
        raw = tree.read(root, rel)
        functions, tables, depth = scan(raw)
        if depth != 0:
            report.fail(rel, 1, "braces", "braces do not balance: this file cannot be measured")
            continue
        for name, line, size in functions:
            if size > FUNCTION_MAX:
                report.fail(rel, line, "function", f"{name} has {size} lines, at most {FUNCTION_MAX}")
            elif size > FUNCTION_WARN:
                report.warn(rel, line, "function", f"{name} has {size} lines, aim at {FUNCTION_WARN}")
        size = raw.count("\n") - tables
        if size > FILE_MAX:
            report.fail(rel, 1, "file", f"{size} lines, at most {FILE_MAX}")
        elif size > FILE_WARN:
            report.warn(rel, 1, "file", f"{size} lines, aim at {FILE_WARN}")
        wide = [n for n, line in enumerate(raw.split("\n"), 1) if len(line) > COLUMNS]
        if wide:
            report.warn(rel, wide[0], "columns", f"{len(wide)} lines are wider than {COLUMNS}")
    return len(sources)


def function(n):
    """A function of n lines."""
    return "static int\nf(int x)\n{\n" + "    x++;\n" * (n - 4) + "}\n"


TABLE = "static const int T[] = {\n" + "    1, {2},\n" * 900 + "};\n"
LOCAL_TABLE = "void g(void)\n{\n    static const int T[] = {\n" + "    1,\n" * 90 + "    };\n" \
    + "    h();\n" * 90 + "}\n"
CLEAN = {
    "common/base/a.c": function(100) + TABLE + LOCAL_TABLE,
    "common/base/b.c": "int x;\n" * 800,
    "common/base/c.c": "#define M(x) do { \\\n x; \\\n } while (0)\n" + function(60)
    + 'const char *s = "}";\n/* } */\nchar c = \'{\';\n' + function(60),
}
PLANTED = (
    ("function", "common/base/f.c", function(101)),
    ("function", "common/base/f.c", "struct s {\n    int a;\n};\n" + function(101)),
    ("function", "common/base/f.c", "int g(void)\n{\n    if (x) {\n" + "    y();\n" * 101 + "    }\n}\n"),
    ("function", "common/base/f.c", "#define A 1\n" + TABLE + function(101)),
    ("function", "common/base/f.c", "int g(void)\n{\n    int t[] = {\n" + "1,\n" * 101 + "};\n}\n"),
    ("file", "common/base/f.c", "int x;\n" * 801),
    ("file", "common/base/f.h", "int x;\n" * 801 + TABLE),
    ("file", "common/base/f.c", "static int T[] = {\n" + "    1,\n" * 900 + "};\n"),
    ("braces", "common/base/f.c", "int f(void)\n{\n"),
)

if __name__ == "__main__":
    tree.main(check, CLEAN, PLANTED)
