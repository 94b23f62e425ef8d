"""The addons of this repository: manifests, dependencies, fingerprints."""

import ast
import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from .console import MedspaError
from .project import Project
from .settings import DEMO_ADDONS

# Folders whose change does not change what a database holds.
NOT_INSTALLED = {"__pycache__", "tests", "readme", "i18n_extra"}


@dataclass(frozen=True)
class Addon:
    """One addon of ours."""

    path: Path

    @property
    def name(self) -> str:
        """Return its technical name."""
        return self.path.name

    @cached_property
    def manifest(self) -> dict[str, Any]:
        """Return its manifest, or say which one cannot be read."""
        path = self.path / "__manifest__.py"
        try:
            manifest = ast.literal_eval(path.read_text())
        except (SyntaxError, ValueError) as error:
            raise MedspaError(f"{path} is no literal dictionary: {error}.") from error
        if not isinstance(manifest, dict):
            raise MedspaError(f"{path} is no dictionary.")
        return manifest

    @property
    def depends(self) -> list[str]:
        """Return the addons that it needs."""
        return list(self.manifest.get("depends", []))

    def fingerprint(self) -> str:
        """Return a hash of all files that installing or updating reads."""
        digest = hashlib.sha256()
        for path in sorted(self.path.rglob("*")):
            relative = path.relative_to(self.path)
            if path.is_file() and not NOT_INSTALLED & set(relative.parts):
                digest.update(str(relative).encode() + b"\0" + path.read_bytes())
        return digest.hexdigest()


def find(project: Project) -> list[Addon]:
    """Return the installable addons of the repository, by name."""
    found = [Addon(path.parent) for path in project.root.glob("*/__manifest__.py")]
    usable = [addon for addon in found if addon.manifest.get("installable", True)]
    return sorted(usable, key=lambda addon: addon.name)


def demo(addons: Iterable[Addon]) -> list[Addon]:
    """Return those that the demo clinic shows."""
    return [
        addon
        for addon in addons
        if addon.name in DEMO_ADDONS or addon.manifest.get("auto_install")
    ]


def third_party(addons: Iterable[Addon]) -> list[str]:
    """Return the addons of others that ours depend on, directly."""
    addons = list(addons)
    ours = {addon.name for addon in addons}
    return sorted({name for addon in addons for name in addon.depends} - ours)


def required(project: Project) -> list[Addon]:
    """Return our addons, or say that there is none."""
    addons = find(project)
    if not addons:
        raise MedspaError(f"There is no addon in {project.root}.")
    return addons
