#!/usr/bin/env python3
"""Measures Signet beside its floors and its peers, in one run, and prints one table.

    bench.py DIRECTORY-OF-THE-PROGRAMS [--json FILE]

Two floors are servers in C that parse nothing: one answers a constant, one really signs. In each round every measure has its turn
beside what it is compared with; a ratio is the median of the rounds' ratios. "by CPU" is the same ratio of what each used of the
processors for an answer, which others on the machine disturb less. docs/performance.md says more.
"""

import argparse
import contextlib
import json
import re
import shutil
import socket
import subprocess
import sys
import time
from pathlib import Path

import workbench
from comparison import Comparison, cells, row
from workbench import BUILT, CORES, HERE, Load, Server, Signet, output, short, sign_line, verify_line

SIGNER, CONSTANT = "C server that only signs", "C server, constant answer"
MUNGE = "MUNGE, 8 threads"
SHAPES = [(4, 64, 0.7), (8, 1, 0.85), (64, 1, 0.85), (1, 16, 0.8)]
OFFERED = [10_000, 40_000]
FRESH_TOKENS = 20_000
IDLE_CONNECTIONS = 1_000
# In kB: what the heap may have left over by chance.
NO_GROWTH = 256
JWT_KIT = HERE / "jwt-kit-sign/.build/release/jwt-kit-sign"


def openssl_speed(algorithm, seconds):
    """Signatures a second of `openssl speed` on all cores."""
    text = output("openssl", "speed", "-mr", "-seconds", max(1, round(seconds)), "-multi", CORES, algorithm)
    # The sum of the processes: +F2:number:name:sign:verify, where the name of a curve has two parts.
    return float(re.search(r"^\+F\d:.*:([\d.]+):[\d.]+$", text, re.M)[1])


class Munge(Server):
    """munged in a folder of its own."""

    def __init__(self, folder):
        folder.mkdir(mode=0o755)
        key = folder / "key"
        key.touch(mode=0o600)
        key.write_bytes(Path("/dev/urandom").open("rb").read(1024))
        began = time.perf_counter()
        super().__init__(
            folder / "socket", shutil.which("munged") or "/usr/sbin/munged", "--foreground", "--force",
            f"--key-file={key}", f"--socket={folder}/socket", f"--pid-file={folder}/pid", f"--log-file={folder}/log",
            f"--seed-file={folder}/seed", f"--num-threads={CORES}")
        self.wait_until_it_listens()
        self.seconds_to_ready = time.perf_counter() - began


def build_jwt_kit():
    """jwt-kit, of a package that brings swift-crypto and swift-certificates with it."""
    done = subprocess.run(["swift", "build", "-c", "release", "--package-path", HERE / "jwt-kit-sign"],
                          capture_output=True, text=True)
    if done.returncode:
        print(f"jwt-kit is left out, it could not be built:\n{done.stdout[-600:]}", file=sys.stderr)
    return done.returncode == 0


