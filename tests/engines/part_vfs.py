"""Reading copies without a copy: Litestream's VFS reads the backup itself."""

import json
import os
import sqlite3
import sys
import time

from harness import HERE, Program, Skip, check, new_farm, python, read_acknowledgements, rows_of, say, until
from part_litestream import Backup


def read(extension, seconds, expected):
    """The reader: its library looks at the environment when it starts, and
    from then on no other database can be opened in the process."""
    import apsw
    import litestream_vfs
    first = apsw.Connection(':memory:')
    first.enable_load_extension(True)
    first.load_extension(os.path.splitext(litestream_vfs.loadable_path())[0])

    # A connection for each look: one that is kept open takes what a compaction
    # wrote for newer than what came after it (Litestream 0.5.17).
    def connect():
        db = apsw.Connection('file:farm0.db?vfs=litestream', flags=apsw.SQLITE_OPEN_URI | apsw.SQLITE_OPEN_READWRITE)
        db.enable_load_extension(True)
        db.load_extension(extension)
        return db
    took, n, end = [], -1, time.monotonic() + seconds
    while time.monotonic() < end and n != expected():
        began = time.monotonic()
        try:
            db = connect()
            [[n]] = db.execute("SELECT coalesce(sum(num_completed), 0) FROM job_summaries")
            db.close()
        except apsw.SQLError:  # it lasted until the next poll, where the machine is that slow
            print('looked in vain', flush=True)
            time.sleep(0.1)
            continue
        took.append(time.monotonic() - began)
        print('completed', n, flush=True)
        time.sleep(0.1)
    db = connect()
    said = {'took': max(took), 'problems': list(db.execute('SELECT * FROM farm_problems')),
            'check': [row for row in db.execute('SELECT * FROM tablao_check')]}
    views = [name for name, in db.execute("SELECT name FROM sqlite_schema WHERE type = 'view'")]
    for view in views:
        for _ in db.execute(f'SELECT * FROM "{view}" LIMIT 5'):
            pass
    try:
        db.execute("INSERT INTO jobs (name, job_type) VALUES ('x', 'x')")
        said['write'] = 'taken'
    except apsw.ReadOnlyError:
        said['write'] = 'refused'
    print('said', json.dumps(said), flush=True)


def part(build, work):
    try:
        import apsw  # noqa: F401
        import litestream_vfs  # noqa: F401
    except ImportError as error:
        raise Skip(f'{error.name} cannot be had')
    backup = Backup(work, 'levels:\n  - interval: 3s\n')
    farm = backup.farm(0)
    new_farm(farm, build)
    replicator = backup.start()
    if not until(lambda: any(files for _, _, files in os.walk(backup.backup)), 60):
        raise RuntimeError(replicator.tail())
    done = os.path.join(work, 'completed')
    load = Program(python(), os.path.join(HERE, 'load.py'), farm, 0, 120)
    reader = Program(python(), os.path.join(HERE, 'part_vfs.py'), os.path.join(build, 'tablao'), done,
                     env={**os.environ, 'LITESTREAM_REPLICA_URL': f'file://{backup.backup}/farm0.db'})
    # At work until the reader has seen it change, and backups being compacted, however slow this machine is.
    compacted = os.path.join(backup.backup, 'farm0.db', 'ltx', '1')
    until(lambda: len({line for line in reader.said('completed ')}) > 5 and os.path.isdir(compacted) and
          len(os.listdir(compacted)) > 2 or reader.process.poll() is not None, 90)
    check('backups were compacted meanwhile', len(os.listdir(compacted)) > 2, True)
    load.stop(60)
    known = read_acknowledgements(line for _, line in load.lines)
    db = sqlite3.connect(farm)
    [n] = db.execute("SELECT count(*) FROM tasks WHERE status = 'completed'").fetchone()
    db.close()
    with open(done + '.tmp', 'w') as file:
        file.write(str(n))
    os.rename(done + '.tmp', done)
    reader.process.wait(120)
    reader.end()
    replicator.stop()
    if not check('the reader ended well', (reader.process.returncode, len(reader.said('said '))), (0, 1)):
        raise RuntimeError(reader.tail())
    said = json.loads(reader.said('said ')[0][5:])
    seen = [(at, int(line.split()[1])) for at, line in reader.lines if line.startswith('completed ')]
    check('it saw all that was completed', (seen[-1][1], n), (len(known['completed']), n))
    check('it looked in vain now and then at most', len(reader.said('looked in vain')) <= len(seen) / 5, True)
    check('it never saw less than before', [n for _, n in seen], sorted(n for _, n in seen))
    check('it saw the farm at work', len({n for _, n in seen}) > 3, True)
    check('farm_problems', said['problems'], [])
    check('tablao_check: no error', [row for row in said['check'] if row[0] == 'error'], [])
    check('tablao_check: says what it could not look at', [row[1] for row in said['check'] if 'cannot open' in row[2]],
          ['tables'])
    check('a write', said['write'], 'refused')
    times = [at for at, line in load.lines if line.startswith('completed ')]
    behind = [at - times[n - 1] for at, n in seen if 0 < n < len(times)]
    say(f'  {len(times)} completions; reads up to {said["took"] * 1000:.0f} ms; what was newest there was '
        f'{min(behind):.1f} to {max(behind):.1f} s old')


if __name__ == '__main__':
    def expected():
        try:
            with open(sys.argv[2]) as file:
                return int(file.read())
        except FileNotFoundError:
            return None
    read(sys.argv[1], 100, expected)
