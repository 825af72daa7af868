-- tasks and task_dependencies: rules on their rows, the counters, sums and
-- lanes that follow from them, and what a task's status does to its job. As in
-- jobs, an UPDATE that counts tablao_rev up is one of ours.

CREATE TRIGGER tasks_bi BEFORE INSERT ON tasks
-- The rules on a new task; notes whether its keys are taken.
WHEN NOT EXISTS (SELECT 1 FROM tablao_bulk WHERE job_id = NEW.job_id)
BEGIN
  SELECT RAISE(ABORT, 'tablao: tasks.job_id must be the id of a job')
  WHERE NOT EXISTS (SELECT 1 FROM jobs WHERE id = NEW.job_id);
  INSERT INTO tablao_assert_task_status (status) VALUES (NEW.status);
  INSERT INTO tablao_assert_task (
    priority, index_in_job, steps_completed, steps_total, worker_id
  ) VALUES (
    NEW.priority, NEW.index_in_job, NEW.steps_completed, NEW.steps_total,
    NEW.worker_id
  );
  INSERT INTO tablao_assert_json (column_name, value, root_type)
  VALUES ('commands', NEW.commands, 'array');
  INSERT INTO tablao_note_replaced (table_name, is_taken)
  SELECT 'tasks',
    EXISTS (SELECT 1 FROM tasks WHERE id = NEW.id)
    OR EXISTS (SELECT 1 FROM tasks WHERE uuid = NEW.uuid)
    OR EXISTS (
      SELECT 1 FROM tasks
      WHERE job_id = NEW.job_id AND index_in_job = NEW.index_in_job
    );
END;

CREATE TRIGGER tasks_ai AFTER INSERT ON tasks
-- Refuses a REPLACE; gives the task its index, lane and times, and the job its
-- counters and sums.
WHEN NOT EXISTS (SELECT 1 FROM tablao_bulk WHERE job_id = NEW.job_id)
BEGIN
  SELECT RAISE(ABORT, 'tablao: tasks.id must be a whole number from 1')
  WHERE NEW.id < 1;
  SELECT RAISE(ABORT, 'tablao: tasks cannot be REPLACEd: use INSERT ... ON CONFLICT DO UPDATE')
  WHERE EXISTS (SELECT 1 FROM tablao_replaced WHERE table_name = 'tasks');
  INSERT INTO tablao_new_lanes (job_id, task_type, task_priority)
  VALUES (NEW.job_id, NEW.type, NEW.priority);
  UPDATE tasks SET
    created_at = CASE
      WHEN NEW.created_at = strftime('%Y-%m-%d %H:%M:%f+00:00')
      THEN (SELECT now FROM farm_clock)
      ELSE NEW.created_at
    END,
    updated_at = CASE
      WHEN coalesce(NEW.updated_at, '') IN ('', strftime('%Y-%m-%d %H:%M:%f+00:00'))
      THEN (SELECT now FROM farm_clock)
      ELSE NEW.updated_at
    END,
    index_in_job = CASE NEW.index_in_job
      WHEN 0
      THEN (SELECT max(t.index_in_job) + 1 FROM tasks t WHERE t.job_id = NEW.job_id)
      ELSE NEW.index_in_job
    END,
    commands = CASE (SELECT value FROM tablao_settings WHERE name = 'json_storage')
      WHEN 'blob' THEN CAST(NEW.commands AS BLOB)
      ELSE CAST(NEW.commands AS TEXT)
    END,
    steps_completed = max(0, min(NEW.steps_completed, NEW.steps_total)),
    tablao_open_deps = 0,
    tablao_lane = (
      SELECT l.id FROM tablao_lanes l
      WHERE l.job_id = NEW.job_id
        AND l.task_type = lower(trim(NEW.type))
        AND l.task_priority = NEW.priority
        AND l.failed_by = ''
    ),
    tablao_rev = tablao_rev + 1
  WHERE id = NEW.id;
  UPDATE tablao_job_counts SET
    num_tasks = num_tasks + 1,
    num_queued = num_queued + (NEW.status = 'queued'),
    num_active = num_active + (NEW.status = 'active'),
    num_completed = num_completed + (NEW.status = 'completed'),
    num_failed = num_failed + (NEW.status = 'failed'),
    num_canceled = num_canceled + (NEW.status = 'canceled'),
    num_soft_failed = num_soft_failed + (NEW.status = 'soft-failed'),
    num_paused = num_paused + (NEW.status = 'paused')
  WHERE job_id = NEW.job_id;
  INSERT INTO tablao_add_steps (job_id, steps_completed, steps_total, now)
  VALUES (
    NEW.job_id,
    max(0, min(NEW.steps_completed, NEW.steps_total)),
    NEW.steps_total,
    (SELECT now FROM farm_clock)
  );
  UPDATE tablao_lanes SET has_ready = 1
  WHERE id = (SELECT t.tablao_lane FROM tasks t WHERE t.id = NEW.id)
    AND has_ready = 0
    AND NEW.status IN ('queued', 'soft-failed');
