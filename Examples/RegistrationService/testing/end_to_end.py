#!/usr/bin/env python3
"""The registration service with a real signetd: the whole story, many at a time, and a search for the key."""
import concurrent.futures
import os
import pathlib
import subprocess
import sys
import time
import unittest

import jwt

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[3] / "Tests/EndToEndTests"))
import scan_memory  # noqa: E402
from world import PASSWORD, SERVICE, World, decode, header  # noqa: E402

ISSUER, AUDIENCE = "https://auth.example.com", "https://api.example.com"


class WorldCase(unittest.TestCase):
    def setUp(self):
        self.world = World()
        self.addCleanup(self.world.close)

    def assert_problem(self, answer, status, code):
        self.assertEqual((answer.status, answer.json["status"], answer.json["code"]), (status, status, code))
        self.assertEqual(answer.headers["Content-Type"], "application/problem+json")

    def open_by_pyjwt(self, token):
        key = self.world.jwks()[header(token)["kid"]]
        return jwt.decode(token, decode(key["k"]), algorithms=["HS512"], audience=AUDIENCE, issuer=ISSUER)


class Story(WorldCase):
    def test_register_login_me(self):
        world = self.world
        registered = world.register()
        self.assertEqual(registered.status, 201)
        self.assertEqual(set(registered.json), {"userName", "email", "token"})
        claims = self.open_by_pyjwt(registered.json["token"])
        self.assertEqual((claims["email"], claims["given_name"], claims["roles"]), ("ada@example.com", "ada", ["user"]))
        self.assertEqual(claims["exp"] - claims["iat"], 7 * 86_400)
        self.assertEqual(header(registered.json["token"])["alg"], "HS512")

        logged_in = world.login()
        self.assertEqual(logged_in.status, 200)
        self.assertNotEqual(self.open_by_pyjwt(logged_in.json["token"])["jti"], claims["jti"])
        self.assertEqual(world.me(registered.json["token"]).json, claims)

    def test_admins_are_those_whose_token_says_so(self):
        world = self.world
        old = world.register().json["token"]
        self.assert_problem(world.ask("GET", "/api/admin/users", token=old), 403, "missing_role")
        subprocess.run(
            [SERVICE, "grant-admin", "ada"], check=True, stdout=subprocess.DEVNULL,
            env={**os.environ, "REGISTRATION_DATABASE": str(world.database)})
        self.assertEqual(world.ask("GET", "/api/admin/users", token=old).status, 403)
        users = world.ask("GET", "/api/admin/users", token=world.login().json["token"])
        self.assertEqual((users.status, [user["userName"] for user in users.json]), (200, ["ada"]))

    def test_tokens_that_do_not_hold(self):
        world = self.world
        good = world.register().json["token"]
        (kid, key), = world.jwks().items()
        now = int(time.time())
        claims = self.open_by_pyjwt(good)

        def made(change, headers={"kid": kid}):
            return jwt.encode({**claims, **change}, decode(key["k"]), algorithm="HS512", headers=headers)

        self.assertEqual(world.me(made({})).status, 200)
        first, second, third = good.split(".")
        changed = "A" if third[0] != "A" else "B"
        for token, reason in [
            (made({"iat": now - 9_000, "nbf": now - 9_000, "exp": now - 3_600}), "expired"),
            (made({"aud": "https://elsewhere.example.com"}), "wrong_audience"),
            (made({"iss": "https://elsewhere.example.com"}), "wrong_issuer"),
            (made({}, {"kid": "nobody"}), "unknown_key"),
            (f"{first}.{second}.{changed}{third[1:]}", "bad_signature"),
            ("not-a-token", "malformed"),
        ]:
            with self.subTest(reason):
                answer = world.me(token)
                self.assert_problem(answer, 401, reason)
                self.assertIn('error="invalid_token"', answer.headers["WWW-Authenticate"])
                self.assertNotIn(token, "".join(world.service.kept))

    def test_the_key_is_rotated_and_pruned(self):
        world = self.world
        old_token = world.register().json["token"]
        old = header(old_token)["kid"]
        new = world.signet("key", "rotate", "registration")
        world.hang_up()
        new_token = world.login_with(new)
        self.assertNotEqual(new, old)
        self.assertEqual(world.me(old_token).status, 200)
        self.assertEqual(world.me(new_token).status, 200)

        world.signet("key", "prune")
        self.assertIn(old, world.jwks(), "tokens still need it")
        world.signet("key", "revoke", "--", old)
        world.signet("key", "prune")
        self.assertEqual(set(world.jwks()), {new})
        world.hang_up()
        self.assert_problem(world.me(old_token), 401, "revoked")
        self.assertEqual(world.me(new_token).status, 200)

    def test_without_the_daemon_nothing_is_half_done(self):
        world = self.world
        token = world.register().json["token"]
        self.assertEqual(world.daemon.stop(), 0)
        for answer in (world.register("bob"), world.login(), world.me(token)):
            self.assert_problem(answer, 503, "try_later")
            self.assertGreater(int(answer.headers["Retry-After"]), 0)
        self.assertEqual(world.user_count(), 1)
        world.start_daemon()
        self.assertEqual(world.register("bob").status, 201)
        self.assertEqual(world.me(token).status, 200)


