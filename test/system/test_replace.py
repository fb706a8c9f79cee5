# SPDX-License-Identifier: Apache-2.0
"""A meter burns: its number goes to another one, when two persons have said that the card is lost, or the
card has told that the profile is deleted."""
import csv

from remora import wait_for

SECOND = "{oid: 1.3.6.1.4.1.99999.42, tenant: house, roles: [admin]}"


def renumbered(world):
    """What the operator's own network knows behind the replacement: the second subscription has the number of
    the first. And another admin, and a threshold."""
    path = world.file("world/hss-b.csv")
    with open(path, encoding="utf-8", newline="") as f:
        rows = list(csv.reader(f))
    stock = world.csv("subscriptions-b.csv")
    first, second = (next(r for r in rows if s["imsi"] in r) for s in sorted(stock, key=lambda s: s["iccid"])[:2])
    at = rows[0].index("msisdn")
    first[at], second[at] = second[at], first[at]
    with open(path, "w", encoding="utf-8", newline="") as f:
        csv.writer(f, lineterminator="\n").writerows(rows)
    world.edit("smdp.yaml", r"\nparties:\n", f"\nlow_stock: [{{profile_type: meter, below: 19}}]\nparties:\n  - {SECOND}\n")


def replace(world, old, new, *more, code=0):
    return world.smctl("profile", "replace", "--old-eid", old, "--new-eid", new, *more, as_="operator-b",
                       code=code).rows[0]


def stock(world, iccid):
    return next(r for r in world.smctl("profile", "list", as_="operator-b", code=0).rows if r["iccid"] == iccid)


def records(world, word):
    rows = world.smctl("events", "list", "--via", "smdp", as_="operator-b", code=0).rows
    return [r for r in rows if r["type"] == word]


def test_a_lost_meter_is_replaced(make_world):
    world = make_world(parties=["1.3.6.1.4.1.99999.42:admin:admin-2"], before_start=renumbered)
    burnt, spare = world.eids[:2]
    old = world.push([burnt])[burnt]
    number = stock(world, old)["msisdn"]
    assert number and not records(world, "stock.ran-low")

    refused = replace(world, burnt, spare, code=4)
    assert (refused["subject"], refused["reason"]) == ("8.2.1", "3.6")
    assert world.smctl("profile", "lost", burnt, old, "--reason", "fire", as_="admin", code=0).rows[0]["persons"] == 1
    again = world.smctl("profile", "lost", burnt, old, as_="admin", code=4)
    assert "another person" in again.errors
    world.restart("smdp")
    assert world.smctl("profile", "lost", burnt, old, as_="admin-2", code=0).rows[0]["lost"]
    assert stock(world, old)["state"] == "Lost"

    done = replace(world, burnt, spare, "--enable")
    new = done["iccid"]
    assert stock(world, new)["msisdn"] == number and not stock(world, old).get("msisdn")
    assert len(records(world, "number.moved")) == 1 and len(records(world, "loss.declared")) == 2
    assert world.cards()[spare]["enabled_iccid"] == new
    refused = replace(world, burnt, world.eids[2], code=4)
    assert (refused["subject"], refused["reason"]) == ("8.2.1", "3.3")

    level = world.smctl("profile", "stock", as_="operator-b", code=0).rows[0]
    assert (level["available"], level["lost"], level["below"], level["low"]) == (18, 1, 19, True)
    assert len(records(world, "stock.ran-low")) == 1
    # A ported number is an address: the profile goes on as it was.
    before = len(records(world, "profile.enabled"))
    world.smctl("profile", "address", spare, new, "4915100000001", "--via", "smdp", as_="operator-b", code=0)
    shown = stock(world, new)
    assert (shown["msisdn"], shown["state"]) == ("4915100000001", "Installed")
    assert len(records(world, "profile.enabled")) == before
    for daemon in ("smsr", "smdp"):
        assert world.smctl("log", "verify", "--state", world.file(daemon), code=0).rows[0]["ok"]


def test_a_deleted_profile_is_replaced_whatever_dies(world):
    old_card, new_card = world.eids[:2]
    old = world.push([old_card])[old_card]
    world.smctl("profile", "delete", "--eid", old_card, "--iccid", old, "--via", "smdp", as_="operator-b", code=0)
    number = stock(world, old)["msisdn"]
    running = world.background("profile", "replace", "--old-eid", old_card, "--new-eid", new_card, as_="operator-b")
    wait_for("the order", lambda: any(r["function"] == "ReplaceProfile" for r in world.operations(via="smdp")))
    for name in ("smdp", "smsr"):
        world.kill(name)
        world.start(name)
    assert running.wait(120) == 0
    new = next(r["iccid"] for r in world.smctl("profile", "list", as_="operator-b", code=0).rows
               if r.get("eid") == new_card)
    assert stock(world, new)["msisdn"] == number and stock(world, old)["state"] == "Deleted"
    assert len(records(world, "number.moved")) == 1
    world.proof(ok=False)
