"""The host that the promises are about: its units, its configuration, its journal, and callers of the daemon.

Nothing here sleeps: what is awaited is an answer, the end of a command, or a line of the journal.
"""
import base64
import json
import os
import shutil
import socket
import subprocess
import unittest

SOCKET = "/run/signet/signet.sock"
CONFIGURATION = "/etc/signet/signetd.toml"
STATE = "/var/lib/signet"
DROP_INS = "/run/systemd/system"
EXAMPLES = "/usr/share/doc/signet/examples"
# Seconds after which a thing that is awaited counts as never coming.
PATIENCE = 30

BASIC = """
[keyring.default]
algorithm = "HS512"
directory = "/var/lib/signet/keys/default"

[profile.default]
issuer = "%s"
audiences = ["https://api.example.com"]
[[profile.default.allow]]
operations = ["sign", "verify"]
users = ["*"]
"""


def run(*command, check=True, stdin=None):
    """Runs a command to its end; what it printed, both streams together."""
    done = subprocess.run(command, input=stdin, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                          timeout=PATIENCE * 2)
    if check and done.returncode != 0:
        raise AssertionError(f"{' '.join(command)}: status {done.returncode}\n{done.stdout}")
    return done.stdout


def status_of(*command):
    return subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=PATIENCE * 2).returncode


def systemctl(*arguments, **options):
    return run("systemctl", *arguments, **options)


def show(unit, name):
    """A property of a unit."""
    return systemctl("show", "--value", "-p", name, unit).strip()


def main_pid():
    return int(show("signetd.service", "MainPID"))


def configure(text):
    """Puts a configuration in the place of the old one, in one step."""
    with open(CONFIGURATION + ".new", "w") as file:
        file.write(text)
    os.chmod(CONFIGURATION + ".new", 0o644)
    os.rename(CONFIGURATION + ".new", CONFIGURATION)


def drop_in(unit, text):
    """Adds to a unit until the test ends."""
    folder = f"{DROP_INS}/{unit}.d"
    os.makedirs(folder, exist_ok=True)
    # Not the name of another: of files with one name, systemd reads only that of the more exact folder.
    with open(f"{folder}/{unit}.conf", "w") as file:
        file.write(text)
    systemctl("daemon-reload")


def example(name):
    """What a file of the examples holds."""
    with open(f"{EXAMPLES}/{name}") as file:
        return file.read()


def make_user(name, *groups):
    """A user of the host that belongs to these groups besides its own."""
    if status_of("id", name) != 0:
        run("useradd", "--system", "--user-group", name)
    for group in groups:
        if status_of("getent", "group", group) != 0:
            run("groupadd", "--system", group)
        run("usermod", "--append", "--groups", group, name)


class Caller:
    """A connection to the daemon."""

    def __init__(self, path=SOCKET):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(PATIENCE)
        self.socket.connect(path)
        self.lines = self.socket.makefile("rb")

    def send(self, **request):
        self.socket.sendall(json.dumps(request).encode() + b"\n")

    def answer(self):
        """The next answer; None at the end of the connection."""
        try:
            line = self.lines.readline()
        except ConnectionResetError:
            return None
        return json.loads(line) if line.endswith(b"\n") else None

    def ask(self, **request):
        self.send(**request)
        return self.answer()

    def close(self):
        self.lines.close()
        self.socket.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


def ask(**request):
    with Caller() as caller:
        return caller.ask(**request)


def claims_of(answer):
    """What a token says, from the answer that holds it."""
    if not answer.get("ok"):
        raise AssertionError(f"refused: {answer}")
    payload = answer["token"].split(".")[1]
    return json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))


class Journal:
    """The journal from now on, followed."""

    def __init__(self, *units):
        # An entry of our own to begin at: with --after-cursor, journalctl 252 would pass over the first that matches.
        run("systemd-cat", "--identifier=promises", "echo", "from here on")
        run("journalctl", "--sync")
        text = run("journalctl", "--lines=1", "--identifier=promises", "--show-cursor", "--quiet")
        self.since = ["--cursor=" + text.strip().split("-- cursor: ")[1]]
        self.units = [f"--unit={unit}" for unit in units]

    def entries(self):
        """Those that are there."""
        run("journalctl", "--sync")
        text = run("journalctl", "--output=json", "--all", "--quiet", *self.since, *self.units)
        return [json.loads(line) for line in text.splitlines()]

    def wait(self, *words):
        """The first entry whose message holds one of the words."""
        return self.wait_for(lambda entry: any(word in str(entry.get("MESSAGE")) for word in words), words)

    def wait_for(self, is_meant, what, count=1):
        """The `count`th entry that is meant, which may be there already."""
        follower = subprocess.Popen(
            ["timeout", str(PATIENCE), "journalctl", "--follow", "--lines=all", "--output=json", "--all", "--quiet",
             *self.since, *self.units], stdout=subprocess.PIPE, text=True)
        try:
            seen = []
            for line in follower.stdout:
                entry = json.loads(line)
                seen.append(str(entry.get("MESSAGE")))
                if is_meant(entry):
                    count -= 1
                    if count == 0:
                        return entry
            raise AssertionError(f"the journal never said {what}, but:\n" + "\n".join(seen[-30:]))
        finally:
            follower.kill()
            follower.wait()
            follower.stdout.close()


class HostTest(unittest.TestCase):
    """A host as after the installation, with a configuration that lets everybody sign."""

    def setUp(self):
        systemctl("stop", "signetd.socket", "signetd.service", "signet-keygen.service")
        for unit in os.listdir(DROP_INS) if os.path.isdir(DROP_INS) else []:
            if unit.startswith("signet") and unit.endswith(".d"):
                shutil.rmtree(f"{DROP_INS}/{unit}")
        for ring in os.listdir(f"{STATE}/keys"):
            shutil.rmtree(f"{STATE}/keys/{ring}")
        for name in os.listdir(STATE):
            if os.path.isfile(f"{STATE}/{name}"):
                os.unlink(f"{STATE}/{name}")
        shutil.rmtree("/etc/signet/profiles.d", ignore_errors=True)
        systemctl("daemon-reload")
        systemctl("reset-failed")
        configure(BASIC % "first")
        run("systemd-tmpfiles", "--create", "signet.conf")
        systemctl("start", "signetd.socket")
        self.journal = Journal("signetd.service", "signet-keygen.service", "signet-rotate.service")

    def assertAnswers(self, issuer="first"):
        """The daemon signs, by the configuration with that issuer."""
        self.assertEqual(claims_of(ask(op="sign"))["iss"], issuer)
        # It answers before systemd has heard that it is ready: this joins the start and waits for its end.
        systemctl("start", "signetd.service")
