# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
"""A mail server and an SMS gateway on this machine, which count what really went out.

Both speak the real protocols, so that core's own code is what sends.
"""

import email
import email.policy
import json
import socketserver
import threading
from collections import Counter
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs

import requests

HOST = "127.0.0.1"


class SmtpHandler(socketserver.StreamRequestHandler):
    """As much of SMTP as a client needs to hand a message over."""

    def handle(self):
        self._reply("220 test")
        recipients = []
        while line := self.rfile.readline():
            word = line.decode().strip()
            command = word[:4].upper()
            if command == "RCPT":
                address = word.partition("<")[2].rstrip(">").split(">")[0]
                answer = self.server.get_answer(address)
                if answer.startswith("250"):
                    recipients.append(address)
                self._reply(answer)
            elif command == "DATA":
                self._reply("354 go on")
                self._take(recipients)
                recipients = []
            elif command == "QUIT":
                self._reply("221 bye")
                return
            else:
                self._reply("250 ok")

    def _take(self, recipients):
        lines = []
        while (line := self.rfile.readline()) not in (b".\r\n", b""):
            lines.append(line[1:] if line.startswith(b"..") else line)
        message = email.message_from_bytes(b"".join(lines), policy=email.policy.default)
        self.server.messages.extend((address, message) for address in recipients)
        self._reply("250 taken")

    def _reply(self, text):
        self.wfile.write(f"{text}\r\n".encode())


class FakeSmtp(socketserver.ThreadingTCPServer):
    """A mail server that keeps what it gets."""

    daemon_threads = True
    allow_reuse_address = True

    def __init__(self):
        super().__init__((HOST, 0), SmtpHandler)
        self.messages = []
        self.answers = {}
        threading.Thread(target=self.serve_forever, daemon=True).start()

    @property
    def port(self):
        return self.server_address[1]

    def get_answer(self, address):
        return self.answers.get(address, "250 ok")

    def count(self):
        """Return how many messages each address has got."""
        return Counter(address for address, _message in self.messages)

    def texts(self, address):
        """Return the plain text of what an address has got."""
        return [
            message.get_body(("plain",)).get_content()
            for to, message in self.messages
            if to == address
        ]

    def stop(self):
        self.shutdown()
        self.server_close()


class SmsHandler(BaseHTTPRequestHandler):
    """Twilio's way to send a message."""

    protocol_version = "HTTP/1.1"

    def do_POST(self):
        size = int(self.headers["Content-Length"])
        values = {
            name: value[0]
            for name, value in parse_qs(self.rfile.read(size).decode()).items()
        }
        error = self.server.errors.get(values["To"])
        if error == "hang up":
            # Taken, and no answer: the client cannot know.
            self.server.messages.append(values)
            self.close_connection = True
            return
        if error:
            status, code = error
            self._reply(status, {"code": code, "message": f"Error {code}"})
            return
        self.server.messages.append(values)
        self._reply(201, {"sid": f"SM{len(self.server.messages):032d}"})

    def _reply(self, status, values):
        body = json.dumps(values).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args):
        pass


class FakeSms(ThreadingHTTPServer):
    """An SMS gateway that keeps what it gets."""

    daemon_threads = True

    def __init__(self):
        super().__init__((HOST, 0), SmsHandler)
        self.messages = []
        self.errors = {}
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def count(self):
        """Return how many messages each number has got."""
        return Counter(values["To"] for values in self.messages)

    def texts(self, number):
        return [values["Body"] for values in self.messages if values["To"] == number]

    def stop(self):
        self.shutdown()
        self.server_close()


def get_session_class(port):
    """Return a class of sessions that find Twilio on this machine."""

    class Session(requests.Session):
        def request(self, method, url, *args, **kwargs):
            url = url.replace("https://api.twilio.com", f"http://{HOST}:{port}")
            return super().request(method, url, *args, **kwargs)

    return Session
