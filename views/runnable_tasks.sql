-- Which worker may run which task: one row per pair that the rules allow
-- (docs/rules.md, "Who gets what"), whatever the worker is doing just now. A worker
-- gets its tasks ORDER BY job_priority DESC, task_priority DESC, job_id,
-- index_in_job.
-- @own
CREATE VIEW runnable_tasks (
  worker_id, worker_uuid, task_id, task_uuid, job_id, job_uuid, job_priority,
  task_priority, task_type, index_in_job, task_name, worker_name
) AS
SELECT
  w.id, w.uuid, t.id, t.uuid, j.id, j.uuid, j.priority, t.priority, t.type,
  t.index_in_job, t.name, w.name
FROM tasks t
JOIN tablao_lanes l ON l.id = t.tablao_lane
JOIN tablao_worker_types p ON p.task_type = l.task_type AND p.worker_tag_id = l.worker_tag_id
JOIN workers w ON w.id = p.worker_id
JOIN jobs j ON j.id = t.job_id
WHERE w.deleted_at IS NULL
  AND t.status > 'paused' AND NOT t.tablao_open_deps
  AND l.has_ready > l.is_closed
  -- This is the rule. It goes from a worker to its tasks; the joins above find the
  -- pairs in question from either end.
  AND EXISTS (
    SELECT 1 FROM tablao_offers o
    WHERE (o.worker_id, o.task_type, o.worker_tag_id, o.lane_id, o.task_id)
      = (p.worker_id, p.task_type, p.worker_tag_id, l.id, t.id)
  );
