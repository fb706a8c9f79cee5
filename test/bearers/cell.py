# SPDX-License-Identifier: Apache-2.0
"""One cell of the matrix: a bearer over a carrier in an air that loses, doubles and overtakes, by real processes. A world is
made once and copied for each cell: its cards are registered, most of them have the profile that they are to enable."""
import collections
import contextlib
import json
import os
import shutil
import socket

from impaired import Impair
from kept import complaints
from remora import World, free_port, wait_for
from smsc import Smsc, through

BEARERS, CARRIERS = ("sms", "cattp", "https"), ("coap", "real")
LOSS, TWICE = (0, 5, 20, 40), (0, 20)
# Delays of processes do not shrink with the timers: a session of many steps gets more time than a single message.
SCALE = {("sms", "coap"): 600}
SCALE_ELSE = 60
WINDOW = {("sms", "real"): 16}       # enables under way at once: what the SMSC of others carries with timers this short
WINDOW_ELSE = 1000
LIMIT = 1200         # seconds; only ends what will never come
SIZE = 8000          # octets of a profile
# Fences go on every five minutes, so that a day of silence is not waited for.
TIMERS = "timers: {session_hold: 120s, session_idle: 600s, fence_3: 5m, fence_4: 5m, fence_5: 5m, fence_6: 5m}"

Cell = collections.namedtuple("Cell", "bearer carrier loss duplicate reorder")


def name_of(cell):
    return "/".join(str(part) for part in cell)


def cell_of(name):
    """The cell of such a name; None: there is none."""
    return next((c for c in cells() if name_of(c) == name), None)


def cells():
    return [Cell(b, c, loss, d, r) for b in BEARERS for c in CARRIERS for loss in LOSS for d in TWICE for r in TWICE]


def faults_of(cell):
    """What the simulated network does itself: all of it to short messages; to datagrams and streams where no real carrier is
    in between. A stream is not altered but cut, and as rarely as a call is."""
    part = {"sms-loss": cell.loss, "sms-duplicate": cell.duplicate, "sms-reorder": cell.reorder}
    if cell.carrier == "coap" and cell.bearer == "cattp":
        part |= {"datagram-loss": cell.loss, "datagram-duplicate": cell.duplicate, "datagram-reorder": cell.reorder}
    if cell.carrier == "coap" and cell.bearer == "https":
        part |= {"stream-cut": cell.loss / 10}
    return ",".join(f"{name}={rate:g}%" for name, rate in part.items())


class Base:
    """Worlds to be copied, one for cards with HTTPS and one for cards with CAT_TP; all is well in their air."""

    def __init__(self, where, downloads, enables):
        self.where, self.downloads, self.enables, self.made = where, downloads, enables, {}

    def of(self, bearer):
        kind = "cattp" if bearer == "cattp" else "https"
        if kind not in self.made:
            world = World(os.path.join(self.where, kind), meters=self.downloads + self.enables, load=False, time_scale=60,
                          cattp_meters="100%" if kind == "cattp" else "0%")
            try:
                world.smctl("eis", "import", world.file("world/fleet.eis"), as_="eum", code=0)
                world.smctl("profile", "template", "add", "--builtin", "--type", "meter", "--size", str(SIZE),
                            as_="admin", code=0)
                world.smctl("profile", "import", world.file("world/subscriptions-b.csv"), "--type", "meter",
                            as_="operator-b", code=0)
                profiles = world.push(world.eids[self.downloads:])
            finally:
                world.close()
            self.made[kind] = world, profiles
        return self.made[kind]

    def copy(self, cell, name):
        """(a world of the same cards, {EID: ICCID} of those that have a profile to enable)"""
        base, profiles = self.of(cell.bearer)
        world = World.__new__(World)
        world.__dict__.update(base.__dict__)
        world.dir, world.followers, world.time_scale = os.path.join(self.where, name), [], SCALE.get(cell[:2], SCALE_ELSE)
        shutil.copytree(base.dir, world.dir)
        world.environment = {**base.environment, "SMCTL_CONFIG": world.file("pki/smctl.yaml")}
        return world, profiles


# --- the air ---

def arrange(world, cell, seed, modules, held):
    """Writes the cell into the files of its world; what has to run beside it is entered into held."""
    world.edit("settings", r"time_scale=\d+", f"time_scale={world.time_scale}")
    world.edit("settings", r"seed=\d+", f"seed={seed}")
    world.edit("settings", r"faults=\S*", f"faults={faults_of(cell)}")
    world.edit("smsr.yaml", r"timers: \{[^}]*\}", TIMERS)
    if cell.bearer == "cattp":
        for _ in range(2):
            world.edit("smsr.yaml", r"bearers: \[sms, https, cattp\]", "bearers: [cattp, sms]")
    if cell.bearer == "https":           # switches, too
        world.edit("smsr.yaml", r"roles: \[fleet\]", "roles: [fleet], bearers: [https]")
    if cell.carrier == "real":
        REAL[cell.bearer](world, cell, seed, modules, held)


