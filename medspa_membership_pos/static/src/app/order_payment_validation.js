import { patch } from "@web/core/utils/patch";
import OrderPaymentValidation from "@point_of_sale/app/utils/order_payment_validation";
import { AlertDialog } from "@web/core/confirmation_dialog/confirmation_dialog";
import { ConnectionLostError } from "@web/core/network/rpc";
import { _t } from "@web/core/l10n/translation";

patch(OrderPaymentValidation.prototype, {
    /**
     * Override to ask the server, before money is taken, whether the credits still pay.
     *
     * Offline nobody knows what is left: the order waits, or is paid with money.
     */
    async askBeforeValidation() {
        if (this.order.creditLines.length) {
            const problem = await this.getCreditProblem();
            if (problem) {
                this.pos.dialog.add(AlertDialog, {
                    title: _t("The credit cannot pay"),
                    body: problem,
                });
                return false;
            }
        }
        return super.askBeforeValidation(...arguments);
    },

    async getCreditProblem() {
        try {
            return await this.pos.data.call("pos.order", "check_till_credits", [
                this.pos.config.id,
                this.order.partner_id?.id || false,
                this.order.getCreditQuestion(),
            ]);
        } catch (error) {
            if (error instanceof ConnectionLostError) {
                return _t(
                    "There is no connection: nobody knows what is left of the credit. Wait for it, or take the credit off the line and the payment in money."
                );
            }
            throw error;
        }
    },
});
