import signal
import threading

from host import *


def thread_states(pid):
    """The letter of proc(5) for each thread of a process."""
    for thread in os.listdir(f"/proc/{pid}/task"):
        with open(f"/proc/{pid}/task/{thread}/stat") as file:
            yield file.read().rsplit(")", 1)[1].split()[0]


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
                except BrokenPipeError:
                    # The old daemon ended a connection on which nothing had been asked: what was not sent is asked anew,
                    # as our clients do.
                    continue
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
        """A client that connects when the old daemon has ended is answered by the next one."""
        # Between the two, systemd waits here until somebody writes.
        os.mkfifo("/run/gap")
        self.addCleanup(os.unlink, "/run/gap")
        drop_in("signetd.service", "[Service]\nExecStopPost=+/bin/sh -c 'read line </run/gap || true'\n")
        self.assertAnswers()
        old = main_pid()
        with subprocess.Popen(["systemctl", "restart", "signetd.service"]) as restart:
            # Opened when systemd has come to the gap.
            with open("/run/gap", "w"):
                self.assertFalse(os.path.exists(f"/proc/{old}"))
                caller = Caller()
                caller.send(op="sign")
            with caller:
                self.assertEqual(claims_of(caller.answer())["iss"], "first")
            self.assertEqual(restart.wait(PATIENCE), 0)
        self.assertNotEqual(main_pid(), old)
        # Nobody writes at the next stop: the gap is closed before.
        shutil.rmtree(f"{DROP_INS}/signetd.service.d")
        systemctl("daemon-reload")

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
        drop_in("signetd.service", "[Service]\nWatchdogSec=5s\n")
        self.assertAnswers()
        stopped = main_pid()
        os.kill(stopped, signal.SIGSTOP)
        # Each thread by itself: one of them might answer still.
        while not all(state == "T" for state in thread_states(stopped)):
            os.sched_yield()
        self.assertAnswers()
        self.assertNotEqual(main_pid(), stopped)
        self.journal.wait("Watchdog timeout")
        self.assertEqual(show("signetd.service", "NRestarts"), "1")
