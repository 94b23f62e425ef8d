"""Counting checks and ending with the one line that says how it went."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from .console import MedspaError, plain


@dataclass
class Report:
    """The figures of a run, test by test and check by check."""

    passed: int = 0
    failed: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def add(self, *, passed: int = 0, failed: int = 0) -> None:
        """Count tests that ran elsewhere, in this thread or another."""
        with self._lock:
            self.passed += passed
            self.failed += failed

    def check(self, name: str, function: Callable[[], list[str]]) -> bool:
        """Run one check and print its line.

        :param function: returns what is wrong, line by line; nothing when all is well
        """
        began = time.monotonic()
        try:
            problems = function()
        except MedspaError as error:
            problems = [str(error)]
        except OSError as error:
            problems = [f"{error.strerror}: {error.filename}"]
        self.result(name, problems, time.monotonic() - began)
        return not problems

    def result(self, name: str, problems: list[str], seconds: float) -> None:
        """Print and count the outcome of one check."""
        head = f"{'FAIL' if problems else 'ok  '} {name} ({seconds:.1f} s)"
        plain("\n".join([head, *(f"       {line}" for line in problems)]))
        self.add(passed=not problems, failed=bool(problems))

    def close(self) -> int:
        """Print the last line and return the exit code."""
        if not self.passed + self.failed:
            plain("nothing was tested")
            self.failed += 1
        plain(f"{self.passed} passed, {self.failed} failed")
        return 1 if self.failed else 0
