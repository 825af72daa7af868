-- A job, from its INSERT to its DELETE; in between, what a change of its status
-- does. As in tasks.sql, what is named `count` books, and all else looks at the
-- row as it is.

-- INSERT --------------------------------------------------------------------

CREATE TRIGGER tablao_jobs_before_insert BEFORE INSERT ON jobs
-- Notes whether the keys are taken; not the uuid by a job that is being inserted, as for
-- tasks. Not by tablao_note_replaced: an INSERT has no other use for it, and compiling it
-- costs more.
BEGIN
  UPDATE tablao_replaced SET key = CASE
    WHEN NEW.id IN (SELECT id FROM jobs) OR (SELECT tablao_status FROM jobs WHERE uuid = NEW.uuid) > ''
    THEN coalesce(NEW.uuid, RAISE(ABORT, 'tablao: jobs cannot be REPLACEd: use INSERT ... ON CONFLICT DO UPDATE'))
    ELSE nullif(key, NEW.uuid)
  END
  WHERE table_name = 'jobs';
END;

CREATE TRIGGER tablao_jobs_insert AFTER INSERT ON jobs
-- The rules on a new job.
BEGIN
  SELECT CASE
    WHEN NEW.id < 1
    THEN RAISE(ABORT, 'tablao: jobs.id must be a whole number from 1')
    WHEN NEW.uuid = (SELECT key FROM tablao_replaced WHERE table_name = 'jobs')
    THEN RAISE(ABORT, 'tablao: jobs cannot be REPLACEd: use INSERT ... ON CONFLICT DO UPDATE')
    WHEN NEW.tablao_status <> ''
    THEN RAISE(ABORT, 'tablao: jobs.tablao_status is kept by triggers: leave it out')
  END;
  INSERT INTO tablao_assert_json (value, rule) VALUES (NEW.settings, 'settings object null');
  INSERT INTO tablao_assert_json (value, rule) VALUES (NEW.metadata, 'metadata object null');
  INSERT INTO tablao_finish_job (job_id, step) VALUES (NEW.id, -1);
END;

-- tablao_finish_job: brings the times of a job to the form in which they are kept,
-- and settings and metadata, which are known to be JSON, to text. step: what is added
-- to tablao_rev: 1 after an UPDATE of these; -1 for a new job, which the triggers that
-- have the rules on them know by it, whatever users' triggers did before.
CREATE VIEW tablao_finish_job (job_id, step) AS
SELECT NULL, NULL WHERE 0;

CREATE TRIGGER tablao_finish_job_insert INSTEAD OF INSERT ON tablao_finish_job
WHEN NEW.job_id IS NOT NULL
BEGIN
  INSERT INTO tablao_times (n, value)
  VALUES (1, (SELECT nullif(created_at, strftime('%Y-%m-%d %H:%M:%f+00:00')) FROM jobs WHERE id = NEW.job_id));
  INSERT INTO tablao_times (n, value)
  VALUES (2, (SELECT delete_requested_at FROM jobs WHERE id = NEW.job_id));
  UPDATE jobs SET
    (created_at, updated_at, delete_requested_at) = (
      SELECT
        coalesce(a.value, c.now),
        coalesce(nullif(jobs.updated_at, strftime('%Y-%m-%d %H:%M:%f+00:00')), c.now),
        b.value
      FROM tablao_written_times a CROSS JOIN tablao_written_times b CROSS JOIN farm_clock c
      WHERE a.n = 1 AND b.n = 2
    ),
    name = name,
    settings = ltrim(CAST(settings AS TEXT), char(65279)),
    metadata = ltrim(CAST(metadata AS TEXT), char(65279)),
    tablao_status = CASE WHEN NEW.step < 0 THEN status ELSE tablao_status END,
    tablao_rev = tablao_rev + NEW.step
  WHERE id = NEW.job_id;
END;

-- UPDATE --------------------------------------------------------------------

