"""The command `tablao`: a farm from the shell, or from a program by --json.

All it knows of a farm it asks by SQL, of the tables and views that any other
client has; the extension, where this Python can load it, adds what SQL cannot
do. Each sub-command is a function below, whose docstring is its help.
"""

import argparse
import calendar
import json
import os
import pathlib
import sqlite3
import sys
import time
import uuid

import tablao

HELP = """\
usage: tablao [--db PATH] [--json] [--no-extension] COMMAND ...

Looks at a render farm that Tablao keeps in an SQLite database, and changes it.

%s

X is the name or the uuid of a job (or of a task, where it says so), or the
beginning of one; a job goes before a task. Times are shown in local time.

  --db PATH        the farm; else the environment variable TABLAO_DB names it
  --json           JSON for programs, with times as they are stored, in UTC
  --no-extension   do without the extension, where it could be loaded
  --version        the version of this program
  -h, --help       this; after a command, more about that

It ends with 0; with 2 when it was called wrongly; else with 1 and a line that
begins with "tablao: ". An observed farm, which a Manager rules, is only read."""

ENDED = ("completed", "canceled", "failed")
STATUSES = "under-construction queued active paused pause-requested cancel-requested requeueing".split() + list(ENDED)
JOBS = """SELECT s.*, t.num_attempts, t.num_failed_attempts, t.first_started_at, t.last_ended_at,
  t.busy_seconds, t.seconds_left, t.expected_end_at
FROM job_summaries s LEFT JOIN job_times t ON t.job_uuid = s.job_uuid """
COMMANDS = {}


class Refusal(Exception):
    """What is wrong, in one line, for whoever typed it."""


class Parser(argparse.ArgumentParser):
    def error(self, message):
        message = message.replace("invalid int value", "must be a whole number")
        message = message.replace("invalid float value", "must be a number")
        self.exit(2, "tablao: %s: see tablao --help\n" % one_line(message))

    def print_help(self, file=None):
        # argparse's own differs from one Python to the next.
        print(self.description)


def option(*names, **more):
    return names, more


def command(name, synopsis="", *options, mode="read", words=None):
    """Makes a function a sub-command, whose words are its help."""
    def register(function):
        # From 3.13 on Python takes the indentation away itself.
        COMMANDS[name] = (function, synopsis, options, mode,
                          words or function.__doc__.strip().replace("\n    ", "\n"))
        return function
    return register


def make_parser():
    common = Parser(add_help=False, argument_default=argparse.SUPPRESS)
    common.add_argument("--db")
    common.add_argument("--json", action="store_true")
    common.add_argument("--no-extension", action="store_true")
    parser = Parser(prog="tablao", parents=[common], allow_abbrev=False, description=HELP % "\n".join(
        "  %-9s  %s" % (name, it[-1].split("\n")[0]) for name, it in COMMANDS.items()))
    parser.add_argument("--version", action="version", version="tablao " + tablao.__version__)
    parsers = parser.add_subparsers(dest="command", metavar="COMMAND")
    for name, (_, synopsis, options, _, words) in COMMANDS.items():
        words = ("usage: tablao %s %s" % (name, synopsis)).rstrip() + "\n\n" + words
        sub = parsers.add_parser(name, parents=[common], allow_abbrev=False, description=words)
        for names, more in options:
            sub.add_argument(*names, **more)
    return parser


def one_line(text):
    """Of others' words, such as names: none is to command this terminal."""
    return "".join(c if c.isprintable() else " " for c in str(text))


def tell(args, value, *lines, indent=2):
    """JSON for a program, else the lines."""
    for line in [json.dumps(value, indent=indent, default=str)] if args.json else map(one_line, lines):
        print(line)


def tell_table(args, rows, heads, cells):
    """Columns for people, numbers to the right; cells makes a row's."""
    if args.json:
        return tell(args, rows)
    rows = [cells(row) for row in rows]
    numbers = [any(isinstance(cell, int) for cell in column) for column in zip(*rows)]
    rows = [["" if cell is None else one_line(cell) for cell in row] for row in rows]
    widths = [min(80, max(map(len, column))) for column in zip(heads, *rows)]
    for line in [heads, ["-" * width for width in widths]] + rows:
        print("  ".join(cell.rjust(width) if number else cell.ljust(width)
                        for cell, width, number in zip(line, widths, numbers or heads)).rstrip())


