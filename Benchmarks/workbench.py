"""What the measurements share: the programs in C, daemons in throw-away folders, load, medians."""

import contextlib
import getpass
import json
import os
import platform
import resource
import secrets
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
BUILT = HERE.parent / ".build/benchmarks"
CORES = os.cpu_count()
CLAIMS = '{"sub":"user-1001","email":"ada@example.com","given_name":"Ada","roles":["admin","user"]}'

PROGRAMS = {
    "constant_server": (["floors/line_server.c", "floors/constant_server.c"], ["-lpthread"]),
    "signing_server": (["floors/line_server.c", "floors/signing_server.c"], ["-lcrypto", "-lpthread"]),
    "line_load": (["load/line_load.c"], []),
    "libjwt_sign": (["peers/libjwt_sign.c"], ["-ljwt"]),
    "count_allocations.so": (["load/count_allocations.c"], ["-shared", "-fPIC"]),
    "munge_encode": (["peers/munge_encode.c"], ["-lmunge", "-lpthread"]),
}


def compile_programs(*names):
    BUILT.mkdir(parents=True, exist_ok=True)
    for name in names:
        sources, libraries = PROGRAMS[name]
        subprocess.run(["cc", "-O2", "-std=gnu17", "-Wall", "-Wextra", "-Werror", "-o", BUILT / name,
                        *(HERE / source for source in sources), *libraries], check=True)


def output(*command):
    """What a command prints; ends everything when it fails."""
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"{Path(command[0]).name} failed ({done.returncode}): {done.stderr.strip() or done.stdout.strip()}")
    return done.stdout


class Server:
    """A process that serves a socket."""

    def __init__(self, socket_path, *command, environment=None):
        self.socket = socket_path
        self.log = tempfile.TemporaryFile()
        self.process = subprocess.Popen(
            [str(part) for part in command], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
            stderr=self.log, env={**os.environ, **(environment or {})})

    def wait_until_it_listens(self):
        end = time.monotonic() + 30
        while time.monotonic() < end and self.process.poll() is None:
            with socket.socket(socket.AF_UNIX) as probe, contextlib.suppress(OSError):
                probe.connect(str(self.socket))
                return self
            time.sleep(0.001)
        self.fail()

    def fail(self):
        self.stop()
        self.log.seek(0)
        sys.exit(f"{Path(self.process.args[0]).name} did not start: {self.log.read(2000).decode()}")

    def resident_kilobytes(self):
        for line in Path(f"/proc/{self.process.pid}/status").read_text().splitlines():
            if line.startswith("VmRSS:"):
                return int(line.split()[1])
        return 0

    def processor_seconds(self):
        """What its threads have used until now."""
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def stop(self):
        self.process.terminate()
        self.process.wait()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()


class Signet(Server):
    """signetd in a folder of its own."""

    def __init__(self, programs, folder, *, rings, profiles=None, server="", environment=None):
        """`rings`: names to algorithms, with files of keys already in `folder/RING`, or one made now; `profiles`: names to
        rings, by default a profile for each ring."""
        self.folder = folder
        self.environment = environment or {}
        self.program = programs / "signetd"
        user = getpass.getuser()
        text = ['[server]\nsocket = "signet.sock"\nstate_directory = "state"\n'
                f"max_connections = 8192\nmax_connections_per_user = 8192\n{server}\n"]
        (folder / "state").mkdir(mode=0o700, exist_ok=True)
        for ring, algorithm in rings.items():
            if not (folder / ring).exists():
                (folder / ring).mkdir(mode=0o700)
                output(programs / "signet", "key", "new", "--algorithm", algorithm, "--kid", "first", folder / ring)
            text.append(f'[keyring.{ring}]\nalgorithm = "{algorithm}"\ndirectory = "{ring}"\n')
        for profile, ring in (profiles or {ring: ring for ring in rings}).items():
            # Profiles of one ring must differ in what their tokens say.
            issuer = f"https://{profile}.example.com" if profiles else "https://auth.example.com"
            text.append(
                f'[profile.{profile}]\nkeyring = "{ring}"\nissuer = "{issuer}"\n'
                f'audiences = ["https://api.example.com"]\n[[profile.{profile}.allow]]\n'
                f'operations = ["sign", "verify"]\nusers = ["{user}"]\n')
        self.configuration = folder / "signetd.toml"
        self.configuration.write_text("\n".join(text))
        # What a test or a shell has set must not decide what is measured.
        self.seconds_to_ready = self.start()

    def start(self):
        """Starts the daemon; returns the seconds until it says READY=1."""
        notice = self.folder / "notify"
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as notify:
            notify.bind(str(notice))
            notify.settimeout(30)
            began = time.perf_counter()
            super().__init__(self.folder / "signet.sock", self.program, "--config", self.configuration,
                             environment={**self.environment, "NOTIFY_SOCKET": str(notice)})
            try:
                while b"READY=1" not in notify.recv(4096):
                    pass
            except TimeoutError:
                self.fail()
            seconds = time.perf_counter() - began
        notice.unlink()
        return seconds

    def restart(self):
        self.stop()
        return self.start()

    def ask(self, lines):
        """The answers to many lines, in order, as dictionaries."""
        answers = []
        with socket.socket(socket.AF_UNIX) as connection:
            connection.connect(str(self.socket))
            stream = connection.makefile("rb")
            for start in range(0, len(lines), 64):
                batch = lines[start:start + 64]
                connection.sendall("".join(line + "\n" for line in batch).encode())
                answers += [json.loads(stream.readline()) for _ in batch]
        for answer in answers:
            if not answer["ok"]:
                sys.exit(f"refused: {answer}")
        return answers


