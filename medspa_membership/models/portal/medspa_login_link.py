# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
import hashlib
import logging
import re
import secrets
from datetime import timedelta
from urllib.parse import unquote, urlsplit

from psycopg2 import OperationalError

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import SQL, email_normalize

from .text import read_line

_logger = logging.getLogger(__name__)

DEFAULT_MINUTES = 15
# What one address and one network may ask for: (requests, minutes).
ADDRESS_LIMIT = (3, 15)
NETWORK_LIMIT = (20, 60)
BATCH = 50
KEEP_DAYS = 7
# What stands in a mail until it leaves, in the place of the token.
TOKEN_OF_MAIL = "the-token-comes-when-the-mail-leaves"
# A mail that could not leave for longer carries no token any more.
LEAVE_HOURS = 24
LANGUAGE = re.compile(r"[a-z]{2,3}(_[A-Za-z]{2,8})?")
# Where a log-in may lead: pages that show, and do nothing. Not /web (logs out) or /r
# (leads away).
LOCAL_AREAS = ("my", "book", "shop", "plans", "membership")


class MedspaLoginLink(models.Model):
    """An e-mailed link that logs a patient in, once and for some minutes.

    Asking for one does the same whether the address is known or not: a row and a job.
    The job looks the address up, so that neither the answer nor its time says who is a
    patient. The database knows the hash of a link only: a copy of it opens no account.
    """

    _name = "medspa.login.link"
    _description = "Log-in link"
    _order = "id"

    email = fields.Char(required=True)
    website_id = fields.Many2one("website", ondelete="cascade", index=True)
    lang = fields.Char()
    redirect = fields.Char(help="The page of this site that opens after the log-in.")
    state = fields.Selection(
        [("asked", "Asked for"), ("sent", "Sent"), ("ignored", "Not sent")],
        required=True,
        default="asked",
    )
    user_id = fields.Many2one("res.users", index="btree_not_null", ondelete="cascade")
    token_hash = fields.Char()
    expires_at = fields.Datetime()
    used_at = fields.Datetime()

    _token_uniq = models.UniqueIndex(
        "(token_hash) WHERE token_hash IS NOT NULL", "A link belongs to one log-in."
    )
    _asked_idx = models.Index("(id) WHERE state = 'asked'")

    # === BUSINESS METHODS: ASK === #

    @api.model
    def _ask(self, email, network, website, redirect=None):
        """Note that somebody wants to log in by link; who that is, the job finds out.

        :param str network: the IP address that asks
        :return: whether the network stays within its limit; what becomes of the address
            is nobody's business
        :rtype: bool
        """
        # Counters and links are the system's.
        Limit = self.env["medspa.rate.limit"].sudo()
        if not Limit._hit("login-link-network", network, *NETWORK_LIMIT):
            return False
        try:
            email = email_normalize(read_line(self.env, email, 254))
        except UserError:
            email = False
        if not email or not Limit._hit("login-link-address", email, *ADDRESS_LIMIT):
            return True
        # A row that opens nothing before its mail is sent.
        self.sudo().create(
            {
                "email": email,
                "website_id": website.id,
                "lang": self.env.lang,
                "redirect": self._get_local_path(redirect),
            }
        )
        self.env.ref("medspa_membership.ir_cron_send_login_links")._trigger()
        return True

    @api.model
    def _ask_new_user(self, email, user=None):
        """Send a link to the address that somebody has written into an own account.

        :param str email: normalized, or nothing
        :param user: whose account; who has signed up with the address when left out
        """
        # Counters and links are nobody's to read or write.
        Limit = self.env["medspa.rate.limit"].sudo()
        if not email or not Limit._hit("login-link-address", email, *ADDRESS_LIMIT):
            return
        # Nobody writes links but the system.
        self.sudo().create(
            {
                "email": email,
                "website_id": self.env["website"].get_current_website().id,
                "lang": self.env.lang,
                "user_id": user.id if user else False,
            }
        )
        self.env.ref("medspa_membership.ir_cron_send_login_links")._trigger()

    @api.model
    def _get_local_path(self, value):
        """Return a path of this site, or nothing for whatever leads elsewhere.

        Only pages for patients: what logs out or leads away begins otherwise.

        :rtype: str or None
        """
        value = value or ""
        # Browsers take a backslash for a slash and drop control characters.
        if not value.startswith("/") or value.startswith("//"):
            return None
        if "\\" in value or any(ord(char) < 33 for char in value):
            return None
        parts = urlsplit(value)
        if parts.scheme or parts.netloc:
            return None
        # As the server reads it: decoded, once more than any of the two does.
        path = unquote(unquote(parts.path))
        folders = path.split("/")[1:]
        if ".." in folders or "\\" in path or "//" in path:
            return None
        if folders[0] not in LOCAL_AREAS and LANGUAGE.fullmatch(folders[0]):
            folders.pop(0)
        return value if folders and folders[0] in LOCAL_AREAS else None

    # === BUSINESS METHODS: SEND === #

    def _find_user(self):
        """Return the patient's user that the address stands for, or nothing.

        A patient whom the clinic knows by this address alone, and nobody else, gets a
        user on the way. Staff never get in by link.

        Note: `self.ensure_one()`

        :rtype: res.users
        """
        self.ensure_one()
        if self.user_id:
            return self.user_id.filtered(lambda user: user._may_log_in_by_link())
        website = self.website_id
        partners = self.env["res.partner"].with_context(website_id=website.id)
        user = partners._find_user_by_email(self.email)
        if not user:
            partner = partners._find_patient_by_email(self.email)
            company = website.company_id or self.env.company
            # Whoever has signed up with the address is out when the link is used.
            user = partner._create_portal_users(
                company
            ) or partners._find_unconfirmed_login(self.email)
        return user if user._may_log_in_by_link() else user.browse()

    def _send(self):
        """Send the link, if the address stands for a patient.

        Note: `self.ensure_one()`
        """
        self.ensure_one()
        user = self._find_user()
        if not user:
            self.state = "ignored"
            return
        self.write({"user_id": user.id, "state": "sent"})
        template = self.env.ref("medspa_membership.mail_template_login_link")
        mail_id = template.with_context(
            medspa_login_url=self._get_url(TOKEN_OF_MAIL),
            medspa_login_minutes=self._get_minutes(),
            medspa_sent_apart=True,
            lang=user.lang or self.lang,
        ).send_mail(self.id, email_values={"email_to": self.email})
        # This is a job of its own: it sends, and does not wait for the queue.
        self.env["mail.mail"].browse(mail_id).send_after_commit()

    def _arm(self, user):
        """Make the link one of the user, valid from now on, and return its token."""
        self.ensure_one()
        token = secrets.token_urlsafe(32)
        self.write(
            {
                "user_id": user.id,
                "token_hash": self._hash(token),
                "expires_at": fields.Datetime.now()
                + timedelta(minutes=self._get_minutes()),
                "state": "sent",
            }
        )
        return token

    def _may_leave(self):
        """Tell whether the mail of the link, which may have waited, is still wanted."""
        return bool(self) and (
            not self.used_at
            and self.user_id._may_log_in_by_link()
            and self.create_date > fields.Datetime.now() - timedelta(hours=LEAVE_HOURS)
        )

    def _get_url(self, token):
        """Return the address of the page that logs in. Note: `self.ensure_one()`."""
        self.ensure_one()
        base = self.website_id.get_base_url() or self.get_base_url()
        return f"{base}/my/login/{token}"

    @api.model
    def _get_minutes(self):
        """Return for how many minutes a link is valid."""
        # Settings are the administrator's.
        parameter = (
            self.env["ir.config_parameter"]
            .sudo()
            .get_param("medspa_membership.login_link_minutes")
        )
        # Without a row it is False, which Python takes for the number zero.
        return max(int(parameter or DEFAULT_MINUTES), 1)

    # === BUSINESS METHODS: USE === #

    @api.model
    def _find_open(self, token):
        """Return the link of a token that still opens something, without using it."""
        # Links are the system's; the hash of the token finds one, and the number none.
        link_sudo = self.sudo().search([("token_hash", "=", self._hash(token))])
        return link_sudo.filtered(
            lambda link: (
                not link.used_at
                and link.expires_at > fields.Datetime.now()
                and link.user_id._may_log_in_by_link()
            )
        )

    @api.model
    def _burn(self, token, user):
        """Use a link up and tell whether it was good for this user.

        The database decides, in one statement: of two requests at the same moment one
        burns it and the other finds it burned.
        """
        now = fields.Datetime.now()
        self.env["medspa.login.link"].flush_model()
        self.env.cr.execute(
            SQL(
                "UPDATE medspa_login_link SET used_at = %s"
                " WHERE token_hash = %s AND user_id = %s AND used_at IS NULL"
                " AND expires_at > %s RETURNING email",
                now,
                self._hash(token),
                user.id,
                now,
            )
        )
        burned = self.env.cr.fetchone()
        # Links are the system's.
        self.sudo().invalidate_model(["used_at"])
        if not burned or not user._may_log_in_by_link():
            return False
        user._confirm_address(burned[0])
        return True

    @api.model
    def _hash(self, token):
        return hashlib.sha256((token or "").encode()).hexdigest()

    # === CRON METHODS === #

    @api.model
    def _cron_send(self):
        """Send the links that were asked for; one that fails stops no other."""
        Cron = self.env["ir.cron"]
        domain = [("state", "=", "asked")]
        Cron._commit_progress(remaining=self.search_count(domain))
        while links := self.search(domain, limit=BATCH).try_lock_for_update():
            for link in links:
                try:
                    with self.env.cr.savepoint():
                        link._send()
                except OperationalError:
                    # Somebody changed the same rows: the next run sees the new ones.
                    self.env.cr.rollback()
                    return
                except Exception:
                    _logger.exception("Log-in link %s could not be sent", link.id)
                    self.env.invalidate_all(flush=False)
                    link.state = "ignored"
                if not Cron._commit_progress(1):
                    return

    @api.autovacuum
    def _gc_old_links(self):
        """Forget links that open nothing any more."""
        limit = fields.Datetime.now() - timedelta(days=KEEP_DAYS)
        self.search([("create_date", "<", limit)], limit=10_000).unlink()
