"""What an operator does to the running daemon, rightly and wrongly: keys, policy, reloads."""

import asyncio
import json
import os
import signal
import time

import keys
import lines
import mistakes
from connection import Connection
from judge import Mismatch
from model import Epoch
from policy import CALLERS, changed

ROOT = CALLERS[0]
MOST_KEYS = 5


class Administration:
    def __init__(self, daemon, judge, rng, stop):
        self.daemon, self.judge, self.rng, self.stop = daemon, judge, rng, stop
        self.timeline = judge.timeline
        self.done = judge.counts.outcomes

    @property
    def current(self):
        return self.timeline.current

    async def run(self):
        acts = {self.rotate: 8, self.rotate_by_command: 5, self.revoke: 5, self.prune: 3, self.change_policy: 4,
                self.nothing: 1, self.lose: 1, self.starve: 1, self.break_something: 8}
        # Each once at first, so that a short run has them all.
        first = self.rng.sample([*acts], len(acts))
        while not self.stop.is_set():
            act = first.pop() if first else self.rng.choices([*acts], acts.values())[0]
            await act()
            self.done["operator", act.__name__] += 1
            try:
                await asyncio.wait_for(self.stop.wait(), self.rng.random() * 1.5)
            except asyncio.TimeoutError:
                pass

    def next(self, policy=None):
        """What will be in force: the same, until it is changed."""
        old = self.current
        return Epoch(policy or old.policy, {name: list(ring) for name, ring in old.rings.items()},
                     {name: set(kids) for name, kids in old.revoked.items()}, old.generation + 1)

    def directory(self, ring):
        return self.daemon.home / "keys" / ring

    def write_revoked(self, ring, kids):
        file = self.directory(ring) / "revoked"
        file.write_text("".join(f"{kid}\n" for kid in sorted(kids)))
        os.chmod(file, 0o600)

    async def command(self, *arguments):
        """Runs `signet key …`; raises unless it succeeds."""
        program = await asyncio.create_subprocess_exec(
            self.daemon.signet, "key", *arguments,
            stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE)
        _, errors = await program.communicate()
        if program.returncode != 0:
            raise Mismatch(None, f"signet key {arguments[0]}", errors.decode().strip())

    # What is in order.

    async def rotate(self):
        new, ring = self.next(), self.rng.choice(list(self.current.policy.rings))
        await self.make_room(new, ring)
        now, chance = int(time.time()), self.rng.random()
        times = {"iat": now, "nbf": now + self.rng.choice([0, 0, 1, 3])}
        if chance < 0.2 and ring not in ("hs512", "es256"):
            times["exp"] = now + self.rng.randrange(8, 40)
        # Elsewhere: an RSA key takes a while, in which nobody would be judged.
        key = await asyncio.to_thread(
            keys.make, ring, new.policy.rings[ring].algorithm, self.directory(ring), self.rng, **times)
        key.write()
        new.rings[ring].append(key)
        await self.reload(new)

    async def rotate_by_command(self):
        new, ring = self.next(), self.rng.choice(list(self.current.policy.rings))
        if not new.rings[ring] or new.signers(ring, int(time.time())) == {None}:
            return
        await self.make_room(new, ring)
        lead = self.rng.choice(["0s", "2s"])
        await self.command("rotate", ring, "--config", self.daemon.configuration, "--lead", lead)
        known = {key.file for key in new.rings[ring]}
        made = [file for file in self.directory(ring).glob("*.jwk") if file not in known]
        if len(made) != 1:
            raise Mismatch(None, "one new key", f"{len(made)}")
        new.rings[ring].append(keys.read(ring, new.policy.rings[ring].algorithm, made[0]))
        await self.reload(new)

    async def make_room(self, new, ring):
        """Revokes the oldest keys and removes their files, as soon as there are many."""
        now = int(time.time())
        surplus = sorted(new.rings[ring], key=lambda key: key.order)[:max(0, len(new.rings[ring]) - MOST_KEYS)]
        for key in surplus:
            if key not in new.signers(ring, now) | new.signers(ring, now + 1):
                new.revoked[ring].add(key.kid)
                new.rings[ring].remove(key)
                key.file.unlink(missing_ok=True)
        # The list does not grow for ever: kids without a file may leave it.
        present = {key.kid for key in new.rings[ring]}
        for kid in sorted(new.revoked[ring] - present - {key.kid for key in surplus})[10:]:
            new.revoked[ring].discard(kid)
        self.write_revoked(ring, new.revoked[ring])

    async def revoke(self):
        new, ring = self.next(), self.rng.choice(list(self.current.policy.rings))
        now = int(time.time())
        usable = [key for key in new.live(ring)
                  if key.not_before <= now and (key.expires is None or key.expires > now + 30)]
        if len(usable) < 2:
            return
        # Preferably one of which tokens are about.
        key = max(usable, key=lambda key: (key.last_expiry() or 0, key.kid))
        new.revoked[ring].add(key.kid)
        if self.rng.random() < 0.5:
            await self.command(
                "revoke", "--config", self.daemon.configuration, "--keyring", ring, "--", key.kid)
        else:
            self.write_revoked(ring, new.revoked[ring])
        await self.reload(new)
        self.judge.note_revocation(key)

    async def prune(self):
        new = self.next()
        await self.command("prune", "--config", self.daemon.configuration)
        now = time.time()
        for ring, held in new.rings.items():
            for key in [key for key in held if not key.file.exists()]:
                leeway = max((p.leeway for p in new.policy.profiles.values() if p.ring == ring), default=0)
                has_ended = key.kid in new.revoked[ring] or (key.expires and key.expires + leeway <= now)
                if not has_ended and key.signings and now < key.last_expiry() + leeway:
                    raise Mismatch(None, "no file of a key that tokens need removed", key.story())
                held.remove(key)
                self.done["operator", "key pruned"] += 1
        await self.reload(new)

    async def change_policy(self):
        new = self.next(changed(self.current.policy, self.rng))
        self.daemon.configuration.write_text(new.policy.text())
        await self.reload(new)

    async def nothing(self):
        await self.reload(self.next())

    async def lose(self):
        """A key that tokens need vanishes, and the operator insists."""
        ring = self.rng.choice(["hs256", "eddsa", "es512", "hook-mac"])
        new, now = self.next(), int(time.time())
        if len([key for key in new.live(ring) if key.not_before <= now and key.expires is None]) < 2:
            return
        (key, *_) = new.signers(ring, now)
        if key is None or not key.file.exists():
            return
        key.file.unlink()
        await self.fail_to_reload("a key that vanished")
        new = self.next()
        new.rings[ring].remove(key)
        await self.reload(new, force=True)

    async def starve(self):
        """A ring without a key that signs, and one that has one again."""
        new, ring = self.next(), "es384"
        new.revoked[ring] |= {key.kid for key in new.rings[ring]}
        self.write_revoked(ring, new.revoked[ring])
        await self.reload(new, force=True)
        await asyncio.sleep(self.rng.random())
        new, now = self.next(), int(time.time())
        key = keys.make(ring, "ES384", self.directory(ring), self.rng, iat=now, nbf=now)
        key.write()
        new.rings[ring].append(key)
        await self.reload(new)

    # What is not: nothing may change.

    async def break_something(self):
        text, home = self.daemon.configuration.read_text(), self.daemon.home
        name, broken = self.rng.choice(mistakes.all(text))
        configuration, further = self.daemon.configuration, home / "profiles.d" / "more.toml"
        ring = self.rng.choice(["hs256", "es256", "eddsa"])
        stray = self.directory(ring) / "stray.jwk"
        key = next(iter(self.current.signers(ring, int(time.time()))))
        if key is None:
            return
        kept = key.file.read_text()
        try:
            if broken:
                configuration.write_text(broken)
            elif name == "a file for all to write":
                os.chmod(configuration, 0o666)
            elif name == "a broken further file":
                further.write_text("[profile.more]\n")
                os.chmod(further, 0o644)
            elif name == "a key for all to read":
                os.chmod(key.file, 0o644)
            elif name == "a key that is none":
                stray.write_text(self.rng.choice(["", "{}", kept[:-20]]))
                os.chmod(stray, 0o600)
            else:
                other = keys.make(ring, key.algorithm, self.directory(ring), self.rng)
                other.jwk["kid"], other.file = key.kid, key.file
                other.write()
            await self.fail_to_reload(name)
        finally:
            configuration.write_text(text)
            os.chmod(configuration, 0o644)
            further.unlink(missing_ok=True)
            stray.unlink(missing_ok=True)
            key.file.write_text(kept)
            os.chmod(key.file, 0o600)
        await self.reload(self.next())

    # Reloads.

    async def ask(self, line):
        """An answer to root; a connection of its own."""
        with Connection(self.daemon.socket, ROOT) as connection:
            await connection.send(line)
            return json.loads(await connection.line() or b"null")

    async def status(self):
        return await self.ask(b'{"op":"status"}\n')

    async def reload(self, new, force=False):
        old, began = self.current, int(time.time())
        self.timeline.begin(new)
        if force or self.rng.random() < 0.6:
            # Lines behind a reload wait for it.
            with Connection(self.daemon.socket, ROOT) as connection:
                behind = lines.plain(ROOT, "status", self.rng)
                await connection.send(b'{"op":"reload","id":1,"force":%s}\n' % (b"true" if force else b"false"))
                answer = json.loads(await connection.line() or b"null")
                self.check(answer, old, new, began)
                self.end_reload(old, new, began)
                await connection.ask(self.judge.judge, [behind])
            self.done["reload", "forced" if force else "ok"] += 1
        else:
            before = (await self.status())["last_reload"]
            os.kill(self.daemon.pid, signal.SIGHUP)
            # A loop tells the new generation in its status before the others serve it; the log, when all do.
            while self.daemon.reloaded != new.generation:
                last = (await self.status())["last_reload"]
                if last != before and not last["ok"]:
                    raise Mismatch(None, "a reload by SIGHUP", "its failure: " + last["error"])
                await asyncio.sleep(0.02)
            self.end_reload(old, new, began)
            self.done["reload", "SIGHUP"] += 1

    def end_reload(self, old, new, began):
        """From now on, the new epoch alone is in force."""
        ended = int(time.time())
        for name, ring in new.rings.items():
            for key in ring:
                if key not in old.rings[name]:
                    key.published = (began + 1, ended + 2)
        self.timeline.settle()

    def check(self, answer, old, new, began):
        if not answer["ok"]:
            raise Mismatch(None, "a reload", "its failure: " + answer["error"]["message"])
        before, after = ({(name, key.kid) for name in epoch.rings for key in epoch.live(name)} for epoch in (old, new))
        said = [{(key["keyring"], key["kid"]) for key in answer[name]} for name in ("added", "removed", "promoted")]
        if answer["id"] != 1 or answer["generation"] != new.generation or said[:2] != [after - before, before - after]:
            raise Mismatch(None, "the keys that were added and removed", "others")
        may = {(name, key.kid) for now in range(began, int(time.time()) + 1) for name in new.rings
               for key in new.signers(name, now) if key}
        if not said[2] <= may:
            raise Mismatch(None, "keys promoted that sign", "others")

    async def fail_to_reload(self, name):
        """The daemon must refuse, and say so; what it serves is judged as ever, by the old epoch alone."""
        if self.rng.random() < 0.5:
            answer = await self.ask(b'{"op":"reload"}\n')
            if answer["ok"] or answer["error"]["code"] != "reload_failed":
                raise Mismatch(None, f"reload_failed for {name}", answer.get("error", {}).get("code", "ok"))
        else:
            before = await self.status()
            os.kill(self.daemon.pid, signal.SIGHUP)
            while (status := await self.status())["last_reload"] == before["last_reload"]:
                await asyncio.sleep(0.02)
            if status["last_reload"]["ok"] or status["generation"] != self.current.generation:
                raise Mismatch(None, f"a failed reload for {name}", "another")
        self.done["reload refused", name] += 1
