# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
import base64
import csv
import io
from datetime import date
from unittest.mock import patch

import openpyxl

from odoo.exceptions import AccessError, UserError
from odoo.tests import Form, freeze_time, tagged
from odoo.tools import file_open, mute_logger

from ..wizards.medspa_import import LOCK_CLASS
from .common import TODAY, ClinicCase

PATIENTS = ("Patient ID", "Name", "E-mail", "Phone")
COURSES = (
    "Course ID",
    "Patient ID",
    "Course",
    "Bought on",
    "Sessions bought",
    "Sessions used",
    "Price paid",
)
PLANS = ("Plan ID", "Plan", "Price", "Period")


class ImportCase(ClinicCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env.user.group_ids += cls.env.ref("medspa_membership.group_medspa_manager")

    @classmethod
    def _csv(cls, header, *rows, delimiter=",", encoding="utf-8"):
        buffer = io.StringIO()
        csv.writer(buffer, delimiter=delimiter).writerows([header, *rows])
        return buffer.getvalue().encode(encoding)

    @classmethod
    def _xlsx(cls, header, *rows):
        book = openpyxl.Workbook()
        for row in (header, *rows):
            book.active.append(row)
        buffer = io.BytesIO()
        book.save(buffer)
        return buffer.getvalue()

    @classmethod
    def _check(cls, kind, content, filename="file.csv", user=None, **vals):
        """Fill in the form as the manager does, and check the file."""
        form = Form(cls.env["medspa.import"].with_user(user or cls.manager))
        form.kind = kind
        form.source = vals.pop("source", "Test Desk")
        form.file = base64.b64encode(content).decode()
        for name, value in vals.items():
            form[name] = value
        wizard = form.save()
        # The web client sets it with the file.
        wizard.filename = filename
        wizard.action_check()
        return wizard

    @classmethod
    def _import(cls, kind, content, **vals):
        wizard = cls._check(kind, content, **vals)
        wizard.action_import()
        assert wizard.step == "done", wizard.notice
        return wizard

    @classmethod
    def _import_patients(cls):
        return cls._import(
            "patient",
            cls._csv(
                PATIENTS,
                ("P-1", "Ada Alba", "ada@example.com", ""),
                ("P-2", "Ben Berg", "ben@example.com", "+34 600 1"),
            ),
        )

    @classmethod
    def _course_row(cls, **vals):
        values = {
            "Course ID": "C-1",
            "Patient ID": "P-1",
            "Course": "5 peels",
            "Bought on": "2026-01-05",
            "Sessions bought": 5,
            "Sessions used": 2,
            "Price paid": 450,
            **vals,
        }
        return [values[name] for name in COURSES]

    @classmethod
    def _get_course(cls, key="C-1"):
        return cls.env["medspa.course"].search(
            [("import_key", "=", f"test desk/{key}")]
        )


@tagged("post_install", "-at_install")
@freeze_time(TODAY)
class TestImportPatients(ImportCase):
    def test_patients_are_created_once(self):
        content = self._csv(
            PATIENTS,
            ("P-1", "Ada Alba", "ada@example.com", ""),
            ("P-2", "Ben Berg", "", "+34 600 1"),
        )
        wizard = self._check("patient", content)
        self.assertEqual((wizard.new_count, wizard.refused_count), (2, 0))
        self.assertFalse(
            self.env["res.partner"].search([("email", "=", "ada@example.com")])
        )
        wizard.action_import()
        ada = self.env["res.partner"].search([("email", "=", "ada@example.com")])
        self.assertEqual(ada.name, "Ada Alba")
        self.assertTrue(ada.is_patient)
        again = self._check("patient", content, source="TEST  desk ")
        self.assertEqual((again.new_count, again.there_count), (0, 2))
        again.action_import()
        self.assertEqual(
            self.env["res.partner"].search_count([("name", "=", "Ada Alba")]), 1
        )

    def test_repeat_fills_gaps_and_overwrites_nothing(self):
        self._import_patients()
        ada = self.env["res.partner"].search([("email", "=", "ada@example.com")])
        wizard = self._import(
            "patient", self._csv(PATIENTS, ("P-1", "Ada Alba-Ruiz", "", "+34 600 9"))
        )
        self.assertEqual(wizard.update_count, 1)
        self.assertEqual((ada.name, ada.phone), ("Ada Alba", "+34 600 9"))

    def test_same_name_and_email_joins_the_patient_on_file(self):
        wizard = self._import(
            "patient",
            self._csv(PATIENTS, ("P-9", "paula  patient", "Paula@Example.com", "1")),
        )
        self.assertEqual(wizard.update_count, 1)
        self.assertEqual(self.patient.phone, "1")

    def test_same_email_other_name_is_another_patient(self):
        wizard = self._check(
            "patient", self._csv(PATIENTS, ("P-9", "Pia", "paula@example.com", ""))
        )
        self.assertEqual(wizard.new_count, 1)

    def test_one_person_under_two_ids_is_one_patient(self):
        self._import(
            "patient",
            self._csv(
                PATIENTS,
                ("P-1", "Ada Alba", "ada@example.com", ""),
                ("P-2", "ADA ALBA", "ada@example.com", ""),
            ),
        )
        self.assertEqual(
            self.env["res.partner"].search_count([("email", "=", "ada@example.com")]),
            1,
        )
        wizard = self._check("course", self._csv(COURSES, self._course_row()))
        self.assertEqual(wizard.new_count, 1)

    def test_merged_patients_stay_known(self):
        self._import_patients()
        ada = self.env["res.partner"].search([("email", "=", "ada@example.com")])
        ben = self.env["res.partner"].search([("email", "=", "ben@example.com")])
        self.env["base.partner.merge.automatic.wizard"]._merge(
            [ada.id, ben.id], ben, extra_checks=False
        )
        wizard = self._check("course", self._csv(COURSES, self._course_row()))
        self.assertEqual(wizard.new_line_ids.name, ben.name)

    def test_refusals(self):
        self.other_patient.copy({"name": "Oscar Other", "email": "oscar@example.com"})
        wizard = self._check(
            "patient",
            self._csv(
                PATIENTS,
                ("P-1", "", "a@example.com", ""),
                ("", "No Id", "", ""),
                ("P-3", "Bad Mail", "bad@", ""),
                ("P-4", "Twin", "", ""),
                ("P-4", "Twin Two", "", ""),
                ("P-5", "Oscar Other", "oscar@example.com", ""),
                ("P-6", "Comma", "c@example.com", "1", "2"),
            ),
        )
        reasons = dict(wizard.refused_line_ids.mapped(lambda r: (r.row, r.reason)))
        self.assertEqual(list(reasons), [2, 3, 4, 5, 6, 7, 8])
        self.assertIn("Name: the cell is empty", reasons[2])
        self.assertIn("Patient ID: the cell is empty", reasons[3])
        self.assertIn("not an e-mail address", reasons[4])
        self.assertIn("rows 5, 6", reasons[5])
        self.assertIn("Merge them first", reasons[7])
        self.assertIn("more cells than the header", reasons[8])

    def test_check_costs_the_same_for_many_rows(self):
        def count(number):
            content = self._csv(
                PATIENTS,
                *((f"P-{i}", f"N {i}", f"n{i}@example.com", "") for i in range(number)),
            )
            wizard = self._check("patient", content)
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            wizard.action_check()
            self.env.flush_all()
            return self.env.cr.sql_log_count - before

        count(20)
        self.assertLess(count(200), count(20) + 10)


@tagged("post_install", "-at_install")
@freeze_time(TODAY)
class TestImportCourses(ImportCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls._import_patients()

    def _refusal(self, **vals):
        wizard = self._check("course", self._csv(COURSES, self._course_row(**vals)))
        self.assertEqual(wizard.refused_count, 1)
        with self.assertRaises(UserError):
            wizard.action_import()
        self.assertFalse(self._get_course())
        return wizard.refused_line_ids.reason

    def test_course_from_csv_with_decimal_comma(self):
        mails = self.env["mail.mail"].search_count([])
        wizard = self._import(
            "course",
            self._csv(
                (*COURSES, "Expires"),
                (
                    *self._course_row(**{"Bought on": "05/01/2026"})[:-1],
                    "1.450,50",
                    "31/12/2026",
                ),
                delimiter=";",
                encoding="utf-8-sig",
            ),
            date_order="dmy",
            decimal_mark=",",
        )
        course = self._get_course()
        self.assertRecordValues(
            course,
            [
                {
                    "state": "active",
                    "purchase_date": date(2026, 1, 5),
                    "expires_on": date(2026, 12, 31),
                    "price": 1450.5,
                    "total_sessions": 5,
                    "used_sessions": 2,
                    "remaining_sessions": 3,
                }
            ],
        )
        self.assertBalances(course.credit_ids, 3, 0)
        self.assertAlmostEqual(course.credit_ids.value_remaining, 870.3)
        self.assertTrue(
            course.credit_ids.move_ids.filtered("is_imported").reason.endswith(
                "(Test Desk)"
            )
        )
        self.assertFalse(wizard.has_difference)
        self.assertEqual(self.env["mail.mail"].search_count([]), mails)
        self.assertFalse(course.message_ids.filtered("partner_ids"))

    def test_course_from_xlsx(self):
        self._import(
            "course",
            self._xlsx(
                COURSES,
                self._course_row(
                    **{
                        "Course ID": 77,
                        "Bought on": date(2026, 1, 5),
                        "Price paid": 99.5,
                    }
                ),
            ),
            filename="Sold.XLSX",
        )
        course = self._get_course("77")
        self.assertEqual(course.price, 99.5)
        # By the rule of the product: 365 days from the purchase.
        self.assertEqual(course.expires_on, date(2027, 1, 5))

    def test_used_up_course_is_completed(self):
        self._import(
            "course", self._csv(COURSES, self._course_row(**{"Sessions used": 5}))
        )
        self.assertEqual(self._get_course().state, "completed")

    def test_latin_1_and_tabs_and_synonyms(self):
        self.peel_course.name = "Peelings für Gäste"
        wizard = self._check(
            "course",
            self._csv(
                ("package_id", "CLIENT ID", "Package", "Purchase Date", "Qty", "Used")
                + ("Amount Paid", "Colour"),
                ("C-1", "P-1", "peelings für gäste", "01/13/2026", 5, 0, 450, "red"),
                delimiter="\t",
                encoding="latin-1",
            ),
            date_order="mdy",
        )
        self.assertEqual(wizard.new_count, 1, wizard.refused_line_ids.reason)
        self.assertIn("Colour", wizard.notice)

    def test_other_number_of_sessions_is_kept(self):
        self._import(
            "course",
            self._csv(
                COURSES, self._course_row(**{"Sessions bought": 8, "Sessions used": 7})
            ),
        )
        self.assertEqual(self._get_course().remaining_sessions, 1)

    def test_refusals_of_one_row(self):
        for vals, reason in (
            ({"Patient ID": "P-99"}, "Unknown patient"),
            ({"Patient ID": ""}, "a name is not enough"),
            ({"Course": "Nothing"}, "no course on sale is named"),
            ({"Sessions used": -1}, "below zero"),
            ({"Sessions used": 6}, "More sessions are used than were bought"),
            ({"Sessions bought": 0}, "more than zero"),
            ({"Sessions used": "two"}, "is not a number"),
            ({"Sessions used": 1.5}, "not a whole number of sessions"),
            ({"Sessions used": ""}, "the cell is empty"),
            ({"Price paid": -1}, "below zero"),
            ({"Price paid": "450,00"}, "is not a number"),
            ({"Bought on": "2026-02-30"}, "is not a date"),
            ({"Bought on": "2026-03-01"}, "still to come"),
            ({"Course ID": ""}, "the cell is empty"),
        ):
            with self.subTest(vals=vals):
                self.assertIn(reason, self._refusal(**vals))

    def test_refusals_of_dates_currency_and_patient(self):
        self.patient.copy({"email": "paula@example.com"})
        wizard = self._check(
            "course",
            self._csv(
                (*COURSES, "Expires on", "Currency", "E-mail"),
                (*self._course_row(), "2025-12-31", "", ""),
                (*self._course_row(**{"Course ID": "C-2"}), "", "XXX", ""),
                (
                    *self._course_row(**{"Course ID": "C-3", "Patient ID": ""}),
                    "",
                    "",
                    "paula@example.com",
                ),
                (*self._course_row(**{"Course ID": "C-4"}), "", "", ""),
                (*self._course_row(**{"Course ID": "C-4"}), "", "", ""),
            ),
        )
        reasons = wizard.refused_line_ids.mapped("reason")
        self.assertIn("expires before it was bought", reasons[0])
        self.assertIn("not in use here", reasons[1])
        self.assertIn("2 patients have the e-mail", reasons[2])
        self.assertIn("rows 5, 6", reasons[3])
        self.assertIn("rows 5, 6", reasons[4])

    def test_first_visit_in_the_other_system_needs_an_expiry(self):
        self.peel_course.validity_from = "first_visit"
        self.assertIn("Give the day on which it expires", self._refusal())

    def test_good_rows_are_imported_when_chosen(self):
        wizard = self._check(
            "course",
            self._csv(
                COURSES,
                self._course_row(),
                self._course_row(**{"Course ID": "C-2", "Patient ID": "P-99"}),
            ),
        )
        with self.assertRaisesRegex(UserError, "1 rows are refused"):
            wizard.action_import()
        wizard.skips_refused = True
        wizard.action_import()
        self.assertTrue(self._get_course())
        self.assertFalse(self._get_course("C-2"))
        self.assertTrue(wizard.has_difference)
        self.assertIn("courses -1", wizard.total_ids.difference)

    def test_totals_by_hand(self):
        wizard = self._import(
            "course",
            self._csv(
                COURSES,
                self._course_row(),
                self._course_row(
                    **{"Course ID": "C-2", "Patient ID": "P-2", "Sessions used": 0}
                ),
                self._course_row(
                    **{"Course ID": "C-3", "Sessions used": 4, "Price paid": 100}
                ),
            ),
        )
        # 450 x 3/5 + 450 + 100 x 1/5 = 270 + 450 + 20
        self.assertRecordValues(
            wizard.total_ids,
            [
                {
                    "name": "5 peels",
                    "rows": 3,
                    "courses": 3,
                    "bought_file": 15,
                    "bought": 15,
                    "used_file": 6,
                    "used": 6,
                    "remaining_file": 9,
                    "remaining": 9,
                    "paid_file": 1000,
                    "paid": 1000,
                    "value_remaining": 740,
                    "is_balanced": True,
                    "difference": "0",
                }
            ],
        )

    def test_course_of_two_treatments(self):
        combo = self._create_course_product(
            "Combo", 320, [(self.peel, 2, 0), (self.laser, 1, 0)]
        )
        header = (*COURSES, "Treatment")
        peel = self._course_row(
            **{"Course": "Combo", "Sessions bought": 2, "Sessions used": 1}
        )
        peel[-1] = 240
        laser = self._course_row(
            **{"Course": "Combo", "Sessions bought": 1, "Sessions used": 1}
        )
        laser[-1] = 80
        refused = self._check("course", self._csv(header, (*peel, "Peel")))
        self.assertIn("each other treatment: Laser", refused.refused_line_ids.reason)
        refused = self._check("course", self._csv(header, (*peel[:4], 3, 1, 320, "")))
        self.assertIn("give each a row", refused.refused_line_ids.reason)
        wizard = self._import(
            "course", self._csv(header, (*laser, "laser"), (*peel, "Peel"))
        )
        course = self._get_course()
        self.assertEqual(course.product_tmpl_id, combo)
        self.assertEqual(course.price, 320)
        self.assertEqual(course.line_ids.mapped("used"), [1, 1])
        self.assertEqual(course.line_ids.mapped("remaining"), [1, 0])
        self.assertFalse(wizard.has_difference)


@tagged("post_install", "-at_install")
@freeze_time(TODAY)
class TestImportRepeat(ImportCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls._import_patients()
        cls._import("course", cls._csv(COURSES, cls._course_row()))
        cls.course = cls._get_course()

    def _repeat(self, **vals):
        return self._check("course", self._csv(COURSES, self._course_row(**vals)))

    def test_same_file_changes_nothing(self):
        moves = self.course.credit_ids.move_ids
        wizard = self._repeat()
        self.assertEqual(wizard.there_count, 1)
        wizard.action_import()
        self.assertEqual(self.course.credit_ids.move_ids, moves)
        self.assertEqual(self._get_course(), self.course)
        self.assertEqual(wizard.total_ids.difference, "0")

    def test_same_file_after_a_session_used_here_changes_nothing(self):
        self.course.credit_ids._redeem(1, self.company._medspa_date())
        wizard = self._repeat()
        self.assertEqual(wizard.there_count, 1)
        wizard.action_import()
        self.assertEqual(self.course.remaining_sessions, 2)
        self.assertEqual(
            (wizard.total_ids.since, wizard.total_ids.difference), (1, "0")
        )

    def test_more_used_takes_the_difference(self):
        wizard = self._repeat(**{"Sessions used": 3})
        self.assertEqual(wizard.update_count, 1)
        wizard.action_import()
        self.assertEqual(self.course.used_sessions, 3)
        self.assertEqual(self._repeat(**{"Sessions used": 3}).there_count, 1)

    def test_more_used_than_free_here_is_refused(self):
        self.course.credit_ids._redeem(2, self.company._medspa_date())
        wizard = self._repeat(**{"Sessions used": 4})
        self.assertIn("only 1 of", wizard.refused_line_ids.reason)

    def test_fewer_used_is_refused(self):
        wizard = self._repeat(**{"Sessions used": 1})
        self.assertIn("Give the difference back", wizard.refused_line_ids.reason)

    def test_other_facts_are_refused(self):
        self.assertIn(
            "another patient", self._repeat(**{"Patient ID": "P-2"}).line_ids.reason
        )
        self.assertIn(
            "has 5 sessions", self._repeat(**{"Sessions bought": 6}).line_ids.reason
        )

    def test_paused_course_is_refused(self):
        self.course._pause("travel")
        wizard = self._repeat(**{"Sessions used": 3})
        self.assertIn('is "Paused" here', wizard.refused_line_ids.reason)

    def test_what_changed_after_the_check_is_shown_again(self):
        first = self._repeat(**{"Sessions used": 3})
        second = self._repeat(**{"Sessions used": 3})
        first.action_import()
        second.action_import()
        self.assertEqual((second.step, second.there_count), ("check", 1))
        self.assertIn("Something has changed", second.notice)
        self.assertEqual(self.course.used_sessions, 3)

    def test_other_system_is_another_course(self):
        wizard = self._check(
            "patient",
            self._csv(PATIENTS, ("P-1", "Zoe Zapf", "zoe@example.com", "")),
            source="Second",
        )
        self.assertEqual(wizard.new_count, 1)

    @mute_logger("odoo.sql_db")
    def test_the_database_refuses_a_double(self):
        blind = patch.object(
            self.registry["medspa.import.course"], "_find_courses", lambda *args: {}
        )
        with blind:
            wizard = self._repeat()
            self.assertEqual(wizard.new_count, 1)
            with self.assertRaisesRegex(UserError, "by somebody else a moment ago"):
                wizard.action_import()
        self.assertEqual(len(self._get_course()), 1)

    def test_check_of_courses_costs_the_same_for_many_rows(self):
        def count(number):
            rows = [
                self._course_row(**{"Course ID": f"X-{i}"}) for i in range(number)
            ] + [self._course_row(**{"Sessions used": 3})]
            wizard = self._check("course", self._csv(COURSES, *rows))
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            wizard.action_check()
            self.env.flush_all()
            return self.env.cr.sql_log_count - before

        count(20)
        self.assertLess(count(200), count(20) + 10)


@tagged("post_install", "-at_install")
@freeze_time(TODAY)
class TestImportOther(ImportCase):
    def test_plans(self):
        content = self._csv(
            (*PLANS, "Every"),
            ("M-1", "Glow Import", "59.50", "Monthly", ""),
            ("M-2", "Half year", 300, "months", 6),
        )
        self._import("plan", content)
        plan = self.env["sale.subscription.template"].search(
            [("name", "=", "Glow Import")]
        )
        self.assertEqual(plan.recurring_rule_type, "months")
        self.assertEqual(plan.product_ids.list_price, 59.5)
        self.assertTrue(plan.is_plan)
        self.assertEqual(plan.product_tmpl_id, plan.product_ids)
        self.assertEqual(plan.product_ids.service_tracking, "medspa_plan")
        self.assertFalse(plan.is_plan_published)
        again = self._import("plan", content)
        self.assertEqual((again.new_count, again.there_count), (0, 2))
        self.assertEqual(len(plan.product_ids), 1)
        wizard = self._check(
            "plan",
            self._csv(
                PLANS, ("M-3", "A", -1, "month"), ("M-4", "B", 1, "moon"), ("M-5",) * 4
            ),
        )
        self.assertEqual(wizard.refused_count, 3)

    def test_files_that_are_no_table(self):
        for content, filename, message in (
            (b"", "a.csv", "Choose a file"),
            (b"\n \n", "a.csv", "holds no rows"),
            (b"Patient ID,Name\n", "a.csv", "holds no rows"),
            (b"PK\x03\x04junk", "a.xlsx", "cannot be read"),
            (b"\xd0\xcf\x11\xe0junk", "a.xls", "cannot be read"),
            (b"One,Two\n1,2\n", "a.csv", "Patient ID"),
            (b"ID,Patient ID\n1,2\n", "a.csv", "say the same"),
        ):
            with self.subTest(content=content):
                wizard = self.env["medspa.import"].create(
                    {
                        "source": "Old",
                        "filename": filename,
                        "file": base64.b64encode(content),
                    }
                )
                with self.assertRaisesRegex(UserError, message):
                    wizard.action_check()

    def test_sample_files_are_understood(self):
        for kind, name in (
            ("patient", "patients"),
            ("course", "courses"),
            ("plan", "plans"),
        ):
            for ending in ("csv", "xlsx"):
                path = f"medspa_membership/static/import/{name}.{ending}"
                with file_open(path, "rb") as file:
                    wizard = self._check(kind, file.read(), f"{name}.{ending}")
                self.assertFalse(wizard.notice)
                columns = self.env[f"medspa.import.{kind}"]._get_columns()
                self.assertTrue(wizard.row_count >= 2 and columns)

    def test_two_imports_at_once(self):
        # The lock of an import lasts as long as its transaction: none has run here.
        wizard = self._check("patient", self._csv(PATIENTS, ("P-1", "Ada", "", "")))
        with self.registry.cursor() as cr:
            cr.execute(
                "SELECT pg_try_advisory_xact_lock(%s, %s)",
                [LOCK_CLASS, self.company.id],
            )
            with self.assertRaisesRegex(UserError, "Another import is running"):
                wizard.action_import()
        wizard.action_import()
        self.assertEqual(wizard.step, "done")

    def test_managers_only(self):
        with self.assertRaises(AccessError):
            Form(self.env["medspa.import"].with_user(self.receptionist))
