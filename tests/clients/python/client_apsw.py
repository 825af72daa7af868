"""Runs the scenario through APSW, which comes with the newest SQLite.

Usage and protocol: see client.py. APSW says what SQLite says: no transactions
of its own, SQLite's types, one exception class per error code.
"""

import json
import sys

import apsw

scenario_path, database, build, way = sys.argv[1:]
blocks = json.load(open(scenario_path, encoding='utf-8'))['blocks']

db = apsw.Connection(database)
db.set_busy_timeout(10000)
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
        got = [list(row) for row in db.execute(step['sql'], [bind(p) for p in step.get('params', [])])]
    except apsw.Error as error:
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
        check('install', None if db.execute('SELECT tablao_migrate()').get >= 1 else 'version')
    else:
        # APSW runs all statements of a text.
        db.execute(open(build + '/tablao.sql', encoding='utf-8').read())
        check('install', None)


def extra():
    """What this driver does that could matter."""
    # `with db` is a savepoint; what fails inside leaves nothing.
    try:
        with db:
            db.execute("UPDATE jobs SET status = 'requeueing' WHERE uuid = 'job-shot'")
            db.execute("UPDATE jobs SET status = 'wrong' WHERE uuid = 'job-shot'")
    except apsw.ConstraintError:
        pass
    got = db.execute("SELECT status FROM jobs WHERE uuid = 'job-shot'").get
    check('a savepoint around a refused statement', None if got == 'failed' else got)
    # The schema must work where nothing in it is trusted.
    db.config(apsw.SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0)
    db.config(apsw.SQLITE_DBCONFIG_DEFENSIVE, 1)
    db.execute("UPDATE jobs SET priority = 81 WHERE uuid = 'job-doc'")
    got = db.execute('SELECT count(*) FROM farm_problems').get
    check('defensive and untrusted', None if got == 0 else got)
    # JSONB is no UTF-8 text: refused, not stored as something unreadable.
    try:
        db.execute("UPDATE jobs SET settings = jsonb('{\"a\": [1, 2]}') WHERE uuid = 'job-doc'")
        got = 'no error'
    except apsw.Error:
        got = None
    check('JSONB is refused', got)


for line in sys.stdin:
    words = line.split()
    try:
        if words[0] == 'version':
            say('version', 'APSW ' + apsw.apsw_version(), apsw.sqlite_lib_version(), sep='\t')
        elif words[0] == 'block':
            block(int(words[1]))
        else:
            {'install': install, 'extra': extra}[words[0]]()
    except Exception as error:  # one line, and the next command
        check(line.strip(), repr(error))
    say('done')
db.close()
