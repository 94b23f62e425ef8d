"""The commands of ./medspa and their options."""

import argparse
import errno
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable

from . import addons as repository
from . import process, server
from .console import MedspaError, plain, say
from .postgres import PrivateCluster
from .project import Project, find_project
from .settings import DEFAULT_PORT, DEMO_DB
from .system import postgres_bin
from .workspace import existing_server, opened

DESCRIPTION = """\
Everything for working on medspa. The first command sets all up: it installs missing
system packages (and says which), fetches Odoo 19 and its Python packages into a cache,
and makes a private PostgreSQL cluster in .medspa/ that is reached by a socket only."""

EPILOG = """\
environment:
  ODOO_PATH             an Odoo 19 that you have: a source checkout or the folder with
                        the odoo package; more addons folders (Enterprise) after a ":"
  DATABASE_URL          an existing server, postgres://user:password@host:port/postgres
                        (or db_host in odoo.conf) instead of the private cluster
  MEDSPA_CACHE          where fetched things are kept (default ~/.cache/medspa)
  MEDSPA_PYTHON         the Python to use, 3.10 to 3.13
  MEDSPA_DEBIAN_MIRROR  the Debian mirror with Odoo's package, where the system's own
                        apt sources name none

examples:
  ./medspa run --port 8080
  ./medspa test --fast --tags /medspa_membership:TestCredit
  ./medspa odoo -d medspa_demo -u medspa_membership --stop-after-init
  ./medspa psql medspa_demo -c 'select count(*) from res_partner'
"""


def _run(project: Project, args: argparse.Namespace) -> int:
    """Serve the demo clinic."""
    server.check_port(args.port)
    with opened(project) as work:
        return server.run(
            work,
            args.db,
            args.port,
            host=args.host,
            dev=args.dev,
            demo=not args.no_demo,
        )


def _test(project: Project, args: argparse.Namespace) -> int:
    """Run every check."""
    from . import testrun

    return testrun.run(
        project, tags=args.tags, fast=args.fast, keep=args.keep, jobs=args.jobs
    )


def _guest(project: Project, args: argparse.Namespace) -> int:
    """Install, test, upgrade and uninstall in the Odoo of a company."""
    from . import guest

    return guest.run(project, full=args.all, record=args.record, keep=args.keep)


def _lint(project: Project, args: argparse.Namespace) -> int:
    """Run the checks that need no database."""
    from . import lint

    return lint.command(project, only=args.only)


def _bench(project: Project, args: argparse.Namespace) -> int:
    """Run a benchmark."""
    from . import bench

    return bench.run(project, args.name, args.json, args.args)


def _screenshots(project: Project, args: argparse.Namespace) -> int:
    """Take pictures of the demo clinic's pages."""
    from . import screenshots

    return screenshots.run(project, only=args.only)


def _journeys(project: Project, args: argparse.Namespace) -> int:
    """Walk the demo clinic end to end."""
    from . import journeys

    only = [name for text in args.only or [] for name in text.split(",") if name]
    return journeys.run(project, only=only, json_file=args.json, keep=args.keep)


def _shell(project: Project, args: argparse.Namespace) -> int:
    """Open Odoo's Python shell on the demo clinic."""
    with opened(project) as work:
        shown = repository.demo(repository.required(project))
        work.databases.ensure_demo(args.db, shown, demo=True)
        return work.odoo.call("shell", "-d", args.db, "--no-http", "--log-level=warn")


def _odoo(project: Project, args: argparse.Namespace) -> int:
    """Pass a command through to Odoo."""
    with opened(project) as work:
        return work.odoo.call(*args.args)


def _psql(project: Project, args: argparse.Namespace) -> int:
    """Open psql on the project's server."""
    with opened(project) as work:
        folder = postgres_bin()
        own = folder / "psql" if folder and (folder / "psql").exists() else None
        program = own or process.which("psql") or "psql"
        words = args.args
        if not words or words[0].startswith("-"):
            names = work.databases.ours()
            words = ["-d", DEMO_DB if DEMO_DB in names else "postgres", *words]
        env = {**os.environ, **work.server.connection.environment()}
        return subprocess.run([str(program), *words], env=env, check=False).returncode


def _i18n(project: Project, _args: argparse.Namespace) -> int:
    """Write the translation templates of our addons."""
    with opened(project) as work:
        addons = repository.required(project)
        name = "medspa_i18n"
        say("Installing our addons in a scratch database")
        try:
            work.databases.make_empty(name, addons, project.logs / f"{name}.log")
            names = [addon.name for addon in addons]
            for addon in addons:
                (addon.path / "i18n").mkdir(exist_ok=True)
            return work.odoo.call("i18n", "export", "-d", name, *names)
        finally:
            work.databases.drop(name)


def _reset(project: Project, args: argparse.Namespace) -> int:
    """Drop this checkout's databases, or all of its state."""
    if not project.state.exists():
        say("There is nothing to reset.")
        return 0
    external = existing_server(project)
    if args.all and external is None:
        if postgres_bin():
            PrivateCluster(project).remove()
    else:
        with opened(project) as work:
            for name in work.databases.ours():
                say(f"Dropping {name}")
                work.databases.drop(name)
    if args.all:
        say(f"Removing {project.state}")
        shutil.rmtree(project.state)
    return 0


