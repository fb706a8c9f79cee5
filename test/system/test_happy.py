# SPDX-License-Identifier: Apache-2.0
"""The whole way: registered, downloaded, enabled, heard, proved."""
import os

import pytest
from remora import PACKAGES

# SAIP: akaParameter of a key and the algorithm it is for, in front of K.
TEST_ALGORITHM, MILENAGE = bytes.fromhex("A12A800103810102"), bytes.fromhex("A12A800101810102")
SPOILT = {"no_coverage": "10%", "unknown_imsi": "5%", "latency": "lab2016", "time_scale": 60}


def test_push_and_enable(make_world):
    world = make_world(meters=20, **SPOILT)
    a, b, fleet = world.follow("operator-a"), world.follow("operator-b", "smdp"), world.follow("fleet")
    profiles = world.push()
    assert sorted(profiles) == sorted(world.eids)
    rows = world.enable(profiles, "--until-verdict", code=1)
    back = {eid for eid, row in rows.items() if row["verdict"] == "ROLLED_BACK"}
    good = set(world.eids) - back
    assert all(rows[eid]["verdict"] == "SUCCESS" for eid in good)
    assert len(back) == 3

    gone = a.wait("ES4-HandleProfileDisabledNotification", len(good))
    come = b.wait("ES2-HandleProfileEnabledNotification", len(good))
    answers = fleet.wait("ES4-EnableProfileResponse", len(world.eids))
    assert {r["body"]["Eid"] for r in gone} == {r["body"]["Eid"] for r in come} == good
    assert [r["number"] for r in answers] == list(range(1, len(answers) + 1))

    cards = world.cards()
    assert {e for e in good if cards[e]["enabled_iccid"] == profiles[e]} == good
    assert all(cards[e]["attach"]["result"] == "attached" or cards[e]["attach"]["iccid"] == profiles[e]
               for e in good)
    found = world.proof()
    assert (found["enabled"], found["rolled_back"], found["downloaded"]) == (17, 3, 20)
    assert (found["no_coverage"], found["imsi_unknown"]) == (2, 1)


def test_states_survive_an_ordinary_restart(world):
    profiles = world.push(world.eids[:3])
    world.enable(profiles)
    for name in ("smdp", "smsr", "euiccsim"):
        world.restart(name)
    shown = world.smctl("eis", "show", world.eids[0], as_="fleet", code=0)
    assert profiles[world.eids[0]] in shown.text
    world.enable(world.push(world.eids[3:6]))
    for daemon in ("smsr", "smdp"):
        checked = world.smctl("log", "verify", "--state", world.file(daemon), code=0)
        assert checked.rows[0]["ok"] and checked.rows[0]["projections_compared"]
        assert world.smctl("log", "verify", "--via", daemon, as_="admin", code=0).rows[0]["ok"]


def test_disable_and_delete(world):
    eid = world.eids[0]
    iccid = world.push([eid])[eid]
    world.enable({eid: iccid})
    world.smctl("profile", "disable", "--eid", eid, "--iccid", iccid, as_="fleet", code=0)
    world.smctl("profile", "delete", "--eid", eid, "--iccid", iccid, "--via", "smdp", as_="operator-b", code=0)
    card = world.cards()[eid]
    assert len(card["isdps"]) == 1 and card["enabled_iccid"] != iccid
    world.smctl("audit", eid, as_="fleet", code=0)
    world.push([eid])


def test_the_same_call_twice_is_one_call(world):
    eid = world.eids[0]
    iccid = world.push([eid])[eid]
    said = [world.smctl("profile", "enable", "--eid", eid, "--iccid", iccid, "--call-id", "once",
                        as_="fleet", code=0).rows[0] for _ in range(2)]
    assert said[0]["operation"] == said[1]["operation"]
    other = world.smctl("profile", "disable", "--eid", eid, "--iccid", iccid, "--call-id", "once",
                        as_="fleet", code=4)
    assert (other.rows[0]["subject"], other.rows[0]["reason"]) == ("1.6", "3.3")
    world.proof(ok=False)


def test_explain_tells_the_story(world):
    eid = world.eids[0]
    row = world.enable(world.push([eid]))[eid]
    told = world.smctl("explain", row["operation"], as_="admin", code=0).text
    for word in ("80E2", "3A03", "profile.enabled", "operation.concluded"):
        assert word in told, f"{word} is missing"


@pytest.mark.skipif(not os.path.isdir(PACKAGES), reason="the packages of TS.48 are not here")
def test_packages_of_others(make_world):
    files = sorted(f for f in os.listdir(PACKAGES) if f.endswith(".der"))
    assert files

    def test_range(world):
        ends = (world.eids[0][:30], world.eids[-1][:30])
        with open(world.file("smdp.yaml"), "a", encoding="utf-8") as f:
            f.write(f'test_eids: [{{from: "{ends[0]}", to: "{ends[1]}"}}]\n')

    world = make_world(before_start=test_range, load=False)
    world.smctl("eis", "import", world.file("world/fleet.eis"), as_="eum", code=0)
    stock = world.csv("subscriptions-b.csv")
    columns = ("iccid", "imsi", "k", "opc", "msisdn")    # these packages have no AES keys to replace
    for i, name in enumerate(files):
        kind = f"ts48-{i}"
        with open(os.path.join(PACKAGES, name), "rb") as f:
            package = f.read()
        # The cure the lint rule names: algorithmID of the AKA parameters becomes Milenage.
        assert package.count(TEST_ALGORITHM) == 2
        with open(world.file(kind + ".der"), "wb") as f:
            f.write(package.replace(TEST_ALGORITHM, MILENAGE))
        world.smctl("profile", "template", "add", world.file(kind + ".der"), "--type", kind, as_="admin", code=0)
        mine = world.list_file(f"{kind}.csv", [",".join(columns), ",".join(stock[i][c] for c in columns)])
        world.smctl("profile", "import", mine, "--type", kind, as_="operator-b", code=0)
        pushed = world.smctl("profile", "push", "--eid", world.eids[i], "--type", kind, as_="operator-b", code=0)
        iccid = pushed.rows[0]["iccid"]
        world.enable({world.eids[i]: iccid})
        card = world.cards()[world.eids[i]]
        assert card["enabled_iccid"] == card["attach"]["iccid"] == iccid
        assert card["attach"]["result"] == "attached"
