# SPDX-License-Identifier: Apache-2.0
"""Each test gets its worlds from make_world; whatever runs in them is stopped when the test ends, and a
test that failed shows the last lines of every log."""
import os
import sys

import pytest

sys.path.insert(0, os.path.dirname(__file__))
sys.dont_write_bytecode = True
from remora import World  # noqa: E402


def show(world):
    for name in sorted(os.listdir(world.file("log"))):
        lines = world.text("log/" + name).splitlines()
        print(f"--- {world.dir}/log/{name}, last of {len(lines)} lines")
        print("\n".join(lines[-15:]))


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    report = (yield).get_result()
    if report.when == "call":
        item.went_wrong = report.failed


@pytest.fixture
def make_world(tmp_path, request):
    worlds = []

    def make(name="w", **options):
        world = World.__new__(World)
        worlds.append(world)
        world.dir, world.followers, world.was_crashed = str(tmp_path / name), [], False
        world.__init__(tmp_path / name, **options)
        return world

    yield make
    found = []
    for world in worlds:
        if os.path.isdir(world.file("run")):
            world.close()
        if os.path.isdir(world.file("log")):
            found += [] if world.was_crashed else complaints(world)
            if found or getattr(request.node, "went_wrong", True):
                show(world)
    assert not found, found


def complaints(world):
    """What the sanitizers of such a build had to say."""
    return [f"{name}: {line}" for name in sorted(os.listdir(world.file("log")))
            for line in world.text("log/" + name).splitlines() if "Sanitizer" in line or "runtime error:" in line]


@pytest.fixture
def world(make_world):
    """Twenty cards, everything loaded and running."""
    return make_world()
