"""What both clients promise when the server breaks the rules, breaks down, or is somebody else."""

import asyncio
import errno
import os
import signal
import socket
import threading
import unittest

import signet_client
from signet_client import AsyncClient, Client

from .daemon import Server, server_of_another_user


class BlockingCalls:
    """The sync client with the calls of the async one, so that each promise is tested of both."""

    def __init__(self, *arguments, **options):
        self.client = Client(*arguments, **options)

    async def sign(self, *arguments, **options):
        return await asyncio.to_thread(self.client.sign, *arguments, **options)

    async def verify(self, *arguments, **options):
        return await asyncio.to_thread(self.client.verify, *arguments, **options)

    async def ping(self, *arguments, **options):
        return await asyncio.to_thread(self.client.ping, *arguments, **options)

    async def close(self):
        self.client.close()


def sign(peer):
    peer.sign(peer.request())


def verify(peer):
    peer.verify(peer.request())


def ping(peer):
    peer.answer(peer.request(), version="1", protocol=1)


def close_after_request(peer):
    peer.request()


def close_in_answer(peer):
    peer.say('{"id":%d,"ok":true,"tok' % peer.request()["id"])


def never_answer(peer):
    while peer.request() is not None:
        pass


def refuse_unread(peer):
    peer.say('{"ok":false,"error":{"code":"overloaded","message":"too many connections"}}\n')


WRONG = [
    '{"id":7777,"ok":true,"valid":true,"kid":"k","header":{},"claims":{}}\n',
    '{"id":"@","ok":true,"valid":true,"kid":"k","header":{},"claims":{}}\n',
    '{"id":@.0,"ok":true,"valid":true,"kid":"k","header":{},"claims":{}}\n',
    '{"id":7777,"ok":false,"error":{"code":"overloaded","message":""}}\n',
    '{"ok":true,"valid":true,"kid":"k","header":{},"claims":{}}\n',
    '{"id":@,"valid":true,"kid":"k","header":{},"claims":{}}\n',
    '{"id":@,"ok":1,"valid":true,"kid":"k","header":{},"claims":{}}\n',
    '{"id":@,"ok":true,"kid":"k","header":{},"claims":{}}\n',
    '{"id":@,"ok":true,"valid":1,"kid":"k","header":{},"claims":{}}\n',
    '{"id":@,"ok":true,"valid":"true","kid":"k","header":{},"claims":{}}\n',
    '{"id":@,"ok":true,"valid":false}\n',
    '{"id":@,"ok":true,"valid":true,"kid":"k","header":{},"claims":[]}\n',
    '{"id":@,"ok":true,"valid":true,"kid":"k","header":{}}\n',
    '{"id":@,"ok":true,"valid":false,"v\\u0061lid":true,"kid":"k","header":{},"claims":{}}\n',
    '{"id":@,"ok":true,"valid":true,"kid":"k","header":{},"claims":{"a":NaN}}\n',
    '{"id":@,"ok":true,"valid":true,"kid":"k","header":{},"claims":{}}x\n',
    b'{"id":@,"ok":true,"valid":true,"kid":"k","header":{},"claims":{"a":"\xff"}}\n',
    '{"id":@,"ok":true,"valid":true,"kid":"k","header":{},"claims":{}\n',
    '{"id":@,"ok":true,"valid":true,"kid":"k","header":{},"claims":' + "[" * 100_000 + "\n",
    '{"id":@,"ok":false}\n',
    '{"id":@,"ok":false,"error":{"code":7,"message":""}}\n',
    "\n",
    "[]\n",
    "HTTP/1.1 200 OK\n",
]


def say_wrong(text):
    text = text if isinstance(text, bytes) else text.encode()
    return lambda peer: peer.say(text.replace(b"@", b"%d" % peer.request()["id"]))


