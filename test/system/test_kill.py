# SPDX-License-Identifier: Apache-2.0
"""kill -9 at any moment: afterwards the sums equal N and the cards' ledger joins exactly with the log."""
import json
import os
import random

from remora import only_rows, wait_for

METERS = 200
SEED = int(os.environ.get("REMORA_SEED") or random.SystemRandom().randrange(1 << 32))


def work(world, dice, call, first, last, kills):
    """Runs a bulk call and kills somebody each time the SM-SR's journal has reached a number drawn before."""
    marks = sorted(dice.randrange(first, last) for _ in range(kills))
    for mark in marks:
        victim = dice.choice(["smsr", "smdp", "euiccsim"])
        wait_for(f"record {mark}", lambda: durable(world) >= mark or call.poll() is not None)
        print(f"seed {SEED}: {victim} is killed at record {durable(world)}, drawn {mark}")
        world.kill(victim)
        world.start(victim)
    out, errors = call.communicate(timeout=300)
    print(errors[-1000:])
    return only_rows(out)


def durable(world):
    return world.smctl("status", as_="admin", code=0).rows[0].get("durable_lsn", 0)


def test_kill_anybody_at_any_moment(make_world):
    dice = random.Random(SEED)
    print(f"REMORA_SEED={SEED} repeats this run")
    world = make_world(meters=METERS, time_scale=60, latency="lab2016", quirks="field", seed=SEED % 1000,
                       no_coverage="1%", unknown_imsi="0.5%", loss="1%")
    a, b = world.follow("operator-a"), world.follow("operator-b", "smdp")
    begin = durable(world)
    # A meter takes about forty records until it is loaded, and ten until it is enabled.
    push = world.background("profile", "push", "--eids", world.file("world/eids.txt"), "--type", "meter", "--out",
                            world.file("pushed.txt"), as_="operator-b")
    rows = work(world, dice, push, begin, begin + 25 * METERS, 4)
    downloaded = world.text("pushed.txt").splitlines()
    assert len([r for r in rows if r.get("eid")]) == METERS
    begin = durable(world)
    enable = world.background("profile", "enable", "--eids", world.file("pushed.txt"), "--until-verdict", as_="fleet")
    rows = work(world, dice, enable, begin, begin + 6 * METERS, 4)
    verdicts = [r.get("verdict") for r in rows if r.get("eid")]
    assert len(verdicts) == len(downloaded) and set(verdicts) <= {"SUCCESS", "ROLLED_BACK", "FAILED"}, set(verdicts)

    good = verdicts.count("SUCCESS")
    a.wait("ES4-HandleProfileDisabledNotification", good)
    b.wait("ES2-HandleProfileEnabledNotification", good)
    found = world.proof(ok=False)
    print(found)
    assert found["mismatches"] == 0 and found["log_ok"] and found["in_doubt"] == 0
    assert found["ledger_rows"] == found["accepted"]
    assert found["enabled"] == found["attached"] == good
    assert sum(found[k] for k in ("enabled", "rolled_back", "failed", "not_asked")) == METERS
    # Each restart of the SM-SR or of the fleet costs a download under way one of its three attempts, so
    # some may fail; what was downloaded ends as the world wants it.
    with open(world.file("world/expected.json"), encoding="utf-8") as f:
        expected = json.load(f)
    back = {r["eid"] for r in rows if r.get("verdict") == "ROLLED_BACK"}
    asked = {line.split()[0] for line in downloaded}
    assert back >= asked & set(expected["no-coverage"])
    assert found["no_coverage"] == len(asked & set(expected["no-coverage"]))
    for daemon in ("smsr", "smdp"):
        wait_for(f"log of {daemon} verified", lambda d=daemon: verified(world, d))


def verified(world, daemon):
    """It runs on: a file that was written while it was read (6) is read again."""
    done = world.smctl("log", "verify", "--state", world.file(daemon))
    assert done.code in (0, 6), done.text + done.errors
    return done.code == 0
