"""Verifies tokens with PyJWT by a published JWK Set alone, which it reads again only when its copy is too old.

usage: verify_published.py FILE CACHE-SECONDS ISSUER AUDIENCE; lines on standard input: "token TOKEN" or "revoked KID".
Prints at the end what it saw, as JSON.
"""
import json
import sys
import time

import jwt

path, cache, issuer, audience = sys.argv[1], float(sys.argv[2]), sys.argv[3], sys.argv[4]
read_at, keys, readings = None, {}, 0
revoked, verified, kids, faults, kept = set(), 0, set(), [], []


def key_of(kid):
    global read_at, keys, readings
    if read_at is None or time.monotonic() - read_at >= cache:
        read_at = time.monotonic()
        with open(path) as file:
            published = json.load(file)
        keys = {key["kid"]: jwt.PyJWK(key).key for key in published["keys"]}
        readings += 1
    return keys.get(kid)


def verify(token, kid, when):
    global verified
    if kid in revoked:
        return
    key = key_of(kid)
    if key is None:
        faults.append(f"{when}: no key {kid} among {sorted(keys)}")
        return
    try:
        jwt.decode(token, key, algorithms=["ES256"], issuer=issuer, audience=audience)
    except jwt.PyJWTError as error:
        faults.append(f"{when}: {kid}: {error!r}")
        return
    verified += 1
    kids.add(kid)


def verify_kept():
    """Tokens again, shortly before they expire."""
    now = time.time()
    while kept and kept[0][0] - now < 1.5:
        exp, token, kid = kept.pop(0)
        if exp - now > 0.5:
            verify(token, kid, "shortly before its end")


for line in sys.stdin:
    what, value = line.split()
    if what == "revoked":
        revoked.add(value)
        continue
    kid = jwt.get_unverified_header(value)["kid"]
    verify(value, kid, "at once")
    kept.append((jwt.decode(value, options={"verify_signature": False})["exp"], value, kid))
    kept.sort()
    verify_kept()

print(json.dumps({"verified": verified, "readings": readings, "kids": sorted(kids), "faults": faults[:20]}))
