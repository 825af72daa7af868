-- What a worker gets next: docs/rules.md, "Who gets what".

-- tablao_blocks: job_blocks, its types trimmed and in lower case as in
-- tablao_lanes and tablao_worker_types: one row per block.
-- @both
CREATE VIEW tablao_blocks (job_id, worker_id, task_type) AS
SELECT job_id, worker_id, lower(trim(task_type, char(9, 10, 13, 32))) FROM job_blocks;

-- tablao_offers: every task that a worker may take: one row per worker and task. The
-- lane is open, the worker supports its type and has its tag, if there is one, and is
-- not blocked for that type on that job. Ready tasks before the index in tablao_skips
-- are left out: the worker has failed all of them. SQLite looks a pair up IN the
-- columns of an index whatever its statistics; for NOT IN it would also look through
-- the whole index for a NULL.
CREATE VIEW tablao_offers (
  worker_id, task_type, worker_tag_id, lane_id, job_id, job_priority,
  task_priority, index_in_job, task_id
) AS
SELECT
  p.worker_id, p.task_type, p.worker_tag_id, l.id, l.job_id, l.job_priority,
  l.task_priority, r.index_in_job, r.task_id
FROM tablao_worker_types p
CROSS JOIN tablao_lanes l
  ON l.task_type = p.task_type AND l.worker_tag_id = p.worker_tag_id
CROSS JOIN tablao_ready_tasks r
  ON r.lane_id = l.id
  AND r.index_in_job >= coalesce(
    (
      SELECT s.from_index FROM tablao_skips s
      WHERE s.lane_id = l.id AND s.worker_id = p.worker_id
    ), 0
  )
WHERE NOT EXISTS (
    SELECT 1 FROM tablao_blocks b
    WHERE (b.job_id, b.worker_id, b.task_type) = (l.job_id, p.worker_id, l.task_type)
  )
  AND l.has_ready > l.is_closed
  AND ((r.task_id, p.worker_id) IN (SELECT task_id, worker_id FROM task_failures)) IS NOT TRUE;

-- tablao_current_tasks: the task that each worker is working on, for
-- schedule_task() to return: its active task of a job that is queued or active, of
-- several such tasks the one updated last; NULL: none. One row per worker.
CREATE VIEW tablao_current_tasks (worker_id, worker_uuid, task_id) AS
SELECT w.id, w.uuid, (
  SELECT a.id
  FROM tasks a
  CROSS JOIN jobs j ON j.id = a.job_id
  WHERE a.status = 'active'
    AND a.worker_id = w.id
    AND (j.status = 'queued' OR j.status = 'active')
  -- The +: as in tablao_last_tasks.
  ORDER BY +a.updated_at DESC, a.id DESC
  LIMIT 1
)
FROM workers w;