class Promises:
    """Each test is run for both clients."""

    async def asyncSetUp(self):
        asyncio.get_running_loop().slow_callback_duration = 60  # the servers' threads take their turns

    async def client(self, server, **options):
        client = self.kind(server if isinstance(server, str) else server.path, **options)
        self.addAsyncCleanup(client.close)
        return client

    async def closed(self, server):
        await asyncio.to_thread(server.closed.acquire)

    async def test_an_answer_may_come_byte_by_byte_and_say_more_than_is_known(self):
        def say_slowly(peer):
            text = ' { "new":[{}], "id":%d,"o\\u006b":true,"token":"\\u0061.b.c" ,"kid":"k"}\r\n' % peer.request()["id"]
            for byte in text:
                peer.say(byte)

        with Server(say_slowly) as server:
            self.assertEqual(await (await self.client(server)).sign(), "a.b.c")

    async def test_what_is_no_answer_ends_the_connection(self):
        with Server(*map(say_wrong, WRONG), verify) as server:
            client = await self.client(server)
            for text in WRONG:
                with self.subTest(text[:90]), self.assertRaises(signet_client.ProtocolViolation):
                    await client.verify("a.b.c")
            self.assertEqual((await client.verify("a.b.c")).claims, {"sub": "user-1"})
            self.assertEqual(len(server.requests), len(WRONG) + 1)

    async def test_a_line_feed_makes_no_second_request(self):
        with Server(sign) as server:
            client = await self.client(server)
            await client.sign({'a\n{"op":"reload"}\n': "\n\r\u2028"}, profile="p\n")
            self.assertEqual(
                server.requests,
                [{"id": 1, "op": "sign", "profile": "p\n", "claims": {'a\n{"op":"reload"}\n': "\n\r\u2028"}}],
            )

    async def test_a_sign_that_may_have_been_carried_out_is_not_repeated(self):
        with Server(close_in_answer, close_after_request, sign) as server:
            client = await self.client(server)
            for _ in range(2):
                with self.assertRaises(signet_client.ConnectionLost) as raised:
                    await client.sign()
                self.assertTrue(raised.exception.may_be_carried_out)
                await self.closed(server)
            await client.sign()
            self.assertEqual(len(server.requests), 3)

    async def test_verify_and_ping_are_repeated_once(self):
        with Server(
            close_in_answer, verify, close_after_request, close_in_answer, close_after_request, ping
        ) as server:
            client = await self.client(server)
            await client.verify("a.b.c")
            await self.closed(server)
            await self.closed(server)
            with self.assertRaises(signet_client.ConnectionLost):
                await client.verify("a.b.c")
            await client.ping()
            self.assertEqual(len(server.requests), 6)

    async def test_a_connection_that_was_closed_in_silence_is_replaced(self):
        with Server(sign, sign) as server:
            client = await self.client(server)
            await client.sign()
            await self.closed(server)
            await asyncio.sleep(0)
            await client.sign()

    async def test_a_line_that_nobody_asked_for_is_no_answer(self):
        def say_more(peer):
            sign(peer)
            peer.say('{"id":2,"ok":true,"token":"forged","kid":"k"}\n')

        with Server(say_more, sign) as server:
            client = await self.client(server)
            try:
                await client.sign()
            except signet_client.ProtocolViolation:
                pass  # both lines came at once
            await self.closed(server)
            self.assertEqual(await client.sign(), "a.b.c")

    async def test_after_the_timeout_the_late_answer_is_nobodys(self):
        is_late = threading.Event()

        def answer_late(peer):
            request = peer.request()
            is_late.wait()
            peer.answer(request, token="late", kid="k")
            never_answer(peer)

        with Server(answer_late, sign) as server:
            client = await self.client(server)
            with self.assertRaises(signet_client.TimedOut) as raised:
                await client.sign(timeout=0.05)
            self.assertIsInstance(raised.exception, TimeoutError)
            is_late.set()
            self.assertEqual(await client.sign(), "a.b.c")

    async def test_answers_of_16_mib_are_read_and_no_longer_ones(self):
        def say_long(size):
            def service(peer):
                start = '{"id":%d,"ok":true,"valid":true,"kid":"k","header":{},"claims":{"a":"' % peer.request()["id"]
                peer.say(start + "x" * (size - len(start) - 3) + '"}}\n')

            return service

        def say_endless(peer):
            peer.request()
            for _ in range(20):
                peer.say(b" " * (1 << 20))

        with Server(say_long(16 << 20), say_long((16 << 20) + 1), say_endless, verify) as server:
            client = await self.client(server, timeout=60)
            self.assertGreater(len((await client.verify("a.b.c")).claims["a"]), 16_000_000)
            await self.closed(server)
            for _ in range(2):
                with self.assertRaises(signet_client.ProtocolViolation):
                    await client.verify("a.b.c")
            await client.verify("a.b.c")

    async def test_a_refusal_at_the_door_is_repeated_once(self):
        with Server(refuse_unread, sign) as server:
            self.assertEqual(await (await self.client(server)).sign(), "a.b.c")

    async def test_an_unknown_code_is_a_refusal_and_its_words_are_harmless(self):
        def refuse(peer):
            peer.say(
                '{"id":%d,"ok":false,"error":{"code":"new_code","message":"a\\u001b[2J\\nb","retry_after_ms":1e3,'
                '"more":1}}\n' % peer.request()["id"]
            )
            never_answer(peer)

        with Server(refuse) as server:
            with self.assertRaises(signet_client.Refused) as raised:
                await (await self.client(server)).sign()
            self.assertIs(type(raised.exception), signet_client.Refused)
            self.assertEqual((raised.exception.code, str(raised.exception)), ("new_code", "a?[2J?b"))
            self.assertIsNone(raised.exception.retry_after)

    async def test_a_wait_past_the_timeout_is_left_to_the_caller(self):
        def refuse(peer):
            peer.say(
                '{"id":%d,"ok":false,"error":{"code":"rate_limited","message":"","retry_after_ms":90000000}}\n'
                % peer.request()["id"]
            )
            never_answer(peer)

        with Server(refuse) as server:
            with self.assertRaises(signet_client.RateLimited) as raised:
                await (await self.client(server)).sign()
            self.assertEqual(raised.exception.retry_after, 90000)

    @unittest.skipUnless(os.geteuid() == 0, "needs root to become another user")
    async def test_to_another_user_nothing_is_sent(self):
        with server_of_another_user(4711) as (path, process):
            for options in ({}, {"trusted_uids": [1]}, {"trusted_uids": []}):
                with self.assertRaises(signet_client.ServerNotTrusted) as raised:
                    await (await self.client(path, **options)).sign()
                self.assertEqual(raised.exception.uid, 4711)
                self.assertEqual(await asyncio.to_thread(process.stdout.readline), "end\n")
            with self.assertRaises(signet_client.TimedOut):
                await (await self.client(path, trusted_uids=[4711], timeout=0.2)).sign()
            self.assertEqual((await asyncio.to_thread(process.stdout.readline))[:5], "read ")

    async def test_a_full_backlog_is_waited_for_within_the_timeout(self):
        with Server(never_answer, never_answer, ping) as server:
            # One caller is served; one waits, and there is no room for a third.
            server.listener.listen(0)
            callers = []
            try:
                while True:
                    callers.append(socket.socket(socket.AF_UNIX))
                    callers[-1].setblocking(False)
                    try:
                        callers[-1].connect(server.path)
                    except BlockingIOError as error:
                        self.assertEqual(error.errno, errno.EAGAIN)
                        if len(callers) > 2:
                            break
                        # The server has not taken the first one yet.
                        callers.pop().close()
                client = await self.client(server)
                with self.assertRaisesRegex(signet_client.TimedOut, "room"):
                    await client.ping(timeout=0.1)
                call = asyncio.create_task(client.ping())
                await asyncio.sleep(0)
            finally:
                for caller in callers:
                    caller.close()
            self.assertEqual((await call).protocol, 1)


