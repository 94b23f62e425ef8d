import { registry } from "@web/core/registry";
import { Interaction } from "@web/public/interaction";

// How long the signature form may take to put the cursor into its field by itself.
const SETTLE_MS = 3000;

/**
 * An agreement is read from its beginning: core's signature form below it takes the
 * focus as it appears, and would scroll past what is to be signed.
 */
export class AgreementTop extends Interaction {
    static selector = ".o_medspa_sign";
    dynamicContent = {
        _root: { "t-on-focusin": this.onFocus },
        _document: { "t-on-pointerdown": this.stop, "t-on-keydown": this.stop },
    };

    setup() {
        this.isSettling = true;
        this.waitForTimeout(() => this.stop(), SETTLE_MS);
    }

    onFocus() {
        if (this.isSettling) {
            this.waitForAnimationFrame(() =>
                window.scrollTo({ top: 0, behavior: "instant" })
            );
        }
    }

    stop() {
        this.isSettling = false;
    }
}

registry.category("public.interactions").add("medspa_membership.agreement_top", AgreementTop);
