import { _t } from "@web/core/l10n/translation";
import { ConnectionLostError, RPCError } from "@web/core/network/rpc";

// Errors of the server whose words are meant for the person at the screen.
const FOR_PEOPLE = ["UserError", "ValidationError", "AccessError", "MissingError"];
/**
 * Return what went wrong in words, and what to do about it.
 *
 * @param {Error} error
 * @returns {string}
 */
export function describeError(error) {
    if (error instanceof ConnectionLostError) {
        return _t("The clinic could not be reached. Check your connection and try again.");
    }
    if (!(error instanceof RPCError)) {
        console.error(error);
    }
    const name = (error.exceptionName || "").split(".").pop();
    if (name === "SessionExpiredException") {
        return _t("You were away for a while. Load the page again and go on from there.");
    }
    if (FOR_PEOPLE.includes(name) && error.data?.message) {
        return error.data.message;
    }
    return _t(
        "Something went wrong on our side and nothing was saved. Try again; if it happens again, please call or write to us."
    );
}
