"""Reading copies by sqlite3_rsync, of a farm at work; some runs are killed."""

import os
import time

from harness import Program, Skip, check, compare, difference, new_farm, python, read_acknowledgements, rng, rows_of, \
    run, say, unsound
from harness import HERE


def sqlite3_rsync():
    try:
        import apsw
    except ImportError:
        raise Skip('sqlite3_rsync comes with apsw, which cannot be had')
    path = os.path.join(os.path.dirname(apsw.__file__), 'sqlite_extra_binaries', 'sqlite3_rsync')
    if not os.path.exists(path):
        raise Skip('this apsw has no sqlite3_rsync')
    return path


def part(build, work):
    program = sqlite3_rsync()
    # For the other end of the connection it starts itself, by name.
    env = {**os.environ, 'PATH': os.path.dirname(program) + os.pathsep + os.environ['PATH']}
    farm, copy = os.path.join(work, 'farm.db'), os.path.join(work, 'copy.db')
    new_farm(farm, build)
    load = Program(python(), os.path.join(HERE, 'load.py'), farm, 0, 12)
    killed = whole = 0
    took = []
    for i in range(15):
        time.sleep(0.3)
        before = read_acknowledgements(line for _, line in list(load.lines))
        began = time.monotonic()
        sync = Program(program, farm, copy, env=env)
        if i % 5 == 3:
            time.sleep(rng.uniform(0, 0.03))
            killed += sync.process.poll() is None
            sync.kill()
            check(f'sync {i}, killed: the copy is sound', unsound(copy), '')
            continue
        sync.end()
        took.append(time.monotonic() - began)
        whole += 1
        check(f'sync {i}: it ended well', (sync.process.returncode, sync.tail()), (0, ''))
        check(f'sync {i}: the copy is sound', unsound(copy), '')
        check(f'sync {i}: nothing acknowledged before is missing', compare(copy, before)[0], set())
    load.end()
    known = read_acknowledgements(line for _, line in load.lines)
    last = run(program, farm, copy, env=env)
    check('last sync', (last.returncode, last.stderr), (0, ''))
    check('last copy: rows equal', difference(rows_of(farm), rows_of(copy)), '')
    check('nothing lost, nothing twice', compare(copy, known), (set(), set()))
    check('the farm was at work', len(known['completed']) > 0, True)
    say(f'  {whole} syncs of {min(took) * 1000:.0f} to {max(took) * 1000:.0f} ms, {killed} killed, '
        f'{len(known["completed"])} completions')
