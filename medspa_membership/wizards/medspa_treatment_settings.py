# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
from uuid import uuid4

from odoo import Command, api, fields, models
from odoo.exceptions import UserError


class MedspaTreatmentSettings(models.TransientModel):
    """Says which device settings are noted in the visits of a treatment.

    Managers set treatments up, but practitioners know what has to be noted: both may
    change this one field, and nothing else of the product.
    """

    _name = "medspa.treatment.settings"
    _description = "Device settings of a treatment"

    treatment_id = fields.Many2one(
        "product.template",
        required=True,
        domain="[('service_tracking', '=', 'medspa_treatment')]",
    )
    line_ids = fields.One2many(
        "medspa.treatment.settings.line",
        "wizard_id",
        "Settings",
        compute="_compute_line_ids",
        store=True,
        readonly=False,
        precompute=True,
    )

    @api.depends("treatment_id")
    def _compute_line_ids(self):
        for wizard in self:
            definition = wizard.treatment_id.settings_definition or []
            wizard.line_ids = [
                Command.clear(),
                *(
                    Command.create(
                        self.env["medspa.treatment.settings.line"]._from_setting(
                            setting, position
                        )
                    )
                    for position, setting in enumerate(definition)
                ),
            ]

    def action_confirm(self):
        """Note these settings from now on; what is written already stays."""
        self.ensure_one()
        self.treatment_id.check_access("read")
        if self.treatment_id.service_tracking != "medspa_treatment":
            raise UserError(self.env._("Only treatments have device settings."))
        kept = {
            setting["name"]: setting
            for setting in self.treatment_id.settings_definition or []
        }
        # Not everybody who may open this may write products.
        self.treatment_id.sudo().settings_definition = [
            line._to_setting(kept) for line in self.line_ids.sorted("sequence")
        ]


class MedspaTreatmentSettingsLine(models.TransientModel):
    _name = "medspa.treatment.settings.line"
    _description = "Device setting of a treatment"
    _order = "sequence, id"

    wizard_id = fields.Many2one(
        "medspa.treatment.settings", required=True, ondelete="cascade"
    )
    sequence = fields.Integer(default=10)
    key = fields.Char(help="Names the setting in what has been written already.")
    name = fields.Char("Setting", required=True)
    kind = fields.Selection(
        [
            ("char", "Text"),
            ("integer", "Whole number"),
            ("float", "Number"),
            ("boolean", "Yes or no"),
            ("selection", "Choice"),
            ("date", "Date"),
        ],
        required=True,
        default="char",
    )
    choices = fields.Char(help="For a choice: what can be chosen, set apart by commas.")

    @api.model
    def _from_setting(self, setting, position):
        """Return the values of the line that shows a setting."""
        kinds = dict(self._fields["kind"].selection)
        return {
            "sequence": position,
            "key": setting["name"],
            "name": setting.get("string"),
            # A kind that is not offered here is kept as it is: see _to_setting.
            "kind": setting["type"] if setting["type"] in kinds else "char",
            "choices": ", ".join(
                label for _key, label in setting.get("selection") or []
            ),
        }

    def _to_setting(self, kept):
        """Return the setting that a line stands for.

        :param dict kept: the settings of the treatment until now, by name
        """
        self.ensure_one()
        old = kept.get(self.key, {})
        offered = dict(self._fields["kind"].selection)
        if old and old["type"] not in offered:
            return {**old, "string": self.name}
        if old.get("type") == self.kind:
            setting = {**old, "string": self.name}
        else:
            # Another kind is another setting: old values would not fit it.
            setting = {
                "name": uuid4().hex[:16],
                "string": self.name,
                "type": self.kind,
            }
        if self.kind == "selection":
            setting["selection"] = self._get_selection(old)
        return setting

    def _get_selection(self, old):
        labels = [
            label.strip() for label in (self.choices or "").split(",") if label.strip()
        ]
        if not labels:
            raise UserError(
                self.env._(
                    "Say what can be chosen for %s, set apart by commas.", self.name
                )
            )
        keys = {label: key for key, label in old.get("selection") or []}
        return [[keys.get(label) or uuid4().hex[:16], label] for label in labels]
