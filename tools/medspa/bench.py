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
from .venv import ensure_plain, split_requirements
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
            others = _install_others(work, db, name, log)
            if private:
                # as crash-safe as production, or commits would cost nothing
                work.server.durable(True)
            figures = _measure(work, db, name, args, log, others)
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


def _install_others(work: Workspace, db: str, name: str, log: Path) -> list[str]:
    """Install the addons that a benchmark compares ours with.

    They are named in bench/NAME-requirements.txt and stay out of Odoo's environment.
    Without them (no network, say) the benchmark is told so and measures what it can.

    :return: arguments with which Odoo finds them
    """
    listed = work.project.root / "bench" / f"{name}-requirements.txt"
    if not listed.exists():
        return []
    _resolved, wheels = split_requirements(listed.read_text())
    try:
        venv = ensure_plain(
            work.project, f"bench-{name}", ["--no-deps", *wheels], "what is compared"
        )
    except MedspaError as error:
        say(f"Not compared with {', '.join(wheels)}: {error}")
        return []
    folder = next((venv.path / "lib").glob("python3.*/site-packages/odoo/addons"))
    names = sorted(path.parent.name for path in folder.glob("*/__manifest__.py"))
    paths = [work.project.root, *work.odoo.tree.addons_paths, folder]
    arguments = ["--addons-path", ",".join(map(str, paths))]
    with step(f"Installing {', '.join(names)}"):
        work.odoo.install(log, db, names, *arguments)
    return arguments


def _measure(
    work: Workspace, db: str, name: str, args: list[str], log: Path, others: list[str]
) -> dict[str, Any]:
    """Run the benchmark inside of Odoo and return its figures.

    :param others: arguments of Odoo for the addons that are compared with
    """
    say(f"Running {name} (the log is {log})")
    with tempfile.TemporaryDirectory(dir=work.project.state) as folder:
        result = Path(folder) / "figures.json"
        order = {
            "module": str(work.project.root / "bench" / f"{name}.py"),
            "args": args,
            "result": str(result),
        }
        script = f"MEDSPA_BENCH = {order!r}\n{DRIVER.read_text()}"
        arguments = ["shell", "-d", db, "--no-http", "--log-level=warn", *others]
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
