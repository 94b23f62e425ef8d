# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
from odoo import Command
from odoo.tests import freeze_time

from odoo.addons.account.tests.common import AccountTestInvoicingCommon
from odoo.addons.queue_job.job import Job

from .common import ClinicData


class MembershipCase(ClinicData, AccountTestInvoicingCommon):
    """A plan of 99 a month: two peels, 15 % off, and a card that pays (or not).

    The cards are those of Odoo's demo provider, whose outcome each one fixes.
    """

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env = cls.env(user=cls.env.ref("base.user_admin"))
        company = cls.company_data["company"]
        cls.env.user.write(
            {"company_ids": [Command.link(company.id)], "company_id": company.id}
        )
        cls.env = cls.env(
            context={**cls.env.context, "allowed_company_ids": company.ids}
        )
        cls._set_up_clinic()
        for user in cls.receptionist | cls.practitioner_user | cls.manager:
            user.write({"company_ids": [Command.link(company.id)]})
            user.company_id = company
        cls.provider = cls.env["payment.provider"].sudo().search(
            [("code", "=", "demo"), ("company_id", "=", cls.company.id)]
        ) or cls.env.ref("payment.payment_provider_demo").sudo().copy(
            {"company_id": cls.company.id}
        )
        cls.provider.write(
            {"state": "test", "journal_id": cls.company_data["default_journal_bank"].id}
        )
        cls.card = cls.provider.payment_method_ids[:1]
        cls.token = cls._create_token("done")
        cls.reason = cls.env["sale.subscription.close.reason"].create(
            {"name": "Moved away"}
        )
        cls.plan = cls._create_plan("Glow", 99)
        cls.env.ref("medspa_membership.product_joining_fee").taxes_id = False

    @classmethod
    def _create_token(cls, outcome, partner=None):
        """Store a card that pays ("done"), is declined ("error") or "pending"."""
        return (
            cls.env["payment.token"]
            .sudo()
            .create(
                {
                    "provider_id": cls.provider.id,
                    "payment_method_id": cls.card.id,
                    "partner_id": (partner or cls.patient).id,
                    "provider_ref": f"card that is {outcome}",
                    "payment_details": "4242",
                    "demo_simulated_state": outcome,
                }
            )
        )

    @classmethod
    def _create_plan(cls, name, price, benefits=None, **vals):
        """Create a plan. `benefits`: dicts of values; two peels a month by default."""
        if benefits is None:
            benefits = [{"treatment_id": cls.peel.id, "quantity": 2}]
        plan = cls.env["sale.subscription.template"].create(
            {
                "name": name,
                "is_plan": True,
                "price": price,
                "benefit_ids": [Command.create(benefit) for benefit in benefits],
                **vals,
            }
        )
        plan.product_tmpl_id.taxes_id = False
        return plan

    @classmethod
    def _order_plan(cls, plan=None, partner=None):
        """Return the quotation with which a patient joins a plan."""
        return cls.env["sale.order"].create(
            {
                "partner_id": (partner or cls.patient).id,
                "order_line": [
                    Command.create(
                        {
                            "product_id": (
                                plan or cls.plan
                            ).product_tmpl_id.product_variant_id.id
                        }
                    )
                ],
            }
        )

    @classmethod
    def _join(cls, plan=None, partner=None, token=None, on=None):
        """Let a patient join a plan and pay by card; return the membership.

        :param str on: the day, at nine in the morning of the clinic; now by default
        """
        token = token or (
            cls.token if not partner else cls._create_token("done", partner)
        )

        def join():
            order = cls._order_plan(plan, partner)
            tx = (
                cls.env["payment.transaction"]
                .sudo()
                .create(
                    {
                        "provider_id": token.provider_id.id,
                        "payment_method_id": token.payment_method_id.id,
                        "token_id": token.id,
                        "amount": order.amount_total,
                        "currency_id": order.currency_id.id,
                        "partner_id": order.partner_id.id,
                        "operation": "online_token",
                        "sale_order_ids": [Command.set(order.ids)],
                    }
                )
            )
            tx.sudo()._set_done()
            tx.sudo()._post_process()
            return order.membership_ids

        if not on:
            return join()
        with freeze_time(f"{on} 08:00:00"):
            return join()

    def _run_cron(self, name, moment):
        """Run a job of the clinic at a moment in UTC, jobs of the queue included."""
        with freeze_time(moment), self.enter_registry_test_mode():
            self.env.ref(f"medspa_membership.{name}").method_direct_trigger()
            self._run_jobs()
        self.env.invalidate_all()
        # The numbers that a transaction remembers are not those of the job.
        self.env["account.move"]._get_sequence_cache().clear()

    def _run_jobs(self):
        """Perform what is queued, as the runner does: each job with its own cursor."""
        self.env.invalidate_all()
        pending = [("state", "=", "pending")]
        while job_sudo := self.env["queue.job"].sudo().search(pending, limit=1):
            job = Job.load(self.env(su=True), job_sudo.uuid)
            job.perform()
            job.set_done()
            job.store()
            self.env.flush_all()
            self.env.invalidate_all()

    def _bill(self, moment):
        """Run the billing job at a moment in UTC (a day: at nine in the clinic)."""
        if len(moment) == 10:
            moment = f"{moment} 08:00:00"
        self._run_cron("ir_cron_bill_periods", moment)

    def _starts(self, membership, kind="regular"):
        """Return the days on which the periods of a membership begin, as strings."""
        periods = membership.period_ids.filtered(lambda p: p.kind == kind)
        return [str(day) for day in sorted(periods.mapped("start_date"))]
