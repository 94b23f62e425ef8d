"""Serving the demo clinic."""

import subprocess
import time
import urllib.error
import urllib.request
from contextlib import nullcontext
from pathlib import Path

from . import addons as repository
from .console import MedspaError, plain, say
from .odoo import Odoo, free_port, port_is_free, stop
from .settings import DEMO_LOGINS
from .workspace import Workspace

START_SECONDS = 180


def check_port(port: int) -> None:
    """Refuse a port that is taken, and name one that is not."""
    if not 0 < port < 65536:
        raise MedspaError(f"{port} is no port: take one from 1024 to 65535.")
    if port_is_free(port):
        return
    other = next((p for p in range(port + 1, port + 50) if port_is_free(p)), None)
    instead = f"--port {other or free_port()}"
    reason = "is in use" if port > 1023 else "is in use or needs root"
    raise MedspaError(f"Port {port} {reason}: run the command again with {instead}.")


def ports(port: int) -> list[str]:
    """Return the options for the port and for the one of the gevent process."""
    gevent = next((p for p in range(port + 3, port + 50) if port_is_free(p)), port + 3)
    return ["--http-port", str(port), "--gevent-port", str(gevent)]


def is_served(port: int, path: str = "/web/health") -> bool:
    """Tell whether a page is served."""
    try:
        with urllib.request.urlopen(
            f"http://127.0.0.1:{port}{path}", timeout=60
        ) as page:
            return page.status == 200
    except (OSError, urllib.error.URLError):
        return False


def wait_until_served(process: subprocess.Popen, port: int, log: Path | None) -> None:
    """Wait for the first page."""
    deadline = time.monotonic() + START_SECONDS
    where = f" The log is {log}." if log else ""
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise MedspaError(f"Odoo stopped while starting.{where}")
        if is_served(port) and is_served(port, "/"):
            return
        time.sleep(0.1)
    raise MedspaError(f"Odoo did not serve a page in {START_SECONDS} s.{where}")


def start(odoo: Odoo, db: str, port: int, log: Path, *extra: str) -> subprocess.Popen:
    """Start Odoo for one database in the background, logging into a file."""
    arguments = ["-d", db, "--db-filter", f"^{db}$", *ports(port), *extra]
    arguments += ["--http-interface", "127.0.0.1"]
    with log.open("w") as file:
        return odoo.popen(
            *arguments,
            stdin=subprocess.DEVNULL,
            stdout=file,
            stderr=subprocess.STDOUT,
        )


def serve(work: Workspace, db: str, port: int, *, host: str, dev: bool) -> int:
    """Serve a database until Ctrl-C.

    The log goes to a file, and to the terminal instead while developing.
    """
    odoo = work.odoo
    arguments = ["-d", db, "--db-filter", f"^{db}$", *ports(port)]
    arguments += ["--http-interface", host]
    if dev:
        arguments.append("--dev=all")
    log = None if dev else work.project.logs / "run.log"
    check_port(port)
    say(f"Starting Odoo on port {port}")
    with open(log, "w") if log else nullcontext() as output:
        process = odoo.popen(
            *arguments,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT if log else None,
        )
    try:
        wait_until_served(process, port, log)
        # what fell due while nothing ran does not wait for the next minute
        work.server.query(f"SELECT pg_notify('cron_trigger', '{db}')")
        announce(port, log)
        code = process.wait()
        where = f" The log is {log}." if log else ""
        raise MedspaError(f"Odoo stopped by itself with exit code {code}.{where}")
    except KeyboardInterrupt:
        plain()
        say("Stopping Odoo and the database server")
        return 0
    finally:
        stop(process, 15)


def address(port: int) -> str:
    """Return where a database is served, as its links have it."""
    return f"http://localhost:{port}"


def announce(port: int, log: Path | None) -> None:
    """Say where the clinic is and who may log in."""
    url = address(port)
    width = max(len(login) for login, _password, _role in DEMO_LOGINS)
    plain()
    plain(f"    The clinic is open: {url}")
    plain(f"    Shop {url}/shop, patients {url}/my, staff {url}/odoo")
    plain("    Log-ins (the password is the login):")
    for login, _password, role in DEMO_LOGINS:
        plain(f"        {login:<{width}}  {role}")
    if log:
        plain(f"    The log is {log}")
    plain("    Ctrl-C stops it.")
    plain()


def run(
    work: Workspace, db: str, port: int, *, host: str, dev: bool, demo: bool
) -> int:
    """Make or update the clinic's database, then serve it."""
    shown = repository.demo(repository.required(work.project))
    if not shown:
        raise MedspaError("None of the addons here belongs to the demo clinic.")
    check_port(port)
    work.databases.ensure_demo(db, shown, demo=demo)
    work.databases.set_address(db, address(port))
    return serve(work, db, port, host=host, dev=dev)
