# SPDX-License-Identifier: Apache-2.0
"""The words of a scenario: given a card in some state, when a party calls, then this is heard and seen.

A case is a row: case(area, title, clause, given, when, then). `when` is one step or several, `then` one look or several; both are
functions of a Scene. A look that does not find what it wants raises AssertionError with what it found instead."""
import uuid

from wire import eid_octets, status

FRESH, DISABLED, ENABLED = "fresh", "disabled", "enabled"      # of the owner's profile on the card
KEPT, UNDELETABLE, FLEETING = "enabled, POL1 01", "disabled, POL1 02", "enabled, POL1 04"     # and a profile that has POL1
NOTHING_CHANGED = object()       # of a case that only refuses: its card may serve others, and is looked at afterwards
CASES = []


class Case:
    def __init__(self, area, title, clause, given, when, then, needs):
        self.area, self.title, self.clause, self.given, self.needs = area, title, clause, given, needs
        self.when = when if isinstance(when, tuple) else (when,)
        self.then = then if isinstance(then, tuple) else (then,)
        self.refuses = NOTHING_CHANGED in self.then
        self.then = tuple(look for look in self.then if look is not NOTHING_CHANGED)

    def __str__(self):
        return f"{self.area} {self.title}"


def case(area, title, clause, given, when, then, needs=""):
    """area: interface-function as in SGP.11's areas, "ES4-EnableProfile". needs: "lab" for what only a world of ours has."""
    CASES.append(Case(area, title, clause, given, when, then, needs))


class Scene:
    """One run of one case: the pair, the card, and what was answered so far."""

    def __init__(self, pair, card):
        self.pair, self.eid, self.iccid, self.boot = pair, card.eid, card.iccid, card.boot
        self.answers, self.call_id = [], str(uuid.uuid4())

    @property
    def said(self):
        """The body of the last answer."""
        envelope, body, _ = self.answers[-1]
        assert body is not None, f"no answer of the function: {envelope.get('error_text', b'').decode()}"
        return body


# --- values that depend on the card ---

def EID(scene):
    return eid_octets(scene.eid)


def UNKNOWN_EID(scene):
    """Of the same range, with check digits that hold, and of no card."""
    body = str(int(scene.eid[:30]) + 500_000)
    return eid_octets(f"{body}{98 - int(body + '00') % 97:02d}")


def BENT_EID(scene):
    """One check digit is wrong."""
    return eid_octets(scene.eid[:31] + str((int(scene.eid[31]) + 1) % 10))


def ICCID(scene):
    return scene.iccid


def BOOT(scene):
    """The profile the card came with: another operator's."""
    return scene.boot


def UNKNOWN_ICCID(scene):
    """Of the owner's range: the check digit holds, no profile has it."""
    return luhn(scene.pair.iccid_prefix.ljust(18, "9"))


def NEXT_ICCID(scene):
    """Another one of that kind."""
    return luhn(scene.pair.iccid_prefix.ljust(18, "8"))


def ELSEWHERE(scene):
    """A profile of the owner on another card."""
    return scene.pair.card(DISABLED, True).iccid


def luhn(body):
    digits = [int(c) for c in body]
    total = sum(d if i % 2 else (2 * d if d < 5 else 2 * d - 9) for i, d in enumerate(reversed(digits)))
    return body + str(-total % 10)


def SMSR(scene):
    return scene.pair.smsr_id


def SAME_CALL(scene):
    """The FunctionCallIdentifier that this case gave before."""
    return scene.call_id


# --- when ---

def call(party, function, mno=None, **fields):
    """The answer of the function, which may take as long as the card does. Values may be functions of the scene."""
    interface = function.split("_", 1)[0]

    def step(scene):
        said = {name: value(scene) if callable(value) else value for name, value in fields.items()}
        header = {"mno_id": scene.pair.oid(mno)} if mno else {}
        envelope, body, octets = scene.pair.peer(party, "smdp" if interface == "ES2" else "smsr").request(
            function, said, **header)
        scene.answers.append((envelope, body, octets))
    step.function = function
    return step


