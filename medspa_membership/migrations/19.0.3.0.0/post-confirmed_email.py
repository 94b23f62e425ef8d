# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
def migrate(cr, version):
    """Take the addresses of the log-ins there are for confirmed.

    Who has signed up without proof before cannot be told from the others any more.
    """
    cr.execute(
        """
        UPDATE res_users
           SET confirmed_email = COALESCE(
                   partner.email_normalized,
                   CASE WHEN login LIKE '%@%' THEN lower(trim(login)) END
               )
          FROM res_partner partner
         WHERE partner.id = res_users.partner_id
           AND res_users.confirmed_email IS NULL
        """
    )
