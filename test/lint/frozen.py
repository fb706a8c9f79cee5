#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What is on disks and in other people's scripts for years does not change: the fields and words of records,
the names of crash points, the members of ports. frozen.txt has a line for each; what is new gets one, what
stands there stays as it is. --print writes the list as the tree has it."""
import pathlib
import re
import sys

import tree

LIST = "test/lint/frozen.txt"
SCHEMA = ("proto/event.proto", "proto/types.proto")
RECORD = ("Event", "EventProfile", "EventDelivery", "EventSecret")
WORDS = "common/msg/event.c"
CRASH = "common/engine/crash_point.c"
PORTS = {"clock": "common/base/clock.h", "rng": "common/base/rng.h", "space": "common/db/space.h",
         "carrier": "smsr/channel/carrier.h", "channel_port": "smsr/channel/channel.h",
         "engine_app": "common/engine/engine.h", "engine_witness": "common/engine/engine.h"}


def schema(text):
    text = re.sub(r"//[^\n]*", "", text)
    for kind, name, body in re.findall(r"\b(message|enum)\s+(\w+)\s*\{(.*?)\}", text, re.S):
        if kind == "enum":
            for value, number in re.findall(r"(\w+)\s*=\s*(\d+)", body):
                yield f"value {name} {number} {value}"
        elif name in RECORD:
            for label, sort, field, number in re.findall(r"(optional|repeated)\s+([\w.]+)\s+(\w+)\s*=\s*(\d+)", body):
                yield f"field {name} {number} {field} {label} {sort}"


def words(text):
    for word, sort in re.findall(r'\[EV_\w+\]\s*=\s*\{\s*"([^"]+)"\s*,\s*CLASS_(\w+)', text):
        yield f"type {word} {sort}"


def crash_points(text):
    for number, who, instant, what, name in re.findall(
            r'\{(\d+),\s*CRASH_(\w+),\s*(\w+),\s*(\w+),\s*"([^"]+)"', text):
        yield f"crash {who} {name} {number} {instant} {what}"


def port(text, name):
    found = re.search(rf"\bstruct\s+{name}\s*\{{(.*?)\n\}};", tree.code(text), re.S)
    for member in re.findall(r"[^;]*\(\*\w+\)\([^;]*", found.group(1) if found else ""):
        yield f"port {name} {' '.join(member.split())}"


def standing(root):
    out = []
    for rel in SCHEMA:
        out += schema(tree.read(root, rel))
    out += words(tree.read(root, WORDS))
    out += crash_points(tree.read(root, CRASH))
    for name, rel in PORTS.items():
        out += port(tree.read(root, rel), name)
    return sorted(out)


def check(root, report):
    frozen = [line for line in tree.read(root, LIST).splitlines() if line and not line.startswith("#")]
    now = standing(root)
    for kind in ("field", "value", "type", "crash", "port"):
        if not any(line.startswith(kind + " ") for line in now):
            report.fail(LIST, 1, "unread", f"no {kind} was found: the check itself is blind")
    for line in sorted(set(frozen) - set(now)):
        report.fail(LIST, 1, "changed", f"gone or not the same any more: {line}")
    for line in sorted(set(now) - set(frozen)):
        report.fail(LIST, 1, "new", f"has no line yet: {line}")
    return len(now)


CLEAN = {
    "proto/event.proto": "message Event {\n  optional bytes eid = 3; // x\n}\nenum EventClass {\n    CLASS_NONE = 0;\n}\n",
    "proto/types.proto": "enum Verdict {\n    VERDICT_NONE = 0;\n}\n",
    WORDS: '    [EV_A] = {"a.done", CLASS_LIFE,\n EVF_EID},\n',
    CRASH: '    {5, CRASH_SR, ENGINE_APPENDED, EV_A, "arming",\n     "inside"},\n',
    **{rel: "" for rel in PORTS.values()},
    "common/base/clock.h": "struct clock {\n    /* now */ int64_t (*wall_ms)(void *ctx);\n    void *ctx;\n};\n",
    LIST: "# why\nfield Event 3 eid optional bytes\nvalue EventClass 0 CLASS_NONE\nvalue Verdict 0 VERDICT_NONE\n"
          "type a.done LIFE\ncrash SR arming 5 ENGINE_APPENDED EV_A\nport clock int64_t (*wall_ms)(void *ctx)\n",
}
PLANTED = (
    ("changed", LIST, CLEAN[LIST] + "field Event 4 iccid optional bytes\n"),
    ("new", LIST, CLEAN[LIST].replace("type a.done LIFE\n", "")),
)


def main():
    if sys.argv[1:] and sys.argv[1] == "--print":
        print("\n".join(standing(pathlib.Path(sys.argv[2]))))
    else:
        tree.main(check, CLEAN, PLANTED)


if __name__ == "__main__":
    main()
