import { patch } from "@web/core/utils/patch";
import { PosOrderline } from "@point_of_sale/app/models/pos_order_line";

patch(PosOrderline.prototype, {
    /** Override: no member price on a reward, whatever became of its price. */
    getMemberStanding() {
        const standing = super.getMemberStanding();
        return this.is_reward_line ? { ...standing, regular: standing.paid } : standing;
    },
});
