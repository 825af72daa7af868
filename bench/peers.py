"""Measures Tablao beside job queues that keep their rows in SQLite, too.

    python bench/peers.py BUILD DIR     (make bench does it)

One process, in turns: Tablao, a peer, Tablao, the next. A round takes one task
and says that it is done, each in a transaction of its own, at a backlog that
stays as large as it was. All of them in WAL mode with synchronous=NORMAL.
Tablao is used through plain SQL by Python's sqlite3, each peer through its own
API. What they do is not the same: see docs/performance.md. Prints the rows of the
table there.
"""
import os
import sqlite3
import statistics
import sys
import time

import honker
import litequeue
from huey.storage import SqliteStorage

N_WORKER = 100
PAYLOAD = '{"blendfile": "/mnt/farm/shots/1/shot.blend", "frame": "%d"}'


def remove(path):
    for suffix in ("", "-wal", "-shm", "-journal"):
        if os.path.exists(path + suffix):
            os.remove(path + suffix)


class Tablao:
    def __init__(self, path, backlog, script):
        self.db = db = sqlite3.connect(path, isolation_level=None)
        db.execute("PRAGMA journal_mode=WAL")
        db.execute("PRAGMA synchronous=NORMAL")
        db.execute("PRAGMA foreign_keys=ON")
        db.executescript(script)
        self.workers = ["%08x-0000-4000-a000-000000000000" % i for i in range(N_WORKER)]
        db.execute("BEGIN")
        for w in self.workers:
            db.execute("INSERT INTO workers (uuid, name, status, supported_task_types)"
                       " VALUES (?, 'w', 'awake', 'blender')", (w,))
        for j in range(1, max(2, backlog // 1000 + 1)):
            db.execute("INSERT INTO jobs (id, name, job_type, status)"
                       " VALUES (?, 'shot', 'render', 'queued')", (j,))
        self.jobs = j
        for i in range(backlog):
            self.add(i)
        db.execute("COMMIT")

    def add(self, i):
        self.db.execute(
            "INSERT INTO tasks (job_id, name, type, commands) VALUES (?, 'render', 'blender', ?)",
            (1 + i % self.jobs, "[" + PAYLOAD % i + "]"))

    def take(self, i):
        w = self.workers[i % N_WORKER]
        self.db.execute("INSERT INTO task_claims (worker_uuid) VALUES (?)", (w,))
        return self.db.execute(
            "SELECT task_uuid FROM task_claims WHERE worker_uuid = ?", (w,)).fetchone()[0]

    def done(self, task):
        self.db.execute("UPDATE tasks SET status = 'completed' WHERE uuid = ?", (task,))


class Honker:
    def __init__(self, path, backlog):
        self.db = honker.open(path)
        self.queue = self.db.queue("render")
        with self.db.transaction() as tx:
            for i in range(backlog):
                self.queue.enqueue({"frame": PAYLOAD % i}, tx=tx)

    def add(self, i):
        self.queue.enqueue({"frame": PAYLOAD % i})

    def take(self, i):
        return self.queue.claim_one("worker %d" % (i % N_WORKER))

    def done(self, job):
        if not job.ack():
            raise RuntimeError("honker: not acknowledged")


class LiteQueue:
    def __init__(self, path, backlog):
        self.queue = litequeue.LiteQueue(path)
        with self.queue.transaction(mode="IMMEDIATE"):
            for i in range(backlog):
                self.queue.put(PAYLOAD % i)

    def add(self, i):
        self.queue.put(PAYLOAD % i)

    def take(self, i):
        return self.queue.pop()

    def done(self, message):
        self.queue.done(message.message_id)


class Huey:
    """Taking a task deletes it: there is nothing to say when it is done."""

    def __init__(self, path, backlog):
        self.storage = SqliteStorage(name="render", filename=path)
        self.storage.conn.execute("PRAGMA synchronous=NORMAL")
        for i in range(backlog):
            self.add(i)

    def add(self, i):
        self.storage.enqueue((PAYLOAD % i).encode())

    def take(self, i):
        task = self.storage.dequeue()
        if task is None:
            raise RuntimeError("huey: no task")
        return task

    def done(self, task):
        pass


def sample(peer, i):
    start = time.perf_counter()
    task = peer.take(i)
    peer.done(task)
    taken = time.perf_counter() - start
    peer.add(i)
    return taken * 1e6


def main(build, folder):
    quick = os.environ.get("BENCH_QUICK", "0") not in ("", "0")
    rounds = 500 if quick else 2000
    with open(os.path.join(build, "tablao.sql")) as script:
        script = script.read()
    for backlog in (1000, 100000):
        peers = []
        for kind in (Honker, LiteQueue, Huey):
            path = os.path.join(folder, "work-peer.%s.db" % kind.__name__)
            remove(path)
            peers.append((path, kind(path, backlog), [], []))
        own = os.path.join(folder, "work-peer.tablao.db")
        remove(own)
        tablao = Tablao(own, backlog, script)
        for i in range(-50, rounds):
            for path, peer, ours, theirs in peers:
                a, b = sample(tablao, i + 50), sample(peer, i + 50)
                if i >= 0:
                    ours.append(a)
                    theirs.append(b)
        for path, peer, ours, theirs in peers:
            a, b = statistics.median(ours), statistics.median(theirs)
            print("| %s | %d | %.0f us | %.0f us | %.2f |"
                  % (type(peer).__name__.lower(), backlog, a, b, a / b))
        del tablao, peers


if __name__ == "__main__":
    main(*sys.argv[1:])
