-- task_failures, job_blocks, last_rendereds and sleep_schedules: rules on
-- their rows. Nothing hangs on a row of these, so a REPLACE may take the place
-- of one with the same key; but one that names the id or the rowid of a row
-- with another key would delete what belongs to others.

CREATE TRIGGER task_failures_bi BEFORE INSERT ON task_failures
-- The rules on a new failure; notes whether its rowid is that of another.
BEGIN
  INSERT INTO tablao_assert_failure (task_id, worker_id)
  VALUES (NEW.task_id, NEW.worker_id);
  INSERT INTO tablao_note_replaced (table_name, is_taken)
  SELECT 'task_failures', EXISTS (
    SELECT 1 FROM task_failures
    WHERE rowid = NEW.rowid AND (task_id <> NEW.task_id OR worker_id <> NEW.worker_id)
  );
END;

CREATE TRIGGER task_failures_ai_rowid AFTER INSERT ON task_failures
-- Refuses a REPLACE by rowid, which has deleted another failure.
WHEN NEW.rowid < 1
  OR EXISTS (SELECT 1 FROM tablao_replaced WHERE table_name = 'task_failures')
BEGIN
  SELECT CASE
    WHEN NEW.rowid < 1
    THEN RAISE(ABORT, 'tablao: task_failures.rowid must be a whole number from 1')
    ELSE RAISE(ABORT, 'tablao: task_failures.rowid is that of another row, which cannot be REPLACEd: use INSERT ... ON CONFLICT DO UPDATE')
  END;
END;

CREATE TRIGGER task_failures_ai AFTER INSERT ON task_failures
-- Sets created_at to the pinned clock, which a default cannot read.
WHEN NEW.created_at = strftime('%Y-%m-%d %H:%M:%f+00:00')
  AND NEW.created_at <> (SELECT now FROM farm_clock)
BEGIN
  UPDATE task_failures SET created_at = (SELECT now FROM farm_clock)
  WHERE task_id = NEW.task_id AND worker_id = NEW.worker_id;
END;

CREATE TRIGGER task_failures_bu_rowid BEFORE UPDATE ON task_failures
-- Refuses to change a rowid, which could take the place of another failure.
WHEN NEW.rowid IS NOT OLD.rowid
BEGIN
  SELECT RAISE(ABORT, 'tablao: task_failures.rowid cannot be changed');
END;

CREATE TRIGGER task_failures_ai_lane AFTER INSERT ON task_failures
-- A task that somebody failed queues apart from those that anybody may run.
BEGIN
  INSERT INTO tablao_place_task (task_id, old_lane)
  VALUES (NEW.task_id, (SELECT t.tablao_lane FROM tasks t WHERE t.id = NEW.task_id));
END;

CREATE TRIGGER task_failures_au_lane AFTER UPDATE OF task_id, worker_id ON task_failures
-- As in task_failures_ai_lane, for both tasks.
BEGIN
  INSERT INTO tablao_place_task (task_id, old_lane)
  VALUES
    (OLD.task_id, (SELECT t.tablao_lane FROM tasks t WHERE t.id = OLD.task_id)),
    (NEW.task_id, (SELECT t.tablao_lane FROM tasks t WHERE t.id = NEW.task_id));
END;

CREATE TRIGGER task_failures_ad_lane AFTER DELETE ON task_failures
-- No row: the task is gone, or its job is being deleted.
WHEN EXISTS (
  SELECT 1
  FROM tasks t CROSS JOIN tablao_job_counts c ON c.job_id = t.job_id
  WHERE t.id = OLD.task_id
)
BEGIN
  INSERT INTO tablao_place_task (task_id, old_lane)
  VALUES (OLD.task_id, (SELECT t.tablao_lane FROM tasks t WHERE t.id = OLD.task_id));
END;

CREATE TRIGGER task_failures_bu BEFORE UPDATE OF task_id, worker_id ON task_failures
-- The rules on a failure.
BEGIN
  INSERT INTO tablao_assert_failure (task_id, worker_id)
  VALUES (NEW.task_id, NEW.worker_id);
END;

-- job_blocks ----------------------------------------------------------------

