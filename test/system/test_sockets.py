# SPDX-License-Identifier: Apache-2.0
"""The HTTPS port of the SM-SR on a real socket: the simulated cards over TCP, and the TLS client of OpenSSL."""
import json
import re
import subprocess

import pytest
from remora import LIMIT
from wire import eis_entries

TLS12 = ["-tls1_2", "-cipher", "PSK-AES128-GCM-SHA256:PSK-AES128-CBC-SHA256"]
ISD_R = "A0000005591010FFFFFFFF8900000100"


@pytest.fixture(name="sockets")
def fixture_sockets(make_world):
    return make_world(meters=12, time_scale=60, https="socket")


def test_downloads_over_tcp(sockets):
    """Every card's administration session goes through a TCP connection of its own; nothing of it through CoAP."""
    profiles = sockets.push()
    assert len(profiles) == 12
    assert all(row["verdict"] == "SUCCESS" for row in sockets.enable(profiles).values())
    sockets.proof()
    status = json.loads(sockets.euiccsim("status", "--coap", "127.0.0.1:" + sockets.settings()["sim_coap"], "--json").stdout)
    assert status["streams_opened"] >= 12


def psk_of(world, eid):
    """The card's PSK as its EIS has it, out of the transport key (AES-128-ECB, PKCS#7)."""
    entry = next(e for e in eis_entries(world.file("world/fleet.eis")) if bytes.fromhex(eid) in e["eum_signed_info"])
    key = next(k for s in entry["Keyset"] if s["Type"] == 0x81 for k in s["Key"] if k["Type"] == 0x85)
    transport = 0
    for component in world.text("pki/transport.key").split():
        transport ^= int(component, 16)
    done = subprocess.run(["openssl", "enc", "-d", "-aes-128-ecb", "-K", f"{transport:032x}"], input=key["Value"],
                          capture_output=True, check=True)
    return done.stdout.hex()


def identity_of(eid):
    return f"8001028110{eid}4F10{ISD_R}820101830140"


def s_client(world, identity, psk, options=TLS12, say=""):
    """What OpenSSL's own client sees: the answer, the alert if there was one, and whether a session stood."""
    done = subprocess.run(["openssl", "s_client", "-connect", "127.0.0.1:" + world.settings()["smsr_https"], "-quiet",
                           "-psk_identity", identity, "-psk", psk, *options], input=say,
                          capture_output=True, text=True, timeout=LIMIT, check=False)
    return done.stdout, re.findall(r"SSL alert number \d+", done.stderr), done.returncode


def post(eid):
    return ("POST /polling HTTP/1.1\r\nHost: smsr.example\r\nX-Admin-Protocol: globalplatform-remote-admin/1.0\r\n"
            f"X-Admin-From: //se-id/eid/{eid};//aa-id/aid/A000000559/1010FFFFFFFF8900000100\r\n\r\n")


def test_a_card_of_others_may_call(sockets):
    """A session nobody asked for, by a TLS client that is not ours: nothing is due, 204 and the end."""
    eid = sockets.eids[0]
    answer, alerts, _ = s_client(sockets, identity_of(eid), psk_of(sockets, eid), say=post(eid))
    assert answer.startswith("HTTP/1.1 204"), (answer, alerts)
    assert "X-Admin-Next-URI" not in answer
    assert not alerts


def test_strangers_learn_nothing(sockets):
    """An unknown identity, and a known one with a wrong key, end by the same alert; other suites and versions do not begin."""
    known, unknown = identity_of(sockets.eids[0]), identity_of("89049032" + "9" * 24)
    wrong = s_client(sockets, known, "00" * 16)
    assert wrong[1] and wrong[2] != 0 and wrong[0] == ""
    assert s_client(sockets, unknown, "00" * 16) == wrong
    assert s_client(sockets, "nonsense", "11" * 16) == wrong
    psk = psk_of(sockets, sockets.eids[0])
    for options in (["-tls1_3"], ["-tls1_2", "-cipher", "PSK-AES256-GCM-SHA384"],
                    ["-tls1_2", "-cipher", "ECDHE-RSA-AES128-SHA"], ["-tls1_1", "-cipher", "PSK-AES128-CBC-SHA"]):
        answer, _, code = s_client(sockets, known, psk, options, say=post(sockets.eids[0]))
        assert answer == "" and code != 0, options
    assert len(sockets.push(eids=sockets.eids[:2])) == 2   # and the port still serves
