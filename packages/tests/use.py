"""Uses the installed package: python use.py VERSION job.json [OLD.db rows.sql]

OLD.db is a farm of an older version, which is upgraded.

Prints a line for each check that failed, then `N passed, N failed`.
"""

import json
import os
import sqlite3
import sys
import tempfile

import tablao

version, job = sys.argv[1], open(sys.argv[2], encoding="utf-8").read()
passed = failed = 0


def check(what, got, want):
    global passed, failed
    if got == want:
        passed += 1
    else:
        failed += 1
        print("%s: wanted %r, got %r" % (what, want, got))


def value(db, sql, *parameters):
    row = db.execute(sql, parameters).fetchone()
    return row and row[0]


def work(name, db, claim):
    value(db, "UPDATE jobs SET status = 'queued'")
    worker = value(
        db,
        "INSERT INTO workers (name, status, supported_task_types)"
        " VALUES ('node', 'awake', 'blender,ffmpeg') RETURNING uuid",
    )
    claim(worker)
    value(
        db,
        "INSERT INTO task_updates (task_uuid, worker_uuid, status)"
        " SELECT task_uuid, worker_uuid, 'completed' FROM task_claims",
    )
    summary = "SELECT status || num_completed || num_tasks FROM job_summaries"
    check(name + " summary", value(db, summary), "active15")
    check(name + " problems", value(db, "SELECT count(*) FROM farm_problems"), 0)


def use_extension(name, db):
    tablao.load(db)
    check(name + " version", value(db, "SELECT tablao_version()"), version)
    number = tablao.migrate(db)
    check(name + " migrate", number, value(db, "SELECT tablao_schema_version()"))
    check(name + " again", tablao.migrate(db), number)
    check(name + " store", len(value(db, "SELECT store_authored_job(?)", job)), 36)

    def claim(worker):
        task = json.loads(value(db, "SELECT schedule_task(?)", worker))
        check(name + " task", task["name"], "render-1-3")

    work(name, db, claim)
    errors = "SELECT count(*) FROM tablao_check WHERE severity = 'error'"
    check(name + " check", value(db, errors), 0)
    try:
        db.execute("SELECT load_extension('x')")
    except Exception as error:
        check(name + " loading is off", "authorized" in str(error), True)
    db.close()


def use_sql(name, db):
    number = tablao.migrate(db)
    check(name + " again", tablao.migrate(db), number)
    value(db, "INSERT INTO authored_jobs (document) VALUES (?)", job)
    work(
        name,
        db,
        lambda worker: value(
            db, "INSERT INTO task_claims (worker_uuid) VALUES (?)", worker
        ),
    )
    db.close()


def upgrade(path, rows):
    before = value(sqlite3.connect(path), rows)
    check("upgrade: there is something", before.count("\n") > 10, True)

    # Without the extension it is refused, and nothing has happened.
    with sqlite3.connect(path, isolation_level=None) as db:
        old = value(db, "SELECT max(version) FROM tablao_migrations")
        try:
            check("upgrade: same version", tablao.migrate(Unable(db)), old)
        except RuntimeError as error:
            check("upgrade: refusal", "only the extension" in str(error), True)
        check("upgrade: not changed", value(db, rows), before)

    db = sqlite3.connect(path, isolation_level=None)
    number = tablao.migrate(db)
    check("upgrade", value(db, "SELECT tablao_schema_version()"), number)
    check("upgrade: rows", value(db, rows), before)
    check("upgrade: problems", value(db, "SELECT count(*) FROM farm_problems"), 0)
    after = '{"name": "after", "job_type": "t"}'
    check("upgrade: store", len(value(db, "SELECT store_authored_job(?)", after)), 36)
    db.close()


class Unable:
    """A connection of a Python that cannot load extensions."""

    def __init__(self, db):
        self.execute = db.execute
        self.executescript = db.executescript
        self.close = db.close


check("version", tablao.__version__, version)
check("path", os.path.isfile(tablao.loadable_path()), True)
check("installed", os.path.dirname(tablao.__file__).startswith(sys.prefix), True)
with tempfile.TemporaryDirectory() as folder:
    for level in None, "":
        path = os.path.join(folder, "farm%s.db" % level)
        use_extension(
            "sqlite3 %r" % level, sqlite3.connect(path, isolation_level=level)
        )
use_sql("no extension", Unable(sqlite3.connect(":memory:", isolation_level=None)))
with sqlite3.connect(":memory:", isolation_level=None) as db:
    db.executescript(tablao.schema_sql())
    check("schema_sql", value(db, "SELECT count(*) FROM farm_problems"), 0)
try:
    tablao.load(Unable(db))
except RuntimeError as error:
    check("unable", str(error).startswith("tablao: this Python"), True)
if len(sys.argv) > 3:
    upgrade(sys.argv[3], open(sys.argv[4], encoding="utf-8").read())
try:
    import apsw
except ImportError:
    pass
else:
    use_extension("apsw", apsw.Connection(":memory:"))
    print("APSW " + apsw.sqlite_lib_version())
print("SQLite " + sqlite3.sqlite_version)
print("%d passed, %d failed" % (passed, failed))
sys.exit(failed > 0)
