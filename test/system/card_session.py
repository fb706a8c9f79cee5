# SPDX-License-Identifier: Apache-2.0
"""A card's administration session by hand (GP Amendment B; SGP.02 2.4.4), written from the standards and not from the
sources here: OpenSSL's client does TLS-PSK, this does HTTP and the scripts in it."""
import os
import re
import selectors
import subprocess
import time

from remora import LIMIT

PROTOCOL = "globalplatform-remote-admin/1.0"
TYPE = "application/vnd.globalplatform.card-content-mgt"
SUITES = ["-tls1_2", "-cipher", "PSK-AES128-GCM-SHA256:PSK-AES128-CBC-SHA256"]


class Answer:
    def __init__(self, code, headers, body):
        self.code, self.body = code, body
        self.next = headers.get("x-admin-next-uri")
        self.protocol, self.type = headers.get("x-admin-protocol"), headers.get("content-type")


class CardSession:
    """One TLS stream of a card; close() cuts it without a word, as a lost radio does."""

    def __init__(self, port, eid, identity, psk):
        self.eid, self.seen = eid, b""
        self.client = subprocess.Popen(["openssl", "s_client", "-connect", f"127.0.0.1:{port}", "-quiet", "-psk_identity",
                                        identity, "-psk", psk, *SUITES], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                       stderr=subprocess.DEVNULL)
        self.ready = selectors.DefaultSelector()
        self.ready.register(self.client.stdout, selectors.EVENT_READ)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        if self.client.poll() is None:
            self.client.kill()
        self.client.wait(LIMIT)
        self.client.stdin.close()
        self.client.stdout.close()
        self.ready.close()

    def more(self, end):
        assert self.ready.select(max(0, end - time.monotonic())), f"no answer within {LIMIT} s behind {self.seen!r}"
        got = os.read(self.client.stdout.fileno(), 65536)
        assert got, f"the stream ended behind {self.seen!r}"
        self.seen += got

    def until(self, mark, end):
        while mark not in self.seen:
            self.more(end)
        head, _, self.seen = self.seen.partition(mark)
        return head

    def exactly(self, n, end):
        while len(self.seen) < n:
            self.more(end)
        taken, self.seen = self.seen[:n], self.seen[n:]
        return taken

    def chunks(self, end):
        body = b""
        while True:
            n = int(self.until(b"\r\n", end).split(b";")[0], 16)
            body += self.exactly(n, end)
            assert self.until(b"\r\n", end) == b""
            if n == 0:
                return body

    def send(self, uri, body=None, resume=False):
        lines = [f"POST {uri} HTTP/1.1", "Host: smsr.example", f"X-Admin-Protocol: {PROTOCOL}",
                 f"X-Admin-From: //se-id/eid/{self.eid};//aa-id/aid/A000000559/1010FFFFFFFF8900000100"]
        if resume:
            lines.append("X-Admin-Resume: true")
        if body is not None:
            lines += [f"Content-Type: {TYPE}-response;version=1.0", "X-Admin-Script-Status: ok", "Transfer-Encoding: chunked"]
        octets = "\r\n".join([*lines, "", ""]).encode()
        if body is not None:
            octets += b"%X\r\n%s\r\n0\r\n\r\n" % (len(body), body)
        self.client.stdin.write(octets)
        self.client.stdin.flush()

    def answer(self):
        end = time.monotonic() + LIMIT
        status, *lines = self.until(b"\r\n\r\n", end).decode().split("\r\n")
        headers = {}
        for line in lines:
            name, _, value = line.partition(":")
            headers[name.strip().lower()] = value.strip()
        code = int(re.match(r"HTTP/1\.1 (\d{3}) ", status + " ").group(1))
        body = b""
        if headers.get("transfer-encoding", "").lower() == "chunked":
            body = self.chunks(end)
        elif int(headers.get("content-length", "0")):
            body = self.exactly(int(headers["content-length"]), end)
        return Answer(code, headers, body)

    def post(self, uri, body=None, resume=False):
        self.send(uri, body, resume)
        return self.answer()


def length_of(octets, at):
    """A BER length and where its value begins."""
    n = octets[at]
    if n < 0x80:
        return n, at + 1
    return int.from_bytes(octets[at + 1:at + 1 + n - 0x80], "big"), at + 1 + n - 0x80


def commands(script):
    """The C-APDUs of an expanded script of indefinite length (TS 102 226)."""
    assert script[:2] == b"\xAE\x80" and script[-2:] == b"\0\0", script.hex()
    at, found = 2, []
    while at < len(script) - 2:
        assert script[at] == 0x22, script.hex()
        n, at = length_of(script, at + 1)
        found.append(script[at:at + n])
        at += n
    return found


def tlv(tag, value):
    n = len(value)
    return bytes.fromhex(tag) + (bytes([n]) if n < 0x80 else bytes([0x81, n]) if n < 0x100 else b"\x82" + n.to_bytes(2, "big")) + value


def answers(*rapdus):
    return b"\xAF\x80" + b"".join(tlv("23", r) for r in rapdus) + b"\0\0"
