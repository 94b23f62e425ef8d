"""PostgreSQL: a private cluster of the project, or a server that exists."""

import os
import pwd
import re
import shutil
import subprocess
import tempfile
import urllib.parse
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from .console import MedspaError, say, step
from .locks import FileLock, exclusive
from .process import failure, run, which
from .project import Project
from .system import postgres_bin

ROLE = "medspa"
# A cluster for development: what a crash may cost is made anew in a minute.
SETTINGS = {
    "listen_addresses": "''",
    "fsync": "off",
    "full_page_writes": "off",
    "synchronous_commit": "off",
    "shared_buffers": "256MB",
    "work_mem": "16MB",
    "maintenance_work_mem": "128MB",
    "max_wal_size": "2GB",
    "max_connections": "250",
    "unix_socket_permissions": "0700",
}
DURABLE = {"fsync": "on", "full_page_writes": "on", "synchronous_commit": "on"}


@dataclass(frozen=True)
class Connection:
    """How a server is reached; empty values are left to libpq."""

    host: str = ""
    port: str = ""
    user: str = ""
    password: str = ""
    sslmode: str = ""
    # the database for statements about databases
    maintenance_db: str = "postgres"

    def odoo_options(self) -> dict[str, str]:
        """Return the values under their names in odoo.conf."""
        values = {
            "db_host": self.host,
            "db_port": self.port,
            "db_user": self.user,
            "db_password": self.password,
            "db_sslmode": self.sslmode,
        }
        return {key: value for key, value in values.items() if value}

    def environment(self) -> dict[str, str]:
        """Return the values as libpq's variables."""
        values = {
            "PGHOST": self.host,
            "PGPORT": self.port,
            "PGUSER": self.user,
            "PGPASSWORD": self.password,
            "PGSSLMODE": self.sslmode,
        }
        return {key: value for key, value in values.items() if value}


def parse_url(url: str) -> Connection:
    """Read ``DATABASE_URL``: ``postgres://user:password@host:port/db?sslmode=...``."""
    parts = urllib.parse.urlsplit(url)
    if parts.scheme not in ("postgres", "postgresql"):
        raise MedspaError(
            "DATABASE_URL must begin with postgres:// or postgresql:// "
            f"and begins with {parts.scheme or 'something else'}."
        )
    try:
        port = str(parts.port or "")
    except ValueError as error:
        raise MedspaError("DATABASE_URL has a port that is no number.") from error
    query = dict(urllib.parse.parse_qsl(parts.query))
    return Connection(
        host=urllib.parse.unquote(parts.hostname or query.get("host", "")),
        port=port or query.get("port", ""),
        user=urllib.parse.unquote(parts.username or ""),
        password=urllib.parse.unquote(parts.password or ""),
        sslmode=query.get("sslmode", ""),
        maintenance_db=parts.path.strip("/") or "postgres",
    )


def configured(
    environ: Mapping[str, str], conf: Mapping[str, str]
) -> Connection | None:
    """Return the existing server that the user named, if any.

    :param conf: the options of odoo.conf
    """
    if url := environ.get("DATABASE_URL"):
        return parse_url(url)
    if conf.get("db_host", "False") in ("", "False"):
        return None
    known = {key: value for key, value in conf.items() if value != "False"}
    return Connection(
        host=known["db_host"],
        port=known.get("db_port", ""),
        user=known.get("db_user", ""),
        password=known.get("db_password", ""),
        sslmode=known.get("db_sslmode", ""),
    )


