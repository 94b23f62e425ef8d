import { registry } from "@web/core/registry";
import { Interaction } from "@web/public/interaction";

/**
 * The building block "Our plans": the cards come from the server, at the visitor's own
 * prices, and are never saved with the page.
 */
export class PlansBlock extends Interaction {
    static selector = ".s_medspa_plans";

    async willStart() {
        try {
            const response = await this.waitFor(fetch("/plans/cards"));
            this.cards = response.ok ? await this.waitFor(response.text()) : "";
        } catch {
            // Out of reach: the link to the plans, which the block holds, stays.
            this.cards = "";
        }
    }

    start() {
        const target = this.el.querySelector(".s_medspa_plans_cards");
        if (!target || !this.cards) {
            return;
        }
        const link = [...target.childNodes];
        const cards = new DOMParser().parseFromString(this.cards, "text/html").body;
        target.replaceChildren(...cards.childNodes);
        this.registerCleanup(() => target.replaceChildren(...link));
    }
}

registry.category("public.interactions").add("medspa_membership.plans_block", PlansBlock);
registry
    .category("public.interactions.edit")
    .add("medspa_membership.plans_block", { Interaction: PlansBlock });
