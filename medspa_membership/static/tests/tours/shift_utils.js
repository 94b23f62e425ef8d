/* Copyright 2026 medspa
 * License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl). */

/** From here on a page is said to jump under the reader's finger (Core Web Vitals). */
const LIMIT = 0.1;
/** Shifts belong together that follow each other so closely, for so long (ms). */
const GAP = 1000;
const SPAN = 5000;

/** Return the layout shifts of the page since it began to load, the observer's own. */
async function getShifts() {
    const shifts = [];
    const observer = new PerformanceObserver((list) => shifts.push(...list.getEntries()));
    observer.observe({ type: "layout-shift", buffered: true });
    // What was buffered is handed over by a task of its own.
    await new Promise((resolve) => setTimeout(resolve, 50));
    shifts.push(...observer.takeRecords());
    observer.disconnect();
    return shifts.filter((shift) => !shift.hadRecentInput);
}

/** Return the shifts of the worst moment, as browsers count their "CLS". */
function getWorst(shifts) {
    let worst = [];
    let current = [];
    const sum = (list) => list.reduce((total, shift) => total + shift.value, 0);
    for (const shift of shifts) {
        const last = current.at(-1);
        const belongs =
            last &&
            shift.startTime - last.startTime < GAP &&
            shift.startTime - current[0].startTime < SPAN;
        current = belongs ? [...current, shift] : [shift];
        if (sum(current) > sum(worst)) {
            worst = current;
        }
    }
    return { value: sum(worst), shifts: worst };
}

function describe(shift) {
    return shift.sources
        .map(({ node, previousRect, currentRect }) => {
            const element = node?.nodeType === Node.TEXT_NODE ? node.parentElement : node;
            const name = element ? `<${element.localName} class="${element.className}">` : "?";
            return `${name} from ${previousRect.y} to ${currentRect.y}`;
        })
        .join(", ");
}

/**
 * Fail where the page has jumped while it was loading, or since.
 *
 * @param {string} name of the page, for the message
 */
export async function assertStable(name) {
    const { value, shifts } = getWorst(await getShifts());
    console.info(`Layout shift of ${name} at ${window.innerWidth} px: ${value.toFixed(4)}`);
    if (value >= LIMIT) {
        throw new Error(`${name} jumps by ${value.toFixed(3)}: ${shifts.map(describe).join(" | ")}`);
    }
}

/**
 * Step of a tour: nothing on the page has jumped while it was loading. It stands before
 * what the tour does on the page: what a patient causes is no surprise to them, but the
 * browser does not take the clicks of a tour for a patient's.
 *
 * @param {string} name of the page, for the message
 */
export function checkStable(name) {
    return {
        content: `${name} stands still`,
        trigger: "#wrapwrap main",
        run: () => assertStable(name),
    };
}
