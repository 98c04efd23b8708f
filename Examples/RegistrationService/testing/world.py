"""A daemon with the shipped profile and a registration service, both real, in a folder of their own."""
import base64
import contextlib
import http.client
import json
import os
import pathlib
import queue
import shutil
import signal
import sqlite3
import subprocess
import tempfile
import threading
import time

EXAMPLE = pathlib.Path(__file__).resolve().parent.parent
PROGRAMS = pathlib.Path(os.environ["SIGNET_PROGRAMS"]).resolve()
SERVICE = pathlib.Path(os.environ["SERVICE_PROGRAMS"]).resolve() / "registration-service"
PASSWORD = "correct horse battery"
PATIENCE = 60


class Program:
    """A running program whose lines can be awaited; all that it says is kept."""

    def __init__(self, arguments, environment=None):
        self.lines, self.kept = queue.Queue(), []
        self.process = subprocess.Popen(
            arguments, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace",
            env={**os.environ, **(environment or {})})
        self.reader = threading.Thread(target=self.read, daemon=True)
        self.reader.start()

    def read(self):
        for line in self.process.stdout:
            self.kept.append(line)
            self.lines.put(line)
        self.lines.put(None)

    def await_line(self, text):
        deadline = time.monotonic() + PATIENCE
        while (line := self.lines.get(timeout=max(0.1, deadline - time.monotonic()))) is not None:
            if text in line:
                return line
        raise AssertionError(f"ended without saying {text!r}: {''.join(self.kept)}")

    def stop(self):
        if self.process.poll() is None:
            self.process.terminate()
        status = self.process.wait(PATIENCE)
        self.reader.join(PATIENCE)
        self.process.stdout.close()
        return status


class Answer:
    def __init__(self, response):
        self.status, self.headers, self.text = response.status, response.headers, response.read().decode()
        self.json = json.loads(self.text)


class World:
    def __init__(self):
        self.home = pathlib.Path(tempfile.mkdtemp(prefix="registration-"))
        self.signet_home, self.service_home = self.home / "signet", self.home / "service"
        self.keys, self.socket = self.signet_home / "keys/registration", self.signet_home / "signet.sock"
        self.database = self.service_home / "registration.sqlite"
        self.service_home.mkdir()
        subprocess.run([EXAMPLE / "scripts/prepare", PROGRAMS, self.signet_home], check=True)
        self.daemon = self.service = None
        try:
            self.start_daemon()
            self.start_service()
        except BaseException:
            self.close()
            raise

    def start_daemon(self):
        self.daemon = Program([PROGRAMS / "signetd", "--config", self.signet_home / "signetd.toml"])
        self.daemon.await_line("listening on")

    def start_service(self):
        self.rotate_command = " ".join(map(str, self.signet_arguments("key", "rotate", "registration", "--reload")))
        self.rotate_command += f" --socket {self.socket}"
        self.service = Program([SERVICE], {
            "SIGNET_SOCKET": str(self.socket), "REGISTRATION_DATABASE": str(self.database), "REGISTRATION_PORT": "0",
            # Cheap hashes: the daemon is under test here, not scrypt.
            "REGISTRATION_PASSWORD_COST": "10", "REGISTRATION_ROTATE_COMMAND": self.rotate_command,
        })
        self.url = self.service.await_line("listening on http").split()[-1]
        self.address = self.url.removeprefix("http://")

    def close(self):
        for program in (self.service, self.daemon):
            if program:
                program.stop()
        shutil.rmtree(self.home)

    # Signet

    def signet_arguments(self, *arguments):
        command, rest = arguments[:2], arguments[2:]
        return [PROGRAMS / "signet", *command, "--config", self.signet_home / "signetd.toml", *rest]

    def signet(self, *arguments):
        return subprocess.run(
            self.signet_arguments(*arguments), check=True, capture_output=True, text=True).stdout.strip()

    def jwks(self):
        """All private keys, by kid."""
        keys = (json.loads(file.read_text()) for file in self.keys.glob("*.jwk"))
        return {key["kid"]: key for key in keys}

    def hang_up(self):
        """Has the daemon reload by the signal, and waits until it serves what it has read."""
        while not self.daemon.lines.empty():
            self.daemon.lines.get()
        self.daemon.process.send_signal(signal.SIGHUP)
        line = self.daemon.await_line("generation")
        if "serving: " in line:  # said of its start, and read only now
            line = self.daemon.await_line("generation")
        assert "reloaded" in line, line

    # The service

    def ask(self, method, path, body=None, token=None):
        with contextlib.closing(http.client.HTTPConnection(self.address, timeout=PATIENCE)) as connection:
            headers = {"Content-Type": "application/json"} if body is not None else {}
            if token:
                headers["Authorization"] = f"Bearer {token}"
            connection.request(method, path, None if body is None else json.dumps(body), headers)
            return Answer(connection.getresponse())

    def register(self, name="ada", email=None, password=PASSWORD):
        body = {"userName": name, "email": email or f"{name}@example.com", "password": password}
        return self.ask("POST", "/api/account/register", body)

    def login(self, name="ada", password=PASSWORD):
        return self.ask("POST", "/api/account/login", {"userName": name, "password": password})

    def me(self, token):
        return self.ask("GET", "/api/account/me", token=token)

    def login_with(self, kid, name="ada"):
        """The token of a login that the key `kid` has signed: a new key signs from its own second on."""
        deadline = time.monotonic() + PATIENCE
        while header(token := self.login(name).json["token"])["kid"] != kid:
            assert time.monotonic() < deadline, f"{kid} does not sign"
            time.sleep(0.05)
        return token

    def user_count(self):
        with contextlib.closing(sqlite3.connect(self.database)) as database:
            return database.execute("SELECT count(*) FROM appUser").fetchone()[0]


def decode(text):
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def header(token):
    return json.loads(decode(token.split(".")[0]))
