# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
from datetime import date, timedelta
from unittest.mock import patch

from psycopg2.errors import (
    CheckViolation,
    ForeignKeyViolation,
    RestrictViolation,
    UniqueViolation,
)

from odoo import Command, fields
from odoo.exceptions import AccessError, UserError
from odoo.service.model import call_kw
from odoo.tests import freeze_time, tagged
from odoo.tools import mute_logger

from .common import TODAY, ClinicCase

DAY = date(2026, 2, 2)


class LedgerCase(ClinicCase):
    @classmethod
    def _create_company(cls, name, currency_code, tz="Europe/Madrid"):
        currency = (
            cls.env["res.currency"]
            .with_context(active_test=False)
            .search([("name", "=", currency_code)])
        )
        currency.active = True
        company = cls.env["res.company"].create(
            {"name": name, "currency_id": currency.id}
        )
        company.resource_calendar_id.tz = tz
        return company

    def _redeem_each(self, credit, count):
        """Redeem one session so many times; return the value each took, positive."""
        return [-credit._redeem(1, DAY).value for _index in range(count)]

    def assertRefused(self, call, *words):
        """Check that a call raises UserError naming the words, and changes nothing."""
        with self.assertRaises(UserError) as caught, self.env.cr.savepoint():
            call()
        for word in words:
            self.assertIn(word, str(caught.exception))


@freeze_time(TODAY)
@tagged("post_install", "-at_install")
class TestCreditLedger(LedgerCase):
    def test_one_cause_grants_once(self):
        first = self._create_credit(3, grant_key="cause-1")
        second = self._create_credit(3, grant_key="cause-1")
        self.assertEqual(first, second)
        self.assertEqual(first.move_ids.mapped("kind"), ["grant"])
        self.assertBalances(first, 3, 0)

    def test_credits_without_a_key_are_separate(self):
        self.assertNotEqual(self._create_credit(1), self._create_credit(1))

    def test_grant_mixes_known_and_new_causes(self):
        known = self._create_credit(1, grant_key="a")
        vals = {
            "company_id": self.company.id,
            "partner_id": self.patient.id,
            "treatment_id": self.peel.id,
            "granted": 2,
        }
        credits = self.env["medspa.credit"]._grant(
            [{**vals, "grant_key": "a"}, {**vals, "grant_key": "b"}]
        )
        self.assertEqual(len(credits), 2)
        self.assertIn(known, credits)
        self.assertBalances(known, 1, 0)
        self.assertBalances(credits - known, 2, 0)

    def test_reserve_redeem_release_restore(self):
        credit = self._create_credit(3, value=270)
        credit._reserve(1, DAY)
        self.assertBalances(credit, 3, 1)
        self.assertEqual(credit.available, 2)
        use = credit._redeem(1, DAY, reserved=1)
        self.assertBalances(credit, 2, 0)
        self.assertEqual((use.value, credit.value_remaining), (-90, 180))
        credit._reserve(1, DAY)
        credit._release(1)
        self.assertBalances(credit, 2, 0)
        back = use._restore()
        self.assertEqual((back.quantity, back.value), (1, 90))
        self.assertEqual(back.restored_move_id, use)
        self.assertBalances(credit, 3, 0)
        self.assertEqual(credit.value_remaining, 270)
        self.assertEqual(
            credit.move_ids.sorted("id").mapped("kind"),
            ["grant", "reserve", "redeem", "reserve", "release", "restore"],
        )

    def test_restore_for_an_open_booking_reserves_again(self):
        credit = self._create_credit(1)
        credit._reserve(1, DAY)
        use = credit._redeem(1, DAY, reserved=1)
        use._restore(reserve_again=True)
        self.assertBalances(credit, 1, 1)

    def test_a_use_is_given_back_once(self):
        credit = self._create_credit(2)
        use = credit._redeem(1, DAY)
        use._restore()
        with (
            self.assertRaises(UniqueViolation),
            mute_logger("odoo.sql_db"),
            self.env.cr.savepoint(),
        ):
            use._restore()
        self.env.invalidate_all()
        self.assertBalances(credit, 2, 0)

    def test_several_entries_of_one_credit_add_up(self):
        credit = self._create_credit(3)
        entry = {"credit": credit, "kind": "redeem", "quantity": -1, "on_date": DAY}
        self.env["medspa.credit"]._post_moves([entry, entry])
        self.assertBalances(credit, 1, 0)
        self.assertRefused(
            lambda: self.env["medspa.credit"]._post_moves([entry, entry]),
            "Nothing is left",
        )
        self.env.invalidate_all()
        self.assertBalances(credit, 1, 0)

    def test_not_more_than_available(self):
        credit = self._create_credit(2)
        credit._reserve(1, DAY)
        self.assertRefused(
            lambda: credit._reserve(2, DAY), "Only 1 session left", "Peel", "Paula"
        )
        self.assertRefused(lambda: credit._redeem(2, DAY), "Only 1 session left")
        self.assertRefused(lambda: credit._release(2))
        self.env.invalidate_all()
        self.assertBalances(credit, 2, 1)
        credit._reserve(1, DAY)
        self.assertRefused(lambda: credit._redeem(1, DAY), "Nothing is left to use")
        self.env.invalidate_all()
        self.assertBalances(credit, 2, 2)

    def test_adjust_by_hand(self):
        credit = self._create_credit(2, value=100)
        credit._adjust(1, "Promised on the phone")
        self.assertBalances(credit, 3, 0)
        self.assertEqual(credit.value_remaining, 100)
        credit._adjust(-2, "Counted wrong")
        self.assertBalances(credit, 1, 0)
        self.assertEqual(credit.value_remaining, 0)
        self.assertEqual(credit.move_ids[0].reason, "Counted wrong")

    def test_balance_on_a_past_day_is_a_sum_of_moves(self):
        with freeze_time("2026-01-10 10:00:00"):
            credit = self._create_credit(3)
        with freeze_time("2026-01-20 10:00:00"):
            credit._redeem(1, date(2026, 1, 20))
        credit._redeem(1, DAY)
        moves = credit.move_ids
        past = moves.filtered(
            lambda m: m.moved_at <= fields.Datetime.to_datetime("2026-01-31 23:59:59")
        )
        self.assertEqual(sum(past.mapped("quantity")), 2)
        self.assertEqual(sum(moves.mapped("quantity")), 1)

    def test_moves_name_the_person_even_when_rights_were_lent(self):
        credit = self._create_credit(1)
        move = credit.with_user(self.receptionist)._reserve(1, DAY)
        self.assertEqual(move.user_id, self.receptionist)


