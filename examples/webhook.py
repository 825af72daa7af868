"""Posts to a URL when a job has ended: completed, failed or canceled.

    python3 webhook.py FARM URL [--state FILE] [--for SECONDS]

The body is JSON: the job's uuid, name, status and activity. FILE keeps the id
of the last event that was dealt with, so that none is lost or told twice while
this program is not running; a URL that does not answer is tried again.
"""

import argparse
import json
import pathlib
import sqlite3
import sys
import time
import urllib.request

from follow_events import follow, newest

ENDS = ('completed', 'failed', 'canceled')


def post(url, job):
    body = json.dumps(job).encode()
    request = urllib.request.Request(url, body, {'Content-Type': 'application/json'})
    for pause in (1, 5, 30, 0):
        try:
            with urllib.request.urlopen(request, timeout=10):
                return
        except OSError as error:
            print(f"{url}: {error}", flush=True)
            time.sleep(pause)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('farm', help='the database')
    parser.add_argument('url', help='what to post to')
    parser.add_argument('--state', type=pathlib.Path, default=pathlib.Path('webhook.state'), help='keeps the last event')
    parser.add_argument('--for', dest='seconds', type=float, help='end after so many seconds; else with Ctrl-C')
    args = parser.parse_args()
    if not args.state.exists():  # from the first run on, though nothing happens in it
        args.state.write_text(str(newest(args.farm)))
    for event in follow(args.farm, int(args.state.read_text()), args.seconds):
        if event is None:
            print('events are lost: look for jobs that have ended meanwhile', flush=True)
            continue
        if event['kind'] == 'job' and event['new_status'] in ENDS:
            post(args.url, {'uuid': event['uuid'], 'name': event['name'],
                            'status': event['new_status'], 'activity': event['activity']})
        args.state.write_text(str(event['id']))


if __name__ == '__main__':
    try:
        main()
    except sqlite3.Error as error:
        sys.exit(f'{sys.argv[1]}: {error}')
