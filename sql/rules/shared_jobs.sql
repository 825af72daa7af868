-- What the triggers of jobs and tasks share.

CREATE VIEW tablao_assert_job_priority (priority) AS
-- The priority of a job.
SELECT NULL WHERE 0;

CREATE TRIGGER tablao_assert_job_priority_ii INSTEAD OF INSERT ON tablao_assert_job_priority
WHEN typeof(NEW.priority) <> 'integer'
BEGIN
  SELECT RAISE(ABORT, 'tablao: jobs.priority must be a whole number');
END;

CREATE VIEW tablao_note_replaced (table_name, is_taken) AS
-- Called before a row of table_name is written, with whether its key is
-- taken. Only a REPLACE gets to the AFTER trigger past a taken key, and by
-- then it has deleted that row without a word to what hangs on it; so the
-- AFTER trigger refuses when the note is there. Upserts and OR IGNORE do not
-- get there, and leave a note that the next row takes away.
-- An UPDATE is never an upsert: its BEFORE trigger can tell a REPLACE at once,
-- by tablao_taken.
SELECT NULL, NULL WHERE 0;

CREATE TRIGGER tablao_note_replaced_ii INSTEAD OF INSERT ON tablao_note_replaced
WHEN NEW.is_taken
  OR EXISTS (SELECT 1 FROM tablao_replaced r WHERE r.table_name = NEW.table_name)
BEGIN
  DELETE FROM tablao_replaced WHERE table_name = NEW.table_name;
  INSERT INTO tablao_replaced (table_name)
  SELECT NEW.table_name WHERE NEW.is_taken;
END;

CREATE VIEW tablao_job_lanes (job_id, is_open, worker_tag_id, job_priority) AS
-- What a job's lanes carry of it: one row per job. A job hands out tasks while
-- it is queued or active and nobody has asked for its deletion.
SELECT
  id,
  status IN ('queued', 'active') AND delete_requested_at IS NULL,
  coalesce(worker_tag_id, 0),
  priority
FROM jobs;

CREATE VIEW tablao_refresh_lanes (job_id) AS
-- Brings the lanes of a job up to date with the job.
SELECT NULL WHERE 0;

CREATE TRIGGER tablao_refresh_lanes_ii INSTEAD OF INSERT ON tablao_refresh_lanes
BEGIN
  UPDATE tablao_lanes SET
    is_open = (SELECT j.is_open FROM tablao_job_lanes j WHERE j.job_id = NEW.job_id),
    worker_tag_id = (SELECT j.worker_tag_id FROM tablao_job_lanes j WHERE j.job_id = NEW.job_id),
    job_priority = (SELECT j.job_priority FROM tablao_job_lanes j WHERE j.job_id = NEW.job_id)
  WHERE job_id = NEW.job_id;
END;

CREATE VIEW tablao_ready_tasks (task_id, lane_id, index_in_job) AS
-- The tasks that wait for nothing but a worker. The condition is to the letter
-- that of tablao_tasks_ready_idx, which is what makes it cheap.
SELECT id, tablao_lane, index_in_job
FROM tasks
WHERE (status = 'queued' OR status = 'soft-failed') AND tablao_open_deps = 0;

CREATE VIEW tablao_refresh_ready (job_id) AS
-- Sees anew, for every lane of a job, whether it has a ready task: after a
-- change of many of its tasks.
SELECT NULL WHERE 0;

CREATE TRIGGER tablao_refresh_ready_ii INSTEAD OF INSERT ON tablao_refresh_ready
BEGIN
  UPDATE tablao_lanes SET has_ready = NOT has_ready
  WHERE job_id = NEW.job_id
    AND has_ready <> EXISTS (
      SELECT 1 FROM tablao_ready_tasks r WHERE r.lane_id = tablao_lanes.id
    );
END;

