import { patch } from "@web/core/utils/patch";
import { ProductTemplateAccounting } from "@point_of_sale/app/models/accounting/product_template_accounting";
import {
    findMemberRule,
    getMemberPrice,
    getPriceBelow,
    isReducible,
} from "@medspa_membership_pos/app/member_price";

patch(ProductTemplateAccounting.prototype, {
    /** Override to price members by the members' version of the pricelist. */
    getPrice(pricelist, quantity, priceExtra = 0, recurring = false, variant = false) {
        if (!pricelist?.member_key) {
            return super.getPrice(...arguments);
        }
        const product = this.asPricedProduct(priceExtra, variant);
        const currency = this.models["pos.config"].getFirst().currency_id;
        return getMemberPrice(pricelist, product, quantity, (price) => currency.round(price));
    },

    /**
     * Return the prices of one unit by a members' version of a pricelist.
     *
     * @returns {Object} what the member pays, what it is without the membership, and the
     *     percentage that plans give which come on top of promotions
     */
    getMemberComparison(pricelist, quantity, priceExtra, variant) {
        const product = this.asPricedProduct(priceExtra, variant);
        const rule = findMemberRule(pricelist, product, quantity);
        return {
            member: this.getPrice(pricelist, quantity, priceExtra, false, variant),
            regular: getPriceBelow(pricelist.member_base_id, product, quantity).price,
            promotionPercent: rule ? rule.promotion_percent : 0,
        };
    },

    /** Return the product in the plain values that prices are worked out on. */
    asPricedProduct(priceExtra, variant) {
        const template = variant.product_tmpl_id || this.product_tmpl_id || this;
        const categoryIds = [];
        for (let categ = template.categ_id; categ; categ = categ.parent_id) {
            categoryIds.push(categ.id);
        }
        return {
            templateId: template.id,
            variantId: variant ? variant.id : false,
            categoryIds,
            listPrice: (variant ? variant.lst_price : this.list_price) + (priceExtra || 0),
            cost: (variant || this).standard_price,
            isReducible: isReducible(template, this.models["pos.config"].getFirst()),
        };
    },
});
