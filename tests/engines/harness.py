"""What the parts of run.py share: checks, programs that end, rows to compare."""

import datetime
import os
import random
import signal
import sqlite3
import subprocess
import sys
import threading
import time

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
HERE = os.path.dirname(os.path.abspath(__file__))

counts = {'passed': 0, 'failed': 0, 'skipped': 0}
rng = random.Random()


class Skip(Exception):
    """What a part needs is not to be had on this machine."""


def check(name, got, expected):
    if got == expected:
        counts['passed'] += 1
        return True
    counts['failed'] += 1
    print(f'==== {name} FAILED\n---- is: {str(got)[:2000]}\n---- should be: {str(expected)[:2000]}', flush=True)
    return False


def say(*words):
    print(*words, flush=True)


# --- Programs ----------------------------------------------------------------

class Program:
    """A program whose lines are kept with the time at which they came."""
    running = []

    def __init__(self, *args, stdin=None, env=None, cwd=None):
        # Should this program break, they end all the same. Told to end, timeout waits as
        # long as -k says and no longer: more than any stop() below does.
        self.process = subprocess.Popen(
            ['timeout', '-k', '90', '300', *map(str, args)], stdin=stdin, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, env=env, cwd=cwd, start_new_session=True)
        self.lines = []
        self.reader = threading.Thread(target=self.read, daemon=True)
        self.reader.start()
        Program.running.append(self)

    def read(self):
        for line in self.process.stdout:
            self.lines.append((time.time(), line.decode('utf-8', 'replace').rstrip('\n')))

    def said(self, start):
        return [line for _, line in list(self.lines) if line.startswith(start)]

    def kill(self):
        """As a power failure would: all of it at once."""
        try:
            os.killpg(self.process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        self.end()

    def stop(self, seconds=20):
        self.process.send_signal(signal.SIGTERM)  # timeout hands it on
        try:
            self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            self.kill()
        self.end()

    def end(self):
        self.process.wait(30)
        self.reader.join(10)
        if self in Program.running:
            Program.running.remove(self)

    def tail(self):
        return '\n'.join(line for _, line in self.lines[-15:])

    @classmethod
    def kill_all(cls):
        for program in list(cls.running):
            program.kill()


def until(what, seconds=30, pause=0.05):
    """The first true value of what(); the last value when time is up."""
    end = time.monotonic() + seconds
    while True:
        value = what()
        if value or time.monotonic() > end:
            return value
        time.sleep(pause)


def run(*args, **options):
    return subprocess.run([str(a) for a in args], capture_output=True, text=True,
                          timeout=options.pop('timeout', 120), **options)


# --- Farms -------------------------------------------------------------------

def new_farm(path, build):
    db = sqlite3.connect(path, isolation_level=None)
    db.execute('PRAGMA journal_mode = WAL')
    with open(os.path.join(build, 'tablao.sql'), encoding='utf-8') as script:
        db.executescript(script.read())
    db.close()


def rows_of(path, connect=sqlite3.connect):
    """All rows of all tables; not the moment at which the schema was made, nor
    what Litestream keeps for itself."""
    db = connect(path)
    found = {}
    try:
        tables = [name for name, in db.execute(
            "SELECT name FROM sqlite_master WHERE type = 'table' "
            "AND name NOT GLOB 'sqlite_stat*' AND name NOT GLOB '_litestream_*' ORDER BY 1")]
        for table in tables:
            columns = [name for name, in db.execute('SELECT name FROM pragma_table_info(?)', [table])
                       if (table, name) != ('tablao_migrations', 'applied_at')]
            names = ', '.join(f'"{name}"' for name in columns)
            found[table] = sorted(map(repr, db.execute(f'SELECT {names} FROM "{table}"')))
    finally:
        db.close()
    return found


def difference(one, other):
    """Where two results of rows_of() differ: '' if nowhere."""
    lines = []
    for table in sorted(set(one) | set(other)):
        a, b = one.get(table, []), other.get(table, [])
        if a != b:
            lines.append(f'{table}: ' + '; '.join(
                [f'- {row}' for row in sorted(set(a) - set(b))[:2]] + [f'+ {row}' for row in sorted(set(b) - set(a))[:2]]))
    return '\n'.join(lines)


def unsound(path):
    """What is wrong with a farm: '' if nothing."""
    db = sqlite3.connect(path)
    try:
        wrong = [*db.execute('SELECT * FROM farm_problems LIMIT 5'), *db.execute('PRAGMA foreign_key_check'),
                 *db.execute('PRAGMA integrity_check')]
    finally:
        db.close()
    return '' if wrong == [('ok',)] else str(wrong)


def read_acknowledgements(lines):
    """{'got': {task: {worker, ...}}, 'completed': {task}, 'stored': {job}}"""
    known = {'got': {}, 'completed': set(), 'stored': set()}
    for line in lines:
        words = line.split()
        if len(words) < 2 or not line.endswith(words[-1]):
            continue
        if words[0] == 'got':
            known['got'].setdefault(words[1], set()).add(words[2])
        elif words[0] in known:
            known[words[0]].add(words[1])
    return known


def compare(path, known):
    """(acknowledged and not there, tasks that two workers got)"""
    db = sqlite3.connect(path)
    try:
        completed = {uuid for uuid, in db.execute("SELECT uuid FROM tasks WHERE status = 'completed'")}
        stored = {uuid for uuid, in db.execute('SELECT uuid FROM jobs')}
    finally:
        db.close()
    lost = (known['completed'] - completed) | (known['stored'] - stored)
    twice = {task for task, workers in known['got'].items() if len(workers) > 1}
    return lost, twice


def document(number, tasks=4):
    """A job whose last task waits for the others, all with uuids of our own."""
    uuids = [f'job-{number}-task-{i}' for i in range(tasks)]
    return {'uuid': f'job-{number}', 'name': f'job {number}', 'job_type': 'engines', 'status': 'queued', 'tasks': [
        {'uuid': uuid, 'name': uuid, 'type': 'misc', 'dependencies': uuids[:-1] if uuid == uuids[-1] else [],
         'commands': [{'name': 'echo', 'parameters': {'message': uuid}, 'total_step_count': 1}]} for uuid in uuids]}


def timestamp():
    return datetime.datetime.now(datetime.timezone.utc).strftime('%Y-%m-%dT%H:%M:%S.%f')[:-3] + 'Z'


def python():
    return sys.executable
