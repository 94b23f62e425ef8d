"""Our addons' tests, shared between Odoo processes that run side by side.

The addons are installed once, in a database of which each process gets a copy. The
processes take the test classes one after another (see inside/run_tests.py), and what
they say has run is compared with what Odoo's loader finds.
"""

import json
import shutil
import threading
from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path

from .addons import Addon
from .console import MedspaError, say
from .report import Report
from .suite import run_and_count
from .testlog import TestLog
from .workspace import Workspace


class Shards:
    """One suite, its database, and the processes that share it."""

    def __init__(
        self, work: Workspace, report: Report, db: str, addons: list[Addon]
    ) -> None:
        """Begin anew; nothing is installed yet.

        :param db: the database of which each process gets a copy
        :param addons: what is installed, with its tests
        """
        self.work = work
        self.report = report
        self.db = db
        self.addons = addons
        self.names = [addon.name for addon in addons]
        self.result = TestLog()
        self.folder = work.project.state / f"shared-{db}"
        self.claims = self.folder / "claims"
        self.listing = self.folder / "tests.json"
        self._ready = threading.Event()
        self._is_installed = False
        self._lock = threading.Lock()

    # === STAGES ===

    def install(self) -> None:
        """Install our addons in a copy of the template, with the tests of that."""
        try:
            shutil.rmtree(self.folder, ignore_errors=True)
            self.claims.mkdir(parents=True)
            self.work.databases.copy(self.work.databases.template(), self.db)
            say(f"Installing {', '.join(self.names)}")
            # also builds what browsers load, once for all copies
            self._run(
                self.db,
                "-i",
                ",".join(self.names),
                plan={"listing": str(self.listing)},
                what="our addons install, and the log is clean",
                expected=False,
            )
            self._is_installed = self.listing.exists()
        finally:
            self._ready.set()

    def share(self, number: int) -> None:
        """Run the tests that no other process takes, in a copy of the database."""
        self._ready.wait()
        if not self._is_installed:
            return
        copy = f"{self.db}_{number}"
        try:
            self.work.databases.copy(self.db, copy)
            self._run(
                copy,
                plan={"claims": str(self.claims)},
                label=f"process {number}",
                what=f"test process {number} is complete and its log clean",
                # the others may have left it nothing
                expected=False,
            )
        finally:
            self.work.databases.drop(copy)

    def join(self, result: TestLog) -> None:
        """Join in what a run found out about tests and times."""
        with self._lock:
            self.result.add(result)

    def finish(self) -> None:
        """Check that each test ran once; forget what belongs to this run."""
        self.report.check("each test ran once", self._check)
        shutil.rmtree(self.folder, ignore_errors=True)

    def _check(self) -> list[str]:
        """Return what did not run as Odoo's loader found it."""
        if not self._is_installed:
            raise MedspaError("no test ran, for our addons could not be installed.")
        listed = json.loads(self.listing.read_text())
        return [
            *without_tests(self.addons, listed),
            *differences(listed, self.result.started),
        ]

    def _run(self, db: str, *arguments: str, plan: dict, **options) -> None:
        """Run one process and join in what it found."""
        shared = "" if db == self.db else db.removeprefix(self.db).replace("_", "-")
        tags = ",".join(f"/{name}" for name in self.names)
        result = run_and_count(
            self.work,
            self.report,
            self.work.project.logs / f"test{shared}.log",
            ["-d", db, *arguments, "--test-tags", tags],
            self.names,
            plan={"modules": self.names, **plan},
            tags=None,
            **options,
        )
        self.join(result)


# === COMPARING ===


def differences(
    listed: Mapping[str, Iterable[str]], started: Mapping[str, int]
) -> list[str]:
    """Return which tests ran not at all or more than once, a line a class.

    :param listed: the methods that Odoo's loader found, by class
    :param started: how often each test began
    """
    problems = []
    for name, methods in sorted(listed.items()):
        times = Counter(started.get(f"{name}.{method}", 0) for method in methods)
        if missing := times.pop(0, 0):
            problems.append(f"{name}: {missing} of its tests did not run")
        times.pop(1, 0)
        if times:
            problems.append(f"{name}: {times.total()} of its tests ran more than once")
    return problems


def without_tests(addons: Iterable[Addon], listed: Iterable[str]) -> list[str]:
    """Return the test files of which Odoo's loader knows no test.

    It looks only at what tests/__init__.py imports, and only at what is to run after
    the installation.
    """
    known = {name.rpartition(".")[0] for name in listed}
    problems = []
    for addon in addons:
        for path in sorted(addon.path.glob("tests/**/test_*.py")):
            inside = path.relative_to(addon.path).with_suffix("")
            name = ".".join(["odoo.addons", addon.name, *inside.parts])
            if name not in known:
                problems.append(f"{_relative(addon, path)}: none of its tests is run")
    return problems


def _relative(addon: Addon, path: Path) -> Path:
    """Return a file's path within the repository."""
    return path.relative_to(addon.path.parent)
