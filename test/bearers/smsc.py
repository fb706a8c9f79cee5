# SPDX-License-Identifier: Apache-2.0
"""An SMSC that others wrote (smsc.js) in front of the simulated network of a world."""
import os
import queue
import socket
import subprocess
import threading

from remora import LIMIT, free_port

HERE = os.path.dirname(os.path.abspath(__file__))


class Smsc:
    def __init__(self, world, node_modules):
        settings = world.settings()
        self.smpp = free_port(taken=settings.values())
        self.coap = free_port(socket.SOCK_DGRAM, taken=settings.values())
        self.process = subprocess.Popen(
            ["node", os.path.join(HERE, "smsc.js"), str(self.smpp), str(self.coap),
             f"127.0.0.1:{settings['sim_coap']}", f"127.0.0.1:{settings['smsr_coap']}"],
            env={**os.environ, "NODE_PATH": node_modules}, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.lines = queue.Queue()
        threading.Thread(target=self.read, daemon=True).start()
        self.expect("ready")

    def read(self):
        for line in self.process.stdout:
            self.lines.put(line.strip())

    def expect(self, word):
        assert self.lines.get(timeout=LIMIT) == word

    def say(self, line):
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()

    def close(self):
        if self.process.poll() is None:
            self.process.stdin.close()
        self.process.wait(timeout=LIMIT)


def through(world, smsc, port=None):
    """Short messages, both ways, pass the SMSC (at another port, where something stands before it)."""
    secret = world.file("smpp.password")
    with open(os.open(secret, os.O_WRONLY | os.O_CREAT, 0o600), "w", encoding="utf-8") as f:
        f.write("secret12\n")
    world.edit("smsr.yaml", r'networks: \[(\{[^}]*\})\]',
               r'networks: [\1, {id: air, smpp: {address: "127.0.0.1:' + str(port or smsc.smpp) +
               r'", system_id: remora, password: smpp.password, window: 8}}]')
    for _ in range(2):
        world.edit("smsr.yaml", "network: sim", "network: air")
        world.edit("smsr.yaml", "https, cattp]", "https]")   # an SMSC carries no datagrams
    world.edit("settings", r"smsr_coap=\d+", f"smsr_coap={smsc.coap}")
