# SPDX-License-Identifier: Apache-2.0
"""The judge of the matrix must be able to condemn: a cell that holds, and the same with one lie each."""
import copy

import judge
import pytest
from cell import cell_of, cells, faults_of, name_of
from figures import spread

CELL = cell_of("cattp/real/20/20/20")
QUIET = cell_of("sms/coap/0/0/0")
A, B, OLD, NEW, PUSHED = "1" * 32, "2" * 32, "8988", "8949", "8950"


def row(operation, eid, function, verdict, **more):
    return {"operation": operation, "eid": eid, "function": function, "verdict": verdict, "attempts": 1,
            "accepted_at": "2026-01-01T00:00:00.000Z", "concluded_at": "2026-01-01T00:00:01.500Z", **more}


def card(*isdps):
    return {"enabled_iccid": next(iccid for iccid, state in isdps if state == "enabled"),
            "isdps": [{"iccid": iccid, "state": state} for iccid, state in isdps]}


def holds():
    return {"scale": 60, "profiles": {A: NEW}, "complaints": [],
            "heard": {"enables": {A: row("1", A, "EnableProfile", "SUCCESS")},
                      "downloads": {B: row("9", B, "DownloadProfile", "SUCCESS")}},
            "smsr": [row("1", A, "EnableProfile", "SUCCESS", iccid=NEW), row("2", B, "SendData", "SUCCESS")],
            "smdp": [row("9", B, "DownloadProfile", "SUCCESS", iccid=PUSHED)],
            "cards": {A: card((OLD, "disabled"), (NEW, "enabled")), B: card((OLD, "enabled"), (PUSHED, "disabled"))},
            "proof": {"ok": True, "mismatches": 0, "ledger_rows": 9},
            "counters": {"sms_sent": 5, "link_opened": 2, "session_opened": 0},
            "air": {"mt_lost": 1, "mo_lost": 0, "datagrams_lost": 0, "streams_cut": 0, "mt_duplicated": 1,
                    "datagrams_doubled": 0, "sms_delayed": 1, "datagrams_delayed": 0, "mt_accepted": 4, "mo_sent": 4,
                    "datagrams_up": 8, "datagrams_down": 8, "streams_opened": 0, "sms_octets": 300, "datagram_octets": 900,
                    "octets_up": 0, "octets_down": 0, "impair": {"seen": 16, "loss": 3, "duplicate": 3, "reorder": 3}}}


def test_a_cell_that_holds():
    assert judge.faults(CELL, holds()) == []
    found = judge.figures(CELL, holds())
    assert found["enable"] == {"n": 1, "SUCCESS": 1, "attempts": 1, "virtual_s": {"p50": 90.0, "p95": 90.0, "most": 90.0}}
    assert found["octets"] == 1200
    assert judge.line(found, []).startswith("passed cattp/real/20/20/20  1 downloads: 1 SUCCESS; 1 attempts;")


LIES = {
    "in doubt": (lambda s: s["smsr"][0].update(verdict="IN_DOUBT"), "has no verdict"),
    "no verdict": (lambda s: s["smsr"][1].pop("verdict"), "has no verdict"),
    "an order without one": (lambda s: s["smdp"][0].update(verdict=None), "has no verdict"),
    "told otherwise": (lambda s: s["heard"]["enables"][A].update(verdict="FAILED"), "the truth is SUCCESS"),
    "never told": (lambda s: s["heard"]["enables"].clear(), "nothing was heard"),
    "a call that was lost": (lambda s: s["heard"]["downloads"][B].pop("operation"), "heard SUCCESS, the truth is None"),
    "a push never told": (lambda s: s["heard"]["downloads"].clear(), "nothing was heard"),
    "join": (lambda s: s["proof"].update(mismatches=1), "proof"),
    "sums": (lambda s: s["proof"].update(ok=False), "proof"),
    "not on the card": (lambda s: s["cards"][A].update(enabled_iccid=OLD), "on the card it is off"),
    "on the card": (lambda s: [r.update(verdict="FAILED") for r in (s["smsr"][0], s["heard"]["enables"][A])], "it is on"),
    "nothing installed": (lambda s: s["cards"][B]["isdps"].pop(), "the card has 0 of it"),
    "installed all the same": (lambda s: [r.update(verdict="FAILED") for r in (s["smdp"][0], s["heard"]["downloads"][B])],
                               "the card has 1 of it"),
    "a sanitizer": (lambda s: s["complaints"].append("smsr.log: runtime error: shift"), "runtime error"),
    "another bearer": (lambda s: s["counters"].update(session_opened=3), "3 times by https"),
    "no bearer": (lambda s: s["counters"].update(link_opened=0), "0 times by cattp, not 1"),
    "not the real one": (lambda s: s["air"]["impair"].update(seen=0), "nothing came through the real carrier"),
    "no loss": (lambda s: [s["air"].update(mt_lost=0), s["air"]["impair"].update(loss=0)], "loss 20 %, and it struck 0"),
    "nothing doubled": (lambda s: [s["air"].update(mt_duplicated=0), s["air"]["impair"].update(duplicate=0)], "struck 0"),
    "nothing overtaken": (lambda s: [s["air"].update(sms_delayed=0), s["air"]["impair"].update(reorder=0)], "struck 0"),
}


@pytest.mark.parametrize("lie", LIES)
def test_a_lie_is_found(lie):
    seen = copy.deepcopy(holds())
    tell, word = LIES[lie]
    tell(seen)
    found = judge.faults(CELL, seen)
    assert any(word in sentence for sentence in found), found
    assert judge.line({"bearer": 1, "carrier": 2, "loss": 3, "duplicate": 4, "reorder": 5}, found).startswith("FAILED 1/2/3")


def test_a_good_air_must_be_good():
    seen = holds()
    seen["heard"].pop("downloads")
    seen["cards"].pop(B)
    seen["smdp"].clear()
    seen["counters"].update(link_opened=0)
    seen["air"].update(impair={})
    assert [s for s in judge.faults(QUIET, seen) if "struck" in s], "faults in a cell without"
    seen["air"].update(mt_lost=0, mt_duplicated=0, sms_delayed=0)
    assert judge.faults(QUIET, seen) == []


def test_switches_go_by_the_bearer_too():
    """Where nothing is lost half of the cards at least have a link of their own: the downloads alone are fewer."""
    cell, seen = cell_of("cattp/real/0/20/20"), holds()
    seen["cards"] = dict.fromkeys(range(8))
    seen["counters"].update(link_opened=4)
    assert judge.carried(cell, seen) == []
    seen["counters"].update(link_opened=3)
    assert [s for s in judge.carried(cell, seen) if "3 times by cattp, not 4" in s]


def test_a_spread_is_by_nearest_rank():
    assert spread([7]) == {"p50": 7, "p95": 7, "most": 7}
    assert spread(range(10, 0, -1)) == {"p50": 5, "p95": 10, "most": 10}
    assert spread(range(1, 201), (50, 95, 99)) == {"p50": 100, "p95": 190, "p99": 198, "most": 200}


def test_the_cells_are_all():
    names = [name_of(c) for c in cells()]
    assert len(set(names)) == 3 * 2 * 4 * 2 * 2
    assert all(name_of(cell_of(n)) == n for n in names) and cell_of("sms/coap/7/0/0") is None
    assert faults_of(cell_of("sms/real/5/0/20")) == "sms-loss=5%,sms-duplicate=0%,sms-reorder=20%"
    assert "datagram" not in faults_of(CELL)          # impair does it there, once
