"""Programs of the operating system: which are missing, and installing them."""

import os
import re
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from .console import MedspaError, say, step, warn
from .process import failure, run, which
from .settings import POSTGRES_MIN

BROWSERS = ("google-chrome", "chromium", "chromium-browser")
# The same browser without its windows: it starts in a third of the time.
HEADLESS = "chromium-headless-shell"
CREATE_CLUSTER = Path("/etc/postgresql-common/createcluster.conf")


@dataclass(frozen=True)
class Need:
    """A package to install and the reason that is given for it."""

    package: str
    reason: str
    optional: bool = False


def browser() -> str | None:
    """Return the browser that Odoo's tests would find."""
    return next((path for name in BROWSERS if (path := which(name))), None)


def postgres_bin() -> Path | None:
    """Return the folder of the newest PostgreSQL server programs."""
    found: list[tuple[int, Path]] = []
    for folder in Path("/usr/lib/postgresql").glob("*/bin"):
        if (folder / "initdb").exists() and folder.parent.name.isdigit():
            found.append((int(folder.parent.name), folder))
    if initdb := which("initdb"):
        version = run([initdb, "--version"], what="initdb --version")
        if match := re.search(r"\b(\d+)(?:\.\d+|beta\d+|rc\d+)?\b", version):
            found.append((int(match[1]), Path(initdb).resolve().parent))
    found = [item for item in found if item[0] >= POSTGRES_MIN]
    return max(found)[1] if found else None


def missing(*, server: bool, tests: bool, fetch: bool) -> list[Need]:
    """Return what has to be installed.

    :param server: whether a PostgreSQL server of our own is needed
    :param tests: whether a browser is needed
    :param fetch: whether Odoo has to be fetched and unpacked
    """
    needs = []
    if server and not postgres_bin():
        needs.append(Need("postgresql", "the database server, as a private cluster"))
    elif not server and not which("psql"):
        needs.append(Need("postgresql-client", "to talk to the database server"))
    if tests and not browser():
        needs.append(Need("chromium", "the browser of the tours and screenshots"))
    if tests and not which(HEADLESS) and (not browser() or _in_archive(HEADLESS)):
        needs.append(Need(HEADLESS, "a browser that starts faster", optional=True))
    if not which("wkhtmltopdf"):
        needs.append(Need("wkhtmltopdf", "PDF documents", optional=True))
    if fetch and not which("xz") and not which("dpkg-deb"):
        needs.append(Need("xz-utils", "to unpack Odoo"))
    return needs


def as_root() -> list[str]:
    """Return the words that make a command run as root, or complain."""
    if os.geteuid() == 0:
        return []
    if which("sudo"):
        return ["sudo"]
    raise MedspaError("there is neither root nor sudo")


def install(needs: list[Need]) -> None:
    """Install packages by apt-get, saying before which ones and why."""
    if not needs:
        return
    names = " ".join(need.package for need in needs)
    if not which("apt-get"):
        raise MedspaError(
            f"This system has no apt-get: install the equivalents of {names} by its "
            f"own means and run the command again."
        )
    say("These system packages are missing and get installed by apt-get:")
    for need in needs:
        say(f"    {need.package}: {need.reason}")
    try:
        prefix = as_root()
    except MedspaError as error:
        raise MedspaError(
            f"{names} must be installed and {error}: ask an administrator to run "
            f"apt-get install {names}."
        ) from error
    if prefix and subprocess.run(["sudo", "-v"], check=False).returncode:
        raise MedspaError(
            f"sudo was refused: ask an administrator to run apt-get install {names}."
        )
    with step("Installing system packages"), no_main_cluster(prefix, needs):
        _refresh_lists(prefix)
        available = [need for need in needs if _available(need)]
        _apt_install(prefix, [need.package for need in available])


def _refresh_lists(prefix: list[str]) -> None:
    """Update apt's lists unless that was done within the day."""
    stamps = [path.stat().st_mtime for path in _package_lists()]
    if not stamps or time.time() - max(stamps) > 86400:
        _apt(prefix, ["update"], "apt-get update")


def _package_lists() -> list[Path]:
    """Return apt's downloaded package lists."""
    return list(Path("/var/lib/apt/lists").glob("*_Packages*"))


def _available(need: Need) -> bool:
    """Tell whether apt knows the package; an optional one may be missing."""
    if _in_archive(need.package):
        return True
    if need.optional:
        warn(f"{need.package} ({need.reason}) is not in this system's archive: skipped")
        return False
    raise MedspaError(
        f"{need.package} ({need.reason}) is not in this system's archive: install it "
        f"by other means and run the command again."
    )


def _in_archive(package: str) -> bool:
    """Tell whether apt's lists have a package."""
    if not which("apt-cache"):
        return False
    policy = run(["apt-cache", "policy", package], what="apt-cache policy")
    return bool(re.search(r"Candidate: (?!\(none\))\S", policy))


def _apt_install(prefix: list[str], names: list[str]) -> None:
    """Install packages, with fresh lists when the first try finds files gone."""
    if not names:
        return
    command = ["install", "-y", "--no-install-recommends", *names]
    try:
        _apt(prefix, command, "apt-get install")
    except MedspaError:
        _apt(prefix, ["update"], "apt-get update")
        _apt(prefix, command, "apt-get install")


def _apt(prefix: list[str], arguments: list[str], what: str) -> None:
    """Run apt-get without questions."""
    command = [*prefix, "env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "-q"]
    options = ["-o", "Dpkg::Options::=--force-confold", "-o", "Acquire::Retries=2"]
    done = subprocess.run(
        [*command, *options, *arguments],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        check=False,
    )
    unreached = what == "apt-get update" and "Failed to fetch" in done.stdout
    if done.returncode or (unreached and not _package_lists()):
        raise MedspaError(failure(what, done.stdout, done.returncode))


@contextmanager
def no_main_cluster(prefix: list[str], needs: list[Need]) -> Iterator[None]:
    """Keep Debian from creating and starting a cluster of its own.

    Our private cluster is enough; a main one would take port 5432. The setting is
    there only during the installation, for packages that people add later.
    """
    if not any(need.package == "postgresql" for need in needs):
        yield
        return
    target = str(CREATE_CLUSTER)
    before = CREATE_CLUSTER.read_text() if CREATE_CLUSTER.exists() else None
    run([*prefix, "mkdir", "-p", str(CREATE_CLUSTER.parent)], what="mkdir")
    _write(prefix, target, (before or "") + "create_main_cluster = false\n")
    try:
        yield
    finally:
        if before is not None:
            _write(prefix, target, before)
        elif Path("/usr/share/postgresql-common/createcluster.conf").exists():
            shipped = "/usr/share/postgresql-common/createcluster.conf"
            run([*prefix, "cp", shipped, target], what=f"restoring {target}")
        else:
            run([*prefix, "rm", "-f", target], what=f"removing {target}")


def _write(prefix: list[str], target: str, text: str) -> None:
    """Write a file as root."""
    run([*prefix, "tee", target], what=f"writing {target}", stdin=text)
