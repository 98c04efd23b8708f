from host import *

SEALED = BASIC % "sealed" + '[server]\nkek = ["credential:kek"]\n'


class DocumentTests(HostTest):
    """What docs/deployment.md has an operator type."""

    def test_check(self):
        """`signetd --check`, run as the daemon's user, is content with what the daemon serves."""
        self.assertAnswers()
        check = ["setpriv", "--reuid=signet", "--regid=signet", "--clear-groups", "signetd", "--check"]
        self.assertIn("nothing wrong", run(*check))
        configure("broken")
        self.assertIn(f"{CONFIGURATION}:1:", run(*check, check=False))

    def test_sealing_what_is_there(self):
        """The recipe for a KEK seals the keys that are there, and a check with the credential is content."""
        kid = ask(op="sign")["kid"]
        run("sh", "-euc", """
            umask 077
            signet key new-kek /run/kek.jwk
            systemd-creds encrypt --with-key=host --name=kek /run/kek.jwk /etc/signet/kek.cred
            rm /run/kek.jwk
            """)
        self.addCleanup(os.unlink, "/etc/signet/kek.cred")
        for unit in ["signetd.service", "signet-.service"]:
            drop_in(unit, example("kek.conf"))
        configure(SEALED)
        systemctl("restart", "signet-keygen.service", "signetd.service")
        run("sh", "-euc", """
            umask 077
            systemd-creds decrypt --name=kek /etc/signet/kek.cred /run/kek.jwk
            signet key seal --kek /run/kek.jwk default
            rm /run/kek.jwk
            systemctl reload signetd
            """)
        self.assertEqual(os.listdir(f"{STATE}/keys/default"), [f"{kid}.jwe"])
        self.assertAnswers("sealed")
        systemctl("restart", "signetd.service")
        self.assertEqual(ask(op="sign")["kid"], kid)
        said = run("systemd-run", "--quiet", "--pipe", "--wait", "-p", "User=signet", "-p",
                   "LoadCredentialEncrypted=kek:/etc/signet/kek.cred", "signetd", "--check")
        self.assertIn("nothing wrong", said)
