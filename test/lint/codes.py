#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Subjects and reasons stand in the catalogue alone: whoever answers names a row of it."""
import re

import tree

HEADER = "common/msg/catalogue.h"
TABLE = "common/msg/catalogue.c"
# Where answers are made and read. What the wire and the stores read is somebody's answer, passed on.
PLACES = ("common/", "smsr/", "smdp/", "tools/")
PASSED_ON = ("common/wire/", "smsr/store/", "smdp/store/")

LITERAL = re.compile(r'"[1-9](?:\.[1-9][0-9]?){1,2}"')
MADE = re.compile(r"\(struct gsma_code\)\s*\{|\bstruct gsma_code\s+\w+\s*=\s*\{\s*\"|"
                  r"\bcode\.(?:subject|reason)\b(?:\[\w+\])?\s*=[^=]")
ROW = re.compile(r"^    ((?:DP_)?ST_[A-Z0-9_]+)(?: = 0)?,", re.M)
# SR(x), CARD(x, sw): the decision table's way to name a row.
NAMED = re.compile(r"\b((?:DP_)?ST_[A-Z0-9_]+)\b|\b(?:SR|CARD)\(([A-Z0-9_]+)")


def check(root, report):
    sources = [rel for rel in tree.files(root, {".c", ".h"}) if rel.startswith(PLACES)]
    used = set()
    for rel in sources:
        text = tree.read(root, rel)
        if rel in (HEADER, TABLE):
            continue
        kept = tree.code(text, keep_strings=True)
        for found in LITERAL.finditer(kept):
            report.fail(rel, tree.line_of(kept, found.start()), "code-literal",
                        f"{found.group(0)} is a subject or reason: name its row of {TABLE}")
        if not rel.startswith(PASSED_ON):
            for found in MADE.finditer(kept):
                report.fail(rel, tree.line_of(kept, found.start()), "code-made",
                            f"a code is taken from {TABLE} or passed on, never made")
        if rel.endswith(".c"):
            for name, short in NAMED.findall(kept):
                used.add(name or "ST_" + short)
    if HEADER in sources:
        text = tree.read(root, HEADER)
        for found in ROW.finditer(text):
            if found.group(1) not in used | {"ST_OK"}:
                report.fail(HEADER, tree.line_of(text, found.start()), "code-unused",
                            f"{found.group(1)} is answered by nobody")
    return len(sources)


CLEAN = {
    HEADER: "enum status_code {\n    ST_OK = 0,\n    ST_BUSY,\n    DP_ST_BUSY, /* x */\n    ST_POL2,\n"
            "    ST_POL1,\n    ST_CODE_COUNT\n};\n",
    TABLE: 'x = {{"1.2", "4.4"}, "busy"};\n',
    "smsr/a.c": "int f(void) { return refuse(ST_BUSY); } /* \"8.1.1\" */\n"
                'const char *version = "3.2.0", *address = "127.0.0.1", *oid = "1.3.6.1";\n',
    "smdp/a.c": "int g(void) { return DP_ST_BUSY; }\nbool h(void) { return code.subject[0] == 0; }\n",
    "smsr/domain/policy.c": "x = SR(POL2); y = CARD(POL1, 69E1);\n",
    "smsr/store/a.c": 'void r(void) { m->code.subject[0] = 0; }\n',
    "test/unit/a_test.c": 'expect("8.1.1", "3.9");\n',
}
PLANTED = (
    ("code-literal", "smsr/b.c", 'bool f(void) { return same(c, "8.1.1"); }\n'),
    ("code-literal", "tools/smctl/b.c", 'const char *reason = "5.3";\n'),
    ("code-made", "smsr/b.c", "x = (struct gsma_code){a, b};\n"),
    ("code-made", "smdp/b.c", "void f(void) { x.code.subject[0] = 'x'; }\n"),
    ("code-unused", HEADER, "    ST_POL9,\n"),
)

if __name__ == "__main__":
    tree.main(check, CLEAN, PLANTED)
