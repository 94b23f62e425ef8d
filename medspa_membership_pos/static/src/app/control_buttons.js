import { patch } from "@web/core/utils/patch";
import { ControlButtons } from "@point_of_sale/app/screens/product_screen/control_buttons/control_buttons";
import { SelectionPopup } from "@point_of_sale/app/components/popups/selection_popup/selection_popup";
import { makeAwaitable } from "@point_of_sale/app/utils/make_awaitable_dialog";
import { AlertDialog } from "@web/core/confirmation_dialog/confirmation_dialog";
import { ConnectionLostError } from "@web/core/network/rpc";
import { _t } from "@web/core/l10n/translation";

patch(ControlButtons.prototype, {
    /** Offer what the customer has left for the lines of the order. */
    async clickUseCredit() {
        const order = this.currentOrder;
        const offers = await this.getCreditOffers(order);
        if (!offers) {
            return;
        }
        if (!offers.length) {
            this.dialog.add(AlertDialog, {
                title: _t("No credit"),
                body: _t(
                    "%(customer)s has nothing left that can pay for these lines.",
                    { customer: order.getPartnerName() }
                ),
            });
            return;
        }
        const offer = await makeAwaitable(this.dialog, SelectionPopup, {
            title: _t("Pay by credit"),
            list: offers.map((offer, index) => ({
                id: index,
                label: _t("%(product)s: use %(use)s of %(credit)s", {
                    product: offer.product,
                    use: offer.use,
                    credit: offer.name,
                }),
                description: _t("%(left)s left afterwards", { left: offer.left }),
                item: offer,
            })),
        });
        if (offer) {
            await this.pos.applyCreditOffer(order, offer);
        }
        this.props.close?.();
    },

    async getCreditOffers(order) {
        try {
            return await this.pos.data.call("pos.order", "get_till_credit_offers", [
                this.pos.config.id,
                order.partner_id.id,
                order.getCreditQuestion(),
            ]);
        } catch (error) {
            if (!(error instanceof ConnectionLostError)) {
                throw error;
            }
            this.dialog.add(AlertDialog, {
                title: _t("No connection"),
                body: _t(
                    "Credits are used only while the till is connected: what is left is known there alone."
                ),
            });
            return null;
        }
    },
});
