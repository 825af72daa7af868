-- Active tasks that no worker has touched for `task_timeout` seconds or
-- longer: one row per task. A Manager's times compare by their leading 23 characters.
-- UPDATE timed_out_tasks SET status = 'failed' fails them; any other UPDATE is
-- refused.
CREATE VIEW timed_out_tasks (
  task_uuid, task_name, job_uuid, worker_uuid, worker_name, last_touched_at,
  status, activity
) AS
SELECT
  t.uuid, t.name, j.uuid, w.uuid, w.name, t.last_touched_at, t.status, t.activity
FROM tasks t
LEFT JOIN jobs j ON j.id = t.job_id
LEFT JOIN workers w ON w.id = t.worker_id
WHERE t.status = 'active'
  AND t.last_touched_at <= ( -- @own
  AND substr(t.last_touched_at, 1, 23) <= ( -- @observed
    SELECT before FROM tablao_time_limits WHERE name = 'task_timeout'
  )
-- The order of the index. Which of a job's tasks failed first shows in its activity
-- and the events, and must not depend on what ANALYZE found.
ORDER BY t.worker_id, t.id;

-- tablao_time_limits: the latest time that is timed out by `task_timeout` and
-- `worker_timeout`; no row for one that is switched off. Rows of other settings mean
-- nothing: a condition to leave them out would be compiled with each tick.
-- Computed on whole seconds, with the fraction of now behind them, since SQLite
-- versions differ by a millisecond in what they make of fractions. To be used in a
-- subquery, which is worked out once, and not in a join, which does so for every row.
CREATE VIEW tablao_time_limits (name, before) AS
SELECT
  s.name,
  datetime(c.now, printf('-%s seconds', s.value)) || substr(c.now, 20)
FROM farm_settings s
CROSS JOIN farm_clock c
WHERE s.value > 0;

CREATE TRIGGER tablao_timed_out_tasks_update INSTEAD OF UPDATE ON timed_out_tasks
BEGIN
  SELECT RAISE(ABORT, 'tablao: timed_out_tasks: the one UPDATE it takes is SET status = ''failed''')
  WHERE NEW.status IS NOT 'failed'
    OR NEW.task_uuid IS NOT OLD.task_uuid
    OR NEW.task_name IS NOT OLD.task_name
    OR NEW.job_uuid IS NOT OLD.job_uuid
    OR NEW.worker_uuid IS NOT OLD.worker_uuid
    OR NEW.worker_name IS NOT OLD.worker_name
    OR NEW.last_touched_at IS NOT OLD.last_touched_at
    OR NEW.activity IS NOT OLD.activity;
  INSERT INTO tablao_time_out (task_uuid, worker_uuid, worker_name)
  VALUES (OLD.task_uuid, OLD.worker_uuid, OLD.worker_name);
END;

-- tablao_time_out: fails a task that has timed out; where task_uuid is NULL, puts a
-- worker that has in error. A door of its own, so that a tick does not compile the checks
-- of an UPDATE by hand, and one for both, so that a tick looks for both in one statement.
CREATE VIEW tablao_time_out (task_uuid, worker_uuid, worker_name) AS
SELECT NULL, NULL, NULL WHERE 0;

CREATE TRIGGER tablao_time_out_insert INSTEAD OF INSERT ON tablao_time_out
BEGIN
  UPDATE tasks SET
    status = 'failed',
    activity = 'Task timed out on worker ' || coalesce(NEW.worker_name || ' (' || NEW.worker_uuid || ')', '-unassigned-')
  WHERE uuid = NEW.task_uuid;
  -- If another task that timed out came first and its job has failed, the job has just
  -- closed this attempt as canceled. It failed all the same, whatever the order.
  UPDATE task_attempts SET
    outcome = 'failed',
    activity = (SELECT activity FROM tasks WHERE uuid = NEW.task_uuid)
  WHERE id = (
      SELECT a.id FROM tasks t CROSS JOIN task_attempts a ON likelihood(a.task_id = t.id, 1e-5)
      WHERE t.uuid = NEW.task_uuid
      ORDER BY a.id DESC
    )
    AND activity = 'Task changed to canceled: its job changed to failed'
    AND ended_at = (SELECT now FROM farm_clock);
  -- changes() is 0 if that was not so.
  UPDATE tablao_counts SET num_failed_attempts = num_failed_attempts + changes()
  WHERE job_id = (SELECT job_id FROM tasks WHERE uuid = NEW.task_uuid);
  UPDATE workers SET
    status = 'error', status_requested = '', lazy_status_request = 0
  WHERE uuid = NEW.worker_uuid AND NEW.task_uuid IS NULL;
  -- If it was awake, its change of status has returned its tasks; else they are
  -- returned here.
  INSERT INTO tablao_return_tasks (worker_id, reason)
  VALUES (
    (SELECT w.id FROM workers w WHERE w.uuid = NEW.worker_uuid AND NEW.task_uuid IS NULL),
    'timed out'
  );
END;

-- Workers that have not been seen for `worker_timeout` seconds or longer and
-- are not offline or in error: one row per worker. UPDATE timed_out_workers
-- SET status = 'error' puts them in error; any other UPDATE is refused.
CREATE VIEW timed_out_workers (
  worker_uuid, worker_name, last_seen_at, status
) AS
SELECT w.uuid, w.name, w.last_seen_at, w.status
FROM workers w
WHERE w.deleted_at IS NULL
  -- error and offline: no other status begins so.
  AND w.status NOT GLOB '[eo]*'
  AND w.last_seen_at <= ( -- @own
  AND substr(w.last_seen_at, 1, 23) <= ( -- @observed
    SELECT before FROM tablao_time_limits WHERE name = 'worker_timeout'
  )
ORDER BY w.status, w.id;

CREATE TRIGGER tablao_timed_out_workers_update INSTEAD OF UPDATE ON timed_out_workers
BEGIN
  SELECT RAISE(ABORT, 'tablao: timed_out_workers: the one UPDATE it takes is SET status = ''error''')
  WHERE NEW.status IS NOT 'error'
    OR NEW.worker_uuid IS NOT OLD.worker_uuid
    OR NEW.worker_name IS NOT OLD.worker_name
    OR NEW.last_seen_at IS NOT OLD.last_seen_at;
  INSERT INTO tablao_time_out (worker_uuid) VALUES (OLD.worker_uuid);
END;
