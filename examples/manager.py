"""A render farm's manager: HTTP and JSON in front of a Tablao database.

    python3 manager.py [--db farm.db] [--port 8080] [--schema build/tablao.sql]

It needs Python's standard library and no extension. Who may work on what, what
a failure leads to, when a job is done: all that is in the database. A browser
is shown how far the jobs are, at /.
"""

import argparse
import base64
import contextlib
import hashlib
import hmac
import html
import json
import pathlib
import re
import secrets
import sqlite3
import sys
import threading
import time
import uuid
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


def connect(mode='rw'):
    # A farm that was moved away is not made anew, empty, in its place.
    path = pathlib.Path(args.db).absolute().as_uri()
    # isolation_level=None: every statement is a transaction by itself.
    db = sqlite3.connect(f'{path}?mode={mode}', uri=True, timeout=10, isolation_level=None)
    db.row_factory = sqlite3.Row
    return db


def rows(db, sql, *params):
    return [dict(row) for row in db.execute(sql, params)]


def digest(secret):
    """What the farm keeps of a secret; who reads the file is not to be able to sign."""
    return hashlib.sha256(secret.encode()).hexdigest()


def register(db, worker, body):
    """A new worker gets a uuid, and a secret to sign with what it says."""
    if not isinstance(body['task_types'], list):
        raise TypeError('task_types must be an array')
    secret = secrets.token_urlsafe(24)
    [me] = rows(db, 'INSERT INTO workers (secret, name, supported_task_types) VALUES (?, ?, ?) RETURNING uuid',
                digest(secret), body['name'], ','.join(body['task_types']))
    return 200, {**me, 'secret': secret}


def worker_status(db, worker, body):
    """The worker's new status; the answer is what it should become next."""
    rows(db, 'UPDATE workers SET status = ?, last_seen_at = (SELECT now FROM farm_clock) WHERE uuid = ?',
         body['status'], worker)
    return 200, rows(db, 'SELECT status FROM worker_next_statuses WHERE worker_uuid = ?', worker)[0]


def next_task(db, worker, body):
    """The next task; 204: there is none; 423: the worker must change to this status first."""
    [me] = rows(db, 'SELECT status, status_requested FROM workers WHERE uuid = ?', worker)
    if me['status_requested']:
        return 423, {'status': me['status_requested']}
    if me['status'] == 'asleep':  # it is there all the same; a claim would be refused, and it would time out
        db.execute('UPDATE workers SET last_seen_at = (SELECT now FROM farm_clock) WHERE uuid = ?', [worker])
        return 204, None
    db.execute('INSERT INTO task_claims (worker_uuid) VALUES (?)', [worker])
    for task in rows(db, '''SELECT t.uuid, t.name, t.type, t.commands
            FROM task_claims c JOIN task_details t ON t.uuid = c.task_uuid
            WHERE c.worker_uuid = ? AND c.job_status IN ('queued', 'active')''', worker):
        return 200, {**task, 'commands': json.loads(task['commands'])}
    return 204, None


def task_update(db, worker, body, task):
    report = [body.get(name) for name in ('status', 'activity', 'steps_completed')]
    rows(db, '''INSERT INTO task_updates (task_uuid, worker_uuid, status, activity, steps_completed)
        VALUES (?, ?, ?, ?, ?)''', task, worker, *report)
    return 204, None


def submit_job(db, worker, body):
    job_uuid = body['uuid'] if body.get('uuid') is not None else str(uuid.uuid4())
    db.execute('INSERT INTO authored_jobs (document) VALUES (?)', [json.dumps({**body, 'uuid': job_uuid, 'status': 'queued'})])
    return job(db, worker, None, job_uuid)


def job(db, worker, body, job_uuid):
    for found in rows(db, 'SELECT * FROM job_summaries WHERE job_uuid = ?', job_uuid):
        return 200, {**found, 'tasks': rows(db, '''SELECT uuid, name, status, worker_name, activity
            FROM task_details WHERE job_uuid = ? ORDER BY index_in_job''', job_uuid)}
    return 404, {'message': 'no such job'}


