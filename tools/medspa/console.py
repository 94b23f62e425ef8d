"""Plain progress lines, and the one kind of error that people get to read."""

import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

_START = time.monotonic()
# Several stages may print at once: what is printed by one call stays together.
_LOCK = threading.Lock()


class MedspaError(Exception):
    """What went wrong and what to do about it, in one sentence."""


def elapsed() -> float:
    """Return the seconds since the command began."""
    return time.monotonic() - _START


def say(text: str) -> None:
    """Print one progress line, with the seconds since the command began."""
    plain(f"[{elapsed():5.0f} s] {text}")


def plain(text: str = "") -> None:
    """Print one line, or several, as they are."""
    with _LOCK:
        print(text, flush=True)


def warn(text: str) -> None:
    """Print one line that deserves attention, without stopping."""
    print(f"warning: {text}", file=sys.stderr, flush=True)


@contextmanager
def step(text: str) -> Iterator[None]:
    """Announce a slow step before it begins and say how long it took."""
    say(f"{text} ...")
    began = time.monotonic()
    yield
    say(f"{text}: done in {time.monotonic() - began:.1f} s")
