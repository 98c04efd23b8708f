#!/usr/bin/env python3
"""Counts how often the real daemon asks the heap for memory while it answers 100,000 requests of a kind over its socket.

    allocations.py DIRECTORY-OF-THE-PROGRAMS

A preloaded library counts every malloc of the whole process, libcrypto's and NIO's among them. What is asked for a connection
or a turn of a loop is in it too, so that a request may have a small part of one. Fails where an HMAC request has more.
"""

import argparse
import struct
import sys
from pathlib import Path

import workbench
from workbench import BUILT, Load, Signet, sign_line, verify_line

REQUESTS = 100_000
# Once in so many requests something may be asked: a connection's beginning and end, a turn with much to do.
MOST = 0.01


def main():
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("programs", type=Path)
    options = arguments.parse_args()
    workbench.compile_programs("line_load", "count_allocations.so")
    failed = False
    with workbench.scratch() as folder:
        counted = folder / "count"
        counted.write_bytes(bytes(8))
        with Signet(options.programs.resolve(), folder, rings={"default": "HS512"}, environment={
                "LD_PRELOAD": str(BUILT / "count_allocations.so"), "ALLOCATION_COUNT": str(counted)}) as daemon:
            token = daemon.ask([sign_line()])[0]["token"]
            rows = [["requests over 4 connections", "answers", "allocations", "each"]]
            for name, line in (("HS512 sign", sign_line()), ("HS512 verify", verify_line(token))):
                load = Load(folder, [line] * REQUESTS)
                load.run(daemon, 4, 64, 0)
                before = struct.unpack("=Q", counted.read_bytes())[0]
                answers = load.run(daemon, 4, 64, 0)["answers"]
                allocations = struct.unpack("=Q", counted.read_bytes())[0] - before
                rows.append([name, f"{answers}", f"{allocations}", f"{allocations / answers:.5f}"])
                failed |= answers != REQUESTS or allocations > MOST * answers
            if before == 0:
                sys.exit("nothing was counted: the library was not loaded")
    workbench.table(rows)
    if failed:
        sys.exit(f"more than {MOST} a request")


if __name__ == "__main__":
    main()
