# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).


def pre_init_hook(env):
    """Create btree_gist, which the exclusion constraint of medspa.occupancy needs.

    It is a trusted extension: the owner of the database may create it.
    """
    env.cr.execute("CREATE EXTENSION IF NOT EXISTS btree_gist")


def post_init_hook(env):
    """Give the websites that are there already the step of the agreement."""
    env["website"].search([])._copy_agreement_step()


def uninstall_hook(env):
    """Drop what the database has of the ledger, and of other final rows, beside its
    tables."""
    env.cr.execute(
        """
        DROP FUNCTION IF EXISTS medspa_credit_move_is_final() CASCADE;
        DROP FUNCTION IF EXISTS medspa_credit_is_balanced() CASCADE;
        DROP FUNCTION IF EXISTS medspa_membership_segment_is_final() CASCADE;
        DROP FUNCTION IF EXISTS medspa_visit_addendum_is_final() CASCADE;
        """
    )
