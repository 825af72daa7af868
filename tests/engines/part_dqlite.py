"""Failover by dqlite: examples/cluster, three managers, four workers, a
submitter. Leaders are killed at random moments, and then two nodes at once.
"""

import http.server
import json
import os
import shutil
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request

from harness import TOP, Program, Skip, check, compare, difference, document, read_acknowledgements, rng, rows_of, \
    run, say, unsound, until

KILLS = int(os.environ.get('ENGINES_KILLS') or 4)
NODES = 1, 2, 3


def free_ports(n):
    import socket
    sockets = [socket.socket() for _ in range(n)]
    for s in sockets:
        s.bind(('127.0.0.1', 0))
    ports = [s.getsockname()[1] for s in sockets]
    for s in sockets:
        s.close()
    return ports


class Cluster:
    def __init__(self, program, build, work):
        self.program, self.build, self.work = program, build, work
        ports = free_ports(6)
        self.node = {i: f'127.0.0.1:{ports[i - 1]}' for i in NODES}
        self.http = {i: f'http://127.0.0.1:{ports[i + 2]}' for i in NODES}
        self.running = {}

    def start(self, i):
        join = [] if i == 1 else ['-join', self.node[1]]
        self.running[i] = Program(
            self.program, 'manager', '-dir', os.path.join(self.work, f'n{i}'), '-node', self.node[i],
            '-http', self.http[i][len('http://'):], '-tick', '1s',
            '-schema', os.path.join(self.build, 'tablao.json'), *join)

    def ready(self, i, seconds=120):
        return bool(until(lambda: self.running[i].said('http://'), seconds))

    def ask(self, i, path, body=None, seconds=20):
        """(code, answer); (0, what went wrong) without an answer."""
        data = body if body is None or isinstance(body, bytes) else json.dumps(body).encode()
        try:
            with urllib.request.urlopen(urllib.request.Request(self.http[i] + path, data), timeout=seconds) as answer:
                return answer.status, json.loads(answer.read() or 'null')
        except urllib.error.HTTPError as error:
            return error.code, json.loads(error.read() or 'null')
        except OSError as error:
            return 0, str(error)

    def leader(self):
        """The number of the node that leads, asked of those that run."""
        for i in list(self.running):
            code, answer = self.ask(i, '/leader')
            if code == 200:
                for j, address in self.node.items():
                    if address == answer['leader'] and j in self.running:
                        return j
        return None

    def dump(self, i, to):
        """What node i has, in a directory; its farm.db is the result."""
        done = run(self.program, 'dump', self.node[i], to)
        return os.path.join(to, 'farm.db') if done.returncode == 0 else None

    def show(self):
        for i, program in self.running.items():
            say(f'-- node {i}:\n{program.tail()}')


def part(build, work):
    program = os.path.join(build, 'cluster', 'cluster')
    if not os.path.exists(program):
        with open(os.path.join(build, 'engines', 'cluster.log'), encoding='utf-8') as log:
            lines = log.read().strip().splitlines()
        raise Skip('examples/cluster cannot be built: ' + (lines[-1] if lines else 'no reason given'))
    extension(build)
    lost_worker(program)
    odd_tasks(program)
    cluster = Cluster(program, build, work)
    try:
        run_farm(cluster, work)
    except Exception:
        cluster.show()
        raise


def stand_in(program, name, answer, is_done):
    """Runs a worker until is_done(), and ends it; in place of a manager answer(path, body) gives code and answer."""
    class Manager(http.server.BaseHTTPRequestHandler):
        def do_POST(self):
            body = json.loads(self.rfile.read(int(self.headers['Content-Length'])))
            code, said = answer(self.path, body)
            data = b'' if said is None else json.dumps(said).encode()
            self.send_response(code)
            self.send_header('Content-Length', str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, *_):
            pass

    with http.server.ThreadingHTTPServer(('127.0.0.1', 0), Manager) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        worker = Program(program, 'worker', '-name', name, '-speed', 20, f'http://127.0.0.1:{server.server_port}')
        until(is_done, 10)
        worker.stop()
        server.shutdown()


