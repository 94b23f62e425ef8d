"""The clinic, the persons who use its screens, and the steps they take."""

import os
import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Error, Locator, expect

from .clock import ZONE, Clock
from .mail import Mail, Mailbox

TIMEOUT = 60_000
# Makes strangers of all who come, in a clinic in which the journey was walked before.
AGAIN = os.environ.get("MEDSPA_JOURNEYS_AGAIN", "")
# The sizes at which people look: (width, height, whether it is a phone)
PHONE, TABLET, DESK = (390, 844, True), (1024, 768, True), (1366, 768, False)
# What Odoo says when the scripts of a page, or those of its back end, have started.
READY = """() => !window.odoo || (document.querySelector("#wrapwrap")
    ? document.body.getAttribute("is-ready") === "true" : window.odoo.isReady)"""
# A browser's clock goes with the clinic's.
BROWSER_CLOCK = """
(() => {
    const Real = window.__medspaRealDate || (window.__medspaRealDate = Date);
    const ahead = %d;
    window.Date = class extends Real {
        constructor(...args) {
            if (args.length) { super(...args); } else { super(Real.now() + ahead); }
        }
        static now() { return Real.now() + ahead; }
    };
})();
"""


class Clinic:
    """The running demo clinic as a journey finds it."""

    def __init__(
        self, browser: Browser, base: str, mailbox: Mailbox, clock: Clock
    ) -> None:
        """Take what all journeys of a lane share."""
        self.browser = browser
        self.base = base
        self.mailbox = mailbox
        self.clock = clock

    def begin(self, name: str, target: Path) -> "Journey":
        """Begin a journey; what it leaves goes to a folder."""
        self.mailbox.target = target
        return Journey(self, name, target)


class Journey:
    """One journey: its persons, its steps, and what they left."""

    def __init__(self, clinic: Clinic, name: str, target: Path) -> None:
        """Begin with no one there."""
        self.clinic = clinic
        self.name = name
        self.target = target
        self.clock = clinic.clock
        self.persons: list[Person] = []
        self.addresses: set[str] = set()
        self.sentence = "nothing was done yet"
        self.taps = 0
        self.problems: list[str] = []
        self._pictures = 0
        self._old_mails = len(clinic.mailbox.mails)

    # === PERSONS === #

    def person(
        self,
        email: str = "",
        *,
        size: tuple[int, int, bool] = PHONE,
        login: str = "",
    ) -> "Person":
        """Let a person come, with a browser of their own."""
        if AGAIN and email and not login:
            email = email.replace("@", f".{AGAIN}@")
        person = Person(self, email, size)
        self.persons.append(person)
        self.addresses.add(person.email)
        if login:
            person.log_in(login)
        return person

    # === STEPS === #

    @contextmanager
    def step(
        self, sentence: str, who: "Person | None" = None, *, vital: bool = True
    ) -> Iterator[None]:
        """Do one thing, of which a picture is kept.

        :param vital: whether the journey ends when it fails; it has failed either way
        """
        self.sentence = sentence
        try:
            yield
        except AssertionError as error:
            if vital:
                raise
            self.problems.append(f"{sentence}: {_reason(error)}")
        for person in [who] if who else self.persons[-1:]:
            person.picture(sentence)

    def fail(self, error: Exception) -> str:
        """Return in one sentence what failed, with pictures of what all see."""
        for person in self.persons:
            person.picture("FAILED")
        where = ", ".join(person.where() for person in self.persons)
        return f"{self.sentence}: {_reason(error)} (at {where}; see {self.target})"

    def end(self) -> None:
        """Let everybody go, take the pictures of the mails."""
        for person in self.persons:
            person.leave()

    # === MAILS === #

    @property
    def mails(self) -> list[Mail]:
        """Return the mails that came since the journey began."""
        return self.clinic.mailbox.mails[self._old_mails :]

    @property
    def own_mails(self) -> list[Mail]:
        """Return those to its own persons."""
        return [mail for mail in self.mails if self.addresses & set(mail.recipients)]

    def check_mails(self) -> None:
        """Look at what every mail of ours must have, whatever it is about."""
        elsewhere = []
        for mail in self.mails:
            wrong = [
                address
                for _text, address in mail.links
                if re.match(r"https?://(localhost|127\.0\.0\.1)", address)
                and not address.startswith(self.clinic.base)
            ]
            if wrong:
                elsewhere.append(mail.subject)
            if len(mail.recipients) != 1:
                self.problems.append(
                    f"the mail {mail.subject!r} went to {', '.join(mail.recipients)}"
                )
            if mail.html and not mail.plain.strip():
                self.problems.append(f"the mail {mail.subject!r} has no plain text")
            if found := re.search(
                r"\bFalse\b|\bNone\b|\{\{|t-out|European Standard|\d:\d\d:\d\d",
                f"{mail.subject} {mail.text}",
            ):
                self.problems.append(f"the mail {mail.subject!r} says {found[0]!r}")
        if elsewhere:
            self.problems.append(
                f"links of {len(elsewhere)} mails do not lead to {self.clinic.base}: "
                f"{', '.join(map(repr, dict.fromkeys(elsewhere)))}"
            )

    def take_mail_pictures(self) -> None:
        """Show each mail as a phone does."""
        context = self.clinic.browser.new_context(
            viewport={"width": 390, "height": 600}
        )
        page = context.new_page()
        for path in sorted(self.target.glob("mail-*.html")):
            try:
                page.goto(path.as_uri(), timeout=10_000, wait_until="domcontentloaded")
                page.screenshot(path=path.with_suffix(".png"), full_page=True)
            except Error:
                continue
        context.close()


