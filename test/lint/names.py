#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A function has one home: the same name in two headers is two symbols that no program can link together,
and the whole world in one process links them all."""
import re

import tree

# At the start of a line: attributes and type, then the name. Static ones belong to who includes them.
PROTOTYPE = re.compile(r"^(?!static\b|typedef\b|return\b|else\b)(?:[A-Za-z_]\w*[ \t*]+)+(\w+)[ \t]*\(", re.M)


def check(root, report):
    headers = [rel for rel in tree.files(root, {".h"}) if not rel.startswith("test/")]
    homes = {}
    for rel in headers:
        text = tree.code(tree.read(root, rel))
        for found in PROTOTYPE.finditer(text):
            name = found.group(1)
            home = homes.setdefault(name, rel)
            if home != rel:
                report.fail(rel, tree.line_of(text, found.start()), "twice", f"{name} stands in {home} already")
    return len(headers)


CLEAN = {
    "smsr/a.h": "MUST_CHECK int app_run(struct app *a, struct errmsg *why);\nbool env_is(int x);\n"
                "static inline int same(int x) { return x; }\n/* int sim_run(void); */\n",
    "tools/a.h": "int sim_run(void);\nstatic inline int same(int x) { return x; }\nstruct s { int (*app_run)(void); };\n",
    "test/support/a.h": "int app_run(void);\n",
}
PLANTED = (
    ("twice", "tools/b.h", "MUST_CHECK int app_run(const struct conf *c);\n"),
    ("twice", "tools/b.h", "const struct x *env_is(void);\n"),
    ("twice", "tools/b.h", "int\tapp_run (void);\n"),
)

if __name__ == "__main__":
    tree.main(check, CLEAN, PLANTED)
