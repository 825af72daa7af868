-- tablao_last_tasks: the task that each worker is or was last working on: its active
-- task on an active job, else the one of its tasks that was updated last. One row per
-- worker; task_id is NULL if it never had a task.
-- @own
CREATE VIEW tablao_last_tasks (worker_id, task_id) AS
SELECT
  w.id,
  coalesce(
    (
      SELECT a.id FROM tasks a CROSS JOIN jobs j ON j.id = a.job_id
      WHERE a.status = 'active' AND a.worker_id = w.id AND j.status = 'active'
      -- The +: or SQLite would look through all tasks that the worker ever had.
      ORDER BY +a.updated_at DESC, a.id DESC LIMIT 1
    ),
    (
      SELECT a.id FROM tasks a
      WHERE a.worker_id = w.id
      ORDER BY a.updated_at DESC, a.id DESC
      LIMIT 1
    )
  )
FROM workers w;

-- What each worker is or was last working on: one row per worker that ever had
-- a task and is not soft-deleted. is_active is 1 if the task is active, on an
-- active job, else 0.
CREATE VIEW worker_tasks (
  worker_uuid, task_uuid, job_uuid, is_active, worker_name, task_name,
  task_status, job_name
) AS
SELECT
  w.uuid,
  t.uuid,
  j.uuid,
  +t.status = 'active' AND +j.status = 'active',
  w.name,
  t.name,
  t.status,
  j.name
-- Each is looked up for the one before. The +, and OR 1 (docs/design.md, "Doors"), keep
-- SQLite from looking through indexes instead, after an ANALYZE with few rows.
FROM workers w
CROSS JOIN tasks t ON t.id = (
  SELECT k.task_id FROM tablao_last_tasks k WHERE k.worker_id = w.id
)
CROSS JOIN jobs j ON j.id = t.job_id AND (t.name OR j.name OR 1)
WHERE w.deleted_at IS NULL;
