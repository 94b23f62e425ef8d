# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
"""Requests as users make them, timed."""

import statistics
import threading
import time
from datetime import timedelta

from _courses_clinic import TZ, WARM_UP
from werkzeug.test import Client

from odoo import api, fields, http
from odoo.fields import Command
from odoo.service.model import call_kw


class Requests:
    """Times requests: each has a cursor and a cache of its own, and commits."""

    def __init__(self, env, clinic, samples):
        self.env = env
        self.clinic = clinic
        self.samples = samples

    def _request(self, user, work):
        """Return milliseconds, queries and result of one request of a user."""
        thread = threading.current_thread()
        thread.query_count, thread.query_time = 0, 0
        begin = time.perf_counter()
        with self.env.registry.cursor() as cr:
            context = {
                "lang": "en_US",
                "tz": TZ,
                "uid": user.id,
                "allowed_company_ids": self.clinic.company.ids,
            }
            result = work(api.Environment(cr, user.id, context))
            cr.commit()
        return (time.perf_counter() - begin) * 1000, thread.query_count, result

    def _call(self, user, model, method, *args, **kwargs):
        """Return the figures of one call as the web client makes it."""
        return self._request(
            user, lambda env: call_kw(env[model], method, list(args), kwargs)
        )

    def _summary(self, name, samples):
        """Return the figures of some samples; the first ones only warmed up."""
        samples = samples[WARM_UP:]
        times = sorted(sample[0] for sample in samples)
        queries = [sample[1] for sample in samples]
        return {
            f"{name}_ms_median": round(statistics.median(times), 1),
            f"{name}_ms_p95": round(times[int(len(times) * 0.95) - 1], 1),
            f"{name}_queries": statistics.mode(queries),
            f"{name}_queries_max": max(queries),
        }

    def slots(self):
        """Look for free times: a treatment, ten practitioners, thirty days."""
        treatment_id = self.clinic.treatments[0].id
        start = fields.Datetime.now()
        samples = [
            self._request(
                self.clinic.receptionist,
                lambda env: len(
                    env["product.template"]
                    .browse(treatment_id)
                    ._get_free_slots(start, start + timedelta(days=30))
                ),
            )
            for _number in range(max(self.samples // 3, 5) + WARM_UP)
        ]
        return {**self._summary("slots", samples), "slots_found": samples[-1][2]}

    # === BY HTTP === #

    def _create_patient_users(self):
        """Give some patients a login; return each with a step to book."""
        found = self.clinic.bookable[: self.samples // 2 + WARM_UP]
        users = (
            self.env["res.users"]
            .with_context(no_reset_password=True)
            .create(
                [
                    {
                        "login": f"bench_patient_{partner_id}",
                        "partner_id": partner_id,
                        "group_ids": [
                            Command.set(self.env.ref("base.group_portal").ids)
                        ],
                    }
                    for _line_id, partner_id in found
                ]
            )
        )
        self.env.cr.commit()
        lines = self.env["medspa.course.line"].browse(
            [line_id for line_id, _p in found]
        )
        return list(zip(users, lines, strict=True))

    def _log_in(self, user):
        """Return the id of a new session of the user."""
        session = http.root.session_store.new()
        session.update(http.get_default_session(), db=self.env.cr.dbname)
        session.uid = user.id
        session.login = user.login
        session.session_token = user.with_user(user)._compute_session_token(session.sid)
        session.context = dict(user.with_user(user).context_get())
        http.root.session_store.save(session)
        return session.sid

    def _open(self, session, url, data=None):
        """Return milliseconds, queries and answer of one HTTP request."""
        client = Client(http.root, use_cookies=False)
        begin = time.perf_counter()
        response = client.open(
            url,
            base_url="http://localhost:8069",
            method="POST" if data else "GET",
            headers={"Cookie": f"session_id={session}"},
            data=data,
        )
        elapsed = (time.perf_counter() - begin) * 1000
        if response.status_code >= 400:
            raise RuntimeError(f"{url} answered {response.status_code}.")
        return elapsed, threading.current_thread().query_count, response