def parser() -> argparse.ArgumentParser:
    """Return the parser of the command line."""
    top = argparse.ArgumentParser(
        prog="./medspa",
        description=DESCRIPTION,
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = top.add_subparsers(title="commands", metavar="COMMAND", required=True)

    def add(name: str, function: Callable, text: str) -> argparse.ArgumentParser:
        command = commands.add_parser(name, help=text, description=text)
        command.set_defaults(function=function)
        return command

    run = add("run", _run, "set everything up and serve the demo clinic")
    run.add_argument(
        "--port", type=int, default=DEFAULT_PORT, help="default %(default)s"
    )
    run.add_argument(
        "--host",
        default="127.0.0.1",
        help="address to listen on, default %(default)s; 0.0.0.0 for every network",
    )
    run.add_argument("--db", default=DEMO_DB, help="database name, default %(default)s")
    run.add_argument(
        "--dev",
        action="store_true",
        help="reload on changed files, log on the terminal",
    )
    run.add_argument("--no-demo", action="store_true", help="an empty clinic")

    test = add("test", _test, "run every check: lint, tests, tours, demo data")
    test.add_argument("--tags", help="a part of the tests, as Odoo's --test-tags")
    test.add_argument(
        "--fast",
        action="store_true",
        help="only our addons' tests, on the kept database of the last such run",
    )
    test.add_argument("--keep", action="store_true", help="keep the test database")
    test.add_argument(
        "--jobs",
        type=int,
        metavar="N",
        help="run so many things at once; without it as many as there are cores",
    )

    guest = add(
        "guest", _guest, "our addons in an Odoo that a company has had for years"
    )
    guest.add_argument(
        "--all", action="store_true", help="with all of core's tests: an hour more"
    )
    guest.add_argument(
        "--record", action="store_true", help="note what core's tests say without ours"
    )
    guest.add_argument("--keep", action="store_true", help="keep the databases")

    lint = add("lint", _lint, "run the checks that need no database")
    lint.add_argument("--only", metavar="NAME", help="one check (name as printed)")

    bench = add("bench", _bench, "run a benchmark of bench/, or list them")
    bench.add_argument("name", nargs="?", help="file name without .py")
    bench.add_argument("--json", metavar="FILE", help="write the figures to a file too")

    shots = add("screenshots", _screenshots, "take pictures of the demo clinic's pages")
    shots.add_argument(
        "--only", metavar="NAME", nargs="+", help="pages of tools/medspa/pages.py"
    )

    walks = add("journeys", _journeys, "walk the demo clinic by its screens and mail")
    walks.add_argument(
        "--only", metavar="NAME[,NAME]", nargs="+", help="some, by their names"
    )
    walks.add_argument("--json", metavar="FILE", help="write the outcomes to a file")
    walks.add_argument("--keep", action="store_true", help="keep the databases")

    shell = add("shell", _shell, "open Odoo's Python shell on the demo clinic")
    shell.add_argument(
        "--db", default=DEMO_DB, help="database name, default %(default)s"
    )

    for name, function, text in (
        ("odoo", _odoo, "run any command of Odoo with our configuration"),
        ("psql", _psql, "open psql on the project's server"),
    ):
        # everything that follows is for the other program, --help too
        command = commands.add_parser(name, help=text, add_help=False)
        command.set_defaults(function=function)
    add("i18n", _i18n, "write the translation templates of our addons")
    reset = add("reset", _reset, "drop the databases that ./medspa made")
    reset.add_argument("--all", action="store_true", help="and remove all of .medspa/")
    return top


def parse(argv: list[str]) -> argparse.Namespace:
    """Read the command line; ``args`` is what belongs to another program."""
    top = parser()
    if argv and argv[0] in ("odoo", "psql"):
        args = top.parse_args(argv[:1])
        args.args = argv[1:]
        return args
    args, others = top.parse_known_args(argv)
    args.args = others
    if others and args.function is not _bench:
        top.error(f"unrecognized arguments: {' '.join(others)}")
    return args


def main(argv: list[str] | None = None) -> int:
    """Run a command and return its exit code."""
    args = parse(sys.argv[1:] if argv is None else argv)
    for name in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(name, _interrupt)
    try:
        return args.function(find_project(), args)
    except MedspaError as error:
        print(f"medspa: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        plain()
        print("medspa: stopped.", file=sys.stderr)
        return 130
    except OSError as error:
        print(f"medspa: {_os_reason(error)}", file=sys.stderr)
        return 2


def _interrupt(_signal: int, _frame: object) -> None:
    """Treat a polite end like Ctrl-C, so that everything is cleaned up."""
    raise KeyboardInterrupt


def _os_reason(error: OSError) -> str:
    """Return one sentence for an error of the operating system."""
    what = f" ({error.filename})" if error.filename else ""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return f"The disk is full{what}: free some space and run the command again."
    return f"{error.strerror or error}{what}."
