# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
from datetime import datetime

from odoo import Command
from odoo.exceptions import AccessError
from odoo.tests import new_test_user, tagged
from odoo.tests.common import JsonRpcException

from .membership_http_common import PIXEL, MemberPages
from .test_membership_desk import DeskCase

# What each role may do with what the desk sees of memberships: read, write, create,
# unlink. A model that is not named for a role is closed to it. OCA lets sellers do all
# with its own records: what is ours among them is kept by rules and methods.
MEMBERSHIP_RIGHTS = {
    "receptionist": {
        "sale.subscription": "rwcu",
        "sale.subscription.template": "rwcu",
        "medspa.dunning.policy": "r",
        "medspa.membership.agreement": "r",
        "medspa.membership.benefit": "r",
        "medspa.membership.pause": "r",
        "medspa.membership.period": "rw",
        "medspa.plan.benefit": "r",
        "medspa.plan.discount": "r",
        "medspa.price.campaign": "r",
        "medspa.price.campaign.line": "rw",
        "medspa.winback.offer": "r",
    },
    "practitioner": {
        "sale.subscription": "r",
        "sale.subscription.template": "r",
        "medspa.dunning.policy": "r",
        "medspa.membership.agreement": "r",
        "medspa.membership.benefit": "r",
        "medspa.membership.pause": "r",
        "medspa.membership.period": "r",
        "medspa.plan.benefit": "r",
        "medspa.plan.discount": "r",
    },
    "employee": {},
}
OPERATIONS = {"r": "read", "w": "write", "c": "create", "u": "unlink"}
DIALOGS = (
    "addon",
    "cancel",
    "change",
    "elsewhere",
    "enrol",
    "family",
    "method",
    "pause.wizard",
    "refund",
    "skip",
)
MANAGER_DIALOGS = ("elsewhere", "refund")


@tagged("post_install", "-at_install")
class TestMembershipAccess(DeskCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.employee = new_test_user(
            cls.env,
            login="emp",
            groups="base.group_user",
            company_id=cls.company.id,
            company_ids=[Command.set(cls.company.ids)],
        )
        cls.users = {
            "receptionist": cls.receptionist,
            "practitioner": cls.practitioner_user,
            "employee": cls.employee,
        }

    def test_rights_by_role(self):
        for role, rights in MEMBERSHIP_RIGHTS.items():
            for model in MEMBERSHIP_RIGHTS["receptionist"]:
                Access = self.env["ir.model.access"].with_user(self.users[role])
                granted = "".join(
                    letter
                    for letter, operation in OPERATIONS.items()
                    if Access.check(model, operation, raise_exception=False)
                )
                self.assertEqual(granted, rights.get(model, ""), (role, model))

    def test_dialogs_by_role(self):
        for dialog in DIALOGS:
            model = f"medspa.membership.{dialog}"
            for user in (*self.users.values(), self.manager):
                Access = self.env["ir.model.access"].with_user(user)
                may = user == self.manager or (
                    user == self.receptionist and dialog not in MANAGER_DIALOGS
                )
                self.assertEqual(
                    Access.check(model, "create", raise_exception=False),
                    may,
                    (user.login, model),
                )

    def test_another_clinic_sees_and_changes_nothing(self):
        membership = self._join(on="2026-01-31")
        other = self.env["res.company"].create({"name": "Other clinic"})
        stranger = self._create_user(
            "stranger",
            "manager",
            company_id=other.id,
            company_ids=[Command.set(other.ids)],
        )
        env = self.env(user=stranger, context={"allowed_company_ids": other.ids})
        self.assertFalse(env["sale.subscription"].search([("id", "=", membership.id)]))
        foreign = membership.with_env(env)
        foreign.invalidate_recordset()
        for name in ("action_bill_now", "action_keep", "action_cancel_membership"):
            with self.assertRaises(AccessError):
                getattr(foreign, name)()
        with self.assertRaises(AccessError):
            membership.period_ids.with_env(env).action_charge_again()
        wizard = env["medspa.membership.skip"].create(
            {"membership_id": membership.id, "reason": "Mine now"}
        )
        with self.assertRaises(AccessError):
            wizard.action_confirm()
        self.assertEqual(len(membership.period_ids), 1)


@tagged("post_install", "-at_install")
class TestSignOnThisScreen(MemberPages):
    """The patient signs and pays on the desk's screen, where staff are logged in."""

    def setUp(self):
        super().setUp()
        self.receptionist.password = "rec-password"
        self.order = self._order_plan()
        self.order.action_quotation_sent()
        self.order._portal_ensure_token()
        self.own_card = self._create_token("done", self.receptionist.partner_id)
        self.own_card.payment_details = "9999"
        self.env.flush_all()

    def _sign(self):
        self.order.sudo().write(
            {
                "signed_by": "Paula",
                "signed_on": datetime(2026, 2, 2, 9),
                "signature": PIXEL,
            }
        )
        self.env.flush_all()

    def test_the_patients_cards_are_offered_and_not_the_receptionists(self):
        self._sign()
        self.authenticate("rec", "rec-password")
        page = self.url_open(self.order.get_portal_url())
        self.assertEqual(page.status_code, 200)
        self.assertIn("4242", page.text)
        self.assertNotIn("9999", page.text)

    def test_the_card_is_stored_with_the_patient(self):
        self._sign()
        self.authenticate("rec", "rec-password")
        url = f"/my/orders/{self.order.id}/transaction"
        self.make_jsonrpc_request(
            url,
            {
                "access_token": self.order.access_token,
                "provider_id": self.provider.id,
                "payment_method_id": self.card.id,
                "token_id": None,
                "amount": self.order.amount_total,
                "flow": "direct",
                "tokenization_requested": True,
                "landing_route": "/my",
            },
        )
        self.env.invalidate_all()
        tx = self.order.sudo().transaction_ids
        self.assertEqual(tx.partner_id, self.patient)
        self.assertTrue(tx.tokenize)

    def test_the_receptionists_own_card_pays_nothing(self):
        self._sign()
        self.authenticate("rec", "rec-password")
        with self.assertRaises(JsonRpcException):
            self.make_jsonrpc_request(
                f"/my/orders/{self.order.id}/transaction",
                {
                    "access_token": self.order.access_token,
                    "provider_id": self.provider.id,
                    "payment_method_id": self.card.id,
                    "token_id": self.own_card.id,
                    "amount": self.order.amount_total,
                    "flow": "token",
                    "tokenization_requested": False,
                    "landing_route": "/my",
                },
            )
        self.env.invalidate_all()
        self.assertFalse(self.order.sudo().transaction_ids)
