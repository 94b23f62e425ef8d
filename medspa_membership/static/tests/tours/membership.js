/* Copyright 2026 medspa
 * License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl). */
import { registry } from "@web/core/registry";
import { checkPage, leave as follow } from "./axe_utils";

/** What a patient does alone with a membership, on a phone and at a desk. */

const tours = registry.category("web_tour.tours");

function join(plan) {
    return follow(
        `Join ${plan}`,
        `.o_medspa_plan:has(h2:contains(${plan})) .o_medspa_join`
    );
}

function sign(button = ".o_portal_sign_submit") {
    return [
        {
            content: "Read the agreement",
            trigger: ".o_medspa_agreement_box:contains(Terms)",
        },
        checkPage("Agreement"),
        {
            content: "The name is written, the signature follows from it",
            trigger: "canvas.o_web_sign_signature",
            run: "canvasNotEmpty",
        },
        follow("Sign", `${button}:enabled`),
    ];
}

function payWithCard() {
    return [
        {
            content: "Write the number of the card",
            trigger: "input[name='customer_input']",
            run: "edit 4242424242424242",
        },
        {
            content: "Pay",
            trigger: "button[name='o_payment_submit_button']:enabled:visible",
            run: "click",
            expectUnloadPage: true,
        },
    ];
}

const address = [
    ...Object.entries({
        name: "Greta Guest",
        phone: "+14155550123",
        email: "greta@example.com",
        street: "1 Market Street",
        city: "San Francisco",
        zip: "94105",
    }).map(([name, value]) => ({
        content: `Write the ${name}`,
        trigger: `form.address_autoformat input[name=${name}]`,
        run: `edit ${value}`,
    })),
    {
        content: "Choose the state: the country is the clinic's",
        trigger: "form.address_autoformat select[name=state_id]",
        run: "selectByLabel California",
    },
    follow("Continue", "a[name='website_sale_main_button']:visible"),
];

tours.add("medspa_membership_join_guest", {
    steps: () => [
        checkPage("Plans"),
        join("Glow"),
        ...address,
        ...sign(),
        ...payWithCard(),
        {
            content: "The membership is active",
            trigger: ".o_medspa_joined:contains('Your membership is active')",
        },
        checkPage("Joined"),
        follow("Book the first visit", ".o_medspa_book_first"),
        {
            content: "Choose a password",
            trigger: "input[name='password']",
            run: "edit Greta-visits-1",
        },
        {
            content: "Repeat it",
            trigger: "input[name='confirm_password']",
            run: "edit Greta-visits-1",
        },
        follow("Open the account", ".oe_signup_form button[type='submit']"),
        {
            content: "There it is",
            trigger: ".o_medspa_status:contains('Next payment')",
        },
    ],
});

tours.add("medspa_membership_join_patient", {
    steps: () => [
        join("Glow"),
        ...sign(),
        follow(
            "Pay with the card that is saved already",
            "button[name='o_payment_submit_button']:enabled:visible"
        ),
        {
            content: "The membership is active",
            trigger: ".o_medspa_joined:contains('Your membership is active')",
        },
        checkPage("Joined"),
        follow("See it", ".o_medspa_book_first"),
        {
            content: "There it is",
            trigger: ".o_medspa_status:contains('Next payment')",
        },
    ],
});

/** The first request fails on the server, the second is answered by a refusal. */
tours.add("medspa_membership_sign_again", {
    steps: () => [
        join("Glow"),
        {
            content: "The name is written, the signature follows from it",
            trigger: "canvas.o_web_sign_signature",
            run: "canvasNotEmpty",
        },
        {
            content: "Sign",
            trigger: ".o_portal_sign_submit:enabled",
            run: "click",
        },
        {
            content: "It says that it failed, and what to do",
            trigger: ".o_portal_sign_error_msg:contains('nothing was saved')",
        },
        {
            content: "The button can be used again",
            trigger: ".o_portal_sign_submit:enabled:not(.o_btn_loading):has(i.fa-check)",
            run: "click",
        },
        {
            content: "The words of the clinic",
            trigger: ".o_portal_sign_error_msg:contains('being changed')",
        },
        follow("Sign at last", ".o_portal_sign_submit:enabled:not(.o_btn_loading)"),
        {
            content: "On to the payment",
            trigger: "button[name='o_payment_submit_button']",
        },
    ],
});

