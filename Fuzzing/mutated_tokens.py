"""Keys of every algorithm, and tokens made with them and then spoiled, as a generator with a seed decides."""
import base64
import json
import os
import time

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed448, ed25519, rsa

ALGORITHMS = "HS256 HS384 HS512 RS256 RS384 RS512 PS256 PS384 PS512 ES256 ES384 ES512 Ed25519 Ed448".split()
ISSUER, AUDIENCE, LEEWAY = "https://issuer.example", "https://api.example", 30
# The names of RFC 9864 came after Debian's PyJWT; the signatures are those of its EdDSA.
for name in ("Ed25519", "Ed448"):
    try:
        jwt.register_algorithm(name, jwt.algorithms.OKPAlgorithm())
    except ValueError:
        pass


def encode(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def decode(text):
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def is_canonical(segment):
    try:
        return encode(decode(segment)) == segment
    except ValueError:
        return False


class Key:
    def __init__(self, algorithm):
        self.algorithm = self.kid = algorithm
        if algorithm.startswith("HS"):
            self.private = self.public = os.urandom(64)
        else:
            self.private = self.generate(algorithm)
            self.public = self.private.public_key()

    @staticmethod
    def generate(algorithm):
        if algorithm in ("Ed25519", "Ed448"):
            return (ed25519.Ed25519PrivateKey if algorithm == "Ed25519" else ed448.Ed448PrivateKey).generate()
        if algorithm.startswith("ES"):
            curves = {"ES256": ec.SECP256R1(), "ES384": ec.SECP384R1(), "ES512": ec.SECP521R1()}
            return ec.generate_private_key(curves[algorithm])
        return rsa.generate_private_key(65537, 2048)

    def write(self, folder):
        """The file that signetd reads."""
        if isinstance(self.private, bytes):
            jwk = {"kty": "oct", "k": encode(self.private)}
        else:
            jwk = self.numbers()
        jwk |= {"kid": self.kid, "alg": self.algorithm, "use": "sig"}
        path = os.path.join(folder, "key.jwk")
        with open(os.open(path, os.O_WRONLY | os.O_CREAT, 0o600), "w") as file:
            json.dump(jwk, file)

    def numbers(self):
        """RFC 7518 section 6, RFC 8037 section 2. PyJWT's own writer drops leading zeros of an EC key."""
        if self.algorithm[:2] == "Ed":
            raw = serialization.Encoding.Raw
            public = self.public.public_bytes(raw, serialization.PublicFormat.Raw)
            private = self.private.private_bytes(
                raw, serialization.PrivateFormat.Raw, serialization.NoEncryption())
            return {"kty": "OKP", "crv": self.algorithm, "x": encode(public), "d": encode(private)}
        private = self.private.private_numbers()
        if self.algorithm[:2] == "ES":
            length = (self.private.key_size + 7) // 8
            numbers = {"x": private.public_numbers.x, "y": private.public_numbers.y, "d": private.private_value}
            return {"kty": "EC", "crv": f"P-{self.private.key_size}"} | {
                name: encode(number.to_bytes(length, "big")) for name, number in numbers.items()}
        numbers = {"n": private.public_numbers.n, "e": private.public_numbers.e, "d": private.d, "p": private.p,
                   "q": private.q, "dp": private.dmp1, "dq": private.dmq1, "qi": private.iqmp}
        return {"kty": "RSA"} | {
            name: encode(number.to_bytes((number.bit_length() + 7) // 8, "big")) for name, number in numbers.items()}

    def sign(self, header, payload):
        """A token of exactly these bytes, with a good signature."""
        text = encode(header) + "." + encode(payload)
        signer = jwt.api_jws._jws_global_obj._algorithms[self.algorithm]
        return text + "." + encode(signer.sign(text.encode(), signer.prepare_key(self.private)))

    def judge(self, token):
        """None where PyJWT accepts, else why it does not."""
        try:
            jwt.decode(token, self.public, algorithms=[self.algorithm], issuer=ISSUER, audience=AUDIENCE,
                       leeway=LEEWAY, options={"require": ["exp", "iss", "aud"]})
        except jwt.PyJWTError as error:
            return repr(error)
        except Exception as error:  # noqa: BLE001 - a fault of its own, and no acceptance
            return repr(error)
        return None


class Maker:
    SCRAPS = [".", "=", "A", "_", "-", "+", "/", " ", "\n", "é", "\x00", "%", "AA", "..", "e30"]

    def __init__(self, generator, keys):
        self.random, self.keys, self.now = generator, keys, int(time.time())

    def token(self, key):
        roll = self.random.random()
        token = key.sign(self.header(key), self.payload())
        if roll < 0.35:
            return token
        if roll < 0.45:
            return self.other_signature(key, token)
        for _ in range(self.random.randint(1, 2)):
            token = self.mutated(token)
        return token

    def header(self, key):
        members = {"alg": key.algorithm, "kid": key.kid, "typ": "JWT"}
        for _ in range(self.random.choice([0, 0, 1, 1, 2])):
            name, value = self.random.choice([
                ("alg", self.random.choice(ALGORITHMS + ["none", "None", "", key.algorithm.lower(), None])),
                ("kid", self.random.choice(ALGORITHMS + ["", 1, "\u212aS256", key.kid + "\u0000"])), ("kid", None),
                ("typ", self.random.choice(["jwt", "application/jwt", "at+jwt", 1, ""])), ("typ", None),
                ("crit", self.random.choice([["b64"], ["exp"], []])), ("b64", False), ("zip", "DEF"),
                ("x", {"a": [1, 2.5, None]}), ("cty", "JWT"),
            ])
            if value is None:
                members.pop(name, None)
            else:
                members[name] = value
        return self.text(members)

    def payload(self):
        members = {"iss": ISSUER, "aud": AUDIENCE, "exp": self.now + 900, "iat": self.now, "nbf": self.now, "sub": "u"}
        times = [0, -1, self.now + 900, self.now - 900, self.now + 900.5, 1e300, str(self.now + 900), "x", True,
                 float(self.now + 900), None, [], 2**63, 2**70]
        for _ in range(self.random.choice([0, 0, 1, 1, 2])):
            name, value = self.random.choice([
                ("exp", self.random.choice(times)), ("nbf", self.random.choice(times)),
                ("iat", self.random.choice(times)), ("iss", self.random.choice([ISSUER + "/", "", 1, [ISSUER]])),
                ("aud", self.random.choice([[AUDIENCE], ["x", AUDIENCE], [AUDIENCE, 1], [], "x", 1, [[AUDIENCE]]])),
                ("sub", self.random.choice(["é", "💍", "", 1])), ("deep", [[[[]]]]), ("n", 10**400),
            ])
            if value is None:
                members.pop(name, None)
            else:
                members[name] = value
        return self.text(members)

    def text(self, members):
        text = json.dumps(members, ensure_ascii=self.random.random() < 0.5,
                          separators=self.random.choice([(",", ":"), (", ", ": "), (" ,\n", " : ")]))
        roll = self.random.random()
        if roll < 0.04:
            name = self.random.choice(list(members) or ["a"])
            text = text[:-1] + f', "{name}": {json.dumps(members.get(name, 1))}}}'
        elif roll < 0.06:
            text = text[:-1] + ",}"
        elif roll < 0.08:
            text = text[:-1] + ', "a": NaN}'
        elif roll < 0.10:
            text = text[:-1] + ', "a": "\\ud800"}'
        elif roll < 0.12:
            text = self.random.choice(["\ufeff" + text, f"[{text}]", text + text, " " + text + "\n", "null"])
        data = text.encode()
        return data[:-1] + b',"a":"\xff"}' if 0.12 <= roll < 0.13 else data

    def other_signature(self, key, token):
        head, signature = token.rsplit(".", 1)
        data = decode(signature)
        other = self.random.choice([name for name in self.keys if name != key.algorithm])
        return head + "." + self.random.choice([
            "", encode(data[:-1]), encode(data + b"\0"), encode(b"\0" + data), encode(bytes(len(data))),
            self.keys[other].sign(b"{}", b"{}").rsplit(".", 1)[1], signature + "=", signature + "==",
            encode(data[len(data) // 2:] + data[:len(data) // 2]), self.last_bits(signature),
            base64.b64encode(data).decode().rstrip("="),
        ])

    def last_bits(self, segment):
        """The same bytes, the unused bits of the last character changed."""
        alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
        if len(segment) % 4 == 0 or not segment:
            return segment
        return segment[:-1] + alphabet[alphabet.index(segment[-1]) ^ 1]

    def mutated(self, token):
        place = self.random.randrange(len(token) + 1)
        roll = self.random.random()
        if roll < 0.3:
            return token[:place] + self.random.choice(self.SCRAPS) + token[place:]
        if roll < 0.5:
            return token[:place] + token[place + self.random.randint(1, 4):]
        if roll < 0.8:
            return token[:place] + self.random.choice("ABab01-_") + token[place + 1:]
        segments = token.split(".")
        index = self.random.randrange(len(segments))
        segments[index] = self.random.choice([
            self.last_bits(segments[index]) if segments[index].isascii() and segments[index].replace("-", "").replace("_", "").isalnum() else "",
            segments[index] + "=", segments[self.random.randrange(len(segments))], segments[index] + "\n"])
        return ".".join(segments)
