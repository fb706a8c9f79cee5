# SPDX-License-Identifier: Apache-2.0
"""Meters that sleep: an order to all of them is carried out as each wakes, none is hammered, and the ledger of the
cards agrees with every verdict."""
import collections
import contextlib
import json
import os

from remora import wait_for

FULL = os.environ.get("REMORA_FULL") == "1"


def status(world):
    done = world.euiccsim("status", "--coap", f"127.0.0.1:{world.settings()['sim_coap']}")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def fall_asleep(world, kind):
    """The same devices, but from now on they sleep; all of them do."""
    world.edit("settings", "fleet=mains", f"fleet={kind}")
    world.restart("euiccsim")
    return wait_for("every meter to sleep", lambda: status(world)["asleep"] >= 0.9 * world.meters and status(world))


def test_an_order_to_a_fleet_that_sleeps(make_world):
    """By day (--full: 2,000 meters that wake once a day, for five minutes), or every three hours."""
    kind, meters, hours = ("nbiot", 2000, 48) if FULL else ("edrx", 20, 12)
    world = make_world(meters=meters, seed=7)
    profiles = world.push(more=("--window", "100", "--validity", "86400"), limit=1200)
    before = fall_asleep(world, kind)
    cards = world.list_file("enable-eids.txt", [f"{e} {i}" for e, i in profiles.items()])
    done = world.smctl("profile", "enable", "--eids", cards, "--wake-deadline", str(hours * 3600), "--window", str(meters),
                       "--until-verdict", as_="fleet", limit=1200)
    after = status(world)
    ends = collections.Counter(row.get("verdict", row.get("outcome")) for row in done.rows if row.get("eid"))
    sent = after["mt_accepted"] - before["mt_accepted"]
    print(f"{meters} sleepers ({kind}): {dict(ends)}, {sent} short messages, {after['wakes']} wakes, "
          f"{after['mt_stored']} kept for a sleeper")
    assert ends == {"SUCCESS": meters}
    # Command and confirmation, and the same bytes again, to both numbers, ever more rarely.
    assert sent < 40 * meters
    on = [card["enabled_iccid"] == profiles[eid] for eid, card in world.cards().items()]
    assert sum(on) == meters
    world.proof()


def enabling(world, held, eid, iccid, *more):
    """The operation of a call that waits until held ends."""
    call = world.background("profile", "enable", "--eid", eid, "--iccid", iccid, *more, as_="fleet")
    held.callback(call.communicate)
    held.callback(call.kill)
    return wait_for("the operation", lambda: [r for r in world.operations("--eid", eid, "--live")
                                              if r["function"] == "EnableProfile"])[0]["operation"]


def explained(world, operation):
    return world.smctl("explain", operation, as_="fleet", code=0).text


def test_nothing_is_sent_before_the_next_contact(make_world):
    """It waits, and says so; when the card was heard last is shown to who runs the fleet."""
    world = make_world(meters=3)
    profiles = world.push()
    eid = world.eids[0]
    shown = world.smctl("eis", "show", eid, as_="fleet", code=0).rows[0]
    assert shown["Eis"]["last_contact_ms"] > 0
    assert "last_contact_ms" not in world.smctl("eis", "show", eid, as_="operator-b", code=0).rows[0]["Eis"]
    world.stop("euiccsim")                       # no contact comes
    with contextlib.ExitStack() as held:
        op = enabling(world, held, eid, profiles[eid], "--at-next-contact")
        behind = enabling(world, held, world.eids[1], profiles[world.eids[1]])
        wait_for("the other one is sent", lambda: "operation.armed" in explained(world, behind))
        told = explained(world, op)
        assert "operation.accepted" in told and "operation.armed" not in told
        assert "waits for the card until" in told and "sent at the next contact" in told
        late = world.smctl("profile", "enable", "--eid", world.eids[2], "--iccid", profiles[world.eids[2]],
                           "--wake-deadline", str(72 * 3600 + 60), as_="fleet", code=4)
        assert (late.rows[0]["subject"], late.rows[0]["reason"]) == ("1.6", "3.8")
        via = world.smctl("profile", "enable", "--eid", eid, "--iccid", profiles[eid], "--at-next-contact",
                          "--via", "smdp", as_="operator-b", code=2)
        assert "ES4" in via.errors