def impair(held, seed, *options):
    """The address behind which a bad network lies."""
    one = Impair("--seed", seed, *options)
    held.callback(one.kill)
    return one, one.ready()[1]


def real_sms(world, cell, seed, modules, held):
    """SMPP to an SMSC of others, over a connection that is cut now and then; behind it the simulated air."""
    smsc = Smsc(world, modules)
    held.callback(smsc.close)
    world.bad, port = impair(held, seed, "--tcp", f"127.0.0.1:0=127.0.0.1:{smsc.smpp}", "--cut", f"{cell.loss / 100:g}%")
    through(world, smsc, port)


def real_https(world, cell, seed, _, held):
    """TCP sockets whose pieces come late and whose connections are cut; the rest TCP mends by itself."""
    port = free_port(taken=world.settings().values())
    world.bad, front = impair(held, seed, "--tcp", f"127.0.0.1:0=127.0.0.1:{port}", "--cut", f"{cell.loss / 10:g}%",
                              "--delay", f"0-{cell.loss}")
    world.edit("smsr.yaml", "state: smsr", f'https: "127.0.0.1:{port}", state: smsr')
    world.edit("settings", r"smsr_https=\d+\nhttps_by=coap", f"smsr_https={front}\nhttps_by=socket")


def real_cattp(world, cell, seed, _, held):
    """UDP sockets."""
    port = free_port(socket.SOCK_DGRAM, taken=world.settings().values())
    world.bad, front = impair(held, seed, "--udp", f"127.0.0.1:0=127.0.0.1:{port}", "--loss", f"{cell.loss}%", "--duplicate",
                              f"{cell.duplicate}%", "--reorder", f"{cell.reorder}%", "--hold", "80")
    world.edit("smsr.yaml", "state: smsr", f'cattp: "127.0.0.1:{port}", state: smsr')
    world.edit("settings", r"smsr_cattp=\d+\ncattp_by=coap", f"smsr_cattp={front}\ncattp_by=udp")


REAL = {"sms": real_sms, "https": real_https, "cattp": real_cattp}


# --- the work ---

def rows_of(process, what):
    """Each call's last row of a bulk call; nothing of it is judged here."""
    out, err = process.communicate(timeout=LIMIT)
    rows = [json.loads(line) for line in out.splitlines() if line.startswith("{")]
    assert rows and "summary" in rows[-1], f"{what} said nothing of its end: {err[-1000:]}"
    return {row["eid"]: row for row in rows if row.get("eid")}


def work(world, cell, profiles):
    """All downloads and enables at once; what the callers heard, and what both servers know when nothing is live."""
    calls = {}
    if cell.bearer != "sms":         # it carries no profile
        cards = world.list_file("blank.txt", [e for e in world.eids if e not in profiles])
        calls["downloads"] = world.background("profile", "push", "--eids", cards, "--type", "meter", "--until-verdict",
                                              as_="operator-b")
    cards = world.list_file("ready.txt", [f"{e} {i}" for e, i in profiles.items()])
    calls["enables"] = world.background("profile", "enable", "--eids", cards, "--until-verdict", "--window",
                                        str(WINDOW.get(cell[:2], WINDOW_ELSE)), as_="fleet")
    heard = {what: rows_of(process, what) for what, process in calls.items()}
    for via in ("smdp", "smsr"):
        wait_for(f"the end of all that runs in {via}", lambda v=via: not world.operations("--live", via=v), LIMIT, 0.5)
    return heard


def known(world, before=()):
    """Operations and orders by where they run, without those that were there before."""
    return {via: [row for row in world.operations(via=via) if row["operation"] not in before] for via in ("smsr", "smdp")}


def run(cell, base, seed, modules, keep=False):
    """What all witnesses say when it is over, and the processes have ended."""
    world, profiles = base.copy(cell, "cell")
    try:
        with contextlib.ExitStack() as held:
            arrange(world, cell, seed, modules, held)
            held.callback(world.close)
            world.start()
            before = {row["operation"] for rows in known(world).values() for row in rows}
            heard = work(world, cell, profiles)
            rows = known(world, before)
            counters = {name: int(value) for name, value in world.counters().items()}
            air = json.loads(world.euiccsim("status", "--coap", "127.0.0.1:" + world.settings()["sim_coap"]).stdout)
            world.close()
            if cell.carrier == "real":
                air["impair"] = next(iter(world.bad.end().values()))
        return {"scale": world.time_scale, "profiles": profiles, "heard": heard, **rows, "counters": counters, "air": air,
                "proof": world.proof(ok=False), "cards": world.cards(), "complaints": complaints(world)}
    finally:
        if not keep:
            shutil.rmtree(world.dir)
