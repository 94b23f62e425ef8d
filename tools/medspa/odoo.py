"""Running Odoo: its configuration file, its environment, one command of it."""

import configparser
import os
import secrets
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from .console import MedspaError, elapsed
from .odoo_source import OdooTree
from .postgres import Connection
from .process import explain
from .project import Project
from .settings import PROGRAM_SECONDS, SILENT_SECONDS
from .venv import Venv

# What would move Odoo's settings behind our back.
DROPPED_VARIABLES = {
    "PYTHONPATH",
    "ODOO_DEV",
    "OPENERP_SERVER",
    "PGHOST",
    "PGPORT",
    "PGUSER",
    "PGPASSWORD",
    "PGDATABASE",
    "PGSSLMODE",
    "PGAPPNAME",
    "PGOPTIONS",
    "PGDATABASE_TEMPLATE",
}

# What one process of several does not listen on yet looks free to the next.
_GIVEN_PORTS: set[int] = set()


def read_conf(path: Path) -> configparser.RawConfigParser:
    """Return a configuration file of Odoo."""
    conf = configparser.RawConfigParser(comment_prefixes=(";", "#"))
    try:
        conf.read_string(path.read_text() if path.exists() else "[options]\n")
    except configparser.Error as error:
        reason = " ".join(str(error).split())
        raise MedspaError(f"{path} cannot be read: {reason}.") from error
    if not conf.has_section("options"):
        conf.add_section("options")
    return conf


def port_is_free(port: int, host: str = "0.0.0.0") -> bool:
    """Tell whether a server could listen on a port."""
    with closing(socket.socket(socket.AF_INET, socket.SOCK_STREAM)) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
    return True


def free_port() -> int:
    """Return a port that nobody listens on, and that nobody here was given before."""
    while True:
        with closing(socket.socket(socket.AF_INET, socket.SOCK_STREAM)) as probe:
            probe.bind(("127.0.0.1", 0))
            port = int(probe.getsockname()[1])
        if port not in _GIVEN_PORTS:
            _GIVEN_PORTS.add(port)
            return port


@dataclass(frozen=True)
class Limits:
    """How long Odoo may run, so that what hangs ends with a sentence.

    :param silent: seconds without a line of the log
    :param until: seconds since this command began
    """

    silent: float
    until: float


class HungError(MedspaError):
    """Odoo was stopped because it hung."""


class Guard:
    """Stops a process that passes its limits, and knows why."""

    INTERVAL = 1.0

    def __init__(self, process: subprocess.Popen, limits: Limits | None) -> None:
        """Begin to watch, unless there is nothing to watch for."""
        self.process = process
        self.limits = limits
        self.reason: str | None = None
        self._heard = time.monotonic()
        self._done = threading.Event()
        if limits:
            threading.Thread(target=self._watch, daemon=True).start()

    def hear(self) -> None:
        """Take note of a sign of life."""
        self._heard = time.monotonic()

    def end(self) -> None:
        """Stop watching."""
        self._done.set()

    def _watch(self) -> None:
        """Wait for the process's end or for a limit, whichever comes first."""
        while not self._done.wait(self.INTERVAL):
            if time.monotonic() - self._heard > self.limits.silent:
                self.reason = f"it said nothing for {_minutes(self.limits.silent)}"
            elif elapsed() > self.limits.until:
                self.reason = f"this took more than {_minutes(self.limits.until)}"
            if self.reason:
                # its answer is what each thread does: in the log for whoever looks
                self.process.send_signal(signal.SIGQUIT)
                time.sleep(self.INTERVAL)
                stop(self.process, 5)
                return


def _minutes(seconds: float) -> str:
    """Return a time as people say it."""
    return f"{seconds / 60:.0f} minutes" if seconds >= 120 else f"{seconds:.0f} seconds"


