/* Copyright 2026 medspa
 * License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl). */
import { registry } from "@web/core/registry";
import * as tourUtils from "@website_sale/js/tours/tour_utils";

const COURSE = "Radiance: 5 light peels";
const PATIENT = "Vera Visitante";

/** A visitor of the site reads about the course, buys it and pays by card. */
registry.category("web_tour.tours").add("medspa_main_job_visitor", {
    steps: () => [
        {
            content: "Open the course",
            trigger: `.oe_product_cart a:contains("${COURSE}")`,
            run: "click",
            expectUnloadPage: true,
        },
        {
            content: "See how many sessions there are",
            trigger: ".o_medspa_step_sessions:contains('5')",
        },
        {
            content: "Put it in the cart",
            trigger: "#add_to_cart",
            run: "click",
        },
        tourUtils.goToCart(),
        tourUtils.goToCheckout(),
        ...tourUtils.fillAdressForm(
            {
                name: PATIENT,
                phone: "+34600000999",
                email: "vera@example.com",
                street: "Calle Mayor 1",
                city: "Madrid",
                zip: "28013",
            },
            true
        ),
        ...tourUtils.payWithDemo(),
        {
            content: "The course is active",
            trigger: ".o_medspa_bought:contains('Your course is active')",
        },
        {
            content: "Book the first session",
            trigger: ".o_medspa_book_first",
            run: "click",
            expectUnloadPage: true,
        },
        {
            content: "Choose a password",
            trigger: "input[name='password']",
            run: "edit Vera-visits-1",
        },
        {
            content: "Repeat it",
            trigger: "input[name='confirm_password']",
            run: "edit Vera-visits-1",
        },
        {
            content: "Sign up",
            trigger: ".oe_signup_form button[type='submit']",
            run: "click",
            expectUnloadPage: true,
        },
        {
            content: "Land on the course",
            trigger: ".o_medspa_line:contains('Chemical peel, light')",
        },
    ],
});

/** The patient books the first session, with anybody, at the first free time. */
registry.category("web_tour.tours").add("medspa_main_job_book", {
    steps: () => [
        {
            content: "Open the courses",
            trigger: "a[href='/my/courses']",
            run: "click",
            expectUnloadPage: true,
        },
        {
            content: "Open the course",
            trigger: `.o_medspa_course_card:contains("${COURSE}")`,
            run: "click",
            expectUnloadPage: true,
        },
        {
            content: "Book",
            trigger: "a.o_medspa_book",
            run: "click",
            expectUnloadPage: true,
        },
        {
            content: "It says what it takes",
            trigger: ".o_medspa_uses:contains('Uses 1 of 5')",
        },
        {
            content: "Choose a time",
            trigger: ".o_medspa_booking_form label.btn:first",
            run: "click",
        },
        {
            content: "Book it",
            trigger: ".o_medspa_confirm:enabled",
            run: "click",
            expectUnloadPage: true,
        },
        {
            content: "It is booked",
            trigger: ".o_medspa_booked",
        },
    ],
});

/** The receptionist finds the patient in today's list and checks her in. */
registry.category("web_tour.tours").add("medspa_main_job_reception", {
    steps: () => [
        {
            content: "Check in with one click",
            trigger: `.o_data_row:contains("${PATIENT}") button[name='action_arrive']`,
            run: "click",
        },
        {
            content: "The patient has arrived",
            trigger: `.o_data_row:contains("${PATIENT}"):contains('Arrived')`,
        },
    ],
});

/** The practitioner sees what remains, and marks the treatment done. */
registry.category("web_tour.tours").add("medspa_main_job_practitioner", {
    steps: () => [
        {
            content: "Open the appointment",
            trigger: `.o_data_row:contains("${PATIENT}") td[name='patient_id']`,
            run: "click",
        },
        {
            content: "Five remain, one of them reserved",
            trigger:
                ".o_field_widget[name='credit_summary']:contains('5 sessions remaining, 1 of them reserved')",
        },
        {
            content: "Done with one click",
            trigger: ".o_statusbar_buttons button[name='action_done']",
            run: "click",
        },
        {
            content: "Four remain, none reserved",
            trigger:
                ".o_field_widget[name='credit_summary']:contains('4 sessions remaining, 0 of them reserved')",
        },
    ],
});

/** The patient sees the session taken off. */
registry.category("web_tour.tours").add("medspa_main_job_balance", {
    steps: () => [
        {
            content: "Four of five are left",
            trigger: `.o_medspa_course_card:contains("${COURSE}"):contains('4 of 5')`,
        },
    ],
});
