"""One run of Odoo with tests of ours: within its limits, with its figures counted."""

import json
import re
import time
from pathlib import Path

from . import testlog
from .console import plain, say
from .odoo import HungError, Limits, free_port
from .report import Report
from .settings import SILENT_SECONDS, TEST_SECONDS
from .testlog import TestLog
from .workspace import Workspace

# Starts Odoo with its tests measured, and shared with other processes if so wanted.
SCRIPT = Path(__file__).parents[1] / "inside" / "run_tests.py"
LIMITS = Limits(silent=SILENT_SECONDS, until=TEST_SECONDS)
SLOWEST = 30
# A class that takes so many seconds is begun early.
SLOW = 15


def run_and_count(
    work: Workspace,
    report: Report,
    log: Path,
    arguments: list[str],
    names: list[str],
    *,
    plan: dict | None = None,
    label: str = "",
    **options,
) -> TestLog:
    """Run Odoo within the limits and count what it says of our addons.

    :param names: our addons
    :param plan: what run_tests.py is told of sharing the tests
    :param label: stands before each line of progress
    :param options: of :func:`count`
    """
    began = time.monotonic()
    progress = Progress(label)
    hung = None
    words = [json.dumps(plan or {}), *arguments, *browser_options(work)]
    # each test's time, and not only that of each addon
    words += ["--log-handler", "odoo.tests.stats:DEBUG"]
    try:
        code = work.odoo.run(
            log, *words, on_line=progress, limits=LIMITS, script=SCRIPT
        )
    except HungError as error:
        code, hung = 1, str(error)
        if progress.now:
            hung += f" It was at {progress.now}."
    with log.open(errors="replace") as lines:
        result = testlog.read(lines, names)
    result.hung = hung
    count(report, result, code, seconds=time.monotonic() - began, **options)
    return result


def browser_options(work: Workspace) -> list[str]:
    """Return the options of a run that may open pages in a browser."""
    options = ["--http-port", str(free_port()), "--gevent-port", str(free_port())]
    options += ["--http-interface", "127.0.0.1", "--stop-after-init"]
    return [*options, "--screenshots", str(work.project.logs / "tours")]


class Progress:
    """Prints a line now and then while tests run."""

    INTERVAL = 20

    def __init__(self, label: str = "") -> None:
        """Start counting."""
        self.label = f"{label}: " if label else ""
        self.started = 0
        self.now: str | None = None
        self.last = time.monotonic()

    def __call__(self, line: str) -> None:
        """Take one line of the log."""
        match = testlog.LINE.match(line)
        if not match:
            return
        text = match["text"]
        started = testlog.STARTED.match(text)
        if started:
            self.started += 1
            self.now = started[1]
        if match["level"] == "ERROR" and (failed := testlog.FAILED.match(text)):
            say(f"  {failed[1]} {failed[2]}")
        elif started and time.monotonic() - self.last > self.INTERVAL:
            self.last = time.monotonic()
            say(f"  {self.label}{self.started} tests started, now {self.now}")
        elif re.match(r"Starting post tests", text):
            say(f"  {self.label}installed, now testing")


def count(
    report: Report,
    result: TestLog,
    code: int,
    *,
    what: str,
    tags: str | None,
    seconds: float,
    expected: bool = True,
) -> None:
    """Print and count the outcome of our addons' tests.

    :param what: the name of the check that the run itself is
    :param expected: whether there should be tests at all
    """
    for text in result.failures:
        plain(f"\n{text}")
    if result.failures:
        plain()
    # Nothing of ours may be skipped: what is not run is not known to work.
    for test, reason in result.skipped:
        plain(f"FAIL {test}: skipped, {reason}")
    wrong = result.failed + result.errors
    skipped = len(result.skipped)
    # a class that is skipped as a whole is none of the tests that Odoo counts
    counted = sum(not test.startswith("setUpClass") for test, _reason in result.skipped)
    report.add(passed=max(0, result.tests - wrong - counted), failed=wrong + skipped)
    problems = run_problems(result, code, tags, expected=expected)
    report.result(what, problems, seconds)


def run_problems(
    result: TestLog, code: int, tags: str | None, *, expected: bool = True
) -> list[str]:
    """Return what is wrong with a run apart from failed tests."""
    problems = []
    if result.hung:
        problems.append(result.hung)
    elif not expected:
        if code and not result.failed + result.errors:
            problems.append(f"Odoo ended with exit code {code}")
    elif not result.finished:
        problems.append(f"Odoo ended with exit code {code} before the tests did")
    elif not result.tests:
        problems.append("no test ran" + (f": is --tags {tags} right?" if tags else ""))
    elif code and not result.failed + result.errors:
        problems.append(f"Odoo ended with exit code {code}")
    for text in result.complaints:
        problems += text.splitlines()
    return problems


def write_times(result: TestLog, file: Path) -> None:
    """Write how long the slow classes took, as tools/inside/seconds.json has it."""
    slow = {name: round(took) for name, took in result.classes() if took >= SLOW}
    file.write_text(json.dumps(slow, indent=1, sort_keys=True) + "\n")


def print_times(result: TestLog) -> None:
    """Print what each addon's tests took, and the tests that took longest."""
    for name, (tests, took) in result.modules().items():
        say(f"{name}: {tests} tests in {took:.0f} s")
    slowest = result.slowest(SLOWEST)
    if slowest:
        lines = [f"    {took:6.1f} s  {name}" for name, took in slowest]
        plain("\n".join([f"The {len(slowest)} slowest:", *lines]))
