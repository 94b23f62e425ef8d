"""Odoo itself: a tree that the user has, or Debian's package in the cache.

Odoo 19 is not on PyPI. Debian carries it as a package, which is downloaded here
with an apt configuration of our own: nothing of the system changes, no root is
needed, and apt checks the signatures of the archive.
"""

import hashlib
import os
import re
import shutil
import subprocess
import tarfile
import tempfile
from dataclasses import dataclass
from pathlib import Path

from . import aptsources
from .console import MedspaError, say, step, warn
from .process import explain, run, which
from .project import Project
from .settings import (
    COMPANION_PACKAGES,
    FREE_DISK_MB,
    ODOO_DEB_SHA256,
    ODOO_DEB_VERSION,
    ODOO_EMPTY_FILES,
    ODOO_LANGUAGES,
    ODOO_PACKAGE,
    ODOO_RECIPE,
    ODOO_SERIES,
    ODOO_SUITE,
    OLDER_PACKAGES,
    OLDER_SUITE,
)

DIST_PACKAGES = Path("usr/lib/python3/dist-packages")


@dataclass(frozen=True)
class OdooTree:
    """An Odoo that can be imported."""

    version: str
    python_path: Path
    addons_paths: tuple[Path, ...]


# === A TREE THAT THE USER HAS ===


def from_path(value: str) -> OdooTree:
    """Return the Odoo that ``ODOO_PATH`` names.

    :param value: folders joined by colons: a source checkout or the folder that
        holds the ``odoo`` package, then more addons folders such as Enterprise
    """
    roots = [Path(part).expanduser() for part in value.split(os.pathsep) if part]
    for root in roots:
        if not root.is_dir():
            raise MedspaError(f"ODOO_PATH names {root}, which is not a folder.")
    for root in roots:
        base = root.parent if (root / "release.py").is_file() else root
        if (base / "odoo" / "release.py").is_file():
            return _described(base.resolve(), [path for path in roots if path != root])
    raise MedspaError(
        f"ODOO_PATH is {value} and holds no Odoo: name the folder that contains "
        f"odoo/release.py (a source checkout, or dist-packages of a package)."
    )


def _described(base: Path, others: list[Path]) -> OdooTree:
    """Return the tree at a folder, after a look at its version."""
    release = (base / "odoo" / "release.py").read_text()
    match = re.search(r"version_info\s*=\s*\((\d+),\s*(\d+)", release)
    series = f"{match[1]}.{match[2]}" if match else "unknown"
    if series != ODOO_SERIES:
        raise MedspaError(
            f"ODOO_PATH holds Odoo {series} and these addons are for {ODOO_SERIES}."
        )
    folders = [path.resolve() for path in others]
    for path in (base / "addons", base / "odoo" / "addons"):
        if path.is_dir() and any(path.glob("*/__manifest__.py")):
            folders.append(path)
    return OdooTree(series, base, tuple(folders))


# === DEBIAN'S PACKAGE, IN THE CACHE ===


def cached(project: Project) -> OdooTree | None:
    """Return the tree in the cache, the pinned version before any other."""
    pinned = _folder(project, ODOO_DEB_VERSION)
    others = sorted(project.cache.glob(f"odoo-{ODOO_SERIES}*-r{ODOO_RECIPE}"))
    for folder in [pinned, *others]:
        if folder.is_dir():
            return _tree(folder)
    return None


def ensure(project: Project) -> OdooTree:
    """Return Odoo: the user's, the cached one, or one that is fetched now."""
    if named := os.environ.get("ODOO_PATH"):
        return from_path(named)
    return cached(project) or fetch(project)


def is_missing(project: Project) -> bool:
    """Tell whether Odoo has yet to be fetched."""
    return not os.environ.get("ODOO_PATH") and cached(project) is None


def fetch(project: Project) -> OdooTree:
    """Download and unpack Debian's package into the cache."""
    for program in ("apt-get", "dpkg-deb"):
        if not which(program):
            raise MedspaError(
                f"Odoo is fetched as a Debian package and there is no {program} here: "
                f"set ODOO_PATH to an Odoo {ODOO_SERIES} that you have."
            )
    _check_disk(project)
    say("Odoo is not on PyPI: Debian's package is taken, outside of the system.")
    with tempfile.TemporaryDirectory(prefix="fetch-", dir=project.cache) as name:
        work = Path(name)
        debs, pinned_only = _download_all(work)
        version = _checked_version(debs, pinned_only=pinned_only)
        with step(f"Unpacking Odoo {version}"):
            tree = work / "tree"
            _unpack(debs, tree)
            _complete(tree / DIST_PACKAGES)
        target = _folder(project, version)
        if not target.exists():
            tree.rename(target)
    return _tree(target)


