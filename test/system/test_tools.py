# SPDX-License-Identifier: Apache-2.0
"""What a newcomer types: the help and the options of tools/, and the commands they print, as typed."""
import json
import os
import re
import shlex
import subprocess

from remora import BIN
from wire import SOURCE

DEMO = os.path.join(SOURCE, "tools", "demo")
WORLD = os.path.join(SOURCE, "tools", "world")


def run(*command, limit=240, **environment):
    return subprocess.run([str(c) for c in command], capture_output=True, text=True, timeout=limit, check=False,
                          env=dict(os.environ, REMORA_BIN=BIN, **environment))


def shell(line, **environment):
    """A line as a reader types it, with smctl in PATH."""
    return run("bash", "-c", line, PATH=BIN + os.pathsep + os.environ["PATH"], **environment)


# --- help and options ---

def test_help_is_no_mistake():
    for program in (DEMO, WORLD, os.path.join(SOURCE, "test", "run")):
        done = run(program, "--help")
        assert done.returncode == 0 and done.stdout and not done.stderr, program
        assert "set -u" not in done.stdout and "#!" not in done.stdout
        assert run(program, "--no-such-option").returncode == 2, program


WRONG = [("--meters", "0"), ("--meters", "20001"), ("--seed", "-1"), ("--seed", "x"), ("--loss", "101%"),
         ("--loss", "often"), ("--time-scale", "0"), ("--time-scale", "10001"), ("--latency", "slow"),
         ("--quirks", "no-such-quirk"), ("--quirks", "imsi-barred=2"), ("--quirks", "field=5%"), ("--quirks", "")]


def test_options_of_the_demo_are_checked_before_anything_is_done(tmp_path):
    for option, value in WRONG:
        done = run(DEMO, "--dir", tmp_path / "w", option, value)
        assert done.returncode == 2 and not done.stdout, f"{option} {value}: {done.stdout}{done.stderr}"
        assert option in done.stderr and len(done.stderr.splitlines()) == 1, done.stderr
        assert not os.path.exists(tmp_path / "w")


def test_the_demo_knows_the_quirks_of_the_simulator():
    said = run(BIN + "/euiccsim", "help").stdout
    known = " ".join(re.findall(r"quirks of (?:cards|networks): (.*)", said)).split()
    done = run(DEMO, "--quirks", "?")
    assert known and done.stderr.split(" use ")[1].split() == known + ["field", "none"]


# --- the demo's own hints ---

def test_hints_of_the_demo_work_as_printed(tmp_path):
    where = str(tmp_path / "w")
    # Half of the meters are rolled back: the hints are about one that is not.
    done = run(DEMO, "--meters", "16", "--time-scale", "600", "--latency", "fast", "--quirks",
               "imsi-barred=50%", "--dir", where, "--keep")
    try:
        assert done.returncode == 0, done.stdout + done.stderr
        hints = [line.strip() for line in done.stdout.split("to try:\n")[1].splitlines()]
        export, commands = hints[0], [h for h in hints if h.startswith("smctl ")]
        assert len(commands) == 6, hints
        with open(where + "/enabled.json", encoding="utf-8") as f:
            rows = [json.loads(line) for line in f]
        operation = next(shlex.split(c)[-1] for c in commands if " explain " in c)
        card = next(row for row in rows if row.get("operation") == operation)
        assert card["verdict"] == "SUCCESS"
        for command in commands:
            for eid in re.findall(r"\b89\d{30}\b", command):
                assert eid == card["eid"], command
            assert "--iccid" not in command or command.endswith(card["iccid"])
            ran = shell(f"{export}; {command}")
            assert ran.returncode == 0, f"{command}: {ran.stdout}{ran.stderr}"
        again = run(DEMO, "--dir", where)
        assert again.returncode == 2 and "build/demo" in again.stderr and where in again.stderr
    finally:
        run(WORLD, "stop", where)


# --- tools/world ---

def test_start_starts_what_is_missing(make_world):
    world = make_world(meters=2, load=False)
    pids = {name: world.pid(name) for name in ("smsr", "euiccsim")}
    world.stop("smdp")
    said = world.tool("start")
    assert "smsr runs already" in said and "euiccsim runs already" in said and "smdp runs" not in said
    assert pids == {name: world.pid(name) for name in pids}
    assert world.tool("status").count(" runs, ") == 3
    world.start("smsr")


# --- what smctl prints to be typed next ---

