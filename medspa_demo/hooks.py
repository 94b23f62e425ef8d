# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
from .scenario import Scenario


def post_init_hook(env):
    """Let the clinic live: sales, payments and visits of the past year and today."""
    Scenario(env).play()
