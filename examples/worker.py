"""A worker for manager.py that renders nothing, but sleeps.

    python3 worker.py MANAGER [--name NAME] [--task-types misc] [--speed 1]

--speed 10 sleeps a tenth of the time. Ctrl-C or SIGTERM signs it off; what it
was working on then goes back to the pool. --patience 10: so many seconds it
waits for a manager that does not answer.
"""

import argparse
import base64
import json
import signal
import socket
import sys
import time
import urllib.error
import urllib.request


def ask(path, body, authorization=None, patience=None):
    """The status and the body that the manager answers with."""
    request = urllib.request.Request(args.manager + path, json.dumps(body).encode(), method='POST')
    if authorization:
        request.add_header('Authorization', authorization)
    end = time.monotonic() + (args.patience if patience is None else patience)
    while True:
        try:
            # The sign-off, which has no patience, does not wait for a manager that hangs.
            with urllib.request.urlopen(request, timeout=30 if patience is None else 5) as answer:
                return answer.status, json.loads(answer.read() or 'null')
        except OSError as error:  # not there yet, or just then made anew, or its file is locked
            if isinstance(error, urllib.error.HTTPError) and error.code != 503:
                return error.code, json.loads(error.read() or 'null')
            if time.monotonic() >= end:
                sys.exit(f"{args.name}: {args.manager}: {getattr(error, 'reason', error)}")
        time.sleep(0.2)


def run(task, report):
    """Runs a task's commands; raises what goes wrong."""
    for command in task['commands'] or []:
        parameters = command['parameters']
        if command['name'] == 'echo':
            report(activity=parameters['message'])
        elif command['name'] == 'sleep':
            report(activity=f"sleeping {parameters['duration_in_seconds']} seconds")
            time.sleep(parameters['duration_in_seconds'] / args.speed)
        else:
            raise NotImplementedError(f"this worker knows no command {command['name']!r}")


def main():
    status, me = ask('/worker/register', {'name': args.name, 'task_types': args.task_types.split(',')})
    if status != 200:
        sys.exit(f'cannot register: {me}')
    sign = 'Basic ' + base64.b64encode(f"{me['uuid']}:{me['secret']}".encode()).decode()

    def become(new, patience=None):
        """Takes this status; who signs on goes on to the one that the farm answers."""
        code, answer = ask('/worker/status', {'status': new}, sign, patience)
        if code != 200:
            sys.exit(f"{args.name}: {answer['message']}")
        return become(answer['status']) if new == 'starting' else new

    def report(**what):
        code, answer = ask('/worker/task/' + task['uuid'], what, sign)
        if code == 409:  # taken away: timed out, canceled, paused
            print(f"{args.name}: {answer['message']}", flush=True)

    now = become('starting')
    try:
        while now != 'offline':
            code, task = ask('/worker/task', None, sign)
            if code == 423:
                now = become(task['status'])
            elif code == 200:
                print(f"{args.name}: {task['name']}", flush=True)
                try:
                    run(task, report)
                    report(status='completed')
                except (NotImplementedError, LookupError, TypeError, ValueError, OverflowError) as error:
                    report(status='failed', activity=str(error))  # a command that makes no sense
            elif code == 409 and now in ('awake', 'asleep'):  # it was silent for too long: the farm has put it in error
                print(f"{args.name}: signs on again: {task['message']}", flush=True)
                now = become('starting')
            elif code == 401:  # it was deleted: its sign-off says so, and is the end
                break
            else:  # nothing to do, or asleep
                time.sleep(1 / args.speed)
    finally:
        become('offline', patience=0)


def leave(*_):
    # A second signal would break off what the first has begun, the sign-off.
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    sys.exit(0)


if __name__ == '__main__':
    parser = argparse.ArgumentParser()
    parser.add_argument('manager', help='its address: http://127.0.0.1:8080')
    parser.add_argument('--name', default=socket.gethostname(), help="else this machine's")
    parser.add_argument('--task-types', default='misc', help='what it can do, with commas between (misc)')
    parser.add_argument('--speed', type=float, default=1, help='10: sleeps a tenth of the time')
    parser.add_argument('--patience', type=float, default=10, help='seconds to wait for a manager that is not there (10)')
    args = parser.parse_args()
    if not args.speed > 0:
        parser.error('--speed must be more than 0')
    signal.signal(signal.SIGTERM, leave)
    try:
        main()
    except ValueError as error:  # no URL, or not JSON what it answers
        sys.exit(f'{args.name}: {args.manager}: {error}')
    except KeyboardInterrupt:
        pass
