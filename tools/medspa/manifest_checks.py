"""Manifests and data files: everything named is there, everything there is named."""

import fnmatch
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from xml.etree import ElementTree

from .addons import Addon
from .console import MedspaError

REQUIRED = ("name", "summary", "version", "category", "author", "license", "depends")
LISTS = ("data", "demo")
VERSION = re.compile(r"^19\.0\.\d+\.\d+\.\d+$")
# Folders whose xml and csv files Odoo loads only when the manifest lists them.
LOADED = ("data", "demo", "report", "security", "views", "wizards", "wizard")


def well_formed(paths: Iterable[Path]) -> list[str]:
    """Return the XML files that cannot be parsed."""
    problems = []
    for path in paths:
        try:
            ElementTree.parse(path)
        except ElementTree.ParseError as error:
            problems.append(f"{path}: {error}")
    return problems


def manifests(addons: Iterable[Addon]) -> list[str]:
    """Return what is wrong with the manifests."""
    problems = []
    for addon in addons:
        try:
            found = list(_manifest(addon))
        except MedspaError as error:
            found = [str(error)]
        problems += [f"{addon.name}: {text}" for text in found]
    return problems


def _manifest(addon: Addon) -> Iterator[str]:
    """Check one manifest."""
    manifest = addon.manifest
    for key in REQUIRED:
        if not manifest.get(key):
            yield f"the manifest has no {key}"
    if not VERSION.match(manifest.get("version", "")):
        yield f"version {manifest.get('version')} is not 19.0.x.y.z"
    if manifest.get("license") not in (None, "AGPL-3"):
        yield f"license {manifest['license']} is not AGPL-3"
    if addon.name in addon.depends:
        yield "it depends on itself"
    yield from _data_files(addon)
    yield from _assets(addon)
    yield from _hooks(addon)


def _data_files(addon: Addon) -> Iterator[str]:
    """Check the files of ``data`` and ``demo`` both ways."""
    listed: list[str] = []
    for key in LISTS:
        listed += addon.manifest.get(key, [])
    for name in listed:
        if not (addon.path / name).is_file():
            yield f"{name} is listed and does not exist"
    for name in sorted({name for name in listed if listed.count(name) > 1}):
        yield f"{name} is listed twice"
    for folder in LOADED:
        for path in sorted((addon.path / folder).rglob("*")):
            relative = str(path.relative_to(addon.path))
            if path.suffix in (".xml", ".csv") and relative not in listed:
                yield f"{relative} exists and is not listed"


def _assets(addon: Addon) -> Iterator[str]:
    """Check that the files of our own in ``assets`` exist."""
    for bundle, entries in addon.manifest.get("assets", {}).items():
        for entry in entries:
            paths = entry if isinstance(entry, (tuple, list)) else (entry,)
            for path in paths:
                own = path.removeprefix("/").startswith(f"{addon.name}/")
                if own and not _matches(addon, path.removeprefix("/")):
                    yield f"{path} of {bundle} matches no file"


def _matches(addon: Addon, pattern: str) -> bool:
    """Tell whether a pattern of ``assets`` names at least one file."""
    root = addon.path.parent
    if (root / pattern).is_file():
        return True
    pattern = pattern.replace("**/*", "*").replace("**", "*")
    names = (str(p.relative_to(root)) for p in addon.path.rglob("*") if p.is_file())
    return any(fnmatch.fnmatch(name, pattern) for name in names)


def _hooks(addon: Addon) -> Iterator[str]:
    """Check that the named hooks are imported by the addon."""
    init = addon.path / "__init__.py"
    text = init.read_text() if init.exists() else ""
    for key in ("pre_init_hook", "post_init_hook", "uninstall_hook", "post_load"):
        name = addon.manifest.get(key)
        if name and not re.search(rf"\b{name}\b", text):
            yield f"{key} {name} is not imported in __init__.py"
