# SPDX-License-Identifier: Apache-2.0
"""Each named crash point of common/engine/crash_point.c, in real processes: the daemon dies there while
parties push, enable, disable, delete and audit, and is started again. One world meets many points."""
import pytest
from drill import points

AWAY = {"deadline-passed", "in-doubt"}         # they need cards that do not answer


def meet(world, daemon, number, name):
    """Runs on until the daemon has died there; it is left dead."""
    before = world.log(daemon).count(f"point={name} ")
    if world.hurt(daemon, REMORA_CRASH=name):
        world.await_death(daemon)
    else:
        world.deaths += 1                      # at its start already
    assert world.log(daemon).count(f"point={name} number={number} ") == before + 1
    world.count.update(faults=1, points=1)


def away(world, daemon, number, name):
    """The fleet is switched off until the daemon died of its silence."""
    world.mix.more, world.mix.downloads = ["--validity", "60"], False
    world.start(daemon)
    world.wait_waves(2)                        # what was asked before has its answer
    world.stop("euiccsim")
    meet(world, daemon, number, name)
    world.start("euiccsim")
    world.mix.more, world.mix.downloads = [], True


@pytest.mark.parametrize("daemon", ["smsr", "smdp"])
def test_each_point(drill, daemon):
    world = drill()
    world.work()
    met = []
    for number, name in points(daemon):
        (away if name in AWAY else meet)(world, daemon, number, name)
        met.append(name)
    world.start(daemon)
    world.prove()
    assert world.deaths == len(met) == len(points(daemon))


def test_a_point_that_does_not_exist_is_refused(drill):
    world = drill(load=False)
    for daemon, wrong in (("smsr", "order-decided"), ("smdp", "49"), ("smsr", "armed:0")):
        assert not world.hurt(daemon, REMORA_CRASH=wrong)
        assert f"REMORA_CRASH={wrong}" in world.log(daemon)
        world.start(daemon)