class Bench:
    def __init__(self, options, folder, stack):
        self.options, self.folder, self.stack = options, folder, stack
        (folder / "signet").mkdir(mode=0o700)
        self.signet = stack.enter_context(Signet(
            options.programs, folder / "signet",
            rings={"default": "HS512", "rsa": "RS256", "ec": "ES256", "ed": "Ed25519"}))
        self.munge = stack.enter_context(Munge(folder / "munge"))
        self.sample = self.signet.ask([sign_line()])[0]
        self.signer, self.constant = workbench.floors(folder, self.sample, stack)
        self.sign = Load(folder, [sign_line()])
        self.cases = []

    def rate(self, server, load, connections, depth):
        return lambda: load.run(server, connections, depth, self.options.seconds)

    def in_process(self, *command):
        return lambda: float(output(*command, self.options.seconds))

    def add(self, *case):
        self.cases.append(Comparison(*case))

    def add_signing(self, with_jwt_kit):
        munge = self.in_process(BUILT / "munge_encode", self.munge.socket, 8)
        for connections, depth, aim in SHAPES:
            references = {
                SIGNER: (self.rate(self.signer, self.sign, connections, depth), ("≥", aim)),
                CONSTANT: (self.rate(self.constant, self.sign, connections, depth), None),
            }
            if (connections, depth) == (4, 64):
                references["libjwt, in process"] = (self.in_process(BUILT / "libjwt_sign"), ("≥", 3))
                references["PyJWT, in process"] = (self.in_process(HERE / "peers/pyjwt_sign.py"), ("≥", 3))
                if with_jwt_kit:
                    references["jwt-kit, in process"] = (self.in_process(JWT_KIT), ("≥", 3))
                references[MUNGE] = (munge, ("≥", 10))
            if (connections, depth) == (8, 1):
                references[MUNGE] = (munge, None)
            self.add(f"HS512 sign, {connections} × {depth}", "/s",
                     self.rate(self.signet, self.sign, connections, depth), references)

    def add_verifying(self):
        load = Load(self.folder, [verify_line(self.sample["token"])])
        for connections, depth in ((4, 64), (8, 1)):
            self.add(f"HS512 verify, {connections} × {depth}", "/s", self.rate(self.signet, load, connections, depth),
                     {SIGNER: (self.rate(self.signer, load, connections, depth), None)})

    def add_key_pairs(self):
        # RSA keys are made with 3072 bits.
        for name, profile, speed in (
                ("RS256", "rsa", "rsa3072"), ("ES256", "ec", "ecdsap256"), ("Ed25519", "ed", "ed25519")):
            load = Load(self.folder, [sign_line(profile)])
            self.add(f"{name} sign, 4 × 16", "/s", self.rate(self.signet, load, 4, 16), {
                f"openssl speed, {CORES} processes": (
                    lambda speed=speed: openssl_speed(speed, self.options.seconds), ("≥", 0.9))})

    def add_verify_cache(self):
        times = {}

        def first():
            # New tokens each time, so none was seen before.
            tokens = [answer["token"] for answer in self.signet.ask([sign_line("ec")] * FRESH_TOKENS)]
            load = Load(self.folder, [verify_line(token, "ec") for token in tokens])
            times["first"], times["again"] = (1e6 / load.run(self.signet, 4, 16, 0)["per_second"] for _ in range(2))
            Path(load.path).unlink()
            return times["first"]

        case = Comparison("ES256 verify, seen before, 4 × 16", "µs", lambda: times["again"], {"its first verify": (first, ("≤", 0.1))})
        # Measured in one go: the first time comes first.
        case.run = lambda _: [case.values[name].append(case.measures[name]()) for name in ("its first verify", "Signet")]
        self.cases.append(case)

    def add_latencies(self):
        for offered in OFFERED:
            found = {}

            def run(name, server, offered=offered, found=found):
                found[name] = self.sign.run(server, 8, 64, self.options.seconds, offered)

            for key, label in (("p50", "p50"), ("p99", "p99"), ("p99_9", "p99.9")):
                case = Comparison(
                    f"HS512 sign at {short(offered, '/s')}, 8 connections, {label}", "µs",
                    lambda key=key, found=found: found["Signet"][key] / 1000,
                    {SIGNER: (lambda key=key, found=found: found["floor"][key] / 1000, None)})
                if key == "p50":
                    plain = case.run

                    def with_load(is_odd, plain=plain, run=run):
                        for name, server in [("Signet", self.signet), ("floor", self.signer)][::-1 if is_odd else 1]:
                            run(name, server)
                        plain(is_odd)

                    case.run = with_load
                self.cases.append(case)

    def memory(self):
        """Rows for a daemon of its own with one key."""
        home = self.folder / "memory"
        home.mkdir(mode=0o700)
        with Signet(self.options.programs, home, rings={"default": "HS512"}) as daemon:
            time.sleep(1)
            idle = daemon.resident_kilobytes()
            with Munge(self.folder / "idle-munge") as peer:
                time.sleep(1)
                yield row("resident memory, idle", "MB", idle / 1000, "MUNGE", peer.resident_kilobytes() / 1000,
                          idle / peer.resident_kilobytes())
            yield row("resident memory, idle", "MB", idle / 1000, aim=("≤", 16), judged=idle / 1000)
            connections = []
            for _ in range(IDLE_CONNECTIONS):
                connections.append(socket.socket(socket.AF_UNIX))
                connections[-1].connect(str(daemon.socket))
            daemon.ask([sign_line()])
            each = (daemon.resident_kilobytes() - idle) / IDLE_CONNECTIONS
            yield row("resident memory, each idle connection", "kB", each, aim=("≤", 12), judged=each)
            for connection in connections:
                connection.close()
        with Signet(self.options.programs, home, rings={"default": "HS512"}) as daemon:
            answered = self.sign.run(daemon, 4, 64, 2)["answers"]
            early = daemon.resident_kilobytes()
            while answered < self.options.million * 1e6:
                answered += self.sign.run(daemon, 4, 64, 5)["answers"]
            busy = daemon.resident_kilobytes()
            what = f"resident memory, after {answered / 1e6:.1f} M requests"
            yield row(what, "MB", busy / 1000, aim=("≤", 24), judged=busy / 1000)
            yield row(f"{what}, beyond the first 2 s", "kB", busy - early, aim=("≤", NO_GROWTH), judged=busy - early)

    def start(self):
        """Rows for how long a start takes with 25 keys of each of 4 kinds."""
        home = self.folder / "start"
        home.mkdir(mode=0o700)
        rings = {"hmac": "HS512", "rsa": "RS256", "ec": "ES256", "ed": "Ed25519"}
        for ring, algorithm in rings.items():
            (home / ring).mkdir(mode=0o700)
            for number in range(25):
                output(self.options.programs / "signet", "key", "new", "--algorithm", algorithm, "--kid",
                       f"{ring}-{number}", home / ring)
        times, others = [], []
        with Signet(self.options.programs, home, rings=rings) as daemon:
            for round_number in range(self.options.rounds):
                times.append(daemon.restart() * 1000)
                with Munge(self.folder / f"munge-{round_number}") as peer:
                    others.append(peer.seconds_to_ready * 1000)
        mine, other = workbench.median(times), workbench.median(others)
        yield row("start to READY, 100 keys of 4 kinds", "ms", mine, aim=("≤", 30), judged=mine)
        yield row("start to READY, 100 keys of 4 kinds", "ms", mine, "MUNGE, 1 key", other, mine / other)

    def run(self):
        for number in range(self.options.rounds):
            for case in self.cases:
                case.run(number % 2 == 1)
            print(f"round {number + 1} of {self.options.rounds}", file=sys.stderr)
        rows = [row for case in self.cases for row in case.rows()]
        return rows + list(self.memory()) + list(self.start())


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("programs", type=Path, help="where signetd and signet are")
    parser.add_argument("--json", type=Path, help="a file for the figures")
    parser.add_argument("--rounds", type=int, default=5, help="how often each measure has its turn (5)")
    parser.add_argument("--seconds", type=float, default=2, help="of each measure in each round (2)")
    parser.add_argument("--million", type=float, default=10, help="requests after which memory is looked at, in millions (10)")
    parser.add_argument("--without-jwt-kit", action="store_true", help="its first build takes minutes")
    options = parser.parse_args()
    options.programs = options.programs.resolve()
    with_jwt_kit = not options.without_jwt_kit and build_jwt_kit()
    workbench.compile_programs(*workbench.PROGRAMS)
    surroundings = workbench.Surroundings()
    with workbench.scratch() as folder, contextlib.ExitStack() as stack:
        bench = Bench(options, folder, stack)
        bench.add_signing(with_jwt_kit)
        bench.add_verifying()
        bench.add_key_pairs()
        bench.add_verify_cache()
        bench.add_latencies()
        rows = bench.run()
    found = surroundings.figures()
    print(workbench.describe(found))
    workbench.table(cells(rows))
    if options.json:
        options.json.write_text(json.dumps(
            {"machine": found, "rounds": options.rounds, "seconds": options.seconds, "results": rows},
            indent=1, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main()
