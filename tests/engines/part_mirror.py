"""Row-level replicas: the changes of rows that a day makes on a farm, as
changesets of SQLite's session extension, applied to a mirror without triggers.
"""

import json
import os

from harness import Skip, check, difference, rows_of, say
from part_statements import record


def seen(db, view):
    """What a view shows, but for the order of rows and, in a document, of a
    task's dependencies: that of their rowids, which a changeset has not."""
    found = []
    for row in db.execute(f'SELECT * FROM "{view}"'):
        if view == 'authored_jobs':
            document = json.loads(row[1])
            for task in document['tasks']:
                task['dependencies'].sort()
            row = row[0], json.dumps(document)
        found.append(repr(row))
    return sorted(found)


def part(build, work):
    try:
        import apsw
    except ImportError:
        raise Skip('apsw, which has the session extension, cannot be had')
    if 'ENABLE_SESSION' not in apsw.compile_options:
        raise Skip('apsw was compiled without the session extension')
    with open(record(build, work), encoding='utf-8') as file:
        day = json.load(file)
    farm = apsw.Connection(os.path.join(work, 'farm.db'))
    farm.execute('PRAGMA synchronous = OFF')
    with open(os.path.join(build, 'tablao.sql'), encoding='utf-8') as script:
        farm.execute(script.read())
    # The mirror begins with the rows that the farm has by then.
    begin = len(day) // 10
    for statement in day[:begin]:
        farm.execute(statement)
    mirror = apsw.Connection(os.path.join(work, 'mirror.db'))
    mirror.execute('PRAGMA synchronous = OFF')
    with open(os.path.join(build, 'tablao-mirror.sql'), encoding='utf-8') as script:
        mirror.execute(script.read())
    mirror.execute('ATTACH ? AS farm', [os.path.join(work, 'farm.db')])
    tables = [name for name, in mirror.execute("SELECT name FROM farm.sqlite_schema WHERE type = 'table' "
                                               "AND name NOT LIKE 'sqlite_%'")]
    mirror.execute('BEGIN')
    for table in tables:
        mirror.execute(f'INSERT INTO main."{table}" SELECT * FROM farm."{table}"')
    mirror.execute('COMMIT')
    mirror.execute('DETACH farm')
    keyless = [table for table in tables
               if not list(farm.execute('SELECT 1 FROM pragma_table_info(?) WHERE pk', [table]))]

    conflicts, size, sent = [], 0, 0

    def conflict(reason, change):
        conflicts.append((reason, change.name, change.op))
        return apsw.SQLITE_CHANGESET_ABORT

    step = 250
    for at in range(begin, len(day), step):
        session = apsw.Session(farm, 'main')
        session.attach()
        for statement in day[at:at + step]:
            farm.execute(statement)
        changes = session.changeset()
        session.close()
        size += len(changes)
        sent += 1
        try:
            apsw.Changeset.apply(changes, mirror, conflict=conflict)
        except apsw.AbortError:
            break
    check('no change conflicts', conflicts, [])
    check('all of the day was sent', sent, -(-(len(day) - begin) // step))
    # A session tells rows apart by their key, and passes over what has none.
    check('tables without a key hold nothing between statements', [
        table for table in keyless if list(farm.execute(f'SELECT 1 FROM "{table}"'))], [])
    views = [view for view, in farm.execute(
        "SELECT name FROM sqlite_schema WHERE type = 'view' AND name NOT LIKE 'tablao\\_%' ESCAPE '\\'")]
    for view in views:
        check(f'view {view}', seen(mirror, view), seen(farm, view))
    farm.close()
    mirror.close()
    one, other = rows_of(os.path.join(work, 'farm.db')), rows_of(os.path.join(work, 'mirror.db'))
    check('rows equal', difference(one, other), '')
    check('there were rows', sum(map(len, other.values())) > 500, True)
    say(f'  {len(day) - begin} statements in {sent} changesets of {size // 1024} KB together, '
        f'{sum(map(len, other.values()))} rows')
