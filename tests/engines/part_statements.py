"""Engines that replicate statements: every node runs what the others run.

The statements of a day, clock pinned and every uuid given, on two versions of
SQLite and in two time zones. Within a zone all rows are the same; sleep
schedules are in local time, so between zones they are only without those.
"""

import os

from harness import HERE, Program, Skip, check, difference, python, rows_of, run, say, unsound

ZONES = 'UTC0', 'America/New_York'


def record(build, work):
    """The path of a day's statements, made once per build."""
    path = os.path.join(build, 'engines', 'day.json')
    script = os.path.join(build, 'tablao.sql')
    if not os.path.exists(path) or os.path.getmtime(path) < os.path.getmtime(script):
        env = {**os.environ, 'TABLAO_BUILD': build}
        made = run(os.environ.get('TCLSH') or 'tclsh', os.path.join(HERE, 'record_day.tcl'),
                   path + '.tmp', 24, 10, 5, env=env)
        if not check('a day, recorded', (made.returncode, made.stderr), (0, '')):
            raise RuntimeError('no day to replay')
        os.rename(path + '.tmp', path)
    return path


def part(build, work):
    try:
        import apsw
    except ImportError:
        raise Skip('apsw, for the other SQLite, cannot be had')
    day = record(build, work)
    said = {}
    for without in '', 'INTO sleep_schedules':
        rows, programs = {}, {}
        for engine in 'sqlite3', 'apsw':
            for zone in ZONES:
                path = os.path.join(work, f'{engine}-{zone.replace("/", "-")}-{bool(without)}.db')
                programs[engine, zone] = path, Program(
                    python(), os.path.join(HERE, 'replay.py'), engine, os.path.join(build, 'tablao.json'), day, path,
                    without, env={**os.environ, 'TZ': zone})
        for key, (path, program) in programs.items():
            program.process.wait(200)
            program.end()
            said[(without, *key)] = program.tail().split()
            check(f'{key} {without}: it ran', (program.process.returncode, len(said[(without, *key)])), (0, 2))
            check(f'{key} {without}: sound', unsound(path), '')
            rows[key] = rows_of(path)
        for zone in ZONES:
            check(f'two versions in {zone}, {without or "whole"}: rows equal',
                  difference(rows['sqlite3', zone], rows['apsw', zone]), '')
        between = difference(rows['sqlite3', ZONES[0]], rows['sqlite3', ZONES[1]])
        if without:
            check('two zones, no sleep schedules: rows equal', between, '')
        else:
            check('two zones, with sleep schedules: they differ', between != '', True)
            check('the day as it was recorded: nothing refused', said['', 'sqlite3', 'UTC0'][1], '0')
            say(f'  {sum(map(len, rows["apsw", "UTC0"].values()))} rows after the day')
    versions = sorted({version for version, _ in said.values()})
    if len(versions) < 2:
        say('  skipped: a second version of SQLite, apsw has the same as Python')
    say(f'  SQLite {" and ".join(versions)}')
