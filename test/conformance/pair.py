# SPDX-License-Identifier: Apache-2.0
"""The pair that is tried: one of our own with simulated cards, or a remote one with cards that its file lends us."""
import collections
import json
import os

from remora import World, wait_for
from suite import DISABLED, ENABLED, FLEETING, FRESH, KEPT, UNDELETABLE
from wire import Peer, eid_octets, status

Card = collections.namedtuple("Card", "eid iccid boot")
OURS = {"owner": "operator-b", "other": "operator-a", "sp": "fleet", "smdp": "smdp", "eum": "eum", "stranger": "stranger"}
OIDS = {"owner": "1.3.6.1.4.1.99999.10", "other": "1.3.6.1.4.1.99999.11", "sp": "1.3.6.1.4.1.99999.20",
        "smdp": "1.3.6.1.4.1.99999.2", "eum": "1.3.6.1.4.1.99999.30", "stranger": "1.3.6.1.4.1.99999.77"}
# Of which profile type, with which POL1 and whether it is enabled; "" is the one that has none.
GIVENS = {DISABLED: ("", False), ENABLED: ("", True), KEPT: ("01", True), UNDELETABLE: ("02", False), FLEETING: ("04", True)}
EACH = 4                       # subscriptions of a world of ours for each POL1
KINDS = {"": {}, "sms": {}, "https": {}, "cattp": {"cattp_meters": "100%"}, "no-coverage": {"no_coverage": "100%"},
         "unknown-imsi": {"unknown_imsi": "100%"}}
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
        pol1, enabled = GIVENS[given]
        said = self.ask("owner", "smdp", "ES2_DownloadProfile", {"Eid": eid_octets(eid), "SmSr_id": self.smsr_id,
                                                                 "ProfileType": self.profile_type(pol1)})
        iccid = said["Iccid"].decode()
        if enabled:
            self.ask("owner", "smdp", "ES2_EnableProfile", {"Eid": eid_octets(eid), "SmSr_id": self.smsr_id, "Iccid": iccid})
        return iccid

    def ask(self, party, daemon, function, fields):
        _, body, _ = self.peer(party, daemon).request(function, fields)
        assert status(body) == "EXECUTED_SUCCESS", f"{function} to prepare a card: {status(body)}"
        return body

    # --- what a party must still hear ---
    def listen(self, ear):
        """ear: (party, daemon), before the call that it shall hear of."""
        if ear not in self.ears:
            self.ears[ear] = Ear(self.connect(*ear, hello=False))

    def heard(self, where, message, eid, iccid):
        ear = self.ears[where]
        for _ in range(10_000):
            for got in ear.got:
                if got[0] == message and got[1].get("Eid") == eid_octets(eid) and got[1].get("Iccid") == iccid.encode():
                    return
            ear.next()
        raise AssertionError(f"{where[0]} heard much, but no {message} about {iccid}")

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
    """A world of our own. kind: by which bearer switches and downloads go, or what is wrong with the owner's network."""

    def __init__(self, where, cards, kind=""):
        super().__init__()
        self.kind, self.smsr_id, self.iccid_prefix = kind, "1.3.6.1.4.1.99999.1", "894901"
        odd = 0 if kind else EACH * 3
        self.world = World(where, meters=cards + odd, parties=[f"{OIDS['stranger']}:operator:stranger"], load=False,
                           before_start=self.arrange, **KINDS[kind])
        self.load(odd)
        self.free = list(reversed(self.world.eids[:cards]))

    def arrange(self, world):
        world.edit("smsr.yaml", r"\nplma:", f"\n  - {{oid: {OIDS['stranger']}, tenant: green, roles: [operator]}}\nplma:")
        if self.kind == "cattp":
            for _ in range(2):
                world.edit("smsr.yaml", r"bearers: \[sms, https, cattp\]", "bearers: [cattp, sms]")
        if self.kind == "https":
            world.edit("smsr.yaml", r"roles: \[fleet\]", "roles: [fleet], bearers: [https]")

    def load(self, odd):
        """Subscriptions in stock, the last ones with a POL1 of their own."""
        world = self.world
        world.smctl("eis", "import", world.file("world/fleet.eis"), as_="eum", code=0)
        rows = world.csv("subscriptions-b.csv")
        stock = {"": rows[:len(rows) - odd]}
        for i, pol1 in enumerate(("01", "02", "04") if odd else ()):
            first = len(rows) - odd + i * EACH
            stock[pol1] = [{**row, "pol1": pol1} for row in rows[first:first + EACH]]
        for pol1, some in stock.items():
            name = self.profile_type(pol1)
            lines = [",".join({**row, "profile_type": name}.values()) for row in some]
            world.smctl("profile", "template", "add", "--builtin", "--type", name, as_="admin", code=0)
            world.smctl("profile", "import", world.list_file("stock.csv", [",".join({**some[0], "profile_type": name}), *lines]),
                        "--type", name, as_="operator-b", code=0)

    def profile_type(self, pol1):
        return "meter" + pol1

    def settle(self):
        wait_for("the end of all that runs", lambda: not self.world.operations("--live"))

    def connect(self, party, daemon, **options):
        return self.world.peer(OURS[party], daemon, **options)

    def oid(self, party):
        return OIDS[party]

    def ledger(self):
        text = self.world.euiccsim("ledger", "--dir", self.world.file("world")).stdout
        return [json.loads(line) for line in text.splitlines()]

    def close(self):
        super().close()
        self.settle()
        self.world.close()


class Remote(Pair):
    """As its file says (README.md): addresses, certificates of the parties we may play, cards we may change."""

    def __init__(self, path):
        super().__init__()
        with open(path, encoding="utf-8") as f:
            self.file = json.load(f)
        self.folder = os.path.dirname(os.path.abspath(path))
        self.smsr_id, self.iccid_prefix, self.world = self.file["smsr_id"], self.file["iccid_prefix"], None
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

    def profile_type(self, pol1):
        if "type" + pol1 not in self.file:
            raise Skipped(f"the file names no type{pol1}, a profile type whose POL1 is {pol1 or 'empty'}")
        return self.file["type" + pol1]

    def ledger(self):
        raise Skipped("cards of a remote pair keep no ledger for us")
