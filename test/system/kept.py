# SPDX-License-Identifier: Apache-2.0
"""Worlds that end with their test, for every conftest.py: whatever runs in them is stopped, a test that failed
shows the last lines of every log, and a complaint of a sanitizer fails the test that caused it."""
import os

import pytest
from remora import World


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    """A conftest.py imports it to make it known; worlds_of asks what it noted."""
    report = (yield).get_result()
    if report.when == "call":
        item.went_wrong = report.failed


def logs(world):
    folder = world.file("log")
    return sorted(os.listdir(folder)) if os.path.isdir(folder) else []


def show(world):
    for name in logs(world):
        lines = world.text("log/" + name).splitlines()
        print(f"--- {world.dir}/log/{name}, last of {len(lines)} lines")
        print("\n".join(lines[-25:]))


def complaints(world):
    """What the sanitizers of such a build had to say."""
    return [f"{name}: {line}" for name in logs(world) if not world.was_crashed
            for line in world.text("log/" + name).splitlines() if "Sanitizer" in line or "runtime error:" in line]


def worlds_of(tmp_path, request, kind=World):
    """The body of a fixture: make(name, **options) -> one more world of this kind."""
    worlds = []

    def make(name="w", **options):
        world = kind.__new__(kind)
        worlds.append(world)           # also one whose making fails has to end
        world.dir = str(tmp_path / name)
        world.__init__(tmp_path / name, **options)
        return world

    yield make
    found = []
    for world in worlds:
        world.close()
        found += complaints(world)
        if found or getattr(request.node, "went_wrong", True):
            show(world)
    assert not found, found
