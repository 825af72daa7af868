-- The worker's side of a task: one row per task that has a worker. INSERT INTO
-- task_updates (task_uuid, worker_uuid, status, activity, steps_completed) is
-- the worker's report, in which NULL means "not reported": docs/rules.md,
-- "What a worker reports", also for what is refused.
CREATE VIEW task_updates (
  task_uuid, worker_uuid, status, activity, steps_completed, job_uuid,
  steps_total, last_touched_at
) AS
SELECT
  t.uuid, w.uuid, t.status, t.activity, t.steps_completed, j.uuid,
  t.steps_total, t.last_touched_at
FROM tasks t
JOIN workers w ON w.id = t.worker_id
-- OR 1: docs/design.md, "Doors".
JOIN jobs j ON j.id = t.job_id AND (j.name OR t.id OR 1);

CREATE TRIGGER tablao_updates_insert INSTEAD OF INSERT ON task_updates
BEGIN
  INSERT INTO tablao_report VALUES (
    (SELECT t.id FROM tasks t WHERE t.uuid = NEW.task_uuid),
    (SELECT w.id FROM workers w WHERE w.uuid = NEW.worker_uuid),
    NEW.status,
    NEW.activity,
    NEW.steps_completed,
    (SELECT now FROM farm_clock),
    0
  );
  -- Here and not inside tablao_report, since what the last failure of a job sets off
  -- is as many triggers deep as some hosts allow: docs/clients.md.
  -- A row if the worker still has the task, which a user's trigger on the failure may
  -- have taken away.
  INSERT INTO tablao_judge_failure
  SELECT
    t.updated_at,
    f.task_id,
    f.worker_id,
    t.job_id,
    t.type,
    l.task_type,
    printf('%s (%s)', w.name, w.uuid),
    (SELECT count(*) FROM task_failures n WHERE n.task_id = f.task_id),
    -- 0 stands for any number.
    (
      SELECT coalesce(nullif(value, 0), 9223372036854775807)
      FROM farm_settings WHERE name = 'task_fail_after_softfail_count'
    ),
    (
      SELECT CASE WHEN s.value > 0 THEN (
        SELECT count(*)
        FROM task_failures n
        CROSS JOIN tasks nt ON nt.id = n.task_id
        CROSS JOIN tablao_lanes nl ON nl.id = nt.tablao_lane
        WHERE n.worker_id = f.worker_id
          AND n.tablao_job_id = t.job_id
          AND nl.task_type = l.task_type
      ) >= s.value ELSE 0 END
      FROM farm_settings s WHERE s.name = 'blocklist_threshold'
    ),
    EXISTS (
      SELECT 1 FROM workers_left_to_run r
      WHERE (r.job_id, r.task_type) = (t.job_id, l.task_type)
        AND r.worker_id <> f.worker_id
        AND ((f.task_id, r.worker_id) IN (SELECT task_id, worker_id FROM task_failures)) IS NOT TRUE
    ),
    NEW.activity
  FROM tasks t
  CROSS JOIN workers w ON w.id = t.worker_id
  CROSS JOIN task_failures f ON f.task_id = t.id AND f.worker_id = t.worker_id
  CROSS JOIN tablao_lanes l ON l.id = t.tablao_lane
  WHERE t.status = 'active'
    AND t.uuid = NEW.task_uuid
    AND w.uuid = NEW.worker_uuid
    AND NEW.status = 'failed';
END;

-- tablao_report: stores a report, if it is allowed. A door of its own, so that the
-- clock is read once, and task and worker looked up once. is_verdict: this is what the
-- farm makes of a failure; now is NULL if it is about another task than the report.
CREATE VIEW tablao_report (
  task_id, worker_id, status, activity, steps_completed, now, is_verdict
) AS
SELECT NULL, NULL, NULL, NULL, NULL, NULL, NULL WHERE 0;