def local_time(text, form="%Y-%m-%d %H:%M:%S"):
    """Of a stored time, a Manager's too, the first 19 characters are UTC."""
    try:
        stamp = time.strptime(text[:19], "%Y-%m-%d %H:%M:%S")
    except (TypeError, ValueError):  # None, or what a Manager's column happens to hold
        return text
    return time.strftime(form, time.localtime(calendar.timegm(stamp)))


def duration(seconds):
    if seconds is not None:
        minutes, rest = divmod(int(seconds + 0.5), 60)
        return "%dh %02dm" % divmod(minutes, 60) if minutes >= 60 else "%dm %02ds" % (minutes, rest)


def shorten(uuids):
    """How many of their first characters tell these uuids apart, at least 8."""
    return next(n for n in range(8, 10 ** 9) if len({u[:n] for u in uuids}) == len(set(uuids)))


def bar(job, width=0):
    """As the demo draws it."""
    done = 30 * job["num_completed"] // max(1, job["num_tasks"])
    words = ["%4d of %d task%s" % (job["num_completed"], job["num_tasks"], "s"[job["num_tasks"] == 1:])]
    words += [str(job["status"])] if job["status"] != "active" else []
    for name in "active", "failed", "soft-failed", "paused":
        number = job["num_" + name.replace("-", "_")]
        if number:
            words.append("%d %s" % (number, "at work" if name == "active" else name))
    if job["expected_end_at"]:
        words.append("%s left, until %s" % (
            duration(job["seconds_left"]), local_time(job["expected_end_at"], "%H:%M")))
    return "%-*s [%s%s] %s" % (width, job["name"], "#" * done, "." * (30 - done), ", ".join(words))


class Farm:
    def __init__(self, args, mode):
        self.args, self.path = args, args.db
        if not self.path:
            raise Refusal("which farm? Give --db PATH, or set TABLAO_DB")
        if mode != "make" and not os.path.exists(self.path):
            raise Refusal("%s: there is no such file; tablao init makes a farm" % self.path)
        uri = pathlib.Path(self.path).absolute().as_uri() + ("?mode=rwc" if mode == "make" else "?mode=rw")
        self.db = sqlite3.connect(uri, uri=True, timeout=10, isolation_level=None)
        self.db.row_factory = sqlite3.Row
        self.db.text_factory = lambda data: data.decode("utf-8", "replace")
        # Of a file that is whoever's, no function is wanted that it may name.
        self.db.executescript("PRAGMA trusted_schema = 0; PRAGMA foreign_keys = 1")
        self.kind = self.find_kind()
        if mode != "make":
            self.must_serve(mode)

    def find_kind(self):
        """own, observed; flamenco (not observed yet), other, empty."""
        names = {row["name"] for row in self.rows("SELECT name FROM sqlite_master WHERE type = 'table'")}
        if {"tablao_migrations", "farm_settings"} <= names:
            rules = self.one("SELECT value FROM farm_settings WHERE name = 'state_machine'")
            return "observed" if rules == "off" else "own"
        flamenco = {"goose_db_version", "jobs", "tasks", "workers"} <= names
        return "flamenco" if flamenco else "other" if names else "empty"

    def must_serve(self, mode):
        if self.kind == "flamenco":
            raise Refusal(self.path + ": is Flamenco's, and not observed yet: tablao init sees to that")
        if self.kind not in ("own", "observed"):
            raise Refusal(self.path + ": is not a farm of Tablao's" + ("; tablao init makes one" if self.kind == "empty" else ""))
        version = self.one("SELECT max(version) FROM tablao_migrations")
        if version is None:
            raise Refusal(self.path + ": tablao_migrations is empty: restore its rows from a backup")
        if mode != "any" and version < tablao._SCHEMA_VERSION:
            raise Refusal("%s: has schema version %s, this program wants %s: tablao upgrade brings it there"
                          % (self.path, version, tablao._SCHEMA_VERSION))
        if mode == "write" and self.kind == "observed":
            raise Refusal("%s: is observed: Flamenco's Manager rules it, and %s is for that to do"
                          % (self.path, self.args.command))
        if mode == "read":
            self.db.execute("PRAGMA query_only = 1")

    def rows(self, sql, **parameters):
        return [dict(row) for row in self.db.execute(sql, parameters)]

    def one(self, sql, **parameters):
        row = self.db.execute(sql, parameters).fetchone()
        return row and row[0]

    def load(self):
        """Whether the extension is there: not every Python can load it."""
        can = not self.args.no_extension and tablao._can_load(self.db) and tablao._library()
        if can:
            tablao.load(self.db)
        return bool(can)

    def find(self, word, *kinds):
        """What has this uuid, else this name, else begins so; jobs before tasks."""
        for match in ("uuid = :word", "name = :word", "substr(lower(uuid), 1, length(:word)) = lower(:word)"
                      " OR substr(name, 1, length(:word)) = :word"):
            for kind in kinds:
                found = self.rows("SELECT '%s' AS kind, uuid, name, status, priority FROM %ss"
                                  " WHERE :word <> '' AND (%s) LIMIT 4" % (kind, kind, match), word=word)
                if len(found) > 1:
                    some = ", ".join("%(name)s (%(uuid)s)" % one for one in found[:3])
                    raise Refusal('"%s" may be %s %s%s: give more of the uuid' % (
                        word, kind, some, " and others" if found[3:] else ""))
                if found:
                    return found[0]
        raise Refusal('there is no %s "%s"' % (" or ".join(kinds), word))