END;

CREATE TRIGGER tasks_bu_id BEFORE UPDATE OF id, rowid, oid, _rowid_, job_id ON tasks
-- An id is for life, and a task stays in its job.
WHEN NEW.id IS NOT OLD.id OR NEW.job_id IS NOT OLD.job_id
BEGIN
  SELECT RAISE(ABORT, 'tablao: tasks.id and tasks.job_id cannot be changed');
END;

CREATE TRIGGER tasks_bu_numbers BEFORE UPDATE OF priority, index_in_job ON tasks
-- Numbers as they should be come no further than this.
WHEN typeof(NEW.priority) <> 'integer'
  OR typeof(NEW.index_in_job) <> 'integer'
  OR NEW.index_in_job < 1
BEGIN
  -- Only what this statement changes: what was stored before this rule was
  -- there may stay.
  INSERT INTO tablao_assert_task (
    priority, index_in_job, steps_completed, steps_total, worker_id
  ) VALUES (
    CASE WHEN NEW.priority IS OLD.priority THEN 0 ELSE NEW.priority END,
    CASE WHEN NEW.index_in_job IS OLD.index_in_job THEN 1 ELSE NEW.index_in_job END,
    0,
    0,
    NULL
  );
  SELECT RAISE(ABORT, 'tablao: tasks.index_in_job must be a whole number from 1')
  WHERE NEW.index_in_job = 0 AND OLD.index_in_job <> 0;
END;

CREATE TRIGGER tasks_au_own AFTER UPDATE OF
  status, tablao_rev, tablao_open_deps, tablao_lane
ON tasks
-- The rule on the status (here too, since its door costs as much again;
-- mksql.tcl sees that the lists are the same); and only an UPDATE of ours,
-- which counts tablao_rev up by one, may write the other three. AFTER, like
-- the next two, since these columns change all day: where there is a BEFORE
-- trigger, which might change the row, SQLite reads the row anew.
WHEN NEW.tablao_rev <> OLD.tablao_rev + 1
  AND (
    NEW.tablao_rev <> OLD.tablao_rev
    OR NEW.tablao_open_deps <> OLD.tablao_open_deps
    OR NEW.tablao_lane <> OLD.tablao_lane
    -- @statuses task
    OR NOT (
      NEW.status = 'active' OR NEW.status = 'completed' OR NEW.status = 'queued'
      OR NEW.status = 'canceled' OR NEW.status = 'failed'
      OR NEW.status = 'soft-failed' OR NEW.status = 'paused'
    )
  )
BEGIN
  SELECT RAISE(ABORT, 'tablao: tasks.tablao_rev, tablao_open_deps and tablao_lane are kept by triggers and cannot be changed')
  WHERE NEW.tablao_rev <> OLD.tablao_rev
    OR NEW.tablao_open_deps <> OLD.tablao_open_deps
    OR NEW.tablao_lane <> OLD.tablao_lane;
  INSERT INTO tablao_assert_task_status (status) VALUES (NEW.status);
END;

CREATE TRIGGER tasks_au_steps AFTER UPDATE OF steps_completed, steps_total ON tasks
-- The rules on steps; as in tasks_bu_numbers, on what has changed.
WHEN NEW.tablao_rev = OLD.tablao_rev
  AND (
    typeof(NEW.steps_completed) <> 'integer'
    OR typeof(NEW.steps_total) <> 'integer'
    OR NEW.steps_total < 0
  )
BEGIN
  INSERT INTO tablao_assert_task (
    priority, index_in_job, steps_completed, steps_total, worker_id
  ) VALUES (
    0,
    1,
    CASE WHEN NEW.steps_completed IS OLD.steps_completed THEN 0 ELSE NEW.steps_completed END,
    CASE WHEN NEW.steps_total IS OLD.steps_total THEN 0 ELSE NEW.steps_total END,
    NULL
  );
END;

