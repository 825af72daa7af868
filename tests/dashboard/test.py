"""Tests the dashboard in headless Chromium and over HTTP.

  test.py BUILD WORK [DIRECTORY]

WORK has the farms, which run.sh made. With DIRECTORY it only takes screenshots.
Prints `N passed, N failed` last. Where there is no Chromium, that part is
skipped, and said to be.
"""

import contextlib
import html
import http.client
import json
import os
import pathlib
import re
import shutil
import socket
import sqlite3
import subprocess
import sys
import time
import urllib.parse

import yaml

import browser

top = pathlib.Path(__file__).resolve().parent.parent.parent
build, work = map(pathlib.Path, sys.argv[1:3])
extension = str(build / "tablao")
metadata = yaml.safe_load((top / "dashboard" / "metadata.yaml").read_text("utf-8"))
dashboards = metadata["plugins"]["datasette-dashboards"]
shown = metadata["databases"]["farm"]["tables"]
passed = failed = told = 0


def check(name, is_so, why=""):
    global passed, failed
    if is_so:
        passed += 1
    else:
        failed += 1
        print(f"dashboard: failed: {name}{': ' if why else ''}{str(why)[:600]}", flush=True)


def tell(what):
    """How far it is: all of it takes minutes."""
    global told
    print(f"dashboard: {what}: {passed + failed - told} checks", flush=True)
    told = passed + failed


def command(database, *options):
    return [
        sys.executable, str(top / "dashboard" / "serve.py"), "--extension", extension,
        *options, str(database),
    ]


@contextlib.contextmanager
def serving(database, *options):
    """Yields the address of a dashboard of the database."""
    with open(work / "serve.log", "ab") as log:
        server = subprocess.Popen(
            command(database, "--port", "0", *options),
            stdout=subprocess.PIPE, stderr=log, text=True,
        )
    try:
        line = server.stdout.readline()
        if not line.startswith("http://127.0.0.1:"):
            raise RuntimeError(f"it did not start: see {work}/serve.log")
        yield line.split("/-/")[0]
    finally:
        server.terminate()
        server.wait(30)


def ask(base, path, method="GET", body=None, **headers):
    """The status and the text that come back; headers with - written as _."""
    address = urllib.parse.urlsplit(base)
    connection = http.client.HTTPConnection(address.hostname, address.port, timeout=60)
    try:
        connection.request(
            method, path, body, {k.replace("_", "-"): v for k, v in headers.items()}
        )
        answer = connection.getresponse()
        return answer.status, answer.read().decode("utf-8", "replace")
    finally:
        connection.close()


def rows(database, sql):
    with contextlib.closing(sqlite3.connect(database, timeout=30)) as db:
        return db.execute(sql).fetchall()


# --- What a person sees -------------------------------------------------------


