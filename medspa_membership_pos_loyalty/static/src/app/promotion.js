/**
 * Member prices and promotions: the port of medspa_membership_loyalty, on plain values.
 *
 * A standing is what a line costs after the promotions so far: `paid`, and `promoted`,
 * what it would cost with the promotions and without the member's price. Both are of the
 * whole line, in the tax mode of its unit price; `gross` is what they come to with tax.
 */

/** Return how a line stands before any promotion. */
export function getStanding({ paid, regular, gross, promotionPercent }, isSame) {
    // What plans that come on top of promotions give there as well.
    const promoted = regular * (1 - promotionPercent / 100);
    return { paid, promoted: promoted < paid || isSame(promoted, paid) ? paid : promoted, gross };
}

/**
 * Return the standing after a promotion takes a share off.
 *
 * The lower of the two prices counts: the member's, or the one that anybody gets with the
 * promotions. Where there is no member's price, both are one.
 */
export function reduce({ paid, promoted, gross }, share) {
    const lowered = promoted * (1 - share);
    if (paid === promoted || lowered < paid) {
        return { paid: lowered, promoted: lowered, gross };
    }
    return { paid, promoted: lowered, gross };
}

/**
 * Return the share that a promotion takes off the prices in its reach.
 *
 * @param {Object} reward `discount_mode`, `discount`, `discount_max_amount`,
 *     `required_points`
 * @param {Array} reach pairs of a standing and the part of it that is reduced
 * @param {number} points what the coupon has for it
 */
export function getShare(reward, reach, points) {
    const base = reach.reduce(
        (total, [{ promoted, gross }, part]) => total + promoted * gross * part,
        0
    );
    if (base <= 0) {
        return 0;
    }
    const limit = reward.discount_max_amount
        ? Math.min(1, reward.discount_max_amount / base)
        : 1;
    if (reward.discount_mode === "percent") {
        return Math.min(reward.discount / 100, limit);
    }
    let amount = reward.discount;
    if (reward.discount_mode === "per_point") {
        amount *= Math.floor(points / reward.required_points) * reward.required_points;
    }
    return Math.min(amount / base, limit);
}
