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
from .console import MedspaError, plain, say, step
from .locks import FileLock
from .odoo import free_port
from .project import Project
from .report import Report
from .settings import TEST_DB
from .workspace import Workspace, opened

# A run that hangs is stopped: CI has a limit of its own.
TEST_SECONDS = 3600


def run(project: Project, *, tags: str | None, fast: bool, keep: bool) -> int:
    """Run the checks.

    :param tags: a part of our addons' tests, in the words of Odoo's --test-tags
    :param fast: only our addons' tests, on a database that is kept and updated
    :param keep: keep the database afterwards
    """
    report = Report()
    whole = not (tags or fast)
    with opened(project, tests=True) as work:
        if whole:
            lint.run(project, report)
            run_own_tests(report)
        addons = repository.required(project)
        with test_database(work, keep=keep or fast) as name:
            run_addon_tests(work, report, name, addons, tags=tags, fast=fast)
        if whole:
            check_demo(work, report, addons)
    return report.close()


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
    skipped = len(result.skipped)
    passed = max(0, result.testsRun - len(wrong) - skipped)
    say(f"This tool: {passed} of {result.testsRun} tests passed")
    report.add(passed=passed, failed=len(wrong), skipped=skipped)


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
    template = work.databases.template(addons)
    names = [addon.name for addon in addons]
    flag = "-u"
    if not (fast and work.databases.exists(db) and _has(work, db, names)):
        flag = "-i"
        with step("Copying the template database"):
            work.databases.copy(template, db)
    chosen = tags or ",".join(f"/{name}" for name in names)
    arguments = ["-d", db, flag, ",".join(names), "--test-tags", chosen]
    port = free_port()
    arguments += ["--http-port", str(port), "--gevent-port", str(free_port())]
    arguments += ["--http-interface", "127.0.0.1", "--stop-after-init"]
    arguments += ["--screenshots", str(work.project.logs / "tours")]
    log = work.project.logs / "test.log"
    began = time.monotonic()
    say(f"Installing and testing {', '.join(names)} (the log is {log})")
    progress = Progress()
    code = work.odoo.run(log, *arguments, on_line=progress, timeout=TEST_SECONDS)
    with log.open(errors="replace") as lines:
        result = testlog.read(lines, names)
    count(report, result, code, tags=tags, seconds=time.monotonic() - began)


def _has(work: Workspace, db: str, names: list[str]) -> bool:
    """Tell whether a kept database has our addons installed."""
    sql = "SELECT name FROM ir_module_module WHERE state = 'installed'"
    try:
        rows = work.server.query(sql, db=db)
    except MedspaError:
        return False
    return set(names) <= {row[0] for row in rows}


class Progress:
    """Prints a line now and then while tests run."""

    INTERVAL = 20

    def __init__(self) -> None:
        """Start counting."""
        self.started = 0
        self.last = time.monotonic()

    def __call__(self, line: str) -> None:
        """Take one line of the log."""
        match = testlog.LINE.match(line)
        if not match:
            return
        text = match["text"]
        started = testlog.STARTED.match(text)
        self.started += bool(started)
        if match["level"] == "ERROR" and (failed := testlog.FAILED.match(text)):
            say(f"  {failed[1]} {failed[2]}")
        elif started and time.monotonic() - self.last > self.INTERVAL:
            self.last = time.monotonic()
            say(f"  {self.started} tests started, now {started[1]}")
        elif re.match(r"Starting post tests", text):
            say("  installed, now testing")


def count(
    report: Report,
    result: testlog.TestLog,
    code: int,
    *,
    tags: str | None,
    seconds: float,
) -> None:
    """Print and count the outcome of our addons' tests."""
    for text in result.failures:
        plain(f"\n{text}")
    if result.failures:
        plain()
    for name, (tests, took) in sorted(result.modules.items()):
        say(f"{name}: {tests} tests in {took:.0f} s")
    wrong = result.failed + result.errors
    skipped = len(result.skipped)
    report.add(
        passed=max(0, result.tests - wrong - skipped), failed=wrong, skipped=skipped
    )
    problems = run_problems(result, code, tags)
    report.result("the test run is complete and its log clean", problems, seconds)


def run_problems(result: testlog.TestLog, code: int, tags: str | None) -> list[str]:
    """Return what is wrong with a run apart from failed tests."""
    problems = []
    if not result.finished:
        problems.append(f"Odoo ended with exit code {code} before the tests did")
    elif not result.tests:
        problems.append("no test ran" + (f": is --tags {tags} right?" if tags else ""))
    elif code and not result.failed + result.errors:
        problems.append(f"Odoo ended with exit code {code}")
    for test, reason in result.browser_skips:
        problems.append(f"no browser for {test}: {reason}")
    for text in result.complaints:
        problems += text.splitlines()
    return problems


# === DEMO DATA ===


def check_demo(work: Workspace, report: Report, addons: list[Addon]) -> None:
    """Make the demo clinic as ./medspa run does, then update it once."""
    name = f"{TEST_DB}_demo_{os.getpid()}"
    names = [addon.name for addon in addons]
    logs = work.project.logs

    def installs() -> list[str]:
        log = logs / "demo.log"
        work.databases.make_demo(name, addons, log)
        return _complaints(log, names)

    def updates() -> list[str]:
        log = logs / "demo-update.log"
        work.odoo.install(log, name, names, update=True)
        return _complaints(log, names)

    say("Installing our addons with their demo data, then updating them")
    try:
        if report.check("demo data loads without a warning", installs):
            report.check("addons update without a warning", updates)
    finally:
        work.databases.drop(name)


def _complaints(log: Path, names: list[str]) -> list[str]:
    """Return the errors of a log and our addons' warnings."""
    with log.open(errors="replace") as lines:
        found = testlog.read(lines, names).complaints
    return [line for text in found for line in text.splitlines()]
