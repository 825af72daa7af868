-- @own
CREATE VIEW tablao_true_counts (
  job_id, num_tasks, num_queued, num_active, num_completed, num_failed,
  num_canceled, num_soft_failed, num_paused, steps_completed, steps_total
) AS
-- The counters and sums of each job, counted over its tasks: one row per job.
SELECT
  j.id,
  count(t.id),
  coalesce(sum(t.status = 'queued'), 0),
  coalesce(sum(t.status = 'active'), 0),
  coalesce(sum(t.status = 'completed'), 0),
  coalesce(sum(t.status = 'failed'), 0),
  coalesce(sum(t.status = 'canceled'), 0),
  coalesce(sum(t.status = 'soft-failed'), 0),
  coalesce(sum(t.status = 'paused'), 0),
  coalesce(sum(t.steps_completed), 0),
  coalesce(sum(t.steps_total), 0)
FROM jobs j
LEFT JOIN tasks t ON t.job_id = j.id
GROUP BY j.id;

-- @own
CREATE VIEW tablao_true_open_deps (task_id, job_id, open_deps) AS
-- How many of the tasks that each task depends on are not completed.
SELECT t.id, t.job_id, (
  SELECT count(*)
  FROM task_dependencies d CROSS JOIN tasks p ON p.id = d.dependency_id
  WHERE d.task_id = t.id AND p.status <> 'completed'
)
FROM tasks t;

CREATE VIEW tablao_row_problems (kind, object, message) AS
-- Rows that break a rule which no key enforces. It reads Flamenco's columns
-- only: ext/adopt.c runs its SELECT on a database that is not a farm yet.
SELECT 'orphan', 'jobs ' || id, 'worker_tag_id is not the id of a worker tag'
FROM jobs
WHERE worker_tag_id IS NOT NULL AND worker_tag_id NOT IN (SELECT id FROM worker_tags)
UNION ALL
SELECT 'orphan', 'tasks ' || id, 'job_id is not the id of a job'
FROM tasks t
WHERE NOT EXISTS (SELECT 1 FROM jobs j WHERE j.id = t.job_id)
UNION ALL
SELECT 'orphan', 'tasks ' || id, 'worker_id is not the id of a worker'
FROM tasks t
WHERE worker_id IS NOT NULL AND NOT EXISTS (SELECT 1 FROM workers w WHERE w.id = t.worker_id)
UNION ALL
SELECT 'orphan', 'task_dependencies ' || task_id || ' ' || dependency_id, 'one of the two is not the id of a task'
FROM task_dependencies d
WHERE NOT EXISTS (SELECT 1 FROM tasks t WHERE t.id = d.task_id)
  OR NOT EXISTS (SELECT 1 FROM tasks t WHERE t.id = d.dependency_id)
UNION ALL
SELECT 'dependency', 'task_dependencies ' || d.task_id || ' ' || d.dependency_id, 'the two are not two tasks of one job'
FROM task_dependencies d
JOIN tasks t ON t.id = d.task_id
JOIN tasks p ON p.id = d.dependency_id
WHERE t.job_id <> p.job_id OR t.id = p.id
UNION ALL
SELECT 'orphan', 'task_failures ' || task_id || ' ' || worker_id, 'the task or the worker does not exist'
FROM task_failures f
WHERE NOT EXISTS (SELECT 1 FROM tasks t WHERE t.id = f.task_id)
  OR NOT EXISTS (SELECT 1 FROM workers w WHERE w.id = f.worker_id)
UNION ALL
SELECT 'orphan', 'job_blocks ' || id, 'the job or the worker does not exist'
FROM job_blocks b
WHERE NOT EXISTS (SELECT 1 FROM jobs j WHERE j.id = b.job_id)
  OR NOT EXISTS (SELECT 1 FROM workers w WHERE w.id = b.worker_id)
UNION ALL
SELECT 'orphan', 'last_rendereds ' || id, 'job_id is not the id of a job'
FROM last_rendereds l
WHERE NOT EXISTS (SELECT 1 FROM jobs j WHERE j.id = l.job_id)
UNION ALL
SELECT 'last rendered', 'last_rendereds ' || id, 'there is more than one row'
FROM last_rendereds
WHERE id <> (SELECT max(id) FROM last_rendereds)
UNION ALL
SELECT 'orphan', 'worker_tag_membership ' || worker_tag_id || ' ' || worker_id, 'the tag or the worker does not exist'
FROM worker_tag_membership m
WHERE NOT EXISTS (SELECT 1 FROM worker_tags g WHERE g.id = m.worker_tag_id)
  OR NOT EXISTS (SELECT 1 FROM workers w WHERE w.id = m.worker_id)