@command("init", mode="make")
def init(farm, args):
    """make a new farm, or observe a database of Flamenco's

    A new file becomes an empty farm, in WAL mode. A database of Flamenco Manager
    3.9 or later becomes an observed farm: nothing of the Manager's changes, and
    it may be running. That takes the extension.
    """
    if farm.kind in ("own", "observed"):
        raise Refusal(farm.path + ": is a farm already")
    if farm.kind == "other":
        raise Refusal(farm.path + ": is a database of something else; a farm wants a file of its own")
    extension = farm.load()
    if farm.kind == "empty":
        farm.one("PRAGMA journal_mode = WAL")
    elif not extension:
        raise Refusal(farm.path + ": to observe a database of Flamenco's takes the extension")
    version = tablao.migrate(farm.db) if extension else tablao._migrate_by_script(farm.db)
    kind = farm.find_kind()
    it = {"path": farm.path, "kind": kind, "schema_version": version}
    tell(args, it, "%(path)s: an %(kind)s farm, schema version %(schema_version)d" % it)


@command("status", "[--watch [SECONDS]]", option("--watch", nargs="?", type=float, const=2))
def show_status(farm, args):
    """what the farm is doing, with a bar for each job that has not ended

    A bar shows how many of a job's tasks are completed. Below it says which tasks
    wait for what will not come by itself: a worker that is awake, say, or one of
    their type.

      --watch [SECONDS]   again every so many seconds, or 2, until Ctrl-C
    """
    if args.watch is not None and not 0.05 <= args.watch <= 86400:
        raise Refusal("--watch takes 0.05 to 86400 seconds, not %g" % args.watch)
    while True:
        status = {
            **farm.rows("SELECT now, status FROM farm_clock, farm_status")[0],
            "kind": farm.kind,
            "workers": dict(farm.db.execute("SELECT status, num_workers FROM worker_status_counts ORDER BY 1")),
            "job_statuses": dict(farm.db.execute("SELECT status, num_jobs FROM job_status_counts ORDER BY 1")),
            "jobs": farm.rows(JOBS + """WHERE s.status NOT IN %s
                ORDER BY s.status <> 'active', s.priority DESC, s.job_id""" % (ENDED,)),
            # For what will not come by itself.
            "waiting": farm.rows("""
                SELECT job_uuid, name, reason, num_tasks, detail FROM waiting_jobs
                WHERE reason NOT IN ('job-status', 'dependencies', 'workers-busy', 'next')
                ORDER BY num_tasks DESC, name, reason"""),
        }
        workers, counts = (", ".join("%d %s" % (n, name or "new") for name, n in status[of].items()) or "none"
                           for of in ("workers", "job_statuses"))
        jobs, more = status["jobs"][:20], len(status["jobs"][20:])
        width = min(40, max([len(job["name"]) for job in jobs] or [0]))
        lines = ["%s  the farm is %s; workers: %s; jobs: %s" % (
            local_time(status["now"], "%H:%M"), status["status"], workers, counts)]
        lines += [bar(job, width) for job in jobs]
        lines += ["and %d more job%s" % (more, "s"[more == 1:])] if more else []
        lines += ["%(name)s: %(num_tasks)d waiting: %(detail)s" % row for row in status["waiting"][:5]]
        if args.watch and not args.json and sys.stdout.isatty():
            size = os.get_terminal_size()
            print("\033[H\033[2J", end="")
            lines = [line[:size.columns - 1] for line in lines[:size.lines - 1]]
        tell(args, status, *lines, indent=None if args.watch else 2)
        if not args.watch:
            return
        time.sleep(args.watch)


