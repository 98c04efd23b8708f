"""Compares every answer with the model, and counts it."""

import collections
import json
import math
import re
import time

import keys
import model
import tokens
from policy import REFUSALS


class Mismatch(Exception):
    """The daemon's answer is none that is due. Its text names kinds, never a token."""

    def __init__(self, request, due, got, answer=b""):
        kind = request.kind if request else "status"
        super().__init__(f"{kind}: due was {due}, the answer is {got}")
        self.request, self.answer = request, answer


class Counts:
    """What the driver has seen, to be compared with the daemon's own counters."""

    def __init__(self):
        self.outcomes, self.totals, self.refused, self.limits = (collections.Counter() for _ in range(4))

    def refuse(self, code, limit=None):
        self.refused[code] += 1
        if limit:
            self.limits[limit] += 1


class Judge:
    def __init__(self, timeline):
        self.timeline, self.counts, self.signatures = timeline, Counts(), tokens.Signatures()
        self.identifiers = set()
        # Tokens that were seen to be valid, with the key that signed them; and what became of them later.
        self.valid, self.later = {}, collections.Counter()
        # Tokens for others to verify: (token, profile); and those whose key is revoked just now.
        self.pool, self.revoked = collections.deque(maxlen=400), collections.deque(maxlen=100)

    def judge(self, request, answer):
        """Takes one answer line without its LF; raises Mismatch unless it is due."""
        received, until = time.monotonic(), int(time.time())
        try:
            parsed = json.loads(answer)
        except ValueError:
            raise Mismatch(request, "JSON", "none", answer) from None
        self.check_frame(request, answer, parsed)
        code = None if parsed["ok"] else parsed["error"]["code"]
        got = code or "ok"
        if got == "ok" and request.operation == "verify":
            got = "valid" if parsed.get("valid") is True else parsed.get("reason")
        due = set()
        seconds = range(int(request.sent_at), until + 1)
        for epoch in reversed(self.timeline.between(request.sent, received)):
            for now in seconds:
                found = self.look(epoch, request, now, got, parsed, due)
                if found:
                    return self.count(request, got, parsed, found)
        if got in request.also or self.is_swamped(request, got, received):
            return self.count(request, got, parsed, True)
        raise Mismatch(request, sorted(due), got, answer)

    def is_swamped(self, request, got, received):
        """Whether a request for slow cryptography waited when a reload changed the keys."""
        is_slow = request.operation in ("sign", "verify")
        return got == "overloaded" and is_slow and len(self.timeline.between(request.sent - 1, received)) > 1

    def check_frame(self, request, answer, parsed):
        head = b'{"id":' + request.id + b',"ok":' if request.id is not None else b'{"ok":'
        if not answer.startswith(head) or not isinstance(parsed.get("ok"), bool) or \
                ("id" in parsed) != (request.id is not None):
            raise Mismatch(request, "its id, and ok", "another beginning", answer)
        if not parsed["ok"]:
            error = parsed.get("error", {})
            wait = error.get("retry_after_ms")
            if set(parsed) - {"id"} != {"ok", "error"} or not isinstance(error.get("message"), str):
                raise Mismatch(request, "an error with code and message", "another form", answer)
            if (error.get("code") == "rate_limited") != (wait is not None) and error.get("code") != "overloaded":
                raise Mismatch(request, "retry_after_ms with rate_limited", "another", answer)
            if wait is not None and not (isinstance(wait, int) and wait >= 1):
                raise Mismatch(request, "retry_after_ms of at least 1", "another", answer)

    def look(self, epoch, request, now, got, parsed, due):
        """Whether the answer is due in one epoch and second; adds what is to `due`."""
        try:
            if request.error:
                raise model.Refused(request.error)
            return getattr(self, request.operation)(epoch, request, now, got, parsed, due)
        except model.Refused as refused:
            due.add(refused.code)
            return got == refused.code
        except (KeyError, TypeError, ValueError) as error:
            answer = json.dumps(parsed).encode()
            raise Mismatch(request, "an answer of its form", f"another: {type(error).__name__}", answer) from error

    def ping(self, epoch, request, now, got, parsed, due):
        due.add("ok")
        return got == "ok" and set(parsed) - {"id"} == {"ok", "version", "protocol"} and parsed["protocol"] == 1

    def reload(self, epoch, request, now, got, parsed, due):
        if not request.caller.is_admin:
            raise model.Refused("not_permitted")
        raise AssertionError("admins reload elsewhere")

    def status(self, epoch, request, now, got, parsed, due):
        due.add("ok")
        members = {"ok", "version", "uptime", "generation"}
        if request.caller.is_admin:
            members |= {"pid", "time", "last_reload", "faults", "keyrings", "counters"}
        if got != "ok" or set(parsed) - {"id"} != members or parsed["generation"] != epoch.generation:
            return False
        return not request.caller.is_admin or epoch.in_transit(request.sent) or self.shows_keys(epoch, now, parsed)

    def shows_keys(self, epoch, now, parsed):
        shown = {ring["name"]: ring for ring in parsed["keyrings"]}
        return shown.keys() == epoch.rings.keys() and all(
            ring["signs"] in {key and key.kid for key in epoch.signers(name, parsed["time"])}
            and {key["kid"] for key in ring["keys"]} == {key.kid for key in epoch.rings[name]}
            and set(ring["revoked"]) == epoch.revoked[name] for name, ring in shown.items()) and not parsed["faults"]

    def jwks(self, epoch, request, now, got, parsed, due):
        rings = model.rings_shown(epoch, request)
        due.add("ok")
        if got != "ok" or parsed["generation"] != epoch.generation:
            return False
        shown = {jwk["kid"]: jwk for jwk in parsed["jwks"]["keys"]}
        must, may, known = self.published(epoch, rings, now)
        if epoch.in_transit(request.sent):
            former, more, others = self.published(epoch.before, rings, now)
            must, may, known = must & former, may | more, others | known
        wrong = (must - shown.keys()) | (shown.keys() - may) | {
            kid for kid, jwk in shown.items() if kid in known and jwk != known[kid].public}
        if wrong or len(shown) != len(parsed["jwks"]["keys"]):
            due.add(f"other than shown at {now}: {[known[kid].story() if kid in known else kid for kid in wrong]}")
            return False
        for kid, jwk in shown.items():
            known[kid].use_published(jwk)
        hint = min(epoch.policy.rings[ring].verifier_cache for ring in rings)
        return parsed["refresh_hint"] == max(1, hint)

    def published(self, epoch, rings, now):
        words = [epoch.published(ring, now) for ring in rings]
        must, may = (set().union(*(word[side] for word in words)) for side in (0, 1))
        return must, may, {key.kid: key for ring in rings for key in epoch.rings[ring]}

    def sign(self, epoch, request, now, got, parsed, due):
        plan = model.plan(epoch, request, now)
        key = next((key for key in plan.signers if got == "ok" and key and key.kid == parsed["kid"]), None)
        if key is None:
            for key in filter(None, plan.signers):
                self.due_of(plan, key, request, now, due)
            return got in due and got != "ok"
        if not self.due_of(plan, key, request, now, due):
            return False
        parts = parsed["token"].split(".")
        header, payload, signature = map(keys.decode, parts)
        if header != plan.header(key) or not key.verifies(".".join(parts[:2]).encode(), signature):
            return False
        if plan.profile.content == "bytes":
            return parts[1] == request.payload and not {"exp", "jti"} & parsed.keys()
        issued = json.loads(payload)["iat"]
        expires = model.expiry(plan.ttl, key, issued)
        # The second that was planned for is the one of `iat`.
        return issued == now and parsed["exp"] == expires and payload == plan.payload(issued, expires, parsed["jti"])

    def due_of(self, plan, key, request, now, due):
        """Adds what is due where that key signs; returns whether it is a token."""
        try:
            if plan.profile.content == "bytes":
                payload = keys.decode(request.payload)
                if payload is None:
                    raise model.Refused("malformed_request")
            else:
                payload = plan.payload(now, model.expiry(plan.ttl, key, now), "j" * 22)
            if not model.fits(plan.header(key), payload, key):
                raise model.Refused("too_large")
        except model.Refused as refused:
            due.add(refused.code)
            return False
        due.add("ok")
        return True

    def explain(self, epoch, request, now, got, parsed, due):
        plan = model.plan(epoch, request, now)
        for key in plan.signers:
            if not self.due_of(plan, key, request, now, due):
                if got in due and got != "ok":
                    return True
                continue
            if got != "ok" or parsed["header"] != json.loads(plan.header(key)):
                continue
            rule = parsed["rule"]
            if (rule["profile"], rule["entry"]) != (plan.profile.name, plan.number):
                continue
            if plan.profile.content == "bytes":
                return "claims" not in parsed
            claims = parsed["claims"]
            expected = plan.payload(now, model.expiry(plan.ttl, key, now), claims["jti"])
            if model.compact(claims) == model.compact(json.loads(expected)):
                return True
        return False

    def verify(self, epoch, request, now, got, parsed, due):
        profile, audiences = model.permit_verify(epoch, request)
        for verdict in tokens.verdicts(request.token, profile, audiences, epoch, now, self.signatures):
            due.add(verdict.reason)
            if got != verdict.reason:
                continue
            if got != "valid":
                return verdict if set(parsed) - {"id"} == {"ok", "valid", "reason", "message"} else None
            header, payload = verdict.parts
            shown = parsed.get("payload") if profile.content == "bytes" else json.dumps(parsed.get("claims"))
            due_text = keys.encode(payload) if profile.content == "bytes" else json.dumps(payload)
            if parsed["kid"] == verdict.key.kid and parsed["header"] == header and shown == due_text:
                return verdict
        return None

    def count(self, request, got, parsed, found):
        counts, operation = self.counts, request.operation
        counts.outcomes[operation, got] += 1
        if not parsed["ok"]:
            message = parsed["error"]["message"]
            limit = {"rate_limited": "rate", "overloaded": "max_in_flight"}.get(got)
            if got == "rate_limited" and f"{REFUSALS} lines" in message:
                limit = "refusals"
            elif got == "overloaded" and "waited" in message:
                limit = None
            return counts.refuse(got, limit)
        if operation == "verify":
            counts.totals["verified" if got == "valid" else "invalid"] += 1
            counts.totals["looks"] += found.is_pair_signed
            self.follow(request, got, parsed)
        elif operation == "sign":
            counts.totals["signed"] += 1
            self.keep(request, parsed)

    def follow(self, request, got, parsed):
        """Counts tokens that were valid once and are refused now."""
        if got == "valid":
            self.valid[request.token] = (request.profile, parsed["kid"])
            if len(self.valid) > 5_000:
                self.valid.pop(next(iter(self.valid)))
        elif got in ("expired", "revoked", "unknown_key") and request.token in self.valid:
            del self.valid[request.token]
            self.later[got] += 1

    def note_revocation(self, key):
        self.revoked += [(token, profile) for token, (profile, kid) in self.valid.items() if kid == key.kid][-10:]

    def keep(self, request, parsed):
        token = parsed["token"]
        key = next(key for epoch in reversed(self.timeline.epochs) for ring in epoch.rings.values() for key in ring
                   if key.kid == parsed["kid"])
        if "exp" in parsed:
            key.note_signature(json.loads(keys.decode(token.split(".")[1]))["iat"], parsed["exp"])
        else:
            # Bytes do not end.
            key.note_signature(int(request.sent_at), math.inf)
        if "jti" in parsed:
            if not re.fullmatch(r"[A-Za-z0-9_-]{22}", parsed["jti"]) or len(keys.decode(parsed["jti"]) or b"") != 16:
                raise Mismatch(request, "a jti of 128 bits", "another")
            # Half of it: the whole would take twice the memory.
            half = keys.decode(parsed["jti"])[:8]
            if half in self.identifiers:
                raise Mismatch(request, "a new jti", "one that came before")
            self.identifiers.add(half)
        if len(token) < 4_000 or len(self.pool) % 10 == 0:
            self.pool.append((token, request.profile))
