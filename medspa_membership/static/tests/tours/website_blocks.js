/* Copyright 2026 medspa
 * License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl). */
import { registry } from "@web/core/registry";
import { checkPage } from "./axe_utils";

/** Our building blocks on a page of the clinic, as a visitor reads them. */

const COURSE = ".s_medspa_courses .o_carousel_product_card";
const PLAN = ".s_medspa_plans .o_medspa_plan";

registry.category("web_tour.tours").add("medspa_blocks_read", {
    steps: () => [
        { content: "Courses", trigger: `${COURSE}:contains(5 peels)` },
        {
            content: "What is not on sale is not there",
            trigger: ".s_medspa_courses:not(:contains(Secret course))",
        },
        {
            content: "Plans under the editor's title",
            trigger: ".s_medspa_plans h2:contains(Join the club)",
        },
        checkPage("Blocks on a page", ".s_medspa_plans"),
        {
            content: "A plan leads to joining",
            trigger: `${PLAN}:contains(Glow) .o_medspa_join`,
            run: "click",
            expectUnloadPage: true,
        },
        { content: "Where one joins", trigger: "form.address_autoformat" },
    ],
});

registry.category("web_tour.tours").add("medspa_block_of_plans", {
    steps: () => [
        { content: "Plans", trigger: `${PLAN}:contains(Glow)` },
        checkPage("A page with the block of plans"),
    ],
});

registry.category("web_tour.tours").add("medspa_block_of_no_plans", {
    steps: () => [
        {
            content: "It says so, and leads to the courses",
            trigger: ".s_medspa_plans_cards .o_medspa_empty a[href='/shop']",
        },
        checkPage("A page with a block of no plans"),
    ],
});
