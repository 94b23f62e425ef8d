# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
from odoo import SUPERUSER_ID, api

NOT_FOR_MEMBERS = [
    "medspa_membership.close_reason_price",
    "medspa_membership.close_reason_withdrawn",
    "subscription_oca.close_reason_expensive",
    "subscription_oca.close_reason_requirement",
    "subscription_oca.close_reason_ended",
    "subscription_oca.close_reason_use",
    "subscription_oca.close_reason_other",
]


def migrate(cr, version):
    """Take what no member says from the reasons that members choose from."""
    env = api.Environment(cr, SUPERUSER_ID, {})
    for xml_id in NOT_FOR_MEMBERS:
        reason = env.ref(xml_id, raise_if_not_found=False)
        if reason:
            reason.is_for_members = False
