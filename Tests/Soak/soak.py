#!/usr/bin/env python3
"""Mixes everything that callers and operators do, from a seed, and judges every answer by a model of its own.

    soak.py DIRECTORY-OF-THE-PROGRAMS [--seconds N] [--seed N] [--spoil N]

docs/soak.md tells what it does. `--spoil N` makes an error of the N-th good answer on its way to the judge:
the run must fail.
"""

import argparse
import asyncio
import collections
import os
import pathlib
import random
import resource
import shutil
import sys
import tempfile
import time

import policy as policies
import selftest
from administration import Administration
from clients import Clients
from daemon import Daemon
from forge import Forge
from judge import Judge, Mismatch
from model import Epoch, Timeline

# What the daemon's own memory may grow by between a quarter of the run and its end: what a rotated key, a user and a
# full verify cache take, and the allocator's play.
GROWTH_KB = 6_144
LIMITS = ["max_connections_per_user", "max_request_bytes", "max_buffered", "max_in_flight", "request_timeout",
          "write_timeout", "idle_timeout", "rate", "refusals"]


class Soak:
    def __init__(self, arguments, home):
        self.arguments, self.seed = arguments, arguments.seed
        self.daemon = Daemon(pathlib.Path(arguments.programs).resolve(), home)
        self.stop = asyncio.Event()
        self.sizes = []
        # The driver's own longest standstill, of late and of the run: beyond a timeout, it is a client that fell silent.
        self.standstill = self.longest = 0.0

    def rng(self, name):
        return random.Random(f"{self.seed} {name}")

    async def run(self):
        policy = policies.first_policy()
        rings = self.daemon.prepare(policy, self.rng("keys"))
        self.timeline = Timeline(Epoch(policy, rings, {name: set() for name in rings}, 1))
        self.judge = Judge(self.timeline)
        self.forge = Forge(self.judge)
        await self.daemon.start()
        self.start_size = self.daemon.size()
        self.administration = Administration(self.daemon, self.judge, self.rng("operator"), self.stop)
        began = time.monotonic()
        faults = await selftest.run(self.daemon.socket, self.judge, self.forge)
        print(f"self-test: {faults} changed answers, each found, in {time.monotonic() - began:.1f} s", flush=True)
        if self.arguments.spoil:
            self.spoil(self.arguments.spoil)
        await self.work()
        await self.finish()

    def spoil(self, number):
        judge, left = self.judge.judge, number

        def spoiled(request, answer):
            nonlocal left
            left -= b'"ok":true' in answer
            judge(request, answer.replace(b'"ok":true', b'"ok":false', 1) if left == 0 else answer)
        self.judge.judge = spoiled

    async def work(self):
        """Everybody at once, until the time is over or somebody finds a mismatch."""
        clients = Clients(self.daemon.socket, self.judge, self.forge, self.stop)
        tasks = [self.administration.run(), self.watch(), self.feel_pulse()]
        for who in policies.CALLERS:
            tasks.append(clients.repeat(clients.mix, self.rng(f"mix {who.uid}"), 0.05, who))
        for number, (act, pause, who) in enumerate(clients.all()):
            tasks.append(clients.repeat(act, self.rng(f"act {number}"), pause, who))
        tasks = [asyncio.create_task(task) for task in tasks]
        done, rest = await asyncio.wait(tasks, return_when=asyncio.FIRST_EXCEPTION)
        # Nobody may be at work when the daemon goes; a wait that was just over swallows its cancellation.
        while rest:
            for task in rest:
                task.cancel()
            ended, rest = await asyncio.wait(rest, timeout=1)
            done |= {task for task in ended if not task.cancelled() and not task.exception()}
        try:
            for task in done:
                task.result()
        except Mismatch:
            await self.tell_limits()
            raise

    async def tell_limits(self):
        """Which limits the daemon says that it enforced, beside what the driver has met: a mismatch may be one of them."""
        print(f"the driver stood still for {self.longest:.2f} s at most, {self.standstill:.2f} s of late")
        if self.daemon.process.returncode is None:
            theirs = (await self.administration.status())["counters"]["limits"]
            mine = self.judge.counts.limits
            print("limits, the daemon's and the driver's:", {name: (theirs[name], mine[name]) for name in theirs})

    async def feel_pulse(self):
        """Notes how long the driver itself does nothing when it should."""
        while not self.stop.is_set():
            before = time.monotonic()
            await asyncio.sleep(0.1)
            self.standstill = max(self.standstill, time.monotonic() - before - 0.1)
            self.longest = max(self.longest, self.standstill)

    async def watch(self):
        """Tells how it goes every 10 seconds, and ends the run."""
        began, before, then = time.monotonic(), 0, 0
        while (passed := time.monotonic() - began) < self.arguments.seconds:
            await asyncio.sleep(min(10, self.arguments.seconds - passed))
            passed, total = time.monotonic() - began, self.requests
            self.sizes.append((passed, self.daemon.size()))
            print(f"{passed:5.0f} s  {total} requests, {(total - before) / (passed - then):.0f}/s; generation "
                  f"{self.timeline.current.generation}; {self.sizes[-1][1]}; driver stood still {self.standstill:.2f} s",
                  flush=True)
            before, then, self.standstill = total, passed, 0.0
        self.stop.set()

    @property
    def requests(self):
        return sum(count for (kind, _), count in self.judge.counts.outcomes.items()
                   if kind in ("sign", "verify", "explain", "ping", "jwks", "status", "reload", "?"))

    async def finish(self):
        await self.idle_size()
        status = await self.administration.status()
        self.compare(status["counters"])
        self.compare_size(await self.idle_size())
        code = await self.daemon.stop()
        if code != 0 or self.daemon.signatures != self.judge.counts.totals["signed"]:
            raise Mismatch(None, f"{self.judge.counts.totals['signed']} signatures in the log and status 0",
                           f"{self.daemon.signatures} and {code}")
        if self.daemon.alarms:
            raise Mismatch(None, "no error in the log", self.daemon.alarms[0])
        self.check_reach()

    def compare(self, counters):
        """Both sides must have counted the same."""
        counts, cache = self.judge.counts, counters["verify_cache"]
        mine = {"signed": counts.totals["signed"], "verified": counts.totals["verified"],
                "invalid": counts.totals["invalid"], "refused": {k: v for k, v in counts.refused.items() if v},
                "limits": {k: v for k, v in counts.limits.items() if v}, "looks": counts.totals["looks"]}
        theirs = {name: counters[name] for name in ("signed", "verified", "invalid")}
        theirs |= {name: {k: v for k, v in counters[name].items() if v} for name in ("refused", "limits")}
        theirs["looks"] = cache["hits"] + cache["misses"]
        self.print_summary(mine, cache)
        if mine != theirs:
            differ = [name for name in mine if mine[name] != theirs[name]]
            raise Mismatch(None, f"the driver's counts {[mine[n] for n in differ]}",
                           f"the daemon's {[theirs[n] for n in differ]} of {differ}")
        print("counts: equal on both sides")

    def print_summary(self, mine, cache):
        table = collections.defaultdict(list)
        for (kind, outcome), count in sorted(self.judge.counts.outcomes.items()):
            table[kind].append(f"{outcome} {count}")
        for kind, parts in table.items():
            print(f"{kind if kind != '?' else 'wrong lines'}: {', '.join(parts)}")
        print(f"counted: {mine}")
        print(f"verify cache: {cache}; distinct jti: {len(self.judge.identifiers)}; "
              f"valid once and refused later: {dict(self.judge.later)}")

    async def idle_size(self):
        """When the daemon has noticed that everybody is gone; or is still as large after a while."""
        for _ in range(300):
            size = self.daemon.size()
            if size["fds"] <= self.start_size["fds"]:
                break
            await asyncio.sleep(0.1)
        return size

    def compare_size(self, last):
        first = next(size for passed, size in self.sizes if passed >= self.arguments.seconds / 4)
        print(f"size after a quarter of the run: {first}; at the end, idle: {last}")
        if last["RssAnon kB"] > first["RssAnon kB"] + GROWTH_KB:
            raise Mismatch(None, f"at most {GROWTH_KB} kB of growth", f"{last['RssAnon kB'] - first['RssAnon kB']}")
        start = self.start_size
        if last["fds"] > start["fds"] or last["threads"] > start["threads"]:
            raise Mismatch(None, f"descriptors and threads as at the start, {start}", f"{last}")

    def check_reach(self):
        """A run of a minute and more must have met everything that it is for."""
        if self.arguments.seconds < 60:
            return
        missing = [name for name in LIMITS if not self.judge.counts.limits[name]]
        missing += [name for name in ("expired", "revoked") if not self.judge.later[name]]
        missing += [name for name in ("SIGHUP", "ok", "forced") if not self.judge.counts.outcomes["reload", name]]
        if missing:
            raise Mismatch(None, "everything met at least once", f"never: {missing}")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("programs")
    parser.add_argument("--seconds", type=int, default=120)
    parser.add_argument("--seed", type=int, default=None)
    parser.add_argument("--spoil", type=int, default=0)
    arguments = parser.parse_args()
    arguments.seed = random.SystemRandom().randrange(1 << 32) if arguments.seed is None else arguments.seed
    if os.geteuid() != 0:
        sys.exit("the soak needs root, to become other users")
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    print(f"soak: SEED={arguments.seed} SECONDS={arguments.seconds}", flush=True)
    home = pathlib.Path(tempfile.mkdtemp(prefix="signet-soak-"))
    soak = None

    async def whole():
        nonlocal soak
        soak = Soak(arguments, home)
        try:
            await soak.run()
        finally:
            soak.daemon.tell_if_ended()
            if soak.daemon.process and soak.daemon.process.returncode is None:
                soak.daemon.process.kill()
                await soak.daemon.process.wait()
    try:
        asyncio.run(whole())
    except Mismatch as mismatch:
        report(mismatch, arguments.seed)
        sys.exit(1)
    finally:
        shutil.rmtree(home, ignore_errors=True)
    print(f"soak: held; SEED={arguments.seed}")


def report(mismatch, seed):
    """Tokens and claims go to a file for its owner alone."""
    print(f"MISMATCH, SEED={seed}: {mismatch}", flush=True)
    request = mismatch.request
    descriptor, name = tempfile.mkstemp(prefix="signet-soak-mismatch-")
    with os.fdopen(descriptor, "wb") as file:
        if request:
            file.write(repr({k: v for k, v in vars(request).items() if k != "line"}).encode() + b"\n" + request.line)
        file.write(mismatch.answer + b"\n")
    print(f"the request and the answer: {name} (mode 0600; they may hold tokens)", flush=True)


if __name__ == "__main__":
    main()
