import { describe, expect, test } from "@odoo/hoot";
import { getMemberPrice, getPriceBelow } from "@medspa_membership_pos/app/member_price";

// The numbers of the table that runs through every till of the server: peel 120, laser
// 80, serum 33.33; 15 % off everything, 20 % off the laser.

const PEEL = 1;
const LASER = 2;
const SERUM = 3;
const FACES = { id: 11, parent_id: { id: 10 } };

function product(id, listPrice, vals = {}) {
    return {
        templateId: id,
        variantId: id + 100,
        categoryIds: [FACES.id, FACES.parent_id.id],
        listPrice,
        cost: 20,
        isReducible: true,
        ...vals,
    };
}

let nextId = 1;
function rule(vals) {
    return {
        id: nextId++,
        min_quantity: 0,
        compute_price: "percentage",
        percent_price: 0,
        promotion_percent: 0,
        base: "list_price",
        ...vals,
    };
}

const passing = () => rule({ percent_price: 0 });
const everything = (vals) => rule({ percent_price: 15, ...vals });
const laser = () => rule({ percent_price: 20, product_tmpl_id: { id: LASER } });

function members(base, items = [passing(), everything(), laser()]) {
    return { member_key: "1", member_base_id: base, item_ids: items };
}

const cents = (price) => Math.round((price + Number.EPSILON) * 100) / 100;
const units = (price) => Math.round(price);

describe.current.tags("headless");

test("members pay what the server says", () => {
    const list = members({ item_ids: [] });
    expect(getMemberPrice(list, product(PEEL, 120), 1, cents)).toBe(102);
    expect(getMemberPrice(list, product(LASER, 80), 3, cents)).toBe(64);
    expect(getMemberPrice(list, product(SERUM, 33.33), 3, cents)).toBe(28.33);
});

test("a till without pricelists has member prices", () => {
    expect(getMemberPrice(members(undefined), product(PEEL, 120), 1, cents)).toBe(102);
});

test("quantity breaks of the pricelist below are the base", () => {
    const base = {
        item_ids: [
            rule({ compute_price: "fixed", fixed_price: 100 }),
            rule({ compute_price: "fixed", fixed_price: 90, min_quantity: 5 }),
        ],
    };
    const list = members(base);
    expect(getMemberPrice(list, product(PEEL, 120), 1, cents)).toBe(85);
    expect(getMemberPrice(list, product(PEEL, 120), 5, cents)).toBe(76.5);
});

test("a promotion is not reduced again, and never costs a member more", () => {
    const sale = (price) =>
        members({
            item_ids: [
                rule({ compute_price: "fixed", fixed_price: price, is_promotion: true }),
            ],
        });
    expect(getMemberPrice(sale(95), product(PEEL, 120), 1, cents)).toBe(95);
    expect(getMemberPrice(sale(110), product(PEEL, 120), 1, cents)).toBe(102);
});

test("a plan may come on top of a promotion", () => {
    const base = { item_ids: [rule({ percent_price: 10, is_promotion: true })] };
    const items = [passing(), everything({ promotion_percent: 15 })];
    expect(getMemberPrice(members(base, items), product(PEEL, 120), 1, cents)).toBe(91.8);
});

test("a promotion two pricelists below is seen", () => {
    const lowest = { item_ids: [rule({ percent_price: 10, is_promotion: true })] };
    const middle = {
        item_ids: [rule({ base: "pricelist", base_pricelist_id: lowest })],
    };
    expect(getPriceBelow(middle, product(PEEL, 120), 1)).toEqual({
        price: 108,
        isPromotion: true,
    });
    expect(getMemberPrice(members(middle), product(PEEL, 120), 1, cents)).toBe(102);
});

test("the nearest category counts before the one above, and a product before both", () => {
    const items = [
        passing(),
        rule({ percent_price: 10, categ_id: { id: 10 } }),
        rule({ percent_price: 30, categ_id: { id: 11 } }),
        laser(),
    ];
    const list = members({ item_ids: [] }, items);
    expect(getMemberPrice(list, product(PEEL, 120), 1, cents)).toBe(84);
    expect(getMemberPrice(list, product(LASER, 80), 1, cents)).toBe(64);
    const above = product(PEEL, 120, { categoryIds: [10] });
    expect(getMemberPrice(list, above, 1, cents)).toBe(108);
});

test("plans are never reduced, and prices end in the currency's rounding", () => {
    const list = members({ item_ids: [] });
    const plan = product(PEEL, 99, { isReducible: false });
    expect(getMemberPrice(list, plan, 1, cents)).toBe(99);
    expect(getMemberPrice(list, product(PEEL, 19604.4), 1, units)).toBe(16664);
});
