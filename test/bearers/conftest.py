# SPDX-License-Identifier: Apache-2.0
import os
import sys

import pytest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "system"))


@pytest.fixture(name="node_modules", scope="session")
def fixture_node_modules():
    """test/bearers/run puts them there."""
    where = os.environ.get("REMORA_NODE_MODULES", "")
    if not os.path.isdir(os.path.join(where, "smpp")):
        pytest.skip("no SMSC of others: REMORA_NODE_MODULES does not hold the npm packages smpp and coap")
    return where