def write_octet_keys(folder, count, algorithm="HS512"):
    """HMAC keys as JWK files; returns their kids."""
    folder.mkdir(mode=0o700)
    kids = [f"key-{number:04}" for number in range(count)]
    for kid in kids:
        path = folder / f"{kid}.jwk"
        path.touch(mode=0o600)
        path.write_text(json.dumps({"kty": "oct", "kid": kid, "alg": algorithm, "k": secrets.token_urlsafe(64)}))
    return kids


class Load:
    """Request lines in a file, for line_load."""

    def __init__(self, folder, lines):
        handle, name = tempfile.mkstemp(dir=folder, suffix=".lines")
        with open(handle, "w") as file:
            file.writelines(line + "\n" for line in lines)
        self.path = name

    def run(self, server, connections, depth, seconds, rate=None):
        """What line_load prints: answers, per_second; p50, p99, p99_9 in nanoseconds; and `processor`, what the server
        used of the processors for each answer, in seconds."""
        before = server.processor_seconds()
        found = json.loads(output(
            BUILT / "line_load", server.socket, connections, depth, seconds, self.path, *([rate] if rate else [])))
        # The first tenth does not count as answers, and is used all the same.
        share = 1 if seconds == 0 else 1 / 1.1
        found["processor"] = (server.processor_seconds() - before) * share / found["answers"]
        return found


def sign_line(profile=None, claims=CLAIMS):
    return '{"op":"sign",' + (f'"profile":"{profile}",' if profile else "") + f'"claims":{claims}}}'


def verify_line(token, profile=None):
    return '{"op":"verify",' + (f'"profile":"{profile}",' if profile else "") + f'"token":"{token}"}}'


def floors(folder, answer, stack):
    """The two floors, for answers as long as this one of Signet's."""
    length = len(json.dumps(answer, separators=(",", ":"))) + 1
    payload = len(answer["token"].split(".")[1]) * 3 // 4
    found = []
    for name, extra in (("signing_server", [payload, length]), ("constant_server", [length])):
        path = folder / f"{name}-{length}.sock"
        server = stack.enter_context(Server(path, BUILT / name, path, CORES, *extra))
        found.append(server.wait_until_it_listens())
    return found


@contextlib.contextmanager
def scratch():
    with tempfile.TemporaryDirectory(prefix="signet-bench-") as folder:
        yield Path(folder)


class Surroundings:
    """The machine, and what others took of its processors while we measured."""

    # Up to here there was nothing else to do, as a part of the processors' time.
    QUIET = 0.05

    def __init__(self):
        self.began = self.times()

    @staticmethod
    def times():
        """Seconds since the start: of all processors, in use, and used by us and our ended children."""
        tick = os.sysconf("SC_CLK_TCK")
        fields = [int(field) / tick for field in Path("/proc/stat").read_text().splitlines()[0].split()[1:9]]
        own = sum(usage.ru_utime + usage.ru_stime
                  for usage in map(resource.getrusage, (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)))
        return sum(fields), sum(fields) - fields[3] - fields[4], own

    def figures(self):
        """What was measured on, to be asked when all servers have ended. No names of hosts or paths."""
        whole, used, own = (end - begin for begin, end in zip(self.began, self.times()))
        model = next((line.split(":", 1)[1].strip() for line in Path("/proc/cpuinfo").read_text().splitlines()
                      if line.startswith("model name")), platform.machine())
        memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
        found = {"processor": model, "cores": CORES, "memory_gib": round(memory),
                 "system": platform.freedesktop_os_release().get("PRETTY_NAME", "Linux"),
                 "kernel": ".".join(platform.release().split("-")[0].split(".")[:2]),
                 "openssl": output("openssl", "version").split()[1], "others": round(max(0, used - own) / whole, 3)}
        if found["others"] > self.QUIET:
            print("others were at work on this machine: measure again when it is quiet", file=sys.stderr)
        return found


def describe(found):
    others = f"; others took {found['others']:.0%} of its time" if found["others"] > Surroundings.QUIET else ""
    return (f"{found['cores']} cores of {found['processor']}, {found['memory_gib']} GiB, {found['system']}, "
            f"Linux {found['kernel']}, OpenSSL {found['openssl']}{others}")


median = statistics.median


def table(rows, words=1):
    """Prints rows of cells; the first `words` columns to the left."""
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    for row in rows:
        print("  ".join(cell.ljust(width) if column < words else cell.rjust(width)
                        for column, (cell, width) in enumerate(zip(row, widths))).rstrip())


def short(number, unit=""):
    """Three digits that count, and the unit."""
    if unit != "/s":
        return (f"{number:.0f}" if abs(number) >= 100 else f"{number:.3g}") + (f" {unit}" if unit else "")
    for limit, letter in ((1e6, "M"), (1e4, "k")):
        if number >= limit:
            return f"{float(f'{number:.3g}') / (1e6 if letter == 'M' else 1e3):g} {letter}/s"
    return f"{number:.0f}/s"
