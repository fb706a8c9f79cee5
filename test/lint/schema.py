#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The published functions (proto/functions.txt) and the schema are one: every message of an interface stands there,
with the published fields in their odd spelling and no others, and in the published mode. proto/FUNCTIONS.md shows them,
with the tests that name each; `schema.py --print .` writes it anew."""
import pathlib
import re
import sys

import tree

TABLE = "proto/functions.txt"
BASE = {True: ["FunctionCallIdentifier", "ValidityPeriod"],
        False: ["ProcessingStart", "ProcessingEnd", "AcceptableValidityPeriod", "FunctionExecutionStatus"]}
MESSAGE = re.compile(r"^message (ES\w+) \{\n(.*?)^\}", re.M | re.S)
FIELD = re.compile(r"^\s*(optional|repeated) \S+ (\w+) = \d+;", re.M)
ROW = re.compile(r"^(ES\d+A?)-(\w+) ([SAN])((?: [\w-]+[?*]?)*)(?: ->((?: [\w-]+[?*]?)+))?$")
PAIR = re.compile(r'PAIR\(\w+,\s*\w+,\s*"(ES[\w-]+)",\s*IF_(\w+),\s*(FN_\w+),\s*(SYNC|ASYNC)\)')
MANUAL = "proto/FUNCTIONS.md"
INTERFACES = ("ES1", "ES2", "ES3", "ES4", "ES4A", "ES7")
C_TEST = re.compile(r"^static void \w+\(void \*\*state\)\n\{(.*?)^\}", re.M | re.S)
PY_TEST = re.compile(r"^def test_\w+\(.*?(?=^\S|\Z)", re.M | re.S)
NAMED = re.compile(r"\bMSG_(ES\dA?)_(\w+?)(?:_REQUEST|_RESPONSE)?\b|\b(ES\dA?)_([A-Z]\w+?)\b")
CALLED = re.compile(r"\bcore_call\(\w*&?\w+, (CORE_\w+), (FN_\w+)")


def plain(field):
    return field.rstrip("?*").replace("-", "_")


def rows(root, report):
    for number, line in enumerate(tree.read(root, TABLE).splitlines(), 1):
        if not line or line.startswith("#"):
            continue
        found = ROW.match(line)
        if not found:
            report.fail(TABLE, number, "row", f"cannot be read: {line}")
            continue
        yield number, *found.group(1, 2, 3), found.group(4).split(), (found.group(5) or "").split()


def compare(report, number, name, published, base, message):
    """Fields of ours are lower-case; of the published ones none may be missing, misspelt or added."""
    fields = {f: label for label, f in message}
    for field in base + [plain(f) for f in published]:
        if field not in fields:
            report.fail(TABLE, number, "missing", f"{name} has no field {field}")
    for field in fields:
        if field not in base + [plain(f) for f in published] and not re.fullmatch(r"[a-z_]+", field):
            report.fail(TABLE, number, "added", f"{name}: {field} is not published")
    for field in published:
        if plain(field) in fields and (fields[plain(field)] == "repeated") != field.endswith("*"):
            report.fail(TABLE, number, "repeated", f"{name}: {field} is {fields[plain(field)]}")


def upper(function):
    """EnableProfile, GetEIS, CreateISDP as the constants of the code have them."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", function).upper()


def count_tests(root, cells):
    """How many tests name each message: by its name, or by the function a party of the test core calls."""
    by_constant = {f"{i}_{upper(f)}": (i, f) for i, f in cells}
    by_call = {(i, fn): tuple(name.split("-")) for name, i, fn, _ in PAIR.findall(tree.read(root, "common/msg/msg_type.c"))}
    counts = dict.fromkeys(cells, 0)
    for rel in tree.files(root, {".c", ".py"}):
        if not rel.startswith("test/") or rel.startswith("test/lint/"):
            continue
        text = tree.read(root, rel)
        for test in (C_TEST if rel.endswith(".c") else PY_TEST).finditer(text):
            seen = set()
            for a, b, c, d in NAMED.findall(test.group(0)):
                seen.add(by_constant.get(f"{a}_{b}") if a else (c, d))
            for who, fn in CALLED.findall(test.group(0)):
                seen.add(by_call.get(("ES3" if who == "CORE_D" else "ES4", fn)))
            for cell in seen & set(counts):
                counts[cell] += 1
        if rel == "test/system/test_functions.py":
            generated = len(PY_TEST.findall(text)) - 1
            counts.update({c: n + generated for c, n in counts.items() if "Notification" not in c[1] and c[0] != "ES7"})
    return counts


def matrix(root, report):
    """{function: {interface: (mode, tests)}} of what the schema has."""
    have = "".join(tree.read(root, rel) for rel in tree.files(root, {".proto"}))
    out, cells = {}, {}
    for _, interface, function, mode, _, _ in rows(root, report):
        here = re.search(rf"^message {interface}_{function}(Request)? ", have, re.M)
        cells[interface, function] = mode if here else None
    counts = count_tests(root, [c for c, mode in cells.items() if mode])
    for (interface, function), mode in cells.items():
        out.setdefault(function, {})[interface] = (mode, counts.get((interface, function), 0))
    return out


