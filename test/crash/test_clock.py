# SPDX-License-Identifier: Apache-2.0
"""The wall clock jumps under a daemon (libfaketime): timers follow monotonic time, validity is neither
shortened nor lengthened, no time in the log runs back."""
import glob
import os

import pytest
from conftest import FULL
from remora import only_rows, wait_for

LIBRARY = next(iter(glob.glob("/usr/lib/*/faketime/libfaketime.so.1")), None)
pytestmark = pytest.mark.skipif(not LIBRARY, reason="faketime is not installed")
YEARS = 10 * 365 * 86400
STEPS = {"an hour on": 3600, "an hour back": -3600}


class Clock:
    """What the daemon takes for the time of day; its monotonic clock stays the machine's."""

    def __init__(self, world, daemon):
        self.path = world.file(f"{daemon}.clock")
        self.set(0)
        self.under = (f"env LD_PRELOAD={LIBRARY} FAKETIME_NO_CACHE=1 DONT_FAKE_MONOTONIC=1 "
                      f"FAKETIME_DONT_FAKE_MONOTONIC=1 FAKETIME_TIMESTAMP_FILE={self.path}")

    def set(self, seconds):
        with open(self.path + ".new", "w", encoding="utf-8") as f:
            f.write(f"{seconds:+d}\n")
        os.rename(self.path + ".new", self.path)


def times(world, daemon):
    return [row["at_ms"] if "at_ms" in row else row.get("at") for row in
            world.smctl("events", "list", "--via", daemon, as_="admin", code=0).rows]


@pytest.mark.parametrize("daemon, step", [
    ("smsr", "an hour on"), ("smdp", "an hour back"),
    *(pytest.param(*case, marks=pytest.mark.full) for case in (("smsr", "an hour back"), ("smdp", "an hour on")))])
def test_the_clock_jumps_under_a_daemon(drill, daemon, step):
    world = drill(time_scale=60)
    clock = Clock(world, daemon)
    assert world.hurt(daemon, under=clock.under)
    world.work()
    world.wait_waves(2)
    pid = world.pid(daemon)
    before = world.verdicts()
    clock.set(STEPS[step])
    world.count["faults"] += 1
    world.wait_waves(3)                        # a timer that ran off, or never comes, shows here
    assert world.runs(daemon) and world.pid(daemon) == pid
    after = world.verdicts()
    print(step, before, after)
    assert after["EXPIRED"] == before["EXPIRED"], (before, after)
    assert after["SUCCESS"] > before["SUCCESS"]
    if FULL:                                   # it starts again with the clock as it is
        world.hurt(daemon, under=clock.under)
        world.wait_waves(2)
    clock.set(0)
    world.wait_waves(1)
    heard = times(world, daemon)
    assert heard == sorted(heard)
    world.prove()


@pytest.mark.full
@pytest.mark.parametrize("daemon", ["smsr", "smdp"])
@pytest.mark.parametrize("step", [YEARS, -YEARS], ids=["ten years on", "ten years back"])
def test_a_clock_that_is_years_off(drill, daemon, step):
    """Nobody new comes in, since no certificate is valid then; what runs is not hurried and not held up."""
    world = drill(time_scale=30, latency="lab2016", loss="0%", no_coverage="0%")
    clock = Clock(world, daemon)
    assert world.hurt(daemon, under=clock.under)
    cards = world.list_file("all.txt", world.eids)
    push = world.background("profile", "push", "--eids", cards, "--type", "meter", "--out", world.file("pushed.txt"),
                            as_="operator-b")
    wait_for("calls of the SM-DP, so that everybody is connected",
             lambda: sum(row["interface"] == "ES3" for row in world.operations("--live", via="smsr")) >= 5)
    pid = world.pid(daemon)
    clock.set(step)
    world.count["faults"] += 1
    out, errors = push.communicate(timeout=300)
    rows = [row for row in only_rows(out) if row.get("eid")]
    assert [row["verdict"] for row in rows] == ["SUCCESS"] * len(world.eids), errors
    refused = world.smctl("status", "--via", daemon, "--retry", "1", as_="admin")
    assert refused.code in (3, 4), refused
    assert "certificate" in world.log(daemon)
    clock.set(0)
    wait_for("an answer", lambda: world.smctl("status", "--via", daemon, as_="admin").code == 0)
    assert world.runs(daemon) and world.pid(daemon) == pid
    heard = times(world, daemon)
    assert heard == sorted(heard)
    world.prove()