def looks_right(chromium, base, farm, database, is_full):
    """Opens every page. is_full: there is something to draw in each chart."""

    def page(path):
        charts, messages = chromium.open(base + path)
        errors = [message for message in messages if '"WARN"' not in message]
        check(f"{farm} {path}: no error in the console", not errors, errors)
        text = chromium.run("return document.body.innerText")
        check(
            f"{farm} {path}: no error on the page",
            not re.search(r"\b(Forbidden|Traceback|Invalid SQL|Server Error|not authorized"
                          r"|no such (table|column)|SQL Interrupted|undefined|NaN)\b|^Error \d+", text),
            text,
        )
        check(f"{farm} {path}: names are text", chromium.run("return document.title") != "hit")
        ways = chromium.run("return Array.from(document.querySelectorAll('header .ways a'), a => a.innerText)")
        check(f"{farm} {path}: leads to the other pages", ways == ["The farm", "One job", "Workers", "Look up"], ways)
        return charts

    def draws(path, charts, expected):
        check(f"{farm} {path}: all charts are there", len(charts) == expected, charts)
        for chart in charts:
            check(
                f"{farm} {path}: {chart['name']} is drawn",
                chart["kind"] and (chart["marks"] > 0 or not is_full),
                chart,
            )

    page("/")
    page("/farm")
    text = chromium.run("return document.body.innerText")
    unnamed = [table["title"] for table in shown.values() if table["title"] not in text]
    check(f"{farm} /farm: says what there is", not unnamed, unnamed)
    page("/-/dashboards")
    # A job with a past, for there to be something in each of its charts.
    job = rows(database, """
        SELECT job_uuid FROM farm_timeline WHERE outcome = 'completed'
        GROUP BY job_uuid ORDER BY count(*) DESC LIMIT 1
    """)
    page("/-/dashboards/job")
    for slug, dashboard in dashboards.items():
        path = f"/-/dashboards/{slug}"
        which = f"?job={job[0][0]}" if slug == "job" and job else ""
        draws(path, page(path + which), len(dashboard["charts"]))
        wide = chromium.run("""
            return Array.from(document.querySelectorAll('html, .dashboard-card div, .dashboard-card-chart p'))
              .filter(el => el.scrollWidth > el.clientWidth + 1)
              .map(el => [el.innerText.slice(0, 40), el.scrollWidth, el.clientWidth])""")
        check(f"{farm} {path}: all columns and numbers can be seen", not wide, wide)
        cut = chromium.run("""
            return Array.from(document.querySelectorAll('svg.marks .role-legend-label text'))
              .filter(el => el.getBoundingClientRect().right > el.closest('svg').getBoundingClientRect().right)
              .map(el => [el.textContent, el.getBoundingClientRect().right, el.closest('svg').getBoundingClientRect().right])""")
        check(f"{farm} {path}: legends can be read", not cut, cut)
        tall = chromium.run("""
            return Array.from(document.querySelectorAll('.dashboard-card'))
              .filter(el => el.clientHeight > 800).map(el => [el.id, el.clientHeight])""")
        check(f"{farm} {path}: no card hides those below it", not tall, tall)
        for name in dashboard["charts"]:
            draws(f"{path}/{name}", page(f"{path}/{name}{which}"), 1)
            page(f"/farm/{slug}-{name}")
    for table in shown:
        page(f"/farm/{table}?_size=20")
    if not is_full:
        return
    # From the farm to a job, by its name, and on to one of its tasks.
    chromium.open(base + "/-/dashboards/farm")
    name = chromium.run(
        "const a = document.querySelector('#chart-jobs a');"
        "window.location = a.href; return a.innerText"
    )
    chromium.wait("return location.pathname === '/-/dashboards/job' &&"
                  " document.querySelector('#chart-job td + td') !== null")
    is_chosen = chromium.run(
        "return [document.querySelector('select#job').value,"
        " document.querySelector('#chart-job td + td').innerText]"
    )
    check(f"{farm}: a job's name leads to its dashboard",
          is_chosen[1] == name and is_chosen[0].startswith(name), is_chosen)
    chromium.open(base + "/farm/task_attempt_list?_size=5")
    links = chromium.run(
        "return Array.from(document.querySelectorAll('td.col-task_uuid a'), a => a.href)"
    )
    chromium.open(links[0])
    found = chromium.run("return document.querySelectorAll('table.rows-and-columns tbody tr').length")
    check(f"{farm}: an attempt leads to its task", found == 1, found)


