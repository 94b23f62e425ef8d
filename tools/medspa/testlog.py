"""Reading what Odoo says about a test run."""

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

LINE = re.compile(
    r"^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d+ \d+ (?P<level>[A-Z]+) (?P<db>\S+) "
    r"(?P<logger>[^\s:]+): (?P<text>.*)$"
)
RESULT = re.compile(r"(\d+) failed, (\d+) error\(s\) of (\d+) tests")
# one line a module, a class and a test: module, module.file.class, and so on
STAT = re.compile(r"^\t(\w+(?:\.\w+)*): ([\d.]+)s \d+ queries$")
STARTED = re.compile(r"^Starting (\S+) \.\.\.")
MODULE = re.compile(r"odoo\.addons\.(\w+)")
FAILED = re.compile(r"^(FAIL|ERROR): (.+)$")
# what Odoo has to say of a field names no addon; a plain Odoo says nothing
FIELD_WARNING = re.compile(r"/odoo/orm/\w+\.py:\d+: \w*Warning: Field ")
SKIPPED = re.compile(r"^skipped (.+?) : (.*)$")


@dataclass
class Entry:
    """One entry of the log, with the lines that belong to it."""

    level: str
    logger: str
    text: str
    more: list[str] = field(default_factory=list)

    @property
    def whole(self) -> str:
        """Return the entry's text with the lines below it."""
        return "\n".join([self.text, *self.more]).rstrip()


@dataclass
class TestLog:
    """What a run, or several runs of one suite, said in figures and in texts."""

    tests: int = 0
    failed: int = 0
    errors: int = 0
    finished: bool = False
    hung: str | None = None
    # each test that began, as file.class.method with odoo.addons in front
    started: Counter[str] = field(default_factory=Counter)
    # seconds by module, by class and by test
    seconds: dict[str, float] = field(default_factory=dict)
    failures: list[str] = field(default_factory=list)
    skipped: list[tuple[str, str]] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)

    def add(self, other: "TestLog") -> None:
        """Join in what another run found out about tests and times."""
        self.started += other.started
        for name, seconds in other.seconds.items():
            self.seconds[name] = self.seconds.get(name, 0) + seconds

    def modules(self) -> dict[str, tuple[int, float]]:
        """Return each module's tests and seconds."""
        tests = Counter(MODULE.match(name)[1] for name in self.started.elements())
        return {
            name: (tests[name], self.seconds.get(name, 0)) for name in sorted(tests)
        }

    def classes(self) -> list[tuple[str, float]]:
        """Return the seconds of each class, as addon.file.class."""
        return [item for item in self.seconds.items() if item[0].count(".") == 2]

    def slowest(self, count: int) -> list[tuple[str, float]]:
        """Return the tests (and what sets their classes up) that took longest."""
        tests = [(name, took) for name, took in self.seconds.items() if is_test(name)]
        return sorted(tests, key=lambda item: -item[1])[:count]


def is_test(name: str) -> bool:
    """Tell whether statistics are of one test, by its name: addon.file.class.method."""
    return name.count(".") == 3


def entries(lines: Iterable[str]) -> Iterable[Entry]:
    """Join the lines of a log into entries."""
    current = None
    for line in lines:
        line = line.rstrip("\n")
        if match := LINE.match(line):
            if current:
                yield current
            current = Entry(match["level"], match["logger"], match["text"])
        elif current:
            current.more.append(line)
        else:
            # what is said before Odoo logs: a wrong option, an import error
            current = Entry("PLAIN", "", line)
    if current:
        yield current


def read(lines: Iterable[str], ours: Iterable[str]) -> TestLog:
    """Read a log.

    :param ours: our addons; a warning of theirs is a complaint as an error is
    """
    log = TestLog()
    ours = set(ours)
    for entry in entries(lines):
        if entry.logger == "odoo.tests.result" and (match := RESULT.search(entry.text)):
            log.failed, log.errors, log.tests = (
                int(number) for number in match.groups()
            )
            log.finished = True
        elif entry.logger == "odoo.tests.stats":
            stats = filter(None, map(STAT.match, entry.more))
            log.seconds |= {stat[1]: float(stat[2]) for stat in stats}
        elif MODULE.match(entry.logger) and (match := STARTED.match(entry.text)):
            log.started[f"{entry.logger}.{match[1]}"] += 1
        elif match := SKIPPED.match(entry.text):
            log.skipped.append((match[1], match[2]))
        elif entry.level == "ERROR" and FAILED.match(entry.text):
            log.failures.append(entry.whole)
        elif is_complaint(entry, ours):
            log.complaints.append(f"{entry.level} {entry.logger}: {entry.whole}")
    return log


def is_complaint(entry: Entry, ours: set[str]) -> bool:
    """Tell whether an entry is an error, or a warning about our addons."""
    if entry.logger.startswith("odoo.tests."):
        return entry.level == "CRITICAL"
    if entry.level in ("ERROR", "CRITICAL"):
        return True
    if entry.level != "WARNING":
        return False
    if FIELD_WARNING.search(entry.text):
        return True
    module = MODULE.match(entry.logger)
    if module and module[1] in ours:
        return True
    return any(re.search(rf"\b{name}\b", entry.whole) for name in ours)
