# SPDX-License-Identifier: Apache-2.0
"""Negative control of the proof: an SM-DP that spoils one byte of K must be found out on every card. The
program with that mistake is built by the preset `mutant` and nowhere else."""
import os

import pytest
import remora
from wire import SOURCE

MUTANT = os.environ.get("REMORA_MUTANT_BIN") or os.path.join(SOURCE, "build", "mutant", "bin")


@pytest.fixture
def mutant_bin(tmp_path, monkeypatch):
    """The programs under test, but smdp from the mutant build."""
    folder = tmp_path / "bin"
    folder.mkdir()
    for name in ("smsr", "euiccsim", "smctl"):
        (folder / name).symlink_to(os.path.join(remora.BIN, name))
    (folder / "smdp").symlink_to(os.path.join(MUTANT, "smdp"))
    monkeypatch.setattr(remora, "BIN", str(folder))
    return monkeypatch


@pytest.mark.skipif(not os.path.exists(os.path.join(MUTANT, "smdp")), reason="the preset mutant is not built")
def test_a_byte_of_k(make_world, mutant_bin):
    mutant_bin.setenv("REMORA_MUTANT", "K_BYTE")
    world = make_world(meters=20)
    rows = world.enable(world.push(), "--until-verdict", code=1)
    assert {row["verdict"] for row in rows.values()} == {"ROLLED_BACK"} and len(rows) == 20
    causes = {card["attach"]["result"] for card in world.cards().values()}
    found = world.proof()
    assert (found["downloaded"], found["enabled"], found["rolled_back"]) == (20, 0, 20)
    # They are back on the bootstrap profile, and it was the network that refused the spoilt key.
    assert causes == {"attached"} and found["no_coverage"] == found["imsi_unknown"] == 0


@pytest.mark.skipif(not os.path.exists(os.path.join(MUTANT, "smdp")), reason="the preset mutant is not built")
def test_the_same_build_without_the_mistake(make_world, mutant_bin):
    world = make_world(meters=3)
    rows = world.enable(world.push())
    assert {row["verdict"] for row in rows.values()} == {"SUCCESS"}