class SyncPromises(Promises, unittest.IsolatedAsyncioTestCase):
    kind = BlockingCalls

    async def test_after_an_interrupt_the_answer_is_nobodys(self):
        class Interrupt(BaseException):
            pass

        def interrupt(*_):
            raise Interrupt

        with Server(never_answer, sign) as server, Client(server.path, timeout=60) as client:
            previous = signal.signal(signal.SIGALRM, interrupt)
            try:
                signal.setitimer(signal.ITIMER_REAL, 0.05)
                with self.assertRaises(Interrupt):
                    client.sign()
            finally:
                signal.signal(signal.SIGALRM, previous)
            self.assertEqual(client.sign(), "a.b.c")


class AsyncPromises(Promises, unittest.IsolatedAsyncioTestCase):
    kind = AsyncClient

    async def test_a_timeout_of_one_call_does_no_harm_to_the_others(self):
        is_late = threading.Event()

        def answer_late(peer):
            first, second = peer.request(), peer.request()
            is_late.wait()
            peer.answer(first, token="first", kid="k")
            peer.answer(second, token="second", kid="k")
            never_answer(peer)

        with Server(answer_late, sign) as server:
            client = await self.client(server)
            second = asyncio.create_task(client.sign())
            await asyncio.sleep(0)
            with self.assertRaises(signet_client.TimedOut):
                await client.sign(timeout=0.05)
            # Nothing had come on that connection, so later calls try another one; earlier ones keep theirs.
            self.assertFalse(client._connection.is_open)
            is_late.set()
            self.assertEqual(await second, "first")

    async def test_what_stood_behind_a_refusal_that_closes_is_sent_again(self):
        def refuse_second(peer):
            first, _, _ = peer.request(), peer.request(), peer.request()
            peer.sign(first)
            peer.say('{"ok":false,"error":{"code":"too_large","message":"the line is too long"}}\n')

        with Server(refuse_second, sign) as server:
            client = await self.client(server)
            results = await asyncio.gather(*(client.sign() for _ in range(3)), return_exceptions=True)
            self.assertEqual((results[0], results[2]), ("a.b.c", "a.b.c"))
            self.assertIsInstance(results[1], signet_client.TooLarge)

    async def test_a_refusal_without_id_of_a_line_that_is_no_json_ends_nothing(self):
        def refuse_first(peer):
            peer.request(), (second := peer.request())
            peer.say('{"ok":false,"error":{"code":"malformed_request","message":"too deep"}}\n')
            peer.sign(second)
            sign(peer)

        with Server(refuse_first) as server:
            client = await self.client(server)
            results = await asyncio.gather(client.sign(), client.sign(), return_exceptions=True)
            self.assertIsInstance(results[0], signet_client.MalformedRequest)
            self.assertEqual((results[1], await client.sign()), ("a.b.c", "a.b.c"))
            self.assertEqual(len(server.requests), 3)

    async def test_a_long_line_of_requests_passes_a_slow_reader(self):
        def read_slowly(peer):
            for request in iter(peer.request, None):
                peer.sign(request)

        with Server(read_slowly) as server:
            client = await self.client(server, timeout=60)
            claims = {"text": "x" * 50_000}
            results = await asyncio.gather(*(client.sign(claims) for _ in range(200)))
            self.assertEqual(set(results), {"a.b.c"})
            self.assertEqual(len(server.requests), 200)


if __name__ == "__main__":
    unittest.main()
