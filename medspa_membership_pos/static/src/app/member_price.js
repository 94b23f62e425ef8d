/**
 * What a member pays: port of the members' part of product.pricelist
 * `_compute_price_rule`, on plain values so that it can be tested against the server.
 *
 * A product is `{ templateId, variantId, categoryIds, listPrice, cost, isReducible }`,
 * its categories from the nearest up. Pricelists and rules are as the server loads them.
 */
import { roundPrecision } from "@web/core/utils/numbers";

/** Tell whether member discounts may apply: not to what is money or a plan. */
export function isReducible(template, config) {
    const unreduced = config._medspa_unreduced_template_ids || [];
    return template.service_tracking !== "medspa_plan" && !unreduced.includes(template.id);
}

/** Rank rules as the server orders them: the narrowest, then the largest quantity. */
function getRank(rule, product) {
    if (rule.product_id) {
        return 0;
    }
    if (rule.product_tmpl_id) {
        return 1;
    }
    return rule.categ_id ? 2 + product.categoryIds.indexOf(rule.categ_id.id) / 1000 : 3;
}

export function findRule(rules, product, quantity) {
    return rules
        .filter(
            (rule) =>
                (!rule.min_quantity || rule.min_quantity <= quantity) &&
                (!rule.product_tmpl_id || rule.product_tmpl_id.id === product.templateId) &&
                (!rule.product_id || rule.product_id.id === product.variantId) &&
                (!rule.categ_id || product.categoryIds.includes(rule.categ_id.id))
        )
        .sort(
            (a, b) =>
                Math.floor(getRank(a, product)) - Math.floor(getRank(b, product)) ||
                b.min_quantity - a.min_quantity ||
                getRank(a, product) - getRank(b, product) ||
                b.id - a.id
        )[0];
}

function applyRule(rule, price) {
    if (rule.compute_price === "fixed") {
        return rule.fixed_price;
    }
    if (rule.compute_price === "percentage") {
        return price - price * (rule.percent_price / 100);
    }
    const limit = price;
    price -= price * (rule.price_discount / 100);
    if (rule.price_round) {
        price = roundPrecision(price, rule.price_round);
    }
    price += rule.price_surcharge || 0;
    if (rule.price_min_margin) {
        price = Math.max(price, limit + rule.price_min_margin);
    }
    if (rule.price_max_margin) {
        price = Math.min(price, limit + rule.price_max_margin);
    }
    return price;
}

/** Return the price by a pricelist of the clinic, and whether a promotion made it. */
export function getPriceBelow(pricelist, product, quantity, withoutPromotions = false) {
    const rules = (pricelist?.item_ids || []).filter(
        (rule) => !withoutPromotions || !rule.is_promotion
    );
    const rule = findRule(rules, product, quantity);
    if (!rule) {
        return { price: product.listPrice, isPromotion: false };
    }
    let price = product.listPrice;
    let isPromotion = Boolean(rule.is_promotion);
    if (rule.base === "pricelist" && rule.base_pricelist_id) {
        const below = getPriceBelow(
            rule.base_pricelist_id,
            product,
            quantity,
            withoutPromotions
        );
        price = below.price;
        isPromotion ||= rule.compute_price !== "fixed" && below.isPromotion;
    } else if (rule.base === "standard_price") {
        price = product.cost;
    }
    return { price: applyRule(rule, price), isPromotion };
}

/**
 * Return the unit price by a members' version of a pricelist.
 *
 * What is a promotion below is reduced only by plans that say so, and never costs a
 * member more than the membership alone would. The price is rounded, as on the server:
 * what is shown for one is charged for any quantity.
 */
export function getMemberPrice(pricelist, product, quantity, round) {
    const base = pricelist.member_base_id;
    const { price, isPromotion } = getPriceBelow(base, product, quantity);
    const rule = findMemberRule(pricelist, product, quantity);
    if (!rule) {
        return round(price);
    }
    if (!isPromotion) {
        return round(price * (1 - rule.percent_price / 100));
    }
    const regular = getPriceBelow(base, product, quantity, true).price;
    return round(
        Math.min(
            price * (1 - rule.promotion_percent / 100),
            regular * (1 - rule.percent_price / 100)
        )
    );
}

/** Return the rule of a members' version that reduces a product, if any does. */
export function findMemberRule(pricelist, product, quantity) {
    return (
        product.isReducible &&
        findRule(
            pricelist.item_ids.filter((rule) => rule.percent_price),
            product,
            quantity
        )
    );
}
