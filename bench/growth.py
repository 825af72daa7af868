"""What must not grow: a statement in a small farm and in a large one.

    python3 bench/growth.py BUILD

One line per row of the table in docs/performance.md; fails where the large one
takes more than the limit says. Farms are in memory, made by BUILD/tablao.sql, and
a statement is rolled back after each sample.
"""
import random
import sqlite3
import statistics
import sys
import time

with open(sys.argv[1] + "/tablao.sql") as script:
    SCRIPT = script.read()
FAIL = "INSERT INTO task_updates (task_uuid, worker_uuid, status) VALUES ('t0', 'w1', 'failed')"
CLAIM = "INSERT INTO task_claims (worker_uuid) VALUES (?)"


def farm(*jobs):
    db = sqlite3.connect(":memory:", isolation_level=None)
    db.executescript(SCRIPT)
    for i, status in enumerate(jobs):
        db.execute("INSERT INTO jobs (id, uuid, name, status) VALUES (?, ?, 'j', ?)",
                   (i + 1, "job%d" % (i + 1), status))
    return db


def add_workers(db, n, types="b"):
    db.executemany(
        "INSERT INTO workers (id, uuid, name, status, supported_task_types, last_seen_at)"
        " VALUES (?, ?, 'w', 'awake', ?, (SELECT now FROM farm_clock))",
        [(i, "w%d" % i, types) for i in range(1, n + 1)])


def add_tasks(db, job, n, prefix):
    db.execute("BEGIN")
    db.executemany("INSERT INTO tasks (job_id, uuid, name, type, steps_total) VALUES (?, ?, 'a', 'b', 1)",
                   [(job, "%s%d" % (prefix, i)) for i in range(n)])
    db.execute("COMMIT")


def median(db, sql, args=lambda i: (), n=30):
    samples = []
    for i in range(n):
        db.execute("BEGIN")
        start = time.perf_counter()
        db.execute(sql, args(i))
        samples.append(time.perf_counter() - start)
        db.execute("ROLLBACK")
    return statistics.median(samples) * 1e6


def once(db, sql):
    start = time.perf_counter()
    db.execute(sql).fetchall()
    return (time.perf_counter() - start) * 1e6


def failure_after(n, past):
    """past is what the worker has had to do with n tasks of another job."""
    db = farm("canceled", "active")
    add_workers(db, 10)
    add_tasks(db, 1, n, "o")
    db.execute(past)
    add_tasks(db, 2, 5, "t")
    db.execute("UPDATE tasks SET worker_id = 1, status = 'active' WHERE uuid = 't0'")
    return median(db, FAIL)


def had_tasks(n):
    return failure_after(n, "UPDATE tasks SET worker_id = 1")


def other_failures(n):
    return failure_after(n, "INSERT INTO task_failures (task_id, worker_id) SELECT id, 1 FROM tasks")


def failed_by_all(has_failures):
    db = farm("active")
    add_workers(db, 1001)
    add_tasks(db, 1, 2100, "t")
    if has_failures:
        db.execute("INSERT INTO task_failures (task_id, worker_id) SELECT t.id, w.id FROM workers w"
                   " JOIN tasks t ON t.index_in_job IN (2*w.id - 1, 2*w.id) WHERE w.id <= 1000")
    return median(db, CLAIM, lambda i: ("w500",))


def failed_at_random(has_failures):
    db = farm("active")
    add_workers(db, 500)
    add_tasks(db, 1, 20000, "t")
    if has_failures:
        pick = random.Random(1)
        db.execute("BEGIN")
        db.executemany("INSERT INTO task_failures (task_id, worker_id) VALUES (?, ?)",
                       [(t, w) for t in range(1, 20001) for w in pick.sample(range(1, 501), 2)])
        db.execute("UPDATE tasks SET status = 'soft-failed'")
        db.execute("COMMIT")
    return median(db, CLAIM, lambda i: ("w%d" % (1 + i*16),))


def tags(n):
    db = farm()
    db.executemany("INSERT INTO worker_tags (id, name) VALUES (?, ?)", [(i, "g%d" % i) for i in range(1, n + 1)])
    add_workers(db, 1, ",".join("type%d" % i for i in range(n)))
    return median(db, "INSERT INTO worker_tag_membership (worker_tag_id, worker_id)"
                      " SELECT id, 1 FROM worker_tags", n=5) / n / n


def export(n):
    db = farm("queued")
    add_tasks(db, 1, n + 1, "t")
    db.execute("UPDATE tasks SET name = 'a' || char(10) || 'b' WHERE id = 1")
    db.execute("INSERT INTO task_dependencies (task_id, dependency_id) SELECT 1, id FROM tasks WHERE id > 1")
    return once(db, "SELECT document FROM authored_jobs WHERE uuid = 'job1'") / n


def problems(n):
    db = farm("queued")
    add_tasks(db, 1, n, "t")
    triggers = db.execute("SELECT name, sql FROM sqlite_schema WHERE type = 'trigger' AND tbl_name = 'tasks'").fetchall()
    for name, _ in triggers:
        db.execute("DROP TRIGGER " + name)
    db.execute("UPDATE tasks SET tablao_open_deps = 1")
    for _, sql in triggers:
        db.execute(sql)
    taken = once(db, "DELETE FROM farm_problems") / n
    if db.execute("SELECT count(*) FROM farm_problems").fetchone()[0]:
        sys.exit("farm_problems is not empty after its DELETE")
    return taken


def priorities(n):
    db = farm("queued")
    add_tasks(db, 1, 5, "t")
    db.execute("BEGIN")
    for i in range(n):
        db.execute("UPDATE tasks SET priority = ? WHERE id = 1", (100 + i,))
    db.execute("COMMIT")
    return median(db, "UPDATE jobs SET priority = priority + 1 WHERE id = 1")


ROWS = [
    ("report of failure by a worker that had 100 / 100,000 tasks", had_tasks, 100, 100000, 3),
    ("the same with 10 / 100,000 failures in other jobs", other_failures, 10, 100000, 3),
    ("claim where no worker / 1,000 workers failed two tasks of the job each", failed_by_all, False, True, 5),
    ("claim, 20,000 tasks not failed / failed by random pairs of 500 workers", failed_at_random, False, True, 5),
    ("giving a worker of 10 / 100 types 10 / 100 tags, per type and tag", tags, 10, 100, 3),
    ("export of a task with a line end and 400 / 4,000 dependencies, per dependency", export, 400, 4000, 3),
    ("DELETE FROM farm_problems, 400 / 4,000 wrong tasks of one job, per task", problems, 400, 4000, 3),
    ("job priority change after 5 / 50,000 task priorities came and went", priorities, 5, 50000, 3),
]

bad = 0
print("| what | small | large | ratio | at most |\n|---|--:|--:|--:|--:|")
for what, function, small, large, limit in ROWS:
    a, b = function(small), function(large)
    bad += b / a > limit
    print("| %s | %.1f us | %.1f us | %.2f | %d |" % (what, a, b, b / a, limit), flush=True)
sys.exit(1 if bad else 0)
