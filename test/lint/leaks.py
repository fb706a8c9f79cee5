#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What must not leak out of its place: SQL, generated types, raw keys, machine paths, unsafe calls,
unfinished work."""
import re

import tree

SQL = re.compile(r"\bSELECT\b.+\bFROM\b|\bINSERT\s+(OR\s+\w+\s+)?INTO\b|\bUPDATE\b.+\bSET\b"
                 r"|\bDELETE\s+FROM\b|\bCREATE\s+(TABLE|INDEX|TRIGGER|UNIQUE)\b", re.S)
SQL_FOLDERS = {"db", "journal", "engine", "store", "sql", "test"}

PB_HEADER = re.compile(r"\.pb-c\.h")
PB_FOLDER = "common/wire/"

# Who may see the octets of a key: a file or a folder, with the reason.
EXPORT = re.compile(r"\bkey_export_raw\s*\(")
EXPORT_ALLOWED = {
    "common/crypto/": "the keystore itself and the wrapping of keys inside one primitive",
    "common/bearer/scp81": "the PSK callback of the TLS library",
    "tools/euiccsim/card/": "the image of a simulated card",
    "smsr/api/isdr_secret.c": "sealing the keys of an ISD-R as one secret",
    "test/": "known answers compare derived keys",
}

UNSAFE = re.compile(r"(?<![\w.>])(strcpy|strcat|sprintf|vsprintf|strncpy|strncat|atoi|atol|atoll|atof"
                    r"|strtok|gets|alloca|rand|srand|tmpnam|mktemp|setjmp|longjmp)\s*\(")
# The ports of time and randomness have one home; everything else takes them as a parameter.
PORTS = re.compile(r"(?<![\w.>])(time|gettimeofday|clock_gettime|getrandom|random|RAND_bytes)\s*\(")
PORTS_ALLOWED = re.compile(r"^common/base/(clock|rng)\.c$|^common/crypto/|^test/")

# Split so that this file does not refuse itself.
MACHINE = re.compile(r"(?<![\w.])/(" + "|".join(("wo" "rk", "tm" "p", "ho" "me", "ro" "ot", "Us" "ers"))
                     + r")/")
WORDS = re.compile(r"\b(" + "|".join(("TO" "DO", "FIX" "ME", "X" "XX", "HA" "CK")) + r")\b"
                   + r"|(?i:\b(" + "|".join(("du" "mmy", "place" "holder", "st" "ub", "st" "ubs",
                                             "for " "now")) + r")\b)")

LITERALS = re.compile(r'(?:"(?:\\.|[^"\\\n])*"\s*)+')


def check_c(rel, text, report):
    bare = tree.code(text)
    if not SQL_FOLDERS & set(rel.split("/")[:-1]):
        kept = tree.code(text, keep_strings=True)
        for found in LITERALS.finditer(kept):
            if SQL.search(re.sub(r'"\s*"', "", found.group(0))):
                report.fail(rel, tree.line_of(kept, found.start()), "sql",
                            "SQL text belongs to db, journal, engine, store or sql")
    if not rel.startswith((PB_FOLDER, "test/")):
        for found in PB_HEADER.finditer(tree.code(text, keep_strings=True)):
            report.fail(rel, tree.line_of(text, found.start()), "protobuf",
                        "generated types stop at common/wire")
    if not rel.startswith(tuple(EXPORT_ALLOWED)):
        for found in EXPORT.finditer(bare):
            report.fail(rel, tree.line_of(bare, found.start()), "key-export",
                        "keys are handles; the allow list stands in test/lint/leaks.py")
    for found in UNSAFE.finditer(bare):
        report.fail(rel, tree.line_of(bare, found.start()), "unsafe", f"{found.group(1)} is forbidden")
    if not PORTS_ALLOWED.search(rel):
        for found in PORTS.finditer(bare):
            report.fail(rel, tree.line_of(bare, found.start()), "port",
                        f"{found.group(1)}: take time and randomness through a port")


def check(root, report):
    sources = tree.files(root)
    for rel in sources:
        raw = (root / rel).read_bytes()
        if b"\0" in raw or "/corpus/" in rel:
            continue
        text = raw.decode("utf-8", errors="replace")
        if rel.endswith((".c", ".h")):
            check_c(rel, text, report)
        for rule, pattern, message in (("machine", MACHINE, "names a place of one machine"),
                                       ("unfinished", WORDS, "finish it or take it out")):
            for found in pattern.finditer(text):
                report.fail(rel, tree.line_of(text, found.start()), rule,
                            f"{found.group(0)!r}: {message}")
    return len(sources)


CLEAN = {
    "smsr/store/s.c": 'const char *q = "SELECT a FROM b";\n',
    "smsr/es5/e.c": '/* SELECT by AID FROM the card */\nconst char *s = "SELECT ECASD";\n',
    "common/wire/w.c": '#include "es1.pb-c.h"\n',
    "common/crypto/k.c": "int f(void) { return key_export_raw(k, p, n, &m); }\n",
    "common/base/clock.c": "void f(void) { clock_gettime(CLOCK_REALTIME, &ts); }\n",
    "smsr/app.c": 'void f(void) { snprintf(a, 1, "x"); c->random(c); run_time(1); s.time(2); }\n'
                  "/* strcpy( is never used */\nconst char *t = \"atoi(1)\";\n",
    "test/unit/t_test.c": "void f(void) { key_export_raw(k, p, n, &m); }\n",
    "README.md": "State lives in /var/lib/remora.\n",
}
PLANTED = (
    ("sql", "smsr/api/a.c", 'const char *q = "SELECT a FROM b";\n'),
    ("sql", "smsr/api/a.c", 'const char *q = "SELECT a "\n    "FROM b";\n'),
    ("sql", "smsr/api/a.c", 'const char *q = "INSERT OR IGNORE INTO b VALUES(1)";\n'),
    ("sql", "smsr/domain/a.c", 'const char *q = "UPDATE b SET c = 1";\n'),
    ("sql", "tools/smctl/a.c", 'const char *q = "DELETE FROM b";\n'),
    ("protobuf", "smsr/api/a.h", '#include "es1.pb-c.h"\n'),
    ("key-export", "smsr/es5/a.c", "int f(void) { return key_export_raw(k, p, n, &m); }\n"),
    ("unsafe", "smsr/a.c", "void f(void) { strcpy(a, b); }\n"),
    ("unsafe", "smsr/a.c", "void f(void) { n = atoi (s); }\n"),
    ("unsafe", "test/unit/a_test.c", "void f(void) { p = alloca(3); }\n"),
    ("unsafe", "smsr/a.c", "void f(void) { strcat(a, b); }\n"),
    ("unsafe", "smsr/a.c", "void f(void) { sprintf(a, b); }\n"),
    ("unsafe", "smsr/a.c", "void f(void) { strtok(a, b); }\n"),
    ("unsafe", "smsr/a.c", "void f(void) { gets(a); }\n"),
    ("port", "smsr/proc/a.c", "void f(void) { t = time(NULL); }\n"),
    ("port", "common/codec/a.c", "void f(void) { getrandom(p, 1, 0); }\n"),
    ("machine", "deploy/a.md", "see /" + "tmp/x for it\n"),
    ("machine", "common/base/a.c", 'const char *p = "/' + 'work/main";\n'),
    ("machine", "a.md", "in /ho" + "me/somebody\n"),
    ("unfinished", "common/base/a.c", "/* TO" + "DO: later */\n"),
    ("unfinished", "common/base/a.md", "a st" + "ub\n"),
    ("unfinished", "tools/a.py", "x = 1  # good enough for " + "now\n"),
)

if __name__ == "__main__":
    tree.main(check, CLEAN, PLANTED)
