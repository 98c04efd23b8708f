"""What the daemon must answer: keys and policy over time, and the decisions of docs/protocol.md."""

import json
import re
import time

from policy import ADMIN, API, TOKEN_BYTES

DAEMONS = {"iss", "iat", "nbf", "exp", "jti"}
SHORTEST_REMAINDER = 60


class Refused(Exception):
    """The error that is due."""

    def __init__(self, code):
        super().__init__(code)
        self.code = code


class Epoch:
    """Keys and policy that may be in force from `start` on, by the monotonic clock, and until `end`."""

    def __init__(self, policy, rings, revoked, generation):
        self.policy, self.rings, self.revoked, self.generation = policy, rings, revoked, generation
        self.start, self.end = time.monotonic(), None
        # What was in force before, and when this was alone.
        self.before, self.settled = None, None

    def in_transit(self, sent):
        """Whether loops may have gone from the former keys to these: meanwhile they publish both."""
        return self.before is not None and (self.settled is None or sent <= self.settled)

    def live(self, ring):
        return [key for key in self.rings[ring] if key.kid not in self.revoked[ring]]

    def signers(self, ring, now):
        """The keys that may sign at a second: more than one where a publication was recorded at a time that is known
        only roughly; none: None."""
        cache = self.policy.rings[ring].verifier_cache
        usable = [key for key in self.live(ring)
                  if key.not_before <= now and (key.expires is None or now < key.expires)]
        if not usable:
            return {None}
        usable.sort(key=lambda key: key.order)
        signers = set()
        for bound in (0, 1) if cache else (0,):
            known = [key for key in usable if not cache or key.last_expiry(now) is not None
                     or key.published[bound] + cache <= now]
            signers.add(known[-1] if known else min(usable, key=lambda key: key.published[bound]))
        return signers

    def may_verify(self, key, now, leeway):
        """Whether a key that is not revoked verifies at a second: True, False, or None where only the daemon knows."""
        if key.expires is not None and key.expires + leeway <= now:
            return False
        waits = not key.signings and key.published[0] + self.policy.rings[key.ring].verifier_cache > now
        if key.not_before > now or waits:
            return True
        signers = self.signers(key.ring, now)
        if signers == {key} or key.ring.startswith("hook"):
            return True
        # What it signed in this very second may be of later than the question.
        last = key.last_expiry(now)
        return True if last is not None and now < last + leeway else None

    def verifiers(self, ring, kid, has_kid, now, leeway):
        """What a token's `kid` may lead to: keys, `unknown_key`, `revoked`."""
        if not has_kid:
            may = [(key, self.may_verify(key, now, leeway)) for key in self.live(ring)]
            sure = [key for key, word in may if word]
            unsure = [key for key, word in may if word is None]
            if len(sure) > 1:
                return ["unknown_key"]
            return ["unknown_key"] + sure + unsure if unsure or not sure else sure
        if kid in self.revoked[ring]:
            return ["revoked"]
        key = next((key for key in self.rings[ring] if key.kid == kid), None)
        word = key and self.may_verify(key, now, leeway)
        if word is None and key:
            return [key, "unknown_key"]
        return [key] if word else ["unknown_key"]

    def published(self, ring, now):
        """Kids that must be published at a second, and those that may be."""
        leeway = max((p.leeway for p in self.policy.profiles.values() if p.ring == ring), default=0)
        pairs = [(key, self.may_verify(key, now, leeway)) for key in self.live(ring) if not key.is_symmetric]
        return {key.kid for key, word in pairs if word}, {key.kid for key, word in pairs if word is not False}

    def visible(self, who):
        return [ring for ring in self.policy.rings if who.is_admin or any(
            entry.names(who) for p in self.policy.profiles.values() if p.ring == ring for entry in p.entries)]

    def profile(self, name, who, operation):
        profile = self.policy.profiles.get(name)
        if profile is None:
            raise Refused("unknown_profile" if who.is_admin else "not_permitted")
        return profile


class Plan:
    """A token that is due."""

    def __init__(self, profile, entry, number, claims, fixed, audience, ttl, signers):
        self.profile, self.entry, self.number, self.claims = profile, entry, number, claims
        self.fixed, self.audience, self.ttl, self.signers = fixed, audience, ttl, signers

    def payload(self, issued, expires, jti):
        """The claims, byte for byte."""
        own = dict(self.fixed) | {"iss": self.profile.issuer}
        if "aud" not in (self.claims or {}):
            own["aud"] = self.audience
        own |= {"iat": issued, "nbf": issued - self.profile.backdate, "exp": expires, "jti": jti}
        text = compact(own)
        return (compact(self.claims)[:-1] + "," + text[1:] if self.claims else text).encode()

    def header(self, key):
        return compact({"alg": key.algorithm, "kid": key.kid, "typ": self.profile.type}).encode()


def compact(value):
    return json.dumps(value, separators=(",", ":"))


