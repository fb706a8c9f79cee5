#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Who may include whom: the one place that holds the ranks of the folders."""
import re

import tree

# A folder includes itself and folders of a lower rank. The longest matching path decides; the files
# lying directly in smsr/ and smdp/ are told apart by name.
RANK = {
    "common/base": 0,
    "common/conf": 1, "common/msg": 1, "common/db": 1,
    "common/codec": 2,
    "common/crypto": 3, "common/proc": 3,
    "common/bearer": 4, "common/wire": 4, "common/journal": 4, "common/capture": 4,
    "common/engine": 5, "common/net": 5,
    "common/daemon": 6,
    "smsr/domain": 6, "smdp/domain": 6,
    "smsr/es5": 7, "smdp/es8": 7, "smdp/profile": 7, "smsr/store": 7, "smdp/store": 7,
    "smsr/proc": 8, "smdp/proc": 8,
    "smsr/channel": 9, "smsr/api": 9, "smdp/api": 9, "smsr/hook": 9, "smdp/hook": 9,
    "smdp/channel": 9,
    "smsr": 10, "smdp": 10,
    "tools/euiccsim/card": 5, "tools/euiccsim/net": 6, "tools/euiccsim": 10,
    "tools/eisimport": 9, "tools/smctl": 10, "tools/pki": 9,
}
MAIN_RANK = 11

PURE = {"common/base", "common/msg", "common/codec", "common/crypto", "common/bearer", "common/proc",
        "smsr/domain", "smdp/domain", "smsr/es5", "smdp/es8", "smdp/profile", "smsr/proc", "smdp/proc"}
IMPURE = {"common/conf", "common/db", "common/journal", "common/engine", "common/net", "common/wire",
          "smsr/store", "smdp/store"}
# Folders a folder may not include although their rank is lower.
APART = {
    "tools/euiccsim/card": {"common/wire", "common/journal"},
}

# Headers that exist only in the build tree.
GENERATED = re.compile(r"\.pb-c\.h$")

# (name, header pattern, files that may include it). Tests may include anything.
SYSTEM = (
    ("sqlite", r"^sqlite3", r"^common/(db|journal|engine)/|^(smsr|smdp)/store/"),
    ("openssl", r"^openssl/", r"^common/crypto/|^common/bearer/scp81|^common/net/tls[^/]*\.c$"
                              r"|^tools/pki/[^/]*\.c$"),
    ("libevent", r"^(event2/|event\.h|ev[a-z]*\.h)", r"^common/net/"),
    ("coap", r"^coap", r"^common/net/"),
    ("cyaml", r"^cyaml", r"^common/conf/"),
    ("protobuf", r"^protobuf-c/|\.pb-c\.h$", r"^common/wire/"),
    # No daemon parses XML or unpacks archives, and neither does smctl.
    ("xml", r"^(libxml/|xmlsec/|zip\.h)", r"^tools/eisimport/"),
    ("socket", r"^(sys/socket|sys/epoll|sys/un|netinet/|arpa/|netdb|poll)", r"^common/net/|^tools/"),
    ("thread", r"^(pthread|threads)\.h", r"^$"),
)
# Time and randomness reach pure code through ports; base holds the ports, X.509 needs struct tm.
PURE_SYSTEM = (r"^(time|sys/time|sys/random|unistd|fcntl|sys/stat|sys/file)\.h",
               {"common/base", "common/crypto"})

INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*(?:"([^"]+)"|<([^>]+)>)', re.M)


def folder_of(rel):
    parts = rel.split("/")[:-1]
    while parts and "/".join(parts) not in RANK:
        parts.pop()
    return "/".join(parts) or None


def rank_of(rel):
    folder = folder_of(rel)
    if folder is None:
        return None
    name = rel.rsplit("/", 1)[1]
    if RANK[folder] == 10 and rel == f"{folder}/{name}" and name == "main.c":
        return MAIN_RANK
    return RANK[folder]


def check_quoted(root, rel, line, target, report):
    if GENERATED.search(target):
        if not rel.startswith(("common/wire/", "test/")):
            report.fail(rel, line, "protobuf", f"only common/wire includes {target}")
        return
    if "/" not in target or ".." in target or not (root / target).is_file():
        report.fail(rel, line, "root-relative", f'"{target}" is no file below the source root')
        return
    if rel.startswith("test/"):
        return
    if target.startswith("test/"):
        report.fail(rel, line, "test", "nothing includes test/")
        return
    mine, theirs = folder_of(rel), folder_of(target)
    if theirs is None:
        report.fail(rel, line, "unranked", f"{target} lies in no folder of the rank table")
        return
    if {mine.split("/")[0], theirs.split("/")[0]} == {"smsr", "smdp"}:
        report.fail(rel, line, "daemons", "smsr and smdp never include each other")
    elif mine == theirs:
        return
    elif mine in PURE and theirs in IMPURE:
        report.fail(rel, line, "pure", f"{mine} is pure and never includes {theirs}")
    elif theirs in APART.get(mine, ()):
        report.fail(rel, line, "apart", f"{mine} never includes {theirs}")
    elif rank_of(target) >= rank_of(rel):
        report.fail(rel, line, "rank", f"{mine} ({rank_of(rel)}) includes {theirs} ({rank_of(target)})")


