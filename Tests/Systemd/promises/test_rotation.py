from host import *


class RotationTests(HostTest):
    def test_young_key(self):
        """The rotation unit leaves a young key alone."""
        self.assertAnswers()
        kid = ask(op="sign")["kid"]
        systemctl("start", "signet-rotate.service")
        self.assertEqual(os.listdir(f"{STATE}/keys/default"), [f"{kid}.jwk"])

    def test_old_key(self):
        """It makes a successor of an old one, the daemon's own, and the daemon knows it when the unit has ended."""
        self.assertAnswers()
        old = ask(op="sign")["kid"]
        drop_in("signet-rotate.service", "[Service]\nEnvironment=SIGNET_ROTATE_AFTER=0s\n")
        systemctl("start", "signet-rotate.service")
        kids = {key["kid"] for ring in ask(op="status")["keyrings"] for key in ring["keys"]}
        self.assertEqual({f"{kid}.jwk" for kid in kids}, set(os.listdir(f"{STATE}/keys/default")))
        self.assertEqual(len(kids), 2)
        for kid in kids - {old}:
            status = os.stat(f"{STATE}/keys/default/{kid}.jwk")
            self.assertEqual((status.st_mode & 0o777, status.st_uid), (0o600, int(run("id", "-u", "signet"))))

    def test_stopped_daemon(self):
        """It starts no daemon that is stopped."""
        self.assertAnswers()
        systemctl("stop", "signetd.service")
        systemctl("start", "signet-rotate.service")
        self.assertEqual(show("signetd.service", "ActiveState"), "inactive")

    def test_off(self):
        """The timer is off until somebody switches it on."""
        self.assertEqual(run("systemctl", "is-enabled", "signet-rotate.timer", check=False).strip(), "disabled")
        systemctl("start", "signet-rotate.timer")
        self.addCleanup(systemctl, "stop", "signet-rotate.timer")
        self.assertEqual(show("signet-rotate.timer", "ActiveState"), "active")
