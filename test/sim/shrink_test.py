# SPDX-License-Identifier: Apache-2.0
"""A failing seed is cut to a shorter story that fails in the same invariant, and that can be repeated:
shrink_test.py SIM. The failures are those of disks that ignore flushes."""
import re
import subprocess
import sys

SEEDS = 12
NEEDED = re.compile(r"^of (\d+) choices (\d+) are needed, found in \d+ tries$", re.M)
LYING = ["--lying-disks"]


def run(arguments):
    return subprocess.run(arguments, capture_output=True, text=True, check=False, timeout=600).stdout


def invariant(why):
    """Its name without time, numbers and identifiers."""
    why = re.sub(r"^at [\d.]+ s: ", "", why)
    return " ".join(w for w in re.split(r"[ ,]+", re.split(r"[;(]", why)[0]) if not re.search(r"\d", w[1:] or w))


def fallen(sim):
    """A seed that falls at an invariant, quickly."""
    said = run([sim, "--seeds", str(SEEDS), *LYING])
    for seed, why in re.findall(r"^seed (\d+) FAILED: (.*)$", said, re.M):
        if re.search(r"I\d|join", why):
            return seed, why
    raise SystemExit(f"none of {SEEDS} seeds on lying disks broke an invariant:\n{said}")


def main():
    sim = sys.argv[1]
    seed, why = fallen(sim)
    said = run([sim, "--seed", seed, *LYING, "--shrink"])
    found = NEEDED.search(said)
    if not found:
        raise SystemExit(f"seed {seed} was not shortened:\n{said[-2000:]}")
    drawn, needed = int(found.group(1)), int(found.group(2))
    told = re.findall(r"^ *\d+ ms  #\d+ ", said, re.M)
    repeat = said.splitlines()[-1].split("sim ", 1)[1].replace(" --trace", "").split()
    again = re.search(r"^seed \d+ FAILED: (.*)$", run([sim, *repeat]), re.M)
    print(f"seed {seed}: {why}\n{needed} of {drawn} choices; {' '.join(repeat)}\n{again and again.group(1)}")
    if not needed < drawn or len(told) != needed:
        raise SystemExit("the story is not shorter, or not told")
    if not again or invariant(again.group(1)) != invariant(why):
        raise SystemExit("the short story fails in another way")
    whole = run([sim, "--seed", seed, *LYING, "--without", "1-"])
    if re.search(r"^seed \d+ FAILED", whole, re.M):
        raise SystemExit("what is left out happens all the same")


if __name__ == "__main__":
    main()
