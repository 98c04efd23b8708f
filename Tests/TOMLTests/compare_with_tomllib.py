"""Makes TOML documents, sound and broken, and says what Python's tomllib makes of each.

Each output line is a JSON object: "document" is base64; "value" is null where the document is refused, else the value
as text: i12 an integer, t and f booleans, s6162 a string in hexadecimal, [..] an array, {6b=..} a table, keys sorted.
Documents with floats or dates are left out, since Signet reads none. The output follows from the seed, which is fixed
unless another is given; the files of a folder, if one is given, are mutated too.

usage: compare_with_tomllib.py COUNT [SEED [FOLDER]]
"""

import base64
import datetime
import json
import pathlib
import random
import sys
import tomllib

SEED = 20240229
KEYS = [
    "a", "b", "c", "a", "b", "d-e", "F_0", "1", '"a"', "'b'", '"c.d"', '""', '"\\u00e9"', '"é"', '"e\u0301"',
]
SCRAPS = [
    b"=", b".", b"[", b"]", b"[[", b"]]", b"{", b"}", b",", b"#", b'"', b"'", b'"""', b"'''", b"\\", b"\n", b"\r\n",
    b"\r", b"\t", b" ", b"_", b"+", b"-", b"0", b"0x", b"0o7", b"0b1", b"9", b"true", b"false", b"a", b"b", b"\x00",
    b"\x1f", b"\x7f", b"\x80", b"\xc3\xa9", b"\xed\xa0\x80", b"\xf0\x9f\x92\x8d", b"\xff", b"\\u0041", b"\\U0001F48D",
    b"\\uD800", b"\\x", b"\\\n  ", b"\\e", b"a.b=1\n", b"[a]\n", b"[[a]]\n", b"[a.b]\n",
    b"\xef\xbb\xbf", b"\xe2\x84\xaa",
]
INTEGERS = [
    "0", "1", "-1", "+7", "-0", "+0", "1_000", "0xFF", "0xdead_beef", "0o17", "0b1010", "9223372036854775807",
    "-9223372036854775808", "9223372036854775808", "-9223372036854775809", "0x7fffffffffffffff", "0xffffffffffffffff",
    "01", "1__0", "_1", "1_", "0x", "-0x1", "0XFF", "0o8", "0b2", "99999999999999999999999999", "+", "-", "0x_1", "١",
]


class Skip(Exception):
    pass


class Maker:
    def __init__(self, generator):
        self.random = generator

    def document(self):
        lines = []
        for _ in range(self.random.randint(0, 9)):
            lines.append(self.line())
        end = self.random.choice(["\n", "\n", "\n", "\r\n"])
        text = end.join(lines)
        return (text + self.random.choice(["", end])).encode()

    def line(self):
        roll = self.random.random()
        if roll < 0.18:
            return self.decorated(f"[{self.space()}{self.key()}{self.space()}]")
        if roll < 0.3:
            return self.decorated(f"[[{self.space()}{self.key()}{self.space()}]]")
        if roll < 0.36:
            return self.random.choice(["", "  ", "\t# é", "# comment \t \"'", "#"])
        return self.decorated(self.pair(0))

    def decorated(self, text):
        return self.space() + text + self.random.choice(["", "", "", " ", " # end", "#"])

    def pair(self, depth):
        return f"{self.key()}{self.space()}={self.space()}{self.value(depth)}"

    def key(self):
        parts = [self.random.choice(KEYS) for _ in range(self.random.choice([1, 1, 1, 2, 2, 3, 4]))]
        return self.random.choice([".", ".", " . "]).join(parts)

    def space(self):
        return self.random.choice(["", "", " ", "\t"])

    def value(self, depth):
        roll = self.random.random()
        if roll < 0.12 and depth < 4:
            return self.array(depth)
        if roll < 0.3 and depth < 4:
            members = [self.pair(depth + 1) for _ in range(self.random.randint(0, 3))]
            return "{" + self.space() + (self.space() + "," + self.space()).join(members) + self.space() + "}"
        if roll < 0.5:
            return self.random.choice(["true", "false", "1", "2", self.random.choice(INTEGERS)])
        return self.string()

    def array(self, depth):
        filler = self.random.choice(["", " ", "\n", "\n  # note\n", "\r\n"])
        elements = [self.value(depth + 1) for _ in range(self.random.randint(0, 3))]
        end = "," if elements and self.random.random() < 0.3 else ""
        return "[" + filler + ("," + filler).join(elements) + filler + end + filler + "]"

    def string(self):
        pieces = ["", "a", "b c", "é", "e\u0301", "\u212a", "💍", "#", "\t", "="]
        kind = self.random.choice(['"', '"', "'", '"""', "'''"])
        if kind[0] == '"':
            pieces += ["\\n", "\\t", '\\"', "\\\\", "\\u00e9", "\\U0001F48D", "\\b\\f\\r", "'", "\\u0000"]
        else:
            pieces += ['"', "\\", "\\n"]
        if len(kind) == 3:
            pieces += ["\n", "\n  ", "\r\n", kind[0], kind[0] * 2]
        if kind == '"""':
            pieces += ["\\\n   ", "\\  \r\n \n x"]
        return kind + "".join(self.random.choice(pieces) for _ in range(self.random.randint(0, 5))) + kind

    def mutated(self, document):
        for _ in range(self.random.randint(1, 3)):
            place = self.random.randint(0, len(document))
            length = self.random.randint(1, 6)
            roll = self.random.random()
            if roll < 0.4:
                document = document[:place] + self.random.choice(SCRAPS) + document[place:]
            elif roll < 0.6:
                document = document[:place] + document[place + length:]
            elif roll < 0.8:
                document = document[:place] + self.random.choice(SCRAPS) + document[place + length:]
            else:
                start = self.random.randint(0, len(document))
                document = document[:place] + document[start:start + 4 * length] + document[place:]
        return document


def text(value):
    if isinstance(value, bool):
        return "t" if value else "f"
    if isinstance(value, int):
        if not -(2**63) <= value < 2**63:
            raise OverflowError
        return f"i{value}"
    if isinstance(value, str):
        return "s" + value.encode().hex()
    if isinstance(value, list):
        return "[" + ",".join([text(element) for element in value]) + "]"
    members = sorted((key.encode(), text(member)) for key, member in value.items())
    return "{" + ",".join(f"{key.hex()}={member}" for key, member in members) + "}"


def has_float_or_date(value):
    if isinstance(value, dict):
        return any([has_float_or_date(member) for member in value.values()])
    if isinstance(value, list):
        return any([has_float_or_date(element) for element in value])
    return isinstance(value, (float, datetime.date, datetime.time))


def verdict(document):
    try:
        value = tomllib.loads(document.decode())
    except (tomllib.TOMLDecodeError, UnicodeDecodeError):
        return None
    if has_float_or_date(value):
        raise Skip
    try:
        return text(value)
    except OverflowError:
        return None


def main():
    count = int(sys.argv[1])
    maker = Maker(random.Random(int(sys.argv[2]) if len(sys.argv) > 2 else SEED))
    files = sorted(path.read_bytes() for path in pathlib.Path(sys.argv[3]).iterdir()) if len(sys.argv) > 3 else []
    while count > 0:
        is_foreign = files and count % 3 == 1
        document = maker.random.choice(files) if is_foreign else maker.document()
        if is_foreign or count % 3 == 0:
            document = maker.mutated(document)
        try:
            value = verdict(document)
        except Skip:
            continue
        print(json.dumps({"document": base64.b64encode(document).decode(), "value": value}))
        count -= 1


main()