def _folder(project: Project, version: str) -> Path:
    """Return where a version lies in the cache."""
    return project.cache / f"odoo-{version}-r{ODOO_RECIPE}"


def _tree(folder: Path) -> OdooTree:
    """Return the unpacked package as a tree."""
    base = folder / DIST_PACKAGES
    version = folder.name.removeprefix("odoo-").removesuffix(f"-r{ODOO_RECIPE}")
    return OdooTree(version, base, (base / "odoo" / "addons",))


def _check_disk(project: Project) -> None:
    """Refuse to begin on a disk where it cannot end."""
    for folder in {project.cache, project.state}:
        free = shutil.disk_usage(folder).free // 2**20
        if free < FREE_DISK_MB:
            raise MedspaError(
                f"The disk of {folder} has {free} MB left and about {FREE_DISK_MB} MB "
                f"are needed: free some space, or set MEDSPA_CACHE to another disk."
            )


def _download_all(work: Path) -> tuple[list[Path], bool]:
    """Download Odoo and what it links to.

    :return: the packages, and whether only the pinned version may be taken
    """
    source = _mirror()
    if source is None:
        with step("Downloading Odoo from this system's own archive (about 130 MB)"):
            return _download_by_system(work), False
    pinned_only = False
    with step("Downloading Odoo and its fonts (about 130 MB)"):
        try:
            current = Downloader(work / "apt", source, ODOO_SUITE)
        except ExpiredError:
            # A mirror that stands still could hide updates; a pinned hash cannot lie.
            warn("the mirror is out of date: only the pinned version of Odoo is taken")
            pinned_only = True
            current = Downloader(work / "apt-old", source, ODOO_SUITE, expired=True)
        debs = current.download([ODOO_PACKAGE, *COMPANION_PACKAGES])
        try:
            older = Downloader(work / "apt-older", source, OLDER_SUITE)
            debs += older.download(OLDER_PACKAGES)
        except MedspaError:
            warn(
                f"{', '.join(OLDER_PACKAGES)} of {OLDER_SUITE} could not be had: taken "
                f"from {ODOO_SUITE}, a few icons may be missing"
            )
            debs += current.download(OLDER_PACKAGES)
    return debs, pinned_only


def _mirror() -> aptsources.Source | None:
    """Return the mirror to use; ``None`` when the system itself carries Odoo."""
    if named := os.environ.get("MEDSPA_DEBIAN_MIRROR"):
        return aptsources.Source(named, ODOO_SUITE)
    if source := aptsources.debian_mirror(aptsources.read_sources()):
        return source
    policy = run(["apt-cache", "policy", ODOO_PACKAGE], what="apt-cache policy")
    if re.search(rf"Candidate: {re.escape(ODOO_SERIES)}\.", policy):
        return None
    raise MedspaError(
        "No Debian mirror is among this system's apt sources: set "
        "MEDSPA_DEBIAN_MIRROR to the address of one (it ends in /debian; the package "
        "debian-archive-keyring has its keys), or ODOO_PATH to an Odoo "
        f"{ODOO_SERIES} that you have."
    )


def _download_by_system(work: Path) -> list[Path]:
    """Download with the system's own apt settings; needs no root either."""
    folder = work / "debs"
    folder.mkdir()
    names = [ODOO_PACKAGE, *COMPANION_PACKAGES, *OLDER_PACKAGES]
    run(["apt-get", "-q", "download", *names], what="apt-get download", cwd=folder)
    return sorted(folder.glob("*.deb"))


class ExpiredError(MedspaError):
    """The mirror's lists are older than the archive says they may be."""