class Person:
    """Somebody with a browser and perhaps a mailbox."""

    def __init__(
        self, journey: Journey, email: str, size: tuple[int, int, bool]
    ) -> None:
        """Open an own browser window."""
        self.journey = journey
        self.email = email.lower()
        width, height, is_phone = size
        clinic = journey.clinic
        self.base = clinic.base
        self.context = clinic.browser.new_context(
            viewport={"width": width, "height": height},
            is_mobile=is_phone,
            has_touch=is_phone,
            timezone_id="Europe/Madrid",
            locale="en-GB",
        )
        self.page = self.context.new_page()
        self.page.set_default_timeout(TIMEOUT)
        self.page.on("pageerror", self._note_error)
        self.page.on("response", self._note_response)
        self._ahead: float | None = None
        self._read = 0
        self._set_clock()

    # === GETTING AROUND === #

    def open(self, path: str) -> None:
        """Type an address."""
        self._set_clock()
        self.page.goto(path if path.startswith("http") else self.base + path)
        self.ready()

    def log_in(self, login: str, password: str = "") -> None:
        """Log in by name and password; those of the demo are the same word."""
        self.open("/web/login")
        self.fill("input[name=login]", login)
        self.fill("input[name=password]", password or login)
        self.go(".oe_login_form button[type=submit]")
        self.page.wait_for_url(lambda url: "/web/login" not in url)

    def ready(self) -> None:
        """Wait until the page has loaded and answers to taps."""
        self.page.wait_for_load_state("load")
        self.page.wait_for_function(READY)

    def tap(self, target: "str | Locator", *, nth: int = 0) -> None:
        """Click on something that can be seen, and count it."""
        self._set_clock()
        locator = self.find(target).nth(nth)
        locator.scroll_into_view_if_needed()
        locator.click()
        self.journey.taps += 1

    def go(self, target: "str | Locator", *, nth: int = 0) -> None:
        """Click on what leads to another page, and wait for that page."""
        with self.page.expect_navigation(wait_until="load"):
            self.tap(target, nth=nth)
        self.ready()

    def fill(self, target: "str | Locator", value: str) -> None:
        """Type into a field."""
        self.find(target).first.fill(value)

    def go_back(self) -> None:
        """Go back to the page before."""
        self.page.go_back()
        self.ready()

    def choose(self, target: "str | Locator", label: str) -> None:
        """Choose in a list."""
        self.find(target).first.select_option(label=label)

    def find(self, target: "str | Locator") -> Locator:
        """Return what a selector names, of what can be seen."""
        if isinstance(target, str):
            return self.page.locator(target).locator("visible=true")
        return target

    # === SEEING === #

    def sees(self, target: "str | Locator", text: "str | re.Pattern" = "") -> str:
        """Make sure that something is there, with a text; return its words."""
        locator = self.find(target).first
        expect(locator).to_be_visible(timeout=TIMEOUT)
        if text:
            expect(locator).to_contain_text(text, timeout=TIMEOUT)
        return re.sub(r"\s+", " ", locator.inner_text()).strip()

    def reads(self, *texts: str) -> None:
        """Make sure that the page says something, in whatever place."""
        for text in texts:
            found = self.page.get_by_text(re.compile(text, re.IGNORECASE))
            expect(found.locator("visible=true").first).to_be_visible(timeout=TIMEOUT)

    def misses(self, target: str) -> None:
        """Make sure that something is not there."""
        expect(self.find(target)).to_have_count(0)

    def sum(self, target: "str | Locator") -> float:
        """Return the first sum of money in something, to the cent."""
        return money(self.sees(target))[0]

    def count(self, target: str) -> int:
        """Return how many of something can be seen."""
        return self.find(target).count()

    def where(self) -> str:
        """Return the address of the page."""
        return self.page.url.removeprefix(self.base)

    def picture(self, words: str) -> None:
        """Keep what this person sees."""
        self.journey._pictures += 1
        name = re.sub(r"[^a-z0-9A-Z]+", "-", words).strip("-")[:60]
        path = self.journey.target / f"{self.journey._pictures:02}-{name}.png"
        try:
            self.page.screenshot(path=path, full_page=True, timeout=15_000)
        except Error as error:
            path.with_suffix(".txt").write_text(str(error))

    # === MAIL === #

    def gets(self, subject: str = "", *, late: bool = False, **kwargs: Any) -> Mail:
        """Wait for a mail to this person, newer than those looked at.

        :param late: go on when it comes only with the hourly queue, which is a fault
        """
        wait = self.journey.clinic.mailbox.wait
        try:
            return wait(self.email, subject, after=self._read, **kwargs)
        except AssertionError as error:
            if not late:
                raise
            self.journey.problems.append(f"{self.journey.sentence}: {error}")
        self.journey.clock.go_to(self.journey.clock.now() + timedelta(minutes=61))
        return wait(self.email, subject, after=self._read, **kwargs)

    @property
    def letters(self) -> int:
        """Return how many mails have come so far."""
        return len(self.journey.clinic.mailbox.to(self.email))

    def has_read(self) -> None:
        """Take all mails so far as looked at."""
        self._read = self.letters

    def follow(self, mail: Mail, words: str) -> None:
        """Tap on a link of a mail."""
        self.journey.taps += 1
        address = mail.link(words)
        # A link to another port is a fault that check_mails tells: go on all the same.
        self.open(
            re.sub(r"^https?://(localhost|127\.0\.0\.1)(:\d+)?", self.base, address)
        )

    # === INSIDE === #

    def leave(self) -> None:
        """Close the browser window."""
        self.context.close()

    def _set_clock(self) -> None:
        """Let the browser's clock go with the clinic's, from the next page on."""
        ahead = self.journey.clock.ahead
        if ahead != self._ahead:
            self._ahead = ahead
            self.context.add_init_script(BROWSER_CLOCK % (ahead * 1000))

    def _note_error(self, error: Error) -> None:
        """Keep an error of a script: no page may have one."""
        self.journey.problems.append(
            f"{self.journey.sentence}: an error of the page {self.where()}: "
            f"{str(error).splitlines()[0]}"
        )

    def _note_response(self, response: Any) -> None:
        """Keep a request that failed on the server."""
        if response.status >= 500:
            self.journey.problems.append(
                f"{self.journey.sentence}: {response.url.removeprefix(self.base)} "
                f"answered {response.status}"
            )


