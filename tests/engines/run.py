"""Runs the parts that are asked for, or all of them. See run.sh."""

import importlib
import os
import shutil
import sys
import tempfile
import time

import harness
from harness import Program, Skip, counts, say

PARTS = ['statements', 'mirror', 'rsync', 'litestream', 'vfs', 'dqlite', 'docs']


def main():
    build = sys.argv[1]
    wanted = sys.argv[2:] or PARTS
    seed = int(os.environ.get('ENGINES_SEED') or time.time_ns() % 1000000)
    harness.rng.seed(seed)
    say(f'ENGINES_SEED={seed}')
    for name in wanted:
        if name not in PARTS:
            sys.exit(f'tablao: test-engines: no such engine: {name}; there are {" ".join(PARTS)}')
        before = dict(counts)
        began = time.monotonic()
        work = tempfile.mkdtemp(prefix='tablao-engines-')
        why = ''
        try:
            importlib.import_module(f'part_{name}').part(build, work)
        except Skip as skip:
            counts['skipped'] += 1
            why = f', skipped: {skip}'
        except Exception as error:  # counted, so that the other parts still run
            counts['failed'] += 1
            import traceback
            traceback.print_exc(file=sys.stdout)
            why = f', broke: {error!r}'
        finally:
            Program.kill_all()
            shutil.rmtree(work, ignore_errors=True)
        say(f'{name}: {counts["passed"] - before["passed"]} passed, {counts["failed"] - before["failed"]} failed, '
            f'{time.monotonic() - began:.0f} s{why}')
    print(f'{counts["passed"]} passed, {counts["failed"]} failed, {counts["skipped"]} skipped')
    return counts['failed'] > 0


if __name__ == '__main__':
    sys.exit(main())
