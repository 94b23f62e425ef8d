"""Ports, database servers and what is said when something is wrong."""

import contextlib
import errno
import io
import socket
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path
from unittest import mock

from medspa import cli, odoo, odoo_source, postgres, process, server, system
from medspa.console import MedspaError
from medspa.project import Project


class TestPorts(unittest.TestCase):
    def test_busy_port_names_a_free_one(self):
        with contextlib.closing(socket.socket()) as taken:
            taken.bind(("0.0.0.0", 0))
            taken.listen()
            port = taken.getsockname()[1]
            with self.assertRaises(MedspaError) as caught:
                server.check_port(port)
        self.assertRegex(
            str(caught.exception), rf"^Port {port} is in use: .* --port \d+\.$"
        )

    def test_free_port_passes(self):
        server.check_port(odoo.free_port())

    def test_no_port(self):
        with self.assertRaises(MedspaError):
            server.check_port(70000)


class TestGuard(unittest.TestCase):
    """What hangs is stopped, and it is known why."""

    def reason(self, program, **limits):
        process = subprocess.Popen(
            [sys.executable, "-c", program],
            stdout=subprocess.PIPE,
            start_new_session=True,
        )
        with mock.patch.object(odoo.Guard, "INTERVAL", 0.1), process.stdout:
            guard = odoo.Guard(process, odoo.Limits(**limits))
            for _line in process.stdout:
                guard.hear()
            process.wait()
            guard.end()
        return guard.reason

    def test_silence(self):
        self.assertEqual(
            self.reason("import time; time.sleep(60)", silent=1, until=1e6),
            "it said nothing for 1 seconds",
        )

    def test_time_is_over(self):
        talks = "import time\nwhile True: print('x', flush=True); time.sleep(0.05)"
        self.assertRegex(self.reason(talks, silent=60, until=0), "^this took more than")

    def test_well_behaved(self):
        self.assertIsNone(self.reason("print('x')", silent=60, until=1e6))


class TestDatabaseUrl(unittest.TestCase):
    def test_all_parts(self):
        found = postgres.parse_url(
            "postgres://ann:p%40ss%2Fword@db.example:5433/main?sslmode=require"
        )
        self.assertEqual(
            found,
            postgres.Connection(
                "db.example", "5433", "ann", "p@ss/word", "require", "main"
            ),
        )

    def test_socket_and_defaults(self):
        found = postgres.parse_url("postgresql:///?host=/var/run/postgresql")
        self.assertEqual(found.host, "/var/run/postgresql")
        self.assertEqual(found.maintenance_db, "postgres")
        self.assertEqual(found.odoo_options(), {"db_host": "/var/run/postgresql"})

    def test_wrong_ones(self):
        for url in ("mysql://localhost/x", "localhost", "postgres://localhost:abc/x"):
            with self.subTest(url), self.assertRaises(MedspaError):
                postgres.parse_url(url)

    def test_environment_before_file_before_private_cluster(self):
        conf = {"db_host": "filehost", "db_port": "False", "db_user": "bob"}
        self.assertIsNone(postgres.configured({}, {"db_host": "False"}))
        found = postgres.configured({}, conf)
        self.assertEqual((found.host, found.port, found.user), ("filehost", "", "bob"))
        environ = {"DATABASE_URL": "postgres://urlhost/postgres"}
        self.assertEqual(postgres.configured(environ, conf).host, "urlhost")


