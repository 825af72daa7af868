-- After copy.sql: undoes what the rules did to a row because another one was inserted,
-- which here was only copied: a new schedule is applied at once, and other rows are
-- stamped. Not where the time is the same already, since an UPDATE that changes nothing
-- is stamped, too.

UPDATE main.workers SET
  status_requested = (
    SELECT coalesce(o.status_requested, '') FROM main.tablao_old_workers o
    WHERE o.id = workers.id
  ),
  lazy_status_request = (
    SELECT coalesce(o.lazy_status_request, 0) FROM main.tablao_old_workers o
    WHERE o.id = workers.id
  )
WHERE id IN (SELECT worker_id FROM main.sleep_schedules);

UPDATE main.workers SET
  updated_at = (
    SELECT coalesce(nullif(o.updated_at, ''), o.created_at)
    FROM main.tablao_old_workers o WHERE o.id = workers.id
  )
WHERE updated_at IS NOT (
  SELECT coalesce(nullif(o.updated_at, ''), o.created_at)
  FROM main.tablao_old_workers o WHERE o.id = workers.id
);

UPDATE main.sleep_schedules SET
  next_check = (
    SELECT nullif(o.next_check, '') FROM main.tablao_old_sleep_schedules o
    WHERE o.id = sleep_schedules.id
  );

UPDATE main.jobs SET
  updated_at = (
    SELECT coalesce(nullif(o.updated_at, ''), o.created_at)
    FROM main.tablao_old_jobs o WHERE o.id = jobs.id
  )
WHERE updated_at IS NOT (
  SELECT coalesce(nullif(o.updated_at, ''), o.created_at)
  FROM main.tablao_old_jobs o WHERE o.id = jobs.id
);

-- A new task that is active opens an attempt; here it may have one already.
DELETE FROM main.task_attempts
WHERE ended_at IS NULL
  AND EXISTS (
    SELECT 1 FROM main.task_attempts a
    WHERE a.task_id = task_attempts.task_id
      AND a.ended_at IS NULL
      AND a.id < task_attempts.id
  );

-- Sums that an observed farm computes when it is asked, and that an own one keeps.
INSERT INTO main.tablao_counts (
  job_id, num_attempts, num_failed_attempts, busy_ms, first_started_at,
  last_ended_at
)
SELECT
  t.job_id, count(*), sum(a.outcome IS 'failed' OR a.outcome IS 'soft-failed'),
  sum(a.ms), min(a.started_at), max(a.ended_at)
FROM main.tablao_timed_attempts a JOIN main.tasks t ON t.id = a.task_id
WHERE a.ended_at IS NOT NULL
GROUP BY 1
ON CONFLICT (job_id) DO UPDATE SET
  num_attempts = excluded.num_attempts,
  num_failed_attempts = excluded.num_failed_attempts,
  busy_ms = excluded.busy_ms,
  first_started_at = excluded.first_started_at,
  last_ended_at = excluded.last_ended_at;

-- From here on Tablao is the one that acts.
UPDATE main.tablao_setting_defaults SET value = 'on' WHERE name = 'state_machine';
