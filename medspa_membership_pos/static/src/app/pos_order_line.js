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

    /**
     * Return what the line costs and what it would without the membership.
     *
     * Both are of the whole line, in the tax mode of its unit price; `gross` is what they
     * come to with tax, `promotionPercent` what plans give on top of promotions.
     */
    getMemberStanding() {
        const paid = this.basePrice;
        const gross = paid ? this.prices.total_included / paid : 1;
        const pricelist = this.order_id.pricelist_id;
        const isOwnPrice =
            !pricelist?.member_key ||
            this.price_type !== "original" ||
            this.credit_number ||
            this.combo_parent_id ||
            this.refunded_orderline_id;
        if (isOwnPrice) {
            return { paid, regular: paid, gross, promotionPercent: 0 };
        }
        const { member, regular, promotionPercent } =
            this.product_id.product_tmpl_id.getMemberComparison(
                pricelist,
                this.getQuantity(),
                this.getPriceExtra(),
                this.product_id
            );
        // In the price of the line, a fiscal position may have changed the tax.
        const ratio = member > 0 ? Math.max(regular / member, 1) : 1;
        return { paid, regular: paid * ratio, gross, promotionPercent };
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