def job_status(db, worker, body, job_uuid):
    """cancel-requested, pause-requested or requeueing; the answer is what came of it."""
    db.execute('UPDATE jobs SET status = ? WHERE uuid = ?', [body['status'], job_uuid])
    return job(db, worker, None, job_uuid)


def workers(db, worker, body):
    return 200, rows(db, '''SELECT w.*, s.num_completed, s.num_failed, s.mean_seconds FROM worker_summaries w
        LEFT JOIN worker_statistics s ON s.worker_uuid = w.worker_uuid ORDER BY w.name, w.worker_uuid''')


PAGE = '''<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><meta http-equiv="refresh" content="5"><title>Farm</title><style>
body { font: 15px/1.5 sans-serif; margin: 2em; color: #222; background: #fff }
table { border-collapse: collapse; margin-bottom: 2em }
th, td { text-align: left; padding: 2px 16px 2px 0; border-bottom: 1px solid #ddd }
progress { width: 16em; vertical-align: middle }
</style></head><body>
'''


def page(db, worker, body):
    """For a browser: the jobs with bars, the workers, what waits and why."""
    def table(title, heads, sql):
        cells = [[value if name == 'bar' else html.escape(str('' if value is None else value))
                  for name, value in row.items()] for row in rows(db, sql)]
        return '<h2>%s</h2>\n<table><tr>%s</tr>\n%s</table>\n' % (
            title, ''.join('<th>%s</th>' % head for head in heads.split(', ')),
            ''.join('<tr>%s</tr>\n' % ''.join('<td>%s</td>' % cell for cell in row) for row in cells))

    [farm] = rows(db, 'SELECT status, now FROM farm_status, farm_clock')
    return 200, PAGE + '<h1>The farm is %(status)s</h1>\n<p>%(now)s</p>\n' % farm + table(
        'Jobs', 'job, status, priority, tasks completed, done, active, failed, expected end', '''
        SELECT s.name, s.status, s.priority,
          printf('<progress value="%d" max="%d"></progress>', num_completed, max(1, num_tasks)) AS bar,
          num_completed || ' of ' || num_tasks, num_active, num_failed, t.expected_end_at
        FROM job_summaries s JOIN job_times t ON t.job_uuid = s.job_uuid
        ORDER BY s.status NOT IN ('queued', 'active'), s.job_id DESC LIMIT 50''') + table(
        'Workers', 'worker, status, requested, task, of job, completed, failed, last seen', '''
        SELECT w.name, w.status, w.status_requested, iif(w.task_status = 'active', w.task_name, NULL),
          iif(w.task_status = 'active', w.job_name, NULL), s.num_completed, s.num_failed, w.last_seen_at
        FROM worker_summaries w LEFT JOIN worker_statistics s ON s.worker_uuid = w.worker_uuid
        ORDER BY w.name, w.worker_uuid''') + table(
        'What waits', 'job, tasks, reason, detail', '''
        SELECT name, num_tasks, reason, detail FROM waiting_jobs ORDER BY name, job_uuid, reason LIMIT 50''')


ROUTES = [  # method, path, what does it, whether a worker must sign
    ('GET', '/', page, False),
    ('GET', '/workers', workers, False),
    ('POST', '/worker/register', register, False),
    ('POST', '/worker/status', worker_status, True),
    ('POST', '/worker/task', next_task, True),
    ('POST', '/worker/task/([^/]+)', task_update, True),
    ('POST', '/jobs', submit_job, False),
    ('GET', '/jobs', lambda db, *_: (200, rows(db, 'SELECT * FROM job_summaries')), False),
    ('GET', '/jobs/([^/]+)', job, False),
    ('POST', '/jobs/([^/]+)/status', job_status, False),
]


