/* Copyright 2026 medspa
 * License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl). */
import { registry } from "@web/core/registry";
import { checkPage, leave } from "./axe_utils";

const tours = registry.category("web_tour.tours");

const chooseTime = {
    content: "Choose the first time",
    trigger: ".o_medspa_booking_form label.btn:first",
    run: "click",
};
const fillVisitor = [
    { content: "Name", trigger: "#medspa_name", run: "edit Vera Visitor" },
    { content: "Address", trigger: "#medspa_email", run: "edit vera@example.com" },
    { content: "Phone", trigger: "#medspa_phone", run: "edit 600 000 999" },
];

/** A visitor books: treatment, time, price, name. */
tours.add("medspa_visitor_books", {
    steps: () => [
        checkPage("Treatments"),
        leave("Choose the peel", ".o_medspa_treatment:contains('Peel')"),
        { content: "It says what it costs", trigger: ".o_medspa_statement:contains('120.00')" },
        checkPage("Times"),
        leave("Choose who", ".o_medspa_performer:contains('Pablo')"),
        chooseTime,
        {
            content: "The time stands beside the button",
            trigger: ".o_medspa_chosen:not(:contains('Choose a time'))",
        },
        leave("Continue", ".o_medspa_confirm"),
        { content: "What it costs, again", trigger: ".o_medspa_statement:contains('120.00')" },
        checkPage("Review"),
        ...fillVisitor,
        leave("Book", ".o_medspa_confirm"),
        { content: "Look into your mail", trigger: ".o_medspa_held" },
        checkPage("Held"),
    ],
});

/** The visitor has clicked the link in the mail. */
tours.add("medspa_visitor_confirms", {
    steps: () => [
        checkPage("Confirm"),
        leave("Yes", ".o_medspa_mail_confirm button"),
        { content: "Booked, and logged in", trigger: ".o_medspa_booked" },
        { content: "In the visitor's own calendar", trigger: "a.o_medspa_ics" },
        checkPage("Appointment"),
    ],
});

/** The visitor pays a deposit by card. */
tours.add("medspa_visitor_pays_deposit", {
    steps: () => [
        leave("Choose the peel", ".o_medspa_treatment:contains('Peel')"),
        chooseTime,
        leave("Continue", ".o_medspa_confirm"),
        {
            content: "Price and deposit are said",
            trigger: ".o_medspa_statement:contains('120.00'):contains('30.00')",
        },
        ...fillVisitor,
        leave("On to the deposit", ".o_medspa_confirm"),
        { content: "The deposit", trigger: ".o_medspa_deposit:contains('30.00')" },
        checkPage("Deposit"),
        {
            content: "Card number",
            trigger: "input[name='customer_input']",
            run: "edit 4242424242424242",
        },
        leave("Pay", "button[name='o_payment_submit_button']:enabled"),
        { content: "Booked", trigger: ".o_medspa_booked", timeout: 30000 },
    ],
});

/** The patient looks at everything, moves an appointment and cancels it. */
tours.add("medspa_patient_care", {
    steps: () => [
        leave("Open my care", "a[href='/my/care']"),
        { content: "What is left", trigger: ".o_medspa_sessions_left:contains('5')" },
        { content: "What is booked", trigger: ".o_medspa_care_upcoming" },
        checkPage("My care"),
        leave("Open the appointment", ".o_medspa_care_upcoming .o_medspa_appointment"),
        checkPage("Appointment"),
        leave("Another time", "a.o_medspa_move"),
        { content: "The rule first", trigger: ".o_medspa_move_rule:contains('session moves')" },
        checkPage("Move"),
        chooseTime,
        leave("Move it", ".o_medspa_confirm"),
        { content: "It is moved", trigger: ".o_medspa_moved" },
        { content: "Cancel", trigger: ".o_medspa_cancel", run: "click" },
        {
            content: "The session is not lost",
            trigger: "#medspa_cancel.show:contains('yours to book again')",
        },
        leave("Cancel it", "#medspa_cancel.show .o_medspa_cancel_confirm"),
        { content: "It is cancelled", trigger: ".badge:contains('Cancelled')" },
        leave("Back to all", "a[href='/my/appointments']:contains('All')"),
        checkPage("Appointments"),
    ],
});

