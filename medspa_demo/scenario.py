# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
from base64 import b64encode
from datetime import time, timedelta

from odoo import Command, fields
from odoo.exceptions import UserError
from odoo.tools.misc import file_open

from odoo.addons.medspa_membership.models.credit.medspa_credit import Moment

from .members import play_members
from .stories import (
    AGENDA,
    EVERY_DAY,
    OFFERS_WANTED,
    PROTOCOLS,
    STORIES,
    WEEK,
    WEEKEND,
)

# Patients with a picture; the others show their initials.
PICTURES = {
    "patient_lucia": "patient_1",
    "patient_carlos": "patient_2",
    "patient_jun": "patient_3",
    "patient_hugo": "patient_4",
}
# What a shop for goods shows and a clinic does not need.
UNWANTED_VIEWS = [
    "website.header_text_element",
    "website_sale.filter_products_price",
    "website_sale.products_attributes",
    "website_sale_comparison.add_to_compare",
    "website_sale_comparison.product_add_to_compare",
    "website_sale_wishlist.add_to_wishlist",
    "website_sale_wishlist.product_add_to_wishlist",
]
# The day of the installation, and the last one whose list was filled.
PLAYED_ON, FILLED_ON = "medspa_demo.played_on", "medspa_demo.filled_on"
# Hours at which appointments are asked for, in turn: the diary looks used.
HOURS = (9, 11, 15, 10, 12, 16, 13, 11)


