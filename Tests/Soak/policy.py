"""What the soak's daemon is configured to: profiles, entries and keyrings, and the TOML that says so."""

import copy
import dataclasses
import grp
import json
import pwd
from typing import Optional

from keys import ALGORITHMS

API, ADMIN = "https://api.example.com", "https://admin.example.com"
REQUEST_BYTES, TOKEN_BYTES = 65_536, 65_024
CONNECTIONS_PER_USER, IN_FLIGHT_PER_USER, BUFFERED_PER_USER = 24, 64, 1 << 20
RATE, REFUSALS = 20, 1_000
SERVER = f"""[server]
socket = "signet.sock"
socket_mode = "0666"
state_directory = "state"
max_request_bytes = {REQUEST_BYTES}
max_connections_per_user = {CONNECTIONS_PER_USER}
max_in_flight = {4 * IN_FLIGHT_PER_USER}
max_buffered = "{4 * BUFFERED_PER_USER}"
request_timeout = "15s"
write_timeout = "6s"
idle_timeout = "20s"
verify_cache = "1M"
audit = "all"
"""
OVERFLOW_UID = 65_534


@dataclasses.dataclass(frozen=True)
class Caller:
    """Who asks; or whom an admin asks about, with `uid` None where the system knows no such user."""
    name: Optional[str]
    uid: Optional[int]
    gid: Optional[int] = None
    groups: tuple = ()

    @property
    def is_admin(self):
        return self.uid == 0

    def value(self, template):
        """What a template stands for; None: nothing."""
        found = {"user": self.name, "uid": self.uid, "gid": self.gid, "group": group_name(self.gid)}[template]
        return None if found is None else str(found)


def group_name(gid):
    try:
        return None if gid is None else grp.getgrgid(gid).gr_name
    except KeyError:
        return None


def caller(name, *supplementary):
    """An account that every Debian has, with these groups beside its own."""
    account = pwd.getpwnam(name)
    return Caller(name, account.pw_uid, account.pw_gid, (group_name(account.pw_gid),) + supplementary)


CALLERS = [
    caller("root"), caller("daemon"), caller("games"), caller("bin", "staff"), caller("mail"), caller("www-data"),
    Caller(None, 4711, 4711), Caller("nobody", OVERFLOW_UID, OVERFLOW_UID),
]


@dataclasses.dataclass
class Entry:
    operations: list
    users: list = dataclasses.field(default_factory=list)
    groups: list = dataclasses.field(default_factory=list)
    audiences: Optional[list] = None
    allowed: Optional[list] = None
    max_ttl: Optional[int] = None
    rate: Optional[int] = None

    def names(self, who):
        if who.uid == OVERFLOW_UID:
            return False
        if self.users and self.users != ["*"] and who.name not in self.users:
            return False
        return not self.groups or any(group in self.groups for group in who.groups)

    def concerns(self, who, operation):
        return operation in self.operations and self.names(who)


@dataclasses.dataclass
class Profile:
    name: str
    ring: str
    entries: list
    content: str = "claims"
    ttl: int = 10
    max_ttl: int = 20
    leeway: int = 1
    backdate: int = 0
    type: str = "JWT"
    required: list = dataclasses.field(default_factory=list)
    allowed: Optional[list] = None
    fixed: dict = dataclasses.field(default_factory=dict)

    @property
    def issuer(self):
        return f"https://{self.name}.example.com"

    audiences = (API, ADMIN)


@dataclasses.dataclass
class Ring:
    algorithm: str
    verifier_cache: int = 0


@dataclasses.dataclass
class Policy:
    profiles: dict
    rings: dict

    def text(self):
        """The configuration file."""
        parts = [SERVER]
        for name, ring in self.rings.items():
            parts.append(f'[keyring.{name}]\nalgorithm = "{ring.algorithm}"\nverifier_cache = "{ring.verifier_cache}s"')
        for profile in self.profiles.values():
            parts.append(profile_text(profile))
        return "\n\n".join(parts) + "\n"

    def concerned(self, who, operation):
        """Profiles that somebody may use."""
        return [profile for profile in self.profiles.values()
                if any(entry.concerns(who, operation) for entry in profile.entries)]


