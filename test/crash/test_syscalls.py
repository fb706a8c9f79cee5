# SPDX-License-Identifier: Apache-2.0
"""A daemon dies at its n-th system call of a kind, or is told that one failed (strace -e inject)."""
import os
import re

import pytest
from conftest import FULL
from drill import needs_strace, strace
from remora import wait_for

pytestmark = needs_strace

# What a daemon says to its disk, to the others and to the network, and what it hears; and how often in some seconds.
CALLS = {"smsr": {"pwrite64": 500, "fdatasync": 80, "ftruncate": 3, "fsync": 2, "openat": 39, "sendmsg": 300,
                  "recvmsg": 900, "recvfrom": 900, "read": 150, "write": 80, "sendto": 250, "epoll_wait": 250},
         "smdp": {"pwrite64": 150, "fdatasync": 24, "ftruncate": 3, "fsync": 2, "openat": 44, "fcntl": 200,
                  "read": 110, "write": 35, "epoll_wait": 50, "statfs": 25}}


SYNCED = re.compile(r" f(?:data)?sync\(\d+<[^>]*/(journal|state)\.db[^>]*>")   # a database and its log are one


def traced(world, name):
    return world.text(f"{name}.strace") if os.path.exists(world.file(f"{name}.strace")) else ""


@pytest.mark.parametrize("daemon", ["smsr", "smdp"])
def test_killed_at_the_nth_call(drill, daemon):
    """The calls are counted from the start of the process: low numbers are its opening."""
    world = drill()
    world.work()
    calls = sorted(CALLS[daemon].items()) * (4 if FULL else 1)
    world.dice.shuffle(calls)
    met = 0
    for call, often in calls[:None if FULL else 3]:
        nth = world.dice.randrange(1, often + 1)
        print(f"{daemon} dies at its {call} number {nth}")
        world.hurt(daemon, under=strace(world, daemon, call, f"signal=KILL:when={nth}"))
        if world.dies(daemon, 2):
            met += 1
            wait_for("the word of strace", lambda: "killed by SIGKILL" in traced(world, daemon))
        world.count["faults"] += 1
    world.stop(daemon)
    world.start(daemon)
    assert met >= len(calls) / 2 if FULL else met
    world.prove()


# --- a disk that fails: law 11, never a second fsync ---
def stops(world, daemon, call, what, when):
    """It gets the error and stops; what strace saw of the disk afterwards."""
    under = strace(world, daemon, call, f"{what}:when={when}", trace="fdatasync,fsync,pwrite64,sendmsg,write,exit_group")
    world.hurt(daemon, under=under)
    world.count["faults"] += 1
    dead = world.dies(daemon, 3) or ("(INJECTED)" in traced(world, daemon) and world.dies(daemon, 2))
    if dead:
        wait_for("the word of strace", lambda: "+++ " in traced(world, daemon))
    seen = traced(world, daemon).splitlines()
    # SQLite syncs the folder of a new file, and does not look; the daemon does it by fsync, once.
    forgiven = re.compile(rf"fdatasync\(\d+<{re.escape(world.file(daemon))}>")
    at = next((i for i, line in enumerate(seen) if "(INJECTED)" in line and not forgiven.search(line)), None)
    if at is None:
        assert not dead, seen[-5:]
        return None
    assert dead, f"{daemon} lives on after {seen[at]}"
    return seen[at:]


@pytest.mark.parametrize("daemon", ["smsr", "smdp"])
@pytest.mark.parametrize("call, what", [("fdatasync", "error=EIO"), ("pwrite64", "error=EIO"),
                                        ("pwrite64", "error=ENOSPC"),
                                        pytest.param("fsync", "error=EIO", marks=pytest.mark.full)])
@pytest.mark.parametrize("ever", [pytest.param("", id="once"),
                                  pytest.param("+", id="for_ever", marks=pytest.mark.full)])
def test_an_error_of_the_disk_is_the_end(drill, daemon, call, what, ever):
    world = drill()
    world.work()
    often, met = max(CALLS[daemon][call] // 2, 3), 0
    for _ in range(8):                         # some numbers never come, or meet the sync of a folder
        if met >= (6 if FULL else 1):
            break
        nth = world.dice.randrange(1, often + 1)
        print(f"{call} number {nth}{ever} of {daemon}: {what}")
        seen = stops(world, daemon, call, what, f"{nth}{ever}")
        met += seen is not None
        if seen and call == "fdatasync":
            file = SYNCED.search(seen[0]).group(1)
            again = [line for line in seen[1:] if SYNCED.search(line) and SYNCED.search(line).group(1) == file]
            assert not again, again
        if seen:
            assert "exited with 3" in seen[-1] or "exited with 1" in seen[-1], seen[-1]
            told = [line for line in world.log(daemon).splitlines() if " error " in line][-1]
            print(told)
            if call == "fsync":                # of the reserve or the folder; of files that stay, it is fdatasync
                assert f"{world.file(daemon)} cannot be" in told and "the system log" in told, told
                assert "no room for the reserve" not in world.log(daemon)
                continue
            assert "journal.db" in told or "state.db" in told, told
            if " fault " in told:
                assert ("the disk is full" if "ENOSPC" in what else "the system log") in told, told
    world.stop(daemon)
    world.start(daemon)
    assert met
    world.prove()


# --- a wire that fails: the others are told again, the daemon lives ---
# Numbers of calls behind the opening, which reads files and writes its lock and its first line, and errors that a
# socket knows.
WIRE = {"smsr": {("sendmsg", "ENOBUFS"): (1, 200), ("sendmsg", "ECONNREFUSED"): (1, 200), ("sendto", "ENETUNREACH"): (1, 150),
                 ("recvmsg", "ECONNRESET"): (1, 700), ("recvfrom", "ECONNRESET"): (1, 600), ("read", "ECONNRESET"): (40, 90),
                 ("write", "EPIPE"): (4, 60), ("accept4", "ENFILE"): (1, 10), ("accept4", "ECONNABORTED"): (1, 10),
                 ("epoll_wait", "EINTR"): (1, 150)},
        "smdp": {("connect", "ENETUNREACH"): (1, 1), ("read", "ECONNRESET"): (50, 90), ("write", "EPIPE"): (4, 30),
                 ("accept4", "ENFILE"): (1, 4), ("accept4", "ECONNABORTED"): (1, 4), ("epoll_wait", "EINTR"): (1, 40)}}


@pytest.mark.parametrize("daemon", ["smsr", pytest.param("smdp", marks=pytest.mark.full)])
def test_an_error_of_the_wire_is_not(drill, daemon):
    """Once, or for a while."""
    world = drill()
    world.work()
    wire = sorted(WIRE[daemon].items()) * (2 if FULL else 1)
    world.dice.shuffle(wire)
    met = 0
    for i, ((call, error), (first, last)) in enumerate(wire[:None if FULL else 3]):
        nth, length = world.dice.randrange(first, last + 1), (1, 20)[i % 2]
        print(f"{daemon}: {call} number {nth} to {nth + length - 1}: {error}")
        assert world.hurt(daemon, under=strace(world, daemon, call, f"error={error}:when={nth}..{nth + length - 1}"))
        world.count["faults"] += 1
        assert not world.dies(daemon, 2), traced(world, daemon).splitlines()[-3:]
        met += "(INJECTED)" in traced(world, daemon)
    world.stop(daemon)
    world.start(daemon)
    assert met >= len(wire) / 2 if FULL else met
    world.prove()
