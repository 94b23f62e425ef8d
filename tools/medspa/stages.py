"""Stages of a command that run side by side, as many at once as there are cores."""

import os
import time
from collections.abc import Callable
from concurrent.futures import FIRST_EXCEPTION, Future, ThreadPoolExecutor, wait

from .console import MedspaError, say
from .report import Report

# Odoo, its database and a browser each: more at once would wait for one another.
MOST_WORKERS = 4


def workers() -> int:
    """Return how many stages run at once."""
    return max(2, min(MOST_WORKERS, os.cpu_count() or 2))


class Stages:
    """Plain functions; they begin in the order in which they were added."""

    def __init__(self, report: Report, count: int, stop: Callable[[], None]) -> None:
        """Prepare.

        :param count: how many run at once
        :param stop: ends what the stages wait for, when all is to end early
        """
        self.report = report
        self.seconds: dict[str, float] = {}
        self._stop = stop
        self._pool = ThreadPoolExecutor(count)
        self._futures: list[Future] = []

    def add(self, name: str, function: Callable[..., None], *arguments) -> None:
        """Begin a stage as soon as its turn comes."""
        self._futures.append(self._pool.submit(self._run, name, function, *arguments))

    def wait(self) -> None:
        """Return when the last one ended.

        A stage that cannot be run is one failure, and the others go on. Whatever else
        goes wrong in one ends all.
        """
        try:
            for future in wait(self._futures, return_when=FIRST_EXCEPTION).done:
                future.result()
        except BaseException:
            self._pool.shutdown(wait=False, cancel_futures=True)
            self._stop()
            raise
        finally:
            self._pool.shutdown()

    def _run(self, name: str, function: Callable[..., None], *arguments) -> None:
        """Run one stage and remember how long it took."""
        began = time.monotonic()
        try:
            function(*arguments)
        except MedspaError as error:
            self.report.result(name, [str(error)], time.monotonic() - began)
        self.seconds[name] = time.monotonic() - began
        say(f"Done after {self.seconds[name]:.0f} s: {name}")
