import { registry } from "@web/core/registry";
import * as Chrome from "@point_of_sale/../tests/pos/tours/utils/chrome_util";
import * as Dialog from "@point_of_sale/../tests/generic_helpers/dialog_util";
import * as Order from "@point_of_sale/../tests/generic_helpers/order_widget_util";
import * as PaymentScreen from "@point_of_sale/../tests/pos/tours/utils/payment_screen_util";
import * as ProductScreen from "@point_of_sale/../tests/pos/tours/utils/product_screen_util";
import * as ReceiptScreen from "@point_of_sale/../tests/pos/tours/utils/receipt_screen_util";
import * as OfflineUtil from "@point_of_sale/../tests/generic_helpers/offline_util";

function clickUseCredit() {
    return [
        ...ProductScreen.clickControlButtonMore(),
        {
            content: "use a credit",
            trigger: ".modal button.o_medspa_use_credit",
            run: "click",
        },
    ];
}

/** Press Print, and look at what goes to the printer instead of the paper. */
function printReceipt() {
    const printed = [];
    return [
        {
            content: "catch what is printed",
            trigger: ".receipt-screen",
            run: () => {
                window.print = (element) =>
                    printed.push(element.innerText.replace(/\s+/g, " "));
            },
        },
        {
            content: "press Print",
            trigger: ".receipt-screen button.print:contains(Print Full Receipt)",
            run: "click",
        },
        {
            content: "the paper has the session, the member prices and what they save",
            trigger: ".receipt-screen button.print:has(.fa-print)",
            run: async () => {
                for (let tries = 0; !printed.length && tries < 50; tries++) {
                    await new Promise((resolve) => setTimeout(resolve, 100));
                }
                const [paper] = printed;
                for (const text of [
                    "Peel",
                    "Paid by credit: 1 session, 1 session left",
                    "Serum facial",
                    "28.33",
                    "84.99",
                    "Saved as a member",
                    "15.00",
                ]) {
                    if (!paper?.includes(text)) {
                        throw new Error(`${text} is missing on paper: ${paper}`);
                    }
                }
            },
        },
    ];
}

registry.category("web_tour.tours").add("medspa_membership_pos.sell_to_member", {
    steps: () =>
        [
            Chrome.startPoS(),
            Dialog.confirm("Open Register"),
            // Nobody is chosen yet: the public price.
            ProductScreen.clickDisplayedProduct("Peel", true, "1", "120.00"),
            ProductScreen.clickPartnerButton(),
            ProductScreen.clickCustomer("Paula Patient"),
            ProductScreen.totalAmountIs("102.00"),
            ProductScreen.clickDisplayedProduct("Serum facial", true, "1", "28.33"),
            ProductScreen.clickDisplayedProduct("Serum facial", true, "2", "56.66"),
            ProductScreen.clickDisplayedProduct("Serum facial", true, "3", "84.99"),
            // Offline, nothing is promised.
            OfflineUtil.setOfflineMode(),
            clickUseCredit(),
            {
                content: "credits need a connection",
                trigger: ".modal:contains(No connection) .modal-footer .btn-primary",
                run: "click",
            },
            OfflineUtil.setOnlineMode(),
            clickUseCredit(),
            {
                content: "one session is offered, and one is left afterwards",
                trigger:
                    ".modal .selection-item:contains(use 1 session of Peel):contains(1 session left)",
                run: "click",
            },
            ProductScreen.totalAmountIs("84.99"),
            Order.hasLine({
                productName: "Peel",
                quantity: "1",
                customerNote: "Paid by credit: 1 session, 1 session left",
            }),
            ProductScreen.clickPayButton(),
            PaymentScreen.clickPaymentMethod("Bank"),
            PaymentScreen.clickValidate(),
            ReceiptScreen.receiptIsThere(),
            ReceiptScreen.receiptAmountTotalIs("84.99"),
            {
                content: "the receipt says what paid, and what the membership saves",
                trigger:
                    ".pos-receipt:contains(Paid by credit: 1 session):has(.o_medspa_member_saving:contains(15.00))",
            },
            printReceipt(),
        ].flat(),
});
