# SPDX-License-Identifier: Apache-2.0
"""Bad input to every function there is. The cases are made out of the published table (proto/functions.txt) and the schema,
so a function that is added is asked the same."""
import os
import re
import uuid

import pytest
from test_parties import OPERATOR_A, OPERATOR_B, more_parties, unknown_eid, without_time
from wire import SCHEMA, SOURCE, eid_octets, status

ROW = re.compile(r"^(ES\d+A?)-(\w+) ([SA])((?: [\w-]+[?*]?)*)(?: ->.*)?$")
CALLER = {"ES1": ("eum", "smsr"), "ES2": ("operator-b", "smdp"), "ES3": ("smdp", "smsr"), "ES4": ("operator-b", "smsr"),
          "ES4A": ("operator-b", "smsr")}
SMSR = "1.3.6.1.4.1.99999.1"
UNKNOWN_EID, UNKNOWN_ICCID, BUSY = "FAILED 8.1.1-3.9", "FAILED 8.2.1-3.9", "FAILED 1.2-4.4"
REUSED, MALFORMED, TOO_LONG = "FAILED 1.6-3.3", "FAILED 1.6-2.1", "FAILED 1.6-3.8"
DENIED = "FAILED 1.2-1.2"
# In the schema, and no role may call it as long as it is denied (proto/FUNCTIONS.md); any other must be there.
NOT_HERE = {"ES1_UpdateEISAdditionalProperties", "ES3_UpdateConnectivityParameters", "ES4_PrepareSMSRChange",
            "ES4_SMSRChange"}
# Answered without a record: a read, or before it is known what it is about.
NOT_KEPT = {"ES1_RegisterEIS", "ES2_GetEIS", "ES3_GetEIS", "ES4_GetEIS"}
IDENTIFIERS = ("Eid", "Iccid", "Smsr-id", "SmSr-id", "Mno-id", "Sd-aid")


class Function:
    def __init__(self, interface, name, mode, fields):
        self.interface, self.mode = interface, mode
        self.name = f"{interface}_{name}"
        self.plain = {f.rstrip("?*"): f for f in fields}

    def __repr__(self):
        return self.name

    def about(self, *fields):
        return all(f in self.plain for f in fields)

    def sample(self, field, eid, iccid):
        number_type = SCHEMA.messages[self.name + "Request"][field.replace("-", "_")]
        known = {"Eid": eid_octets(eid), "Iccid": iccid, "Smsr-id": SMSR, "SmSr-id": SMSR, "Mno-id": OPERATOR_B,
                 "CurrentSMSRid": SMSR, "Target-Smsr-id": "1.3.6.1.4.1.99999.9",
                 "newSubscriptionAddress": {"Msisdn": "491700000099"}, "RequiredMemory": 4096, "EnableProfile": 0,
                 "ProfileType": "meter", "Sd-aid": bytes.fromhex("A0000005591010FFFFFFFF8900001100"),
                 "Data": bytes.fromhex("860100"), "AdditionalProperties": {"Property": [{"key": "os", "value": "2"}]}}
        value = known.get(field, {} if number_type[1] in SCHEMA.messages else 1 if number_type[1] == "uint64" else b"x")
        return [value] if number_type[2] else value

    def fields(self, eid, iccid, without=(), **more):
        """What the published table says must be there."""
        good = {plain.replace("-", "_"): self.sample(plain, eid, iccid) for plain, field in self.plain.items()
                if not field.endswith(("?", "*")) and plain not in without}
        if self.name == "ES2_DownloadProfile":
            good["ProfileType"] = "meter"
        return {**good, **more}


def table():
    with open(os.path.join(SOURCE, "proto", "functions.txt"), encoding="utf-8") as f:
        rows = [ROW.match(line.strip()) for line in f]
    functions = [Function(r.group(1), r.group(2), r.group(3), r.group(4).split()) for r in rows if r]
    return [f for f in functions if f.interface in CALLER and f.name + "Request" in SCHEMA.messages]


FUNCTIONS = table()


class Calls:
    """One connection for each party."""

    def __init__(self, world):
        self.world, self.peers = world, {}
        self.eid = world.eids[0]
        self.iccid = world.push([self.eid])[self.eid]
        self.rows = self.effects()
        denied = {f.name for f in FUNCTIONS if self.status(f, f.fields(unknown_eid(self.eid), self.iccid)) == DENIED}
        assert denied <= NOT_HERE
        self.here = [f for f in FUNCTIONS if f.name not in denied]

    def effects(self):
        return self.world.euiccsim("ledger", "--dir", self.world.file("world"), "--json").stdout.count('"ins"')

    def peer(self, party, daemon):
        if (party, daemon) not in self.peers:
            self.peers[party, daemon] = self.world.peer(party, daemon)
        return self.peers[party, daemon]

    def ask(self, function, fields, party=None, mno=OPERATOR_B):
        who, daemon = CALLER[function.interface]
        header = {"mno_id": mno} if function.interface == "ES3" else {}
        envelope, body, octets = self.peer(party or who, daemon).request(function.name, dict(fields), **header)
        return envelope, body, octets

    def status(self, function, fields, **more):
        envelope, body, _ = self.ask(function, fields, **more)
        return status(body) if body else "ERROR"

    def nothing_ran(self):
        assert self.effects() == self.rows


@pytest.fixture
def calls(make_world):
    made = Calls(make_world())
    yield made
    made.nothing_ran()


def test_the_table_is_read():
    assert len(FUNCTIONS) >= 34 and {f.interface for f in FUNCTIONS} >= {"ES1", "ES2", "ES3", "ES4"}


def test_unknown_eid(calls):
    for f in calls.here:
        if f.about("Eid"):
            assert calls.status(f, f.fields(unknown_eid(calls.eid), calls.iccid)) == UNKNOWN_EID, f


