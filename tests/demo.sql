-- The demo: an evening on a farm, for the sqlite3 shell with the extension
-- loaded, in an empty database. `make demo` runs it (tests/demo.sh).
--
-- The farm's clock is pinned and moved on by hand, so that three hours pass in
-- a second or two, and every run ends with the same rows but for random UUIDs.
-- Nothing here is simulated but the workers: what they say to the farm are
-- INSERTs into task_claims ("what shall I do?") and task_updates ("this is how
-- it went"), and all that follows from those is the database's own doing.

.mode list
.headers off
-- Readers do not wait for writers, nor a claim for the disk.
.once /dev/null
PRAGMA journal_mode = WAL;
PRAGMA synchronous = NORMAL;
PRAGMA foreign_keys = ON;

.print
.print '== A new farm'
.print
SELECT 'Tablao ' || tablao_version() || ', schema version ' || tablao_migrate()
  || ', in SQLite ' || sqlite_version();

UPDATE farm_settings SET value = '2026-04-13 19:00:00.000+00:00'
WHERE name = 'clock';

CREATE TEMP TABLE numbers (n integer NOT NULL PRIMARY KEY);
INSERT INTO numbers
WITH RECURSIVE r (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM r WHERE n < 60)
SELECT n FROM r;

INSERT INTO worker_tags (name, description) VALUES
  ('rack', 'the machines in the server room'),
  ('desk', 'people''s own machines, after hours');

-- Eight machines that render, one that makes videos, four desktop computers.
INSERT INTO workers (name, address, platform, software, supported_task_types)
SELECT printf('node-%02d', n), printf('10.0.1.%d', n), 'linux', '3.9', 'blender'
FROM numbers WHERE n <= 8
UNION ALL
SELECT 'media-01', '10.0.1.20', 'linux', '3.9', 'ffmpeg,misc'
UNION ALL
SELECT
  printf('desk-%02d', n), printf('10.0.2.%d', n), 'windows', '3.9',
  'blender, misc'
FROM numbers WHERE n <= 4;

INSERT INTO worker_tag_membership (worker_tag_id, worker_id)
SELECT g.id, w.id
FROM workers w
JOIN worker_tags g ON g.name = iif(w.name LIKE 'desk-%', 'desk', 'rack');

UPDATE workers SET status = 'awake', last_seen_at = (SELECT now FROM farm_clock);
SELECT num_workers || ' workers are ' || status FROM worker_status_counts;

-- What one minute on the farm is. A row put into `minutes` lets it pass.

CREATE TEMP TABLE silent_workers (
  -- Workers that have stopped talking to the farm.
  name text NOT NULL PRIMARY KEY
);

CREATE TEMP VIEW minutes (number) AS SELECT NULL WHERE 0;

CREATE TEMP TRIGGER minutes_ii INSTEAD OF INSERT ON minutes
WHEN EXISTS (SELECT 1 FROM jobs WHERE status IN ('queued', 'active'))
BEGIN
  -- The farm's periodic work, as in `INSERT INTO farm_ticks DEFAULT VALUES`.
  INSERT INTO farm_ticks (stuck_jobs) VALUES (NULL);
  UPDATE farm_settings
  SET value = strftime('%Y-%m-%d %H:%M:%f+00:00', value, '+1 minute')
  WHERE name = 'clock';
  -- Every worker is done with its task, says so, and asks for the next.
  INSERT INTO task_updates (task_uuid, worker_uuid, status, activity)
  SELECT task_uuid, worker_uuid, 'completed', 'done by ' || worker_name
  FROM task_claims
  WHERE worker_name NOT IN (SELECT name FROM silent_workers);
  INSERT INTO task_claims (worker_uuid)
  SELECT uuid FROM workers
  WHERE status = 'awake'
    AND status_requested = ''
    AND name NOT IN (SELECT name FROM silent_workers);
END;

CREATE TEMP VIEW progress (line) AS
SELECT printf(
  '%s  %-18s [%s%s] %4d of %d tasks, %d at work',
  (SELECT substr(now, 12, 5) FROM farm_clock),
  name,
  substr('##############################', 1, 30 * num_completed / num_tasks),
  substr('..............................', 1, 30 - 30 * num_completed / num_tasks),
  num_completed,
  num_tasks,
  num_active
)
FROM job_summaries
WHERE status = 'active';

.print
.print '== A job of 2501 tasks: 2500 frames, then a video of them'
.print
SELECT 'stored job ' || store_authored_job(
  readfile('tests/data/jobs/simple_blender_render_large.json')
);
UPDATE jobs SET status = 'queued', activity = 'Queued for the evening';
SELECT name || ' is ' || status || ': ' || num_queued || ' tasks queued'
FROM job_summaries;

.print
.print 'A worker asks for a task:'
.print
SELECT json_remove(schedule_task(uuid), '$.commands')
FROM workers WHERE name = 'node-01';
.print '(and the commands to run, which are long)'
.print
INSERT INTO minutes SELECT n FROM numbers LIMIT 15;
SELECT line FROM progress;
INSERT INTO minutes SELECT n FROM numbers LIMIT 15;
SELECT line FROM progress;
.print
.print 'When will it be done, and what do the other tasks wait for?'
.print
SELECT name || ': ' || num_attempts || ' attempts, ' || round(busy_seconds / 3600, 1)
  || ' hours of work so far, to be done at ' || substr(expected_end_at, 12, 5)
FROM job_times;
SELECT printf('%4d %s: %s', num_tasks, reason, detail) FROM waiting_jobs;

CREATE TEMP VIEW failures (task, status, activity, failed_by) AS
SELECT t.name, t.status, t.activity, f.worker_name
FROM task_failure_list f JOIN task_details t ON t.uuid = f.task_uuid
WHERE t.job_uuid = (SELECT uuid FROM jobs WHERE name LIKE '%crowd%');

.print
.print '== A task fails, another worker tries'
.print
.print 'desk-02 runs out of memory and reports the failure of its task:'
.print
INSERT INTO task_updates (task_uuid, worker_uuid, status, activity)
SELECT task_uuid, worker_uuid, 'failed', 'Blender ran out of memory'
FROM task_claims WHERE worker_name = 'desk-02';
.mode column
.headers on
SELECT * FROM failures;
.mode list
.headers off
.print
.print 'Two minutes later:'
.print
INSERT INTO minutes SELECT n FROM numbers LIMIT 2;
.mode column
.headers on
SELECT * FROM failures;
.mode list
.headers off
.print
INSERT INTO minutes SELECT n FROM numbers LIMIT 18;
SELECT line FROM progress;
INSERT INTO minutes SELECT n FROM numbers LIMIT 20;
SELECT line FROM progress;

.print
.print '== A worker signs off, its task returns'
.print
.print 'The owner of desk-01 is back and wants the machine:'
.print
CREATE TEMP TABLE returned_task AS
SELECT task_uuid FROM task_claims WHERE worker_name = 'desk-01';
UPDATE workers SET status = 'offline' WHERE name = 'desk-01';
SELECT name || ' is ' || status || ': ' || activity
FROM tasks WHERE uuid IN (SELECT task_uuid FROM returned_task);
INSERT INTO minutes SELECT n FROM numbers LIMIT 2;
.print
.print 'Two minutes later:'
.print
SELECT name || ' is ' || status || ': ' || activity
FROM tasks WHERE uuid IN (SELECT task_uuid FROM returned_task);

.print
.print '== A second job, and a worker that breaks everything'
.print
.print 'It is urgent (priority 80), and for workers with the tag "rack" only:'
.print
SELECT 'stored job ' || store_authored_job(
  -- (CAST: readfile() gives a BLOB, which the JSON functions do not take.)
  json_set(
    CAST(readfile('tests/data/jobs/simple_blender_render_small.json') AS TEXT),
    '$.priority', 80,
    '$.worker_tag', (SELECT uuid FROM worker_tags WHERE name = 'rack')
  )
);
UPDATE jobs SET status = 'queued', activity = 'Queued: needed tonight'
WHERE name = '010_0020.lighting';
.print
.print 'node-07 has lost its graphics driver. Whatever it claims fails at once;'
.print 'after three tasks of a type the farm blocks it from that type on that job:'
.print
-- First it is done with the task that it has. Then it claims and fails, three
-- times: each time the farm gives it the next task of the urgent job.
INSERT INTO task_updates (task_uuid, worker_uuid, status)
SELECT task_uuid, worker_uuid, 'completed'
FROM task_claims WHERE worker_name = 'node-07';
INSERT INTO task_claims (worker_uuid) SELECT uuid FROM workers WHERE name = 'node-07';
INSERT INTO task_updates (task_uuid, worker_uuid, status, activity)
SELECT task_uuid, worker_uuid, 'failed', 'Blender found no GPU'
FROM task_claims WHERE worker_name = 'node-07';
INSERT INTO task_claims (worker_uuid) SELECT uuid FROM workers WHERE name = 'node-07';
INSERT INTO task_updates (task_uuid, worker_uuid, status, activity)
SELECT task_uuid, worker_uuid, 'failed', 'Blender found no GPU'
FROM task_claims WHERE worker_name = 'node-07';
INSERT INTO task_claims (worker_uuid) SELECT uuid FROM workers WHERE name = 'node-07';
INSERT INTO task_updates (task_uuid, worker_uuid, status, activity)
SELECT task_uuid, worker_uuid, 'failed', 'Blender found no GPU'
FROM task_claims WHERE worker_name = 'node-07';
.mode column
.headers on
SELECT t.name AS task, t.status, t.activity, f.worker_name AS failed_by
FROM task_failure_list f JOIN task_details t ON t.uuid = f.task_uuid
WHERE f.worker_name = 'node-07' ORDER BY t.index_in_job;
.print
SELECT j.name AS job, b.worker_name AS blocked, b.task_type AS from_type
FROM job_blocklist b JOIN jobs j ON j.uuid = b.job_uuid;
.mode list
.headers off
.print
.print 'Its next claim gives it a task of the other job:'
.print
INSERT INTO task_claims (worker_uuid) SELECT uuid FROM workers WHERE name = 'node-07';
SELECT c.worker_name || ' works on ' || c.task_name || ' of ' || j.name
FROM task_claims c JOIN jobs j ON j.uuid = c.job_uuid
WHERE c.worker_name = 'node-07';
.print
.print 'The others finish the urgent job:'
.print
INSERT INTO minutes VALUES (1);
SELECT line FROM progress;
INSERT INTO minutes VALUES (1);
SELECT line FROM progress;
INSERT INTO minutes VALUES (1);
SELECT line FROM progress;
SELECT substr(now, 12, 5) || '  ' || name || ' is ' || status
FROM jobs, farm_clock WHERE name = '010_0020.lighting';

.print
.print '== A worker falls silent, the tick notices'
.print
.print 'node-05 loses power. A minute later the tick, which runs once a minute,'
.print 'counts what is due and deals with it:'
.print
INSERT INTO silent_workers (name) VALUES ('node-05');
DELETE FROM returned_task;
INSERT INTO returned_task
SELECT task_uuid FROM task_claims WHERE worker_name = 'node-05';
INSERT INTO minutes VALUES (1);
SELECT farm_tick();
SELECT name || ' is in ' || status FROM workers WHERE name = 'node-05';
SELECT name || ' is ' || status || ': ' || activity
FROM tasks WHERE uuid IN (SELECT task_uuid FROM returned_task);
INSERT INTO minutes SELECT n FROM numbers LIMIT 14;
.print
.print 'Later it is running again and signs on:'
.print
DELETE FROM silent_workers;
UPDATE workers SET status = 'awake', last_seen_at = (SELECT now FROM farm_clock)
WHERE name = 'node-05';
SELECT name || ' is ' || status FROM workers WHERE name = 'node-05';
.print
SELECT line FROM progress;
INSERT INTO minutes SELECT n FROM numbers LIMIT 30;
SELECT line FROM progress;
INSERT INTO minutes SELECT n FROM numbers LIMIT 30;
SELECT line FROM progress;
INSERT INTO minutes SELECT n FROM numbers LIMIT 30;
SELECT line FROM progress;
INSERT INTO minutes SELECT n FROM numbers LIMIT 30;
SELECT line FROM progress;
-- What is left; once the job is done, no more minutes pass.
INSERT INTO minutes SELECT n FROM numbers LIMIT 60;
SELECT line FROM progress;
SELECT substr(now, 12, 5) || '  ' || name || ' is ' || status
FROM jobs, farm_clock WHERE name = '120_crowd.final';

.print
.print '== The evening, job by job'
.print
.mode column
.headers on
SELECT
  s.name,
  s.status,
  s.priority,
  s.num_completed || ' of ' || s.num_tasks AS tasks,
  s.steps_completed || ' of ' || s.steps_total AS steps,
  (
    SELECT count(*) FROM task_failure_list f
    JOIN task_details t ON t.uuid = f.task_uuid
    WHERE t.job_uuid = s.job_uuid
  ) AS failures,
  substr(s.updated_at, 12, 5) AS done_at
FROM job_summaries s
ORDER BY s.job_id;

.print
.print '== The evening, worker by worker'
.print
SELECT
  w.name,
  w.status,
  (
    SELECT group_concat(g.name, ', ')
    FROM worker_tag_membership m JOIN worker_tags g ON g.id = m.worker_tag_id
    WHERE m.worker_id = w.id
  ) AS tags,
  w.supported_task_types AS task_types,
  (
    SELECT count(*) FROM tasks t WHERE t.worker_id = w.id AND t.status = 'completed'
  ) AS completed,
  (SELECT count(*) FROM task_failures f WHERE f.worker_id = w.id) AS failed,
  s.task_name AS last_task,
  substr(w.last_seen_at, 12, 5) AS seen_at
FROM workers w JOIN worker_summaries s ON s.worker_uuid = w.uuid
ORDER BY w.id;

.print
.print '== What went wrong, though others have done it since'
.print
SELECT substr(a.ended_at, 12, 5) AS at, a.worker_name, a.job_name, a.task_name,
  a.activity
FROM task_attempt_list a
WHERE a.outcome IN ('failed', 'soft-failed') ORDER BY a.ended_at, a.task_name;

.print
.print '== The evening of node-07'
.print
SELECT substr(started_at, 12, 5) AS started, CAST(round(seconds) AS INTEGER) AS seconds,
  job_name, task_name, outcome
FROM farm_timeline
WHERE worker_name = 'node-07' AND (started_at < '2026-04-13 19:02' OR outcome <> 'completed')
ORDER BY started_at, task_name;
.print
SELECT worker_name, num_completed, num_failed, CAST(round(mean_seconds) AS INTEGER) AS mean_seconds
FROM worker_statistics ORDER BY worker_name;

.print
.print '== What changed last'
.print
SELECT id, substr(created_at, 12, 5) AS at, kind, name, old_status, new_status
FROM farm_events WHERE id > (SELECT max(id) FROM farm_events) - 3;

-- From here on the farm lives by the real time.
UPDATE farm_settings SET value = NULL WHERE name = 'clock';
