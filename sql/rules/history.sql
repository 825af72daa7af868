-- What history and events keep: docs/rules.md, "What is remembered". One set of
-- rules for own and observed farms; they read columns of Flamenco's and write
-- tables of Tablao's only.
-- `-- @own` ends a line that only an own farm has; behind CREATE, the whole
-- object.

-- @both

CREATE TRIGGER tablao_tasks_update_worker AFTER UPDATE OF worker_id ON tasks -- @own
-- The worker must exist. Here, so that it is asked for before its attempt begins, which
-- would be refused in other words.
BEGIN
  SELECT RAISE(ABORT, 'tablao: tasks.worker_id must be NULL or the id of a worker')
  FROM tasks t
  WHERE t.id = NEW.id AND t.worker_id IS NOT (SELECT w.id FROM workers w WHERE w.id = t.worker_id);
END;

CREATE TRIGGER tablao_tasks_write_attempt AFTER UPDATE OF status, worker_id ON tasks
-- Closes the attempt that the change ends, opens the one that it begins, and
-- writes the event. A sweep of the job fires it, too, and ends the attempts of the
-- tasks that were active; no status that a sweep gives is an event. If a trigger of
-- the user's has changed the task again meanwhile, the row as it is now counts.
-- instr() finds failed in soft-failed, too, and no other status. An observed farm may
-- have any status, so blanks are put around it: by replace(), an opcode less than ||.
WHEN (OLD.status = 'active' OR instr('active completed soft-failed', NEW.status))
  AND (NEW.status <> OLD.status OR NEW.worker_id IS NOT OLD.worker_id)
BEGIN
  -- Before the one that ends is closed: in a trigger that has read task_attempts, SQLite -- @observed
  -- makes a temporary table for what it inserts, each time that the trigger runs. -- @observed
  INSERT INTO task_attempts (task_id, worker_id, worker_name, started_at) -- @observed
  SELECT NEW.id, w.id, w.name, c.now -- @observed
  FROM farm_settings s -- @observed
  CROSS JOIN workers w -- @observed
    ON w.id = (SELECT t.worker_id FROM tasks t WHERE t.id = NEW.id AND t.status = 'active') -- @observed
  CROSS JOIN farm_clock c -- @observed
  WHERE s.name = 'history' AND s.value <> 'off'; -- @observed
  UPDATE task_attempts SET
    ended_at = (SELECT now FROM farm_clock),
    outcome = CASE
      WHEN NEW.status <> 'active' THEN NEW.status
      WHEN NEW.worker_id IS NULL THEN 'unassigned'
      ELSE 'reassigned'
    END,
    activity = NEW.activity
  -- The value of a subquery is its first row: LIMIT 1 would only cost more.
  -- If one has just begun, it is the last before that: a trigger of the user's may have -- @observed
  -- begun another since. -- @observed
  WHERE id = (
      SELECT a.id FROM task_attempts a
      WHERE unlikely(a.task_id = NEW.id)
        AND (a.id < last_insert_rowid() OR NOT changes()) -- @observed
      ORDER BY a.id DESC
    )
    AND ended_at IS NULL
    AND NOT EXISTS ( -- @own
      SELECT 1 FROM tasks t -- @own
      WHERE t.id = NEW.id AND t.status = 'active' AND t.worker_id = task_attempts.worker_id -- @own
    ) -- @own
  ;
  INSERT INTO tablao_attempt (task_id, worker_id) VALUES (NEW.id, ( -- @own
    SELECT t.worker_id FROM tasks t -- @own
    WHERE t.id = NEW.id AND t.status = 'active' AND t.tablao_rev -- @own
      AND ( -- @own
        SELECT a.ended_at IS NULL FROM task_attempts a -- @own
        WHERE unlikely(a.task_id = t.id) -- @own
        ORDER BY a.id DESC -- @own
      ) IS NOT TRUE -- @own
  )); -- @own
  INSERT INTO tablao_events VALUES (
    CASE
      WHEN NEW.status <> OLD.status AND instr('active completed soft-failed', NEW.status) -- @own
      WHEN NEW.status <> OLD.status -- @observed
        AND instr(' active completed failed soft-failed ', replace(' . ', '.', NEW.status)) -- @observed
      THEN 'task'
    END,
    NEW.uuid, NEW.name, (SELECT uuid FROM jobs WHERE id = NEW.job_id),
    OLD.status, NEW.status, NEW.activity
  );
END;

