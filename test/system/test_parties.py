# SPDX-License-Identifier: Apache-2.0
"""Who may do what: certificates, relations, and what a stranger learns (design law 8, section 3.5)."""
import re
import ssl
import struct
import subprocess

import pytest
from remora import BIN, wait_for
from wire import Peer, eid_octets, status

OPERATOR_B = "1.3.6.1.4.1.99999.10"
OPERATOR_A = "1.3.6.1.4.1.99999.11"
FLEET = "1.3.6.1.4.1.99999.20"


def more_parties(*rows):
    def edit(world):
        world.edit("smsr.yaml", r"\nplma:", "".join("\n  - " + row for row in rows) + "\nplma:")
    return edit


def unknown_eid(eid):
    """An EID of the same range that was never made: another serial, check digits that hold."""
    body = str(int(eid[:30]) + 5000)
    return f"{body}{98 - int(body + '00') % 97:02d}"


def without_time(envelope, body_name):
    """What an answer says, less what is new in every answer: numbers, times, the id of the refusal."""
    out = {k: len(v) if k == "operation" else v for k, v in envelope.items()
           if k not in ("message_id", "relates_to")}
    out[body_name] = {k: v for k, v in out[body_name].items() if not k.startswith("Processing")}
    return out


# --- certificates ---

def refused_tls(world, **credentials):
    with pytest.raises((ssl.SSLError, ConnectionError, TypeError)):
        Peer(world.address("smsr"), world.file("pki/ca/cert.pem"), **credentials)


def test_certificates_of_others(make_world):
    world = make_world(parties=["1.3.6.1.4.1.99999.77:operator:stranger", "1.3.6.1.4.1.99999.78:operator:turncoat"],
                       before_start=more_parties("{oid: 1.3.6.1.4.1.99999.78, tenant: acme-water, roles: [fleet]}"))
    subprocess.run([BIN + "/smctl", "pki", "init", world.file("other")], check=True, capture_output=True)
    foreign = world.file("other/fleet/")
    refused_tls(world, cert=foreign + "cert.pem", key=foreign + "key.pem")
    # The right authority, but nobody this SM-SR knows; and somebody it knows in another role.
    for name in ("stranger", "turncoat"):
        with pytest.raises(PermissionError, match="is not a party of this SM-SR in that role"):
            world.peer(name)
        said = world.smctl("eis", "list", as_=name, code=4)
        assert "not a party" in said.errors and f"context {name} speaks as operator" in said.errors
    assert world.smctl("eis", "list", as_="fleet", code=0).rows
    assert world.counters()["hello_refused"] == 4


def test_another_sm_sr_at_the_address(make_world):
    """Name and authority of the certificate are right, the party is another: the SM-DP says nothing to it."""
    def other(world):
        world.edit("smdp.yaml", r"smsr: \[\{oid: [0-9.]*", "smsr: [{oid: 1.3.6.1.4.1.99999.9")

    world = make_world(before_start=other, load=False)
    wait_for("the refusal", lambda: "the server is smsr 1.3.6.1.4.1.99999.1, not smsr 1.3.6.1.4.1.99999.9" in
             world.log("smdp"))
    assert " connected" not in world.log("smdp").replace("not connected", "")


def test_no_certificate(world):
    context = ssl.create_default_context(cafile=world.file("pki/ca/cert.pem"))
    context.check_hostname = False
    import socket
    host, port = world.address("smsr").split(":")
    with socket.create_connection((host, int(port)), timeout=60) as raw:
        with pytest.raises((ssl.SSLError, ConnectionError)):
            with context.wrap_socket(raw, server_hostname="localhost") as s:
                if s.recv(1) == b"":
                    raise ConnectionError("closed")
    assert world.smctl("eis", "list", as_="fleet", code=0).rows


def test_a_server_with_a_foreign_certificate(make_world):
    """The client's side of it: smctl does not speak to somebody else's smsr."""
    world = make_world(load=False)
    subprocess.run([BIN + "/smctl", "pki", "init", world.file("other")], check=True, capture_output=True)
    world.edit("pki/smctl.yaml", "ca: ca/cert.pem", "ca: " + world.file("other/ca/cert.pem"))
    done = subprocess.run([BIN + "/smctl", "--as", "smsr", "eis", "list", "--retry", "1"], capture_output=True,
                          text=True, env=world.environment, check=False)
    assert done.returncode == 3 and "certificate" in done.stderr


# --- relations ---

