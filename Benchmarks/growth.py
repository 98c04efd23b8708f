#!/usr/bin/env python3
"""Measures how cost grows with connections, profiles, keys and claims, and says where it grows worse than it should.

    growth.py DIRECTORY-OF-THE-PROGRAMS [--json FILE]

The cost of a request is what the daemon uses of the processors for it, which others on the machine disturb less than the
rate. Every value is the median of some rounds, in which all sizes have their turn.
"""

import argparse
import base64
import contextlib
import hashlib
import hmac
import json
import math
import sys
import time
from pathlib import Path

import workbench
from workbench import Load, Signet, sign_line, verify_line

CONNECTIONS = [1, 4, 16, 64, 256, 1024]
PROFILES = KEYS = [1, 10, 100, 1000]
CLAIMS = [100, 1024, 4096, 16384, 32768]
# Where a size costs a request something, though it should not, this much is the machine's noise.
CONSTANT = 1.25
# How much steeper than linear a step may look.
LINEAR = 1.15
NO_FINDING = "nothing grows worse than it should"


class Table:
    """Columns of costs over one size."""

    def __init__(self, size, columns):
        """`columns`: name to ("constant" | "linear" | None)."""
        self.size, self.columns = size, columns
        self.values = {}

    def note(self, size, **costs):
        for name, cost in costs.items():
            self.values.setdefault(size, {}).setdefault(name, []).append(cost)

    def value(self, size, name):
        return workbench.median(self.values[size][name])

    def findings(self):
        sizes = sorted(self.values)
        for name, growth in self.columns.items():
            first, last = self.value(sizes[0], name), self.value(sizes[-1], name)
            if growth == "constant" and last > first * CONSTANT:
                yield f"{title(name)}: {last / first:.2f} times as much at {sizes[-1]} as at {sizes[0]}; should not grow"
            for small, large in zip(sizes, sizes[1:]):
                exponent = math.log(self.value(large, name) / self.value(small, name)) / math.log(large / small)
                if growth == "linear" and exponent > LINEAR:
                    yield f"{title(name)}: from {small} to {large} as the size to the power of {exponent:.2f}; worse than linear"

    def show(self):
        figures = self.figures()
        workbench.table(cells(figures), words=0)
        print("\n".join(f"  ! {finding}" for finding in figures["findings"]) or f"  {NO_FINDING}", end="\n\n")

    def figures(self):
        return {"size": self.size, "findings": list(self.findings()),
                "rows": [{"size": size, **{name: round(self.value(size, name), 3) for name in self.columns}}
                         for size in sorted(self.values)]}


def cells(figures):
    """A table, as rows of text."""
    names = [name for name in figures["rows"][0] if name != "size"]
    return [[figures["size"], *(title(name) for name in names)]] + [
        [f"{row['size']:,}", *(workbench.short(row[name]) for name in names)] for row in figures["rows"]]


def title(name):
    """A column's name for a person."""
    return name.replace("_us", "_µs").replace("_", " ")


def microseconds(found):
    return found["processor"] * 1e6


