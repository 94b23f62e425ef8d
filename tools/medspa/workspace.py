"""Setting everything up, once, for whatever a command then does."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from . import odoo_source, postgres, system, venv
from .databases import Databases
from .locks import exclusive
from .odoo import Odoo, read_conf
from .odoo_source import OdooTree
from .postgres import Connection, PrivateCluster, Server
from .project import Project
from .venv import Venv


@dataclass
class Workspace:
    """All that a command needs: Odoo, a running server, its databases."""

    project: Project
    odoo: Odoo
    server: Server
    databases: Databases


def existing_server(project: Project) -> Connection | None:
    """Return the server that the user named, by DATABASE_URL or in odoo.conf."""
    conf = read_conf(project.root / "odoo.conf")
    return postgres.configured(os.environ, dict(conf.items("options")))


def set_up(
    project: Project, *, tests: bool, external: Connection | None
) -> tuple[OdooTree, Venv]:
    """Install and fetch what is missing; quick when nothing is."""
    project.prepare()
    waiting = "Another ./medspa is setting this checkout up: waiting for it."
    with exclusive(project.state / "setup.lock", waiting):
        needs = system.missing(
            server=external is None,
            tests=tests,
            fetch=odoo_source.is_missing(project),
        )
        system.install(needs)
        tree = odoo_source.ensure(project)
        return tree, venv.ensure_odoo(project, tree, tests=tests)


@contextmanager
def opened(project: Project, *, tests: bool = False) -> Iterator[Workspace]:
    """Set everything up, start the database server, and stop it afterwards.

    :param tests: whether the tests' packages and a browser are needed as well
    """
    external = existing_server(project)
    tree, environment = set_up(project, tests=tests, external=external)
    server = Server(external) if external else PrivateCluster(project)
    try:
        server.start()
        odoo = Odoo(project, tree, environment, server.connection)
        yield Workspace(project, odoo, server, Databases(odoo, server))
    finally:
        server.stop()