class Scenario:
    """Plays the stories through the real flows, with dates relative to today.

    Nothing is random and nothing stops the clock: where a flow dates a record by the
    clock, the date is passed, or set right after.
    """

    def __init__(self, env):
        # What is done stands under the name of the receptionist. Superuser mode lets
        # the default date of ledger rows through.
        self.env = env(
            user=env.ref("medspa_demo.user_rita").id,
            su=True,
            context={
                **env.context,
                "tracking_disable": True,
                "mail_create_nosubscribe": True,
                "mail_notify_force_send": False,
                "dont_notify": True,
                "lang": "en_US",
                "tz": "Europe/Madrid",
            },
        )
        self.company = self.env.company
        self.now = fields.Datetime.now()
        self.today = self.company._medspa_date(self.now)
        self.day = self._on_working_day(self.today, 1)
        self._turn = 0

    def play(self):
        """Make everything that depends on the day of installation."""
        self._set_up_accounting()
        self._set_up_website()
        self._give_pictures()
        # What Odoo tells its own customers each day.
        self.env["digest.digest"].search([]).state = "deactivated"
        mail_sudo = self.env["mail.mail"]
        mails_before = mail_sudo.search([])
        courses = self._sell()
        self._visit_and_book(courses)
        self._fill_agenda()
        self._expire(courses)
        play_members(self)
        self._write_to_patients()
        for name in (PLAYED_ON, FILLED_ON):
            self.env["ir.config_parameter"].set_param(name, str(self.today))
        # Nobody lives at these addresses.
        (mail_sudo.search([]) - mails_before).unlink()

    def play_today(self):
        """Let people come today as well, on a day after that of the installation."""
        param_sudo = self.env["ir.config_parameter"].sudo()
        if self.today <= fields.Date.to_date(param_sudo.get_param(FILLED_ON)):
            return
        mail_sudo = self.env["mail.mail"]
        mails_before = mail_sudo.search([])
        self._close_days_before()
        agenda = EVERY_DAY if self.today == self.day else WEEKEND
        self._book_day(self.today, agenda)
        param_sudo.set_param(FILLED_ON, str(self.today))
        (mail_sudo.search([]) - mails_before).unlink()

    def _close_days_before(self):
        """Let those have come who were booked for days that are over."""
        over = self.company._medspa_utc(self.today, time(0))
        events = self.env["calendar.event"].search(
            [
                ("treatment_id", "!=", False),
                ("appointment_status", "in", ("booked", "arrived")),
                ("held_until", "=", False),
                ("stop", "<", over),
                ("patient_id", "in", self._get_patients().ids),
            ],
            order="start",
        )
        for event in events:
            moment = Moment(event.stop)
            self._try(self._attend, event.with_context(medspa_moment=moment))

    def _get_patients(self):
        """Return the invented patients; nobody else is moved about."""
        data = self.env["ir.model.data"].search(
            [
                ("module", "=", "medspa_demo"),
                ("model", "=", "res.partner"),
                ("name", "=like", "patient_%"),
            ]
        )
        return self.env["res.partner"].browse(data.mapped("res_id"))

    def _try(self, function, *args):
        """Do what the rules of the clinic allow today, else leave it."""
        try:
            with self.env.cr.savepoint():
                return function(*args)
        except UserError:
            return None

    # === SET-UP === #

    def _set_up_accounting(self):
        """Post the tax where the chart wants it, and payments to an account."""
        currency = self.company.currency_id
        self.env["product.pricelist"].search([]).currency_id = currency
        # Made in the currency that the company had before it was this clinic.
        self.env["loyalty.program"].search([]).currency_id = currency
        chart = self.env["account.chart.template"].with_company(self.company)
        if not self.company.chart_template:
            chart.try_loading("generic_coa", self.company)
            self.company.account_sale_tax_id = self._ref("tax_vat")
        generic_tax = chart.ref("sale_tax_template", raise_if_not_found=False)
        lines = generic_tax and generic_tax.repartition_line_ids
        if lines and lines.account_id:
            self._ref("tax_vat").repartition_line_ids.filtered(
                lambda line: line.repartition_type == "tax"
            ).account_id = lines.account_id[:1]
        outstanding = self.env["account.payment"]._get_outstanding_account("inbound")
        self.bank = self.env["account.journal"].search(
            [("type", "=", "bank"), ("company_id", "=", self.company.id)], limit=1
        )
        provider = self.env.ref("payment.payment_provider_demo")
        if not provider.journal_id:
            provider.journal_id = self.bank
        provider.write({"state": "test", "is_published": True})
        (
            self.bank.inbound_payment_method_line_ids
            | provider.journal_id.inbound_payment_method_line_ids
        ).filtered(
            lambda line: not line.payment_account_id
        ).payment_account_id = outstanding

    def _set_up_website(self):
        """Give the website the clinic's home page and menu."""
        website = self.env.ref("website.default_website")
        self._show_home_page(website)
        menus = self.env["website.menu"].search([("website_id", "=", website.id)])
        menus.filtered(lambda menu: menu.url == "/").sequence = 10
        menus.filtered(lambda menu: menu.url == "/contactus").sequence = 60
        slug = self.env["ir.http"]._slug
        courses = self._ref("public_category_courses")
        treatments = self._ref("public_category_treatments")
        menus.filtered(lambda menu: menu.url == "/shop").write(
            {
                "name": courses.name,
                "url": f"/shop/category/{slug(courses)}",
                "sequence": 20,
            }
        )
        self.env["website.menu"].create(
            {
                "name": treatments.name,
                "url": f"/shop/category/{slug(treatments)}",
                "parent_id": website.menu_id.id,
                "website_id": website.id,
                "sequence": 30,
            }
        )
        gift = self.env.ref("loyalty.gift_card_product_50").product_tmpl_id
        self.env["website.menu"].create(
            {
                "name": "Gift certificates",
                "url": gift.website_url,
                "parent_id": website.menu_id.id,
                "website_id": website.id,
                "sequence": 45,
            }
        )

    def _show_home_page(self, website):
        """Put our home page in the place of the empty one that each website gets."""
        page = self._ref("homepage")
        others = self.env["website.page"].search(
            [
                ("url", "=", "/"),
                ("website_id", "=", website.id),
                ("id", "!=", page.id),
            ]
        )
        self.env["website.menu"].search([("page_id", "in", others.ids)]).page_id = page
        others.unlink()
        for view in UNWANTED_VIEWS:
            if found := self.env.ref(view, raise_if_not_found=False):
                found.active = False

    def _give_pictures(self):
        for xmlid, picture in PICTURES.items():
            with file_open(f"medspa_demo/static/src/img/{picture}.jpg", "rb") as file:
                self._ref(xmlid).image_1920 = b64encode(file.read())

    # === SALES === #

    def _sell(self):
        """Sell the courses of all stories, the oldest first.

        :return: dict of course by story
        """
        return {
            story: self._sell_course(story)
            for story in sorted(STORIES, key=lambda story: story.bought)
        }

    def _sell_course(self, story):
        """Sell one course and, if the story says so, invoice it and take the money."""
        moment = self._moment(story.bought, 12)
        order = self._dated(moment)["sale.order"].create(
            {
                "partner_id": self._ref(story.patient).id,
                "date_order": moment,
                "user_id": self.env.uid,
                "order_line": [
                    Command.create(
                        {
                            "product_id": self._product(
                                story.course
                            ).product_variant_id.id
                        }
                    )
                ],
            }
        )
        order.action_confirm()
        # Confirming dates the order now.
        order.date_order = moment
        course = order.course_ids
        if story.paid:
            # Before the payment, which would activate it as of today.
            course._activate(on_date=self._date(story.bought))
            course.message_ids.date = moment
        if story.invoiced:
            self._invoice(order, self._date(story.bought), story.paid)
        return course.with_env(self.env)

    def _invoice(self, order, day, paid):
        invoice = order._create_invoices()
        invoice.invoice_date = day
        invoice.action_post()
        if paid:
            self.env["account.payment.register"].with_context(
                active_model="account.move", active_ids=invoice.ids
            ).create(
                {"payment_date": day, "journal_id": self.bank.id}
            )._create_payments()

    # === APPOINTMENTS === #

    def _visit_and_book(self, courses):
        """Book what the stories tell, day by day, and close what lies in the past."""
        plan = []
        for story, course in courses.items():
            for status in ("visits", "no_shows", "booked", "cancelled"):
                for entry in getattr(story, status):
                    offset, treatment = (
                        entry
                        if isinstance(entry, tuple)
                        else (entry, course.line_ids.treatment_id[:1])
                    )
                    if isinstance(treatment, str):
                        treatment = self._treatment(treatment)
                    plan.append((offset, course, treatment, status))
        plan += [
            (
                offset,
                self._ref(patient),
                self._treatment(treatment),
                "visits" if offset < 0 else "booked",
            )
            for offset, patient, treatment in WEEK
        ]
        for offset, buyer, treatment, status in sorted(plan, key=lambda row: row[0]):
            self._book_as_told(offset, buyer, treatment, status)

    def _book_as_told(self, offset, buyer, treatment, status):
        """Book one appointment and bring it to its status.

        :param buyer: the course that pays, or the patient who pays apart
        """
        start = self.today if offset < 0 else self.day
        step = -1 if offset < 0 else 1
        day = self._on_working_day(start + timedelta(days=offset), step)
        self._turn += 1
        patient, credit = buyer, self.env["medspa.credit"]
        if buyer._name == "medspa.course":
            patient = buyer.partner_id
            credit = buyer.credit_ids.filtered(lambda c: c.treatment_id == treatment)
        event = self._book(
            patient, treatment, day, HOURS[self._turn % len(HOURS)], step, credit
        )
        event = event.with_context(medspa_moment=Moment(event.stop))
        if status == "visits":
            self._attend(event)
        elif status == "no_shows":
            # Not by the button, which may ask before it takes a session.
            event.appointment_status = "no_show"
        elif status == "cancelled":
            event.with_env(self.env).appointment_status = "cancelled"

    def _book(self, patient, treatment, day, hour, step=1, credit=None):
        """Book the first free time from an hour on, that day or the next possible."""
        slot = None
        while not slot:
            slot = self._find_slot(treatment, day, hour)
            if not slot:
                day = self._on_working_day(day + timedelta(days=step), step)
        # Noted at the desk some days before, and never after today.
        booked_at = min(slot["start"] - timedelta(days=6), self.now)
        usable = credit or patient.credit_ids.filtered(
            lambda c: c.treatment_id == treatment and c.available
        )
        if usable:
            bought_on = max(usable.mapped("valid_from"))
            bought_at = self.company._medspa_utc(bought_on, time(12, 30))
            booked_at = min(max(booked_at, bought_at), self.now)
        return self._dated(booked_at)["calendar.event"].create(
            {
                "patient_id": patient.id,
                "treatment_id": treatment.id,
                "practitioner_id": slot["practitioner"].id,
                "room_id": slot["room"].id,
                "start": slot["start"],
                "credit_id": credit.id if credit else False,
            }
        )

    def _find_slot(self, treatment, day, hour):
        """Return the first free time of a day from an hour on, else the last one."""
        slots = treatment._get_free_slots(
            self.company._medspa_utc(day, time(0)),
            self.company._medspa_utc(day + timedelta(days=1), time(0)),
        )
        wanted = self.company._medspa_utc(day, time(hour))
        later = [slot for slot in slots if slot["start"] >= wanted]
        if not later:
            return slots[-1] if slots else None
        first = [slot for slot in later if slot["start"] == later[0]["start"]]
        return first[self._turn % len(first)]

    def _attend(self, event):
        event.action_arrive()
        event.action_done()
        key = self._get_key(event.treatment_id)
        if key in PROTOCOLS:
            event.visit_id.protocol = PROTOCOLS[key]

    def _fill_agenda(self):
        """Book the day of the agenda and bring its appointments to where they are now.

        At a weekend the agenda is that of Monday, when nobody can have come yet, and
        fewer come today.
        """
        self._book_day(self.day, AGENDA)
        if self.today != self.day:
            self._book_day(self.today, WEEKEND)

    def _book_day(self, day, agenda):
        events = self.env["calendar.event"]
        for patient, treatment, hour in agenda:
            treatment = self._treatment(treatment)
            if self._find_slot(treatment, day, hour):
                booked = self._try(self._book, self._ref(patient), treatment, day, hour)
                events |= (booked or events[:0]).with_env(self.env)
        if day == self.today:
            self._bring_up_to_now(events.sorted("start"))

    def _bring_up_to_now(self, events):
        """Close what is over, check in who is there; the third one did not come.

        Before opening time the first patient is early, so that the list has one.
        """
        soon = self.now + timedelta(minutes=20)
        for event in events.filtered(lambda e: e.start < soon) or events[:1]:
            moment = min(event.stop, self.now)
            event = event.with_context(medspa_moment=Moment(moment))
            if event.stop >= self.now:
                event.action_arrive()
            elif event == events[2:3]:
                event.appointment_status = "no_show"
            else:
                self._attend(event)

    def _expire(self, courses):
        """Close what was not used in time, as the nightly jobs do."""
        for course in courses.values():
            if not course.expires_on or course.expires_on >= self.today:
                continue
            day_after = course.expires_on + timedelta(days=1)
            # The course first: one without a balance would pass for completed.
            if course.state == "active":
                course.state = "expired"
            course.credit_ids.with_context(
                medspa_moment=Moment(self.company._medspa_utc(day_after, time(1)))
            )._expire()

    # === MESSAGES === #

    def _write_to_patients(self):
        """Note who wants offers, and find the messages of the day."""
        for patient in OFFERS_WANTED:
            self.env["medspa.consent"]._note(
                self._ref(patient), ["email", "sms"], ["marketing"], "given", "import"
            )
        for rule in self.env["medspa.reminder.rule"].search([]):
            rule._plan(self.company, self.now, self.today)

    # === TOOLS === #

    def _ref(self, name):
        return self.env.ref(f"medspa_demo.{name}")

    def _product(self, course):
        return self._ref(f"course_{course}")

    def _treatment(self, key):
        return self._ref(f"treatment_{key}")

    def _get_key(self, treatment):
        xmlid = treatment.get_external_id()[treatment.id]
        return xmlid.removeprefix("medspa_demo.treatment_")

    def _date(self, offset):
        """Return a day counted from today, in office hours also for sales."""
        day = self.today + timedelta(days=offset)
        return day - timedelta(days=1) if day.weekday() == 6 else day

    def _moment(self, offset, hour):
        return self.company._medspa_utc(self._date(offset), time(hour))

    def _dated(self, moment):
        """Return an environment in which new ledger rows carry a moment."""
        return self.env(context={**self.env.context, "medspa_moment": Moment(moment)})

    @staticmethod
    def _on_working_day(day, step):
        """Return the day itself or the nearest from Monday to Friday, that way."""
        while day.weekday() > 4:
            day += timedelta(days=step)
        return day
