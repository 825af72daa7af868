-- Every attempt with the time that it ended, or now, and its milliseconds,
-- counted as tablao_attempts_count counts them.
CREATE VIEW tablao_timed_attempts (
  id, task_id, job_id, worker_id, worker_name, started_at, ended_at, outcome,
  activity, until, ms
) AS
SELECT
  a.id, a.task_id, a.tablao_job_id, a.worker_id, a.worker_name, a.started_at,
  a.ended_at, a.outcome, a.activity, coalesce(a.ended_at, c.now),
  max(0, coalesce(
    (strftime('%s', coalesce(a.ended_at, c.now)) || substr(coalesce(a.ended_at, c.now), 21, 3))
      - (strftime('%s', a.started_at) || substr(a.started_at, 21, 3)),
    0
  ))
FROM farm_clock c CROSS JOIN task_attempts a;

-- Who had which task from when to when, and what came of it: one row per
-- attempt. Of an open one ended_at is NULL, and seconds run up to now.
CREATE VIEW task_attempt_list (
  task_uuid, task_name, job_uuid, job_name, worker_uuid, worker_name,
  started_at, ended_at, seconds, outcome, activity
) AS
SELECT
  t.uuid, t.name, j.uuid, j.name, w.uuid, a.worker_name, a.started_at,
  a.ended_at, a.ms / 1000.0, a.outcome, a.activity
FROM tablao_timed_attempts a
JOIN tasks t ON t.id = a.task_id
JOIN jobs j ON j.id = t.job_id
LEFT JOIN workers w ON w.id = a.worker_id;

-- task_attempt_list for charts: with times in whole seconds since 1970, the
-- end of an open attempt being now, and the type of the task.
CREATE VIEW farm_timeline (
  task_uuid, task_name, job_uuid, job_name, worker_uuid, worker_name,
  started_at, ended_at, seconds, outcome, activity, started_unix, ended_unix,
  task_type
) AS
SELECT
  t.uuid, t.name, j.uuid, j.name, w.uuid, a.worker_name, a.started_at,
  a.ended_at, a.ms / 1000.0, a.outcome, a.activity,
  CAST(strftime('%s', a.started_at) AS INTEGER),
  CAST(strftime('%s', a.until) AS INTEGER),
  t.type
FROM tablao_timed_attempts a
JOIN tasks t ON t.id = a.task_id
JOIN jobs j ON j.id = t.job_id
LEFT JOIN workers w ON w.id = a.worker_id;

-- What the attempts of each job add up to, open ones included: one row per
-- job. It reads sums, one subquery per column, so that who wants one of them
-- need not compile the others: a job that is deleted asks for two. The open ones
-- are found by way of the active tasks, of each of which it is the last: an index
-- of them would be two more pages to write per task.
CREATE VIEW tablao_job_busy ( -- @own
  job_uuid, job_id, num_attempts, num_failed, first_started_at, last_ended_at,
  busy_ms
) AS
SELECT
  j.uuid,
  j.id,
  (
    SELECT coalesce(sum(s.num_attempts), 0) FROM tablao_attempt_sums s
    WHERE s.job_id = j.id
  ) + (
    SELECT count(*)
    FROM tasks t CROSS JOIN task_attempts a
      ON a.id = (SELECT max(l.id) FROM task_attempts l WHERE l.task_id = t.id)
    WHERE t.status = 'active' AND +t.job_id = j.id AND a.ended_at IS NULL AND n.num_active > 0
  ),
  (
    SELECT coalesce(sum(s.num_attempts), 0) FROM tablao_attempt_sums s
    WHERE s.job_id = j.id AND s.outcome IN ('failed', 'soft-failed')
  ),
  nullif(min(
    coalesce((
      SELECT min(s.first_started_at) FROM tablao_attempt_sums s
      WHERE s.job_id = j.id
    ), '9999'),
    coalesce((
      SELECT min(a.started_at)
      FROM tasks t CROSS JOIN task_attempts a
        ON a.id = (SELECT max(l.id) FROM task_attempts l WHERE l.task_id = t.id)
      WHERE t.status = 'active' AND +t.job_id = j.id AND a.ended_at IS NULL AND n.num_active > 0
    ), '9999')
  ), '9999'),
  (
    SELECT max(s.last_ended_at) FROM tablao_attempt_sums s
    WHERE s.job_id = j.id
  ),
  (
    SELECT coalesce(sum(s.busy_ms), 0) FROM tablao_attempt_sums s
    WHERE s.job_id = j.id
  ) + (
    SELECT coalesce(sum(a.ms), 0)
    FROM tasks t CROSS JOIN tablao_timed_attempts a
      ON a.id = (SELECT max(l.id) FROM task_attempts l WHERE l.task_id = t.id)
    WHERE t.status = 'active' AND +t.job_id = j.id AND a.ended_at IS NULL AND n.num_active > 0
  )
