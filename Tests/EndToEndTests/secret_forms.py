"""What a key may look like in memory: itself, and all that equals it (rule MEM-1)."""
import base64
import hashlib

# Group orders: SEC 2 sections 2.4.2, 2.5.1, 2.6.1; RFC 8032 section 5.
ORDERS = {
    "P-256": 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551,
    "P-384": (1 << 384) - 1388124618062372383947042015309946732620727252194336364173,
    "P-521": (1 << 521)
    - 657877501894328237357444332315020117536923257219387276263472201219398408051703,
    "Ed25519": (1 << 252) + 27742317777372353535851937790883648493,
    "Ed448": (1 << 446) - 13818066809895115352007386748515426880336692474882178609894547503885,
}
LENGTHS = {"P-256": 32, "P-384": 48, "P-521": 66}


def root(number, degree):
    low, high = 0, 1 << (number.bit_length() // degree + 1)
    while low < high:
        middle = (low + high + 1) // 2
        if middle**degree <= number:
            low = middle
        else:
            high = middle - 1
    return low


def primes(count):
    found = []
    candidate = 2
    while len(found) < count:
        if all(candidate % prime for prime in found):
            found.append(candidate)
        candidate += 1
    return found


class SHA2:
    """The compression function of FIPS 180-4: Python's own hashes do not show their states."""

    def __init__(self, word, rounds, rotations, first_prime=0):
        # Fractional parts of the square and cube roots of the first primes.
        bits = 8 * word
        self.word, self.rounds, self.rotations, self.mask = word, rounds, rotations, (1 << bits) - 1
        self.block = 16 * word
        roots = primes(first_prime + 8)[first_prime:]
        self.initial = [root(p << 2 * bits, 2) & self.mask for p in roots]
        self.constants = [root(p << 3 * bits, 3) & self.mask for p in primes(rounds)]

    def rotate(self, word, by):
        return (word >> by | word << (8 * self.word - by)) & self.mask

    def schedule(self, block):
        words = [int.from_bytes(block[i : i + self.word], "big") for i in range(0, self.block, self.word)]
        (a, b, c), (d, e, f) = self.rotations[2:]
        for i in range(16, self.rounds):
            s0 = self.rotate(words[i - 15], a) ^ self.rotate(words[i - 15], b) ^ words[i - 15] >> c
            s1 = self.rotate(words[i - 2], d) ^ self.rotate(words[i - 2], e) ^ words[i - 2] >> f
            words.append((words[i - 16] + s0 + words[i - 7] + s1) & self.mask)
        return words

    def state_after(self, block):
        """The state after one block: what a keyed HMAC context holds instead of the key."""
        a, b, c, d, e, f, g, h = self.initial
        big0, big1 = self.rotations[:2]
        for constant, word in zip(self.constants, self.schedule(block)):
            s1 = self.rotate(e, big1[0]) ^ self.rotate(e, big1[1]) ^ self.rotate(e, big1[2])
            t1 = (h + s1 + (e & f ^ ~e & self.mask & g) + constant + word) & self.mask
            s0 = self.rotate(a, big0[0]) ^ self.rotate(a, big0[1]) ^ self.rotate(a, big0[2])
            t2 = (s0 + (a & b ^ a & c ^ b & c)) & self.mask
            a, b, c, d, e, f, g, h = (t1 + t2) & self.mask, a, b, c, (d + t1) & self.mask, e, f, g
        state = zip(self.initial, (a, b, c, d, e, f, g, h))
        return b"".join(((x + y) & self.mask).to_bytes(self.word, "big") for x, y in state)


WIDE = ((28, 34, 39), (14, 18, 41), (1, 8, 7), (19, 61, 6))
HASHES = {
    "HS256": lambda: SHA2(4, 64, ((2, 13, 22), (6, 11, 25), (7, 18, 3), (17, 19, 10))),
    "HS384": lambda: SHA2(8, 80, WIDE, first_prime=8),
    "HS512": lambda: SHA2(8, 80, WIDE),
}


def decode(text):
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def swapped(value, word):
    """Little-endian words, as a processor keeps them."""
    return b"".join(value[i : i + word][::-1] for i in range(0, len(value), word))


def hmac_forms(jwk):
    key, hash = decode(jwk["k"]), HASHES[jwk["alg"]]()
    padded = key.ljust(hash.block, b"\0")
    inner, outer = (bytes(byte ^ pad for byte in padded) for pad in (0x36, 0x5C))
    plain = {
        "key": key,
        "inner pad": inner[: len(key)],
        "outer pad": outer[: len(key)],
        "inner state": hash.state_after(inner),
        "outer state": hash.state_after(outer),
    }
    found = dict(plain)
    for name, value in plain.items():
        found[name + ", words swapped"] = swapped(value, hash.word)
    found["key, reversed"] = key[::-1]
    return found


def number_forms(name, number, length):
    """Big-endian, and little-endian as the words of a BIGNUM lie."""
    words = (length + 7) // 8
    return {name: number.to_bytes(length, "big"), f"{name}, little-endian": number.to_bytes(8 * words, "little")}


def rsa_forms(jwk):
    found = {}
    for name in ("d", "p", "q", "dp", "dq", "qi"):
        octets = decode(jwk[name])
        found |= number_forms(name, int.from_bytes(octets, "big"), len(octets))
    for name in ("p", "q"):
        prime = int.from_bytes(decode(jwk[name]), "big")
        length = (prime.bit_length() + 63) // 64 * 8
        r = 1 << 8 * length
        found |= number_forms(f"R mod {name}", r % prime, length)
        found |= number_forms(f"R² mod {name}", r * r % prime, length)
        for bits in (28, 29, 52):  # the digits of OpenSSL's vector code
            digits = [prime >> shift & (1 << bits) - 1 for shift in range(0, prime.bit_length(), bits)]
            found[f"{name}, digits of {bits} bits"] = b"".join(digit.to_bytes(8, "little") for digit in digits)
    return found


def ec_forms(jwk):
    d, length, order = int.from_bytes(decode(jwk["d"]), "big"), LENGTHS[jwk["crv"]], ORDERS[jwk["crv"]]
    r = 1 << (length + 7) // 8 * 64
    return number_forms("d", d, length) | number_forms("d·R mod n", d * r % order, length)


def ed25519_forms(seed):
    hash = HASHES["HS512"]()
    expanded = hashlib.sha512(seed).digest()
    scalar = int.from_bytes(expanded[:32], "little") & (1 << 254) - 8 | 1 << 254
    # The last sixteen words of the schedule give the first back; block functions keep them on their stack.
    schedule = hash.schedule(seed + b"\x80" + bytes(93) + b"\x01\x00")
    with_constants = [(word + constant) & hash.mask for word, constant in zip(schedule, hash.constants)]
    return {
        "seed": seed,
        "seed, words swapped": swapped(seed, 8),
        "seed, reversed": seed[::-1],
        "SHA-512 of the seed": expanded,
        "SHA-512 of the seed, words swapped": swapped(expanded, 8),
        "scalar": scalar.to_bytes(32, "little"),
        "scalar, big-endian": scalar.to_bytes(32, "big"),
        "schedule": b"".join(word.to_bytes(8, "little") for word in schedule[:4] + schedule[16:]),
        "schedule with constants": b"".join(word.to_bytes(8, "little") for word in with_constants[:4] + with_constants[16:]),
    }


def ed448_forms(seed):
    expanded = hashlib.shake_256(seed).digest(114)
    scalar = int.from_bytes(expanded[:57], "little") & (1 << 447) - 4 | 1 << 447
    return {
        "seed": seed,
        "seed, reversed": seed[::-1],
        "SHAKE256 of the seed": expanded,
        "scalar": scalar.to_bytes(56, "little"),
        "scalar, big-endian": scalar.to_bytes(56, "big"),
        "scalar mod order": (scalar % ORDERS["Ed448"]).to_bytes(56, "little"),
    }


def aes_substitution():
    """The S-box of FIPS 197 section 5.1.1: inverses in GF(2⁸), then an affine map."""
    box, power, inverse = [0x63] * 256, 1, 1
    while True:
        power ^= power << 1 & 0xFF ^ (0x1B if power & 0x80 else 0)
        for by in (1, 2, 4):
            inverse ^= inverse << by & 0xFF
        inverse ^= 0x09 if inverse & 0x80 else 0
        turns = [(inverse << by | inverse >> 8 - by) & 0xFF for by in range(5)]
        box[power] = turns[0] ^ turns[1] ^ turns[2] ^ turns[3] ^ turns[4] ^ 0x63
        if power == 1:
            return box


def aes256_round_keys(key):
    """FIPS 197 section 5.2: fifteen round keys, of which the first two are the key."""
    box, words, constant = aes_substitution(), [key[i : i + 4] for i in range(0, 32, 4)], 1
    for i in range(8, 60):
        word = words[-1]
        if i % 8 == 0:
            word = bytes(box[byte] for byte in word[1:] + word[:1])
            word, constant = bytes([word[0] ^ constant]) + word[1:], constant << 1
        elif i % 8 == 4:
            word = bytes(box[byte] for byte in word)
        words.append(bytes(a ^ b for a, b in zip(words[i - 8], word)))
    return b"".join(words)


def kek_forms(jwk):
    """A key-encryption key, and what a context of AES-256-GCM holds of it."""
    from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

    key = decode(jwk["k"])
    round_keys = aes256_round_keys(key)
    # Whoever has the hash key makes tags for what he changed.
    hash_key = Cipher(algorithms.AES(key), modes.ECB()).encryptor().update(bytes(16))
    return {
        "key": key,
        "key, reversed": key[::-1],
        "round keys": round_keys,
        "round keys, words swapped": swapped(round_keys, 4),
        "hash key": hash_key,
        "hash key, words swapped": swapped(hash_key, 8),
    }


def forms(jwk):
    """Name to bytes. Each stands for the key: who has one of them has the key, or a good part of it."""
    kind = jwk["kty"]
    if kind == "oct" and jwk["alg"] == "A256GCM":
        found = kek_forms(jwk)
    elif kind == "oct":
        found = hmac_forms(jwk)
    elif kind == "RSA":
        found = rsa_forms(jwk)
    elif kind == "EC":
        found = ec_forms(jwk)
    else:
        found = {"Ed25519": ed25519_forms, "Ed448": ed448_forms}[jwk["crv"]](decode(jwk["d"]))
    for name in ("k", "d", "p", "q", "dp", "dq", "qi"):
        if name in jwk:
            found[f"text of {name}"] = jwk[name].encode()
    return found


def nonce_forms(jwk, token):
    """The secret number of one signature: whoever has it computes the key from the token."""
    header, payload, text = token.split(".")
    message, signature, found = f"{header}.{payload}".encode(), decode(text), {}
    if jwk["kty"] == "EC":
        order, length = ORDERS[jwk["crv"]], LENGTHS[jwk["crv"]]
        hash = {"P-256": hashlib.sha256, "P-384": hashlib.sha384, "P-521": hashlib.sha512}[jwk["crv"]](message).digest()
        d, e = (int.from_bytes(octets, "big") for octets in (decode(jwk["d"]), hash))
        r, s = (int.from_bytes(signature[i : i + length], "big") for i in (0, length))
        k = pow(s, -1, order) * (e + r * d) % order
        radix = 1 << (length + 7) // 8 * 64
        inverse = pow(k, -1, order)
        # OpenSSL adds the order once or twice, so that all nonces have one length.
        for name, number in {
            "nonce": k,
            "nonce + n": k + order,
            "nonce + 2n": k + 2 * order,
            "nonce·R": k * radix % order,
            "inverse nonce": inverse,
            "inverse nonce·R": inverse * radix % order,
            "r·d": r * d % order,
            "e + r·d": (e + r * d) % order,
        }.items():
            found |= number_forms(name, number, (length + 7) // 8 * 8 + 8)
    elif jwk["kty"] == "OKP":
        seed = decode(jwk["d"])
        if jwk["crv"] == "Ed25519":
            order, hash = ORDERS["Ed25519"], hashlib.sha512(hashlib.sha512(seed).digest()[32:] + message).digest()
        else:
            order, prefix = ORDERS["Ed448"], hashlib.shake_256(seed).digest(114)[57:]
            hash = hashlib.shake_256(b"SigEd448\0\0" + prefix + message).digest(114)
        nonce = int.from_bytes(hash, "little") % order
        found = {"nonce's hash": hash} | number_forms("nonce", nonce, (order.bit_length() + 7) // 8)
    return found


def jwk_of_pem(pem):
    """The private JWK of a key that `openssl genpkey` wrote."""
    from cryptography.hazmat.primitives import serialization as s
    from cryptography.hazmat.primitives.asymmetric import ec, rsa

    def text(number, length):
        return base64.urlsafe_b64encode(number.to_bytes(length, "big")).rstrip(b"=").decode()

    key = s.load_pem_private_key(pem.encode(), None)
    if isinstance(key, rsa.RSAPrivateKey):
        n = key.private_numbers()
        half = (key.key_size + 15) // 16
        numbers = {"p": n.p, "q": n.q, "dp": n.dmp1, "dq": n.dmq1, "qi": n.iqmp}
        return {"kty": "RSA", "d": text(n.d, key.key_size // 8)} | {k: text(v, half) for k, v in numbers.items()}
    if isinstance(key, ec.EllipticCurvePrivateKey):
        curve = {256: "P-256", 384: "P-384", 521: "P-521"}[key.key_size]
        return {"kty": "EC", "crv": curve, "d": text(key.private_numbers().private_value, LENGTHS[curve])}
    raw = key.private_bytes(s.Encoding.Raw, s.PrivateFormat.Raw, s.NoEncryption())
    curve = {32: "Ed25519", 57: "Ed448"}[len(raw)]
    return {"kty": "OKP", "crv": curve, "d": text(int.from_bytes(raw, "big"), len(raw))}


def pem_lines(pem):
    """The body of a PEM file, but for what is the same in many keys of a kind: version and algorithm."""
    lines = pem.split("\n")
    return "\n".join(lines[2:-2] if len(lines) > 4 else [lines[1][24:]]).encode()
