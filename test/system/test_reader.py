# SPDX-License-Identifier: Apache-2.0
"""A card of the fleet in a PC/SC reader: pcscd with the driver of vsmartcard, and OpenSC's tool, which knows nothing of us."""
import os
import re
import shutil
import signal
import subprocess

import pytest
from remora import LIMIT, free_port, start_with, wait_for

DRIVER = "/usr/lib/pcsc/drivers/serial/libifdvpcd.so"
ISD_R, ECASD = "A0000005591010FFFFFFFF8900000100", "A0000005591010FFFFFFFF8900000200"
USIM = "A0000000871002"                # the first octets do


@pytest.fixture(name="port")
def fixture_port(tmp_path):
    """A pcscd of the test's own; where its reader waits for a card."""
    pcscd = shutil.which("pcscd", path=os.environ["PATH"] + os.pathsep + "/usr/sbin")
    if not (pcscd and shutil.which("opensc-tool") and os.path.exists(DRIVER)):
        pytest.skip("pcscd, vsmartcard-vpcd or opensc is not installed: no tool of others read the card")
    if os.geteuid() != 0:
        pytest.skip("pcscd runs as root alone: no tool of others read the card")
    port = free_port(ports=2)              # of its two slots
    (tmp_path / "readers").mkdir()
    (tmp_path / "readers" / "vpcd").write_text(
        f'FRIENDLYNAME "remora"\nDEVICENAME /dev/null:{port:#x}\nLIBPATH {DRIVER}\nCHANNELID {port:#x}\n')
    log = tmp_path / "pcscd.log"
    with open(log, "wb") as out:
        daemon = subprocess.Popen([pcscd, "--foreground", "--info", "--config", str(tmp_path / "readers")],
                                  stdout=out, stderr=out)
    wait_for("pcscd serves or ends", lambda: "daemon ready" in log.read_text(errors="replace") or daemon.poll() is not None)
    if daemon.poll() is not None:
        assert "Another pcscd" in log.read_text(), log.read_text()
        pytest.skip("a pcscd of this machine runs already, there can be one: no tool of others read the card")
    yield port
    daemon.send_signal(signal.SIGTERM)
    daemon.wait(timeout=LIMIT)


def opensc(*arguments):
    return subprocess.run(["opensc-tool", *arguments], capture_output=True, text=True, timeout=LIMIT, check=False)


def card_is_in():
    return re.search(r"^0 +Yes .*remora", opensc("--list-readers").stdout, re.M)


def say(*apdus):
    """What the card answers to each, as data and status word."""
    sent = [w for a in apdus for w in ("-s", bytes.fromhex(a).hex(":"))]
    done = opensc("--reader", "0", "--card-driver", "default", *sent)
    assert done.returncode == 0, done.stdout + done.stderr
    answers = []
    for block in done.stdout.split("Sending: ")[1:]:
        sw = re.search(r"SW1=0x(..), SW2=0x(..)", block)
        dump = re.findall(r"^((?:[0-9A-F]{2} ){1,16})", block.split("Received")[1], re.M)
        answers.append((bytes.fromhex("".join(dump)), sw[1] + sw[2]))
    assert len(answers) == len(apdus), done.stdout
    return answers


def select(aid):
    return f"00A40400{len(aid) // 2:02X}{aid}"


def identity():
    """EID, free memory, ICCID and IMSI as a stranger reads them."""
    found = say(select(ECASD), "80CA005A00", select(ISD_R), "80CAFF2100", "00A4000C023F00", "00A4000C022FE2", "00B0000000",
                select(USIM), "00A4000C026F07", "00B0000000")
    assert [sw for _, sw in found] == ["9000"] * 10, found
    eid, resources, iccid, imsi = (found[i][0] for i in (1, 3, 6, 9))
    assert eid[:2] == b"\x5a\x10" and resources[:4] == b"\xff\x21\x0d\x81" and imsi[0] == 8
    swapped = "".join(f"{b & 15:x}{b >> 4:x}" for b in iccid + imsi[1:])
    return eid[2:].hex(), resources[5], swapped[:20].rstrip("f"), swapped[21:]


def enabled(world, eid):
    """The same of the card's own report."""
    return next((p["iccid"], p["imsi"]) for p in world.cards()[eid]["isdps"] if p["state"] == "enabled")


def put_in(world, folder, port):
    """Its first card, in the reader that waits there."""
    world.environment["REMORA_UNDER"] = start_with(folder, "euiccsim", f"--reader {world.eids[0]}@127.0.0.1:{port}")


def test_a_switch_in_the_reader(make_world, tmp_path, port):
    """The same card in the network and in the reader: read by OpenSC, switched by the SM-SR, read again."""
    world = make_world(meters=3, before_start=lambda w: put_in(w, tmp_path, port))
    eid = world.eids[0]
    wait_for("the card in the reader", card_is_in)
    atr = opensc("--reader", "0", "--card-driver", "default", "--atr").stdout
    assert bytes.fromhex(atr.strip().replace(":", "")).endswith(b"REMORA\x43"), atr
    before = identity()
    assert before == (eid, 1, *enabled(world, eid))
    profiles = world.push()
    assert identity() == (eid, 2, *before[2:])                 # downloaded, not enabled
    assert world.enable(profiles)[eid]["verdict"] == "SUCCESS"
    after = identity()
    assert after == (eid, 2, *enabled(world, eid)) and after[2] == profiles[eid] != before[2]
    assert after[3] in (row["imsi"] for row in world.csv("hss-b.csv"))
    # No keys, no effects: AUTHENTICATE, STORE DATA in clear, a file that is not there, an instruction that is not.
    assert [sw for _, sw in say("0088008100", select(ISD_R), "80E2880003010203", "00A4000C026F08", "0084000008")] == \
        ["6D00", "9000", "6982", "6A82", "6D00"]
    world.proof()


def test_a_card_that_is_not_there(make_world, tmp_path):
    """The world says which option is wrong; a reader that nobody offers stops nothing."""
    world = make_world(meters=2, before_start=lambda w: put_in(w, tmp_path, free_port(taken=w.settings().values())))
    assert len(world.push()) == 2
    world.stop("euiccsim")
    stranger = "89044045116727494800000004479366"
    run = ["run", "--dir", world.file("world"), "--reader"]
    done = world.euiccsim(*run, stranger)
    assert done.returncode == 2 and stranger in done.stderr and "eids.txt" in done.stderr, done.stderr
    done = world.euiccsim(*run, world.eids[0] + "@nowhere")
    assert done.returncode == 2 and "nowhere" in done.stderr and len(done.stderr.splitlines()) == 1, done.stderr
