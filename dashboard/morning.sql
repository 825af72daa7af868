-- The morning after the demo, for the sqlite3 shell with the extension loaded, in
-- a copy of the demo's farm: so that the dashboard has something to show.
-- dashboard/demo.sh runs it.
--
-- As in the demo nothing is simulated but the people and the workers, and the
-- clock is pinned: from eight o'clock to twenty to eleven, in steps of twenty
-- seconds. It stays pinned, or the workers would all be timed out by now.

.mode list
.headers off
PRAGMA synchronous = OFF;
PRAGMA foreign_keys = ON;

UPDATE farm_settings SET value = '2026-04-14 08:00:00.000+00:00'
WHERE name = 'clock';

-- In the morning people want their machines.
UPDATE workers SET status = 'offline' WHERE name IN ('desk-01', 'desk-02', 'desk-03');
UPDATE workers SET status = 'asleep' WHERE name = 'desk-04';
UPDATE workers SET status_requested = '' WHERE status IN ('offline', 'asleep');
UPDATE workers SET last_seen_at = (SELECT now FROM farm_clock);
INSERT INTO sleep_schedules (worker_id, is_active, days_of_week, start_time, end_time)
SELECT id, 1, 'mo tu we th fr', '07:30', '19:00' FROM workers WHERE name = 'desk-04';

CREATE TEMP TABLE numbers (n integer NOT NULL PRIMARY KEY);
INSERT INTO numbers
WITH RECURSIVE r (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM r WHERE n < 480)
SELECT n FROM r;

-- --- The jobs ----------------------------------------------------------------

-- Files are copied, frames rendered, each frame denoised, a video made of all.
CREATE TEMP VIEW orders (name, priority, frames, type, tag) AS
SELECT NULL, NULL, NULL, NULL, NULL WHERE 0;

-- What the jobs are made of: kind 0 copies, 1 renders, 2 denoises, 3 makes the
-- video; the uuids look like some.
CREATE TEMP VIEW parts (job, kind, n, uuid) AS
SELECT j.n, k.n - 1, f.n, printf('%08x-%04x-4000-a000-%012x',
  (j.n * 100000 + k.n * 1000 + f.n) * 2654435761 % 4294967296, k.n, j.n * 1000 + f.n)
FROM numbers j JOIN numbers k ON k.n <= 4 JOIN numbers f ON k.n IN (2, 3) OR f.n = 1;

CREATE TEMP TRIGGER orders_ii INSTEAD OF INSERT ON orders
BEGIN
  INSERT INTO authored_jobs (document)
  SELECT json_object(
    'name', NEW.name,
    'job_type', 'render-and-denoise',
    'priority', NEW.priority,
    'status', 'under-construction',
    'settings', json_object(
      'blendfile', '/shots/' || NEW.name || '.blend',
      'frames', '1-' || NEW.frames,
      'render_output_root', '/render/' || NEW.name
    ),
    'metadata', json_object('project', 'Sprite', 'user.name', 'dana'),
    'worker_tag', (SELECT uuid FROM worker_tags WHERE name = NEW.tag),
    'tasks', json_group_array(json_object(
      'uuid', p.uuid,
      'name', CASE p.kind WHEN 0 THEN 'copy-files' WHEN 1 THEN printf('render-%03d', p.n)
        WHEN 2 THEN printf('denoise-%03d', p.n) ELSE 'preview-video' END,
      'type', CASE p.kind WHEN 0 THEN 'misc' WHEN 3 THEN 'ffmpeg' ELSE NEW.type END,
      'commands', json_array(json_object(
        'name', CASE p.kind WHEN 0 THEN 'copy-files' WHEN 1 THEN 'blender-render'
          WHEN 2 THEN 'denoise' ELSE 'frames-to-video' END,
        'parameters', json_object('frame', p.n),
        'total_step_count', iif(p.kind = 1, 2, 1)
      )),
      'dependencies', (
        SELECT json_group_array(d.uuid) FROM parts d
        WHERE d.job = p.job AND d.kind = p.kind - 1 AND d.n <= NEW.frames
          AND (p.kind IN (1, 3) OR d.n = p.n)
      )
    ))
  )
  FROM (
    SELECT * FROM parts WHERE job = (SELECT count(*) FROM jobs) AND n <= NEW.frames
    ORDER BY kind, n
  ) p;
END;

INSERT INTO orders VALUES ('010_0030.lighting', 70, 230, 'blender', 'rack');
INSERT INTO orders VALUES ('020_0010.fx', 60, 24, 'blender', 'rack');
INSERT INTO orders VALUES ('030_0040.comp', 55, 90, 'blender', NULL);
INSERT INTO orders VALUES ('120_crowd.grade', 50, 90, 'blender', NULL);
INSERT INTO orders VALUES ('lookdev.turntable', 45, 48, 'blender', 'desk');
INSERT INTO orders VALUES ('040_0010.water', 40, 60, 'houdini', NULL);
INSERT INTO orders VALUES ('040_0020.layout', 40, 30, 'blender', NULL);
INSERT INTO orders VALUES ('test.noise', 30, 40, 'blender', NULL);

