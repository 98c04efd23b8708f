import ctypes
import glob
import threading

from host import *

FIRST = glob.glob("/packages/signet_*.deb")[0]
LIBRARIES = glob.glob("/packages/libsignet*.deb")
NEXT = "/root/signet_next.deb"


def install(*packages):
    return run("dpkg", "--force-confdef", "--force-confold", "--install", *packages)


def make_next_version():
    """The package again, of a later version and with another configuration file."""
    run("sh", "-euc", f"""
        dpkg-deb --raw-extract {FIRST} /root/next
        sed -i 's/^Version: .*/&+next/' /root/next/DEBIAN/control
        echo '# A setting of the next version.' >>/root/next/etc/signet/signetd.toml
        dpkg-deb --root-owner-group -Znone --build /root/next {NEXT}
        rm -r /root/next
        """)


def left_behind():
    """Every file and folder of the host that the package's name stands in, and what lies below."""
    found = run("find", "/etc", "/lib/systemd", "/usr", "/var", "/run", "-xdev", "-ignore_readdir_race",
                "-path", "*signet*", "-not", "-path", "/var/log/*", "-not", "-path", "*signet-lab*")
    return found.split()


class PackageTests(unittest.TestCase):
    """In the order of their names: the life of a package on a host."""

    def test_1_install(self):
        """Installed, the socket listens and the first connection is answered; nothing else is switched on."""
        install(FIRST)
        self.assertEqual(run("systemctl", "is-enabled", "signetd.socket").strip(), "enabled")
        self.assertEqual(show("signetd.socket", "ActiveState"), "active")
        self.assertEqual(show("signetd.service", "ActiveState"), "inactive")
        for unit in ["signetd.service", "signet-rotate.timer"]:
            self.assertEqual(run("systemctl", "is-enabled", unit, check=False).strip(), "disabled", unit)
        self.assertTrue(ask(op="ping")["ok"])
        self.assertEqual(ask(op="sign")["error"]["code"], "not_permitted", "an installation grants nothing")
        self.assertEqual(len(os.listdir(f"{STATE}/keys/default")), 1)
        self.assertEqual(show("signetd.service", "NRestarts"), "0")

    def test_2_upgrade(self):
        """Upgraded, the daemon is the new one with the old keys and the operator's configuration; nobody is refused."""
        configure(BASIC % "mine")
        systemctl("start", "signetd.service")
        systemctl("reload", "signetd.service")
        before = ask(op="sign")
        pid = main_pid()
        make_next_version()
        stop = threading.Event()
        refusals = []

        def connect_again_and_again():
            while not stop.is_set():
                try:
                    ask(op="ping")
                except BrokenPipeError:
                    # The old daemon ended a connection on which nothing had been asked: what was not sent is asked anew,
                    # as our clients do.
                    continue
                except OSError as error:
                    refusals.append(error)

        caller = threading.Thread(target=connect_again_and_again)
        caller.start()
        install(NEXT)
        stop.set()
        caller.join()
        self.assertEqual(refusals, [])
        after = ask(op="sign")
        self.assertEqual(claims_of(after)["iss"], "mine")
        self.assertEqual(after["kid"], before["kid"])
        self.assertNotEqual(main_pid(), pid)
        self.assertTrue(ask(op="verify", token=before["token"])["valid"])
        self.assertTrue(os.path.exists(CONFIGURATION + ".dpkg-dist"))

    def test_3_remove(self):
        """Removed, nothing runs or listens; configuration and keys stay, and serve the next installation."""
        before = ask(op="sign")
        run("dpkg", "--remove", "signet")
        for unit in ["signetd.socket", "signetd.service", "signet-keygen.service"]:
            self.assertEqual(show(unit, "ActiveState"), "inactive", unit)
        self.assertFalse(os.path.exists(SOCKET))
        install(NEXT)
        after = ask(op="sign")
        self.assertEqual((claims_of(after)["iss"], after["kid"]), ("mine", before["kid"]))

    def test_4_purge(self):
        """Purged, all is gone but the keys and what is recorded of them; dpkg says where they are."""
        said = run("dpkg", "--purge", "signet")
        self.assertIn("keys are left in /var/lib/signet/keys", said)
        outside = [path for path in left_behind() if not path.startswith(STATE)]
        self.assertEqual(outside, [])
        self.assertEqual(len(os.listdir(f"{STATE}/keys/default")), 1)
        self.assertEqual(os.stat(f"{STATE}/keys").st_mode & 0o777, 0o700)

    def test_5_purge_without_keys(self):
        """Purged where no key is left, nothing is left."""
        shutil.rmtree(STATE)
        install(FIRST)
        shutil.rmtree(f"{STATE}/keys/default", ignore_errors=True)
        run("dpkg", "--purge", "signet")
        self.assertEqual(left_behind(), [])
        systemctl("daemon-reload")
        self.assertEqual(run("systemctl", "--failed", "--no-legend").strip(), "")

    def test_6_library(self):
        """The packages of the C library bring one that programs find, with what it takes to build them, and go again."""
        install(*LIBRARIES)
        ctypes.CDLL("libsignet.so.0")
        header, configuration = (run("dpkg", "--listfiles", "libsignet-dev").count(name) for name in
                                 ["/usr/include/signet.h", "/pkgconfig/signet.pc"])
        self.assertEqual((header, configuration), (1, 1))
        run("dpkg", "--purge", "libsignet-dev", "libsignet0")
        self.assertEqual(left_behind(), [])
