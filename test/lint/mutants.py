# SPDX-License-Identifier: Apache-2.0
"""No program but those of the preset `mutant` holds a seeded mistake: mutants.py BIN [here|absent].

absent: none of the programs in BIN names a mistake, a crash point, or the variables that make them. here: each daemon does, the control
of this very check."""
import os
import re
import sys

MARK = re.compile(rb"REMORA_MUTANT|SEND_BEFORE_COMMIT|K_BYTE|REMORA_CRASH|request-decided")


def main():
    folder, mode = sys.argv[1], sys.argv[2]
    names = [n for n in ("smsr", "smdp") if os.path.isfile(os.path.join(folder, n))]
    if not names:
        print(f"no program in {folder}: build first")
        return 1
    wrong = []
    for name in names:
        with open(os.path.join(folder, name), "rb") as f:
            if bool(MARK.search(f.read())) != (mode == "here"):
                wrong.append(name)
    print(f"{len(names)} programs, seeded mistakes {mode}" + (f": not so in {' '.join(wrong)}" if wrong else ""))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
