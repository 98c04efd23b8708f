#!/usr/bin/env python3
"""Looks for keys, and for all that equals them, in the memory of a process or in its core file (rule MEM-1).

usage: scan_memory.py PID|CORE < KEYS

KEYS (never an argument): a JSON object {"keys": {name: key}, "tokens": {name: [token]}}. A key is a private JWK, or the
text of a PEM file. Of tokens that it signed with a nonce, the nonce is looked for too: with it, the token gives the key.
Prints one JSON object: for each key how many pieces of each form stand in locked pages that dumps leave out, and where
any stands outside of them, or in the core file at all. A piece is 16 bytes, so that what a register or half a buffer left
behind is found too.
"""
import json
import struct
import sys

sys.dont_write_bytecode = True
from secret_forms import forms, jwk_of_pem, nonce_forms, pem_lines  # noqa: E402

PIECE, STEP, WORD, PAGE = 16, 8, 8, 4096
ZEROS = bytes(PAGE)


def mappings(pid):
    """Address, end, permissions, name and flags of each."""
    current, found = None, []
    with open(f"/proc/{pid}/smaps") as smaps:
        for line in smaps:
            head = line.split(maxsplit=5)
            if "-" in head[0] and not head[0].endswith(":"):
                start, end = (int(part, 16) for part in head[0].split("-"))
                current = (start, end, head[1], head[5].strip() if len(head) > 5 else "anonymous")
            elif head[0] == "VmFlags:":
                found.append((*current, line.split()[1:]))
    return found


def runs(is_in, count):
    """Where of so many pages those that are in it begin and end, in bytes."""
    start = None
    for page in range(count):
        if is_in(page):
            start = page if start is None else start
        elif start is not None:
            yield start * PAGE, page * PAGE
            start = None
    if start is not None:
        yield start * PAGE, count * PAGE


def used_runs(contents):
    """Runs of pages that are not all zero, with their offsets."""
    is_used = lambda page: contents[page * PAGE : (page + 1) * PAGE] != ZEROS
    for start, end in runs(is_used, (len(contents) + PAGE - 1) // PAGE):
        yield start, contents[start:end]


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
                # Padding of short numbers tells nothing; digits have zeros between them.
                if len(piece) - piece.count(0) >= (6 if "digits" in form else 10):
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


def touched_runs(pagemap, start, end, is_code):
    """Runs of pages of a private mapping that may hold what the process wrote (Documentation/admin-guide/mm/pagemap.rst).

    Without a file, a page that is neither present nor in swap was never written. Of a program's or library's file,
    one that is the file's page was not either.
    """
    pagemap.seek(start // PAGE * 8)
    table = pagemap.read((end - start) // PAGE * 8)
    assert len(table) == (end - start) // PAGE * 8, "pagemap was read in part"
    if not table.strip(b"\0"):
        return
    entries = memoryview(table).cast("Q")
    IS_THERE, IS_OF_FILE = 3 << 62, 1 << 61
    is_written = lambda page: entries[page] & IS_THERE and not (is_code and entries[page] & IS_OF_FILE)
    yield from runs(is_written, len(entries))


def memory_of(pid):
    """What a process holds: address, name, whether dumps leave it out, contents.

    Code that is as its file has it is left out: it is most of a process, and the same in each.
    """
    every = mappings(pid)
    code = {name for _, _, permissions, name, _ in every if "x" in permissions and name.startswith("/")}
    with open(f"/proc/{pid}/mem", "rb", buffering=0) as memory, open(f"/proc/{pid}/pagemap", "rb", buffering=0) as pagemap:
        for start, end, permissions, name, flags in every:
            if "r" not in permissions or name in ("[vvar]", "[vvar_vclock]", "[vsyscall]"):
                continue
            parts = [(0, end - start)]
            if permissions.endswith("p") and (name in code or not name.startswith("/")):
                parts = touched_runs(pagemap, start, end, name in code)
            for first, last in parts:
                memory.seek(start + first)
                contents = memory.read(last - first)
                assert len(contents) == last - first, f"{name} was read in part"
                yield start + first, name, "lo" in flags and "dd" in flags, contents


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
