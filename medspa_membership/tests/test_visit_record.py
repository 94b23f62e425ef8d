# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
from datetime import timedelta

import psycopg2

from odoo import Command, fields
from odoo.exceptions import AccessError, UserError
from odoo.tests import Form, freeze_time, tagged
from odoo.tools import mute_logger

from .common import TODAY, ClinicCase
from .test_visit import PIXEL, VisitData


@tagged("post_install", "-at_install")
@freeze_time(TODAY)
class TestVisitRecord(VisitData, ClinicCase):
    """What a clinician has finished is added to, and never changed."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls._set_up_visits()
        cls.credit = cls._create_credit(granted=3)

    def _as(self, records, user=None):
        """Return records as a request of the practitioner, or another, finds them."""
        self.env.flush_all()
        self.env.invalidate_all()
        return records.with_env(
            self.env(user=user or self.practitioner_user, su=False, context={})
        )

    def _refused(self, act, *args, error=AccessError):
        with self.assertRaises(error), self.env.cr.savepoint():
            act(*args)
        self.env.invalidate_all()

    def _finish(self, start="2026-02-02 07:30:00"):
        """Return a visit that its practitioner has written up and closed."""
        event = self._as(self._create_appointment(start))
        event.action_open_visit()
        event.visit_id.write(
            {
                "protocol": "<p>Two layers</p>",
                "photo_ids": [Command.create({"image_1920": PIXEL})],
                "product_line_ids": [Command.create({"product_id": self.filler.id})],
            }
        )
        event.action_done()
        return event.visit_id

    def test_a_finished_visit_is_not_changed(self):
        visit = self._finish()
        self.assertEqual(visit.state, "done")
        self.assertEqual(visit.finished_by_id, self.practitioner_user)
        self.assertEqual(visit.finished_at, fields.Datetime.to_datetime(TODAY))
        export = self.env.ref("base.group_system")
        self.practitioner_user.group_ids |= export
        visit = self._as(visit)
        for vals in (
            {"protocol": "<p>Another</p>"},
            {"notes": "<p>Another</p>"},
            {"settings": {"fluence": 99}},
            {"photo_ids": [Command.clear()]},
            {"product_line_ids": [Command.clear()]},
            {"state": "undone"},
            {"state": "draft"},
            {"partner_id": self.other_patient.id},
            {"visited_at": "2026-01-01 00:00:00"},
            {"units_used": 99},
            {"event_id": False},
            {"treatment_id": self.laser.id},
            {"finished_at": False},
            {"finished_by_id": self.manager.id},
            {"addendum_ids": [Command.create({"body": "x"})]},
        ):
            with self.subTest(vals=vals):
                self._refused(visit.write, vals)
        photo, line = visit.photo_ids, visit.product_line_ids
        file = (
            self.env["ir.attachment"]
            .sudo()
            .search(
                [
                    ("res_model", "=", photo._name),
                    ("res_id", "=", photo.id),
                    ("res_field", "=", "image_1920"),
                ]
            )
        )
        self.assertTrue(file)
        self.practitioner_user.group_ids -= export
        visit = self._as(visit)
        for record, vals in (
            (photo, {"kind": "after"}),
            (line, {"quantity": 5}),
            (file, {"raw": b"other"}),
        ):
            record = self._as(record)
            with self.subTest(record=record):
                self._refused(record.write, vals)
                self._refused(record.unlink)
        self._refused(photo.create, {"visit_id": visit.id, "image_1920": PIXEL})
        self._refused(line.create, {"visit_id": visit.id, "product_id": self.filler.id})
        self.assertIn("Two layers", visit.protocol)
        self.assertTrue(visit.photo_ids)

    def test_what_is_being_written_keeps_its_patient(self):
        event = self._as(self._create_appointment("2026-02-02 07:30:00"))
        event.action_open_visit()
        visit = event.visit_id
        for vals in (
            {"state": "done"},
            {"state": "undone"},
            {"partner_id": self.other_patient.id},
            {"units_used": 5},
            {"visited_at": "2026-01-01 00:00:00"},
        ):
            with self.subTest(vals=vals):
                self._refused(visit.write, vals)
        with Form(self._as(visit)) as form:
            form.protocol = "<p>Two layers</p>"
        other = self._finish("2026-02-02 13:00:00")
        photo = self._as(visit).photo_ids.create(
            {"visit_id": visit.id, "image_1920": PIXEL}
        )
        self._refused(photo.write, {"visit_id": other.id})

    def test_an_addendum_says_who_and_when(self):
        visit = self._finish()
        action = visit.action_add_addendum()
        Addendum = self._as(self.env["medspa.visit.addendum"])
        with Form(Addendum.with_context(**action["context"])) as form:
            form.body = "<p>Mild redness the day after.</p>"
        addendum = form.save()
        self.assertEqual(visit.addendum_ids, addendum)
        self.assertEqual(addendum.user_id, self.practitioner_user)
        self.assertEqual(addendum.written_at, fields.Datetime.to_datetime(TODAY))
        vals = {"visit_id": visit.id, "body": "<p>x</p>"}
        self._refused(Addendum.create, {**vals, "user_id": self.manager.id})
        self._refused(Addendum.create, {**vals, "written_at": "2020-01-01 00:00:00"})
        made = Addendum.with_context(
            default_user_id=self.manager.id, default_written_at="2020-01-01 00:00:00"
        ).create(vals)
        self.assertEqual(made.user_id, self.practitioner_user)
        self.assertEqual(made.written_at, addendum.written_at)
        self._refused(Addendum.create, {**vals, "body": "<p> </p>"}, error=UserError)
        for records in (addendum, addendum.sudo()):
            with self.assertRaises(UserError):
                records.write({"body": "<p>Other</p>"})
            with self.assertRaises(UserError):
                records.unlink()
        for user in (self.receptionist, self.manager):
            self._refused(self._as(addendum, user).read, ["body"])
        self.env.flush_all()
        with (
            mute_logger("odoo.sql_db"),
            self.assertRaises(psycopg2.Error),
            self.env.cr.savepoint(),
        ):
            self.env.cr.execute("UPDATE medspa_visit_addendum SET body = 'x'")

    def test_closed_at_the_desk_and_written_up_later(self):
        event = self._create_appointment("2026-02-02 07:30:00")
        self._as(event, self.receptionist).action_done()
        visit = self._as(event.visit_id)
        self.assertFalse(visit.finished_at)
        visit.protocol = "<p>Forehead</p>"
        self._refused(self._as(visit, self.receptionist).action_finish)
        visit.action_finish()
        self.assertEqual(visit.finished_by_id, self.practitioner_user)
        self._refused(visit.write, {"protocol": "<p>Other</p>"})

    def test_nothing_written_is_not_finished(self):
        for number, (name, value) in enumerate(
            (
                ("settings", {"fluence": 18.5}),
                ("product_line_ids", [Command.create({"product_id": self.filler.id})]),
                ("photo_ids", [Command.create({"image_1920": PIXEL})]),
                ("notes", "<p>Cool it</p>"),
            )
        ):
            event = self._create_appointment(f"2026-02-02 {10 + number}:00:00")
            self._as(event, self.receptionist).action_done()
            visit = self._as(event.visit_id)
            with self.subTest(written=name):
                self._refused(visit.action_finish, error=UserError)
                self.assertFalse(visit.finished_at)
                visit.write({name: value})
                visit.action_finish()
                self.assertTrue(visit.finished_at)

    def test_what_was_written_up_is_finished_by_itself(self):
        event = self._create_appointment("2026-02-02 07:30:00")
        event.action_done()
        other = self._create_appointment("2026-02-02 09:00:00")
        other.action_done()
        event.visit_id.protocol = "<p>Forehead</p>"
        Visit = self.env["medspa.visit"]
        Visit._cron_finish()
        self.assertFalse(event.visit_id.finished_at)
        with freeze_time(fields.Datetime.now() + timedelta(days=3)):
            Visit._cron_finish()
        self.assertTrue(event.visit_id.finished_at)
        self.assertFalse(event.visit_id.finished_by_id)
        # Nothing was written of the other one: it can still be.
        self.assertFalse(other.visit_id.finished_at)

    # === ONE SESSION, ONE VISIT === #

    def test_undoing_goes_by_the_appointment(self):
        visit = self._finish()
        event = visit.event_id
        self.assertBalances(self.credit, 2, 0)
        event.action_undo()
        self.assertEqual(visit.state, "undone")
        self.assertBalances(self.credit, 3, 1)
        event.action_done()
        self.assertBalances(self.credit, 2, 0)
        self.assertEqual(len(event.sudo().visit_ids), 2)

    def test_the_database_takes_no_session_twice(self):
        visit = self._finish()
        self.env.flush_all()
        other = self._create_appointment("2026-02-02 10:00:00")
        self.env.flush_all()
        for query, parameters in (
            ("UPDATE medspa_visit SET state = 'undone' WHERE id = %s", [visit.id]),
            ("UPDATE medspa_visit SET event_id = NULL WHERE id = %s", [visit.id]),
            (
                "UPDATE medspa_visit SET event_id = %s WHERE id = %s",
                [other.id, visit.id],
            ),
        ):
            with (
                self.subTest(query),
                mute_logger("odoo.sql_db"),
                self.assertRaises(psycopg2.Error),
                self.env.cr.savepoint(),
            ):
                self.env.cr.execute(query, parameters)
                self.env.cr.execute("SET CONSTRAINTS ALL IMMEDIATE")
        visit.event_id.action_undo()
        self.env.flush_all()
        self.env.cr.execute("SET CONSTRAINTS ALL IMMEDIATE")
        with (
            mute_logger("odoo.sql_db"),
            self.assertRaises(psycopg2.Error),
            self.env.cr.savepoint(),
        ):
            self.env.cr.execute(
                "UPDATE medspa_visit SET state = 'done' WHERE id = %s", [visit.id]
            )
