# SPDX-License-Identifier: Apache-2.0
"""Figures of the air: downloads over each bearer, a burst of declarations, valid traffic beside forged messages."""
import json
import os
import subprocess
import sys
import threading
import time

from figures import moment, spread
from phase import HOUR, Phase, cpu, one_summary
from remora import World, free_port, wait_for

BEARERS = {"https over coap": {}, "https over tcp": {"https": "socket"}, "cattp over coap": {"cattp_meters": "100%"},
           "cattp over udp": {"cattp_meters": "100%", "cattp": "udp"}}
CALLERS = 8          # of valid traffic: who waits for a late verdict stops one of them
PLAIN = {"time_scale": 1, "latency": "fast", "quirks": "none"}


def loaded(path, meters, size, **options):
    """A world whose cards are registered and whose SM-DP has a profile of that many octets for each."""
    world = World(path, meters=meters, load=False, **{**PLAIN, **options})
    one_summary(world.smctl("eis", "import", world.file("world/fleet.eis"), as_="eum", limit=HOUR), meters, "import")
    world.smctl("profile", "template", "add", "--builtin", "--type", "meter", "--size", str(size), as_="admin", code=0)
    world.smctl("profile", "import", world.file("world/subscriptions-b.csv"), "--type", "meter", as_="operator-b", code=0,
                limit=HOUR)
    return world


def push(world, meters, eids="world/eids.txt"):
    done = world.smctl("profile", "push", "--eids", world.file(eids), "--type", "meter", "--out", world.file("pushed.txt"),
                       as_="operator-b", limit=HOUR)
    return one_summary(done, meters, "download")


# --- downloads over each bearer ---

def bearers(where, meters, size):
    """{bearer over carrier: what the downloads cost}"""
    out = {}
    for name, options in BEARERS.items():
        world = loaded(os.path.join(where, name.replace(" ", "-")), meters, size, **options)
        try:
            phase = Phase(world)
            out[name] = phase.cost(push(world, meters), meters)
            world.proof()
        finally:
            world.close()
    return out


# --- a burst of declarations ---

def burst(where, cards):
    """Cards fresh from the factory that are switched on within half a millisecond each: first unknown, then, after the import of
    their EIS and a power cut, each of them declares itself and is confirmed."""
    world = World(os.path.join(where, "burst"), meters=cards, start=False, **PLAIN)
    try:
        world.start("smsr", "smdp")
        out, begun = {"cards": cards}, cpu(world.pid("smsr"))
        world.start("euiccsim")
        said = wait_for("the declarations of strangers", lambda: heard(world, cards), HOUR)
        out["unknown"] = {"messages": said["mo_received"], "unknown": said["mo_unknown_source"],
                          "throttled": said["mo_throttled"],
                          "us": round((cpu(world.pid("smsr")) - begun) * 1e6 / said["mo_received"], 1)}
        world.stop("euiccsim")
        one_summary(world.smctl("eis", "import", world.file("world/fleet.eis"), as_="eum", limit=HOUR), cards, "import")
        begun = cpu(world.pid("smsr"))
        world.start("euiccsim")
        wait_for("a declaration of each card", lambda: int(world.counters()["notification_accepted"]) >= cards, HOUR)
        wait_for("the end of all of them", lambda: not world.operations("--live", "--limit", "1"), HOUR)
        rows = [r for r in world.operations() if r["function"] == "Notification"]
        seconds = moment(max(r["concluded_at"] for r in rows)) - moment(min(r["accepted_at"] for r in rows))
        out["known"] = {"declared": len({r["eid"] for r in rows if r["verdict"] == "SUCCESS"}), "operations": len(rows),
                        "seconds": round(seconds, 1), "us": round((cpu(world.pid("smsr")) - begun) * 1e6 / cards, 1),
                        **took(rows)}
        if out["known"]["declared"] != cards:
            print(f"burst: {out}", file=sys.stderr)
            raise SystemExit(1)
        return out
    finally:
        world.close()


def heard(world, cards):
    said = {name: int(value) for name, value in world.counters().items()}
    return said if said["mo_unknown_source"] + said["mo_throttled"] >= cards else None


def took(rows):
    ms = ((moment(r["concluded_at"]) - moment(r["accepted_at"])) * 1000 for r in rows)
    return {f"{rank}_ms": round(value) for rank, value in spread(ms, (50, 95, 99)).items()}


