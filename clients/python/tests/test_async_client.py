"""What `AsyncClient` promises of the real daemon."""

import asyncio
import os
import random
import signal
import unittest

import signet_client
from signet_client import AsyncClient

from .daemon import Daemon


class AsyncClientTests(unittest.IsolatedAsyncioTestCase):
    @classmethod
    def setUpClass(cls):
        cls.daemon = Daemon()

    @classmethod
    def tearDownClass(cls):
        cls.daemon.end()

    async def asyncSetUp(self):
        asyncio.get_running_loop().slow_callback_duration = 60  # the tests themselves start and stop daemons
        self.client = AsyncClient(timeout=60)
        self.addAsyncCleanup(self.client.close)

    async def sign_and_verify(self, name):
        token = await self.client.sign({"sub": name}, ttl=900)
        self.assertEqual((await self.client.verify(token)).claims["sub"], name)

    async def test_64_tasks_share_one_connection(self):
        async def work(task):
            for count in range(20):
                await self.sign_and_verify(f"{task}-{count}")

        await self.client.ping()
        connection = self.client._connection
        await asyncio.gather(*(work(task) for task in range(64)))
        self.assertIs(self.client._connection, connection)

    async def test_refusals_and_invalid_tokens_are_typed(self):
        with self.assertRaises(signet_client.ClaimsRejected):
            await self.client.sign({"iss": "me"})
        with self.assertRaises(signet_client.InvalidToken) as raised:
            await self.client.verify("a.b.c")
        self.assertEqual(raised.exception.reason, "malformed")
        with self.assertRaises(signet_client.InvalidArgument):
            await self.client.sign({"n": float("inf")})
        self.assertEqual((await self.client.ping()).protocol, 1)

    async def test_cancelled_tasks_leave_the_connection_sound(self):
        await self.client.ping()
        connection = self.client._connection
        for round in range(20):
            tasks = [asyncio.create_task(self.sign_and_verify(f"{round}-{task}")) for task in range(64)]
            for _ in range(random.randrange(6)):
                await asyncio.sleep(0)
            cancelled = set(random.sample(range(64), 32))
            for task in cancelled:
                tasks[task].cancel()
            results = await asyncio.gather(*tasks, return_exceptions=True)
            for task, result in enumerate(results):
                if task in cancelled:
                    self.assertTrue(result is None or isinstance(result, asyncio.CancelledError), result)
                else:
                    self.assertIsNone(result)
        # The very same connection still matches answers to requests.
        await self.sign_and_verify("last")
        self.assertIs(self.client._connection, connection)

    async def test_a_line_that_is_refused_unread_does_no_harm_to_others(self):
        nested = {}
        for _ in range(40):
            nested = {"a": nested}
        large = {"text": "x" * 70_000}

        async def refused(claims, kind):
            with self.assertRaises(kind):
                await self.client.sign(claims)

        # The daemon closes behind a line that is too long; what stood behind it is sent again.
        await asyncio.gather(
            *(self.sign_and_verify(f"a-{task}") for task in range(16)),
            refused(nested, signet_client.MalformedRequest),
            *(self.sign_and_verify(f"b-{task}") for task in range(16)),
            refused(large, signet_client.TooLarge),
            *(self.sign_and_verify(f"c-{task}") for task in range(16)),
        )

    async def test_20_restarts_under_64_tasks_lose_no_call_without_an_error_to_act_on(self):
        is_over = False
        counts = {"done": 0, "lost": 0, "twice": 0}

        async def work(task):
            while not is_over:
                try:
                    token = await self.client.sign({"sub": f"{task}"})
                except signet_client.ConnectionLost as error:
                    # The one thing that the caller must decide about.
                    self.assertTrue(error.may_be_carried_out)
                    counts["lost"] += 1
                    continue
                try:
                    caller = await self.client.verify(token)
                except signet_client.ConnectionLost:
                    counts["twice"] += 1
                    continue
                self.assertEqual(caller.claims["sub"], f"{task}")
                counts["done"] += 1

        tasks = [asyncio.create_task(work(task)) for task in range(64)]
        loop = asyncio.get_running_loop()
        for restart in range(20):
            goal = counts["done"] + 100
            while counts["done"] < goal:
                await asyncio.sleep(0.001)
                for task in tasks:
                    if task.done():
                        task.result()
            await loop.run_in_executor(None, self.daemon.restart, (signal.SIGTERM, signal.SIGKILL)[restart % 2])
        is_over = True
        await asyncio.gather(*tasks)
        self.assertGreaterEqual(counts["done"], 2000)
        if "SIGNET_SHOW" in os.environ:
            print(counts)

    async def test_tasks_wait_for_a_daemon_that_comes_back_and_once_for_one_that_does_not(self):
        loop = asyncio.get_running_loop()
        await self.client.ping()
        self.daemon.stop()
        calls = [asyncio.create_task(self.client.sign(timeout=60)) for _ in range(8)]
        await asyncio.sleep(0)
        await loop.run_in_executor(None, self.daemon.start)
        await asyncio.gather(*calls)
        self.daemon.stop()
        with self.assertRaises(signet_client.Unavailable):
            await self.client.ping(timeout=0.2)
        with self.assertRaises(signet_client.Unavailable):
            await self.client.ping(timeout=1_000_000)
        await loop.run_in_executor(None, self.daemon.start)
        await self.client.ping()

    async def test_closing_ends_what_is_in_flight(self):
        call = asyncio.create_task(self.client.verify("a.b.c"))
        await asyncio.sleep(0)
        await self.client.close()
        with self.assertRaises(signet_client.ConnectionLost):
            await call
        self.assertIsNone(self.client._connection)
        await self.client.ping()


class AsyncClientInOtherLoopsTests(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.daemon = Daemon()

    @classmethod
    def tearDownClass(cls):
        cls.daemon.end()

    def test_one_client_may_serve_one_loop_after_another(self):
        client = AsyncClient()
        for _ in range(3):
            asyncio.run(client.ping())
        asyncio.run(client.close())

    def test_the_child_of_a_fork_does_no_harm_to_the_connection(self):
        client = AsyncClient()

        async def parent():
            await client.ping()
            child = os.fork()
            if child == 0:
                code = 1
                try:
                    asyncio._set_running_loop(None)
                    asyncio.new_event_loop().run_until_complete(asyncio.wait_for(client.ping(), 10))
                    code = 0
                finally:
                    os._exit(code)
            _, status = await asyncio.get_running_loop().run_in_executor(None, os.waitpid, child, 0)
            self.assertEqual(status, 0)
            connection = client._connection
            await client.ping()
            self.assertIs(client._connection, connection)
            await client.close()

        asyncio.run(parent())


if __name__ == "__main__":
    unittest.main()