class Handler(BaseHTTPRequestHandler):
    timeout = 60  # for a client that says nothing any more

    def signed_by(self, db):
        """The worker whose uuid and secret came by HTTP's basic authentication."""
        try:
            text = base64.b64decode(self.headers.get('Authorization', '').removeprefix('Basic ')).decode()
        except ValueError:
            return None
        name, _, secret = text.partition(':')
        for known in rows(db, 'SELECT secret FROM workers WHERE uuid = ? AND deleted_at IS NULL', name):
            return name if hmac.compare_digest(known['secret'].encode(), digest(secret).encode()) else None

    def answer(self, db):
        length = int(self.headers.get('Content-Length', 0))
        if length < 0:
            raise ValueError('Content-Length must not be negative')  # read() would take it for: to the end
        body = json.loads(self.rfile.read(length) or 'null', parse_constant=int)  # int refuses NaN
        for method, path, function, signed in ROUTES:
            match = re.fullmatch(path, self.path)
            if match and method == self.command:
                worker = self.signed_by(db) if signed else None
                if signed and not worker:
                    return 401, {'message': 'no such worker, or another secret'}
                if method == 'POST' and function != next_task and not isinstance(body, dict):
                    return 400, {'message': 'the body must be a JSON object'}
                return function(db, worker, body, *match.groups())
        return 404, {'message': 'no such path'}

    def do_GET(self):
        try:
            with contextlib.closing(connect()) as db:
                status, body = self.answer(db)
        except sqlite3.IntegrityError as error:  # the database says no, and why
            status, body = 409, {'message': str(error)}
        except (sqlite3.InterfaceError, sqlite3.ProgrammingError, sqlite3.DataError, OverflowError, KeyError, TypeError,
                ValueError, RecursionError) as error:
            status, body = 400, {'message': repr(error)}  # of a type, or so large, that SQLite does not take it
        except sqlite3.Error as error:  # locked for longer than the timeout, a disk that is full, a file that is damaged
            status, body = 503, {'message': str(error)}
        is_page = isinstance(body, str)
        data = b'' if body is None else (body if is_page else json.dumps(body)).encode()
        self.send_response(status)
        self.send_header('Content-Type', 'text/html; charset=utf-8' if is_page else 'application/json')
        self.send_header('Content-Length', str(len(data)))
        with contextlib.suppress(ConnectionError):  # who asked has gone away
            self.end_headers()
            self.wfile.write(data)
    do_POST = do_GET


def tick():
    while True:  # timeouts, sleep schedules, jobs that are stuck
        time.sleep(60)
        try:
            with contextlib.closing(connect()) as db:
                db.execute('INSERT INTO farm_ticks DEFAULT VALUES')
        except sqlite3.Error as error:  # the next may succeed
            print(f'tick: {error}', file=sys.stderr, flush=True)


def make_farm(args):
    """A new farm, where the file is new; one that is there is left as it is."""
    db = connect('rwc')
    names = {row['name'] for row in rows(db, 'SELECT name FROM sqlite_master')}
    if 'farm_settings' not in names:
        if names:
            sys.exit(f'tablao: {args.db}: is a database of something else')
        with open(args.schema, encoding='utf-8') as file:
            script = file.read()
        db.execute('PRAGMA journal_mode = WAL')  # who looks at it does not wait for who writes
        db.executescript(script)
    if rows(db, "SELECT 1 FROM farm_settings WHERE name = 'state_machine' AND value = 'off'"):
        sys.exit(f"tablao: {args.db}: is observed, Flamenco's Manager rules it")
    db.close()


if __name__ == '__main__':
    parser = argparse.ArgumentParser()
    for name, default, is_what in (
            ('db', 'farm.db', 'the farm; it is made if it is not there'), ('port', 8080, 'of 127.0.0.1'),
            ('schema', 'build/tablao.sql', 'what to make a farm with')):
        parser.add_argument('--' + name, default=default, type=type(default), help='%s (%s)' % (is_what, default))
    args = parser.parse_args()
    try:
        make_farm(args)
        server = ThreadingHTTPServer(('127.0.0.1', args.port), Handler)
    except sqlite3.Error as error:
        sys.exit(f'tablao: {args.db}: {error}')
    except (OSError, OverflowError) as error:
        name = getattr(error, 'filename', None)
        sys.exit(f'tablao: {name}: {error.strerror}' if name else f'tablao: port {args.port}: {error}')
    threading.Thread(target=tick, daemon=True).start()
    print(f'http://127.0.0.1:{server.server_port}', flush=True)
    try:
        server.serve_forever()
    except KeyboardInterrupt:
        pass
