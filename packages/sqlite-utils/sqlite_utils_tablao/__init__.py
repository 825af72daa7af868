"""Loads Tablao's SQLite extension into each of sqlite-utils' connections."""

from sqlite_utils import hookimpl
import tablao


@hookimpl
def prepare_connection(conn):
    tablao.load(conn)
