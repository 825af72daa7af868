"""A farm at work on a database file, for the tests of what copies files.

    python3 load.py DATABASE FIRST SECONDS [WORKERS]

Workers claim and complete, a submitter stores jobs (numbered from FIRST), and
a tick comes every second. Ends well on SIGTERM. Prints a line per acknowledgement, after the commit:
`got TASK WORKER`, `completed TASK`, `stored JOB`.
"""

import json
import os
import signal
import sqlite3
import sys
import threading
import time

from harness import document

path, first, seconds = sys.argv[1], int(sys.argv[2]), float(sys.argv[3])
workers = int(sys.argv[4]) if len(sys.argv) > 4 else 4
end = time.monotonic() + seconds


def stop(*_):
    global end
    end = 0


signal.signal(signal.SIGTERM, stop)


def acknowledge(*words):
    # One write(2): whole, or not at all, whenever this process is killed.
    os.write(1, (' '.join(words) + '\n').encode())


def connect():
    db = sqlite3.connect(path, timeout=30, isolation_level=None)
    db.execute('PRAGMA foreign_keys = ON')
    return db


def work(name):
    db = connect()
    db.execute('''INSERT INTO workers (uuid, name, status, supported_task_types) VALUES (?, ?, 'awake', 'misc')
        ON CONFLICT (uuid) DO NOTHING''', [name, name])
    while time.monotonic() < end:
        db.execute('INSERT INTO task_claims (worker_uuid) VALUES (?)', [name])
        for task, in db.execute('SELECT task_uuid FROM task_claims WHERE worker_uuid = ?', [name]).fetchall():
            acknowledge('got', task, name)
            db.execute('''INSERT INTO task_updates (task_uuid, worker_uuid, status, activity)
                VALUES (?, ?, 'completed', 'done')''', [task, name])
            acknowledge('completed', task)
        time.sleep(0.02)


def submit():
    db = connect()
    number = first
    while time.monotonic() < end:
        db.execute('INSERT INTO authored_jobs (document) VALUES (?)', [json.dumps(document(number))])
        acknowledge('stored', f'job-{number}')
        number += 1
        time.sleep(0.05)


def tick():
    db = connect()
    while time.monotonic() < end:
        db.execute('INSERT INTO farm_ticks DEFAULT VALUES')
        time.sleep(1)


threads = [threading.Thread(target=work, args=[f'worker-{i}']) for i in range(workers)]
threads += [threading.Thread(target=submit), threading.Thread(target=tick)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