# === WORDS === #


def _reason(error: Exception) -> str:
    """Return an error on one line, without the log of the browser."""
    reason = str(error).split("Call log:")[0]
    return re.sub(r"\s+", " ", reason).strip()[:600]


def money(text: str) -> list[float]:
    """Return the sums of money in a text, in its order."""
    # a line break or a space is no separator of thousands, a hard space may be
    sums = r"(?<![\d.,])-?\d{1,3}(?:[,.\u00a0\u202f]?\d{3})*[.,]\d{2}(?!\d)"
    found = re.findall(sums, text)
    return [_number(part) for part in found]


def _number(text: str) -> float:
    """Read a sum whose last separator is that of the cents."""
    digits = re.sub(r"[^\d-]", "", text)
    return int(digits) / 100


def same(what: str, *sums: float) -> None:
    """Make sure that sums are the same to the cent."""
    cents = {round(value * 100) for value in sums}
    assert len(cents) == 1, f"{what}: {', '.join(f'{value:.2f}' for value in sums)}"


def local(moment: datetime) -> datetime:
    """Return a moment on the clinic's clock."""
    return moment.astimezone(ZONE)


def until(done: Callable[[], bool], what: str, seconds: float = 60) -> None:
    """Wait for a state that no page announces by itself."""
    deadline = time.monotonic() + seconds
    while not done():
        assert time.monotonic() < deadline, f"{what} did not happen in {seconds:.0f} s"
        time.sleep(0.3)
