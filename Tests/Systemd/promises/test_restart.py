import os
import signal
import threading

from host import *


class RestartTests(HostTest):
    def test_connecting_during_restart(self):
        """Whoever connects while the service restarts is answered: no connection is refused."""
        self.assertAnswers()
        stop = threading.Event()
        refusals, answers = [], []

        def connect_again_and_again():
            while not stop.is_set():
                try:
                    with Caller() as caller:
                        answer = caller.ask(op="ping")
                    # A connection that the old daemon had taken may end without an answer, or be told why.
                    answers.append(answer)
                except OSError as error:
                    refusals.append(error)

        callers = [threading.Thread(target=connect_again_and_again) for _ in range(4)]
        for caller in callers:
            caller.start()
        pids = set()
        for _ in range(5):
            systemctl("restart", "signetd.service")
            pids.add(main_pid())
        stop.set()
        for caller in callers:
            caller.join()
        self.assertEqual(len(pids), 5)
        self.assertEqual(refusals, [])
        self.assertGreater(sum(1 for answer in answers if answer and answer["ok"]), 5)
        odd = [answer for answer in answers if answer and not answer["ok"]
               and answer["error"]["code"] != "shutting_down"]
        self.assertEqual(odd, [])

    def test_waiting_during_restart(self):
        """A client that connects while the service is stopping is answered by the next one."""
        self.assertAnswers()
        # The old daemon cannot end, nor take the connection: it is stopped.
        old = main_pid()
        os.kill(old, signal.SIGSTOP)
        with subprocess.Popen(["systemctl", "restart", "signetd.service"]) as restart:
            self.journal.wait("Stopping signetd.service")
            with Caller() as caller:
                caller.send(op="sign")
                os.kill(old, signal.SIGKILL)
                self.assertEqual(claims_of(caller.answer())["iss"], "first")
            restart.wait(PATIENCE)
        self.assertNotEqual(main_pid(), old)

    def test_killed_under_load(self):
        """Killed under load, the daemon loses only what was in flight; whoever connects again is served."""
        self.assertAnswers()
        stop = threading.Event()
        failures, cuts, served = [], [], []
        running = threading.Barrier(9)

        def load():
            number, waited = 0, False
            while not stop.is_set():
                try:
                    with Caller() as caller:
                        while not stop.is_set():
                            # Sixteen in flight; answers come in order.
                            numbers = range(number, number + 16)
                            try:
                                caller.socket.sendall(b"".join(
                                    b'{"op":"sign","id":%d}\n' % each for each in numbers))
                                for each in numbers:
                                    answer = caller.answer()
                                    if answer is None:
                                        raise BrokenPipeError
                                    if not answer["ok"] or answer["id"] != each:
                                        failures.append(answer)
                                    number = each + 1
                            except (BrokenPipeError, ConnectionResetError):
                                cuts.append(number)
                                break
                            if not waited:
                                waited = True
                                running.wait(PATIENCE)
                except OSError as error:
                    failures.append(error)
            served.append(number)

        callers = [threading.Thread(target=load) for _ in range(8)]
        for caller in callers:
            caller.start()
        running.wait(PATIENCE)
        killed = main_pid()
        os.kill(killed, signal.SIGKILL)
        self.assertAnswers()
        self.assertNotEqual(main_pid(), killed)
        stop.set()
        for caller in callers:
            caller.join()
        self.assertEqual(failures, [])
        # One connection each was cut, and no more than that.
        self.assertEqual(len(cuts), 8)
        self.assertTrue(all(served))

    def test_watchdog(self):
        """A daemon that no longer does its work is restarted by the watchdog, and whoever waits is answered."""
        drop_in("signetd.service", "[Service]\nWatchdogSec=1s\n")
        self.assertAnswers()
        stopped = main_pid()
        os.kill(stopped, signal.SIGSTOP)
        self.assertAnswers()
        self.assertNotEqual(main_pid(), stopped)
        self.journal.wait("Watchdog timeout")
        self.assertEqual(show("signetd.service", "NRestarts"), "1")
