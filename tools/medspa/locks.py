"""Locks between commands that run at the same time in one checkout."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from .console import say


class FileLock:
    """A lock on a file; the kernel drops it when the process ends."""

    def __init__(self, path: Path) -> None:
        """Open the file; nothing is locked yet."""
        path.parent.mkdir(parents=True, exist_ok=True)
        self._fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)

    def share(self) -> None:
        """Hold it together with others; waits for one who holds it alone."""
        fcntl.flock(self._fd, fcntl.LOCK_SH)

    def try_alone(self) -> bool:
        """Hold it alone, if nobody else holds it."""
        try:
            fcntl.flock(self._fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def alone(self) -> None:
        """Hold it alone; waits for the others."""
        fcntl.flock(self._fd, fcntl.LOCK_EX)

    def release(self) -> None:
        """Let it go."""
        fcntl.flock(self._fd, fcntl.LOCK_UN)

    def close(self) -> None:
        """Let it go for good."""
        os.close(self._fd)


@contextmanager
def exclusive(path: Path, waiting: str) -> Iterator[None]:
    """Do something that two commands must not do at once."""
    lock = FileLock(path)
    try:
        if not lock.try_alone():
            say(waiting)
            lock.alone()
        yield
    finally:
        lock.close()
