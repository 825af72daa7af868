-- Every attempt with its milliseconds, counted as tablao_attempts_count counts them, and
-- until: when it ended, or now; with a clock that was set back, not before it began.
CREATE VIEW tablao_timed_attempts (
  id, task_id, worker_id, worker_name, started_at, ended_at, outcome,
  activity, until, ms
) AS
SELECT
  v.*,
  max(0, coalesce(
    strftime('%s000', v.until) - strftime('%s000', v.started_at)
      + substr(v.until, 21, 3) - substr(v.started_at, 21, 3),
    0
  ))
FROM (
  SELECT
    id, task_id, worker_id, worker_name, started_at, ended_at, outcome, activity,
    max(started_at, coalesce(ended_at, (SELECT now FROM farm_clock))) AS until
  FROM task_attempts a
) v;

-- Who had which task from when to when, and what came of it: one row per attempt.
-- seconds has milliseconds behind the point. In an open attempt ended_at and outcome
-- are NULL, and seconds runs up to now. worker_uuid is NULL if the worker was deleted.
CREATE VIEW task_attempt_list AS
SELECT
  task_uuid, task_name, job_uuid, job_name, worker_uuid, worker_name,
  started_at, ended_at, seconds, outcome, activity
FROM farm_timeline;

-- The rows of task_attempt_list, for charts: with started_unix and ended_unix (now, if
-- the attempt is open) in whole seconds since 1970, and the type of the task.
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
-- likelihood(): after an ANALYZE with few attempts SQLite would look through all of
-- them for a job. OR 1: docs/design.md, "Doors".
JOIN tasks t ON likelihood(t.id = a.task_id, 1e-5)
JOIN jobs j ON j.id = t.job_id AND (t.name OR j.name OR 1)
LEFT JOIN workers w ON w.id = a.worker_id;

-- How long each job has been worked on, and how long it will take if it goes
-- on like that: one row per job. busy_seconds and seconds_left have milliseconds
-- behind the point; soft-failed attempts count as failed. seconds_left and
-- expected_end_at are NULL unless the job is queued or active and some step is
-- done; first_started_at and last_ended_at until there is such an attempt.
CREATE VIEW job_times (
  job_uuid, name, status, num_attempts, num_failed_attempts, first_started_at,
  last_ended_at, busy_seconds, seconds_left, expected_end_at
) AS
-- One subquery per column, so that a query compiles only those that it asks for.
-- Closed attempts are added up in tablao_counts. The open ones are found through the
-- active tasks, as the last attempt of each: an index of them would be two more pages
-- to write per task. The active tasks are looked through once, not for every job, and
-- not at all for a job that has none. If a task with the first or the last attempt
-- was deleted, tablao_counts has '' or '~', and the attempts that are left are looked
-- through. Attempts are not joined but found by one subquery per task: after an
-- ANALYZE with few attempts SQLite would look through all of them for each task.
-- Whole seconds and milliseconds are added to now one after the other, since SQLite
-- versions differ by one millisecond in what they make of fractions.
WITH busy (job_id, task_id) AS MATERIALIZED ( -- @own
  SELECT t.job_id, t.id FROM tasks t WHERE t.status = 'active' -- @own
) -- @own
SELECT
  b.uuid, b.name, b.status, b.num_attempts, b.num_failed_attempts,
  b.first_started_at, b.last_ended_at, b.busy_ms / 1000.0,
  CASE WHEN b.status IN ('queued', 'active') AND b.steps_completed > 0 THEN
    b.busy_ms / 1000.0 / b.steps_completed
      * (b.steps_total - b.steps_completed) / max(1, b.num_active)
  END,
  CASE WHEN b.status IN ('queued', 'active') AND b.steps_completed > 0 THEN (
    SELECT strftime(
        '%Y-%m-%d %H:%M:%S', substr(c.now, 1, 19), ((c.ms - c.rest) / 1000) || ' seconds'
      ) || printf('.%03d', c.rest) || substr(c.now, 24)
    FROM (
      SELECT n.now, n.ms, (n.ms % 1000 + 1000) % 1000 AS rest
      FROM (
        SELECT
          now,
          substr(now, 21, 3) + CAST(round(
            b.busy_ms / 1.0 / b.steps_completed
              * (b.steps_total - b.steps_completed) / max(1, b.num_active)
          ) AS INTEGER) AS ms
        FROM farm_clock
      ) n
    ) c
  ) END