@command("jobs", "[--status STATUS]", option("--status", default="", choices=STATUSES))
def jobs(farm, args):
    """all jobs, the newest last

    With --status only those in that one.
    """
    rows = farm.rows(JOBS + "WHERE :status IN (s.status, '') ORDER BY s.job_id", status=args.status)
    length = shorten([row["job_uuid"] for row in rows])
    columns = ["name", "status", "priority", "num_tasks", "num_completed", "num_failed", "num_active"]
    tell_table(
        args, rows, ["job", "name", "status", "priority", "tasks", "done", "failed", "at work", "left"],
        lambda row: [row["job_uuid"][:length], *map(row.get, columns), duration(row["seconds_left"])])


@command("job", "[--tasks] X", option("word", metavar="X"), option("--tasks", action="store_true"))
def show_job(farm, args):
    """one job: how far it is, what went wrong, what it waits for

    Of its tasks it shows those that are at work or have failed.

      --tasks   all of them
    """
    of = {"uuid": farm.find(args.word, "job")["uuid"], "every": args.tasks}
    [job] = farm.rows(JOBS + "WHERE s.job_uuid = :uuid", **of)
    job["waiting"] = farm.rows("""SELECT reason, num_tasks, detail FROM waiting_jobs
        WHERE job_uuid = :uuid ORDER BY num_tasks DESC, reason""", **of)
    job["blocked"] = farm.rows("""SELECT worker_name, task_type FROM job_blocklist
        WHERE job_uuid = :uuid ORDER BY 1, 2""", **of)
    job["failures"] = farm.rows("""SELECT ended_at, worker_name, task_name, activity FROM task_attempt_list
        WHERE job_uuid = :uuid AND outcome IN ('failed', 'soft-failed')
        ORDER BY ended_at DESC, task_name LIMIT 10""", **of)
    job["tasks"] = farm.rows("""SELECT uuid, name, type, status, priority, worker_name, steps_completed,
          steps_total, activity FROM task_details
        WHERE job_uuid = :uuid AND (:every OR status IN ('active', 'failed', 'soft-failed'))
        ORDER BY index_in_job""", **of)
    facts = {
        "uuid": job["job_uuid"], "type": job["job_type"], "priority": job["priority"],
        "status": job["status"], "activity": job["activity"], "created": local_time(job["created_at"]),
        "steps": "%(steps_completed)s of %(steps_total)s" % job,
        "attempts": "%(num_attempts)d, %(num_failed_attempts)d of them failed" % job,
        "worked on": duration(job["busy_seconds"]), "to delete": local_time(job["delete_requested_at"]),
        "blocked": ", ".join("%(worker_name)s from %(task_type)s" % row for row in job["blocked"]),
    }
    tell(args, job, bar(job),
         *["%-9s  %s" % fact for fact in facts.items() if fact[1] not in (None, "")],
         *["waiting    %(num_tasks)d: %(reason)s: %(detail)s" % row for row in job["waiting"]],
         *["failure    %s %s on %s: %s" % (local_time(row["ended_at"]), row["task_name"],
           row["worker_name"], row["activity"]) for row in job["failures"]])
    if job["tasks"] and not args.json:
        length = shorten([row["uuid"] for row in job["tasks"]])
        print()
        tell_table(
            args, job["tasks"], ["task", "name", "type", "status", "worker", "steps", "activity"],
            lambda row: [row["uuid"][:length], *map(row.get, ["name", "type", "status", "worker_name"]),
                         "%(steps_completed)s/%(steps_total)s" % row, row["activity"]])