-- tablao_attempt: begins an attempt; none if worker_id is NULL. It is a door because in a
-- trigger that reads task_attempts SQLite would put what it inserts into a temporary table
-- first. Neither tasks nor workers is joined: SQLite would scan what had one row at
-- ANALYZE. (In an observed farm workers is: there fewer opcodes count for more.)
-- @own
CREATE VIEW tablao_attempt (task_id, worker_id) AS
SELECT NULL, NULL WHERE 0;

CREATE TRIGGER tablao_attempt_insert INSTEAD OF INSERT ON tablao_attempt -- @own
WHEN NEW.worker_id IS NOT NULL
BEGIN
  INSERT INTO task_attempts (task_id, worker_id, worker_name, started_at)
  SELECT NEW.task_id, NEW.worker_id, (SELECT w.name FROM workers w WHERE w.id = NEW.worker_id), c.now
  FROM farm_settings s CROSS JOIN farm_clock c
  WHERE s.name = 'history' AND s.value <> 'off';
END;

CREATE TRIGGER tablao_attempts_insert AFTER INSERT ON task_attempts -- @own
-- The rule on whom an attempt names, with foreign keys on or off; in an observed farm
-- the Manager has them on. Of the row as it is: a user's trigger may have deleted them.
BEGIN
  SELECT RAISE(ABORT, 'tablao: task_attempts.task_id must be the id of a task, and worker_id NULL or the id of a worker')
  FROM task_attempts a
  WHERE a.id = NEW.id
    AND (
      a.task_id NOT IN (SELECT id FROM tasks)
      OR a.worker_id IS NOT (SELECT w.id FROM workers w WHERE w.id = a.worker_id)
    );
END;

CREATE TRIGGER tablao_attempts_update AFTER UPDATE OF task_id, worker_id ON task_attempts -- @own
-- The same for an UPDATE, as far as it changes them.
BEGIN
  SELECT RAISE(ABORT, 'tablao: task_attempts.task_id must be the id of a task, and worker_id NULL or the id of a worker')
  FROM task_attempts a
  WHERE a.id = NEW.id
    AND (
      (a.task_id <> OLD.task_id AND a.task_id NOT IN (SELECT id FROM tasks))
      OR (a.worker_id IS NOT OLD.worker_id AND a.worker_id IS NOT (SELECT w.id FROM workers w WHERE w.id = a.worker_id))
    );
END;

CREATE TRIGGER tablao_attempts_count AFTER UPDATE OF ended_at ON task_attempts -- @own
-- Adds an attempt that closes to the sums of its job. In an observed farm they are
-- added up when somebody asks: there it counts for more what each report compiles.
-- Milliseconds are computed from whole seconds and the digits behind them, since
-- SQLite versions differ by one in what they make of fractions; a user may have written
-- a time without such digits.
WHEN OLD.ended_at IS NULL AND NEW.ended_at IS NOT NULL
BEGIN
  UPDATE tablao_counts SET
    num_attempts = num_attempts + 1,
    num_failed_attempts = num_failed_attempts + (NEW.outcome GLOB '*failed' IS TRUE),
    busy_ms = busy_ms + max(0, coalesce(
      strftime('%s000', NEW.ended_at) - strftime('%s000', NEW.started_at)
        + substr(NEW.ended_at, 21, 3) - substr(NEW.started_at, 21, 3),
      0
    )),
    first_started_at = min(coalesce(first_started_at, NEW.started_at), NEW.started_at),
    last_ended_at = max(coalesce(last_ended_at, ''), NEW.ended_at)
  WHERE job_id = (SELECT t.job_id FROM tasks t WHERE t.id = NEW.task_id);
END;

CREATE TRIGGER tablao_attempts_delete AFTER DELETE ON task_attempts
-- An attempt that is gone stays part of what its worker has done.
WHEN OLD.worker_id IS NOT NULL AND OLD.outcome IS NOT NULL
BEGIN
  INSERT INTO tablao_attempt_sums (
    worker_id, outcome, num_attempts, busy_ms, last_ended_at
  )
  VALUES (
    OLD.worker_id, OLD.outcome, 1,
    max(0, coalesce(
      strftime('%s000', OLD.ended_at) - strftime('%s000', OLD.started_at)
        + substr(OLD.ended_at, 21, 3) - substr(OLD.started_at, 21, 3),
      0
    )),
    OLD.ended_at
  )
  ON CONFLICT (worker_id, outcome) DO UPDATE SET
    num_attempts = num_attempts + 1,
    busy_ms = busy_ms + excluded.busy_ms,
    last_ended_at = max(last_ended_at, excluded.last_ended_at);
