"""./medspa guest: our addons in an Odoo that a company has had for years.

They go in without a word, leave what was there as it was, take core's own tests with
them, follow an upgrade, and go out again.
"""

import json
import shutil
import subprocess
from collections.abc import Callable, Iterable
from pathlib import Path

from . import addons as repository
from . import testlog
from .addons import Addon
from .console import MedspaError, elapsed, say, step
from .databases import literal, quoted
from .locks import exclusive
from .odoo import HungError, Limits
from .project import Project
from .report import Report
from .settings import (
    GUEST_ADDONS,
    GUEST_CORE,
    GUEST_CORE_SHORT,
    GUEST_PREFIX,
    GUEST_RELEASE,
    PROGRAM_SECONDS,
    SEPARATE_ADDONS,
    SILENT_SECONDS,
)
from .suite import browser_options
from .venv import fingerprint
from .workspace import Workspace, opened

HERE = Path(__file__).parent
# What core's tests say without us, by version of Odoo: see --record.
RECORD = HERE / "guest_core.json"
ROWS, SMOKE, LEAVE = (HERE / f"guest_{name}.py" for name in ("rows", "smoke", "leave"))

# Tables of others whose rows must be the same, column by column, before and after.
KEPT_TABLES = (
    "res_partner",
    "res_company",
    "res_users",
    "product_template",
    "product_pricelist_item",
    "sale_order",
    "sale_order_line",
    "account_move",
    "account_move_line",
    "account_payment",
    "payment_transaction",
    "calendar_event",
    "calendar_attendee",
    "sale_subscription",
    "sale_subscription_line",
    "sale_subscription_template",
    "crm_lead",
    "hr_leave",
    "loyalty_card",
    "stock_move",
    "pos_order",
    "project_task",
    "event_event",
)
ROW_COUNT, LAST_ROW = "number of rows", "last row"
# What is computed anew without anybody having changed anything.
# The last two: core tries a new mail template on one record, which gets the token of
# its page by that.
LOOSE_COLUMNS = {"write_date", "write_uid", "access_token", "is_manually_modified"}


def run(project: Project, *, full: bool, record: bool, keep: bool) -> int:
    """Run the checks.

    :param full: with all of core's tests, not the short half that CI has time for
    :param record: note what core's tests say without us, and end
    """
    report = Report()
    with opened(project, tests=True) as work:
        guest = Guest(work, report, full=full, keep=keep)
        try:
            if record:
                guest.record()
            else:
                guest.run()
        except MedspaError as error:
            report.result("everything could be run", [str(error)], elapsed())
    return report.close()