/** Nothing suits: the patient waits. */
tours.add("medspa_patient_waits", {
    steps: () => [
        leave("Choose the peel", ".o_medspa_treatment:contains('Peel')"),
        leave("Nothing suits", ".o_medspa_waiting_link a"),
        checkPage("Waiting list"),
        { content: "Not in the evening", trigger: "#medspa_in_evening", run: "click" },
        leave("Join", ".o_medspa_join"),
        { content: "In line", trigger: ".o_medspa_joined" },
        checkPage("In line"),
        leave("My care", "#wrap a[href='/my/care']"),
        { content: "It stands there", trigger: ".o_medspa_care_waiting:contains('Peel')" },
        leave("Leave the list", ".o_medspa_care_waiting button"),
        { content: "Gone", trigger: ".o_medspa_care:not(:has(.o_medspa_care_waiting))" },
    ],
});

/** A time became free: the patient takes it from the mail. */
tours.add("medspa_patient_takes_offer", {
    steps: () => [
        { content: "What it costs", trigger: ".o_medspa_statement:contains('Uses 1 of')" },
        checkPage("Offer"),
        leave("Take it", ".o_medspa_accept"),
        { content: "Booked", trigger: ".o_medspa_booked" },
    ],
});

/** No password: ask for a link. */
tours.add("medspa_login_link_ask", {
    steps: () => [
        checkPage("Log-in"),
        {
            content: "The address",
            trigger: "#medspa_login_email",
            run: "edit paula@example.com",
        },
        leave("Ask for it", ".o_medspa_login_link button"),
        { content: "Look into your mail", trigger: ".o_medspa_link_asked" },
        checkPage("Link asked for"),
    ],
});

tours.add("medspa_login_link_use", {
    steps: () => [
        checkPage("Link"),
        leave("Log in", ".o_medspa_link_open button"),
        { content: "In", trigger: ".o_portal_my_home" },
    ],
});

/** The page of times, by keyboard: what has the focus is seen and does what it says. */
tours.add("medspa_times_by_keyboard", {
    steps: () => [
        {
            content: "Walk to a time and choose it",
            trigger: ".o_medspa_booking_form input[name='start']",
            run: () => {
                const [first] = document.querySelectorAll("input[name='start']");
                first.focus();
                if (document.activeElement !== first) {
                    throw new Error("A time cannot have the focus");
                }
                const label = document.querySelector(`label[for='${first.id}']`);
                const { boxShadow, outlineStyle } = getComputedStyle(label);
                if (boxShadow === "none" && outlineStyle === "none") {
                    throw new Error("The focus on a time is not seen");
                }
            },
        },
        {
            content: "Choose what has the focus",
            trigger: "input[name='start']",
            // What a browser does for the space bar: events made here are not trusted.
            run: () => document.activeElement.click(),
        },
        {
            content: "It is chosen",
            trigger: ".o_medspa_chosen:not(:contains('Choose a time'))",
        },
    ],
});

/** Every page from right to left, with words that do not break. */
tours.add("medspa_pages_right_to_left", {
    steps: () => [
        {
            content: "It runs from right to left",
            trigger: "html[dir='rtl'], #wrapwrap.o_rtl, body.o_rtl",
        },
        checkPage("Treatments, right to left"),
        leave("A long word", ".o_medspa_treatment:contains('Mikrodermabrasion')"),
        checkPage("Times, right to left"),
        chooseTime,
        leave("Continue", ".o_medspa_confirm"),
        checkPage("Review, right to left"),
    ],
});