CREATE TRIGGER tablao_report_insert INSTEAD OF INSERT ON tablao_report
BEGIN
  SELECT CASE
    WHEN NEW.task_id IS NULL
    THEN RAISE(ABORT, 'tablao: task_updates.task_uuid must be the uuid of a task')
    WHEN NEW.worker_id IS NULL
    THEN RAISE(ABORT, 'tablao: task_updates.worker_uuid must be the uuid of a worker')
  END;
  SELECT CASE
    WHEN (SELECT w.deleted_at FROM workers w WHERE w.id = NEW.worker_id) IS NOT NULL
    THEN RAISE(ABORT, 'tablao: task_updates: the worker is deleted (workers.deleted_at), it must register anew')
    WHEN NEW.status = 'soft-failed'
    THEN RAISE(ABORT, 'tablao: task_updates.status must not be soft-failed: report failed, and the farm decides')
    WHEN worker_id IS NOT NEW.worker_id
    THEN RAISE(ABORT, 'tablao: task_updates: the task is not assigned to this worker (tasks.worker_id)')
    WHEN NEW.status <> 'completed' AND status <> 'active'
    THEN RAISE(ABORT, 'tablao: task_updates.status must be completed for a task that is no longer active: the farm took it away')
  END
  FROM tasks WHERE id = NEW.task_id AND NOT NEW.is_verdict;
  UPDATE tasks SET
    status = NEW.status,
    activity = coalesce(NEW.activity, activity),
    -- A completed task has done all its steps. The rules would see to that, too, but
    -- by a second write of the row.
    steps_completed = CASE
      WHEN NEW.status = 'completed' AND status <> 'completed' THEN steps_total
      WHEN status = 'active' THEN coalesce(NEW.steps_completed, steps_completed)
      ELSE steps_completed
    END,
    last_touched_at = coalesce(NEW.now, last_touched_at),
    updated_at = coalesce(NEW.now, updated_at)
  WHERE id = NEW.task_id AND (NEW.status <> 'failed' OR NEW.is_verdict);
  -- A report without a status has an UPDATE of its own, since SQLite writes every
  -- index anew that has a column which is SET.
  UPDATE tasks SET
    activity = coalesce(NEW.activity, activity),
    steps_completed = CASE status
      WHEN 'active' THEN coalesce(NEW.steps_completed, steps_completed)
      ELSE steps_completed
    END,
    last_touched_at = NEW.now,
    updated_at = NEW.now
  WHERE id = NEW.task_id AND coalesce(NEW.status, 'failed') = 'failed' AND NOT NEW.is_verdict;
  -- Last, as in a claim.
  UPDATE workers SET last_seen_at = NEW.now, updated_at = NEW.now
  WHERE id = NEW.worker_id AND NOT NEW.is_verdict;
END;

CREATE TRIGGER tablao_report_insert_failure INSTEAD OF INSERT ON tablao_report
-- Records a failure, which the verdict will count. A trigger of its own, so that other
-- reports do not make the temporary table that SQLite needs for a conditional INSERT.
WHEN NEW.status = 'failed' AND NOT NEW.is_verdict
  -- NULL if a user's trigger has deleted the task or the worker as the report was stored.
  AND (SELECT worker_id FROM tasks WHERE id = NEW.task_id)
BEGIN
  INSERT INTO task_failures (task_id, worker_id)
  VALUES (NEW.task_id, NEW.worker_id)
  ON CONFLICT DO NOTHING;
END;

-- Who can still run tasks of a type on a job: one row per job, worker and type
-- that the worker supports (trimmed and in lower case), whether or not the job
-- has tasks of it. The worker is not soft-deleted, has the job's tag if it has
-- one, and is not blocked for the type on the job; asleep and offline ones
-- count, they may come back.
CREATE VIEW workers_left_to_run (job_id, task_type, worker_uuid, worker_id) AS
SELECT j.id, p.task_type, w.uuid, w.id
FROM jobs j
CROSS JOIN workers w
CROSS JOIN tablao_worker_types p
  ON p.worker_id = w.id AND p.worker_tag_id = coalesce(j.worker_tag_id, 0)
WHERE w.deleted_at IS NULL
  AND NOT EXISTS (
    SELECT 1 FROM tablao_blocks b
    WHERE (b.job_id, b.worker_id, b.task_type) = (j.id, w.id, p.task_type)
  );
