/* Copyright 2026 medspa
 * License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl). */
import { registry } from "@web/core/registry";

const { DateTime } = luxon;

/** What the clinic does with memberships in the backend. */

const tours = registry.category("web_tour.tours");

tours.add("medspa_desk_winback", {
    steps: () => [
        {
            content: "Why she left stands on the list: make her an offer",
            trigger:
                ".o_data_row:contains('Paula'):contains('Moved away') button[name='action_win_back']",
            run: "click",
        },
        {
            content: "Half of the first period",
            trigger: ".modal .o_field_widget[name='percent'] input",
            run: "edit 50",
        },
        {
            content: "Send it",
            trigger: ".modal button[name='action_confirm']",
            run: "click",
        },
        {
            content: "The offer waits for her answer",
            trigger: ".o_data_row:contains('Paula') .badge:contains('Waiting')",
        },
    ],
});

tours.add("medspa_manager_price_campaign", {
    steps: () => [
        {
            content: "Begin a campaign",
            trigger: ".o_list_button_add",
            run: "click",
        },
        {
            content: "Name it",
            trigger: ".o_field_widget[name='name'] input, .o_field_widget[name='name'] textarea",
            run: "edit Prices of next year",
        },
        {
            content: "Look for the plan",
            trigger: ".o_field_widget[name='plan_ids'] input",
            run: "edit Glow",
        },
        {
            content: "Take it",
            trigger: ".o-autocomplete--dropdown-item:contains('Glow')",
            run: "click",
        },
        {
            content: "Five percent more",
            trigger: ".o_field_widget[name='percent'] input",
            run: "edit 5",
        },
        {
            content: "From that day on",
            trigger: ".o_field_widget[name='effective_date'] button, .o_field_widget[name='effective_date'] input",
            run: "click",
        },
        {
            content: "Write it",
            trigger: ".o_field_widget[name='effective_date'] input",
            run: `edit ${DateTime.local().plus({ days: 60 }).toFormat("MM/dd/yyyy")}`,
        },
        {
            content: "Explain it",
            trigger: ".nav-link:contains('Notice')",
            run: "click",
        },
        {
            content: "In the clinic's own words",
            trigger: ".o_field_widget[name='notice_text'] .odoo-editor-editable",
            run: "editor Our products cost more.",
        },
        {
            content: "Whom does it concern?",
            trigger: ".o_form_statusbar button[name='action_prepare']",
            run: "click",
        },
        {
            content: "See them",
            trigger: ".nav-link:contains('Members')",
            run: "click",
        },
        {
            content: "Paula, with both prices",
            trigger:
                ".o_data_row:contains('Paula'):contains('99.00'):contains('103.95')",
        },
        {
            content: "Tell them",
            trigger: ".o_form_statusbar button[name='action_send']",
            run: "click",
        },
        {
            content: "It was asked before",
            trigger: ".modal:contains('cannot be taken back') .btn-primary",
            run: "click",
        },
        {
            content: "One answer is waited for",
            trigger: ".o_field_widget[name='waiting_count']:contains('1')",
        },
    ],
});

tours.add("medspa_member_price_answer", {
    steps: () => [
        {
            content: "Read both prices",
            trigger: ".o_medspa_price_notice:contains('99.00'):contains('103.95')",
        },
        {
            content: "Agree",
            trigger: ".o_medspa_price_notice button[value='accept']",
            run: "click",
            expectUnloadPage: true,
        },
        {
            content: "It is noted",
            trigger: ".o_medspa_price_notice .alert-success:contains('You have agreed')",
        },
    ],
});

tours.add("medspa_desk_past_due", {
    steps: () => [
        {
            content: "Who, why, and what comes next",
            trigger: ".o_data_row:contains('Paula'):contains('No money')",
        },
        {
            content: "Charge the card again",
            trigger:
                ".o_data_row:contains('Paula') button[name='action_charge_again']",
            run: "click",
        },
        {
            content: "The bank is asked",
            trigger: ".o_notification:contains('The charge is on its way')",
        },
    ],
});
