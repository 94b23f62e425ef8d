"""./medspa bench: runs a benchmark of bench/ on a fresh copy of everything."""

import ast
import json
import os
import platform
import tempfile
from pathlib import Path
from typing import Any

from . import addons as repository
from .console import MedspaError, elapsed, plain, say, step
from .odoo import Limits
from .postgres import PrivateCluster
from .process import run as run_program
from .project import Project
from .settings import SILENT_SECONDS
from .workspace import Workspace, opened

DRIVER = Path(__file__).with_name("bench_driver.py")
SECONDS = 3600


def available(project: Project) -> dict[str, str]:
    """Return the benchmarks with the first line of what they say they are."""
    found = {}
    for path in sorted((project.root / "bench").glob("[!_]*.py")):
        text = ast.get_docstring(ast.parse(path.read_text())) or ""
        found[path.stem] = text.split("\n", 1)[0]
    return found


def run(project: Project, name: str | None, target: str | None, args: list[str]) -> int:
    """Run a benchmark, or list them.

    :param target: a file for the figures, as JSON
    """
    known = available(project)
    if name is None:
        plain("Benchmarks (bench/NAME.py):" if known else "There is no benchmark yet.")
        for key, text in known.items():
            plain(f"    {key}: {text}")
        return 0
    if name not in known:
        raise MedspaError(
            f"There is no bench/{name}.py: take one of {', '.join(known) or 'none'}."
        )
    output = Path(target).resolve() if target else None
    if output and not output.parent.is_dir():
        raise MedspaError(f"{output.parent} is no folder.")
    with opened(project) as work:
        db = f"medspa_bench_{os.getpid()}"
        log = project.logs / f"bench-{name}.log"
        private = isinstance(work.server, PrivateCluster)
        try:
            with step("Installing our addons in a copy of the template"):
                addons = repository.required(project)
                work.databases.make_empty(db, addons, log)
            if private:
                # as crash-safe as production, or commits would cost nothing
                work.server.durable(True)
            figures = _measure(work, db, name, args, log)
        finally:
            if private:
                work.server.durable(False)
            work.databases.drop(db)
        result = {
            "benchmark": name,
            "arguments": args,
            "figures": figures,
            "machine": _machine(work),
        }
    for key, value in figures.items():
        plain(f"{key}: {value}")
    if output:
        output.write_text(json.dumps(result, indent=2) + "\n")
        say(f"The figures are in {output}")
    return 0


def _measure(
    work: Workspace, db: str, name: str, args: list[str], log: Path
) -> dict[str, Any]:
    """Run the benchmark inside of Odoo and return its figures."""
    say(f"Running {name} (the log is {log})")
    with tempfile.TemporaryDirectory(dir=work.project.state) as folder:
        result = Path(folder) / "figures.json"
        order = {
            "module": str(work.project.root / "bench" / f"{name}.py"),
            "args": args,
            "result": str(result),
        }
        script = f"MEDSPA_BENCH = {order!r}\n{DRIVER.read_text()}"
        arguments = ["shell", "-d", db, "--no-http", "--log-level=warn"]
        limits = Limits(SILENT_SECONDS, elapsed() + SECONDS)
        code = work.odoo.run(
            log, *arguments, stdin=script, on_line=_show, limits=limits
        )
        if code or not result.exists():
            lines = [li for li in log.read_text().splitlines() if li.strip()]
            last = lines[-1].strip() if lines else "it printed nothing"
            raise MedspaError(f"The benchmark {name} failed: {last} (log {log}).")
        return json.loads(result.read_text())


def _show(line: str) -> None:
    """Pass on what the benchmark itself prints."""
    if line.startswith("bench: "):
        say(line.removeprefix("bench: ").rstrip())


def _machine(work: Workspace) -> dict[str, Any]:
    """Return what the figures depend on."""
    version = work.server.query("SHOW server_version")[0][0]
    commit = "unknown"
    try:
        words = ["git", "-C", work.project.root, "rev-parse", "HEAD"]
        commit = run_program(words, what="git").strip()
    except MedspaError:
        pass
    return {
        "cores": os.cpu_count(),
        "system": platform.system(),
        "architecture": platform.machine(),
        "python": platform.python_version(),
        "postgresql": version,
        "odoo": work.odoo.tree.version,
        "commit": commit,
    }
