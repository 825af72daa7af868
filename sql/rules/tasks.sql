-- A task, from its INSERT to its DELETE. What an UPDATE of a task sets off is
-- here, in the order in which it fires; a change of the job's status goes on
-- in jobs.sql.
--
-- A trigger with `count` in its name is a bookkeeper: it adds the difference
-- between OLD and NEW to a table that only Tablao writes. So no trigger of a
-- user's runs inside it, SQLite never skips it, and the order of changes does not
-- matter. All others look at the row as it is now: they may run late, or twice.
--
-- An UPDATE that counts tablao_rev up is one of ours, and stamps the row itself.
-- One that also writes tablao_swept is a sweep: a job changes many of its tasks
-- at once, and books that itself. So the status before a change is OLD.status; or,
-- where OLD is out of date, since a user's BEFORE trigger has changed the job, the
-- status that the sweep gave. While a task is being inserted, its tablao_rev stays
-- 0, whoever writes the row (+ (tablao_rev IS TRUE) adds nothing to 0), until
-- tablao_finish_task is done.

-- INSERT --------------------------------------------------------------------

CREATE TRIGGER tablao_tasks_before_insert BEFORE INSERT ON tasks
-- Notes whether the keys are taken; not the uuid by a task that is being inserted: a user's
-- trigger may come back to it. Only a document may bring columns of ours.
WHEN NOT NEW.tablao_rev
  OR NEW.job_id NOT IN (SELECT job_id FROM tablao_storing)
BEGIN
  SELECT RAISE(ABORT, 'tablao: tasks.tablao_rev, tablao_swept, tablao_open_deps and tablao_lane are kept by triggers: leave them out')
  -- Compared as one text, so that a word is refused like a number.
  WHERE NEW.tablao_rev || NEW.tablao_swept || NEW.tablao_open_deps || NEW.tablao_lane <> '000';
  -- In case a user's trigger inserts a task before ours are done with another.
  INSERT INTO tablao_finish_task (task_id, rev)
  VALUES ((SELECT id FROM tasks WHERE job_id = NEW.job_id AND index_in_job = 0), 0);
  INSERT INTO tablao_note_replaced
  VALUES ('tasks', NEW.uuid, CASE
    WHEN NEW.id IN (SELECT id FROM tasks)
      OR (SELECT tablao_rev FROM tasks WHERE uuid = NEW.uuid)
      OR (NEW.job_id, NEW.index_in_job) IN (SELECT job_id, index_in_job FROM tasks)
    THEN coalesce(NEW.uuid, RAISE(ABORT, 'tablao: tasks cannot be REPLACEd: use INSERT ... ON CONFLICT DO UPDATE'))
  END);
  INSERT INTO tablao_counts (job_id)
  SELECT id FROM jobs WHERE id = NEW.job_id
  ON CONFLICT DO NOTHING;
END;

CREATE TRIGGER tablao_tasks_write_count_insert AFTER INSERT ON tasks
-- Adds the task to the counters and sums of its job. Before that, as long as
-- tablao_rev is 0, nothing that users' triggers do to the task is booked.
-- instr() gives 1 if it is that status, and costs less than a comparison.
WHEN NOT NEW.tablao_rev
BEGIN
  UPDATE tablao_counts SET (
    num_tasks, num_queued, num_active, num_completed, num_failed,
    num_soft_failed, num_paused, steps_completed, steps_total
  ) = (
    SELECT
      num_tasks + 1,
      num_queued + instr(t.status, 'queued'),
      num_active + instr(t.status, 'active'),
      num_completed + instr(t.status, 'completed'),
      num_failed + instr('failed', t.status),
      num_soft_failed + instr(t.status, 'soft-failed'),
      num_paused + instr(t.status, 'paused'),
      tablao_counts.steps_completed + t.steps_completed % 18014398509481984,
      tablao_counts.steps_total + t.steps_total
    -- Not the table itself: somebody may have added a column num_tasks to it.
    FROM (SELECT status, steps_completed, steps_total FROM tasks WHERE id = NEW.id) t
  )
  WHERE job_id = (SELECT job_id FROM tasks WHERE id = NEW.id);
END;

CREATE TRIGGER tablao_tasks_insert AFTER INSERT ON tasks
-- The rules on a new task.
WHEN NOT NEW.tablao_rev
BEGIN
  SELECT CASE
    -- A BEFORE trigger sees -1 for an id that is yet to be given, so no row may
    -- have that id.
    WHEN NEW.id < 1
    THEN RAISE(ABORT, 'tablao: tasks.id must be a whole number from 1')
    WHEN NEW.uuid = (SELECT key FROM tablao_replaced WHERE table_name = 'tasks')
    THEN RAISE(ABORT, 'tablao: tasks cannot be REPLACEd: use INSERT ... ON CONFLICT DO UPDATE')
  END;
  SELECT CASE
    WHEN t.job_id NOT IN (SELECT id FROM jobs)
    THEN RAISE(ABORT, 'tablao: tasks.job_id must be the id of a job')
    -- Asked here, since an UPDATE of worker_id below would open an attempt.
    WHEN t.worker_id IS NOT (SELECT id FROM workers WHERE id = t.worker_id)
    THEN RAISE(ABORT, 'tablao: tasks.worker_id must be NULL or the id of a worker')
  END
  FROM tasks t WHERE t.id = NEW.id;
  INSERT INTO tablao_assert_json (value, rule) VALUES (NEW.commands, 'commands array null');
  INSERT INTO tablao_finish_task (task_id, rev) VALUES (NEW.id, 1);
  -- And a task that a user's trigger has inserted meanwhile, for which SQLite
  -- skips this trigger.
  INSERT INTO tablao_finish_task (task_id, rev)
  VALUES ((SELECT id FROM tasks WHERE job_id = NEW.job_id AND index_in_job = 0), 1);
  -- Not if a user's trigger has handed the task on meanwhile: that opened one.
  INSERT INTO task_attempts (task_id, worker_id, worker_name, started_at)
  SELECT t.id, w.id, w.name, c.now
  FROM tasks t
  CROSS JOIN workers w ON w.id = t.worker_id
  CROSS JOIN farm_clock c
  CROSS JOIN farm_settings s ON s.name = 'history'
  WHERE t.id = NEW.id AND t.status = 'active' AND s.value = 'on'
    AND (NEW.id IN (SELECT task_id FROM task_attempts)) IS NOT TRUE;
