"""A node of an engine that replicates statements: makes a farm of the list of
statements, runs a recorded day on it, and leaves the database.

    TZ=... python3 replay.py sqlite3|apsw SCHEMA.json DAY.json DATABASE WITHOUT

Statements that contain WITHOUT, if it is not '', are left out. Prints SQLite's
version and how many statements were refused.
"""

import json
import sqlite3
import sys

engine, schema, day, path, without = sys.argv[1:]
if engine == 'apsw':
    import apsw
    db = apsw.Connection(path)
    version, refused = apsw.sqlite_lib_version(), apsw.ConstraintError
else:
    db = sqlite3.connect(path, isolation_level=None)
    version, refused = sqlite3.sqlite_version, sqlite3.IntegrityError
db.execute('PRAGMA synchronous = OFF')
db.execute('PRAGMA journal_mode = WAL').fetchall()
for name in schema, day:
    no = 0
    with open(name, encoding='utf-8') as file:
        for statement in json.load(file):
            if without and without in statement:
                continue
            try:
                db.execute(statement)
            except refused:
                no += 1
db.close()
print(version, no)
