-- One row per worker that is not soft-deleted, with the task it is or was last
-- working on (NULL when it never had one). No secret.
CREATE VIEW worker_summaries (
  worker_uuid, name, status, status_requested, last_seen_at, task_uuid,
  lazy_status_request, address, platform, software, supported_task_types,
  can_restart, task_name, task_status, job_uuid, job_name
) AS
SELECT
  w.uuid, w.name, w.status, w.status_requested, w.last_seen_at, t.uuid,
  w.lazy_status_request, w.address, w.platform, w.software,
  w.supported_task_types, w.can_restart, t.name, +t.status, j.uuid, j.name
FROM workers w
LEFT JOIN tasks t ON t.id = (
  SELECT k.task_id FROM tablao_last_tasks k WHERE k.worker_id = w.id
)
LEFT JOIN jobs j ON j.id = t.job_id
WHERE w.deleted_at IS NULL;

-- How many workers, soft-deleted ones aside, there are in each status that one
-- of them has: one row per status.
CREATE VIEW worker_status_counts (status, num_workers) AS
SELECT status, count(*) FROM workers WHERE deleted_at IS NULL GROUP BY status;

-- What the farm is doing, in a word: one row. active, idle, waiting, asleep or
-- inoperative: docs/rules.md, "The farm in a word".
CREATE VIEW farm_status (status) AS
SELECT CASE
  WHEN NOT EXISTS (
    SELECT 1 FROM workers
    WHERE deleted_at IS NULL AND status NOT IN ('offline', 'error')
  ) THEN 'inoperative'
  WHEN EXISTS (SELECT 1 FROM jobs WHERE status = 'active') THEN
    CASE
      WHEN EXISTS (SELECT 1 FROM workers WHERE deleted_at IS NULL AND status = 'awake')
      THEN 'active'
      ELSE 'waiting'
    END
  WHEN EXISTS (SELECT 1 FROM jobs WHERE status = 'queued') THEN 'waiting'
  WHEN EXISTS (SELECT 1 FROM workers WHERE deleted_at IS NULL AND status = 'awake')
  THEN 'idle'
  WHEN EXISTS (SELECT 1 FROM workers WHERE deleted_at IS NULL AND status = 'asleep')
  THEN 'asleep'
  ELSE 'idle'
END;
