# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
"""Plays the memberships: joined, billed and used on days that have passed."""

from datetime import time, timedelta

from odoo import Command

from odoo.addons.medspa_membership.models.credit.medspa_credit import Moment

from .stories import MEMBERS


def play_members(scenario):
    """Make the members of the stories, the oldest first.

    Charges are made at once: what the flows queue for them is taken away again.
    """
    Job_sudo = scenario.env["queue.job"].sudo()
    jobs_before = Job_sudo.search([])
    for story in sorted(MEMBERS, key=lambda story: story.joined):
        MemberStory(scenario, story).play()
    (Job_sudo.search([]) - jobs_before).unlink()


class MemberStory:
    """One membership, from the order to the state in which it is shown."""

    def __init__(self, scenario, story):
        self.scenario = scenario
        self.story = story
        self.patient = scenario._ref(story.patient)

    def play(self):
        joined = self.scenario._date(self.story.joined)
        order = self._order(joined)
        if self.story.state == "pending":
            order.action_confirm()
            return
        token = self._store_card()
        self._pay(order, token)
        membership = order.membership_ids
        self._visit(membership)
        self._bill_up_to_today(membership, token)
        self._expire_credits(membership)
        self._bring_to_state(membership)

    def _on(self, day):
        """Return an environment in which the clinic has a day of the past."""
        moment = self.scenario.company._medspa_utc(day, time(9))
        moment = min(moment, self.scenario.now)
        env = self.scenario._dated(moment)
        return env(context={**env.context, "medspa_demo_day": Moment(day)})

    # === JOINING === #

    def _order(self, day):
        env = self._on(day)
        product = self.scenario._ref(f"plan_{self.story.plan}")
        return env["sale.order"].create(
            {
                "partner_id": self.patient.id,
                "user_id": env.uid,
                "order_line": [
                    Command.create({"product_id": product.product_variant_id.id})
                ],
            }
        )

    def _store_card(self):
        """Store a card of Odoo's demo provider that pays."""
        provider = self.scenario.env.ref("payment.payment_provider_demo")
        return self.scenario.env["payment.token"].create(
            {
                "provider_id": provider.id,
                "payment_method_id": provider.payment_method_ids[:1].id,
                "partner_id": self.patient.id,
                "provider_ref": f"demo card of {self.story.patient}",
                "payment_details": "4242",
                "demo_simulated_state": "done",
            }
        )

    def _pay(self, order, token):
        tx = order.env["payment.transaction"].create(
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
        tx._set_done()
        tx._post_process()

    # === USING AND BILLING === #

    def _visit(self, membership):
        """Let the patient come on past days and pay with a credit of the plan."""
        scenario = self.scenario
        for offset, key in self.story.visits:
            treatment = scenario._treatment(key)
            day = scenario._on_working_day(scenario.today + timedelta(days=offset), -1)
            credit = membership.credit_ids.with_env(scenario.env)[:1]
            event = scenario._book(self.patient, treatment, day, 10, -1, credit)
            scenario._attend(event.with_context(medspa_moment=Moment(event.stop)))

    def _bill_up_to_today(self, membership, token):
        """Bill the periods that have begun; a card that fails fails at the last."""
        today = self.scenario.today
        while membership.recurring_next_date <= today:
            day = membership.recurring_next_date
            following = membership._get_start_after(day)
            if self.story.state in ("past_due", "suspended") and following > today:
                token.demo_simulated_state = "error"
            period = membership.with_env(self._on(day))._bill(day)
            tx = self._charge(period)
            if tx.state == "error":
                # Declined on its day, not at the installation.
                period.first_failed_at = self.scenario.company._medspa_utc(day, time(9))

    @staticmethod
    def _charge(period):
        """Charge as the queued job does, less its commits: an installation is whole."""
        tx = period._create_charges()
        tx._begin_charge()
        tx._ask_safely(tx._charge_with_token)
        if tx.state in ("done", "error") and not tx.is_post_processed:
            tx._post_process_at_once()
        return tx

    def _expire_credits(self, membership):
        """Close the credits whose days have passed, as the nightly job does."""
        today = self.scenario.today
        for credit in membership.credit_ids:
            if credit.expires_on and credit.expires_on < today:
                moment = self.scenario.company._medspa_utc(
                    credit.expires_on + timedelta(days=1), time(1)
                )
                credit.with_env(self.scenario._dated(moment))._expire()

    # === STATES === #

    def _bring_to_state(self, membership):
        membership = membership.with_env(self.scenario.env)
        today = self.scenario.today
        reason = self.scenario.env.ref("medspa_membership.close_reason_price")
        if self.story.state == "paused":
            membership._pause(today, today + timedelta(days=29), "Abroad for a month")
        elif self.story.state == "ending":
            membership._cancel(reason)
        elif self.story.state == "ended":
            membership._cancel(reason, way="now")
        elif self.story.state == "suspended":
            membership.period_ids.filtered(
                lambda period: period.state == "open"
            )._suspend_for_arrears()
