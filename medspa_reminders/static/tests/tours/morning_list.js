import { registry } from "@web/core/registry";

// The desk opens the list, rewrites one text, selects all and sends.
registry.category("web_tour.tours").add("medspa_morning_list", {
    steps: () => [
        {
            content: "the two rows of the morning are there, each with its text",
            trigger: ".o_data_row:contains(Oscar Other):contains(4 sessions)",
        },
        {
            content: "open the text of Oscar",
            trigger: ".o_data_row:contains(Oscar Other) td[name=reason]",
            run: "click",
        },
        {
            trigger: ".modal .o_field_widget[name=text] textarea",
            run: "edit Oscar, your sessions miss you. [link]",
        },
        {
            content: "keep it",
            trigger: ".modal footer button:contains(Keep for later)",
            run: "click",
        },
        {
            trigger: "body:not(:has(.modal)) .o_data_row:contains(your sessions miss you)",
        },
        {
            content: "select all",
            trigger: ".o_list_table thead .o_list_record_selector input",
            run: "click",
        },
        {
            content: "send",
            trigger: ".o_control_panel button[name=action_send], .o_list_buttons button[name=action_send], .o_selection_container button[name=action_send], header button[name=action_send]",
            run: "click",
        },
        {
            trigger: ".o_notification:contains(2 messages are on their way)",
        },
        {
            content: "the list is done",
            trigger: ".o_view_nocontent:contains(Nothing is left to send), .o_list_view:not(:has(.o_data_row))",
        },
    ],
});

// The manager sees what came of it.
registry.category("web_tour.tours").add("medspa_rule_outcome", {
    steps: () => [
        {
            trigger: ".o_data_row:contains(Who dropped out) td[name=sent_count]:contains(1)",
        },
        {
            trigger: ".o_data_row:contains(Who dropped out) td[name=booked_count]:contains(1)",
        },
        {
            trigger: ".o_data_row:contains(Who dropped out) td[name=name]",
            run: "click",
        },
        {
            trigger: ".oe_stat_button:contains(Sent):contains(1)",
        },
        {
            trigger: ".oe_stat_button:contains(Link opened):contains(1)",
        },
    ],
});
