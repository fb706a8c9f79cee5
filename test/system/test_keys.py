# SPDX-License-Identifier: Apache-2.0
"""Key sets of the ISD-R: a card is never without one that both sides have, whoever is killed when."""
import random

from remora import only_rows, wait_for
from test_kill import SEED, durable


def versions(world):
    """Of each card, as the log tells: the set it was given, the one it lost."""
    rows = world.smctl("events", "list", "--limit", "100000", as_="fleet", code=0).rows
    return [(r["type"], r["body"]["kvn"]) for r in rows if r.get("type", "").startswith("keyset.")]


def test_new_keys_whoever_is_killed(make_world):
    dice = random.Random(SEED)
    print(f"REMORA_SEED={SEED} repeats this run")
    world = make_world(meters=12, time_scale=60, latency="lab2016", seed=SEED % 1000)
    begin = durable(world)
    call = world.background("eis", "keys", "rotate", "--eids", world.file("world/eids.txt"), "--until-verdict",
                            as_="fleet")
    for mark in sorted(begin + dice.randrange(12 * 9) for _ in range(3)):
        wait_for(f"record {mark}", lambda m=mark: durable(world) >= m or call.poll() is not None)
        victim = dice.choice(["smsr", "smsr", "euiccsim"])
        print(f"{victim} is killed at record {durable(world)}, drawn {mark}")
        world.kill(victim)
        world.start(victim)
    out, errors = call.communicate(timeout=300)
    rows = [r for r in only_rows(out) if r.get("eid")]
    assert len(rows) == 12 and {r["verdict"] for r in rows} == {"SUCCESS"}, errors
    assert sorted(set(versions(world))) == [("keyset.deleted", 1), ("keyset.prepared", 2), ("keyset.used", 2)]

    eids = world.file("world/eids.txt")
    rows = world.smctl("eis", "keys", "rotate", "--sessions", "--eids", eids, as_="fleet", code=0).rows
    assert rows[-1]["summary"]["ok"] == 12
    assert ("keyset.used", 65) in versions(world) and ("keyset.deleted", 64) in versions(world)

    profiles = world.push()                  # by HTTPS under the new PSK, called for under the new set of SCP80
    world.enable(profiles)
    found = world.proof(ok=False)
    assert found["mismatches"] == 0 and found["log_ok"] and found["in_doubt"] == 0, found


def test_whose_keys_they_are(world):
    eid = world.eids[0]
    done = world.smctl("eis", "keys", "rotate", eid, as_="operator-b")
    assert done.code == 4 and (done.rows[0]["subject"], done.rows[0]["reason"]) == ("1.2", "1.2")
    world.smctl("eis", "keys", "rotate", eid, as_="admin", code=0)     # of the house
    world.smctl("audit", eid, as_="fleet", code=0)
    told = world.smctl("eis", "keys", "rotate", eid, as_="fleet", code=0)
    story = world.smctl("explain", told.rows[0]["operation"], as_="fleet", code=0).text
    assert "keyset.used" in story
