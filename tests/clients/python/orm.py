"""What an ORM does of its own accord: SQLAlchemy, with models that it reflects.

    orm.py DATABASE

DATABASE is a farm. A line per check, `ok NAME` or `not ok NAME: WHY`, then
`version<TAB>ORM<TAB>SQLITE`. What is seen here stands in docs/clients.md.
"""
import sqlite3
import sys
import warnings
from datetime import datetime, timedelta, timezone

import sqlalchemy
from sqlalchemy import (
    JSON, MetaData, Text, create_engine, event, inspect, select, text, type_coerce, update)
from sqlalchemy.dialects.sqlite import insert
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import DeclarativeBase, Session

engine = create_engine('sqlite:///' + sys.argv[1])


def check(name, result, wanted):
    if result == wanted:
        print('ok', name)
    else:
        print('not ok', f'{name}: {result!r}, not {wanted!r}')


def refused(session, act):
    """The message of the refusal of act(), or what it returned."""
    try:
        result = act()
        session.commit()
    except DBAPIError as error:
        session.rollback()
        return str(error.orig)
    return f'not refused: {result!r}'


with warnings.catch_warnings():
    # An index on an expression is one that it does not reflect, and says so.
    warnings.simplefilter('ignore', sqlalchemy.exc.SAWarning)
    everything = MetaData()
    everything.reflect(engine, views=True)

database = {name for (name,) in sqlite3.connect(sys.argv[1]).execute(
    "SELECT name FROM sqlite_schema WHERE type IN ('table', 'view') "
    "AND name NOT LIKE 'sqlite_%'")}
check('reflects all tables and views', set(everything.tables), database)

# Settings are numbers, words and a time, in a column that is declared numeric.
settings = everything.tables['farm_settings']
with engine.connect() as reader:
    try:
        message = reader.execute(settings.select()).all()
    except TypeError as error:
        message = str(error)
    check('farm_settings.value as it is reflected', message, 'must be real number, not str')
    check('and as text', dict(reader.execute(
        select(settings.c.name, type_coerce(settings.c.value, Text))).all())['history'], 'on')

# As it would have them: every column, JSON as it is declared.
whole = everything.tables['tasks']


class Base(DeclarativeBase):
    pass


@event.listens_for(Base.metadata, 'column_reflect')
def leave_out(inspector, table, column):
    """What docs/clients.md says: JSON is text."""
    if str(column['type']).upper() == 'JSONB':
        column['type'] = JSON()


def model(table):
    """A class of that table's columns, but for those that are Tablao's own."""
    with warnings.catch_warnings():
        warnings.simplefilter('ignore', sqlalchemy.exc.SAWarning)
        reflected = sqlalchemy.Table(table, Base.metadata, autoload_with=engine)
    ours = [c.name for c in reflected.columns if c.name.startswith('tablao_')]
    return type(table, (Base,), {
        '__table__': reflected,
        '__mapper_args__': {'exclude_properties': ours},
    })


Job, Task, Worker = model('jobs'), model('tasks'), model('workers')

with Session(engine) as s:
    # One INSERT of what was given; what the database gave is fetched when asked
    # for, and that is the row after the triggers if it was refreshed.
    job = Job(name='orm', job_type='test', status='queued', settings={'a': [1, 'ö']})
    s.add(job)
    s.commit()
    s.refresh(job)
    check('JSON in and out', job.settings, {'a': [1, 'ö']})
    check('defaults', [len(job.uuid), job.priority], [36, 0])

    task = Task(job_id=job.id, name='a', type='misc')
    s.add(task)
    s.flush()
    s.refresh(task)
    check('a refreshed row is that after the triggers', task.index_in_job, 1)
    returned = s.execute(insert(Task).values(job_id=job.id, name='b', type='misc')
                         .returning(Task.index_in_job)).scalar()
    check('RETURNING is that before them', returned, 0)
    s.commit()

    # Times, in a form of its own, and with a zone that it does not write.
    local = datetime(2026, 1, 2, 3, 4, 5, 678901, timezone(timedelta(hours=2)))
    worker = Worker(name='w', status='awake', can_restart=True,
                    supported_task_types='misc', last_seen_at=local.astimezone(timezone.utc))
    s.add(worker)
    s.commit()
    check('a time is stored in the form of the farm',
          s.execute(text('SELECT last_seen_at FROM workers')).scalar(),
          '2026-01-02 01:04:05.678+00:00')
    s.refresh(worker)
    check('a boolean', worker.can_restart, True)

    # It updates what changed, so a row that has changed meanwhile is no matter.
    s.refresh(task)
    with engine.begin() as other:
        other.execute(text("UPDATE tasks SET priority=60 WHERE name='a'"))
    task.name = 'new'
    s.commit()
    s.refresh(task)
    check('a save of what changed', [task.name, task.priority], ['new', 60])

    # What an ORM that saves whole rows does.
    row = dict(s.execute(whole.select().where(whole.c.id == task.id)).mappings().one())
    row['commands'] = '[]'
    with engine.begin() as other:
        other.execute(text("UPDATE tasks SET status='active' WHERE name='new'"))
        other.execute(text("UPDATE tasks SET status='completed' WHERE name='new'"))
    named = ', '.join(f'{c}=:{c}' for c in row if c != 'id')
    message = refused(s, lambda: s.execute(
        text(f'UPDATE tasks SET {named} WHERE id=:id'),
        {**row, 'created_at': str(row['created_at']), 'updated_at': str(row['updated_at'])}))
    check('a stale save of a whole row', message.startswith(
        'tablao: tasks: the row has changed since it was read'), True)

    # The type that it reflects for a column declared jsonb writes jsonb(...);
    # where SQLite has no such function, that is what it says.
    message = refused(s, lambda: s.execute(
        update(everything.tables['jobs']).values(settings={})))
    check('JSONB as it is reflected', message,
          'tablao: settings, metadata, commands and documents must be JSON as text, not JSONB: write json(...) in place of jsonb(...)'
          if sqlite3.sqlite_version_info >= (3, 45) else 'no such function: jsonb')

    # A status is an operation.
    job.status = 'cancel-requested'
    s.commit()
    check('a status moves the tasks', s.execute(
        text("SELECT j.status, t.status FROM jobs j JOIN tasks t ON t.job_id=j.id WHERE t.name='b'")).one(),
        ('canceled', 'canceled'))
    message = refused(s, lambda: setattr(job, 'status', 'done'))
    check('a refusal is in words', message.startswith('tablao: jobs.status must be one of'), True)

    # Doors.
    job.status = 'requeueing'
    s.commit()
    claim = s.execute(text("INSERT INTO task_claims(worker_uuid) VALUES(:uuid) RETURNING task_uuid"),
                      {'uuid': worker.uuid}).scalar()
    check('RETURNING of a claim', claim, None)
    check('a claim', s.execute(text('SELECT count(*) FROM task_claims')).scalar(), 1)
    s.commit()
    upsert = insert(Worker).values(uuid=worker.uuid, name='renamed')
    s.execute(upsert.on_conflict_do_update(index_elements=['uuid'], set_={'name': upsert.excluded.name}))
    s.commit()
    s.refresh(worker)
    check('an upsert', worker.name, 'renamed')
    s.delete(job)
    s.commit()
    check('a delete', s.execute(text('SELECT count(*) FROM tasks')).scalar(), 0)
    check('the farm is sound', s.execute(text('SELECT * FROM farm_problems')).all(), [])

print(f'version\tSQLAlchemy {sqlalchemy.__version__}\t{sqlite3.sqlite_version}')