CREATE TRIGGER tasks_au_worker AFTER UPDATE OF worker_id ON tasks
-- The worker must exist.
WHEN NEW.worker_id IS NOT NULL
  AND NEW.worker_id IS NOT OLD.worker_id
  AND NOT EXISTS (SELECT 1 FROM workers w WHERE w.id = NEW.worker_id)
BEGIN
  INSERT INTO tablao_assert_task (
    priority, index_in_job, steps_completed, steps_total, worker_id
  ) VALUES (0, 1, 0, 0, NEW.worker_id);
END;

CREATE TRIGGER tasks_bu_commands BEFORE UPDATE OF commands ON tasks
-- The rule on commands.
WHEN NEW.tablao_rev = OLD.tablao_rev
BEGIN
  INSERT INTO tablao_assert_json (column_name, value, root_type)
  VALUES ('commands', NEW.commands, 'array');
END;

CREATE TRIGGER tasks_bu_keys BEFORE UPDATE OF uuid, index_in_job ON tasks
-- Refuses an UPDATE OR REPLACE that would delete another task.
WHEN NEW.tablao_rev = OLD.tablao_rev
  AND (
    EXISTS (SELECT 1 FROM tasks WHERE uuid = NEW.uuid AND id <> OLD.id)
    OR EXISTS (
      SELECT 1 FROM tasks
      WHERE job_id = NEW.job_id AND index_in_job = NEW.index_in_job
        AND id <> OLD.id
    )
  )
BEGIN
  INSERT OR IGNORE INTO tablao_taken (key, is_replacing) VALUES (1, 1);
  SELECT RAISE(ABORT, 'tablao: tasks.uuid and tasks.index_in_job must be unique: this UPDATE OR REPLACE would delete another task')
  FROM tablao_taken WHERE is_replacing;
END;

CREATE TRIGGER tasks_au_commands AFTER UPDATE OF commands ON tasks
-- Keeps JSON in the storage class that the setting json_storage names.
WHEN NEW.tablao_rev = OLD.tablao_rev
  AND typeof(NEW.commands) <> (
    SELECT value FROM tablao_settings WHERE name = 'json_storage'
  )
BEGIN
  UPDATE tasks SET
    commands = CASE (SELECT value FROM tablao_settings WHERE name = 'json_storage')
      WHEN 'blob' THEN CAST(commands AS BLOB)
      ELSE CAST(commands AS TEXT)
    END,
    tablao_rev = tablao_rev + 1
  WHERE id = NEW.id;
END;

CREATE TRIGGER tasks_au_stamp AFTER UPDATE OF
  created_at, uuid, name, type, index_in_job, priority, worker_id,
  last_touched_at, commands, activity
ON tasks
-- Sets updated_at, unless the statement did. tasks_au_status does it where a
-- status or steps are written; where both would, the first one does.
WHEN NEW.updated_at IS OLD.updated_at AND NEW.tablao_rev = OLD.tablao_rev
  AND NEW.status = OLD.status
  AND NEW.steps_completed = OLD.steps_completed
  AND NEW.steps_total = OLD.steps_total
BEGIN
  UPDATE tasks SET updated_at = (SELECT now FROM farm_clock)
  WHERE id = NEW.id AND updated_at IS OLD.updated_at;
END;

CREATE TRIGGER tasks_au_lane AFTER UPDATE OF type, priority ON tasks
-- A task of another type or priority queues in another lane.
WHEN NEW.type <> OLD.type OR NEW.priority <> OLD.priority
BEGIN
  INSERT INTO tablao_place_task (task_id, old_lane)
  VALUES (NEW.id, OLD.tablao_lane);
END;

CREATE TRIGGER tasks_au_status AFTER UPDATE OF status, steps_completed, steps_total ON tasks
-- What a new status or count of steps of a task does: section 3 of the
-- specification. Where they are what they were, there is the stamp to set.
WHEN NEW.tablao_rev = OLD.tablao_rev
  AND (
    NEW.status <> OLD.status
    OR NEW.steps_completed <> OLD.steps_completed
    OR NEW.steps_total <> OLD.steps_total
    OR NEW.updated_at IS OLD.updated_at
  )
