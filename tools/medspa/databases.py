"""Databases: the template with everything of others, copies, the demo clinic."""

import json
import shutil
import subprocess
from collections.abc import Iterable
from pathlib import Path

from . import addons as repository
from .addons import Addon
from .console import MedspaError, say, step
from .locks import exclusive
from .odoo import Odoo
from .postgres import Server
from .settings import BUILD_PREFIX, DB_MARK, TEMPLATE_PREFIX, TEST_ADDONS
from .venv import fingerprint

# What makes two copies of one database distinct installations.
NEW_IDENTITY = """
UPDATE ir_config_parameter SET value = gen_random_uuid()::text
 WHERE key IN ('database.uuid', 'database.secret');
UPDATE ir_config_parameter SET value = to_char(now() AT TIME ZONE 'utc',
 'YYYY-MM-DD HH24:MI:SS') WHERE key = 'database.create_date';
"""

# Keeps the bot's chat window from opening over what a visitor came to see.
NO_CHATTING_BOT = """
DO $$ BEGIN
    UPDATE res_users SET odoobot_state = 'disabled';
EXCEPTION WHEN undefined_column THEN NULL;
END $$;
"""


def quoted(name: str) -> str:
    """Return a name as an identifier of SQL."""
    return '"' + name.replace('"', '""') + '"'


def literal(text: str) -> str:
    """Return a text as a literal of SQL."""
    return "'" + text.replace("'", "''") + "'"


