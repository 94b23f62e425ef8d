"""./medspa screenshots: pictures of the demo clinic, on a phone and on a desk."""

import os
import subprocess
import sys
from pathlib import Path

from . import addons as repository
from . import server
from .console import MedspaError, say
from .odoo import free_port, stop
from .pages import PAGES
from .project import Project
from .settings import DEMO_DB
from .system import browser
from .venv import ensure_plain
from .workspace import opened

# In an environment of its own: it asks for another greenlet than Odoo does.
PLAYWRIGHT = ["playwright==1.65.2"]


def run(project: Project, *, only: list[str] | None) -> int:
    """Serve the demo clinic on a free port and take the pictures.

    :param only: the names of some pages
    """
    names = [page.name for page in PAGES]
    for name in only or []:
        if name not in names:
            raise MedspaError(f"There is no page {name}: there are {', '.join(names)}.")
    with opened(project, tests=True) as work:
        program = browser()
        if program is None:
            raise MedspaError("There is no Chromium here: install it and run again.")
        venv = ensure_plain(project, "venv-shots", PLAYWRIGHT, "playwright")
        shown = repository.demo(repository.required(project))
        work.databases.ensure_demo(DEMO_DB, shown, demo=True)
        port = free_port()
        log = project.logs / "screenshots.log"
        say(f"Starting the demo clinic on port {port}")
        process = server.start(work.odoo, DEMO_DB, port, log)
        try:
            server.wait_until_served(process, port, log)
            target = project.state / "screenshots"
            target.mkdir(exist_ok=True)
            return _take(venv.python, program, port, target, only)
        finally:
            stop(process, 10)


def _take(
    python: Path, program: str, port: int, target: Path, only: list[str] | None
) -> int:
    """Run the part that needs playwright."""
    env = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[1])}
    words = [str(python), "-m", "medspa.screenshots_driver", program]
    words += [f"http://127.0.0.1:{port}", str(target), *(only or [])]
    sys.stdout.flush()
    return subprocess.run(words, env=env, check=False).returncode
