# SPDX-License-Identifier: Apache-2.0
"""What a cell has to hold to, and its figures, out of what its witnesses said. Pure."""
import collections

from figures import moment, spread

TRUE = ("SUCCESS", "FAILED", "ROLLED_BACK", "EXPIRED", "CANCELLED")      # what a verdict may be; IN_DOUBT is none yet
ON_CARD = ("disabled", "enabled")
SHOWN = 5            # of one kind of fault


def faults(cell, seen):
    """What is wrong, a sentence each."""
    found = []
    for check in (verdicts, witnesses, cards, carried, struck):
        wrong = check(cell, seen)
        found += wrong[:SHOWN] + ([f"and {len(wrong) - SHOWN} more of these"] if len(wrong) > SHOWN else [])
    return found


def verdicts(_, seen):
    """Every call, operation and order has ended in the truth, and the callers were told it."""
    wrong = []
    truth = {}
    for via in ("smsr", "smdp"):
        for row in seen[via]:
            truth[row["operation"]] = row.get("verdict")
            if row.get("verdict") not in TRUE:
                wrong.append(f"{row['function']} {row['operation']} of {row['eid']} has no verdict: {row.get('verdict')}")
    asked = {"enables": set(seen["profiles"])}
    if "downloads" in seen["heard"]:
        asked["downloads"] = set(seen["cards"]) - asked["enables"]
    for what, eids in asked.items():
        rows = seen["heard"][what]
        wrong += [f"{what}: nothing was heard of {eid}" for eid in sorted(eids - set(rows))]
        wrong += [f"{what}: {eid} heard {row.get('verdict') or row.get('outcome')}, the truth is "
                  f"{truth.get(row.get('operation'))}" for eid, row in rows.items()
                  if not row.get("operation") or row.get("verdict") != truth.get(row["operation"])]
    return wrong


def witnesses(_, seen):
    """Ledger and journals join."""
    proof = seen["proof"]
    return [] if proof["ok"] and not proof["mismatches"] else [f"the proof does not hold: {proof}"]


def cards(_, seen):
    """What is on the cards is what the verdicts say; nothing else is there."""
    wrong = list(seen["complaints"])
    enables = {r["eid"]: r["verdict"] for r in seen["smsr"] if r["function"] == "EnableProfile"}
    for eid, iccid in seen["profiles"].items():
        on = seen["cards"][eid]["enabled_iccid"] == iccid
        if on != (enables.get(eid) == "SUCCESS"):
            wrong.append(f"EnableProfile of {eid} ended {enables.get(eid)}, and on the card it is {'on' if on else 'off'}")
    for row in seen["smdp"]:
        here = [p for p in seen["cards"][row["eid"]]["isdps"] if p.get("iccid") == row.get("iccid") and p["state"] in ON_CARD]
        if len(here) != (row["verdict"] == "SUCCESS"):
            wrong.append(f"{row['function']} of {row['eid']} ended {row['verdict']}, and the card has {len(here)} of it")
    return wrong


def carried(cell, seen):
    """The bearer of the cell was used, for switches as well as downloads, and no other one for data."""
    count, air = seen["counters"], seen["air"]
    used = {"sms": count["sms_sent"], "cattp": count["link_opened"], "https": count["session_opened"]}
    least = len(seen["cards"]) // 2 if cell.loss == 0 and cell.bearer != "sms" else 1
    wrong = [] if used[cell.bearer] >= least else [f"{used[cell.bearer]} times by {cell.bearer}, not {least}: {used}"]
    wrong += [f"{used[b]} times by {b} in a cell of {cell.bearer}" for b in ("cattp", "https") if b != cell.bearer and used[b]]
    if cell.carrier == "real" and not air["impair"]["seen"]:
        wrong.append("nothing came through the real carrier")
    return wrong


def struck(cell, seen):
    """The air was as bad as the cell says, and no worse."""
    air, real = seen["air"], seen["air"].get("impair", {})
    met = {"loss": air["mt_lost"] + air["mo_lost"] + air["datagrams_lost"] + air["streams_cut"] + real.get("loss", 0),
           "duplicate": air["mt_duplicated"] + air["datagrams_doubled"] + real.get("duplicate", 0),
           "reorder": air["sms_delayed"] + air["datagrams_delayed"] + real.get("reorder", 0)}
    return [f"{what} {getattr(cell, what)} %, and it struck {n} times" for what, n in met.items()
            if bool(n) != bool(getattr(cell, what))]


# --- figures ---

def figures(cell, seen):
    """Of the operations asked for: verdicts, attempts, virtual seconds; of the air: messages, datagrams, octets."""
    out = {**cell._asdict(), "scale": seen["scale"]}
    for what, rows in (("enable", [r for r in seen["smsr"] if r["function"] == "EnableProfile"]),
                       ("download", [r for r in seen["smdp"] if r["function"] == "DownloadProfile"])):
        if rows:
            seconds = [round((moment(r["concluded_at"]) - moment(r["accepted_at"])) * seen["scale"], 1) for r in rows
                       if r.get("concluded_at")]
            out[what] = {"n": len(rows), **collections.Counter(str(r.get("verdict")) for r in rows),
                         "attempts": sum(r.get("attempts", 0) for r in rows),
                         "virtual_s": spread(seconds) if seconds else {}}
    air = seen["air"]
    out |= {"sms": air["mt_accepted"] + air["mo_sent"], "datagrams": air["datagrams_up"] + air["datagrams_down"],
            "streams": air["streams_opened"], "ledger_rows": seen["proof"]["ledger_rows"],
            "octets": air["sms_octets"] + air["datagram_octets"] + air["octets_up"] + air["octets_down"]}
    return out


def line(found, wrong):
    """One cell for people."""
    name = f"{found['bearer']}/{found['carrier']}/{found['loss']}/{found['duplicate']}/{found['reorder']}"
    parts = []
    for what in ("download", "enable"):
        if what in found:
            one = found[what]
            ends = ", ".join(f"{one[v]} {v}" for v in (*TRUE, "IN_DOUBT", "None") if one.get(v))
            times = one["virtual_s"]
            parts.append(f"{one['n']} {what}s: {ends}; {one['attempts']} attempts; virtual s {times.get('p50')} p50 "
                         f"{times.get('p95')} p95 {times.get('most')} most")
    if "sms" in found:
        parts.append(f"{found['sms']} sms {found['datagrams']} datagrams {found['streams']} streams {found['octets']} octets, "
                     f"{found['ledger_rows']} ledger rows joined")
    return f"{'passed' if not wrong else 'FAILED'} {name}  " + " | ".join(parts)