CREATE VIEW tablao_next_job_statuses (
  job_id, status, completed, queued, active, soft_failed, failed, canceled, paused
) AS
-- What each new status of a task makes of its job: one row per job, with the
-- job's status now and, for each status that one of its tasks may have got,
-- the status that the job should have then; NULL leaves the job alone.
-- Section 3 of the specification, first table.
SELECT
  j.id,
  j.status,
  CASE
    WHEN c.num_completed = c.num_tasks THEN 'completed'
    WHEN j.status = 'pause-requested' AND c.num_active = 0 THEN 'paused'
    WHEN j.status = 'queued' THEN 'active'
  END,
  CASE WHEN j.status = 'completed' THEN 'requeueing' END,
  CASE
    WHEN j.status NOT IN ('cancel-requested', 'pause-requested') THEN 'active'
  END,
  CASE
    WHEN j.status = 'pause-requested' AND c.num_active = 0 THEN 'paused'
    WHEN j.status NOT IN ('cancel-requested', 'pause-requested') THEN 'active'
  END,
  CASE
    -- Whole percents: the division is one of integers, that is, floor.
    WHEN 100 * c.num_failed / c.num_tasks >= (
      SELECT value FROM tablao_settings WHERE name = 'job_fail_percentage'
    ) THEN 'failed'
    WHEN j.status = 'pause-requested' AND c.num_active = 0 THEN 'paused'
    WHEN j.status = 'queued' THEN 'active'
  END,
  CASE
    WHEN j.status = 'pause-requested' AND c.num_active = 0 AND c.num_paused > 0
    THEN 'paused'
    WHEN c.num_active = 0 AND c.num_queued = 0 AND c.num_soft_failed = 0
    THEN 'canceled'
  END,
  CASE
    WHEN j.status = 'pause-requested' AND c.num_active = 0 THEN 'paused'
  END
FROM jobs j
JOIN tablao_job_counts c ON c.job_id = j.id;

CREATE VIEW tablao_job_moves (job_id, status, task_id) AS
-- Moves a job on because the task task_id got the status it has. A status
-- that is NULL, or that the job has, does nothing. `requeueing` only passes
-- through, so what it leads to writes the activity.
SELECT NULL, NULL, NULL WHERE 0;

CREATE TRIGGER tablao_job_moves_ii INSTEAD OF INSERT ON tablao_job_moves
WHEN NEW.status IS NOT NULL
  AND NEW.status <> (SELECT j.status FROM jobs j WHERE j.id = NEW.job_id)
  AND (SELECT value FROM tablao_settings WHERE name = 'state_machine') = 'on'
BEGIN
  UPDATE jobs SET
    status = NEW.status,
    activity = CASE
      WHEN NEW.status = 'requeueing' THEN activity
      ELSE (
        SELECT 'Job changed to ' || NEW.status || ': task "' || t.name
          || '" became ' || t.status
          || CASE
            WHEN NEW.status = 'failed'
            THEN ', ' || c.num_failed || ' of ' || c.num_tasks || ' tasks have failed'
            ELSE ''
          END
        FROM tasks t JOIN tablao_job_counts c ON c.job_id = t.job_id
        WHERE t.id = NEW.task_id
      )
    END,
    updated_at = (SELECT now FROM farm_clock)
  WHERE id = NEW.job_id;
END;

CREATE VIEW tablao_job_effects (job_id, status, old_status, keeps_activity, stamp) AS
-- Does what a job's status does to its tasks, and then to the job itself:
-- section 3 of the specification, second table. The triggers of jobs come here
-- when the status changes, the tick when a job is stuck in it. old_status is
-- the status before (NULL: not known). keeps_activity is true when the
-- statement that changed the status changed the activity, too; stamp is the
-- job's updated_at. All is done by statements over the whole job that count
-- tablao_rev up, and by arithmetic on its counters.
SELECT NULL, NULL, NULL, NULL, NULL WHERE 0;

