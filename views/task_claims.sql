-- Who is working on what: one row per active task that has a worker.
-- INSERT INTO task_claims (worker_uuid) VALUES (...) claims the next task for
-- that worker: docs/rules.md, "Who gets what". It is refused, saying why, for a
-- worker that is unknown, deleted, asked to change status, or not awake.
CREATE VIEW task_claims (
  worker_uuid, task_uuid, job_uuid, job_status, last_touched_at, worker_name,
  task_name, task_type
) AS
SELECT
  w.uuid, t.uuid, j.uuid, j.status, t.last_touched_at, w.name, t.name, t.type
FROM tasks t
-- likelihood(): a worker's task is found by the index of active tasks, whatever
-- statistics there are. OR 1: docs/design.md, "Doors".
JOIN workers w ON likelihood(w.id = t.worker_id, 1e-5)
JOIN jobs j ON j.id = t.job_id AND (j.name OR t.id OR 1)
WHERE t.status = 'active';

CREATE TRIGGER tablao_claims_insert INSTEAD OF INSERT ON task_claims
BEGIN
  INSERT INTO tablao_claim (worker_id, now)
  VALUES (
    (SELECT w.id FROM workers w WHERE w.uuid = NEW.worker_uuid),
    (SELECT now FROM farm_clock)
  );
END;

-- tablao_claim: finds the next task of a worker, if it may have one: the first of its
-- tablao_offers, found without looking at all of them. A door of its own, so that the
-- worker is looked up once, and the clock read once.
CREATE VIEW tablao_claim (worker_id, now) AS
SELECT NULL, NULL WHERE 0;

CREATE TRIGGER tablao_claim_insert INSTEAD OF INSERT ON tablao_claim
BEGIN
  SELECT RAISE(ABORT, 'tablao: task_claims.worker_uuid must be the uuid of a worker: SELECT uuid, name FROM workers lists them')
  WHERE NEW.worker_id IS NULL;
  SELECT CASE
    WHEN deleted_at IS NOT NULL
    THEN RAISE(ABORT, 'tablao: task_claims: the worker is deleted (workers.deleted_at), it must register anew')
    WHEN status_requested <> ''
    THEN RAISE(ABORT, 'tablao: task_claims: the worker is asked to change status (workers.status_requested) and must do that first')
    WHEN status = 'awake' THEN NULL
    WHEN status = ''
    THEN RAISE(ABORT, 'tablao: task_claims: the worker must be awake (workers.status); it has not signed on')
    WHEN status = 'asleep'
    THEN RAISE(ABORT, 'tablao: task_claims: the worker must be awake (workers.status); it is asleep')
    WHEN status = 'offline'
    THEN RAISE(ABORT, 'tablao: task_claims: the worker must be awake (workers.status); it is offline')
    WHEN status = 'error'
    THEN RAISE(ABORT, 'tablao: task_claims: the worker must be awake (workers.status); it is in error')
    ELSE RAISE(ABORT, 'tablao: task_claims: the worker must be awake (workers.status); it is starting, testing or restarting')
  END
  FROM workers WHERE id = NEW.worker_id;
  -- The first task of every pair of type and tag, and the best of these: by max(),
  -- since an ORDER BY opens a table of its own. The text sorts as the four numbers do,
  -- the last two backwards: each is in two's complement, in hexadecimal digits, after
  -- its sign if it may be negative. The task's id follows. This is no expression of an
  -- UPDATE, which would be too deep for some hosts: docs/clients.md.
  INSERT INTO tablao_hand_out (task_id, worker_id, now)
  VALUES (
    (
      SELECT CAST(substr(max(v.offer), 67) AS INTEGER)
      FROM (
        SELECT (
          SELECT printf(
            '%d%016x%d%016x%016x%016x%d',
            o.job_priority >= 0, o.job_priority, o.task_priority >= 0, o.task_priority,
            ~o.job_id, ~o.index_in_job, o.task_id
          )
          FROM tablao_offers o
          WHERE (o.worker_id, o.task_type, o.worker_tag_id) = (p.worker_id, p.task_type, p.worker_tag_id)
          ORDER BY o.job_priority DESC, o.task_priority DESC, o.job_id, o.lane_id, o.index_in_job
        ) AS offer
        FROM tablao_worker_types p
        WHERE p.worker_id = NEW.worker_id
      ) v
    ),
    NEW.worker_id, NEW.now
  );
  -- Last: if a user's trigger on it makes the worker sign off, it gives that task back.
  UPDATE workers SET last_seen_at = NEW.now, updated_at = NEW.now
  WHERE id = NEW.worker_id;
END;

-- tablao_hand_out: gives a task to a worker that is working on nothing; does nothing
-- if task_id is NULL. tablao_current_tasks says the same of "working", but with it
-- SQLite would look through all workers if ANALYZE has found few.
CREATE VIEW tablao_hand_out (task_id, worker_id, now) AS
SELECT NULL, NULL, NULL WHERE 0;

CREATE TRIGGER tablao_hand_out_insert INSTEAD OF INSERT ON tablao_hand_out
BEGIN
  UPDATE tasks SET
    worker_id = NEW.worker_id,
    status = 'active',
    last_touched_at = NEW.now,
    updated_at = NEW.now
  WHERE id = NEW.task_id
    AND NOT EXISTS (
      SELECT 1 FROM tasks a CROSS JOIN jobs j ON j.id = a.job_id
      WHERE a.status = 'active'
        AND a.worker_id = NEW.worker_id
        AND (j.status = 'queued' OR j.status = 'active')
    );
END;
