"""What the dashboard has beyond Datasette: who may see what, and the look.

Two walls stand before the farm's internals and the workers' secrets:
- Nothing is shown that metadata.yaml does not name, and no SQL is run that it
  does not hold: permission_allowed and asgi_wrapper.
- Whatever runs all the same, SQLite refuses to read a secret, or an internal
  table but through a view: prepare_connection.

datasette-dashboards has the browser send the SQL of its charts. Each chart's
query is a canned query here, and an address that holds its SQL, to the letter,
is taken for that query's; with any other SQL it is refused.
"""

import contextvars
import re
import sqlite3
import urllib.parse
from datetime import datetime, timezone

from datasette import hookimpl
from datasette.utils.asgi import Response
from markupsafe import Markup, escape

FARM = "farm"

# What the request that is being answered is for.
is_dashboard = contextvars.ContextVar("is_dashboard", default=False)
is_markup = contextvars.ContextVar("is_markup", default=False)


# --- Who may see what ---------------------------------------------------------


def charts(datasette):
    """Yields the name of a chart's canned query, and the chart."""
    for slug, dashboard in datasette.plugin_config("datasette-dashboards").items():
        for name, chart in dashboard["charts"].items():
            if "query" in chart:
                yield f"{slug}-{name}", chart, dashboard


# Of several plugins' answers Datasette takes the last.
@hookimpl(trylast=True)
def permission_allowed(datasette, action, resource):
    if action == "execute-sql":
        # The plugin asks it before it shows a page, which runs SQL of ours.
        return is_dashboard.get()
    if action == "view-database":
        return resource == FARM
    if action == "view-table":
        return (
            resource[0] == FARM
            and resource[1] in datasette.metadata("databases")[FARM]["tables"]
        )
    if action in ("view-instance", "view-query"):
        return None
    return False


@hookimpl
def canned_queries(datasette, database):
    if database != FARM:
        return {}
    return {
        name: {
            "sql": chart["query"],
            "title": f"{dashboard['title']}: {chart['title']}",
        }
        for name, chart, dashboard in charts(datasette)
    }


@hookimpl
def extra_template_vars(datasette, database, request):
    """farm_query: what metadata.yaml and write.yaml say of the query on show."""

    async def variables():
        if database != FARM or request is None:
            return {}
        name = request.scope["path"].rpartition("/")[2]
        return {"farm_query": await datasette.get_canned_query(FARM, name, None) or {}}

    return variables


@hookimpl
def prepare_connection(conn, datasette):
    queries = datasette.metadata("databases")[FARM].get("queries", {})

    def authorize(action, table, column, database, view):
        if action == sqlite3.SQLITE_READ:
            table = table.lower()
            if table == "workers" and column.lower() == "secret":
                return sqlite3.SQLITE_DENY
            # Without a column rows are only counted, as Datasette does with all.
            if table.startswith("tablao_") and column and not view:
                return sqlite3.SQLITE_DENY
        return sqlite3.SQLITE_OK

    for function in (
        html, badge, bar, span, at, job_label, job_link, worker_link, task_link, row_link,
    ):
        conn.create_function(
            function.__name__,
            function.__code__.co_argcount,
            function,
            deterministic=True,
        )
    conn.create_function(
        "write_links",
        2,
        lambda name, uuid: write_links(queries, name, uuid),
        deterministic=True,
    )
    conn.set_authorizer(authorize)


@hookimpl
def asgi_wrapper(datasette):
    by_sql = {chart["query"]: name for name, chart, _ in charts(datasette)}
    markup = {name for name, chart, _ in charts(datasette) if chart["library"] == "table"}
    tables = datasette.metadata("databases")[FARM]["tables"]
    queries = datasette.metadata("databases")[FARM].get("queries", {})
    forms = {f"/{FARM}/{name}" for name in queries if "button" in queries[name]}

    def wrap(app):
        async def answer(scope, receive, send):
            if scope["type"] != "http":
                return await app(scope, receive, send)
            path = scope["path"]
            if not is_ours(scope) or (
                scope["method"] not in ("GET", "HEAD") and path not in forms
            ):
                return await Response.text(
                    "Forbidden: not an address of this dashboard\n", status=403
                ).asgi_send(send)
            is_dashboard.set(path.startswith("/-/dashboards/"))
            query = urllib.parse.parse_qsl(
                scope["query_string"].decode("latin-1"), keep_blank_values=True
            )
            found = re.fullmatch(rf"/{FARM}(\.json|\.csv)?", path)
            name = by_sql.get(dict(query).get("sql")) if found else None
            if name:
                path = f"/{FARM}/{name}{found[1] or ''}"
                query = [pair for pair in query if pair[0] != "sql"]
            is_markup.set(path.rpartition("/")[2] in markup)
            if scope["method"] == "POST" and "job" in dict(query):
                send = back_to(dict(query)["job"], send)
            # The columns that matter come first.
            first = tables.get(path.removeprefix(f"/{FARM}/"), {}).get("first")
            if first and "_col" not in dict(query):
                query = [("_col", column) for column in first.split()] + query
            scope = dict(
                scope,
                path=path,
                raw_path=urllib.parse.quote(path, safe="/-_.~").encode(),
                query_string=urllib.parse.urlencode(query).encode(),
            )
            await app(scope, receive, send)

        return answer

    return wrap


