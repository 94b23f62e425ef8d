"""Starts Odoo with its tests shared between processes; runs in Odoo's environment.

    python run_tests.py '{"modules": [...], ...}' [options of Odoo]

Odoo's loader finds the tests, as ever. With a folder ``claims`` each process takes of
their classes one after another, those first that take longest. A class is taken by
making a file of its name, which only one process can: each class runs once, and all
processes end together. With a file ``listing`` no class runs: the file gets what would
have. With neither the tests run as without this script.
"""

import contextlib
import functools
import json
import os
import shutil
import sys
import time
from collections.abc import Iterator
from pathlib import Path

# What the slow classes took; a run of all writes a new one into .medspa/logs.
SECONDS = Path(__file__).with_name("seconds.json")
HEADLESS = "chromium-headless-shell"
# Methods of Odoo's that open a browser.
BROWSER = {"browser_js", "start_tour"}


def name_of(test) -> str:
    """Return the name of a test's class, as Odoo's log and statistics have it."""
    return f"{type(test).__module__}.{type(test).__qualname__}"


def guess_seconds(name: str, tests: list, known: dict[str, float]) -> float:
    """Return about how long a class takes: as measured, or by what it does."""
    if measured := known.get(name.replace("odoo.addons.", "").replace(".tests.", ".")):
        return measured
    return sum(8 if opens_browser(test) else 1 for test in tests)


def opens_browser(test) -> bool:
    """Tell whether a test, or what it calls of its class, opens a browser."""
    called = set(getattr(test, test._testMethodName).__code__.co_names)
    for name in list(called):
        helper = getattr(type(test), name, None)
        if name not in BROWSER and hasattr(helper, "__code__"):
            called |= set(helper.__code__.co_names)
    return bool(BROWSER & called)


class Shared:
    """Makes a suite of all tests run only what no other process has taken."""

    claims: Path | None = None
    _is_run = False

    def classes(self) -> dict[str, list]:
        """Return the tests by class, those first that take longest."""
        found: dict[str, list] = {}
        for test in super().__iter__():
            found.setdefault(name_of(test), []).append(test)
        known = json.loads(SECONDS.read_text())
        seconds = {name: guess_seconds(name, found[name], known) for name in found}
        return {name: found[name] for name in sorted(found, key=lambda n: -seconds[n])}

    def __iter__(self) -> Iterator:
        """Give all tests, or while they run those that this process takes."""
        for name, tests in self.classes().items():
            if not self._is_run or self._take(name):
                yield from tests

    def run(self, result, debug=False):
        """Run the classes that are there to be taken."""
        self._is_run = True
        return super().run(result, debug)

    def _take(self, name: str) -> bool:
        """Take a class, unless another process has it, or none is to run."""
        if self.claims is None:
            return False
        try:
            flags = os.O_CREAT | os.O_EXCL | os.O_WRONLY
            os.close(os.open(self.claims / name, flags, 0o644))
        except FileExistsError:
            return False
        return True


def share_tests(plan: dict) -> None:
    """Have the tests of after the installation shared, or only listed."""
    from odoo.tests import loader
    from odoo.tests.suite import OdooSuite

    class SharedSuite(Shared, OdooSuite):
        """Odoo's suite of all tests, shared."""

    make_suite = loader.make_suite

    def shared(module_names, position="at_install"):
        suite = make_suite(
            [name for name in module_names if name in plan["modules"]], position
        )
        if position != "post_install":
            return suite
        suite = SharedSuite(suite)
        if "listing" in plan:
            methods = {
                name: [test._testMethodName for test in tests]
                for name, tests in suite.classes().items()
            }
            Path(plan["listing"]).write_text(json.dumps(methods))
        else:
            suite.claims = Path(plan["claims"])
        return suite

    loader.make_suite = shared


def measure_tests() -> None:
    """Measure with a clock that goes on while a test has frozen the time."""
    from odoo.tests import result

    @contextlib.contextmanager
    def collect_stats(self, test_id: str) -> Iterator[None]:
        queries = result.sql_db.sql_counter
        began = time.clock_gettime(time.CLOCK_MONOTONIC)
        yield
        self.stats[test_id] += result.Stat(
            time=time.clock_gettime(time.CLOCK_MONOTONIC) - began,
            queries=result.sql_db.sql_counter - queries,
        )

    result.OdooTestResult.collectStats = collect_stats


def remember_compiled() -> None:
    """Let equal texts of templates be compiled once.

    Odoo empties its caches after each test, and what it compiles anew then was a fifth
    of the time. Both functions give the same for the same text, whatever the database
    holds: the caches that depend on it are emptied as ever.
    """
    from odoo.addons.base.models import ir_qweb

    ir_qweb.compile = functools.lru_cache(maxsize=None)(compile)
    compile_expr = ir_qweb.IrQweb._compile_expr
    known: dict[tuple, str] = {}

    def remembered(self, expr, raise_on_missing=False):
        key = expr, raise_on_missing
        if key not in known:
            known[key] = compile_expr(self, expr, raise_on_missing)
        return known[key]

    ir_qweb.IrQweb._compile_expr = remembered


def use_headless_browser() -> None:
    """Prefer the browser without windows, if it is there: it starts much faster."""
    from odoo.tests import common

    if program := shutil.which(HEADLESS):
        common._find_executable = lambda: program


def main() -> None:
    """Start Odoo."""
    import odoo.cli

    plan = json.loads(sys.argv.pop(1))
    if plan:
        share_tests(plan)
    measure_tests()
    remember_compiled()
    use_headless_browser()
    odoo.cli.main()


if __name__ == "__main__":
    main()
