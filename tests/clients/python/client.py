"""Runs the scenario through Python's own sqlite3 module.

    python3 client.py SCENARIO DATABASE BUILD ext|sql

The protocol of all clients: commands come as lines on the standard input
(version, install, block N, extra), every check is answered by a line `ok NAME`
or `not ok NAME: WHY`, every command by a last line `done`. The connection is
open from the first command to the end of the input.
"""

import datetime
import json
import sqlite3
import sys

scenario_path, database, build, way = sys.argv[1:]
blocks = json.load(open(scenario_path, encoding='utf-8'))['blocks']

# isolation_level=None: the module opens no transactions of its own.
db = sqlite3.connect(database, timeout=10, isolation_level=None)
if way == 'ext':
    db.enable_load_extension(True)
    db.load_extension(build + '/tablao')
    db.enable_load_extension(False)


def say(*words, sep=' '):
    print(*words, sep=sep, flush=True)


def check(name, wrong):
    say('ok', name) if not wrong else say(f'not ok {name}:', wrong)


def bind(value):
    if isinstance(value, dict):
        return value['real'] if 'real' in value else bytes.fromhex(value['blob'])
    return value


def run(step):
    """What is wrong with the step, or None."""
    try:
        rows = db.execute(step['sql'], [bind(p) for p in step.get('params', [])])
        got = [list(row) for row in rows]
    except sqlite3.Error as error:
        if step.get('error') and step['error'] in str(error):
            return None
        return str(error)
    if 'error' in step:
        return 'no error'
    if 'rows' in step and got != step['rows']:
        return f'got {got}'
    return None


def block(number):
    chosen = blocks[number]
    for index, step in enumerate(chosen['steps']):
        if step.get('needs') in (None, {'ext': 'extension', 'sql': 'no extension'}[way]):
            check(f"{chosen['section']}. {chosen['name']} #{index + 1}", run(step))


def install():
    if way == 'ext':
        version = db.execute('SELECT tablao_migrate()').fetchone()[0]
        check('install', None if version >= 1 else f'version {version}')
    else:
        db.executescript(open(build + '/tablao.sql', encoding='utf-8').read())
        check('install', None)


def extra():
    """What this driver does that could matter."""
    # By default the module opens a deferred transaction before the first
    # INSERT or UPDATE, and a claim waits in it for a commit().
    other = sqlite3.connect(database, timeout=10)
    other.execute("INSERT INTO worker_tags (uuid, name) VALUES ('py-tag', 'py')")
    open_transaction = other.in_transaction
    other.rollback()
    found = db.execute("SELECT count(*) FROM worker_tags WHERE uuid = 'py-tag'").fetchone()
    check('implicit transaction is there, and rolls back',
          None if open_transaction and found == (0,) else f'{open_transaction} {found}')
    with other:
        other.execute("UPDATE jobs SET priority = priority + 1 WHERE uuid = 'job-doc'")
    other.close()
    # A datetime is bound as the text of its isoformat with a blank, without
    # milliseconds or zone; whoever stores times formats them.
    now = datetime.datetime(2026, 4, 13, 9, 30, tzinfo=datetime.timezone.utc)
    text = now.isoformat(' ', 'milliseconds')
    db.execute('UPDATE workers SET last_seen_at = ? WHERE uuid = ?', (text, 'worker-ada'))
    got = db.execute("SELECT last_seen_at FROM workers WHERE uuid = 'worker-ada'").fetchone()[0]
    check('isoformat with milliseconds is the stored form',
          None if got == '2026-04-13 09:30:00.000+00:00' else got)
    db.execute('UPDATE jobs SET settings = ? WHERE uuid = ?',
               (json.dumps({'x': 1}).encode(), 'job-doc'))
    got = db.execute("SELECT settings FROM jobs WHERE uuid = 'job-doc'").fetchone()[0]
    check('bytes of JSON become text', None if got == '{"x": 1}' else repr(got))
    # The statement cache holds statements made before another connection
    # changed the schema.
    query = 'SELECT count(*) FROM workers'
    before = db.execute(query).fetchone()
    side = sqlite3.connect(database, timeout=10, isolation_level=None)
    side.execute('CREATE TABLE py_side (x)')
    side.execute('DROP TABLE py_side')
    side.close()
    check('cached statements outlive a change of the schema',
          None if db.execute(query).fetchone() == before else 'rows differ')


for line in sys.stdin:
    words = line.split()
    try:
        if words[0] == 'version':
            say('version', 'Python ' + sys.version.split()[0] + ', sqlite3', sqlite3.sqlite_version, sep='\t')
        elif words[0] == 'block':
            block(int(words[1]))
        else:
            {'install': install, 'extra': extra}[words[0]]()
    except Exception as error:  # one line, and the next command
        check(line.strip(), repr(error))
    say('done')
db.close()
