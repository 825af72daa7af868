-- What follows when a worker reports that it failed a task: docs/rules.md, "When
-- a task fails", whose numbers are those below.

-- tablao_judge_failure: does what the failure policy says of a task that a worker has
-- failed. A door of its own, so that the verdict, which is what it is given, is worked
-- out once: by tablao_updates_insert. now: when the report was stored. max_failures:
-- with so many the task has failed for good. is_blocked: the worker has failed too many
-- tasks of this type on this job. is_left: another worker can still run the task. The
-- failure itself counts.
CREATE VIEW tablao_judge_failure (
  now, task_id, worker_id, job_id, type, task_type, label, num_failures, max_failures,
  is_blocked, is_left, activity
) AS
SELECT NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL WHERE 0;

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
  -- By the UPDATE that stores reports: another one would have to be compiled, too.
  INSERT INTO tablao_report (task_id, worker_id, status, activity, is_verdict)
  SELECT
    t.id,
    NEW.worker_id,
    (SELECT j.pool_status FROM tablao_job_lanes j WHERE j.job_id = NEW.job_id),
    (
      SELECT printf('Task changed to %s: worker %s that failed it is blocked from tasks of this type', j.pool_status, NEW.label)
      FROM tablao_job_lanes j WHERE j.job_id = NEW.job_id
    ),
    1
  FROM tasks t
  WHERE NEW.is_blocked
    AND NEW.is_left
    AND t.job_id = NEW.job_id
    AND t.worker_id = NEW.worker_id
    AND t.status = 'failed'
    AND (SELECT l.task_type FROM tablao_lanes l WHERE l.id = t.tablao_lane) = NEW.task_type;
  -- 2., 3., 4. With the time, so that no other UPDATE is needed to stamp the row.
  INSERT INTO tablao_report (task_id, worker_id, status, activity, now, is_verdict)
  VALUES (
    NEW.task_id,
    NEW.worker_id,
    CASE WHEN NEW.num_failures >= NEW.max_failures OR NOT NEW.is_left THEN 'failed' ELSE 'soft-failed' END,
    coalesce(NEW.activity, CASE
      WHEN NEW.num_failures >= NEW.max_failures OR NOT NEW.is_left
      THEN printf('Task changed to failed: failed by %d worker(s), the last one %s', NEW.num_failures, NEW.label)
      ELSE printf('Task changed to soft-failed: failed by worker %s, another may try', NEW.label)
    END),
    NEW.now,
    1
  );
  -- 3. Nothing if next_status is NULL.
  INSERT INTO tablao_act VALUES (
    NEW.job_id,
    '-',
    'Job changed to failed: no more workers left to run tasks of type "' || NEW.type || '"',
    CASE WHEN NOT NEW.is_left AND (NEW.is_blocked OR NEW.num_failures < NEW.max_failures) THEN 'failed' END,
    NEW.now
  );
  INSERT INTO tablao_settle (job_id) VALUES (NULL);
  INSERT INTO tablao_settle (job_id) VALUES (NULL);
END;
