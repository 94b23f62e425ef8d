# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
from collections import defaultdict

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.fields import Domain
from odoo.tools import (
    float_is_zero,
    float_repr,
    float_round,
    format_date,
)

# Sessions, units and money share one column type: three decimals hold a KWD amount and
# a tenth of a unit alike.
QUANTITY_DIGITS = 3

# Only code that imports this object can put it in a context: no client can forge it.
LEDGER = object()


class Moment:
    """A moment of the past at which rows of the ledger are dated.

    For data that are brought in: in a context as `medspa_moment`. A client sends text
    and numbers, and cannot send one of these.
    """

    def __init__(self, at):
        self.at = at


class MedspaCredit(models.Model):
    """A lot of something prepaid: sessions, units or money.

    Whatever was sold (course, plan, gift) ends up here, and whatever is used leaves
    from here. The balances are changed by :meth:`_post_moves` only, which writes the
    ledger row in the same breath.
    """

    _name = "medspa.credit"
    _inherit = "medspa.guarded"
    _description = "Credit"
    _order = "expires_on, id"
    _check_company_auto = True

    company_id = fields.Many2one(
        "res.company", required=True, index=True, default=lambda self: self.env.company
    )
    currency_id = fields.Many2one(related="company_id.currency_id")
    partner_id = fields.Many2one(
        "res.partner", "Patient", required=True, index=True, ondelete="restrict"
    )

    beneficiary_ids = fields.Many2many(
        "res.partner",
        "medspa_credit_beneficiary_rel",
        "credit_id",
        "partner_id",
        string="Also used by",
        help="Others who may spend it; it stays the patient's.",
    )
    coverage = fields.Selection(
        [
            ("treatment", "One treatment"),
            ("treatments", "Any of several treatments"),
            ("category", "A product category"),
        ],
        required=True,
        default="treatment",
    )
    treatment_id = fields.Many2one(
        "product.template", index="btree_not_null", ondelete="restrict"
    )
    treatment_ids = fields.Many2many("product.template", string="Treatments")
    categ_id = fields.Many2one("product.category", "Category", ondelete="restrict")

    unit = fields.Selection(
        [("session", "Sessions"), ("unit", "Units"), ("money", "Money")],
        required=True,
        default="session",
    )
    is_complimentary = fields.Boolean(
        "Complimentary", help="Given for free: spent before anything that was paid."
    )
    is_bonus = fields.Boolean(
        "Free session",
        help="The free part of a deal: spent after what was paid, worth nothing in a "
        "refund.",
    )
    grant_key = fields.Char(
        help="Names the cause of the grant. One cause grants once, however often its "
        "event arrives.",
        copy=False,
    )
    valid_from = fields.Date()
    expires_on = fields.Date(help="The last day on which the credit can be used.")
    is_frozen = fields.Boolean("Frozen")

    granted = fields.Float(digits=(16, QUANTITY_DIGITS), required=True)
    remaining = fields.Float(digits=(16, QUANTITY_DIGITS), readonly=True, required=True)
    reserved = fields.Float(digits=(16, QUANTITY_DIGITS), readonly=True, required=True)
    held = fields.Float(
        digits=(16, QUANTITY_DIGITS),
        readonly=True,
        required=True,
        help="Not paid yet: part of what remains, but not to be used.",
    )
    available = fields.Float(digits=(16, QUANTITY_DIGITS), readonly=True, required=True)
    used = fields.Float(
        digits=(16, QUANTITY_DIGITS),
        readonly=True,
        required=True,
        help="What was redeemed and not given back.",
    )
    value = fields.Monetary("Value at sale", help="The price paid for all of it.")
    value_remaining = fields.Monetary("Value left", readonly=True)
    move_ids = fields.One2many("medspa.credit.move", "credit_id", "Ledger")
    state = fields.Selection(
        [
            ("open", "Open"),
            ("frozen", "Frozen"),
            ("expired", "Expired"),
            ("used", "Used up"),
        ],
        compute="_compute_state",
    )

    _granted_positive = models.Constraint(
        "CHECK (granted > 0)", "A credit grants something: its quantity is above zero."
    )
    _reserved_in_balance = models.Constraint(
        "CHECK (reserved >= 0 AND reserved <= remaining AND used >= 0)",
        "What is reserved stays between zero and what remains.",
    )
    _available_is_rest = models.Constraint(
        "CHECK (held >= 0 AND available >= 0"
        " AND available = remaining - reserved - held)",
        "What is available is what remains and is neither reserved nor held.",
    )
    _value_not_negative = models.Constraint(
        "CHECK (value >= 0 AND value_remaining >= 0)",
        "The value of a credit is never below zero.",
    )
    _coverage_named = models.Constraint(
        "CHECK ((coverage <> 'treatment' OR treatment_id IS NOT NULL)"
        " AND (coverage <> 'category' OR categ_id IS NOT NULL))",
        "Say which treatment or category the credit covers.",
    )
    _grant_key_uniq = models.UniqueIndex(
        "(grant_key) WHERE grant_key IS NOT NULL", "This has been granted already."
    )
    _spendable_idx = models.Index("(partner_id, treatment_id) WHERE available > 0")
    _expiry_idx = models.Index("(expires_on) WHERE available > 0")

    def init(self):
        """Let the database compare balance and ledger whenever something is committed.

        Deferred: a balance and its row are written one after the other.
        """
        self.env.cr.execute(
            """
            CREATE OR REPLACE FUNCTION medspa_credit_is_balanced()
            RETURNS trigger AS $$
            DECLARE
                lot integer;
                balance record;
                ledger record;
            BEGIN
                lot := (to_jsonb(NEW) ->> TG_ARGV[0])::integer;
                SELECT remaining, reserved, COALESCE(value_remaining, 0) AS value
                    INTO balance FROM medspa_credit WHERE id = lot;
                SELECT COALESCE(SUM(quantity), 0) AS remaining,
                       COALESCE(SUM(reserved), 0) AS reserved,
                       COALESCE(SUM(value), 0) AS value
                    INTO ledger FROM medspa_credit_move WHERE credit_id = lot;
                IF balance IS DISTINCT FROM ledger THEN
                    RAISE EXCEPTION 'credit %: balance % is not its ledger %',
                        lot, balance, ledger USING ERRCODE = 'check_violation';
                END IF;
                RETURN NULL;
            END $$ LANGUAGE plpgsql;
            DROP TRIGGER IF EXISTS medspa_credit_balanced ON medspa_credit;
            CREATE CONSTRAINT TRIGGER medspa_credit_balanced
                AFTER INSERT OR UPDATE OF remaining, reserved, value_remaining
                ON medspa_credit DEFERRABLE INITIALLY DEFERRED
                FOR EACH ROW EXECUTE FUNCTION medspa_credit_is_balanced('id');
            """
        )

    # === COMPUTE METHODS === #

    @api.depends("remaining", "is_frozen", "expires_on")
    def _compute_state(self):
        for credit in self:
            today = credit.company_id._medspa_date()
            if float_is_zero(credit.remaining, precision_digits=QUANTITY_DIGITS):
                credit.state = "used"
            elif credit.expires_on and credit.expires_on < today:
                credit.state = "expired"
            else:
                credit.state = "frozen" if credit.is_frozen else "open"

    @api.depends("coverage", "treatment_id", "treatment_ids", "categ_id", "available")
    @api.depends_context("show_credit_balance")
    def _compute_display_name(self):
        for credit in self:
            credit.display_name = credit._get_coverage_label()
            if self.env.context.get("show_credit_balance"):
                credit.display_name = credit._get_choice_label()

    # === CRUD METHODS === #

    @api.model
    def _get_ledger_fields(self):
        """Return the fields that only the ledger writes."""
        return {
            "company_id",
            "partner_id",
            "coverage",
            "treatment_id",
            "treatment_ids",
            "categ_id",
            "unit",
            "is_complimentary",
            "is_bonus",
            "beneficiary_ids",
            "grant_key",
            "valid_from",
            "expires_on",
            "is_frozen",
            "granted",
            "remaining",
            "reserved",
            "held",
            "available",
            "used",
            "value",
            "value_remaining",
            "move_ids",
        }

    def _check_ledger_context(self):
        if self.env.context.get("medspa_ledger") is not LEDGER:
            raise AccessError(
                self.env._(
                    "Credits change through the ledger only: by a sale, a booking, a "
                    "visit or a correction with a reason."
                )
            )

    @api.model_create_multi
    def create(self, vals_list):
        self._check_ledger_context()
        return super().create(vals_list)

    def write(self, vals):
        if self._get_ledger_fields() & vals.keys():
            self._check_ledger_context()
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_except_ledger(self):
        raise UserError(
            self.env._(
                "A credit is never deleted: its history is what the clinic owes."
            )
        )

    # === CRON METHODS === #

    @api.model
    def _cron_expire(self):
        """Expire what was not used in time, company by company, in batches."""
        may_expire = Domain("available", ">", 0) & Domain("expires_on", "!=", False)
        for (company,) in self._read_group(may_expire, ["company_id"]):
            domain = self._get_expired_domain(company, company._medspa_date())
            self.env["ir.cron"]._commit_progress(remaining=self.search_count(domain))
            while batch := self.search(domain, limit=200).try_lock_for_update():
                batch._expire()
                if not self.env["ir.cron"]._commit_progress(len(batch)):
                    return

    @api.model
    def _get_expired_domain(self, company, today):
        """Return the domain of credits whose last day is before `today`."""
        return (
            Domain("company_id", "=", company.id)
            & Domain("available", ">", 0)
            & Domain("is_frozen", "=", False)
            & Domain("expires_on", "<", today)
        )

    # === TOOLS === #

    @api.model
    def _round_quantity(self, quantity):
        return float_round(quantity, precision_digits=QUANTITY_DIGITS)

    def _get_coverage_label(self):
        self.ensure_one()
        if self.coverage == "treatment":
            return self.treatment_id.name or ""
        if self.coverage == "category":
            return self.env._("Anything in %s", self.categ_id.name)
        return ", ".join(self.treatment_ids.mapped("name"))

    def _get_source_label(self):
        """Return where the credit comes from, in the patient's words.

        A seam: the layers that sell credits know. Note: `self.ensure_one()`.
        """
        self.ensure_one()
        return ""

    def _get_choice_label(self):
        """Return what tells one credit of a patient from another."""
        self.ensure_one()
        label = self.env._(
            "%(coverage)s, %(available)s free",
            coverage=self._get_coverage_label(),
            available=self._format_quantity(self.available),
        )
        if not self.expires_on:
            return label
        return self.env._(
            "%(credit)s, until %(date)s",
            credit=label,
            date=self._format_date(self.expires_on),
        )

    def _name_it(self):
        """Return the credit as a person would say it: what it is for, and whose."""
        return self.env._(
            "%(coverage)s of %(patient)s",
            coverage=self._get_coverage_label(),
            patient=self.partner_id.name,
        )

    def _format_quantity(self, quantity):
        """Return a quantity with its unit, without idle decimals."""
        self.ensure_one()
        number = self._format_number(quantity)
        if self.unit == "unit":
            return self.env._("%s units", number)
        if self.unit == "session":
            if number == "1":
                return self.env._("1 session")
            return self.env._("%s sessions", number)
        return number

    def _format_number(self, quantity):
        """Return a quantity without its unit and without idle decimals."""
        self.ensure_one()
        if self.unit == "money":
            return self.currency_id.format(quantity)
        return float_repr(quantity, QUANTITY_DIGITS).rstrip("0").rstrip(".")

    def _covers(self, treatment):
        """Tell whether a treatment is covered. Note: `self.ensure_one()`."""
        self.ensure_one()
        return bool(self.filtered_domain(self._get_coverage_domain(treatment)))

    def _format_date(self, day):
        return format_date(self.env, day)

    def _get_shortage_message(self, available):
        self.ensure_one()
        if available <= 0:
            return self.env._(
                "Nothing is left to use: %(credit)s is used up or set aside "
                "for bookings.",
                credit=self._name_it(),
            )
        return self.env._(
            "Only %(available)s left to use: %(credit)s.",
            available=self._format_quantity(available),
            credit=self._name_it(),
        )

    @api.model
    def _group_by_partner(self, partners):
        """Return what each patient has left that is open, as `{partner: credits}`."""
        grouped = defaultdict(self.browse)
        for credit in self.search(
            [("partner_id", "in", partners.ids), ("remaining", ">", 0)]
        ):
            grouped[credit.partner_id] |= credit
        return grouped