def folded(name):
    return "".join({"\u017f": "s", "\u212a": "k"}.get(c, c.lower() if c.isascii() else c) for c in name)


def filled(value, who):
    """A fixed claim with what its templates stand for."""
    if isinstance(value, dict):
        return {name: filled(inner, who) for name, inner in value.items()}
    if isinstance(value, list):
        return [filled(inner, who) for inner in value]
    if not isinstance(value, str):
        return value

    def fill(match):
        found = who.value(match[1])
        if found is None or not re.fullmatch(r"[A-Za-z0-9._@:\-]{1,256}", found):
            raise Refused("claims_rejected")
        return found
    return re.sub(r"\{(\w+)\}", fill, value)


def plan(epoch, request, now):
    """What `sign` and `explain` decide, or the error that is due."""
    who, subject = request.caller, request.subject or request.caller
    if request.subject and not who.is_admin:
        raise Refused("not_permitted")
    profile = epoch.profile(request.profile, who, "sign")
    entries = [(number, entry) for number, entry in enumerate(profile.entries, 1) if entry.concerns(subject, "sign")]
    if not entries:
        raise Refused("not_permitted")
    if (profile.content == "bytes") != (request.payload is not None):
        raise Refused("claims_rejected")
    signers = epoch.signers(profile.ring, now)
    if profile.content == "bytes":
        (number, entry), claims, fixed, audience, ttl = entries[0], None, {}, None, None
    else:
        fixed = filled(profile.fixed, subject)
        claims = request.claims or {}
        number, entry, audience, ttl = fit(profile, entries, claims, request.ttl)
    if signers == {None}:
        raise Refused("no_signing_key")
    return Plan(profile, entry, number, claims, fixed, audience, ttl, signers)


def fit(profile, entries, claims, ttl):
    """The first entry that fits; or the error of the first."""
    forbidden = DAEMONS | {folded(name) for name in profile.fixed}
    for name in claims:
        if folded(name) in forbidden or (folded(name) == "aud" and name != "aud"):
            raise Refused("claims_rejected")
    if any(claims.get(name) is None for name in profile.required if name not in profile.fixed):
        raise Refused("claims_rejected")
    refusal = None
    for number, entry in entries:
        allowed = entry.allowed if entry.allowed is not None else profile.allowed
        audiences = entry.audiences or [API, ADMIN]
        cap = min(entry.max_ttl or profile.max_ttl, profile.max_ttl)
        if allowed is not None and any(name not in allowed and name != "aud" for name in claims):
            problem = "claims_rejected"
        elif "aud" in claims and claims["aud"] not in audiences:
            problem = "claims_rejected"
        elif ttl is not None and ttl > cap:
            problem = "ttl_too_long"
        else:
            return number, entry, claims.get("aud", audiences[0]), ttl or min(profile.ttl, cap)
        refusal = refusal or Refused(problem)
    raise refusal


def expiry(ttl, key, issued):
    """When a token ends that this key signs; or the error where that is too soon."""
    left = key.expires - issued if key.expires is not None else ttl
    if left < min(ttl, SHORTEST_REMAINDER):
        raise Refused("no_signing_key")
    return issued + min(ttl, left)


def fits(header, payload, key):
    size = sum((4 * length + 2) // 3 for length in (len(header), len(payload), key.signature_length)) + 2
    return size <= TOKEN_BYTES


def permit_verify(epoch, request):
    """The profile and the audiences that may be expected, or the error that is due."""
    profile = epoch.profile(request.profile, request.caller, "verify")
    first = None
    for entry in profile.entries:
        if entry.concerns(request.caller, "verify"):
            first = entry
            audiences = [] if profile.content == "bytes" else entry.audiences or [API, ADMIN]
            if request.audience is None or request.audience in audiences:
                return profile, audiences if request.audience is None else [request.audience]
    raise Refused("not_permitted")


def rings_shown(epoch, request):
    visible = epoch.visible(request.caller)
    if request.keyring is None:
        if not visible:
            raise Refused("not_permitted")
        return visible
    if request.keyring in visible:
        return [request.keyring]
    unknown = request.caller.is_admin and request.keyring not in epoch.policy.rings
    raise Refused("unknown_keyring" if unknown else "not_permitted")


class Timeline:
    """The epochs that requests may still be answered by."""

    def __init__(self, epoch):
        self.epochs = [epoch]

    @property
    def current(self):
        return self.epochs[-1]

    def begin(self, epoch):
        epoch.before, self.current.before = self.current, None
        self.epochs.append(epoch)

    def settle(self):
        """The newest epoch alone is in force from now on."""
        now = time.monotonic()
        self.current.settled = self.current.settled or now
        for epoch in self.epochs[:-1]:
            epoch.end = epoch.end or now
        # No request is on its way for so long.
        self.epochs = [epoch for epoch in self.epochs if epoch.end is None or epoch.end > now - 300]

    def between(self, sent, received):
        return [epoch for epoch in self.epochs if epoch.start <= received and (epoch.end is None or epoch.end >= sent)]
