import { registry } from "@web/core/registry";
import { Interaction } from "@web/public/interaction";

/**
 * Names the chosen time beside the button that books it. Without JavaScript the form
 * works alike: the button stays generic.
 */
export class BookingTimes extends Interaction {
    static selector = ".o_medspa_booking_form";
    dynamicContent = {
        "input[name='start']": { "t-on-change": this.onTimeChange },
        ".o_medspa_chosen": { "t-out": () => this.chosen },
    };

    setup() {
        const checked = this.el.querySelector("input[name='start']:checked");
        this.chosen = checked
            ? checked.dataset.title
            : this.el.querySelector(".o_medspa_chosen").textContent.trim();
    }

    onTimeChange(ev) {
        this.chosen = ev.currentTarget.dataset.title;
    }
}

registry.category("public.interactions").add("medspa_membership.booking_times", BookingTimes);
