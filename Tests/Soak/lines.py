"""Request lines from a seed: what they ask for, and what is wrong with them before policy is asked."""

import json
import time

import keys
from policy import ADMIN, API, REQUEST_BYTES, Caller, caller


class Request:
    """One line, and all that decides what is due."""
    profile = "default"
    claims = payload = ttl = token = audience = keyring = subject = None
    # The error that the line itself calls for, whoever sends it.
    error = None
    # Further codes that the client that sends it makes possible, such as `rate_limited`.
    also = frozenset()

    def __init__(self, who, operation, kind):
        self.caller, self.operation, self.kind = who, operation, kind
        self.id, self.line = None, b""
        self.sent = self.sent_at = None

    def stamp(self):
        self.sent, self.sent_at = time.monotonic(), time.time()


# Lines that are refused for what they say: the line, the error, and whether its `id` comes back.
WRONG = [
    (b"", "malformed_request", None), (b" ", "malformed_request", None), (b"[]", "malformed_request", None),
    (b'{"op":"ping",}', "malformed_request", None), (b'{"op":"ping"} x', "malformed_request", None),
    (b'{"op":"ping","id":7,"id":8}', "malformed_request", None),
    (b'{"op":"ping","\\u006fp":"ping"}', "malformed_request", None),
    (b'{"op":"ping","id":"\xff"}', "malformed_request", None),
    (b'{"op":"ping","id":"\\ud800"}', "malformed_request", None),
    (b'\xef\xbb\xbf{"op":"ping"}', "malformed_request", None),
    (b'{"op":"ping","id":1.5}', "malformed_request", None), (b'{"op":"ping","id":01}', "malformed_request", None),
    (b'{"op":"ping","id":"' + b"x" * 129 + b'"}', "malformed_request", None),
    (b'{"op":"ping","id":null}', "malformed_request", None),
    (b'{"op":"ping","id":9,"speed":1}', "malformed_request", b"9"), (b'{"id":10}', "malformed_request", b"10"),
    (b'{"id":"a","op":1}', "malformed_request", b'"a"'), (b'{"id":-3,"op":"Ping"}', "unknown_op", b"-3"),
    (b'{"op":"\\u0070ong","id":"\\u00e9"}', "unknown_op", b'"\\u00e9"'),
    (b'{"op":"sign","id":11,"ttl":0}', "malformed_request", b"11"),
    (b'{"op":"sign","id":12,"ttl":1.0}', "malformed_request", b"12"),
    (b'{"op":"sign","id":13,"ttl":2147483648}', "malformed_request", b"13"),
    (b'{"op":"sign","id":14,"claims":[]}', "malformed_request", b"14"),
    (b'{"op":"sign","id":15,"claims":{"a":{"b":1,"b":2}}}', "malformed_request", None),
    (b'{"op":"sign","id":16,"payload":"","ttl":5}', "malformed_request", b"16"),
    (b'{"op":"verify","id":17}', "malformed_request", b"17"),
    (b'{"op":"verify","id":18,"token":{}}', "malformed_request", b"18"),
    (b'{"op":"jwks","id":19,"profile":"default"}', "malformed_request", b"19"),
    (b'{"op":"sign","id":20,"claims":' + b'{"a":' * 32 + b"1" + b"}" * 33, "malformed_request", None),
    (b'{"op":"ping","id":21' + b" " * 60_000 + b',"x":1}', "malformed_request", b"21"),
]


def wrong(who, rng, stays_open=True):
    line, code, echoed = rng.choice(WRONG)
    request = Request(who, "?", "wrong line")
    request.line, request.error, request.id = line + b"\n", code, echoed
    return request


def some_id(rng):
    return rng.choice([
        None, None, str(rng.randrange(10_000)), str(-rng.getrandbits(300)), json.dumps(f"i-{rng.getrandbits(32):x}"),
        '"caf\\u00e9 \\/"', '"' + "y" * 128 + '"', '""',
    ])


def finish(request, rng, **members):
    """Writes the line: members in any order, white space here and there."""
    members = {"op": json.dumps(request.operation)} | {name: text for name, text in members.items() if text is not None}
    identity = some_id(rng)
    if identity is not None:
        members["id"], request.id = identity, identity.encode()
    names = list(members)
    rng.shuffle(names)
    colon, comma = rng.choice([(":", ","), (":", ","), (" : ", " , "), (":\t", ",\r ")])
    text = "{" + comma.join(json.dumps(name) + colon + members[name] for name in names) + "}"
    request.line = text.encode() + b"\n"
    return request


def some_value(rng, level=0):
    kind = rng.randrange(9 if level < 3 else 6)
    if kind < 3:
        return "".join(rng.choice("abcXYZ 019-_/\\\"\n\u00e9\u20ac\U0001f600") for _ in range(rng.randrange(12)))
    if kind < 6:
        return rng.choice([0, -1, 12345678901234567890, 1.0, 2.5e-7, True, False, None])
    if kind < 8:
        return {f"m{number}": some_value(rng, level + 1) for number in range(rng.randrange(4))}
    return [some_value(rng, level + 1) for _ in range(rng.randrange(4))]