END;

-- tablao_finish_task: gives a new task its index and lane, and brings created_at
-- and commands, which are known to be JSON, to the form in which they are kept.
-- Its UPDATE fires the triggers that have the rules on what it sets. rev: 1; 0 if
-- other triggers of the INSERT are still to come, and the lane with them; NULL
-- after an UPDATE of created_at or commands.
CREATE VIEW tablao_finish_task (task_id, rev) AS
SELECT NULL, NULL WHERE 0;

CREATE TRIGGER tablao_finish_task_insert INSTEAD OF INSERT ON tablao_finish_task
WHEN NEW.task_id IS NOT NULL
BEGIN
  INSERT INTO tablao_new_lanes (job_id, task_type, task_priority, n)
  SELECT job_id, type, priority, 1 FROM tasks WHERE id = NEW.task_id AND NEW.rev;
  INSERT INTO tablao_times (n, value)
  VALUES (1, (SELECT nullif(created_at, strftime('%Y-%m-%d %H:%M:%f+00:00')) FROM tasks WHERE id = NEW.task_id));
  UPDATE tasks SET
    (created_at, updated_at) = (
      SELECT
        coalesce(w.value, c.now),
        coalesce(nullif(tasks.updated_at, strftime('%Y-%m-%d %H:%M:%f+00:00')), c.now)
      FROM tablao_written_times w CROSS JOIN farm_clock c
      WHERE w.n = 1
    ),
    last_touched_at = last_touched_at,
    index_in_job = CASE index_in_job
      WHEN 0
      THEN 1 + max(
        -- The first row is the highest: max() would cost more.
        (SELECT t.index_in_job FROM tasks t WHERE t.job_id = tasks.job_id ORDER BY t.index_in_job DESC),
        coalesce((SELECT a.last_index FROM tablao_storing a WHERE a.job_id = tasks.job_id), 0)
      )
      ELSE index_in_job
    END,
    commands = ltrim(CAST(commands AS TEXT), char(65279)),
    steps_completed = steps_completed,
    tablao_lane = coalesce((
      SELECT l.id FROM tablao_lanes l
      WHERE l.job_id = tasks.job_id
        AND task_type = lower(trim(type, char(9, 10, 13, 32)))
        AND task_priority = priority
        AND NEW.rev
    ), tablao_lane),
    tablao_rev = coalesce(NEW.rev, tablao_rev + (tablao_rev IS TRUE))
  WHERE id = NEW.task_id;
END;

-- UPDATE --------------------------------------------------------------------

CREATE TRIGGER tablao_tasks_before_keys BEFORE UPDATE OF uuid, index_in_job ON tasks
-- Notes whether another task has the keys; not of a task that only gets its index.
WHEN (NEW.uuid IS NOT OLD.uuid OR NEW.index_in_job IS NOT OLD.index_in_job) AND OLD.tablao_rev
BEGIN
  INSERT INTO tablao_note_replaced
  VALUES ('tasks', NEW.uuid, CASE
    WHEN (NEW.uuid <> OLD.uuid AND NEW.uuid IN (SELECT uuid FROM tasks))
      OR (
        NEW.index_in_job <> OLD.index_in_job
        AND (NEW.job_id, NEW.index_in_job) IN (SELECT job_id, index_in_job FROM tasks)
      )
    THEN NEW.uuid
  END);
END;

CREATE TRIGGER tablao_tasks_write_count_status AFTER UPDATE OF status ON tasks
-- Keeps the counters of the job, and notes in tablao_pending that the new status
-- may move the job. Not noted is what happens all day, or to many tasks, and
-- leaves the job as it is: the pairs below; completed while others are to be done.
WHEN NEW.status <> CASE NEW.tablao_swept WHEN OLD.tablao_swept THEN OLD.status ELSE substr(NEW.tablao_swept, instr(NEW.tablao_swept, ' ') + 1) END
BEGIN
  INSERT INTO tablao_count (job_id, from_status, to_status, n)
  VALUES (
    NEW.job_id,
    CASE NEW.tablao_swept WHEN OLD.tablao_swept THEN OLD.status ELSE substr(NEW.tablao_swept, instr(NEW.tablao_swept, ' ') + 1) END,
    NEW.status,
    NEW.tablao_rev IS TRUE
  );
  INSERT INTO tablao_pending (task_id, job_id, status)
  SELECT NEW.id, NEW.job_id, NEW.status
  FROM jobs
  WHERE id = NEW.job_id
    AND NOT (
      instr(' activeactive activepaused activequeued activesoft-failed activecompleted queuedpaused queuedqueued', ' ' || status || NEW.status)
      AND (NEW.status <> 'completed' OR (SELECT num_queued + num_active + num_soft_failed FROM tablao_counts WHERE job_id = NEW.job_id))
    );
END;

CREATE TRIGGER tablao_tasks_write_count_steps AFTER UPDATE OF steps_completed, steps_total ON tasks
-- The rules on steps, and the sums of the job. How large a sum may be is asked in
-- tablao_sums. Steps that are out of bounds are booked, too, until
-- tablao_tasks_update has corrected them: modulo 2^54, so that no sum overflows.
WHEN (NEW.steps_completed IS NOT OLD.steps_completed OR NEW.steps_total IS NOT OLD.steps_total OR NOT OLD.tablao_rev)
  AND NEW.tablao_rev