def takes_odd_names(chromium, base):
    """Names of 300 characters, of none, twice the same; jobs without steps."""
    def values(name):
        return [list(row.values()) for row in json.loads(
            ask(base, f"/farm/{name}.json?_shape=array")[1])]

    check("odd: time that is not known is said to be so", values("farm-left") == [["?"]], values("farm-left"))
    found = [[html.unescape(cell) for cell in row] for row in values("job-settings")]
    check("odd: settings that are no texts are shown", found == [
        ["frames", '{"from":1}'], ["dry", "true"], ["n", "null"], ["tags", '["a"]']], found)
    found = dict(values("job-job"))
    check("odd: a job that has not begun is said to be so", found["First started"] == "not yet", found)
    check("odd: without steps, tasks are progress", "25 %" in found["Progress"] and "4 tasks" in found["Progress"]
          and all("25 %" in row[3] for row in values("farm-jobs")), found)
    found = {row[0] for row in values("farm-tasks-by-job")}
    check("odd: jobs of one name have a bar each", len(found) == 9, found)
    if not chromium:
        return
    for slug in dashboards:
        path = f"/-/dashboards/{slug}"
        chromium.open(base + path)
        empty = chromium.run("""
            return Array.from(document.querySelectorAll('.dashboard-card td a'))
              .filter(el => !el.innerText.trim()).map(el => el.href)""")
        check(f"odd {path}: all links can be seen", not empty, empty)


def shows_long_work():
    """What goes on for longer than a chart shows, and ends on another day."""
    database = work / "long.db"
    shutil.copy(work / "odd.db", database)
    ago = "strftime('%Y-%m-%d %H:%M:%S', 'now', '-{}') || '.000+00:00'"
    (attempt, job), *others = rows(database, """
        SELECT a.id, t.job_id FROM task_attempts a JOIN tasks t ON t.id = a.task_id
        WHERE a.ended_at IS NULL ORDER BY a.id DESC""")
    with contextlib.closing(sqlite3.connect(database)) as db:
        db.execute(f"UPDATE task_attempts SET worker_name = 'for days', started_at = {ago.format('3 days')} WHERE id = ?", [attempt])
        db.execute(f"UPDATE task_attempts SET worker_name = 'since morning', started_at = {ago.format('4 hours')} WHERE id = ?", [others[0][0]])
        db.execute("UPDATE tasks SET steps_total = 2, steps_completed = status = 'completed' WHERE job_id = ?", [job])
        db.commit()
    with serving(database) as base:
        def values(name):
            return json.loads(ask(base, f"/farm/{name}.json?_shape=array")[1])

        found = {row["worker"]: (row["start"], row["end"]) for row in values("farm-timeline")
                 if row["outcome"] == "at work"}
        check("long: what began before is in the last three hours",
              all(9900 < (end - start) / 1000 <= 10800 for start, end in
                  (found.get(name, (0, 0)) for name in ("for days", "since morning"))), found)
        found = [row["minutes"] for row in values("workers-busy") if row["worker"] == "for days"]
        check("long: and at work in every hour of the last day", len(found) >= 23 and set(found[:-1]) == {60}, found)
        found = [row["Done at"] for row in values("farm-jobs") if "days" in row["Time left"]]
        check("long: the day on which a job is done is told, if it is not today",
              len(found) == 1 and re.fullmatch(r"\d\d-\d\d \d\d:\d\d", found[0]), found)


def says_what_fails(chromium):
    """A chart that cannot be had is not one with nothing in it."""
    database = work / "broken.db"
    shutil.copy(work / "odd.db", database)
    with contextlib.closing(sqlite3.connect(database)) as db:
        for view in ("farm_status", "waiting_jobs"):
            db.execute(f"DROP VIEW {view}")
            db.execute(f"CREATE VIEW {view} AS SELECT 1 AS x")
    with serving(database) as base:
        for path, expected in (("farm", ["status", "waiting", "waiting-chart"]), ("farm/waiting-chart", ["farm"])):
            chromium.call("POST", "/url", {"url": f"{base}/-/dashboards/{path}"})
            chromium.wait(f"return document.querySelectorAll('.chart-error').length === {len(expected)}")
            said = chromium.run("""
                return Array.from(document.querySelectorAll('.chart-error'), el => [el.nextElementSibling.id, el.innerText])""")
            check(f"broken {path}: charts that cannot be had say why",
                  sorted(name for name, _ in said) == [f"chart-{name}" for name in expected]
                  and all("no such column" in text for _, text in said), said)
            said = chromium.run("""
                return fetch('/farm/none.json').then(() => fetch('/farm/none.json'))
                  .then(() => document.querySelectorAll('.chart-error').length)""")
            check(f"broken {path}: what is said of all is said once", said == len(expected) + 1, said)


