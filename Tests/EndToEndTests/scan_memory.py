#!/usr/bin/env python3
"""Looks for an HMAC-SHA512 key, and for all that equals it, in the memory of a process (rule MEM-1).

usage: scan_memory.py PID < KEY      (KEY: the raw bytes; never an argument)

Prints one JSON object: how many pieces of each form stand in locked pages that dumps leave out, and where any stands
outside of them. A piece is 16 bytes, so that what a register or half a buffer left behind is found too.
"""
import base64
import json
import sys

BLOCK = 128  # of SHA-512, in bytes
PIECE, STEP = 16, 8
MASK = (1 << 64) - 1


def root(number, degree):
    low, high = 0, 1 << (number.bit_length() // degree + 1)
    while low < high:
        middle = (low + high + 1) // 2
        if middle**degree <= number:
            low = middle
        else:
            high = middle - 1
    return low


def primes(count):
    found = []
    candidate = 2
    while len(found) < count:
        if all(candidate % prime for prime in found):
            found.append(candidate)
        candidate += 1
    return found


# FIPS 180-4: fractional parts of the square and cube roots of the first primes.
INITIAL = [root(p << 128, 2) & MASK for p in primes(8)]
ROUND = [root(p << 192, 3) & MASK for p in primes(80)]


def rotate(word, by):
    return (word >> by | word << (64 - by)) & MASK


def state_after(block):
    """SHA-512's state after one block: what a keyed HMAC context holds instead of the key."""
    words = [int.from_bytes(block[i : i + 8], "big") for i in range(0, BLOCK, 8)]
    for i in range(16, 80):
        s0 = rotate(words[i - 15], 1) ^ rotate(words[i - 15], 8) ^ words[i - 15] >> 7
        s1 = rotate(words[i - 2], 19) ^ rotate(words[i - 2], 61) ^ words[i - 2] >> 6
        words.append((words[i - 16] + s0 + words[i - 7] + s1) & MASK)
    a, b, c, d, e, f, g, h = INITIAL
    for i in range(80):
        s1 = rotate(e, 14) ^ rotate(e, 18) ^ rotate(e, 41)
        t1 = (h + s1 + (e & f ^ ~e & MASK & g) + ROUND[i] + words[i]) & MASK
        s0 = rotate(a, 28) ^ rotate(a, 34) ^ rotate(a, 39)
        t2 = (s0 + (a & b ^ a & c ^ b & c)) & MASK
        a, b, c, d, e, f, g, h = (t1 + t2) & MASK, a, b, c, (d + t1) & MASK, e, f, g
    return b"".join(((x + y) & MASK).to_bytes(8, "big") for x, y in zip(INITIAL, (a, b, c, d, e, f, g, h)))


def forms(key):
    padded = key.ljust(BLOCK, b"\0")
    inner = bytes(byte ^ 0x36 for byte in padded)
    outer = bytes(byte ^ 0x5C for byte in padded)
    plain = {
        "key": key,
        "inner pad": inner[: len(key)],
        "outer pad": outer[: len(key)],
        "inner state": state_after(inner),
        "outer state": state_after(outer),
    }
    found = {name: value for name, value in plain.items()}
    for name, value in plain.items():  # little-endian words, as a processor keeps them
        found[name + ", words swapped"] = b"".join(value[i : i + 8][::-1] for i in range(0, len(value), 8))
    found["key, reversed"] = key[::-1]
    found["base64url text"] = base64.urlsafe_b64encode(key).rstrip(b"=")
    return found


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


def main():
    pid = int(sys.argv[1])
    key = sys.stdin.buffer.read()
    pieces = [
        (name, value[i : i + PIECE])
        for name, value in forms(key).items()
        for i in range(0, len(value) - PIECE + 1, STEP)
    ]
    inside, outside, scanned = {}, [], 0
    with open(f"/proc/{pid}/mem", "rb", buffering=0) as memory:
        for start, end, permissions, name, flags in mappings(pid):
            if "r" not in permissions or name in ("[vvar]", "[vvar_vclock]", "[vsyscall]"):
                continue
            is_safe = "lo" in flags and "dd" in flags
            memory.seek(start)
            contents = memory.read(end - start)
            scanned += len(contents)
            for form, piece in pieces:
                if piece in contents:
                    if is_safe:
                        inside[form] = inside.get(form, 0) + 1
                    else:
                        outside.append({"form": form, "mapping": name, "at": hex(start + contents.find(piece))})
    print(json.dumps({"inside": inside, "outside": outside, "scanned": scanned}))


if __name__ == "__main__":
    main()
