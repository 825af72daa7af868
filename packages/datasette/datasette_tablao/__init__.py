"""Loads Tablao's SQLite extension into each of Datasette's connections."""

from datasette import hookimpl
import tablao


@hookimpl
def prepare_connection(conn):
    tablao.load(conn)