def lost_worker(program):
    """A worker that the farm has taken for lost, as a stand-in for a manager says, signs on again."""
    became = []

    def answer(path, body):
        if path == '/worker/status':
            became.append(body['status'])
            return 200, {'status': 'awake'}
        if path == '/worker/task':
            return (409, {'message': 'the worker is in error'}) if len(became) < 3 else (204, None)
        return 200, {}

    stand_in(program, 'lost', answer, lambda: len(became) >= 4)
    check('a worker that was taken for lost', became, ['starting', 'awake', 'starting', 'awake', 'offline'])


ODD = [  # commands, and what the worker reports of such a task
    ([5], 'failed'), ([{'name': 'echo', 'parameters': {'message': {}}}], 'failed'),
    ([{'name': 'sleep', 'parameters': {'duration_in_seconds': 'x'}}], 'failed'),
    ([{'name': 'dance'}, {'name': 'echo', 'parameters': {'message': 'hop'}}], 'failed'),
    (None, 'completed'), ([{'name': 'echo', 'parameters': {'message': 'hop'}}], 'completed'),
]


def odd_tasks(program):
    """Commands that make no sense fail their task, and do not end the worker; null is no job."""
    reports = []

    def answer(path, body):
        if path == '/worker/task/u':
            reports.append(body['status'])
            return 204, None
        if path == '/worker/task':
            if len(reports) == len(ODD):
                return 204, None
            return 200, {'uuid': 'u', 'name': 't', 'commands': ODD[len(reports)][0]}
        return 200, {'status': 'awake'}

    stand_in(program, 'odd', answer, lambda: len(reports) == len(ODD))
    check('commands that make no sense', reports, [status for _, status in ODD])
    said = subprocess.run([program, 'submit', 'http://127.0.0.1:1'], input='null', capture_output=True, text=True)
    check('null is no job', (said.returncode, 'panic' in said.stderr), (1, False))


