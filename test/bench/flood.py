#!/usr/bin/python3 -B
# SPDX-License-Identifier: Apache-2.0
"""Forged short messages to an SM-SR's CoAP port, as its network NETWORK would hand them on.

test/bench/flood.py PORT NETWORK COUNT SECONDS SEED [NUMBERS-OF-CARDS-FILE]

COUNT messages, evenly over SECONDS; what they are comes from SEED. One of ten claims the number of a card (when there are
any), the others numbers of nobody; each is one of: octets by chance, a response that proves nothing, a notification with a wrong
checksum, the first of three parts whose others never come, a header that lies about its length. Ends with a line of JSON."""
import json
import random
import select
import socket
import sys
import time

KINDS = ("chance", "response", "notification", "part", "lie")
BATCH_S = 0.001      # what falls due within it leaves at once


def option(delta, text):
    """One option of a CoAP message (RFC 7252 3.1); delta below 13, text of up to 268 octets."""
    data = text.encode()
    if len(data) < 13:
        return bytes((delta << 4 | len(data),)) + data
    return bytes((delta << 4 | 13, len(data) - 13)) + data


def user_data(kind, rng):
    """A TP-UD (TS 23.040 9.2.3.24, TS 31.115 4) that no card made."""
    body = rng.randbytes(rng.randrange(20, 100))
    if kind == "chance":
        return rng.randbytes(rng.randrange(1, 141))
    if kind == "response":
        return b"\2\x71\0" + (len(body) + 16).to_bytes(2, "big") + b"\x0a\0\0\1" + body[:16] + body
    if kind == "notification":
        head = b"\x15\x06\x01\x01\x01\0\0\1" + rng.randbytes(14)
        return b"\2\x70\0" + (len(head) + 1 + len(body)).to_bytes(2, "big") + head + body
    if kind == "part":
        return b"\7\0\3" + rng.randbytes(1) + b"\3\1\x70\0" + (400).to_bytes(2, "big") + rng.randbytes(120)
    return bytes((rng.randrange(3, 256),)) + body


def number(rng, cards):
    if cards and rng.random() < 0.1:
        return rng.choice(cards)
    return "49176" + str(rng.randrange(10**8)).zfill(8)


def message(n, network, run, pool, rng, cards):
    head = b"\x40\x02" + (n & 0xFFFF).to_bytes(2, "big")
    return (head + option(11, "sms") + option(0, "mo") + option(4, "n=" + network) + option(0, "from=" + number(rng, cards)) +
            option(0, "run=" + run) + option(0, f"m={n + 1}") + b"\xff" + pool[rng.randrange(len(pool))])


def pace(until):
    """Lets the time to the next batch pass. This is the rate itself, made here: there is no event that it could wait for."""
    select.select((), (), (), max(0.0, until - time.monotonic()))


def flood(port, network, count, seconds, seed, cards):
    """(sent, refused by the kernel, seconds)"""
    rng = random.Random(seed)
    pool = [user_data(KINDS[i % len(KINDS)], rng) for i in range(5000)]
    run = f"{rng.getrandbits(60):x}"
    sent = lost = 0
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        s.connect(("127.0.0.1", port))
        began = batch = time.monotonic()
        while sent + lost < count:
            pace(batch)
            batch += BATCH_S
            due = min(count, int((time.monotonic() - began) / seconds * count) + 1) if seconds else count
            for n in range(sent + lost, due):
                try:
                    s.send(message(n, network, run, pool, rng, cards))
                    sent += 1
                except OSError:
                    lost += 1
        return sent, lost, time.monotonic() - began


def main():
    if len(sys.argv) not in (6, 7):
        print(__doc__, file=sys.stderr)
        return 2
    cards = []
    if len(sys.argv) == 7:
        with open(sys.argv[6], encoding="utf-8") as f:
            cards = f.read().split()
    sent, lost, took = flood(int(sys.argv[1]), sys.argv[2], int(sys.argv[3]), float(sys.argv[4]), int(sys.argv[5]), cards)
    print(json.dumps({"sent": sent, "not_sent": lost, "seconds": round(took, 1)}))
    return 0


if __name__ == "__main__":
    sys.exit(main())
