#!/usr/bin/env python3
"""Counts the instructions that a request takes in our own code, and compares them with Benchmarks/instructions.json.

    instruction_gate.py PROGRAM             fails where a case takes more than 3 % more, or asks the heap more often
    instruction_gate.py PROGRAM --update    writes the file anew

PROGRAM is InstructionCount. It runs under `valgrind --tool=callgrind`, which counts instead of timing: the figures are the
same on a busy machine. libcrypto and libc choose their code by the processor, so what runs inside them is left out; how
often our code asks libc for memory is counted. The figures belong to one version of the compiler.
"""

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

FIGURES = Path(__file__).with_name("instructions.json")
TOLERANCE = 0.03
ALLOCATIONS_TOLERANCE = 0.01
LEFT_OUT = re.compile(r"/(libc|libcrypto|libm|ld-linux[^/]*)\.so[^/]*$|^\?\?\?$")
ALLOCATORS = {"malloc", "calloc", "realloc", "posix_memalign", "aligned_alloc"}


def windows(program):
    """The profiles of a run by the names of their cases, and how many requests each is of."""
    with tempfile.TemporaryDirectory(prefix="signet-gate-") as folder:
        # valgrind of Debian 12 cannot read the compiler's debug information.
        stripped = Path(folder) / "InstructionCount"
        subprocess.run(["strip", "--strip-debug", "-o", stripped, program], check=True)
        run = subprocess.run(
            ["valgrind", "--quiet", "--tool=callgrind", "--compress-strings=no", "--compress-pos=no",
             f"--callgrind-out-file={folder}/profile", stripped],
            env={**os.environ, "SWIFT_DETERMINISTIC_HASHING": "1"}, capture_output=True, text=True)
        if run.returncode:
            sys.exit(f"InstructionCount failed:\n{run.stdout}{run.stderr}")
        profiles = {}
        for path in Path(folder).glob("profile.*"):
            text = path.read_text()
            if name := re.search(r"^desc: Trigger: Client Request: (.+)$", text, re.M):
                profiles[name[1]] = (int(path.suffix[1:]), text)
    return {name: text for name, (_, text) in sorted(profiles.items(), key=lambda item: item[1][0])}, int(run.stdout)


def count(profile):
    """Instructions in objects of our own, and calls from them that ask the heap."""
    instructions = allocations = 0
    is_ours, callee, is_call = False, "", False
    for line in profile.splitlines():
        if line.startswith("ob="):
            is_ours = not LEFT_OUT.search(line[3:])
        elif line.startswith("cfn="):
            callee = line[4:]
        elif line.startswith("calls="):
            is_call = True
            if is_ours and callee in ALLOCATORS:
                allocations += int(line[6:].split()[0])
        elif line[:1].isdigit():
            # The line after `calls=` is what the callee took, which is counted where it is.
            if is_ours and not is_call:
                instructions += int(line.split()[1])
            is_call = False
    return instructions, allocations


def measure(program):
    profiles, requests = windows(program)
    figures = {}
    for name, profile in profiles.items():
        instructions, allocations = count(profile)
        figures[name] = {"instructions": round(instructions / requests), "allocations": round(allocations / requests, 2)}
    return figures


def compiler():
    line = subprocess.run(["swift", "--version"], capture_output=True, text=True, check=True).stdout
    return re.search(r"Swift version (\S+)", line)[1]


def table(rows):
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    for row in rows:
        cells = [cell.ljust(width) if column == 0 or column == 5 else cell.rjust(width)
                 for column, (cell, width) in enumerate(zip(row, widths))]
        print("  ".join(cells).rstrip())


def main():
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("program")
    arguments.add_argument("--update", action="store_true")
    options = arguments.parse_args()
    found = measure(options.program)
    version = compiler()
    if options.update:
        FIGURES.write_text(json.dumps({"swift": version, "per_request": found}, indent=2) + "\n")
    recorded = json.loads(FIGURES.read_text())
    expected = recorded["per_request"]
    rows = [["per request", "instructions", "recorded", "change", "allocations", ""]]
    failures = improvements = 0
    for name in list(dict.fromkeys([*expected, *found])):
        if name not in expected or name not in found:
            rows.append([name, "-", "-", "-", "-", "not recorded" if name in found else "not measured"])
            failures += 1
            continue
        now, before = found[name], expected[name]
        change = now["instructions"] / before["instructions"] - 1
        notes = []
        if change > TOLERANCE:
            notes.append("more instructions")
        if now["allocations"] > before["allocations"] + ALLOCATIONS_TOLERANCE:
            notes.append(f"more allocations than {before['allocations']:g}")
        failures += bool(notes)
        if not notes and (change < -TOLERANCE or now["allocations"] < before["allocations"] - ALLOCATIONS_TOLERANCE):
            improvements += 1
            notes.append("better")
        rows.append([name, f"{now['instructions']}", f"{before['instructions']}", f"{change:+.1%}",
                     f"{now['allocations']:g}", ", ".join(notes)])
    table(rows)
    if recorded["swift"] != version:
        print(f"recorded with Swift {recorded['swift']}, measured with {version}: another compiler has other figures")
    if failures:
        print("If that is what the change is worth: make bench-gate UPDATE=1")
        sys.exit(1)
    if improvements:
        print("Record what is better, so that it stays: make bench-gate UPDATE=1")


if __name__ == "__main__":
    main()
