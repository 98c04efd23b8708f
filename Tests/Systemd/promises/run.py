"""Runs every promise, or those named: test_restart, test_restart.RestartTests.test_backlog."""
import os
import sys
import unittest

here = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, here)
loader = unittest.TestLoader()
if sys.argv[1:]:
    tests = loader.loadTestsFromNames(sys.argv[1:])
else:
    tests = loader.discover(here, "test_*.py")
result = unittest.TextTestRunner(verbosity=2, stream=sys.stdout).run(tests)
sys.exit(0 if result.wasSuccessful() and result.testsRun > 0 else 1)
