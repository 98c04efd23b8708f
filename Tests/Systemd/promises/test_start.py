import os
import stat

from host import *


class StartTests(HostTest):
    def test_first_connection(self):
        """The first connection starts the daemon, with a key that was made for it, and is answered."""
        self.assertEqual(show("signetd.service", "ActiveState"), "inactive")
        self.assertAnswers()
        self.assertEqual(show("signetd.service", "ActiveState"), "active")

    def test_first_keys(self):
        """A host's first start makes a key for each empty keyring of the configuration, which the daemon alone reads."""
        configure(BASIC % "first" + """
            [keyring.web]
            algorithm = "ES256"
            directory = "/var/lib/signet/keys/web"
            [profile.web]
            issuer = "web"
            audiences = ["x"]
            [[profile.web.allow]]
            operations = ["sign"]
            users = ["*"]
            """)
        self.assertEqual(claims_of(ask(op="sign", profile="web"))["iss"], "web")
        for ring in ["default", "web"]:
            folder = f"{STATE}/keys/{ring}"
            names = os.listdir(folder)
            self.assertEqual(len(names), 1)
            for path, mode in [(folder, 0o700), (f"{folder}/{names[0]}", 0o600)]:
                status = os.stat(path)
                self.assertEqual(stat.S_IMODE(status.st_mode), mode, path)
                self.assertEqual(status.st_uid, int(run("id", "-u", "signet")), path)
        self.assertEqual(run("getent", "group", "signet").strip().split(":")[3], "", "the daemon's group has members")

    def test_keys_stay(self):
        """A later start makes no other key."""
        token = ask(op="sign")
        systemctl("stop", "signetd.service", "signet-keygen.service")
        again = ask(op="sign")
        self.assertEqual(token["kid"], again["kid"])
        self.assertEqual(len(os.listdir(f"{STATE}/keys/default")), 1)

    def test_lost_keys(self):
        """A keyring that has lost its keys gets no new one behind the operator's back."""
        kid = ask(op="sign")["kid"]
        systemctl("stop", "signetd.service", "signet-keygen.service")
        os.unlink(f"{STATE}/keys/default/{kid}.jwk")
        self.assertNotEqual(status_of("systemctl", "start", "signet-keygen.service"), 0)
        self.journal.wait("had keys, and holds none any more")
        self.assertEqual(os.listdir(f"{STATE}/keys/default"), [])

    def test_socket(self):
        """The socket is for root and the group of those who may connect, and gone when it is stopped."""
        status = os.stat(SOCKET)
        self.assertEqual(stat.S_IMODE(status.st_mode), 0o660)
        self.assertEqual(status.st_uid, 0)
        self.assertEqual(status.st_gid, int(run("getent", "group", "signet-clients").split(":")[2]))
        systemctl("stop", "signetd.socket")
        self.assertFalse(os.path.exists(SOCKET))

    def test_who_connects(self):
        """Who is not in the group cannot connect; who is can."""
        make_user("stranger")
        make_user("caller", "signet-clients")
        self.assertIn("may not connect", run("setpriv", "--reuid=stranger", "--regid=stranger", "--init-groups",
                                             "signet", "ping", check=False))
        run("setpriv", "--reuid=caller", "--regid=caller", "--init-groups", "signet", "ping")

    def test_broken_configuration_mended(self):
        """A client that waits while the configuration is broken is answered when it is mended, without reset-failed."""
        configure("broken")
        with Caller() as caller:
            caller.send(op="sign")
            # Not the first try alone: more than any limit on starts would let pass.
            self.journal.wait_for(lambda entry: "Failed with result" in str(entry.get("MESSAGE"))
                                  and entry.get("UNIT") == "signetd.service", "six failed starts", count=6)
            configure(BASIC % "mended")
            self.assertEqual(claims_of(caller.answer())["iss"], "mended")
