import { patch } from "@web/core/utils/patch";
import { PosStore } from "@point_of_sale/app/services/pos_store";

patch(PosStore.prototype, {
    /** Override to price the customer as of now: a membership may have stopped. */
    setPartnerToCurrentOrder(partner) {
        const res = super.setPartnerToCurrentOrder(...arguments);
        if (partner) {
            this.refreshMemberPrice(this.getOrder(), partner);
        }
        return res;
    },

    /**
     * Ask the server for the customer's pricelist of this moment.
     *
     * Offline, the till keeps what it was told last.
     */
    async refreshMemberPrice(order, partner) {
        const patient = await this.data.silentCall("res.partner", "get_till_patient", [
            [partner.id],
            this.config.id,
        ]);
        if (!patient || order.finalized || order.partner_id?.id !== partner.id) {
            return;
        }
        if (
            patient.pricelist_id &&
            !this.models["product.pricelist"].get(patient.pricelist_id)
        ) {
            this.models.loadConnectedData({
                "product.pricelist": patient["product.pricelist"],
                "product.pricelist.item": patient["product.pricelist.item"],
            });
        }
        const pricelist = this.models["product.pricelist"].get(patient.pricelist_id);
        partner.property_product_pricelist = pricelist || undefined;
        if (order.pricelist_id?.id !== pricelist?.id) {
            order.updatePricelistAndFiscalPosition(partner);
        }
    },

    /** Put a credit that the server has offered on the order. */
    async applyCreditOffer(order, offer) {
        const line = order.lines.find((line) => line.uuid === offer.uuid);
        if (!line) {
            return;
        }
        if (offer.unit === "money") {
            const product = this.models["product.product"].get(
                this.config._medspa_credit_product_id
            );
            const paid = await this.addLineToOrder(
                {
                    product_tmpl_id: product.product_tmpl_id,
                    product_id: product,
                    price_unit: offer.price_unit,
                    tax_ids: line.tax_ids.map((tax) => ["link", tax]),
                },
                order,
                {},
                false
            );
            paid.credit_number = offer.credit;
            paid.credit_quantity = offer.taken;
            paid.covered_uuid = line.uuid;
            paid.setCustomerNote(`${offer.name}: ${offer.use}, ${offer.left}`);
            return;
        }
        const rest = line.qty - offer.quantity;
        if (rest > 0) {
            line.setQuantity(offer.quantity, true);
        }
        line.setPaidByCredit(offer);
        if (rest > 0) {
            await this.addLineToOrder(
                {
                    product_tmpl_id: line.product_id.product_tmpl_id,
                    product_id: line.product_id,
                    qty: rest,
                },
                order,
                {},
                false
            );
        }
    },
});
