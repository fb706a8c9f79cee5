# SPDX-License-Identifier: Apache-2.0
"""A world under drill: daemons are started with a fault, parties ask on meanwhile, and in the end the
truth must be whole: every call answered, sums equal N, the ledger joined exactly, EIS equal to the cards."""
import collections
import json
import os
import random
import re
import shutil
import subprocess
import threading

import pytest
from remora import BIN, LIMIT, World, only_rows, wait_for
from wire import SOURCE

METERS, CARDS = 60, 12     # a deletion uses up a subscription, and there is one a meter; CARDS of them are worked on
ROLLING_BACK = 3
SEED = int(os.environ.get("REMORA_SEED") or random.SystemRandom().randrange(1 << 32))
ROW = re.compile(r'\{(\d+), CRASH_(SR|DP), \w+, \w+,\s*"([a-z-]+)"')


def points(daemon):
    """[(number, name)] of common/engine/crash_point.c."""
    with open(os.path.join(SOURCE, "common/engine/crash_point.c"), encoding="utf-8") as f:
        rows = ROW.findall(f.read())
    return [(int(number), name) for number, who, name in rows if who == {"smsr": "SR", "smdp": "DP"}[daemon]]


needs_strace = pytest.mark.skipif(not shutil.which("strace"), reason="strace is not installed")


def strace(world, name, call, what, trace=None):
    """For REMORA_UNDER: what happens at this system call. The process keeps its number, its own strace is its child."""
    path = world.file(f"{name}.strace")
    if os.path.exists(path):
        os.unlink(path)
    return f"strace -D -f -q -y -o {path} -e trace={trace or call} -e inject={call}:{what}"


def unlimited(world):
    """A card is switched more often here than in a year."""
    with open(world.file("smsr.yaml"), "a", encoding="utf-8") as f:
        f.write("limits: {effects_per_hour: 0, rollbacks_per_day: 0}\n")


class Drill(World):
    mix = None

    def __init__(self, path, meters=METERS, **options):
        self.deaths, self.restless = 0, ""
        self.count = collections.Counter()
        self.dice = random.Random(f"{SEED} {os.environ.get('PYTEST_CURRENT_TEST')}")
        print(f"REMORA_SEED={SEED} repeats this run")
        super().__init__(path, meters=meters,
                         **{"time_scale": 120, "no_coverage": "20%", "loss": "5%", "seed": SEED % 1000,
                            "before_start": unlimited, **options})

    def close(self):
        if self.mix:
            self.mix.halt(gently=False)
        super().close()

    # --- daemons with faults ---
    def try_start(self, name, under="", **environment):
        """Whether it came so far as to serve."""
        done = subprocess.run([os.path.join(SOURCE, "tools", "world"), "start", self.dir, name],
                              env=dict(self.environment, REMORA_UNDER=under, **environment), capture_output=True,
                              text=True, timeout=2 * LIMIT, check=False)
        assert done.returncode == 0 or "did not start" in done.stderr, done.stderr
        return done.returncode == 0

    def runs(self, name):
        try:
            with open(f"/proc/{self.pid(name)}/stat", encoding="utf-8") as f:
                return f.read().rsplit(")", 1)[1].split()[0] != "Z"
        except (OSError, ValueError):
            return False

    def await_death(self, name, limit=LIMIT):
        wait_for(f"the end of {name}", lambda: not self.runs(name) or self.mix_broken(), limit)
        self.deaths += 1

    def dies(self, name, waves, or_else=lambda: False):
        """Whether it dies of a fault that may never come: before so many more waves of calls were answered, or
        what the caller names has happened."""
        end = self.mix.waves + waves
        wait_for(f"the end of {name}, or {waves} waves of calls", lambda: not self.runs(name) or
                 self.mix.waves >= end or or_else() or self.mix_broken(), 2 * LIMIT)
        dead = not self.runs(name)
        self.deaths += dead
        return dead

    def mix_broken(self):
        assert not self.mix or (self.mix.thread.is_alive() and not self.mix.wrong), self.mix.wrong

    def hurt(self, name, under="", **environment):
        """Stops a daemon in order and starts it with a fault."""
        self.stop(name)
        return self.try_start(name, under, **environment)

    # --- what the parties ask for ---
    def work(self):
        for party, via in (("operator-a", "smsr"), ("operator-b", "smdp"), ("fleet", "smsr")):
            if len(self.followers) < 3:
                self.follow(party, via)
        self.mix = Mix(self)
        return self.mix

    def wait_waves(self, n):
        waves = self.mix.waves
        wait_for(f"{n} waves of calls", lambda: self.mix.waves >= waves + n or self.mix_broken(), 2 * LIMIT)

    def at_rest(self):
        """Nobody asks any more, so what each line finds none of does not come back while the next ones look: an
        order that cleans up behind its answer asks the SM-SR for more, and an operation leaves deliveries, which
        the SM-DP passes on to those who listen."""
        heard = len(self.followers) > 0
        self.restless = next((what for what, n in (
            ("orders", lambda: self.counters("smdp")["orders_running"]),
            ("operations", lambda: len(self.operations("--live", via="smsr"))),
            ("deliveries of the SM-SR", lambda: heard and self.counters("smsr")["deliveries_held"]),
            ("deliveries of the SM-DP", lambda: heard and self.counters("smdp")["deliveries_held"])) if n()), "")
        return not self.restless

    def verdicts(self):
        return collections.Counter(row.get("verdict") for d in ("smsr", "smdp") for row in self.operations(via=d))

    # --- the truth ---
    def prove(self):
        """After the last fault, with everybody alive."""
        if self.mix:
            self.mix.halt()
        try:
            wait_for("the end of all operations, orders and deliveries", self.at_rest, 2 * LIMIT, 0.1)
        finally:
            print(f"open to the last: {self.restless}" if self.restless else "all is at rest")
        wait_for("the EIS of every card", lambda: self.eis() == self.isdps(), LIMIT, 0.2)
        found = self.proof(ok=False)
        print(found, self.mix.asked if self.mix else "")
        assert found["mismatches"] == 0 and found["log_ok"] and found["in_doubt"] == 0, found
        assert found["ledger_rows"] == found["accepted"], found
        assert sum(found[k] for k in ("enabled", "rolled_back", "failed", "not_asked")) == self.meters, found
        for daemon in ("smsr", "smdp"):
            operations = self.operations(via=daemon)
            # A card that had no answer until now tells of its first network when it likes.
            verdicts = {row.get("verdict") for row in operations if row["function"] != "Notification" or "verdict" in row}
            assert verdicts <= {"SUCCESS", "FAILED", "ROLLED_BACK", "EXPIRED", "CANCELLED"}, verdicts
            wait_for(f"log of {daemon} verified", lambda d=daemon: self.verified(d))
            self.count["operations"] += len(operations)
        self.write_down(worlds=1, rows=found["ledger_rows"])
        return found

    def write_down(self, **more):
        """For the proof page (run)."""
        path = os.environ.get("REMORA_DRILLS")
        row = {"test": os.environ.get("PYTEST_CURRENT_TEST", "").split(" ")[0], "deaths": self.deaths,
               "asked": sum(self.mix.asked.values()) if self.mix else 0, **self.count, **more}
        if path:
            with open(path, "a", encoding="utf-8") as f:
                f.write(json.dumps(row) + "\n")

    def verified(self, daemon):
        done = self.smctl("log", "verify", "--state", self.file(daemon))
        assert done.code in (0, 6), done.text + done.errors
        return done.code == 0

    def cards_at_work(self):
        """Whatever the seed says, some of them find no network and roll back; the last card is the tests' own."""
        away = json.loads(self.text("world/expected.json"))["no-coverage"]
        return sorted(self.eids[:-1], key=lambda eid: eid not in away[:ROLLING_BACK])[:CARDS]

    def eis(self):
        """{eid: {iccid: state}} as the SM-SR has it."""
        found = {}
        for eid in self.cards_at_work():
            row = self.smctl("eis", "show", eid, as_="fleet", code=0).rows[0]
            found[eid] = {p["Iccid"]: p["State"].lower() for p in row["Eis"]["ProfileInfo"]}
        return found

    def isdps(self):
        """The same, as the cards have it; what a download broke off stands there until it is cleaned up."""
        cards = self.cards()
        return {eid: {i.get("iccid", "none"): i["state"] for i in cards[eid]["isdps"]}
                for eid in self.cards_at_work()}


