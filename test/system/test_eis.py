# SPDX-License-Identifier: Apache-2.0
"""What an EUM may bring in: all or nothing per EIS, each refusal with its reason (SGP.02 5.2)."""
import copy

import pytest
from remora import wait_for
from wire import decode, eid_octets, eis_entries, eis_write, encode


def flip(octets, at):
    return octets[:at] + bytes([octets[at] ^ 1]) + octets[at + 1:]


def info_with(entry, **fields):
    info = decode("EumSignedInfo", entry["eum_signed_info"])
    info.update(fields)
    entry["eum_signed_info"] = encode("EumSignedInfo", info)


def key_of(entry):
    return entry["Keyset"][0]["Key"][0]


# What is done to an entry, the GSMA status, a word of the sentence. The EUM signs fields 1 to 3 only.
DAMAGES = {
    "a byte of the signed part": (lambda e: e.update(eum_signed_info=flip(e["eum_signed_info"], -30 % len(e["eum_signed_info"]))),
                                  ("8.6-6.2", "8.6-2.1", "8.5.2-6.1"), ""),
    "a byte of the signature": (lambda e: e.update(eum_signature=flip(e["eum_signature"], 20)), ("8.6-6.2",), "signature"),
    "a byte of the EUM certificate": (lambda e: e.update(eum_certificate=flip(e["eum_certificate"], -1 % len(e["eum_certificate"]))),
                                      ("8.5.1-6.1",), "certificate"),
    "a byte of a wrapped key": (lambda e: key_of(e).update(Value=flip(key_of(e)["Value"], 3)), ("8.6-6.1",), "key"),
    "a check value": (lambda e: key_of(e).update(kcv=flip(key_of(e)["kcv"], 0)), ("8.6-6.1",), "key"),
    "a key in clear": (lambda e: key_of(e).update(Value=key_of(e)["Value"][:16]), ("8.6-6.1",), "key"),
    "a transport key nobody has": (lambda e: e.update(transport_key_id=b"other"), ("8.6-6.1",), "transport"),
    "the name of another SM-SR": (lambda e: e.update(Smsr_id=b"1.3.6.1.4.1.99999.9"), ("8.7-3.4",), "SM-SR"),
    "an EID whose check digits fail": (lambda e: info_with(e, Eid=flip(decode("EumSignedInfo", e["eum_signed_info"])["Eid"], 15)),
                                       ("8.1.1-2.1", "8.6-6.2"), ""),
}


@pytest.fixture
def bare(make_world):
    return make_world(load=False)


def test_damaged_entries(bare):
    world = bare
    entries = eis_entries(world.file("world/fleet.eis"))
    whole = copy.deepcopy(entries)
    for i, (damage, _, _) in enumerate(DAMAGES.values()):
        damage(entries[i])
    eis_write(world.file("damaged.eis"), entries)
    done = world.smctl("eis", "import", world.file("damaged.eis"), as_="eum")
    assert done.code == 4, done.errors
    summary = done.rows[-1]["summary"]
    assert (summary["total"], summary["ok"], summary["refused"]) == (20, 20 - len(DAMAGES), len(DAMAGES))
    bad = [row for row in done.rows if row.get("outcome") == "refused"]
    for row, (what, (_, codes, word)) in zip(sorted(bad, key=lambda r: r.get("eid", "none")), DAMAGES.items()):
        assert row["subject"] + "-" + row["reason"] in codes, f"{what}: {row}"
        assert word.lower() in row["message"].lower() + row["cause"].lower(), f"{what}: {row}"
    shown = {row["eid"] for row in world.smctl("eis", "list", as_="fleet", code=0).rows}
    assert shown == set(world.eids[len(DAMAGES):])
    # Nothing of a refused one stayed: the whole file goes in now, and what is there counts as done.
    eis_write(world.file("whole.eis"), whole)
    done = world.smctl("eis", "import", world.file("whole.eis"), as_="eum", code=0)
    summary = done.rows[-1]["summary"]
    assert (summary["ok"], summary["already"]) == (len(DAMAGES), 20 - len(DAMAGES))


