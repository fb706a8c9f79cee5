# SPDX-License-Identifier: Apache-2.0
"""SMSCs that others wrote (smsc.js) in front of the simulated network of a world."""
import json
import os
import queue
import socket
import subprocess
import threading

from remora import LIMIT, free_port

HERE = os.path.dirname(os.path.abspath(__file__))


class Smsc:
    """networks: the SM-SR's own number in each, and how the numbers of its subscribers begin; without it one for all."""

    def __init__(self, world, node_modules, networks=None):
        settings = world.settings()
        number = json.loads(world.text("world/world.json"))["smsr_number"]
        first = free_port(ports=2, taken=settings.values())
        self.networks = [(first + i, source, prefix) for i, (source, prefix) in enumerate(networks or [(number, "")])]
        self.smpp = first
        self.coap = free_port(socket.SOCK_DGRAM, taken=settings.values())
        self.process = subprocess.Popen(
            ["node", os.path.join(HERE, "smsc.js"), str(self.coap),
             f"127.0.0.1:{settings['sim_coap']}", f"127.0.0.1:{settings['smsr_coap']}", number,
             *(":".join(str(word) for word in network) for network in self.networks)],
            env={**os.environ, "NODE_PATH": node_modules}, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.lines, self.heard = queue.Queue(), queue.Queue()
        threading.Thread(target=self.read, daemon=True).start()
        self.expect("ready")

    def read(self):
        for line in self.process.stdout:
            (self.heard if line.strip() == "heard" else self.lines).put(line.strip())

    def expect(self, word):
        assert self.lines.get(timeout=LIMIT) == word

    def say(self, line):
        """It holds from now on."""
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()
        self.heard.get(timeout=LIMIT)

    def close(self):
        if self.process.poll() is None:
            self.process.stdin.close()
        self.process.wait(timeout=LIMIT)


def smpp_network(name, port, more=""):
    return (f'{{id: {name}, {more}smpp: {{address: "127.0.0.1:{port}", system_id: remora, password: smpp.password, '
            'window: 8}}')


def through(world, smsc, port=None, more=""):
    """Short messages, both ways, pass the SMSC (at another port, where something stands before it); of several, each those
    of the operator in its place: A, then B."""
    secret = world.file("smpp.password")
    with open(os.open(secret, os.O_WRONLY | os.O_CREAT, 0o600), "w", encoding="utf-8") as f:
        f.write("secret12\n")
    names = ["air"] if len(smsc.networks) == 1 else [f"air-{i}" for i in range(len(smsc.networks))]
    lines = [smpp_network(name, port or network[0], more) for name, network in zip(names, smsc.networks)]
    world.edit("smsr.yaml", r"networks: \[(\{[^}]*\})\]", r"networks: [\1, " + ", ".join(lines) + "]")
    for i in range(2):
        name, network = names[i % len(names)], smsc.networks[i % len(names)]
        world.edit("smsr.yaml", r'network: sim, source: "\d+"', f'network: {name}, source: "{network[1]}"')
        world.edit("smsr.yaml", "https, cattp]", "https]")   # an SMSC carries no datagrams
    world.edit("settings", r"smsr_coap=\d+", f"smsr_coap={smsc.coap}")
