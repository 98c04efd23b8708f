"""Whether the judge can say no: answers of the real daemon, each changed in one way, must be mismatches.

Run at the beginning of every soak. A check that cannot fail is none.
"""

import json
import random

import keys
import lines
from connection import Connection
from judge import Judge, Mismatch
from policy import CALLERS


# Without these the self-test has not looked at everything.
NEEDED = {
    "another id", "the error not_permitted", "carried out", "another exp", "twice", "a signed token with another iss",
    "valid", "invalid", "another reason", "another rule", "another subject", "a key less", "a private key",
    "another generation", "another protocol",
}


def reasons(parsed):
    """An answer and its faults: pairs of what was done to it, and the bytes that come of it."""
    def changed(**members):
        return json.dumps(parsed | members, separators=(",", ":")).encode()

    yield "another id", changed(id="x") if "id" not in parsed else changed(id=[parsed["id"]])
    yield "no JSON", b"x" + changed()
    yield "internal", json.dumps({name: parsed[name] for name in parsed if name == "id"} | {
        "ok": False, "error": {"code": "internal", "message": "m"}}, separators=(",", ":")).encode()
    if not parsed["ok"]:
        for code in ("not_permitted", "claims_rejected", "malformed_request", "ttl_too_long"):
            if code != parsed["error"]["code"]:
                yield f"the error {code}", changed(error=parsed["error"] | {"code": code})
        yield "an error without a message", changed(error={"code": parsed["error"]["code"]})
        yield "carried out", changed(ok=True)
    elif "token" in parsed:
        header, payload, signature = parsed["token"].split(".")
        yield "another kid", changed(kid=parsed["kid"] + "x")
        yield "a signature that does not hold", changed(
            token=f"{header}.{payload}.{'A' if signature[0] != 'A' else 'B'}{signature[1:]}")
        if "exp" in parsed:
            yield "another exp", changed(exp=parsed["exp"] + 1)
            yield "another jti", changed(jti="A" * 22)
    elif "valid" in parsed:
        if parsed["valid"]:
            yield "invalid", json.dumps({name: parsed[name] for name in parsed if name in ("id", "ok")} | {
                "valid": False, "reason": "wrong_type", "message": "m"}, separators=(",", ":")).encode()
            yield "another claim", changed(claims=parsed.get("claims", {}) | {"admin": True}, payload="AAAA")
            yield "another header", changed(header=parsed["header"] | {"alg": "none"})
        else:
            yield "another reason", changed(reason="revoked" if parsed["reason"] != "revoked" else "expired")
            yield "valid", changed(valid=True, kid="k", header={}, claims={})
    elif "rule" in parsed:
        yield "another rule", changed(rule=parsed["rule"] | {"entry": 77})
        if "claims" in parsed:
            yield "another subject", changed(claims=parsed["claims"] | {"sub": "root"})
    elif "jwks" in parsed:
        yield "another generation", changed(generation=parsed["generation"] + 1)
        if parsed["jwks"]["keys"]:
            yield "a key less", changed(jwks={"keys": parsed["jwks"]["keys"][1:]})
            yield "a private key", changed(jwks={"keys": [parsed["jwks"]["keys"][0] | {"d": "AAAA"}]
                                                 + parsed["jwks"]["keys"][1:]})
    elif "uptime" in parsed:
        yield "another generation", changed(generation=parsed["generation"] + 1)
    elif "protocol" in parsed:
        yield "another protocol", changed(protocol=2)


def forged(request, parsed, judge):
    """Tokens with good signatures that say what they should not; of keys that the driver made itself."""
    key = next(key for ring in judge.timeline.current.rings.values() for key in ring if key.kid == parsed["kid"])
    header, payload, _ = (keys.decode(part) for part in parsed["token"].split("."))
    claims = json.loads(payload)
    for name, changes in [("iss", {"iss": "https://evil.example.com"}), ("aud", {"aud": "https://other.example.com"}),
                          ("sub", {"sub": "root"}), ("nbf", {"nbf": claims["nbf"] + 1}), ("jti", {"jti": "A" * 22})]:
        text = json.dumps(claims | changes, separators=(",", ":")).encode()
        yield f"a signed token with another {name}", parsed | {"token": key.sign(header, text)}
    text = json.dumps({name: value for name, value in claims.items() if name != "jti"}, separators=(",", ":")).encode()
    yield "a signed token without jti", parsed | {"token": key.sign(header, text)}
    yield "a signed token of another typ", parsed | {"token": key.sign(
        json.dumps(json.loads(header) | {"typ": "x"}, separators=(",", ":")).encode(), payload)}


async def run(path, judge, forge):
    """Raises unless every fault is found; returns how many there were."""
    rng, found, kinds = random.Random(1), 0, set()
    policy = judge.timeline.current.policy

    def take(request, answer):
        nonlocal found
        found += try_all(judge, request, answer, kinds)
        judge.judge(request, answer)

    for who in CALLERS[:2] + CALLERS[6:]:
        with Connection(path, who) as connection:
            requests = [lines.plain(who, "ping", rng)]
            for _ in range(20):
                requests += [lines.sign(who, policy, rng), lines.sign(who, policy, rng, "explain"),
                             lines.jwks(who, policy, rng), lines.wrong(who, rng)]
            await connection.ask(take, requests)
            requests = [lines.verify(who, policy, rng, *forge.token(policy, rng)) for _ in range(30)]
            await connection.ask(take, requests + [lines.plain(who, "status", rng)])
    missing = NEEDED - kinds
    if missing:
        raise Mismatch(None, "faults of every kind", f"none of {sorted(missing)}")
    return found


def try_all(judge, request, answer, kinds):
    """Every fault of one answer must be found, by a judge that keeps nothing."""
    parsed = json.loads(answer)
    faults = list(reasons(parsed))
    if parsed["ok"] and "exp" in parsed and "sub" in (request.claims or {}) and "aud" not in request.claims:
        faults += [(name, json.dumps(changed, separators=(",", ":")).encode())
                   for name, changed in forged(request, parsed, judge)]
    for name, changed in faults:
        kinds.add(name)
        must_refuse(judge, request, changed, name)
    if parsed["ok"] and "jti" in parsed:
        kinds.add("twice")
        second = scratch(judge)
        second.judge(request, answer)
        must_refuse(second, request, answer, "a jti twice")
        return len(faults) + 1
    return len(faults)


def scratch(judge):
    second = Judge(judge.timeline)
    second.signatures = judge.signatures
    return second


def must_refuse(judge, request, answer, name):
    try:
        second = judge if name == "a jti twice" else scratch(judge)
        second.judge(request, answer)
    except Mismatch:
        return
    raise Mismatch(request, f"a mismatch for {name}", "none: the judge cannot say no")