def run_farm(cluster, work):
    for i in NODES:
        cluster.start(i)
        if not check(f'node {i} answers', cluster.ready(i), True):
            raise RuntimeError('no cluster')
    managers = list(cluster.http.values())
    # By hand, for Python's json does not nest that deep.
    refused = json.dumps(document(0))[:-1] + ', "metadata": ' + '{"a":' * 3000 + '1' + '}' * 3000 + '}'
    check('JSON that SQLite does not read is refused for good', cluster.ask(2, '/jobs', refused.encode())[0], 409)

    def rotated():
        at = rng.randrange(3)
        return managers[at:] + managers[:at]

    workers = [Program(cluster.program, 'worker', '-name', f'w{i}', '-speed', 20, *rotated()) for i in range(4)]
    submitter = Program(cluster.program, 'submit', *rotated(), stdin=subprocess.PIPE)
    number = 0

    def submit(seconds):
        nonlocal number
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            number += 1
            submitter.process.stdin.write(json.dumps(document(number)).encode() + b'\n')
            submitter.process.stdin.flush()
            time.sleep(0.15)

    def acknowledged():
        return sorted(at for worker in workers for at, line in list(worker.lines) if line.startswith('completed '))

    # Leaders die, one after the other; each comes back as a follower.
    outages = []
    submit(2)
    for n in range(KILLS):
        submit(rng.uniform(1, 2.5))
        victim = until(cluster.leader)
        if not check(f'kill {n + 1}: there is a leader', victim in NODES, True):
            raise RuntimeError('no leader')
        began = time.time()
        cluster.running.pop(victim).kill()
        submit(0.5)
        again = until(lambda: [at for at in acknowledged() if at > began + 0.05], 60)
        check(f'kill {n + 1}: the farm goes on', bool(again), True)
        outages.append((again or [began + 60])[0] - began)
        cluster.start(victim)
        check(f'kill {n + 1}: the node comes back', cluster.ready(victim), True)
        submit(0.5)
    submitter.process.stdin.close()
    try:
        submitter.process.wait(120)
    except subprocess.TimeoutExpired:
        pass
    check('the submitter ended well', submitter.process.poll(), 0)
    check('all jobs were stored', len(submitter.said('stored ')), number)

    def left():
        code, jobs = cluster.ask(1, '/jobs')
        return code == 200 and len(jobs) == number and all(job['status'] == 'completed' for job in jobs)
    check('all jobs were completed', until(left, 120), True)
    for worker in workers:
        worker.stop(60)
        code = worker.process.returncode
        check('a worker ended well', (0 if code == 124 else code, worker.said('refused ')), (0, []))

    # What every node has, once the followers have it.
    known = {'got': {}, 'completed': set(), 'stored': set()}
    for i, worker in enumerate(workers):
        mine = read_acknowledgements(f'{line} w{i}' if line.startswith('got ') else line for _, line in worker.lines)
        for task in mine['got']:
            known['got'].setdefault(task, set()).add(i)
        known['completed'] |= mine['completed']
    known['stored'] = read_acknowledgements(line for _, line in submitter.lines)['stored']
    copies = {}

    def equal():
        for i in NODES:
            to = os.path.join(work, f'copy{i}')
            shutil.rmtree(to, ignore_errors=True)
            copies[i] = cluster.dump(i, to)
            if copies[i] is None:
                return False
        rows = [rows_of(path) for path in copies.values()]
        return rows[0] == rows[1] == rows[2]
    check('rows equal on three nodes', until(equal, 60, 0.5), True)
    lost = twice = 0
    for i, path in copies.items():
        check(f'node {i}: sound', unsound(path), '')
        missing, double = compare(path, known)
        lost, twice = max(lost, len(missing)), max(twice, len(double))
        check(f'node {i}: nothing lost, nothing twice', (missing, double), (set(), set()))
    unclear = sum(len(worker.said('unclear ')) for worker in workers)
    say(f'  {KILLS} leaders killed, outages of {min(outages):.1f} to {max(outages):.1f} s; '
        f'{len(known["completed"])} completions and {number} jobs acknowledged, {unclear} unclear; '
        f'{lost} lost, {twice} twice')

    # Two of three dead: nothing is acknowledged that could get lost. Then one
    # comes back, and all goes on.
    alive = cluster.leader()
    others = [i for i in NODES if i != alive]
    for i in others:
        cluster.running.pop(i).kill()
    code, answer = cluster.ask(alive, '/jobs', document(number + 1), 30)
    check('no quorum: no acknowledgement', code in (0, 503), True)
    cluster.start(others[0])
    check('a quorum again: the node answers', cluster.ready(others[0]), True)

    def stored():
        code, answer = cluster.ask(others[0], '/jobs', document(number + 1))
        # Refused means that the first try is in it after all.
        return code == 200 or code == 409 and cluster.ask(alive, f'/jobs/job-{number + 1}')[0] == 200
    check('a quorum again: a job is stored', until(stored, 60, 0.2), True)
    for program in list(cluster.running.values()):
        program.stop(30)


def extension(build):
    """The functions of the extension in connections of dqlite's."""
    made = run('make', '--no-print-directory', '-C', TOP, f'BUILD={build}', os.path.join(build, 'libtablao.a'),
               env={k: v for k, v in os.environ.items() if not k.startswith('MAKE') and k != 'MFLAGS'}, timeout=200)
    if not check('libtablao.a', made.returncode, 0):
        say(made.stdout + made.stderr)
        return
    done = run('sh', os.path.join(TOP, 'examples', 'cluster', 'build.sh'), build, os.path.join(build, 'libtablao.a'),
               'test', timeout=300)
    if not check('functions that write, on dqlite: go test', done.returncode, 0):
        say(done.stdout + done.stderr)


if __name__ == '__main__':
    sys.exit('run by run.py')
