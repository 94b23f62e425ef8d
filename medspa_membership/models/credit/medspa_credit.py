# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
from collections import defaultdict
from datetime import date

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.fields import Domain
from odoo.tools import (
    SQL,
    float_compare,
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

# Kinds of move that spend: they are refused on a credit that may not be spent that day.
SPENDING_KINDS = ("reserve", "redeem")


class MedspaCredit(models.Model):
    """A lot of something prepaid: sessions, units or money.

    Whatever was sold (course, plan, gift) ends up here, and whatever is used leaves
    from here. The balances are changed by :meth:`_post_moves` only, which writes the
    ledger row in the same breath.
    """

    _name = "medspa.credit"
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

    # === BUSINESS METHODS: LEDGER === #

    def _ledger(self):
        """Return the records in the environment that may write credits and moves.

        Staff and portal users have no write access to either: what they may cause is
        decided by the method that calls the ledger.
        """
        return self.sudo().with_context(medspa_ledger=LEDGER)

    @api.model
    def _grant(self, vals_list, kind="grant", **document):
        """Create credits with their first move, once for each `grant_key`.

        :param list vals_list: values of the credits; `granted` in units of `unit`,
            `value` in the company's currency for all of it
        :param str kind: of the moves: "grant", or "transfer" for what came from another
        :param document: fields of the moves that name the cause
        :return: the credits, those granted earlier for the same cause included
        """
        keys = [vals["grant_key"] for vals in vals_list if vals.get("grant_key")]
        known = self.sudo().search([("grant_key", "in", keys)])
        known_keys = set(known.mapped("grant_key"))
        new_vals = [
            {
                **vals,
                "used": 0,
                "held": 0,
                "remaining": 0,
                "reserved": 0,
                "available": 0,
                "value_remaining": 0,
            }
            for vals in vals_list
            if vals.get("grant_key") not in known_keys
        ]
        if not new_vals:
            return known
        # The row starts at its final balance: the CHECKs hold from the first INSERT.
        for vals in new_vals:
            vals["granted"] = self._round_quantity(vals["granted"])
            vals["remaining"] = vals["available"] = vals["granted"]
            vals["value_remaining"] = vals.get("value", 0)
        credits = self._ledger().create(new_vals)
        self.env["medspa.credit.move"]._ledger().create(
            [
                credit._prepare_move_vals(
                    kind, credit.granted, 0, credit.value_remaining, document
                )
                for credit in credits
            ]
        )
        return known + credits.with_env(self.env)

    def _prepare_move_vals(self, kind, quantity, reserved, value, document):
        """Return the values of one ledger row. `document` holds its causes."""
        self.ensure_one()
        return {
            "credit_id": self.id,
            "partner_id": self.partner_id.id,
            "company_id": self.company_id.id,
            "user_id": self.env.uid,
            "kind": kind,
            "quantity": quantity,
            "reserved": reserved,
            "value": value,
            **document,
        }

    def _lock(self):
        """Wait for the rows and lock them, in order of id so that nobody deadlocks.

        A row that somebody changed in the meantime raises a serialization failure: the
        caller's request, job or retry loop then starts again and sees the new balance.
        """
        if self.ids:
            self.env.cr.execute(
                SQL(
                    "SELECT id FROM medspa_credit WHERE id IN %s ORDER BY id "
                    "FOR NO KEY UPDATE",
                    tuple(sorted(self.ids)),
                )
            )
            self.invalidate_recordset()

    @api.model
    def _post_moves(self, entries):
        """Change balances and write the ledger: the only door to both.

        :param list entries: dicts with `credit` (one record), `kind`, `quantity`
            (signed change of what remains), `reserved` (signed change of what is
            reserved), `on_date` (the day of use, for kinds that spend), optionally
            `value` (signed; by default the share of the quantity) and any field of
            the move that names its cause
        :return: the moves, in the order of the entries
        :raise UserError: when a balance would go below zero, or when the credit may not
            be spent on that day
        """
        credits_sudo = self.browse({e["credit"].id for e in entries})._ledger()
        credits_sudo.flush_recordset()
        credits_sudo._lock()
        balances = {
            credit.id: [
                credit.remaining,
                credit.reserved,
                credit.value_remaining,
                credit.used,
            ]
            for credit in credits_sudo
        }
        move_vals = []
        for entry in entries:
            entry = dict(entry)
            credit_sudo = credits_sudo.browse(entry.pop("credit").id)
            move_vals.append(credit_sudo._apply_entry(entry, balances[credit_sudo.id]))
        for credit in credits_sudo:
            remaining, reserved, value, used = balances[credit.id]
            # What is gone cannot be held back any more.
            held = min(credit.held, self._round_quantity(remaining - reserved))
            credit.write(
                {
                    "remaining": remaining,
                    "reserved": reserved,
                    "held": held,
                    "available": self._round_quantity(remaining - reserved - held),
                    "value_remaining": value,
                    "used": used,
                }
            )
        moves = self.env["medspa.credit.move"]._ledger().create(move_vals)
        credits_sudo.with_env(self.env)._on_balance_changed()
        return moves.with_env(self.env)

    def _apply_entry(self, entry, balance):
        """Check one entry against the locked balance and change the balance in place.

        :return: the values of its move
        """
        self.ensure_one()
        kind = entry.pop("kind")
        quantity = self._round_quantity(entry.pop("quantity", 0))
        reserved = self._round_quantity(entry.pop("reserved", 0))
        on_date = entry.pop("on_date", None) or self.company_id._medspa_date()
        value = entry.pop("value", None)
        if kind in SPENDING_KINDS:
            self._check_spendable(on_date)
            self._check_not_held(quantity, reserved, balance)
        if value is None:
            value = self._share_of_value(quantity, balance)
        new_remaining = self._round_quantity(balance[0] + quantity)
        new_reserved = self._round_quantity(balance[1] + reserved)
        if new_reserved < 0 or new_remaining < new_reserved:
            raise UserError(self._get_shortage_message(balance[0] - balance[1]))
        balance[:] = [
            new_remaining,
            new_reserved,
            self.currency_id.round(balance[2] + value),
            self._round_quantity(balance[3] - quantity * self._is_use(kind, entry)),
        ]
        return self._prepare_move_vals(kind, quantity, reserved, value, entry)

    @api.model
    def _is_use(self, kind, entry):
        """Tell whether an entry uses something up, or takes such a use back."""
        if kind == "restore":
            move_sudo = self.env["medspa.credit.move"].sudo()
            kind = move_sudo.browse(entry.get("restored_move_id")).kind
        return kind == "redeem"

    def _share_of_value(self, quantity, balance):
        """Return the value that goes with a quantity, rounded to the currency.

        Each unit is worth the rounded share of the sale; the last one takes the rest,
        so that the shares always add up to what was paid.

        :param float quantity: signed change; only what leaves takes value with it
        :param balance: what remains, what is reserved and the value left, as locked
        """
        self.ensure_one()
        if quantity >= 0:
            return 0.0
        if float_compare(-quantity, balance[0], precision_digits=QUANTITY_DIGITS) >= 0:
            return -balance[2]
        share = self.currency_id.round(self.value * -quantity / self.granted)
        return -min(share, balance[2])

    def _check_spendable(self, on_date):
        """Refuse a credit that may not be spent on a day.

        :param date on_date: the clinic's day of use
        :raise UserError: frozen, not valid yet, or expired by then
        """
        self.ensure_one()
        if self.is_frozen:
            raise UserError(
                self.env._(
                    "%(credit)s is paused and cannot be used.", credit=self._name_it()
                )
            )
        if self.valid_from and on_date < self.valid_from:
            raise UserError(
                self.env._(
                    "%(credit)s can be used from %(date)s on.",
                    credit=self._name_it(),
                    date=self._format_date(self.valid_from),
                )
            )
        if self.expires_on and on_date > self.expires_on:
            raise UserError(
                self.env._(
                    "%(credit)s expired on %(date)s. Extend it before it is used.",
                    credit=self._name_it(),
                    date=self._format_date(self.expires_on),
                )
            )

    def _check_not_held(self, quantity, reserved, balance):
        """Refuse to spend what is held back until it is paid."""
        spent = max(-quantity, 0) + max(reserved, 0) - max(-reserved, 0)
        free = self._round_quantity(balance[0] - balance[1] - self.held)
        if self.held and float_compare(spent, free, precision_digits=3) > 0:
            raise UserError(
                self.env._(
                    "%(free)s paid and left to use: %(credit)s. The next part of the "
                    "price gives more.",
                    free=self._format_quantity(free),
                    credit=self._name_it(),
                )
            )

    def _hold(self, held_by_credit, reason=None):
        """Set how much of each credit waits for its money.

        :param dict held_by_credit: quantity by credit; what is used or reserved already
            cannot be held
        """
        credits_sudo = self.browse([c.id for c in held_by_credit])._ledger()
        credits_sudo._lock()
        changed = self.browse()
        for credit, wanted in held_by_credit.items():
            credit_sudo = credits_sudo.browse(credit.id)
            free = self._round_quantity(credit_sudo.remaining - credit_sudo.reserved)
            held = min(max(self._round_quantity(wanted), 0.0), free)
            if float_compare(held, credit_sudo.held, precision_digits=3):
                credit_sudo.write({"held": held, "available": free - held})
                changed |= credit
        return self._post_moves(
            [{"credit": c, "kind": "hold", "reason": reason} for c in changed]
        )

    def _on_balance_changed(self):
        """Seam: called after every change of a balance, for the layers below."""

    def _reserve(self, quantity, on_date, **document):
        """Set a quantity aside for a booking on a day. Note: `self.ensure_one()`."""
        self.ensure_one()
        return self._post_moves(
            [
                {
                    "credit": self,
                    "kind": "reserve",
                    "reserved": quantity,
                    "on_date": on_date,
                    **document,
                }
            ]
        )

    def _release(self, quantity, **document):
        """Give back what was set aside. Note: `self.ensure_one()`."""
        self.ensure_one()
        return self._post_moves(
            [{"credit": self, "kind": "release", "reserved": -quantity, **document}]
        )

    def _redeem(self, quantity, on_date, reserved=0, **document):
        """Use a quantity up, of which `reserved` had been set aside.

        Note: `self.ensure_one()`
        """
        self.ensure_one()
        return self._post_moves(
            [
                {
                    "credit": self,
                    "kind": "redeem",
                    "quantity": -quantity,
                    "reserved": -reserved,
                    "on_date": on_date,
                    **document,
                }
            ]
        )

    def _adjust(self, quantity, reason, **document):
        """Correct a balance by hand: a signed quantity and the reason for it."""
        self.ensure_one()
        return self._post_moves(
            [
                {
                    "credit": self,
                    "kind": "adjust",
                    "quantity": quantity,
                    "reason": reason,
                    **document,
                }
            ]
        )

    def _set_validity(self, expires_on, reason=None):
        """Move the last day of use and leave a row in the ledger that says so."""
        changed = self.filtered(lambda credit: credit.expires_on != expires_on)
        changed._ledger().write({"expires_on": expires_on})
        return self._post_moves(
            [
                {"credit": credit, "kind": "adjust", "reason": reason}
                for credit in changed
            ]
        )

    def _freeze(self, reason=None):
        """Stop the credits from being spent."""
        open_credits = self.filtered(lambda credit: not credit.is_frozen)
        open_credits._ledger().write({"is_frozen": True})
        return self._post_moves(
            [{"credit": c, "kind": "freeze", "reason": reason} for c in open_credits]
        )

    def _unfreeze(self, reason=None):
        """Let the credits be spent again."""
        frozen = self.filtered("is_frozen")
        frozen._ledger().write({"is_frozen": False})
        return self._post_moves(
            [{"credit": c, "kind": "unfreeze", "reason": reason} for c in frozen]
        )

    def _expire(self):
        """Take back what is left and not reserved."""
        return self._post_moves(
            [
                {"credit": credit, "kind": "expire", "quantity": -credit.available}
                for credit in self
                if credit.available > 0
            ]
        )

    # === BUSINESS METHODS: WHICH CREDIT PAYS === #

    @api.model
    def _get_usable_domain(self, partner, company, on_date, unit="session"):
        """Return the domain of what a patient can spend on a day, of any coverage."""
        return (
            self._get_spender_domain(partner)
            & Domain("company_id", "=", company.id)
            & Domain("unit", "=", unit)
            & Domain("available", ">", 0)
            & Domain("is_frozen", "=", False)
            & (Domain("valid_from", "=", False) | Domain("valid_from", "<=", on_date))
            & (Domain("expires_on", "=", False) | Domain("expires_on", ">=", on_date))
        )

    @api.model
    def _get_spender_domain(self, partner):
        """Return the domain of the credits of a patient and of those shared with them.

        No index serves both sides of an OR: the database would read every credit.
        """
        partner_id = SQL.identifier("partner_id", to_flush=self._fields["partner_id"])
        return Domain.custom(
            to_sql=lambda model, alias, query: SQL(
                "%s IN (SELECT id FROM medspa_credit WHERE %s = %s"
                " UNION ALL SELECT credit_id FROM medspa_credit_beneficiary_rel"
                " WHERE partner_id = %s)",
                SQL.identifier(alias, "id"),
                partner_id,
                partner.id or None,
                partner.id or None,
            )
        )

    @api.model
    def _get_coverage_domain(self, treatment):
        """Return the domain of the credits that cover a treatment."""
        return (
            (
                Domain("coverage", "=", "treatment")
                & Domain("treatment_id", "=", treatment.id)
            )
            | (
                Domain("coverage", "=", "treatments")
                & Domain("treatment_ids", "in", treatment.ids)
            )
            | (
                Domain("coverage", "=", "category")
                & Domain("categ_id", "parent_of", treatment.categ_id.ids)
            )
        )

    @api.model
    def _find_usable(self, partner, treatment, on_date, company=None, unit="session"):
        """Return the credits that can pay for a treatment, the one that pays first.

        The order is the house rule: complimentary first, then the earliest expiry, then
        the narrowest coverage, then the oldest, the free part of a deal after its paid
        part. Nothing else decides which credit pays, unless a person picks another.

        :param date on_date: the clinic's day of use
        """
        company = company or self.env.company
        credits_found = self.search(
            self._get_usable_domain(partner, company, on_date, unit)
            & self._get_coverage_domain(treatment)
        )
        return credits_found.sorted(lambda credit: credit._get_spending_order())

    def _get_spending_order(self):
        """Return the sort key of a credit: the lowest pays first."""
        self.ensure_one()
        breadth = {"treatment": 1, "category": 1_000_000}.get(self.coverage)
        return (
            not self.is_complimentary,
            self.expires_on or date.max,
            breadth or 1 + len(self.treatment_ids),
            self.is_bonus,
            self.id,
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
