# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
"""The arithmetic of promotions on member prices, apart from where they come from."""

from dataclasses import dataclass, replace


@dataclass(frozen=True)
class Standing:
    """What a line costs after the promotions so far.

    Both prices are of the whole line, in the tax mode of its unit price; `gross` is
    what they come to with tax.
    """

    paid: float
    # What it would cost with the promotions and without the member's price: more, as
    # long as the member's price is the better one.
    promoted: float
    gross: float = 1.0

    def reduce(self, share):
        """Return the standing after a promotion takes a share off.

        The lower of the two prices counts: the member's, or the one that anybody gets
        with the promotions. Where there is no member's price, both are one.
        """
        promoted = self.promoted * (1 - share)
        if self.paid == self.promoted or promoted < self.paid:
            return replace(self, paid=promoted, promoted=promoted)
        return replace(self, promoted=promoted)
