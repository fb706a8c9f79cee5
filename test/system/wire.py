# SPDX-License-Identifier: Apache-2.0
"""Frames by hand: what smctl would never send. Reads the schema of proto/, so that a test speaks in the
names of the GSMA functions; knows varints, fixed lists and nested messages, which is all of it."""
import os
import re
import socket
import ssl
import struct
import uuid

SOURCE = os.environ.get("REMORA_SOURCE") or os.path.abspath(os.path.join(os.path.dirname(__file__), "../.."))
INTEGERS = ("uint64", "int64", "bool")


class Schema:
    def __init__(self, folder):
        self.messages, self.enums = {}, {}
        for name in sorted(os.listdir(folder)):
            if name.endswith(".proto"):
                with open(os.path.join(folder, name), encoding="utf-8") as f:
                    self.read(re.sub(r"//[^\n]*", "", f.read()))

    def read(self, text):
        stack = []
        for token in re.finditer(r"(message|enum|oneof)\s+(\w+)\s*\{|\}|([^;{}]+);", text):
            if token.group(1):
                stack.append((token.group(1), token.group(2)))
                if token.group(1) == "message":
                    self.messages[token.group(2)] = {}
                elif token.group(1) == "enum":
                    self.enums[token.group(2)] = {}
            elif token.group(0) == "}":
                stack.pop()
            elif stack:
                self.statement(stack, token.group(3).split())

    def statement(self, stack, words):
        kind, name = stack[-1]
        if kind == "enum":
            self.enums[name][words[0]] = int(words[2])
            return
        owner = [n for k, n in stack if k == "message"][-1]
        if words[0] not in ("optional", "repeated"):
            words = ["optional"] + words
        label, of, field, number = words[0], words[1], words[2], int(words[4])
        self.messages[owner][field] = (number, of.split(".")[-1], label == "repeated")


SCHEMA = Schema(os.path.join(SOURCE, "proto"))


def varint(n):
    out = bytearray()
    n &= (1 << 64) - 1
    while n > 127:
        out.append(n & 127 | 128)
        n >>= 7
    out.append(n)
    return bytes(out)


def encode(message, fields):
    out = bytearray()
    for name, value in fields.items():
        number, of, repeated = SCHEMA.messages[message][name]
        for one in value if repeated else [value]:
            if of in INTEGERS or of in SCHEMA.enums:
                if isinstance(one, str):
                    one = SCHEMA.enums[of][one]
                out += varint(number << 3) + varint(int(one))
                continue
            if isinstance(one, dict):
                one = encode(of, one)
            elif isinstance(one, str):
                one = one.encode()
            out += varint(number << 3 | 2) + varint(len(one)) + one
    return bytes(out)


def take_varint(data, at):
    n = shift = 0
    while True:
        n |= (data[at] & 127) << shift
        shift += 7
        at += 1
        if data[at - 1] < 128:
            return n, at


def decode(message, data):
    by_number = {number: (name, of, repeated)
                 for name, (number, of, repeated) in SCHEMA.messages[message].items()}
    out, at = {}, 0
    while at < len(data):
        key, at = take_varint(data, at)
        name, of, repeated = by_number[key >> 3]
        if key & 7 == 0:
            value, at = take_varint(data, at)
            names = {v: k for k, v in SCHEMA.enums.get(of, {}).items()}
            value = names.get(value, value)
        else:
            length, at = take_varint(data, at)
            value, at = bytes(data[at:at + length]), at + length
            if of in SCHEMA.messages:
                value = decode(of, value)
        if repeated:
            out.setdefault(name, []).append(value)
        else:
            out[name] = value
    return out


def eid_octets(eid):
    return bytes.fromhex(eid)


class Peer:
    """One mutually authenticated connection as a party, below everything smctl checks."""

    def __init__(self, address, ca, cert, key, hello=True):
        host, port = address.rsplit(":", 1)
        context = ssl.create_default_context(ssl.Purpose.SERVER_AUTH, cafile=ca)
        context.check_hostname = False
        context.load_cert_chain(cert, key)
        self.socket = context.wrap_socket(socket.create_connection((host, int(port)), timeout=60),
                                          server_hostname="localhost")
        self.next_id = 0
        if hello:
            self.send({"kind": "KIND_HELLO", "version": 1})
            answer = self.receive()
            if answer["kind"] != "KIND_WELCOME":
                raise PermissionError(answer.get("error_text", b"").decode())

    def send(self, envelope):
        self.next_id += 1
        envelope.setdefault("message_id", self.next_id)
        self.send_frame(encode("Envelope", envelope))
        return envelope["message_id"]

    def send_frame(self, octets):
        self.send_octets(struct.pack(">I", len(octets)) + octets)

    def send_octets(self, octets):
        self.socket.sendall(octets)

    def read(self, n):
        out = b""
        while len(out) < n:
            more = self.socket.recv(n - len(out))
            if not more:
                return out
            out += more
        return out

    def receive_octets(self):
        """The octets of the next frame; None: the other end closed."""
        try:
            head = self.read(4)
            if len(head) < 4:
                return None
            return self.read(struct.unpack(">I", head)[0])
        except (ConnectionError, ssl.SSLError):
            return None

    def receive(self):
        octets = self.receive_octets()
        return None if octets is None else decode("Envelope", octets)

    def request(self, name, fields, **header):
        """Sends a request, waits for its final answer; returns (envelope, body, octets)."""
        fields.setdefault("FunctionCallIdentifier", str(uuid.uuid4()))
        body = SCHEMA.messages[name + "Request"]
        fields = dict(sorted(fields.items(), key=lambda f: body[f[0]][0]))
        mine = self.send({"kind": "KIND_REQUEST", **header, name + "Request": fields})
        while True:
            octets = self.receive_octets()
            if octets is None:
                raise ConnectionError("closed instead of an answer")
            envelope = decode("Envelope", octets)
            if envelope.get("relates_to") != mine or envelope["kind"] == "KIND_ACCEPTED":
                continue
            return envelope, envelope.get(name + "Response"), octets

    def close(self):
        self.socket.close()


def status(body):
    """'FAILED 8.1.1-3.9' or 'EXECUTED_SUCCESS'."""
    said = body["FunctionExecutionStatus"]
    code = said.get("StatusCodeData")
    if not code:
        return said["Status"]
    return f"{said['Status']} {code['Subject'].decode()}-{code['Reason'].decode()}"


def eis_entries(path):
    """The entries of an .eis file, decoded."""
    with open(path, "rb") as f:
        data = f.read()
    out, at = [], 0
    while at < len(data):
        length = struct.unpack_from(">I", data, at)[0]
        out.append(decode("SignedEis", data[at + 4:at + 4 + length]))
        at += 4 + length
    return out


def eis_write(path, entries):
    with open(path, "wb") as f:
        for entry in entries:
            octets = encode("SignedEis", entry)
            f.write(struct.pack(">I", len(octets)) + octets)
