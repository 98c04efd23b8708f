"""What callers do: those who ask for this and that, and those who do what they should not."""

import asyncio
import json
import time

import keys
import lines
from connection import Connection
from judge import Mismatch
from policy import BUFFERED_PER_USER, CONNECTIONS_PER_USER, RATE, REFUSALS, REQUEST_BYTES, Caller, caller

KINDS = {"sign": 30, "verify": 34, "explain": 10, "ping": 8, "jwks": 4, "status": 4, "reload": 1, "wrong": 9}


class Clients:
    """All clients of one run. `run` has each of them at work until `stop` is set."""

    def __init__(self, path, judge, forge, stop):
        self.path, self.judge, self.forge, self.stop = path, judge, forge, stop
        self.count = judge.counts

    @property
    def policy(self):
        return self.judge.timeline.current.policy

    async def some_time(self, rng, most):
        """A pause that the end of the run cuts short."""
        try:
            await asyncio.wait_for(self.stop.wait(), rng.random() * most)
        except asyncio.TimeoutError:
            pass

    async def repeat(self, act, rng, pause, *arguments):
        while not self.stop.is_set():
            await act(rng, *arguments)
            await self.some_time(rng, pause)

    def request(self, who, rng):
        kind = rng.choices(list(KINDS), KINDS.values())[0]
        policy = self.policy
        if kind in ("sign", "explain"):
            return lines.sign(who, policy, rng, kind)
        if kind == "verify":
            token, profile = self.forge.token(policy, rng)
            return lines.verify(who, policy, rng, token, profile)
        if kind == "jwks":
            return lines.jwks(who, policy, rng)
        if kind == "wrong" or (kind == "reload" and who.is_admin):
            return lines.wrong(who, rng)
        return lines.plain(who, kind, rng)

    async def mix(self, rng, who):
        """A visit: some batches, and one of many ways to go."""
        with Connection(self.path, who) as connection:
            # What does not begin with `{` would end the connection.
            await connection.ask(self.judge.judge, [lines.plain(who, "ping", rng)])
            for _ in range(rng.randrange(1, 6)):
                batch = [self.request(who, rng) for _ in range(rng.choice([1, 1, 2, 5, 20, 60]))]
                await connection.ask(self.judge.judge, batch)
                # Refused lines have a rate of their own, which another client looks into.
                await self.some_time(rng, 0.02 * len(batch) / 5)
            await self.go(connection, rng)

    async def go(self, connection, rng):
        who, judge = connection.who, self.judge
        way = rng.choice(["close", "half-close", "inside a line", "unread", "at once", "too large"])
        judge.counts.outcomes["end", way] += 1
        batch = [lines.sign(who, self.policy, rng) for _ in range(3)]
        if way == "half-close":
            batch[-1].line += rng.choice([b"", b'{"op":"sign"', b"{"])
            for request in batch:
                request.stamp()
            await connection.send(b"".join(request.line for request in batch))
            connection.end_sending()
            for request in batch:
                judge.judge(request, await connection.line() or b"")
            await connection.expect_end()
        elif way == "inside a line":
            await connection.ask(judge.judge, batch)
            await connection.send(batch[0].line[:rng.randrange(1, len(batch[0].line))].rstrip(b"\n"))
        elif way == "unread":
            # Answered, as the socket shows, but never read: that counts, too.
            batch = [self.small_sign(who, rng) for _ in range(3)]
            for request in batch:
                request.stamp()
            await connection.send(b"".join(request.line for request in batch))
            for request, answer in zip(batch, await connection.unread_lines(len(batch))):
                judge.judge(request, answer)
        elif way == "at once":
            # Nobody counts pings, so nobody need know how many are carried out.
            await connection.send(lines.plain(who, "ping", rng).line * rng.randrange(1, 200))
        elif way == "too large":
            await self.send_too_much(connection, rng, batch)

    def small_sign(self, who, rng):
        return lines.sign(who, self.policy, rng, claims={"sub": "u"}, profile=self.policy.profiles["default"])

    async def send_too_much(self, connection, rng, batch):
        """A line of exactly the limit, and one that is longer: the last that is answered."""
        longest = lines.Request(connection.who, "ping", "longest line")
        longest.line = b'{"op":"ping"' + b" " * (REQUEST_BYTES - 14) + b"}\n"
        for request in [*batch, longest]:
            request.stamp()
        size = REQUEST_BYTES + rng.choice([0, 1, 100_000])
        line = b'{"op":"ping","id":1' + b" " * (size - 20) + b"}" + rng.choice([b"\n", b"\n" + batch[0].line])
        sending = asyncio.create_task(connection.send(b"".join(r.line for r in [*batch, longest]) + line))
        for request in [*batch, longest]:
            self.judge.judge(request, await connection.line() or b"")
        await self.expect_error(connection, "too_large", "max_request_bytes")
        await connection.expect_end()
        await asyncio.wait([sending])
        # The daemon may have closed before all was sent.
        sending.exception()

    async def expect_error(self, connection, code, limit=None):
        """An error without `id` that ends the connection."""
        answer = await connection.line()
        parsed = json.loads(answer or b"null")
        if not parsed or parsed.keys() != {"ok", "error"} or parsed["error"]["code"] != code:
            got = parsed.get("error", {}).get("code", "an answer") if parsed else "the end"
            raise Mismatch(None, f"{code} ({limit})", got, answer or b"")
        self.count.refuse(code, limit)
        self.count.outcomes["connection", code] += 1

    async def speak_http(self, rng, who):
        with Connection(self.path, who) as connection:
            await connection.send(rng.choice([b"GET / HTTP/1.1\r\n\r\n", b"\n", b" {}\n", b"[]\n", b"\xff"]))
            await self.expect_error(connection, "malformed_request")
            await connection.expect_end()

    async def read_slowly(self, rng, who):
        """More answers than the daemon keeps for one connection, read in pieces with pauses."""
        async def wait(number):
            if number % 40 == 0:
                await self.some_time(rng, 0.5)
        with Connection(self.path, who) as connection:
            requests = []
            for _ in range(400):
                request = self.request(who, rng)
                requests.append(request if request.kind in ("jwks", "explain") else lines.sign(
                    who, self.policy, rng, claims={"pad": "s" * 4_000}, profile=self.policy.profiles["default"]))
            requests[0] = lines.plain(who, "ping", rng)
            await connection.ask(self.judge.judge, requests, wait)
            self.count.outcomes["connection", "slow reader"] += 1

    async def never_read(self, rng, who):
        """Cut when none of the answers is read for `write_timeout`. What it asks for is counted nowhere."""
        with Connection(self.path, who) as connection:
            for _ in range(20):
                line = lines.plain(who, "explain", rng, claims=json.dumps({"pad": "n" * 40_000})).line
                sending = asyncio.create_task(connection.send(line * 40))
                await asyncio.wait([sending], timeout=1)
                if not sending.done():
                    break
            await connection.until_cut()
            sending.cancel()
            await asyncio.gather(sending, return_exceptions=True)
            self.count.limits["write_timeout"] += 1
            self.count.outcomes["connection", "never read"] += 1

    async def drip(self, rng, who):
        with Connection(self.path, who) as connection:
            await connection.ask(self.judge.judge, [lines.plain(who, "ping", rng)])
            await connection.send(b'{"op":"si'[:rng.randrange(1, 9)])
            await self.expect_error(connection, "timeout", "request_timeout")
            await connection.expect_end()

    async def fall_silent(self, rng, who):
        with Connection(self.path, who) as connection:
            await connection.ask(self.judge.judge, [lines.plain(who, "ping", rng)])
            await connection.expect_end()
            self.count.limits["idle_timeout"] += 1
            self.count.outcomes["connection", "silent"] += 1

    async def exceed_rate(self, rng, who):
        """The bucket is full at first; how many pass more is bounded by the time that the burst took."""
        await asyncio.sleep(1.1)
        with Connection(self.path, who) as connection:
            profile = self.policy.profiles["rated"]
            batch = [lines.sign(who, self.policy, rng, profile=profile, claims={}) for _ in range(3 * RATE)]
            await self.burst(connection, batch, RATE)

    async def exceed_refusals(self, rng, who):
        await asyncio.sleep(1.1)
        with Connection(self.path, who) as connection:
            await connection.ask(self.judge.judge, [lines.plain(who, "ping", rng)])
            await self.burst(connection, [lines.wrong(who, rng) for _ in range(2 * REFUSALS)], REFUSALS)

    async def burst(self, connection, batch, rate):
        limited = []

        def judge(request, answer):
            request.also = {"rate_limited"}
            self.judge.judge(request, answer)
            limited.append(json.loads(answer).get("error", {}).get("code") == "rate_limited")
        began = time.monotonic()
        await connection.ask(judge, batch)
        passed = limited.count(False)
        if not rate <= passed <= rate * (1 + time.monotonic() - began) + 1:
            raise Mismatch(batch[0], f"{rate} passing and as many a second", f"{passed} passing")
        if any(limited[:rate]):
            raise Mismatch(batch[0], "a whole burst", "less")

    async def connect_too_often(self, rng, who):
        """Places of connections that have ended become free a little later, so the first ones may have to ask again."""
        kept = []
        try:
            while len(kept) < CONNECTIONS_PER_USER + 3:
                connection = Connection(self.path, who)
                kept.append(connection)
                if len(kept) > CONNECTIONS_PER_USER:
                    await self.expect_error(connection, "overloaded", "max_connections_per_user")
                    await connection.expect_end()
                    continue
                request = lines.plain(who, "ping", rng)
                request.id, request.line = None, b'{"op":"ping"}\n'
                request.also = {"overloaded"}
                request.stamp()
                try:
                    await connection.send(request.line)
                except BrokenPipeError:
                    pass
                answer = await connection.line()
                if b'"overloaded"' in (answer or b""):
                    self.count.refuse("overloaded", "max_connections_per_user")
                    kept.pop().socket.close()
                    await asyncio.sleep(0.05)
                else:
                    self.judge.judge(request, answer or b"")
        finally:
            for connection in kept:
                connection.socket.close()

    async def hoard(self, rng, who):
        """Unfinished lines until they are a quarter of `max_buffered`, in blocks of 4 KiB as the daemon counts."""
        size = 60_000
        most = BUFFERED_PER_USER // 4_096 // (size // 4_096)
        kept = []
        await asyncio.sleep(1)
        try:
            for number in range(most + 1):
                if number == most:
                    for connection in kept:
                        await connection.until_read()
                    # What was read is counted at the end of the turn.
                    await asyncio.sleep(0.2)
                kept.append(Connection(self.path, who))
                await kept[-1].send((b'{"op":"ping"' + b" " * size)[:size])
            await self.expect_error(kept[-1], "overloaded", "max_buffered")
        finally:
            for connection in kept:
                connection.socket.close()

    async def flood(self, rng, who):
        """Signatures of RSA, more than one user may have in flight."""
        with Connection(self.path, who) as one, Connection(self.path, who) as two, Connection(self.path, who) as three:
            batches = [[lines.sign(who, self.policy, rng, profile=self.policy.profiles["rs512"], claims={})
                        for _ in range(60)] for _ in range(3)]
            for request in sum(batches, []):
                request.also = {"overloaded"}
            await asyncio.gather(*(connection.ask(self.judge.judge, batch)
                                   for connection, batch in zip((one, two, three), batches)))

    def all(self):
        """Who does what, and the longest pause between two times."""
        stranger = Caller(None, 4712, 4712)
        return [
            (self.speak_http, 1, stranger), (self.read_slowly, 2, caller("daemon")), (self.read_slowly, 4, stranger),
            (self.never_read, 5, Caller(None, 4713, 4713)), (self.drip, 4, stranger), (self.fall_silent, 5, stranger),
            (self.exceed_rate, 3, caller("news")), (self.exceed_refusals, 20, Caller(None, 4714, 4714)),
            (self.connect_too_often, 5, Caller(None, 4715, 4715)), (self.hoard, 5, Caller(None, 4716, 4716)),
            (self.flood, 5, caller("lp")),
        ]