@freeze_time(TODAY)
@tagged("post_install", "-at_install")
class TestCreditValue(LedgerCase):
    def test_share_takes_the_rest_on_the_last(self):
        credit = self._create_credit(3, value=100)
        self.assertEqual(self._redeem_each(credit, 3), [33.33, 33.33, 33.34])
        self.assertEqual(credit.value_remaining, 0)

    def test_share_without_decimals(self):
        company = self._create_company("Tokyo", "JPY")
        credit = self._create_credit(3, value=1000, company_id=company.id)
        self.assertEqual(self._redeem_each(credit, 3), [333, 333, 334])

    def test_share_with_three_decimals(self):
        company = self._create_company("Kuwait", "KWD")
        credit = self._create_credit(3, value=1, company_id=company.id)
        self.assertEqual(self._redeem_each(credit, 3), [0.333, 0.333, 0.334])

    def test_share_never_takes_more_than_is_left(self):
        # A quarter of 0.02 rounds up to 0.01: two uses take all of it.
        credit = self._create_credit(4, value=0.02)
        self.assertEqual(self._redeem_each(credit, 4), [0.01, 0.01, 0, 0])

    def test_share_of_free_credit_is_nothing(self):
        credit = self._create_credit(2, value=0, is_complimentary=True)
        self.assertEqual(self._redeem_each(credit, 2), [0, 0])

    def test_last_use_given_back_is_worth_what_it_took(self):
        credit = self._create_credit(3, value=100)
        self._redeem_each(credit, 2)
        last = credit._redeem(1, DAY)
        self.assertEqual(last.value, -33.34)
        last._restore()
        self.assertEqual(credit.value_remaining, 33.34)
        self.assertEqual(self._redeem_each(credit, 1), [33.34])

    def test_first_use_given_back_leaves_the_sum_whole(self):
        credit = self._create_credit(3, value=100)
        first = credit._redeem(1, DAY)
        self._redeem_each(credit, 2)
        first._restore()
        self.assertEqual(credit.value_remaining, 33.33)
        self.assertEqual(self._redeem_each(credit, 1), [33.33])
        self.assertBalances(credit, 0, 0)

    def test_parts_of_units(self):
        # 50 units for 200.00: 0.1 unit is 0.40, 12.5 units are 50.00.
        credit = self._create_credit(50, unit="unit", value=200)
        self.assertEqual(credit._redeem(0.1, DAY).value, -0.4)
        self.assertEqual(credit._redeem(12.5, DAY).value, -50)
        self.assertBalances(credit, 37.4, 0)

    def test_many_small_uses_leave_nothing_over(self):
        credit = self._create_credit(1, unit="unit", value=1)
        for _index in range(30):
            credit._redeem(0.033, DAY)
        credit._redeem(credit.remaining, DAY)
        self.assertBalances(credit, 0, 0)
        self.assertEqual(credit.value_remaining, 0)

    def test_expiry_takes_the_value_of_what_is_not_reserved(self):
        credit = self._create_credit(3, value=100, expires_on=DAY)
        credit._reserve(1, DAY)
        with freeze_time("2026-02-04 12:00:00"):
            move = credit._expire()
        self.assertEqual((move.quantity, move.value), (-2, -66.67))
        self.assertBalances(credit, 1, 1)


