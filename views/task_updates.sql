CREATE VIEW task_updates (
  task_uuid, worker_uuid, status, activity, steps_completed, job_uuid,
  steps_total, last_touched_at
) AS
-- The worker's side of a task: one row per task that has a worker. INSERT INTO
-- task_updates (task_uuid, worker_uuid, status, activity, steps_completed) is
-- the worker's report, in which NULL means "not reported": section 5 of the
-- specification.
SELECT
  t.uuid, w.uuid, t.status, t.activity, t.steps_completed, j.uuid,
  t.steps_total, t.last_touched_at
FROM tasks t
JOIN workers w ON w.id = t.worker_id
JOIN jobs j ON j.id = t.job_id;

CREATE TRIGGER task_updates_ii INSTEAD OF INSERT ON task_updates
BEGIN
  SELECT CASE
    WHEN (SELECT value FROM tablao_settings WHERE name = 'state_machine') <> 'on'
    THEN RAISE(ABORT, 'tablao: task_updates is closed while the setting state_machine is off: updates are the work of the Manager')
    WHEN t.id IS NULL
    THEN RAISE(ABORT, 'tablao: task_updates.task_uuid must be the uuid of a task')
    WHEN w.id IS NULL
    THEN RAISE(ABORT, 'tablao: task_updates.worker_uuid must be the uuid of a worker')
    WHEN w.deleted_at IS NOT NULL
    THEN RAISE(ABORT, 'tablao: task_updates: the worker is deleted (workers.deleted_at), it must register anew')
    WHEN t.worker_id IS NOT w.id
    THEN RAISE(ABORT, 'tablao: task_updates: the task is not assigned to this worker (tasks.worker_id)')
    WHEN NEW.status = 'soft-failed'
    THEN RAISE(ABORT, 'tablao: task_updates.status must not be soft-failed: report failed, and the farm decides')
    WHEN NEW.status <> 'completed' AND t.status <> 'active'
    THEN RAISE(ABORT, 'tablao: task_updates.status must be completed for a task that is no longer active: the farm took it away')
  END
  -- One row, so that a task or worker that is not there gives a row, too.
  FROM tablao_setting_defaults d
  LEFT JOIN tasks t ON t.uuid = NEW.task_uuid
  LEFT JOIN workers w ON w.uuid = NEW.worker_uuid
  WHERE d.name = 'clock';
  INSERT INTO tablao_assert_task_status (status) VALUES (NEW.status);
  INSERT INTO tablao_reports (
    task_id, worker_id, status, activity, steps_completed, now
  ) VALUES (
    (SELECT t.id FROM tasks t WHERE t.uuid = NEW.task_uuid),
    (SELECT w.id FROM workers w WHERE w.uuid = NEW.worker_uuid),
    NEW.status,
    NEW.activity,
    NEW.steps_completed,
    (SELECT now FROM farm_clock)
  );
END;

CREATE VIEW tablao_reports (
  task_id, worker_id, status, activity, steps_completed, now
) AS
-- Stores a report that may be stored. A door of its own so that the clock is
-- read once, and task and worker looked up once.
SELECT NULL, NULL, NULL, NULL, NULL, NULL WHERE 0;

CREATE TRIGGER tablao_reports_ii INSTEAD OF INSERT ON tablao_reports
BEGIN
  UPDATE workers SET last_seen_at = NEW.now, updated_at = NEW.now
  WHERE id = NEW.worker_id;
  UPDATE tasks SET
    status = CASE
      WHEN NEW.status IS NULL OR NEW.status = 'failed' THEN status
      ELSE NEW.status
    END,
    activity = coalesce(NEW.activity, activity),
    -- A completed task has done all its steps: the status machine would see to
    -- that, too, by a second write of the row.
    steps_completed = CASE
      WHEN NEW.status = 'completed' AND status <> 'completed' THEN steps_total
      WHEN NEW.steps_completed IS NOT NULL AND status = 'active'
      THEN NEW.steps_completed
      ELSE steps_completed
    END,
    last_touched_at = NEW.now,
    updated_at = NEW.now
  WHERE id = NEW.task_id;
  INSERT INTO tablao_reported_failures (task_id, worker_id, status, has_activity)
  VALUES (NEW.task_id, NEW.worker_id, NEW.status, NEW.activity IS NOT NULL);
END;

CREATE VIEW tablao_reported_failures (task_id, worker_id, status, has_activity) AS
-- The way from a report to the failure policy, whose program is too big to be
-- entered for every report only to find out that it is none of a failure.
SELECT NULL, NULL, NULL, NULL WHERE 0;

CREATE TRIGGER tablao_reported_failures_ii INSTEAD OF INSERT ON tablao_reported_failures
WHEN NEW.status = 'failed'
BEGIN
  INSERT INTO tablao_failure_reports (task_id, worker_id, has_activity)
  VALUES (NEW.task_id, NEW.worker_id, NEW.has_activity);
END;

CREATE VIEW workers_left_to_run (job_id, task_type, worker_uuid, worker_id) AS
-- Who can still run tasks of a type on a job: one row per job, worker and type
-- that the worker supports (trimmed and in lower case), whether or not the job
-- has tasks of it. The worker is not soft-deleted, has the job's tag if it has
-- one, and is not blocked for the type on the job; asleep and offline ones
-- count, they may come back.
SELECT j.id, p.task_type, w.uuid, w.id
FROM jobs j
CROSS JOIN workers w
CROSS JOIN tablao_worker_types p
  ON p.worker_id = w.id AND p.worker_tag_id = coalesce(j.worker_tag_id, 0)