def works_without_history(chromium, base):
    """Who works on what is known without attempts; jobs that look alike are told apart."""
    def values(name, **arguments):
        arguments = urllib.parse.urlencode({"_shape": "array", **arguments})
        return [list(row.values()) for row in json.loads(ask(base, f"/farm/{name}.json?{arguments}")[1])]

    found = values("farm-workers-now")
    check("quiet: a worker's task and job are shown", len(found) == 1 and "frames" in found[0][2]
          and "project-1" in found[0][3], found)
    found = values("job-open", job="project-1")
    check("quiet: who is at work on a job is shown", len(found) == 1 and "node-01" in found[0][0]
          and "frames" in found[0][1], found)
    check("quiet: and so is nobody", values("job-open", job="project-2") == [["Nobody", "", "", ""]])
    waiting = sum(row[2] for row in values("farm-waiting-chart"))
    check("quiet: the chart of what waits has all of it", waiting == 303, waiting)
    jobs = [value for (value,) in rows(work / "quiet.db", "SELECT uuid FROM jobs WHERE uuid GLOB 'project-*'")]
    for job in jobs if chromium else []:
        chromium.open(f"{base}/-/dashboards/job?job={job}")
        link = chromium.run("return Array.from(document.querySelectorAll('#chart-job a'), a => [a.innerText, a.href])")
        chromium.open(dict(map(tuple, link))["Pause it"])
        chromium.run("document.querySelector('form.sql input[type=submit]').click()")
        chromium.wait("return document.body.innerText.includes('affected')")
        said = chromium.run("return document.body.innerText")
        check(f"quiet: the form of {job} is for one job", "1 row affected" in said, said)
        back = chromium.run("return location.pathname + location.search")
        check(f"quiet: and leads back to {job}", back.startswith("/-/dashboards/job?") and job in back
              and "1 row affected" in said, back)


# --- What nobody may see ------------------------------------------------------