def test_a_file_that_is_cut(bare):
    world = bare
    with open(world.file("world/fleet.eis"), "rb") as f:
        data = f.read()
    for cut in (data[:-1], data[:5000], data[:2], b"", b"\x00\x00\x00\x00" + data, flip(data, 0)):
        with open(world.file("cut.eis"), "wb") as f:
            f.write(cut)
        done = world.smctl("eis", "import", world.file("cut.eis"), as_="eum", code=2)
        assert "cut.eis" in done.errors and len(done.errors.splitlines()) == 1
    assert world.smctl("eis", "list", as_="fleet", code=0).rows == []


def test_only_an_eum_registers(bare):
    done = bare.smctl("eis", "import", bare.file("world/fleet.eis"), as_="operator-a", code=4)
    assert {(r["subject"], r["reason"]) for r in done.rows if r.get("outcome")} == {("1.2", "1.2")}


def test_an_eum_of_another_ci(make_world):
    ours, theirs = make_world("ours", load=False), make_world("theirs", start=False)
    done = ours.smctl("eis", "import", theirs.file("world/fleet.eis"), as_="eum", code=4)
    assert {(r["subject"], r["reason"]) for r in done.rows if r.get("outcome")} == {("8.5.1", "6.1")}


# --- POL2 stands in the part of the EIS that is not signed ---

def with_pol2(world, *rules):
    entries = eis_entries(world.file("world/fleet.eis"))
    for entry in entries:
        entry["ProfileInfo"][0]["pol2"] = {"Rule": [{"Subject": "PROFILE", "Action": a, "Qualification": q}
                                                    for a, q in rules]}
    eis_write(world.file("world/fleet.eis"), entries)


def test_pol2_refuses(make_world):
    world = make_world(before_start=lambda w: with_pol2(w, ("DISABLE", "Not-Allowed")))
    eid = world.eids[0]
    profiles = world.push([eid])
    row = world.enable(profiles, code=4)[eid]
    assert (row["outcome"], row["subject"], row["reason"]) == ("refused", "8.2.3", "3.8")
    assert world.cards()[eid]["enabled_iccid"] != profiles[eid]
    assert world.euiccsim("ledger", "--dir", world.file("world"), "--json").stdout.count('"3A03"') == 0


def test_pol2_is_changed_by_the_owner(world):
    eid = world.eids[0]
    profiles = world.push([eid])
    policy = lambda rules, as_, code: world.smctl("profile", "policy", eid, profiles[eid], rules, as_=as_, code=code)
    policy("enable-not-allowed,disable-auto-delete", "operator-b", 0)
    row = world.enable(profiles, code=4)[eid]
    assert (row["outcome"], row["subject"], row["reason"]) == ("refused", "8.2.3", "3.8")
    assert "enable-not-allowed" in policy("enable", "operator-b", 2).errors
    policy("none", "operator-a", 4)     # not its profile
    policy("none", "fleet", 4)          # never authorised to anybody
    policy("none", "operator-b", 0)
    world.enable(profiles)
    assert world.cards()[eid]["enabled_iccid"] == profiles[eid]


def test_what_is_kept_of_a_profile_is_changed_through_the_sm_dp(world):
    eid = world.eids[0]
    iccid = world.push([eid])[eid]
    call = lambda *words, code=0, as_="operator-b": world.smctl(*words, "--via", "smdp", as_=as_, code=code)
    shown = lambda: next(p for p in world.peer("operator-b").request("ES4_GetEIS", {"Eid": eid_octets(eid)})[1]["Eis"]
                         ["ProfileInfo"] if p["Iccid"] == iccid.encode())
    call("profile", "policy", eid, iccid, "delete-not-allowed", "--call-id", "once")
    assert shown()["pol2"]["Rule"] == [{"Subject": b"PROFILE", "Action": b"DELETE", "Qualification": b"Not-Allowed"}]
    call("profile", "policy", eid, iccid, "none", code=4, as_="operator-a")     # not its profile
    # The same call again is the same answer; with other rules it is refused and changes nothing.
    call("profile", "policy", eid, iccid, "delete-not-allowed", "--call-id", "once")
    assert "another request" in call("profile", "policy", eid, iccid, "none", "--call-id", "once", code=4).text
    assert shown()["pol2"]["Rule"][0]["Action"] == b"DELETE"
    call("profile", "address", eid, iccid, "491799999999")
    assert shown()["SubscriptionAddress"]["Msisdn"] == b"491799999999"
    call("audit", eid)


