"""./medspa lint: the checks that need no database."""

import re
import subprocess
from collections.abc import Callable
from pathlib import Path

from . import access_lint, docker_checks, manifest_checks, security_doc
from . import addons as repository
from .console import MedspaError, say
from .process import which
from .project import Project
from .report import Report
from .settings import PROGRAM_SECONDS
from .venv import Venv, ensure_plain

Check = Callable[[], list[str]]

# Lines of a linter that are shown when it fails.
SHOWN = 60
LICENSE_LINE = "# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl)."
BIG_FILE = 2**20
# Matters of taste among the OCA hooks: how an XML header is spelt, say.
OCA_OFF = [
    "xml-field-numeric-without-eval",
    "xml-header-wrong",
    "xml-oe-structure-missing-id",
    "xml-tag-position",
]
TEXT_SUFFIXES = {".po", ".pot", ".svg"}


def command(project: Project, *, only: str | None) -> int:
    """Run as a command of its own."""
    report = Report()
    project.prepare()
    run(project, report, only=only)
    return report.close()


def run(project: Project, report: Report, *, only: str | None = None) -> None:
    """Run every check and count it.

    :param only: the name of one check
    """
    venv = ensure_plain(
        project, "venv-lint", project.root / "lint-requirements.txt", "the linters"
    )
    checks = all_checks(project, venv)
    if only and only not in checks:
        raise MedspaError(f"There is no check {only}: take one of {', '.join(checks)}.")
    say("Linting")
    for name, function in checks.items():
        if only in (None, name):
            report.check(name, function)


def all_checks(project: Project, venv: Venv) -> dict[str, Check]:
    """Return the checks under their names."""
    files = tracked_files(project)
    addons = repository.find(project)
    paths = [str(addon.path) for addon in addons]
    python = [path for path in files if path.suffix == ".py"]
    xml = [path for path in files if path.suffix == ".xml"]
    scripts = [path for path in files if is_shell(path)]

    def tool(name: str, *arguments: str | Path) -> Check:
        return lambda: linter(project, venv.program(name), *arguments)

    ruff = ("--no-cache", "-q")
    checks: dict[str, Check] = {
        "ruff-check": tool("ruff", "check", *ruff, "--output-format=concise", "."),
        "ruff-format": tool("ruff", "format", "--check", *ruff, "."),
        "licence-headers": lambda: licence_headers(project, python),
        "xml": lambda: manifest_checks.well_formed(xml),
        "manifests": lambda: manifest_checks.manifests(addons),
        "files": lambda: unwanted_files(project, files),
        "shell": lambda: shell_syntax(project, venv, scripts),
        "access": lambda: access_lint.run([addon.path for addon in addons], python),
        "security.md": lambda: security_doc.outdated(project.root),
        "docker": lambda: docker_checks.run(project, venv),
        "odoo.conf": lambda: docker_checks.odoo_options(project),
    }
    if paths:
        rc = f"--rcfile={project.root / '.pylintrc-mandatory'}"
        checks["pylint-odoo"] = tool("pylint", rc, "-j", "2", *paths)
        checks["oca-checks-odoo-module"] = tool(
            "oca-checks-odoo-module", f"--disable={','.join(OCA_OFF)}", *paths
        )
    if catalogs := [str(path) for path in files if path.suffix in (".po", ".pot")]:
        checks["oca-checks-po"] = tool("oca-checks-po", *catalogs)
    return checks


def tracked_files(project: Project) -> list[Path]:
    """Return the files that git knows or would add; all of them without git."""
    if (project.root / ".git").exists() and which("git"):
        words = ["git", "-C", str(project.root), "-c", "safe.directory=*", "ls-files"]
        words += ["-z", "--cached", "--others", "--exclude-standard"]
        done = subprocess.run(words, capture_output=True, text=True, check=False)
        if done.returncode == 0:
            names = [name for name in done.stdout.split("\0") if name]
            paths = [project.root / name for name in sorted(set(names))]
            return [path for path in paths if path.is_file()]
    hidden = {".git", ".medspa", "__pycache__"}
    return [
        path
        for path in sorted(project.root.rglob("*"))
        if path.is_file() and not hidden & set(path.relative_to(project.root).parts)
    ]


def is_shell(path: Path) -> bool:
    """Tell whether a file is a shell script."""
    if path.suffix == ".sh":
        return True
    with path.open("rb") as file:
        first = file.readline(80)
    return bool(re.match(rb"#!.*\b(ba|da)?sh\b", first))


def linter(project: Project, program: Path, *arguments: str | Path) -> list[str]:
    """Run a linter and return what it complains about."""
    try:
        done = subprocess.run(
            [str(program), *map(str, arguments)],
            cwd=project.root,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            check=False,
            timeout=PROGRAM_SECONDS,
        )
    except subprocess.TimeoutExpired:
        return [f"{program.name} took more than {PROGRAM_SECONDS // 60} minutes"]
    except OSError as error:
        return [f"{program.name} could not be started: {error.strerror}"]
    if done.returncode == 0:
        return []
    lines = [line.rstrip() for line in done.stdout.splitlines() if line.strip()]
    if len(lines) > SHOWN:
        lines = [*lines[:SHOWN], f"... and {len(lines) - SHOWN} lines more"]
    return lines or [f"{program.name} ended with exit code {done.returncode}"]


def licence_headers(project: Project, python: list[Path]) -> list[str]:
    """Return the addons' Python files without the licence line at their top."""
    problems = []
    for path in python:
        relative = path.relative_to(project.root)
        if not (project.root / relative.parts[0] / "__manifest__.py").exists():
            continue
        text = path.read_text(errors="replace")
        empty = not text.strip() or path.name == "__init__.py"
        if not empty and LICENSE_LINE not in text.splitlines()[:5]:
            problems.append(f"{relative}: no line '{LICENSE_LINE}'")
    return problems


def unwanted_files(project: Project, files: list[Path]) -> list[str]:
    """Return files that are too big, in conflict, or without a last line end."""
    problems = []
    marker = re.compile(rb"^(<{7} |>{7} |={7}$)", re.MULTILINE)
    for path in files:
        relative = path.relative_to(project.root)
        if path.stat().st_size > BIG_FILE and path.suffix not in TEXT_SUFFIXES:
            problems.append(f"{relative}: bigger than 1 MB")
            continue
        data = path.read_bytes()
        if b"\0" in data[:8000]:
            continue
        if marker.search(data) and path.suffix not in (".rst", ".md"):
            problems.append(f"{relative}: a merge marker")
        if data and not data.endswith(b"\n"):
            problems.append(f"{relative}: no line end at its end")
        if b"\r\n" in data:
            problems.append(f"{relative}: line ends of Windows")
    return problems


def shell_syntax(project: Project, venv: Venv, scripts: list[Path]) -> list[str]:
    """Return what the shell and shellcheck say about the scripts."""
    problems = []
    for path in scripts:
        first = path.read_text().splitlines()[0]
        shell = "bash" if "bash" in first else "sh"
        if program := which(shell):
            problems += linter(project, Path(program), "-n", path)
    if scripts:
        problems += linter(project, venv.program("shellcheck"), "-x", *scripts)
    return problems
