CREATE VIEW tablao_current_tasks (worker_id, worker_uuid, task_id) AS
-- The task that each worker is working on: its active task of a job that is
-- queued or active. At most one row per worker; of several such tasks the one
-- updated last.
SELECT w.id, w.uuid, c.task_id
FROM (
  SELECT
    id,
    uuid,
    (
      SELECT t.id
      FROM tasks t
      CROSS JOIN jobs j ON j.id = t.job_id
      WHERE t.worker_id = workers.id
        AND (t.status = 'active') = 1
        AND j.status IN ('queued', 'active')
      ORDER BY substr(t.updated_at, 1, 23) DESC, t.id DESC
      LIMIT 1
    ) AS task_id
  FROM workers
) c
JOIN workers w ON w.id = c.id
WHERE c.task_id IS NOT NULL;

CREATE VIEW tablao_next_tasks (worker_id, task_id) AS
-- What each worker would get now: one row per worker, task_id NULL when there
-- is nothing for it. It is the first of its runnable_tasks, found without
-- looking at the others: the first lane of every pair of type and tag that has
-- a task for this worker, and of these the best.
SELECT
  w.id,
  (
    SELECT t.id
    FROM tablao_worker_types p
    CROSS JOIN tablao_lanes l ON l.id = (
      SELECT o.lane_id FROM tablao_open_lanes o
      WHERE o.worker_id = w.id
        AND o.task_type = p.task_type
        AND o.worker_tag_id = p.worker_tag_id
        AND EXISTS (
          SELECT 1 FROM tablao_lane_tasks lt
          WHERE lt.worker_id = w.id AND lt.lane_id = o.lane_id
        )
      ORDER BY o.job_priority DESC, o.task_priority DESC, o.job_id
      LIMIT 1
    )
    CROSS JOIN tasks t ON t.id = (
      SELECT lt.task_id FROM tablao_lane_tasks lt
      WHERE lt.worker_id = w.id AND lt.lane_id = l.id
      ORDER BY lt.index_in_job LIMIT 1
    )
    WHERE p.worker_id = w.id
    ORDER BY l.job_priority DESC, l.task_priority DESC, l.job_id, t.index_in_job
    LIMIT 1
  )
FROM workers w;

CREATE VIEW task_claims (
  worker_uuid, task_uuid, job_uuid, job_status, last_touched_at, worker_name,
  task_name, task_type
) AS
-- Who is working on what: one row per active task that has a worker.
-- INSERT INTO task_claims (worker_uuid) VALUES (...) claims the next task for
-- that worker: section 4 of the specification.
SELECT
  w.uuid, t.uuid, j.uuid, j.status, t.last_touched_at, w.name, t.name, t.type
FROM tasks t
JOIN workers w ON w.id = t.worker_id
JOIN jobs j ON j.id = t.job_id
-- Twice, for two indexes: the few active tasks, and those of one worker.
WHERE t.status = 'active' AND (t.status = 'active') = 1;

CREATE TRIGGER task_claims_ii INSTEAD OF INSERT ON task_claims
BEGIN
  INSERT INTO tablao_assert_machine (door) VALUES ('task_claims');
  SELECT CASE
    WHEN w.id IS NULL
    THEN RAISE(ABORT, 'tablao: task_claims.worker_uuid must be the uuid of a worker')
    WHEN w.deleted_at IS NOT NULL
    THEN RAISE(ABORT, 'tablao: task_claims: the worker is deleted (workers.deleted_at), it must register anew')
    WHEN w.status_requested <> ''
    THEN RAISE(ABORT, 'tablao: task_claims: the worker is asked to change status (workers.status_requested) and must do that first')
    WHEN w.status <> 'awake'
    THEN RAISE(ABORT, 'tablao: task_claims: the worker must be awake (workers.status)')
  END
  FROM (SELECT NEW.worker_uuid AS uuid) n
  LEFT JOIN workers w ON w.uuid = n.uuid;
  UPDATE workers SET
    last_seen_at = (SELECT now FROM farm_clock),
    updated_at = (SELECT now FROM farm_clock)
  WHERE uuid = NEW.worker_uuid;
  UPDATE tasks SET
    worker_id = (SELECT w.id FROM workers w WHERE w.uuid = NEW.worker_uuid),
    status = 'active',
    last_touched_at = (SELECT now FROM farm_clock),
    updated_at = (SELECT now FROM farm_clock)
  WHERE id = (
      SELECT n.task_id FROM tablao_next_tasks n
      WHERE n.worker_id = (SELECT w.id FROM workers w WHERE w.uuid = NEW.worker_uuid)
        AND NOT EXISTS (
          SELECT 1 FROM tablao_current_tasks c WHERE c.worker_id = n.worker_id
        )
    );
END;

CREATE VIEW tablao_assert_machine (door) AS
-- The doors that act for the farm are closed while state_machine is off.
SELECT NULL WHERE 0;

CREATE TRIGGER tablao_assert_machine_ii INSTEAD OF INSERT ON tablao_assert_machine
WHEN (SELECT value FROM tablao_settings WHERE name = 'state_machine') <> 'on'
BEGIN
  SELECT CASE NEW.door
    WHEN 'task_claims'
    THEN RAISE(ABORT, 'tablao: task_claims is closed while the setting state_machine is off: scheduling is the work of the Manager')
    WHEN 'task_updates'
    THEN RAISE(ABORT, 'tablao: task_updates is closed while the setting state_machine is off: updates are the work of the Manager')
    WHEN 'timed_out_tasks'
    THEN RAISE(ABORT, 'tablao: timed_out_tasks cannot be updated while the setting state_machine is off: timeouts are the work of the Manager')
    WHEN 'timed_out_workers'
    THEN RAISE(ABORT, 'tablao: timed_out_workers cannot be updated while the setting state_machine is off: timeouts are the work of the Manager')
    ELSE RAISE(ABORT, 'tablao: farm_ticks is closed while the setting state_machine is off: the periodic checks are the work of the Manager')
  END;
END;
