"""What `Client` promises of the real daemon."""

import decimal
import os
import signal
import threading
import unittest

import signet_client
from signet_client import Client

from .daemon import Daemon


class ClientTests(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.daemon = Daemon()

    @classmethod
    def tearDownClass(cls):
        cls.daemon.end()

    def setUp(self):
        self.client = Client()
        self.addCleanup(self.client.close)

    def test_a_token_is_signed_and_verified(self):
        signed = self.client.signed_token({"sub": "user-1", "n": [1.5, None, "é\n\u2028\x7f"]}, ttl=900)
        self.assertEqual((signed.kid, len(signed.jti)), ("first", 22))
        caller = self.client.verify(signed.token, profile="default", audience="https://api.example.com")
        self.assertEqual(caller.claims["sub"], "user-1")
        self.assertEqual(caller.claims["n"], [1.5, None, "é\n\u2028\x7f"])
        self.assertEqual(caller.claims["exp"], signed.expiry)
        self.assertEqual(caller.claims["exp"] - caller.claims["iat"], 900)
        self.assertEqual((caller.kid, caller.header), ("first", {"alg": "HS512", "kid": "first", "typ": "JWT"}))
        self.assertEqual(self.client.ping().protocol, 1)
        self.assertEqual(self.client.sign().count("."), 2)

    def test_a_token_that_does_not_hold_raises_with_a_reason(self):
        token = self.client.sign({"sub": "user-1"})
        head, payload, signature = token.split(".")
        forged = f"{head}.{payload}.{'B' if signature[0] == 'A' else 'A'}{signature[1:]}"
        other = f"{head}.{payload}.{signature}é"
        for token, options, reason in (
            (forged, {}, "bad_signature"),
            (token, {"profile": "other"}, "wrong_issuer"),
            (token, {"audience": "https://admin.example.com"}, "wrong_audience"),
            ("", {}, "malformed"),
            ("a\nb", {}, "malformed"),
            (other, {}, "malformed"),
            ("\udc80", {}, "malformed"),
        ):
            with self.subTest(reason), self.assertRaises(signet_client.InvalidToken) as raised:
                self.client.verify(token, **options)
            self.assertEqual(raised.exception.reason, reason)
            if token:
                self.assertNotIn(token, str(raised.exception))

    def test_refusals_are_typed_and_keep_the_connection(self):
        self.client.ping()
        connection = self.client._socket
        for call, kind, code in (
            (lambda: self.client.sign(profile='a"\n{}'), signet_client.UnknownProfile, "unknown_profile"),
            (lambda: self.client.sign({"iss": "me"}), signet_client.ClaimsRejected, "claims_rejected"),
            (lambda: self.client.sign(ttl=86400), signet_client.TtlTooLong, "ttl_too_long"),
            (lambda: self.client.verify("a.b.c", audience="x"), signet_client.NotPermitted, "not_permitted"),
        ):
            with self.subTest(code), self.assertRaises(kind) as raised:
                call()
            self.assertEqual(raised.exception.code, code)
            self.assertIsInstance(raised.exception, signet_client.Refused)
        self.assertIs(self.client._socket, connection)

    def test_a_line_is_too_large_for_the_daemon_or_for_any(self):
        for size in (70_000, 1_100_000):
            with self.assertRaises(signet_client.TooLarge):
                self.client.sign({"text": "x" * size})
        token = self.client.sign({"text": "x" * 40_000})
        self.assertEqual(len(self.client.verify(token).claims["text"]), 40_000)

    def test_wrong_arguments_send_nothing(self):
        nested = []
        for _ in range(100_000):
            nested = [nested]
        client = Client("/nonexistent/signet.sock")
        for call in (
            lambda: client.sign(["sub"]),
            lambda: client.sign({"sub": object()}),
            lambda: client.sign({"n": float("nan")}),
            lambda: client.sign({"text": "\ud800"}),
            lambda: client.sign({"nested": nested}),
            lambda: client.sign(ttl=0),
            lambda: client.sign(ttl=2**31),
            lambda: client.sign(ttl=1.0),
            lambda: client.sign(ttl=True),
            lambda: client.sign(profile=b"default"),
            lambda: client.sign(profile="\ud800"),
            lambda: client.verify(None),
            lambda: client.verify(b"a.b.c"),
            lambda: Client("x" * 200),
            lambda: Client("a\0b"),
        ):
            with self.assertRaises(signet_client.InvalidArgument) as raised:
                call()
            self.assertIsInstance(raised.exception, ValueError)
            self.assertIsNone(raised.exception.__cause__)

    def test_what_is_shown_of_a_result_is_no_token_and_no_claim(self):
        signed = self.client.signed_token({"sub": "user-1"})
        self.assertNotIn(signed.token, repr(signed))
        self.assertNotIn("user-1", repr(self.client.verify(signed.token)))

    def test_numbers_of_any_length_come_back(self):
        # json.dumps would refuse an integer of so many digits too, so the claim is made by hand.
        digits = "9" * 5000
        request = signet_client._Request(b'"op":"sign","claims":{"n":%s}}' % digits.encode(), False)
        token = self.client._call(request, None)["token"]
        self.assertEqual(self.client.verify(token).claims["n"], decimal.Decimal(digits))

    def test_a_rate_is_waited_for_once_within_the_timeout(self):
        self.client.sign(profile="scarce")
        try:
            self.client.sign(profile="scarce", timeout=0.1)
        except signet_client.RateLimited as error:
            self.assertGreater(error.retry_after, 0)
        self.assertTrue(self.client.sign(profile="scarce"))

    def test_threads_share_one_client(self):
        failures, done = [], []

        def work(number):
            try:
                for count in range(20):
                    token = self.client.sign({"sub": f"{number}-{count}"})
                    self.assertEqual(self.client.verify(token).claims["sub"], f"{number}-{count}")
                done.append(number)
            except Exception as error:
                failures.append(error)

        threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual((failures, len(done)), ([], 8))

    def test_a_restart_of_the_daemon_is_not_seen(self):
        token = self.client.sign()
        for number in (signal.SIGTERM, signal.SIGKILL) * 2:
            self.daemon.restart(number)
            self.client.verify(token)
            self.client.sign()

    def test_a_call_waits_for_a_daemon_that_comes_back(self):
        self.client.ping()
        self.daemon.stop()
        starter = threading.Timer(0.1, self.daemon.start)
        starter.start()
        try:
            self.client.sign(timeout=60)
        finally:
            starter.join()

    def test_a_daemon_that_stays_away_is_waited_for_once(self):
        self.client.ping()
        self.daemon.stop()
        try:
            with self.assertRaises(signet_client.Unavailable):
                self.client.ping(timeout=0.2)
            # Would last longer than the tests may.
            with self.assertRaisesRegex(signet_client.Unavailable, "is signetd running"):
                self.client.ping(timeout=1_000_000)
        finally:
            self.daemon.start()
        self.client.ping()

    def test_without_a_socket_a_call_fails_at_once_and_says_what_to_look_for(self):
        with self.assertRaisesRegex(signet_client.Unavailable, "/nonexistent/signet.sock: is signetd running"):
            Client("/nonexistent/signet.sock", timeout=1_000_000).ping()

    def test_the_child_of_a_fork_gets_a_connection_of_its_own(self):
        self.client.ping()
        child = os.fork()
        if child == 0:
            code = 1
            try:
                for _ in range(50):
                    self.client.ping()
                code = 0
            finally:
                os._exit(code)
        for _ in range(50):
            self.client.ping()
        self.assertEqual(os.waitpid(child, 0)[1], 0)
        self.client.ping()


if __name__ == "__main__":
    unittest.main()
