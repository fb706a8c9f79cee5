# SPDX-License-Identifier: Apache-2.0
"""A disk that fills up under a daemon and has room again (design law 11): new work is refused in words, what runs
gets its verdict, room is used again without a restart; only a commit that fails is the end, and the reserve
keeps room for the verdicts of the next start."""
import os
import subprocess

import pytest
from remora import LIMIT, wait_for

SIZE, LEAST, RESERVE = 64, 4, 16     # MiB: the disk, limits.min_free_mb, limits.reserve_mb
MEBI = 1 << 20


class Disk:
    """A file system of its own under a state directory."""

    def __init__(self, folder):
        self.folder, self.filler = folder, os.path.join(folder, "filler")
        os.makedirs(folder, mode=0o700, exist_ok=True)
        done = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={SIZE}m,mode=0700", "drill", folder],
                              capture_output=True, text=True, check=False)
        if done.returncode:
            pytest.skip(f"no disk of its own can be mounted here: {done.stderr.strip()}")

    def free(self):
        at = os.statvfs(self.folder)
        return at.f_bavail * at.f_frsize

    def fill(self, leave):
        with open(self.filler, "ab", buffering=0) as f:
            while self.free() > leave:
                try:
                    f.write(bytes(min(MEBI, self.free() - leave)))
                except OSError:
                    return

    def empty(self):
        os.unlink(self.filler)

    def umount(self):
        subprocess.run(["umount", "-l", self.folder], check=True)


@pytest.fixture(params=["smsr", "smdp"])
def full(request, drill):
    """(world, daemon, its disk)"""
    daemon, disks = request.param, []

    def before(world):
        disks.append(Disk(world.file(daemon)))
        for name, more in (("smsr", "effects_per_hour: 0, rollbacks_per_day: 0, "), ("smdp", "")):
            mine = f"min_free_mb: {LEAST}, reserve_mb: {RESERVE}" if name == daemon else ""
            with open(world.file(name + ".yaml"), "a", encoding="utf-8") as f:
                f.write(f"limits: {{{more}{mine}}}\n")

    world = drill(before_start=before)
    yield world, daemon, disks[0]
    world.close()
    disks[0].umount()


def ask(world, daemon, code):
    """One call that this daemon would have to take up."""
    done = world.smctl("profile", "push", "--eid", world.eids[-1], "--type", "meter", as_="operator-b") \
        if daemon == "smdp" else world.smctl("audit", world.eids[-1], as_="fleet")
    assert done.code == code, done.text + done.errors
    return done.rows[0]


def outlives(world, daemon):
    """What runs has come to its end, or the daemon has: whether it runs on."""
    def ended():
        if not world.runs(daemon):
            return True
        done = world.smctl("operation", "list", "--live", "--via", daemon, as_="admin")
        return done.code == 0 and not done.rows
    wait_for("verdicts", ended, LIMIT, 0.1)
    return world.runs(daemon)


@pytest.mark.full
def test_refused_in_words_and_verdicts_still_stored(full):
    world, daemon, disk = full
    world.work()
    world.wait_waves(3)
    pid = world.pid(daemon)
    disk.fill(leave=LEAST * MEBI // 2)
    world.count["faults"] += 1
    assert outlives(world, daemon), world.log(daemon)[-500:]
    row = ask(world, daemon, 4)
    print(row)
    assert (row["subject"], row["reason"]) == ("1.2", "4.4"), row
    disk.empty()
    world.wait_waves(3)
    assert world.runs(daemon) and world.pid(daemon) == pid
    world.mix.halt()
    ask(world, daemon, 0)
    world.prove()


def test_full_to_the_last_octet(full):
    world, daemon, disk = full
    world.work()
    world.wait_waves(2)
    disk.fill(leave=0)
    world.count["faults"] += 1
    if world.dies(daemon, 3) or not outlives(world, daemon):      # else all of it had its verdict in room that the log had
        told = [line for line in world.log(daemon).splitlines() if " error " in line][-1]
        assert "the disk is full: make room" in told, told
        world.start(daemon)                    # the disk is as full; the reserve is given back
        assert "no new work is taken" in world.log(daemon)
    assert outlives(world, daemon), world.log(daemon)[-500:]
    ask(world, daemon, 4)
    disk.empty()
    world.mix.halt()
    ask(world, daemon, 0)
    world.prove()
