"""Whether a token holds, by docs/protocol.md: written anew from its text, with PyJWT's signatures."""

import json
import math
import re

import keys

TOO_DEEP = 32
ASCII_LOWER = str.maketrans("ABCDEFGHIJKLMNOPQRSTUVWXYZ", "abcdefghijklmnopqrstuvwxyz")


class NotStrict(ValueError):
    pass


def strict_object(data):
    """One strict JSON object, or None."""
    def members(pairs):
        found = dict(pairs)
        if len(found) != len(pairs):
            raise NotStrict("a name stands twice")
        return found

    def refuse(_):
        raise NotStrict("no number of JSON")

    try:
        value = json.loads(data.decode("utf-8"), object_pairs_hook=members, parse_constant=refuse)
        json.dumps(value, ensure_ascii=False).encode("utf-8")  # no lone surrogates
    except ValueError:
        return None
    return value if isinstance(value, dict) and depth(value) <= TOO_DEEP else None


def depth(value):
    if isinstance(value, dict):
        return 1 + max(map(depth, value.values()), default=0)
    return 1 + max(map(depth, value), default=0) if isinstance(value, list) else 0


def media_type(text):
    lowered = text.translate(ASCII_LOWER)
    return lowered if "/" in lowered else "application/" + lowered


def has_type(header, profile):
    if "typ" not in header:
        return media_type(profile.type) == "application/jwt"
    return isinstance(header["typ"], str) and media_type(header["typ"]) == media_type(profile.type)


def is_date(value):
    return isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value) and \
        math.copysign(1, value) > 0


class Signatures:
    """Which signatures hold, so that no token is verified twice."""

    def __init__(self):
        self._known = {}

    def hold(self, key, token, data, signature):
        # The key itself: its `kid` may be another key's by then.
        question = (key, token)
        if question not in self._known:
            if len(self._known) > 50_000:
                self._known.clear()
            self._known[question] = key.verifies(data, signature)
        return self._known[question]


class Verdict:
    """`valid`, or the reason why not; and whether a signature of a key pair was found right on the way."""

    def __init__(self, reason, key=None, parts=None, is_pair_signed=False):
        self.reason, self.key, self.parts, self.is_pair_signed = reason, key, parts, is_pair_signed


def verdicts(token, profile, audiences, epoch, now, signatures):
    """What may be said of a token at one second: more than one only where the key's own end is not known exactly."""
    segments = token.split(".")
    if len(segments) != 3 or not all(re.fullmatch(r"[A-Za-z0-9_-]*", segment) for segment in segments):
        return [Verdict("malformed")]
    signature = keys.decode(segments[2])
    header = keys.decode(segments[0])
    header = strict_object(header) if header else None
    if not signature or header is None or {"crit", "b64", "zip"} & header.keys():
        return [Verdict("malformed")]
    found = epoch.verifiers(profile.ring, header.get("kid"), "kid" in header, now, profile.leeway)
    return [Verdict(what) if isinstance(what, str) else with_key(what, header, segments, signature, token, profile,
                                                                 audiences, now, signatures) for what in found]


def with_key(key, header, segments, signature, token, profile, audiences, now, signatures):
    if header.get("alg") != key.algorithm:
        return Verdict("wrong_algorithm")
    if not signatures.hold(key, token, f"{segments[0]}.{segments[1]}".encode(), signature):
        return Verdict("bad_signature")
    payload = keys.decode(segments[1])
    if profile.content == "bytes":
        reason = "malformed" if payload is None else None if has_type(header, profile) else "wrong_type"
        claims = payload
    else:
        claims = strict_object(payload) if payload else None
        reason = "malformed" if claims is None else claims_reason(claims, header, profile, audiences, now)
    return Verdict(reason or "valid", key, (header, claims), not key.is_symmetric)


def claims_reason(claims, header, profile, audiences, now):
    if any(name in claims and not is_date(claims[name]) for name in ("exp", "nbf", "iat")):
        return "malformed"
    if not has_type(header, profile):
        return "wrong_type"
    if claims.get("iss") != profile.issuer:
        return "wrong_issuer"
    named = claims.get("aud")
    named = [named] if isinstance(named, str) else named if isinstance(named, list) else []
    if not all(isinstance(one, str) for one in named) or not set(named) & set(audiences):
        return "wrong_audience"
    if "exp" not in claims:
        return "missing_claim"
    if now >= claims["exp"] + profile.leeway:
        return "expired"
    if any(name in claims and now + profile.leeway < claims[name] for name in ("nbf", "iat")):
        return "not_yet_valid"
    if any(claims.get(name) is None for name in profile.required):
        return "missing_claim"
    return None
