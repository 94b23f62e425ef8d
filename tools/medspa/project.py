"""Where things are: the project, its state folder and the cache."""

import hashlib
import os
from functools import cached_property
from pathlib import Path

from .console import MedspaError


class Project:
    """The folders that every command works with."""

    def __init__(self, root: Path) -> None:
        """Take the project's top folder, the one with the ``medspa`` script."""
        self.root = root.resolve()
        self.state = self.root / ".medspa"
        self.logs = self.state / "logs"
        self.data_dir = self.state / "data"

    @cached_property
    def cache(self) -> Path:
        """Return the folder for what was fetched; projects share it."""
        named = os.environ.get("MEDSPA_CACHE")
        if named:
            return Path(named).expanduser().resolve()
        base = os.environ.get("XDG_CACHE_HOME") or "~/.cache"
        return Path(base).expanduser().resolve() / "medspa"

    @cached_property
    def key(self) -> str:
        """Return a short name for this checkout, for places outside of it."""
        return hashlib.sha256(str(self.root).encode()).hexdigest()[:10]

    def prepare(self) -> None:
        """Create the folders, or say which one cannot be written."""
        for folder in (self.state, self.logs, self.data_dir, self.cache):
            try:
                folder.mkdir(parents=True, exist_ok=True)
            except OSError as error:
                raise MedspaError(
                    f"{folder} cannot be created: {error.strerror}."
                ) from error
            if not os.access(folder, os.W_OK):
                raise MedspaError(
                    f"{folder} belongs to another user: run ./medspa as that user "
                    f"or remove the folder."
                )


def find_project() -> Project:
    """Return the project that this file is part of."""
    return Project(Path(__file__).parents[2])
