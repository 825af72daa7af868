-- Stored data that disagrees with what it derives from, or with a rule: no row
-- when all is well. object is the uuid of the job, task or worker, the name of a
-- setting, or a table and a key in it. DELETE FROM farm_problems repairs what can be computed anew, and
-- deletes a row without its parent, or sets its column to NULL, as its key says:
-- kinds counters, sums, readiness, lane, lanes, worker types, failures, steps,
-- unfinished, attempt, leftover, setting, orphan and last rendered. The other kinds
-- want a decision.
-- @own
CREATE VIEW farm_problems (kind, object, message) AS
SELECT kind, object, message FROM tablao_derived_problems
UNION ALL
SELECT kind, object, message FROM tablao_state_problems
UNION ALL
SELECT kind, object, message FROM tablao_row_problems;

CREATE TRIGGER tablao_problems_delete INSTEAD OF DELETE ON farm_problems
BEGIN
  UPDATE tasks SET
    steps_completed = max(0, min(steps_completed, steps_total)),
    steps_total = max(0, steps_total)
  WHERE uuid = OLD.object AND OLD.kind = 'steps';
  -- A row that our triggers were kept from. The rules judge what is written here, not
  -- the rest of the row.
  UPDATE tasks SET tablao_rev = 1
  WHERE uuid = OLD.object AND OLD.kind = 'lane' AND tablao_rev NOT BETWEEN 1 AND 9e18;
  UPDATE tasks SET
    -- The highest of the valid ones: the highest of all may itself be below 0.
    index_in_job = (
      SELECT coalesce(max(t.index_in_job), 0) + 1 FROM tasks t WHERE t.job_id = tasks.job_id AND typeof(t.index_in_job) = 'integer' AND t.index_in_job > 0
    )
  WHERE uuid = OLD.object AND OLD.kind = 'lane' AND index_in_job <= 0;
  -- A lane that was missing may be there by now, made for others.
  INSERT INTO tablao_place_task (task_id, from_lane)
  SELECT id, CASE WHEN OLD.message NOT GLOB '*missing' THEN tablao_lane END
  FROM tasks WHERE uuid = OLD.object AND OLD.kind = 'lane';
  -- First the counters of the job: without them the triggers think that it is being
  -- deleted.
  INSERT INTO tablao_recount_job (job_id)
  SELECT job_id FROM tasks
  WHERE uuid = OLD.object AND OLD.kind = 'readiness'
    AND job_id NOT IN (SELECT job_id FROM tablao_counts);
  INSERT INTO tablao_wait (task_id, waits_for)
  SELECT id, tablao_open_deps FROM tasks WHERE uuid = OLD.object AND OLD.kind = 'readiness';
  INSERT INTO tablao_recount_job (job_id)
  SELECT id FROM jobs
  WHERE uuid = OLD.object AND OLD.kind IN ('counters', 'sums', 'lanes');
  UPDATE workers SET supported_task_types = supported_task_types
  WHERE uuid = OLD.object AND OLD.kind = 'worker types';
  UPDATE task_failures SET task_id = task_id
  WHERE OLD.kind = 'failures'
    AND task_id = CAST(substr(OLD.object, 15) AS INTEGER)
    AND 'task_failures ' || task_id || ' ' || worker_id = OLD.object
    AND worker_id IN (SELECT id FROM workers);
  -- A job that is only inserted does nothing to its tasks.
  UPDATE jobs SET tablao_status = status
  WHERE uuid = OLD.object AND OLD.kind = 'unfinished' AND tablao_status = '';
  UPDATE jobs SET status = status
  WHERE uuid = OLD.object AND OLD.kind = 'unfinished' AND tablao_status <> status
    -- An unknown status wants a decision.
    -- @statuses job
    AND NOT status NOT IN (
      'active', 'canceled', 'completed', 'failed', 'paused', 'pause-requested',
      'queued', 'cancel-requested', 'requeueing', 'under-construction'
    );
  INSERT INTO tablao_move_job (job_id, task_id, status)
  SELECT p.job_id, p.task_id, p.status
  FROM tablao_pending p JOIN tasks t ON t.id = p.task_id
  WHERE t.uuid = OLD.object AND OLD.kind = 'unfinished';
  UPDATE task_attempts SET
    ended_at = (SELECT now FROM farm_clock),
    (outcome, activity) = (
      SELECT
        CASE WHEN t.status <> 'active' THEN t.status WHEN t.worker_id IS NULL THEN 'unassigned' ELSE 'reassigned' END,
        t.activity
      FROM tasks t WHERE t.uuid = OLD.object
    )
  WHERE ended_at IS NULL
    AND OLD.kind = 'attempt'
    AND task_id = (SELECT t.id FROM tasks t WHERE t.uuid = OLD.object);
  DELETE FROM tablao_counts
  WHERE OLD.kind = 'leftover'
    AND job_id = substr(OLD.object, 15)
    AND OLD.object = 'tablao_counts ' || job_id;
  DELETE FROM tablao_lanes
  WHERE OLD.kind = 'leftover'
    AND id = substr(OLD.object, 14)
    AND OLD.object = 'tablao_lanes ' || id;
  DELETE FROM tablao_worker_types
  WHERE OLD.kind = 'leftover'
    AND worker_id = substr(OLD.object, 21)
    AND OLD.object = 'tablao_worker_types ' || worker_id;
  DELETE FROM tablao_acting
  WHERE OLD.kind = 'leftover' AND OLD.object = 'tablao_scratch';
  DELETE FROM tablao_storing
  WHERE OLD.kind = 'leftover' AND OLD.object = 'tablao_scratch';
  -- Rows whose parent has gone, while a user's trigger kept ours from running: what
  -- their key says. With a task goes what hangs on it.
  UPDATE jobs SET worker_tag_id = NULL
  WHERE id = substr(OLD.object, 6) AND OLD.kind || ' ' || OLD.object = 'orphan jobs ' || id;
  DELETE FROM tasks
  WHERE id = substr(OLD.object, 7) AND OLD.kind || ' ' || OLD.object = 'orphan tasks ' || id
    AND job_id NOT IN (SELECT id FROM jobs);
  UPDATE tasks SET (status, activity) = (
    SELECT j.pool_status, 'Task changed to ' || j.pool_status || ': its worker was deleted'
    FROM tablao_job_lanes j WHERE j.job_id = tasks.job_id
  )
  WHERE id = substr(OLD.object, 7) AND OLD.kind || ' ' || OLD.object = 'orphan tasks ' || id
    AND status = 'active';
  UPDATE tasks SET worker_id = NULL
  WHERE id = substr(OLD.object, 7) AND OLD.kind || ' ' || OLD.object = 'orphan tasks ' || id;
  DELETE FROM task_dependencies
  WHERE OLD.kind = 'orphan' AND instr(OLD.object, 'task')
    AND (
      task_id = CAST(substr(OLD.object, instr(OLD.object, ' ')) AS INTEGER)
      OR dependency_id = CAST(substr(OLD.object, instr(OLD.object, ' ')) AS INTEGER)
    )
    AND (task_id NOT IN (SELECT id FROM tasks) OR dependency_id NOT IN (SELECT id FROM tasks));
  DELETE FROM task_failures
  WHERE OLD.kind = 'orphan' AND instr(OLD.object, 'task')
    AND task_id = CAST(substr(OLD.object, instr(OLD.object, ' ')) AS INTEGER)
    AND (task_id NOT IN (SELECT id FROM tasks) OR worker_id NOT IN (SELECT id FROM workers));
  DELETE FROM task_attempts
  WHERE OLD.kind = 'orphan'
    AND (id = substr(OLD.object, 15) OR task_id = substr(OLD.object, 7))
    AND OLD.object IN ('task_attempts ' || id, 'tasks ' || task_id)
    AND task_id NOT IN (SELECT id FROM tasks);
  UPDATE task_attempts SET worker_id = NULL
  WHERE id = substr(OLD.object, 15) AND OLD.kind || ' ' || OLD.object = 'orphan task_attempts ' || id;
  DELETE FROM job_blocks
  WHERE id = substr(OLD.object, 12) AND OLD.kind || ' ' || OLD.object = 'orphan job_blocks ' || id;
  DELETE FROM last_rendereds
  WHERE OLD.kind IN ('orphan', 'last rendered')
    AND id = substr(OLD.object, 16) AND OLD.object = 'last_rendereds ' || id;
  DELETE FROM worker_tag_membership
  WHERE OLD.kind = 'orphan' AND worker_tag_id = CAST(substr(OLD.object, 23) AS INTEGER)
    AND OLD.object = 'worker_tag_membership ' || worker_tag_id || ' ' || worker_id;
  DELETE FROM sleep_schedules
  WHERE id = substr(OLD.object, 17) AND OLD.kind || ' ' || OLD.object = 'orphan sleep_schedules ' || id;
  INSERT INTO farm_settings (name, value)
  SELECT name, value FROM tablao_setting_defaults
  WHERE OLD.kind = 'setting' AND name = OLD.object
  ON CONFLICT DO NOTHING;
END;