class Load(WorldCase):
    def test_200_registrations_at_one_time_and_a_rotation_lose_none(self):
        world, count = self.world, 200
        old = set(world.jwks())
        with concurrent.futures.ThreadPoolExecutor(count + 1) as threads:
            answers = [threads.submit(world.register, f"user{number}") for number in range(count)]
            next(concurrent.futures.as_completed(answers))
            threads.submit(lambda: (world.signet("key", "rotate", "registration"), world.hang_up())).result()
            answers = [answer.result() for answer in answers]
            self.assertEqual({answer.status for answer in answers}, {201})
            tokens = {answer.json["token"] for answer in answers}
            self.assertEqual(len(tokens), count)
            subjects = {self.open_by_pyjwt(token)["sub"] for token in tokens}
            self.assertEqual(len(subjects), count)
            self.assertEqual(world.user_count(), count)
            self.assertEqual({answer.status for answer in threads.map(world.me, tokens)}, {200})
        self.assertEqual(len(set(world.jwks()) - old), 1)


class TheKeyIsNotThere(WorldCase):
    """Neither the service's memory nor any file of its own holds a key, whole or in pieces of 16 bytes."""

    def found_in_memory(self, pieces, pid):
        found, scanned = set(), 0
        with open(f"/proc/{pid}/mem", "rb", buffering=0) as memory:
            for start, end, permissions, name, _ in scan_memory.mappings(pid):
                if "r" not in permissions or name in ("[vvar]", "[vvar_vclock]", "[vsyscall]"):
                    continue
                memory.seek(start)
                contents = memory.read(end - start)
                scanned += len(contents)
                for _, run in scan_memory.used_runs(contents):
                    found |= {(key, form) for key, form, _ in pieces.found_in(run)}
        return found, scanned

    def test_neither_in_memory_nor_in_files(self):
        world = self.world
        old_token = world.register().json["token"]
        with concurrent.futures.ThreadPoolExecutor(20) as threads:
            list(threads.map(world.register, (f"user{number}" for number in range(50))))
        new = world.signet("key", "rotate", "registration")
        world.hang_up()
        world.login_with(new)
        world.me(old_token)

        keys = world.jwks()
        self.assertEqual(len(keys), 2)
        pieces = scan_memory.Pieces(keys, {})
        pid = world.service.process.pid
        found, scanned = self.found_in_memory(pieces, pid)
        self.assertEqual(found, set())
        self.assertGreater(scanned, 10_000_000)
        # The search can find: this process has read the keys.
        found, _ = self.found_in_memory(pieces, os.getpid())
        self.assertEqual({key for key, _ in found}, set(keys))
        # And it reads the right memory: the tokens have passed through it.
        self.assert_memory_holds(pid, old_token.split(".")[0].encode())

        self.assertEqual(world.database.stat().st_mode & 0o777, 0o600)
        for file in world.service_home.rglob("*"):
            self.assertEqual(list(pieces.found_in(file.read_bytes())), [], file)
        for name in ("environ", "cmdline"):
            self.assertEqual(list(pieces.found_in(pathlib.Path(f"/proc/{pid}/{name}").read_bytes())), [], name)
        self.assertEqual(list(pieces.found_in("".join(world.service.kept).encode())), [])
        for descriptor in pathlib.Path(f"/proc/{pid}/fd").iterdir():
            self.assertNotIn(str(world.keys), os.readlink(descriptor))
        # The search of files can find, too.
        key_file = next(world.keys.glob("*.jwk"))
        self.assertNotEqual(list(pieces.found_in(key_file.read_bytes())), [])

        # Passwords and tokens are in no file either.
        secrets = [PASSWORD.encode(), old_token.split(".")[2].encode()]
        for file in world.service_home.rglob("*"):
            self.assertFalse(any(secret in file.read_bytes() for secret in secrets), file)
        self.assertFalse(any(secret.decode() in "".join(world.service.kept) for secret in secrets))

    def assert_memory_holds(self, pid, octets):
        with open(f"/proc/{pid}/mem", "rb", buffering=0) as memory:
            for start, end, permissions, name, _ in scan_memory.mappings(pid):
                if "r" in permissions and not name.startswith("[v"):
                    memory.seek(start)
                    if octets in memory.read(end - start):
                        return
        self.fail("the memory was not read")


if __name__ == "__main__":
    unittest.main(verbosity=2)