@freeze_time(TODAY)
@tagged("post_install", "-at_install")
class TestCreditRefusals(LedgerCase):
    def test_expired_credit_is_not_spent(self):
        credit = self._create_credit(2, expires_on=DAY - timedelta(days=1))
        self.assertRefused(
            lambda: credit._reserve(1, DAY), "Peel of Paula", "expired on", "02/01/2026"
        )
        self.assertRefused(lambda: credit._redeem(1, DAY), "expired on")
        self.env.invalidate_all()
        self.assertBalances(credit, 2, 0)

    def test_last_day_of_validity_counts(self):
        credit = self._create_credit(1, expires_on=DAY)
        credit._redeem(1, DAY)
        self.assertBalances(credit, 0, 0)

    def test_day_of_use_decides_not_the_day_of_booking(self):
        credit = self._create_credit(1, expires_on=DAY + timedelta(days=5))
        self.assertRefused(
            lambda: credit._reserve(1, DAY + timedelta(days=6)), "expired on"
        )
        credit._reserve(1, DAY + timedelta(days=5))
        self.assertBalances(credit, 1, 1)

    def test_frozen_credit_is_not_spent(self):
        credit = self._create_credit(2)
        credit._freeze("Holidays")
        self.assertRefused(lambda: credit._reserve(1, DAY), "is paused")
        self.assertRefused(lambda: credit._redeem(1, DAY), "is paused")
        self.assertEqual(credit.state, "frozen")
        credit._unfreeze()
        credit._redeem(1, DAY)
        self.assertBalances(credit, 1, 0)
        self.assertEqual(credit.move_ids.filtered("reason").reason, "Holidays")

    def test_freezing_twice_is_one_row(self):
        credit = self._create_credit(1)
        self.assertEqual(len(credit._freeze() + credit._freeze()), 1)
        self.assertEqual(len(credit._unfreeze() + credit._unfreeze()), 1)

    def test_credit_is_not_spent_before_its_first_day(self):
        credit = self._create_credit(1, valid_from=DAY + timedelta(days=1))
        self.assertRefused(lambda: credit._redeem(1, DAY), "can be used from")
        self.assertFalse(
            credit._find_usable(self.patient, self.peel, DAY), "nor offered"
        )
        credit._redeem(1, DAY + timedelta(days=1))

    def test_what_was_reserved_can_be_released_when_frozen_or_expired(self):
        credit = self._create_credit(1, expires_on=DAY)
        credit._reserve(1, DAY)
        credit._freeze()
        with freeze_time("2026-02-10 12:00:00"):
            credit._release(1)
        self.assertBalances(credit, 1, 0)