def calls(eid, iccid):
    return {
        "ES4_GetEIS": {"Eid": eid},
        "ES4_AuditEIS": {"Eid": eid},
        "ES4_EnableProfile": {"Eid": eid, "Iccid": iccid},
        "ES4_DisableProfile": {"Eid": eid, "Iccid": iccid},
        "ES4_DeleteProfile": {"Eid": eid, "Iccid": iccid},
        "ES4_SetFallBackAttribute": {"Eid": eid, "Iccid": iccid},
        "ES4_SetEmergencyProfileAttribute": {"Eid": eid, "Iccid": iccid},
        "ES4_UpdateSubscriptionAddress": {"Eid": eid, "Iccid": iccid,
                                          "newSubscriptionAddress": {"Msisdn": "491700000099"}},
    }


def owner_calls(eid, iccid):
    return {**calls(eid, iccid), "ES4_UpdatePolicyRules": {"Eid": eid, "Iccid": iccid}}


def same_as_unknown(peer, known, iccid, interface_calls, **header):
    """Every function answers for a foreign card exactly what it answers for one that does not exist."""
    never = unknown_eid(known)
    theirs = interface_calls(eid_octets(known), iccid)
    nobody = interface_calls(eid_octets(never), iccid)
    for name in theirs:
        a, body, octets_a = peer.request(name, theirs[name], **header)
        b, _, octets_b = peer.request(name, nobody[name], **header)
        assert len(octets_a) == len(octets_b), name
        assert without_time(a, name + "Response") == without_time(b, name + "Response"), name
        assert status(body) == "FAILED 8.1.1-3.9", name


def test_without_relation_a_card_does_not_exist(make_world):
    world = make_world(
        parties=["1.3.6.1.4.1.99999.12:operator:green", "1.3.6.1.4.1.99999.21:fleet:neighbour",
                 "1.3.6.1.4.1.99999.22:m2m-sp:service"],
        before_start=more_parties(
            "{oid: 1.3.6.1.4.1.99999.12, tenant: green, roles: [operator]}",
            "{oid: 1.3.6.1.4.1.99999.21, tenant: neighbour, roles: [fleet]}",
            "{oid: 1.3.6.1.4.1.99999.22, tenant: service, roles: [m2m-sp]}"))
    eid = world.eids[0]
    iccid = world.push([eid])[eid]
    for party, number in (("green", 12), ("neighbour", 21), ("service", 22)):
        same_as_unknown(world.peer(party), eid, iccid, owner_calls if party == "green" else calls)
        assert world.smctl("eis", "list", as_=party, code=0).rows == []
        mine = world.smctl("operation", "list", as_=party, code=0).rows
        assert {row["party"] for row in mine} == {f"1.3.6.1.4.1.99999.{number}"}


def es3_calls(eid, iccid):
    return {
        "ES3_GetEIS": {"Eid": eid},
        "ES3_CreateISDP": {"Eid": eid, "Iccid": iccid, "Mno_id": OPERATOR_B, "RequiredMemory": 4096},
        "ES3_EnableProfile": {"Eid": eid, "Iccid": iccid},
        "ES3_DisableProfile": {"Eid": eid, "Iccid": iccid},
        "ES3_DeleteISDP": {"Eid": eid, "Iccid": iccid},
        "ES3_AuditEIS": {"Eid": eid},
        "ES3_UpdatePolicyRules": {"Eid": eid, "Iccid": iccid},
        "ES3_UpdateSubscriptionAddress": {"Eid": eid, "Iccid": iccid, "newSubscriptionAddress": {"Msisdn": "491700000099"}},
        "ES3_SetFallBackAttribute": {"Eid": eid, "Iccid": iccid},
        "ES3_SetEmergencyProfileAttribute": {"Eid": eid, "Iccid": iccid},
    }


def test_sm_dp_with_the_mno_id_of_another(make_world):
    world = make_world(parties=["1.3.6.1.4.1.99999.3:smdp:smdp-x"],
                       before_start=more_parties("{oid: 1.3.6.1.4.1.99999.3, tenant: house, roles: [smdp]}"))
    eid = world.eids[0]
    iccid = world.push([eid])[eid]
    # Not listed by operator B; listed by B but speaking for A; and, malformed, speaking for nobody.
    same_as_unknown(world.peer("smdp-x"), eid, iccid, es3_calls, mno_id=OPERATOR_B)
    world.stop("smdp")
    mine = world.peer("smdp")
    same_as_unknown(mine, eid, iccid, es3_calls, mno_id=OPERATOR_A)
    _, body, _ = mine.request("ES3_GetEIS", {"Eid": eid_octets(eid)})
    assert status(body) == "FAILED 1.6-2.1"
    _, body, _ = mine.request("ES3_GetEIS", {"Eid": eid_octets(eid)}, mno_id=OPERATOR_B)
    assert status(body) == "EXECUTED_SUCCESS"
    world.start("smdp")
    # Operator A is no customer of this SM-DP at all.
    world.smctl("profile", "push", "--eid", eid, "--type", "meter", as_="operator-a", code=4)