def check_manual(root, report):
    """What it shows is so, and of tests there are at least as many."""
    shown = {}
    for line in tree.read(root, MANUAL).splitlines():
        parts = [p.strip() for p in line.split("|")[1:-1]]
        if len(parts) == 1 + len(INTERFACES) and re.fullmatch(r"[A-Z]\w+", parts[0]) and parts[0] != "Function":
            shown[parts[0]] = dict(zip(INTERFACES, parts[1:]))
    for function, have in matrix(root, report).items():
        for interface, (mode, tests) in have.items():
            cell = shown.get(function, {}).get(interface, "").split()
            if (cell[0] if cell else "") != (mode or "-"):
                report.fail(MANUAL, 1, "manual", f"{interface}-{function} is {mode or 'not here'}: write it anew")
            elif mode and tests < (int(cell[1]) if len(cell) > 1 else 1):
                report.fail(MANUAL, 1, "manual", f"{interface}-{function} has {tests} tests, fewer than are shown")


def print_manual(root):
    report = tree.Report()
    text = tree.read(root, MANUAL) if (root / MANUAL).exists() else ""
    head = text[:text.index("| Function")]
    lines = ["| Function | " + " | ".join(INTERFACES) + " |", "|---" * (1 + len(INTERFACES)) + "|"]
    for function, have in matrix(root, report).items():
        cells = [(f"{have[i][0]} {have[i][1]}" if have[i][0] else "-") if i in have else "" for i in INTERFACES]
        lines.append(f"| {function} | " + " | ".join(cells) + " |")
    (root / MANUAL).write_text(head + "\n".join(lines) + "\n", encoding="utf-8")


def check(root, report):
    messages = {}
    for rel in tree.files(root, {".proto"}):
        for found in MESSAGE.finditer(tree.read(root, rel)):
            messages[found.group(1)] = FIELD.findall(found.group(2))
    modes = {name: mode for name, _, _, mode in PAIR.findall(tree.read(root, "common/msg/msg_type.c"))}
    known, n = set(), 0
    for number, interface, function, mode, asked, answered in rows(root, report):
        n += 1
        name = f"{interface}_{function}"
        parts = [(name, asked, [])] if mode == "N" else \
                [(name + "Request", asked, BASE[True]), (name + "Response", answered, BASE[False])]
        known.update(part for part, _, _ in parts)
        for part, published, base in parts:
            if part in messages:
                compare(report, number, part, published, base, messages[part])
        if mode == "N" or name + "Request" not in messages:
            continue
        have = modes.get(f"{interface}-{function}")
        if have != {"S": "SYNC", "A": "ASYNC"}[mode]:
            report.fail(TABLE, number, "mode", f"{interface}-{function} is {mode} and {have or 'nowhere'} in msg_type.c")
    check_manual(root, report)
    for name in sorted(set(messages) - known):
        report.fail(TABLE, 1, "unknown", f"{name} is no published function")
    return n


PROTO = """message ES2_EnableProfileRequest {
    optional bytes FunctionCallIdentifier = 1;
    optional uint64 ValidityPeriod = 2;
    optional bytes Eid = 10;
    optional bytes SmSr_id = 11;
    repeated bytes Iccid = 12;
    optional bool ours_too = 13;
}
message ES2_EnableProfileResponse {
    optional int64 ProcessingStart = 1;
    optional int64 ProcessingEnd = 2;
    optional uint64 AcceptableValidityPeriod = 3;
    optional .remora.FunctionExecutionStatus FunctionExecutionStatus = 4;
}
"""
SHOWN = "| Function | ES1 | ES2 | ES3 | ES4 | ES4A | ES7 |\n| EnableProfile | | A 1 | | | | |\n" \
        "| HandoverEUICC | | | | | | - |\n"
CLEAN = {
    MANUAL: SHOWN,
    "test/unit/a.c": "static void a_test(void **state)\n{\n    x(MSG_ES2_ENABLE_PROFILE_REQUEST);\n}\n",
    TABLE: "# the table\nES2-EnableProfile A Eid SmSr-id Iccid*\nES7-HandoverEUICC A Eis\n",
    "proto/es2.proto": PROTO,
    "common/msg/msg_type.c": 'PAIR(ES2_ENABLE_PROFILE, es2_enable_profile, "ES2-EnableProfile", IF_ES2,\n     '
                             "FN_ENABLE_PROFILE, ASYNC),\n",
}
PLANTED = (
    ("missing", TABLE, "ES2-EnableProfile A Eid SmSr-id Iccid* Smsr-id\n"),
    ("added", "proto/es2.proto", PROTO.replace("ours_too", "Reason")),
    ("repeated", TABLE, "ES2-EnableProfile A Eid SmSr-id Iccid\n"),
    ("mode", "common/msg/msg_type.c", 'PAIR(ES2_ENABLE_PROFILE, es2_enable_profile, "ES2-EnableProfile", IF_ES2,\n     '
                                      "FN_ENABLE_PROFILE, SYNC),\n"),
    ("row", TABLE, "ES2-EnableProfile A Eid SmSr-id Iccid*\nES2-EnableProfile X Eid\n"),
    ("unknown", "proto/es2.proto", PROTO + "message ES2_EnableProfilesRequest {\n}\n"),
    ("manual", MANUAL, SHOWN.replace("A 1", "S 1")),
    ("manual", MANUAL, SHOWN.replace("A 1", "A 2")),
    ("manual", MANUAL, SHOWN.replace("| - |", "| A |")),
    ("manual", "test/unit/a.c", "static void a_test(void **state)\n{\n}\n"),
    ("missing", "proto/es2.proto", PROTO.replace("    optional int64 ProcessingEnd = 2;\n", "")),
)

if __name__ == "__main__":
    if sys.argv[1:2] == ["--print"]:
        print_manual(pathlib.Path(sys.argv[2]))
    else:
        tree.main(check, CLEAN, PLANTED)
