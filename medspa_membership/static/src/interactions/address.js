import { patch } from "@web/core/utils/patch";
import { CustomerAddress } from "@portal/interactions/address";
import { describeError } from "./describe_error";

/**
 * The button that sends the address is far below the place where core writes what is
 * wrong with it, and a request that fails is told to nobody: both are brought to sight.
 */
patch(CustomerAddress.prototype, {
    async saveAddress() {
        this.unfoldInvalid();
        try {
            await super.saveAddress(...arguments);
        } catch (error) {
            const text = document.createElement("h5");
            text.classList.add("text-danger");
            text.textContent = describeError(error);
            this.errorsDiv.replaceChildren(text);
        }
        this.unfoldInvalid();
        if (this.errorsDiv.childElementCount) {
            this.errorsDiv.setAttribute("role", "alert");
            this.errorsDiv.scrollIntoView({ block: "center" });
        }
    },

    /** A field that is folded away can neither be shown nor filled in. */
    unfoldInvalid() {
        for (const field of this.addressForm.querySelectorAll(":invalid, .is-invalid")) {
            field.closest("details")?.setAttribute("open", "open");
        }
    },
});
