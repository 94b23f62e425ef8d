# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
"""Jobs of the queue, run as its runner and its workers run them."""

import os
import time
import traceback

import psycopg2.errors

import odoo.sql_db
from odoo import SUPERUSER_ID, api

from odoo.addons.queue_job.controllers.main import RunJobController

CHARGES = "root.charge"
LETTERS = "root.message"

COUNT = "SELECT count(*) FROM queue_job WHERE state = 'pending' AND channel = %s"
# Marks a job as the runner does that hands it to a worker.
TAKE = """
UPDATE queue_job SET state = 'enqueued', date_enqueued = now() AT TIME ZONE 'utc'
 WHERE id = (
    SELECT id FROM queue_job
     WHERE state = 'pending' AND channel = %s
       AND (eta IS NULL OR eta <= now() AT TIME ZONE 'utc')
     ORDER BY priority, date_created, id LIMIT 1 FOR UPDATE SKIP LOCKED
 )
RETURNING uuid
"""


def work(registry, is_complete=lambda: True, channel=CHARGES):
    """Run a channel's jobs until none is left; one that was put off is waited for.

    :param is_complete: tells whether no further jobs are queued meanwhile
    """
    while True:
        complete = is_complete()
        with registry.cursor() as cr:
            env = api.Environment(cr, SUPERUSER_ID, {})
            try:
                cr.execute(TAKE, [channel], log_exceptions=False)
            except psycopg2.errors.SerializationFailure:
                continue  # another worker took that job: there is no runner here
            row = cr.fetchone()
            cr.commit()
            if row:
                job = RunJobController._acquire_job(env, row[0])
                if job:
                    RunJobController._runjob(env, job)
                continue
            cr.execute(COUNT, [channel])
            if complete and not cr.fetchone()[0]:
                return
        time.sleep(0.05)


def run_apart(registry, *functions):
    """Run functions in processes of their own, side by side.

    Nothing of the caller's may be waiting to be committed.

    :return: the seconds until the last one has ended, and the most memory that one of
        them has used, in bytes
    :raise RuntimeError: when it failed in one of them
    """
    begin = time.perf_counter()
    children = [_fork(registry, function) for function in functions]
    ends = [os.wait4(child, 0) for child in children]
    seconds = time.perf_counter() - begin
    if any(status for _child, status, _usage in ends):
        raise RuntimeError("A worker failed: see the log.")
    return seconds, max(usage.ru_maxrss for *_rest, usage in ends) * 1024


def _fork(registry, function):
    child = os.fork()
    if child:
        return child
    status = 1
    try:
        # The connections of the parent stay the parent's.
        odoo.sql_db._Pool = odoo.sql_db._Pool_readonly = None
        registry._db = odoo.sql_db.db_connect(registry.db_name)
        function()
        status = 0
    except BaseException:  # noqa: BLE001 - told by the exit status
        traceback.print_exc()
    finally:
        os._exit(status)