BEGIN
  UPDATE tablao_counts SET
    steps_completed = steps_completed + NEW.steps_completed % 18014398509481984 - OLD.steps_completed % 18014398509481984,
    steps_total = steps_total - OLD.steps_total + CASE typeof(NEW.steps_completed) || quote(NEW.steps_total)
      -- %u gives back whole numbers from 0 as they are, and nothing else.
      WHEN printf('integer%u', NEW.steps_total)
      THEN NEW.steps_total
      ELSE RAISE(ABORT, 'tablao: tasks.steps_completed and tasks.steps_total must be whole numbers, and steps_total, and its sum over the job, from 0 to 2^53')
    END
  WHERE job_id = OLD.job_id;
END;

CREATE TRIGGER tablao_tasks_write_count_ready AFTER UPDATE OF
  status, index_in_job, tablao_open_deps, tablao_lane
ON tasks
-- Keeps whether the lane has a ready task, and where in it workers start to look.
-- A job that changes the status of many tasks sees to this itself.
WHEN NEW.tablao_swept = OLD.tablao_swept OR NOT instr(NEW.tablao_swept, ' ' || NEW.status)
BEGIN
  UPDATE tablao_lanes SET has_ready = NOT has_ready
  WHERE id = NEW.tablao_lane
    AND has_ready <> EXISTS (
      SELECT 1 FROM tablao_ready_tasks WHERE unlikely(lane_id = tablao_lanes.id)
    );
  -- Only for a task that is queued or soft-failed: there may be as many skips as
  -- workers.
  DELETE FROM tablao_skips
  WHERE lane_id = NEW.tablao_lane
    AND NEW.status > 'paused'
    AND from_index > NEW.index_in_job
    AND ((NEW.id, worker_id) IN (SELECT task_id, worker_id FROM task_failures)) IS NOT TRUE;
END;

CREATE TRIGGER tablao_tasks_update_own AFTER UPDATE OF
  status, tablao_swept, tablao_open_deps, tablao_lane
