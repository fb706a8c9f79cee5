# SPDX-License-Identifier: Apache-2.0
"""What happens when somebody is away: an operator, the whole fleet, or the truth (design 3.3, 3.4)."""
from figures import moment
from remora import wait_for

LATE_MS = 3000       # an answer on a busy machine may come that much behind the end of its validity


def answered_in_time(row, response):
    """Not before the validity period was over, and not long after it."""
    late = response["body"]["ProcessingEnd"] - 1000 * moment(row["valid_to"])
    assert 0 <= late < LATE_MS, f"the answer came {late} ms after the end of the validity period"


def operation(world, eid, function, **more):
    rows = [r for r in world.operations("--eid", eid) if r["function"] == function
            and all(r.get(k) == v for k, v in more.items())]
    assert len(rows) == 1, rows
    return rows[0]


def test_operators_that_were_offline_hear_everything(make_world):
    world = make_world(meters=20)
    profiles = world.push()
    world.enable(profiles)
    world.restart("smsr")
    world.restart("smdp")
    a, b = world.follow("operator-a"), world.follow("operator-b", "smdp")
    gone = a.wait("ES4-HandleProfileDisabledNotification", 20)
    come = b.wait("ES2-HandleProfileEnabledNotification", 20)
    done = b.wait("ES2-DownloadProfileResponse", 20)
    assert {r["body"]["Eid"] for r in gone} == {r["body"]["Eid"] for r in come} == set(world.eids)
    assert {r["verdict"] for r in done} == {"SUCCESS"}
    for follower in (a, b):
        numbers = [r["number"] for r in follower.heard()]
        assert numbers == list(range(1, len(numbers) + 1))
        follower.stop()
    # What was acknowledged does not come again; what is new does, with the next number.
    again = world.follow("operator-a")
    eid = world.eids[0]
    world.smctl("profile", "disable", "--eid", eid, "--iccid", profiles[eid], as_="fleet", code=0)
    news = again.wait("ES4-HandleProfileEnabledNotification", 1)
    assert [r["number"] for r in again.heard()] == [21] and news[0]["body"]["Eid"] == eid


def test_one_subscriber_a_party(world):
    world.follow("operator-a")
    wait_for("the subscription", lambda: world.smctl("notify", "follow", "--retry", "1", as_="operator-a", limit=5).code == 4
             if world.counters()["connections"] else False)
    assert "already" in world.smctl("notify", "follow", "--retry", "1", as_="operator-a", code=4).errors


def test_validity_over_before_and_after_sending(make_world):
    """The fleet is switched off: the first call is armed and ends in doubt, the second never leaves."""
    world = make_world(meters=5)
    eid = world.eids[0]
    profiles = world.push([eid])
    world.stop("euiccsim")
    fleet = world.follow("fleet")
    first = world.background("profile", "enable", "--eid", eid, "--iccid", profiles[eid], "--validity", "1200",
                             as_="fleet")
    wait_for("the first call", lambda: [r for r in world.operations("--eid", eid, "--live")
                                        if r["function"] == "EnableProfile"])
    second = world.smctl("audit", eid, "--validity", "600", as_="fleet")
    row = second.rows[0]
    assert (row["status"], row["subject"], row["reason"], row["verdict"]) == ("EXPIRED", "1.6", "5.3", "EXPIRED")
    first.communicate(timeout=120)
    sent = fleet.wait("ES4-EnableProfileResponse", 1)[0]
    status = sent["body"]["FunctionExecutionStatus"]
    assert (status["Status"], sent["verdict"]) == ("EXPIRED", "IN_DOUBT")
    assert (status["StatusCodeData"]["Subject"], status["StatusCodeData"]["Reason"]) == ("1.6", "5.4")
    answered_in_time(operation(world, eid, "EnableProfile"), sent)
    unsent = fleet.wait("ES4-AuditEISResponse", 1)[0]
    assert unsent["verdict"] == "EXPIRED"
    answered_in_time(operation(world, eid, "AuditEIS"), unsent)
    assert operation(world, eid, "EnableProfile")["verdict"] == "IN_DOUBT"

    # The truth follows when the card can be asked, once; and the answer is not given a second time.
    world.start("euiccsim")
    told = fleet.wait("OperationConcluded", 1)[0]["body"]
    card = world.cards()[eid]
    switched = card["enabled_iccid"] == profiles[eid]
    assert told["verdict"] == ("SUCCESS" if switched else "FAILED"), (told, card)
    assert operation(world, eid, "EnableProfile")["verdict"] == told["verdict"]
    world.smctl("audit", eid, as_="fleet", code=0)
    fleet.wait("ES4-AuditEISResponse", 2)
    heard = [r["message"] for r in fleet.heard()]
    assert heard.count("ES4-EnableProfileResponse") == 1 and heard.count("OperationConcluded") == 1
    # The same card does what is asked of it now.
    world.enable(profiles) if not switched else None
    world.proof(ok=False)


def test_validity_over_while_nothing_was_sent(make_world):
    """A card behind another operation: the one that waits ends by itself and leaves no trace."""
    world = make_world(meters=5)
    eid = world.eids[0]
    profiles = world.push([eid])
    world.stop("euiccsim")
    ahead = world.background("audit", eid, "--validity", "3600", as_="fleet")
    wait_for("the call ahead", lambda: [r for r in world.operations("--eid", eid, "--live")
                                        if r["function"] == "AuditEIS"])
    row = world.enable(profiles, "--validity", "300", code=5)[eid]
    assert (row["status"], row["subject"], row["reason"]) == ("EXPIRED", "1.6", "5.3")
    world.start("euiccsim")
    ahead.communicate(timeout=120)
    assert ahead.returncode == 0
    assert world.cards()[eid]["enabled_iccid"] != profiles[eid]
    world.enable(profiles)
    world.proof(ok=False)


def test_validity_longer_than_allowed(world):
    eid = world.eids[0]
    profiles = world.push([eid])
    row = world.enable(profiles, "--validity", "86401", code=4)[eid]
    assert (row["subject"], row["reason"], row["acceptable_validity_s"]) == ("1.6", "3.8", 86400)
    world.enable(profiles, "--validity", "86400")