class Mix:
    """Parties who push, enable, disable, delete and audit without end, a wave at a time; whatever dies
    meanwhile, each call is answered for each card it named."""

    def __init__(self, world):
        self.world, self.dice = world, random.Random(world.dice.random())
        self.more = []                 # options of the switches, for the waves that follow
        self.downloads = True
        self.asked, self.wrong, self.calls, self.waves = {}, [], [], 0
        self.ending = threading.Event()
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()

    def halt(self, gently=True):
        self.ending.set()
        if not gently:
            for call in list(self.calls):
                call.kill()
        self.thread.join(timeout=3 * LIMIT)
        if gently:
            assert not self.thread.is_alive(), "a call was not answered"
            assert not self.wrong, self.wrong

    def run(self):
        while not self.ending.is_set():
            try:
                self.wave()
            except Exception as e:     # told by halt
                self.wrong.append(repr(e))
                return

    def plan(self):
        """(kind, party, [line]) of one wave: each card is asked for one thing that its state allows."""
        plan = {kind: [] for kind in ("push", "enable", "disable", "delete", "audit")}
        for eid, isdps in self.world.isdps().items():
            states = {iccid: state for iccid, state in isdps.items() if iccid.startswith("894901")}
            iccid, state = next(iter(states.items()), (None, None))
            if self.dice.random() < 0.15:
                plan["audit"].append(eid)
            elif state == "enabled":
                plan["disable"].append(f"{eid} {iccid}")
            elif state == "disabled":
                plan["delete" if self.dice.random() < 0.25 else "enable"].append(f"{eid} {iccid}")
            elif self.downloads:
                plan["push"].append(eid)
        return plan

    def wave(self):
        self.waves += 1
        running = []
        for kind, lines in self.plan().items():
            if not lines:
                continue
            cards = self.world.list_file(f"wave-{kind}.txt", lines)
            verb = ["audit"] if kind == "audit" else ["profile", kind]
            more = ["--type", "meter"] if kind == "push" else self.more
            call = self.world.background(*verb, "--eids", cards, *more, "--retry", "90",
                                         as_="operator-b" if kind == "push" else "fleet")
            running.append((kind, len(lines), call))
        self.calls = [call for _, _, call in running]
        for kind, n, call in running:
            out, errors = call.communicate(timeout=2 * LIMIT)
            rows = [row for row in only_rows(out) if row.get("eid")]
            self.asked[kind] = self.asked.get(kind, 0) + n
            if self.ending.is_set() and call.returncode < 0:
                return
            if len(rows) != n or call.returncode not in (0, 1, 4, 5):
                self.wrong.append((kind, n, len(rows), call.returncode, errors[-500:]))
        if not running:
            self.ending.wait(0.05)     # until a card is in a state that allows something
