import { patch } from "@web/core/utils/patch";
import { PosOrder } from "@point_of_sale/app/models/pos_order";

patch(PosOrder.prototype, {
    /** Override: another customer has other credits, so none of them pays any more. */
    setPartner(partner) {
        if (this.partner_id?.id !== partner?.id) {
            this.removeCredits();
        }
        return super.setPartner(...arguments);
    },

    get creditLines() {
        return this.lines.filter((line) => line.credit_number);
    },

    /** Return what the lines would cost more without the membership, with tax. */
    getMemberSaving() {
        const saving = this.lines.reduce((total, line) => {
            const { paid, regular, gross } = line.getMemberStanding();
            return total + (regular - paid) * gross;
        }, 0);
        return this.currency.round(saving);
    },

    /** Let the customer pay for everything again. */
    removeCredits() {
        for (const line of this.creditLines) {
            line.removeCredit();
        }
    },

    /** Return the lines in plain values, for the server to say what credits can pay. */
    getCreditQuestion() {
        return this.lines.map((line) => ({
            uuid: line.uuid,
            product_id: line.product_id.id,
            qty: line.qty,
            price_unit: line.price_unit,
            total: line.priceIncl,
            tax_ids: line.tax_ids.map((tax) => tax.id),
            credit_number: line.credit_number || 0,
            credit_quantity: line.credit_quantity || 0,
            covered_uuid: line.covered_uuid || false,
        }));
    },
});
