"""Verifies tokens with PyJWT by a published JWK Set alone, which it reads again only when its copy is too old.

usage: verify_published.py FILE CACHE-SECONDS ISSUER AUDIENCE; lines on standard input: "token TOKEN" or "revoked KID".
Says "revoked KID" when it has taken that in, and prints at the end what it saw, as JSON.
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


def fault_of(token, kid):
    key = key_of(kid)
    if key is None:
        return f"no key among {sorted(keys)}"
    try:
        jwt.decode(token, key, algorithms=["ES256"], issuer=issuer, audience=audience)
    except jwt.PyJWTError as error:
        return repr(error)
    return None


def verify(token, kid, exp, when):
    global verified
    if kid in revoked:
        return
    fault = fault_of(token, kid)
    if fault is None:
        verified += 1
        kids.add(kid)
    elif time.time() < exp:
        faults.append(f"{when}: {kid}: {fault}")
    # Else it has come to its end on its way here, and its key may have, too.


def verify_kept():
    """Tokens again, shortly before they expire."""
    while kept and kept[0][0] - time.time() < 1.5:
        exp, token, kid = kept.pop(0)
        if exp - time.time() > 0.5:
            verify(token, kid, exp, "shortly before its end")


for line in sys.stdin:
    what, value = line.split()
    if what == "revoked":
        revoked.add(value)
        print(line, end="", flush=True)
        continue
    kid = jwt.get_unverified_header(value)["kid"]
    exp = jwt.decode(value, options={"verify_signature": False})["exp"]
    verify(value, kid, exp, "at once")
    kept.append((exp, value, kid))
    kept.sort()
    verify_kept()

print(json.dumps({"verified": verified, "readings": readings, "kids": sorted(kids), "faults": faults[:20]}))
