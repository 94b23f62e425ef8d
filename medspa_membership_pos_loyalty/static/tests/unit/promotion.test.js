import { describe, expect, test } from "@odoo/hoot";
import { getShare, getStanding, reduce } from "@medspa_membership_pos_loyalty/app/promotion";

// The numbers of the server: a peel (120, members 102) and two lasers (80, members 64).

describe.current.tags("headless");

const isSame = (a, b) => Math.abs(a - b) < 0.005;

function getStandings(promotionPercents = [0, 0], gross = 1) {
    return [
        { paid: 102, regular: 120, gross, promotionPercent: promotionPercents[0] },
        { paid: 128, regular: 160, gross, promotionPercent: promotionPercents[1] },
    ].map((prices) => getStanding(prices, isSame));
}

function sell(reward, standings, parts = [1, 1]) {
    const pairs = standings.map((standing, index) => [standing, parts[index]]);
    const share = getShare({ required_points: 1, ...reward }, pairs, 1);
    const after = standings.map((standing, index) => reduce(standing, share * parts[index]));
    return Math.round(after.reduce((total, { paid }) => total + paid, 0) * 100) / 100;
}

const percent = (discount, max = 0) => ({
    discount_mode: "percent",
    discount,
    discount_max_amount: max,
});

test("a member pays the lower price of each line", () => {
    expect(sell(percent(10), getStandings())).toBe(230);
    expect(sell(percent(18), getStandings())).toBe(226.4);
    expect(sell(percent(30), getStandings())).toBe(196);
    expect(sell(percent(30, 28), getStandings())).toBe(230);
    expect(sell({ discount_mode: "per_order", discount: 56 }, getStandings())).toBe(224);
    expect(sell({ discount_mode: "per_point", discount: 56 }, getStandings())).toBe(224);
});

test("both count where the plan comes on top", () => {
    expect(sell(percent(10), getStandings([15, 20]))).toBe(207);
    expect(sell(percent(30), getStandings([15, 20]))).toBe(161);
});

test("only what is in reach is reduced", () => {
    expect(sell(percent(30), getStandings(), [1, 0])).toBe(212);
    // Half of one laser of two: 120 instead of 160, and of 128.
    expect(sell(percent(50), getStandings(), [0, 0.5])).toBe(222);
});

test("an amount off is shared with the tax", () => {
    // 56 of 338.80: the peel is 100.165 before tax.
    const reward = { discount_mode: "per_order", discount: 56 };
    expect(sell(reward, getStandings([0, 0], 1.21))).toBe(228.17);
});

test("a second promotion comes off the first, once that is the better price", () => {
    const first = getStandings().map((standing) => reduce(standing, 0.3));
    expect(sell(percent(10), first)).toBe(176.4);
});
