-- What follows when a worker reports that it failed a task: docs/rules.md, "When
-- a task fails", whose numbers are those below.

-- tablao_fail_task: a worker has failed a task. activity: what the worker reported,
-- which stays, whatever is written over it meanwhile. Nothing, unless status is failed.
CREATE VIEW tablao_fail_task (task_id, worker_id, status, activity) AS
SELECT NULL, NULL, NULL, NULL WHERE 0;

CREATE TRIGGER tablao_fail_task_insert INSTEAD OF INSERT ON tablao_fail_task
WHEN NEW.status = 'failed'
BEGIN
  -- First, since the verdict counts it.
  INSERT INTO task_failures (task_id, worker_id)
  VALUES (NEW.task_id, NEW.worker_id)
  ON CONFLICT DO NOTHING;
  INSERT INTO tablao_judge_failure (
    task_id, worker_id, job_id, type, task_type, label, num_failures, is_over,
    is_blocked, is_left, activity
  )
  SELECT
    v.task_id, v.worker_id, v.job_id, v.type, v.task_type, v.label,
    v.num_failures, v.is_over, v.is_blocked, v.is_left, NEW.activity
  FROM tablao_failure_verdicts v
  WHERE v.task_id = NEW.task_id AND v.worker_id = NEW.worker_id;
END;

-- tablao_failure_verdicts: what the failure policy says of a task that a worker
-- has failed; one row per failure of who still has the task, which a user's trigger
-- on the failure may have taken away. is_over: too many workers have failed the
-- task. is_blocked: the worker has failed too many tasks of this type on this
-- job. is_left: another worker can still run the task. The failure itself
-- counts.
CREATE VIEW tablao_failure_verdicts (
  task_id, worker_id, job_id, type, task_type, label, num_failures, is_over,
  is_blocked, is_left
) AS
SELECT
  f.task_id,
  f.worker_id,
  t.job_id,
  t.type,
  l.task_type,
  (SELECT w.name || ' (' || w.uuid || ')' FROM workers w WHERE w.id = f.worker_id),
  (SELECT count(*) FROM task_failures n WHERE n.task_id = f.task_id),
  -- 0 stands for any number.
  (SELECT count(*) FROM task_failures n WHERE n.task_id = f.task_id) >= (
    SELECT coalesce(nullif(s.value, 0), 9223372036854775807)
    FROM farm_settings s WHERE s.name = 'task_fail_after_softfail_count'
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
  )
FROM task_failures f
CROSS JOIN tasks t ON t.id = f.task_id
CROSS JOIN tablao_lanes l ON l.id = t.tablao_lane
WHERE t.status = 'active' AND t.worker_id = f.worker_id;

-- tablao_judge_failure: does what a verdict says. A door of its own so that it
-- is asked for once.
CREATE VIEW tablao_judge_failure (
  task_id, worker_id, job_id, type, task_type, label, num_failures, is_over,
  is_blocked, is_left, activity
) AS
SELECT NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL WHERE 0;

CREATE TRIGGER tablao_judge_failure_insert INSTEAD OF INSERT ON tablao_judge_failure
BEGIN
  -- 1. What the worker left failed, others may try, now that it is blocked.
  INSERT INTO job_blocks (job_id, worker_id, task_type)
  SELECT NEW.job_id, NEW.worker_id, NEW.type
  WHERE NEW.is_blocked
    AND NOT EXISTS (
      SELECT 1 FROM tablao_blocks b
      WHERE b.job_id = NEW.job_id
        AND b.worker_id = NEW.worker_id
        AND b.task_type = NEW.task_type
    );
  UPDATE tasks SET (status, activity) = (
    SELECT p.status, 'Task changed to ' || p.status || ': worker ' || NEW.label
      || ' that failed it is blocked from tasks of this type'
    FROM tablao_pool_statuses p WHERE p.job_id = NEW.job_id
  )
  WHERE NEW.is_blocked
    AND NEW.is_left
    AND job_id = NEW.job_id
    AND worker_id = NEW.worker_id
    AND status = 'failed'
    AND (SELECT l.task_type FROM tablao_lanes l WHERE l.id = tasks.tablao_lane) = NEW.task_type;
  -- 2., 3., 4.
  UPDATE tasks SET
    status = CASE WHEN NEW.is_over OR NOT NEW.is_left THEN 'failed' ELSE 'soft-failed' END,
    activity = coalesce(NEW.activity, CASE
      WHEN NEW.is_over OR NOT NEW.is_left
      THEN 'Task changed to failed: failed by ' || NEW.num_failures || ' worker(s), the last one ' || NEW.label
      ELSE 'Task changed to soft-failed: failed by worker ' || NEW.label || ', another may try'
    END)
  WHERE id = NEW.task_id;
  -- 3.
  UPDATE jobs SET
    status = 'failed',
    activity = 'Job changed to failed: no more workers left to run tasks of type "' || NEW.type || '"'
  WHERE id = NEW.job_id AND NOT NEW.is_left AND (NEW.is_blocked OR NOT NEW.is_over);
END;