def keeps_secrets(base, farm, database):
    names = [name for (name,) in rows(
        database,
        "SELECT name FROM sqlite_schema WHERE type IN ('table', 'view')",
    )]
    secrets = [secret for (secret,) in rows(database, "SELECT secret FROM workers WHERE secret <> ''")]
    internal = [n for n in names if n.startswith("tablao_") or n in ("workers", "sqlite_schema")]
    check(f"{farm}: there is something to hide", len(internal) > 10 and secrets, internal)
    said = []

    def refused(path, method="GET", body=None, **headers):
        status, text = ask(base, path, method, body, **headers)
        said.append(text)
        check(f"{farm} {path}: refused", status in (400, 403, 404), status)

    hidden = [name for name in names if name not in shown]
    for name in hidden + ["sqlite_schema", "sqlite_master"]:
        for suffix in ("", ".json", ".csv", "/1", "/1.json", ".json?_shape=array",
                       ".json?_facet=id", ".csv?_stream=1", ".blob?_blob_column=secret"):
            refused(f"/farm/{name}{suffix}")
    for name in ("WORKERS", "Workers", "%77orkers", "~77orkers", "work~65rs", "main.workers",
                 "tablao_Counts", "workers~20", "job_summaries/../workers"):
        refused(f"/farm/{name}")
    quote = urllib.parse.quote
    free = ["select secret from workers", "select * from workers", "select 1",
            "select * from tablao_counts", "with w as (select secret s from workers) select s from w",
            "select name from job_summaries union select secret from workers"]
    known = dashboards["farm"]["charts"]["jobs"]["query"]
    for sql in free + [known + " ", known + " union select 1", known.replace("name", "NAME", 1)]:
        for path in ("/farm", "/farm.json", "/farm.csv"):
            refused(f"{path}?sql={quote(sql)}")
    refused(f"/farm.json?sql={quote(known)}&sql={quote('select secret from workers')}")
    for where in ("1", "exists (select secret from workers)"):
        refused(f"/farm/worker_summaries?_where={quote(where)}")
        refused(f"/farm/worker_summaries.json?_where={quote(where)}")
    for path in ("/_internal", "/_internal.json", "/_memory", "/_memory?sql=select+1", "/farm.db",
                 "/-/permissions", "/-/allow-debug/x", "/farm/farm_events?_through={\"table\":\"workers\",\"column\":\"secret\",\"value\":\"x\"}"):
        refused(quote(path, safe="/?=&.-_"))
    # A form of the canned queries is GET only, and without --write none writes.
    for query in ("cancel-job", "pause-job", "requeue-job", "job-priority"):
        refused(f"/farm/{query}", "POST", "job=x", Content_Type="application/x-www-form-urlencoded")
    # A column that is not a table's, by all that Datasette takes a column in.
    for table in ("worker_summaries", "farm_events", "task_details"):
        for argument in ("_col=secret", "_facet=secret", "_sort=secret", "secret__contains=a",
                         "_nocol=secret", "_facet_array=secret", "_facet_date=secret",
                         "_labels=on&_size=max", "_shape=object", "_shape=arrays", "_nl=on&_shape=array",
                         "_extra=columns,primary_keys,foreign_key_tables"):
            for kind in ("", ".json", ".csv"):
                said.append(ask(base, f"/farm/{table}{kind}?{argument}")[1])
        for row in ("/1", "/1.json", "/1.json?_extras=foreign_key_tables"):
            said.append(ask(base, f"/farm/{table}{row}")[1])
    for path in ("/", "/.json", "/farm", "/farm.json", "/farm?_show_hidden=1", "/-/metadata.json",
                 "/-/databases.json", "/-/settings.json", "/-/plugins.json", "/-/threads.json",
                 "/-/versions.json"):
        status, text = ask(base, path)
        check(f"{farm} {path}: answers", status == 200, status)
        said.append(text)
        if path.startswith("/farm") or path in ("/", "/.json"):
            found = [n for n in internal if re.search(rf'(/farm/|"name": "|>){n}["<?]', text)]
            check(f"{farm} {path}: names no internal", not found, found)
    for slug, dashboard in dashboards.items():
        for name, chart in dashboard["charts"].items():
            for path in (f"/farm/{slug}-{name}.json", f"/farm/{slug}-{name}.csv",
                         f"/farm.json?sql={quote(chart['query'])}&_shape=objects"):
                status, text = ask(base, path)
                check(f"{farm} {path}: answers", status == 200, text)
                said.append(text)
    for table in shown:
        for kind in (".json?_size=max", ".csv?_stream=1"):
            status, text = ask(base, f"/farm/{table}{kind}")
            check(f"{farm} {table}{kind}: answers", status in (200, 400), text)
            said.append(text)
    leaked = [secret for secret in secrets if any(secret in text for text in said)]
    check(f"{farm}: no answer has a secret", not leaked, leaked)