tours.add("medspa_membership_trial", {
    steps: () => [
        join("Taster"),
        {
            content: "An invoice of nothing needs no address: it is wanted all the same",
            trigger: ".o_medspa_address > summary",
            run: "click",
        },
        ...address,
        ...sign(),
        follow("Confirm", "button[name='o_payment_submit_button']:enabled:visible"),
        {
            content: "A card is missing",
            trigger: ".o_medspa_joined:contains('One step left')",
        },
        checkPage("One step left"),
        follow("Save a card", ".o_medspa_save_card"),
        checkPage("Save a card"),
        ...payWithCard(),
        {
            content: "It is on file",
            trigger: ".o_medspa_all_done",
        },
    ],
});

tours.add("medspa_membership_change", {
    steps: () => [
        checkPage("Memberships"),
        follow("Open the membership", ".o_medspa_membership_card:contains(Glow)"),
        { content: "It is open", trigger: ".o_medspa_status:contains('Next payment')" },
        checkPage("Membership"),
        follow("Ask for a pause", ".o_medspa_pause"),
        {
            content: "Read how many days are left",
            trigger: ".o_medspa_pause_left:contains(30)",
        },
        checkPage("Pause"),
        {
            content: "Say until when",
            trigger: "#pause_end",
            run() {
                this.anchor.value = document.querySelector("#pause_start").value;
            },
        },
        follow("Pause", ".o_medspa_confirm"),
        {
            content: "It is paused",
            trigger: ".o_medspa_status:contains('It is paused until')",
        },
        checkPage("Paused"),
        follow("Resume", ".o_medspa_resume"),
        {
            content: "It runs again",
            trigger: ".o_medspa_done:contains('Welcome back')",
        },
        follow("Look for another plan", ".o_medspa_change"),
        { content: "The other plans", trigger: ".o_medspa_plan:contains(Radiance)" },
        checkPage("Change of plan"),
        follow(
            "See the numbers of Radiance",
            ".o_medspa_plan:contains(Radiance) .o_medspa_see_numbers"
        ),
        {
            content: "The amount is shown before",
            trigger: ".o_medspa_amount:contains('100.00')",
        },
        checkPage("Numbers of the change"),
        follow("Change and pay", ".o_medspa_confirm:contains('100.00')"),
        {
            content: "The plan is another one",
            trigger: "h1:contains(Radiance)",
        },
        checkPage("Another plan"),
        follow("Read the agreement of it", ".o_medspa_to_sign a"),
        ...sign(),
        {
            content: "It is signed",
            trigger: ".o_medspa_done:contains('the agreement is signed')",
        },
        follow("Cancel", ".o_medspa_cancel"),
        { content: "What cancelling means", trigger: ".o_medspa_cancel_form" },
        checkPage("Cancel"),
        {
            content: "Say why",
            trigger: "#reason_terms",
            run: "selectByIndex 1",
        },
        follow("Confirm", ".o_medspa_cancel_form .o_medspa_confirm"),
        {
            content: "It ends",
            trigger: ".o_medspa_status:contains('It ends on')",
        },
        checkPage("Ending"),
        follow("Change the mind", ".o_medspa_keep"),
        {
            content: "It goes on",
            trigger: ".o_medspa_done:contains('your membership goes on')",
        },
    ],
});

tours.add("medspa_membership_pay", {
    steps: () => [
        {
            content: "Read what is missing",
            trigger: ".o_medspa_amount:contains('99.00')",
        },
        checkPage("Payment link"),
        ...payWithCard(),
        {
            content: "It is paid",
            trigger: ".o_medspa_all_done:contains('it is paid')",
        },
        checkPage("Paid"),
    ],
});

tours.add("medspa_membership_card", {
    steps: () => [
        follow("Change the card", ".o_medspa_change_card"),
        { content: "The page of the method", trigger: ".o_medspa_method_page" },
        checkPage("Payment method"),
        ...payWithCard(),
        {
            content: "The page of the method again",
            trigger: ".o_medspa_method_page",
        },
    ],
});
