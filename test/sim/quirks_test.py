# SPDX-License-Identifier: Apache-2.0
"""Each quirk of cards and networks, given to every card of some worlds: quirks_test.py SIM EUICCSIM.

In the plain story nothing else goes wrong, and where the table says SUCCESS every meter ends as without the quirk; in the other
worlds it meets all faults. The names are those that euiccsim itself knows, so that none is left out."""
import re
import subprocess
import sys

WORLDS = (["--plain", "--seeds", "2"], ["--seeds", "2", "--first", "31"])


def main():
    sim, euiccsim = sys.argv[1:3]
    told = subprocess.run([euiccsim, "help"], capture_output=True, text=True, check=True).stdout
    names = " ".join(re.findall(r"quirks of (?:cards|networks): (.*)", told)).split()
    fell = []
    for name in names:
        for world in WORLDS:
            done = subprocess.run([sim, "--quirk", name, *world], capture_output=True, text=True, check=False)
            if done.returncode:
                said = [line for line in done.stdout.splitlines() if "FAILED: " in line] or [done.stderr]
                fell += [f"{name}: {line}" for line in said]
    for line in fell:
        print(line)
    print(f"{len(names)} quirks, {len(fell)} worlds fell")
    return 1 if fell or len(names) < 20 else 0


if __name__ == "__main__":
    sys.exit(main())
