"""Shows a farm in the browser.

  serve.py [--write] [--port PORT] [--extension PATH] DATABASE

Serves on 127.0.0.1 only. DATABASE is a farm, own or observed, under its Manager
or not: it is read. --write adds forms for cancel, pause, requeue and priority.
With --port 0 any free port is taken; the address is the only line of output.
"""

import argparse
import os
import pathlib
import socket
import sqlite3
import sys

import uvicorn
import yaml
from datasette.app import Datasette
from datasette.database import Database

here = pathlib.Path(__file__).resolve().parent

SETTINGS = {
    "default_allow_sql": False,
    "allow_download": False,
    "suggest_facets": False,
    "sql_time_limit_ms": 20000,
    "facet_time_limit_ms": 5000,
    "max_returned_rows": 5000,
    "default_cache_ttl": 0,
    "truncate_cells_html": 300,
}


class Farm(Database):
    """A file of any name: Datasette itself takes a ?, # or % in it for a URI's."""

    def connect(self, write=False):
        connection = sqlite3.connect(
            uri(self.path, "rw" if write else "ro"), uri=True, check_same_thread=False
        )
        self._all_file_connections.append(connection)
        return connection


def uri(path, mode):
    return f"{pathlib.Path(path).resolve().as_uri()}?mode={mode}"


def die(message):
    sys.exit(f"tablao: dashboard: {message}")


def check(path, extension, needed, write):
    """Ends with one line that says why, if this farm cannot be shown."""
    if not path.is_file():
        die(f"{path}: no such file")
    try:
        db = sqlite3.connect(uri(path, "ro"), uri=True)
        db.enable_load_extension(True)
        db.load_extension(extension)
        names = {name for (name,) in db.execute("SELECT name FROM sqlite_schema")}
        if "tablao_migrations" not in names:
            if "goose_db_version" in names:
                die(
                    f"{path} is Flamenco's: SELECT tablao_migrate() makes it an"
                    " observed farm (docs/flamenco.md)"
                )
            die(f"{path} is not a farm: SELECT tablao_migrate() makes it one")
        lacking = sorted(needed - names)
        if lacking:
            die(
                f"{path} has no {lacking[0]}: SELECT tablao_migrate() brings it to"
                " this version of Tablao"
            )
        (machine,) = db.execute(
            "SELECT value FROM farm_settings WHERE name = 'state_machine'"
        ).fetchone()
        db.close()
    except (AttributeError, sqlite3.Error) as error:
        if "readonly" in str(error):
            die(
                f"{path} is in WAL mode, and you may not write to its folder"
                " (docs/operations.md, \"WAL and folders that cannot be written\")"
            )
        die(f"{path}: {error}")
    if write and machine != "on":
        die(f"{path} is an observed farm, which its Manager writes to, not we")
    if write and not os.access(path, os.W_OK):
        die(f"{path} may only be read, so --write cannot be")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("database", metavar="DATABASE", type=pathlib.Path)
    parser.add_argument("--write", action="store_true")
    parser.add_argument("--port", type=int, default=8001)
    parser.add_argument(
        "--extension", default=str(here.parent / "build" / "tablao")
    )
    options = parser.parse_args()

    metadata = yaml.safe_load((here / "metadata.yaml").read_text("utf-8"))
    farm = metadata["databases"]["farm"]
    if options.write:
        writes = yaml.safe_load((here / "write.yaml").read_text("utf-8"))
        farm["queries"] = writes["queries"]
    needed = set(farm["tables"])
    check(options.database, options.extension, needed, options.write)

    try:
        listener = socket.create_server(("127.0.0.1", options.port))
    except (OSError, OverflowError) as error:
        die(f"cannot listen on 127.0.0.1:{options.port}: {error}")

    datasette = Datasette(
        [],
        metadata=metadata,
        settings=SETTINGS,
        sqlite_extensions=[options.extension],
        plugins_dir=str(here / "plugins"),
        template_dir=str(here / "templates"),
        static_mounts=[("farm-static", str(here / "static"))],
    )
    # The one that Datasette opens where it is given no file.
    datasette.remove_database("_memory")
    # By this name, whatever the file is called: the metadata goes by it.
    datasette.add_database(
        Farm(datasette, path=str(options.database), is_mutable=True), name="farm"
    )
    config = uvicorn.Config(datasette.app(), log_level="warning", lifespan="on")
    host, port = listener.getsockname()
    print(f"http://{host}:{port}/-/dashboards/farm", flush=True)
    uvicorn.Server(config).run(sockets=[listener])


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        pass
