import { registry } from "@web/core/registry";
import { Interaction } from "@web/public/interaction";

/**
 * A form of ours is sent once, however often it is tapped. The server answers a second
 * request by the outcome of the first; this spares the patient the wait.
 */
export class SubmitOnce extends Interaction {
    static selector = ".o_medspa_page form[method='post'], .o_medspa_plans form";
    dynamicContent = {
        _root: { "t-on-submit": this.onSubmit },
        _window: { "t-on-pageshow": this.onPageShow },
    };

    setup() {
        this.isSent = false;
    }

    onSubmit(ev) {
        if (this.isSent) {
            ev.preventDefault();
            return;
        }
        this.isSent = !ev.defaultPrevented;
    }

    /** Back from the next page, which the browser keeps as it was left. */
    onPageShow() {
        this.isSent = false;
    }
}

registry.category("public.interactions").add("medspa_membership.submit_once", SubmitOnce);
