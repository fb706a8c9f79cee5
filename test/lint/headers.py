#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Each header compiles alone, twice over, with warnings as errors; so includes need no order.

usage: headers.py ROOT|--self-test [COMPILER [INCLUDE_DIRECTORY...]]
"""
import concurrent.futures
import os
import subprocess
import sys

import tree

FLAGS = ("-std=gnu17", "-fsyntax-only", "-Wall", "-Wextra", "-Werror", "-Wstrict-prototypes",
         "-Wno-unused-const-variable", "-x", "c", "-")


def compile_alone(root, rel):
    compiler = sys.argv[2] if len(sys.argv) > 2 else "gcc"
    includes = [f"-I{path}" for path in (str(root), *sys.argv[3:])]
    return subprocess.run([compiler, *includes, *FLAGS], text=True, capture_output=True, check=False,
                          input=f'#include "{rel}"\n#include "{rel}"\n')


def check(root, report):
    headers = tree.files(root, {".h"})
    with concurrent.futures.ThreadPoolExecutor(min(4, os.cpu_count() or 1)) as pool:
        for rel, done in zip(headers, pool.map(lambda h: compile_alone(root, h), headers)):
            if "#pragma once" not in tree.read(root, rel):
                report.fail(rel, 1, "once", "a header starts with #pragma once")
            elif done.returncode:
                first = next((x for x in done.stderr.splitlines() if "error" in x), done.stderr.strip())
                report.fail(rel, 1, "alone", first)
    return len(headers)


CLEAN = {
    "common/base/a.h": "#pragma once\n#include <stddef.h>\nsize_t f(struct later *p);\n".replace(
        "size_t", "struct later;\nsize_t", 1),
    "common/codec/b.h": '#pragma once\n#include "common/base/a.h"\nstatic inline int g(void)\n'
                        "{\n    return 1;\n}\n",
}
PLANTED = (
    ("alone", "common/codec/c.h", "#pragma once\nsize_t f(void);\n"),
    ("alone", "common/codec/c.h", "#pragma once\nint f(struct later *p);\n"),
    ("alone", "common/codec/c.h", '#pragma once\n#include "common/codec/missing.h"\n'),
    ("once", "common/codec/c.h", "int f(void);\n"),
)

if __name__ == "__main__":
    tree.main(check, CLEAN, PLANTED)