CREATE TRIGGER job_blocks_bi BEFORE INSERT ON job_blocks
-- The rules on a new block; notes whether its id is that of another.
BEGIN
  INSERT INTO tablao_assert_block (job_id, worker_id)
  VALUES (NEW.job_id, NEW.worker_id);
  INSERT INTO tablao_note_replaced (table_name, is_taken)
  SELECT 'job_blocks', EXISTS (
    SELECT 1 FROM job_blocks
    WHERE id = NEW.id AND (job_id <> NEW.job_id OR worker_id <> NEW.worker_id OR task_type <> NEW.task_type)
  );
END;

CREATE TRIGGER job_blocks_ai_id AFTER INSERT ON job_blocks
-- Refuses a REPLACE by id, which has deleted another block.
WHEN NEW.id < 1
  OR EXISTS (SELECT 1 FROM tablao_replaced WHERE table_name = 'job_blocks')
BEGIN
  SELECT CASE
    WHEN NEW.id < 1
    THEN RAISE(ABORT, 'tablao: job_blocks.id must be a whole number from 1')
    ELSE RAISE(ABORT, 'tablao: job_blocks.id is that of another row, which cannot be REPLACEd: use INSERT ... ON CONFLICT DO UPDATE')
  END;
END;

CREATE TRIGGER job_blocks_ai AFTER INSERT ON job_blocks
-- Sets created_at to the pinned clock, which a default cannot read.
WHEN NEW.created_at = strftime('%Y-%m-%d %H:%M:%f+00:00')
  AND NEW.created_at <> (SELECT now FROM farm_clock)
BEGIN
  UPDATE job_blocks SET created_at = (SELECT now FROM farm_clock)
  WHERE id = NEW.id;
END;

CREATE TRIGGER job_blocks_bu_id BEFORE UPDATE OF id, rowid, oid, _rowid_ ON job_blocks
-- An id is for life.
WHEN NEW.id IS NOT OLD.id
BEGIN
  SELECT RAISE(ABORT, 'tablao: job_blocks.id cannot be changed');
END;

CREATE TRIGGER job_blocks_bu BEFORE UPDATE OF job_id, worker_id ON job_blocks
-- The rules on a block.
BEGIN
  INSERT INTO tablao_assert_block (job_id, worker_id)
  VALUES (NEW.job_id, NEW.worker_id);
END;

-- last_rendereds ------------------------------------------------------------

CREATE TRIGGER last_rendereds_bi BEFORE INSERT ON last_rendereds
-- The job must exist.
BEGIN
  INSERT INTO tablao_assert_last_rendered (job_id) VALUES (NEW.job_id);
END;

CREATE TRIGGER last_rendereds_ai AFTER INSERT ON last_rendereds
-- The new row is the one row there is; its times are the clock's.
BEGIN
  -- One row, ever. Afterwards, so that an upsert (Flamenco's Manager always
  -- writes id 1) meets the row it is to update.
  DELETE FROM last_rendereds WHERE id <> NEW.id;
  UPDATE last_rendereds SET created_at = (SELECT now FROM farm_clock)
  WHERE id = NEW.id
    AND NEW.created_at = strftime('%Y-%m-%d %H:%M:%f+00:00')
    AND NEW.created_at <> (SELECT now FROM farm_clock);
  -- Last, since the change of created_at has stamped the row.
  UPDATE last_rendereds SET updated_at = CASE
    WHEN coalesce(NEW.updated_at, '') IN ('', strftime('%Y-%m-%d %H:%M:%f+00:00'))
    THEN (SELECT now FROM farm_clock)
    ELSE NEW.updated_at
  END
  WHERE id = NEW.id;
END;

CREATE TRIGGER last_rendereds_bu_id BEFORE UPDATE OF id, rowid, oid, _rowid_ ON last_rendereds
-- An id is for life.
WHEN NEW.id IS NOT OLD.id
BEGIN
  SELECT RAISE(ABORT, 'tablao: last_rendereds.id cannot be changed');
END;

CREATE TRIGGER last_rendereds_bu BEFORE UPDATE OF job_id ON last_rendereds
-- The job must exist.
BEGIN
  INSERT INTO tablao_assert_last_rendered (job_id) VALUES (NEW.job_id);
END;

CREATE TRIGGER last_rendereds_au_stamp AFTER UPDATE OF created_at, job_id ON last_rendereds
-- Sets updated_at, unless the statement did.
WHEN NEW.updated_at IS OLD.updated_at
BEGIN
  UPDATE last_rendereds SET updated_at = (SELECT now FROM farm_clock)
  WHERE id = NEW.id;