@freeze_time(TODAY)
@tagged("post_install", "-at_install")
class TestCreditChoice(LedgerCase):
    """Which credit pays, when several could."""

    def _first(self, treatment=None, **kwargs):
        return self.env["medspa.credit"]._find_usable(
            self.patient, treatment or self.peel, DAY, **kwargs
        )[:1]

    def test_complimentary_pays_first(self):
        self._create_credit(1, expires_on=DAY)
        free = self._create_credit(1, is_complimentary=True)
        self.assertEqual(self._first(), free)

    def test_earliest_expiry_pays_first(self):
        self._create_credit(1)
        self._create_credit(1, expires_on=DAY + timedelta(days=30))
        soon = self._create_credit(1, expires_on=DAY + timedelta(days=3))
        self.assertEqual(self._first(), soon)

    def test_narrowest_coverage_pays_first(self):
        self.peel.categ_id = self.env["product.category"].create({"name": "Face"})
        by_category = self._create_credit(
            1, coverage="category", treatment_id=False, categ_id=self.peel.categ_id.id
        )
        by_three = self._create_set(self.peel, self.laser, self.laser.copy())
        by_two = self._create_set(self.peel, self.laser)
        by_one = self._create_credit(1)
        self.assertEqual(
            self.env["medspa.credit"]._find_usable(self.patient, self.peel, DAY),
            by_one + by_two + by_three + by_category,
        )

    def _create_set(self, *treatments):
        return self._create_credit(
            1,
            coverage="treatments",
            treatment_id=False,
            treatment_ids=[Command.set([t.id for t in treatments])],
        )

    def test_oldest_pays_first(self):
        old = self._create_credit(1)
        self._create_credit(1)
        self.assertEqual(self._first(), old)

    def test_category_covers_what_is_below_it_only(self):
        top = self.env["product.category"].create({"name": "Face"})
        child = self.env["product.category"].create(
            {"name": "Peels", "parent_id": top.id}
        )
        self.peel.categ_id = child
        credit = self._create_credit(
            1, coverage="category", treatment_id=False, categ_id=top.id
        )
        self.assertEqual(self._first(), credit)
        self.assertFalse(self._first(self.laser))
        self.assertTrue(credit._covers(self.peel))
        self.assertFalse(credit._covers(self.laser))
        narrow = self._create_credit(
            1, coverage="category", treatment_id=False, categ_id=child.id
        )
        self.peel.categ_id = top
        self.assertFalse(narrow._covers(self.peel), "a child does not cover its parent")

    def test_what_cannot_pay_is_left_out(self):
        self._create_credit(1, partner=self.other_patient)
        self._create_credit(1, treatment_id=self.laser.id)
        self._create_credit(1, expires_on=DAY - timedelta(days=1))
        self._create_credit(1)._freeze()
        self._create_credit(1)._reserve(1, DAY)
        self._create_credit(1, unit="money")
        company = self._create_company("Elsewhere", "EUR")
        elsewhere = self._create_credit(1, company_id=company.id)
        self.assertFalse(self._first())
        self.assertEqual(self._first(company=company), elsewhere)


