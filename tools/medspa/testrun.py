"""./medspa test: every check, ending in one line with the figures."""

import os
import re
import time
import unittest
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from . import addons as repository
from . import lint, testlog
from .addons import Addon
from .console import MedspaError, elapsed, plain, say, step
from .locks import FileLock
from .odoo import HungError, Limits, free_port
from .project import Project
from .report import Report
from .settings import (
    SEPARATE_ADDONS,
    SILENT_SECONDS,
    TEST_ADDONS,
    TEST_DB,
    TEST_SECONDS,
)
from .workspace import Workspace, opened

LIMITS = Limits(silent=SILENT_SECONDS, until=TEST_SECONDS)


def run(project: Project, *, tags: str | None, fast: bool, keep: bool) -> int:
    """Run the checks.

    :param tags: a part of our addons' tests, in the words of Odoo's --test-tags
    :param fast: only our addons' tests, on a database that is kept and updated
    :param keep: keep the database afterwards
    """
    report = Report()
    try:
        _run(project, report, tags=tags, fast=fast, keep=keep)
    except MedspaError as error:
        # the last line is wanted in any case
        report.result("everything could be run", [str(error)], elapsed())
    return report.close()


def _run(
    project: Project, report: Report, *, tags: str | None, fast: bool, keep: bool
) -> None:
    """Run the checks and count them."""
    whole = not (tags or fast)
    with opened(project, tests=True) as work:
        if whole:
            lint.run(project, report)
            run_own_tests(report)
        addons = repository.required(project)
        together = [addon for addon in addons if addon.name not in SEPARATE_ADDONS]
        apart = [addon for addon in addons if addon.name in SEPARATE_ADDONS]
        demo_tags = tags_of(tags, apart)
        if demo_tags is None or tags is None:
            with test_database(work, keep=keep or fast) as name:
                run_addon_tests(work, report, name, together, tags=tags, fast=fast)
        if whole or demo_tags:
            check_demo(work, report, repository.demo(addons), demo_tags)


def tags_of(tags: str | None, addons: list[Addon]) -> str | None:
    """Return the tags for the demo clinic's database, if it is wanted.

    :param tags: what was asked for; without it all tests of the addons
    """
    if tags is None:
        with_tests = [a for a in addons if any(a.path.glob("tests/test_*.py"))]
        return ",".join(f"/{addon.name}" for addon in with_tests) or None
    named = any(f"/{addon.name}" in tags for addon in addons)
    return tags if named else None


# === THE TOOL'S OWN TESTS ===


def run_own_tests(report: Report) -> None:
    """Run the unit tests of this tool."""
    folder = str(Path(__file__).parents[1] / "tests")
    say("Testing this tool")
    suite = unittest.defaultTestLoader.discover(folder, top_level_dir=folder)
    with open(os.devnull, "w") as nowhere:
        result = unittest.TextTestRunner(stream=nowhere).run(suite)
    wrong = result.failures + result.errors
    for test, trace in wrong:
        plain(f"FAIL {test}\n{trace}")
    for test, reason in result.skipped:
        plain(f"FAIL {test}: skipped, {reason}")
    failed = len(wrong) + len(result.skipped)
    passed = max(0, result.testsRun - failed)
    say(f"This tool: {passed} of {result.testsRun} tests passed")
    report.add(passed=passed, failed=failed)


# === THE ADDONS' TESTS ===


@contextmanager
def test_database(work: Workspace, *, keep: bool) -> Iterator[str]:
    """Give the name of a test database; two runs at once get two."""
    lock = FileLock(work.project.state / "test.lock")
    alone = lock.try_alone()
    name = TEST_DB if alone else f"{TEST_DB}_{os.getpid()}"
    try:
        yield name
    finally:
        if not keep or not alone:
            work.databases.drop(name)
        lock.close()


def run_addon_tests(
    work: Workspace,
    report: Report,
    db: str,
    addons: list[Addon],
    *,
    tags: str | None,
    fast: bool,
) -> None:
    """Install our addons in a copy of the template and run their tests."""
    template = work.databases.template()
    names = [addon.name for addon in addons]
    flag = "-u"
    wanted = [*names, *TEST_ADDONS]
    if not (fast and work.databases.exists(db) and _has(work, db, wanted)):
        flag = "-i"
        with step("Copying the template database"):
            work.databases.copy(template, db)
    chosen = tags or ",".join(f"/{name}" for name in names)
    arguments = ["-d", db, flag, ",".join(names), "--test-tags", chosen]
    arguments += test_options(work)
    log = work.project.logs / "test.log"
    say(f"Installing and testing {', '.join(names)} (the log is {log})")
    what = "the test run is complete and its log clean"
    run_and_count(work, report, log, arguments, names, what=what, tags=tags)


