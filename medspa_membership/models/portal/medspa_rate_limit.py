# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
from datetime import timedelta
from ipaddress import ip_address, ip_network

from odoo import api, fields, models
from odoo.tools import SQL, hmac

# Rows older than this count for no limit any more.
KEEP_DAYS = 2
# What is counted by network is named so.
NETWORK_SCOPE = "-network"
IPV6_PREFIX = 64


class MedspaRateLimit(models.Model):
    """How often something was asked for, by whom, in a stretch of time.

    Counted in the database: all workers and hosts count together. Who asked is kept as
    a keyed hash, so that the table lists neither addresses nor networks.
    """

    _name = "medspa.rate.limit"
    _description = "Rate limit"
    _log_access = False

    key = fields.Char(required=True)
    window_start = fields.Datetime(required=True, index=True)
    hits = fields.Integer(required=True, default=0)

    _key_uniq = models.Constraint(
        "UNIQUE (key, window_start)", "One row counts one stretch of time."
    )

    @api.model
    def _hit(self, scope, who, limit, minutes):
        """Count one more request and tell whether it is still within the limit.

        Two requests at the same moment wait for each other on the row of the counter.

        :param str scope: what is asked for
        :param str who: the address or the network that asks
        :param int limit: so many requests are allowed
        :param int minutes: in so many minutes
        :rtype: bool
        """
        if scope.endswith(NETWORK_SCOPE):
            who = self._get_network(who)
        now = fields.Datetime.now()
        elapsed = timedelta(
            minutes=(now.hour * 60 + now.minute) % minutes,
            seconds=now.second,
            microseconds=now.microsecond,
        )
        key = hmac(self.env(su=True), "medspa-rate-limit", (scope, who or ""))
        self.env.cr.execute(
            SQL(
                "INSERT INTO medspa_rate_limit (key, window_start, hits)"
                " VALUES (%s, %s, 1)"
                " ON CONFLICT (key, window_start)"
                " DO UPDATE SET hits = medspa_rate_limit.hits + 1 RETURNING hits",
                key,
                now - elapsed,
            )
        )
        return self.env.cr.fetchone()[0] <= limit

    @api.model
    def _get_network(self, address):
        """Return the network of an address that one person has to him- or herself.

        A household has one IPv4 address, and 2^64 of IPv6.
        """
        try:
            ip = ip_address(address or "")
        except ValueError:
            return address
        if ip.version == 4:
            return str(ip)
        if ip.ipv4_mapped:
            return str(ip.ipv4_mapped)
        return str(ip_network((ip, IPV6_PREFIX), strict=False))

    @api.autovacuum
    def _gc_old_windows(self):
        """Forget who asked for what some days ago."""
        limit = fields.Datetime.now() - timedelta(days=KEEP_DAYS)
        self.env.cr.execute(
            SQL("DELETE FROM medspa_rate_limit WHERE window_start < %s", limit)
        )
