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
        world.dir, world.followers = str(tmp_path / name), []
        world.__init__(tmp_path / name, **options)
        return world

    yield make
    for world in worlds:
        if os.path.isdir(world.file("run")):
            world.close()
        if getattr(request.node, "went_wrong", True) and os.path.isdir(world.file("log")):
            show(world)


@pytest.fixture
def world(make_world):
    """Twenty cards, everything loaded and running."""
    return make_world()
