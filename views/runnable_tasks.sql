CREATE VIEW tablao_blocks (job_id, worker_id, task_type) AS
-- job_blocks, its types trimmed and in lower case as in tablao_lanes and
-- tablao_worker_types: one row per block.
SELECT job_id, worker_id, lower(trim(task_type)) FROM job_blocks;

-- @own
CREATE VIEW tablao_open_lanes (
  worker_id, task_type, worker_tag_id, lane_id, job_id, job_priority, task_priority
) AS
-- Every lane from which a worker may take tasks: one row per worker and lane.
-- The job is open, the type among the worker's, the tag among the worker's or
-- none, the worker has not failed the tasks, and is not blocked for that type
-- on that job.
SELECT
  p.worker_id, p.task_type, p.worker_tag_id, l.id, l.job_id, l.job_priority,
  l.task_priority
FROM tablao_worker_types p
CROSS JOIN tablao_lanes l
  ON l.task_type = p.task_type AND l.worker_tag_id = p.worker_tag_id
WHERE l.is_open = 1
  AND l.has_ready = 1
  AND instr(l.failed_by, ',' || p.worker_id || ',') = 0
  AND NOT EXISTS (
    SELECT 1 FROM tablao_blocks b
    WHERE b.job_id = l.job_id
      AND b.worker_id = p.worker_id
      AND b.task_type = l.task_type
  );

-- @own
CREATE VIEW runnable_tasks (
  worker_id, worker_uuid, task_id, task_uuid, job_id, job_uuid, job_priority,
  task_priority, task_type, index_in_job, task_name, worker_name
) AS
-- Which worker may run which task: one row per pair that section 4 of the
-- specification allows, whatever the worker is doing just now. A worker gets
-- its tasks ORDER BY job_priority DESC, task_priority DESC, job_id,
-- index_in_job.
SELECT
  w.id, w.uuid, t.id, t.uuid, j.id, j.uuid, j.priority, t.priority, t.type,
  t.index_in_job, t.name, w.name
FROM workers w
CROSS JOIN tablao_open_lanes l ON l.worker_id = w.id
CROSS JOIN tablao_ready_tasks r ON r.lane_id = l.lane_id
CROSS JOIN tasks t ON t.id = r.task_id
CROSS JOIN jobs j ON j.id = t.job_id
WHERE w.deleted_at IS NULL;
