#!/usr/bin/python3
"""Signatures a second of PyJWT with HS512, in one thread of this process; the claims are those of `bench`.

    pyjwt_sign.py SECONDS
"""

import sys
import time
import uuid

import jwt

KEY = b"k" * 64
end = (begin := time.monotonic()) + float(sys.argv[1])
count = 0
while time.monotonic() < end:
    for _ in range(100):
        now = int(time.time())
        jwt.encode(
            {"sub": "user-1001", "email": "ada@example.com", "given_name": "Ada", "roles": ["admin", "user"],
             "iss": "https://auth.example.com", "aud": "https://api.example.com", "iat": now, "nbf": now,
             "exp": now + 900, "jti": uuid.uuid4().hex},
            KEY, algorithm="HS512", headers={"kid": "first"})
    count += 100
print(round(count / (time.monotonic() - begin)))
