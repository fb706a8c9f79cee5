#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Counts single test cases out of JUnit files; used by test/run.

tally.py ctest JUNIT.xml OUT.tsv    one row per TAP line of a cmocka program, else one per ctest
tally.py pytest JUNIT.xml OUT.tsv   one row per test case
tally.py fail NAME OUT.tsv          one failed row, for a part that broke before it could report
tally.py ran PART OUT.tsv           one failed row when the part has none at all
tally.py sum OUT.tsv...             names the cases that failed or were skipped and prints `N passed, N failed,
                                    N skipped`; a case that ran in several builds counts once and has failed
                                    if it failed in any of them
tally.py budget README.md PART S    says how S seconds compare with the table of budgets in that file
tally.py budgets README.md RUN      one table for all: each part of test/run has its row, the normal run fits
tally.py proof JSON OUT.tsv PART S  what ran, for the proof page: cases and seconds of each part
tally.py self-test                  negative control of the counting itself
"""
import contextlib
import io
import json
import os
import re
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as ET

TAP = re.compile(r"^\s*(ok|not ok) (\d+)(?: - (.*?))?\s*(# SKIP(?: (.*))?)?$")
PLAN = re.compile(r"^\s*1\.\.(\d+)\s*$")
RANK = {"skip": 0, "pass": 1, "fail": 2}


def tap_rows(name, output):
    """(status, id) of each case of a cmocka program; cases that never reported have failed."""
    rows, planned, used = [], 0, {}
    for line in output.splitlines():
        plan, case = PLAN.match(line), TAP.match(line)
        if plan:
            planned += int(plan.group(1))
        elif case:
            title = case.group(3) or case.group(5) or case.group(2)
            used[title] = used.get(title, 0) + 1
            if used[title] > 1:
                title += f" #{used[title]}"
            status = "skip" if case.group(4) else "pass" if case.group(1) == "ok" else "fail"
            rows.append((status, f"{name}: {title}"))
    for lost in range(len(rows) + 1, planned + 1):
        rows.append(("fail", f"{name}: case {lost} did not report"))
    return rows


def ctest_rows(path):
    rows = []
    for case in ET.parse(path).getroot().iter("testcase"):
        name = case.get("name")
        output = case.findtext("system-out") or ""
        # CTest calls a test without a program skipped, too; only a skip the test asked for is one.
        asked = case.find("skipped") is not None and "SKIP_" in case.find("skipped").get("message", "")
        skipped = asked or case.get("status") == "disabled"
        failed = not skipped and case.get("status") != "run"
        mine = tap_rows(name, output)
        if skipped:
            mine = [("skip", name)]
        elif not mine:
            mine = [("fail" if failed else "pass", name)]
        elif failed and all(status != "fail" for status, _ in mine):
            mine.append(("fail", f"{name}: the program failed beside its cases"))
        if any(status == "fail" for status, _ in mine):
            print(f"--- {name}\n{output.rstrip()}")
            if case.find("failure") is not None:
                print(f"    {case.find('failure').get('message') or ''}")
        rows += mine
    return rows


def pytest_rows(path):
    rows = []
    for case in ET.parse(path).getroot().iter("testcase"):
        name = f"{case.get('classname')}.{case.get('name')}"
        bad = [x for tag in ("failure", "error") for x in case.findall(tag)]
        for x in bad:
            print(f"--- {name}\n{x.text or x.get('message')}")
        status = "fail" if bad else "skip" if case.find("skipped") is not None else "pass"
        rows.append((status, name))
    return rows


def ran_rows(part, path):
    if os.path.exists(path) and os.path.getsize(path):
        return []
    return [("fail", f"part {part} ran no test")]


def read_rows(paths):
    for path in paths:
        with open(path, encoding="utf-8") as file:
            for line in file:
                status, name = line.rstrip("\n").split("\t", 1)
                yield status, name


def total(paths):
    worst = {}
    for status, name in read_rows(paths):
        if name not in worst or RANK[status] > RANK[worst[name]]:
            worst[name] = status
    count = {status: list(worst.values()).count(status) for status in RANK}
    for wanted, word in (("skip", "SKIPPED"), ("fail", "FAILED")):
        for name in sorted(name for name, status in worst.items() if status == wanted):
            print(f"{word} {name}")
    print(f"{count['pass']} passed, {count['fail']} failed, {count['skip']} skipped")
    return 1 if count["fail"] or not count["pass"] else 0


BUDGET = re.compile(r"^\| `(\w+)` \| (\d+|–) \| (\d+) \|", re.M)
RUN_PART = re.compile(r"^part_(\w+)\(\)", re.M)
NORMAL_SECONDS = 15 * 60


def read_budgets(readme):
    """part -> (seconds in a normal run, 0: not in it; seconds with --full). No test is judged by time."""
    with open(readme, encoding="utf-8") as file:
        return {part: (0 if normal == "–" else int(normal), int(full))
                for part, normal, full in BUDGET.findall(file.read())}


def tell_budget(readme, part, seconds):
    normal, full = read_budgets(readme).get(part, (0, 0))
    allowed = full if os.environ.get("REMORA_FULL") or not normal else normal
    if not allowed:
        return f"{seconds} s; it has no budget in {readme}"
    if int(seconds) > allowed:
        return f"{seconds} s, over its budget of {allowed} s"
    return f"{seconds} s of {allowed} s"


def check_budgets(readme, run):
    budgets = read_budgets(readme)
    with open(run, encoding="utf-8") as file:
        parts = set(RUN_PART.findall(file.read()))
    normal = sum(seconds for seconds, _ in budgets.values())
    wrong = [f"part {part} of {run} has no budget in {readme}" for part in sorted(parts - set(budgets))]
    wrong += [f"{readme} has a budget for {part}, which {run} does not know" for part in sorted(set(budgets) - parts)]
    if normal > NORMAL_SECONDS:
        wrong.append(f"the parts of a normal run may take {normal} s together, more than {NORMAL_SECONDS}")
    print("\n".join(wrong + [f"{len(budgets)} budgets, {normal} s for a normal run, {len(wrong)} errors"]))
    return 1 if wrong else 0


def note_proof(path, tsv, part, seconds):
    """Keeps one line for each part that ever ran here."""
    rows = [status for status, _ in read_rows([tsv])] if os.path.exists(tsv) else []
    count = {status: rows.count(status) for status in RANK}
    root = os.path.dirname(os.path.abspath(__file__))
    commit = subprocess.run(["git", "-C", root, "rev-parse", "--short=12", "HEAD"], capture_output=True, text=True,
                            check=False).stdout.strip()
    one = {"part": "cases", "command": "test/run", "parts": {}}
    if os.path.exists(path):
        with open(path, encoding="utf-8") as file:
            one = json.load(file)
    one["parts"][part] = (f"{part}: {count['pass']:,} cases passed, {count['fail']:,} failed, {count['skip']:,} skipped in "
                          f"{int(seconds):,} s, at {commit or 'no commit'}")
    one.update(commit=commit, lines=list(one["parts"].values()))
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w", encoding="utf-8") as file:
        json.dump(one, file, indent=1)


CONTROL = """<testsuite>
<testcase name="good" status="run"><system-out>1..2\nok 1 - a\nok 2 - b\n</system-out></testcase>
<testcase name="bad" status="fail"><failure message=""/><system-out>1..3\nok 1 - a\nnot ok 2 - b
# 0x1 != 0x2\nnot ok 3 # SKIP c\n</system-out></testcase>
<testcase name="crash" status="fail"><failure message="SEGFAULT"/><system-out>1..3\nok 1 - a
</system-out></testcase>
<testcase name="leak" status="fail"><failure message=""/><system-out>1..1\nok 1 - a
LeakSanitizer</system-out></testcase>
<testcase name="groups" status="run"><system-out>1..1\nok 1 - a\n1..1\nok 1 - a</system-out></testcase>
<testcase name="plain" status="run"><system-out>fine</system-out></testcase>
<testcase name="broken" status="fail"><failure message=""/><system-out/></testcase>
<testcase name="missing" status="notrun"><skipped message="Unable to find executable"/></testcase>
<testcase name="asked" status="notrun"><skipped message="SKIP_RETURN_CODE=77"/></testcase>
</testsuite>"""
CONTROL_WANT = {
    "good: a": "pass", "good: b": "pass", "bad: a": "pass", "bad: b": "fail", "bad: c": "skip",
    "crash: a": "pass", "crash: case 2 did not report": "fail",
    "crash: case 3 did not report": "fail", "leak: a": "pass",
    "leak: the program failed beside its cases": "fail", "groups: a": "pass", "groups: a #2": "pass",
    "plain": "pass", "broken": "fail", "missing": "fail", "asked": "skip",
}


def self_test():
    out = io.StringIO()
    with tempfile.TemporaryDirectory() as tmp, contextlib.redirect_stdout(out):
        junit, first, second = (os.path.join(tmp, name) for name in ("j.xml", "1.tsv", "2.tsv"))
        with open(junit, "w", encoding="utf-8") as file:
            file.write(CONTROL)
        rows = ctest_rows(junit)
        for path, lines in ((first, rows), (second, [("fail", "good: a"), ("pass", "bad: b")])):
            with open(path, "w", encoding="utf-8") as file:
                file.writelines(f"{status}\t{name}\n" for status, name in lines)
        status = total([first, second])
        none = ran_rows("x", os.path.join(tmp, "3.tsv"))
        some = ran_rows("x", first)
    wrong = sorted(set(CONTROL_WANT.items()) ^ {(name, status) for status, name in rows})
    last = out.getvalue().splitlines()[-1]
    good = not wrong and status == 1 and last == "7 passed, 7 failed, 2 skipped" \
        and none == [("fail", "part x ran no test")] and not some
    print(f"{len(rows)} rows, {len(wrong)} wrong {wrong}; sum: {last}")
    sys.exit(0 if good else 1)


def main():
    verb, args = sys.argv[1], sys.argv[2:]
    if verb == "sum":
        sys.exit(total(args))
    if verb == "self-test":
        self_test()
    if verb == "budget":
        print(tell_budget(*args))
        return
    if verb == "budgets":
        sys.exit(check_budgets(*args))
    if verb == "proof":
        note_proof(*args)
        return
    if verb == "ran":
        rows = ran_rows(*args)
        if not rows:
            return
    else:
        rows = {"ctest": ctest_rows, "pytest": pytest_rows,
                "fail": lambda name: [("fail", name)]}[verb](args[0])
    with open(args[1], "a", encoding="utf-8") as file:
        for status, name in rows:
            file.write(f"{status}\t{name}\n")
    bad = sum(status == "fail" for status, _ in rows)
    print(f"{len(rows)} cases, {bad} of them bad")
    sys.exit(1 if bad else 0)


if __name__ == "__main__":
    main()
