# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
from datetime import time, timedelta

from odoo import Command, fields
from odoo.tests import TransactionCase, new_test_user

# A Monday in winter: no clock change near, no holiday.
TODAY = "2026-02-02 08:00:00"


class ClinicData:
    """A small clinic: two practitioners, two rooms, a peel, a course of five peels.

    Mixed into TransactionCase and HttpCase classes. The clinic's clock is
    Europe/Madrid: UTC+1 in winter, UTC+2 in summer.
    """

    @classmethod
    def _set_up_clinic(cls):
        cls.env = cls.env(
            context={
                **cls.env.context,
                "tracking_disable": True,
                "no_reset_password": True,
                # What is booked to have a world is not told to anybody.
                "dont_notify": True,
            }
        )
        cls.company = cls.env.company
        cls.calendar = cls.env["resource.calendar"].create(
            {
                "name": "Clinic hours",
                "tz": "Europe/Madrid",
                "company_id": cls.company.id,
                "attendance_ids": [
                    Command.create(
                        {
                            "name": "Day",
                            "dayofweek": str(day),
                            "hour_from": 9,
                            "hour_to": 17,
                            "day_period": "morning",
                        }
                    )
                    for day in range(5)
                ],
            }
        )
        cls.company.resource_calendar_id = cls.calendar
        cls.receptionist = cls._create_user("rec", "receptionist")
        cls.practitioner_user = cls._create_user("doc", "practitioner")
        cls.manager = cls._create_user("boss", "manager")
        cls.petra = cls._create_resource(
            "Petra", "practitioner", user_id=cls.practitioner_user.id
        )
        cls.pablo = cls._create_resource("Pablo", "practitioner")
        cls.room_1 = cls._create_resource("Room 1", "room")
        cls.room_2 = cls._create_resource("Room 2", "room")
        cls.patient = cls.env["res.partner"].create(
            {"name": "Paula Patient", "email": "paula@example.com"}
        )
        cls.other_patient = cls.env["res.partner"].create(
            {"name": "Oscar Other", "email": "oscar@example.com"}
        )
        cls.peel = cls._create_treatment("Peel", list_price=120, duration_minutes=45)
        cls.laser = cls._create_treatment("Laser", list_price=80, duration_minutes=30)
        cls.peel_course = cls._create_course_product(
            "5 peels", 450, [(cls.peel, 5, 7)], validity_days=365
        )

    @classmethod
    def _create_user(cls, login, role, **vals):
        return new_test_user(
            cls.env,
            login=login,
            groups=f"medspa_membership.group_medspa_{role}",
            tz="Europe/Madrid",
            **vals,
        )

    @classmethod
    def _create_portal_user(cls, partner, login):
        return new_test_user(
            cls.env, login=login, groups="base.group_portal", partner_id=partner.id
        )

    @classmethod
    def _create_resource(cls, name, role, **vals):
        return cls.env["resource.resource"].create(
            {
                "name": name,
                "medspa_role": role,
                "resource_type": "user" if role == "practitioner" else "material",
                "calendar_id": cls.calendar.id,
                "tz": cls.calendar.tz,
                **vals,
            }
        )

    @classmethod
    def _create_treatment(cls, name, **vals):
        return cls.env["product.template"].create(
            {
                "name": name,
                "type": "service",
                "service_tracking": "medspa_treatment",
                "taxes_id": [Command.clear()],
                "is_published": True,
                **vals,
            }
        )

    @classmethod
    def _create_course_product(cls, name, price, steps, **vals):
        """Create a course on sale. `steps`: (treatment, sessions, min_days) tuples."""
        return cls.env["product.template"].create(
            {
                "name": name,
                "type": "service",
                "service_tracking": "medspa_course",
                "list_price": price,
                "taxes_id": [Command.clear()],
                "is_published": True,
                "step_ids": [
                    Command.create(
                        {
                            "sequence": index,
                            "treatment_id": treatment.id,
                            "sessions": sessions,
                            "min_days": min_days,
                        }
                    )
                    for index, (treatment, sessions, min_days) in enumerate(steps)
                ],
                **vals,
            }
        )

    @classmethod
    def _create_course(cls, product=None, partner=None, activate=True, **vals):
        """Create a course as if it had been sold for its list price, paid at once."""
        product = product or cls.peel_course
        # Nobody creates a course by hand: an order does.
        course_sudo = cls.env["medspa.course"].sudo()
        course = course_sudo.create(
            {
                **course_sudo._prepare_course_vals(
                    product,
                    partner or cls.patient,
                    cls.company,
                    product.list_price,
                    cls.company.currency_id,
                    product.list_price,
                ),
                **vals,
            }
        )
        course = course.with_env(cls.env)
        if activate:
            course._activate()
        return course

    @classmethod
    def _create_credit(cls, granted=1, partner=None, **vals):
        """Grant sessions of the peel, or what the values say."""
        return cls.env["medspa.credit"]._grant(
            [
                {
                    "company_id": cls.company.id,
                    "partner_id": (partner or cls.patient).id,
                    "coverage": "treatment",
                    "treatment_id": cls.peel.id,
                    "unit": "session",
                    "granted": granted,
                    "value": 90 * granted,
                    **vals,
                }
            ]
        )

    @classmethod
    def _create_appointment(cls, start, **vals):
        """Book the patient for a peel with Petra at a moment in UTC."""
        return cls.env["calendar.event"].create(
            {
                "patient_id": cls.patient.id,
                "treatment_id": cls.peel.id,
                "practitioner_id": cls.petra.id,
                "start": fields.Datetime.to_datetime(start),
                **vals,
            }
        )

    @classmethod
    def _sell_course(cls, product=None, partner=None, quantity=1):
        """Return a confirmed order of a course, not paid yet."""
        order = cls.env["sale.order"].create(
            {
                "partner_id": (partner or cls.patient).id,
                "order_line": [
                    Command.create(
                        {
                            "product_id": (
                                product or cls.peel_course
                            ).product_variant_id.id,
                            "product_uom_qty": quantity,
                        }
                    )
                ],
            }
        )
        order.action_confirm()
        return order

    @classmethod
    def _next_working_day(cls, days=1):
        """Return a working day at least so many days ahead on the clinic's clock.

        For browser tests, which cannot freeze the clock of the browser.
        """
        day = cls.company._medspa_date() + timedelta(days=days)
        while day.weekday() > 4:
            day += timedelta(days=1)
        return day

    @classmethod
    def _at(cls, day, hour, minute=0):
        """Return a time on the clinic's clock as naive UTC."""
        return cls.company._medspa_utc(day, time(hour, minute))

    def assertBalances(self, credit, remaining, reserved):
        """Check a credit against its own columns and against its ledger."""
        self.assertEqual((credit.remaining, credit.reserved), (remaining, reserved))
        self.env.flush_all()
        self.env.cr.execute(
            "SELECT COALESCE(SUM(quantity), 0), COALESCE(SUM(reserved), 0),"
            " COALESCE(SUM(value), 0) FROM medspa_credit_move WHERE credit_id = %s",
            [credit.id],
        )
        quantity, moved_reserved, value = map(float, self.env.cr.fetchone())
        self.assertAlmostEqual(quantity, remaining, places=3)
        self.assertAlmostEqual(moved_reserved, reserved, places=3)
        self.assertAlmostEqual(value, credit.value_remaining, places=3)


class ClinicCase(ClinicData, TransactionCase):
    """Base of the tests that need no browser and no HTTP."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls._set_up_clinic()
