#!/usr/bin/env python3
"""Mutated tokens, judged by signetd and by PyJWT: whatever signetd calls valid, PyJWT must too; and what PyJWT alone
accepts is one of the differences below, each a promise of Signet's.

usage: compare_with_pyjwt.py FOLDER-OF-PROGRAMS [COUNT [SEED]]

Keys are drawn anew each time; the mutations follow from SEED. A token that breaks the rule is printed with its key's
algorithm, and the status is 1.
"""
import json
import os
import random
import socket
import subprocess
import sys
import tempfile
import time

import jwt

from mutated_tokens import ALGORITHMS, AUDIENCE, ISSUER, LEEWAY, Key, Maker, decode, is_canonical


class Daemon:
    def __init__(self, programs, folder, keys):
        lines = ["[server]", f'socket = "{folder}/socket"', f'state_directory = "{folder}/state"', 'audit = "none"']
        os.mkdir(folder + "/state", 0o700)
        for key in keys.values():
            ring = key.algorithm.lower()
            os.makedirs(f"{folder}/keys/{ring}", mode=0o700)
            key.write(f"{folder}/keys/{ring}")
            lines += [
                f"[keyring.{ring}]", f'algorithm = "{key.algorithm}"', f'directory = "{folder}/keys/{ring}"',
                f"[profile.{ring}]", f'keyring = "{ring}"', f'issuer = "{ISSUER}"', f'audiences = ["{AUDIENCE}"]',
                f'leeway = "{LEEWAY}s"', f"[[profile.{ring}.allow]]", 'operations = ["verify"]', 'users = ["*"]']
        with open(folder + "/signetd.toml", "w") as file:
            file.write("\n".join(lines) + "\n")
        os.chmod(folder + "/signetd.toml", 0o600)
        self.log = open(folder + "/log", "w+")
        self.process = subprocess.Popen([programs + "/signetd", "--config", folder + "/signetd.toml", "--strict"],
                                        stdout=self.log, stderr=self.log)
        deadline = time.monotonic() + 60
        while True:
            self.socket = socket.socket(socket.AF_UNIX)
            try:
                self.socket.connect(folder + "/socket")
                break
            except OSError:
                self.socket.close()
                if self.process.poll() is not None or time.monotonic() > deadline:
                    self.log.seek(0)
                    sys.exit(f"signetd did not start:\n{self.log.read()}")
                time.sleep(0.05)
        self.lines = self.socket.makefile("rwb")

    def verify(self, profile, token):
        line = json.dumps({"op": "verify", "profile": profile, "token": token})
        self.lines.write(line.encode() + b"\n")
        self.lines.flush()
        return json.loads(self.lines.readline())

    def stop(self):
        self.socket.close()
        self.process.terminate()
        return self.process.wait(30)


def segment_json(segment):
    """The JSON of a segment, and what is wrong with it for a strict reader."""
    data = decode(segment)
    if data.startswith(b"\xef\xbb\xbf"):
        raise ValueError("byte order mark")
    text = data.decode()
    text.encode()

    def members(pairs):
        if len({name for name, _ in pairs}) < len(pairs):
            raise ValueError("a member twice")
        return dict(pairs)

    def refuse(word):
        raise ValueError(word)

    value = json.loads(text, object_pairs_hook=members, parse_constant=refuse)
    json.dumps(value, ensure_ascii=False).encode()  # A lone surrogate has no UTF-8.
    return value


def is_known(answer, token, key, now):
    """Whether Signet alone refuses for one of its own promises (docs/fuzzing.md)."""
    reason = answer["reason"]
    segments = token.split(".")
    if len(segments) != 3 or not all(is_canonical(segment) for segment in segments):
        return reason == "malformed"
    try:
        header = segment_json(segments[0])
    except ValueError:
        return reason == "malformed"
    if "crit" in header or "b64" in header or "zip" in header:
        return reason == "malformed"
    if header.get("kid", key.kid) != key.kid:
        return reason == "unknown_key"
    try:
        claims = segment_json(segments[1])
    except ValueError:
        return reason == "malformed"
    dates = [claims[name] for name in ("exp", "nbf", "iat") if name in claims]
    if any(type(date) not in (int, float) or date < 0 for date in dates):
        return reason == "malformed"
    if not isinstance(header.get("typ", "JWT"), str) or header.get("typ", "JWT").lower() not in ("jwt", "application/jwt"):
        return reason == "wrong_type"
    audience = claims.get("aud")
    if isinstance(audience, list) and not all(isinstance(item, str) for item in audience):
        return reason == "wrong_audience"
    # PyJWT before 2.7 looks at whole seconds of exp and at none of iat.
    return reason in ("expired", "not_yet_valid") and any(abs(date - now) <= LEEWAY + 60 or date > now for date in dates)


def main():
    programs, count = sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 20_000
    seed = int(sys.argv[3]) if len(sys.argv) > 3 else random.SystemRandom().randrange(2**32)
    print(f"PyJWT {jwt.__version__}, {count} tokens, seed {seed}", flush=True)
    keys = {name: Key(name) for name in ALGORITHMS}
    generator = random.Random(seed)
    both, ours, theirs, wrong = dict.fromkeys(ALGORITHMS, 0), {}, 0, 0
    with tempfile.TemporaryDirectory() as folder:
        daemon = Daemon(programs, folder, keys)
        maker = Maker(generator, keys)
        for number in range(count):
            maker.now = int(time.time())
            key = keys[ALGORITHMS[number % len(ALGORITHMS)]]
            token = maker.token(key)
            answer, refusal = daemon.verify(key.algorithm.lower(), token), key.judge(token)
            valid = answer.get("valid", False)
            if valid and refusal is None:
                both[key.algorithm] += 1
            elif not valid and refusal is not None:
                theirs += 1
            elif valid:
                wrong += 1
                print(f"{key.algorithm}: Signet accepts, PyJWT refuses ({refusal}): {token!r}")
            elif "reason" in answer and is_known(answer, token, key, maker.now):
                ours[answer["reason"]] = ours.get(answer["reason"], 0) + 1
            else:
                wrong += 1
                print(f"{key.algorithm}: PyJWT accepts, Signet refuses ({answer}): {token!r}")
        status = daemon.stop()
    print(f"accepted by both: {sum(both.values())} ({', '.join(f'{name} {n}' for name, n in both.items())})")
    print(f"refused by both: {theirs}; by Signet alone, for a documented reason: {ours}; against the rule: {wrong}")
    if status != 0 or wrong or not all(both.values()) and count >= 1_000:
        sys.exit(1)


main()
