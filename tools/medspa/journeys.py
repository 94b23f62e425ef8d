"""./medspa journeys: the demo clinic, walked end to end by its screens and its mail.

Each lane has a copy of the demo clinic's database, an Odoo that serves it with its
scheduled actions and jobs, a mail server, and a browser; two lanes walk side by side.
What is walked stands in tools/journeys/.
"""

import datetime
import json
import os
import shutil
import subprocess
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path

from . import addons as repository
from . import server
from .console import MedspaError, plain, say, step
from .odoo import free_port, stop
from .project import Project
from .report import Report
from .settings import JOURNEYS_DB
from .system import browser
from .venv import ensure_plain
from .workspace import Workspace, opened

# In an environment of its own: it asks for another greenlet than Odoo does.
PACKAGES = ["playwright==1.65.2", "aiosmtpd==1.4.6", "tzdata==2026.6"]
# The journeys of each lane, in the order in which they are walked: the clock of a lane
# only goes forward, so those that need the demo's own day come first.
LANES = [
    ["join", "course", "failed-card", "card", "pause", "change", "leave"],
    ["desk", "visit", "move", "gift", "sunday"],
]
# Those that ./medspa test walks.
WALKED = ["join", "card", "visit"]
NAMES = [name for lane in LANES for name in lane]
LIMIT_SECONDS = 20 * 60


@dataclass
class Lane:
    """One clinic with the journeys that are walked in it."""

    number: int
    names: list[str]
    results: dict[str, dict] = field(default_factory=dict)
    problem: str | None = None


def run(
    project: Project, *, only: list[str] | None, json_file: str | None, keep: bool
) -> int:
    """Walk all journeys, or some, and print how each went.

    :param json_file: gets {name: {"ok", "seconds", "taps", "mails"}}
    :param keep: leave the databases as the journeys left them
    """
    for name in only or []:
        if name not in NAMES:
            raise MedspaError(
                f"There is no journey {name}: there are {', '.join(NAMES)}."
            )
    report = Report()
    with opened(project, tests=True) as work:
        results = walk(work, report, only or NAMES, keep=keep)
    if json_file:
        keys = ("ok", "seconds", "taps", "mails")
        kept = {name: {key: row[key] for key in keys} for name, row in results.items()}
        Path(json_file).write_text(json.dumps(kept, indent=2) + "\n")
    return report.close()


def stage(work: Workspace, report: Report) -> None:
    """Walk the journeys that ./medspa test promises."""
    if WALKED:
        walk(work, report, WALKED, keep=False)


def walk(
    work: Workspace, report: Report, names: list[str], *, keep: bool
) -> dict[str, dict]:
    """Walk some journeys and count each as one check."""
    ensure_clinic(work)
    lanes = [
        Lane(number, chosen)
        for number, lane in enumerate(LANES)
        if (chosen := [name for name in lane if name in names])
    ]
    say(f"Walking {', '.join(names)}")
    began = time.monotonic()
    threads = [
        threading.Thread(target=_walk_lane, args=(work, lane, keep)) for lane in lanes
    ]
    lock_names = [f"{JOURNEYS_DB}_{lane.number}" for lane in lanes]
    for name in lock_names:
        work.databases.copy(JOURNEYS_DB, name)
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    results: dict[str, dict] = {}
    for lane in lanes:
        for name in lane.names:
            row = lane.results.get(name)
            if row is None:
                problems = [lane.problem or "it was not walked"]
                row = {"ok": False, "seconds": 0, "taps": 0, "mails": 0}
            else:
                problems = row["problems"]
            results[name] = row
            report.result(f"journey {name}", problems, row["seconds"])
    say(f"The journeys took {time.monotonic() - began:.0f} s")
    return results