def keeps_secrets_below(database):
    """The second wall by itself: SQLite refuses, whoever asks."""
    script = (
        "import sys, sqlite3, importlib.util as u; s = u.spec_from_file_location('farm', sys.argv[1])\n"
        "m = u.module_from_spec(s); s.loader.exec_module(m)\n"
        "class D:\n  def metadata(self, key): return {'farm': {}}\n"
        "db = sqlite3.connect(sys.argv[2]); m.prepare_connection(db, D())\n"
        "for sql in sys.argv[3:]:\n"
        "  try: db.execute(sql).fetchall(); print('answered')\n"
        "  except sqlite3.DatabaseError as e: print('refused' if 'prohibited' in str(e) else e)\n"
    )
    sqls = ["SELECT secret FROM workers", "SELECT * FROM workers", "SELECT 1 FROM workers WHERE secret > 'a'",
            "SELECT job_id FROM tablao_counts", "SELECT name FROM workers", "SELECT * FROM job_summaries"]
    done = subprocess.run(
        [sys.executable, "-c", script, str(top / "dashboard/plugins/farm.py"), str(database), *sqls],
        capture_output=True, text=True, timeout=60,
    )
    check("SQLite refuses secrets and internals, and nothing else",
          done.stdout.split() == ["refused"] * 4 + ["answered"] * 2, done.stdout + done.stderr)


def tells_any_time(zones=("America/New_York", "Asia/Tokyo", "UTC")):
    """Tablao takes the years 1 to 9999, whose ends are not in them in every zone."""
    script = (
        "import sys, importlib.util as u; s = u.spec_from_file_location('farm', sys.argv[1])\n"
        "m = u.module_from_spec(s); s.loader.exec_module(m)\n"
        "for t in sys.argv[2:]: print(m.at(t))\n"
    )
    times = ["0001-01-01 00:00:00.000+00:00", "9999-12-31 23:59:59.999+00:00", "2026-03-29 00:30:00"]
    for zone in zones:
        done = subprocess.run(
            [sys.executable, "-c", script, str(top / "dashboard/plugins/farm.py"), *times],
            capture_output=True, text=True, timeout=60, env=dict(os.environ, TZ=zone),
        )
        check(f"{zone}: all times are told", len(done.stdout.splitlines()) == 3, done.stdout + done.stderr)


def opens_any_name():
    """What stands for something in a URI is part of a file's name as well."""
    for name in ("farm #1?.db", "100%41.db"):
        database = work / name
        shutil.copy(work / "odd.db", database)
        with serving(database, "--write") as base:
            status, text = ask(base, "/farm/job_summaries.json?_shape=array")
            check(f"{name}: is read", status == 200 and len(json.loads(text)) == 9, text)
            status, text = ask(base, "/farm/job-priority", "POST",
                               urllib.parse.urlencode({"job": json.loads(text)[0]["job_uuid"], "priority": 77}),
                               Origin=base, Accept="application/json",
                               Content_Type="application/x-www-form-urlencoded")
            check(f"{name}: is written", rows(database, "SELECT count(*) FROM jobs WHERE priority = 77") == [(1,)], text)
    check("and no other file is", not any((work / name).exists() for name in ("farm ", "farm #1", "100A.db")))


def knows_its_visitors(base, farm):
    for host in ("evil.example", "evil.example:80", "127.0.0.1.evil.example:1", ""):
        status, _ = ask(base, "/farm/job_summaries.json", Host=host)
        check(f"{farm}: as {host or 'nobody'} it is not to be had", status == 403, status)
    # A browser names no port where that is 80.
    for host in ("127.0.0.1", "localhost", "localhost:80"):
        status, _ = ask(base, "/farm/job_summaries.json", Host=host)
        check(f"{farm}: as {host} it is", status == 200, status)


# --- With forms ---------------------------------------------------------------


