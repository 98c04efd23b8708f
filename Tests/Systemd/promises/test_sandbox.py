import re

from host import *

UNITS = ["signetd.service", "signetd.socket", "signet-keygen.service", "signet-rotate.service", "signet-rotate.timer"]


class SandboxTests(HostTest):
    def test_security(self):
        """What `systemd-analyze security` finds open in the running service is at most 0.5 of 10."""
        self.assertAnswers()
        text = run("systemd-analyze", "security", "--no-pager", "signetd.service")
        score = float(re.search(r"Overall exposure level for signetd.service: ([0-9.]+)", text)[1])
        print(f"exposure {score}", end=" ", flush=True)
        self.assertLessEqual(score, 0.5, text)
        for unit in ["signet-keygen.service", "signet-rotate.service"]:
            text = run("systemd-analyze", "security", "--no-pager", unit)
            score = float(re.search(r"Overall exposure level for \S+: ([0-9.]+)", text)[1])
            self.assertLessEqual(score, 0.5, text)

    def test_verify(self):
        """`systemd-analyze verify` has nothing to say of the units."""
        self.assertEqual(run("systemd-analyze", "verify", *(f"/usr/lib/systemd/system/{unit}" for unit in UNITS)), "")

    def test_no_denied_call(self):
        """The daemon needs no system call that the sandbox denies, but lower priorities for slow signatures."""
        # An answer, a reload, a key of each kind, published keys and a stop: none of it fails.
        configure(BASIC % "first" + """
            [keyring.public]
            algorithm = "RS256"
            directory = "/var/lib/signet/keys/public"
            publish = "/var/lib/signet/public/jwks.json"
            [profile.public]
            issuer = "https://auth.example.com"
            audiences = ["x"]
            [[profile.public.allow]]
            operations = ["sign"]
            users = ["*"]
            """)
        self.assertAnswers()
        answer = ask(op="sign", profile="public")
        self.assertTrue(answer["ok"], answer)
        systemctl("reload", "signetd.service")
        path = f"{STATE}/public/jwks.json"
        with open(path) as file:
            self.assertEqual([key["kid"] for key in json.load(file)["keys"]], [answer["kid"]])
        self.assertEqual(os.stat(path).st_mode & 0o777, 0o644)
        make_user("stranger")
        run("setpriv", "--reuid=stranger", "--regid=stranger", "--init-groups", "cat", path)
        systemctl("stop", "signetd.service")
        self.assertEqual(show("signetd.service", "Result"), "success")
        # The only call that is missed, by libraries that would like threads of lower priority, is missed in silence.
        faults = [entry["MESSAGE"] for entry in self.journal.entries() if int(entry.get("PRIORITY", 6)) < 4]
        self.assertEqual(faults, [])

    def test_keys_are_read_only(self):
        """The daemon's own file system lets it write its state, and no key."""
        self.assertAnswers()
        inside = ["nsenter", "-t", str(main_pid()), "-m", "setpriv", "--reuid=signet", "--regid=signet", "--clear-groups"]
        run(*inside, "sh", "-c", f"touch {STATE}/probe && rm {STATE}/probe")
        for place in [f"{STATE}/keys/default", "/etc/signet", "/usr", "/var/lib"]:
            text = run(*inside[:4], "touch", f"{place}/probe", check=False)
            self.assertIn("Read-only file system", text, place)

    def test_start_and_memory(self):
        """How long the daemon takes from its start to READY, and what it holds when idle, is printed."""
        self.assertAnswers()
        # What systemd itself takes to close the sandbox around any program.
        with open("/usr/lib/systemd/system/signetd.service") as file:
            unit = re.sub(r"Type=notify|ExecStart=.*|Requires=.*|WatchdogSec=.*", "", file.read())
        with open(f"{DROP_INS}/empty.service", "w") as file:
            file.write(unit + "\n[Service]\nType=exec\nExecStart=/usr/bin/sleep infinity\n")
        self.addCleanup(os.unlink, f"{DROP_INS}/empty.service")
        self.addCleanup(systemctl, "stop", "empty.service")
        systemctl("daemon-reload")

        def median_start(unit):
            times = []
            for _ in range(9):
                systemctl("restart", unit)
                began, ready = (int(show(unit, name)) for name in
                                ["ExecMainStartTimestampMonotonic", "ActiveEnterTimestampMonotonic"])
                times.append((ready - began) / 1000)
            return sorted(times)[4]

        empty, whole = median_start("empty.service"), median_start("signetd.service")
        with open(f"/proc/{main_pid()}/status") as file:
            resident = int(re.search(r"VmRSS:\s+(\d+)", file.read())[1])
        print(f"start to READY {whole:.1f} ms, to /usr/bin/sleep in the same sandbox {empty:.1f} ms (medians of 9);"
              f" resident {resident / 1024:.1f} MB", end=" ", flush=True)
        self.assertGreater(resident, 0)
