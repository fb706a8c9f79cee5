# SPDX-License-Identifier: Apache-2.0
"""Cards that call by themselves over HTTPS: what waits for them is served in their session, in order, but nothing that is on
its way by SMS; cuts, waits and a second session at once, on a real socket and by a client that is not ours."""
import json

import pytest
from card_session import CardSession, answers, commands, tlv
from remora import wait_for
from test_sockets import identity_of, psk_of

OK = bytes.fromhex("9000")
DELETED = bytes.fromhex("009000")


@pytest.fixture(name="away")
def fixture_away(make_world):
    """One card has a profile that is not enabled; then the simulated cards are switched off, so that no SMS is answered."""
    world = make_world(meters=2, time_scale=30, https="socket")
    world.profiles = world.push(eids=world.eids[:1])
    world.stop("euiccsim")
    return world


def call(world, eid):
    return CardSession(world.settings()["smsr_https"], eid, identity_of(eid), psk_of(world, eid))


def under_way(world, eid, n):
    return wait_for(f"{n} operations under way",
                    lambda: (lambda rows: rows if len(rows) == n else None)(world.operations("--eid", eid, "--live")))


def listed(*numbers):
    """GET STATUS: the first one is enabled; and the memory."""
    entries = b"".join(tlv("E3", tlv("4F", bytes.fromhex(f"A0000005591010FFFFFFFF89000{n:03X}00"))
                           + tlv("9F70", b"\x3F" if i == 0 else b"\x1F")) for i, n in enumerate(numbers))
    return answers(entries + OK, tlv("FF21", tlv("81", b"\2") + tlv("82", b"\0\4\0\0") + tlv("83", b"\0\0\x10\0")) + OK)


def verdict(process):
    out, errors = process.communicate(timeout=120)
    rows = [json.loads(line) for line in out.splitlines() if line.startswith("{")]
    assert rows, errors
    return rows[0].get("verdict")


def test_what_waits_is_served_in_order(away):
    """An audit that nobody answers by SMS, and a deletion behind it: both in one session, then 204. A cut in the middle is
    taken up again, the same answer has the same response, and a second session at once is refused."""
    eid = away.eids[0]
    audit = away.background("audit", eid, "--validity", "7200", as_="fleet")
    under_way(away, eid, 1)
    delete = away.background("profile", "delete", "--eid", eid, "--iccid", away.profiles[eid], "--validity", "7200",
                             as_="operator-b")
    under_way(away, eid, 2)
    with call(away, eid) as first:
        step = first.post("/polling")
        assert (step.code, step.protocol) == (200, "globalplatform-remote-admin/1.0")
        assert [c[:2].hex() for c in commands(step.body)] == ["80f2", "80ca"]
        with call(away, eid) as second:
            assert second.post("/polling").code == 503
    # The stream is gone in mid step: the answer comes on another one.
    with call(away, eid) as again:
        uri, there = step.next, listed(0x10, 0x11)
        step = again.post(uri, there, resume=True)
        assert step.code == 200
        command, = commands(step.body)
        assert command.hex() == "80e40040124f10a0000005591010ffffffff8900001100" + "00"
        same = again.post(uri, there, resume=True)
        assert (same.code, same.next, same.body) == (200, step.next, step.body), "decided twice"
        last = again.post(step.next, answers(DELETED))
        assert (last.code, last.next, last.body) == (204, None, b"")
    assert (verdict(audit), verdict(delete)) == ("SUCCESS", "SUCCESS")
    assert not away.operations("--eid", eid, "--live")
    with call(away, eid) as nothing:
        last = nothing.post("/polling")
        assert (last.code, last.next) == (204, None)
    away.smctl("log", "verify", as_="auditor", code=0)


def test_what_is_armed_elsewhere_is_not_served(away):
    """A deletion is on its way by SMS: the card is told to come again while something may follow, never given the command."""
    eid = away.eids[0]
    delete = away.background("profile", "delete", "--eid", eid, "--iccid", away.profiles[eid], "--validity", "7200",
                             as_="operator-b")
    under_way(away, eid, 1)
    uri, waits = "/polling", 0
    with call(away, eid) as session:
        while uri:
            answer = session.post(uri)
            assert (answer.code, answer.body) == (204, b""), "given to the card although it is armed by SMS"
            uri = answer.next
            waits += uri is not None
    assert waits > 0
    assert away.counters()["session_waited"] == waits
    away.start("euiccsim")
    assert verdict(delete) == "SUCCESS"
    away.proof(ok=False)