def away(scene):
    """All devices are switched off."""
    scene.pair.world.stop("euiccsim")


def back(scene):
    scene.pair.world.start("euiccsim")


# --- then ---

def answered(wanted):
    """The last answer: EXECUTED_SUCCESS, or "FAILED 8.1.1-3.9"."""
    def look(scene):
        assert status(scene.said) == wanted, f"{status(scene.said)} in place of {wanted}; {message(scene.said)}"
    return look


def message(body):
    return body["FunctionExecutionStatus"].get("StatusCodeData", {}).get("Message", b"").decode()


done = answered("EXECUTED_SUCCESS")


def malformed(name):
    """The call alone is refused below the function, by a sentence that names the field."""
    def look(scene):
        envelope, body, _ = scene.answers[-1]
        text = envelope.get("error_text", b"").decode()
        assert body is None and name in text, f"'{text}' does not name {name}" if body is None else status(body)
    return (look, NOTHING_CHANGED)


def refused(code):
    return (answered(f"FAILED {code}"), NOTHING_CHANGED)


def same_answers(scene):
    """The last two answers are the same, but for what is new in every answer."""
    first, second = ({k: v for k, v in body.items() if not k.startswith("Processing")} for _, body, _ in scene.answers[-2:])
    assert first == second, f"{first} and then {second}"


def field(name, wanted):
    """A field of the last answer; wanted: a value or a function of the scene, PRESENT or ABSENT."""
    def look(scene):
        value, want = scene.said.get(name), wanted(scene) if callable(wanted) else wanted
        assert value == want, f"{name} is {value!r} in place of {want!r}"
    return look


def without(*names):
    """None of these fields of the Eis is shown."""
    def look(scene):
        shown = [n for n in names if n in scene.said["Eis"]]
        assert not shown, f"the Eis shows {', '.join(shown)}"
    return look


def with_fields(*names):
    def look(scene):
        gone = [n for n in names if n not in scene.said["Eis"]]
        assert not gone, f"the Eis lacks {', '.join(gone)}"
    return look


def shows_profiles(*wanted):
    """Exactly these ICCIDs stand in the Eis of the last answer."""
    def look(scene):
        shown = sorted(p["Iccid"].decode() for p in scene.said["Eis"].get("ProfileInfo", []))
        want = sorted(w(scene) for w in wanted)
        assert shown == want, f"profiles {shown} in place of {want}"
    return look


def eis_says(state, iccid=ICCID, party="owner"):
    """What GetEIS says of a profile afterwards; state None: it is not there."""
    def look(scene):
        found = scene.pair.state(party, scene.eid, iccid(scene))
        assert found == state, f"the EIS says {found} of {iccid(scene)} in place of {state}"
    return look


def heard(party, message_name, iccid=ICCID):
    """The party is told: a notification about this card and profile. An owner with an SM-DP hears it there."""
    ear = party, "smdp" if message_name.startswith("ES2") else "smsr"

    def look(scene):
        scene.pair.heard(ear, message_name, scene.eid, iccid(scene))
    look.listens = ear
    return look


def card_says(enabled):
    """The card itself, which only a world of ours lets us ask: which profile is enabled."""
    def look(scene):
        found = scene.pair.world.cards()[scene.eid]["enabled_iccid"]
        assert found == enabled(scene), f"on the card {found} is enabled in place of {enabled(scene)}"
    return look


def agrees(scene):
    """When nothing runs any more the EIS says of the owner's profile what the card says."""
    scene.pair.settle()
    on = scene.pair.world.cards()[scene.eid]["enabled_iccid"] == scene.iccid
    eis_says("Enabled" if on else "Disabled")(scene)


def went_by(bearer):
    """The card's ledger: every command of this card came by that bearer."""
    def look(scene):
        found = {row["channel"] for row in scene.pair.ledger() if row["eid"] == scene.eid and row.get("channel")}
        assert found == {bearer}, f"commands came by {sorted(found)} in place of {bearer}"
    return look

