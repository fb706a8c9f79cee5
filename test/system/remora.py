# SPDX-License-Identifier: Apache-2.0
"""Worlds for the system tests: real processes on loopback, made and run by tools/world, spoken to
through smctl --json. Nothing here sleeps for luck: everything waits for an event with a generous limit."""
import collections
import json
import os
import random
import re
import socket
import subprocess
import time

from wire import SOURCE, Peer

BIN = os.environ.get("REMORA_BIN") or next(
    (d for d in (os.path.join(SOURCE, "build", p, "bin") for p in ("asan", "dev", "release"))
     if os.path.exists(os.path.join(d, "smsr"))), os.path.join(SOURCE, "build", "asan", "bin"))
LIMIT = 120          # seconds anything may take on a busy machine
PACKAGES = os.path.join(os.path.dirname(SOURCE), "shared", "profiles")

Done = collections.namedtuple("Done", "code rows text errors")


def wait_for(what, ready, limit=LIMIT, step=0.02):
    """ready() until it is true; its value. what names the event in the failure. A process outside says nothing when it
    is so: step is the pause between two looks, never the wait."""
    end = time.monotonic() + limit
    while True:
        value = ready()
        if value:
            return value
        assert time.monotonic() < end, f"{what} did not happen within {limit} s"
        time.sleep(step)


def only_rows(text):
    return [json.loads(line) for line in text.splitlines() if line.startswith("{")]


# Of pytest-xdist: each worker takes ports of its own, since between a look at a port and its use another may look.
PORTS_EACH = 1200
PORTS = 20000 + PORTS_EACH * (int(os.environ.get("PYTEST_XDIST_WORKER", "gw0")[2:]) % 10)


def free_port(kind=socket.SOCK_STREAM, ports=1, taken=()):
    """The first of so many, one behind the other. Below those that the system gives to anybody, as tools/world does: nobody
    gets it before the one it is meant for. taken: settings of a world that may not run yet."""
    while True:
        port = PORTS + random.randrange(PORTS_EACH - ports)
        try:
            for i in range(ports):
                with socket.socket(socket.AF_INET, kind) as s:
                    s.bind(("", port + i))
        except OSError:
            continue
        if not {str(port + i) for i in range(ports)} & set(taken):
            return port


def start_with(folder, program, options):
    """For REMORA_UNDER: this program gets more options, all others are started as they are."""
    under = folder / "under"
    under.write_text(f'#!/bin/sh\ncase "$1" in */{program}) exec "$@" {options};; *) exec "$@";; esac\n')
    under.chmod(0o755)
    return str(under)


