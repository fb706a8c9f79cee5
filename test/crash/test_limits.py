# SPDX-License-Identifier: Apache-2.0
"""Too little of something: memory that runs out, an address space or descriptors that are bounded."""
import os
import re
import shutil
import socket
import subprocess

import pytest
from conftest import FULL, HERE
from drill import needs_strace
from remora import wait_for

MANY = 8           # refusals of memory that are enough: who has none for ever may answer nobody, and callers give up
SHORT = 24         # as many in a row are over before they do
BAD_END = re.compile(r"killed by SIG(SEGV|ABRT|BUS|ILL|FPE|TRAP)")


@pytest.fixture(scope="module")
def shim(tmp_path_factory):
    """Allocation that fails, for LD_PRELOAD."""
    path = str(tmp_path_factory.mktemp("shim") / "oom.so")
    subprocess.run([os.environ.get("CC", "cc"), "-O2", "-Wall", "-Werror", "-shared", "-fPIC", "-o", path,
                    os.path.join(HERE, "oom.c")], check=True)
    return path


def watched(world, name, **environment):
    """For REMORA_UNDER: how it ends stands in the last line of the file."""
    more = "".join(f" -E {key}={value}" for key, value in environment.items())
    return f"strace -D -f -q -o {world.file(name + '.end')} -e trace=exit_group{more}"


def end_of(world, name):
    def told():
        return next((line for line in world.text(name + ".end").splitlines() if "+++" in line), None)
    return wait_for(f"the word of strace on {name}", told)


def lives_on(world, daemon, starved):
    """A fault given, it dies of that, or answers or starves for a while and is stopped in order; how it ended.
    Who has no memory for ever may be unable to answer: starved() says that it was asked often enough."""
    world.count["faults"] += 1
    if not world.dies(daemon, 2, starved):
        world.stop(daemon)
    return end_of(world, daemon)


def one_fault(world, daemon, shim, at, length):
    begun, many = (world.log(daemon).count(f"oom: {word}") for word in ("begins", "many"))
    world.hurt(daemon, under=watched(world, daemon, LD_PRELOAD=shim, OOM_AT=at, OOM_FOR=length))
    end = lives_on(world, daemon, lambda: not 0 < length <= SHORT and world.log(daemon).count("oom: many") > many)
    print(f"{daemon}: allocation {at}, {length or 'all'} of them: {end.strip()}; "
          f"{[line for line in world.log(daemon).splitlines() if ' error ' in line][-1:]}")
    assert not BAD_END.search(end), end
    return world.log(daemon).count("oom: begins") > begun


@needs_strace
@pytest.mark.parametrize("daemon", ["smsr", pytest.param("smdp", marks=pytest.mark.full)])
def test_memory_runs_out(drill, shim, daemon):
    """At its opening and at work; for one allocation, for some, for ever."""
    world = drill()
    world.hurt(daemon, under=f"env LD_PRELOAD={shim}")
    world.stop(daemon)
    opening = int(re.search(r"oom: (\d+) allocations", world.log(daemon)).group(1))
    world.start(daemon)
    world.work()
    met = 0
    for i in range(24 if FULL else 3):
        at = world.dice.randrange(1, opening) if i % 3 == 0 else opening + world.dice.randrange(opening // 3)
        met += one_fault(world, daemon, shim, at, (1, world.dice.randrange(2, 300), 0)[i % 3 if i < 3 else i % 2])
    world.start(daemon)
    assert met
    world.prove()


@pytest.mark.full
@needs_strace
@pytest.mark.parametrize("daemon", ["smsr", "smdp"])
def test_address_space_is_bounded(drill, daemon):
    """What it has after its start and a little: it lives within that, or says so and stops."""
    world = drill()
    world.work()
    for spare in ([2, 6, 12, 24, 48] if FULL else [12]):
        world.hurt(daemon)
        with open(f"/proc/{world.pid(daemon)}/status", encoding="utf-8") as f:
            had = int(re.search(r"VmPeak:\s+(\d+) kB", f.read()).group(1)) * 1024
        watch = watched(world, daemon).replace("exit_group", "exit_group,mmap,mremap")
        world.hurt(daemon, under=f"{watch} prlimit --as={had + (spare << 20)}")
        end = lives_on(world, daemon, lambda: world.text(f"{daemon}.end").count("ENOMEM") > MANY)
        print(f"{daemon} with {spare} MiB more than {had >> 20}: {end.strip()}")
        assert not BAD_END.search(end), end
    world.start(daemon)
    world.prove()


# --- descriptors ---
RESTS = 20         # a daemon that spins takes none; one that spins between them pays many ticks for each


def rests(pid):
    """How often it waited for something to happen."""
    with open(f"/proc/{pid}/status", encoding="utf-8") as f:
        return int(re.search(r"^voluntary_ctxt_switches:\s+(\d+)", f.read(), re.M).group(1))


def ticks(pid):
    with open(f"/proc/{pid}/stat", encoding="utf-8") as f:
        return sum(int(n) for n in f.read().rsplit(")", 1)[1].split()[11:13])


@pytest.mark.skipif(not shutil.which("prlimit"), reason="prlimit is not installed")
@pytest.mark.parametrize("daemon", ["smsr", pytest.param("smdp", marks=pytest.mark.full)])
def test_descriptors_run_out(drill, daemon):
    """Nobody new comes in, nothing spins, those who are in are served, and afterwards all are."""
    world = drill()
    world.hurt(daemon)
    pid = world.pid(daemon)
    had = len(os.listdir(f"/proc/{pid}/fd"))
    world.work()
    world.wait_waves(1)
    world.mix.halt()                            # the followers stay connected
    world.hurt(daemon, under=f"prlimit --nofile={had + 12}")
    pid = world.pid(daemon)
    wait_for("those who listen", lambda: world.counters(daemon)["connections"] >= 4)
    host, port = world.address(daemon).split(":")
    crowd = []
    for _ in range(60):
        try:
            crowd.append(socket.create_connection((host, int(port)), timeout=1))
        except OSError:                         # the queue of the kernel is full, too
            break
    wait_for("the last descriptor", lambda: len(os.listdir(f"/proc/{pid}/fd")) >= had + 8)
    before, rested = ticks(pid), rests(pid)
    wait_for(f"{RESTS} rests of a daemon that is knocked at", lambda: rests(pid) >= rested + RESTS)
    used, rested = ticks(pid) - before, rests(pid) - rested
    print(f"{used} ticks of the processor in {rested} rests while {len(crowd)} knock")
    world.count["faults"] += 1
    for s in crowd:
        s.close()
    assert used < rested
    wait_for("an answer", lambda: world.smctl("status", "--via", daemon, as_="admin").code == 0)
    assert world.pid(daemon) == pid and world.runs(daemon)
    world.mix = None
    world.work()
    world.wait_waves(2)
    world.prove()
