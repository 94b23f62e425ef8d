import { patch } from "@web/core/utils/patch";
import { SignatureForm } from "@portal/signature_form/signature_form";
import { describeError } from "../interactions/describe_error";

// What core's loading effect puts on a button.
const LOADING_CLASSES = ["o_btn_loading", "disabled", "pe-none"];

/** Core's form waits for ever when the signature is not taken: it says why instead. */
patch(SignatureForm.prototype, {
    async onClickSubmit() {
        const button = this.rootRef.el.querySelector(".o_portal_sign_submit");
        const content = [...button.childNodes];
        this.state.error = false;
        try {
            await super.onClickSubmit();
        } catch (error) {
            this.state.error = describeError(error);
        }
        button.classList.remove(...LOADING_CLASSES);
        button.disabled = false;
        button.replaceChildren(...content);
    },
});
