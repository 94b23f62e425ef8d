# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
import math
from datetime import date

from odoo.exceptions import UserError
from odoo.http import request, route

from ..models.portal.text import read_line, read_text
from .membership import MembershipPortal


class MembershipChange(MembershipPortal):
    """What a member changes alone: pause, plan, end. Numbers first, then the button."""

    # === PAUSE === #

    @route(
        "/my/memberships/<int:membership_id>/pause",
        type="http",
        auth="user",
        website=True,
        sitemap=False,
        methods=["GET", "POST"],
    )
    def portal_membership_pause(self, membership_id, **post):
        """Show what a pause means, and plan one."""
        membership_sudo = self._get_own_membership(membership_id)
        if not membership_sudo:
            return request.redirect("/my")
        if request.httprequest.method == "GET":
            return self._render_change(membership_sudo, "pause", post={})

        def pause():
            start = self._parse_date(post.get("start"))
            end = self._parse_date(post.get("end"))
            if not start:
                raise UserError(request.env._("Say from which day on."))
            if post.get("end") and not end:
                raise UserError(request.env._("Say until which day."))
            membership_sudo._pause(start, end, read_text(post.get("reason"), 500))

        start = self._parse_date(post.get("start"))
        is_done = start in membership_sudo.pause_ids.filtered(
            lambda pause: pause.state in ("planned", "running")
        ).mapped("start_date")
        return self._carry_out_on(
            membership_sudo, "pause", pause, "pause", post, is_done=is_done
        )

    @route(
        "/my/memberships/<int:membership_id>/resume",
        type="http",
        auth="user",
        website=True,
        sitemap=False,
        methods=["POST"],
    )
    def portal_membership_resume(self, membership_id, **post):
        """End the running pause, or take a planned one back."""
        membership_sudo = self._get_own_membership(membership_id)
        if not membership_sudo:
            return request.redirect("/my")

        def resume():
            if post.get("pause"):
                pause_id = self._parse_id(post["pause"])
                membership_sudo._drop_planned_pause(pause_id)
            else:
                membership_sudo._resume(reason=request.env._("Resumed by the member"))

        if post.get("pause"):
            planned = membership_sudo.pause_ids.filtered(
                lambda pause: str(pause.id) == post["pause"]
            )
            is_done = planned.state == "cancelled"
        else:
            is_done = membership_sudo.membership_state == "active"
        return self._carry_out(
            membership_sudo,
            resume,
            "unplanned" if post.get("pause") else "resume",
            is_done=is_done,
        )

    # === PLAN === #

    @route(
        "/my/memberships/<int:membership_id>/change",
        type="http",
        auth="user",
        website=True,
        sitemap=False,
        methods=["GET", "POST"],
    )
    def portal_membership_change(self, membership_id, plan=None, **post):
        """Show the other plans, then the numbers of one, and change to it."""
        membership_sudo = self._get_own_membership(membership_id)
        if not membership_sudo:
            return request.redirect("/my")
        plans_sudo = membership_sudo._get_plans_to_change_to(request.website)
        plan_sudo = plans_sudo.filtered(lambda p: str(p.id) == str(plan or ""))
        if request.httprequest.method == "GET":
            return self._render_plan_change(
                membership_sudo, plans_sudo, plan_sudo, post.get("when")
            )
        reached = (
            membership_sudo.next_template_id
            if post.get("when") == "renewal"
            else membership_sudo.template_id
        )
        if not post.get("stay") and str(reached.id) == str(plan):
            # The second of two taps: it is done.
            return request.redirect(
                f"/my/memberships/{membership_id}?done=plan", code=303
            )
        try:
            with request.env.cr.savepoint():
                self._change_plan(membership_sudo, plan_sudo, post)
        except UserError as error:
            request.env.invalidate_all(flush=False)
            return self._render_plan_change(
                membership_sudo,
                plans_sudo,
                plan_sudo,
                post.get("when"),
                error=str(error),
            )
        return request.redirect(f"/my/memberships/{membership_id}?done=plan", code=303)

    def _change_plan(self, membership_sudo, plan_sudo, post):
        """Change the plan as its numbers were shown.

        :raise UserError: no plan that is on sale, or the numbers are others by now
        """
        if post.get("stay"):
            membership_sudo._lock()
            membership_sudo.next_template_id = False
            membership_sudo.message_post(
                body=request.env._("The member stays with the present plan.")
            )
            return
        try:
            amount = float(post.get("amount"))
        except (TypeError, ValueError):
            amount = math.nan
        if (
            not plan_sudo
            or not math.isfinite(amount)
            or post.get("when") not in ("now", "renewal")
        ):
            raise UserError(request.env._("Choose a plan that is on sale."))
        # What a member may choose the page decides, and not who fills it in.
        today = membership_sudo.company_id._medspa_date()
        change = self._get_change(membership_sudo, plan_sudo, today, post["when"])
        if change["when"] != post["when"]:
            raise UserError(
                request.env._(
                    "This plan begins with the next period. Look at the change again "
                    "before you confirm it."
                )
            )
        membership_sudo._change_plan(plan_sudo, change["when"], amount)

    def _render_plan_change(
        self, membership_sudo, plans_sudo, plan_sudo, when=None, error=None
    ):
        """Show the plans to choose from, and what the chosen one costs and gives."""
        today = membership_sudo.company_id._medspa_date()
        change = None
        if plan_sudo:
            try:
                change = self._get_change(membership_sudo, plan_sudo, today, when)
            except UserError as refusal:
                error = error or str(refusal)
        return self._render_change(
            membership_sudo,
            "change",
            error=error,
            rows=plans_sudo._get_shop_plans(request.website),
            prices={p.id: membership_sudo._get_price_of(p) for p in plans_sudo},
            chosen=plan_sudo,
            change=change,
        )

    @staticmethod
    def _get_change(membership_sudo, plan_sudo, today, when):
        """Return the numbers of a change: a member does not take money back at once.

        A dearer plan begins now or with the next period; a cheaper one with the next
        period, for the present one is paid and used.
        """
        change = membership_sudo._get_plan_change(plan_sudo, today)
        if change["is_upgrade"] and when == "renewal":
            return membership_sudo._get_plan_change(plan_sudo, today, "renewal")
        return change

    # === END === #

    @route(
        "/my/memberships/<int:membership_id>/cancel",
        type="http",
        auth="user",
        website=True,
        sitemap=False,
        methods=["GET", "POST"],
    )
    def portal_membership_cancel(self, membership_id, way="terms", **post):
        """Show what leaving means, and carry it out."""
        membership_sudo = self._get_own_membership(membership_id)
        if not membership_sudo or not membership_sudo._can_cancel():
            return request.redirect(f"/my/memberships/{membership_id}")
        if way not in ("terms", "exit"):
            way = "terms"
        values = {"way": way, "post": post, "previews": self._get_ways(membership_sudo)}
        if request.httprequest.method == "GET":
            return self._render_change(membership_sudo, "cancel", **values)

        def cancel():
            reason = self._get_close_reason(post.get("reason"))
            if not reason:
                raise UserError(request.env._("Please choose a reason."))
            note = read_text(post.get("note"), 2000)
            preview = self._get_ways(membership_sudo).get(way)
            if not preview or post.get("end_date") != str(preview["end_date"]):
                raise UserError(
                    request.env._(
                        "The dates are others by now. Look at them again before you "
                        "confirm."
                    )
                )
            membership_sudo._cancel(reason, way, note)

        return self._carry_out_on(membership_sudo, "cancel", cancel, "cancel", **values)

    @route(
        "/my/memberships/<int:membership_id>/withdraw",
        type="http",
        auth="user",
        website=True,
        sitemap=False,
        methods=["GET", "POST"],
    )
    def portal_membership_withdraw(self, membership_id, **post):
        """Withdraw from the contract: who, the sum, one button that says so."""
        membership_sudo = self._get_own_membership(membership_id)
        if not membership_sudo or not membership_sudo._get_last_withdrawal_day():
            return request.redirect(f"/my/memberships/{membership_id}")
        today = membership_sudo.company_id._medspa_date()
        values = {
            "post": post,
            "preview": membership_sudo._get_cancellation(today, "withdraw"),
        }
        if request.httprequest.method == "GET":
            return self._render_change(membership_sudo, "withdraw", **values)

        def withdraw():
            name = read_line(request.env, post.get("name"), 120)
            if not name:
                raise UserError(request.env._("Please write your name."))
            # A fixed reason, which patients may not read.
            reason = request.env.ref("medspa_membership.close_reason_withdrawn").sudo()
            membership_sudo._cancel(
                reason, "withdraw", request.env._("Withdrawn by %s", name)
            )
            membership_sudo._acknowledge_withdrawal()

        return self._carry_out_on(
            membership_sudo, "withdraw", withdraw, "withdraw", **values
        )

    @route(
        "/my/memberships/<int:membership_id>/keep",
        type="http",
        auth="user",
        website=True,
        sitemap=False,
        methods=["POST"],
    )
    def portal_membership_keep(self, membership_id, **post):
        """Take a cancellation back."""
        membership_sudo = self._get_own_membership(membership_id)
        if not membership_sudo:
            return request.redirect("/my")
        return self._carry_out(
            membership_sudo,
            membership_sudo._keep,
            "keep",
            is_done=not membership_sudo.cancelled_on
            and membership_sudo.membership_state != "ended",
        )

    # === TOOLS === #

    def _render_change(self, membership_sudo, page, error=None, **values):
        """Show one of the pages that change a membership."""
        titles = {
            "pause": request.env._("Pause"),
            "change": request.env._("Change the plan"),
            "cancel": request.env._("Cancel"),
            "withdraw": request.env._("Withdraw from contract"),
        }
        today = membership_sudo.company_id._medspa_date()
        if page == "cancel":
            values["reasons"] = self._get_close_reasons()
        return request.render(
            f"medspa_membership.portal_membership_{page}",
            {
                **self._prepare_portal_layout_values(),
                "page_name": "medspa_membership",
                "page_title": titles[page],
                "membership": membership_sudo,
                "membership_url": f"/my/memberships/{membership_sudo.id}",
                "today": today,
                "days_left": membership_sudo._get_pause_days_left(today),
                "error": error,
                **values,
            },
        )

    def _carry_out_on(
        self,
        membership_sudo,
        page,
        function,
        done,
        post=None,
        is_done=False,
        **values,
    ):
        """Change a membership from a page of its own, which comes back when refused.

        :param bool is_done: the first of two taps has done it
        """
        if is_done:
            function = bool
        try:
            with request.env.cr.savepoint():
                function()
        except UserError as error:
            request.env.invalidate_all(flush=False)
            return self._render_change(
                membership_sudo, page, error=str(error), post=post or {}, **values
            )
        return request.redirect(
            f"/my/memberships/{membership_sudo.id}?done={done}", code=303
        )

    @staticmethod
    def _get_ways(membership_sudo):
        """Return what leaving means, for each way that is open but the withdrawal."""
        today = membership_sudo.company_id._medspa_date()
        return {
            way: membership_sudo._get_cancellation(today, way)
            for way in membership_sudo._get_cancel_ways(today)
            if way != "withdraw"
        }

    @staticmethod
    def _get_close_reasons():
        # Members may not read the reasons; they choose from them.
        Reason_sudo = request.env["sale.subscription.close.reason"].sudo()
        return Reason_sudo.search([("is_for_members", "=", True)])

    def _get_close_reason(self, value):
        return self._get_close_reasons().filtered(lambda r: str(r.id) == str(value))

    @staticmethod
    def _parse_date(value):
        try:
            day = date.fromisoformat(value or "")
        except ValueError:
            return None
        return day if 2000 <= day.year <= 2999 else None
