import re

from host import *
from test_identity import as_unit

# Of each event, the id that systemd/signet.catalog explains; drawn once and never changed.
STARTED = "7ee3af132c5f41f19892ba252893b933"
RELOAD_FAILED = "70d85b8ad5c946af9f655b8f0d580868"
REFUSED = "1a5cb76a1b7747f697128505016b6829"
SIGNED = "c0b08ed6e0164bb6ae3187e7f36699ae"


def entry_of(journal, event):
    return journal.wait_for(lambda entry: entry.get("MESSAGE_ID") == event, event)


class JournalTests(HostTest):
    def test_signature(self):
        """The journal has who got which token, field by field, and no byte of a claim."""
        make_user("register", "signet-clients")
        configure(BASIC % "first" + '[server]\naudit = "all"\n')
        answer = as_unit("register.service", "User=register", claims={"sub": "user-4711"})
        claims = claims_of(answer)
        self.assertEqual(claims["sub"], "user-4711")
        entry = entry_of(self.journal, SIGNED)
        self.assertEqual(
            {name: entry.get(name) for name in ["SIGNET_USER", "SIGNET_UID", "SIGNET_UNIT", "SIGNET_PROFILE",
                                                "SIGNET_KID", "SIGNET_JTI", "PRIORITY", "_SYSTEMD_UNIT",
                                                "SYSLOG_IDENTIFIER"]},
            {"SIGNET_USER": "register", "SIGNET_UID": run("id", "-u", "register").strip(),
             "SIGNET_UNIT": "register.service", "SIGNET_PROFILE": "default", "SIGNET_KID": answer["kid"],
             "SIGNET_JTI": claims["jti"], "PRIORITY": "6", "_SYSTEMD_UNIT": "signetd.service",
             "SYSLOG_IDENTIFIER": "signetd"})
        for entry in self.journal.entries():
            self.assertNotIn("user-4711", json.dumps(entry))
            self.assertNotIn(answer["token"].split(".")[2], json.dumps(entry))

    def test_refusal(self):
        """A refusal is an event that can be asked for by who was refused."""
        make_user("register", "signet-clients")
        as_unit("register.service", "User=register", profile="none")
        entry = entry_of(self.journal, REFUSED)
        self.assertEqual(entry["SIGNET_UNIT"], "register.service")
        self.assertEqual(entry["SIGNET_CODE"], "not_permitted")
        self.assertEqual(entry["PRIORITY"], "4")
        found = run("journalctl", "--quiet", "--output=cat", *self.journal.since, f"MESSAGE_ID={REFUSED}",
                    "SIGNET_USER=register")
        self.assertEqual(len(found.splitlines()), 1)

    def test_explanation(self):
        """`journalctl -x` says what to do about a reload that failed; every event of the daemon is explained."""
        self.assertAnswers()
        configure("broken")
        self.assertNotEqual(status_of("systemctl", "reload", "signetd.service"), 0)
        entry_of(self.journal, RELOAD_FAILED)
        run("journalctl", "--update-catalog")
        text = run("journalctl", "--catalog", "--no-pager", *self.journal.since, f"MESSAGE_ID={RELOAD_FAILED}")
        self.assertIn("signetd --check", text)
        known = set(re.findall(r"^-- ([0-9a-f]{32})", run("journalctl", "--dump-catalog"), re.M))
        events = {entry["MESSAGE_ID"] for entry in self.journal.entries()
                  if "MESSAGE_ID" in entry and entry.get("SYSLOG_IDENTIFIER") == "signetd"}
        self.assertIn(STARTED, events)
        self.assertEqual(events - known, set())