class Guest:
    """The checks, each on a copy of the company's database."""

    def __init__(
        self, work: Workspace, report: Report, *, full: bool, keep: bool
    ) -> None:
        """Take what the checks need."""
        self.work = work
        self.report = report
        self.databases = work.databases
        self.odoo = work.odoo
        self.logs = work.project.logs
        self.suites = GUEST_CORE if full else GUEST_CORE_SHORT
        self.keep = keep
        # What people cannot do there without us either.
        self.smoked: set[str] = set()
        self.addons = [
            addon
            for addon in repository.required(work.project)
            if addon.name not in SEPARATE_ADDONS
        ]
        self.names = [addon.name for addon in self.addons]

    def run(self) -> None:
        """Install, test, upgrade, leave."""
        db = f"{GUEST_PREFIX}run"
        try:
            self.databases.copy(self.template(), db)
            before = self.fingerprints(db)
            self.smoked = set(self.script(db, SMOKE, *self.without_us()))
            if self.report.check(
                "our addons install without a word", self.installs(db)
            ):
                self.report.check(
                    "what was there is as it was", lambda: self.changed(db, before)
                )
                self.report.check(
                    "people without a role work as before", lambda: self.smoke(db)
                )
                self.compare_core(db)
                self.report.check("our addons leave", lambda: self.leaves(db))
            self.report.check("an older version is upgraded", self.upgrades)
        finally:
            if not self.keep:
                self.databases.drop(db)

    # === THE COMPANY'S DATABASE ===

    def template(self) -> str:
        """Return the database of a company, made once for this Odoo and these rows."""
        key = fingerprint(self.odoo.tree.version, " ".join(GUEST_ADDONS), ROWS)[:10]
        name = f"{GUEST_PREFIX}tmpl_{key}"
        lock = self.work.project.state / "guest.lock"
        with exclusive(lock, "Another ./medspa makes the database: waiting for it."):
            if self.databases.exists(name):
                return name
            for old in self.databases.ours():
                if old.startswith(f"{GUEST_PREFIX}tmpl_"):
                    self.databases.drop(old)
            build = f"{GUEST_PREFIX}build"
            with step(f"Making the Odoo of a company ({len(GUEST_ADDONS)} addons)"):
                self.databases.drop(build)
                self.databases.create(build)
                log = self.logs / "guest-template.log"
                self.odoo.install(
                    log, build, GUEST_ADDONS, "--with-demo", *self.without_us()
                )
                self.script(build, ROWS, *self.without_us())
                self.databases.rename(build, name)
        return name

    def without_us(self) -> list[str]:
        """Return the options of an Odoo that does not see our addons."""
        paths = ",".join(str(path) for path in self.odoo.tree.addons_paths)
        return ["--addons-path", paths]

    def script(self, db: str, path: Path, *options: str) -> list[str]:
        """Run a script in Odoo's shell and return what it complains of.

        A line of it that begins with ``problem:`` is one; so is an error.
        """
        log = self.logs / f"{path.stem}.log"
        code = self.odoo.run(
            log,
            *("shell", "-d", db, "--no-http", "--log-level=warn", *options),
            stdin=path.read_text(),
            limits=self.limits(),
        )
        text = log.read_text(errors="replace")
        problems = [
            line.partition("problem:")[2].strip()
            for line in text.splitlines()
            if "problem:" in line
        ]
        if code or "Traceback" in text or "done" not in text:
            last = (text.strip().splitlines() or ["no output"])[-1]
            problems.append(f"{path.name} did not end: {last[:200]} (see {log})")
        return problems

    def limits(self) -> Limits:
        """Return how long one run of Odoo may take."""
        return Limits(SILENT_SECONDS, elapsed() + PROGRAM_SECONDS)

    # === IN ===

    def installs(self, db: str) -> Callable[[], list[str]]:
        """Return the check that installs our addons."""

        def check() -> list[str]:
            log = self.logs / "guest-install.log"
            say(f"Installing {', '.join(self.names)} (the log is {log})")
            self.odoo.install(log, db, self.names)
            return self.complaints(log)

        return check

    def complaints(self, log: Path) -> list[str]:
        """Return the errors, and the warnings of ours, in a log."""
        with log.open(errors="replace") as lines:
            found = testlog.read(lines, self.names).complaints
        return [line for text in found for line in text.splitlines()[:6]]

    def fingerprints(self, db: str) -> dict[str, dict[str, str]]:
        """Return a fingerprint of each column of the tables of others."""
        result: dict[str, dict[str, str]] = {}
        for table in KEPT_TABLES:
            columns = self.columns(db, table) - LOOSE_COLUMNS
            if columns:
                result[table] = self.hashes(db, table, columns)
        return result

    def columns(self, db: str, table: str) -> set[str]:
        """Return the columns of a table."""
        sql = (
            "SELECT column_name FROM information_schema.columns "
            f"WHERE table_schema = 'public' AND table_name = {literal(table)}"
        )
        return {row[0] for row in self.work.server.query(sql, db=db)}

    def hashes(
        self, db: str, table: str, columns: Iterable[str], upto: str | None = None
    ) -> dict[str, str]:
        """Return the hash of all values of each of some columns, and the row count.

        :param upto: the last row that counts, where new ones may have come
        """
        columns = sorted(columns)
        parts = ["count(*)::text", "max(id)::text"] + [
            f"md5(string_agg(coalesce({quoted(name)}::text, '-'), ',' ORDER BY id))"
            for name in columns
        ]
        row = self.work.server.query(
            f"SELECT {', '.join(parts)} FROM {quoted(table)}"
            + (f" WHERE id <= {upto}" if upto else ""),
            db=db,
        )[0]
        return dict(zip([ROW_COUNT, LAST_ROW, *columns], row, strict=True))

    def changed(self, db: str, before: dict[str, dict[str, str]]) -> list[str]:
        """Return the columns of others whose values are not what they were."""
        problems = []
        for table, old in before.items():
            there = self.columns(db, table)
            gone = set(old) - there - {ROW_COUNT, LAST_ROW}
            new = self.hashes(db, table, set(old) & there, old[LAST_ROW])
            problems += [f"{table}.{name} is gone" for name in sorted(gone)]
            problems += [
                f"{table}: {name} changed"
                for name in sorted(new)
                if new[name] != old[name]
            ]
        return problems

    def smoke(self, db: str) -> list[str]:
        """Sell, bill, plan and open forms as people without a role in the clinic."""
        found = self.script(db, SMOKE)
        return [problem for problem in found if problem not in self.smoked]

    # === CORE'S TESTS ===

    def core_results(self, db: str, suites: list[str], *options: str) -> dict:
        """Run tests of core and return what ran and what failed, by name."""
        log = self.logs / "guest-core.log"
        tags = ",".join(f"/{name}" for name in suites) + ",-at_install"
        arguments = [
            "-d",
            db,
            "--test-tags",
            tags,
            *browser_options(self.work),
            *options,
        ]
        say(f"Running the tests of {', '.join(suites)} (the log is {log})")
        hung = None
        try:
            self.odoo.run(log, *arguments, limits=self.limits())
        except HungError as error:
            hung = str(error)
        ran, failed = set(), set()
        with log.open(errors="replace") as lines:
            for entry in testlog.entries(lines):
                module = testlog.MODULE.match(entry.logger)
                if module and (started := testlog.STARTED.match(entry.text)):
                    ran.add(f"{module[1]}:{started[1]}")
                elif module and (wrong := testlog.FAILED.match(entry.text)):
                    failed.add(f"{module[1]}:{wrong[2].split(' (')[0]}")
        return {"ran": len(ran), "failed": sorted(failed), "hung": hung}

    def record(self) -> None:
        """Note what the tests of core say where we are not installed."""
        db = f"{GUEST_PREFIX}record"
        notes = self.read_record()
        results = {}
        try:
            for suite in self.suites:
                self.databases.copy(self.databases.template(), db)
                found = self.core_results(db, [suite], *self.without_us())
                if found["hung"]:
                    raise MedspaError(found["hung"])
                results[suite] = {"ran": found["ran"], "failed": found["failed"]}
        finally:
            self.databases.drop(db)
        notes.setdefault(self.odoo.tree.version, {}).update(results)
        RECORD.write_text(json.dumps(notes, indent=1, sort_keys=True) + "\n")
        self.report.result(f"noted in {RECORD.name}", [], elapsed())

    def read_record(self) -> dict:
        """Return what was noted."""
        try:
            return json.loads(RECORD.read_text())
        except FileNotFoundError:
            return {}

    def compare_core(self, db: str) -> None:
        """Run tests of core with ours installed: none may fail that did not before."""
        known = self.read_record().get(self.odoo.tree.version, {})

        def check() -> list[str]:
            copy = f"{db}_core"
            try:
                # Core's tests count on a database without demo data, as their CI has.
                self.databases.make_empty(
                    copy, self.addons, self.logs / "guest-core-install.log"
                )
                found = self.core_results(copy, self.suites)
            finally:
                if not self.keep:
                    self.databases.drop(copy)
            problems = [found["hung"]] if found["hung"] else []
            noted = [known.get(suite, {}) for suite in self.suites]
            before = {name for suite in noted for name in suite.get("failed", [])}
            problems += [
                f"{name} fails only with ours"
                for name in found["failed"]
                if name not in before
            ]
            expected = sum(suite.get("ran", 0) for suite in noted)
            if found["ran"] < max(expected, 1):
                problems.append(f"{found['ran']} tests ran, {expected} without ours")
            say(f"{found['ran']} tests of core ran, {len(found['failed'])} failed")
            return problems

        self.report.check(f"tests of core as before ({', '.join(self.suites)})", check)

    # === OUT ===

    def leaves(self, db: str) -> list[str]:
        """Uninstall: refused while patients have something left, clean afterwards."""
        problems = self.script(db, LEAVE)
        tables = self.work.server.query(
            "SELECT tablename FROM pg_tables WHERE tablename LIKE 'medspa%'", db=db
        )
        problems += [f"the table {row[0]} is left" for row in tables]
        data = self.work.server.query(
            "SELECT module, count(*) FROM ir_model_data WHERE module LIKE 'medspa%' "
            "AND name NOT LIKE 'module_%' GROUP BY module",
            db=db,
        )
        problems += [f"{row[1]} records of {row[0]} are left" for row in data]
        if not problems:
            problems = self.smoke(db)
        return problems

    # === FROM A VERSION TO THE NEXT ===

    def upgrades(self) -> list[str]:
        """Install the released version with rows in its tables, then update it."""
        db = f"{GUEST_PREFIX}upgrade"
        folder = self.work.project.state / "guest-release"
        self.export_release(folder)
        older = [
            Addon(path.parent) for path in sorted(folder.glob("*/__manifest__.py"))
        ]
        shown = repository.demo(older)
        log = self.logs / "guest-release.log"
        tree = ",".join(str(path) for path in (folder, *self.odoo.tree.addons_paths))
        try:
            self.databases.copy(self.databases.template(), db)
            say(f"Installing the released version ({GUEST_RELEASE})")
            self.work.server.query("UPDATE ir_module_module SET demo = true", db=db)
            names = [addon.name for addon in shown]
            self.odoo.install(log, db, names, "--with-demo", "--addons-path", tree)
            log = self.logs / "guest-upgrade.log"
            say(f"Upgrading it (the log is {log})")
            now = repository.demo(repository.required(self.work.project))
            new = [addon.name for addon in now if addon.name not in names]
            options = ["-i", ",".join(new)] if new else []
            self.odoo.install(log, db, names, *options, update=True)
            return self.complaints(log)
        finally:
            shutil.rmtree(folder, ignore_errors=True)
            if not self.keep:
                self.databases.drop(db)

    def export_release(self, folder: Path) -> None:
        """Write the files of the released version into a folder."""
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        root = self.work.project.root
        made = subprocess.run(
            ["git", "-C", str(root), "archive", "--format=tar", GUEST_RELEASE],
            capture_output=True,
            check=False,
        )
        if made.returncode:
            raise MedspaError(
                f"The released version {GUEST_RELEASE} is not in this checkout: fetch "
                f"its history (git fetch --unshallow)."
            )
        subprocess.run(["tar", "-x", "-C", str(folder)], input=made.stdout, check=True)
