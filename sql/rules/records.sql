-- task_failures, job_blocks and last_rendereds: rules on their rows. Nothing
-- hangs on a row of these, so a REPLACE may take the place of one with the same
-- key; but one that names the id or the rowid of a row with another key would
-- delete what belongs to others.

CREATE TRIGGER tablao_failures_before_insert BEFORE INSERT ON task_failures
-- Notes whether its rowid is that of another.
BEGIN
  INSERT INTO tablao_note_replaced
  VALUES ('task_failures', NEW.rowid, (
    SELECT NEW.rowid FROM task_failures
    WHERE rowid = NEW.rowid AND (task_id <> NEW.task_id OR worker_id <> NEW.worker_id)
  ));
END;

CREATE TRIGGER tablao_failures_insert AFTER INSERT ON task_failures
-- Refuses a REPLACE by rowid, which has deleted another failure; its time.
BEGIN
  SELECT CASE
    WHEN NEW.rowid < 1
    THEN RAISE(ABORT, 'tablao: task_failures.rowid must be a whole number from 1')
    WHEN NEW.rowid = (SELECT key FROM tablao_replaced WHERE table_name = 'task_failures')
    THEN RAISE(ABORT, 'tablao: task_failures.rowid is that of another row, which cannot be REPLACEd: use INSERT ... ON CONFLICT DO UPDATE')
  END;
  UPDATE task_failures SET
    created_at = coalesce(nullif(created_at, strftime('%Y-%m-%d %H:%M:%f+00:00')), (SELECT now FROM farm_clock))
  WHERE rowid = NEW.rowid;
END;

CREATE TRIGGER tablao_failures_update AFTER UPDATE ON task_failures
-- The rules on a failure; the job it counts on, and where in the lane of its
-- task the worker starts to look from now on: behind what it has failed.
BEGIN
  SELECT CASE
    WHEN NEW.rowid IS NOT OLD.rowid
    THEN RAISE(ABORT, 'tablao: task_failures.rowid cannot be changed')
    WHEN f.task_id NOT IN (SELECT id FROM tasks)
    THEN RAISE(ABORT, 'tablao: task_failures.task_id must be the id of a task')
    WHEN f.worker_id NOT IN (SELECT id FROM workers)
    THEN RAISE(ABORT, 'tablao: task_failures.worker_id must be the id of a worker')
  END
  FROM task_failures f WHERE f.rowid = NEW.rowid;
  INSERT INTO tablao_times (n, value) VALUES (1, NEW.created_at);
  UPDATE task_failures SET
    created_at = (
      SELECT coalesce(w.value, c.now)
      FROM tablao_written_times w CROSS JOIN farm_clock c WHERE w.n = 1
    ),
    tablao_job_id = (SELECT t.job_id FROM tasks t WHERE t.id = task_failures.task_id)
  WHERE rowid = NEW.rowid
    AND (
      NEW.created_at IS NOT (SELECT value FROM tablao_written_times WHERE n = 1)
      OR tablao_job_id <> (SELECT t.job_id FROM tasks t WHERE t.id = task_failures.task_id)
    );
  -- Nothing if a user's trigger has deleted the failure.
  INSERT INTO tablao_skips (lane_id, worker_id, from_index)
  SELECT
    l.lane_id,
    NEW.worker_id,
    coalesce(
      (
        SELECT r.index_in_job FROM tablao_ready_tasks r
        WHERE (r.lane_id = l.lane_id AND r.index_in_job >= l.from_index)
          AND ((r.task_id, NEW.worker_id) IN (SELECT task_id, worker_id FROM task_failures)) IS NOT TRUE
        ORDER BY r.index_in_job
      ), 9223372036854775807
    )
  FROM (
    SELECT
      t.tablao_lane AS lane_id,
      +coalesce(
        (
          SELECT s.from_index FROM tablao_skips s
          WHERE s.lane_id = t.tablao_lane AND s.worker_id = NEW.worker_id
        ), 0
      ) AS from_index
    FROM tasks t
    WHERE t.id = (SELECT f.task_id FROM task_failures f WHERE f.rowid = NEW.rowid)
  ) l
  WHERE 1
  ON CONFLICT (lane_id, worker_id) DO UPDATE SET from_index = excluded.from_index;
END;

CREATE TRIGGER tablao_failures_move AFTER UPDATE OF task_id, worker_id ON task_failures
-- The failure is that of another task or worker now: the one before may have its
-- task again.
WHEN NEW.task_id <> OLD.task_id OR NEW.worker_id <> OLD.worker_id
BEGIN
  DELETE FROM tablao_skips
  WHERE worker_id = OLD.worker_id
    AND lane_id = (SELECT t.tablao_lane FROM tasks t WHERE t.id = OLD.task_id);
END;

CREATE TRIGGER tablao_failures_delete AFTER DELETE ON task_failures
-- The worker may have the task again.
BEGIN
  DELETE FROM tablao_skips
  WHERE worker_id = OLD.worker_id
    AND lane_id = (SELECT t.tablao_lane FROM tasks t WHERE t.id = OLD.task_id);
END;

-- job_blocks ----------------------------------------------------------------

