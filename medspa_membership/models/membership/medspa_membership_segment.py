# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import SQL


class MedspaMembershipSegment(models.Model):
    """What was agreed with a member, a row for every change of it.

    Rows are added and never changed or deleted: a later row stands beside an earlier
    one, or takes its place. What a membership owes and gives follows from the rows that
    stand, see :mod:`.timeline`, and so does what it was on a day of the past.
    """

    _name = "medspa.membership.segment"
    _inherit = "medspa.guarded"
    _description = "What was agreed"
    _order = "membership_id, id"
    _rec_name = "kind"

    membership_id = fields.Many2one(
        "sale.subscription", required=True, index=True, ondelete="restrict"
    )
    company_id = fields.Many2one("res.company", required=True, index=True)
    currency_id = fields.Many2one("res.currency", required=True)
    kind = fields.Selection(
        [
            ("terms", "Plan and price"),
            ("trial", "Trial"),
            ("pause", "Pause"),
            ("skip", "Period left out"),
            ("end", "End"),
            ("adjust", "Sum agreed for a period"),
            ("void", "Taken back"),
        ],
        required=True,
    )
    start_date = fields.Date("From", required=True)
    end_date = fields.Date("To")
    replaces_id = fields.Many2one(
        "medspa.membership.segment",
        "Takes the place of",
        index="btree_not_null",
        ondelete="restrict",
    )
    # Terms, as they were sold
    template_id = fields.Many2one(
        "sale.subscription.template", "Plan", index=True, ondelete="restrict"
    )
    price = fields.Monetary(help="Of a whole period, with tax.")
    price_base = fields.Json(
        help="What the price is made of: product, unit price, discount and taxes."
    )
    period_unit = fields.Char()
    period_length = fields.Integer()
    payment_limit = fields.Integer("Payments")
    anchor_date = fields.Date(
        "Counted from",
        help="Set where a new count of periods begins on the first day.",
    )
    grants = fields.Json(help="What a whole period gives, by what it covers.")
    stamp = fields.Json("Terms", help="All other terms of the plan, as they were sold.")
    # Pauses
    moves_periods = fields.Boolean(
        help="The periods move by the days of the pause; otherwise they are left out."
    )
    is_inside = fields.Boolean(
        "After billing",
        help="The period that starts on the first day of the pause was billed before.",
    )
    # Sums
    amount = fields.Monetary(
        help="Of a trial; or what a period costs more or less than by its terms."
    )
    reason = fields.Char()
    user_id = fields.Many2one("res.users", "By", ondelete="restrict")
    created_at = fields.Datetime(
        "Moment", required=True, default=fields.Datetime.now, readonly=True
    )

    _replaced_once = models.UniqueIndex(
        "(replaces_id) WHERE replaces_id IS NOT NULL",
        "Another row has taken the place of this one already.",
    )
    _segment_forward = models.Constraint(
        "CHECK (kind <> 'pause' OR end_date IS NULL OR end_date >= start_date)",
        "A pause ends after it begins.",
    )
    _void_names_a_row = models.Constraint(
        "CHECK (kind <> 'void' OR replaces_id IS NOT NULL)",
        "What is taken back is named.",
    )
    _terms_are_whole = models.Constraint(
        "CHECK (kind <> 'terms' OR (template_id IS NOT NULL AND period_unit IS NOT NULL"
        " AND period_length > 0 AND price IS NOT NULL))",
        "Terms have a plan, a price and a rhythm.",
    )

    def init(self):
        """Let the database refuse changes too: what was agreed is final."""
        self.env.cr.execute(
            """
            CREATE OR REPLACE FUNCTION medspa_membership_segment_is_final()
            RETURNS trigger AS $$
            BEGIN
                RAISE EXCEPTION 'medspa_membership_segment is append-only'
                    USING ERRCODE = 'restrict_violation';
            END $$ LANGUAGE plpgsql;
            DROP TRIGGER IF EXISTS medspa_membership_segment_final
                ON medspa_membership_segment;
            CREATE TRIGGER medspa_membership_segment_final
                BEFORE DELETE OR UPDATE ON medspa_membership_segment
                FOR EACH ROW EXECUTE FUNCTION medspa_membership_segment_is_final();
            DROP TRIGGER IF EXISTS medspa_membership_segment_kept
                ON medspa_membership_segment;
            CREATE TRIGGER medspa_membership_segment_kept
                BEFORE TRUNCATE ON medspa_membership_segment
                FOR EACH STATEMENT
                EXECUTE FUNCTION medspa_membership_segment_is_final();
            """
        )

    # === CRUD METHODS === #

    def write(self, vals):
        if self:
            raise UserError(
                self.env._("What was agreed is final: a change is a row of its own.")
            )
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_except_never(self):
        raise UserError(self.env._("What was agreed with a member is never deleted."))

    def _get_guard_message(self):
        return self.env._(
            "What was agreed writes itself: use the membership's buttons."
        )

    # === BUSINESS METHODS === #

    @api.model
    def _get_terms_on(self, company, day):
        """Return the terms that each member had on a day, of the past too.

        Whoever had none yet, was over, or was paused has none. In one query, however
        many members there are.

        :return: rows of kind "terms", one for each membership
        """
        self.env["sale.subscription"].flush_model(["date_start", "end_date"])
        self.flush_model()
        rows = self.env.execute_query(
            SQL(
                """
                WITH standing AS (
                    SELECT segment.*
                      FROM medspa_membership_segment segment
                     WHERE segment.company_id = %(company)s
                       AND segment.start_date <= %(day)s
                       AND segment.kind <> 'void'
                       AND NOT EXISTS (
                           SELECT 1 FROM medspa_membership_segment later
                            WHERE later.replaces_id = segment.id)
                )
                SELECT DISTINCT ON (terms.membership_id) terms.id
                  FROM standing terms
                  JOIN sale_subscription membership
                    ON membership.id = terms.membership_id
                 WHERE terms.kind = 'terms'
                   AND membership.date_start <= %(day)s
                   AND (membership.end_date IS NULL
                        OR membership.end_date >= %(day)s)
                   AND NOT EXISTS (
                       SELECT 1 FROM standing pause
                        WHERE pause.membership_id = terms.membership_id
                          AND pause.kind = 'pause'
                          AND COALESCE(pause.end_date, %(day)s) >= %(day)s)
                 ORDER BY terms.membership_id, terms.id DESC
                """,
                company=company.id,
                day=day,
            )
        )
        return self.browse(row[0] for row in rows)

    def _filter_standing(self):
        """Return the rows of which no other has taken the place, oldest first."""
        return (
            (self - self.replaces_id).filtered(lambda s: s.kind != "void").sorted("id")
        )
