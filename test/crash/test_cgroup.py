# SPDX-License-Identifier: Apache-2.0
"""The memory of a control group is bounded (cgroup v2, else v1): at the bound the kernel takes the process away in the
middle of whatever it does."""
import os
import re

import pytest
from conftest import FULL
from remora import wait_for

MEBI = 1 << 20
BOUND, SWAP = ("memory.max", "memory.limit_in_bytes"), ("memory.swap.max", "memory.memsw.limit_in_bytes")
KILLS = ("memory.events", "memory.oom_control")
ROOTS = ("/sys/fs/cgroup", "/sys/fs/cgroup/unified", "/sys/fs/cgroup/memory")


class Group:
    """A control group of its own, of the first hierarchy here that bounds memory."""

    def __init__(self, name):
        self.path = next(filter(None, (self.make(os.path.join(root, name)) for root in ROOTS)), None)
        if not self.path:
            pytest.skip("no control group that bounds memory can be made here")
        self.second = self.has(BOUND[0])

    @staticmethod
    def make(path):
        try:
            os.mkdir(path)
        except OSError:
            return None
        if any(os.access(os.path.join(path, name), os.W_OK) for name in BOUND):
            return path
        os.rmdir(path)
        return None

    def has(self, name):
        return os.path.exists(os.path.join(self.path, name))

    def write(self, names, value):
        name = names[0 if self.second else 1]
        with open(os.path.join(self.path, name), "w", encoding="ascii") as f:
            f.write(str(value))

    def bound(self, octets):
        """For those to come; memory is not moved to swap."""
        if self.second and self.has(SWAP[0]):
            self.write(SWAP, 0)
        self.write(BOUND, octets)
        if not self.second and self.has(SWAP[1]):
            self.write(SWAP, octets)

    def free(self):
        no_bound = "max" if self.second else -1
        for names in (SWAP, BOUND):
            if self.has(names[0 if self.second else 1]):
                self.write(names, no_bound)

    def kills(self):
        """How often the kernel took a process away."""
        with open(os.path.join(self.path, KILLS[0 if self.second else 1]), encoding="ascii") as f:
            return int(re.search(r"^oom_kill (\d+)", f.read(), re.M).group(1))

    def holds(self, pid):
        with open(os.path.join(self.path, "cgroup.procs"), encoding="ascii") as f:
            return str(pid) in f.read().split()

    def end(self):
        def gone():
            try:
                os.rmdir(self.path)
            except OSError:
                return False
            return True
        wait_for(f"the end of what runs in {self.path}", gone)

    def enter(self, world):
        """For REMORA_UNDER: a process becomes a member, and then what follows."""
        path = world.file("enter")
        with open(path, "w", encoding="utf-8") as f:
            f.write(f'#!/bin/sh\necho $$ >{self.path}/cgroup.procs && exec "$@"\n')
        os.chmod(path, 0o700)
        return path


@pytest.fixture
def group():
    made = Group(f"remora-{os.getpid()}")
    yield made
    made.end()


def held(pid):
    """Octets that are nowhere but in memory."""
    with open(f"/proc/{pid}/status", encoding="utf-8") as f:
        return int(re.search(r"RssAnon:\s+(\d+) kB", f.read()).group(1)) * 1024


@pytest.mark.parametrize("daemon", ["smsr", pytest.param("smdp", marks=pytest.mark.full)])
def test_memory_of_a_group_is_bounded(group, drill, daemon):
    """By what it holds and a little: it lives within that, or is killed at an allocation and nothing is untrue."""
    world = drill()
    under = group.enter(world)
    world.work()
    assert world.hurt(daemon, under=under)
    least = held(world.pid(daemon))
    world.wait_waves(2)
    most = held(world.pid(daemon))
    assert group.holds(world.pid(daemon))
    killed = 0
    for part in ((-0.6, -0.2, -0.1, 0, 0.25, 0.5, 0.75, 1, 2) if FULL else (0.5, 2)):
        world.stop(daemon)
        before, bound = group.kills(), int(least + part * (least if part < 0 else most - least))
        group.bound(bound)
        served = world.try_start(daemon, under=under)
        world.count["faults"] += 1
        dead = world.dies(daemon, 2)
        group.free()
        print(f"{daemon} within {bound >> 10} KiB, it has {least >> 10} at first and {most >> 10} at work: "
              f"{'lives' if not dead else 'killed at work' if served else 'killed at its opening'}")
        assert group.kills() - before == dead, world.log(daemon)[-500:]
        killed += dead
    world.stop(daemon)
    world.start(daemon)
    assert killed
    world.prove()