@dataclass
class Server:
    """A PostgreSQL server; this one exists already and is left running."""

    connection: Connection
    private: bool = field(default=False, init=False)

    def start(self) -> None:
        """Make sure that the server answers."""
        self.query("SELECT 1")

    def stop(self) -> None:
        """Leave the server as it is."""

    def query(self, sql: str, db: str | None = None) -> list[list[str]]:
        """Run a statement and return its rows as text.

        :param db: the database; without it the one for maintenance
        """
        program = which("psql")
        if folder := postgres_bin():
            program = str(folder / "psql") if (folder / "psql").exists() else program
        if not program:
            raise MedspaError("psql is not installed: install postgresql-client.")
        name = db or self.connection.maintenance_db
        done = subprocess.run(
            [program, "-X", "-q", "-A", "-t", "-F", "\x1f", "-v", "ON_ERROR_STOP=1"]
            + ["-d", name],
            input=sql,
            env={
                **os.environ,
                **self.connection.environment(),
                "PGCONNECT_TIMEOUT": "10",
            },
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise MedspaError(self._reason(done.stderr))
        return [line.split("\x1f") for line in done.stdout.splitlines() if line]

    def _reason(self, stderr: str) -> str:
        """Return one sentence for what psql complains about."""
        text = " ".join(stderr.split())
        match = re.search(r"(?:FATAL|ERROR):\s+(.*?)(?: LINE \d+:.*)?$", text)
        reason = match[1] if match else text.removeprefix("psql: ")
        if "connection to server" in text or "could not connect" in text:
            return f"The PostgreSQL server does not let us in: {reason}."
        return f"PostgreSQL refused a statement: {reason}."


class PrivateCluster(Server):
    """A cluster of the project: reached by a socket only, by nobody else.

    initdb and the server refuse root, so as root they run as another user. Commands
    share the cluster; the last one that leaves stops it.
    """

    def __init__(self, project: Project) -> None:
        """Decide where the cluster lies; nothing is created yet."""
        self.project = project
        self.account = _account()
        self.home = self._find_home()
        self.data = self.home / "data"
        self.socket = self._find_socket()
        super().__init__(Connection(host=str(self.socket), port="5432", user=ROLE))
        self.private = True
        self._users = FileLock(project.state / "pg-users.lock")
        folder = postgres_bin()
        if folder is None:
            raise MedspaError("PostgreSQL 13 or newer is not installed.")
        self.bin = folder

    # === PLACES ===

    def _find_home(self) -> Path:
        """Return the cluster's folder: the state folder, if its user gets there."""
        note = self.project.state / "pg-home"
        if note.exists():
            return Path(note.read_text().strip())
        home = self.project.state / "pg"
        if self.account and not _reaches(self.account, self.project.state):
            home = Path("/var/lib/medspa") / self.project.key
            say(f"The database lies in {home}: {self.account} may not enter here.")
        note.write_text(f"{home}\n")
        return home

    def _find_socket(self) -> Path:
        """Return the socket's folder; the kernel limits its length to 107."""
        inside = self.home / "socket"
        if len(str(inside)) < 80:
            return inside
        return Path(tempfile.gettempdir()) / f"medspa-{os.getuid()}-{self.project.key}"

    # === LIFE ===

    def start(self) -> None:
        """Create the cluster the first time, start it if it is not running."""
        waiting = "Another ./medspa is starting PostgreSQL: waiting for it."
        with exclusive(self.project.state / "pg-start.lock", waiting):
            self._users.share()
            self._create()
            if not self._is_running():
                self._launch()

    def stop(self) -> None:
        """Stop the server unless another command of this checkout uses it."""
        with exclusive(self.project.state / "pg-start.lock", "Waiting for PostgreSQL."):
            alone = self._users.try_alone()
            if alone and self._is_running():
                self._ctl("stop", "-m", "fast", "-w", "-t", "30")
            self._users.release()

    def remove(self) -> None:
        """Delete the cluster with all its databases."""
        if self.data.exists() and self._is_running():
            self._ctl("stop", "-m", "immediate", "-w", "-t", "30")
        shutil.rmtree(self.home, ignore_errors=True)
        shutil.rmtree(self.socket, ignore_errors=True)
        (self.project.state / "pg-home").unlink(missing_ok=True)

    def _create(self) -> None:
        """Run initdb once."""
        self._own(self.home)
        self._own(self.socket)
        if (self.data / "medspa-ready").exists():
            self._check_version()
            return
        shutil.rmtree(self.data, ignore_errors=True)
        with step("Creating a private PostgreSQL cluster"):
            command = [self.bin / "initdb", "-D", self.data, "-U", ROLE, "-E", "UTF8"]
            command += ["--locale=C.UTF-8", "--auth=trust", "--no-sync"]
            self._run(command, "initdb")
            with (self.data / "postgresql.conf").open("a") as conf:
                conf.write("\ninclude_if_exists 'medspa.conf'\n")
            self._own(self.data / "medspa-ready", folder=False)

    def _check_version(self) -> None:
        """Say so when the server programs were upgraded to another major version."""
        made = (self.data / "PG_VERSION").read_text().strip()
        folder = Path(f"/usr/lib/postgresql/{made}/bin")
        if (folder / "postgres").exists():
            self.bin = folder
        elif self.bin.parent.name.isdigit() and self.bin.parent.name != made:
            raise MedspaError(
                f"The private cluster was made by PostgreSQL {made}, which is not "
                f"installed any more: ./medspa reset --all begins anew."
            )

    def _own(self, path: Path, *, folder: bool = True) -> None:
        """Create a folder (or an empty file) that belongs to the server's user."""
        if folder:
            path.mkdir(parents=True, exist_ok=True)
        else:
            path.touch()
        if self.account:
            shutil.chown(path, self.account)
        path.chmod(0o700 if folder else 0o600)

    def _launch(self) -> None:
        """Start the server and wait until it answers."""
        settings = self.data / "medspa.conf"
        self._own(settings, folder=False)
        lines = [f"{key} = {value}\n" for key, value in SETTINGS.items()]
        settings.write_text("# written by ./medspa at each start\n" + "".join(lines))
        log = self.home / "server.log"
        options = f"-k '{self.socket}'"
        self._ctl("start", "-w", "-t", "60", "-l", str(log), "-o", options)

    def _is_running(self) -> bool:
        """Tell whether the cluster's server runs."""
        command = self._as_account([self.bin / "pg_ctl", "-D", self.data, "status"])
        done = subprocess.run(command, capture_output=True, cwd="/", check=False)
        return done.returncode == 0

    def _ctl(self, action: str, *arguments: str) -> None:
        """Run pg_ctl; the server keeps none of our files open."""
        command = [self.bin / "pg_ctl", "-D", self.data, action, "-s", *arguments]
        done = subprocess.run(
            self._as_account(command),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
            cwd="/",
            check=False,
        )
        if done.returncode:
            log = self.home / "server.log"
            said = log.read_text(errors="replace")[-2000:] if log.exists() else ""
            raise MedspaError(
                failure(f"PostgreSQL's {action}", said, done.returncode, log)
            )

    def _run(self, command: Sequence[str | Path], what: str) -> None:
        """Run a server program as the server's user."""
        run(self._as_account(command), what=what, cwd=Path("/"))

    def _as_account(self, command: Sequence[str | Path]) -> list[str]:
        """Return the command for the server's user."""
        words = [str(word) for word in command]
        if not self.account:
            return words
        return ["runuser", "-u", self.account, "--", *words]

    def durable(self, wanted: bool) -> None:
        """Switch crash safety on, as production has it, or off again."""
        for name, value in DURABLE.items():
            self.query(
                f"ALTER SYSTEM SET {name} = {value}"
                if wanted
                else f"ALTER SYSTEM RESET {name}"
            )
        self.query("SELECT pg_reload_conf()")


def _account() -> str | None:
    """Return the user that the server runs as when we are root."""
    if os.geteuid() != 0:
        return None
    for name in ("postgres", "nobody"):
        try:
            return pwd.getpwnam(name).pw_name
        except KeyError:
            continue
    raise MedspaError("Neither a user postgres nor a user nobody exists here.")


def _reaches(account: str, folder: Path) -> bool:
    """Tell whether a user may enter a folder."""
    command = ["runuser", "-u", account, "--", "test", "-x", str(folder)]
    return subprocess.run(command, capture_output=True, check=False).returncode == 0
