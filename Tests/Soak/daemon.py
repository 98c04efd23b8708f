"""The real daemon in a folder of its own, and what the system says of it."""

import asyncio
import collections
import os
import re
import signal
import time

import keys
from connection import PATIENCE
from judge import Mismatch

RELOADED = re.compile(rb" reloaded: generation (\d+)")


class Daemon:
    def __init__(self, programs, home):
        self.signetd, self.signet = programs / "signetd", programs / "signet"
        self.home, self.configuration = home, home / "signetd.toml"
        self.socket = str(home / "signet.sock")
        self.process = self.reader = None
        # Lines of the log that tell of a signature.
        self.signatures, self._rest, self.listens = 0, b"", asyncio.Event()
        self.alarms, self.last = [], collections.deque(maxlen=30)
        # The generation that the last reload ended with, by the log.
        self.reloaded = None

    def prepare(self, policy, rng):
        """Directories, the configuration and the first keys, by ring."""
        for name, mode in [("", 0o755), ("profiles.d", 0o755), ("keys", 0o755), ("state", 0o700)]:
            (self.home / name).mkdir(exist_ok=True)
            os.chmod(self.home / name, mode)
        made = int(time.time()) - 1_000
        rings = {}
        for name, ring in policy.rings.items():
            directory = self.home / "keys" / name
            directory.mkdir(mode=0o700)
            rings[name] = [keys.make(name, ring.algorithm, directory, rng, iat=made + age) for age in (0, 1)]
            for key in rings[name]:
                key.write()
        self.configuration.write_text(policy.text())
        os.chmod(self.configuration, 0o644)
        return rings

    @property
    def pid(self):
        return self.process.pid

    async def start(self):
        self.process = await asyncio.create_subprocess_exec(
            self.signetd, "--config", self.configuration, stderr=asyncio.subprocess.PIPE)
        self.reader = asyncio.create_task(self.read_log())
        listening = asyncio.create_task(self.listens.wait())
        await asyncio.wait([listening, self.reader], timeout=PATIENCE, return_when=asyncio.FIRST_COMPLETED)
        if self.reader.done():
            self.reader.result()
        self.alarms.clear()

    async def read_log(self):
        while data := await self.process.stderr.read(1 << 18):
            *whole, self._rest = (self._rest + data).split(b"\n")
            for line in whole:
                if line.startswith(b"signetd: signed "):
                    self.signatures += 1
                    continue
                self.last.append(line.decode(errors="replace"))
                if b"listening on" in line:
                    self.listens.set()
                elif reload := RELOADED.search(line):
                    self.reloaded = int(reload[1])
                elif b"lost lines" in line or not self.listens.is_set():
                    self.alarms.append(self.last[-1])
        if not self.listens.is_set():
            raise Mismatch(None, "a daemon that listens", f"an end: {self.alarms}")

    def tell_if_ended(self):
        """The last words of a daemon that ended by itself."""
        if self.process and self.process.returncode:
            print(f"signetd ended with status {self.process.returncode}; its last lines:", *self.last, sep="\n  ")

    async def stop(self):
        """Ends it; returns its exit status when all of its log is read."""
        self.process.send_signal(signal.SIGTERM)
        status = await asyncio.wait_for(self.process.wait(), PATIENCE)
        await self.reader
        return status

    def size(self):
        """What it takes of the machine: kibibytes of its own memory, descriptors, threads."""
        try:
            with open(f"/proc/{self.pid}/status") as file:
                fields = dict(line.split(":", 1) for line in file if ":" in line)
            return {"RssAnon kB": int(fields["RssAnon"].split()[0]), "fds": len(os.listdir(f"/proc/{self.pid}/fd")),
                    "threads": int(fields["Threads"])}
        except (OSError, KeyError):
            raise Mismatch(None, "a running daemon", "none") from None
