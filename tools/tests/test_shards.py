"""Sharing the tests between processes, and what is checked afterwards."""

import contextlib
import importlib.util
import io
import tempfile
import threading
import unittest
from pathlib import Path

from medspa.addons import Addon
from medspa.console import MedspaError
from medspa.report import Report
from medspa.shards import differences, without_tests
from medspa.stages import Stages
from medspa.suite import SCRIPT

_spec = importlib.util.spec_from_file_location("run_tests", SCRIPT)
run_tests = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(run_tests)


class Given:
    """Keeps these from being found as tests of this file."""

    class Page(unittest.TestCase):
        def start_tour(self):
            """Stand for a browser."""

        def walk(self):
            self.start_tour()

        def test_page(self):
            self.walk()

    class Sums(unittest.TestCase):
        def test_one(self):
            """Stand for a test."""

        def test_two(self):
            """Stand for a test."""

    class Dates(unittest.TestCase):
        def test_one(self):
            """Stand for a test."""


class SharedSuite(run_tests.Shared, unittest.TestSuite):
    """A suite as Odoo's, without Odoo."""


def suite(claims: Path | None) -> SharedSuite:
    load = unittest.defaultTestLoader.loadTestsFromTestCase
    classes = (Given.Dates, Given.Sums, Given.Page)
    shared = SharedSuite(test for case in classes for test in load(case))
    shared.claims = claims
    return shared


def ran(*suites: SharedSuite) -> list[str]:
    result = unittest.TestResult()
    names = []
    result.startTest = lambda test: names.append(test.id().split("Given.")[1])
    for shared in suites:
        shared.run(result)
    return names


class TestSharing(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.claims = Path(folder.name)

    def test_each_class_runs_in_one_process(self):
        first, second = suite(self.claims), suite(self.claims)
        (self.claims / f"{__name__}.Given.Sums").touch()
        self.assertEqual(ran(first, second), ["Page.test_page", "Dates.test_one"])

    def test_slow_classes_come_first(self):
        self.assertEqual(
            ran(suite(self.claims)),
            ["Page.test_page", "Sums.test_one", "Sums.test_two", "Dates.test_one"],
        )

    def test_what_was_measured_comes_before_what_is_guessed(self):
        known = {"ours.test_x.TestX": 40}
        name = "odoo.addons.ours.tests.test_x.TestX"
        tests = [Given.Sums("test_one"), Given.Page("test_page")]
        self.assertEqual(run_tests.guess_seconds(name, tests, known), 40)
        self.assertEqual(run_tests.guess_seconds(name, tests, {}), 9)

    def test_without_claims_nothing_runs(self):
        shared = suite(None)
        self.assertEqual(shared.countTestCases(), 4)
        self.assertEqual(ran(shared), [])


class TestDifferences(unittest.TestCase):
    LISTED = {"m.TestX": ["test_a", "test_b"], "m.TestY": ["test_a"]}

    def test_each_once(self):
        started = {"m.TestX.test_a": 1, "m.TestX.test_b": 1, "m.TestY.test_a": 1}
        self.assertEqual(differences(self.LISTED, started), [])

    def test_missing_and_double(self):
        self.assertEqual(
            differences(self.LISTED, {"m.TestX.test_a": 1, "m.TestY.test_a": 2}),
            [
                "m.TestX: 1 of its tests did not run",
                "m.TestY: 1 of its tests ran more than once",
            ],
        )

    def test_file_that_is_not_imported(self):
        with tempfile.TemporaryDirectory() as folder:
            addon = Addon(Path(folder) / "ours")
            (addon.path / "tests").mkdir(parents=True)
            for name in ("common", "test_x", "test_forgotten"):
                (addon.path / "tests" / f"{name}.py").touch()
            self.assertEqual(
                without_tests([addon], ["odoo.addons.ours.tests.test_x.TestX"]),
                ["ours/tests/test_forgotten.py: none of its tests is run"],
            )


class TestStages(unittest.TestCase):
    def wait(self, *functions, count=2):
        self.report = Report()
        self.stopped = threading.Event()
        stages = Stages(self.report, count, self.stopped.set)
        with contextlib.redirect_stdout(io.StringIO()) as output:
            for function in functions:
                stages.add(function.__name__, function)
            try:
                stages.wait()
            finally:
                self.output = output.getvalue()
        return stages

    def test_side_by_side(self):
        both = threading.Barrier(2)

        def one():
            both.wait(10)

        def two():
            both.wait(10)

        self.assertEqual(sorted(self.wait(one, two).seconds), ["one", "two"])

    def test_one_that_cannot_be_run_is_one_failure(self):
        def broken():
            raise MedspaError("There is no disk.")

        def fine():
            self.report.add(passed=3)

        self.wait(broken, fine)
        self.assertEqual((self.report.passed, self.report.failed), (3, 1))
        self.assertIn("There is no disk.", self.output)

    def test_a_fault_ends_all(self):
        def faulty():
            raise ZeroDivisionError

        def waits():
            self.stopped.wait(10)

        with self.assertRaises(ZeroDivisionError):
            self.wait(faulty, waits)
        self.assertTrue(self.stopped.is_set())
