# SPDX-License-Identifier: Apache-2.0
"""Cards that speak CAT_TP and no HTTPS: downloads over links, through the simulated network and over real UDP, and
what tshark says to every PDU of them."""
import collections
import json
import random
import shutil
import socket
import struct
import subprocess
import threading

import pytest
from remora import LIMIT, free_port

SEG = 0x04
FIELDS = ["frame.protocols", "cattp.flags.syn", "cattp.flags.ack", "cattp.flags.eak", "cattp.flags.rst", "cattp.flags.seg",
          "cattp.checksum.status", "cattp.rc", "_ws.expert.message", "_ws.malformed"]


class Relay(threading.Thread):
    """Between the cards' UDP sockets and the SM-SR: keeps every datagram, loses some by its own seed, and the first part of
    everything that has two, so that what is behind it is acknowledged apart (EACK)."""
    def __init__(self, port, to, loss):
        super().__init__(daemon=True)
        self.front = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.front.bind(("127.0.0.1", port))
        self.front.settimeout(0.1)
        self.port, self.to, self.loss, self.rng = port, ("127.0.0.1", to), loss, random.Random(7)
        self.backs, self.seen, self.stopped = {}, [], False

    def pass_on(self, source, target, data, out, where):
        first = len(data) > 0 and data[0] & SEG and (source, target, data) not in self.seen
        self.seen.append((source, target, data))
        if not first and self.rng.random() >= self.loss:
            out.sendto(data, where)

    def back_of(self, card):
        if card not in self.backs:
            self.backs[card] = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            self.backs[card].bind(("127.0.0.1", 0))
            self.backs[card].settimeout(0.1)
            threading.Thread(target=self.down, args=(card, self.backs[card]), daemon=True).start()
        return self.backs[card]

    def down(self, card, back):
        while not self.stopped:
            try:
                self.pass_on(self.port, card[1], back.recvfrom(2048)[0], self.front, card)
            except (TimeoutError, socket.timeout):
                continue
            except OSError:
                return

    def run(self):
        while not self.stopped:
            try:
                data, card = self.front.recvfrom(2048)
            except (TimeoutError, socket.timeout):
                continue
            self.pass_on(card[1], self.port, data, self.back_of(card), self.to)

    def stop(self):
        self.stopped = True
        self.join(LIMIT)
        for back in (self.front, *self.backs.values()):
            back.close()


def write_pcap(name, datagrams):
    """Raw IPv4 frames (link type 101), one UDP datagram each."""
    with open(name, "wb") as f:
        f.write(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 101))
        for i, (source, target, data) in enumerate(datagrams):
            udp = struct.pack(">HHHH", source, target, 8 + len(data), 0) + data
            ip = struct.pack(">BBHHHBBH4s4s", 0x45, 0, 20 + len(udp), i & 0xFFFF, 0, 64, 17, 0, bytes([127, 0, 0, 1]),
                             bytes([127, 0, 0, 1]))
            f.write(struct.pack("<IIII", i // 1000, i % 1000, len(ip + udp), len(ip + udp)) + ip + udp)


def dissect(pcap, port):
    done = subprocess.run(["tshark", "-r", pcap, "-d", f"udp.port=={port},cattp", "-T", "fields", "-E", "separator=|",
                           *[w for f in FIELDS for w in ("-e", f)]], capture_output=True, text=True, timeout=LIMIT,
                          check=False)
    assert done.returncode == 0, done.stderr
    return [dict(zip(FIELDS, line.split("|"))) for line in done.stdout.splitlines()]


def download_and_enable(world):
    profiles = world.push()
    assert len(profiles) == world.meters
    assert all(row["verdict"] == "SUCCESS" for row in world.enable(profiles).values())
    world.proof()
    return profiles


def test_downloads_through_the_simulated_network(make_world):
    """Half of the cards has no HTTPS: their downloads go over CAT_TP, the others' do not."""
    world = make_world(meters=8, time_scale=60, cattp_meters="50%")
    download_and_enable(world)
    counters = {name: int(value) for name, value in world.counters().items()}
    assert counters["link_opened"] >= 4 and counters["session_opened"] >= 4
    assert counters["coap_datagrams_in"] > 0 and counters["coap_mt_accepted"] > 0, counters
    rows = [json.loads(line) for line in world.euiccsim("ledger", "--dir", world.file("world")).stdout.splitlines()]
    by = collections.Counter(r.get("channel") for r in rows)
    assert by["cattp"] >= 4 and by["https"] >= 4, by


@pytest.fixture(name="relayed")
def fixture_relayed(make_world):
    relays = []

    def make(loss, first=False, **options):
        def before_start(world):
            port, to = int(world.settings()["smsr_cattp"]), free_port(socket.SOCK_DGRAM, taken=world.settings().values())
            world.edit("smsr.yaml", f'cattp: "127.0.0.1:{port}"', f'cattp: "127.0.0.1:{to}"')
            if first:                      # switches and deletions, too
                world.edit("smsr.yaml", r"(iot\.red,\s+host: smsr\.example, port: 7443, bearers:) \[sms, https, cattp\]",
                           r"\1 [cattp, sms]")
            relays.append(Relay(port, to, loss))
            relays[-1].start()

        world = make_world(meters=6, time_scale=60, cattp="udp", cattp_meters="100%", before_start=before_start,
                           **options)
        return world, relays[-1]

    yield make
    for relay in relays:
        relay.stop()


def test_downloads_over_udp(relayed, tmp_path):
    """Real sockets that lose one datagram of twenty: tshark knows every PDU that left either end and complains of none."""
    world, relay = relayed(0.05, first=True)
    profiles = download_and_enable(world)
    rows = [json.loads(line) for line in world.euiccsim("ledger", "--dir", world.file("world")).stdout.splitlines()]
    assert {r["eid"] for r in rows if r.get("dgi") == "3A03" and r["channel"] == "cattp"} == set(profiles)
    for operation in world.operations("--eid", next(iter(profiles))):
        if operation["function"] in ("CreateISDP", "EnableProfile"):
            assert "by CAT_TP" in world.smctl("explain", operation["operation"], as_="admin", code=0).text
    world.stop("euiccsim", "smsr")
    relay.stop()
    assert len(relay.seen) > 100
    if not shutil.which("tshark"):
        pytest.skip("tshark is not installed: the downloads went well, their PDUs were not dissected")
    write_pcap(tmp_path / "cattp.pcap", relay.seen)
    rows = dissect(tmp_path / "cattp.pcap", relay.port)
    assert len(rows) == len(relay.seen)
    for i, row in enumerate(rows):
        assert "udp:cattp" in row["frame.protocols"], (i, row)
        assert row["cattp.checksum.status"] in ("1", "Good"), (i, row)
        assert not row["_ws.expert.message"] and not row["_ws.malformed"], (i, row)
    seen = collections.Counter(f for row in rows for f in FIELDS[1:6] if row[f] in ("1", "True"))
    assert all(seen[f] for f in FIELDS[1:6]), seen   # every kind of PDU was there
