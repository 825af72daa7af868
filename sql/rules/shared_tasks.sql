-- What the triggers of tasks share.

CREATE VIEW tablao_new_lanes (job_id, task_type, task_priority) AS
-- Makes sure that there is a lane for tasks that nobody has failed.
SELECT NULL, NULL, NULL WHERE 0;

CREATE TRIGGER tablao_new_lanes_ii INSTEAD OF INSERT ON tablao_new_lanes
BEGIN
  INSERT INTO tablao_lanes (
    job_id, task_type, task_priority, worker_tag_id, job_priority, is_open
  )
  SELECT
    j.job_id, lower(trim(NEW.task_type)), NEW.task_priority, j.worker_tag_id,
    j.job_priority, j.is_open
  FROM tablao_job_lanes j
  WHERE j.job_id = NEW.job_id
  ON CONFLICT (job_id, task_type, task_priority, failed_by) DO NOTHING;
END;

CREATE VIEW tablao_task_lanes (task_id, job_id, task_type, task_priority, failed_by) AS
-- Which lane each task belongs to.
SELECT
  t.id,
  t.job_id,
  lower(trim(t.type)),
  t.priority,
  coalesce(
    (
      SELECT ',' || group_concat(f.worker_id) || ','
      FROM (
        SELECT worker_id FROM task_failures WHERE task_id = t.id ORDER BY worker_id
      ) f
    ),
    ''
  )
FROM tasks t;

CREATE VIEW tablao_place_task (task_id, old_lane) AS
-- Puts a task into the lane it belongs to, and sees which of that lane and
-- old_lane has a ready task.
SELECT NULL, NULL WHERE 0;

CREATE TRIGGER tablao_place_task_ii INSTEAD OF INSERT ON tablao_place_task
BEGIN
  INSERT INTO tablao_lanes (
    job_id, task_type, task_priority, failed_by, worker_tag_id, job_priority,
    is_open
  )
  SELECT
    n.job_id, n.task_type, n.task_priority, n.failed_by, j.worker_tag_id,
    j.job_priority, j.is_open
  FROM tablao_task_lanes n
  CROSS JOIN tablao_job_lanes j ON j.job_id = n.job_id
  WHERE n.task_id = NEW.task_id
  ON CONFLICT (job_id, task_type, task_priority, failed_by) DO NOTHING;
  UPDATE tasks SET
    tablao_lane = (
      SELECT l.id
      FROM tablao_task_lanes n
      CROSS JOIN tablao_lanes l
        ON l.job_id = n.job_id
        AND l.task_type = n.task_type
        AND l.task_priority = n.task_priority
        AND l.failed_by = n.failed_by
      WHERE n.task_id = NEW.task_id
    ),
    tablao_rev = tablao_rev + 1
  WHERE id = NEW.task_id;
  UPDATE tablao_lanes SET has_ready = NOT has_ready
  WHERE (
      id = NEW.old_lane
      OR id = (SELECT t.tablao_lane FROM tasks t WHERE t.id = NEW.task_id)
    )
    AND has_ready <> EXISTS (
      SELECT 1 FROM tablao_ready_tasks r WHERE r.lane_id = tablao_lanes.id
    );
END;

CREATE VIEW tablao_task_ripples (
  task_id, job_id, steps_completed, steps_total, open_deps, job_status, is_stamped
) AS
-- What a change of a task does beyond the task and the counters: steps to add
-- to its job's sums, what to add to the open dependencies of the tasks that
-- depend on it, and the status that its job should have (NULL, or the one it
-- has: stay). is_stamped: the task's updated_at is now, and cheaper to have
-- than the clock.
SELECT NULL, NULL, NULL, NULL, NULL, NULL, NULL WHERE 0;

CREATE TRIGGER tablao_task_ripples_ii INSTEAD OF INSERT ON tablao_task_ripples
WHEN NEW.steps_completed <> 0
  OR NEW.steps_total <> 0
  OR NEW.open_deps <> 0
  OR NEW.job_status <> (SELECT j.status FROM jobs j WHERE j.id = NEW.job_id)
BEGIN
  INSERT INTO tablao_add_steps (job_id, steps_completed, steps_total, now)
  VALUES (
    NEW.job_id,
    NEW.steps_completed,
    NEW.steps_total,
    CASE
      WHEN NEW.is_stamped
      THEN (SELECT t.updated_at FROM tasks t WHERE t.id = NEW.task_id)
      ELSE (SELECT now FROM farm_clock)
    END
  );
  INSERT INTO tablao_dependents (task_id, delta)
  VALUES (
    NEW.task_id,
    CASE
      WHEN NEW.open_deps <> 0 AND EXISTS (
        SELECT 1 FROM task_dependencies d WHERE d.dependency_id = NEW.task_id
      )
      THEN NEW.open_deps
      ELSE 0
    END
  );
  INSERT INTO tablao_job_moves (job_id, status, task_id)
  VALUES (NEW.job_id, NEW.job_status, NEW.task_id);
