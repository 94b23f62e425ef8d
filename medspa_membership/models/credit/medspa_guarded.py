# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
from odoo import api, models
from odoo.exceptions import AccessError

# Whoever may write a record plans activities on it and writes messages.
OPEN_FIELDS = ("activity_", "message_", "my_activity_", "website_message_")


class MedspaGuarded(models.AbstractModel):
    """Fields that nobody writes by hand, whatever rights they have on the model.

    Methods of the product write them, as superuser, after their checks. What they leave
    out takes the default of its field: a `default_` in the caller's context is as good
    as a value that the caller wrote.
    """

    _name = "medspa.guarded"
    _description = "Guarded records"

    # === CRUD METHODS === #

    @api.model
    def default_get(self, fields):
        """Override to take no default of a guarded field from the context."""
        given = {f"default_{name}" for name in self._get_guarded_fields()}
        context = {k: v for k, v in self.env.context.items() if k not in given}
        clean = self.with_env(self.env(context=context))
        return super(MedspaGuarded, clean).default_get(fields)

    @api.model_create_multi
    def create(self, vals_list):
        for vals in vals_list:
            # An empty value is what a record begins with.
            self._check_guard({name: value for name, value in vals.items() if value})
        return super().create(vals_list)

    def write(self, vals):
        self._check_guard(vals)
        return super().write(vals)

    def _check_guard(self, vals):
        """Refuse values of guarded fields from anybody but the product's methods."""
        if not self.env.su and self._get_guarded_fields() & vals.keys():
            raise AccessError(self._get_guard_message())

    @api.model
    def _get_guarded_fields(self):
        """Seam: return the names of the guarded fields. All of them, if nothing else
        is said; messages and activities are the users' own.

        :rtype: set[str]
        """
        return {name for name in self._fields if not name.startswith(OPEN_FIELDS)}

    def _get_guard_message(self):
        """Seam: return why the fields are not written by hand, and what to do."""
        return self.env._("This is not written by hand: use the buttons.")
