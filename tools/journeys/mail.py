"""A mail server that keeps what it gets, and the mails as their readers see them."""

import email
import email.policy
import re
import threading
import time
from email.message import EmailMessage
from html import unescape
from pathlib import Path

from aiosmtpd.controller import Controller

# What a person waits for is there within a minute.
SECONDS = 60.0


class Mail:
    """One message as it was delivered."""

    def __init__(self, message: EmailMessage, recipients: list[str]) -> None:
        """Take the message and the addresses to which the server delivered it."""
        self.message = message
        self.recipients = [address.lower() for address in recipients]
        self.subject = re.sub(r"\s+", " ", str(message["subject"] or ""))
        self.at = time.monotonic()
        html = message.get_body(("html",))
        plain = message.get_body(("plain",))
        self.html = html.get_content() if html else ""
        self.plain = plain.get_content() if plain else ""

    @property
    def text(self) -> str:
        """Return the words that a reader sees, on one line."""
        body = re.sub(r"(?s)<(style|head|title).*?</\1>", " ", self.html)
        body = re.sub(r"<[^>]+>", " ", body) if self.html else self.plain
        return re.sub(r"\s+", " ", unescape(body)).strip()

    @property
    def links(self) -> list[tuple[str, str]]:
        """Return the words and the address of each link."""
        found = re.findall(
            r"""(?is)<a\b[^>]*?href=["']([^"']+)["'][^>]*>(.*?)</a>""", self.html
        )
        return [
            (
                re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", text))).strip(),
                unescape(address),
            )
            for address, text in found
        ]

    @property
    def attachments(self) -> dict[str, bytes]:
        """Return what is attached, by file name."""
        return {
            part.get_filename() or "": part.get_payload(decode=True) or b""
            for part in self.message.iter_attachments()
        }

    def has_link(self, words: str) -> bool:
        """Tell whether there is a link with such words."""
        return any(re.search(words, text, re.IGNORECASE) for text, _url in self.links)

    def link(self, words: str) -> str:
        """Return the address of the link with these words, a regular expression."""
        for text, address in self.links:
            if re.search(words, text, re.IGNORECASE):
                return address
        shown = ", ".join(repr(text) for text, _address in self.links)
        raise AssertionError(
            f"the mail {self.subject!r} has no link {words!r}: it has {shown or 'none'}"
        )


class Mailbox:
    """All mail of one clinic, in the order of delivery."""

    def __init__(self, port: int) -> None:
        """Listen on a port of this machine."""
        self.mails: list[Mail] = []
        self.target: Path | None = None
        self._come = threading.Condition()
        self._controller = Controller(self, hostname="127.0.0.1", port=port)
        self._controller.start()

    def close(self) -> None:
        """Stop listening."""
        self._controller.stop()

    async def handle_DATA(self, server, session, envelope) -> str:
        """Take one message, as aiosmtpd asks for it."""
        message = email.message_from_bytes(
            envelope.original_content, policy=email.policy.default
        )
        mail = Mail(message, envelope.rcpt_tos)
        with self._come:
            self.mails.append(mail)
            self._keep(mail, envelope.original_content)
            self._come.notify_all()
        return "250 Message accepted for delivery"

    def to(self, address: str) -> list[Mail]:
        """Return what one address has got."""
        return [mail for mail in self.mails if address.lower() in mail.recipients]

    def wait(
        self,
        address: str,
        subject: str = "",
        *,
        text: str = "",
        link: str = "",
        after: int = 0,
        seconds: float = SECONDS,
    ) -> Mail:
        """Return the newest mail to an address with such a subject and text.

        :param subject: a regular expression, as are the words of the text and link
        :param after: how many of the address's mails are old
        :raise AssertionError: when none is there in time; says what is there
        """
        deadline = time.monotonic() + seconds

        def found() -> list[Mail]:
            return [
                mail
                for mail in self.to(address)[after:]
                if re.search(subject, mail.subject, re.IGNORECASE)
                and re.search(text, mail.text, re.IGNORECASE)
                and (not link or mail.has_link(link))
            ]

        with self._come:
            while not (mails := found()):
                left = deadline - time.monotonic()
                if left <= 0:
                    got = [mail.subject for mail in self.to(address)[after:]]
                    raise AssertionError(
                        f"no mail {subject or text or link!r} came to {address} within "
                        f"{seconds:.0f} s; there came {got or 'none'}"
                    )
                self._come.wait(left)
        return mails[-1]

    def wait_quiet(
        self, address: str, words: str, after: int, seconds: float = 15
    ) -> None:
        """Make sure that an address gets no mail with such words for a while."""
        deadline = time.monotonic() + seconds
        with self._come:
            while (left := deadline - time.monotonic()) > 0:
                for mail in self.to(address)[after:]:
                    text = f"{mail.subject} {mail.text}"
                    assert not re.search(words, text, re.IGNORECASE), (
                        f"{address} got {mail.subject!r}, which is wrong"
                    )
                self._come.wait(left)

    def _keep(self, mail: Mail, content: bytes) -> None:
        """Write the message where the journey's pictures are."""
        if not self.target:
            return
        number = len(self.mails)
        words = re.sub(r"[^a-z0-9]+", "-", mail.subject.lower()).strip("-")[:50]
        stem = self.target / f"mail-{number:03}-{words}"
        stem.with_suffix(".eml").write_bytes(content)
        if mail.html:
            stem.with_suffix(".html").write_text(mail.html, encoding="utf-8-sig")
