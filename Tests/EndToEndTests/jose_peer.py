#!/usr/bin/env python3
"""Another JOSE implementation, so that a test can ask whether it and signetd understand each other.

usage: jose_peer.py < REQUEST > ANSWER       (keys and tokens never stand in arguments)

REQUEST, a JSON object:
    peer        "pyjwt", "joserfc" or "jose" (latchset's program)
    packages    a folder that `pip install --target` filled, for joserfc alone: its own cryptography must not come
                before Debian's, which PyJWT uses
    algorithm   the one that is expected
    keys        a JWK Set to verify with
    verify      tokens, to be verified: each answer is {"header", "payload"} or {"refused": why}
    private     path of a private JWK to sign with
    sign        {"header", "payload"}: the payload is the text of a JSON object
ANSWER: {"verified": [...], "signed": token}
"""
import base64
import json
import subprocess
import sys
import tempfile


def decode(segment):
    return base64.urlsafe_b64decode(segment + "=" * (-len(segment) % 4)).decode()


def header_of(token):
    return json.loads(decode(token.split(".")[0]))


def key_for(token, keys):
    """As PyJWKClient does: by kid, never by trying."""
    return next(key for key in keys["keys"] if key["kid"] == header_of(token)["kid"])


class PyJWT:
    refusals = property(lambda self: (self.jwt.PyJWTError,))

    def __init__(self, request):
        import jwt

        self.jwt, self.algorithm = jwt, request["algorithm"]
        # The names of RFC 9864 came after this PyJWT; the signatures are those of its EdDSA.
        self.is_new_name = self.algorithm in ("Ed25519", "Ed448")
        if self.is_new_name:
            jwt.register_algorithm(self.algorithm, jwt.algorithms.OKPAlgorithm())

    def key(self, jwk):
        if self.is_new_name:
            return self.jwt.algorithms.OKPAlgorithm.from_jwk(json.dumps(jwk))
        return self.jwt.PyJWK(jwk | {"alg": self.algorithm}).key

    def verify(self, token, keys):
        key = self.key(key_for(token, keys))
        decoded = self.jwt.api_jws.decode_complete(token, key, algorithms=[self.algorithm])
        return decoded["header"], decoded["payload"].decode()

    def sign(self, header, payload, path):
        with open(path) as file:
            key = self.key(json.load(file))
        return self.jwt.api_jws.encode(payload.encode(), key, self.algorithm, header)


class Joserfc:
    refusals = property(lambda self: (self.error, ValueError))

    def __init__(self, request):
        sys.path.insert(0, request["packages"])
        from joserfc import errors, jwk, jws

        self.jwk, self.jws, self.error = jwk, jws, errors.JoseError
        self.algorithm = request["algorithm"]

    def verify(self, token, keys):
        key = self.jwk.import_key(key_for(token, keys))
        found = self.jws.deserialize_compact(token, key, algorithms=[self.algorithm])
        return found.headers(), found.payload.decode()

    def sign(self, header, payload, path):
        with open(path) as file:
            key = self.jwk.import_key(json.load(file) | {"alg": self.algorithm})
        return self.jws.serialize_compact(header, payload, key, algorithms=[self.algorithm])


class Refused(Exception):
    pass


class Jose:
    """The program `jose`. What it takes goes through standard input, where a key file is not meant."""

    refusals = (Refused,)

    def __init__(self, request):
        pass

    def run(self, arguments, text):
        done = subprocess.run(["jose", *arguments], input=text, capture_output=True, text=True)
        if done.returncode:
            raise Refused(done.stderr.strip() or "no word")
        return done.stdout

    def verify(self, token, keys):
        # Standard input holds the token, so the key goes by a file, which is made for its owner alone.
        with tempfile.NamedTemporaryFile("w", suffix=".jwk") as file:
            json.dump(key_for(token, keys), file)
            file.flush()
            payload = self.run(["jws", "ver", "-i", "-", "-k", file.name, "-O", "-"], token)
        return header_of(token), payload

    def sign(self, header, payload, path):
        template = json.dumps({"protected": header})
        return self.run(["jws", "sig", "-I", "-", "-s", template, "-k", path, "-c", "-o", "-"], payload).strip()


def main():
    request = json.load(sys.stdin)
    peer = {"pyjwt": PyJWT, "joserfc": Joserfc, "jose": Jose}[request["peer"]](request)
    answer = {"verified": []}
    for token in request.get("verify", []):
        try:
            header, payload = peer.verify(token, request["keys"])
            answer["verified"].append({"header": header, "payload": payload})
        except peer.refusals as error:
            answer["verified"].append({"refused": f"{type(error).__name__}: {error}"})
    if "sign" in request:
        answer["signed"] = peer.sign(request["sign"]["header"], request["sign"]["payload"], request["private"])
    json.dump(answer, sys.stdout)


if __name__ == "__main__":
    main()
