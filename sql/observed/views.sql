-- What an own farm keeps in tables, an observed one counts: by views with the same
-- names and columns, so that the views which use them are written once.

CREATE VIEW tablao_job_counts (
  job_id, num_tasks, num_queued, num_active, num_completed, num_failed,
  num_canceled, num_soft_failed, num_paused, steps_completed, steps_total
) AS
-- How many tasks a job has, in all and in each status, and its steps, which are the
-- Manager's: one row per job. A job's tasks are found by their key, since an index
-- with the status would have to be updated with each of the Manager's changes. One
-- subquery per column, so that a query counts only what it names, for the jobs that
-- it names.
SELECT
  j.id,
  (SELECT count(*) FROM tasks t WHERE t.job_id = j.id),
  (SELECT count(*) FROM tasks t WHERE t.job_id = j.id AND t.status = 'queued'),
  (SELECT count(*) FROM tasks t WHERE t.job_id = j.id AND t.status = 'active'),
  (SELECT count(*) FROM tasks t WHERE t.job_id = j.id AND t.status = 'completed'),
  (SELECT count(*) FROM tasks t WHERE t.job_id = j.id AND t.status = 'failed'),
  (SELECT count(*) FROM tasks t WHERE t.job_id = j.id AND t.status = 'canceled'),
  (SELECT count(*) FROM tasks t WHERE t.job_id = j.id AND t.status = 'soft-failed'),
  (SELECT count(*) FROM tasks t WHERE t.job_id = j.id AND t.status = 'paused'),
  j.steps_completed,
  j.steps_total
FROM jobs j;

CREATE VIEW tablao_worker_types (worker_id, task_type, worker_tag_id) AS
-- The (task type, tag) pairs that a worker takes tasks of; tag 0 stands for
-- jobs without a tag.
SELECT DISTINCT worker_id, task_type, worker_tag_id
FROM tablao_worker_type_pairs;

CREATE VIEW tablao_last_tasks (worker_id, task_id) AS
-- The task that each worker is or was last working on: its active task on an active
-- job, else the one of its tasks that was updated last. One row per worker; task_id is
-- NULL if it never had a task. Of several at one time it is the one that the Manager
-- takes, which compares the whole texts: tasks that it changes at once have the same.
SELECT
  w.id,
  coalesce(
    (
      SELECT t.id FROM tasks t CROSS JOIN jobs j ON j.id = t.job_id
      WHERE t.worker_id = w.id AND t.status = 'active' AND j.status = 'active'
      ORDER BY substr(t.updated_at, 1, 23) DESC, t.updated_at DESC, t.id LIMIT 1
    ),
    (
      SELECT t.id FROM tasks t
      WHERE t.worker_id = w.id
      ORDER BY substr(t.updated_at, 1, 23) DESC, t.updated_at DESC, t.id LIMIT 1
    )
  )
FROM workers w;

CREATE VIEW runnable_tasks (
  worker_id, worker_uuid, task_id, task_uuid, job_id, job_uuid, job_priority,
  task_priority, task_type, index_in_job, task_name, worker_name
) AS
-- Which worker may run which task, by the rules of an own farm: one row per
-- pair, whatever the worker is doing just now. What the Manager hands out next
-- may be another, since it leaves the order among equal priorities open.
SELECT
  w.id, w.uuid, t.id, t.uuid, j.id, j.uuid, j.priority, t.priority, t.type,
  t.index_in_job, t.name, w.name
FROM tasks t
JOIN jobs j ON j.id = t.job_id
JOIN tablao_worker_types p
  ON p.task_type = lower(trim(t.type, char(9, 10, 13, 32))) AND p.worker_tag_id = coalesce(j.worker_tag_id, 0)
JOIN workers w ON w.id = p.worker_id
WHERE w.deleted_at IS NULL
  AND j.status IN ('queued', 'active')
  AND j.delete_requested_at IS NULL
  AND t.status IN ('queued', 'soft-failed')
  AND NOT EXISTS (
    SELECT 1 FROM tablao_blocks b
    WHERE b.job_id = j.id AND b.worker_id = w.id AND b.task_type = p.task_type
  )
  AND NOT EXISTS (
    SELECT 1 FROM task_failures f WHERE f.task_id = t.id AND f.worker_id = w.id
  )
  AND NOT EXISTS (
    SELECT 1
    FROM task_dependencies d CROSS JOIN tasks p ON p.id = d.dependency_id
    WHERE d.task_id = t.id AND p.status <> 'completed'
  );

CREATE VIEW farm_problems (kind, object, message) AS
-- Rows of the Manager's that break a rule: no row when all is well. object is
-- the uuid of the job, task or worker, or a table and a key in it. Nothing is
-- derived here that could differ from what it derives from, and how many steps
-- a task has done is for the Manager to say.
SELECT kind, object, message FROM tablao_state_problems
UNION ALL
SELECT kind, object, message FROM tablao_row_problems;
