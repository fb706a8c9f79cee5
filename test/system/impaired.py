# SPDX-License-Identifier: Apache-2.0
"""tools/impair as a process of a test."""
import json
import os
import subprocess

from remora import LIMIT, SOURCE


class Impair:
    def __init__(self, *arguments):
        self.process = subprocess.Popen([os.path.join(SOURCE, "tools/impair"), *map(str, arguments)],
                                        stdout=subprocess.PIPE, text=True)

    def ready(self):
        """The (host, port) where the next way begins."""
        line = self.process.stdout.readline().split()
        assert line[:1] == ["ready"], line
        host, port = line[2].rsplit(":", 1)
        return host, int(port)

    def end(self):
        self.process.terminate()
        said, _ = self.process.communicate(timeout=LIMIT)
        assert self.process.returncode == 0
        return json.loads(said.splitlines()[-1])

    def kill(self):
        if self.process.poll() is None:
            self.process.kill()
            self.process.communicate()
