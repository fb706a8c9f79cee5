# SPDX-License-Identifier: Apache-2.0
"""smsr --capture: what the bearers carry as a file that tshark opens without configuration, with nothing in it that a
reader of it may not have."""
import collections
import os
import re
import stat
import subprocess

import pytest
from captures import let_smsr_capture, lines, need_tshark, read_without_complaint
from remora import BIN, LIMIT
from test_secrets import card_keys, leaks, profile_keys


@pytest.fixture(name="captured")
def fixture_captured(make_world, monkeypatch, tmp_path):
    """A world whose smsr writes a capture, and its path."""
    def make(where=None, **options):
        path = str(where or tmp_path / "air.pcapng")
        let_smsr_capture(path, tmp_path, monkeypatch)
        return make_world(time_scale=60, **options), path

    return make


def test_what_the_bearers_carry(captured):
    """Downloads by HTTPS and CAT_TP, a switch by SMS, an audit: every unit is read, none holds what nobody may have."""
    world, path = captured(meters=6, cattp_meters="50%")
    profiles = world.push()
    assert all(row["verdict"] == "SUCCESS" for row in world.enable(profiles).values())
    world.smctl("audit", world.eids[0], as_="fleet", code=0)
    world.proof()
    world.restart("smsr")                  # goes on behind what is there
    world.smctl("audit", world.eids[1], as_="fleet", code=0)
    world.stop()
    assert stat.S_IMODE(os.stat(path).st_mode) == 0o600
    with open(path, "rb") as f:
        data = f.read()
    assert leaks(data, {"an EID": bytes.fromhex(world.eids[0])})        # what is there is found
    assert leaks(data, {**profile_keys(world), **card_keys(world)}) == []
    need_tshark()
    units, rows = read_without_complaint(path)
    assert units["sms"] > 6 * 4 and units["cattp"] > 6 * 6 and units["decoded"] > 6 * 20, units
    kinds = collections.Counter(row["gsm_sms.tp-mti"] for row in rows)
    assert kinds["0"] > 6 and kinds["1"] > 6, kinds
    text = lines(path)
    for words in ("SCP80 command by SMS", "SCP80 response by SMS", "SCP80 command by CAT_TP", "SCP81 POST", "EnableProfile",
                  "CreateISDP", "HandleNotificationConfirmation", "notification of the card", "SGP.02 4.1.1.2"):
        assert words in text, words
    told = re.findall(r"<\d+ octets, SHA-256 [0-9a-f]{64}>  profile data", text)
    assert len(told) == text.count("profile data") >= 6 * 2


@pytest.mark.parametrize("where, says", [("/dev/full", "regular file"), ("/nowhere/at/all", "cannot be opened")])
def test_trouble_with_the_file_is_said_once(captured, where, says):
    """A capture that cannot be written takes nothing with it."""
    world, _ = captured(where=where, meters=2)
    assert all(row["verdict"] == "SUCCESS" for row in world.enable(world.push()).values())
    said = [line for line in world.log("smsr").splitlines() if " capture " in line]
    assert len(said) == 1 and says in said[0] and "everything else goes on" in said[0], said


def test_what_the_log_holds(world, tmp_path):
    """smctl capture and explain --wire of a switch and of a download: read without complaint, the packet of the first is
    the one that its TP-UDs carry."""
    eid = world.eids[0]
    row = world.enable(world.push([eid]))[eid]
    path = tmp_path / "switch.pcapng"
    world.smctl("capture", row["operation"], str(path), as_="fleet", code=0)
    told = world.smctl("explain", row["operation"], "--wire", as_="fleet", code=0).rows
    ud = [f["value"] for r in told for f in r["decoded"] if f["field"].startswith("TP-UD")]
    packet = [f["value"] for r in told for f in r["decoded"] if f["field"] == "packet"]
    assert ud[0] == "027000" + packet[0] and not any("..." in value for value in ud + packet)
    made = next(o for o in world.operations("--eid", eid) if o["function"] == "SendData")
    text = world.smctl("explain", made["operation"], "--wire", as_="admin", code=0).text
    assert "SHA-256 of the body" in text
    with open(path, "rb") as f:
        data = f.read()
    assert leaks(data, {"the packet": bytes.fromhex(packet[0])})
    assert leaks(data, {**profile_keys(world), **card_keys(world)}) == []
    need_tshark()
    units, _ = read_without_complaint(path)
    assert units["sms"] == len(ud) and units["decoded"] > len(ud), units
    assert "EnableProfile" in lines(path)


def test_no_other_daemon_takes_the_option(make_world):
    world = make_world(meters=2, start=False)
    done = subprocess.run([os.path.join(BIN, "smdp"), "--config", world.file("smdp.yaml"), "--capture", world.file("x")],
                          capture_output=True, text=True, timeout=LIMIT, check=False)
    assert done.returncode == 2 and "--capture" not in done.stderr and not os.path.exists(world.file("x"))