CREATE TRIGGER tablao_jobs_before_uuid BEFORE UPDATE OF uuid ON jobs
-- Notes whether another job has the uuid.
BEGIN
  INSERT INTO tablao_note_replaced
  VALUES ('jobs', NEW.uuid, (SELECT uuid FROM jobs WHERE uuid = NEW.uuid AND id <> OLD.id));
END;

CREATE TRIGGER tablao_jobs_write_count_lanes AFTER UPDATE OF
  priority, status, delete_requested_at, worker_tag_id
ON jobs
-- Copies to its lanes what they carry of the job; and says which of them have ready
-- tasks, since a sweep leaves that to this trigger.
BEGIN
  UPDATE tablao_lanes SET
    (worker_tag_id, job_priority, is_closed) = (
      SELECT j.worker_tag_id, j.job_priority, j.is_closed
      FROM tablao_job_lanes j WHERE j.job_id = NEW.id
    ),
    has_ready = EXISTS (SELECT 1 FROM tablao_ready_tasks r WHERE unlikely(r.lane_id = tablao_lanes.id))
  WHERE unlikely(job_id = NEW.id);
END;

CREATE TRIGGER tablao_jobs_update_own AFTER UPDATE OF status, tablao_status ON jobs
-- The rule on the status; and on tablao_status, which only tablao_act may write:
-- also for a status from before the rule, or no other job could be acted upon. ''
-- stands for a job that has just been inserted, a blank for one that a tick treats
-- as if its status were new.
-- instr() finds out whether it is a status with fewer opcodes than comparisons. In
-- the list each status stands in quotes, so that no text is taken for two of them
-- and no BLOB for one; and once more without, since quote() ends at a zero byte.
WHEN (
    NEW.tablao_status <> OLD.tablao_status
    AND OLD.tablao_status <> ''
    AND NEW.tablao_rev <= OLD.tablao_rev
  )
  OR (
    -- @statuses job
    NOT instr('''active''active''completed''completed''queued''queued''canceled''canceled''failed''failed''paused''paused''pause-requested''pause-requested''cancel-requested''cancel-requested''requeueing''requeueing''under-construction''under-construction', quote(NEW.status) || NEW.status)
    AND (NEW.status <> OLD.status OR NEW.tablao_rev < OLD.tablao_rev OR NEW.tablao_status = OLD.tablao_status)
  )
BEGIN
  SELECT CASE
    WHEN OLD.tablao_status = '' OR NEW.tablao_status = OLD.tablao_status
    THEN RAISE(ABORT, 'tablao: jobs.status must be one of active, canceled, completed, failed, paused, pause-requested, queued, cancel-requested, requeueing, under-construction')
    ELSE RAISE(ABORT, 'tablao: jobs: the row has changed since it was read; tablao_status is kept by triggers: leave it out')
  END;
END;

CREATE TRIGGER tablao_jobs_update AFTER UPDATE OF
  id, rowid, oid, _rowid_, created_at, updated_at, uuid, name, job_type,
  priority, status, activity, settings, metadata, delete_requested_at,
  worker_tag_id, steps_completed, steps_total
ON jobs
-- Sets updated_at, or brings it to its form if the statement has set it. Our own
-- UPDATEs set a time that is right, and SQLite 3.37 might find another millisecond for
-- ever. The sums are what is booked, whatever is written to them.
WHEN (NEW.updated_at IS OLD.updated_at AND NEW.tablao_rev = OLD.tablao_rev)
  OR (NEW.tablao_rev <= OLD.tablao_rev AND strftime('%Y-%m-%d %H:%M:%f+00:00', NEW.updated_at, '+0 days') IS NOT NEW.updated_at)
  -- Of a job that never had a task nothing is booked.
  OR printf('%s %s', NEW.steps_completed, NEW.steps_total) <> coalesce(
    (SELECT printf('%s %s', c.steps_completed, c.steps_total) FROM tablao_counts c WHERE c.job_id = NEW.id),
    '0 0'
  )
BEGIN
  INSERT INTO tablao_times (n, value)
  VALUES (1, nullif(NEW.updated_at, CASE WHEN NEW.tablao_rev >= OLD.tablao_rev THEN OLD.updated_at END));
  INSERT INTO tablao_sums (job_id, n) VALUES (NEW.id, 1);
  INSERT INTO tablao_sums (job_id, n) VALUES (NEW.id, 0);
END;

-- tablao_sums: writes to a job the booked sums over its tasks, and updated_at: from
-- row n of tablao_written_times, or now if that is NULL. With n = 0 it does so only if
-- the sums differ from those that the job has. It is a door because an UPDATE of a row
-- this wide is most of what there is to compile. With recursive_triggers off, SQLite
-- skips it for what users' triggers do inside it, so it is always used twice. Here it
-- is also asked how large a sum may be, since the sums are read anyway.
CREATE VIEW tablao_sums (job_id, n) AS
SELECT NULL, NULL WHERE 0;

CREATE TRIGGER tablao_sums_insert INSTEAD OF INSERT ON tablao_sums
BEGIN
  UPDATE jobs SET
    (updated_at, steps_completed, steps_total) = (
      SELECT
        coalesce(w.value, c.now),
        coalesce(n.steps_completed, 0),
        CASE
          WHEN n.steps_total > 9007199254740992
          THEN RAISE(ABORT, 'tablao: tasks.steps_completed and tasks.steps_total must be whole numbers, and steps_total, and its sum over the job, from 0 to 2^53')
          ELSE coalesce(n.steps_total, 0)
        END
      FROM tablao_written_times w CROSS JOIN farm_clock c
      LEFT JOIN tablao_counts n ON n.job_id = jobs.id
      WHERE w.n = NEW.n
    ),
    tablao_rev = tablao_rev + 1
  WHERE id = NEW.job_id
    AND (NEW.n OR EXISTS (
      SELECT 1 FROM tablao_counts n
      WHERE n.job_id = NEW.job_id AND (n.steps_completed <> jobs.steps_completed OR n.steps_total <> jobs.steps_total)
    ));
END;

CREATE TRIGGER tablao_jobs_update_status AFTER UPDATE OF status ON jobs
-- Acts upon the new status, and upon what users' triggers have changed meanwhile; not for
-- a job that is only being inserted. An activity that a task's new status has written is
-- not the statement's own: that of requeueing replaces it. A status that a user's trigger
-- takes back before it is acted upon counts, too.
WHEN NEW.status <> NEW.tablao_status
  OR (NEW.status <> OLD.status AND NEW.tablao_status = OLD.tablao_status)
BEGIN
  INSERT INTO tablao_act (job_id, status, says)
  VALUES (
    NEW.id,
    NEW.status,
    CASE
      WHEN NEW.activity = OLD.activity OR NEW.activity GLOB 'Job changed to requeueing: *'
      THEN 1
    END
  );
  INSERT INTO tablao_settle (job_id, activity) VALUES (NEW.id, NEW.activity);
  INSERT INTO tablao_settle (job_id) VALUES (NULL);
END;

-- tablao_act: acts upon the status of a job, if that is still to be done: its tasks
-- follow, and then the job gets its next status, which may be the same. If a user's
-- trigger gives it another one meanwhile, that is acted upon next. says: 1, if the rule
-- may say why in the job's activity; NULL where the statement has said something itself,
-- which stays. So does updated_at, which is right by now.
-- With a next_status, which a task's new status has led to, the job just gets that, with
-- what it says and the time; status is '-' then. Where that is to be acted upon, a blank
-- behind tablao_status tells it, even if a user's trigger takes the status back.
-- All that writes a job's status is this one UPDATE. So with recursive_triggers off
-- SQLite skips it while it is running: tablao_settle comes back to what waits for it.
CREATE VIEW tablao_act (job_id, status, says, next_status, now) AS
SELECT NULL, NULL, NULL, NULL, NULL WHERE 0;

CREATE TRIGGER tablao_act_insert INSTEAD OF INSERT ON tablao_act
WHEN (NEW.next_status IS NOT NULL OR NEW.status = (SELECT status FROM jobs WHERE id = NEW.job_id))
  AND NEW.job_id NOT IN (SELECT job_id FROM tablao_acting)
BEGIN
  INSERT INTO tablao_acting (job_id, booked)
  VALUES (NEW.job_id, (SELECT tablao_rev || ':' FROM jobs WHERE id = NEW.job_id));
  INSERT INTO tablao_sweep (job_id, from_status, to_status, activity, mark, now)
  SELECT
    NEW.job_id, r.from_status, r.to_status, r.activity, a.booked || r.mark, c.now
  -- The job is not joined: SQLite would scan all jobs if ANALYZE has found one.
  FROM tablao_acting a
  CROSS JOIN farm_clock c
  CROSS JOIN tablao_sweep_rules r
    ON r.job_status = NEW.status
    AND (SELECT tablao_status FROM jobs WHERE id = NEW.job_id) GLOB r.old_status
  WHERE a.job_id = NEW.job_id;
  DELETE FROM job_blocks WHERE unlikely(job_id = NEW.job_id) AND NEW.status = 'requeueing';
  DELETE FROM task_failures
  WHERE NEW.status = 'requeueing'
    AND worker_id IN (SELECT id FROM workers)
    AND tablao_job_id = NEW.job_id;
  UPDATE jobs SET
    (status, tablao_status, activity) = (
      SELECT
        coalesce(NEW.next_status, r.next_status, jobs.status),
        CASE
          WHEN NEW.next_status IS NULL THEN coalesce(r.next_status, NEW.status)
          WHEN instr('failed requeueing', NEW.next_status) THEN jobs.status || ' '
          ELSE NEW.next_status
        END,
        coalesce(substr(r.activity, NEW.says), nullif(NEW.says, 1), jobs.activity)
      FROM tablao_job_rules r
      WHERE jobs.status || NEW.status || jobs.tablao_status GLOB r.statuses
        -- Asked of the tasks themselves: if a user's trigger has changed the job,
        -- not all of them may have been counted.
        AND r.has_more >= EXISTS (
          SELECT 1 FROM tasks t WHERE unlikely(t.job_id = jobs.id) AND NOT instr(r.done, t.status)
        )
      ORDER BY r.n
    ),
    updated_at = coalesce(NEW.now, updated_at),
    tablao_rev = tablao_rev + 1
  WHERE id = NEW.job_id;
  -- The number of tasks goes on the job's latest event, that of the status that it
  -- has come to: the first row of the subquery.
  UPDATE farm_events SET
    num_tasks = (SELECT num_tasks FROM tablao_acting WHERE job_id = NEW.job_id)
  WHERE id = (
    SELECT e.id
    FROM tablao_acting a CROSS JOIN farm_events e
    WHERE a.job_id = NEW.job_id AND a.num_tasks
      AND e.job_uuid = (SELECT uuid FROM jobs WHERE id = NEW.job_id) AND e.kind = 'job'
    ORDER BY e.id DESC
  );
  DELETE FROM tablao_acting WHERE job_id = NEW.job_id;
END;

-- tablao_settle: moves the jobs whose tasks are noted in tablao_pending, and acts upon
-- the statuses for which that is still to be done: what tasks have led to, and what
-- users' triggers have changed while a job was being acted upon. What that leads to in
-- turn is for the next use of it, so it is always used twice. job_id, activity: of the
-- job whose status a statement has changed, and what that says.
CREATE VIEW tablao_settle (job_id, activity) AS
SELECT NULL, NULL WHERE 0;

CREATE TRIGGER tablao_settle_insert INSTEAD OF INSERT ON tablao_settle
BEGIN
  INSERT INTO tablao_move_job (job_id, task_id, status)
  SELECT job_id, task_id, status FROM tablao_pending
  -- Or each task that a user's trigger changes would look at all of them.
  WHERE NOT EXISTS (SELECT 1 FROM tablao_acting);
  INSERT INTO tablao_act (job_id, status, says)
  SELECT id, status, CASE WHEN id = NEW.job_id AND activity <> NEW.activity THEN NULL ELSE 1 END
  FROM jobs WHERE status <> tablao_status AND tablao_status > '';
END;

-- tablao_sweep: gives to_status to all tasks of a job that have from_status. SQLite
-- picks the rows first. A task that a user's trigger has given another status before
-- its turn came is left alone; it does not get the mark, and so is not counted.
CREATE VIEW tablao_sweep (job_id, from_status, to_status, activity, mark, now) AS
SELECT NULL, NULL, NULL, NULL, NULL, NULL WHERE 0;

CREATE TRIGGER tablao_sweep_insert INSTEAD OF INSERT ON tablao_sweep
BEGIN
  UPDATE tasks SET
    status = CASE status WHEN NEW.from_status THEN NEW.to_status ELSE status END,
    activity = CASE status WHEN NEW.from_status THEN NEW.activity ELSE activity END,
    steps_completed = CASE
      WHEN NEW.to_status = 'queued' AND status = NEW.from_status THEN 0
      ELSE steps_completed
    END,
    updated_at = NEW.now,
    tablao_swept = CASE status WHEN NEW.from_status THEN NEW.mark ELSE tablao_swept END,
    tablao_rev = tablao_rev + (tablao_rev IS TRUE)
  WHERE unlikely(job_id = NEW.job_id) AND status = NEW.from_status;
  UPDATE tablao_acting SET (num_swept, num_tasks, booked) = (
    SELECT
      count(*), tablao_acting.num_tasks + count(*), tablao_acting.booked || ';' || NEW.mark
    FROM tasks t
    WHERE unlikely(t.job_id = tablao_acting.job_id) AND t.tablao_swept = NEW.mark AND t.tablao_rev
  )
  WHERE job_id = NEW.job_id AND changes();
  -- changes() is 0 if there was no such task.
  INSERT INTO tablao_count (job_id, from_status, to_status, n)
  VALUES (
    NEW.job_id, NEW.from_status, NEW.to_status,
    changes() * (SELECT num_swept FROM tablao_acting WHERE job_id = NEW.job_id)
  );
END;

-- Other columns -------------------------------------------------------------

CREATE TRIGGER tablao_jobs_update_names AFTER UPDATE OF
  id, rowid, oid, _rowid_, uuid, name, job_type, priority, worker_tag_id
ON jobs
-- A tag must exist; a zero byte ends a text for some clients, and not for
-- others; and an UPDATE OR REPLACE must not delete another job.
BEGIN
  SELECT CASE
    -- An id is for life: rows of other tables name it.
    WHEN NEW.id IS NOT OLD.id
    THEN RAISE(ABORT, 'tablao: jobs.id cannot be changed')
    WHEN typeof(NEW.priority) <> 'integer'
      AND (NEW.priority IS NOT OLD.priority OR NEW.tablao_rev < OLD.tablao_rev)
    THEN RAISE(ABORT, 'tablao: jobs.priority must be a whole number')
    WHEN typeof(NEW.uuid) <> 'text' AND (NEW.uuid IS NOT OLD.uuid OR NEW.tablao_rev < OLD.tablao_rev)
    THEN RAISE(ABORT, 'tablao: jobs.uuid must be text')
    WHEN instr(NEW.uuid || NEW.name || NEW.job_type, char(0))
    THEN RAISE(ABORT, 'tablao: jobs.uuid, name and job_type must not contain a zero byte')
    WHEN NEW.uuid IS NOT OLD.uuid
      AND NEW.uuid = (SELECT key FROM tablao_replaced WHERE table_name = 'jobs')
    THEN RAISE(ABORT, 'tablao: jobs.uuid must be unique: this UPDATE OR REPLACE would delete another job')
  END;
  SELECT RAISE(ABORT, 'tablao: jobs.worker_tag_id must be NULL or the id of a worker tag')
  FROM jobs j
  WHERE j.id = NEW.id
    AND (NEW.worker_tag_id IS NOT OLD.worker_tag_id OR NEW.tablao_rev < OLD.tablao_rev)
    AND j.worker_tag_id IS NOT (SELECT g.id FROM worker_tags g WHERE g.id = j.worker_tag_id);
END;

CREATE TRIGGER tablao_jobs_update_values AFTER UPDATE OF
  created_at, delete_requested_at, settings, metadata
ON jobs
-- Times are kept in one form, settings and metadata as text. Not where nothing
-- has changed: SQLite 3.37 may give a time that has that form already another
-- millisecond, and this trigger would fire itself for ever.
WHEN NEW.created_at IS NOT OLD.created_at
  OR NEW.delete_requested_at IS NOT OLD.delete_requested_at
  OR NEW.settings IS NOT OLD.settings
  OR NEW.metadata IS NOT OLD.metadata
BEGIN
  INSERT INTO tablao_assert_json (value, rule)
  VALUES (CASE WHEN NEW.settings IS NOT OLD.settings THEN NEW.settings ELSE 'null' END, 'settings object null');
  INSERT INTO tablao_assert_json (value, rule)
  VALUES (CASE WHEN NEW.metadata IS NOT OLD.metadata THEN NEW.metadata ELSE 'null' END, 'metadata object null');
  INSERT INTO tablao_finish_job (job_id, step)
  VALUES (CASE
    WHEN strftime('%Y-%m-%d %H:%M:%f+00:00', NEW.created_at, '+0 days') IS NOT NEW.created_at
      OR strftime('%Y-%m-%d %H:%M:%f+00:00', NEW.delete_requested_at, '+0 days') IS NOT NEW.delete_requested_at
      OR NEW.settings <> ltrim(CAST(NEW.settings AS TEXT), char(65279))
      OR NEW.metadata <> ltrim(CAST(NEW.metadata AS TEXT), char(65279))
    THEN NEW.id
  END, 1);
END;

-- DELETE --------------------------------------------------------------------

CREATE TRIGGER tablao_jobs_delete AFTER DELETE ON jobs
-- Deletes what hangs on a job, with foreign keys on or off. Most of that has gone in
-- tablao_jobs_before_delete_archive; what users' triggers have added since goes here,
-- AFTER, when nobody can add to the job any more. So does its last event: users'
-- triggers may have changed its status as its tasks went.
BEGIN
  INSERT INTO tablao_events VALUES (
    'job', OLD.uuid, OLD.name, OLD.uuid, OLD.status, NULL, OLD.activity
  );
  DELETE FROM tablao_counts WHERE job_id = OLD.id;
  DELETE FROM tablao_skips WHERE lane_id IN (SELECT id FROM tablao_lanes WHERE job_id = OLD.id);
  DELETE FROM tablao_lanes WHERE job_id = OLD.id;
  DELETE FROM task_dependencies
  WHERE task_id IN (SELECT id FROM tasks WHERE job_id = OLD.id);
  DELETE FROM task_failures
  WHERE task_id IN (SELECT id FROM tasks WHERE job_id = OLD.id);
  DELETE FROM task_attempts
  WHERE task_id IN (SELECT id FROM tasks WHERE job_id = OLD.id);
  DELETE FROM tasks WHERE job_id = OLD.id;
  DELETE FROM job_blocks WHERE job_id = OLD.id;
  DELETE FROM last_rendereds WHERE job_id = OLD.id;
END;

-- tablao_job_lanes: what a job's lanes carry of it: one row per job. A job
-- hands out tasks while it is queued or active and nobody has asked for its
-- deletion. pool_status is the status that a task gets when it returns to the pool.
CREATE VIEW tablao_job_lanes (job_id, is_closed, worker_tag_id, job_priority, pool_status) AS
SELECT
  id,
  -- instr() is true if it is one of these, and costs less than a comparison.
  instr('queuedNULL activeNULL', status || quote(delete_requested_at)) IS NOT TRUE,
  -- The +: as in farm_clock.
  +coalesce(worker_tag_id, 0),
  priority,
  CASE WHEN instr('paused pause-requested', status) THEN 'paused' ELSE 'queued' END
FROM jobs;