@command("submit", "[--hold] FILE", option("file", metavar="FILE"), option("--hold", action="store_true"), mode="write")
def submit(farm, args):
    """store a job from its document, a JSON file, and queue it

    A FILE of - is what comes in. What a document says of its status holds, but
    that the job is queued where it would be under construction.

      --hold   do not queue it
    """
    extension = farm.load()
    try:
        data = open(0, "rb").read() if args.file == "-" else pathlib.Path(args.file).read_bytes()
        document = data.decode("utf-8-sig")
        # This says where it goes wrong. int refuses NaN and the like, float takes all digits.
        json.loads(document, parse_constant=int, parse_int=float)
    except (ValueError, RecursionError) as error:
        raise Refusal("%s: not JSON: %s" % (args.file, error))
    with farm.db:
        farm.one("BEGIN IMMEDIATE")
        if extension:
            found = farm.one("SELECT store_authored_job(:document)", document=document)
        else:
            # The door does not tell the uuid of a job, so it is told. Of two it takes the greater.
            found = farm.one("SELECT max(value) FROM json_each(:document) WHERE key = 'uuid'", document=document)
            if found is None:
                found = str(uuid.uuid4())
                document = farm.one("SELECT json_set(:document, '$.uuid', :uuid)", document=document, uuid=found)
            farm.one("INSERT INTO authored_jobs (document) VALUES (:document)", document=document)
        if not args.hold:
            farm.one("UPDATE jobs SET status = 'queued' WHERE uuid = :uuid AND status = 'under-construction'",
                     uuid=found)
    [job] = farm.rows(JOBS + "WHERE s.job_uuid = :uuid", uuid=found)
    tell(args, job, "job %s: %s, %d task%s, %s" % (
        job["name"], job["status"], job["num_tasks"], "s"[job["num_tasks"] == 1:], job["job_uuid"]))


@command("why", "[X]", option("word", metavar="X", nargs="?"))
def why(farm, args):
    """why a job or a task does not run; without X, why all that wait do

    Of a job it tells each reason, and how many of its tasks wait for that.
    """
    found = farm.find(args.word, "job", "task") if args.word is not None else {"kind": None, "uuid": None}
    rows = farm.rows("""
        SELECT job_uuid, name, status, reason, num_tasks, detail FROM waiting_jobs
        WHERE :uuid IS NULL OR job_uuid = :uuid
        ORDER BY name, job_uuid, num_tasks DESC, reason""" if found["kind"] != "task" else """
        SELECT task_uuid, task_name, job_uuid, job_name AS name, 1 AS num_tasks, reason, detail
        FROM waiting_tasks WHERE task_uuid = :uuid""", uuid=found["uuid"])
    if found["kind"] and not rows:
        return tell(args, rows, "%(kind)s %(name)s is %(status)s: nothing waits" % found)
    tell_table(args, rows, ["job", "tasks", "reason", "detail"],
               lambda row: [row["name"], row["num_tasks"], row["reason"], row["detail"]])


@command("workers")
def workers(farm, args):
    """all workers: what they do, what they have done, when they were seen

    The time is the mean of the tasks that the worker has completed.
    """
    tell_table(args, farm.rows("""
        SELECT w.*, s.num_completed, s.num_failed, s.busy_seconds, s.mean_seconds
        FROM worker_summaries w LEFT JOIN worker_statistics s ON s.worker_uuid = w.worker_uuid
        ORDER BY w.name, w.worker_uuid"""),
        ["worker", "status", "at work on", "done", "failed", "time", "seen", "task types"], lambda row: [
            row["name"], " -> ".join(map(str, filter(None, [row["status"] or "new", row["status_requested"]]))),
            "%(task_name)s of %(job_name)s" % row if row["task_status"] == "active" else None,
            row["num_completed"], row["num_failed"], duration(row["mean_seconds"]),
            local_time(row["last_seen_at"]), row["supported_task_types"]])


@command("tail", "[-n NUMBER] [--after ID] [--follow]", option("-n", dest="number", type=int, default=10),
         option("--after", type=int), option("-f", "--follow", action="store_true"))
