-- What a worker gets next: docs/rules.md, "Who gets what".

-- tablao_blocks: job_blocks, its types trimmed and in lower case as in
-- tablao_lanes and tablao_worker_types: one row per block.
-- @both
CREATE VIEW tablao_blocks (job_id, worker_id, task_type) AS
SELECT job_id, worker_id, lower(trim(task_type, char(9, 10, 13, 32))) FROM job_blocks;

-- tablao_open_lanes: every lane from which a worker may take a task, with the
-- first one: one row per worker and lane. The job is open, the type among the
-- worker's, the tag among the worker's or none, the worker has not failed the
-- task, and is not blocked for that type on that job.
CREATE VIEW tablao_open_lanes (
  worker_id, task_type, worker_tag_id, lane_id, job_id, job_priority,
  task_priority, task_id
) AS
SELECT
  p.worker_id, p.task_type, p.worker_tag_id, l.id, l.job_id, l.job_priority,
  l.task_priority, t.id
FROM tablao_worker_types p
CROSS JOIN tablao_lanes l
  ON l.task_type = p.task_type AND l.worker_tag_id = p.worker_tag_id
CROSS JOIN tasks t ON t.id = (
  SELECT r.task_id FROM tablao_ready_tasks r
  WHERE r.lane_id = l.id
    AND r.index_in_job >= coalesce(
      (
        SELECT s.from_index FROM tablao_skips s
        WHERE s.lane_id = l.id AND s.worker_id = p.worker_id
      ), 0
    )
    AND NOT EXISTS (
      SELECT 1 FROM task_failures f
      WHERE f.task_id = r.task_id AND f.worker_id = p.worker_id
    )
  ORDER BY r.index_in_job LIMIT 1
)
WHERE l.is_open = 1
  AND l.has_ready = 1
  AND NOT EXISTS (
    SELECT 1 FROM tablao_blocks b
    WHERE b.job_id = l.job_id
      AND b.worker_id = p.worker_id
      AND b.task_type = l.task_type
  );

-- tablao_current_tasks: the task that each worker is working on: its active
-- task of a job that is queued or active. At most one row per worker; of
-- several such tasks the one updated last.
CREATE VIEW tablao_current_tasks (worker_id, worker_uuid, task_id) AS
SELECT w.id, w.uuid, t.id
FROM workers w
CROSS JOIN tasks t ON t.id = (
  SELECT a.id
  FROM tasks a
  CROSS JOIN jobs j ON j.id = a.job_id
  WHERE a.status = 'active'
    AND a.worker_id = w.id
    AND (j.status = 'queued' OR j.status = 'active')
  ORDER BY substr(a.updated_at, 1, 23) DESC, a.id DESC
  LIMIT 1
);

-- tablao_next_tasks: what each worker would get now: one row per worker,
-- task_id NULL when there is nothing for it. It is the first of its
-- runnable_tasks, found without looking at the others: the first lane of every
-- pair of type and tag that has a task for this worker, and of these the best.
CREATE VIEW tablao_next_tasks (worker_id, task_id) AS
SELECT
  w.id,
  (
    -- The best of a handful of lanes, without sorting: an ORDER BY with a
    -- limit opens a table of its own, which costs as much as all the rest. The
    -- text sorts as the four numbers do, the last two backwards, each in two
    -- halves of 32 bits; behind it stands the task.
    SELECT CAST(substr(max(printf(
      '%010d%010d%010d%010d%010d%010d%010d%010d%d',
      (l.job_priority >> 32) + 2147483648, l.job_priority & 4294967295,
      (t.priority >> 32) + 2147483648, t.priority & 4294967295,
      (~t.job_id >> 32) + 2147483648, ~t.job_id & 4294967295,
      (~t.index_in_job >> 32) + 2147483648, ~t.index_in_job & 4294967295,
      t.id
    )), 81) AS INTEGER)
    FROM tablao_worker_types p
    CROSS JOIN tasks t ON t.id = (
      SELECT o.task_id FROM tablao_open_lanes o
      WHERE o.worker_id = w.id
        AND o.task_type = p.task_type
        AND o.worker_tag_id = p.worker_tag_id
      ORDER BY o.job_priority DESC, o.task_priority DESC, o.job_id
      LIMIT 1
    )
    CROSS JOIN tablao_lanes l ON l.id = t.tablao_lane
    WHERE p.worker_id = w.id
  )
FROM workers w;