CREATE TRIGGER tablao_job_effects_ii_cancel INSTEAD OF INSERT ON tablao_job_effects
WHEN NEW.status IN ('cancel-requested', 'failed')
BEGIN
  UPDATE tasks SET
    status = 'canceled',
    activity = 'Task changed to canceled: its job changed to ' || NEW.status,
    updated_at = (SELECT now FROM farm_clock),
    tablao_rev = tablao_rev + 1
  WHERE job_id = NEW.job_id
    AND (status = 'active' OR status = 'queued' OR status = 'soft-failed');
  INSERT INTO tablao_mass_events (job_id, num_tasks) VALUES (NEW.job_id, changes());
  UPDATE tablao_job_counts SET
    num_canceled = num_canceled + num_active + num_queued + num_soft_failed,
    num_active = 0,
    num_queued = 0,
    num_soft_failed = 0
  WHERE job_id = NEW.job_id;
  UPDATE tablao_lanes SET has_ready = 0
  WHERE job_id = NEW.job_id AND has_ready = 1;
  UPDATE jobs SET
    status = 'canceled',
    activity = CASE
      WHEN NEW.keeps_activity THEN activity
      ELSE 'Job changed to canceled: its cancellation was requested'
    END,
    updated_at = NEW.stamp,
    tablao_rev = tablao_rev + 1
  WHERE id = NEW.job_id AND NEW.status = 'cancel-requested';
END;

CREATE TRIGGER tablao_job_effects_ii_pause INSTEAD OF INSERT ON tablao_job_effects
WHEN NEW.status = 'pause-requested'
BEGIN
  UPDATE tasks SET
    status = 'paused',
    activity = 'Task changed to paused: its job changed to pause-requested',
    updated_at = (SELECT now FROM farm_clock),
    tablao_rev = tablao_rev + 1
  WHERE job_id = NEW.job_id AND (status = 'queued' OR status = 'soft-failed');
  INSERT INTO tablao_mass_events (job_id, num_tasks) VALUES (NEW.job_id, changes());
  UPDATE tablao_job_counts SET
    num_paused = num_paused + num_queued + num_soft_failed,
    num_queued = 0,
    num_soft_failed = 0
  WHERE job_id = NEW.job_id;
  UPDATE tablao_lanes SET has_ready = 0
  WHERE job_id = NEW.job_id AND has_ready = 1;
  UPDATE jobs SET
    status = 'paused',
    activity = CASE
      WHEN NEW.keeps_activity THEN activity
      ELSE 'Job changed to paused: a pause was requested and no task is active'
    END,
    updated_at = NEW.stamp,
    tablao_rev = tablao_rev + 1
  WHERE id = NEW.job_id
    AND (SELECT c.num_active FROM tablao_job_counts c WHERE c.job_id = NEW.job_id) = 0;
END;

