"""The clinic's clock, which can be put forward."""

import time
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

ZONE = ZoneInfo("Europe/Madrid")


class Clock:
    """How far the clinic is ahead of the world; never back."""

    def __init__(self, file: Path) -> None:
        """Begin on a working day, in the morning, just before the clinic opens."""
        self.file = file
        kept = file.with_suffix(".now")
        self.ahead = float(kept.read_text()) if kept.exists() else 0.0
        day = self.now()
        if (8, 0) <= (day.hour, day.minute) < (9, 0) and day.weekday() < 4:
            self._write(day)
            return
        if day.hour >= 8:
            day += timedelta(days=1)
        while day.weekday() > 3:
            day += timedelta(days=1)
        self._write(day.replace(hour=8, minute=40, second=0, microsecond=0))

    def now(self) -> datetime:
        """Return what the clock on the clinic's wall says."""
        return datetime.fromtimestamp(time.time() + self.ahead, ZONE)

    def go_to(self, moment: datetime) -> None:
        """Put the clock forward and wait until the server keeps it."""
        if moment <= self.now():
            return
        self._write(moment)
        kept = self.file.with_suffix(".now")
        deadline = time.monotonic() + 60
        while not kept.exists() or float(kept.read_text() or 0) != self.ahead:
            if time.monotonic() > deadline:
                raise TimeoutError("The server does not follow the clock.")
            time.sleep(0.05)

    def _write(self, moment: datetime) -> None:
        """Write how far ahead that is, to the second."""
        self.ahead = float(round(moment.timestamp() - time.time()))
        partial = self.file.with_suffix(".part")
        partial.write_text(str(self.ahead))
        partial.replace(self.file)
