# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
import csv
import os
import re
from datetime import timedelta
from pathlib import Path

from odoo import Command, fields
from odoo.tests import HttpCase, TransactionCase, new_test_user, tagged
from odoo.tools import mute_logger
from odoo.tools.misc import file_path

from .common import ClinicData
from .security_matrix import (
    Matrix,
    our_models,
    own_fields,
    own_methods,
    own_routes,
)
from .test_visit import PIXEL

TABLE = Path(file_path("medspa_membership")).parent / "docs" / "security.csv"
# Set it to write what is so into the table: to be read before it is committed.
WRITE = os.environ.get("MEDSPA_SECURITY_TABLE") == "write"
ROLES = (
    "visitor",
    "patient",
    "other patient",
    "receptionist",
    "practitioner",
    "manager",
    "employee",
    "other clinic",
)
OUTSIDERS = ("visitor", "patient", "other patient", "employee", "other clinic")
# Who opens pages, and who sends forms without a token.
READERS = ("visitor", "patient", "other patient", "employee")
SENDERS = ("visitor", "other patient")
COLUMNS = ("kind", "of", "names", *ROLES, "why")
HELP = (
    "Say in docs/security.csv who may what, or run this test with "
    "MEDSPA_SECURITY_TABLE=write and read what it has written."
)
MARK = "Zenobia Quellhorst"
NOISE = ("odoo.sql_db", "odoo.models.unlink", "odoo.addons.base.models.ir_model")


def read_table():
    """Return the table: `{(kind, of, name): {role: letters}}`, and its reasons."""
    rights, reasons = {}, {}
    if not TABLE.exists():
        return rights, reasons
    with TABLE.open(newline="") as file:
        for row in csv.DictReader(file):
            for name in row["names"].split() or [""]:
                key = (row["kind"], row["of"], name)
                rights[key] = {role: row[role] for role in ROLES}
                reasons[key] = row["why"]
    return rights, reasons


