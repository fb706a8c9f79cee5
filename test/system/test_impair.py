# SPDX-License-Identifier: Apache-2.0
"""tools/impair: what it does to datagrams and streams comes from its seed, and a fleet behind it loses nothing."""
import argparse
import importlib.machinery
import importlib.util
import os
import socket
import subprocess
import threading

import pytest
from impaired import Impair
from remora import LIMIT, SOURCE


@pytest.fixture
def impair():
    made = []

    def make(*arguments):
        made.append(Impair(*arguments))
        return made[-1]
    yield make
    for one in made:
        one.kill()


def fates(n, **options):
    """What becomes of n numbered datagrams or pieces, by the tool's own rule."""
    loader = importlib.machinery.SourceFileLoader("impair", os.path.join(SOURCE, "tools/impair"))
    tool = importlib.util.module_from_spec(importlib.util.spec_from_loader("impair", loader))
    loader.exec_module(tool)
    count, stream = tool.counters(), options.pop("stream", False)
    known = {"seed": 1, "loss": 0, "duplicate": 0, "reorder": 0, "corrupt": 0, "cut": 0, "hold": 200, "delay": (0, 0), **options}
    fate = tool.Fate(argparse.Namespace(**known), options.get("name", "up"), count)
    return [fate.next(b"%d" % i, stream) for i in range(n)], count


def test_fates_by_seed():
    faults = {"loss": .2, "duplicate": .1, "corrupt": .05, "reorder": .1, "delay": (.01, .02)}
    done, count = fates(2000, seed=7, **faults)
    assert (done, count) == fates(2000, seed=7, **faults)
    assert done != fates(2000, seed=8, **faults)[0] and done != fates(2000, seed=7, name="down", **faults)[0]
    assert sum(map(len, done)) == 2000 - count["loss"] + count["duplicate"]
    for name, least, most in (("loss", 300, 500), ("duplicate", 110, 220), ("reorder", 110, 220), ("corrupt", 50, 120)):
        assert least < count[name] < most
    bent = sum(octets != b"%d" % i for i, copies in enumerate(done) for octets, _ in copies[:1])
    assert bent == count["corrupt"]
    assert all(.01 <= wait <= .02 + .2 for copies in done for _, wait in copies)
    assert fates(50, stream=True, loss=1, duplicate=1, reorder=1)[0] == [[(b"%d" % i, 0)] for i in range(50)]
    assert None in fates(50, stream=True, cut=.2)[0]


def test_datagrams_find_their_way_back(impair):
    far = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    far.bind(("127.0.0.1", 0))
    near = [socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(3)]
    tool = impair("--udp", f"127.0.0.1:0=127.0.0.1:{far.getsockname()[1]}")
    front = tool.ready()
    for s in (far, *near):
        s.settimeout(LIMIT)
    for i, s in enumerate(near):
        s.sendto(b"%d" % i, front)
    for _ in near:
        data, back = far.recvfrom(100)
        far.sendto(b"to " + data, back)
    assert [s.recv(100) for s in near] == [b"to 0", b"to 1", b"to 2"]
    assert next(iter(tool.end().values()))["seen"] == 6


def echo_server():
    server = socket.create_server(("127.0.0.1", 0))

    def serve():
        while True:
            peer, _ = server.accept()
            threading.Thread(target=echo, args=(peer,), daemon=True).start()

    def echo(peer):
        try:
            while data := peer.recv(65536):
                peer.sendall(data)
            peer.shutdown(socket.SHUT_WR)
        except OSError:
            pass
    threading.Thread(target=serve, daemon=True).start()
    return server.getsockname()[1]


def through(front, octets):
    with socket.create_connection(front, timeout=LIMIT) as s:
        threading.Thread(target=lambda: (s.sendall(octets), s.shutdown(socket.SHUT_WR)), daemon=True).start()
        got = b""
        while data := s.recv(65536):
            got += data
    return got


def test_streams(impair):
    octets = bytes(range(256)) * 400
    tool = impair("--tcp", f"127.0.0.1:0=127.0.0.1:{echo_server()}", "--delay", "0-2", "--loss", "50%")
    front = tool.ready()
    assert through(front, octets) == octets                     # TCP knows no loss, and its order is kept
    count = next(iter(tool.end().values()))
    assert count["seen"] > 0 and count["loss"] == 0
    tool = impair("--tcp", f"127.0.0.1:0=127.0.0.1:{echo_server()}", "--corrupt", "100%")
    bent = through(tool.ready(), octets[:1000])
    assert len(bent) == 1000 and bent != octets[:1000]
    tool = impair("--tcp", f"127.0.0.1:0=127.0.0.1:{echo_server()}", "--cut", "100%")
    with pytest.raises(ConnectionError):
        through(tool.ready(), octets[:1000])


def test_usage():
    for arguments, word in ((("--udp", "nowhere"), "LISTEN=TARGET"), (("--loss", "120%"), "beyond"), ((), "nothing to do"),
                            (("--udp", "127.0.0.1:0=127.0.0.1:1", "--delay", "9-1"), "smaller one first")):
        done = subprocess.run([os.path.join(SOURCE, "tools/impair"), *arguments], capture_output=True, text=True, check=False)
        assert done.returncode == 2 and word in done.stderr


def test_a_fleet_behind_a_bad_network(make_world, impair):
    """CoAP both ways through it: every operation gets a true verdict, whatever had to be sent again."""
    world = make_world(meters=5, start=False, load=False, time_scale=100)
    ports = world.settings()
    tool = impair("--udp", f"127.0.0.1:0=127.0.0.1:{ports['sim_coap']}", "--udp", f"127.0.0.1:0=127.0.0.1:{ports['smsr_coap']}",
                  "--loss", "10%", "--duplicate", "10%", "--reorder", "10%", "--corrupt", "2%", "--seed", 3)
    to_sim, to_smsr = tool.ready(), tool.ready()
    world.edit("smsr.yaml", rf'(networks: .*coap: "127.0.0.1:){ports["sim_coap"]}"', rf'\g<1>{to_sim[1]}"')
    world.edit("settings", rf"smsr_coap={ports['smsr_coap']}", f"smsr_coap={to_smsr[1]}")
    world.start()
    world.tool("load")
    profiles = world.push()
    world.enable(profiles)
    world.proof()
    counts = tool.end().values()
    assert all(c["loss"] and c["duplicate"] and c["reorder"] for c in counts)