FROM (
  SELECT
    j.uuid, j.name, j.status, j.steps_completed, j.steps_total, n.num_active,
    coalesce(n.num_attempts, 0) + CASE WHEN n.num_active > 0 THEN ( -- @own
      SELECT count(*) FROM busy o -- @own
      WHERE o.job_id = j.id AND ( -- @own
        SELECT a.ended_at IS NULL FROM task_attempts a -- @own
        WHERE likelihood(a.task_id = o.task_id, 1e-5) ORDER BY a.id DESC -- @own
      ) -- @own
    ) ELSE 0 END AS num_attempts, -- @own
    ( -- @observed
      SELECT count(*) FROM tasks t CROSS JOIN task_attempts a ON a.task_id = t.id -- @observed
      WHERE t.job_id = j.id -- @observed
    ) AS num_attempts, -- @observed
    coalesce(n.num_failed_attempts, 0) AS num_failed_attempts, -- @own
    ( -- @observed
      SELECT count(*) FROM tasks t CROSS JOIN task_attempts a ON a.task_id = t.id -- @observed
      WHERE t.job_id = j.id AND a.outcome IN ('failed', 'soft-failed') -- @observed
    ) AS num_failed_attempts, -- @observed
    CASE WHEN (n.first_started_at = '') IS NOT 1 THEN -- @own
    nullif(min(coalesce(n.first_started_at, '~'), CASE WHEN n.num_active > 0 THEN coalesce(( -- @own
      SELECT min(( -- @own
        SELECT CASE WHEN a.ended_at IS NULL THEN a.started_at END FROM task_attempts a -- @own
        WHERE likelihood(a.task_id = o.task_id, 1e-5) ORDER BY a.id DESC -- @own
      )) FROM busy o WHERE o.job_id = j.id -- @own
    ), '~') ELSE '~' END), '~') -- @own
    ELSE ( -- @own
      SELECT min(a.started_at) FROM tasks t CROSS JOIN task_attempts a ON likelihood(a.task_id = t.id, 1e-5) -- @own
      WHERE t.job_id = j.id -- @own
    ) END AS first_started_at, -- @own
    CASE WHEN (n.last_ended_at = '~') IS NOT 1 THEN n.last_ended_at ELSE ( -- @own
      SELECT max(a.ended_at) FROM tasks t CROSS JOIN task_attempts a ON likelihood(a.task_id = t.id, 1e-5) -- @own
      WHERE t.job_id = j.id -- @own
    ) END AS last_ended_at, -- @own
    ( -- @observed
      SELECT min(a.started_at) FROM tasks t CROSS JOIN task_attempts a ON a.task_id = t.id -- @observed
      WHERE t.job_id = j.id -- @observed
    ) AS first_started_at, -- @observed
    ( -- @observed
      SELECT max(a.ended_at) FROM tasks t CROSS JOIN task_attempts a ON a.task_id = t.id -- @observed
      WHERE t.job_id = j.id -- @observed
    ) AS last_ended_at, -- @observed
    coalesce(n.busy_ms, 0) + CASE WHEN n.num_active > 0 THEN coalesce(( -- @own
      SELECT sum(( -- @own
        SELECT CASE WHEN a.ended_at IS NULL THEN a.ms END FROM tablao_timed_attempts a -- @own
        WHERE likelihood(a.task_id = o.task_id, 1e-5) ORDER BY a.id DESC -- @own
      )) FROM busy o WHERE o.job_id = j.id -- @own
    ), 0) ELSE 0 END AS busy_ms -- @own
    ( -- @observed
      SELECT coalesce(sum(a.ms), 0) -- @observed
      FROM tasks t CROSS JOIN tablao_timed_attempts a ON a.task_id = t.id -- @observed
      WHERE t.job_id = j.id -- @observed
    ) AS busy_ms -- @observed
  FROM jobs j
  LEFT JOIN tablao_counts n ON n.job_id = j.id -- @own
  LEFT JOIN tablao_job_counts n ON n.job_id = j.id -- @observed
) b;

-- What each worker has done: one row per worker that is not soft-deleted.
-- mean_seconds is of the attempts that completed their task, NULL without one;
-- num_failed counts the soft-failed ones, too. Attempts whose rows were deleted count
-- as well.
CREATE VIEW worker_statistics (
  worker_uuid, worker_name, num_completed, num_failed, busy_seconds,
  mean_seconds, last_ended_at
) AS
SELECT
  v.uuid, v.name, v.num_completed, v.num_failed, v.busy_ms / 1000.0,
  v.completed_ms / 1000.0 / v.num_completed, v.last_ended_at
FROM (
  -- A query about one worker looks only at what that one has done, whatever
  -- statistics there are.
  SELECT
    w.uuid,
    w.name,
    count(a.outcome = 'completed' OR NULL) + coalesce((
      SELECT num_attempts FROM tablao_attempt_sums WHERE worker_id = w.id AND outcome = 'completed'
    ), 0) AS num_completed,
    count(a.outcome IN ('failed', 'soft-failed') OR NULL) + coalesce((
      SELECT sum(num_attempts) FROM tablao_attempt_sums
      WHERE worker_id = w.id AND outcome IN ('failed', 'soft-failed')
    ), 0) AS num_failed,
    -- In two sums, so that the time of each attempt is worked out once.
    coalesce(sum(CASE a.outcome WHEN 'completed' THEN a.ms END), 0)
      + coalesce(sum(CASE a.outcome WHEN 'completed' THEN 0 ELSE a.ms END), 0) + coalesce((
      SELECT sum(busy_ms) FROM tablao_attempt_sums WHERE worker_id = w.id
    ), 0) AS busy_ms,
    coalesce(sum(CASE a.outcome WHEN 'completed' THEN a.ms END), 0) + coalesce((
      SELECT busy_ms FROM tablao_attempt_sums WHERE worker_id = w.id AND outcome = 'completed'
    ), 0) AS completed_ms,
    nullif(max(coalesce(max(a.ended_at), ''), coalesce((
      SELECT max(last_ended_at) FROM tablao_attempt_sums WHERE worker_id = w.id
    ), '')), '') AS last_ended_at
  FROM workers w
  LEFT JOIN tablao_timed_attempts a ON likelihood(a.worker_id = w.id, 1e-5)
  WHERE w.deleted_at IS NULL
  GROUP BY w.uuid
) v;