BEGIN
  -- The order matters, so all of it stands in this one trigger: what is
  -- derived first, then the job, whose change may sweep over this task again.
  UPDATE tasks SET
    steps_completed = CASE
      WHEN NEW.status = 'completed' AND OLD.status <> 'completed'
      THEN NEW.steps_total
      WHEN NEW.status = 'queued' AND OLD.status <> 'queued'
      THEN 0
      ELSE max(0, min(NEW.steps_completed, NEW.steps_total))
    END,
    updated_at = CASE
      WHEN NEW.updated_at IS OLD.updated_at THEN (SELECT now FROM farm_clock)
      ELSE NEW.updated_at
    END,
    tablao_rev = tablao_rev + 1
  WHERE id = NEW.id
    AND (
      (NEW.status = 'completed' AND NEW.steps_completed <> NEW.steps_total)
      OR (NEW.status = 'queued' AND NEW.steps_completed <> 0)
      OR NEW.steps_completed < 0
      OR NEW.steps_completed > NEW.steps_total
    );
  -- Where the steps stay, the stamp alone: that sets off no trigger.
  UPDATE tasks SET updated_at = (SELECT now FROM farm_clock)
  WHERE id = NEW.id
    AND NEW.updated_at IS OLD.updated_at
    AND updated_at IS OLD.updated_at;
  UPDATE tablao_job_counts SET
    num_queued = num_queued
      + CASE 'queued' WHEN NEW.status THEN 1 WHEN OLD.status THEN -1 ELSE 0 END,
    num_active = num_active
      + CASE 'active' WHEN NEW.status THEN 1 WHEN OLD.status THEN -1 ELSE 0 END,
    num_completed = num_completed
      + CASE 'completed' WHEN NEW.status THEN 1 WHEN OLD.status THEN -1 ELSE 0 END,
    num_failed = num_failed
      + CASE 'failed' WHEN NEW.status THEN 1 WHEN OLD.status THEN -1 ELSE 0 END,
    num_canceled = num_canceled
      + CASE 'canceled' WHEN NEW.status THEN 1 WHEN OLD.status THEN -1 ELSE 0 END,
    num_soft_failed = num_soft_failed
      + CASE 'soft-failed' WHEN NEW.status THEN 1 WHEN OLD.status THEN -1 ELSE 0 END,
    num_paused = num_paused
      + CASE 'paused' WHEN NEW.status THEN 1 WHEN OLD.status THEN -1 ELSE 0 END
  WHERE job_id = NEW.job_id AND NEW.status <> OLD.status;
  UPDATE tablao_lanes SET has_ready = NOT has_ready
  WHERE id = NEW.tablao_lane
    AND NEW.status <> OLD.status
    AND has_ready <> EXISTS (
      SELECT 1 FROM tablao_ready_tasks r WHERE r.lane_id = NEW.tablao_lane
    );
  -- VALUES: an INSERT ... SELECT into a view would open a table of its own
  -- for its rows. And one door, since most changes go no further.
  INSERT INTO tablao_task_ripples (
    task_id, job_id, steps_completed, steps_total, open_deps, job_status, is_stamped
  )
  VALUES (
    NEW.id,
    NEW.job_id,
    (SELECT t.steps_completed FROM tasks t WHERE t.id = NEW.id) - OLD.steps_completed,
    NEW.steps_total - OLD.steps_total,
    (OLD.status = 'completed') - (NEW.status = 'completed'),
    CASE WHEN NEW.status <> OLD.status THEN (
      SELECT CASE NEW.status
        WHEN 'completed' THEN n.completed
        WHEN 'active' THEN n.active
        WHEN 'queued' THEN n.queued
        WHEN 'soft-failed' THEN n.soft_failed
        WHEN 'failed' THEN n.failed
        WHEN 'canceled' THEN n.canceled
        WHEN 'paused' THEN n.paused
      END
      FROM tablao_next_job_statuses n
      WHERE n.job_id = NEW.job_id
    ) END,
    NEW.updated_at IS OLD.updated_at
  );
END;

CREATE TRIGGER tasks_bd BEFORE DELETE ON tasks
-- What hangs on a task goes with it, with foreign keys on or off.
WHEN EXISTS (SELECT 1 FROM tablao_job_counts WHERE job_id = OLD.job_id)
BEGIN
  DELETE FROM task_dependencies WHERE dependency_id = OLD.id;
END;

