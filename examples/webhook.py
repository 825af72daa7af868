"""Posts to a URL when a job has ended: completed, failed or canceled.

    python3 webhook.py FARM URL [--state FILE] [--for SECONDS]

The body is JSON: the job's uuid, name, status and activity. FILE keeps the id
of the last event that was dealt with, so that none is lost while this program
is not running. A URL that does not take it is tried four times, then given up.
"""

import argparse
import http.client
import json
import pathlib
import sqlite3
import sys
import time
import urllib.request

from follow_events import follow, keep, newest, place


def post(url, job):
    request = urllib.request.Request(url, json.dumps(job, default=str).encode(), {'Content-Type': 'application/json'})
    for pause in (1, 5, 30, 0):
        try:
            return urllib.request.urlopen(request, timeout=10).close()
        except (OSError, http.client.HTTPException) as error:
            print(f"{url}: {error}", flush=True)
            time.sleep(pause)
    print(f"{url}: given up: job {job['uuid']}, {job['status']}", flush=True)


def main(args):
    urllib.request.HTTPRedirectHandler.redirect_request = lambda *_: None  # what is posted would arrive as a GET
    if not args.state.exists():  # from the first run on, though nothing happens in it
        keep(args.state, newest(args.farm))
    for event in follow(args.farm, place(args.state), args.seconds):
        if event is None:
            print('events are lost: look for jobs that have ended meanwhile', flush=True)
        elif event['kind'] == 'job' and event['new_status'] in ('completed', 'failed', 'canceled'):
            post(args.url.full_url, {'status': event['new_status'], **{key: event[key] for key in ('uuid', 'name', 'activity')}})
        if event:
            keep(args.state, event['id'])


if __name__ == '__main__':
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('farm', help='the database')
    parser.add_argument('url', type=urllib.request.Request, help='what to post to')
    parser.add_argument('--state', type=pathlib.Path, default=pathlib.Path('webhook.state'), help='keeps the last event')
    parser.add_argument('--for', dest='seconds', type=float, help='end after so many seconds; else with Ctrl-C')
    args = parser.parse_args()
    try:
        main(args)
    except (sqlite3.Error, OSError, ValueError) as error:
        sys.exit(f'{args.farm}: {error}')
    except KeyboardInterrupt:
        sys.exit(130)
