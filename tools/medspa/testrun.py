"""./medspa test: every check, ending in one line with the figures."""

import importlib
import importlib.util
import os
import unittest
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from . import addons as repository
from . import lint, testlog
from .addons import Addon
from .console import MedspaError, elapsed, plain, say, step
from .locks import FileLock
from .project import Project
from .report import Report
from .settings import SEPARATE_ADDONS, TEST_ADDONS, TEST_DB
from .shards import Shards
from .stages import Stages, workers
from .suite import print_times, run_and_count, write_times
from .testlog import TestLog
from .workspace import Workspace, opened

# Modules of this tool with a function ``stage(work, report)`` that is part of the
# whole.
MORE_STAGES = ["journeys"]


def run(
    project: Project, *, tags: str | None, fast: bool, keep: bool, jobs: int | None
) -> int:
    """Run the checks.

    :param tags: a part of our addons' tests, in the words of Odoo's --test-tags
    :param fast: only our addons' tests, on a database that is kept and updated
    :param keep: keep the database afterwards
    :param jobs: how many processes run at once, if not as many as there are cores
    """
    report = Report()
    try:
        with opened(project, tests=True) as work:
            if tags or fast:
                _run_part(work, report, tags=tags, fast=fast, keep=keep)
            else:
                _run_all(work, report, keep=keep, jobs=jobs or workers())
    except MedspaError as error:
        # the last line is wanted in any case
        report.result("everything could be run", [str(error)], elapsed())
    return report.close()


def _split(project: Project) -> tuple[list[Addon], list[Addon], list[Addon]]:
    """Return our addons: those tested together, those apart, those of the demo."""
    addons = repository.required(project)
    together = [addon for addon in addons if addon.name not in SEPARATE_ADDONS]
    apart = [addon for addon in addons if addon.name in SEPARATE_ADDONS]
    return together, apart, repository.demo(addons)


# === THE WHOLE ===


def _run_all(work: Workspace, report: Report, *, keep: bool, jobs: int) -> None:
    """Run every check, as many side by side as there are cores."""
    together, apart, shown = _split(work.project)
    run_own_tests(report)
    # first, and alone: the others copy it
    work.databases.template()
    with test_database(work, keep=keep) as db:
        shards = Shards(work, report, db, together)
        stages = Stages(report, jobs, work.odoo.stop_all)
        stages.add("installation", shards.install)
        stages.add("lint", lint.run, work.project, report)
        stages.add("demo clinic", _demo_stage, work, report, shown, apart, shards)
        for name, function in _more_stages():
            stages.add(name, function, work, report)
        # what is left to do is shared: all end together, however long each takes
        for number in range(1, jobs + 1):
            stages.add(f"test process {number}", shards.share, number)
        stages.wait()
        shards.finish()
    print_times(shards.result)
    write_times(shards.result, work.project.logs / "test-seconds.json")
    for name, seconds in stages.seconds.items():
        say(f"{name}: {seconds:.0f} s")


def _demo_stage(
    work: Workspace,
    report: Report,
    shown: list[Addon],
    apart: list[Addon],
    shards: Shards,
) -> None:
    """Check the demo clinic; its tests' times belong to the whole's."""
    result = check_demo(work, report, shown, tags_of(None, apart))
    shards.join(result)


def _more_stages() -> Iterator[tuple[str, Callable[[Workspace, Report], None]]]:
    """Yield the stages that have a module of their own."""
    for name in MORE_STAGES:
        if importlib.util.find_spec(f"{__package__}.{name}"):
            yield name, importlib.import_module(f"{__package__}.{name}").stage


# === A PART ===


def _run_part(
    work: Workspace, report: Report, *, tags: str | None, fast: bool, keep: bool
) -> None:
    """Run some tests of our addons, in one process."""
    together, apart, shown = _split(work.project)
    demo_tags = tags_of(tags, apart)
    result = TestLog()
    if demo_tags is None or tags is None:
        with test_database(work, keep=keep or fast) as name:
            result.add(
                run_addon_tests(work, report, name, together, tags=tags, fast=fast)
            )
    if demo_tags and tags:
        result.add(check_demo(work, report, shown, demo_tags))
    print_times(result)


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
) -> TestLog:
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
    log = work.project.logs / "test.log"
    say(f"Installing and testing {', '.join(names)} (the log is {log})")
    what = "the test run is complete and its log clean"
    return run_and_count(work, report, log, arguments, names, what=what, tags=tags)


def _has(work: Workspace, db: str, names: list[str]) -> bool:
    """Tell whether a kept database has our addons installed."""
    sql = "SELECT name FROM ir_module_module WHERE state = 'installed'"
    try:
        rows = work.server.query(sql, db=db)
    except MedspaError:
        return False
    return set(names) <= {row[0] for row in rows}


# === THE DEMO CLINIC ===


def check_demo(
    work: Workspace, report: Report, addons: list[Addon], tags: str | None
) -> TestLog:
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
            return _update_and_test(work, report, db, names, tags)
        return TestLog()
    finally:
        work.databases.drop(db)


def _update_and_test(
    work: Workspace, report: Report, db: str, names: list[str], tags: str | None
) -> TestLog:
    """Update our addons in the demo clinic, with the tests that belong there."""
    log = work.project.logs / "demo-update.log"
    arguments = ["-d", db, "-u", ",".join(names)]
    if tags:
        arguments += ["--test-tags", tags]
    what = "the demo clinic updates without a warning"
    expected = bool(tags)
    return run_and_count(
        work, report, log, arguments, names, what=what, tags=tags, expected=expected
    )
