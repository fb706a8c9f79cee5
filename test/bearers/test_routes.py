# SPDX-License-Identifier: Apache-2.0
"""Routes: each operator has an SMSC and a number of the SM-SR of its own. What SMSCs say is a hint."""
import contextlib

from remora import LIMIT, World, wait_for
from smsc import Smsc, through

A, B = ("4040", "882100"), ("491620000002", "49170")    # a short code, and a number of the world


@contextlib.contextmanager
def world_behind(path, node_modules, networks, meters=4, more="", timers=""):
    """Everything of the world is bound when it begins."""
    made = {}

    def before(world):
        made["smsc"] = Smsc(world, node_modules, networks)
        through(world, made["smsc"], more=more)
        world.edit("smsr.yaml", "timers: {", "timers: {" + timers)

    world = World(path, meters=meters, time_scale=60, before_start=before)
    try:
        for _ in made["smsc"].networks:
            made["smsc"].expect("bound")
        yield world, made["smsc"]
    finally:
        world.close()
        made["smsc"].close()


def verdicts(rows):
    return {row["verdict"] for row in rows.values()}


def explained(world, row):
    return world.smctl("explain", row["operation"], as_="admin", code=0).text


def test_an_smsc_for_each_operator(tmp_path, node_modules):
    """Each takes only its own subscribers and its own source; a switch leaves by one and is confirmed by the other."""
    with world_behind(tmp_path / "w", node_modules, [A, B]) as (world, _):
        profiles = world.push()
        assert len(profiles) == 4
        assert verdicts(world.enable(profiles)) == {"SUCCESS"}
        world.proof()
        cards = world.list_file("disable.txt", [f"{e} {i}" for e, i in profiles.items()])
        world.smctl("profile", "disable", "--eids", cards, as_="fleet", code=0)
        world.smctl("audit", world.eids[0], as_="fleet", code=0)
        assert world.counters()["sms_refused"] == 0
        assert world.proof(ok=False)["mismatches"] == 0
        log = world.log("smsr")
        assert "network=air-0" in log and "network=air-1" in log


def test_a_number_that_is_not_routed(tmp_path, node_modules):
    """The cards notify a number that B's network does not know: they go back, and the verdict says why. Asked while they
    are there, they answer, and the cause is the number alone; else it is one of two."""
    with world_behind(tmp_path / "w", node_modules, [A, B], timers="notification_wait: 60s, ") as (world, smsc):
        profiles = world.push()
        smsc.say("unrouted 1 on")
        rows = world.enable(profiles, code=1)
        assert verdicts(rows) == {"ROLLED_BACK"}
        causes = [row["cause"] for row in rows.values()]
        known = [c for c in causes if c == "the number the card notifies is not routed in the new network"]
        silent = [c for c in causes if c.endswith("or the number it notifies and its own are not routed there")]
        assert known and len(known) + len(silent) == len(causes), causes
        for row in rows.values():
            text = explained(world, row)
            assert "profile.rolled-back" in text
            assert f"ROLLED_BACK 8.4-4.2 stage attach deliveries 1 \\u0022{row['message']}" in text
        smsc.say("unrouted 1 off")
        assert verdicts(world.enable(profiles)) == {"SUCCESS"}
        world.proof()


def test_receipts_are_shown(tmp_path, node_modules):
    """Asked for, found by the name of the message although it is written otherwise, and recorded."""
    with world_behind(tmp_path / "w", node_modules, [A, B], more="receipts: true, ") as (world, smsc):
        profiles = world.push()
        smsc.say("receipts UNDELIV")            # which is not so
        rows = world.enable(profiles)
        assert verdicts(rows) == {"SUCCESS"}
        for row in rows.values():
            text = explained(world, row)
            assert text.count("message.reported") == 2, text     # of the command, of the confirmation
            for network in ("air-0", "air-1"):
                assert f"a hint: \\u0022network {network}: undeliverable, error 027" in text, text
        counters = world.counters()
        assert counters["report_failed"] >= 2 * len(rows) and counters["report_delivered"] > 0, counters
        assert counters["report_unknown"] == 0, counters
        assert counters["smpp_binds"] == 2 and counters["smpp_receipts"] >= counters["report_failed"], counters
        assert counters["smpp_receipts_wrong"] == 0, counters
        world.proof()


def test_delivered_where_nothing_ran(tmp_path, node_modules):
    """The SMSC takes everything, reports it delivered and delivers nothing: the verdict is that of silence."""
    with world_behind(tmp_path / "w", node_modules, None, meters=1, more="receipts: true, ") as (world, smsc):
        profiles = world.push()
        world.restart("smsr")                   # in the session of the download the command would need no SMS
        smsc.expect("bound")
        wait_for("the end of what the card told by itself", lambda: not world.operations("--live"))
        smsc.say("swallow on")
        rows = world.enable(profiles, code=5)
        assert verdicts(rows) == {"IN_DOUBT"}, rows
        row = next(iter(rows.values()))
        text = explained(world, row)
        assert "a hint: \\u0022network air: delivered" in text and "operation.concluded" not in text, text
        smsc.say("swallow off")
        wait_for("the verdict", lambda: "operation.concluded" in explained(world, row), limit=2 * LIMIT, step=1)
        text = explained(world, row)
        assert "FAILED 8.4-4.2" in text and "the command has no effect on the card" in text, text
        assert world.proof(ok=False)["mismatches"] == 0
