# SPDX-License-Identifier: Apache-2.0
"""Captures of smsr, read by tshark."""
import collections
import shutil
import subprocess

import pytest
from remora import LIMIT, start_with

FIELDS = ["frame.interface_name", "frame.protocols", "gsm_sms.tp-mti", "gsm_sms.reassembled.length", "cattp.checksum.status",
          "frame.len", "_ws.malformed", "_ws.expert.message"]
PROTOCOL = {"sms": "exported_pdu:gsm_sms", "cattp": "raw:ipv6:udp:cattp", "smpp": "exported_pdu:smpp",
            "decoded": "exported_pdu:data-text-lines"}


def need_tshark():
    if not shutil.which("tshark"):
        pytest.skip("tshark is not installed: the capture was written, nobody dissected it")


def tshark(path, *arguments):
    done = subprocess.run(["tshark", "-r", path, "--enable-heuristic", "cattp_udp", *arguments], capture_output=True, text=True, timeout=LIMIT, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def dissect(path):
    text = tshark(path, "-T", "fields", "-E", "separator=|", *[w for f in FIELDS for w in ("-e", f)])
    return [dict(zip(FIELDS, line.split("|"))) for line in text.splitlines()]


def lines(path):
    """The text of every decoded unit."""
    return tshark(path, "-Y", 'frame.interface_name == "decoded"', "-T", "fields", "-e", "text")


def read_without_complaint(path):
    """By its interface, how many units there are; each went to the dissector it names."""
    rows = dissect(path)
    for i, row in enumerate(rows):
        assert row["frame.protocols"].startswith(PROTOCOL[row["frame.interface_name"]]), (i, row)
        assert not row["_ws.malformed"] and not row["_ws.expert.message"], (i, row)
        assert row["cattp.checksum.status"] in ("", "1", "Good"), (i, row)
    return collections.Counter(row["frame.interface_name"] for row in rows), rows


def let_smsr_capture(path, folder, monkeypatch):
    """Every smsr that tools/world starts from now on writes a capture."""
    monkeypatch.setenv("REMORA_UNDER", start_with(folder, "smsr", f"--capture {path}"))
