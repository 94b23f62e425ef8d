"""Odoo with a clock that can be put forward; runs in Odoo's own environment.

    python journeys_odoo.py CLOCK DB ARGUMENTS...

CLOCK is a file with the seconds that the clinic is ahead of the world. It is looked at
all the time: when it changes, Python's clock and that of the database go on together,
and the scheduled actions are woken, as they would have been in the time passed over.
The seconds that are in force stand in a second file beside it, CLOCK.now.
"""

import runpy
import sys
import threading
import time
from pathlib import Path

import psycopg2
import time_machine

SECONDS = 0.1
# So many looks later the server listens for sure.
LISTENS_AFTER = 600

# A function of the same name in a schema that is looked at before pg_catalog.
CLOCK_OF_THE_DATABASE = """
CREATE TABLE IF NOT EXISTS medspa_journey_clock (ahead interval NOT NULL);
DELETE FROM medspa_journey_clock;
INSERT INTO medspa_journey_clock VALUES (interval '0');
CREATE OR REPLACE FUNCTION public.now() RETURNS timestamptz LANGUAGE sql STABLE
    AS 'SELECT pg_catalog.now() + ahead FROM public.medspa_journey_clock';
"""
SEARCH_PATH = 'ALTER DATABASE "{}" SET search_path = "$user", public, pg_catalog'


class Clock:
    """Keeps the clocks of the process and of its database together."""

    def __init__(self, file: Path, db: str) -> None:
        """Prepare the database and set the clock as the file says."""
        self.file = file
        self.db = db
        self.ahead = 0.0
        self._traveller = time_machine.travel(time.time(), tick=True).start()
        connection = psycopg2.connect(dbname=db)
        with connection, connection.cursor() as cr:
            cr.execute(CLOCK_OF_THE_DATABASE)
            cr.execute(SEARCH_PATH.format(db))
        connection.close()
        self.set(self._wanted())

    def watch(self) -> None:
        """Follow the file for ever."""
        rounds = 0
        while True:
            time.sleep(SECONDS)
            rounds += 1
            wanted = self._wanted()
            if wanted > self.ahead:
                self.set(wanted)
            elif rounds < LISTENS_AFTER and not rounds % 50:
                self.wake()

    def set(self, ahead: float) -> None:
        """Put both clocks forward and wake what waits for a time."""
        connection = psycopg2.connect(dbname=self.db)
        with connection, connection.cursor() as cr:
            cr.execute(
                "UPDATE medspa_journey_clock SET ahead = make_interval(secs => %s)",
                [ahead],
            )
        connection.close()
        self._traveller.shift(ahead - self.ahead)
        self.ahead = ahead
        self.file.with_suffix(".now").write_text(str(ahead))
        self.wake()

    def wake(self) -> None:
        """Let the scheduled actions look at the clock."""
        connection = psycopg2.connect(dbname="postgres")
        connection.autocommit = True
        with connection.cursor() as cr:
            cr.execute("SELECT pg_notify('cron_trigger', %s)", [self.db])
        connection.close()

    def _wanted(self) -> float:
        """Return the seconds in the file; a half-written file says nothing."""
        try:
            return float(self.file.read_text())
        except (OSError, ValueError):
            return self.ahead


def main() -> None:
    """Start the clock, then Odoo with the other arguments."""
    file, db, *arguments = sys.argv[1:]
    clock = Clock(Path(file), db)
    threading.Thread(target=clock.watch, daemon=True).start()
    sys.argv[:] = ["odoo", *arguments]
    # not this file's folder, which has modules named as Odoo's are
    sys.path.pop(0)
    runpy.run_module("odoo", run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
