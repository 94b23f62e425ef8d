"""Takes the pictures; runs in the environment that has playwright."""

import sys
from itertools import groupby
from pathlib import Path
from typing import Any

from playwright.sync_api import Error, sync_playwright

from medspa.pages import PAGES, Page

SIZES = {"phone": (390, 844), "desk": (1280, 800)}
ARGUMENTS = [
    "--no-sandbox",
    "--disable-dev-shm-usage",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]
TIMEOUT = 30_000


def main(program: str, base: str, target: str, *only: str) -> int:
    """Take the pictures of all pages, or of some; return how it went."""
    pages = [page for page in PAGES if not only or page.name in only]
    pages.sort(key=lambda page: page.login or "")
    problems = 0
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=program, args=ARGUMENTS)
        for size, (width, height) in SIZES.items():
            for login, group in groupby(pages, key=lambda page: page.login):
                context = chromium.new_context(
                    viewport={"width": width, "height": height},
                    is_mobile=size == "phone",
                    has_touch=size == "phone",
                    timezone_id="Europe/Madrid",
                )
                problems += _visit(context, base, login, list(group), target, size)
                context.close()
        chromium.close()
    return 1 if problems else 0


def _visit(
    context: Any,
    base: str,
    login: str | None,
    pages: list[Page],
    target: str,
    size: str,
) -> int:
    """Take the pictures that one person sees; return the number of problems."""
    tab = context.new_page()
    tab.set_default_timeout(TIMEOUT)
    said: list[str] = []
    tab.on("console", lambda m: said.append(m.text) if m.type == "error" else None)
    tab.on("pageerror", lambda error: said.append(str(error)))
    problems = 0
    if login:
        try:
            _log_in(tab, base, login)
        except Error as error:
            print(f"FAIL log-in of {login}: {_first_line(error)}", flush=True)
            return 1
    for page in pages:
        said.clear()
        path = Path(target) / f"{page.name}-{size}.png"
        try:
            if callable(page.path):
                page.path(tab, base)
            else:
                tab.goto(base + page.path)
            tab.wait_for_selector(page.wait, state="visible")
            tab.wait_for_load_state("load")
            tab.wait_for_timeout(700)
            tab.screenshot(path=path, full_page=True)
        except Error as error:
            print(f"FAIL {page.name} {size}: {_first_line(error)}", flush=True)
            problems += 1
            continue
        width = tab.evaluate("document.documentElement.scrollWidth")
        wide = f" (wider than the screen: {width} px)" if width > SIZES[size][0] else ""
        print(f"ok   {path}{wide}", flush=True)
        for text in said:
            print(f"     console error: {text}", flush=True)
        problems += bool(said)
    return problems


def _log_in(tab: Any, base: str, login: str) -> None:
    """Fill in the log-in form; the demo's passwords are the log-ins."""
    tab.goto(f"{base}/web/login?redirect=/my")
    tab.fill("input[name=login]", login)
    tab.fill("input[name=password]", login)
    tab.press("input[name=password]", "Enter")
    tab.wait_for_url("**/my**")


def _first_line(error: Exception) -> str:
    """Return the first line of an error's long text."""
    return str(error).split("\n", 1)[0]


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
