# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
from datetime import timedelta

from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools import config


class MedspaFirstStep(models.TransientModel):
    """What a clinic needs before its first sale: what is there, and what is missing.

    Each step is looked at when the page is opened, never ticked by hand.
    """

    _name = "medspa.first.step"
    _description = "First step of a clinic"
    _order = "sequence, id"
    _transient_max_hours = 1.0

    company_id = fields.Many2one("res.company", "Clinic", required=True)
    sequence = fields.Integer()
    key = fields.Char(required=True)
    name = fields.Char("Step", required=True)
    state = fields.Selection(
        [("done", "Done"), ("missing", "To do"), ("optional", "If you want it")],
        required=True,
    )
    hint = fields.Char("What to do")
    action_ref = fields.Char(help="The page that it leads to.")

    # === ACTION METHODS === #

    @api.model
    def action_open_steps(self):
        """Look at each step of the present clinic and show them."""
        self.browse().check_access("create")
        company = self.env.company
        steps = self.create(
            [
                {"company_id": company.id, "sequence": number, **vals}
                for number, vals in enumerate(self._prepare_steps(company), start=1)
            ]
        )
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "medspa_membership.medspa_first_step_action"
        )
        action["domain"] = [("id", "in", steps.ids)]
        return action

    def action_go(self):
        """Open the page where the step is done. Note: `self.ensure_one()`."""
        self.check_access("read")
        self.ensure_one()
        action = self.env["ir.actions.actions"]._for_xml_id(self.action_ref)
        if self.action_ref == "base.action_res_company_form":
            action |= {
                "res_id": self.company_id.id,
                "view_mode": "form",
                "views": [(False, "form")],
            }
        return action

    # === BUSINESS METHODS === #

    @api.model
    def _prepare_steps(self, company):
        """Return the values of each step of a clinic, in their order. A seam."""
        # Whoever sets the clinic up need not be an administrator to see what lacks.
        self_sudo = self.sudo().with_company(company)
        return [
            *self_sudo._prepare_company_steps(company),
            *self_sudo._prepare_people_steps(company),
            *self_sudo._prepare_catalogue_steps(company),
            *self_sudo._prepare_money_steps(company),
            *self_sudo._prepare_system_steps(),
        ]

    @api.model
    def _prepare_step(self, key, name, hint, action_ref, done, is_optional=False):
        missing = "optional" if is_optional else "missing"
        return {
            "key": key,
            "name": name,
            "hint": False if done else hint,
            "action_ref": action_ref,
            "state": "done" if done else missing,
        }

    @api.model
    def _prepare_company_steps(self, company):
        company_action = "base.action_res_company_form"
        calendar = company.resource_calendar_id
        return [
            self._prepare_step(
                "company",
                self.env._("Name, address and country of the clinic"),
                self.env._("Enter street, city and country."),
                company_action,
                company.street and company.city and company.country_id,
            ),
            self._prepare_step(
                "contact",
                self.env._("Logo, phone and e-mail: letters and pages show them"),
                self.env._("Add your own logo, a phone number and an e-mail address."),
                company_action,
                not company.uses_default_logo and company.phone and company.email,
            ),
            self._prepare_step(
                "accounting",
                self.env._("Currency, accounts and taxes"),
                self.env._(
                    "In the settings of Invoicing, choose the package of your country "
                    "and whether prices include tax. The currency is %s: it cannot be "
                    "changed once something is booked.",
                    company.currency_id.name,
                ),
                "account.action_account_config",
                # A branch books with the accounts of its company.
                company.root_id.chart_template,
            ),
            self._prepare_step(
                "hours",
                self.env._("Hours and time zone of the clinic"),
                self.env._("Choose working hours with the clinic's own time zone."),
                "resource.action_resource_calendar_form",
                calendar.attendance_ids and calendar.tz and calendar.tz != "UTC",
            ),
        ]

    @api.model
    def _prepare_people_steps(self, company):
        roles = ("receptionist", "practitioner")
        groups = [self.env.ref(f"medspa_membership.group_medspa_{r}") for r in roles]
        has_roles = self.env["res.users"].search_count(
            [
                ("all_group_ids", "in", [group.id for group in groups]),
                ("company_ids", "in", company.ids),
                ("id", "not in", self._get_technical_user_ids()),
            ],
            limit=1,
        )
        practitioners = self.env["resource.resource"].search_count(
            [
                ("medspa_role", "=", "practitioner"),
                ("company_id", "in", [False, *company.parent_ids.ids]),
            ],
            limit=1,
        )
        return [
            self._prepare_step(
                "roles",
                self.env._("People and their roles"),
                self.env._(
                    "Give each person a role: Desk (receptionist, manager) or Care "
                    "(practitioner)."
                ),
                "base.action_res_users",
                has_roles,
            ),
            self._prepare_step(
                "practitioner",
                self.env._("Practitioners with their hours"),
                self.env._("Add who treats, and when they work."),
                "medspa_membership.practitioner_action",
                practitioners,
            ),
        ]

    @api.model
    def _get_technical_user_ids(self):
        return [self.env.ref("base.user_root").id, self.env.ref("base.user_admin").id]

    @api.model
    def _prepare_catalogue_steps(self, company):
        def exists(tracking, *more):
            domain = Domain("service_tracking", "=", tracking) & Domain(
                "company_id", "in", [False, *company.parent_ids.ids]
            )
            return self.env["product.template"].search_count(
                domain & Domain(list(more)), limit=1
            )

        published = ("is_published", "=", True)
        return [
            self._prepare_step(
                "treatment",
                self.env._("The first treatment that can be booked online"),
                self.env._(
                    "Add a treatment with price and duration, and publish it (Go to "
                    "Website)."
                ),
                "medspa_membership.treatment_action",
                exists("medspa_treatment", published),
            ),
            self._prepare_step(
                "course",
                self.env._("The first course in the shop"),
                self.env._("Add a course with its recipe and publish it."),
                "medspa_membership.course_product_action",
                exists("medspa_course", published, ("step_ids", "!=", False)),
            ),
            self._prepare_step(
                "plan",
                self.env._("The first plan that patients can join"),
                self.env._(
                    "Add a plan with price, benefits and agreement, and publish it."
                ),
                "medspa_membership.plan_action",
                exists("medspa_plan", published),
                is_optional=True,
            ),
        ]

    @api.model
    def _prepare_money_steps(self, company):
        providers = self.env["payment.provider"].search(
            [("state", "!=", "disabled"), ("company_id", "in", company.parent_ids.ids)]
        )
        storing = providers.filtered(
            lambda p: p.support_tokenization and p.allow_tokenization and p.is_published
        )
        if storing and not storing.filtered(lambda p: p.state == "enabled"):
            hint = self.env._(
                "%s is in test mode: no real money moves. Enable it before you open.",
                storing[0].name,
            )
        elif providers:
            hint = self.env._(
                "%s cannot store cards as it is set up: allow saving payment methods, "
                "and publish it. Memberships are charged to stored cards.",
                providers[0].name,
            )
        else:
            hint = self.env._("Switch a payment provider on that can store cards.")
        cash = self.env["account.journal"].search_count(
            [("type", "=", "cash"), ("company_id", "in", company.parent_ids.ids)],
            limit=1,
        )
        return [
            self._prepare_step(
                "provider",
                self.env._("Payment by card, with cards that can be stored"),
                hint,
                "payment.action_payment_provider",
                storing.filtered(lambda p: p.state == "enabled"),
            ),
            self._prepare_step(
                "cash",
                self.env._("A cash journal for the desk"),
                self.env._("Add a journal of the type Cash."),
                "account.action_account_journal_form",
                cash,
                is_optional=True,
            ),
        ]

    @api.model
    def _prepare_system_steps(self):
        server = self.env["ir.mail_server"].search_count([], limit=1)
        return [
            self._prepare_step(
                "mail",
                self.env._("An outgoing mail server"),
                self.env._(
                    "Without one no confirmation, link or receipt reaches a patient."
                ),
                "base.action_ir_mail_server_list",
                server or config.get("smtp_server") not in (False, None, "localhost"),
            ),
            self._prepare_step(
                "jobs",
                self.env._("The job runner: it charges memberships and sends letters"),
                self._get_job_problem() or "",
                "queue_job.action_queue_job",
                not self._get_job_problem(),
            ),
        ]

    @api.model
    def _get_job_problem(self):
        """Return why queued jobs do not run, or nothing."""
        if "queue_job" not in config.get("server_wide_modules", ()):
            return self.env._(
                "Load queue_job with the server: --load=base,rpc,web,queue_job, or "
                "server_wide_modules in odoo.conf."
            )
        if not config.get("max_cron_threads"):
            return self.env._("Set max_cron_threads above zero in odoo.conf.")
        late = fields.Datetime.now() - timedelta(minutes=10)
        waiting = self.env["queue.job"].search_count(
            [
                ("state", "in", ("pending", "enqueued")),
                ("date_created", "<", late),
                "|",
                ("eta", "=", False),
                ("eta", "<", late),
            ]
        )
        if waiting:
            return self.env._(
                "%s jobs have waited for more than ten minutes: start Odoo with two "
                "or more workers and look at its log.",
                waiting,
            )
        return None
