-- @own
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

-- @own
CREATE VIEW tablao_next_tasks (worker_id, task_id) AS
-- What each worker would get now: one row per worker, task_id NULL when there
-- is nothing for it. It is the first of its runnable_tasks, found without
-- looking at the others: the first lane of every pair of type and tag that has
-- a task for this worker, and of these the best.
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
      (l.task_priority >> 32) + 2147483648, l.task_priority & 4294967295,
      (~l.job_id >> 32) + 2147483648, ~l.job_id & 4294967295,
      (~t.index_in_job >> 32) + 2147483648, ~t.index_in_job & 4294967295,
      t.id
    )), 81) AS INTEGER)
    FROM tablao_worker_types p
    CROSS JOIN tablao_lanes l ON l.id = (
      SELECT o.lane_id FROM tablao_open_lanes o
      WHERE o.worker_id = w.id
        AND o.task_type = p.task_type
        AND o.worker_tag_id = p.worker_tag_id
      ORDER BY o.job_priority DESC, o.task_priority DESC, o.job_id
      LIMIT 1
    )
    -- That lane and those beside it, which differ in who has failed their
    -- tasks: the lowest of their first tasks.
    CROSS JOIN tasks t ON t.job_id = l.job_id AND t.index_in_job = (
      SELECT min((
        SELECT r.index_in_job FROM tablao_ready_tasks r
        WHERE r.lane_id = s.id ORDER BY r.index_in_job LIMIT 1
      ))
      FROM tablao_lanes s
      WHERE s.job_id = l.job_id
        AND s.task_type = l.task_type
        AND s.task_priority = l.task_priority
        AND s.has_ready = 1
        AND instr(s.failed_by, ',' || w.id || ',') = 0
    )
    WHERE p.worker_id = w.id
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
  SELECT CASE
    WHEN (SELECT value FROM tablao_settings WHERE name = 'state_machine') <> 'on'
    THEN RAISE(ABORT, 'tablao: task_claims is closed while the setting state_machine is off: scheduling is the work of the Manager')
    WHEN w.id IS NULL
    THEN RAISE(ABORT, 'tablao: task_claims.worker_uuid must be the uuid of a worker')
    WHEN w.deleted_at IS NOT NULL
    THEN RAISE(ABORT, 'tablao: task_claims: the worker is deleted (workers.deleted_at), it must register anew')
    WHEN w.status_requested <> ''
    THEN RAISE(ABORT, 'tablao: task_claims: the worker is asked to change status (workers.status_requested) and must do that first')
    WHEN w.status <> 'awake'
    THEN RAISE(ABORT, 'tablao: task_claims: the worker must be awake (workers.status)')
  END
  -- One row, so that a worker that is not there gives a row, too.
  FROM tablao_setting_defaults d
  LEFT JOIN workers w ON w.uuid = NEW.worker_uuid
  WHERE d.name = 'clock';
  INSERT INTO tablao_claims (worker_id, now)
  VALUES (
    (SELECT w.id FROM workers w WHERE w.uuid = NEW.worker_uuid),
    (SELECT now FROM farm_clock)
  );
END;

CREATE VIEW tablao_claims (worker_id, now) AS
-- Hands the next task to a worker that may have one. A door of its own so that
-- the clock is read once.
SELECT NULL, NULL WHERE 0;

CREATE TRIGGER tablao_claims_ii INSTEAD OF INSERT ON tablao_claims
BEGIN
  UPDATE workers SET last_seen_at = NEW.now, updated_at = NEW.now
  WHERE id = NEW.worker_id;
  UPDATE tasks SET
    worker_id = NEW.worker_id,
    status = 'active',
    last_touched_at = NEW.now,
    updated_at = NEW.now
  WHERE id = (
    SELECT n.task_id FROM tablao_next_tasks n
    WHERE n.worker_id = NEW.worker_id
      AND NOT EXISTS (
        SELECT 1 FROM tablao_current_tasks c WHERE c.worker_id = n.worker_id
      )
  );
END;