FROM jobs j
LEFT JOIN tablao_counts n ON n.job_id = j.id;

-- How long each job has been worked on, and how long it will take if it goes
-- on like that: one row per job. seconds_left is NULL unless the job is queued
-- or active and some step is done. It is whole seconds that are added to now.
CREATE VIEW job_times (
  job_uuid, name, status, num_attempts, num_failed_attempts, first_started_at,
  last_ended_at, busy_seconds, seconds_left, expected_end_at
) AS
SELECT
  b.job_uuid, j.name, j.status, b.num_attempts, b.num_failed,
  b.first_started_at, b.last_ended_at, b.busy_ms / 1000.0,
  CASE WHEN j.status IN ('queued', 'active') AND j.steps_completed > 0 THEN
    b.busy_ms / 1000.0 / j.steps_completed
      * (j.steps_total - j.steps_completed) / max(1, n.num_active)
  END,
  CASE WHEN j.status IN ('queued', 'active') AND j.steps_completed > 0 THEN (
    SELECT strftime(
        '%Y-%m-%d %H:%M:%S',
        substr(c.now, 1, 19),
        '+' || CAST(round(
          b.busy_ms / 1000.0 / j.steps_completed
            * (j.steps_total - j.steps_completed) / max(1, n.num_active)
        ) AS INTEGER) || ' seconds'
      ) || substr(c.now, 20)
    FROM farm_clock c
  ) END
FROM tablao_job_busy b
CROSS JOIN jobs j ON j.id = b.job_id
LEFT JOIN tablao_counts n ON n.job_id = b.job_id -- @own
LEFT JOIN tablao_job_counts n ON n.job_id = b.job_id -- @observed
;

-- What each worker has done: one row per worker that is not soft-deleted.
-- mean_seconds is of the attempts that completed their task.
CREATE VIEW worker_statistics (
  worker_uuid, worker_name, num_completed, num_failed, busy_seconds,
  mean_seconds, last_ended_at
) AS
SELECT
  w.uuid,
  w.name,
  coalesce(sum(CASE WHEN s.outcome = 'completed' THEN s.num_attempts END), 0),
  coalesce(sum(CASE WHEN s.outcome IN ('failed', 'soft-failed') THEN s.num_attempts END), 0),
  (coalesce(sum(s.busy_ms), 0) + coalesce(o.ms, 0)) / 1000.0,
  sum(CASE WHEN s.outcome = 'completed' THEN s.busy_ms END) / 1000.0
    / sum(CASE WHEN s.outcome = 'completed' THEN s.num_attempts END),
  max(s.last_ended_at)
FROM workers w
LEFT JOIN tablao_attempt_sums s ON s.worker_id = w.id -- @own
LEFT JOIN tablao_worker_sums s ON s.worker_id = w.id -- @observed
LEFT JOIN (
  SELECT a.worker_id, sum(a.ms) AS ms
  FROM tasks t CROSS JOIN tablao_timed_attempts a -- @own
    ON a.id = (SELECT max(l.id) FROM task_attempts l WHERE l.task_id = t.id) -- @own
  WHERE t.status = 'active' AND a.ended_at IS NULL -- @own
  FROM tablao_timed_attempts a -- @observed
  WHERE a.ended_at IS NULL -- @observed
  GROUP BY a.worker_id
) o ON o.worker_id = w.id
WHERE w.deleted_at IS NULL
GROUP BY w.uuid;

