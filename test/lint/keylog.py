# SPDX-License-Identifier: Apache-2.0
"""No daemon can write a TLS key log: keylog.py BIN.

Of the programs in BIN only euiccsim, whose cards are simulated, names OpenSSL's key log or such a file; that it does is the
control of this very check. An SM-SR that could write one would hand out every session of real cards."""
import os
import re
import sys

MARK = re.compile(rb"SSL_CTX_set_keylog_callback|SSLKEYLOGFILE|--keylog|scp81_client_keylog")
HAS = {"euiccsim"}


def main():
    folder = sys.argv[1]
    wrong, seen = [], []
    for name in ("smsr", "smdp", "smctl", "euiccsim"):
        path = os.path.join(folder, name)
        if not os.path.isfile(path):
            continue
        seen.append(name)
        with open(path, "rb") as f:
            if bool(MARK.search(f.read())) != (name in HAS):
                wrong.append(name)
    if not {"smsr", "smdp", "euiccsim"} <= set(seen):
        print(f"programs are missing in {folder}: build first")
        return 1
    print(f"{len(seen)} programs, a key log in {' '.join(sorted(HAS))} alone"
          + (f": not so in {' '.join(wrong)}" if wrong else ""))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