def test_deletion_of_the_enabled_profile(world):
    eid = world.eids[0]
    profiles = world.push([eid])
    world.enable(profiles)
    for as_, via in (("fleet", "smsr"), ("operator-b", "smsr"), ("operator-b", "smdp")):
        done = world.smctl("profile", "delete", "--eid", eid, "--iccid", profiles[eid], "--via", via, as_=as_,
                           code=4 if via == "smsr" else 1)      # the SM-DP has to ask first
        assert (done.rows[0]["subject"], done.rows[0]["reason"]) == ("8.2", "3.5")
    # The bootstrap profile carries the fall-back attribute: it is never deleted and never disabled.
    bootstrap = next(p["iccid"] for p in world.cards()[eid]["isdps"] if p["fallback"])
    done = world.smctl("profile", "delete", "--eid", eid, "--iccid", bootstrap, as_="operator-a", code=4)
    assert (done.rows[0]["subject"], done.rows[0]["reason"]) == ("8.2", "3.8")
    assert world.cards()[eid]["enabled_iccid"] == profiles[eid]
    world.proof(ok=False)


def test_meters_that_are_switched_on_before_their_import(make_world):
    """They declare themselves to an SM-SR that has no keys for them: listed by number, answered after the import."""
    world = make_world(meters=3, load=False)
    unknown = lambda: world.smctl("contacts", "unknown", as_="admin", code=0).rows
    rows = wait_for("the declaration of each meter", lambda: len(unknown()) == 3 and unknown())
    assert all(row["declarations"] >= 1 and row["first"] <= row["last"] for row in rows)
    few = world.smctl("contacts", "unknown", "--limit", "1", as_="auditor", code=0).rows
    assert few[1:] == [{"summary": {"listed": 1, "known": 3, "forgotten": 0}}]
    world.smctl("contacts", "unknown", as_="fleet", code=4)      # whose cards they will be nobody knows
    assert world.smctl("eis", "list", as_="admin", code=0).rows == []
    world.tool("load")
    world.restart("euiccsim")       # whom nobody confirms is silent after five tries, until it is switched on again
    wait_for("nobody unknown any more", lambda: unknown() == [])
    assert {e["function"] for e in world.operations()} >= {"Notification"}


def test_the_fall_back_attribute_moves_with_leave(make_world):
    plma = '\n  - {mno: 1.3.6.1.4.1.99999.11, profile_type: "*", m2m_sp: 1.3.6.1.4.1.99999.10, ' \
           'operations: [SetFallBackAttribute]}'
    world = make_world(before_start=lambda w: w.edit("smsr.yaml", r"\nplma:", "\nplma:" + plma))
    told = world.follow("operator-a")
    profiles = world.push(world.eids[:2])
    holds = lambda eid: {p["Iccid"].decode() for p in world.peer("fleet").request("ES4_GetEIS", {"Eid": eid_octets(eid)})
                         [1]["Eis"]["ProfileInfo"] if p.get("FallbackAttribute")}
    for (eid, iccid), via in zip(profiles.items(), ("smsr", "smdp")):
        set_it = lambda code: world.smctl("profile", "fallback", "--eid", eid, "--iccid", iccid, "--via", via,
                                          as_="operator-b", code=code)
        before, refused = holds(eid), 4 if via == "smsr" else 1
        set_it(0)
        assert holds(eid) == {iccid} and before != {iccid}
        assert "holds the fall-back attribute already" in set_it(refused).text
        world.smctl("profile", "delete", "--eid", eid, "--iccid", iccid, as_="operator-b", code=4)
        said = world.smctl("profile", "emergency", "--eid", eid, "--iccid", iccid, "--via", via, as_="operator-b",
                           code=refused)
        assert said.rows[0]["subject"] + "-" + said.rows[0]["reason"] == "8.2-3.8"
        told.wait("ES4-HandleProfileFallBackAttributeUnsetNotification", 1 if via == "smsr" else 2)
    assert world.euiccsim("ledger", "--dir", world.file("world"), "--json").stdout.count('"3A05"') == 2
