# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
import re
import threading
from datetime import timedelta
from unittest.mock import patch

from werkzeug.test import Client

from odoo import http
from odoo.exceptions import AccessDenied
from odoo.tests import HttpCase, freeze_time, new_test_user, tagged
from odoo.tools import mute_logger

from odoo.addons.mail.tests.common import MockEmail

from .common import ClinicData
from .test_credit_concurrency import RealTransactionsCase

LINK = re.compile(r'href="[^"]*?(/my/login/[\w-]+)"')


class LoginLinkCase(ClinicData, MockEmail, HttpCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls._set_up_clinic()
        cls.user = cls._create_portal_user(cls.patient, "paula")
        cls.other_user = cls._create_portal_user(cls.other_patient, "oscar")
        # Test users come with a name and an address of their own.
        cls.patient.write({"name": "Paula Patient", "email": "paula@example.com"})
        cls.other_patient.write({"name": "Oscar Other", "email": "oscar@example.com"})

    def _ask(self, email, **data):
        """Ask for a link on the page; let the job send it; return the answer."""
        data = {"email": email, "csrf_token": http.Request.csrf_token(self), **data}
        response = self.url_open("/my/login-link", data=data)
        self._run_job()
        return response

    def _run_job(self):
        with self.enter_registry_test_mode():
            self.env.ref(
                "medspa_membership.ir_cron_send_login_links"
            ).method_direct_trigger()
        # The queue of mails runs by itself afterwards.
        self.env["mail.mail"].search(
            [("model", "=", "medspa.login.link"), ("state", "=", "outgoing")]
        ).send()
        self.env.invalidate_all()

    def _forget_mails(self):
        """Put away what was asked for and sent before."""
        self.env["mail.mail"].search([("model", "=", "medspa.login.link")]).unlink()
        self.env["medspa.login.link"].search([]).unlink()

    def _get_path(self, email):
        """Ask for a link and return its path, as the mail has it."""
        with self.mock_mail_gateway(mail_unlink_sent=True):
            self._ask(email)
        self.assertEqual([mail["email_to"] for mail in self._mails], [[email.lower()]])
        return LINK.search(self._mails[0]["body"])[1]

    def _open(self, path, **kwargs):
        return self.url_open(path, allow_redirects=False, **kwargs)

    def _use(self, path):
        data = {"csrf_token": http.Request.csrf_token(self)}
        return self._open(path, data=data)

    def _get_uid(self):
        self.session = http.root.session_store.get(self.session.sid)
        return self.session.uid


@tagged("post_install", "-at_install")
class TestLoginLink(LoginLinkCase):
    def setUp(self):
        super().setUp()
        self.authenticate(None, None)

    # === THE WAY IN === #

    def test_link_logs_the_patient_in(self):
        path = self._get_path("Paula@Example.com")
        page = self._open(path)
        self.assertIn("Hello Paula Patient", re.sub(r"<[^>]+>", "", page.text))
        self.assertEqual(page.headers["Referrer-Policy"], "no-referrer")
        self.assertEqual(page.headers["Cache-Control"], "no-store")
        response = self._use(path)
        self.assertEqual(response.status_code, 303)
        self.assertTrue(response.headers["Location"].endswith("/my"))
        home = self.url_open("/my/courses")
        self.assertEqual(home.status_code, 200)
        self.assertIn("Paula Patient", home.text)

    def test_login_page_offers_the_link_before_the_password(self):
        text = self.url_open("/web/login?redirect=/my/courses").text
        self.assertLess(text.index("E-mail me a link"), text.index('name="password"'))
        self.assertIn('name="redirect" value="/my/courses"', text)

    def test_password_works_beside_it(self):
        self._get_path("paula@example.com")
        self.authenticate("paula", "paula")
        self.assertIn("Paula", self.url_open("/my").text)

    def test_link_leads_to_where_the_patient_was_going(self):
        self._ask("paula@example.com", redirect="/my/courses?page=1")
        link = self.env["medspa.login.link"].search([])
        self.assertEqual(link.redirect, "/my/courses?page=1")
        response = self._use("/my/login/" + link._arm(self.user))
        self.assertTrue(response.headers["Location"].endswith("/my/courses?page=1"))

    def test_known_patient_without_a_login_gets_one(self):
        newcomer = self.env["res.partner"].create(
            {"name": "Nina New", "email": "Nina <nina@example.com>"}
        )
        path = self._get_path("nina@example.com")
        self.assertTrue(newcomer.user_ids._is_portal())
        self.assertEqual(newcomer.user_ids.login, "nina@example.com")
        self._use(path)
        self.assertIn("Nina New", self.url_open("/my").text)

    def test_address_of_two_people_is_nobody_s(self):
        self.env["res.partner"].create(
            [{"name": name, "email": "family@example.com"} for name in ("Ana", "Bea")]
        )
        self._ask("family@example.com")
        self.assertEqual(self.env["medspa.login.link"].search([]).state, "ignored")
        self.assertFalse(
            self.env["res.users"].search([("login", "=", "family@example.com")])
        )

    def test_someone_else_s_address_in_a_profile_opens_nothing(self):
        """Oscar writes Paula's log-in into his account: her link is still hers."""
        self.user.login = "paula@example.com"
        own_profile = self.other_patient.with_user(self.other_user).sudo()
        own_profile.email = "paula@example.com"
        # What asks to confirm it is a mail of its own.
        self._forget_mails()
        path = self._get_path("paula@example.com")
        self._use(path)
        self.assertIn("Paula Patient", self.url_open("/my").text)

    def _sign_up(self, email, name="Stranger"):
        """Sign up as anybody may; the password is the stranger's."""
        self.env["ir.config_parameter"].set_param("auth_signup.invitation_scope", "b2c")
        public_user = self.env.ref("base.public_user")
        self.env["res.users"].with_user(public_user).sudo().signup(
            {"login": email, "name": name, "password": "the stranger's"}
        )
        user = self.env["res.users"].search([("login", "=", email)])
        self.assertFalse(user.confirmed_email)
        # The mail that asks to confirm it goes to the mailbox, not to the stranger.
        self._run_job()
        return user

    def test_stranger_who_signed_up_first_is_out_when_the_patient_comes(self):
        """Nina is known to the clinic; somebody made an account with her address."""
        nina = self.env["res.partner"].create(
            {"name": "Nina New", "email": "nina@example.com"}
        )
        user = self._sign_up("nina@example.com")
        stranger = user.partner_id
        self.authenticate("nina@example.com", "the stranger's")
        self.assertIn("Stranger", self.url_open("/my").text)
        theirs = user._compute_session_token(self.session.sid)
        sid = self.session.sid
        self.authenticate(None, None)
        self._forget_mails()
        self._use(self._get_path("nina@example.com"))
        self.assertIn("Nina New", self.url_open("/my").text)
        self.assertEqual(user.partner_id, nina)
        self.assertEqual(user.confirmed_email, "nina@example.com")
        self.assertTrue(stranger.exists())
        with self.assertRaises(AccessDenied):
            self.env["res.users"].authenticate(
                {
                    "type": "password",
                    "login": "nina@example.com",
                    "password": "the stranger's",
                },
                {"interactive": True},
            )
        now = user._compute_session_token(sid)
        self.assertNotEqual(now, theirs, "the stranger's session has ended")

    def test_sign_up_without_proof_gets_nothing_of_the_address(self):
        user = self._sign_up("nina@example.com")
        Partner = self.env["res.partner"]
        self.assertFalse(Partner._find_user_by_email("nina@example.com"))
        guest = Partner.create({"name": "Nina", "email": "nina@example.com"})
        self.assertFalse(guest._find_login())
        self.assertFalse(guest._create_portal_users(self.company), "no second one")
        self.assertEqual(Partner._find_patient_by_email("nina@example.com"), guest)
        self.assertNotEqual(user.partner_id, guest)

    def test_who_signs_up_confirms_by_mail_and_keeps_the_password(self):
        with self.mock_mail_gateway(mail_unlink_sent=True):
            user = self._sign_up("nina@example.com", "Nina New")
        path = LINK.search(self._mails[0]["body"])[1]
        self.authenticate("nina@example.com", "the stranger's")
        self._use(path)
        self.assertEqual(user.confirmed_email, "nina@example.com")
        self.authenticate("nina@example.com", "the stranger's")
        self.assertIn("Nina New", self.url_open("/my").text)
        found = self.env["res.partner"]._find_user_by_email("nina@example.com")
        self.assertEqual(found, user)

    def test_patient_who_changes_the_address_confirms_the_new_one(self):
        self.assertEqual(self.user.confirmed_email, "paula@example.com")
        own_profile = self.patient.with_user(self.user).sudo()
        with self.mock_mail_gateway(mail_unlink_sent=True):
            own_profile.email = "new@example.com"
            self._run_job()
        find = self.env["res.partner"]._find_user_by_email
        self.assertEqual(find("paula@example.com"), self.user)
        self.assertFalse(find("new@example.com"))
        self.assertEqual(self._mails[0]["email_to"], ["new@example.com"])
        self._use(LINK.search(self._mails[0]["body"])[1])
        self.assertEqual(find("new@example.com"), self.user)
        self.assertFalse(find("paula@example.com"))
        self.authenticate("paula", "paula")
        self.assertEqual(self.url_open("/my", allow_redirects=False).status_code, 200)

    def test_password_reset_by_mail_confirms(self):
        user = self._sign_up("nina@example.com", "Nina New")
        user.partner_id.signup_prepare(signup_type="reset")
        token = user.partner_id._generate_signup_token()
        self.env["res.users"].sudo().signup({"password": "her own one"}, token)
        self.assertEqual(user.confirmed_email, "nina@example.com")
        self.authenticate("nina@example.com", "her own one")

    # === SINGLE USE, IN TIME, FOR ONE === #

    def test_fetching_the_link_burns_nothing(self):
        """Mail scanners and previews open it; some send HEAD."""
        path = self._get_path("paula@example.com")
        for _number in range(3):
            self.assertIn("One more click", self._open(path).text)
        self.assertEqual(self.opener.head(self.base_url() + path).status_code, 200)
        self.assertFalse(self.env["medspa.login.link"].search([]).used_at)
        self.assertFalse(self._get_uid())
        self.assertEqual(self._use(path).status_code, 303)

    def test_link_works_once(self):
        path = self._get_path("paula@example.com")
        self._use(path)
        self.authenticate(None, None)
        self.assertIn("has been used or is too old", self._use(path).text)
        self.assertIn("has been used or is too old", self._open(path).text)
        self.assertFalse(self._get_uid())

    def test_link_expires(self):
        with freeze_time("2026-02-02 08:00:00") as clock:
            path = self._get_path("paula@example.com")
            clock.move_to("2026-02-02 08:15:00")
            self.assertIn("too old", self._use(path).text)
            self.assertFalse(self._get_uid())
            clock.move_to("2026-02-02 08:14:59")
            self.assertEqual(self._use(path).status_code, 303)

    def test_what_waits_in_the_queue_opens_nothing(self):
        """A mail that failed, or a copy of the database, holds no token."""
        with self.mock_mail_gateway(mail_unlink_sent=False):
            self._ask("paula@example.com")
        path = LINK.search(self._mails[0]["body"])[1]
        self.assertIn(path, self._mails[0]["body_alternative"])
        queued = self.env["mail.mail"].search([("model", "=", "medspa.login.link")])
        stored = LINK.search(queued[-1].body_html)[1]
        self.assertNotEqual(stored, path)
        self.assertIn("too old", self._use(stored).text)
        self.assertFalse(self._get_uid())
        self.assertEqual(self._use(path).status_code, 303)

    def test_mail_that_left_too_late_opens_nothing(self):
        with self.mock_mail_gateway(mail_unlink_sent=False):
            self._ask("paula@example.com")
        link = self.env["medspa.login.link"].search([])
        self.assertTrue(link._may_leave())
        with freeze_time(link.create_date + timedelta(hours=25)):
            self.assertFalse(link._may_leave())

    def test_minutes_are_a_setting(self):
        self.env["res.config.settings"].create({"login_link_minutes": 40}).execute()
        with freeze_time("2026-02-02 08:00:00"):
            self._get_path("paula@example.com")
            link = self.env["medspa.login.link"].search([])
            self.assertEqual(str(link.expires_at), "2026-02-02 08:40:00")

    def test_forged_links_open_nothing(self):
        path = self._get_path("paula@example.com")
        link = self.env["medspa.login.link"].search([])
        for token in ("x", path[-43:-1] + "!", link.token_hash, "A" * 43, "0", "%00"):
            self.assertIn("too old", self._use(f"/my/login/{token}").text, token)
        self.assertFalse(self._get_uid())
        self.assertFalse(link.used_at)

    def test_link_is_of_no_use_for_somebody_else(self):
        """The credential names Oscar; the token is Paula's."""
        token = self._get_path("paula@example.com").rpartition("/")[2]
        for login in ("oscar", "admin"):
            credential = {"type": "medspa_login_link", "login": login, "token": token}
            with self.assertRaises(AccessDenied), mute_logger("odoo.addons.base"):
                self.env["res.users"].authenticate(credential, {"interactive": True})
        self.assertFalse(self.env["medspa.login.link"].search([]).used_at)

    def test_link_is_no_password_for_programs(self):
        token = self._get_path("paula@example.com").rpartition("/")[2]
        credential = {"type": "medspa_login_link", "login": "paula", "token": token}
        with self.assertRaises(AccessDenied):
            self.env["res.users"].authenticate(credential, {"interactive": False})
        data = {
            "csrf_token": http.Request.csrf_token(self),
            "type": "medspa_login_link",
            "login": "paula",
            "token": token,
            "password": token,
        }
        self._open("/web/login", data=data)
        self.assertFalse(self._get_uid())

    def test_log_in_without_csrf_token_is_refused(self):
        path = self._get_path("paula@example.com")
        with mute_logger("odoo.http"):
            self.assertEqual(self._open(path, data={"x": "1"}).status_code, 400)
        self.assertFalse(self._get_uid())

    # === STAFF === #

    def test_staff_never_get_in_by_link(self):
        for login in ("rec", "doc", "boss"):
            user = self.env["res.users"].search([("login", "=", login)])
            user.email = f"{login}@example.com"
            self._ask(f"{login}@example.com")
        self.assertEqual(
            set(self.env["medspa.login.link"].search([]).mapped("state")), {"ignored"}
        )

    def test_patient_who_joins_the_staff_meanwhile_stays_out(self):
        path = self._get_path("paula@example.com")
        self.user.group_ids = self.env.ref("base.group_user")
        self.assertIn("too old", self._use(path).text)
        self.assertFalse(self._get_uid())

    def test_archived_user_stays_out(self):
        path = self._get_path("paula@example.com")
        self.user.active = False
        self.assertIn("too old", self._use(path).text)
        self._ask("paula@example.com")
        self.assertEqual(self.env["medspa.login.link"].search([])[-1].state, "ignored")

    def test_portal_user_who_shares_an_address_with_staff(self):
        """Whose mailbox it is cannot be told: nobody gets in."""
        new_test_user(self.env, "shared", "base.group_user", email="paula@example.com")
        self._ask("paula@example.com")
        self.assertEqual(self.env["medspa.login.link"].search([]).state, "ignored")

    # === NO HINT, NO FLOOD === #

    def test_same_answer_for_known_and_unknown_addresses(self):
        def clean(response, email):
            text = response.text.replace(email, "EMAIL")
            return re.sub(r"[\w-]{30,}|\d{10,}", "", text)

        known = clean(self._ask("paula@example.com"), "paula@example.com")
        for email in ("nobody@example.com", "doc@example.com", "not an address"):
            answer = self._ask(email)
            self.assertEqual(answer.status_code, 200)
            self.assertEqual(clean(answer, email), known)

    def test_request_does_the_same_for_all(self):
        """No time to measure either: who it is, the job finds out later."""
        counts = []
        for email in (
            "warm@example.com",
            "paula@example.com",
            "nobody@example.com",
            "doc@example.com",
        ):
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.cr.sql_log_count
            self.env["medspa.login.link"]._ask(
                email, "10.0.0.9", self.env["website"].search([], limit=1)
            )
            self.env.flush_all()
            counts.append(self.cr.sql_log_count - before)
        self.assertEqual(len(set(counts[1:])), 1)

    def test_address_gets_three_links_in_a_quarter_of_an_hour(self):
        with freeze_time("2026-02-02 08:01:00") as clock:
            for _number in range(5):
                answer = self._ask("paula@example.com")
                self.assertIn("Look into your mail", answer.text)
            domain = [("email", "=", "paula@example.com")]
            Link = self.env["medspa.login.link"]
            self.assertEqual(Link.search_count(domain), 3)
            clock.move_to("2026-02-02 08:16:00")
            self._ask("paula@example.com")
            self.assertEqual(Link.search_count(domain), 4)

    def test_network_asks_for_twenty_in_an_hour(self):
        with freeze_time("2026-02-02 08:01:00"):
            for number in range(20):
                self.assertEqual(self._ask(f"a{number}@example.com").status_code, 200)
            self.assertEqual(self._ask("paula@example.com").status_code, 429)
            domain = [("email", "=", "paula@example.com")]
            self.assertFalse(self.env["medspa.login.link"].search_count(domain))

    def test_link_is_kept_nowhere(self):
        """Neither the row nor the mail that is sent shows it afterwards."""
        path = self._get_path("paula@example.com")
        token = path.rpartition("/")[2]
        link = self.env["medspa.login.link"].search([])
        self.assertNotIn(token, str(link.read()))
        self.assertFalse(
            self.env["mail.mail"].search([("email_to", "=", "paula@example.com")])
        )
        self.assertFalse(
            self.env["mail.message"].search([("body", "ilike", "/my/login/")])
        )

    # === WHERE TO === #

    def test_redirects_stay_on_this_site(self):
        Link = self.env["medspa.login.link"]
        for value in (
            "/my",
            "/my/courses?page=2",
            "/book/peel#times",
            "/es/book/peel",
            "/pt_BR/my",
        ):
            self.assertEqual(Link._get_local_path(value), value)
        for value in (
            "https://evil.example/",
            "//evil.example/",
            "/\\evil.example",
            "\\\\evil.example",
            "/\t/evil.example",
            " //evil.example",
            "javascript:alert(1)",
            "evil.example",
            "/web/session/logout",
            "/es/web/session/logout?redirect=/my",
            "/my/../web/session/logout",
            "/my/%2e%2e/web/session/logout",
            "/my/%252e%252e/web/session/logout",
            "/%77eb/session/logout",
            "/%2fevil.example",
            "/my/%5c..",
            "/r/abc",
            "/odoo",
            "",
            None,
        ):
            self.assertIsNone(Link._get_local_path(value), value)
        self._ask("paula@example.com", redirect="//evil.example/")
        self.assertFalse(Link.search([]).redirect)

    def test_one_that_fails_stops_no_other(self):
        Link = self.env["medspa.login.link"]
        original = self.env.registry["medspa.login.link"]._send

        def send(link):
            if link.email == "paula@example.com":
                raise ValueError("broken")
            return original(link)

        website = self.env["website"].search([], limit=1)
        for email in ("paula@example.com", "oscar@example.com"):
            Link._ask(email, "10.0.0.1", website)
        with (
            patch.object(self.env.registry["medspa.login.link"], "_send", send),
            mute_logger("odoo.addons.medspa_membership.models.portal"),
            mute_logger(
                "odoo.addons.medspa_membership.models.portal.medspa_login_link"
            ),
        ):
            self._run_job()
        self.assertEqual(Link.search([]).mapped("state"), ["ignored", "sent"])


@tagged("post_install", "-at_install")
class TestLoginLinkAtOnce(RealTransactionsCase):
    """Two requests with one link at the same moment: one gets in."""

    @classmethod
    def _create_data(cls, env):
        res = super()._create_data(env)
        partner = env["res.partner"].create(
            {"name": "Paula", "email": "paula.at.once@example.com"}
        )
        user = partner._create_portal_users(env.company)
        link = env["medspa.login.link"].create({"email": partner.email})
        cls.token, cls.user_id, cls.link_id = link._arm(user), user.id, link.id
        cls.user_login = partner.email
        return res

    def test_conflict_leaves_the_link_for_the_next_run(self):
        """A row that somebody else has just changed is no reason to forget a link."""
        with self._transaction() as env:
            link_id = env["medspa.login.link"].create({"email": self.user_login}).id

        def change_partner(env, city):
            env["res.users"].browse(self.user_id).partner_id.city = city

        def send_in_conflict(link):
            with self._transaction() as env:
                change_partner(env, "Ghent")
            change_partner(link.env, "Bruges")
            link.env.flush_all()

        def run_job():
            with self._transaction() as env:
                env["medspa.login.link"]._cron_send()
            with self._transaction() as env:
                return env["medspa.login.link"].browse(link_id).state

        model = self.registry["medspa.login.link"]
        with (
            patch.object(model, "_send", send_in_conflict),
            mute_logger("odoo.sql_db"),
        ):
            self.assertEqual(run_job(), "asked")
        self.assertEqual(run_job(), "sent")

    def test_two_posts_at_once(self):
        answers = []
        barrier = threading.Barrier(4)
        # Werkzeug compiles a route at its first use, and not safely in threads.
        Client(http.root).get("/my/login/none", base_url="http://localhost")

        def use():
            client = Client(http.root)
            options = {
                "base_url": "http://localhost",
                "environ_base": {"REMOTE_ADDR": "127.0.0.1"},
            }
            path = f"/my/login/{self.token}"
            page = client.get(path, **options).get_data(as_text=True)
            token = re.search(r'name="csrf_token" value="([^"]+)"', page)[1]
            barrier.wait(30)
            response = client.post(path, data={"csrf_token": token}, **options)
            cookies = " ".join(response.headers.getlist("Set-Cookie"))
            sid = re.search(r"session_id=([^;]+)", cookies)
            session = sid and http.root.session_store.get(sid[1])
            answers.append((response.status_code, session and session.uid))

        threads = [threading.Thread(target=use) for _number in range(4)]
        with mute_logger("odoo.sql_db"):
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join(60)
        self.assertEqual(sorted(status for status, _uid in answers), [200] * 3 + [303])
        self.assertEqual(
            sorted((uid or 0) for _status, uid in answers), [0, 0, 0, self.user_id]
        )
