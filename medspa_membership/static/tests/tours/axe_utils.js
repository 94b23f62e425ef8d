/* Copyright 2026 medspa
 * License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl). */

import { assertStable } from "./shift_utils";

/** What is in the way of people: axe's own word for it. */
const BLOCKING = ["serious", "critical"];
/** Parts of our pages that core makes. */
const CORE_FORMS = [".o_payment_form", ".oe_login_form"];

/**
 * Step of a tour: nothing on the page keeps people out who do not see it or do not use
 * a mouse, nothing is wider than the screen and nothing has jumped while it loaded.
 * Core's header and footer are not ours. It stands before what the tour does on a page.
 *
 * @param {string} name of the page, for the message
 * @param {string} [part] selector of what is ours, where core's parts are around it
 */
export function checkPage(name, part) {
    return {
        content: `${name} is open to everybody`,
        trigger: "#wrapwrap main",
        run: async () => {
            if (!part) {
                await assertStable(name);
            }
            const { violations } = await window.axe.run(
                { include: [part || "#wrapwrap main"], exclude: CORE_FORMS.map((form) => [form]) },
                // Fonts from elsewhere do not load in tests, and say nothing of barriers.
                { preload: false, resultTypes: ["violations"] }
            );
            const found = violations
                .filter((violation) => BLOCKING.includes(violation.impact))
                .map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.html).join(" | ")}`);
            if (found.length) {
                throw new Error(`${name}: ${found.join("\n")}`);
            }
            const { scrollWidth, clientWidth } = document.documentElement;
            if (scrollWidth > clientWidth) {
                throw new Error(`${name} is ${scrollWidth} px wide on ${clientWidth} px`);
            }
        },
    };
}

/** Step of a tour: the page leaves, and the next one is there when `trigger` is. */
export function leave(content, trigger, run = "click") {
    return { content, trigger, run, expectUnloadPage: true };
}