-- --- The time ----------------------------------------------------------------

CREATE TEMP TABLE silent_workers (name text NOT NULL PRIMARY KEY);

-- How long a worker takes for a task, in seconds, and whether it fails it.
CREATE TEMP VIEW doings (task_uuid, worker_uuid, seconds, failure) AS
SELECT
  c.task_uuid, c.worker_uuid,
  CASE
    WHEN t.name = 'copy-files' THEN 100
    WHEN t.name = 'preview-video' THEN 400
    WHEN t.name LIKE 'denoise-%' THEN 40
    ELSE 140 + (t.index_in_job * 37 + j.priority * 11) % 160
  END
    * CASE c.worker_name
      WHEN 'node-03' THEN 1.9 WHEN 'node-08' THEN 1.35 WHEN 'node-01' THEN 0.8
      ELSE 1
    END,
  CASE
    WHEN j.name = '020_0010.fx' AND t.name LIKE 'render-%' AND t.index_in_job % 5 = 0
    THEN 'Error: cache of frame ' || (t.index_in_job - 1) || ' is missing'
    WHEN c.worker_name IN ('node-03', 'node-06')
      AND (t.index_in_job * 31 + j.priority) % 13 = 0
    THEN 'Blender ran out of memory'
    WHEN (t.index_in_job * 53 + unicode(substr(c.worker_name, -1)) * 13) % 101 = 0
    THEN 'Connection to the file server lost'
  END
FROM task_claims c
JOIN task_details t ON t.uuid = c.task_uuid
JOIN job_summaries j ON j.job_uuid = c.job_uuid;

-- A row put into `moments` lets twenty seconds pass.
CREATE TEMP VIEW moments (number) AS SELECT NULL WHERE 0;

CREATE TEMP TRIGGER moments_ii INSTEAD OF INSERT ON moments
BEGIN
  UPDATE farm_settings
  SET value = strftime('%Y-%m-%d %H:%M:%f+00:00', value, '+20 seconds')
  WHERE name = 'clock';
  UPDATE workers SET last_seen_at = (SELECT now FROM farm_clock)
  WHERE status IN ('awake', 'asleep') AND name NOT IN (SELECT name FROM silent_workers);
  INSERT INTO farm_ticks (stuck_jobs) SELECT NULL WHERE NEW.number % 3 = 0;
  INSERT INTO task_updates (task_uuid, worker_uuid, status, activity, steps_completed)
  SELECT
    d.task_uuid, d.worker_uuid,
    iif(d.failure IS NULL, 'completed', 'failed'),
    coalesce(d.failure, 'done by ' || a.worker_name),
    NULL
  FROM doings d
  JOIN task_attempt_list a ON a.task_uuid = d.task_uuid AND a.ended_at IS NULL
  WHERE a.seconds >= d.seconds
    AND a.worker_name NOT IN (SELECT name FROM silent_workers);
  INSERT INTO task_claims (worker_uuid)
  SELECT uuid FROM workers
  WHERE status = 'awake'
    AND status_requested = ''
    AND name NOT IN (SELECT name FROM silent_workers);
END;

-- --- The morning -------------------------------------------------------------

UPDATE jobs SET status = 'queued', activity = 'Queued for the morning'
WHERE name IN ('120_crowd.grade', '030_0040.comp', 'test.noise', 'lookdev.turntable');
INSERT INTO moments SELECT n FROM numbers WHERE n <= 90;
UPDATE jobs SET status = 'cancel-requested', activity = 'Canceled: wrong settings'
WHERE name = 'test.noise';
-- The urgent ones.
UPDATE jobs SET status = 'queued', activity = 'Queued: needed at noon'
WHERE name IN ('010_0030.lighting', '020_0010.fx', '040_0010.water');
INSERT INTO moments SELECT n FROM numbers WHERE n BETWEEN 91 AND 220;
UPDATE jobs SET status = 'pause-requested', activity = 'Paused until the grade is approved'
WHERE name = '030_0040.comp';
INSERT INTO moments SELECT n FROM numbers WHERE n BETWEEN 221 AND 420;
INSERT INTO silent_workers (name) VALUES ('node-06');
INSERT INTO moments SELECT n FROM numbers WHERE n BETWEEN 421 AND 480;

SELECT 'The morning after, ' || substr(now, 12, 5) || ': ' || group_concat(num_jobs || ' ' || status, ', ')
FROM farm_clock, job_status_counts;