class Odoo:
    """Odoo with the configuration of this checkout."""

    def __init__(
        self, project: Project, tree: OdooTree, venv: Venv, connection: Connection
    ) -> None:
        """Write the configuration file that all commands use."""
        self.project = project
        self.tree = tree
        self.venv = venv
        self.connection = connection
        self.conf = project.state / "odoo.conf"
        self._running: set[subprocess.Popen] = set()
        self._write_conf()

    def _write_conf(self) -> None:
        """Join the project's odoo.conf with what belongs to this machine."""
        conf = read_conf(self.project.root / "odoo.conf")
        paths = [self.project.root, *self.tree.addons_paths]
        options = {
            **self.connection.odoo_options(),
            "addons_path": ",".join(str(path) for path in paths),
            "data_dir": str(self.project.data_dir),
            # Odoo's own is "admin", which whoever reaches the port knows.
            "admin_passwd": secrets.token_urlsafe(32),
        }
        for key, value in options.items():
            conf.set("options", key, value)
        partial = self.conf.with_suffix(f".{os.getpid()}")
        with os.fdopen(os.open(partial, os.O_WRONLY | os.O_CREAT, 0o600), "w") as file:
            file.write("; written by ./medspa from ../odoo.conf: do not edit\n")
            conf.write(file)
        partial.replace(self.conf)

    def environment(self) -> dict[str, str]:
        """Return the environment of an Odoo process."""
        env = {k: v for k, v in os.environ.items() if k not in DROPPED_VARIABLES}
        env.update(self.connection.environment())
        env["ODOO_RC"] = str(self.conf)
        env["PYTHONUNBUFFERED"] = "1"
        env.setdefault("LANG", "C.UTF-8")
        env["PATH"] = f"{self.venv.path / 'bin'}{os.pathsep}{env.get('PATH', '')}"
        return env

    def command(self, *arguments: str, script: Path | None = None) -> list[str]:
        """Return the words of an Odoo command; it reads our file by ``ODOO_RC``.

        :param script: a script that starts Odoo, in the place of Odoo's own
        """
        program = [str(script)] if script else ["-m", "odoo"]
        return [str(self.venv.python), *program, *arguments]

    def popen(
        self, *arguments: str, script: Path | None = None, **options
    ) -> subprocess.Popen:
        """Start Odoo in a session of its own, so that Ctrl-C reaches only us."""
        return subprocess.Popen(
            self.command(*arguments, script=script),
            env=self.environment(),
            cwd=self.project.state,
            start_new_session=True,
            **options,
        )

    def call(self, *arguments: str) -> int:
        """Run Odoo on the terminal and return its exit code."""
        done = subprocess.run(
            self.command(*arguments),
            env=self.environment(),
            cwd=self.project.state,
            check=False,
        )
        return done.returncode

    def run(
        self,
        log: Path,
        *arguments: str,
        stdin: str | None = None,
        on_line: Callable[[str], None] | None = None,
        limits: Limits | None = None,
        script: Path | None = None,
    ) -> int:
        """Run Odoo into a log file and return its exit code.

        :param on_line: is told each line as it comes
        :raise HungError: when it passed the limits
        """
        with log.open("w", errors="replace") as file:
            process = self.popen(
                *arguments,
                script=script,
                stdin=subprocess.DEVNULL if stdin is None else subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                errors="replace",
            )
            self._running.add(process)
            guard = Guard(process, limits)
            try:
                if stdin is not None:
                    process.stdin.write(stdin)
                    process.stdin.close()
                for line in process.stdout:
                    guard.hear()
                    file.write(line)
                    if on_line:
                        on_line(line)
                code = process.wait()
                if guard.reason:
                    raise HungError(
                        f"Odoo was stopped: {guard.reason}. What its threads did is "
                        f"at the end of {log}."
                    )
                return code
            except BaseException:
                stop(process, 5)
                raise
            finally:
                guard.end()
                self._running.discard(process)

    def stop_all(self) -> None:
        """Stop what other threads run, so that they come to their end."""
        for process in list(self._running):
            stop(process, 5)

    def install(
        self,
        log: Path,
        db: str,
        names: Iterable[str],
        *options: str,
        update: bool = False,
    ) -> None:
        """Install or update addons in a database, without serving it."""
        flag = "-u" if update else "-i"
        arguments = ["-d", db, flag, ",".join(names), "--stop-after-init", "--no-http"]
        limits = Limits(SILENT_SECONDS, elapsed() + PROGRAM_SECONDS)
        code = self.run(log, *arguments, *options, limits=limits)
        text = log.read_text(errors="replace")
        if code or "CRITICAL" in text:
            raise MedspaError(install_failure(text, log))


def install_failure(text: str, log: Path) -> str:
    """Return one sentence for an installation that failed."""
    if reason := explain(text):
        return reason
    lines = [line.strip() for line in text.splitlines()]
    errors = [li for li in lines if " ERROR " in li or " CRITICAL " in li]
    raised = [
        li
        for li in lines
        if li.split(":")[0].endswith(("Error", "Exception", "Violation"))
    ]
    last = (raised or errors or lines or ["no output"])[-1]
    return f"Odoo failed: {last} (the log is {log})"


def stop(process: subprocess.Popen, seconds: float) -> None:
    """Stop an Odoo process: politely, then by force, with its children."""
    if process.poll() is None:
        process.send_signal(signal.SIGINT)
        deadline = time.monotonic() + seconds
        while process.poll() is None and time.monotonic() < deadline:
            time.sleep(0.05)
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        pass
    process.wait()
