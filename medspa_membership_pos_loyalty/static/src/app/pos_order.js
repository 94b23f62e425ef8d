import { patch } from "@web/core/utils/patch";
import { PosOrder } from "@point_of_sale/app/models/pos_order";
import { getShare, getStanding, reduce } from "@medspa_membership_pos_loyalty/app/promotion";
import { _t } from "@web/core/l10n/translation";

/**
 * Points that a patient has collected, gift cards and eWallets are the patient's own: they
 * pay for a price, whatever it is.
 */
function isPromotion(reward) {
    return (
        reward?.reward_type === "discount" &&
        !["gift_card", "ewallet", "loyalty"].includes(reward.program_id.program_type)
    );
}

function isPayment(reward) {
    return ["gift_card", "ewallet"].includes(reward?.program_id.program_type);
}

function getTaxKey(taxes) {
    return taxes
        .filter((tax) => tax.amount_type !== "fixed")
        .map((tax) => tax.id)
        .sort((a, b) => a - b)
        .join(",");
}

patch(PosOrder.prototype, {
    /**
     * Override of `pos_loyalty` for promotions on orders with member prices: a line costs
     * the lower of the two, or both count where the plan says so. What a promotion takes
     * off is the difference.
     */
    _getRewardLineValuesDiscount(args) {
        const values = super._getRewardLineValuesDiscount(...arguments);
        const { reward, coupon_id } = args;
        if (!Array.isArray(values) || !values.length || !isPromotion(reward)) {
            return values;
        }
        const standings = this.lines.map((line) => this._getStanding(line));
        if (standings.every(({ paid, promoted }) => paid === promoted)) {
            // No member price that promotions do not come on top of.
            return values;
        }
        const before = this._replayPromotions({ reward, coupon_id });
        const after = this._replayPromotion(before, reward, coupon_id);
        const amounts = {};
        let total = 0;
        for (const [line, { paid, gross }] of before) {
            const extra = paid - after.get(line).paid;
            const key = getTaxKey(line.tax_ids);
            amounts[key] = (amounts[key] || 0) + extra;
            total += extra * gross;
        }
        if (total <= 0 || this.currency.isZero(total)) {
            return _t(
                "The member price is already as low as with this promotion: the two are not combined. The promotion is not used up."
            );
        }
        const limit = Math.min(1, this.priceIncl / total);
        return this._shareOutPromotion(values, args, amounts, total, limit);
    },

    /** Return the values of a reward with these amounts for each set of taxes. */
    _shareOutPromotion(values, { reward }, amounts, total, limit) {
        let cost = values.reduce((points, { points_cost }) => points + points_cost, 0);
        if (reward.discount_mode === "per_point" && !reward.clear_wallet) {
            cost = (total * limit) / reward.discount;
        }
        const found = values
            .map((value) => ({
                ...value,
                price_unit: -(amounts[getTaxKey(value.tax_ids)] || 0) * limit,
                points_cost: 0,
            }))
            .filter((value) => !this.currency.isZero(value.price_unit));
        if (found.length) {
            found[0].points_cost = cost;
        }
        return found;
    },

    /**
     * Return the standing of each line after the promotions on the order.
     *
     * @param {Object} but a reward with its coupon that does not count
     * @param {Boolean} isMember whether the member prices count, or nobody's
     */
    _replayPromotions(but = {}, isMember = true) {
        let standings = new Map();
        const promotions = new Map();
        for (const line of this.lines) {
            if (isPromotion(line.reward_id)) {
                const same = promotions.get(line.reward_identifier_code) || [];
                promotions.set(line.reward_identifier_code, [...same, line]);
            } else if (line.getQuantity() && !isPayment(line.reward_id)) {
                standings.set(line, this._getStanding(line, isMember));
            }
        }
        for (const lines of promotions.values()) {
            const { reward_id: reward, coupon_id: coupon } = lines[0];
            if (reward.id !== but.reward?.id || coupon?.id !== but.coupon_id) {
                const used = lines.reduce((points, line) => points + line.points_cost, 0);
                standings = this._replayPromotion(standings, reward, coupon?.id, used);
            }
        }
        return standings;
    },

    /** Return how a line stands before any promotion. */
    _getStanding(line, isMember = true) {
        const prices = line.getMemberStanding();
        const known = isMember ? prices : { ...prices, paid: prices.regular };
        return getStanding(known, (a, b) => this.currency.isZero(a - b));
    },

    _replayPromotion(standings, reward, coupon_id, used = 0) {
        const reach = this._getPromotionReach(reward, standings);
        const points = this._getRealCouponPoints(coupon_id) + used;
        const pairs = [...reach].map(([line, part]) => [standings.get(line), part]);
        const share = getShare(reward, pairs, points);
        return new Map(
            [...standings].map(([line, standing]) => [
                line,
                reach.has(line) ? reduce(standing, share * reach.get(line)) : standing,
            ])
        );
    },

    /** Return the part of each line that a promotion reduces. */
    _getPromotionReach(reward, standings) {
        const all = [...standings.keys()];
        if (reward.discount_applicability === "cheapest") {
            const line = this._getCheapestLine(reward);
            return new Map(standings.has(line) ? [[line, 1 / line.getQuantity()]] : []);
        }
        if (reward.discount_applicability === "specific") {
            const lines = this._getSpecificDiscountableLines(reward);
            return new Map(all.filter((line) => lines.includes(line)).map((line) => [line, 1]));
        }
        return new Map(all.map((line) => [line, 1]));
    },

    /** Override: a promotion that others get as well leaves less to save. */
    getMemberSaving() {
        if (!this.lines.some((line) => isPromotion(line.reward_id))) {
            return super.getMemberSaving();
        }
        const mine = this._replayPromotions();
        const others = this._replayPromotions({}, false);
        let saving = 0;
        for (const [line, { paid, gross }] of mine) {
            saving += (others.get(line).paid - paid) * gross;
        }
        return this.currency.round(saving);
    },
});