ON tasks
-- The rule on the status, and on who may write columns of ours. AFTER, like all
-- rules on UPDATE, since with a BEFORE trigger SQLite reads the row anew. Only a
-- job that is being acted upon may sweep. instr(): as in tablao_jobs_update_own.
WHEN NEW.tablao_rev < OLD.tablao_rev
  OR (
    NEW.tablao_rev = OLD.tablao_rev AND OLD.tablao_rev
    AND (NEW.tablao_swept <> OLD.tablao_swept OR NEW.tablao_open_deps <> OLD.tablao_open_deps OR NEW.tablao_lane <> OLD.tablao_lane)
  )
  OR (
    NEW.tablao_swept <> OLD.tablao_swept
    AND instr(NEW.tablao_swept, ' ' || NEW.status)
    AND NEW.job_id NOT IN (SELECT job_id FROM tablao_acting)
  )
  OR (
    (NEW.tablao_rev = OLD.tablao_rev + (NOT OLD.tablao_rev) OR NEW.status <> OLD.status)
    -- The statuses that a sweep gives come first: it takes a twentieth less time.
    AND NEW.status <> 'queued' AND NEW.status <> 'canceled' AND NEW.status <> 'paused'
    -- @statuses task
    AND NOT instr('''active''active''completed''completed''queued''queued''canceled''canceled''failed''failed''soft-failed''soft-failed''paused''paused', quote(NEW.status) || NEW.status)
  )
BEGIN
  SELECT CASE
    -- The status is valid, so it was one of the other columns.
    -- @statuses task
    WHEN instr('''active''active''completed''completed''queued''queued''canceled''canceled''failed''failed''soft-failed''soft-failed''paused''paused', quote(NEW.status) || NEW.status)
    THEN RAISE(ABORT, 'tablao: tasks: the row has changed since it was read; tablao_rev, tablao_swept, tablao_open_deps and tablao_lane are kept by triggers: leave them out')
    ELSE RAISE(ABORT, 'tablao: tasks.status must be one of active, canceled, completed, failed, queued, soft-failed, paused')
  END;
END;

CREATE TRIGGER tablao_tasks_update AFTER UPDATE OF
  id, rowid, oid, _rowid_, created_at, updated_at, uuid, name, type, job_id,
  index_in_job, priority, status, worker_id, last_touched_at, commands, activity,
  steps_completed, steps_total
ON tasks
-- Sets the steps that go with a new status (all for completed, none for queued,
-- with fewer opcodes than a CASE), keeps steps_completed in its bounds, and sets
-- updated_at, or brings it to its form if the statement has set it. Of our own
-- UPDATEs, which count tablao_rev up, only a sweep gives a status.
WHEN NEW.steps_completed NOT BETWEEN 0 AND NEW.steps_total
  OR (
    NEW.tablao_rev = OLD.tablao_rev + (NOT OLD.tablao_rev)
    OR (
      NEW.status <> OLD.status
      AND (NEW.tablao_swept = OLD.tablao_swept OR NOT instr(NEW.tablao_swept, ' ' || NEW.status))
    )
  )
  AND (
    (NEW.updated_at IS OLD.updated_at AND OLD.tablao_rev)
    OR (instr('completed queued', NEW.status) AND NEW.steps_completed <> instr('completed', NEW.status) * NEW.steps_total)
    OR strftime('%Y-%m-%d %H:%M:%f+00:00', NEW.updated_at, '+0 days') IS NOT NEW.updated_at
  )
BEGIN
  INSERT INTO tablao_times (n, value)
  VALUES (1, nullif(NEW.updated_at, CASE WHEN OLD.tablao_rev THEN OLD.updated_at END));
  UPDATE tasks SET
    steps_completed = max(0, min(steps_total, CASE
      WHEN NEW.status = OLD.status OR NOT instr('completed queued', status) THEN steps_completed
      ELSE instr('completed', status) * steps_total
    END)),
    updated_at = (
      SELECT coalesce(w.value, c.now)
      FROM tablao_written_times w CROSS JOIN farm_clock c
      WHERE w.n = 1
    ),
    tablao_rev = tablao_rev + (tablao_rev IS TRUE)
  WHERE id = NEW.id;
END;

CREATE TRIGGER tablao_tasks_update_steps AFTER UPDATE OF steps_completed, steps_total ON tasks
-- The sums of the job follow what is booked: see tablao_sums. Not for each task of a
-- sweep, after which its job is written anyhow.
WHEN NEW.tablao_swept = OLD.tablao_swept
  AND (
    NEW.steps_completed <> OLD.steps_completed
    OR NEW.steps_total <> OLD.steps_total
    OR NOT OLD.tablao_rev
  )
BEGIN
  INSERT INTO tablao_sums (job_id, n) VALUES (NEW.job_id, 0);
  INSERT INTO tablao_sums (job_id, n) VALUES (NEW.job_id, 0);
END;

CREATE TRIGGER tablao_tasks_update_done AFTER UPDATE OF status ON tasks
-- Tasks that waited for this one now wait for another, or are ready; those that
-- depend on it and wait for nothing may have to wait for it again.
WHEN (
    instr(NEW.status, 'completed') <> instr(OLD.status, 'completed')
    OR (NEW.tablao_swept <> OLD.tablao_swept AND NOT instr(NEW.tablao_swept, ' ' || NEW.status))
  )
  AND NEW.id IN (SELECT dependency_id FROM task_dependencies)
BEGIN
  INSERT INTO tablao_wait (task_id, waits_for)
  SELECT task_id, NEW.id FROM task_dependencies
  WHERE likelihood(dependency_id = NEW.id, 1e-5);
END;

CREATE TRIGGER tablao_tasks_move_job AFTER UPDATE OF status ON tasks
-- Moves the job, if the new status is noted in tablao_pending; then acts upon what
-- that has led to, and moves the jobs of other tasks that are noted: users' triggers
-- gave these a status meanwhile, and SQLite skipped this trigger for them.
WHEN NEW.id IN (SELECT task_id FROM tablao_pending)
BEGIN
  INSERT INTO tablao_move_job (job_id, task_id, status) VALUES (NEW.job_id, NEW.id, NEW.status);
  INSERT INTO tablao_settle (job_id) VALUES (NULL);
  INSERT INTO tablao_settle (job_id) VALUES (NULL);
END;

-- tablao_move_job: moves a job, now that its task has got that status: docs/rules.md,
-- "A task's status". What it becomes is said by the first row of tablao_task_rules
-- that matches. Nothing happens if the task has another status by now, from a sweep
-- of its job. A task that is being inserted (tablao_rev 0) is not yet counted. The note
-- stays while a job is being acted upon, when SQLite may skip tablao_act: twice does no
-- harm.
CREATE VIEW tablao_move_job (job_id, task_id, status) AS
SELECT NULL, NULL, NULL WHERE 0;

CREATE TRIGGER tablao_move_job_insert INSTEAD OF INSERT ON tablao_move_job
BEGIN
  INSERT INTO tablao_act
  SELECT
    NEW.job_id,
    '-',
    printf(
      'Job changed to %s: task "%s" became %s' || CASE r.next_status
        WHEN 'failed' THEN ', %d of %d tasks have failed'
        ELSE ''
      END,
      r.next_status, t.name, t.status,
      c.num_failed + (NOT t.tablao_rev), c.num_tasks + (NOT t.tablao_rev)
    ),
    r.next_status,
    k.now
  FROM farm_clock k
  CROSS JOIN tasks t
  CROSS JOIN tablao_counts c ON c.job_id = NEW.job_id
  CROSS JOIN farm_settings s ON s.name = 'job_fail_percentage'
  CROSS JOIN tablao_task_rules r ON r.task_status = NEW.status
  WHERE t.id = NEW.task_id AND t.status = NEW.status
    -- Whole percents: the division is one of integers, that is, floor.
    AND printf('%s c%d a%d q%d p%d f%d x%d',
      (SELECT j.status FROM jobs j WHERE j.id = NEW.job_id),
      c.num_tasks - c.num_completed, c.num_active,
      c.num_queued + c.num_soft_failed, c.num_paused, c.num_failed,
      100 * (c.num_failed + (NOT t.tablao_rev)) / (c.num_tasks + (NOT t.tablao_rev)) - s.value
    ) GLOB r.farm
  ORDER BY r.n LIMIT 1;
  DELETE FROM tablao_pending
  WHERE task_id = NEW.task_id AND NOT EXISTS (SELECT 1 FROM tablao_acting);
END;

-- Other columns -------------------------------------------------------------

CREATE TRIGGER tablao_tasks_update_touched AFTER UPDATE OF last_touched_at ON tasks
-- The time is kept in one form. Apart from created_at, since most UPDATEs that
-- set this one are claims and reports.
WHEN (NEW.last_touched_at IS NOT OLD.last_touched_at OR NOT OLD.tablao_rev)
  AND strftime('%Y-%m-%d %H:%M:%f+00:00', NEW.last_touched_at, '+0 days') IS NOT NEW.last_touched_at
BEGIN
  INSERT INTO tablao_times (n, value) VALUES (2, NEW.last_touched_at);
  UPDATE tasks SET
    last_touched_at = (SELECT value FROM tablao_written_times WHERE n = 2),
    tablao_rev = tablao_rev + 1
  WHERE id = NEW.id AND tablao_rev > 0;
END;

CREATE TRIGGER tablao_tasks_update_keys AFTER UPDATE OF
  id, rowid, oid, _rowid_, uuid, name, type, job_id, index_in_job, priority
ON tasks
-- Numbers are whole numbers, as far as this statement changes them; a zero byte
-- ends a text for some clients, and not for others; and an UPDATE OR REPLACE
-- must not delete another task.
BEGIN
  SELECT CASE
    -- An id is for life, and a task stays in its job.
    WHEN NEW.id IS NOT OLD.id OR NEW.job_id IS NOT OLD.job_id
    THEN RAISE(ABORT, 'tablao: tasks.id and tasks.job_id cannot be changed')
    WHEN typeof(NEW.uuid) <> 'text' AND (NEW.uuid IS NOT OLD.uuid OR NOT OLD.tablao_rev)
    THEN RAISE(ABORT, 'tablao: tasks.uuid must be text')
    WHEN instr(NEW.uuid || NEW.name || NEW.type, char(0))
    THEN RAISE(ABORT, 'tablao: tasks.uuid, name and type must not contain a zero byte')
    WHEN typeof(NEW.priority) <> 'integer' AND (NEW.priority IS NOT OLD.priority OR OLD.tablao_rev < NEW.tablao_rev)
    THEN RAISE(ABORT, 'tablao: tasks.priority must be a whole number')
    WHEN (typeof(NEW.index_in_job) <> 'integer' OR NEW.index_in_job < 1)
      AND (NEW.index_in_job IS NOT OLD.index_in_job OR OLD.tablao_rev < NEW.tablao_rev)
    THEN RAISE(ABORT, 'tablao: tasks.index_in_job must be a whole number from 1; INSERT 0 for the next')
    WHEN (NEW.uuid IS NOT OLD.uuid OR NEW.index_in_job IS NOT OLD.index_in_job)
      AND OLD.tablao_rev
      AND NEW.uuid = (SELECT key FROM tablao_replaced WHERE table_name = 'tasks')
    THEN RAISE(ABORT, 'tablao: tasks.uuid and tasks.index_in_job must be unique: this UPDATE OR REPLACE would delete another task')
  END;
END;

CREATE TRIGGER tablao_tasks_update_values AFTER UPDATE OF created_at, commands ON tasks
-- Commands must be JSON, and are kept as text; the time is kept in one form. Not
-- where nothing has changed: see tablao_jobs_update_values.
WHEN NEW.commands IS NOT OLD.commands OR NEW.created_at IS NOT OLD.created_at
BEGIN
  INSERT INTO tablao_assert_json (value, rule)
  VALUES (CASE WHEN NEW.commands IS NOT OLD.commands THEN NEW.commands ELSE 'null' END, 'commands array null');
  INSERT INTO tablao_finish_task (task_id)
  VALUES (CASE
    WHEN strftime('%Y-%m-%d %H:%M:%f+00:00', NEW.created_at, '+0 days') IS NOT NEW.created_at
      OR NEW.commands <> ltrim(CAST(NEW.commands AS TEXT), char(65279))
    THEN NEW.id
  END);
END;

CREATE TRIGGER tablao_tasks_update_lane AFTER UPDATE OF type, priority ON tasks
-- A task of another type or priority queues in another lane.
WHEN NEW.type <> OLD.type OR NEW.priority <> OLD.priority
BEGIN
  INSERT INTO tablao_place_task (task_id, from_lane)
  SELECT id, tablao_lane FROM tasks WHERE id = NEW.id AND tablao_rev > 0;
  -- A user's trigger may have changed it again, and SQLite skipped this trigger.
  INSERT INTO tablao_place_task (task_id, from_lane)
  SELECT t.id, l.id
  FROM tasks t CROSS JOIN tablao_lanes l ON l.id = t.tablao_lane
  WHERE t.id = NEW.id
    AND (
      l.task_priority <> t.priority
      OR l.task_type <> lower(trim(t.type, char(9, 10, 13, 32)))
    );
END;

-- DELETE --------------------------------------------------------------------

CREATE TRIGGER tablao_tasks_before_delete BEFORE DELETE ON tasks
-- While the row still says which lane it is in: workers that have failed it look
-- from the start of that lane again. What may fire users' triggers is left until
-- the row is gone: they might change it, and the wrong values would be booked.
-- Not where the job is being deleted: all of this goes with it.
WHEN OLD.job_id IN (SELECT job_id FROM tablao_counts)
BEGIN
  DELETE FROM tablao_skips
  WHERE lane_id = OLD.tablao_lane
    AND worker_id IN (SELECT worker_id FROM task_failures WHERE task_id = OLD.id);
  -- Its attempts go with it (with foreign keys on, before the next trigger), so they
  -- are subtracted. If the first start or last end was among them, a mark says that
  -- it has to be looked up in those that are left: see job_times.
  UPDATE tablao_counts SET
    (num_attempts, num_failed_attempts, busy_ms, first_started_at, last_ended_at) = (
      SELECT
        max(0, num_attempts - count(*)),
        max(0, num_failed_attempts - count(CASE WHEN a.outcome IN ('failed', 'soft-failed') THEN 1 END)),
        max(0, busy_ms - sum(a.ms)),
        CASE WHEN num_attempts > count(*) THEN
          CASE WHEN first_started_at < min(a.started_at) THEN first_started_at ELSE '' END
        END,
        CASE WHEN num_attempts > count(*) THEN
          CASE WHEN last_ended_at > max(a.ended_at) THEN last_ended_at ELSE '~' END
        END
      FROM tablao_timed_attempts a
      WHERE unlikely(a.task_id = OLD.id) AND a.ended_at IS NOT NULL
    )
  WHERE job_id = OLD.job_id
    AND EXISTS (
      SELECT 1 FROM task_attempts a
      WHERE unlikely(a.task_id = OLD.id) AND a.ended_at IS NOT NULL
    );
END;

CREATE TRIGGER tablao_tasks_write_count_delete AFTER DELETE ON tasks
-- The counters and sums of its job, and its lane.
WHEN OLD.tablao_rev > 0 AND OLD.job_id IN (SELECT job_id FROM tablao_counts)
BEGIN
  UPDATE tablao_counts SET
    num_tasks = num_tasks - 1,
    steps_completed = steps_completed - OLD.steps_completed % 18014398509481984,
    steps_total = steps_total - OLD.steps_total
  WHERE job_id = OLD.job_id;
  INSERT INTO tablao_count (job_id, from_status, to_status, n) VALUES (OLD.job_id, OLD.status, ' ', 1);
  -- And what a sweep of the job has just made of it, if that is not yet booked.
  INSERT INTO tablao_count (job_id, from_status, to_status, n)
  SELECT
    OLD.job_id,
    substr(OLD.tablao_swept, 1 + instr(OLD.tablao_swept, ':'), instr(OLD.tablao_swept, ' ') - instr(OLD.tablao_swept, ':') - 1),
    substr(OLD.tablao_swept, 1 + instr(OLD.tablao_swept, ' ')),
    1
  FROM tablao_acting a
  WHERE a.job_id = OLD.job_id
    AND instr(OLD.tablao_swept, substr(a.booked, 1, instr(a.booked, ':'))) = 1
    AND instr(a.booked, OLD.tablao_swept) = 0;
  DELETE FROM tablao_pending WHERE task_id = OLD.id;
  UPDATE tablao_lanes SET
    num_tasks = num_tasks - 1,
    has_ready = EXISTS (SELECT 1 FROM tablao_ready_tasks WHERE unlikely(lane_id = OLD.tablao_lane))
  WHERE id = OLD.tablao_lane;
  DELETE FROM tablao_skips
  WHERE lane_id = (SELECT id FROM tablao_lanes WHERE id = OLD.tablao_lane AND num_tasks = 0);
  DELETE FROM tablao_lanes WHERE id = OLD.tablao_lane AND num_tasks = 0;
END;

CREATE TRIGGER tablao_tasks_delete AFTER DELETE ON tasks
-- Deletes what hangs on it, with foreign keys on or off. Not before the row is
-- gone, since that would change it. What waited for it waits no more. Last, the
-- sums of its job. Where the job is being deleted, all that has gone already, unless a
-- user's trigger deletes the task meanwhile.
WHEN OLD.job_id IN (SELECT job_id FROM tablao_counts)
  OR OLD.id IN (SELECT task_id FROM task_failures)
  OR OLD.id IN (SELECT task_id FROM task_attempts)
  OR OLD.id IN (SELECT task_id FROM task_dependencies)
  OR OLD.id IN (SELECT dependency_id FROM task_dependencies)
BEGIN
  DELETE FROM task_dependencies WHERE task_id = OLD.id;
  DELETE FROM task_dependencies WHERE dependency_id = OLD.id;
  DELETE FROM task_failures WHERE task_id = OLD.id;
  DELETE FROM task_attempts WHERE task_id = OLD.id;
  INSERT INTO tablao_sums (job_id, n) VALUES (OLD.job_id, 0);
  INSERT INTO tablao_sums (job_id, n) VALUES (OLD.job_id, 0);
END;

-- Counters ------------------------------------------------------------------

-- tablao_count: n tasks of a job have got another status; to_status is a blank if
-- they have been deleted. instr(): as in tablao_tasks_write_count_insert.
CREATE VIEW tablao_count (job_id, from_status, to_status, n) AS
SELECT NULL, NULL, NULL, NULL WHERE 0;

CREATE TRIGGER tablao_count_insert INSTEAD OF INSERT ON tablao_count
WHEN NEW.n
BEGIN
  UPDATE tablao_counts SET
    num_queued = num_queued + NEW.n * (instr(NEW.to_status, 'queued') - instr(NEW.from_status, 'queued')),
    num_active = num_active + NEW.n * (instr(NEW.to_status, 'active') - instr(NEW.from_status, 'active')),
    num_completed = num_completed + NEW.n * (instr(NEW.to_status, 'completed') - instr(NEW.from_status, 'completed')),
    num_failed = num_failed + NEW.n * (instr('failed', NEW.to_status) - instr('failed', NEW.from_status)),
    num_soft_failed = num_soft_failed + NEW.n * (instr(NEW.to_status, 'soft-failed') - instr(NEW.from_status, 'soft-failed')),
    num_paused = num_paused + NEW.n * (instr(NEW.to_status, 'paused') - instr(NEW.from_status, 'paused'))
  WHERE job_id = NEW.job_id;
END;

-- tablao_job_counts: how many tasks a job has, in all and in each status, and
-- the sums of their steps: one row per job, whether it has a task or not. Canceled
-- tasks are what is left, and have no counter.
CREATE VIEW tablao_job_counts (
  job_id, num_tasks, num_queued, num_active, num_completed, num_failed,
  num_canceled, num_soft_failed, num_paused, steps_completed, steps_total
) AS
SELECT
  j.id, coalesce(c.num_tasks, 0), coalesce(c.num_queued, 0),
  coalesce(c.num_active, 0), coalesce(c.num_completed, 0),
  coalesce(c.num_failed, 0),
  coalesce(
    c.num_tasks - c.num_queued - c.num_active - c.num_completed - c.num_failed
      - c.num_soft_failed - c.num_paused,
    0
  ),
  coalesce(c.num_soft_failed, 0), coalesce(c.num_paused, 0),
  coalesce(c.steps_completed, 0), coalesce(c.steps_total, 0)
FROM jobs j LEFT JOIN tablao_counts c ON c.job_id = j.id
-- docs/design.md, "Doors".
WHERE (j.name OR 1);

-- Lanes ---------------------------------------------------------------------

-- tablao_ready_tasks: the tasks that wait for nothing but a worker. The condition
-- is word for word that of tablao_tasks_ready_idx, so that SQLite uses the index.
CREATE VIEW tablao_ready_tasks (task_id, lane_id, index_in_job) AS
SELECT id, tablao_lane, index_in_job
FROM tasks
WHERE status > 'paused' AND NOT tablao_open_deps;

-- tablao_new_lanes: makes sure that there is a lane for n tasks of this job, type and
-- priority that are about to come into it, and counts them. from_lane: the lane that
-- they come from, if any. They are counted beforehand, since a user's trigger may move
-- or delete one of them before ours run: the lane would be deleted with the others
-- still in it. A new lane says that it has a ready task; what comes into it and is not
-- ready corrects that (tablao_tasks_write_count_ready).
CREATE VIEW tablao_new_lanes (job_id, task_type, task_priority, n, from_lane) AS
SELECT NULL, NULL, NULL, NULL, NULL WHERE 0;

CREATE TRIGGER tablao_new_lanes_insert INSTEAD OF INSERT ON tablao_new_lanes
BEGIN
  INSERT INTO tablao_lanes (
    job_id, task_type, task_priority, worker_tag_id, job_priority, is_closed, has_ready, num_tasks
  )
  SELECT
    NEW.job_id, lower(trim(NEW.task_type, char(9, 10, 13, 32))), NEW.task_priority,
    j.worker_tag_id, j.job_priority, j.is_closed, 1, NEW.n
  FROM tablao_job_lanes j
  WHERE j.job_id = NEW.job_id
  ON CONFLICT (job_id, task_type, task_priority) DO UPDATE SET num_tasks = num_tasks + NEW.n
  WHERE id IS NOT NEW.from_lane;
END;

-- tablao_place_task: moves a task from one lane to that in which it belongs. A lane is
-- deleted with its last task. Workers that have failed the task look from the start of
-- its old lane again: their skips there may be due to this failure.
CREATE VIEW tablao_place_task (task_id, from_lane) AS
SELECT NULL, NULL WHERE 0;

CREATE TRIGGER tablao_place_task_insert INSTEAD OF INSERT ON tablao_place_task
BEGIN
  INSERT INTO tablao_new_lanes (job_id, task_type, task_priority, n, from_lane)
  SELECT job_id, type, priority, 1, NEW.from_lane FROM tasks WHERE id = NEW.task_id;
  DELETE FROM tablao_skips
  WHERE lane_id = NEW.from_lane
    AND worker_id IN (SELECT worker_id FROM task_failures WHERE task_id = NEW.task_id);
  UPDATE tasks SET
    tablao_lane = (
      SELECT l.id FROM tablao_lanes l
      WHERE l.job_id = tasks.job_id
        AND task_type = lower(trim(type, char(9, 10, 13, 32)))
        AND task_priority = priority
    ),
    tablao_rev = tablao_rev + 1
  WHERE id = NEW.task_id
    -- Unless it is there already: the type may only be spelled differently.
    AND NOT EXISTS (
      SELECT 1 FROM tablao_lanes l
      WHERE l.id = NEW.from_lane
        AND l.job_id = tasks.job_id
        AND task_type = lower(trim(type, char(9, 10, 13, 32)))
        AND task_priority = priority
    );
  -- changes(): 0 also where a user's trigger has kept it where it is.
  UPDATE tablao_lanes SET
    num_tasks = num_tasks - changes(),
    has_ready = EXISTS (SELECT 1 FROM tablao_ready_tasks WHERE unlikely(lane_id = NEW.from_lane))
  WHERE id = NEW.from_lane;
  DELETE FROM tablao_lanes WHERE id = NEW.from_lane AND num_tasks = 0;
END;

-- Dependencies --------------------------------------------------------------

CREATE TRIGGER tablao_dependencies_before_insert BEFORE INSERT ON task_dependencies
-- Notes whether it is there already; not for a task of a document that is being stored,
-- which waits for -1 until all its dependencies are there.
WHEN (SELECT tablao_open_deps FROM tasks WHERE id = NEW.task_id) IS NOT -1
BEGIN
  INSERT INTO tablao_note_replaced
  VALUES ('task_dependencies', NEW.task_id || ' ' || NEW.dependency_id, CASE
    WHEN (NEW.task_id, NEW.dependency_id) IN (SELECT task_id, dependency_id FROM task_dependencies)
      OR NEW.rowid IN (SELECT rowid FROM task_dependencies)
    THEN NEW.task_id || ' ' || NEW.dependency_id
  END);
END;

CREATE TRIGGER tablao_dependencies_insert AFTER INSERT ON task_dependencies
-- The rules on a new dependency. In a document nothing is to be done for one that is
-- right: what its task waits for is found when all are there.
WHEN NEW.task_id = NEW.dependency_id
  OR (
    SELECT t.tablao_open_deps
    FROM tasks t NOT INDEXED CROSS JOIN tasks p NOT INDEXED USING (job_id)
    WHERE t.id = NEW.task_id AND p.id = NEW.dependency_id
  ) IS NOT -1
BEGIN
  INSERT INTO tablao_link (task_id, dependency_id, job_id, other_id)
  VALUES (
    NEW.task_id, NEW.dependency_id,
    (SELECT job_id FROM tasks WHERE id = NEW.task_id),
    (SELECT job_id FROM tasks WHERE id = NEW.dependency_id)
  );
  -- Last: where nothing was noted above, it may be an older note.
  SELECT CASE
    WHEN NEW.rowid < 1
    THEN RAISE(ABORT, 'tablao: task_dependencies.rowid must be a whole number from 1')
    WHEN NEW.task_id || ' ' || NEW.dependency_id = (SELECT key FROM tablao_replaced WHERE table_name = 'task_dependencies')
    THEN RAISE(ABORT, 'tablao: task_dependencies cannot be REPLACEd: use INSERT OR IGNORE')
  END;
END;

CREATE TRIGGER tablao_dependencies_before_update BEFORE UPDATE ON task_dependencies
-- Notes whether there is another with the new key.
BEGIN
  SELECT RAISE(ABORT, 'tablao: task_dependencies.rowid cannot be changed')
  WHERE NEW.rowid IS NOT OLD.rowid;
  INSERT INTO tablao_note_replaced
  VALUES ('task_dependencies', NEW.task_id || ' ' || NEW.dependency_id, (
    SELECT NEW.task_id || ' ' || NEW.dependency_id FROM task_dependencies
    WHERE task_id = NEW.task_id AND dependency_id = NEW.dependency_id AND rowid <> OLD.rowid
  ));
END;

CREATE TRIGGER tablao_dependencies_update AFTER UPDATE ON task_dependencies
-- Refuses an UPDATE OR REPLACE that would delete another.
BEGIN
  SELECT RAISE(ABORT, 'tablao: task_dependencies must be unique: this UPDATE OR REPLACE would delete another dependency')
  WHERE NEW.task_id || ' ' || NEW.dependency_id = (SELECT key FROM tablao_replaced WHERE table_name = 'task_dependencies');
  INSERT INTO tablao_wait (task_id, waits_for) VALUES (OLD.task_id, OLD.dependency_id);
  INSERT INTO tablao_link (task_id, dependency_id, job_id, other_id)
  VALUES (
    NEW.task_id, NEW.dependency_id,
    (SELECT job_id FROM tasks WHERE id = NEW.task_id),
    (SELECT job_id FROM tasks WHERE id = NEW.dependency_id)
  );
END;

CREATE TRIGGER tablao_dependencies_delete AFTER DELETE ON task_dependencies
-- If the task waited for that one, it waits for another. Not where its job is being
-- deleted.
WHEN (SELECT job_id FROM tasks WHERE id = OLD.task_id) IN (SELECT job_id FROM tablao_counts)
BEGIN
  INSERT INTO tablao_wait (task_id, waits_for) VALUES (OLD.task_id, OLD.dependency_id);
END;

-- tablao_link: the rules on a dependency that is new, and what its task waits for.
-- job_id, other_id: the jobs of the two.
CREATE VIEW tablao_link (task_id, dependency_id, job_id, other_id) AS
SELECT NULL, NULL, NULL, NULL WHERE 0;

CREATE TRIGGER tablao_link_insert INSTEAD OF INSERT ON tablao_link
BEGIN
  SELECT CASE
    WHEN NEW.job_id IS NULL
    THEN RAISE(ABORT, 'tablao: task_dependencies.task_id must be the id of a task')
    WHEN NEW.other_id IS NULL
    THEN RAISE(ABORT, 'tablao: task_dependencies.dependency_id must be the id of a task')
    WHEN NEW.task_id = NEW.dependency_id
    THEN RAISE(ABORT, 'tablao: task_dependencies.dependency_id must be another task than task_id: a task cannot wait for itself')
    WHEN NEW.job_id <> NEW.other_id
    THEN RAISE(ABORT, 'tablao: task_dependencies.dependency_id must be a task of the same job as task_id')
  END
  FROM task_dependencies WHERE task_id = NEW.task_id AND dependency_id = NEW.dependency_id;
  -- NULL, so that nothing is done, if that one is completed: there may be many such.
  INSERT INTO tablao_wait (task_id, waits_for)
  VALUES ((SELECT NEW.task_id FROM tasks WHERE id = NEW.dependency_id AND status <> 'completed'), 0);
END;

-- tablao_wait: finds what a task has to wait for, if it has waited for waits_for, or
-- for nothing: a task that it depends on and that is not completed; 0 if there is
-- none. It waits for one at a time, so what one completion costs does not depend on
-- how many others a task waits for. It starts with the last, since most jobs are
-- worked off from the first on, and goes down from the one that it waited for.
-- likelihood(): with statistics of a farm in which one task waits for all others, SQLite
-- would look through all dependencies of the farm for each task. Much less than 0.2, and
-- with statistics of three tasks it takes a scan of all tasks for no dearer than a lookup.
-- OR 1, OR 0: docs/design.md, "Doors"; or there might be a Bloom filter.
-- It is a door because SQLite looks up one task by its id whatever its statistics.
CREATE VIEW tablao_wait (task_id, waits_for) AS
SELECT NULL, NULL WHERE 0;

CREATE TRIGGER tablao_wait_insert INSTEAD OF INSERT ON tablao_wait
BEGIN
  -- No row: the task has just been deleted.
  UPDATE tasks SET
    tablao_open_deps = coalesce(
      -- The value of a subquery is its first row: LIMIT 1 would only cost more. There
      -- are two: in one that sorts both, SQLite would look through all dependencies of
      -- the farm, if there was one when somebody ran ANALYZE.
      (
        SELECT p.id FROM task_dependencies d CROSS JOIN tasks p ON p.id = d.dependency_id
        WHERE likelihood(d.task_id = tasks.id, 0.2) AND d.dependency_id < tasks.tablao_open_deps
          AND (p.status <> 'completed' AND (d.task_id OR 1) OR 0)
        ORDER BY d.dependency_id DESC
      ),
      (
        SELECT p.id FROM task_dependencies d CROSS JOIN tasks p ON p.id = d.dependency_id
        WHERE likelihood(d.task_id = tasks.id, 0.2) AND (p.status <> 'completed' AND (d.task_id OR 1) OR 0)
        ORDER BY d.dependency_id DESC
      ),
      0
    ),
    tablao_rev = tablao_rev + (tablao_rev IS TRUE)
  WHERE id = NEW.task_id
    AND (tablao_open_deps = 0 OR tablao_open_deps = NEW.waits_for);
END;
