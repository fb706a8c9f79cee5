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