END;

-- sleep_schedules -----------------------------------------------------------

CREATE TRIGGER sleep_schedules_bi BEFORE INSERT ON sleep_schedules
-- The rules on a new schedule; notes whether its id is that of another.
BEGIN
  INSERT INTO tablao_assert_sleep_schedule (
    worker_id, days_of_week, start_time, end_time
  ) VALUES (NEW.worker_id, NEW.days_of_week, NEW.start_time, NEW.end_time);
  INSERT INTO tablao_note_replaced (table_name, is_taken)
  SELECT 'sleep_schedules', EXISTS (
    SELECT 1 FROM sleep_schedules
    WHERE id = NEW.id AND worker_id <> NEW.worker_id
  );
END;

CREATE TRIGGER sleep_schedules_ai_id AFTER INSERT ON sleep_schedules
-- Refuses a REPLACE by id, which has deleted another schedule.
WHEN NEW.id < 1
  OR EXISTS (SELECT 1 FROM tablao_replaced WHERE table_name = 'sleep_schedules')
BEGIN
  SELECT CASE
    WHEN NEW.id < 1
    THEN RAISE(ABORT, 'tablao: sleep_schedules.id must be a whole number from 1')
    ELSE RAISE(ABORT, 'tablao: sleep_schedules.id is that of another row, which cannot be REPLACEd: use INSERT ... ON CONFLICT DO UPDATE')
  END;
END;

CREATE TRIGGER sleep_schedules_ai AFTER INSERT ON sleep_schedules
-- Sets the times to the clock's, and applies the schedule at once.
BEGIN
  UPDATE sleep_schedules SET created_at = (SELECT now FROM farm_clock)
  WHERE id = NEW.id
    AND NEW.created_at = strftime('%Y-%m-%d %H:%M:%f+00:00')
    AND NEW.created_at <> (SELECT now FROM farm_clock);
  -- Last, since the change of created_at has stamped the row.
  UPDATE sleep_schedules SET updated_at = CASE
    WHEN coalesce(NEW.updated_at, '') IN ('', strftime('%Y-%m-%d %H:%M:%f+00:00'))
    THEN (SELECT now FROM farm_clock)
    ELSE NEW.updated_at
  END
  WHERE id = NEW.id;
  INSERT INTO tablao_apply_schedules (worker_id)
  SELECT NEW.worker_id
  WHERE (SELECT value FROM tablao_settings WHERE name = 'state_machine') = 'on';
END;

CREATE TRIGGER sleep_schedules_bu_id BEFORE UPDATE OF id, rowid, oid, _rowid_ ON sleep_schedules
-- An id is for life.
WHEN NEW.id IS NOT OLD.id
BEGIN
  SELECT RAISE(ABORT, 'tablao: sleep_schedules.id cannot be changed');
END;

CREATE TRIGGER sleep_schedules_bu BEFORE UPDATE OF
  worker_id, days_of_week, start_time, end_time
ON sleep_schedules
-- The rules on a schedule.
BEGIN
  INSERT INTO tablao_assert_sleep_schedule (
    worker_id, days_of_week, start_time, end_time
  ) VALUES (NEW.worker_id, NEW.days_of_week, NEW.start_time, NEW.end_time);
END;

CREATE TRIGGER sleep_schedules_au_stamp AFTER UPDATE OF
  created_at, worker_id, is_active, days_of_week, start_time, end_time
ON sleep_schedules
-- Sets updated_at, unless the statement did. next_check alone does not.
WHEN NEW.updated_at IS OLD.updated_at
BEGIN
  UPDATE sleep_schedules SET updated_at = (SELECT now FROM farm_clock)
  WHERE id = NEW.id;
END;

CREATE TRIGGER sleep_schedules_au AFTER UPDATE OF
  worker_id, is_active, days_of_week, start_time, end_time
ON sleep_schedules
-- Applies a schedule that was written; next_check alone does not.
WHEN (SELECT value FROM tablao_settings WHERE name = 'state_machine') = 'on'
BEGIN
  INSERT INTO tablao_apply_schedules (worker_id) VALUES (NEW.worker_id);
END;
