"""The real daemon, in the folder that clients/testing/with-daemon has prepared, and servers that break the rules."""

import contextlib
import json
import os
import pathlib
import signal
import socket
import subprocess
import sys
import threading

HOME = pathlib.Path(os.environ["SIGNET_HOME"])
SOCKET = os.environ["SIGNET_SOCKET"]


class Daemon:
    def __init__(self):
        self.start()

    def start(self):
        command = [os.environ["SIGNETD"], "--config", str(HOME / "signetd.toml")]
        self.process = subprocess.Popen(command, stderr=subprocess.PIPE)
        said = []
        for line in self.process.stderr:
            said.append(line.decode())
            if b"listening on" in line:
                break
        else:
            raise AssertionError("the daemon does not start: " + "".join(said))
        # What it says from now on is for nobody, but must not hold it up.
        self.reader = threading.Thread(target=self.process.stderr.read, daemon=True)
        self.reader.start()

    def stop(self, number=signal.SIGTERM):
        self.process.send_signal(number)
        self.process.wait()
        self.reader.join()
        self.process.stderr.close()

    def restart(self, number=signal.SIGTERM):
        self.stop(number)
        self.start()

    def end(self):
        self.stop(signal.SIGKILL)


class Peer:
    """A connection as a server has it."""

    def __init__(self, connection):
        self.connection = connection
        self.lines = connection.makefile("rb")

    def request(self):
        """The next request; None at the end of the stream."""
        line = self.lines.readline()
        return json.loads(line) if line.endswith(b"\n") else None

    def say(self, text):
        with contextlib.suppress(OSError):
            self.connection.sendall(text if isinstance(text, bytes) else text.encode())

    def answer(self, request, **members):
        self.say(json.dumps({"id": request["id"], "ok": True, **members}) + "\n")

    def sign(self, request):
        self.answer(request, token="a.b.c", kid="k", exp=12, jti="j")

    def verify(self, request):
        self.answer(request, valid=True, kid="k", header={}, claims={"sub": "user-1"})

    def close(self):
        self.lines.close()
        self.connection.close()


class Server:
    """Serves connections by these functions of a Peer, one after another, in a thread."""

    count = 0

    def __init__(self, *services):
        Server.count += 1
        self.path = str(HOME / f"server-{Server.count}.sock")
        self.requests = []
        self.failure = None
        self.closed = threading.Semaphore(0)
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(self.path)
        self.listener.listen(16)
        self.thread = threading.Thread(target=self.serve, args=(services,), daemon=True)
        self.thread.start()

    def serve(self, services):
        for service in services:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            peer = Peer(connection)
            read = peer.request
            peer.request = lambda: self.note(read())
            try:
                service(peer)
            except Exception as failure:
                self.failure = failure
            peer.close()
            self.closed.release()

    def note(self, request):
        if request is not None:
            self.requests.append(request)
        return request

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.listener.close()
        os.unlink(self.path)
        if self.failure:
            raise self.failure


@contextlib.contextmanager
def server_of_another_user(uid, *, path=None):
    """A server that runs as that user and writes what it reads to its standard output; yields its path and process."""
    path = path or str(HOME / f"user-{uid}.sock")
    script = (
        "import os, socket, sys\n"
        "s = socket.socket(socket.AF_UNIX)\n"
        "s.bind(sys.argv[1]); os.chmod(sys.argv[1], 0o666)\n"
        "os.setgroups([]); os.setgid(int(sys.argv[2])); os.setuid(int(sys.argv[2]))\n"
        "s.listen(4); print('ready', flush=True)\n"
        "while True:\n"
        "  c, _ = s.accept()\n"
        "  while data := c.recv(4096): print('read', len(data), flush=True)\n"
        "  print('end', flush=True)\n"
    )
    command = [sys.executable if os.access(sys.executable, os.X_OK) else "python3", "-c", script, path, str(uid)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout.readline() == "ready\n"
        yield path, process
    finally:
        process.kill()
        process.wait()
        process.stdout.close()
        os.unlink(path)