class World:
    followers, was_crashed = (), False      # of one whose making failed; was_crashed: a sanitizer may say so

    def __init__(self, path, meters=20, start=True, load=True, before_start=None, parties=(), **options):
        self.dir = str(path)
        self.meters = meters
        options = {"time_scale": 600, "latency": "fast", "quirks": "none", "seed": 1,
                   "no_coverage": "0%", "unknown_imsi": "0%", **options}
        self.time_scale = options["time_scale"]
        self.environment = dict(os.environ, REMORA_BIN=BIN, REMORA_READY_SECONDS=str(LIMIT),
                                REMORA_PORTS=f"{PORTS}+{PORTS_EACH}",
                                SMCTL_CONFIG=self.file("pki/smctl.yaml"))
        self.followers = []
        arguments = [w for k, v in options.items() for w in ("--" + k.replace("_", "-"), str(v))]
        for party in parties:
            arguments += ["--party", party]
        self.tool("init", "--meters", str(meters), *arguments)
        self.eids = self.text("world/eids.txt").split()
        if before_start:
            before_start(self)
        if start:
            self.start()
        if start and load:
            self.tool("load")

    # --- files ---
    def file(self, name):
        return os.path.join(self.dir, name)

    def text(self, name):
        with open(self.file(name), encoding="utf-8", errors="replace") as f:
            return f.read()

    def log(self, name):
        return self.text(f"log/{name}.log")

    def edit(self, name, pattern, replacement):
        """One change of a configuration file; fails when nothing fits."""
        text, n = re.subn(pattern, replacement, self.text(name), count=1, flags=re.S)
        assert n == 1, f"{name} has nothing like {pattern}"
        with open(self.file(name), "w", encoding="utf-8") as f:
            f.write(text)

    def csv(self, name):
        lines = self.text("world/" + name).splitlines()
        keys = lines[0].split(",")
        return [dict(zip(keys, line.split(","))) for line in lines[1:]]

    def settings(self):
        return dict(line.split("=", 1) for line in self.text("settings").splitlines())

    def address(self, daemon):
        return "127.0.0.1:" + self.settings()[daemon + "_port"]

    # --- processes ---
    def tool(self, command, *arguments):
        done = subprocess.run([os.path.join(SOURCE, "tools", "world"), command, self.dir, *arguments],
                              env=self.environment, capture_output=True, text=True, timeout=2 * LIMIT,
                              check=False)
        assert done.returncode == 0, f"tools/world {command}: {done.stderr or done.stdout}"
        return done.stdout

    def start(self, *names):
        self.tool("start", *names)

    def stop(self, *names):
        self.tool("stop", *names)

    def kill(self, name):
        self.tool("kill", name)

    def restart(self, name):
        self.tool("restart", name)

    def pid(self, name):
        return int(self.text(f"run/{name}.pid"))

    def close(self):
        for follower in self.followers:
            follower.stop()
        if os.path.exists(self.file("settings")):      # the last that is made; nothing runs before
            self.stop(*[n[:-4] for n in sorted(os.listdir(self.file("run")))])

    # --- speaking ---
    def smctl(self, *arguments, as_=None, code=None, limit=LIMIT):
        command = [os.path.join(BIN, "smctl"), *(["--as", as_] if as_ else []), *arguments]
        done = subprocess.run([*command, "--json"], env=self.environment, capture_output=True, text=True,
                              timeout=limit, check=False)
        if code is not None:
            assert done.returncode == code, f"{' '.join(command)}: exit {done.returncode}\n" \
                                            f"{done.stdout[-2000:]}{done.stderr[-2000:]}"
        return Done(done.returncode, only_rows(done.stdout), done.stdout, done.stderr)

    def background(self, *arguments, as_):
        """A bulk call that runs beside the test; communicate() has its rows as text."""
        return subprocess.Popen([os.path.join(BIN, "smctl"), "--as", as_, *arguments, "--json"],
                                env=self.environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                text=True)

    def peer(self, party, daemon="smsr", **options):
        return Peer(self.address(daemon), self.file("pki/ca/cert.pem"), self.file(f"pki/{party}/cert.pem"),
                    self.file(f"pki/{party}/key.pem"), **options)

    def follow(self, party, via="smsr"):
        follower = Follower(self, party, via)
        self.followers.append(follower)
        return follower

    # --- the ordinary steps ---
    def list_file(self, name, lines):
        with open(self.file(name), "w", encoding="utf-8") as f:
            f.writelines(line + "\n" for line in lines)
        return self.file(name)

    def push(self, eids=None, code=0, out="pushed.txt", more=(), limit=LIMIT):
        """Downloads to some cards or all; returns {eid: iccid}."""
        cards = self.list_file("push-eids.txt", self.eids if eids is None else eids)
        self.smctl("profile", "push", "--eids", cards, "--type", "meter", "--out", self.file(out),
                   *more, as_="operator-b", code=code, limit=limit)
        return dict(line.split() for line in self.text(out).splitlines())

    def enable(self, profiles, *more, as_="fleet", code=0):
        """Enables {eid: iccid}; returns {eid: row}."""
        cards = self.list_file("enable-eids.txt", [f"{e} {i}" for e, i in profiles.items()])
        done = self.smctl("profile", "enable", "--eids", cards, *more, as_=as_, code=code)
        return {row["eid"]: row for row in done.rows if row.get("eid")}

    # --- witnesses ---
    def euiccsim(self, *arguments):
        done = subprocess.run([os.path.join(BIN, "euiccsim"), *arguments], env=self.environment,
                              capture_output=True, text=True, timeout=LIMIT, check=False)
        return done

    def proof(self, ok=True):
        done = self.euiccsim("proof", "--smsr-state", self.file("smsr"), "--smdp-state", self.file("smdp"),
                             "--ledger", self.file("world/fleet.ledger"), "--meters", str(self.meters),
                             "--time-scale", str(self.time_scale), "--json")
        assert done.stdout.startswith("{"), done.stderr
        found = json.loads(done.stdout)
        if ok:
            assert found["ok"] and done.returncode == 0, f"{done.stdout}{done.stderr}"
        return found

    def cards(self):
        done = self.euiccsim("report", "--dir", self.file("world"))
        assert done.returncode == 0, done.stderr
        return {card["eid"]: card for card in json.loads(done.stdout)["cards"]}

    def operations(self, *filters, via="smsr"):
        return self.smctl("operation", "list", "--via", via, *filters, as_="admin", code=0).rows

    def counters(self, via="smsr"):
        row = self.smctl("status", "--via", via, as_="admin", code=0).rows[0]
        return {c["name"]: c.get("value", 0) for c in row["counters"]}


class Follower:
    """Everything a party hears, as it comes."""

    def __init__(self, world, party, via):
        self.path = world.file(f"{party}-{len(world.followers)}.heard")
        with open(self.path, "w", encoding="utf-8") as out:
            self.process = subprocess.Popen(
                [os.path.join(BIN, "smctl"), "--as", party, "notify", "follow", "--via", via, "--json"],
                env=world.environment, stdout=out, stderr=subprocess.PIPE, text=True)

    def heard(self, message=None):
        with open(self.path, encoding="utf-8") as f:
            rows = [json.loads(line) for line in f.read().split("\n")[:-1] if line]
        return [r for r in rows if not message or r["message"] == message]

    def wait(self, message, n):
        wait_for(f"{n} times {message}", lambda: len(self.heard(message)) >= n or self.broken())
        return self.heard(message)

    def broken(self):
        assert self.process.poll() is None, f"notify follow ended: {self.process.stderr.read()}"

    def stop(self):
        if self.process.poll() is None:
            self.process.terminate()
        self.process.wait(timeout=LIMIT)
        self.process.stderr.close()