def writes(database, chromium):
    jobs = dict(rows(database, "SELECT name, uuid FROM jobs"))

    def state(name):
        return rows(database, f"SELECT status, priority FROM jobs WHERE uuid = '{jobs[name]}'")[0]

    with serving(database, "--write") as base:
        before = rows(database, "SELECT uuid, status, priority FROM jobs")
        form = {"Content_Type": "application/x-www-form-urlencoded"}
        body = urllib.parse.urlencode({"job": jobs["120_crowd.grade"]})
        # What another site could send, by a form or by a name of its own.
        for headers in ({"Origin": "http://evil.example"}, {"Origin": "null"},
                        {"Origin": "null", "Sec_Fetch_Site": "cross-site"},
                        {"Sec_Fetch_Site": "same-site"},
                        {"Origin": base.replace("127.0.0.1", "localhost")},
                        {"Host": "evil.example", "Origin": "http://evil.example"}):
            status, _ = ask(base, "/farm/cancel-job", "POST", body, **form, **headers)
            check(f"a form from {headers} is refused", status == 403, status)
        check("and nothing was changed", rows(database, "SELECT uuid, status, priority FROM jobs") == before)

        def send(query, name, **others):
            body = urllib.parse.urlencode({"job": jobs[name], **others})
            status, text = ask(base, f"/farm/{query}", "POST", body, Origin=base,
                               Accept="application/json", **form)
            return status == 200 and json.loads(text)

        send("pause-job", "120_crowd.grade")
        check("pause", state("120_crowd.grade")[0] in ("pause-requested", "paused"), state("120_crowd.grade"))
        send("cancel-job", "040_0010.water")
        check("cancel", state("040_0010.water")[0] == "canceled", state("040_0010.water"))
        send("requeue-job", "040_0010.water")
        check("requeue", state("040_0010.water")[0] == "queued", state("040_0010.water"))
        send("cancel-job", "120_crowd.final")
        check("a completed job is not canceled", state("120_crowd.final")[0] == "completed")
        send("job-priority", "lookdev.turntable", priority="91")
        check("priority", state("lookdev.turntable")[1] == 91, state("lookdev.turntable"))
        send("job-priority", "lookdev.turntable", priority="high")
        check("a priority is a number", state("lookdev.turntable")[1] == 91)
        check("free SQL stays off", ask(base, "/farm.json?sql=select+1")[0] == 403)
        check("secrets stay secret", ask(base, "/farm/workers")[0] == 403)
        if chromium:
            # As a person does it: from the job's page to the form, and send it.
            label = f"020_0010.fx ({jobs['020_0010.fx']})"
            chromium.open(base + "/-/dashboards/job?" + urllib.parse.urlencode({"job": label}))
            links = chromium.run(
                "return Array.from(document.querySelectorAll('#chart-job a'), a => [a.innerText, a.href])"
            )
            chromium.open(dict(map(tuple, links))["Cancel it"])
            page = chromium.run("return document.body.innerText")
            check("the form says what it does", "Cancel a job" in page and "Its tasks that are" in page, page)
            button = chromium.run("return document.querySelector('form.sql input[type=submit]').value")
            check("and so does its button", button == "Cancel it", button)
            chromium.run("document.querySelector('form.sql input[type=submit]').click()")
            end = time.monotonic() + 30
            while state("020_0010.fx")[0] != "canceled" and time.monotonic() < end:
                time.sleep(0.05)
            check("the button cancels the job", state("020_0010.fx")[0] == "canceled",
                  state("020_0010.fx"))
        problems = rows(database, "SELECT * FROM farm_problems")
        check("the farm is sound", not problems, problems)


# --- What cannot be shown -----------------------------------------------------