def ensure_clinic(work: Workspace) -> None:
    """Make the demo clinic that the lanes are copies of; a fresh one each day."""
    addons = repository.demo(repository.required(work.project))
    note = work.project.state / "journeys.json"
    wanted = {
        "day": str(datetime.date.today()),
        **{addon.name: addon.fingerprint() for addon in addons},
    }
    try:
        known = json.loads(note.read_text())
    except (OSError, ValueError):
        known = {}
    if known == wanted and work.databases.exists(JOURNEYS_DB):
        return
    log = work.project.logs / f"{JOURNEYS_DB}.log"
    same = all(known.get(key) == wanted[key] for key in ("day", "medspa_demo"))
    if same and known.keys() == wanted.keys() and work.databases.exists(JOURNEYS_DB):
        changed = [name for name in wanted if known[name] != wanted[name]]
        with step(f"Updating {', '.join(changed)} in {JOURNEYS_DB}"):
            work.odoo.install(log, JOURNEYS_DB, changed, update=True)
    else:
        with step(f"Making the demo clinic {JOURNEYS_DB}"):
            work.databases.make_demo(JOURNEYS_DB, addons, log)
    note.write_text(json.dumps(wanted))


def _walk_lane(work: Workspace, lane: Lane, keep: bool) -> None:
    """Serve a copy of the clinic and walk the journeys of a lane in it."""
    try:
        _walk_served(work, lane)
    except (MedspaError, OSError, ValueError) as error:
        lane.problem = str(error)
    finally:
        if not keep:
            work.databases.drop(f"{JOURNEYS_DB}_{lane.number}")


def _walk_served(work: Workspace, lane: Lane) -> None:
    """Start the server and the walker, and read what the walker has to say."""
    project = work.project
    program = browser()
    if program is None:
        raise MedspaError("There is no Chromium here: install it and run again.")
    with _setting_up:
        venv = ensure_plain(
            project, "venv-journeys", PACKAGES, "playwright and a mail server"
        )
    target = project.state / "journeys"
    for name in lane.names:
        shutil.rmtree(target / name, ignore_errors=True)
        (target / name).mkdir(parents=True)
    db = f"{JOURNEYS_DB}_{lane.number}"
    clock = target / f"clock-{lane.number}"
    clock.with_suffix(".now").unlink(missing_ok=True)
    port, smtp_port = free_port(), free_port()
    order = {
        "program": program,
        "base": f"http://127.0.0.1:{port}",
        "smtp": smtp_port,
        "clock": str(clock),
        "target": str(target),
        "names": lane.names,
    }
    log = project.logs / f"journeys-{lane.number}.log"
    env = {**os.environ, "PYTHONPATH": str(project.root / "tools")}
    walker = subprocess.Popen(
        [str(venv.python), "-m", "journeys.driver", json.dumps(order)],
        env=env,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    process = None
    try:
        # its first word: the mail server listens, the clock is set
        walker.stdout.readline()
        process = _start(work, db, port, smtp_port, clock, log)
        timer = threading.Timer(LIMIT_SECONDS, walker.kill)
        timer.start()
        for line in walker.stdout:
            _take(lane, line)
        timer.cancel()
        if walker.wait() and not lane.problem:
            lane.problem = f"the walker ended with exit code {walker.returncode}"
    finally:
        stop(walker, 5)
        if process:
            stop(process, 10)


_setting_up = threading.Lock()


def _take(lane: Lane, line: str) -> None:
    """Read one line of the walker: an outcome, or a word for the terminal."""
    if not line.startswith("{"):
        plain(f"    {line.rstrip()}")
        return
    row = json.loads(line)
    lane.results[row["name"]] = row


def _start(
    work: Workspace, db: str, port: int, smtp_port: int, clock: Path, log: Path
) -> subprocess.Popen:
    """Start Odoo for a lane: its clock is the file's, its mail goes to the walker."""
    odoo = work.odoo
    work.databases.set_address(db, f"http://127.0.0.1:{port}")
    script = Path(__file__).with_name("journeys_odoo.py")
    arguments = ["-d", db, "--db-filter", f"^{db}$", *server.ports(port)]
    arguments += ["--http-interface", "127.0.0.1"]
    arguments += ["--smtp", "127.0.0.1", "--smtp-port", str(smtp_port)]
    with log.open("w") as file:
        return subprocess.Popen(
            [str(odoo.venv.python), str(script), str(clock), db, *arguments],
            env=odoo.environment(),
            cwd=work.project.state,
            stdin=subprocess.DEVNULL,
            stdout=file,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
