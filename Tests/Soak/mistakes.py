"""What an operator may do wrong. Each is refused by a reload, and nothing changes."""

FORGER = """
[profile.forger]
keyring = "hs512"
issuer = "https://default.example.com"
audiences = ["https://api.example.com"]
[[profile.forger.allow]]
operations = ["sign"]
users = ["*"]
"""


def all(text):
    """Names of mistakes, and the configuration that each leads to; None: the mistake lies in another file."""
    return [
        ("no TOML", text + "\n[["), ("an unknown key", text.replace("issuer =", "isuer =", 1)),
        ("a wrong type", text.replace('ttl = "10s"', "ttl = 10", 1)),
        ("a name twice", text + "\n[profile.default]\n"), ("a profile that forges", text + FORGER),
        ("a missing ring", text.replace('keyring = "es256"', 'keyring = "es257"', 1)),
        ("another algorithm", text.replace('"HS384"', '"HS512"', 1)),
        ("a ring that is gone", text.replace("[keyring.ps512]", "[keyring.ps513]")),
        ("a file for all to write", None), ("a broken further file", None), ("a key for all to read", None),
        ("a key that is none", None), ("another key of that name", None),
    ]
