from host import *


class ExampleTests(HostTest):
    """What /usr/share/doc/signet/examples shows, as it stands there."""

    def test_admin_socket(self):
        """With a socket for administrators, they are served as such there alone, and a reload goes by it."""
        shutil.copy(f"{EXAMPLES}/signetd-admin.socket", DROP_INS)
        self.addCleanup(systemctl, "daemon-reload")
        self.addCleanup(os.unlink, f"{DROP_INS}/signetd-admin.socket")
        self.addCleanup(systemctl, "stop", "signetd.service", "signetd-admin.socket")
        drop_in("signetd.service", example("admin-socket.conf"))
        self.assertAnswers()
        self.assertEqual(ask(op="reload")["error"]["code"], "not_permitted")
        with Caller("/run/signet/admin.sock") as admin:
            self.assertTrue(admin.ask(op="reload")["ok"])
        configure(BASIC % "by the admins' socket")
        systemctl("reload", "signetd.service")
        self.assertAnswers("by the admins' socket")
