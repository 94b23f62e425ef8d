# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
from datetime import date, timedelta

from odoo import Command
from odoo.exceptions import AccessError, UserError
from odoo.tests import freeze_time, tagged

from .common import TODAY
from .course_common import CourseDeskCase

DAY = date(2026, 2, 2)


@freeze_time(TODAY)
@tagged("post_install", "-at_install")
class TestUnits(CourseDeskCase):
    """A bank of 10 units for 100; a unit by itself costs 12."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.toxin = cls._create_treatment("Toxin", list_price=12, is_unit_based=True)
        cls.bank_product = cls._create_course_product(
            "10 units", 100, [(cls.toxin, 10, 0)]
        )
        cls.bank_product.step_ids.unit = "unit"

    def _visit_units(self):
        return self._create_appointment(TODAY, treatment_id=self.toxin.id)

    def _use(self, event, units, user=None):
        return self._confirm("medspa_appointment_units", event, user, units=units)

    def test_owned_units_pay(self):
        course = self._create_course(self.bank_product)
        event = self._visit_units()
        self.assertFalse(self._use(event, 7.5))
        self.assertEqual(event.appointment_status, "attended")
        self.assertEqual(event.visit_id.units_used, 7.5)
        self.assertEqual(event.payment_status, "covered")
        self.assertBalances(course.credit_ids, 2.5, 0)
        self.assertEqual(course.credit_ids.value_remaining, 25)

    def test_shortfall_is_bought_in_one_line(self):
        course = self._create_course(self.bank_product)
        event = self._visit_units()
        form = self._dialog("medspa_appointment_units", event)
        form.units = 15
        self.assertEqual((form.owned, form.to_buy), (10, 5))
        action = form.save().action_confirm()
        self.env.invalidate_all()
        order = self.env["sale.order"].browse(action["res_id"])
        self.assertEqual(order.order_line.product_uom_qty, 5)
        self.assertEqual(order.amount_total, 60)
        self.assertIn("15 units used, 10 of them", order.order_line.name)
        self.assertBalances(course.credit_ids, 0, 0)
        self.assertEqual(course.state, "completed")
        self.assertEqual(event.sale_line_id, order.order_line)
        self.assertEqual((event.payment_status, event.amount_due), ("ordered", 60))

    def test_nothing_owned_is_all_bought(self):
        event = self._visit_units()
        action = self._use(event, 4)
        order = self.env["sale.order"].browse(action["res_id"])
        self.assertEqual(order.amount_total, 48)

    def test_banks_are_used_up_one_after_the_other(self):
        first = self._create_course(self.bank_product)
        second = self._create_course(self.bank_product)
        self.assertFalse(self._use(self._visit_units(), 12))
        self.assertBalances(first.credit_ids, 0, 0)
        self.assertBalances(second.credit_ids, 8, 0)

    def test_bank_of_a_combo_does_not_pay_for_sessions(self):
        self._create_course(self.bank_product)
        event = self._visit_units()
        self.assertFalse(event.credit_id, "how many are used is not known before")

    def test_expired_frozen_and_others_banks_do_not_pay(self):
        course = self._create_course(self.bank_product)
        self._create_course(self.bank_product, partner=self.other_patient)
        course._pause("travel")
        event = self._visit_units()
        form = self._dialog("medspa_appointment_units", event)
        form.units = 3
        self.assertEqual(form.to_buy, 3)

    def test_only_once(self):
        self._create_course(self.bank_product)
        event = self._visit_units()
        self._use(event, 2)
        with self.assertRaisesRegex(UserError, "settled already"):
            self._use(event, 2)

    def test_corrected_after_an_undo(self):
        course = self._create_course(self.bank_product)
        event = self._visit_units()
        self._use(event, 8)
        event.with_user(self.receptionist).action_undo()
        self.assertBalances(course.credit_ids, 10, 8)
        self._use(event, 5)
        self.assertBalances(course.credit_ids, 5, 0)
        self.assertEqual(event.visit_id.units_used, 5)

    def test_sold_units_are_corrected_after_their_order(self):
        course = self._create_course(self.bank_product)
        event = self._visit_units()
        self._use(event, 15)
        event.with_user(self.receptionist).action_undo()
        with self.assertRaisesRegex(UserError, "settled already"):
            self._use(event, 12)
        event.sale_line_id.order_id._action_cancel()
        action = self._use(event, 12)
        order = self.env["sale.order"].browse(action["res_id"])
        self.assertEqual(order.order_line.product_uom_qty, 2)
        self.assertBalances(course.credit_ids, 0, 0)

    def test_refusals(self):
        event = self._visit_units()
        for units in (0, -3):
            with self.assertRaisesRegex(UserError, "how many units"):
                self._use(event, units)
        with self.assertRaisesRegex(UserError, "not counted in units"):
            self._use(self._create_appointment("2026-02-02 10:00:00"), 3)

    def test_practitioner_closes_with_what_is_owned(self):
        course = self._create_course(self.bank_product)
        event = self._visit_units()
        self._use(event, 6, self.practitioner_user)
        self.assertBalances(course.credit_ids, 4, 0)

    def test_practitioner_leaves_the_rest_for_the_desk(self):
        """Who injects knows the units; who sells takes the money."""
        self._create_course(self.bank_product)
        event = self._visit_units()
        self.assertFalse(self._use(event, 15, self.practitioner_user))
        self.assertEqual(event.appointment_status, "attended")
        self.assertEqual(event.sale_line_id.product_uom_qty, 5)
        self.assertEqual(event.payment_status, "ordered")
        with self.assertRaises(AccessError):
            self.env["sale.order"].with_user(self.practitioner_user).search([])
        action = event.with_user(self.receptionist).action_charge()
        self.assertEqual(action["res_id"], event.sale_line_id.order_id.id)


@freeze_time(TODAY)
@tagged("post_install", "-at_install")
class TestCharge(CourseDeskCase):
    """A visit that nothing covers: charged, or paid by what is bought since."""

    def _walk_in(self, **vals):
        """Somebody who was not booked: arrived, treated, gone."""
        event = (
            self.env["calendar.event"]
            .with_user(self.receptionist)
            .create(
                {
                    "patient_id": self.patient.id,
                    "treatment_id": self.peel.id,
                    "practitioner_id": self.petra.id,
                    "start": TODAY,
                    "appointment_status": "arrived",
                    **vals,
                }
            )
        )
        event.action_done()
        return event

    def test_walk_in_is_charged(self):
        event = self._walk_in()
        self.assertEqual((event.payment_status, event.amount_due), ("to_pay", 120))
        action = event.action_charge()
        order = self.env["sale.order"].browse(action["res_id"])
        self.assertEqual((order.amount_total, order.partner_id), (120, self.patient))
        self.assertEqual(event.payment_status, "ordered")
        self.assertEqual(event.action_charge()["res_id"], order.id, "one order only")
        order.action_confirm()
        self._pay(self._invoice(order))
        event.invalidate_recordset()
        self.assertEqual((event.payment_status, event.amount_due), ("paid", 0))

    def test_walk_in_with_a_course_uses_it(self):
        course = self._create_course()
        event = self._walk_in()
        self.assertEqual(event.credit_id, course.credit_ids)
        self.assertBalances(course.credit_ids, 4, 0)
        with self.assertRaisesRegex(UserError, "nothing to charge"):
            event.action_charge()

    def test_practitioner_sells_nothing(self):
        event = self._walk_in()
        with self.assertRaises(AccessError):
            event.with_user(self.practitioner_user).action_charge()

    def test_cancelled_order_charges_nothing(self):
        event = self._walk_in()
        event.action_charge()
        event.sale_line_id.order_id._action_cancel()
        event.invalidate_recordset()
        self.assertEqual(event.payment_status, "to_pay")

    def test_course_bought_after_the_visit_pays_for_it(self):
        event = self._walk_in()
        course = self._sell_paid()
        event.with_user(self.receptionist).action_apply_credit()
        self.assertEqual(event.credit_id, course.credit_ids)
        self.assertEqual(event.payment_status, "covered")
        self.assertBalances(course.credit_ids, 4, 0)
        event.action_undo()
        self.assertBalances(course.credit_ids, 5, 1)
        event.action_done()
        self.assertBalances(course.credit_ids, 4, 0)

    def test_course_bought_days_later_pays_for_it(self):
        event = self._walk_in()
        with freeze_time(self._at(DAY + timedelta(days=5), 10)):
            course = self._sell_paid()
            event.with_user(self.receptionist).action_apply_credit()
        self.assertBalances(course.credit_ids, 4, 0)

    def test_unpaid_course_does_not_pay_for_it(self):
        event = self._walk_in()
        self._create_order()
        with self.assertRaisesRegex(UserError, "nothing left"):
            event.action_apply_credit()

    def test_visit_that_is_sold_or_open_takes_no_credit(self):
        self._create_course(partner=self.other_patient)
        event = self._walk_in()
        event.action_charge()
        with self.assertRaisesRegex(UserError, "nothing has paid for"):
            event.action_apply_credit()
        with self.assertRaisesRegex(UserError, "nothing has paid for"):
            self._create_appointment("2026-02-02 12:00:00").action_apply_credit()

    def test_practitioner_applies_a_credit(self):
        event = self._walk_in()
        self._sell_paid()
        event.with_user(self.practitioner_user).action_apply_credit()
        self.assertEqual(event.payment_status, "covered")

    # === SESSIONS OF ANOTHER SIZE === #

    def test_long_treatment_takes_two_of_a_shared_credit(self):
        self.laser.session_cost = 2
        credit = self._create_credit(
            5,
            coverage="treatments",
            treatment_id=False,
            treatment_ids=[Command.set((self.peel | self.laser).ids)],
        )
        event = self._book(DAY, 9, treatment_id=self.laser.id)
        self.assertBalances(credit, 5, 2)
        event.action_done()
        self.assertBalances(credit, 3, 0)
        self._visit(DAY, 10)
        self.assertBalances(credit, 2, 0)

    def test_too_little_left_for_the_long_one(self):
        self.laser.session_cost = 2
        credit = self._create_credit(
            1,
            coverage="treatments",
            treatment_id=False,
            treatment_ids=[Command.set((self.peel | self.laser).ids)],
        )
        self.assertFalse(self._book(DAY, 9, treatment_id=self.laser.id).credit_id)
        self.assertEqual(self._book(DAY, 10).credit_id, credit)

    def test_course_of_the_long_one_goes_one_by_one(self):
        self.laser.session_cost = 2
        product = self._create_course_product("3 lasers", 200, [(self.laser, 3, 0)])
        course = self._create_course(product)
        self._book(DAY, 9, treatment_id=self.laser.id)
        self.assertBalances(course.credit_ids, 3, 1)

    def test_half_a_session_where_it_was_sold_so(self):
        self.company.allows_part_sessions = True
        course = self._create_course()
        event = self._book(DAY, 9, credit_quantity=0.5)
        self.assertBalances(course.credit_ids, 5, 0.5)
        event.with_user(self.receptionist).action_done()
        self.assertBalances(course.credit_ids, 4.5, 0)
        self.assertEqual(course.credit_ids.value_remaining, 405)
        event.action_undo()
        self.assertBalances(course.credit_ids, 5, 0.5)
        self.assertEqual(course.credit_ids.value_remaining, 450)

    def test_half_a_session_is_refused_elsewhere(self):
        self._create_course()
        with self.assertRaisesRegex(UserError, "whole sessions, not 0.5"):
            self._book(DAY, 9, credit_quantity=0.5)

    def test_half_a_session_of_a_past_visit_is_refused_too(self):
        event = self._walk_in(credit_quantity=0.5)
        self._sell_paid()
        with self.assertRaisesRegex(UserError, "whole sessions|nothing left"):
            event.action_apply_credit()

    # === FREE SESSIONS === #

    def test_paid_sessions_go_before_the_free_one(self):
        self.peel_course.step_ids.write({"free_sessions": 1, "min_days": 0})
        course = self._create_course()
        paid, free = course.credit_ids.sorted("is_bonus")
        self.assertEqual((paid.value, free.value), (450, 0))
        for hour in range(9, 14):
            self._visit(DAY, hour)
        self.assertBalances(paid, 0, 0)
        self.assertBalances(free, 1, 0)
        self.assertEqual(course.state, "active")
        self._visit(DAY, 14)
        self.assertBalances(free, 0, 0)
        self.assertEqual(course.state, "completed")
