# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError

from .medspa_credit import LEDGER, QUANTITY_DIGITS


class MedspaCreditMove(models.Model):
    """One row of the ledger of credits. Rows are added, never changed or deleted.

    The balance of a credit on any past day is the sum of its rows up to that day.
    """

    _name = "medspa.credit.move"
    _inherit = "medspa.guarded"
    _description = "Credit move"
    _order = "id desc"
    _rec_name = "kind"

    credit_id = fields.Many2one(
        "medspa.credit", required=True, index=True, ondelete="restrict"
    )
    partner_id = fields.Many2one(
        "res.partner", "Patient", required=True, index=True, ondelete="restrict"
    )
    company_id = fields.Many2one("res.company", required=True, index=True)
    currency_id = fields.Many2one(related="company_id.currency_id")
    kind = fields.Selection(
        [
            ("grant", "Granted"),
            ("reserve", "Reserved"),
            ("release", "Released"),
            ("redeem", "Used"),
            ("restore", "Given back"),
            ("expire", "Expired"),
            ("rollover", "Rolled over"),
            ("freeze", "Paused"),
            ("unfreeze", "Resumed"),
            ("hold", "Held until paid"),
            ("adjust", "Corrected"),
            ("transfer", "Transferred"),
            ("refund", "Refunded"),
        ],
        required=True,
        readonly=True,
    )
    quantity = fields.Float(
        digits=(16, QUANTITY_DIGITS),
        required=True,
        help="What it adds to the balance, or takes from it.",
    )
    reserved = fields.Float(
        digits=(16, QUANTITY_DIGITS),
        required=True,
        help="What it adds to the part set aside for bookings, or takes from it.",
    )
    value = fields.Monetary(help="The share of the price that goes with the quantity.")
    moved_at = fields.Datetime(
        "Moment", required=True, index=True, default=fields.Datetime.now
    )
    user_id = fields.Many2one("res.users", "By", ondelete="restrict")
    reason = fields.Char()
    restored_move_id = fields.Many2one(
        "medspa.credit.move",
        "Gives back",
        ondelete="restrict",
        help="The use that this row takes back.",
    )
    unit = fields.Selection(related="credit_id.unit")

    _restored_once = models.UniqueIndex(
        "(restored_move_id) WHERE restored_move_id IS NOT NULL",
        "This use has been given back already.",
    )
    _restore_names_its_use = models.Constraint(
        "CHECK ((kind = 'restore') = (restored_move_id IS NOT NULL))",
        "A row that gives back names the use it takes back.",
    )

    def init(self):
        """Let the database refuse changes too. Merging patients may move partner_id."""
        self.env.cr.execute(
            """
            CREATE OR REPLACE FUNCTION medspa_credit_move_is_final()
            RETURNS trigger AS $$
            BEGIN
                RAISE EXCEPTION 'medspa_credit_move is append-only'
                    USING ERRCODE = 'restrict_violation';
            END $$ LANGUAGE plpgsql;
            DROP TRIGGER IF EXISTS medspa_credit_move_final ON medspa_credit_move;
            CREATE TRIGGER medspa_credit_move_final
                BEFORE DELETE OR UPDATE OF credit_id, kind, quantity, reserved, value,
                    moved_at, restored_move_id
                ON medspa_credit_move
                FOR EACH ROW EXECUTE FUNCTION medspa_credit_move_is_final();
            DROP TRIGGER IF EXISTS medspa_credit_move_balanced ON medspa_credit_move;
            CREATE CONSTRAINT TRIGGER medspa_credit_move_balanced
                AFTER INSERT ON medspa_credit_move DEFERRABLE INITIALLY DEFERRED
                FOR EACH ROW EXECUTE FUNCTION medspa_credit_is_balanced('credit_id');
            DROP TRIGGER IF EXISTS medspa_credit_move_kept ON medspa_credit_move;
            CREATE TRIGGER medspa_credit_move_kept
                BEFORE TRUNCATE ON medspa_credit_move
                FOR EACH STATEMENT EXECUTE FUNCTION medspa_credit_move_is_final();
            """
        )

    # === CRUD METHODS === #

    @api.model_create_multi
    def create(self, vals_list):
        if self.env.context.get("medspa_ledger") is not LEDGER:
            raise AccessError(self.env._("The ledger of credits writes itself."))
        return super().create(vals_list)

    def write(self, vals):
        if self:
            raise UserError(
                self.env._("The ledger of credits is final: post a correction instead.")
            )
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_except_ledger(self):
        raise UserError(self.env._("The ledger of credits is never deleted."))

    # === BUSINESS METHODS === #

    def _ledger(self):
        """Return the environment that may add rows."""
        return self.sudo().with_context(medspa_ledger=LEDGER)

    def _restore(self, reserve_again=False, **document):
        """Take uses back: each gives exactly the quantity and value that it took.

        :param bool reserve_again: set the quantity aside once more, for a booking that
            is open again
        :return: the moves that give back
        """
        return self.env["medspa.credit"]._post_moves(
            [
                {
                    "credit": move.credit_id,
                    "kind": "restore",
                    "quantity": -move.quantity,
                    "reserved": -move.quantity if reserve_again else 0,
                    "value": -move.value,
                    "restored_move_id": move.id,
                    **document,
                }
                for move in self
            ]
        )
