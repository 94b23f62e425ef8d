/* Copyright 2026 medspa
 * License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl). */
import { registry } from "@web/core/registry";
import { assertStable, checkStable } from "./shift_utils";

const tours = registry.category("web_tour.tours");

/** The page of a course in the shop. */
tours.add("medspa_course_page", {
    steps: () => [
        {
            content: "What is in the course",
            trigger: "#product_detail:contains('5 peels')",
        },
        checkStable("Course page"),
    ],
});

/** A page that jumps does not pass. */
tours.add("medspa_page_jumps", {
    steps: () => [
        {
            content: "Something comes late and pushes the page down",
            trigger: "#wrapwrap main",
            run: async () => {
                await assertStable("The page before");
                const late = document.createElement("div");
                late.style.height = "400px";
                document.querySelector("#wrapwrap main").prepend(late);
                await new Promise((resolve) => setTimeout(resolve, 500));
                let message = "";
                try {
                    await assertStable("The page after");
                } catch (error) {
                    message = error.message;
                }
                if (!message.startsWith("The page after jumps by")) {
                    throw new Error(`A page that jumps passes: ${message}`);
                }
            },
        },
    ],
});
