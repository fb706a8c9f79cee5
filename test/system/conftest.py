# SPDX-License-Identifier: Apache-2.0
"""Each test gets its worlds from make_world, see kept.py."""
import os
import sys

import pytest

sys.path.insert(0, os.path.dirname(__file__))
sys.dont_write_bytecode = True
from kept import pytest_runtest_makereport, worlds_of  # noqa: E402,F401 (pytest finds the hook by its name)


@pytest.fixture
def make_world(tmp_path, request):
    yield from worlds_of(tmp_path, request)


@pytest.fixture
def world(make_world):
    """Twenty cards, everything loaded and running."""
    return make_world()
