from host import *

# Rings enough that a reload takes a while: one that is not waited for shows.
MANY_RINGS = "".join(
    f"""
    [keyring.spare{number}]
    algorithm = "ES384"
    directory = "/var/lib/signet/keys/spare{number}"
    """ for number in range(40))


class ReloadTests(HostTest):
    def test_fifty_reloads(self):
        """Each of 50 reloads is in force when `systemctl reload` returns, for old and new connections."""
        configure(BASIC % "first" + MANY_RINGS)
        self.assertAnswers()
        with Caller() as caller:
            for number in range(50):
                configure(BASIC % f"issuer {number}" + MANY_RINGS)
                systemctl("reload", "signetd.service")
                self.assertEqual(claims_of(caller.ask(op="sign"))["iss"], f"issuer {number}")
                self.assertAnswers(f"issuer {number}")

    def test_refused_reload(self):
        """A broken configuration makes `systemctl reload` fail, and the service goes on as before."""
        self.assertAnswers()
        pid = main_pid()
        with Caller() as caller:
            configure("broken")
            self.assertNotEqual(status_of("systemctl", "reload", "signetd.service"), 0)
            self.assertEqual(claims_of(caller.ask(op="sign"))["iss"], "first")
        self.assertAnswers()
        self.assertEqual(main_pid(), pid)
        self.assertEqual(show("signetd.service", "ActiveState"), "active")
        self.assertIn("last reload failed", show("signetd.service", "StatusText"))
        configure(BASIC % "mended")
        systemctl("reload", "signetd.service")
        self.assertAnswers("mended")
        self.assertNotIn("failed", show("signetd.service", "StatusText"))

    def test_signal(self):
        """A bare SIGHUP reloads too."""
        self.assertAnswers()
        configure(BASIC % "by signal")
        systemctl("kill", "--kill-whom=main", "--signal=HUP", "signetd.service")
        self.journal.wait("reloaded")
        self.assertAnswers("by signal")
