"""Tokens to be verified: those that the daemon signed, changed ones, and ones that somebody else with a key made."""

import json
import time

import keys
from policy import ADMIN, API


class Forge:
    def __init__(self, judge):
        self.judge = judge

    def token(self, policy, rng):
        """A token and the profile to verify it with."""
        pool = self.judge.pool
        if not pool or rng.random() < 0.15:
            return self.own(policy, rng)
        if self.judge.revoked and rng.random() < 0.05:
            return self.judge.revoked.popleft()
        # Mostly the newest, or the same again; at times one whose end has come.
        token, profile = pool[-1 - min(len(pool) - 1, int(rng.expovariate(1 / 60)))]
        chance = rng.random()
        if chance < 0.2:
            token = self.change(token, rng)
        elif chance < 0.3:
            profile = rng.choice([name for name in policy.profiles if name != "rated"])
        return token, profile if profile != "rated" else "default"

    def change(self, token, rng):
        header, payload, signature = token.split(".")
        match rng.randrange(9):
            case 0:
                return f"{header}.{payload}.{other(signature[0], rng)}{signature[1:]}"
            case 1:
                return f"{header}.{other(payload[:1] or 'A', rng)}{payload[1:]}.{signature}"
            case 2:
                return f"{header}.{payload}"
            case 3:
                return f"{token}="
            case 4:
                return f"{header}.{payload}.{signature}A"
            case 5:
                return f"{header}.{payload}."
            case 6:
                changed = changed_header(header, alg=rng.choice(["none", "HS256", "hs512", None, 1]))
                return f"{changed}.{payload}.{signature}"
            case 7:
                return f"{changed_header(header, kid=rng.choice(['../x', '', 'gone', 1]))}.{payload}.{signature}"
            case _:
                return f"{changed_header(header, crit=[])}.{payload}.{signature}"

    def own(self, policy, rng):
        """One of a key of the ring, so that its signature holds: what is wrong is elsewhere, or nothing is."""
        epoch = self.judge.timeline.current
        profile = rng.choice([profile for profile in policy.profiles.values() if profile.name != "rated"])
        ring = epoch.rings[profile.ring]
        if not ring:
            return "a.b.c", profile.name
        key = rng.choice(ring)
        now = int(time.time())
        header = {"alg": key.algorithm, "kid": key.kid, "typ": profile.type}
        claims = {"sub": "user-1", "iss": profile.issuer, "aud": API, "iat": now, "exp": now + 60}
        match rng.randrange(18):
            case 0: claims["exp"] = now - rng.randrange(1, 100)
            case 1: claims["nbf"] = now + 1_000
            case 2: claims["iat"] = now + 1_000
            case 3: claims["iss"] = profile.issuer + "/"
            case 4: claims["aud"] = rng.choice([[], [API, 1], {}, API + " ", "https://other.example.com", None])
            case 5: claims["aud"] = [ADMIN, API, "https://other.example.com"]
            case 6: del claims["exp"]
            case 7: claims["sub"] = None
            case 8: claims["exp"] = rng.choice(["170", None, True, -1])
            case 9: claims["exp"] = now + 30.5
            case 10: header["typ"] = rng.choice(["JWT", "at+jwt", "application/AT+JWT", "jwt", 1])
            case 11: del header["typ"]
            case 12: del header["kid"]
            case 13: header["crit"] = ["exp"]
            case 14: header["jku"] = "https://evil.example.com"
            case _: pass
        header_text, payload = json.dumps(header).encode(), json.dumps(claims).encode()
        if rng.random() < 0.08:
            payload = rng.choice([b"", b"[]", b'{"a":1,"a":2}', payload + b"x", b"\xff", b'{"exp":1e400}'])
        if rng.random() < 0.04:
            header_text = rng.choice([b"", b"[]", header_text[:-1] + b',"alg":"none"}', b"\xff" + header_text])
        return key.sign(header_text, payload), profile.name


def other(character, rng):
    return rng.choice([c for c in "ABCDEFGHabcdefgh0123" if c != character])


def changed_header(header, **members):
    text = json.loads(keys.decode(header))
    text = {name: value for name, value in (text | members).items() if value is not None}
    return keys.encode(json.dumps(text).encode())