CREATE TRIGGER tablao_job_effects_ii_requeue INSTEAD OF INSERT ON tablao_job_effects
WHEN NEW.status = 'requeueing'
BEGIN
  -- From completed every task is done again, so each waits for as many others
  -- as it depends on. From anything else what is completed stays so, and no
  -- task waits for more or for less than before.
  UPDATE tasks SET
    status = 'queued',
    activity = 'Task changed to queued: its job was requeued',
    steps_completed = 0,
    updated_at = (SELECT now FROM farm_clock),
    tablao_rev = tablao_rev + 1
  WHERE job_id = NEW.job_id
    AND NEW.old_status IS NOT 'completed'
    AND NEW.old_status IS NOT 'under-construction'
    AND (
      status = 'canceled' OR status = 'failed' OR status = 'paused'
      OR status = 'soft-failed'
    );
  INSERT INTO tablao_mass_events (job_id, num_tasks) VALUES (NEW.job_id, changes());
  UPDATE tablao_job_counts SET
    num_queued = num_queued + num_canceled + num_failed + num_paused + num_soft_failed,
    num_canceled = 0,
    num_failed = 0,
    num_paused = 0,
    num_soft_failed = 0
  WHERE job_id = NEW.job_id
    AND NEW.old_status IS NOT 'completed'
    AND NEW.old_status IS NOT 'under-construction';
  UPDATE tasks SET
    status = 'queued',
    activity = 'Task changed to queued: its job was requeued',
    steps_completed = 0,
    updated_at = (SELECT now FROM farm_clock),
    tablao_open_deps = (
      SELECT count(*) FROM task_dependencies d WHERE d.task_id = tasks.id
    ),
    tablao_rev = tablao_rev + 1
  WHERE job_id = NEW.job_id
    AND NEW.old_status = 'completed'
    AND status <> 'queued';
  INSERT INTO tablao_mass_events (job_id, num_tasks) VALUES (NEW.job_id, changes());
  UPDATE tasks SET
    tablao_open_deps = (
      SELECT count(*) FROM task_dependencies d WHERE d.task_id = tasks.id
    ),
    tablao_rev = tablao_rev + 1
  WHERE job_id = NEW.job_id
    AND NEW.old_status = 'completed'
    AND tablao_open_deps <> (
      SELECT count(*) FROM task_dependencies d WHERE d.task_id = tasks.id
    );
  UPDATE tablao_job_counts SET
    num_queued = num_tasks,
    num_active = 0,
    num_completed = 0,
    num_failed = 0,
    num_canceled = 0,
    num_soft_failed = 0,
    num_paused = 0
  WHERE job_id = NEW.job_id AND NEW.old_status = 'completed';
  DELETE FROM job_blocks WHERE job_id = NEW.job_id;
  -- A task with a failure is in a lane of its own kind: without such a lane
  -- there is no failure to look for.
  DELETE FROM task_failures
  WHERE task_id IN (
    SELECT t.id FROM tasks t
    WHERE t.job_id = (
      SELECT l.job_id FROM tablao_lanes l
      WHERE l.job_id = NEW.job_id AND l.failed_by <> ''
    )
  );
  -- With its failure each task has gone back to the lane of tasks that nobody
  -- has failed.
  DELETE FROM tablao_lanes WHERE job_id = NEW.job_id AND failed_by <> '';
  INSERT INTO tablao_refresh_ready (job_id) VALUES (NEW.job_id);
  UPDATE jobs SET
    status = CASE
      WHEN (
        SELECT c.num_completed = c.num_tasks
        FROM tablao_job_counts c WHERE c.job_id = NEW.job_id
      ) THEN 'completed'
      ELSE 'queued'
    END,
    activity = CASE
      WHEN NEW.keeps_activity THEN activity
      WHEN (
        SELECT c.num_completed = c.num_tasks
        FROM tablao_job_counts c WHERE c.job_id = NEW.job_id
      ) THEN 'Job changed to completed: it was requeued and has no task left to do'
      ELSE 'Job changed to queued: it was requeued'
    END,
    steps_completed = CASE
      WHEN steps_completed <> 0 THEN (
        SELECT coalesce(sum(t.steps_completed), 0)
        FROM tasks t WHERE t.job_id = NEW.job_id
      )
      ELSE 0
    END,
    updated_at = NEW.stamp,
    tablao_rev = tablao_rev + 1
  WHERE id = NEW.job_id;
  INSERT INTO tablao_refresh_lanes (job_id) VALUES (NEW.job_id);
END;

CREATE TRIGGER tablao_job_effects_ii_queue INSTEAD OF INSERT ON tablao_job_effects
WHEN NEW.status = 'queued'
  AND (
    SELECT c.num_completed = c.num_tasks
    FROM tablao_job_counts c WHERE c.job_id = NEW.job_id
  )
BEGIN
  UPDATE jobs SET
    status = 'completed',
    activity = CASE
      WHEN NEW.keeps_activity THEN activity
      ELSE 'Job changed to completed: it has no task left to do'
    END,
    updated_at = NEW.stamp,
    tablao_rev = tablao_rev + 1
  WHERE id = NEW.job_id;
  INSERT INTO tablao_refresh_lanes (job_id) VALUES (NEW.job_id);
END;