UNION ALL
SELECT 'orphan', 'sleep_schedules ' || id, 'worker_id is not the id of a worker'
FROM sleep_schedules s
WHERE NOT EXISTS (SELECT 1 FROM workers w WHERE w.id = s.worker_id)
UNION ALL
SELECT 'index', uuid, 'index_in_job is not a whole number from 1'
FROM tasks
WHERE typeof(index_in_job) <> 'integer' OR index_in_job < 1
UNION ALL
SELECT 'status', uuid, 'jobs.status is not the status of a job'
FROM jobs
-- @statuses job
WHERE status NOT IN (
  'active', 'canceled', 'completed', 'failed', 'paused', 'pause-requested',
  'queued', 'cancel-requested', 'requeueing', 'under-construction'
)
UNION ALL
SELECT 'status', uuid, 'tasks.status is not the status of a task'
FROM tasks
-- @statuses task
WHERE status NOT IN (
  'active', 'canceled', 'completed', 'failed', 'queued', 'soft-failed', 'paused'
)
UNION ALL
SELECT 'status', uuid, 'workers.status or workers.status_requested is not the status of a worker'
FROM workers
-- @statuses worker
WHERE status NOT IN (
    'starting', 'awake', 'asleep', 'error', 'testing', 'offline', 'restart', ''
  )
  -- @statuses worker
  OR status_requested NOT IN (
    'starting', 'awake', 'asleep', 'error', 'testing', 'offline', 'restart', ''
  );

-- @own
CREATE VIEW farm_problems (kind, object, message) AS
-- Stored data that disagrees with what it derives from, or with a rule: no row
-- when all is well. object is the uuid of the job, task or worker, or a table
-- and a key in it. DELETE FROM farm_problems repairs what can be computed
-- anew: kinds counters, sums, readiness, lane, lanes, worker types, steps and
-- leftover. The other kinds want a decision.
SELECT 'counters', j.uuid, 'the counters of tasks per status differ from the tasks'
FROM jobs j
JOIN tablao_true_counts n ON n.job_id = j.id
LEFT JOIN tablao_job_counts c ON c.job_id = j.id
WHERE c.num_tasks IS NOT n.num_tasks
  OR c.num_queued IS NOT n.num_queued
  OR c.num_active IS NOT n.num_active
  OR c.num_completed IS NOT n.num_completed
  OR c.num_failed IS NOT n.num_failed
  OR c.num_canceled IS NOT n.num_canceled
  OR c.num_soft_failed IS NOT n.num_soft_failed
  OR c.num_paused IS NOT n.num_paused
UNION ALL
SELECT 'sums', j.uuid, 'steps_completed or steps_total is not the sum over the tasks'
FROM jobs j
JOIN tablao_true_counts n ON n.job_id = j.id
WHERE j.steps_completed <> n.steps_completed OR j.steps_total <> n.steps_total
UNION ALL
SELECT 'readiness', t.uuid, 'the number of dependencies that are not completed differs from the dependencies'
FROM tasks t
JOIN tablao_true_open_deps n ON n.task_id = t.id
WHERE t.tablao_open_deps <> n.open_deps
UNION ALL
SELECT 'lane', t.uuid, 'the task does not queue with others of its job, type and priority that the same workers have failed'
FROM tasks t
JOIN jobs j ON j.id = t.job_id
JOIN tablao_task_lanes n ON n.task_id = t.id
LEFT JOIN tablao_lanes l ON l.id = t.tablao_lane
WHERE l.job_id IS NOT n.job_id
  OR l.task_type IS NOT n.task_type
  OR l.task_priority IS NOT n.task_priority
  OR l.failed_by IS NOT n.failed_by
UNION ALL
SELECT 'lanes', j.uuid, 'what its tasks queue in differs from the job, or hides ready tasks'
FROM jobs j
JOIN tablao_job_lanes n ON n.job_id = j.id
WHERE EXISTS (
  SELECT 1 FROM tablao_lanes l
  WHERE l.job_id = j.id
    AND (
      l.is_open <> n.is_open
      OR l.worker_tag_id <> n.worker_tag_id
      OR l.job_priority <> n.job_priority
      OR l.has_ready <> EXISTS (
        SELECT 1 FROM tablao_ready_tasks r WHERE r.lane_id = l.id
      )
    )
)
UNION ALL
SELECT 'worker types', w.uuid, 'the types and tags it takes tasks of differ from supported_task_types and worker_tag_membership'
FROM workers w
WHERE EXISTS (
    SELECT task_type, worker_tag_id FROM tablao_worker_types WHERE worker_id = w.id
    EXCEPT
    SELECT task_type, worker_tag_id FROM tablao_worker_type_pairs WHERE worker_id = w.id
  )
  OR EXISTS (
    SELECT task_type, worker_tag_id FROM tablao_worker_type_pairs WHERE worker_id = w.id
    EXCEPT
    SELECT task_type, worker_tag_id FROM tablao_worker_types WHERE worker_id = w.id
  )