def test_commands_that_smctl_prints_work_as_typed(make_world):
    world = make_world(meters=4)
    eid, other = world.eids[:2]
    ran = [(0, f"--as operator-b profile push --eid {eid} --type meter"),
           (4, f"--as operator-b profile push --eid {eid} --iccid 8949010999999999999"),
           (4, f"--as fleet profile enable --eid {other} --iccid 8949010999999999999")]
    for code, line in ran:
        done = shell(f"smctl {line}", SMCTL_CONFIG=world.file("pki/smctl.yaml"))
        assert done.returncode == code, done.stdout + done.stderr
        who = line.split(" profile")[0]
        commands = [c for c in re.findall(r"smctl [^;,\n]*", done.stdout) if not re.search(r"\b(T|FILE|CSV)\b", c)]
        assert any(" explain " in c for c in commands)
        assert "operator-b" not in line or all(c.endswith(" --via smdp") for c in commands if " explain " in c)
        for command in commands:
            assert command.startswith(f"smctl {who} "), command
            typed = shell(command, SMCTL_CONFIG=world.file("pki/smctl.yaml"))
            assert typed.returncode == 0, f"{command}: {typed.stdout}{typed.stderr}"


def test_the_session_of_the_readme_works_as_printed(tmp_path):
    with open(os.path.join(SOURCE, "tools", "smctl", "README.md"), encoding="utf-8") as f:
        lines = f.read().split("```")[1].strip().splitlines()
    where, operation, config = str(tmp_path / "lab"), None, {}
    try:
        for line in lines:
            line = line.replace("$PWD/build/lab", where).replace("build/lab", where)
            if line.startswith("export "):
                config["SMCTL_CONFIG"] = line.split("=")[1].split()[0]
                continue
            # Time is not what the reader is shown.
            line = line.replace("--quirks none", "--quirks none --time-scale 600 --latency fast")
            done = shell(f"cd {SOURCE}; " + line.replace("OPERATION", operation or "OPERATION"), **config)
            assert done.returncode == 0, f"{line}: {done.stdout}{done.stderr}"
            if "operation list" in line:
                assert len(done.stdout.splitlines()) == 3
                operation = done.stdout.split()[0]
        assert operation and line.startswith("tools/world stop")
    finally:
        run(WORLD, "stop", where)


# --- the newest, and what a mistake names ---

def test_the_newest_are_shown(make_world):
    world = make_world(meters=8)
    world.enable(world.push())
    world.stop("smdp", "euiccsim")     # nothing is written while the lists are compared
    every = {"operation": [r["operation"] for r in world.operations()],
             "events": [r["lsn"] for r in world.smctl("events", "list", as_="admin", code=0).rows]}
    assert len(every["operation"]) > 8 and len(every["events"]) > 50
    for what, key in (("operation", "operation"), ("events", "lsn")):
        for n in (1, 3, len(every[what]), len(every[what]) + 1):
            rows = world.smctl(what, "list", "--last", str(n), as_="admin", code=0).rows
            assert [r[key] for r in rows] == every[what][-n:], f"{what} {n}"
    eid = world.eids[0]
    all_of_card = [r["lsn"] for r in world.smctl("events", "list", "--eid", eid, as_="admin", code=0).rows]
    found = world.smctl("events", "list", "--eid", eid, "--last", "2", as_="admin", code=0).rows
    assert [r["lsn"] for r in found] == all_of_card[-2:]
    done = world.smctl("operation", "list", "--last", "1", "--limit", "1", as_="admin", code=2)
    assert "--last" in done.errors and "--limit" in done.errors


def test_a_mistake_names_the_cure(make_world):
    world = make_world(meters=2, load=False)
    for state in ("enabled", "ENABLED", "Enabled"):
        world.smctl("eis", "list", "--state", state, as_="fleet", code=0)
    for state in ("available", "DELETED"):
        world.smctl("profile", "list", "--state", state, as_="operator-b", code=0)
    assert "Available, Reserved" in world.smctl("profile", "list", "--state", "x", as_="operator-b", code=4).errors
    bad = world.list_file("bad.csv", ["iccid,imsy,k,opc", "x,x,x,x"])
    done = world.smctl("profile", "import", "--type", "meter", bad, as_="operator-b", code=2)
    assert "iccid, imsi, k, opc, msisdn" in done.errors and "profile_type" in done.errors
    done = world.smctl("eis", "list", "--nonsense", as_="fleet", code=2)
    assert "smctl help eis list" in done.errors
    world.stop("smsr")
    done = world.smctl("eis", "list", "--retry", "0", as_="fleet", code=3)
    assert "tools/world status DIR" in done.errors and "tools/world start DIR" in done.errors