END;

-- tablao_events: writes an event; none if kind is NULL. Those who use it give all
-- columns and do not name them: the names would be 600 bytes more to parse.
CREATE VIEW tablao_events (
  kind, uuid, name, job_uuid, old_status, new_status, activity
) AS
SELECT NULL, NULL, NULL, NULL, NULL, NULL, NULL WHERE 0;

CREATE TRIGGER tablao_events_insert INSTEAD OF INSERT ON tablao_events
WHEN NEW.kind IS NOT NULL
  AND (SELECT value FROM farm_settings WHERE name = 'events_keep')
BEGIN
  INSERT INTO farm_events (
    id, created_at, kind, uuid, name, job_uuid, old_status, new_status, activity
  ) VALUES (
    (
      SELECT d.last_id + 1 FROM tablao_deleted_events d
      WHERE NOT EXISTS (SELECT 1 FROM farm_events e WHERE e.id > d.last_id)
    ),
    (SELECT now FROM farm_clock),
    NEW.kind,
    NEW.uuid,
    NEW.name,
    NEW.job_uuid,
    NEW.old_status,
    NEW.new_status,
    NEW.activity
  );
  -- The oldest go, 512 at once. Beside a subquery stands a constant: of anything else -- @observed
  -- a newer SQLite, the Manager's among them, asks first whether it is NULL. No row was -- @observed
  -- written where a trigger of the user's wants none of it, and the last rowid is of -- @observed
  -- another table. -- @observed
  DELETE FROM farm_events -- @observed
  WHERE id <= -512 -- @observed
    & (SELECT changes() * last_insert_rowid() - value FROM farm_settings WHERE name = 'events_keep'); -- @observed
END;

CREATE TRIGGER tablao_events_prune AFTER INSERT ON farm_events -- @own
-- Deletes the oldest events now and then, many at once. Not with each event: SQLite
-- would look at all of them if there were two at ANALYZE. (An observed farm, in which
-- nobody should run ANALYZE, does it where the event is written: fewer opcodes.)
WHEN NOT NEW.id % 256
BEGIN
  DELETE FROM farm_events
  WHERE id <= (SELECT NEW.id - value FROM farm_settings WHERE name = 'events_keep');
END;

CREATE TRIGGER tablao_events_delete AFTER DELETE ON farm_events
-- Notes its id, so that it is not given again.
BEGIN
  UPDATE tablao_deleted_events SET last_id = OLD.id WHERE last_id < OLD.id;
END;

CREATE TRIGGER tablao_jobs_write_insert_event AFTER INSERT ON jobs
-- A new job is an event.
BEGIN
  INSERT INTO tablao_events VALUES (
    'job', NEW.uuid, NEW.name, NEW.uuid, NULL, NEW.status, NEW.activity
  );
END;

CREATE TRIGGER tablao_jobs_write_status_event AFTER UPDATE OF status ON jobs
-- A new status of a job is an event.
WHEN NEW.status <> OLD.status
BEGIN
  INSERT INTO tablao_events VALUES (
    'job', NEW.uuid, NEW.name, NEW.uuid, OLD.status, NEW.status, NEW.activity
  );
END;