CREATE TRIGGER tasks_ad AFTER DELETE ON tasks
-- The counters, sums and lanes of its job follow.
WHEN EXISTS (SELECT 1 FROM tablao_job_counts WHERE job_id = OLD.job_id)
BEGIN
  -- Here and not before: they would change the row that is being deleted.
  DELETE FROM task_dependencies WHERE task_id = OLD.id;
  DELETE FROM task_failures WHERE task_id = OLD.id;
  UPDATE tablao_job_counts SET
    num_tasks = num_tasks - 1,
    num_queued = num_queued - (OLD.status = 'queued'),
    num_active = num_active - (OLD.status = 'active'),
    num_completed = num_completed - (OLD.status = 'completed'),
    num_failed = num_failed - (OLD.status = 'failed'),
    num_canceled = num_canceled - (OLD.status = 'canceled'),
    num_soft_failed = num_soft_failed - (OLD.status = 'soft-failed'),
    num_paused = num_paused - (OLD.status = 'paused')
  WHERE job_id = OLD.job_id;
  INSERT INTO tablao_add_steps (job_id, steps_completed, steps_total, now)
  VALUES (
    OLD.job_id, -OLD.steps_completed, -OLD.steps_total,
    (SELECT now FROM farm_clock)
  );
  UPDATE tablao_lanes SET has_ready = 0
  WHERE id = OLD.tablao_lane
    AND has_ready = 1
    AND NOT EXISTS (
      SELECT 1 FROM tablao_ready_tasks r WHERE r.lane_id = OLD.tablao_lane
    );
END;

-- task_dependencies ---------------------------------------------------------

CREATE TRIGGER task_dependencies_bi BEFORE INSERT ON task_dependencies
-- The rules on a new dependency; notes whether it is there already.
WHEN NOT EXISTS (SELECT 1 FROM tablao_bulk)
BEGIN
  INSERT INTO tablao_assert_dependency (task_id, dependency_id)
  VALUES (NEW.task_id, NEW.dependency_id);
  INSERT INTO tablao_note_replaced (table_name, is_taken)
  SELECT 'task_dependencies',
    EXISTS (
      SELECT 1 FROM task_dependencies
      WHERE task_id = NEW.task_id AND dependency_id = NEW.dependency_id
    )
    OR EXISTS (SELECT 1 FROM task_dependencies WHERE rowid = NEW.rowid);
END;

CREATE TRIGGER task_dependencies_ai AFTER INSERT ON task_dependencies
-- Refuses a REPLACE; counts the dependency if it is open.
WHEN NOT EXISTS (SELECT 1 FROM tablao_bulk)
BEGIN
  SELECT RAISE(ABORT, 'tablao: task_dependencies cannot be REPLACEd: use INSERT OR IGNORE')
  WHERE EXISTS (
    SELECT 1 FROM tablao_replaced WHERE table_name = 'task_dependencies'
  );
  SELECT RAISE(ABORT, 'tablao: task_dependencies.rowid must be a whole number from 1')
  WHERE NEW.rowid < 1;
  INSERT INTO tablao_open_dependency (task_id, dependency_id, delta)
  VALUES (NEW.task_id, NEW.dependency_id, 1);
END;

CREATE TRIGGER task_dependencies_bu BEFORE UPDATE ON task_dependencies
-- The rules on a dependency; refuses an UPDATE OR REPLACE that would delete
-- another.
BEGIN
  SELECT RAISE(ABORT, 'tablao: task_dependencies.rowid cannot be changed')
  WHERE NEW.rowid IS NOT OLD.rowid;
  INSERT INTO tablao_assert_dependency (task_id, dependency_id)
  VALUES (NEW.task_id, NEW.dependency_id);
  INSERT OR IGNORE INTO tablao_taken (key, is_replacing)
  SELECT 1, 1
  FROM task_dependencies
  WHERE task_id = NEW.task_id AND dependency_id = NEW.dependency_id
    AND rowid <> OLD.rowid;
  SELECT RAISE(ABORT, 'tablao: task_dependencies must be unique: this UPDATE OR REPLACE would delete another dependency')
  FROM tablao_taken WHERE is_replacing;
END;

CREATE TRIGGER task_dependencies_au AFTER UPDATE ON task_dependencies
-- Counts both anew.
BEGIN
  INSERT INTO tablao_open_dependency (task_id, dependency_id, delta)
  VALUES
    (OLD.task_id, OLD.dependency_id, -1),
    (NEW.task_id, NEW.dependency_id, 1);
END;

CREATE TRIGGER task_dependencies_ad AFTER DELETE ON task_dependencies
-- A dependency less, if it was open.
BEGIN
  INSERT INTO tablao_open_dependency (task_id, dependency_id, delta)
  VALUES (OLD.task_id, OLD.dependency_id, -1);
END;