def back_to(job, send):
    """From a form that was sent to its job, and not to the same form, empty."""
    page = "/-/dashboards/job?" + urllib.parse.urlencode({"job": job})

    async def sending(message):
        if message.get("status") == 302:
            message = dict(message, headers=[
                (name, page.encode() if name.lower() == b"location" else value)
                for name, value in message["headers"]
            ])
        await send(message)

    return sending


def is_ours(scope):
    """Does the request name this machine, and come from a page of ours?

    Any page in the user's browser can send a form to 127.0.0.1, or have its own
    name stand for it; Datasette looks for its token only where there is a cookie.
    """
    headers = {name: value.decode("latin-1") for name, value in scope["headers"]}
    host = headers.get(b"host", "")
    # Without a port it is 80, which browsers do not name.
    if host.partition(":")[0] not in ("127.0.0.1", "localhost"):
        return False
    if scope["method"] in ("GET", "HEAD"):
        return True
    # A browser says where the form stood; what is no browser need not.
    site = headers.get(b"sec-fetch-site")
    if site is not None:
        return site == "same-origin"
    return headers.get(b"origin") in (None, f"http://{host}")


# --- The look -----------------------------------------------------------------
# SQL functions for the tables of the dashboards. The plugin puts their cells
# into the page as HTML, so everything that comes from the farm goes through one.


def html(value):
    """Text, to be shown as it is."""
    return "" if value is None else str(escape(value))


def badge(status):
    """A status in its colour."""
    if not status:
        return ""
    return str(Markup('<span class="badge {0}">{0}</span>').format(status))


def bar(done, total):
    """How much of it is done."""
    share = 100 * done // total if total else 0
    return (
        f'<progress max="100" value="{share}"></progress>'
        f'<span class="number">{share} %</span>'
    )


def span(seconds):
    """A number of seconds, in words."""
    if seconds is None:
        return ""
    if seconds < 60:
        return f"{seconds:.0f} s" if seconds == int(seconds) else f"{seconds:.1f} s"
    minutes = round(seconds / 60)
    if minutes < 60:
        return f"{minutes} min"
    hours, minutes = divmod(minutes, 60)
    if hours < 48:
        return f"{hours} h {minutes} min"
    return f"{round(hours / 24)} days"


def at(time):
    """A stored time, in this machine's."""
    if time is None:
        return None
    try:
        moment = datetime.strptime(str(time)[:19].replace("T", " "), "%Y-%m-%d %H:%M:%S")
        moment = moment.replace(tzinfo=timezone.utc).astimezone()
    except (ValueError, OverflowError):
        return html(time)
    return f"{moment:%Y-%m-%d %H:%M}"


def visible(name, uuid):
    """A name, or the uuid of what has none that can be seen."""
    return name if str(name or "").strip() else uuid


def job_label(name, uuid):
    """What the job is chosen by: names may repeat, and uuids begin alike.

    A browser changes line ends in what a form sends, and drops them in a line.
    """
    return f"{' '.join(str(name).split())} ({uuid})"


def link(path, query, text):
    return str(
        Markup('<a href="{}?{}">{}</a>').format(
            path, urllib.parse.urlencode(query), text
        )
    )


def job_link(name, uuid):
    if uuid is None:
        return ""
    return link("/-/dashboards/job", {"job": job_label(name, uuid)}, visible(name, uuid))


def worker_link(name, uuid):
    if uuid is None:
        return html(name)
    return link(f"/{FARM}/worker_summaries", {"worker_uuid": uuid}, visible(name, uuid))


def task_link(name, uuid):
    if uuid is None:
        return ""
    return link(f"/{FARM}/task_details", {"uuid": uuid}, visible(name, uuid))


def row_link(text, table, column, value):
    return link(f"/{FARM}/{table}", {column: value}, text)


def write_links(queries, name, uuid):
    """The forms of write.yaml for a job; None without --write.

    Datasette adds the canned queries of plugins, which have no button, to these.
    """
    links = [
        link(f"/{FARM}/{query}", {"job": job_label(name, uuid)}, settings["button"])
        for query, settings in queries.items()
        if "button" in settings
    ]
    return " · ".join(links) or None


# In which column of which table a row is named, and where to see it.
ROWS = {
    "job_uuid": ("/farm/job_summaries", "job_uuid"),
    "task_uuid": ("/farm/task_details", "uuid"),
    "worker_uuid": ("/farm/worker_summaries", "worker_uuid"),
}
EVENTS = {"job": "job_uuid", "task": "task_uuid", "worker": "worker_uuid"}


@hookimpl
def render_cell(row, value, column, table):
    if table is None:
        return Markup(value) if is_markup.get() and isinstance(value, str) else None
    if value is None:
        return None
    kind = column
    if column == "uuid":
        kind = "task_uuid" if table == "task_details" else None
        if table == "farm_events":
            kind = EVENTS.get(row["kind"])
    if kind in ROWS:
        path, key = ROWS[kind]
        return Markup(link(path, {key: value}, value[:8]))
    if column in ("name", "job_name") and "job_uuid" in row.keys():
        if column == "job_name" or table in ("job_summaries", "job_times", "waiting_jobs"):
            return Markup(job_link(value, row["job_uuid"]))
    if column in ("status", "outcome", "task_status", "old_status", "new_status"):
        return Markup(badge(value))
    if column == "seconds" or column.endswith("_seconds") or column == "seconds_left":
        return Markup('<span title="{} seconds">{}</span>').format(value, span(value))
    if column.endswith("_at"):
        return Markup('<span title="{}">{}</span>').format(value, at(value))
    return None
