# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
from lxml import etree

from odoo import SUPERUSER_ID, api
from odoo.tools.misc import file_open

# Rules on models of others, which named our fields even where these are not loaded;
# subscriptions without a company were hidden from who kept them.
RULES = (
    "calendar_event_rule_appointment",
    "calendar_event_rule_appointment_company",
    "sale_subscription_template_rule_company",
    "sale_subscription_template_rule_plan",
    "sale_subscription_rule_company",
    "sale_subscription_rule_portal",
    "sale_subscription_line_rule_portal",
)


def migrate(cr, version):
    """Take the domains of these rules from the file: they are not updated by it."""
    env = api.Environment(cr, SUPERUSER_ID, {})
    with file_open("medspa_membership/security/medspa_membership_rules.xml", "rb") as f:
        tree = etree.parse(f)
    for name in RULES:
        rule = env.ref(f"medspa_membership.{name}", raise_if_not_found=False)
        node = tree.find(f".//record[@id='{name}']/field[@name='domain_force']")
        if rule and node is not None:
            rule.domain_force = node.text.strip()
