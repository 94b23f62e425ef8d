"""What can be checked of docker/ and odoo.conf without a Docker engine."""

import re
from collections.abc import Iterator
from pathlib import Path

from . import odoo_source
from .console import MedspaError
from .odoo import read_conf
from .process import run as run_program
from .project import Project
from .venv import Venv

# Sections of odoo.conf that belong to addons, with the keys they read.
ADDON_SECTIONS = {
    "queue_job": {
        "channels",
        "host",
        "port",
        "scheme",
        "http_auth_user",
        "http_auth_password",
        "jobrunner_db_host",
        "jobrunner_db_port",
        "jobrunner_db_user",
        "jobrunner_db_password",
    }
}


def run(project: Project, venv: Venv) -> list[str]:
    """Return what is wrong with the files in docker/."""
    folder = project.root / "docker"
    if not folder.is_dir():
        return ["there is no folder docker"]
    compose = folder / "compose.yaml"
    schema = "vendor.compose-spec"
    problems = []
    for command in (
        [venv.program("check-jsonschema"), "--builtin-schema", schema, compose],
        [venv.program("hadolint"), "--no-color", folder / "Dockerfile"],
    ):
        try:
            run_program(command, what=command[0].name, cwd=project.root)
        except MedspaError as error:
            problems.append(str(error))
    text = compose.read_text()
    problems += copied_paths(project.root, (folder / "Dockerfile").read_text())
    problems += mounted_paths(folder, text)
    problems += variables(text, (folder / ".env.example").read_text())
    if tree := odoo_tree(project):
        problems += command_options(text, tree)
    return problems


def copied_paths(root: Path, dockerfile: str) -> Iterator[str]:
    """Return what the Dockerfile copies and does not exist."""
    for match in re.finditer(r"^COPY\s+(?!--from)(.+)$", dockerfile, re.MULTILINE):
        *sources, _target = match[1].split()
        for source in sources:
            if not (root / source).exists():
                yield f"Dockerfile copies {source}, which does not exist"


def mounted_paths(folder: Path, compose: str) -> Iterator[str]:
    """Return the files of ours that the compose file names and that do not exist."""
    for match in re.finditer(r"^\s*- (\.{1,2}/[^:\s]+):", compose, re.MULTILINE):
        if not (folder / match[1]).exists():
            yield f"compose.yaml mounts {match[1]}, which does not exist"
    context = re.search(r"^\s*context: (\S+)$", compose, re.MULTILINE)
    dockerfile = re.search(r"^\s*dockerfile: (\S+)$", compose, re.MULTILINE)
    if context and dockerfile and not (folder / context[1] / dockerfile[1]).exists():
        yield f"compose.yaml builds {dockerfile[1]}, which does not exist"


def variables(compose: str, example: str) -> Iterator[str]:
    """Compare the variables of the compose file with those that are explained."""
    used = set(re.findall(r"(?<!\$)\$\{(\w+)", compose))
    used |= set(re.findall(r"^\s+environment: ([A-Z]\w+)$", compose, re.MULTILINE))
    explained = dict(re.findall(r"^(\w+)=(.*)$", example, re.MULTILINE))
    for name in sorted(used - set(explained)):
        yield f"{name} of compose.yaml is not explained in .env.example"
    for name in sorted(set(explained) - used):
        yield f"{name} of .env.example is not used in compose.yaml"
    for name, default in re.findall(r"(?<!\$)\$\{(\w+):-([^}]*)\}", compose):
        if explained.get(name, default) != default:
            yield f"{name} is {default} in compose.yaml and not in .env.example"


# === OPTIONS THAT ODOO KNOWS ===


def odoo_tree(project: Project) -> odoo_source.OdooTree | None:
    """Return the Odoo to ask, if there is one already."""
    return None if odoo_source.is_missing(project) else odoo_source.ensure(project)


def known_options(tree: odoo_source.OdooTree) -> tuple[set[str], set[str]]:
    """Return the options of Odoo's command line and those of its file."""
    source = (tree.python_path / "odoo" / "tools" / "config.py").read_text()
    flags = set(re.findall(r"""["'](--[\w-]+)["']""", source))
    names = set(re.findall(r"""dest=["'](\w+)["']""", source))
    return flags, names


def command_options(compose: str, tree: odoo_source.OdooTree) -> Iterator[str]:
    """Return the options in the compose file that Odoo does not know."""
    flags, _names = known_options(tree)
    for flag in re.findall(r"^\s*- (--[\w-]+)", compose, re.MULTILINE):
        if flag not in flags:
            yield f"compose.yaml gives Odoo the option {flag}, which it does not know"


def odoo_options(project: Project) -> list[str]:
    """Return the lines of odoo.conf, in force or off, that nobody reads."""
    path = project.root / "odoo.conf"
    conf = read_conf(path)
    problems = [
        f"odoo.conf has an unknown section {name}"
        for name in conf.sections()
        if name != "options" and name not in ADDON_SECTIONS
    ]
    tree = odoo_tree(project)
    section = ""
    for line in path.read_text().splitlines():
        if match := re.match(r"\[(\w+)\]", line):
            section = match[1]
        elif match := re.match(r";?(\w+) =", line):
            known = ADDON_SECTIONS.get(section, set())
            if section == "options":
                known = known_options(tree)[1] if tree else {match[1]}
            if match[1] not in known:
                problems.append(f"odoo.conf: nobody reads {match[1]} in [{section}]")
    return problems
