import { patch } from "@web/core/utils/patch";
import { ProductTemplateAccounting } from "@point_of_sale/app/models/accounting/product_template_accounting";
import { getMemberPrice } from "@medspa_membership_pos/app/member_price";

patch(ProductTemplateAccounting.prototype, {
    /** Override to price members by the members' version of the pricelist. */
    getPrice(pricelist, quantity, priceExtra = 0, recurring = false, variant = false) {
        if (!pricelist?.member_key) {
            return super.getPrice(...arguments);
        }
        const template = variant.product_tmpl_id || this.product_tmpl_id || this;
        const priced = variant || this;
        const categoryIds = [];
        for (let categ = template.categ_id; categ; categ = categ.parent_id) {
            categoryIds.push(categ.id);
        }
        const product = {
            templateId: template.id,
            variantId: variant ? variant.id : false,
            categoryIds,
            listPrice: (variant ? variant.lst_price : this.list_price) + (priceExtra || 0),
            cost: priced.standard_price,
            isReducible: template.service_tracking !== "medspa_plan",
        };
        const currency = this.models["pos.config"].getFirst().currency_id;
        return getMemberPrice(pricelist, product, quantity, (price) => currency.round(price));
    },
});
