import { patch } from "@web/core/utils/patch";
import { PosStore } from "@point_of_sale/app/services/pos_store";

patch(PosStore.prototype, {
    /** Override: promotions follow the prices that they are worked out on. */
    async refreshMemberPrice(order, partner) {
        await super.refreshMemberPrice(...arguments);
        this.updateRewards();
    },
});
