# SPDX-License-Identifier: Apache-2.0
"""What a phase of a benchmark cost each process."""
import os
import sys

DAEMONS = ("smsr", "smdp")
TICK = os.sysconf("SC_CLK_TCK")
HOUR = 3600


def cpu(pid):
    """Seconds a process has used, user and system."""
    with open(f"/proc/{pid}/stat", encoding="utf-8") as f:
        fields = f.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / TICK


def rss(pid):
    with open(f"/proc/{pid}/status", encoding="utf-8") as f:
        return next(int(line.split()[1]) * 1024 for line in f if line.startswith("VmRSS"))


class Phase:
    """What a bulk call cost each process."""

    def __init__(self, world):
        self.world = world
        self.before = self.look()

    def look(self):
        out = {}
        for name in (*DAEMONS, "euiccsim"):
            out[name] = {"cpu": cpu(self.world.pid(name))}
        for name in DAEMONS:
            said = self.world.smctl("status", "--via", name, as_="admin", code=0).rows[0]
            out[name].update({k: int(said.get(k, 0)) for k in ("fsyncs", "bytes_written", "durable_lsn")})
        return out

    def cost(self, summary, n):
        after = self.look()
        row = {"n": n, "ms": summary["ms"], "per_s": round(n * 1000 / max(summary["ms"], 1), 1)}
        for name, values in after.items():
            row[name] = {"us": round((values["cpu"] - self.before[name]["cpu"]) * 1e6 / n, 1), "rss": rss(self.world.pid(name))}
            for key, label in (("fsyncs", "fsyncs"), ("bytes_written", "octets"), ("durable_lsn", "records")):
                if key in values:
                    row[name][label] = round((values[key] - self.before[name][key]) / n, 3)
        return row


def one_summary(done, n, what):
    summary = done.rows[-1]["summary"]
    if summary["ok"] != n:
        print(f"{what}: {summary}", file=sys.stderr)
        raise SystemExit(1)
    return summary
