"""Follows farm_events, and prints each new one as a line of JSON.

    python3 follow_events.py FARM [--after ID] [--for SECONDS]

Without --after it starts with what comes from now on; give it the last id that
you saw to go on from there. A line {"reset": true} says that events in between
are gone: read anew what you keep of the farm, then go on.

No table is read while nothing changes: PRAGMA data_version is another number
when another connection has committed, and asking for it is cheap.
"""

import argparse
import json
import os
import pathlib
import sqlite3
import sys
import time


def connect(path):
    """A farm, to be read: a file that is not there is not made."""
    uri = pathlib.Path(path).absolute().as_uri() + '?mode=ro'
    db = sqlite3.connect(uri, uri=True, isolation_level=None, timeout=10)
    db.text_factory = lambda data: data.decode('utf-8', 'replace')
    return db


def newest(path):
    """The id of the last event that there is."""
    db = connect(path)
    [last] = db.execute('SELECT coalesce(max(id), 0) FROM farm_events').fetchone()
    db.close()
    return last


def follow(path, after=None, seconds=None, pause=0.02):
    """Yields the events behind `after` as dicts, and None where some are lost."""
    if after is None:
        after = newest(path)
    db = connect(path)
    db.row_factory = sqlite3.Row
    version = None
    end = None if seconds is None else time.monotonic() + seconds
    while end is None or time.monotonic() < end:
        # The version first: what is committed behind it is seen next time.
        now = db.execute('PRAGMA data_version').fetchone()[0]
        if now == version:
            time.sleep(pause)
            continue
        version = now
        db.execute('BEGIN')  # so that both look at the same moment
        # In two subqueries: for both at once SQLite would read all events.
        oldest, last = db.execute(
            'SELECT (SELECT min(id) FROM farm_events), (SELECT max(id) FROM farm_events)'
        ).fetchone()
        rows = db.execute('SELECT * FROM farm_events WHERE id > ? ORDER BY id', (after,)).fetchall()
        db.execute('COMMIT')
        if oldest is not None and after < oldest - 1:
            yield None
        elif last is not None and after > last:  # the farm was put back from a backup
            after = last
            yield None
        for row in rows:
            after = row['id']
            yield dict(row)


def keep(path, last):
    """Notes in a file how far a reader is: at once or not at all."""
    new = path.with_name(path.name + '.new')
    new.write_text(str(last))
    new.replace(path)


def place(path):
    """What keep() has noted."""
    text = path.read_text()
    if not text.strip().isdigit():
        raise ValueError(f'{path} holds no id of an event')
    return int(text)


if __name__ == '__main__':
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('farm', help='the database')
    parser.add_argument('--after', type=int, metavar='ID', help='go on behind this event; else from now on')
    parser.add_argument('--for', dest='seconds', type=float, help='end after so many seconds; else with Ctrl-C')
    args = parser.parse_args()
    try:
        for event in follow(args.farm, args.after, args.seconds):
            print(json.dumps(event or {'reset': True}, default=str), flush=True)
    except sqlite3.Error as error:
        sys.exit(f'{args.farm}: {error}')
    except BrokenPipeError:  # whoever read it has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(141)
    except KeyboardInterrupt:
        sys.exit(130)
