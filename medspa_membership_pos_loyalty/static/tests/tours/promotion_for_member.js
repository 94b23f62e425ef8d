import { registry } from "@web/core/registry";
import * as Chrome from "@point_of_sale/../tests/pos/tours/utils/chrome_util";
import * as Dialog from "@point_of_sale/../tests/generic_helpers/dialog_util";
import * as PaymentScreen from "@point_of_sale/../tests/pos/tours/utils/payment_screen_util";
import * as ProductScreen from "@point_of_sale/../tests/pos/tours/utils/product_screen_util";
import * as ReceiptScreen from "@point_of_sale/../tests/pos/tours/utils/receipt_screen_util";

registry.category("web_tour.tours").add("medspa_membership_pos_loyalty.sell_to_member", {
    steps: () =>
        [
            Chrome.startPoS(),
            Dialog.confirm("Open Register"),
            ProductScreen.clickDisplayedProduct("Peel", true, "1", "120.00"),
            ProductScreen.clickDisplayedProduct("Laser", true, "1", "80.00"),
            ProductScreen.clickDisplayedProduct("Laser", true, "2", "160.00"),
            // Anybody: 280 less 18 %.
            ProductScreen.totalAmountIs("229.60"),
            ProductScreen.clickPartnerButton(),
            ProductScreen.clickCustomer("Paula Patient"),
            // The peel at 98.40 with the promotion, the lasers at 64 without.
            ProductScreen.totalAmountIs("226.40"),
            // Money costs what it is worth, and no promotion takes anything off it here.
            ProductScreen.clickDisplayedProduct("Voucher", true, "1", "50.00"),
            ProductScreen.totalAmountIs("276.40"),
            ProductScreen.clickPayButton(),
            PaymentScreen.clickPaymentMethod("Bank"),
            PaymentScreen.clickValidate(),
            ReceiptScreen.receiptIsThere(),
            ReceiptScreen.receiptAmountTotalIs("276.40"),
            {
                content: "what others would have paid more",
                trigger: ".pos-receipt .o_medspa_member_saving:contains(3.20)",
            },
        ].flat(),
});

registry.category("web_tour.tours").add("medspa_membership_pos_loyalty.on_top", {
    steps: () =>
        [
            Chrome.startPoS(),
            Dialog.confirm("Open Register"),
            ProductScreen.clickDisplayedProduct("Peel", true, "1", "120.00"),
            ProductScreen.clickPartnerButton(),
            ProductScreen.clickCustomer("Paula Patient"),
            // 102 less 18 %.
            ProductScreen.totalAmountIs("83.64"),
            ProductScreen.clickPayButton(),
            PaymentScreen.clickPaymentMethod("Bank"),
            PaymentScreen.clickValidate(),
            ReceiptScreen.receiptIsThere(),
            {
                content: "what others would have paid more: 98.40",
                trigger: ".pos-receipt .o_medspa_member_saving:contains(14.76)",
            },
        ].flat(),
});
