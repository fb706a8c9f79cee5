# SPDX-License-Identifier: Apache-2.0
"""The cells one after the other: a line for each, figures to build/results."""
import json
import os
import shutil
import subprocess
import tempfile

import cell as cells
import judge
from wire import SOURCE

FULL, QUICK = (50, 200), (8, 24)        # downloads and enables of a cell
QUICK_CELLS = ("sms/coap/20/20/20", "sms/real/5/20/20", "cattp/coap/20/20/20", "cattp/real/20/20/20", "https/coap/20/0/0",
               "https/real/20/20/20")


def commit():
    return subprocess.run(["git", "rev-parse", "--short=12", "HEAD"], cwd=SOURCE, capture_output=True, text=True,
                          check=False).stdout.strip()


def one(cell, base, seed, modules, keep):
    """(figures, what is wrong)"""
    try:
        seen = cells.run(cell, base, seed, modules, keep)
    except (AssertionError, OSError, ValueError, KeyError, subprocess.TimeoutExpired) as why:
        return {**cell._asdict()}, [f"{type(why).__name__}: {why}"]
    return judge.figures(cell, seen), judge.faults(cell, seen)


def run(names, sizes, seed, modules, why_not, keep=None):
    """[(name, pass | fail | skip, figures)]; prints a line for each as it ends."""
    results = []
    where = keep or tempfile.mkdtemp(prefix="matrix-", dir=os.path.join(SOURCE, "build"))
    base = cells.Base(where, *sizes)
    try:
        for name in names:
            cell = cells.cell_of(name)
            if cell.bearer == "sms" and cell.carrier == "real" and not modules:
                print(f"skipped {name}: {why_not}", flush=True)
                results.append((name, "skip", {"why": why_not}))
                continue
            found, wrong = one(cell, base, seed, modules, keep)
            print(judge.line(found, wrong), flush=True)
            for sentence in wrong:
                print(f"    {sentence}")
            if wrong:
                print(f"    again: test/bearers/run --cell {name} --seed {seed} --downloads {sizes[0]} --enables {sizes[1]}",
                      flush=True)
            results.append((name, "fail" if wrong else "pass", {**found, "wrong": wrong}))
    finally:
        if not keep:
            shutil.rmtree(where, ignore_errors=True)
    return results


def total(results, *path):
    out = 0
    for _, _, found in results:
        for key in path:
            found = found.get(key, {}) if isinstance(found, dict) else {}
        out += found if isinstance(found, int) else 0
    return out


def proof(results, part, command):
    """For test/proof: what was measured, in sentences; the cells stand beside them."""
    done = [r for r in results if r[1] != "skip"]
    lines = [f"{len(done)} cells of bearer, carrier, loss, duplication and reordering: in {sum(r[1] == 'pass' for r in done)} of "
             f"them every operation ended in a true verdict, cards and verdicts agree and the join is exact"]
    for bearer in cells.BEARERS:
        mine = [r for r in done if r[0].startswith(bearer + "/")]
        if not mine:
            continue
        parts = [f"{total(mine, what, 'n'):,} {what}s ({total(mine, what, 'SUCCESS'):,} SUCCESS) in "
                 f"{total(mine, what, 'attempts'):,} attempts" for what in ("download", "enable") if total(mine, what, "n")]
        lines.append(f"{bearer}: {', '.join(parts)}; {total(mine, 'sms'):,} short messages, {total(mine, 'datagrams'):,} "
                     f"datagrams, {total(mine, 'streams'):,} streams, {total(mine, 'octets'):,} octets")
    skipped = [r[0] for r in results if r[1] == "skip"]
    if skipped:
        lines.append(f"{len(skipped)} cells were skipped: {results[[r[1] for r in results].index('skip')][2]['why']}")
    folder = os.path.join(SOURCE, "build/results/proof")
    os.makedirs(folder, exist_ok=True)
    with open(os.path.join(folder, part + ".json"), "w", encoding="utf-8") as f:
        json.dump({"part": part, "command": command, "commit": commit(), "lines": lines,
                   "cells": [{"cell": name, "result": result, **found} for name, result, found in results]}, f, indent=1)
        f.write("\n")