class TestSentences(unittest.TestCase):
    def test_well_known_causes(self):
        self.assertIn("disk is full", process.explain("[Errno 28] No space left on d"))
        self.assertIn(
            "check the network",
            process.explain("E: Failed to fetch x  Temporary failure resolving 'y'"),
        )
        self.assertIsNone(process.explain("something else"))

    def test_program_that_fails(self):
        with self.assertRaises(MedspaError) as caught:
            process.run(["sh", "-c", "echo why; exit 3"], what="the step")
        self.assertEqual(str(caught.exception), "the step failed with exit code 3: why")

    def test_program_that_is_not_there(self):
        with self.assertRaises(MedspaError) as caught:
            process.run(["no-such-program"], what="the step")
        self.assertEqual(
            str(caught.exception), "the step: no-such-program is not installed."
        )

    def test_full_disk_is_one_sentence(self):
        error = OSError(errno.ENOSPC, "No space left on device", "/x")
        with (
            mock.patch.object(cli, "_lint", side_effect=error),
            contextlib.redirect_stderr(io.StringIO()) as output,
        ):
            code = cli.main(["lint"])
        self.assertEqual(code, 2)
        self.assertEqual(
            output.getvalue(),
            "medspa: The disk is full (/x): free some space and run the command "
            "again.\n",
        )

    def test_little_space_is_said_before_fetching(self):
        with tempfile.TemporaryDirectory() as name:
            project = Project(Path(name))
            usage = mock.Mock(free=100 * 2**20)
            with (
                mock.patch.dict("os.environ", {"MEDSPA_CACHE": name}),
                mock.patch("shutil.disk_usage", return_value=usage),
                self.assertRaisesRegex(MedspaError, "has 100 MB left"),
            ):
                odoo_source.fetch(project)

    def test_neither_root_nor_sudo(self):
        with (
            mock.patch("os.geteuid", return_value=1000),
            mock.patch.object(
                system, "which", lambda name: None if name == "sudo" else "/bin/x"
            ),
            contextlib.redirect_stdout(io.StringIO()),
            self.assertRaisesRegex(MedspaError, "apt-get install postgresql"),
        ):
            system.install([system.Need("postgresql", "the database server")])

    def test_failed_installation_names_the_error(self):
        log = Path("/log")
        text = (
            "2026-01-31 10:00:00,000 1 CRITICAL x odoo.service.server: Failed\n"
            "Traceback (most recent call last):\n"
            "ValueError: External ID not found: medspa.x\n"
        )
        self.assertEqual(
            odoo.install_failure(text, log),
            "Odoo failed: ValueError: External ID not found: medspa.x "
            "(the log is /log)",
        )


class TestCommandLine(unittest.TestCase):
    def test_what_follows_belongs_to_the_other_program(self):
        args = cli.parse(["psql", "-c", "select 1", "--help"])
        self.assertEqual(args.args, ["-c", "select 1", "--help"])

    def test_benchmark_arguments(self):
        args = cli.parse(["bench", "billing", "--json", "f.json", "--size", "10"])
        self.assertEqual(
            (args.name, args.json, args.args), ("billing", "f.json", ["--size", "10"])
        )

    def test_unknown_option(self):
        with (
            self.assertRaises(SystemExit),
            contextlib.redirect_stderr(io.StringIO()) as output,
        ):
            cli.parse(["run", "--prot", "1"])
        self.assertIn("--prot", output.getvalue())


class TestOdooPath(unittest.TestCase):
    def tree(self, folder: Path, version: str) -> None:
        (folder / "odoo").mkdir(parents=True)
        release = f"version_info = ({version}, 0, FINAL, 0, '')\n"
        (folder / "odoo" / "release.py").write_text(release)

    def test_checkout_with_more_addons(self):
        with tempfile.TemporaryDirectory() as name:
            base = Path(name).resolve()
            self.tree(base / "src", "19, 0")
            (base / "src" / "addons" / "sale").mkdir(parents=True)
            (base / "src" / "addons" / "sale" / "__manifest__.py").touch()
            (base / "enterprise").mkdir()
            found = odoo_source.from_path(f"{base}/src:{base}/enterprise")
        self.assertEqual(found.python_path, base / "src")
        self.assertEqual(
            found.addons_paths, (base / "enterprise", base / "src" / "addons")
        )

    def test_other_series_and_no_odoo(self):
        with tempfile.TemporaryDirectory() as name:
            with self.assertRaisesRegex(MedspaError, "holds no Odoo"):
                odoo_source.from_path(name)
            self.tree(Path(name), "18, 0")
            with self.assertRaisesRegex(MedspaError, "holds Odoo 18.0"):
                odoo_source.from_path(name)
        with self.assertRaisesRegex(MedspaError, "not a folder"):
            odoo_source.from_path("/no/such/folder")

    def test_translations_are_thinned_out(self):
        base = "./usr/lib/python3/dist-packages/odoo/addons/sale"
        self.assertTrue(odoo_source.wanted(f"{base}/i18n/es.po"))
        self.assertTrue(odoo_source.wanted(f"{base}/i18n/sale.pot"))
        self.assertFalse(odoo_source.wanted(f"{base}/i18n/th.po"))
        self.assertTrue(odoo_source.wanted(f"{base}/tests/test_sale.py"))
        self.assertFalse(odoo_source.wanted("./etc/odoo/odoo.conf"))
