"""The pages of which ./medspa screenshots takes pictures.

A path is a text, or a function of the page and the address of the clinic that goes to
where the picture is taken (clicks, forms). Log-ins are those of the demo clinic.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

Walk = Callable[[Any, str], None]


@dataclass(frozen=True)
class Page:
    """One page: a name for the file, who looks, where, and what must be there."""

    name: str
    login: str | None
    path: str | Walk
    wait: str = "body"


PAGES = [
    Page("home", None, "/", "#wrapwrap"),
    Page("shop", None, "/shop", "#wrapwrap"),
    Page("my", "paula", "/my", "#wrapwrap"),
    Page("backend", "admin", "/odoo", ".o_web_client"),
]