def tail(farm, args):
    """what happened last: changes of status, as farm_events has them

    As JSON it is one object on a line.

      -n NUMBER      so many of them, not 10
      --after ID     all after the event of this number
      -f, --follow   and those to come, until Ctrl-C
    """
    seen, after = None, args.after and max(0, args.after)
    if after is None:
        after = farm.one("""
            SELECT coalesce(min(id) - 1, (SELECT max(id) FROM farm_events), 0)
            FROM (SELECT id FROM farm_events ORDER BY id DESC LIMIT max(0, :number))""", number=args.number)
    while True:
        # This changes with each commit of another connection, and costs nothing.
        version = farm.one("PRAGMA data_version")
        # The events before their bounds: what goes meanwhile is then said, not missed.
        rows = farm.rows("""
            SELECT e.*, j.name AS job_name FROM farm_events e LEFT JOIN jobs j ON j.uuid = e.job_uuid
            WHERE e.id > :after ORDER BY e.id""", after=after) if version != seen else []
        first, last = farm.one("SELECT min(id) FROM farm_events"), farm.one("SELECT max(id) FROM farm_events")
        if first is not None and not first - 1 <= after <= last:
            print("tablao: events %d to %d are gone: the setting events_keep says how many stay" % (after + 1, first - 1)
                  if after < first else "tablao: the last event is %d, not %d: the farm was put back from a backup"
                  % (last, after), file=sys.stderr)
            after = min(after, last)
        for row in rows:
            after = row["id"]
            tell(args, row, "%6d  %s  %s %s%s: %s -> %s%s%s" % (
                after, local_time(row["created_at"]), row["kind"], row["name"],
                " of %s" % row["job_name"] if row["kind"] == "task" else "",
                "made" if row["old_status"] is None else row["old_status"] or "new",
                "deleted" if row["new_status"] is None else row["new_status"] or "new",
                ", %d task%s" % (row["num_tasks"], "s"[row["num_tasks"] == 1:]) if row["num_tasks"] is not None else "",
                "  (%s)" % row["activity"] if row["activity"] else ""), indent=None)
        if not args.follow:
            return
        seen = version
        time.sleep(0.5)


# A job's and a task's new status, and the statuses in which it is senseless.
CHANGES = {
    "cancel": {"job": ("cancel-requested", ENDED), "task": ("canceled", ENDED)},
    "pause": {"job": ("pause-requested", ENDED + ("paused",)),
              "task": ("paused", ENDED + ("paused", "active"))},
    "requeue": {"job": ("requeueing", ()), "task": ("queued", ("queued",))},
}


@command("priority", "X NUMBER", option("word", metavar="X"), option("number", metavar="NUMBER", type=int),
         mode="write", words="give a job or a task another priority: the highest goes first")
@command("requeue", "X", option("word", metavar="X"), mode="write", words="""\
let a job or a task run, again or after a pause

Of a completed job all tasks run again, even if X is one of them; of any other
those that are canceled, failed or paused. A task waits until its job runs.""")
@command("pause", "X", option("word", metavar="X"), mode="write", words="""\
pause a job, or a task that nobody works on

Those tasks of a job that are at work go on to their end. requeue resumes it.""")
@command("cancel", "X", option("word", metavar="X"), mode="write", words="cancel a job or a task that has not ended")
def change(farm, args):
    with farm.db:
        farm.one("BEGIN IMMEDIATE")
        found = farm.find(args.word, "job", "task")
        if args.command == "priority":
            column, value = "priority", args.number
        else:
            column, (value, never) = "status", CHANGES[args.command][found["kind"]]
            if found["status"] in never:
                raise Refusal("%(kind)s %(name)s is %(status)s: " % found + "no %s for it" % args.command)
        farm.one("UPDATE %ss SET %s = :value WHERE uuid = :uuid" % (found["kind"], column),
                 value=value, uuid=found["uuid"])
        [now] = farm.rows("SELECT uuid, name, status, priority, activity FROM %ss WHERE uuid = :uuid"
                          % found["kind"], uuid=found["uuid"])
    tell(args, {"kind": found["kind"], **now, "old_" + column: found[column]},
         "%s %s: %s -> %s" % (found["kind"], now["name"], found[column], now[column]))