@freeze_time(TODAY)
@tagged("post_install", "-at_install")
class TestLedgerIsFinal(LedgerCase):
    """Nobody changes what the ledger says, by the ORM, by RPC or by SQL."""

    def _attack(self, query, params, error=RestrictViolation):
        self.env.flush_all()
        with (
            self.assertRaises(error),
            mute_logger("odoo.sql_db"),
            self.env.cr.savepoint(),
        ):
            self.env.cr.execute(query, params)

    def test_moves_are_not_written_or_deleted(self):
        move = self._create_credit(2).move_ids
        for records in (move, move.sudo(), move._ledger()):
            with self.assertRaises(UserError):
                records.write({"quantity": 5})
            with self.assertRaises(UserError):
                records.unlink()

    def test_moves_are_not_changed_by_sql(self):
        move_id = self._create_credit(2).move_ids.id
        for column in ("quantity", "reserved", "value"):
            self._attack(
                f"UPDATE medspa_credit_move SET {column} = 9 WHERE id = %s", [move_id]
            )
        self._attack(
            "UPDATE medspa_credit_move SET moved_at = now() WHERE id = %s", [move_id]
        )
        self._attack("DELETE FROM medspa_credit_move WHERE id = %s", [move_id])

    def test_moves_are_not_truncated(self):
        self._create_credit(2)
        self._settle()
        self._attack("TRUNCATE medspa_credit_move CASCADE", [])

    def test_database_compares_balance_and_ledger_at_commit(self):
        credit = self._create_credit(2)
        credit._redeem(1, DAY)
        self._settle()
        for forgery in (
            "UPDATE medspa_credit SET remaining = 2, available = 2 WHERE id = %s",
            "UPDATE medspa_credit SET value_remaining = 0 WHERE id = %s",
            (
                "INSERT INTO medspa_credit_move (credit_id, partner_id, company_id,"
                " kind, quantity, reserved, value, moved_at)"
                " SELECT credit_id, partner_id,"
                " company_id, 'redeem', -1, 0, 0, moved_at FROM medspa_credit_move"
                " WHERE credit_id = %s AND kind = 'grant'"
            ),
        ):
            with (
                self.subTest(forgery),
                mute_logger("odoo.sql_db"),
                self.assertRaisesRegex(CheckViolation, "is not its ledger"),
                self.env.cr.savepoint(),
            ):
                self.env.cr.execute(forgery, [credit.id])
                self._settle()

    def _settle(self):
        """Let the database check now what it checks at commit."""
        self.env.flush_all()
        self.env.cr.execute("SET CONSTRAINTS ALL IMMEDIATE")
        self.env.cr.execute("SET CONSTRAINTS ALL DEFERRED")

    def test_patients_can_be_merged(self):
        move = self._create_credit(2).move_ids
        self.env.flush_all()
        self.env.cr.execute(
            "UPDATE medspa_credit_move SET partner_id = %s WHERE id = %s",
            [self.other_patient.id, move.id],
        )

    def test_credits_are_not_created_written_or_deleted_by_hand(self):
        credit = self._create_credit(2)
        vals = {
            "partner_id": self.patient.id,
            "treatment_id": self.peel.id,
            "granted": 5,
        }
        with self.assertRaises(AccessError):
            credit.sudo().create(vals)
        for field in sorted(credit._get_ledger_fields()):
            with self.assertRaises(AccessError, msg=field):
                credit.sudo().write({field: False})
        with self.assertRaises(UserError):
            credit._ledger().unlink()

    def test_a_forged_context_opens_nothing(self):
        credit = self._create_credit(2)
        for forged in (True, 1, "LEDGER", {}, object()):
            context = {"medspa_ledger": forged}
            for user in (self.manager, self.env.ref("base.user_admin")):
                records = credit.with_user(user).browse()
                for model, method, args in (
                    ("medspa.credit", "write", [credit.ids, {"remaining": 99}]),
                    ("medspa.credit", "write", [credit.ids, {"is_frozen": True}]),
                    (
                        "medspa.credit",
                        "create",
                        [{"partner_id": self.patient.id, "granted": 1}],
                    ),
                    (
                        "medspa.credit.move",
                        "create",
                        [{"credit_id": credit.id, "kind": "adjust", "quantity": 5}],
                    ),
                ):
                    with self.assertRaises(AccessError):
                        call_kw(
                            records.env[model], method, args, {"context": dict(context)}
                        )
        # Even with every right, only the object itself opens the ledger.
        with self.assertRaises(AccessError):
            credit.sudo().with_context(medspa_ledger=True).write({"remaining": 99})
        self.assertBalances(credit, 2, 0)

    def test_ledger_methods_are_not_callable_from_outside(self):
        credit = self._create_credit(2).with_user(self.manager)
        for method in ("_grant", "_post_moves", "_adjust", "_ledger", "_redeem"):
            with self.assertRaises(AccessError):
                call_kw(credit.browse(), method, [credit.ids], {})

    def test_checks_hold_against_sql(self):
        credit = self._create_credit(2)
        for assignment in (
            "reserved = 3, available = -1",
            "reserved = -1, available = 3",
            "remaining = -1, available = -1",
            "available = 5",
            "value_remaining = -0.01",
            "value = -1",
            "granted = 0",
            "treatment_id = NULL",
        ):
            self._attack(
                f"UPDATE medspa_credit SET {assignment} WHERE id = %s",
                [credit.id],
                CheckViolation,
            )
        self._attack(
            "DELETE FROM medspa_credit WHERE id = %s", [credit.id], ForeignKeyViolation
        )

    def test_one_grant_key_holds_against_sql(self):
        self._create_credit(1, grant_key="once")
        other = self._create_credit(1)
        self._attack(
            "UPDATE medspa_credit SET grant_key = 'once' WHERE id = %s",
            [other.id],
            UniqueViolation,
        )

    def test_restore_names_its_use(self):
        credit = self._create_credit(1)
        with (
            self.assertRaises(CheckViolation),
            mute_logger("odoo.sql_db"),
            self.env.cr.savepoint(),
        ):
            credit._post_moves([{"credit": credit, "kind": "restore", "quantity": 1}])


