# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
from unittest.mock import patch

from odoo.tests import TransactionCase, freeze_time, tagged
from odoo.tools import config

from .common import TODAY, ClinicData


@tagged("post_install", "-at_install")
@freeze_time(TODAY)
class TestFirstSteps(ClinicData, TransactionCase):
    """The list of first steps says what is missing, and leads there."""

    def _get_steps(self, company=None):
        Step = self.env["medspa.first.step"].with_user(self.manager)
        if company:
            Step = Step.with_company(company)
        action = Step.action_open_steps()
        return {step.key: step for step in Step.search(action["domain"])}

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls._set_up_clinic()

    def test_each_step_leads_somewhere(self):
        for step in self._get_steps().values():
            action = step.sudo().action_go()
            self.assertIn(action["res_model"], self.env, step.key)
            if step.state != "done":
                self.assertTrue(step.hint, step.key)

    def test_company_is_looked_at(self):
        self.company.write({"street": False, "phone": False})
        steps = self._get_steps()
        self.assertEqual(steps["company"].state, "missing")
        self.assertEqual(steps["contact"].state, "missing")
        self.company.write(
            {
                "street": "Calle Mayor 1",
                "city": "Madrid",
                "country_id": self.env.ref("base.es").id,
            }
        )
        steps = self._get_steps()
        self.assertEqual(steps["company"].state, "done")
        self.assertFalse(steps["company"].hint)
        self.assertEqual(steps["hours"].state, "done")
        self.assertEqual(steps["course"].state, "done")
        self.assertEqual(steps["plan"].state, "optional")
        self.assertEqual(steps["company"].sudo().action_go()["res_id"], self.company.id)

    def test_another_clinic_starts_at_nothing(self):
        other = self.env["res.company"].create({"name": "New clinic"})
        self.manager.company_ids += other
        self.petra.company_id = self.pablo.company_id = self.company
        steps = self._get_steps(other)
        self.assertEqual(steps["practitioner"].state, "missing")
        self.assertEqual(steps["accounting"].state, "missing")

    def test_provider_must_store_cards_and_be_enabled(self):
        providers = self.env["payment.provider"].search([])
        providers.state = "disabled"
        step = self._get_steps()["provider"]
        self.assertIn("Switch a payment provider on", step.hint)
        demo = self.env.ref("payment.payment_provider_demo")
        demo.write({"state": "test", "allow_tokenization": True, "is_published": True})
        step = self._get_steps()["provider"]
        self.assertIn("test mode", step.hint)
        demo.allow_tokenization = False
        step = self._get_steps()["provider"]
        self.assertIn("cannot store cards", step.hint)

    def test_jobs_that_do_not_run_are_said(self):
        with patch.dict(
            config.options.maps[0], {"server_wide_modules": ["base", "web"]}
        ):
            step = self._get_steps()["jobs"]
        self.assertEqual(step.state, "missing")
        self.assertIn("queue_job", step.hint)