def base64url(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def token_by(key_file):
    """A token that this key of a ring has signed, whichever signs now."""
    key = json.loads(key_file.read_text())
    now = int(time.time())
    claims = {"iss": "https://auth.example.com", "aud": "https://api.example.com", "iat": now, "nbf": now,
              "exp": now + 86_400, "jti": "0" * 22, "sub": "user-1001"}
    header = {"alg": "HS512", "typ": "JWT", "kid": key["kid"]}
    signed = ".".join(base64url(json.dumps(part, separators=(",", ":")).encode()) for part in (header, claims))
    secret = base64.urlsafe_b64decode(key["k"] + "=" * (-len(key["k"]) % 4))
    return signed + "." + base64url(hmac.digest(secret, signed.encode(), hashlib.sha512))


def one_long_claim(size):
    return json.dumps({"sub": "u" * (size - len('{"sub":""}'))}, separators=(",", ":"))


def many_claims(size):
    members, length = [], 2
    while length < size:
        members.append(f'"claim-{len(members):05}":{len(members):05}'.replace(":0", ":1"))
        length += len(members[-1]) + 1
    return "{" + ",".join(members) + "}"


class Growth:
    def __init__(self, options, folder):
        self.options, self.folder = options, folder
        self.rounds, self.seconds = range(options.rounds), options.seconds

    def home(self, name):
        home = self.folder / name
        home.mkdir(mode=0o700)
        return home

    def connections(self):
        # What the kernel needs for more sockets, the C server needs as well.
        table = Table("connections, 1 in flight", {
            "requests_per_s": None, "p50_us": None, "cpu_us_each": None, "C_server_cpu_us": None,
            "cpu_by_C_server": "constant"})
        load = Load(self.folder, [sign_line()])
        with contextlib.ExitStack() as stack:
            daemon = stack.enter_context(
                Signet(self.options.programs, self.home("connections"), rings={"default": "HS512"}))
            floor = workbench.floors(self.folder, daemon.ask([sign_line()])[0], stack)[0]
            load.run(daemon, 4, 16, self.seconds)
            for _ in self.rounds:
                for count in CONNECTIONS:
                    found, other = (load.run(server, count, 1, self.seconds) for server in (daemon, floor))
                    table.note(count, requests_per_s=found["per_second"], p50_us=found["p50"] / 1000,
                               cpu_us_each=microseconds(found), C_server_cpu_us=microseconds(other),
                               cpu_by_C_server=found["processor"] / other["processor"])
        return table

    def profiles(self):
        table = Table("profiles", {
            "cpu_us_a_sign": "constant", "start_ms": "linear", "memory_MB": "linear"})
        daemons = {}
        for count in PROFILES:
            profiles = {f"p{number:04}": "ring" for number in range(count)}
            daemons[count] = Signet(
                self.options.programs, self.home(f"profiles-{count}"), rings={"ring": "HS512"}, profiles=profiles)
        # Of one profile each: so that what grows is the look-up, not what each profile keeps to sign by.
        loads = {count: Load(self.folder, [sign_line(f"p{count - 1:04}")]) for count in PROFILES}
        return self.take_turns(table, daemons, loads=lambda count: {"cpu_us_a_sign": loads[count]})

    def keys(self):
        table = Table("keys in a ring", {
            "cpu_us_a_sign": "constant", "cpu_us_a_verify": "constant", "start_ms": "linear", "memory_MB": "linear"})
        daemons, signing, verifying = {}, Load(self.folder, [sign_line("ring")]), {}
        for count in KEYS:
            home = self.home(f"keys-{count}")
            kids = workbench.write_octet_keys(home / "ring", count)
            daemons[count] = Signet(
                self.options.programs, home, rings={"ring": "HS512"}, server='locked_memory = "64M"')
            verifying[count] = Load(self.folder, [verify_line(token_by(home / "ring" / f"{kids[0]}.jwk"), "ring")])
        return self.take_turns(table, daemons, loads=lambda count: {
            "cpu_us_a_sign": signing, "cpu_us_a_verify": verifying[count]})

    def take_turns(self, table, daemons, loads):
        try:
            for _ in self.rounds:
                for count, daemon in daemons.items():
                    table.note(count, start_ms=daemon.restart() * 1000)
                    for name, load in loads(count).items():
                        table.note(count, **{name: microseconds(load.run(daemon, 4, 16, self.seconds))})
                    table.note(count, memory_MB=daemon.resident_kilobytes() / 1000)
        finally:
            for daemon in daemons.values():
                daemon.stop()
        return table

    def claims(self, form, claims_of):
        table = Table(f"bytes of claims, {form}", {"cpu_us_a_sign": "linear", "cpu_us_a_verify": "linear"})
        home = self.home(form.replace(" ", "-"))
        with Signet(self.options.programs, home, rings={"default": "HS512"}) as daemon:
            loads = {}
            for size in CLAIMS:
                line = sign_line(claims=claims_of(size))
                token = daemon.ask([line])[0]["token"]
                loads[size] = (Load(self.folder, [line]), Load(self.folder, [verify_line(token)]))
            for _ in self.rounds:
                for size, (signing, verifying) in loads.items():
                    table.note(size, cpu_us_a_sign=microseconds(signing.run(daemon, 4, 4, self.seconds)),
                               cpu_us_a_verify=microseconds(verifying.run(daemon, 4, 4, self.seconds)))
        return table

    def run(self):
        yield self.connections()
        yield self.profiles()
        yield self.keys()
        yield self.claims("one long", one_long_claim)
        yield self.claims("many short", many_claims)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("programs", type=Path, help="where signetd and signet are")
    parser.add_argument("--json", type=Path, help="a file for the figures")
    parser.add_argument("--rounds", type=int, default=5, help="how often each size has its turn (5)")
    parser.add_argument("--seconds", type=float, default=1, help="of each measure in each round (1)")
    options = parser.parse_args()
    options.programs = options.programs.resolve()
    workbench.compile_programs("line_load", "signing_server", "constant_server")
    found = workbench.machine()
    print(workbench.describe(found), end="\n\n")
    tables = []
    with workbench.scratch() as folder:
        for table in Growth(options, folder).run():
            table.show()
            sys.stdout.flush()
            tables.append(table.figures())
    if options.json:
        options.json.write_text(json.dumps({"machine": found, "rounds": options.rounds, "seconds": options.seconds,
                                            "tables": tables}, indent=1, ensure_ascii=False) + "\n")
    workbench.warn_of_load(found)


if __name__ == "__main__":
    main()
