# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
from datetime import timedelta

from lxml import etree

from odoo import fields
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import Form, freeze_time, tagged
from odoo.tools.safe_eval import safe_eval

from .common import TODAY, ClinicCase

FORM = "medspa_membership.calendar_event_view_form_appointment"


@tagged("post_install", "-at_install")
@freeze_time(TODAY)
class TestBackendViews(ClinicCase):
    def _open_form(self, user=None, **context):
        Event = self.env["calendar.event"].with_user(user or self.receptionist)
        context = {"default_appointment_status": "booked", **context}
        return Form(Event.with_context(**context), view=FORM)

    def _book(self, form, start="2026-02-02 09:00:00"):
        form.patient_id = self.patient
        form.treatment_id = self.peel
        form.practitioner_id = self.petra
        form.start = fields.Datetime.to_datetime(start)
        return form.save()

    # === APPOINTMENT FORM === #

    def test_receptionist_books_in_the_form(self):
        course = self._create_course()
        event = self._book(self._open_form())
        self.assertEqual(event.appointment_status, "booked")
        self.assertEqual(event.name, "Paula Patient · Peel")
        self.assertEqual(event.stop - event.start, timedelta(minutes=45))
        self.assertEqual(event.room_id, self.room_1)
        self.assertEqual(event.credit_id, course.credit_ids)
        self.assertBalances(course.credit_ids, 5, 1)

    def test_form_tells_what_pays_before_saving(self):
        self._create_course()
        form = self._open_form()
        form.patient_id = self.patient
        form.treatment_id = self.laser
        self.assertIn("To be paid", form.credit_summary)
        form.treatment_id = self.peel
        self.assertIn("5 sessions remaining, 0 of them reserved", form.credit_summary)
        form.is_paid_apart = True
        self.assertIn("To be paid apart", form.credit_summary)

    def test_drag_in_the_calendar_books(self):
        """The calendar view passes the range that was dragged."""
        event = self._book(
            self._open_form(
                default_start="2026-02-03 10:00:00",
                default_stop="2026-02-03 11:30:00",
                default_duration=1.5,
            ),
            start="2026-02-03 10:00:00",
        )
        # The treatment knows how long it takes.
        self.assertEqual(event.duration, 0.75)
        self.assertEqual(event.stop, event.start + timedelta(minutes=45))

    def test_duration_can_be_changed(self):
        form = self._open_form()
        form.patient_id = self.patient
        form.treatment_id = self.peel
        form.practitioner_id = self.petra
        form.start = fields.Datetime.to_datetime("2026-02-02 09:00:00")
        form.duration = 1.0
        self.assertEqual(
            form.save().stop, fields.Datetime.to_datetime("2026-02-02 10:00:00")
        )

    def test_moving_in_the_calendar_keeps_the_duration(self):
        event = self._book(self._open_form())
        event.write(
            {
                "start": "2026-02-02 11:00:00",
                "stop": "2026-02-02 11:45:00",
                "duration": 0.75,
            }
        )
        self.assertEqual(
            set(event.occupancy_ids.mapped("start")),
            {fields.Datetime.to_datetime("2026-02-02 11:00:00")},
        )

    def test_taken_time_is_refused(self):
        self._book(self._open_form())
        with self.assertRaisesRegex(UserError, "is taken"):
            self._book(self._open_form(), start="2026-02-02 09:15:00")

    def test_booking_from_the_patient_plans_no_activity(self):
        action = self.env.ref("medspa_membership.appointment_action_book")
        self.assertEqual(action.view_id, self.env.ref(FORM))
        form = self._open_form(
            active_model="res.partner",
            active_id=self.patient.id,
            active_ids=self.patient.ids,
            default_patient_id=self.patient.id,
        )
        self.assertEqual(form.patient_id, self.patient)
        event = self._book(form)
        self.assertFalse(event.res_id)
        self.assertFalse(event.activity_ids)
        self.assertNotIn(self.patient, event.partner_ids)

    # === CHOICE OF THE CREDIT === #

    def test_choice_holds_usable_credits_only(self):
        mine = self._create_credit(2)
        self._create_credit(1, partner=self.other_patient)
        self._create_credit(1, treatment_id=self.laser.id)
        self._create_credit(1, expires_on="2026-02-01")
        later = self._create_credit(1, valid_from="2026-03-01")
        frozen = self._create_credit(1)
        frozen._freeze()
        form = self._open_form()
        form.patient_id = self.patient
        form.treatment_id = self.peel
        form.start = fields.Datetime.to_datetime("2026-02-02 09:00:00")
        self.assertEqual(form.credit_choice_ids[:], mine)
        form.start = fields.Datetime.to_datetime("2026-03-02 09:00:00")
        self.assertEqual(form.credit_choice_ids[:], mine | later)

    def test_picked_credit_pays(self):
        first = self._create_credit(1, expires_on="2026-04-01")
        second = self._create_credit(1, expires_on="2026-05-01")
        form = self._open_form()
        form.patient_id = self.patient
        form.treatment_id = self.peel
        form.practitioner_id = self.petra
        form.start = fields.Datetime.to_datetime("2026-02-02 09:00:00")
        form.credit_id = second
        event = form.save()
        self.assertBalances(first, 1, 0)
        self.assertBalances(second, 1, 1)
        # Its own credit stays among the choices, though nothing of it is free.
        self.assertIn(second, event.credit_choice_ids)

    def test_credit_is_named_with_its_balance_in_the_choice(self):
        credit = self._create_credit(2)
        named = credit.with_context(show_credit_balance=True)
        self.assertEqual(named.display_name, "Peel, 2 sessions free")
        self.assertEqual(credit.display_name, "Peel")

    def test_earlier_visits_are_shown(self):
        first = self._book(self._open_form())
        first.action_done()
        event = self._create_appointment("2026-02-09 09:00:00")
        self.assertEqual(event.previous_visit_ids, first.visit_id)
        self.assertFalse(first.previous_visit_ids)

    # === BUTTONS === #

    def _get_buttons(self, user):
        arch = etree.fromstring(
            self.env["calendar.event"]
            .with_user(user)
            .get_view(self.env.ref(FORM).id, "form")["arch"]
        )
        return {button.get("name") for button in arch.xpath("//header/button")}

    def test_desk_buttons_by_role(self):
        desk = {
            "action_confirm_hold",
            "action_arrive",
            "action_done",
            "action_no_show",
            "action_cancel_appointment",
            "action_undo",
            str(self.env.ref("medspa_membership.medspa_appointment_units_action").id),
        }
        money = {"action_charge", "action_apply_credit"}
        for user, expected in (
            (self.receptionist, desk | money),
            (self.practitioner_user, desk | {"action_open_visit"}),
            (self.manager, desk | money),
        ):
            with self.subTest(user=user.login):
                self.assertEqual(self._get_buttons(user), expected)

    def test_protocol_is_in_the_practitioners_form_only(self):
        Visit = self.env["medspa.visit"]
        for user, shown in (
            (self.practitioner_user, True),
            (self.receptionist, False),
            (self.manager, False),
        ):
            arch = Visit.with_user(user).get_view(view_type="form")["arch"]
            with self.subTest(user=user.login):
                self.assertEqual('name="protocol"' in arch, shown)

    def test_menus_by_role(self):
        Menu = self.env["ir.ui.menu"]
        for user, sales, configuration in (
            (self.receptionist, True, False),
            (self.practitioner_user, False, False),
            (self.manager, True, True),
        ):
            visible = Menu.with_user(user)._visible_menu_ids()
            for name, shown in (
                ("medspa_menu_root", True),
                ("appointment_today_menu", True),
                ("medspa_sales_menu", sales),
                ("medspa_configuration_menu", configuration),
                ("medspa_settings_menu", False),
            ):
                with self.subTest(user=user.login, menu=name):
                    menu = self.env.ref(f"medspa_membership.{name}")
                    self.assertEqual(menu.id in visible, shown)

    def test_appointments_open_in_their_own_form(self):
        event = self._book(self._open_form())
        meeting = self.env["calendar.event"].create({"name": "Lunch"})
        own = self.env.ref(FORM)
        self.assertEqual(event.action_open_appointment()["views"], [(own.id, "form")])
        self.assertNotEqual(meeting.get_formview_id(), own.id)
        action = self.env.ref("medspa_membership.appointment_action")
        self.assertIn((own.id, "form"), action.views)

    # === COURSE ON SALE === #

    def _open_course_form(self):
        Product = self.env["product.template"].with_user(self.manager)
        return Form(
            Product.with_context(
                default_type="service",
                default_service_tracking="medspa_course",
                default_invoice_policy="order",
            ),
            view="product.product_template_only_form_view",
        )

    def test_manager_makes_a_course(self):
        form = self._open_course_form()
        form.name = "3 lasers"
        form.list_price = 200
        with form.step_ids.new() as step:
            step.treatment_id = self.laser
            step.sessions = 3
            step.min_days = 28
        self.assertEqual(form.course_sessions, 3)
        self.assertEqual(form.course_list_price, 240)
        self.assertEqual(form.course_saving, 40)
        product = form.save()
        self.assertEqual(product.service_tracking, "medspa_course")
        self.assertEqual(product.step_ids.sessions, 3)

    def test_recipe_longer_than_its_validity_is_refused(self):
        form = self._open_course_form()
        form.name = "Too slow"
        form.validity_days = 30
        with form.step_ids.new() as step:
            step.treatment_id = self.laser
            step.sessions = 3
            step.min_days = 28
        with self.assertRaisesRegex(ValidationError, "at least 56 days"):
            form.save()

    def test_course_without_recipe_is_refused(self):
        form = self._open_course_form()
        form.name = "Nothing"
        with self.assertRaisesRegex(ValidationError, "add a treatment"):
            form.save()

    # === PATIENT === #

    def test_patient_page_shows_what_is_left(self):
        course = self._create_course()
        event = self._create_appointment("2026-02-03 09:00:00")
        patient = self.patient.with_user(self.receptionist)
        self.assertEqual(patient.open_credit_ids, course.credit_ids)
        self.assertEqual(patient.upcoming_appointment_ids, event)
        self.assertEqual(patient.appointment_count, 1)
        action = patient.action_view_appointments()
        found = self.env["calendar.event"].search(action["domain"])
        self.assertEqual(found, event)
        self.assertEqual(action["views"][0][1], "list")

    def test_each_role_opens_a_patient(self):
        """Nothing on the form asks for rights that a role of the clinic has not."""
        for user in (self.receptionist, self.practitioner_user, self.manager):
            with self.subTest(user=user.login):
                form = Form(self.patient.with_user(user), view="base.view_partner_form")
                self.assertEqual(form.name, "Paula Patient")

    def test_walk_in_has_arrived(self):
        course = self._create_course()
        action = self.patient.with_user(self.receptionist).action_walk_in()
        self.assertEqual(action["view_id"][0], self.env.ref(FORM).id)
        Event = self.env["calendar.event"].with_user(self.receptionist)
        form = Form(Event.with_context(**action["context"]), view=FORM)
        self.assertEqual(form.start, fields.Datetime.to_datetime(TODAY))
        form.treatment_id = self.peel
        form.practitioner_id = self.petra
        event = form.save()
        self.assertEqual(event.appointment_status, "arrived")
        self.assertEqual(event.credit_id, course.credit_ids)

    # === DESK === #

    def test_units_are_asked_for_and_what_is_missing_is_sold(self):
        self.laser.is_unit_based = True
        self._create_credit(10, treatment_id=self.laser.id, unit="unit")
        event = self._create_appointment(
            "2026-02-02 07:00:00", treatment_id=self.laser.id
        )
        Wizard = self.env["medspa.appointment.units"].with_user(self.receptionist)
        form = Form(Wizard.with_context(default_event_id=event.id))
        form.units = 14
        self.assertEqual((form.owned, form.to_buy), (10, 4))
        action = form.save().action_confirm()
        self.assertEqual(action["res_model"], "sale.order")
        self.assertEqual(event.appointment_status, "attended")
        self.assertEqual(event.visit_id.units_used, 14)
        self.assertEqual(event.payment_status, "ordered")
        self.assertEqual(event.amount_due, 320)
        self.assertIn("not paid yet", event.credit_summary)

    # === COURSES === #

    def _filter_courses(self, name):
        view = self.env.ref("medspa_membership.medspa_course_view_search")
        node = etree.fromstring(view.arch).find(f".//filter[@name='{name}']")
        Course = self.env["medspa.course"].with_user(self.receptionist)
        return Course.search(self._eval_domain(node.get("domain")))

    def test_one_left_counts_the_whole_course(self):
        two = self._create_course_product(
            "Two", 100, [(self.peel, 1, 0), (self.laser, 1, 0)]
        )
        both = self._create_course(two)
        one = self._create_course(
            self._create_course_product("One", 50, [(self.peel, 1, 0)])
        )
        five = self._create_course()
        mine = both | one | five
        self.assertEqual(self._filter_courses("one_left") & mine, one)
        Course = self.env["medspa.course"]
        for operator, value, expected in (
            ("=", 2, both),
            (">", 1, both | five),
            ("<=", 2, both | one),
            ("in", [1, 5], one | five),
            ("!=", 5, both | one),
        ):
            with self.subTest(operator=operator):
                found = Course.search([("remaining_sessions", operator, value)])
                self.assertEqual(found & mine, expected)

    def test_idle_courses(self):
        idle = self._create_course(purchase_date="2026-01-05")
        fresh = self._create_course(purchase_date="2026-01-06")
        booked = self._create_course(
            partner=self.other_patient, purchase_date="2026-01-01"
        )
        self._create_appointment(
            "2026-02-03 09:00:00", patient_id=self.other_patient.id
        )
        visited = self._create_course(
            self._create_course_product("Lasers", 100, [(self.laser, 3, 0)]),
            purchase_date="2026-01-01",
        )
        self._create_appointment(
            "2026-01-26 09:00:00", treatment_id=self.laser.id
        ).action_done()
        mine = idle | fresh | booked | visited
        self.assertEqual(self._filter_courses("idle") & mine, idle)

    def test_course_that_expires_this_week(self):
        soon = self._create_course(expires_on="2026-02-09")
        later = self._create_course(expires_on="2026-02-10")
        found = self._filter_courses("expires_this_week")
        self.assertEqual(found & (soon | later), soon)

    def test_states_of_the_money(self):
        draft = self._create_course(activate=False)
        held = self._create_course()
        held._hold_unpaid("The card was charged back.")
        self.assertIn(draft, self._filter_courses("draft"))
        self.assertIn(held, self._filter_courses("unpaid"))

    def test_swap_is_offered_where_it_is_possible(self):
        course = self._create_course()
        self.assertFalse(course.can_swap)
        self.peel.swap_group_id = self.env["medspa.swap.group"].create(
            {"name": "Faces"}
        )
        course.invalidate_recordset(["can_swap"])
        self.assertTrue(course.can_swap)

    # === CLINIC TERMS === #

    def test_manager_sets_the_clinic_terms_and_nothing_else(self):
        Wizard = self.env["medspa.clinic.terms"]
        self.company.cancel_notice_hours = 36
        sold = self._create_course()
        form = Form(Wizard.with_user(self.manager))
        self.assertEqual(form.cancel_notice_hours, 36)
        form.cancel_notice_hours = 48
        form.share_limit = 3
        form.booking_horizon_days = 60
        form.save().action_confirm()
        self.assertEqual(self.company.cancel_notice_hours, 48)
        self.assertEqual(self.company.share_limit, 3)
        self.assertEqual(self.company.booking_horizon_days, 60)
        self.assertEqual(sold.cancel_notice_hours, 36)
        with self.assertRaises(AccessError):
            self.company.with_user(self.manager).write({"name": "Mine"})
        for user in (self.receptionist, self.practitioner_user):
            with self.subTest(user=user.login), self.assertRaises(AccessError):
                Wizard.with_user(user).create({})

    def test_terms_of_another_company_are_not_the_managers(self):
        other = self.env["res.company"].create({"name": "Other clinic"})
        wizard = (
            self.env["medspa.clinic.terms"]
            .with_user(self.manager)
            .create({"company_id": other.id, "share_limit": 9})
        )
        with self.assertRaises(AccessError):
            wizard.action_confirm()
        self.assertFalse(other.share_limit)

    def test_search_filters_run(self):
        """Each filter of our search views is a domain that the database takes."""
        self._create_course()
        for xmlid in (
            "calendar_event_view_search_appointment",
            "medspa_course_view_search",
            "medspa_credit_move_view_search",
            "medspa_credit_view_search",
            "medspa_visit_view_search",
        ):
            view = self.env.ref(f"medspa_membership.{xmlid}")
            Model = self.env[view.model].with_user(self.receptionist)
            for node in etree.fromstring(view.arch).xpath("//filter[@domain]"):
                domain = self._eval_domain(node.get("domain"))
                with self.subTest(view=xmlid, filter=node.get("name")):
                    Model.search(domain)

    def _eval_domain(self, domain):
        return safe_eval(domain, {"uid": self.env.uid})
