# SPDX-License-Identifier: Apache-2.0
"""The worlds of test/system, with daemons that die, starve and are lied to. REMORA_FULL=1 runs every drill."""
import os
import sys

import pytest

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(HERE, "..", "system")]
sys.dont_write_bytecode = True
from drill import Drill  # noqa: E402
from kept import pytest_runtest_makereport, worlds_of  # noqa: E402,F401 (pytest finds the hook by its name)

FULL = os.environ.get("REMORA_FULL") == "1"


def pytest_configure(config):
    config.addinivalue_line("markers", "full: only with --full")


def pytest_collection_modifyitems(config, items):
    """What only the full run does is left out, not skipped: nothing is missing for it."""
    left = [i for i in items if not FULL and i.get_closest_marker("full")]
    items[:] = [i for i in items if i not in left]
    config.hook.pytest_deselected(items=left)


@pytest.fixture
def drill(tmp_path, request):
    """make(**options) -> a Drill"""
    yield from worlds_of(tmp_path, request, Drill)
