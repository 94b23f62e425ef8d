"""The parts of ./medspa journeys that need no clinic."""

import importlib.util
import sys
import tempfile
import unittest
from datetime import datetime
from pathlib import Path

from medspa import journeys

TOOLS = Path(__file__).parents[1]


class TestJourneys(unittest.TestCase):
    def test_each_journey_has_its_walk_and_is_in_one_lane(self):
        names = journeys.NAMES
        self.assertEqual(len(names), len(set(names)))
        for name in names:
            file = TOOLS / "journeys" / f"{name.replace('-', '_')}.py"
            self.assertIn("\ndef walk(", file.read_text(), name)

    def test_what_ci_walks_exists(self):
        self.assertLessEqual(set(journeys.WALKED), set(journeys.NAMES))


class TestClock(unittest.TestCase):
    def _clock(self, folder: str):
        """Load the clock without the packages that its neighbours need."""
        path = TOOLS / "journeys" / "clock.py"
        spec = importlib.util.spec_from_file_location("journeys_clock", path)
        module = importlib.util.module_from_spec(spec)
        sys.modules[spec.name] = module
        spec.loader.exec_module(module)
        return module.Clock(Path(folder) / "clock")

    def test_it_begins_on_a_working_morning_that_is_to_come(self):
        with tempfile.TemporaryDirectory() as folder:
            clock = self._clock(folder)
            now = clock.now()
            self.assertLess(now.weekday(), 5)
            self.assertEqual(now.hour, 8)
            self.assertGreaterEqual(now, datetime.now(now.tzinfo))

    def test_it_never_goes_back(self):
        with tempfile.TemporaryDirectory() as folder:
            clock = self._clock(folder)
            ahead = clock.ahead
            clock.go_to(datetime.fromtimestamp(0, clock.now().tzinfo))
            self.assertEqual(clock.ahead, ahead)