class Downloader:
    """An apt that knows one suite of one mirror and nothing of the system."""

    def __init__(
        self,
        folder: Path,
        source: aptsources.Source,
        suite: str,
        *,
        expired: bool = False,
    ) -> None:
        """Write the configuration and fetch the suite's package list.

        :param expired: whether lists may be older than they say
        """
        self.folder = folder
        self.expired = expired
        self.debs = folder / "debs"
        for name in ("state/lists/partial", "cache/archives/partial", "parts", "debs"):
            (folder / name).mkdir(parents=True)
        (folder / "status").touch()
        key = aptsources.keyring(source)
        options = f"[signed-by={key}] " if key else ""
        line = f"deb {options}{source.uri} {suite} main\n"
        (folder / "sources.list").write_text(line)
        (folder / "apt.conf").write_text(self._configuration())
        self._apt("update", "-q")

    def _configuration(self) -> str:
        """Return the settings; the machine's own (a proxy, say) stay in force."""
        user = "root" if os.geteuid() == 0 else ""
        settings = {
            "Dir::State": self.folder / "state",
            "Dir::State::status": self.folder / "status",
            "Dir::Cache": self.folder / "cache",
            "Dir::Etc::sourcelist": self.folder / "sources.list",
            "Dir::Etc::sourceparts": self.folder / "parts",
            "Dir::Etc::preferencesparts": self.folder / "parts",
            "Dir::Etc::preferences": "/dev/null",
            "APT::Sandbox::User": user,
            "Acquire::Languages": "none",
            "Acquire::IndexTargets::deb::Contents-deb::DefaultEnabled": "false",
            "Acquire::Retries": "3",
        }
        if self.expired:
            settings["Acquire::Check-Valid-Until"] = "false"
        cleared = [
            "APT::Update::Post-Invoke",
            "APT::Update::Post-Invoke-Success",
            "DPkg::Post-Invoke",
        ]
        lines = [f'{key} "{value}";' for key, value in settings.items() if value != ""]
        return "\n".join([f"#clear {name};" for name in cleared] + lines) + "\n"

    def _apt(self, *arguments: str) -> None:
        """Run apt-get with our configuration only."""
        env = {**os.environ, "APT_CONFIG": str(self.folder / "apt.conf")}
        done = subprocess.run(
            ["apt-get", *arguments],
            env={**env, "LC_ALL": "C"},
            cwd=self.debs,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        failed = (
            done.returncode or "\nErr:" in done.stdout or "W: Failed" in done.stdout
        )
        if failed:
            lines = [li for li in done.stdout.splitlines() if li[:2] in ("E:", "W:")]
            if any("is expired" in line for line in lines):
                raise ExpiredError("The mirror's package lists are out of date.")
            reason = explain(done.stdout) or (lines[-1] if lines else "no reason given")
            raise MedspaError(f"Odoo could not be downloaded: {reason}")

    def download(self, names: list[str]) -> list[Path]:
        """Download packages, without what they depend on."""
        self._apt("download", "-q", *names)
        return [self._newest(name) for name in names]

    def _newest(self, name: str) -> Path:
        """Return the file that was downloaded for a package."""
        return next(iter(sorted(self.debs.glob(f"{name}_*.deb"))))


def _checked_version(debs: list[Path], *, pinned_only: bool) -> str:
    """Return Odoo's package version; warn, or refuse, when it is not the pinned one."""
    deb = next(path for path in debs if path.name.startswith(f"{ODOO_PACKAGE}_"))
    version = run(["dpkg-deb", "-f", deb, "Version"], what="dpkg-deb").strip()
    if not version.startswith(f"{ODOO_SERIES}."):
        raise MedspaError(
            f"The archive now has Odoo {version} and these addons are for "
            f"{ODOO_SERIES}: set ODOO_PATH to an Odoo {ODOO_SERIES} that you have."
        )
    digest = hashlib.sha256(deb.read_bytes()).hexdigest()
    if digest != ODOO_DEB_SHA256 and pinned_only:
        raise MedspaError(
            f"The Debian mirror is out of date and has Odoo {version}, not the pinned "
            f"{ODOO_DEB_VERSION}: name a fresher one with MEDSPA_DEBIAN_MIRROR."
        )
    if digest != ODOO_DEB_SHA256:
        warn(
            f"the archive has moved on: this is Odoo {version} (SHA-256 {digest}) and "
            f"the addons were tested with {ODOO_DEB_VERSION}"
        )
    return version


def _unpack(debs: list[Path], target: Path) -> None:
    """Unpack packages over one another, without most translations."""
    target.mkdir()
    for deb in debs:
        with subprocess.Popen(
            ["dpkg-deb", "--fsys-tarfile", str(deb)],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        ) as reader:
            assert reader.stdout is not None
            try:
                _extract(reader.stdout, target)
            except tarfile.TarError as error:
                raise MedspaError(f"{deb.name} cannot be unpacked: {error}.") from error
        if reader.returncode:
            raise MedspaError(f"{deb.name} cannot be unpacked: it is damaged.")


def _extract(stream, target: Path) -> None:
    """Extract the wanted members of a tar stream."""
    with tarfile.open(fileobj=stream, mode="r|", bufsize=1 << 20) as archive:
        if hasattr(tarfile, "tar_filter"):
            archive.extraction_filter = staticmethod(tarfile.tar_filter)
        for member in archive:
            if wanted(member.name):
                archive.extract(member, target, set_attrs=not member.isdir())


def wanted(name: str) -> bool:
    """Tell whether a file of the package is unpacked."""
    parts = name.removeprefix("./").split("/")
    if parts[0] == "etc" or parts[:3] == ["usr", "share", "doc"]:
        return False
    if len(parts) > 2 and parts[-2] == "i18n" and parts[-1].endswith(".po"):
        return parts[-1].removesuffix(".po") in ODOO_LANGUAGES
    return True


def _complete(base: Path) -> None:
    """Put the files in place that the package lacks."""
    for name in ODOO_EMPTY_FILES:
        path = base / name
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            path.touch()
