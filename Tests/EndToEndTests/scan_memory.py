#!/usr/bin/env python3
"""Looks for keys, and for all that equals them, in the memory of a process or in its core file (rule MEM-1).

usage: scan_memory.py PID|CORE < KEYS

KEYS (never an argument): a JSON object {"keys": {name: key}, "tokens": {name: [token]}}. A key is a private JWK, or the
text of a PEM file. Of tokens that it signed with a nonce, the nonce is looked for too: with it, the token gives the key.
Prints one JSON object: for each key how many pieces of each form stand in locked pages that dumps leave out, and where
any stands outside of them, or in the core file at all. A piece is 16 bytes, so that what a register or half a buffer left behind is found too.
"""
import json
import struct
import sys

sys.dont_write_bytecode = True
from secret_forms import forms, jwk_of_pem, nonce_forms, pem_lines  # noqa: E402

PIECE, STEP, WORD, PAGE = 16, 8, 8, 4096


def mappings(pid):
    current = None
    with open(f"/proc/{pid}/smaps") as smaps:
        for line in smaps:
            head = line.split()
            if "-" in head[0] and not head[0].endswith(":"):
                start, end = (int(part, 16) for part in head[0].split("-"))
                current = (start, end, head[1], head[5] if len(head) > 5 else "anonymous")
            elif head[0] == "VmFlags:":
                yield (*current, head[1:])


def used_runs(contents):
    """Runs of pages that are not all zero, with their offsets: most of a stack was never touched."""
    start = None
    for offset in range(0, len(contents), PAGE):
        if any(contents[offset : offset + PAGE]):
            start = offset if start is None else start
        elif start is not None:
            yield start, contents[start:offset]
            start = None
    if start is not None:
        yield start, contents[start:]


class Pieces:
    def __init__(self, keys, tokens):
        self.by_word = {}
        for name, value in keys.items():
            jwk = value
            if isinstance(value, str):
                jwk = jwk_of_pem(value)
                self.add(name, {"text of the file": pem_lines(value)})
            self.add(name, forms(jwk))
            for token in tokens.get(name, []):
                self.add(name, nonce_forms(jwk, token))
        self.words = set(self.by_word)

    def add(self, name, found):
        for form, octets in found.items():
            for i in range(0, len(octets) - PIECE + 1, STEP):
                piece = octets[i : i + PIECE]
                # Padding of short numbers tells nothing.
                if len(piece) - piece.count(0) >= 10:
                    word = int.from_bytes(piece[:WORD], sys.byteorder)
                    self.by_word.setdefault(word, []).append((name, form, piece))

    def found_in(self, run):
        """Pieces in a run at any alignment: their first words are looked up first, which costs the same for any number
        of pieces."""
        for shift in range(WORD):
            usable = (len(run) - shift) // WORD * WORD
            words = memoryview(run)[shift : shift + usable].cast("Q")
            for word in self.words.intersection(words):
                for key, form, piece in self.by_word[word]:
                    place = run.find(piece)
                    if place >= 0 and place % WORD == shift:
                        yield key, form, place


def memory_of(pid):
    """What can be read of a process: address, name, whether dumps leave it out, contents."""
    with open(f"/proc/{pid}/mem", "rb", buffering=0) as memory:
        for start, end, permissions, name, flags in mappings(pid):
            if "r" not in permissions or name in ("[vvar]", "[vvar_vclock]", "[vsyscall]"):
                continue
            memory.seek(start)
            contents = memory.read(end - start)
            assert len(contents) == end - start, f"{name} was read in part"
            yield start, name, "lo" in flags and "dd" in flags, contents


def memory_of_core(path):
    """The same of a core file, elf(5) with 64 bits: its loadable segments."""
    with open(path, "rb") as core:
        head = core.read(64)
        assert head[:5] == b"\x7fELF\x02", f"{path} is no core file of 64 bits"
        (table,), (size, count) = struct.unpack_from("<Q", head, 32), struct.unpack_from("<HH", head, 54)
        core.seek(table)
        entries = core.read(size * count)
        for i in range(count):
            kind, _, offset, start, _, length = struct.unpack_from("<IIQQQQ", entries, i * size)
            if kind == 1 and length:
                core.seek(offset)
                contents = core.read(length)
                assert len(contents) == length, f"{path} ends early"
                yield start, "core", False, contents


def main():
    place = sys.argv[1]
    request = json.load(sys.stdin)
    keys = request["keys"]
    pieces = Pieces(keys, request.get("tokens", {}))
    inside, outside, scanned = {key: {} for key in keys}, [], 0
    for start, name, is_safe, contents in (memory_of if place.isdigit() else memory_of_core)(place):
        scanned += len(contents)
        for offset, run in used_runs(contents):
            for key, form, at in pieces.found_in(run):
                if is_safe:
                    inside[key][form] = inside[key].get(form, 0) + 1
                else:
                    outside.append({"key": key, "form": form, "mapping": name, "at": hex(start + offset + at)})
    print(json.dumps({"inside": inside, "outside": outside, "scanned": scanned}))


if __name__ == "__main__":
    main()
