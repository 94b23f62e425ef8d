"""Virtual environments in the state folder: Odoo's, the linters', playwright's."""

import hashlib
import os
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path

from .console import MedspaError, step
from .odoo_source import OdooTree
from .process import run
from .project import Project

# These need --no-deps: their wheels ask for "odoo", which pip cannot have.
NO_DEPS_PREFIX = "odoo-addon-"


class Venv:
    """One virtual environment, made anew when what it is made from changes."""

    def __init__(self, project: Project, name: str) -> None:
        """Take the name of its folder in the state folder."""
        self.project = project
        self.path = project.state / name
        self.python = self.path / "bin" / "python"
        self._stamp = self.path / "medspa-stamp"

    def program(self, name: str) -> Path:
        """Return the path of an installed program."""
        return self.path / "bin" / name

    def is_ready(self, key: str) -> bool:
        """Tell whether it was completed from exactly these ingredients."""
        return (
            self.python.exists()
            and self._stamp.exists()
            and self._stamp.read_text() == key
        )

    def create(self) -> None:
        """Make an empty environment of the Python that runs this tool."""
        shutil.rmtree(self.path, ignore_errors=True)
        base = Path(getattr(sys, "_base_executable", sys.executable))
        run([base, "-m", "venv", self.path], what="making a virtual environment")

    def pip(self, what: str, *arguments: str | Path) -> None:
        """Run pip with the project's cache."""
        env = {
            **os.environ,
            "PIP_CACHE_DIR": str(self.project.cache / "pip"),
            "PIP_DISABLE_PIP_VERSION_CHECK": "1",
            "PIP_NO_INPUT": "1",
            "PIP_ROOT_USER_ACTION": "ignore",
        }
        env.pop("PYTHONPATH", None)
        log = self.project.logs / f"pip-{self.path.name}.log"
        command = [self.python, "-m", "pip", "--retries", "2", *arguments]
        run(command, what=what, env=env, log=log)

    def install(self, what: str, *requirements: str | Path) -> None:
        """Install packages, from the wheels in the cache when all are there.

        Wheels are kept, built ones too, so that the next environment needs no network.
        """
        wheels = self.project.cache / "wheels"
        wheels.mkdir(exist_ok=True)
        local = ["install", "-q", "--no-index", "--find-links", wheels, *requirements]
        try:
            self.pip(what, *local)
        except MedspaError:
            # the few that come as source are pure Python; an old pip would need a
            # package "wheel" here without --use-pep517
            source = ["wheel", "-q", "--use-pep517", "--find-links", wheels]
            self.pip(what, *source, "--wheel-dir", wheels, *requirements)
            self.pip(what, *local)

    def finish(self, key: str) -> None:
        """Note that it is complete."""
        self._stamp.write_text(key)


def fingerprint(*ingredients: str | Path) -> str:
    """Return a hash of texts and of files' contents."""
    digest = hashlib.sha256(sys.version.encode())
    for item in ingredients:
        data = item.read_bytes() if isinstance(item, Path) else item.encode()
        digest.update(data + b"\0")
    return digest.hexdigest()


def split_requirements(text: str) -> tuple[list[str], list[str]]:
    """Return the lines for pip's resolver and those to install without it."""
    lines = [line.split(" #")[0].strip() for line in text.splitlines()]
    lines = [line for line in lines if line and not line.startswith("#")]
    bare = [line for line in lines if line.startswith(NO_DEPS_PREFIX)]
    return [line for line in lines if line not in bare], bare


def ensure_odoo(project: Project, tree: OdooTree, *, tests: bool) -> Venv:
    """Return the environment that Odoo runs in.

    Tests' packages are added to it when they are first needed.
    """
    venv = Venv(project, "venv")
    base = project.root / "requirements.txt"
    extra = project.root / "test-requirements.txt"
    key = fingerprint(base, str(venv.path))
    if not venv.is_ready(key):
        with step("Installing Odoo's Python packages"):
            _install_odoo(venv, base)
            venv.finish(key)
    marker = venv.path / "medspa-tests"
    wanted = fingerprint(extra, key)
    if tests and not (marker.exists() and marker.read_text() == wanted):
        with step("Installing the tests' Python packages"):
            venv.install("installing the tests' packages", "-r", extra)
            marker.write_text(wanted)
    _link(venv, tree)
    return venv


def _install_odoo(venv: Venv, requirements: Path) -> None:
    """Install requirements.txt, the OCA wheels without their dependencies."""
    venv.create()
    resolved, bare = split_requirements(requirements.read_text())
    listed = venv.path / "resolved.txt"
    listed.write_text("\n".join(resolved) + "\n")
    what = "installing Odoo's Python packages"
    venv.install(what, "-r", listed)
    if bare:
        venv.install("installing the OCA addons", "--no-deps", *bare)


def _link(venv: Venv, tree: OdooTree) -> None:
    """Make ``import odoo`` find the tree."""
    packages = next((venv.path / "lib").glob("python3.*/site-packages"))
    link = packages / "odoo-tree.pth"
    line = f"{tree.python_path}\n"
    if not link.exists() or link.read_text() != line:
        link.write_text(line)


def ensure_plain(
    project: Project, name: str, requirements: Path | Sequence[str], what: str
) -> Venv:
    """Return an environment with just some packages.

    :param requirements: a file, or the packages themselves
    """
    venv = Venv(project, name)
    if isinstance(requirements, Path):
        key = fingerprint(requirements, str(venv.path))
        arguments: list[str | Path] = ["-r", requirements]
    else:
        key = fingerprint(*requirements, str(venv.path))
        arguments = list(requirements)
    if not venv.is_ready(key):
        with step(f"Installing {what}"):
            venv.create()
            venv.install(f"installing {what}", *arguments)
            venv.finish(key)
    return venv
