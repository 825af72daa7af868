-- @own
CREATE VIEW tablao_last_tasks (worker_id, task_id) AS
-- The task that each worker is or was last working on: one row per worker,
-- task_id NULL when it never had one. Its active task on an active job, else
-- the one of its tasks that was updated last.
SELECT
  w.id,
  (
    -- The first of three candidates, each found through the index.
    SELECT c.id
    FROM tasks c JOIN jobs cj ON cj.id = c.job_id
    WHERE c.id IN (
      (
        SELECT a.id FROM tasks a CROSS JOIN jobs aj ON aj.id = a.job_id
        WHERE a.worker_id = w.id AND (a.status = 'active') = 1 AND aj.status = 'active'
        ORDER BY substr(a.updated_at, 1, 23) DESC, a.id DESC LIMIT 1
      ),
      (
        SELECT a.id FROM tasks a
        WHERE a.worker_id = w.id AND (a.status = 'active') = 1
        ORDER BY substr(a.updated_at, 1, 23) DESC, a.id DESC LIMIT 1
      ),
      (
        SELECT a.id FROM tasks a
        WHERE a.worker_id = w.id AND (a.status = 'active') = 0
        ORDER BY substr(a.updated_at, 1, 23) DESC, a.id DESC LIMIT 1
      )
    )
    ORDER BY
      c.status = 'active' AND cj.status = 'active' DESC,
      substr(c.updated_at, 1, 23) DESC,
      c.id DESC
    LIMIT 1
  )
FROM workers w;

CREATE VIEW worker_tasks (
  worker_uuid, task_uuid, job_uuid, is_active, worker_name, task_name,
  task_status, job_name
) AS
-- What each worker is or was last working on: one row per worker that ever had
-- a task and is not soft-deleted. is_active: the task is active, on an active
-- job.
SELECT
  w.uuid,
  t.uuid,
  j.uuid,
  t.status = 'active' AND j.status = 'active',
  w.name,
  t.name,
  t.status,
  j.name
FROM workers w
JOIN tasks t ON t.id = (
  SELECT k.task_id FROM tablao_last_tasks k WHERE k.worker_id = w.id
)
JOIN jobs j ON j.id = t.job_id
WHERE w.deleted_at IS NULL;