def test_fleet_manager_without_plma(make_world):
    world = make_world(before_start=lambda w: w.edit("smsr.yaml", r"operations: \[.*?\]", "operations: [DisableProfile]"))
    eid = world.eids[0]
    iccid = world.push([eid])[eid]
    row = world.enable({eid: iccid}, code=4)[eid]
    assert (row["subject"], row["reason"], row["outcome"]) == ("8.2.1", "1.2", "refused")
    # The owner itself needs none, and what is authorised works.
    world.smctl("profile", "enable", "--eid", eid, "--iccid", iccid, "--via", "smdp", as_="operator-b", code=0)
    world.smctl("profile", "disable", "--eid", eid, "--iccid", iccid, as_="fleet", code=0)


def test_operator_and_a_profile_of_another(world):
    eid = world.eids[0]
    iccid = world.push([eid])[eid]
    done = world.smctl("profile", "enable", "--eid", eid, "--iccid", iccid, as_="operator-a", code=4)
    assert (done.rows[0]["subject"], done.rows[0]["reason"]) == ("8.2.1", "3.9")
    assert iccid not in world.smctl("eis", "show", eid, as_="operator-a", code=0).text


# --- frames ---

def closed(peer):
    """An ERROR may come first; then the other end closes."""
    said = peer.receive()
    if said is not None:
        assert said["kind"] == "KIND_ERROR"
        assert peer.receive() is None
    peer.close()
    return said


def test_malformed_frames(world):
    def fresh(**options):
        return world.peer("fleet", **options)

    for octets in (struct.pack(">I", 0), struct.pack(">I", 256 * 1024 + 1), b"\xff\xff\xff\xff", b"GET / HTTP/1.1\r\n\r\n"):
        for hello in (True, False):
            peer = fresh(hello=hello)
            peer.send_octets(octets)
            assert closed(peer) is not None
    for frame in (b"\x08", b"\x0a\xff", b"\xff" * 40, b"\x08\x63", b"\x1b" * 1000):
        peer = fresh()
        peer.send_frame(frame)
        assert closed(peer) is not None
    # Before HELLO nothing else is heard.
    peer = fresh(hello=False)
    peer.send({"kind": "KIND_REQUEST", "ES4_GetEISRequest": {"FunctionCallIdentifier": "x",
                                                            "Eid": eid_octets(world.eids[0])}})
    assert closed(peer) is not None
    # Half a frame and then nothing: the other one is served meanwhile.
    half = fresh()
    half.send_octets(struct.pack(">I", 100) + b"\x08\x03")
    # A request that lacks its EID is answered, and the connection lives on.
    peer = fresh()
    _, body, _ = peer.request("ES4_EnableProfile", {"Iccid": "8949010000000000008"})
    assert status(body) == "FAILED 1.6-2.1"
    _, body, _ = peer.request("ES4_GetEIS", {"Eid": eid_octets(world.eids[0])})
    assert status(body) == "EXECUTED_SUCCESS"
    half.close()
    assert world.smctl("eis", "list", as_="fleet", code=0).rows


def test_role_and_function(world):
    """A call of another interface is refused for the role, whoever the card belongs to."""
    peer = world.peer("eum")
    _, body, _ = peer.request("ES4_GetEIS", {"Eid": eid_octets(world.eids[0])})
    assert status(body) == "FAILED 1.2-1.2"
    peer = world.peer("fleet")
    _, body, _ = peer.request("ES3_GetEIS", {"Eid": eid_octets(world.eids[0])}, mno_id=OPERATOR_B)
    assert status(body) == "FAILED 1.2-1.2"


def test_an_owner_reads_nothing_of_another(make_world):
    """B switches cards away from A: its own story names neither A's profile nor what A was told."""
    world = make_world(meters=3)
    rows = world.enable(world.push(), as_="operator-b")
    for eid, row in rows.items():
        theirs = set(re.findall(r"8988201\d+", world.smctl("eis", "show", eid, as_="operator-a", code=0).text))
        assert len(theirs) == 1
        for verb in (("explain", row["operation"]), ("events", "list", "--op", row["operation"])):
            whole = world.smctl(*verb, as_="fleet", code=0).text
            part = world.smctl(*verb, as_="operator-b", code=0).text
            assert all(iccid in whole and iccid not in part for iccid in theirs), verb
            assert OPERATOR_A not in part and "profile.enabled" in part
            assert len(part.splitlines()) == len(whole.splitlines())