UNION ALL
SELECT 'steps', uuid, 'steps_completed is not between 0 and steps_total'
FROM tasks
WHERE steps_completed NOT BETWEEN 0 AND max(0, steps_total)
UNION ALL
SELECT 'leftover', 'tablao_job_counts ' || job_id, 'counters of a job that does not exist'
FROM tablao_job_counts
WHERE job_id NOT IN (SELECT id FROM jobs)
UNION ALL
SELECT 'leftover', 'tablao_lanes ' || id, 'a lane of a job that does not exist'
FROM tablao_lanes
WHERE job_id NOT IN (SELECT id FROM jobs)
UNION ALL
SELECT 'leftover', 'tablao_worker_types ' || worker_id, 'types of a worker that does not exist'
FROM tablao_worker_types
WHERE worker_id NOT IN (SELECT id FROM workers)
UNION ALL
SELECT 'leftover', 'tablao_bulk ' || job_id, 'the mark of a job that is being stored has stayed behind'
FROM tablao_bulk
UNION ALL
SELECT kind, object, message FROM tablao_row_problems;

CREATE TRIGGER farm_problems_id INSTEAD OF DELETE ON farm_problems
BEGIN
  UPDATE tasks SET
    steps_completed = max(0, min(steps_completed, steps_total)),
    tablao_rev = tablao_rev + 1
  WHERE uuid = OLD.object AND OLD.kind = 'steps';
  INSERT INTO tablao_place_task (task_id, old_lane)
  SELECT t.id, t.tablao_lane FROM tasks t
  WHERE t.uuid = OLD.object AND OLD.kind = 'lane';
  UPDATE tasks SET
    tablao_open_deps = (
      SELECT n.open_deps FROM tablao_true_open_deps n WHERE n.task_id = tasks.id
    ),
    tablao_rev = tablao_rev + 1
  WHERE uuid = OLD.object AND OLD.kind = 'readiness';
  INSERT INTO tablao_recount_job (job_id)
  SELECT id FROM jobs
  WHERE uuid = OLD.object AND OLD.kind IN ('counters', 'sums', 'lanes');
  INSERT INTO tablao_recount_job (job_id)
  SELECT t.job_id FROM tasks t JOIN jobs j ON j.id = t.job_id
  WHERE t.uuid = OLD.object AND OLD.kind IN ('steps', 'lane', 'readiness');
  INSERT INTO tablao_refresh_worker_types (worker_id)
  SELECT id FROM workers
  WHERE uuid = OLD.object AND OLD.kind = 'worker types';
  DELETE FROM tablao_job_counts
  WHERE OLD.kind = 'leftover' AND OLD.object = 'tablao_job_counts ' || job_id;
  DELETE FROM tablao_lanes
  WHERE OLD.kind = 'leftover' AND OLD.object = 'tablao_lanes ' || id;
  DELETE FROM tablao_worker_types
  WHERE OLD.kind = 'leftover' AND OLD.object = 'tablao_worker_types ' || worker_id;
  DELETE FROM tablao_bulk
  WHERE OLD.kind = 'leftover' AND OLD.object = 'tablao_bulk ' || job_id;
END;

CREATE VIEW tablao_recount_job (job_id) AS
-- Computes anew what is kept about a job's tasks: counters, sums and lanes.
SELECT NULL WHERE 0;

CREATE TRIGGER tablao_recount_job_ii INSTEAD OF INSERT ON tablao_recount_job
BEGIN
  INSERT INTO tablao_job_counts (job_id) VALUES (NEW.job_id)
  ON CONFLICT DO NOTHING;
  UPDATE tablao_job_counts SET (
    num_tasks, num_queued, num_active, num_completed, num_failed,
    num_canceled, num_soft_failed, num_paused
  ) = (
    SELECT
      n.num_tasks, n.num_queued, n.num_active, n.num_completed, n.num_failed,
      n.num_canceled, n.num_soft_failed, n.num_paused
    FROM tablao_true_counts n WHERE n.job_id = NEW.job_id
  )
  WHERE job_id = NEW.job_id;
  UPDATE jobs SET
    (steps_completed, steps_total) = (
      SELECT n.steps_completed, n.steps_total
      FROM tablao_true_counts n WHERE n.job_id = NEW.job_id
    ),
    tablao_rev = tablao_rev + 1
  WHERE id = NEW.job_id;
  INSERT INTO tablao_refresh_lanes (job_id) VALUES (NEW.job_id);
  INSERT INTO tablao_refresh_ready (job_id) VALUES (NEW.job_id);
END;