@command("check")
def check(farm, args):
    """look for damage: exit code 1 when there is an error

    With the extension it looks at triggers, views and settings of SQLite's, too.
    """
    rows = farm.rows("SELECT severity, object, message FROM tablao_check" if farm.load() else """
        SELECT 'error' AS severity, object, kind || ': ' || message AS message FROM farm_problems
        UNION ALL SELECT 'error', "table", 'row ' || rowid || ' has no parent in ' || parent
        FROM pragma_foreign_key_check
        UNION ALL SELECT 'error', 'database', integrity_check
        FROM pragma_integrity_check WHERE integrity_check <> 'ok'""")
    if not rows:
        return tell(args, rows, "nothing is wrong")
    tell_table(args, rows, ["severity", "object", "message"], lambda row: list(row.values()))
    return int(any(row["severity"] == "error" for row in rows))


@command("backup", "FILE", option("file", metavar="FILE"), mode="any")
def backup(farm, args):
    """copy the farm as it is at one moment, while others go on writing

    The copy gets its name once it is complete and was looked at.
    """
    if os.path.lexists(args.file) or not args.file:
        raise Refusal("%s: is there already" % args.file if args.file else "the copy wants a name")
    part = "%s.%d.part" % (os.path.abspath(args.file), os.getpid())
    open(part, "xb").close()  # SQLite would not say which of the two it cannot open
    try:
        copy = sqlite3.connect(part)
        farm.db.backup(copy)
        [said] = copy.execute("PRAGMA quick_check(1)").fetchone()
        copy.close()
        if said != "ok":
            raise Refusal("%s: the copy is damaged: %s" % (args.file, said))
        os.rename(part, args.file)
    finally:
        if os.path.exists(part):
            os.remove(part)
    it = {"path": args.file, "bytes": os.path.getsize(args.file)}
    tell(args, it, "%(path)s: %(bytes)d bytes" % it)


@command("upgrade", mode="any")
def upgrade(farm, args):
    """bring a farm to this version's schema

    It takes the extension. All or nothing; make a backup before. In an observed
    farm it also puts back what a migration of Flamenco's has removed.
    """
    if not farm.load():
        raise Refusal("an upgrade takes the extension, which is not loaded")
    it = {"path": farm.path, "old_version": farm.one("SELECT max(version) FROM tablao_migrations"),
          "schema_version": tablao.migrate(farm.db)}
    tell(args, it, "%(path)s: schema version %(schema_version)d, before: %(old_version)d" % it)


@command("dashboard")
def dashboard(farm, args):
    """show the farm in the browser, where Tablao's repository is at hand"""
    # The package that make leaves there is in build/python.
    top, path = pathlib.Path(tablao.__file__).resolve().parents[3], os.path.abspath(farm.path)
    if not (top / "dashboard").is_dir():
        raise Refusal("the dashboard is in Tablao's repository: there, make dashboard DB=" + path)
    # In our place, so that whoever ends us ends it.
    os.execvp("make", ["make", "-C", str(top), "-s", "dashboard", "DB=" + path.replace("$", "$$")])


def main(words=None):
    # A character that the terminal does not have is no reason to fail.
    for stream in filter(None, (sys.stdout, sys.stderr)):  # the shell may have closed one
        stream.reconfigure(errors="backslashreplace", line_buffering=True)
    parser = make_parser()
    try:  # help is printed here
        args = parser.parse_args(words, argparse.Namespace(
            db=os.environ.get("TABLAO_DB"), json=False, no_extension=False))
        if not args.command:
            parser.error("a command is missing")
        if sqlite3.sqlite_version_info < (3, 37):
            raise Refusal("SQLite 3.37 or later is needed, this Python has " + sqlite3.sqlite_version)
        return COMMANDS[args.command][0](Farm(args, COMMANDS[args.command][3]), args) or 0
    except KeyboardInterrupt:
        return 130
    except sqlite3.Error as error:
        text = str(error) if str(error).startswith("tablao: ") else "%s: %s" % (args.db, error)
    except OSError as error:
        if sys.stdout:  # what it did not take, Python is not to write at its end
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        if isinstance(error, BrokenPipeError):  # whoever read it has seen enough
            return 141
        text = "%s: %s" % (error.filename, error.strerror) if error.filename else str(error)
    except (Refusal, RuntimeError, OverflowError, UnicodeError) as error:  # the last two: what SQLite does not take
        text = "a number must be from -2^63 to 2^63 - 1" if isinstance(error, OverflowError) else str(error)
    print("tablao: " + one_line(text[8:] if text.startswith("tablao: ") else text), file=sys.stderr)
    return 1
