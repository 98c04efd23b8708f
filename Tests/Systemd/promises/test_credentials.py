from host import *

SEALED = BASIC % "sealed" + """
[server]
kek = ["credential:kek"]
"""


class CredentialTests(HostTest):
    """The recipe of docs/deployment.md, with the host's key."""

    def setUp(self):
        super().setUp()
        run("sh", "-euc", """
            umask 077
            signet key new-kek /run/signet-kek.jwk 2>&1
            systemd-creds encrypt --with-key=host --name=kek /run/signet-kek.jwk /etc/signet/kek.cred
            rm /run/signet-kek.jwk
            """)
        self.addCleanup(os.unlink, "/etc/signet/kek.cred")
        configure(SEALED)

    def test_sealed_from_the_first_key_on(self):
        """With a KEK that the host's key decrypts, keys are sealed from the first one on, and the daemon signs."""
        drop_in("signetd.service", example("kek.conf"))
        drop_in("signet-.service", example("kek.conf"))
        self.assertAnswers("sealed")
        self.assertEqual([name.split(".")[-1] for name in os.listdir(f"{STATE}/keys/default")], ["jwe"])
        systemctl("reload", "signetd.service")
        self.assertAnswers("sealed")

    def test_no_plain_key(self):
        """Where the KEK is missing, no plain key is made in its stead."""
        self.assertNotEqual(status_of("systemctl", "start", "signet-keygen.service"), 0)
        self.assertEqual(os.listdir(f"{STATE}/keys/default"), [])

    def test_rotation(self):
        """The rotation unit makes a sealed successor of an old key, and has the daemon take it."""
        drop_in("signetd.service", example("kek.conf"))
        drop_in("signet-.service", example("kek.conf"))
        self.assertAnswers("sealed")
        old = ask(op="sign")["kid"]
        drop_in("signet-rotate.service", "[Service]\nEnvironment=SIGNET_ROTATE_AFTER=0s\n")
        systemctl("start", "signet-rotate.service")
        self.assertEqual([name.split(".")[-1] for name in os.listdir(f"{STATE}/keys/default")], ["jwe", "jwe"])
        status = ask(op="status")
        kids = [key["kid"] for ring in status["keyrings"] for key in ring["keys"]]
        self.assertEqual(len(kids), 2)
        self.assertIn(old, kids)
