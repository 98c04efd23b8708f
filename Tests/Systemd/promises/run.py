"""Runs every promise, or those named: test_restart, test_restart.RestartTests.test_watchdog."""
import os
import sys
import unittest


class TellingResult(unittest.TextTestResult):
    """Shows with each broken promise what the journal says of it."""

    def addFailure(self, test, error):
        super().addFailure(test, error)
        self.tell_journal(test)

    def addError(self, test, error):
        super().addError(test, error)
        self.tell_journal(test)

    def tell_journal(self, test):
        for entry in test.journal.entries()[-40:] if hasattr(test, "journal") else []:
            self.stream.writeln(f"    {entry.get('SYSLOG_IDENTIFIER')}: {entry.get('MESSAGE')}")


here = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, here)
loader = unittest.TestLoader()
if sys.argv[1:]:
    tests = loader.loadTestsFromNames(sys.argv[1:])
else:
    tests = loader.discover(here, "test_*.py")
result = unittest.TextTestRunner(verbosity=2, stream=sys.stdout, resultclass=TellingResult).run(tests)
sys.exit(0 if result.wasSuccessful() and result.testsRun > 0 else 1)
