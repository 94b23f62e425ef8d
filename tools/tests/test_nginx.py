"""The proxy of docker/: whom Odoo takes for the visitor.

Needs nginx: on the path, or named by MEDSPA_NGINX.
"""

import http.client
import os
import shutil
import socket
import subprocess
import tempfile
import threading
import time
import unittest
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
NGINX = os.environ.get("MEDSPA_NGINX") or shutil.which("nginx")
# One that runs as root may bind these; all are this machine.
TLS_PROXY, STRANGER = "127.0.0.2", "127.0.0.3"


class Echo(BaseHTTPRequestHandler):
    """Stands for Odoo: notes what it is told."""

    seen: dict = {}

    def do_GET(self):
        Echo.seen = {name.lower(): value for name, value in self.headers.items()}
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *args):
        """Say nothing."""


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def load_tests(loader, tests, pattern):
    """Leave these out where there is no nginx: docker/ is not run there either."""
    return tests if NGINX else unittest.TestSuite()


class ShippedProxy(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        cls.server = ThreadingHTTPServer(("127.0.0.1", 0), Echo)
        cls.addClassCleanup(cls.server.server_close)
        threading.Thread(target=cls.server.serve_forever, daemon=True).start()
        cls.addClassCleanup(cls.server.shutdown)
        cls.port = free_port()
        cls.start_nginx(Path(folder.name))

    @classmethod
    def start_nginx(cls, folder: Path):
        """Start nginx with the file that is shipped, as its image fills it in."""
        shipped = (ROOT / "docker" / "nginx.conf").read_text()
        site = (
            shipped.replace("${MEDSPA_TRUSTED_PROXY}", f"{TLS_PROXY}/32")
            .replace("web:8069", f"127.0.0.1:{cls.server.server_port}")
            .replace("web:8072", f"127.0.0.1:{cls.server.server_port}")
            .replace("listen 80;", f"listen 127.0.0.1:{cls.port};")
        )
        (folder / "site.conf").write_text(site)
        temporary = "".join(
            f"{kind}_temp_path {folder}/{kind};\n"
            for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
        )
        (folder / "nginx.conf").write_text(
            f"daemon off; pid {folder}/pid; error_log {folder}/error.log;\n"
            "events {}\n"
            f"http {{ access_log off; {temporary} include {folder}/site.conf; }}\n"
        )
        process = subprocess.Popen(
            [
                NGINX,
                "-p",
                folder,
                "-e",
                folder / "error.log",
                "-c",
                folder / "nginx.conf",
            ]
        )
        cls.addClassCleanup(process.wait)
        cls.addClassCleanup(process.terminate)
        for _attempt in range(100):
            try:
                socket.create_connection(("127.0.0.1", cls.port), 1).close()
                return
            except OSError:
                time.sleep(0.05)
        raise AssertionError((folder / "error.log").read_text())

    def get(self, source: str, path: str = "/", **headers: str):
        """Ask the proxy from an address, and return the answer."""
        connection = http.client.HTTPConnection(
            "127.0.0.1", self.port, source_address=(source, 0)
        )
        self.addCleanup(connection.close)
        Echo.seen = {}
        names = {name.replace("_", "-"): value for name, value in headers.items()}
        connection.request("GET", path, headers=names)
        answer = connection.getresponse()
        answer.read()
        return answer

    def test_each_visitor_behind_the_tls_proxy_has_an_own_address(self):
        for visitor in ("203.0.113.7", "198.51.100.9"):
            self.get(TLS_PROXY, X_Forwarded_For=visitor, X_Forwarded_Proto="https")
            self.assertEqual(Echo.seen["x-forwarded-for"], visitor)
            self.assertEqual(Echo.seen["x-forwarded-proto"], "https")

    def test_a_visitor_claims_no_other_address(self):
        """What the visitor has written stands left of what the proxy saw."""
        self.get(TLS_PROXY, X_Forwarded_For="10.0.0.1, 203.0.113.7")
        self.assertEqual(Echo.seen["x-forwarded-for"], "203.0.113.7")

    def test_nobody_else_is_believed(self):
        answer = self.get(
            STRANGER, X_Forwarded_For="203.0.113.7", X_Forwarded_Proto="https"
        )
        self.assertEqual(Echo.seen["x-forwarded-for"], STRANGER)
        self.assertEqual(Echo.seen["x-forwarded-proto"], "http")
        self.assertIsNone(answer.getheader("Strict-Transport-Security"))

    def test_tls_is_kept(self):
        for path in ("/", "/web/assets/1/x.js", "/web/database/manager"):
            answer = self.get(TLS_PROXY, path, X_Forwarded_Proto="https")
            header = answer.getheader("Strict-Transport-Security")
            self.assertEqual(header, "max-age=31536000", path)

    def test_inside_stays_inside(self):
        for path in ("/web/database/manager", "/queue_job/runjob?db=x&job_uuid=y"):
            self.assertEqual(self.get(STRANGER, path).status, 404)
            self.assertFalse(Echo.seen)