CREATE TRIGGER tablao_blocks_before_insert BEFORE INSERT ON job_blocks
-- Notes whether its id is that of another.
BEGIN
  INSERT INTO tablao_note_replaced
  VALUES ('job_blocks', NEW.id, (
    SELECT NEW.id FROM job_blocks
    WHERE id = NEW.id AND (job_id <> NEW.job_id OR worker_id <> NEW.worker_id OR task_type <> NEW.task_type)
  ));
END;

CREATE TRIGGER tablao_blocks_insert AFTER INSERT ON job_blocks
-- Refuses a REPLACE by id, which has deleted another block; its time.
BEGIN
  SELECT CASE
    WHEN NEW.id < 1
    THEN RAISE(ABORT, 'tablao: job_blocks.id must be a whole number from 1')
    WHEN NEW.id = (SELECT key FROM tablao_replaced WHERE table_name = 'job_blocks')
    THEN RAISE(ABORT, 'tablao: job_blocks.id is that of another row, which cannot be REPLACEd: use INSERT ... ON CONFLICT DO UPDATE')
  END;
  UPDATE job_blocks SET
    created_at = coalesce(nullif(created_at, strftime('%Y-%m-%d %H:%M:%f+00:00')), (SELECT now FROM farm_clock))
  WHERE id = NEW.id;
END;

CREATE TRIGGER tablao_blocks_update AFTER UPDATE ON job_blocks
-- The rules on a block.
BEGIN
  SELECT CASE
    WHEN NEW.id IS NOT OLD.id
    THEN RAISE(ABORT, 'tablao: job_blocks.id cannot be changed')
    WHEN b.job_id NOT IN (SELECT id FROM jobs)
    THEN RAISE(ABORT, 'tablao: job_blocks.job_id must be the id of a job')
    WHEN b.worker_id NOT IN (SELECT id FROM workers)
    THEN RAISE(ABORT, 'tablao: job_blocks.worker_id must be the id of a worker')
    WHEN instr(NEW.task_type, char(0))
    THEN RAISE(ABORT, 'tablao: job_blocks.task_type must not contain a zero byte')
  END
  FROM job_blocks b WHERE b.id = NEW.id;
  INSERT INTO tablao_times (n, value) VALUES (1, NEW.created_at);
  UPDATE job_blocks SET
    created_at = (
      SELECT coalesce(w.value, c.now)
      FROM tablao_written_times w CROSS JOIN farm_clock c WHERE w.n = 1
    )
  WHERE id = NEW.id
    AND NEW.created_at IS NOT (SELECT value FROM tablao_written_times WHERE n = 1);
END;

-- last_rendereds ------------------------------------------------------------

CREATE TRIGGER tablao_last_rendered_insert AFTER INSERT ON last_rendereds
-- The new row is the one row there is. Afterwards, so that an upsert
-- (Flamenco's Manager always writes id 1) meets the row it is to update.
BEGIN
  DELETE FROM last_rendereds WHERE id <> NEW.id;
  -- '' says that it is new: the rules are for all of it.
  UPDATE last_rendereds SET
    created_at = coalesce(nullif(created_at, strftime('%Y-%m-%d %H:%M:%f+00:00')), (SELECT now FROM farm_clock)),
    updated_at = ''
  WHERE id = NEW.id;
  -- Last, since the change of created_at has stamped the row.
  UPDATE last_rendereds SET updated_at = coalesce(nullif(NEW.updated_at, strftime('%Y-%m-%d %H:%M:%f+00:00')), (SELECT now FROM farm_clock))
  WHERE id = NEW.id;
END;

CREATE TRIGGER tablao_last_rendered_update AFTER UPDATE ON last_rendereds
-- The rules on the row, as far as this statement changes it; sets updated_at,
-- unless the statement did.
BEGIN
  SELECT CASE
    WHEN NEW.id IS NOT OLD.id
    THEN RAISE(ABORT, 'tablao: last_rendereds.id cannot be changed')
    WHEN (NEW.job_id IS NOT OLD.job_id OR NEW.updated_at = '')
      AND r.job_id NOT IN (SELECT id FROM jobs)
    THEN RAISE(ABORT, 'tablao: last_rendereds.job_id must be the id of a job')
  END
  FROM last_rendereds r WHERE r.id = NEW.id;
  INSERT INTO tablao_times (n, value)
  VALUES (1, CASE WHEN NEW.created_at IS NOT OLD.created_at OR NEW.updated_at = '' THEN NEW.created_at END);
  UPDATE last_rendereds SET
    created_at = (
      SELECT coalesce(w.value, c.now)
      FROM tablao_written_times w CROSS JOIN farm_clock c WHERE w.n = 1
    )
  WHERE id = NEW.id
    AND (NEW.created_at IS NOT OLD.created_at OR NEW.updated_at = '')
    AND NEW.created_at IS NOT (SELECT value FROM tablao_written_times WHERE n = 1);
  -- Last, since that has stamped the row where recursive_triggers is on; and not
  -- twice in one millisecond.
  INSERT INTO tablao_times (n, value) VALUES (2, nullif(NEW.updated_at, OLD.updated_at));
  UPDATE last_rendereds SET updated_at = v.value
  FROM (
    SELECT
      CASE
        WHEN NEW.updated_at IS OLD.updated_at OR NEW.updated_at = '' THEN c.now
        ELSE w.value
      END AS value
    FROM farm_clock c CROSS JOIN tablao_written_times w
    WHERE w.n = 2
  ) v
  WHERE id = NEW.id AND updated_at IS NOT v.value;
END;
