# SPDX-License-Identifier: Apache-2.0
"""The pair that is tried: one of our own with simulated cards, or a remote one with cards that its file lends us."""
import collections
import json
import os

from remora import World, wait_for
from suite import DISABLED, ENABLED, FRESH
from wire import Peer, eid_octets, status

Card = collections.namedtuple("Card", "eid iccid boot")
OURS = {"owner": "operator-b", "other": "operator-a", "sp": "fleet", "smdp": "smdp", "eum": "eum", "stranger": "stranger"}
OIDS = {"owner": "1.3.6.1.4.1.99999.10", "other": "1.3.6.1.4.1.99999.11", "sp": "1.3.6.1.4.1.99999.20",
        "smdp": "1.3.6.1.4.1.99999.2", "eum": "1.3.6.1.4.1.99999.30", "stranger": "1.3.6.1.4.1.99999.77"}
PROFILE_TYPE = "meter"
STATES = {"STATE_Created": "Created", "STATE_Disabled": "Disabled", "STATE_Enabled": "Enabled"}


class Skipped(Exception):
    """The pair cannot play this case; the text says what it lacks."""


class Pair:
    """Cards by the state a case wants them in, peers of each party, and what its subscribers hear."""

    def __init__(self):
        self.peers, self.free, self.used, self.shared, self.ears = {}, [], [], {}, {}

    def peer(self, party, daemon):
        if (party, daemon) not in self.peers:
            self.peers[party, daemon] = self.connect(party, daemon)
        return self.peers[party, daemon]

    def eis(self, party, eid):
        _, body, _ = self.peer(party, "smsr").request("ES4_GetEIS", {"Eid": eid_octets(eid)})
        assert status(body) == "EXECUTED_SUCCESS", f"GetEIS as {party}: {status(body)}"
        return body["Eis"]

    def profiles(self, party, eid):
        return {p["Iccid"].decode(): STATES[p["State"]] for p in self.eis(party, eid).get("ProfileInfo", [])}

    def state(self, party, eid, iccid):
        return self.profiles(party, eid).get(iccid)

    # --- cards ---
    def card(self, given, shared):
        """A card in that state; shared: for cases that change nothing."""
        if shared and given in self.shared:
            return self.shared[given]
        if not self.free:
            raise Skipped("no card is left: lend more of them")
        eid = self.free.pop()
        boot = self.profiles("other", eid) if self.has("other") else {}
        card = Card(eid, self.make(eid, given), next(iter(boot), None))
        if shared:
            self.shared[given] = card
        self.used.append(card)
        return card

    def make(self, eid, given):
        """The ICCID of the owner's profile that was brought there, None for FRESH."""
        if given == FRESH:
            return None
        said = self.ask("owner", "smdp", "ES2_DownloadProfile", {"Eid": eid_octets(eid), "SmSr_id": self.smsr_id,
                                                                 "ProfileType": PROFILE_TYPE})
        iccid = said["Iccid"].decode()
        if given == ENABLED:
            self.ask("owner", "smdp", "ES2_EnableProfile", {"Eid": eid_octets(eid), "SmSr_id": self.smsr_id, "Iccid": iccid})
        else:
            assert given == DISABLED
        return iccid

    def ask(self, party, daemon, function, fields):
        _, body, _ = self.peer(party, daemon).request(function, fields)
        assert status(body) == "EXECUTED_SUCCESS", f"{function} to prepare a card: {status(body)}"
        return body

    # --- what a party must still hear ---
    def listen(self, party):
        if party not in self.ears:
            self.ears[party] = Ear(self.connect(party, "smsr", hello=False))

    def heard(self, party, message, eid, iccid):
        ear = self.ears[party]
        for _ in range(10_000):
            for got in ear.got:
                if got[0] == message and got[1].get("Eid") == eid_octets(eid) and got[1].get("Iccid") == iccid.encode():
                    return
            ear.next()
        raise AssertionError(f"{party} heard much, but no {message} about {iccid}")

    def has(self, _):
        return True

    def close(self):
        for peer in [*self.peers.values(), *(ear.peer for ear in self.ears.values())]:
            peer.close()


class Ear:
    """A subscriber: acknowledges what it hears."""

    def __init__(self, peer):
        self.peer, self.got = peer, []
        peer.send({"kind": "KIND_HELLO", "version": 1, "last_delivery_no": 0})
        answer = peer.receive()
        if answer["kind"] != "KIND_WELCOME":
            raise Skipped("another subscriber of that party is connected: " + answer.get("error_text", b"").decode())

    def next(self):
        envelope = self.peer.receive()
        assert envelope is not None, "the subscription was closed"
        number = envelope.get("delivery_no")
        if number:
            self.peer.send({"kind": "KIND_ACK", "delivery_no": number})
        for name, body in envelope.items():
            if isinstance(body, dict):
                self.got.append((name, body))


class Lab(Pair):
    """A world of our own. bearer: by which switches and downloads go."""

    def __init__(self, where, cards, bearer="sms"):
        super().__init__()
        self.bearer, self.smsr_id, self.boot_mno = bearer, "1.3.6.1.4.1.99999.1", OIDS["other"]
        self.world = World(where, meters=cards, parties=[f"{OIDS['stranger']}:operator:stranger"], before_start=self.arrange,
                           cattp_meters="100%" if bearer == "cattp" else "0%")
        self.free = list(reversed(self.world.eids))

    def arrange(self, world):
        world.edit("smsr.yaml", r"\nplma:", f"\n  - {{oid: {OIDS['stranger']}, tenant: green, roles: [operator]}}\nplma:")
        if self.bearer == "cattp":
            for _ in range(2):
                world.edit("smsr.yaml", r"bearers: \[sms, https, cattp\]", "bearers: [cattp, sms]")
        if self.bearer == "https":
            world.edit("smsr.yaml", r"roles: \[fleet\]", "roles: [fleet], bearers: [https]")

    def connect(self, party, daemon, **options):
        return self.world.peer(OURS[party], daemon, **options)

    def oid(self, party):
        return OIDS[party]

    def ledger(self):
        text = self.world.euiccsim("ledger", "--dir", self.world.file("world")).stdout
        return [json.loads(line) for line in text.splitlines()]

    def close(self):
        super().close()
        wait_for("the end of all that runs", lambda: not self.world.operations("--live"))
        self.world.close()


class Remote(Pair):
    """As its file says (README.md): addresses, certificates of the parties we may play, cards we may change."""

    def __init__(self, path):
        super().__init__()
        with open(path, encoding="utf-8") as f:
            self.file = json.load(f)
        self.folder = os.path.dirname(os.path.abspath(path))
        self.smsr_id, self.world = self.file["smsr_id"], None
        self.free = list(reversed(self.file["cards"]))

    def has(self, party):
        return party in self.file["parties"]

    def connect(self, party, daemon, **options):
        if not self.has(party):
            raise Skipped(f"the file has no party {party}")
        one = self.file["parties"][party]
        cert, key, ca = (os.path.join(self.folder, p) for p in (one["cert"], one["key"], self.file["ca"]))
        return Peer(self.file[daemon], ca, cert, key, **options)

    def oid(self, party):
        if not self.has(party):
            raise Skipped(f"the file has no party {party}")
        return self.file["parties"][party]["oid"]

    def ledger(self):
        raise Skipped("cards of a remote pair keep no ledger for us")
