import { patch } from "@web/core/utils/patch";
import { PosOrderline } from "@point_of_sale/app/models/pos_order_line";
import { _t } from "@web/core/l10n/translation";

patch(PosOrderline.prototype, {
    /** Override: a line that a credit pays for stays apart from those that are paid. */
    canBeMergedWith(orderline) {
        return (
            !this.credit_number &&
            !orderline.credit_number &&
            super.canBeMergedWith(...arguments)
        );
    },

    /** Override: the credit pays for the quantity it was chosen for. */
    setQuantity(quantity) {
        const wanted = typeof quantity === "number" ? quantity : parseFloat(quantity || 0);
        if (this.credit_number && !this.refunded_orderline_id && wanted !== this.qty) {
            if (wanted) {
                return {
                    title: _t("Paid by credit"),
                    body: _t("Remove the line, or choose the credit again, to change it."),
                };
            }
            this.removeCredit();
            if (this.order_id === undefined) {
                return true;
            }
        }
        return super.setQuantity(...arguments);
    },

    /** Let a credit pay for the line: it is free. */
    setPaidByCredit(offer) {
        this.price_type = "manual";
        this.setUnitPrice(0);
        this.credit_number = offer.credit;
        this.credit_quantity = offer.taken;
        this.setCustomerNote(
            _t("Paid by credit: %(use)s, %(left)s left", { use: offer.use, left: offer.left })
        );
    },

    /** Let the customer pay for the line again; money of a credit is a line that goes. */
    removeCredit() {
        if (this.covered_uuid) {
            this.order_id.removeOrderline(this);
            return;
        }
        this.credit_number = 0;
        this.credit_quantity = 0;
        this.price_type = "original";
        this.setCustomerNote("");
        this.setUnitPrice(
            this.product_id.product_tmpl_id.getPrice(
                this.order_id.pricelist_id,
                this.getQuantity(),
                this.getPriceExtra(),
                false,
                this.product_id
            )
        );
    },
});