def refuses():
    not_a_database = work / "text.db"
    not_a_database.write_text("This is no database. " * 99)
    foreign = work / "foreign.db"
    with contextlib.closing(sqlite3.connect(foreign)) as db:
        db.execute("CREATE TABLE t (x)")
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        for name, arguments, words in (
            ("a file that is not there", (work / "none.db",), "no such file"),
            ("a file that is no database", (not_a_database,), "not a database"),
            ("a database that is no farm", (foreign,), "is not a farm"),
            ("Flamenco's", (work / "flamenco.db",), "is Flamenco's"),
            ("forms on an observed farm", (work / "observed.db", "--write"), "observed farm"),
            ("a port in use", (work / "dashboard/demo.db", "--port", port), "cannot listen"),
        ):
            done = subprocess.run(command(*arguments), capture_output=True, text=True, timeout=60)
            lines = done.stderr.splitlines()
            check(f"{name}: one line that says why",
                  done.returncode == 1 and len(lines) == 1 and words in lines[0]
                  and lines[0].startswith("tablao: dashboard: "), done.stderr)
    check("and left no file behind", not (work / "none.db").exists())
    # Root writes everywhere, so this is only tried as somebody else.
    closed = work / "closed"
    closed.mkdir()
    shutil.copy(work / "odd.db", closed / "wal.db")
    rows(closed / "wal.db", "PRAGMA journal_mode = WAL")
    closed.chmod(0o555)
    if not os.access(closed, os.W_OK):
        done = subprocess.run(command(closed / "wal.db"), capture_output=True, text=True, timeout=60)
        check("WAL in a folder that cannot be written: one line that says so",
              done.returncode == 1 and "WAL" in done.stderr and len(done.stderr.splitlines()) == 1, done.stderr)
    closed.chmod(0o755)


def screenshots(directory):
    chromium = browser.Browser()
    try:
        with serving(work / "dashboard/demo.db") as base:
            job = rows(work / "dashboard/demo.db",
                       "SELECT name || ' (' || uuid || ')' FROM jobs WHERE name = '010_0030.lighting'")[0][0]
            for name, path, height in (
                ("farm", "/-/dashboards/farm", 1180),
                ("job", "/-/dashboards/job?" + urllib.parse.urlencode({"job": job}), 1180),
                ("workers", "/-/dashboards/workers", 1180),
            ):
                chromium.open(base + path)
                target = pathlib.Path(directory) / f"dashboard-{name}.png"
                chromium.screenshot(target, height)
                subprocess.run(["pngquant", "--force", "--strip", "--speed", "1", "--output",
                                str(target), "--nofs", "128", str(target)], check=True)
                print(f"{target}: {target.stat().st_size} bytes")
    finally:
        chromium.close()


def main():
    if sys.argv[3]:
        return screenshots(sys.argv[3])
    demo, observed, empty = (
        work / "dashboard/demo.db", work / "observed.db", work / "empty.db",
    )
    with contextlib.closing(sqlite3.connect(demo)) as db:
        db.execute("UPDATE workers SET secret = 'never-to-be-seen-' || id")
        db.commit()
    missing = browser.missing()
    chromium = None
    if missing:
        print(f"dashboard: skipped: no {' and no '.join(missing)}, so no page is looked at")
    else:
        chromium = browser.Browser()
    try:
        for farm, database in (("demo", demo), ("observed", observed), ("empty", empty)):
            with serving(database) as base:
                if chromium:
                    looks_right(chromium, base, farm, database, farm != "empty")
                if farm != "empty":
                    keeps_secrets(base, farm, database)
                knows_its_visitors(base, farm)
                left = json.loads(ask(base, "/farm/farm-left.json?_shape=array")[1])[0]["time"]
                check(f"{farm}: how long it takes, if there is anything to do",
                      left == "-" if farm == "empty" else left not in ("-", ""), left)
            tell(f"{farm} farm")
        with serving(work / "odd.db") as base:
            if chromium:
                looks_right(chromium, base, "odd", work / "odd.db", False)
            takes_odd_names(chromium, base)
        if chromium:
            says_what_fails(chromium)
        tell("farm with odd names")
        with serving(work / "quiet.db", "--write") as base:
            if chromium:
                looks_right(chromium, base, "quiet", work / "quiet.db", False)
            works_without_history(chromium, base)
        tell("farm without history")
        keeps_secrets_below(demo)
        tells_any_time()
        shows_long_work()
        opens_any_name()
        refuses()
        writes(demo, chromium)
        tell("refusals and forms")
    finally:
        if chromium:
            chromium.close()
    print(f"{passed} passed, {failed} failed")
    sys.exit(failed > 0)


main()
