# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
import re
from datetime import timedelta

from odoo.tests import tagged

from .membership_http_common import MemberPages, to_text
from .price_common import PriceCase


@tagged("post_install", "-at_install")
class TestBookedBeforeJoining(PriceCase):
    """The credits of a plan pay for what was booked before, as far as they reach."""

    def test_covered_and_what_is_left_over_at_the_members_price(self):
        day = self._next_working_day(3)
        first, second, third = (
            self._create_appointment(self._at(day, hour)) for hour in (10, 12, 14)
        )
        self.assertEqual(first.payment_status, "to_pay")
        self.assertEqual(first.amount_due, 120)
        membership = self._join()
        # The plan gives two peels.
        for event in (first, second):
            self.assertEqual(event.payment_status, "covered")
            self.assertEqual(event.credit_id.membership_id, membership)
        self.assertFalse(third.credit_id)
        self.assertEqual(third.payment_status, "to_pay")
        # 120 less 15 %.
        self.assertEqual(third.amount_due, 102)

    def test_who_pays_apart_goes_on_to_pay(self):
        day = self._next_working_day(3)
        event = self._create_appointment(self._at(day, 10), is_paid_apart=True)
        self._join()
        self.assertFalse(event.credit_id)


@tagged("post_install", "-at_install")
class TestPromisesOfPlans(PriceCase):
    """What a plan says of the family and of the waiting list is kept."""

    def _share(self):
        self.plan.family_limit = 1
        membership = self._join()
        membership._set_family(self.other_patient)
        self.env.invalidate_all()
        return membership

    def _get_price(self):
        order = self._order(self.peel, partner=self.other_patient)
        return order.order_line.price_unit * (1 - order.order_line.discount / 100)

    def test_family_uses_credits_and_no_more(self):
        self._share()
        today = self.company._medspa_date()
        self.assertFalse(self.other_patient._is_member(today, self.company))
        self.assertAlmostEqual(self._get_price(), 120)

    def test_family_counts_where_the_plan_says_so(self):
        self.plan.family_has_rights = True
        membership = self._share()
        today = self.company._medspa_date()
        self.assertTrue(self.other_patient._is_member(today, self.company))
        # 120 less 15 %.
        self.assertAlmostEqual(self._get_price(), 102)
        membership._set_family(self.env["res.partner"])
        self.env.invalidate_all()
        self.assertFalse(self.other_patient._is_member(today, self.company))
        self.assertAlmostEqual(self._get_price(), 120)

    def _wait(self, partner, day):
        return self.env["medspa.waiting"].create(
            {
                "partner_id": partner.id,
                "treatment_id": self.peel.id,
                "date_from": day,
                "date_to": day + timedelta(days=7),
            }
        )

    def test_members_are_offered_free_times_first(self):
        day = self._next_working_day(3)
        event = self._create_appointment(
            self._at(day, 10),
            patient_id=self.env["res.partner"].create({"name": "Third"}).id,
        )
        before = self._wait(self.other_patient, day)
        member = self._wait(self.patient, day)
        event.action_cancel_appointment()
        slot = self.env["medspa.waiting.slot"].search([], order="id desc", limit=1)
        self.assertEqual(list(slot._find_next_in_line(2)), [before, member])
        membership = self._join()
        self.assertEqual(list(slot._find_next_in_line(2)), [before, member])
        membership.sudo().waits_first = True
        self.assertEqual(list(slot._find_next_in_line(2)), [member, before])
        # Who has another appointment then is not asked.
        self._create_appointment(self._at(day, 10), practitioner_id=self.pablo.id)
        self.assertEqual(list(slot._find_next_in_line(2)), [before])


@tagged("post_install", "-at_install")
class TestCareOfMember(MemberPages):
    """My care of a member: where things come from, and one line for one payment."""

    def _open(self):
        self.authenticate("paula", "paula")
        return self.url_open("/my/care").text

    def test_balances_name_where_they_come_from(self):
        self._join()
        self._create_course()
        page = self._open()
        sources = re.findall(r"o_medspa_source[^>]*>(.*?)</span>", page, re.DOTALL)
        self.assertEqual(
            sorted(to_text(source).strip() for source in sources),
            ["from 5 peels", "from Glow membership"],
        )

    def test_an_invoice_and_its_payment_are_one_line(self):
        self.token.payment_details = "4111111111111111"
        self._join()
        page = self._open()
        text = to_text(page)
        self.assertIn("paid with card •••• 1111", text)
        self.assertNotIn("o_medspa_care_payment", page)
        self.assertNotIn("4111111111111111", page)

    def test_book_again(self):
        self._create_appointment(
            self._at(self._next_working_day(-3), 10), appointment_status="attended"
        )
        self.assertIn("o_medspa_book_again", self._open())

    def test_an_open_offer_is_shown(self):
        day = self._next_working_day(3)
        event = self._create_appointment(
            self._at(day, 10), patient_id=self.other_patient.id
        )
        self.env["medspa.waiting"].create(
            {
                "partner_id": self.patient.id,
                "treatment_id": self.peel.id,
                "date_from": day - timedelta(days=1),
                "date_to": day + timedelta(days=1),
            }
        )
        self.assertNotIn("o_medspa_care_offer", self._open())
        event.action_cancel_appointment()
        slot = self.env["medspa.waiting.slot"].search([], order="id desc", limit=1)
        slot.sudo()._offer_on()
        page = self._open()
        link = re.search(r'href="[^"]*(/book/offer/[^"]+)"', page)
        self.assertIn("A time is free for you", to_text(page))
        self.assertEqual(self.url_open(link.group(1)).status_code, 200)
