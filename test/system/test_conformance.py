# SPDX-License-Identifier: Apache-2.0
"""The conformance scenarios against a pair that they did not start: by a file, as for anybody's."""
import json
import os
import subprocess
import sys

from remora import LIMIT, SOURCE

RUN = os.path.join(SOURCE, "test/conformance/run")


def test_a_remote_pair(make_world):
    world = make_world(meters=20)
    parties = {name: {"oid": oid, "cert": f"pki/{context}/cert.pem", "key": f"pki/{context}/key.pem"} for name, context, oid in (
        ("owner", "operator-b", "1.3.6.1.4.1.99999.10"), ("other", "operator-a", "1.3.6.1.4.1.99999.11"),
        ("sp", "fleet", "1.3.6.1.4.1.99999.20"))}
    with open(world.file("remote.json"), "w", encoding="utf-8") as f:
        json.dump({"smsr": world.address("smsr"), "smdp": world.address("smdp"), "smsr_id": "1.3.6.1.4.1.99999.1",
                   "ca": "pki/ca/cert.pem", "parties": parties, "cards": world.eids, "iccid_prefix": "894901", "type": "meter"}, f)
    done = subprocess.run([sys.executable, "-B", RUN, "--remote", world.file("remote.json"), "--only", "DisableProfile"],
                          capture_output=True, text=True, timeout=LIMIT, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    lines = done.stdout.splitlines()
    assert "pass  ES4-DisableProfile  nominal" in lines and "pass  ES2-DisableProfile  nominal" in lines
    assert "skip  ES3-DisableProfile  nominal: the file has no party smdp" in lines
    assert [line for line in lines if line.startswith("skip  ES4-DisableProfile  POL1 auto-delete: the file names no type04")]
    world.proof(ok=False)
