-- One row per task: the columns of tasks, then those that name its job and its
-- worker (NULL where there is none). commands is TEXT.
CREATE VIEW task_details (
  id, created_at, updated_at, uuid, name, type, job_id, index_in_job, priority,
  status, worker_id, last_touched_at, commands, activity, steps_completed,
  steps_total, job_uuid, worker_uuid, worker_name
) AS
SELECT
  t.id, t.created_at, t.updated_at, t.uuid, t.name, t.type, t.job_id,
  t.index_in_job, t.priority, t.status, t.worker_id, t.last_touched_at,
  CAST(t.commands AS TEXT), t.activity, t.steps_completed, t.steps_total,
  j.uuid, w.uuid, w.name
FROM tasks t
-- OR 1: docs/design.md, "Doors". The likelihood leaves the order of the joins as it is.
JOIN jobs j ON j.id = t.job_id AND likelihood(j.name OR t.id OR 1, 1.0)
LEFT JOIN workers w ON w.id = t.worker_id;

-- Which worker has failed which task: one row per row of task_failures.
CREATE VIEW task_failure_list (task_uuid, worker_uuid, worker_name, created_at) AS
SELECT t.uuid, w.uuid, w.name, f.created_at
FROM task_failures f
-- OR 1: docs/design.md, "Doors".
JOIN tasks t ON t.id = f.task_id AND (t.name OR f.task_id OR 1)
JOIN workers w ON w.id = f.worker_id;