CREATE TRIGGER tablao_jobs_before_delete_archive BEFORE DELETE ON jobs
-- Leaves a row that says what is worth knowing of the job; then, in an own farm, its
-- tasks go, with foreign keys on or off (a Manager that is observed has them on).
BEGIN
  INSERT INTO archived_jobs (
    uuid, name, job_type, status, created_at, deleted_at, num_tasks,
    num_completed, num_failed, num_attempts, busy_seconds
  )
  SELECT
    OLD.uuid, OLD.name, OLD.job_type, OLD.status, OLD.created_at, c.now,
    coalesce(n.num_tasks, 0), coalesce(n.num_completed, 0), -- @own
    coalesce(n.num_failed, 0), coalesce(n.num_attempts, 0) + b.num_attempts, -- @own
    (coalesce(n.busy_ms, 0) + b.busy_ms) / 1000 -- @own
    count(t.id), count(*) FILTER (WHERE t.status = 'completed'), -- @observed
    count(*) FILTER (WHERE t.status = 'failed'), b.num_attempts, b.busy_ms / 1000 -- @observed
  FROM (
    SELECT count(*) AS num_attempts, total(a.ms) AS busy_ms
    FROM tasks t CROSS JOIN tablao_timed_attempts a ON likelihood(a.task_id = t.id, 1e-5)
    WHERE t.job_id = OLD.id
      -- The open ones: the others are added up already. The + makes SQLite look at the
      -- tasks of this job, and not at all that are active.
      AND +t.status = 'active' AND a.ended_at IS NULL -- @own
  ) b
  CROSS JOIN farm_clock c
  LEFT JOIN tablao_counts n ON n.job_id = OLD.id -- @own
  LEFT JOIN tasks t ON t.job_id = OLD.id -- @observed
  ;
  -- In an own farm that is the last that happens: tablao_jobs_delete. -- @observed
  INSERT INTO tablao_events VALUES ( -- @observed
    'job', OLD.uuid, OLD.name, OLD.uuid, OLD.status, NULL, OLD.activity -- @observed
  ); -- @observed
  -- First, so that what a user's trigger on it adds to the job goes, too. -- @own
  DELETE FROM last_rendereds WHERE job_id = OLD.id; -- @own
  -- By the missing row of tablao_counts the triggers know that the job is being -- @own
  -- deleted, and do nothing as its tasks go one by one. Without its lanes nobody -- @own
  -- can claim one any more. -- @own
  DELETE FROM tablao_counts WHERE job_id = OLD.id; -- @own
  DELETE FROM tablao_skips WHERE lane_id IN (SELECT id FROM tablao_lanes WHERE job_id = OLD.id); -- @own
  DELETE FROM tablao_lanes WHERE job_id = OLD.id; -- @own
  DELETE FROM task_dependencies WHERE task_id IN (SELECT t.id FROM tasks t WHERE t.job_id = OLD.id); -- @own
  DELETE FROM task_failures WHERE task_id IN (SELECT t.id FROM tasks t WHERE t.job_id = OLD.id); -- @own
  -- Not sooner: users' triggers may make attempts meanwhile. -- @own
  DELETE FROM task_attempts WHERE task_id IN (SELECT t.id FROM tasks t WHERE t.job_id = OLD.id); -- @own
  DELETE FROM tasks WHERE job_id = OLD.id; -- @own
END;

CREATE TRIGGER tablao_workers_write_insert_event AFTER INSERT ON workers
-- A new worker is an event, unless it is soft-deleted from the start: then it has no
-- status, and its deletion will be no event either.
BEGIN
  INSERT INTO tablao_events VALUES (
    CASE WHEN NEW.deleted_at THEN NULL ELSE 'worker' END, NEW.uuid, NEW.name, NULL, NULL, NEW.status, NULL
  );
END;

CREATE TRIGGER tablao_workers_write_status_event AFTER UPDATE OF status, deleted_at ON workers
-- A soft-deleted worker has no status any more. A time is true by its year, which
-- costs less than a comparison.
WHEN CASE WHEN OLD.deleted_at THEN NULL ELSE OLD.status END
  IS NOT CASE WHEN NEW.deleted_at THEN NULL ELSE NEW.status END
BEGIN
  INSERT INTO tablao_events VALUES (
    'worker', NEW.uuid, NEW.name, NULL,
    CASE WHEN OLD.deleted_at THEN NULL ELSE OLD.status END,
    CASE WHEN NEW.deleted_at THEN NULL ELSE NEW.status END,
    NULL
  );
END;

CREATE TRIGGER tablao_workers_delete_history AFTER DELETE ON workers
-- Its attempts stay, without it, with foreign keys on or off. What else hangs on it
-- goes, in an own farm: here, AFTER, when no user's trigger can add to that any more.
BEGIN
  -- Those that a user's trigger has given it again. -- @own
  UPDATE tasks SET worker_id = NULL WHERE worker_id = OLD.id; -- @own
  DELETE FROM worker_tag_membership WHERE worker_id = OLD.id; -- @own
  DELETE FROM task_failures WHERE worker_id = OLD.id; -- @own
  DELETE FROM job_blocks WHERE worker_id = OLD.id; -- @own
  DELETE FROM sleep_schedules WHERE worker_id = OLD.id; -- @own
  DELETE FROM tablao_worker_types WHERE worker_id = OLD.id; -- @own
  UPDATE task_attempts SET worker_id = NULL WHERE worker_id = OLD.id;
  DELETE FROM tablao_attempt_sums WHERE worker_id = OLD.id;
  INSERT INTO tablao_events VALUES (
    CASE WHEN OLD.deleted_at > '' THEN NULL ELSE 'worker' END,
    OLD.uuid, OLD.name, NULL, OLD.status, NULL, NULL
  );
END;