@tagged("post_install", "-at_install")
class TestCreditExpiry(LedgerCase):
    def _run_cron(self, at):
        cron = self.env.ref("medspa_membership.ir_cron_expire_credits")
        with freeze_time(at), self.enter_registry_test_mode():
            return cron.method_direct_trigger()

    def test_expires_when_the_day_is_over_in_the_clinic(self):
        credit = self._create_credit(2, value=100, expires_on=DAY)
        # 23:59 on the last day in Madrid is 22:59 in UTC.
        self._run_cron("2026-02-02 22:59:00")
        self.assertBalances(credit, 2, 0)
        # 23:30 in UTC is 00:30 of the next day in Madrid.
        self._run_cron("2026-02-02 23:30:00")
        self.assertBalances(credit, 0, 0)
        move = credit.move_ids[0]
        self.assertEqual((move.kind, move.quantity, move.value), ("expire", -2, -100))

    def test_expires_on_each_company_clock(self):
        tokyo = self._create_company("Tokyo", "JPY", tz="Asia/Tokyo")
        honolulu = self._create_company("Honolulu", "USD", tz="Pacific/Honolulu")
        east = self._create_credit(1, expires_on=DAY, company_id=tokyo.id)
        west = self._create_credit(1, expires_on=DAY, company_id=honolulu.id)
        # 15:30 in UTC is half past midnight in Tokyo, early morning in Honolulu.
        self._run_cron("2026-02-02 15:30:00")
        self.assertBalances(east, 0, 0)
        self.assertBalances(west, 1, 0)

    def test_summer_time_moves_the_end_of_the_day(self):
        credit = self._create_credit(1, expires_on=date(2026, 3, 29))
        self._run_cron("2026-03-29 21:59:00")
        self.assertBalances(credit, 1, 0)
        self._run_cron("2026-03-29 22:00:00")
        self.assertBalances(credit, 0, 0)

    def test_frozen_and_reserved_are_left_alone(self):
        frozen = self._create_credit(1, expires_on=DAY)
        frozen._freeze()
        with freeze_time(TODAY):
            reserved = self._create_credit(2, expires_on=DAY)
            reserved._reserve(1, DAY)
        self._run_cron("2026-02-10 12:00:00")
        self.assertBalances(frozen, 1, 0)
        self.assertBalances(reserved, 1, 1)

    def test_running_again_changes_nothing(self):
        credit = self._create_credit(1, expires_on=DAY)
        self._run_cron("2026-02-10 12:00:00")
        self._run_cron("2026-02-10 13:00:00")
        self.assertEqual(credit.move_ids.mapped("kind"), ["expire", "grant"])

    def test_a_killed_run_is_finished_by_the_next(self):
        vals = {
            "company_id": self.company.id,
            "partner_id": self.patient.id,
            "treatment_id": self.peel.id,
            "granted": 1,
            "expires_on": DAY,
        }
        credits = self.env["medspa.credit"]._grant([dict(vals)] * 250)
        Credit = type(self.env["medspa.credit"])
        expire = Credit._expire
        sizes = []

        def expire_and_die(batch):
            sizes.append(len(batch))
            res = expire(batch)
            if len(sizes) > 1:
                raise MemoryError("killed")
            return res

        with patch.object(Credit, "_expire", expire_and_die), self._muted():
            self._run_cron("2026-02-10 12:00:00")
        self.assertEqual(sizes[:2], [200, 50])
        expired = credits.filtered(lambda credit: not credit.remaining)
        self.assertEqual(len(expired), 200, "the first batch is kept, the second not")
        self._run_cron("2026-02-10 13:00:00")
        self.assertFalse(sum(credits.mapped("remaining")))
        kinds = credits.move_ids.mapped("kind")
        self.assertEqual((len(kinds), kinds.count("expire")), (500, 250))

    def _muted(self):
        return mute_logger(
            "odoo.addons.base.models.ir_cron", "odoo.addons.base.models.ir_actions"
        )