# --- forged messages ---

class Traffic(threading.Thread):
    """Switches some cards there and back until told to stop, a few at a time; it leaves them as they were."""

    def __init__(self, world, cards, enough):
        super().__init__(daemon=True)
        self.world, self.cards, self.enough, self.rows = world, cards, enough, []

    def run(self):
        while not self.enough.is_set():
            for word in ("enable", "disable"):
                done = self.world.smctl("profile", word, "--eids", self.cards, "--window", "4", "--until-verdict", as_="fleet",
                                        limit=HOUR)
                self.rows += [r for r in done.rows if r.get("operation")]


def traffic(world, work):
    """work() beside switches of all cards; the figures of these."""
    used, enough, cards = cpu(world.pid("smsr")), threading.Event(), world.text("pushed.txt").splitlines()
    valid = [Traffic(world, world.list_file(f"cards-{i}.txt", cards[i::CALLERS]), enough) for i in range(CALLERS)]
    for one in valid:
        one.start()
    began = time.time()
    try:
        result = work()
    finally:
        enough.set()
    ended, used = time.time(), cpu(world.pid("smsr")) - used
    for one in valid:
        one.join()
    mine = {row["operation"] for one in valid for row in one.rows}
    rows = [r for r in world.operations() if r["operation"] in mine]
    seconds = ended - began
    verdicts = {v: sum(r["verdict"] == v for r in rows) for v in sorted({r["verdict"] for r in rows})}
    return result, {"operations": len(rows), **verdicts, "seconds": round(seconds, 1),
                    "per_s": round(sum(moment(r["concluded_at"]) <= ended for r in rows) / seconds, 1), **took(rows),
                    "smsr_cpu": round(used / seconds, 2)}


def flood(where, meters, count, seconds, seed=1):
    """Valid switches alone for as long as a quarter of the flood, then beside count forged messages within seconds."""
    def quiet(world):
        world.edit("smsr.yaml", r"networks: \[(\{[^}]*\})\]",
                   r'networks: [\1, {id: flood, coap: "127.0.0.1:' + str(free_port(taken=world.settings().values())) + '"}]')
        with open(world.file("smsr.yaml"), "a", encoding="utf-8") as f:
            f.write("limits: {effects_per_hour: 0, rollbacks_per_day: 0}\n")

    world = loaded(os.path.join(where, "flood"), meters, 3000, before_start=quiet)
    try:
        push(world, meters)
        numbers = world.list_file("numbers.txt", sorted(subscribers(world)))
        _, before = traffic(world, lambda: threading.Event().wait(seconds / 4))
        base = {name: int(value) for name, value in world.counters().items()}
        sent, during = traffic(world, lambda: json.loads(subprocess.run(
            [sys.executable, "-B", os.path.join(os.path.dirname(os.path.abspath(__file__)), "flood.py"),
             world.settings()["smsr_coap"], "flood", str(count), str(seconds), str(seed), numbers],
            check=True, capture_output=True, text=True).stdout))
        dropped = {name: int(value) - base[name] for name, value in world.counters().items()
                   if name.startswith(("mo_", "notification_", "por_")) and int(value) != base[name]}
        found = world.proof(ok=False)        # the cards are back with their first profile
        if found["mismatches"] or not found["log_ok"] or found["in_doubt"]:
            print(f"flood: {found}", file=sys.stderr)
            raise SystemExit(1)
        return {"meters": meters, "flood": sent, "before": before, "during": during, "counters": dropped}
    finally:
        world.close()


def subscribers(world):
    """The numbers of the cards in both networks."""
    for name in ("world/hss-a.csv", "world/hss-b.csv"):
        lines = world.text(name).splitlines()
        place = lines[0].split(",").index("msisdn")
        yield from (line.split(",")[place].lstrip("+") for line in lines[1:])


def show(found):
    for name, row in found.get("bearers", {}).items():
        print(f"  download {name:16}{row['per_s']:>8.1f} a second" + "".join(
            f"{'':4}{p} {row[p]['us']:.0f} us" for p in ("smsr", "smdp", "euiccsim")))
    for key in ("burst", "flood"):
        if key in found:
            print(f"  {key}: " + json.dumps(found[key]))