WHERE w.deleted_at IS NULL
  AND NOT EXISTS (
    SELECT 1 FROM tablao_blocks b
    WHERE b.job_id = j.id
      AND b.worker_id = w.id
      AND b.task_type = p.task_type
  );

-- @own
CREATE VIEW tablao_failure_verdicts (
  task_id, worker_id, job_id, task_type, is_over, is_blocked, is_left
) AS
-- What the failure policy says of a task that a worker has failed; one row per
-- failure. is_over: too many workers have failed the task. is_blocked: the
-- worker has failed too many tasks of this type on this job. is_left: another
-- worker can still run the task. The failure itself counts.
SELECT
  f.task_id,
  f.worker_id,
  t.job_id,
  l.task_type,
  (
    SELECT s.value > 0 AND s.value <= (
      SELECT count(*) FROM task_failures n WHERE n.task_id = f.task_id
    )
    FROM tablao_settings s WHERE s.name = 'task_fail_after_softfail_count'
  ),
  (
    SELECT s.value > 0 AND s.value <= (
      SELECT count(*)
      FROM task_failures n
      CROSS JOIN tasks nt ON nt.id = n.task_id
      CROSS JOIN tablao_lanes nl ON nl.id = nt.tablao_lane
      WHERE n.worker_id = f.worker_id
        AND nt.job_id = t.job_id
        AND nl.task_type = l.task_type
    )
    FROM tablao_settings s WHERE s.name = 'blocklist_threshold'
  ),
  EXISTS (
    SELECT 1 FROM workers_left_to_run r
    WHERE r.job_id = t.job_id
      AND r.task_type = l.task_type
      AND r.worker_id <> f.worker_id
      AND NOT EXISTS (
        SELECT 1 FROM task_failures n
        WHERE n.task_id = f.task_id AND n.worker_id = r.worker_id
      )
  )
FROM task_failures f
JOIN tasks t ON t.id = f.task_id
JOIN tablao_lanes l ON l.id = t.tablao_lane;

CREATE VIEW tablao_failure_reports (task_id, worker_id, has_activity) AS
-- A worker reports that it failed a task: the failure policy, section 5 of the
-- specification. has_activity: the report came with an activity, which stays.
SELECT NULL, NULL, NULL WHERE 0;

CREATE TRIGGER tablao_failure_reports_ii INSTEAD OF INSERT ON tablao_failure_reports
BEGIN
  INSERT INTO task_failures (task_id, worker_id)
  VALUES (NEW.task_id, NEW.worker_id)
  ON CONFLICT DO NOTHING;
  INSERT INTO job_blocks (job_id, worker_id, task_type)
  SELECT v.job_id, v.worker_id, (SELECT t.type FROM tasks t WHERE t.id = v.task_id)
  FROM tablao_failure_verdicts v
  WHERE v.task_id = NEW.task_id AND v.worker_id = NEW.worker_id AND v.is_blocked
    AND NOT EXISTS (
      SELECT 1 FROM tablao_blocks b
      WHERE b.job_id = v.job_id
        AND b.worker_id = v.worker_id
        AND b.task_type = v.task_type
    );
  -- What the worker left failed, others may try: now that it is blocked, and
  -- if there are others.
  UPDATE tasks SET
    status = (SELECT p.status FROM tablao_pool_statuses p WHERE p.job_id = tasks.job_id),
    activity = 'Task changed to '
      || (SELECT p.status FROM tablao_pool_statuses p WHERE p.job_id = tasks.job_id)
      || ': worker '
      || (SELECT w.label FROM tablao_worker_labels w WHERE w.worker_id = NEW.worker_id)
      || ' that failed it is blocked from tasks of this type'
  WHERE worker_id = NEW.worker_id
    AND (status = 'active') = 0
    AND status = 'failed'
    AND EXISTS (
      SELECT 1
      FROM tablao_failure_verdicts v
      CROSS JOIN tablao_lanes l ON l.id = tasks.tablao_lane
      WHERE v.task_id = NEW.task_id
        AND v.worker_id = NEW.worker_id
        AND v.is_blocked
        AND v.is_left
        AND v.job_id = tasks.job_id
        AND v.task_type = l.task_type
    );
  UPDATE tasks SET
    status = CASE
      WHEN (
        SELECT v.is_over OR NOT v.is_left
        FROM tablao_failure_verdicts v
        WHERE v.task_id = NEW.task_id AND v.worker_id = NEW.worker_id
      ) THEN 'failed'
      ELSE 'soft-failed'
    END,
    activity = CASE
      WHEN NEW.has_activity THEN activity
      WHEN (
        SELECT v.is_over OR NOT v.is_left
        FROM tablao_failure_verdicts v
        WHERE v.task_id = NEW.task_id AND v.worker_id = NEW.worker_id
      ) THEN 'Task changed to failed: failed by '
        || (SELECT count(*) FROM task_failures f WHERE f.task_id = NEW.task_id)
        || ' worker(s), the last one '
        || (SELECT w.label FROM tablao_worker_labels w WHERE w.worker_id = NEW.worker_id)
      ELSE 'Task changed to soft-failed: failed by worker '
        || (SELECT w.label FROM tablao_worker_labels w WHERE w.worker_id = NEW.worker_id)
        || ', another may try'
    END
  WHERE id = NEW.task_id;
  UPDATE jobs SET
    status = 'failed',
    activity = 'Job changed to failed: no more workers left to run tasks of type "'
      || (SELECT t.type FROM tasks t WHERE t.id = NEW.task_id) || '"'
  WHERE id = (
    SELECT v.job_id FROM tablao_failure_verdicts v
    WHERE v.task_id = NEW.task_id
      AND v.worker_id = NEW.worker_id
      AND NOT v.is_left
      AND (v.is_blocked OR NOT v.is_over)
  );
END;