def write_table(found, kinds, reasons):
    """Write what was found of some kinds; the rows of others stay."""
    rights = {k: v for k, v in read_table()[0].items() if k[0] not in kinds}
    rights |= found
    rows = {}
    for (kind, of, name), cells in rights.items():
        why = reasons.get((kind, of, name), "")
        key = (kind, of, *(cells[role] for role in ROLES), why)
        rows.setdefault(key, []).append(name)
    order = ["model", "fields", "methods", "route"]
    with TABLE.open("w", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(COLUMNS)
        for (kind, of, *cells), names in sorted(
            rows.items(), key=lambda row: (order.index(row[0][0]), row[0][1], row[1])
        ):
            writer.writerow([kind, of, " ".join(sorted(names)), *cells])


class MatrixData(ClinicData):
    """A patient of whom the clinic has one of everything, and people of every role."""

    @classmethod
    def _set_up_matrix(cls):
        cls._set_up_clinic()
        cls.patient.write({"name": MARK, "email": "zenobia@example.com"})
        cls._set_up_users()
        cls._set_up_samples()

    @classmethod
    def _set_up_users(cls):
        company = cls.env["res.company"].create({"name": "Other clinic"})
        other = "medspa_membership.group_medspa_%s"
        cls.users = {
            "visitor": cls.env.ref("base.public_user"),
            "patient": cls._create_portal_user(cls.patient, "matrix_patient"),
            "other patient": cls._create_portal_user(
                cls.other_patient, "matrix_other_patient"
            ),
            "receptionist": cls.receptionist,
            "practitioner": cls.practitioner_user,
            "manager": cls.manager,
            "employee": new_test_user(
                cls.env, login="matrix_employee", groups="base.group_user"
            ),
            "other clinic": new_test_user(
                cls.env,
                login="matrix_other_clinic",
                groups=",".join(
                    other % role for role in ("receptionist", "practitioner", "manager")
                ),
                company_id=company.id,
                company_ids=[Command.set(company.ids)],
            ),
        }

    @classmethod
    def _set_up_samples(cls):
        """Let the patient have one of everything."""
        today = fields.Date.today()
        noon = fields.Datetime.now().replace(hour=11, minute=0, second=0, microsecond=0)
        cls.course = cls._create_course()
        cls.membership = cls._create_membership(today)
        event = cls._create_appointment(noon + timedelta(days=3))
        visit = event.sudo()._create_visit("draft")
        photo = (
            cls.env["medspa.visit.photo"]
            .sudo()
            .create({"visit_id": visit.id, "image_1920": PIXEL})
        )
        used = (
            cls.env["medspa.visit.product"]
            .sudo()
            .create(
                {
                    "visit_id": visit.id,
                    "product_id": cls.env["product.product"]
                    .create({"name": "Gauze", "type": "consu"})
                    .id,
                }
            )
        )
        waiting = (
            cls.env["medspa.waiting"]
            .sudo()
            .create(
                {
                    "partner_id": cls.patient.id,
                    "treatment_id": cls.peel.id,
                    "company_id": cls.company.id,
                    "date_from": today,
                    "date_to": today + timedelta(days=9),
                }
            )
        )
        order = cls._sell_course()
        pause = (
            cls.env["medspa.course.pause"]
            .sudo()
            .create({"course_id": cls.course.id, "date_from": today})
        )
        cls.samples = {
            record._name: record.sudo(False)
            for record in (
                cls.course,
                cls.course.line_ids[:1],
                cls.course.credit_ids[:1],
                cls.course.credit_ids.move_ids[:1],
                pause,
                cls.membership,
                cls.membership.period_ids[:1],
                cls.membership_pause,
                cls.membership.benefit_ids[:1],
                cls.membership.agreement_ids[:1],
                cls.membership.sale_subscription_line_ids[:1],
                cls.membership.template_id,
                cls.membership.template_id.benefit_ids[:1],
                event,
                event.occupancy_ids[:1],
                visit,
                photo,
                used,
                waiting,
                order,
                order.order_line[:1],
                cls.patient,
                cls.peel,
                cls.petra,
                cls.company,
            )
            if record
        }

    @classmethod
    def _create_membership(cls, today):
        """Let the patient be a member who has to sign, since today."""
        plan = cls.env["sale.subscription.template"].create(
            {
                "name": "Glow",
                "is_plan": True,
                "price": 99,
                "agreement": "<p>Terms</p>",
                "company_id": cls.company.id,
                "benefit_ids": [
                    Command.create({"treatment_id": cls.peel.id, "quantity": 2})
                ],
            }
        )
        Subscription_sudo = cls.env["sale.subscription"].sudo()
        membership = Subscription_sudo.create(
            Subscription_sudo._prepare_membership_vals(
                plan,
                cls.patient,
                cls.company,
                cls.env["product.pricelist"].create({"name": "Usual"}),
                {
                    "product_id": plan.product_tmpl_id.product_variant_id.id,
                    "price_unit": 99,
                },
            )
        )
        membership.write({"membership_state": "active", "anchor_date": today})
        membership._ask_to_sign()
        cls.membership_pause = (
            cls.env["medspa.membership.pause"]
            .sudo()
            .create(
                {
                    "membership_id": membership.id,
                    "start_date": today + timedelta(days=60),
                    "meaning": "frozen_skip",
                }
            )
        )
        cls.env["medspa.membership.period"].sudo().create(
            {
                "membership_id": membership.id,
                "template_id": plan.id,
                "currency_id": cls.company.currency_id.id,
                "start_date": today,
                "end_date": today + timedelta(days=29),
                "amount": 99,
                "state": "open",
            }
        )
        return membership


class MatrixCase:
    """Compares what is so with what docs/security.csv says."""

    def _is_whole(self):
        """Tell whether all of our addons are installed that stand beside this one."""
        beside = TABLE.parent.parent.glob("medspa_*/__manifest__.py")
        names = {path.parent.name for path in beside} - {"medspa_demo"}
        installed = self.env["ir.module.module"].sudo()
        return len(names) == installed.search_count(
            [("name", "in", list(names)), ("state", "=", "installed")]
        )

    def _compare(self, found, *kinds):
        rights, reasons = read_table()
        if not TABLE.parent.exists():
            # The addon stands by itself, without the repository's documents.
            return
        if WRITE:
            write_table(found, kinds, reasons)
            return
        said = {key: cells for key, cells in rights.items() if key[0] in kinds}
        if not self._is_whole():
            # What other addons of ours add is compared where they are installed.
            said = {key: cells for key, cells in said.items() if key in found}
        new = sorted(found.keys() - said.keys())
        self.assertFalse(new, f"Not in the table. {HELP}")
        self.assertFalse(sorted(said.keys() - found.keys()), f"Gone. {HELP}")
        different = [
            f"{' '.join(key)}: {role} has {found[key][role]!r}, not {cell!r}"
            for key, cells in said.items()
            for role, cell in cells.items()
            if found[key].get(role, "") != cell
        ]
        self.assertFalse(different, HELP)


@tagged("post_install", "-at_install")
class TestSecurityMatrix(MatrixData, MatrixCase, TransactionCase):
    """Every role x every model, field and method of ours."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls._set_up_matrix()
        cls.env.flush_all()
        cls.env.invalidate_all()
        cls.matrix = Matrix(cls.env, cls.users, cls.samples)

    @mute_logger(*NOISE)
    def test_models_and_fields(self):
        own, extended = our_models(self.env)
        found = {}
        for model in [*own, *extended]:
            fields = extended.get(model) or own_fields(self.env[model])
            of_model, of_fields = self.matrix.ask_model(model, fields)
            if model in own:
                found["model", model, ""] = of_model
            for name, cells in of_fields.items():
                found["fields", model, name] = cells
        self.assertFalse(self.matrix.problems)
        self._compare(found, "model", "fields")

    def test_whoever_may_not_read_a_field_can_copy_the_record(self):
        _own, extended = our_models(self.env)
        traps = [
            f"{model}.{name}"
            for model, names in extended.items()
            for name in names
            if (field := self.env[model]._fields[name]).groups
            and field.store
            and field.copy
        ]
        self.assertFalse(traps, "Fields of some groups only are not copied.")

    @mute_logger(*NOISE)
    def test_methods(self):
        found = {
            ("methods", model, name): self.matrix.ask_method(model, name)
            for model, names in own_methods(self.env).items()
            for name in names
        }
        changed = [
            f"{role} changes something by {model}.{name}"
            for (_kind, model, name), cells in found.items()
            for role in OUTSIDERS
            if cells[role] == "w"
        ]
        # Whether staff changes something depends on the record that is asked about.
        for cells in found.values():
            cells.update({role: "x" for role, cell in cells.items() if cell == "w"})
        self._compare(found, "methods")
        self.assertFalse(changed)


@tagged("post_install", "-at_install")
class TestSecurityRoutes(MatrixData, MatrixCase, HttpCase):
    """Every route of ours x who opens it, and who sends a form without its token."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls._set_up_matrix()
        for role in READERS[1:]:
            cls.users[role].password = cls.users[role].login

    # What is not signed is refused, and said so in the log.
    @mute_logger("odoo.addons.medspa_reminders.controllers.sms_inbound")
    def test_routes(self):
        routes = own_routes()
        found = {("route", url, ""): dict.fromkeys(ROLES, "") for url in routes}
        leaks = []
        for role in READERS:
            if role == "visitor":
                self.authenticate(None, None)
            else:
                login = self.users[role].login
                self.authenticate(login, login)
            for url, (methods, kind, _auth, _csrf) in routes.items():
                answers = []
                if "GET" in methods and kind == "http":
                    answers.append(self._ask(url, role, leaks))
                if "POST" in methods and role in SENDERS:
                    answers.append(self._ask(url, role, leaks, kind))
                found["route", url, ""][role] = " ".join(answers)
        self.assertFalse(leaks)
        self._compare(found, "route")

    def _ask(self, url, role, leaks, post=None):
        """Return what a route answers, and note when it names the patient."""
        address = self._fill(url)
        if post == "jsonrpc":
            response = self.url_open(
                address, json={"jsonrpc": "2.0", "params": {}}, allow_redirects=False
            )
        elif post:
            response = self.url_open(
                address, data={"nothing": "1"}, allow_redirects=False
            )
        else:
            response = self.url_open(address, allow_redirects=False)
        if role != "patient" and MARK in response.text:
            leaks.append(f"{url} names the patient to {role}")
        answer = str(response.status_code)
        if "/web/login" in response.headers.get("Location", ""):
            answer = "login"
        if post == "jsonrpc" and '"error"' in response.text:
            answer = "error"
        return f"POST:{answer}" if post else answer

    def _fill(self, url):
        """Return the address of a route for what is the patient's."""
        ids = {
            "course": self.course.id,
            "membership": self.membership.id,
            "event": self.samples["calendar.event"].id,
            "appointment": self.samples["calendar.event"].id,
            "waiting": self.samples["medspa.waiting"].id,
            "order": self.samples["sale.order"].id,
            "treatment": self.peel.id,
            "product": self.peel.id,
        }

        def fill(match):
            converter, _colon, name = match[1].rpartition(":")
            if "product.template" in converter:
                return self.env["ir.http"]._slug(self.peel)
            if converter.startswith(("int", "model")):
                known = (ids[key] for key in ids if key in name or key in converter)
                return str(next(known, 1))
            return "x"

        return re.sub(r"<([^>]+)>", fill, url)