def test_options(work: Workspace) -> list[str]:
    """Return the options of a run that may open pages in a browser."""
    options = ["--http-port", str(free_port()), "--gevent-port", str(free_port())]
    options += ["--http-interface", "127.0.0.1", "--stop-after-init"]
    return [*options, "--screenshots", str(work.project.logs / "tours")]


def _has(work: Workspace, db: str, names: list[str]) -> bool:
    """Tell whether a kept database has our addons installed."""
    sql = "SELECT name FROM ir_module_module WHERE state = 'installed'"
    try:
        rows = work.server.query(sql, db=db)
    except MedspaError:
        return False
    return set(names) <= {row[0] for row in rows}


def run_and_count(
    work: Workspace,
    report: Report,
    log: Path,
    arguments: list[str],
    names: list[str],
    **options,
) -> None:
    """Run Odoo within the limits and count what it says of our addons."""
    began = time.monotonic()
    progress = Progress()
    hung = None
    try:
        code = work.odoo.run(log, *arguments, on_line=progress, limits=LIMITS)
    except HungError as error:
        code, hung = 1, str(error)
        if progress.now:
            hung += f" It was at {progress.now}."
    with log.open(errors="replace") as lines:
        result = testlog.read(lines, names)
    result.hung = hung
    count(report, result, code, seconds=time.monotonic() - began, **options)


class Progress:
    """Prints a line now and then while tests run."""

    INTERVAL = 20

    def __init__(self) -> None:
        """Start counting."""
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
            say(f"  {self.started} tests started, now {self.now}")
        elif re.match(r"Starting post tests", text):
            say("  installed, now testing")


def count(
    report: Report,
    result: testlog.TestLog,
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
    for name, (tests, took) in sorted(result.modules.items()):
        say(f"{name}: {tests} tests in {took:.0f} s")
    wrong = result.failed + result.errors
    skipped = len(result.skipped)
    # a class that is skipped as a whole is none of the tests that Odoo counts
    counted = sum(not test.startswith("setUpClass") for test, _reason in result.skipped)
    report.add(passed=max(0, result.tests - wrong - counted), failed=wrong + skipped)
    problems = run_problems(result, code, tags, expected=expected)
    report.result(what, problems, seconds)


def run_problems(
    result: testlog.TestLog, code: int, tags: str | None, *, expected: bool = True
) -> list[str]:
    """Return what is wrong with a run apart from failed tests."""
    problems = []
    if result.hung:
        problems.append(result.hung)
    elif not expected:
        if code:
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


# === THE DEMO CLINIC ===


def check_demo(
    work: Workspace, report: Report, addons: list[Addon], tags: str | None
) -> None:
    """Make the demo clinic as ./medspa run does, then update it and test it.

    :param tags: the tests to run there
    """
    db = f"{TEST_DB}_demo_{os.getpid()}"
    names = [addon.name for addon in addons]
    log = work.project.logs / "demo.log"

    def installs() -> list[str]:
        work.databases.make_demo(db, addons, log)
        with log.open(errors="replace") as lines:
            found = testlog.read(lines, names).complaints
        return [line for text in found for line in text.splitlines()]

    say(f"Installing {', '.join(names)} with demo data, then updating")
    try:
        if report.check("demo data loads without a warning", installs):
            _update_and_test(work, report, db, names, tags)
    finally:
        work.databases.drop(db)


def _update_and_test(
    work: Workspace, report: Report, db: str, names: list[str], tags: str | None
) -> None:
    """Update our addons in the demo clinic, with the tests that belong there."""
    log = work.project.logs / "demo-update.log"
    arguments = ["-d", db, "-u", ",".join(names), *test_options(work)]
    if tags:
        arguments += ["--test-tags", tags]
    what = "the demo clinic updates without a warning"
    expected = bool(tags)
    run_and_count(
        work, report, log, arguments, names, what=what, tags=tags, expected=expected
    )
