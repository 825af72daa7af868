-- Who is working on what: one row per active task that has a worker.
-- INSERT INTO task_claims (worker_uuid) VALUES (...) claims the next task for
-- that worker: docs/rules.md, "Who gets what". Refused, in words, for a worker
-- that is unknown, deleted, asked to change status, or not awake.
CREATE VIEW task_claims (
  worker_uuid, task_uuid, job_uuid, job_status, last_touched_at, worker_name,
  task_name, task_type
) AS
SELECT
  w.uuid, t.uuid, j.uuid, j.status, t.last_touched_at, w.name, t.name, t.type
FROM tasks t
JOIN workers w ON w.id = t.worker_id
JOIN jobs j ON j.id = t.job_id
WHERE t.status = 'active';

CREATE TRIGGER tablao_claims_insert INSTEAD OF INSERT ON task_claims
BEGIN
  SELECT CASE
    WHEN w.id IS NULL
    THEN RAISE(ABORT, 'tablao: task_claims.worker_uuid must be the uuid of a worker: SELECT uuid, name FROM workers lists them')
    WHEN w.deleted_at IS NOT NULL
    THEN RAISE(ABORT, 'tablao: task_claims: the worker is deleted (workers.deleted_at), it must register anew')
    WHEN w.status_requested <> ''
    THEN RAISE(ABORT, 'tablao: task_claims: the worker is asked to change status (workers.status_requested) and must do that first')
    WHEN w.status = 'awake' THEN NULL
    WHEN w.status = ''
    THEN RAISE(ABORT, 'tablao: task_claims: the worker must be awake (workers.status); it has not signed on')
    WHEN w.status = 'asleep'
    THEN RAISE(ABORT, 'tablao: task_claims: the worker must be awake (workers.status); it is asleep')
    WHEN w.status = 'offline'
    THEN RAISE(ABORT, 'tablao: task_claims: the worker must be awake (workers.status); it is offline')
    WHEN w.status = 'error'
    THEN RAISE(ABORT, 'tablao: task_claims: the worker must be awake (workers.status); it is in error')
    ELSE RAISE(ABORT, 'tablao: task_claims: the worker must be awake (workers.status); it is starting, testing or restarting')
  END
  -- One row, so that a worker that is not there gives a row, too.
  FROM tablao_scratch s
  LEFT JOIN workers w ON w.uuid = NEW.worker_uuid;
  INSERT INTO tablao_claim (worker_id, now)
  VALUES (
    (SELECT w.id FROM workers w WHERE w.uuid = NEW.worker_uuid),
    (SELECT now FROM farm_clock)
  );
END;

-- tablao_claim: hands the next task to a worker that may have one. A door of
-- its own so that the clock is read once.
CREATE VIEW tablao_claim (worker_id, now) AS
SELECT NULL, NULL WHERE 0;

CREATE TRIGGER tablao_claim_insert INSTEAD OF INSERT ON tablao_claim
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
        SELECT 1 FROM tablao_current_tasks c WHERE c.worker_id = NEW.worker_id
      )
  );
END;