class Databases:
    """The databases of one checkout on one server, with their filestores."""

    def __init__(self, odoo: Odoo, server: Server) -> None:
        """Take the Odoo that fills them and the server that holds them."""
        self.odoo = odoo
        self.server = server
        self.project = odoo.project
        self._notes = self.project.state / "databases.json"

    # === WHAT THERE IS ===

    def exists(self, name: str) -> bool:
        """Tell whether the server has a database of that name."""
        sql = f"SELECT 1 FROM pg_database WHERE datname = {literal(name)}"
        return bool(self.server.query(sql))

    def ours(self) -> list[str]:
        """Return the databases that carry this tool's mark."""
        rows = self.server.query(
            "SELECT datname FROM pg_database "
            f"WHERE shobj_description(oid, 'pg_database') = {literal(self._mark)} "
            "ORDER BY datname"
        )
        return [row[0] for row in rows]

    @property
    def _mark(self) -> str:
        """Return the comment on the databases of this checkout."""
        return f"{DB_MARK} in {self.project.root}"

    def filestore(self, name: str) -> Path:
        """Return where Odoo keeps a database's files."""
        return self.project.data_dir / "filestore" / name

    # === MAKING AND DROPPING ===

    def create(self, name: str, template: str = "template0") -> None:
        """Create a marked database, as a copy with its files if so wanted."""
        source = f"ENCODING 'unicode' TEMPLATE {quoted(template)}"
        collate = " LC_COLLATE 'C'" if template == "template0" else ""
        if template != "template0":
            self._disconnect(template)
        self.server.query(f"CREATE DATABASE {quoted(name)} {source}{collate}")
        self.server.query(
            f"COMMENT ON DATABASE {quoted(name)} IS {literal(self._mark)}"
        )
        shutil.rmtree(self.filestore(name), ignore_errors=True)
        if self.filestore(template).is_dir():
            command = ["cp", "-a", "--reflink=auto"]
            subprocess.run(
                [*command, str(self.filestore(template)), str(self.filestore(name))],
                check=True,
            )
        if template != "template0":
            self.server.query(NEW_IDENTITY, db=name)
        else:
            self.server.query("CREATE EXTENSION IF NOT EXISTS pg_trgm", db=name)

    def drop(self, name: str) -> None:
        """Drop a database of ours with its files; refuse any other."""
        if not self.exists(name):
            return
        if name not in self.ours():
            raise MedspaError(
                f"The database {name} exists and was not made by this checkout's "
                f"./medspa: it is left alone; take another name with --db."
            )
        self._disconnect(name)
        self.server.query(f"DROP DATABASE {quoted(name)}")
        shutil.rmtree(self.filestore(name), ignore_errors=True)
        self._note(name, None)

    def rename(self, name: str, target: str) -> None:
        """Give a database and its files another name."""
        self._disconnect(name)
        self.server.query(f"ALTER DATABASE {quoted(name)} RENAME TO {quoted(target)}")
        shutil.rmtree(self.filestore(target), ignore_errors=True)
        if self.filestore(name).is_dir():
            self.filestore(name).rename(self.filestore(target))

    def _disconnect(self, name: str) -> None:
        """End the connections that would keep a database from being copied."""
        self.server.query(
            "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity "
            f"WHERE datname = {literal(name)} AND pid <> pg_backend_pid()"
        )

    # === THE TEMPLATE ===

    def template_name(self, names: Iterable[str]) -> str:
        """Return the template's name; it changes with what goes into it."""
        key = fingerprint(
            self.odoo.tree.version,
            str(self.odoo.tree.python_path),
            self.project.root / "requirements.txt",
            " ".join(names),
        )
        return TEMPLATE_PREFIX + key[:10]

    def template(self) -> str:
        """Return the database with all addons of others that ours and their tests need.

        It is made once, without demo data, under another name until it is complete.
        """
        needed = repository.third_party(repository.required(self.project))
        names = sorted({*needed, *TEST_ADDONS})
        name = self.template_name(names)
        lock = self.project.state / "template.lock"
        with exclusive(lock, "Another ./medspa makes the template: waiting for it."):
            if self.exists(name):
                return name
            for old in self.ours():
                if old.startswith((TEMPLATE_PREFIX, BUILD_PREFIX)):
                    self.drop(old)
            build = BUILD_PREFIX + name.removeprefix(TEMPLATE_PREFIX)
            with step(f"Making the template database ({len(names)} addons of others)"):
                self.create(build)
                log = self.project.logs / "template.log"
                # without ours in sight: an auto_install addon would join them
                paths = ",".join(str(path) for path in self.odoo.tree.addons_paths)
                self.odoo.install(log, build, names, "--addons-path", paths)
                self.rename(build, name)
        return name

    def copy(self, template: str, name: str) -> None:
        """Make a fresh copy of the template, in the place of an older one."""
        self.drop(name)
        lock = self.project.state / "template.lock"
        with exclusive(lock, "Another ./medspa copies the template: waiting for it."):
            self.create(name, template)

    # === THE DEMO CLINIC ===

    def make_demo(self, name: str, addons: list[Addon], log: Path) -> None:
        """Install our addons with their demo data in a copy of the template.

        Odoo loads an addon's demo data when all that it depends on have theirs. The
        furniture shop of Odoo's own demo data has no place in a clinic, so the addons
        of others only claim to have it, and only while ours are installed.
        """
        self.copy(self.template(), name)
        self.server.query("UPDATE ir_module_module SET demo = true", db=name)
        names = [addon.name for addon in addons]
        self.odoo.install(log, name, names, "--with-demo")
        listed = ", ".join(literal(addon) for addon in names)
        sql = f"UPDATE ir_module_module SET demo = false WHERE name NOT IN ({listed})"
        self.server.query(sql, db=name)
        self.server.query(NO_CHATTING_BOT, db=name)
        self._note(name, {addon.name: addon.fingerprint() for addon in addons})

    def make_empty(self, name: str, addons: list[Addon], log: Path) -> None:
        """Install our addons without demo data in a copy of the template."""
        self.copy(self.template(), name)
        self.odoo.install(log, name, [addon.name for addon in addons])
        self._note(name, {addon.name: addon.fingerprint() for addon in addons})

    def ensure_demo(self, name: str, addons: list[Addon], *, demo: bool) -> None:
        """Make the clinic's database, or bring it up to the files' state."""
        log = self.project.logs / f"{name}.log"
        if not self.exists(name):
            what = "with demo data" if demo else "without demo data"
            with step(f"Making the database {name} {what}"):
                make = self.make_demo if demo else self.make_empty
                make(name, addons, log)
            return
        if name not in self.ours():
            raise MedspaError(
                f"The database {name} exists and was not made by this checkout's "
                f"./medspa: take another name with --db."
            )
        self._update(name, addons, log)

    def _update(self, name: str, addons: list[Addon], log: Path) -> None:
        """Update the addons whose files changed, install the new ones."""
        known = self._read_notes().get(name)
        if known is None:
            # left behind by an interrupted run
            say(f"The database {name} is incomplete: it is made anew.")
            self.drop(name)
            self.ensure_demo(name, addons, demo=True)
            return
        now = {addon.name: addon.fingerprint() for addon in addons}
        new = [addon for addon in now if addon not in known]
        changed = [addon for addon in now if known.get(addon, now[addon]) != now[addon]]
        if changed:
            with step(f"Updating {', '.join(changed)} in {name}"):
                self.odoo.install(log, name, changed, update=True)
        if new:
            with step(f"Installing {', '.join(new)} in {name}"):
                self.odoo.install(log, name, new, "--with-demo")
        if changed or new:
            self._note(name, now)

    def set_address(self, name: str, url: str) -> None:
        """Let the links of mails lead to where the database is served.

        Odoo notes 8069 until an administrator logs in elsewhere.
        """
        self.server.query(
            "UPDATE ir_config_parameter SET value = "
            f"{literal(url)} WHERE key = 'web.base.url'",
            name,
        )

    # === NOTES ===

    def _read_notes(self) -> dict[str, dict[str, str]]:
        """Return which files each database was made from."""
        try:
            return json.loads(self._notes.read_text())
        except (OSError, ValueError):
            return {}

    def _note(self, name: str, hashes: dict[str, str] | None) -> None:
        """Remember, or forget, which files a database was made from."""
        waiting = "Another ./medspa writes its notes: waiting for it."
        with exclusive(self._notes.with_suffix(".lock"), waiting):
            notes = self._read_notes()
            notes.pop(name, None)
            if hashes is not None:
                notes[name] = hashes
            self._notes.write_text(json.dumps(notes, indent=1, sort_keys=True))