END;

CREATE VIEW tablao_add_steps (job_id, steps_completed, steps_total, now) AS
-- Adds to the sums of a job, which stamps it.
SELECT NULL, NULL, NULL, NULL WHERE 0;

CREATE TRIGGER tablao_add_steps_ii INSTEAD OF INSERT ON tablao_add_steps
WHEN NEW.steps_completed <> 0 OR NEW.steps_total <> 0
BEGIN
  UPDATE jobs SET
    steps_completed = steps_completed + NEW.steps_completed,
    steps_total = steps_total + NEW.steps_total,
    updated_at = NEW.now,
    tablao_rev = tablao_rev + 1
  WHERE id = NEW.job_id;
END;

CREATE VIEW tablao_dependents (task_id, delta) AS
-- Adds delta to the open dependencies of every task that depends on task_id,
-- of which there is one at least: -1 when it has been completed, 1 when it no
-- longer is, 0 to do nothing.
SELECT NULL, NULL WHERE 0;

CREATE TRIGGER tablao_dependents_ii_one INSTEAD OF INSERT ON tablao_dependents
-- One task waits, as a video does for its frames: without the tables that
-- IN (SELECT ...) makes.
WHEN NEW.delta <> 0
  AND NOT EXISTS (
    SELECT 1 FROM task_dependencies d WHERE d.dependency_id = NEW.task_id
    LIMIT 1 OFFSET 1
  )
BEGIN
  INSERT INTO tablao_add_open_deps (task_id, delta)
  VALUES (
    (SELECT d.task_id FROM task_dependencies d WHERE d.dependency_id = NEW.task_id),
    NEW.delta
  );
END;

CREATE TRIGGER tablao_dependents_ii_many INSTEAD OF INSERT ON tablao_dependents
WHEN NEW.delta <> 0
  AND EXISTS (
    SELECT 1 FROM task_dependencies d WHERE d.dependency_id = NEW.task_id
    LIMIT 1 OFFSET 1
  )
BEGIN
  UPDATE tasks SET
    tablao_open_deps = tablao_open_deps + NEW.delta,
    tablao_rev = tablao_rev + 1
  WHERE id IN (
    SELECT d.task_id FROM task_dependencies d WHERE d.dependency_id = NEW.task_id
  );
  UPDATE tablao_lanes SET has_ready = NOT has_ready
  WHERE id IN (
      SELECT t.tablao_lane
      FROM task_dependencies d
      CROSS JOIN tasks t ON t.id = d.task_id
      WHERE d.dependency_id = NEW.task_id
        AND t.tablao_open_deps <= 1
    )
    AND has_ready <> EXISTS (
      SELECT 1 FROM tablao_ready_tasks r WHERE r.lane_id = tablao_lanes.id
    );
END;

CREATE VIEW tablao_add_open_deps (task_id, delta) AS
-- Adds delta to the open dependencies of a task.
SELECT NULL, NULL WHERE 0;

CREATE TRIGGER tablao_add_open_deps_ii INSTEAD OF INSERT ON tablao_add_open_deps
BEGIN
  UPDATE tasks SET
    tablao_open_deps = tablao_open_deps + NEW.delta,
    tablao_rev = tablao_rev + 1
  WHERE id = NEW.task_id;
  -- From 0 to 1 and back is what a lane may notice.
  UPDATE tablao_lanes SET has_ready = NOT has_ready
  WHERE id = (
      SELECT t.tablao_lane FROM tasks t
      WHERE t.id = NEW.task_id AND t.tablao_open_deps <= 1
    )
    AND has_ready <> EXISTS (
      SELECT 1 FROM tablao_ready_tasks r WHERE r.lane_id = tablao_lanes.id
    );
END;

CREATE VIEW tablao_open_dependency (task_id, dependency_id, delta) AS
-- Adds delta to the open dependencies of task_id when dependency_id is not
-- completed: a dependency has come (1) or gone (-1).
SELECT NULL, NULL, NULL WHERE 0;

CREATE TRIGGER tablao_open_dependency_ii INSTEAD OF INSERT ON tablao_open_dependency
-- No row: the job is being deleted, or the task has just been.
WHEN EXISTS (
    SELECT 1
    FROM tasks t CROSS JOIN tablao_job_counts c ON c.job_id = t.job_id
    WHERE t.id = NEW.task_id
  )
  AND (SELECT t.status FROM tasks t WHERE t.id = NEW.dependency_id) <> 'completed'
BEGIN
  INSERT INTO tablao_add_open_deps (task_id, delta)
  VALUES (NEW.task_id, NEW.delta);
END;