# Names that no caller may set, in all their spellings.
FORBIDDEN = ["iss", "exp", "Iat", "NBF", "jti", "i\u017fs", "Aud", "is\u017f"]


def some_claims(rng):
    claims = {}
    if rng.random() < 0.7:
        claims["sub"] = f"user-{rng.randrange(1_000)}"
    for _ in range(rng.randrange(4)):
        claims[rng.choice(["email", "level", "scope", "tags", "\u00fcber", "a b", "SUB"])] = some_value(rng)
    if rng.random() < 0.15:
        claims["aud"] = rng.choice([API, ADMIN, ADMIN, "https://other.example.com", API.upper()])
    if rng.random() < 0.06:
        claims[rng.choice(FORBIDDEN + ["role", "ROLE"])] = 1
    size = rng.random()
    if size < 0.02:
        # Around the longest token: three bytes of claims are four of a token.
        claims["pad"] = "p" * rng.choice([10_000, 30_000, 48_000, 48_300, 48_400, 48_500, 48_700, 50_000])
    elif size < 0.1:
        claims["pad"] = "p" * rng.randrange(3_000)
    return claims


def some_subject(rng):
    if rng.random() < 0.3:
        return Caller("no-such-user", None, None, ("staff",))
    who = caller(rng.choice(["root", "bin", "games", "mail"]))
    return Caller(who.name, who.uid, who.gid, tuple(rng.sample(["staff", "audio"], rng.randrange(3))))


def some_profile(policy, who, operation, rng):
    """Mostly one that the caller may use."""
    usable = policy.concerned(who, operation)
    if usable and rng.random() < 0.85:
        return rng.choice(usable)
    name = rng.choice([*policy.profiles, "missing", "Default", ""])
    # Its bucket is for one client alone.
    return policy.profiles.get(name) if name != "rated" else None


def sign(who, policy, rng, operation="sign", profile=None, claims=None):
    profile = profile or some_profile(policy, who, operation if operation != "explain" else "sign", rng)
    request = Request(who, operation, operation)
    request.profile = profile.name if profile else "missing"
    members = {"profile": json.dumps(request.profile)} if request.profile != "default" or rng.random() < 0.5 else {}
    wants_bytes = profile is not None and profile.content == "bytes"
    if wants_bytes != (rng.random() < 0.03):
        data = rng.randbytes(rng.choice([0, 1, 2, 3, 50, 1_000, rng.randrange(46_000), 48_400, 48_600]))
        request.payload = keys.encode(data)
        if rng.random() < 0.05:
            request.payload += rng.choice(["=", "+", " ", "A" * (5 - len(request.payload) % 4)])
        members["payload"] = json.dumps(request.payload)
    else:
        if claims is not None or rng.random() < 0.9:
            request.claims = some_claims(rng) if claims is None else claims
            members["claims"] = json.dumps(request.claims, separators=rng.choice([(",", ":"), (" , ", "\t:\r ")]))
        if rng.random() < 0.7:
            request.ttl = rng.choice([1, 2, 3, 4, 5, 6, 8, 12, 19, 20, 21, 3_600, 2_147_483_647])
            members["ttl"] = str(request.ttl)
    if operation == "explain" and rng.random() < 0.3:
        request.subject = some_subject(rng)
        members["as"] = json.dumps({"user": request.subject.name, "groups": list(request.subject.groups)})
    finish(request, rng, **members)
    # A payload beyond the longest line is a matter of those who send oversized lines.
    return request if len(request.line) <= REQUEST_BYTES else sign(who, policy, rng, operation, profile, claims)


def verify(who, policy, rng, token, profile):
    request = Request(who, "verify", "verify")
    request.token, request.profile = token, profile
    if rng.random() < 0.25:
        request.audience = rng.choice([API, ADMIN, ADMIN, "https://other.example.com"])
    members = {"token": json.dumps(token), "audience": request.audience and json.dumps(request.audience)}
    if rng.random() < 0.1 and len(token) < 10_000:
        members["token"] = '"' + "".join(f"\\u{ord(c):04x}" for c in token) + '"'
    if profile != "default" or rng.random() < 0.5:
        members["profile"] = json.dumps(profile)
    return finish(request, rng, **members)


def plain(who, operation, rng, **members):
    return finish(Request(who, operation, operation), rng, **members)


def jwks(who, policy, rng):
    request = Request(who, "jwks", "jwks")
    if rng.random() < 0.7:
        request.keyring = rng.choice([*policy.rings, "missing"])
    return finish(request, rng, keyring=request.keyring and json.dumps(request.keyring))