def test_foreign_eid_is_an_unknown_one(make_world):
    """Byte for byte, to an operator that no realm admits and to an SM-DP that speaks for somebody else."""
    world = make_world(parties=["1.3.6.1.4.1.99999.12:operator:green"], before_start=more_parties(
        "{oid: 1.3.6.1.4.1.99999.12, tenant: green, roles: [operator]}"))
    calls = Calls(world)
    for f in calls.here:
        if not f.about("Eid") or f.interface not in ("ES3", "ES4", "ES4A"):
            continue
        more = {"mno": OPERATOR_A} if f.interface == "ES3" else {"party": "green"}
        theirs, _, a = calls.ask(f, f.fields(calls.eid, calls.iccid), **more)
        nobody, body, b = calls.ask(f, f.fields(unknown_eid(calls.eid), calls.iccid), **more)
        assert status(body) == UNKNOWN_EID and len(a) == len(b), f
        assert without_time(theirs, f.name + "Response") == without_time(nobody, f.name + "Response"), f
    calls.nothing_ran()


def test_wrong_owner(calls):
    for f in calls.here:
        if not f.about("Eid", "Iccid") or f.plain["Iccid"].endswith("*"):
            continue
        fields = f.fields(calls.eid, calls.iccid)
        if f.interface == "ES3":
            assert calls.status(f, fields, mno=OPERATOR_A) == UNKNOWN_EID, f
        elif f.interface == "ES4":
            assert calls.status(f, fields, party="operator-a") == UNKNOWN_ICCID, f
        elif f.interface == "ES2":      # who has no agreement with this SM-DP is not let in
            with pytest.raises(PermissionError):
                calls.ask(f, fields, party="operator-a")


def test_validity_period(calls):
    for f in calls.here:
        if f.name == "ES1_RegisterEIS":
            assert calls.status(f, f.fields(calls.eid, calls.iccid, ValidityPeriod=0)) == MALFORMED
            continue
        fields = f.fields(calls.eid, calls.iccid)
        assert calls.status(f, {**fields, "ValidityPeriod": 0}).startswith("FAILED "), f
        if f.mode == "S":
            assert calls.status(f, {**fields, "ValidityPeriod": 0}) == MALFORMED, f
            continue
        _, body, _ = calls.ask(f, {**fields, "ValidityPeriod": 4294967295})
        if status(body) == TOO_LONG:
            assert 0 < body["AcceptableValidityPeriod"] < 4294967295, f
        else:                           # refused for what it is, before anybody looks at its time
            assert status(body).startswith("FAILED "), f


def test_malformed_identifiers(calls):
    for f in calls.here:
        for field in set(IDENTIFIERS) & set(f.plain):
            for wrong in (b"\x00\xff", b"x" * 300, b"12\x00"):
                fields = f.fields(calls.eid, calls.iccid)
                key = field.replace("-", "_")
                fields[key] = [wrong] if SCHEMA.messages[f.name + "Request"][key][2] else wrong
                envelope, body, _ = calls.ask(f, fields)
                assert envelope["kind"] == "KIND_ERROR" or status(body).startswith("FAILED "), (f, field)


def test_missing_mandatory_fields(calls):
    for f in calls.here:
        fields = f.fields(calls.eid, calls.iccid)
        assert calls.status(f, {**fields, "FunctionCallIdentifier": ""}) == MALFORMED, f
        for plain, field in f.plain.items():
            of = SCHEMA.messages[f.name + "Request"][plain.replace("-", "_")][1]
            if field.endswith(("?", "*")) or of in ("bool", "uint64"):      # absent reads as false or zero
                continue
            assert calls.status(f, f.fields(calls.eid, calls.iccid, without=(plain,))).startswith("FAILED "), (f, plain)


def test_the_same_call_again(calls):
    """With the same body it is the same answer; with another one it is refused, and nothing runs."""
    for f in calls.here:
        if f.name in NOT_KEPT or not f.about("Eid"):
            continue
        call = {"FunctionCallIdentifier": str(uuid.uuid4())}
        never = {**f.fields(unknown_eid(calls.eid), calls.iccid), **call}
        first, body, _ = calls.ask(f, never)
        again, same, _ = calls.ask(f, never)
        assert status(body) == UNKNOWN_EID and body == same and first.get("operation") == again.get("operation"), f
        assert calls.status(f, {**f.fields(calls.eid, calls.iccid), **call}) == REUSED, f


def test_a_full_mailbox_is_busy(calls):
    """Eight operations wait for a card; what waits is not disturbed, and what is known to be refused is told why."""
    fleet = calls.world.peer("fleet")
    for _ in range(8):
        fleet.send({"kind": "KIND_REQUEST", "ES4_AuditEISRequest": {
            "FunctionCallIdentifier": str(uuid.uuid4()), "at_next_contact": 1, "Eid": eid_octets(calls.eid)}})
        assert fleet.receive()["kind"] == "KIND_ACCEPTED"
    for f in calls.here:
        if f.mode != "A" or f.interface not in ("ES3", "ES4"):
            continue
        said = calls.status(f, f.fields(calls.eid, calls.iccid))
        fit = f.name.split("_")[1] in ("AuditEIS", "EnableProfile", "DeleteProfile", "DeleteISDP")
        assert said == BUSY if fit else said.startswith("FAILED "), (f, said)


def test_wrong_state(calls):
    """The profile is Disabled and not the fall-back one: what that forbids is refused at once."""
    for f in calls.here:
        if f.name.split("_")[1] in ("DisableProfile", "ProfileDownloadCompleted"):
            fields = f.fields(calls.eid, calls.iccid)
            assert calls.status(f, fields) == "FAILED 8.2-3.5", f
