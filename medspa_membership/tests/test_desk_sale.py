# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
from urllib.parse import urlsplit

from odoo import Command
from odoo.tests import Form, HttpCase, freeze_time, tagged

from .common import TODAY, ClinicCase, ClinicData


class DeskSale(ClinicData):
    def _open_dialog(self):
        """Open the dialog as the button of the patient's form does."""
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "medspa_membership.medspa_course_sale_action"
        )
        self.assertEqual(action["context"], "{'default_partner_id': active_id}")
        form = Form(
            self.env["medspa.course.sale"]
            .with_user(self.receptionist)
            .with_context(default_partner_id=self.patient.id)
        )
        form.product_tmpl_id = self.peel_course
        return form


@tagged("post_install", "-at_install")
@freeze_time(TODAY)
class TestDeskSale(DeskSale, ClinicCase):
    """The receptionist sells a course in two clicks: open the dialog, sell."""

    def test_dialog_says_when_the_course_can_be_finished(self):
        form = self._open_dialog()
        self.assertEqual((form.price, form.sessions), (450, 5))
        # Five sessions with seven days between them: 28 days after 2 February.
        self.assertEqual(str(form.earliest_end), "2026-03-02")
        self.assertEqual(str(form.expires_on), "2027-02-02")

    def test_paid_now_is_active_at_once(self):
        action = self._open_dialog().save().action_confirm()
        course = self.env["medspa.course"].browse(action["res_id"])
        self.assertEqual((course.state, course.remaining_sessions), ("active", 5))
        invoice = course.sale_order_id.invoice_ids
        self.assertEqual(invoice.amount_residual, 0)
        self.assertEqual(invoice.amount_total, 450)

    def test_several_courses_in_one_sale(self):
        form = self._open_dialog()
        form.quantity = 3
        self.assertEqual(form.price, 1350)
        form.save().action_confirm()
        self.assertEqual(self.patient.course_ids.mapped("state"), ["active"] * 3)


@tagged("post_install", "-at_install")
class TestPaymentLink(DeskSale, HttpCase):
    """A patient pays by the link that the desk sends: no login, active when paid."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls._set_up_clinic()
        cls.provider = cls.env["payment.provider"].search(
            [("code", "=", "demo"), ("company_id", "=", cls.company.id)], limit=1
        )
        cls.provider.write({"state": "test", "is_published": True})

    def test_link_is_paid(self):
        form = self._open_dialog()
        form.payment = "link"
        action = form.save().action_confirm()
        order = self.env["sale.order"].browse(action["context"]["active_id"])
        self.assertEqual(order.state, "sent")
        self.assertFalse(order.course_ids, "Nothing is sold before it is paid")
        dialog = (
            self.env[action["res_model"]]
            .with_user(self.receptionist)
            .with_context(**action["context"])
            .create({})
        )
        self.assertEqual(dialog.amount, 450)
        link = urlsplit(dialog.link)
        page = self.url_open(f"{link.path}?{link.query}")
        self.assertEqual(page.status_code, 200)
        self.assertIn("5 peels", page.text)
        self.assertIn("o_payment_form", page.text)
        self._pay(order)
        self.assertEqual(order.state, "sale")
        self.assertEqual(order.course_ids.state, "active")

    def _pay(self, order):
        """Let the provider say that the order is paid, as its webhook does."""
        tx = self.env["payment.transaction"].create(
            {
                "provider_id": self.provider.id,
                "payment_method_id": self.provider.payment_method_ids[:1].id,
                "amount": order.amount_total,
                "currency_id": order.currency_id.id,
                "partner_id": order.partner_id.id,
                "operation": "online_direct",
                "reference": order.name,
                "sale_order_ids": [Command.set(order.ids)],
            }
        )
        tx._process("demo", {"reference": tx.reference, "simulated_state": "done"})
