"""Keys as the soak's model has them: made here or read from the file that `signet key rotate` made.

Signatures are checked and made by PyJWT and cryptography, never by Signet.
"""

import base64
import functools
import hashlib
import json
import os

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed448, ed25519, rsa
from jwt.algorithms import get_default_algorithms

PYJWT = get_default_algorithms()
ALGORITHMS = [
    "HS256", "HS384", "HS512", "RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512",
    "EdDSA", "Ed25519", "Ed448",
]
CURVES = {
    "ES256": (ec.SECP256R1, "P-256", 32), "ES384": (ec.SECP384R1, "P-384", 48), "ES512": (ec.SECP521R1, "P-521", 66),
}
# What a pool of threads signs, so that it can be `overloaded`.
SIGNS_SLOWLY = {name for name in ALGORITHMS if name[:2] in ("RS", "PS")} | {"ES384", "ES512", "Ed448"}
VERIFIES_SLOWLY = {"ES384", "ES512", "Ed448"}
PRIVATE = {"d", "p", "q", "dp", "dq", "qi", "k", "oth"}


def encode(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def decode(text):
    """Canonical base64url without padding; None for anything else."""
    try:
        data = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except ValueError:
        return None
    return data if encode(data) == text else None


def number(value, size=None):
    return encode(value.to_bytes(size or (value.bit_length() + 7) // 8, "big"))


def private_members(algorithm, rng):
    """The members of a new private JWK."""
    if algorithm.startswith("HS"):
        return {"kty": "oct", "k": encode(rng.randbytes(int(algorithm[2:]) // 8 + rng.randrange(8)))}
    if algorithm in CURVES:
        curve, name, size = CURVES[algorithm]
        values = ec.generate_private_key(curve()).private_numbers()
        public = values.public_numbers
        return {"kty": "EC", "crv": name, "x": number(public.x, size), "y": number(public.y, size),
                "d": number(values.private_value, size)}
    if algorithm[:2] in ("RS", "PS"):
        values = rsa.generate_private_key(public_exponent=65537, key_size=2048).private_numbers()
        return {"kty": "RSA", "n": number(values.public_numbers.n), "e": number(values.public_numbers.e),
                "d": number(values.d), "p": number(values.p), "q": number(values.q), "dp": number(values.dmp1),
                "dq": number(values.dmq1), "qi": number(values.iqmp)}
    kind = ed448.Ed448PrivateKey if algorithm == "Ed448" else ed25519.Ed25519PrivateKey
    key = kind.generate()
    raw, none = serialization.Encoding.Raw, serialization.NoEncryption()
    return {"kty": "OKP", "crv": "Ed448" if algorithm == "Ed448" else "Ed25519",
            "x": encode(key.public_key().public_bytes(raw, serialization.PublicFormat.Raw)),
            "d": encode(key.private_bytes(raw, serialization.PrivateFormat.Raw, none))}


class Key:
    """One key file, and what the model has seen of the key."""

    def __init__(self, ring, algorithm, jwk, file):
        self.ring, self.algorithm, self.jwk, self.file = ring, algorithm, jwk, file
        self.kid = jwk["kid"]
        self.not_before = jwk.get("nbf", jwk.get("iat", 0))
        self.issued, self.expires = jwk.get("iat", 0), jwk.get("exp")
        # The last `exp` that it was seen to sign, by the second of signing.
        self.signings = {}
        # The seconds between which its publication was recorded.
        self.published = (self.issued, self.issued)

    def __repr__(self):
        return f"{self.ring}/{self.kid}"

    def story(self):
        return f"{self} nbf {self.not_before} exp {self.expires} last {self.last_expiry()} published {self.published}"

    def note_signature(self, issued, expires):
        self.signings[issued] = max(expires, self.signings.get(issued, 0))
        # Requests are judged within seconds; what is older has ended, or stays as the first.
        if len(self.signings) > 400:
            self.signings = dict(sorted(self.signings.items())[200:])

    def last_expiry(self, now=None):
        """The last `exp` that it signed before a second; None: it signed nothing."""
        return max((end for second, end in self.signings.items() if now is None or second < now), default=None)

    @property
    def is_symmetric(self):
        return self.jwk["kty"] == "oct"

    @property
    def order(self):
        return (self.not_before, self.issued, self.kid.encode())

    @property
    def signature_length(self):
        if self.algorithm in CURVES:
            return 2 * CURVES[self.algorithm][2]
        if self.is_symmetric:
            return int(self.algorithm[2:]) // 8
        return len(decode(self.jwk["n"])) if self.jwk["kty"] == "RSA" else 114 if self.jwk["crv"] == "Ed448" else 64

    @functools.cached_property
    def public(self):
        """What the daemon publishes of it."""
        members = {name: value for name, value in self.jwk.items() if name not in PRIVATE}
        for name in ("iat", "nbf", "exp", "key_ops"):
            members.pop(name, None)
        return {**members, "use": "sig", "alg": self.algorithm}

    @functools.cached_property
    def _peer(self):
        return PYJWT["EdDSA" if self.jwk["kty"] == "OKP" else self.algorithm]

    @functools.cached_property
    def _verifier(self):
        return self._peer.from_jwk(json.dumps(self.jwk if self.is_symmetric else self.public))

    @functools.cached_property
    def _signer(self):
        return self._peer.from_jwk(json.dumps(self.jwk))

    def verifies(self, data, signature):
        try:
            return bool(self._peer.verify(data, self._verifier, signature))
        except ValueError:
            return False

    def sign(self, header, payload):
        """A compact JWS, for tokens that the daemon never made. `header` and `payload` are bytes."""
        data = f"{encode(header)}.{encode(payload)}"
        return f"{data}.{encode(self._peer.sign(data.encode(), self._signer))}"

    def use_published(self, jwk):
        """Verifies from now on with what the daemon published, after the model has compared it."""
        self._verifier = self._peer.from_jwk(json.dumps(jwk))

    def write(self):
        descriptor = os.open(self.file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w") as file:
            json.dump(self.jwk, file)


def make(ring, algorithm, directory, rng, **times):
    """A new key with `iat`, `nbf` and `exp` as given; its file is not written yet."""
    members = private_members(algorithm, rng)
    kid = f"{ring}-{rng.getrandbits(48):012x}"
    return Key(ring, algorithm, {**members, "alg": algorithm, "kid": kid, **times}, directory / f"{kid}.jwk")


def read(ring, algorithm, file):
    """The key of a file that the command line made."""
    jwk = json.loads(file.read_text())
    if "kid" not in jwk:
        required = {"EC": "crv kty x y", "RSA": "e kty n", "OKP": "crv kty x"}[jwk["kty"]].split()
        text = json.dumps({name: jwk[name] for name in required}, separators=(",", ":"))
        jwk["kid"] = encode(hashlib.sha256(text.encode()).digest())
    return Key(ring, algorithm, jwk, file)