def check_system(rel, line, target, report):
    if rel.startswith("test/"):
        return
    for name, pattern, allowed in SYSTEM:
        if re.search(pattern, target) and not re.search(allowed, rel):
            report.fail(rel, line, name, f"<{target}> is out of place here")
    pattern, exempt = PURE_SYSTEM
    folder = folder_of(rel)
    if re.search(pattern, target) and folder in PURE and folder not in exempt:
        report.fail(rel, line, "pure-system", f"<{target}> in a pure folder: take it through a port")


def check(root, report):
    sources = tree.files(root, {".c", ".h"})
    for rel in sources:
        if not rel.startswith("test/") and folder_of(rel) is None:
            report.fail(rel, 1, "unranked", "give this folder a rank in test/lint/layers.py")
            continue
        text = tree.code(tree.read(root, rel), keep_strings=True)
        for found in INCLUDE.finditer(text):
            line = tree.line_of(text, found.start())
            if found.group(1):
                check_quoted(root, rel, line, found.group(1), report)
            else:
                check_system(rel, line, found.group(2), report)
    return len(sources)


H = "#pragma once\n"
CLEAN = {
    "common/base/a.h": H, "common/base/a.c": '#include "common/base/a.h"\n#include <time.h>\n',
    "common/msg/m.h": '#include "common/base/a.h"\n', "common/db/d.h": H, "common/wire/w.h": H,
    "common/wire/w.c": '#include "common/wire/w.h"\n#include "es1.pb-c.h"\n',
    "common/net/n.c": "#include <event2/event.h>\n#include <coap3/coap.h>\n", "common/net/n.h": H,
    "common/net/tls.c": "#include <openssl/ssl.h>\n", "common/journal/j.h": H,
    "common/engine/e.h": '#include "common/journal/j.h"\n',
    "smsr/domain/eis.h": '#include "common/msg/m.h"\n// #include "smdp/domain/o.h"\n',
    "smdp/domain/o.h": H, "smsr/store/s.h": '#include "common/db/d.h"\n',
    "smsr/proc/p.c": '#include "smsr/domain/eis.h"\n', "smsr/app.h": '#include "smsr/store/s.h"\n',
    "smsr/main.c": '#include "smsr/app.h"\n', "test/support/t.h": '#include "smsr/app.h"\n',
    "tools/euiccsim/card/c.h": '#include "common/msg/m.h"\n',
}
PLANTED = (
    ("rank", "common/base/b.c", '#include "common/msg/m.h"\n'),
    ("pure", "common/msg/m.c", '#include "common/db/d.h"\n'),
    ("rank", "common/journal/j.c", '#include "common/engine/e.h"\n'),
    ("rank", "common/wire/x.c", '#include "common/journal/j.h"\n'),
    ("rank", "smsr/store/t.c", '#include "smsr/app.h"\n'),
    ("pure", "smsr/proc/q.c", '#include "smsr/store/s.h"\n'),
    ("pure", "smsr/domain/d.c", '#include "common/wire/w.h"\n'),
    ("daemons", "smsr/domain/d.c", '#include "smdp/domain/o.h"\n'),
    ("daemons", "smdp/app.c", '#include "smsr/app.h"\n'),
    ("test", "common/base/b.c", '#include "test/support/t.h"\n'),
    ("root-relative", "common/base/b.c", '#include "a.h"\n'),
    ("root-relative", "common/base/b.c", '#include "common/base/../base/a.h"\n'),
    ("root-relative", "test/unit/b_test.c", '#include "common/base/missing.h"\n'),
    ("unranked", "common/extra/x.c", "int x;\n"),
    ("apart", "tools/euiccsim/card/c.c", '#include "common/journal/j.h"\n'),
    ("sqlite", "smsr/api/a.c", "#include <sqlite3.h>\n"),
    ("openssl", "common/net/tls.h", "#include <openssl/ssl.h>\n"),
    ("openssl", "common/codec/c.c", "  #  include <openssl/evp.h>\n"),
    ("libevent", "common/engine/e.c", "#include <event2/event.h>\n"),
    ("coap", "smsr/channel/c.c", "#include <coap3/coap.h>\n"),
    ("protobuf", "smsr/api/a.c", '#include "es1.pb-c.h"\n'),
    ("protobuf", "smsr/api/a.c", "#include <protobuf-c/protobuf-c.h>\n"),
    ("socket", "common/engine/e.c", "#include <sys/socket.h>\n"),
    ("thread", "common/engine/e.c", "#include <pthread.h>\n"),
    ("pure-system", "smsr/es5/e.c", "#include <time.h>\n"),
)

if __name__ == "__main__":
    tree.main(check, CLEAN, PLANTED)
