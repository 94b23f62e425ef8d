"""Reading the log of a test run."""

import contextlib
import io
import unittest
from pathlib import Path

from medspa.addons import Addon
from medspa.report import Report
from medspa.suite import count, run_problems
from medspa.testlog import read
from medspa.testrun import tags_of

HEAD = "2026-01-31 10:00:00,123 4711"


def line(level: str, logger: str, text: str) -> str:
    return f"{HEAD} {level} medspa_test {logger}: {text}\n"


GOOD = [
    line("INFO", "odoo.modules.loading", "loading 80 modules..."),
    line("INFO", "odoo.addons.ours.tests.test_x", "Starting TestX.test_a ..."),
    line("DEBUG", "odoo.tests.stats", "Detailed Tests Report:"),
    "\tours: 1.50s 700 queries\n",
    "\tours.test_x.TestX: 1.50s 700 queries\n",
    "\tours.test_x.TestX.setUpClass: 1.10s 600 queries\n",
    "\tours.test_x.TestX.test_a: 0.40s 100 queries\n",
    line(
        "INFO",
        "odoo.tests.result",
        "0 failed, 0 error(s) of 3 tests when loading database 'medspa_test'",
    ),
]


class TestTestLog(unittest.TestCase):
    def problems(self, lines, code=0):
        return run_problems(read(lines, ["ours"]), code, None)

    def test_clean_run(self):
        log = read(GOOD, ["ours"])
        self.assertEqual((log.tests, log.failed, log.errors), (3, 0, 0))
        self.assertEqual(log.modules(), {"ours": (1, 1.5)})
        name = "odoo.addons.ours.tests.test_x.TestX.test_a"
        self.assertEqual(log.started, {name: 1})
        self.assertEqual(log.slowest(1), [("ours.test_x.TestX.setUpClass", 1.1)])
        self.assertEqual(self.problems(GOOD), [])

    def test_runs_of_one_suite_are_joined(self):
        log = read(GOOD, ["ours"])
        log.add(read(GOOD, ["ours"]))
        self.assertEqual(log.modules(), {"ours": (2, 3.0)})

    def test_failure_keeps_its_traceback(self):
        lines = [
            line("ERROR", "odoo.addons.ours.tests.test_x", "FAIL: TestX.test_a"),
            "Traceback (most recent call last):\n",
            "AssertionError: 1 != 2\n",
            " \n",
            line("ERROR", "odoo.tests.result", "1 failed, 0 error(s) of 3 tests"),
        ]
        log = read(lines, ["ours"])
        self.assertEqual(log.failed, 1)
        self.assertEqual(len(log.failures), 1)
        self.assertTrue(log.failures[0].endswith("AssertionError: 1 != 2"))
        self.assertEqual(log.complaints, [])

    def test_no_test_is_a_failure(self):
        lines = [line("INFO", "odoo.tests.result", "0 failed, 0 error(s) of 0 tests")]
        self.assertEqual(self.problems(lines), ["no test ran"])

    def test_a_run_that_ended_early_is_a_failure(self):
        self.assertEqual(len(self.problems(GOOD[:2], code=255)), 1)

    def test_warnings_count_when_they_are_ours(self):
        theirs = line("WARNING", "odoo.addons.web.models.x", "something of the web")
        ours = line("WARNING", "odoo.addons.ours.models.x", "a field has no label")
        about = line("WARNING", "odoo.registry", "model of ours.thing: no table")
        self.assertEqual(self.problems([*GOOD, theirs]), [])
        self.assertEqual(len(self.problems([*GOOD, ours, about])), 2)

    def test_warnings_about_fields_count_without_a_name_of_ours(self):
        text = "/x/odoo/orm/fields.py:834: UserWarning: Field sale.order.line.tax_ids "
        field = line("WARNING", "py.warnings", f"{text}should be recursive")
        other = line("WARNING", "py.warnings", "/x/lib.py:3: DeprecationWarning: old")
        self.assertEqual(self.problems([*GOOD, other]), [])
        self.assertEqual(len(self.problems([*GOOD, field])), 1)

    def test_error_outside_of_tests_is_a_failure(self):
        bundle = line("CRITICAL", "odoo.service.server", "a bundle cannot be built")
        self.assertEqual(len(self.problems([*GOOD, bundle])), 1)

    def figures(self, *lines, code=1):
        report = Report()
        with contextlib.redirect_stdout(io.StringIO()) as output:
            log = read(lines, ["ours"])
            count(report, log, code, what="run", tags=None, seconds=1.0)
        return report.passed, report.failed, output.getvalue()

    def test_figures(self):
        end = line("ERROR", "odoo.tests.result", "1 failed, 2 error(s) of 10 tests")
        # the run itself is a check, and passed
        self.assertEqual(self.figures(end)[:2], (8, 3))

    def test_a_skipped_test_is_a_failure_with_its_reason(self):
        logger = "odoo.addons.ours.tests.test_tour"
        passed, failed, output = self.figures(
            line("INFO", logger, "skipped TestTour.test_shop : Chrome is not there"),
            line("INFO", logger, "skipped setUpClass (test_x.TestX) : no key"),
            line("INFO", "odoo.tests.result", "0 failed, 0 error(s) of 10 tests"),
            code=0,
        )
        self.assertEqual((passed, failed), (10, 2))
        self.assertIn("FAIL TestTour.test_shop: skipped, Chrome is not there", output)

    def test_a_run_that_hung_says_so(self):
        log = read(GOOD[:2], ["ours"])
        log.hung = "Odoo was stopped: it said nothing for 15 minutes."
        self.assertEqual(run_problems(log, 1, None), [log.hung])


class TestReport(unittest.TestCase):
    def closing(self, report: Report) -> tuple[int, str]:
        with contextlib.redirect_stdout(io.StringIO()) as output:
            code = report.close()
        return code, output.getvalue().splitlines()[-1]

    def test_closing_line(self):
        self.assertEqual(self.closing(Report(3, 0)), (0, "3 passed, 0 failed"))
        self.assertEqual(self.closing(Report(3, 1)), (1, "3 passed, 1 failed"))

    def test_nothing_tested_is_a_failure(self):
        self.assertEqual(self.closing(Report()), (1, "0 passed, 1 failed"))


class TestTags(unittest.TestCase):
    def test_demo_clinic_is_tested_when_it_is_meant(self):
        apart = [Addon(Path("/x/medspa_demo"))]
        self.assertEqual(tags_of("/medspa_demo:TestX", apart), "/medspa_demo:TestX")
        self.assertIsNone(tags_of("/medspa_membership", apart))
        self.assertIsNone(tags_of(None, apart))