def toml(value):
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{name} = {toml(inner)}" for name, inner in value.items()) + " }"
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(map(toml, value)) + "]"
    return json.dumps(value)


def profile_text(profile):
    lines = [f"[profile.{profile.name}]", f'keyring = "{profile.ring}"', f'type = "{profile.type}"']
    if profile.content == "bytes":
        lines.append('content = "bytes"')
    else:
        lines += [f'issuer = "{profile.issuer}"', f"audiences = {toml(profile.audiences)}", f'ttl = "{profile.ttl}s"',
                  f'max_ttl = "{profile.max_ttl}s"', f'leeway = "{profile.leeway}s"',
                  f'backdate = "{profile.backdate}s"', f"required_claims = {toml(profile.required)}",
                  f"claims = {toml(profile.fixed)}"]
        if profile.allowed is not None:
            lines.append(f"allowed_claims = {toml(profile.allowed)}")
    for entry in profile.entries:
        lines += ["", f"[[profile.{profile.name}.allow]]", f"operations = {toml(entry.operations)}"]
        for name, value in [("users", entry.users), ("groups", entry.groups), ("audiences", entry.audiences),
                            ("allowed_claims", entry.allowed), ("rate", entry.rate)]:
            if value:
                lines.append(f"{name} = {toml(value)}")
        if entry.max_ttl:
            lines.append(f'max_ttl = "{entry.max_ttl}s"')
    return "\n".join(lines)


BOTH = ["sign", "verify"]


def first_policy():
    rings = {name.lower(): Ring(name) for name in ALGORITHMS}
    rings["cached"] = Ring("ES256", verifier_cache=3)
    rings |= {"hook-mac": Ring("HS256"), "hook-ec": Ring("ES256"), "hook-ed": Ring("EdDSA")}
    profiles = [Profile("default", "hs512", [Entry(BOTH, ["*"])], backdate=2)]
    for position, name in enumerate(rings):
        if name.startswith("hook"):
            profiles.append(Profile(name, name, [Entry(BOTH, ["daemon", "www-data"]), Entry(["verify"], ["*"])],
                                    content="bytes", type="webhook", leeway=30))  # the default, which none can set
        else:
            profiles.append(Profile(name, name, [
                Entry(BOTH, ["daemon", "games", "mail", "lp"]), Entry(["verify"], ["*"], audiences=[API])],
                leeway=position % 3))
    profiles += [
        Profile("strict", "hs256", [
            Entry(["sign"], groups=["staff"], audiences=[ADMIN], max_ttl=5),
            Entry(["sign"], ["bin", "mail"], allowed=["sub"]), Entry(["verify"], ["*"])],
            type="at+jwt", required=["sub"], allowed=["sub", "scope"],
            fixed={"role": "reader", "limits": [1, {"deep": True}]}),
        Profile("machine", "es256", [Entry(BOTH, ["*"])],
                fixed={"id": "uid-{uid}", "who": {"user": "{user}", "groups": ["{group}", "{gid}"]}}),
        Profile("rated", "hs384", [Entry(BOTH, ["news"], rate=RATE)]),
    ]
    return Policy({profile.name: profile for profile in profiles}, rings)


def changed(policy, rng):
    """The same policy but for one thing, so that who may do what changes with a reload."""
    policy = copy.deepcopy(policy)
    match rng.choice(["ttl", "games", "role", "extra", "audience"]):
        case "ttl":
            default = policy.profiles["default"]
            default.max_ttl = 20 + 8 - default.max_ttl
            default.ttl = min(10, default.max_ttl)
        case "games":
            profile = policy.profiles[rng.choice(ALGORITHMS).lower()]
            users = profile.entries[0].users
            users.remove("games") if "games" in users else users.append("games")
        case "role":
            policy.profiles["strict"].fixed["role"] = f"role-{rng.randrange(1_000)}"
        case "extra":
            if not policy.profiles.pop("extra", None):
                policy.profiles["extra"] = Profile("extra", "hs512", [Entry(BOTH, ["*"], audiences=[ADMIN])])
        case "audience":
            entry = policy.profiles["eddsa"].entries[0]
            entry.audiences = None if entry.audiences else [ADMIN]
    return policy
