# SPDX-License-Identifier: Apache-2.0
"""Short messages through an SMSC that others wrote: the same operations as over the simulated network's CoAP."""
import pytest
from captures import let_smsr_capture, need_tshark, read_without_complaint
from remora import LIMIT, World, wait_for
from smsc import Smsc, through


@pytest.fixture(name="air")
def fixture_air(tmp_path, node_modules, monkeypatch):
    """A world whose short messages, both ways, pass an SMSC; its HTTPS streams pass through beside it."""
    made = {}
    let_smsr_capture(tmp_path / "air.pcapng", tmp_path, monkeypatch)

    def through_smsc(world):
        made["smsc"] = Smsc(world, node_modules)
        through(world, made["smsc"])

    world = World(tmp_path / "w", meters=12, time_scale=60, before_start=through_smsc)
    try:
        yield world, made["smsc"]
    finally:
        world.close()
        made["smsc"].close()


def all_succeed(rows, n):
    assert len(rows) == n and all(r["verdict"] == "SUCCESS" for r in rows.values()), rows


def test_the_whole_way(air):
    """Push (its trigger is a short message), enable, disable, delete; the proof joins."""
    world, smsc = air
    smsc.expect("bound")
    profiles = world.push()
    assert len(profiles) == 12
    all_succeed(world.enable(profiles), 12)
    world.smctl("audit", world.eids[0], as_="fleet", code=0)
    world.proof()
    assert "bound" in world.log("smsr")
    assert "secret12" not in world.log("smsr")


def test_a_capture_of_it(air, tmp_path):
    """The session with the SMSC as tshark reads it, without the password of its bind."""
    world, smsc = air
    smsc.expect("bound")
    all_succeed(world.enable(world.push()), 12)
    world.stop("smsr")
    data = (tmp_path / "air.pcapng").read_bytes()
    assert b"remora\0********\0" in data and b"secret12" not in data
    need_tshark()
    units, _ = read_without_complaint(tmp_path / "air.pcapng")
    assert units["smpp"] > 12 * 4 and units["sms"] > 12 * 2, units


def test_throttled_and_cut(air):
    """58 and a dropped connection cost time, never an operation."""
    world, smsc = air
    smsc.expect("bound")
    profiles = world.push()
    smsc.say("throttle 3")
    calls = world.background("profile", "enable", "--eids",
                             world.list_file("e.txt", [f"{e} {i}" for e, i in profiles.items()]), as_="fleet")
    smsc.expect("throttled")
    smsc.say("drop")
    smsc.expect("bound")
    out, err = calls.communicate(timeout=LIMIT)
    assert calls.returncode == 0, out[-2000:] + err
    world.proof()


def test_a_password_that_is_wrong(air):
    """The reason is in the log, nothing of the password is; it binds when the SMSC takes it."""
    world, smsc = air
    smsc.expect("bound")
    smsc.say("refuse on")
    smsc.say("drop")
    smsc.expect("refused")
    wait_for("the refusal in the log", lambda: "refuses the password" in world.log("smsr"))
    smsc.say("refuse off")
    line = smsc.lines.get(timeout=LIMIT)
    while line == "refused":
        line = smsc.lines.get(timeout=LIMIT)
    assert line == "bound"
    assert "secret12" not in world.log("smsr")
