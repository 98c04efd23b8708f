from host import *

POLICY = """
[keyring.default]
algorithm = "HS512"
directory = "/var/lib/signet/keys/default"

[profile.default]
issuer = "unit"
audiences = ["x"]
claims = { user = "{user}", uid = "{uid}", group = "{group}", gid = "{gid}", unit = "{unit}" }
[[profile.default.allow]]
operations = ["sign"]
users = ["*"]
units = ["register.service"]

[profile.group]
keyring = "default"
issuer = "group"
audiences = ["y"]
[[profile.group.allow]]
operations = ["sign"]
groups = ["tellers"]

[profile.passing]
keyring = "default"
issuer = "passing"
audiences = ["z"]
claims = { unit = "{unit}" }
[[profile.passing.allow]]
operations = ["sign"]
units = ["register.service"]
users = ["*"]
"""


def as_unit(unit, *properties, **request):
    """The answer that a service of that name gets."""
    options = [f"--property={each}" for each in properties]
    request = json.dumps({"op": "sign", **request})
    return json.loads(run("systemd-run", "--quiet", "--wait", "--collect", "--pipe", f"--unit={unit}", *options,
                          "python3", "-B", "/promises/caller.py", request))


class IdentityTests(HostTest):
    def setUp(self):
        super().setUp()
        configure(POLICY)
        make_user("register", "signet-clients")
        make_user("teller", "signet-clients", "tellers")

    def test_unit(self):
        """An allow rule for a unit serves that unit, and the sandbox hides nothing of who it is."""
        answer = as_unit("register.service", "User=register")
        claims = claims_of(answer)
        uid, gid = (int(run("id", option, "register")) for option in ["-u", "-g"])
        self.assertEqual(
            {name: claims[name] for name in ["user", "uid", "group", "gid", "unit"]},
            {"user": "register", "uid": str(uid), "group": "register", "gid": str(gid), "unit": "register.service"})

    def test_other_unit(self):
        """It is refused to every other unit, also to one of the same user, and to who is in none."""
        for name in ["till.service", "xregister.service", "register.service.service"]:
            self.assertEqual(as_unit(name, "User=register")["error"]["code"], "not_permitted", name)

    def test_dynamic_user(self):
        """A unit with a dynamic user is known by its unit; its user, whose id others get later, is no claim."""
        dynamic = ["DynamicUser=yes", "SupplementaryGroups=signet-clients"]
        answer = as_unit("passing.service", *dynamic, profile="passing")
        self.assertEqual(answer["error"]["code"], "not_permitted")
        dynamic.append("User=passing")
        self.assertEqual(claims_of(as_unit("register.service", *dynamic, profile="passing"))["unit"],
                         "register.service")
        self.assertEqual(as_unit("register.service", *dynamic)["error"]["code"], "claims_rejected")

    def test_groups(self):
        """Supplementary groups count, those of the user database and those of the unit."""
        for properties in [["User=teller"], ["User=register", "SupplementaryGroups=tellers"]]:
            self.assertEqual(claims_of(as_unit("till.service", *properties, profile="group"))["iss"], "group")
        refused = as_unit("till.service", "User=register", profile="group")
        self.assertEqual(refused["error"]["code"], "not_permitted")

    def test_first_caller(self):
        """The caller whose connection starts the daemon is known as well as any other."""
        systemctl("stop", "signetd.service")
        self.assertEqual(claims_of(as_unit("register.service", "User=register"))["unit"], "register.service")
