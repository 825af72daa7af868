-- What farm_problems compares, and how it is computed anew. NOT INDEXED, unlikely():
-- with statistics of a farm of one job SQLite would look through an index, for each row of
-- another table, rather than look up a row by its key.

-- tablao_true_counts: the counters and sums of each job, counted over its
-- tasks: one row per job.
CREATE VIEW tablao_true_counts (
  job_id, num_tasks, num_queued, num_active, num_completed, num_failed,
  num_canceled, num_soft_failed, num_paused, steps_completed, steps_total
) AS
SELECT
  j.id,
  -- OR NULL: only what is true is counted.
  count(t.id),
  count(t.status = 'queued' OR NULL),
  count(t.status = 'active' OR NULL),
  count(t.status = 'completed' OR NULL),
  count(t.status = 'failed' OR NULL),
  -- The rest: see tablao_job_counts.
  count(t.status NOT IN ('queued', 'active', 'completed', 'failed', 'soft-failed', 'paused') OR NULL),
  count(t.status = 'soft-failed' OR NULL),
  count(t.status = 'paused' OR NULL),
  -- Not sum(), which fails where it overflows.
  CAST(total(t.steps_completed) AS INTEGER),
  CAST(total(t.steps_total) AS INTEGER)
FROM jobs j
LEFT JOIN tasks t ON unlikely(t.job_id = j.id)
GROUP BY j.id;

-- tablao_state_problems: data that is not derived, and cannot be right.
-- @both
CREATE VIEW tablao_state_problems (kind, object, message) AS
SELECT 'setting', name, 'the setting has no value'
FROM tablao_setting_defaults
WHERE name NOT IN (SELECT name FROM farm_settings)
UNION ALL
SELECT 'types', w.uuid, 'workers.supported_task_types looks like JSON or has control characters, and no task has such a type'
FROM workers w
WHERE CASE
  WHEN instr(w.supported_task_types, char(0))
    OR w.supported_task_types GLOB '*[^' || char(9, 10, 13, 32, 45, 1114111) || ']*'
  THEN 1
  ELSE EXISTS (
    SELECT 1 FROM tablao_worker_supports s
    WHERE s.worker_id = w.id
      AND s.task_type GLOB '*[]["{}]*'
      AND s.task_type NOT IN (SELECT lower(trim(type, char(9, 10, 13, 32))) FROM tasks)
  )
END
UNION ALL
SELECT 'attempt', t.uuid, 'an attempt is open of a task that is not active any more, or is another worker''s'
FROM task_attempts a
JOIN tasks t ON t.id = a.task_id
WHERE a.ended_at IS NULL
  AND (t.status <> 'active' OR t.worker_id IS NOT a.worker_id)
UNION ALL
SELECT 'orphan', 'task_attempts ' || a.id, 'the task or the worker does not exist'
FROM task_attempts a
WHERE NOT EXISTS (SELECT 1 FROM tasks t WHERE t.id = a.task_id)
  OR (a.worker_id IS NOT NULL AND NOT EXISTS (SELECT 1 FROM workers w WHERE w.id = a.worker_id));

-- tablao_row_problems: rows that break a rule which no key enforces. It reads
-- Flamenco's columns only: ext/adopt_vtab.c runs its SELECT on a database that is not
-- a farm yet.
-- @both
CREATE VIEW tablao_row_problems (kind, object, message) AS
SELECT kind, object, message FROM (
  SELECT 'orphan' AS kind, 'jobs ' || id AS object, 'worker_tag_id is not the id of a worker tag' AS message
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
  CROSS JOIN tasks t NOT INDEXED ON t.id = d.task_id
  CROSS JOIN tasks p NOT INDEXED ON p.id = d.dependency_id
  WHERE t.job_id <> p.job_id OR t.id = p.id
)
UNION ALL
SELECT kind, object, message FROM (
  SELECT 'orphan' AS kind, 'task_failures ' || task_id || ' ' || worker_id AS object, 'the task or the worker does not exist' AS message
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
)
UNION ALL
SELECT 'cycle', j.uuid, 'its tasks wait for each other in a circle: none of them will ever run'
FROM jobs j
WHERE j.status IN ('queued', 'active')
  AND EXISTS (
    SELECT 1 FROM tasks t WHERE unlikely(t.job_id = j.id) AND t.status IN ('queued', 'soft-failed')
  )
  AND NOT EXISTS (
    SELECT 1 FROM tasks t
    WHERE unlikely(t.job_id = j.id) AND t.status IN ('queued', 'soft-failed', 'active')
      AND (
        t.status = 'active'
        OR t.tablao_open_deps = 0 -- @own
        OR NOT EXISTS ( -- @observed
          SELECT 1 -- @observed
          FROM task_dependencies d CROSS JOIN tasks p ON p.id = d.dependency_id -- @observed
          WHERE d.task_id = t.id AND p.status <> 'completed' -- @observed
        ) -- @observed
        OR EXISTS (
          SELECT 1 FROM task_dependencies d CROSS JOIN tasks p ON p.id = d.dependency_id
          WHERE d.task_id = t.id AND p.status NOT IN ('completed', 'queued', 'soft-failed')
        )
      )
  )
UNION ALL
SELECT kind, object, message FROM (
  SELECT 'orphan' AS kind, 'sleep_schedules ' || id AS object, 'worker_id is not the id of a worker' AS message
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
    )
);

-- tablao_recount_job: computes anew what is kept about a job's tasks: counters,
-- sums and lanes.
CREATE VIEW tablao_recount_job (job_id) AS
SELECT NULL WHERE 0;

CREATE TRIGGER tablao_recount_job_insert INSTEAD OF INSERT ON tablao_recount_job
WHEN EXISTS (SELECT 1 FROM jobs j WHERE j.id = NEW.job_id)
BEGIN
  INSERT INTO tablao_counts (job_id) VALUES (NEW.job_id) ON CONFLICT DO NOTHING;
  UPDATE tablao_counts SET (
    num_tasks, num_queued, num_active, num_completed, num_failed,
    num_soft_failed, num_paused, steps_completed, steps_total
  ) = (
    SELECT
      n.num_tasks, n.num_queued, n.num_active, n.num_completed, n.num_failed,
      n.num_soft_failed, n.num_paused, n.steps_completed, n.steps_total
    FROM tablao_true_counts n WHERE n.job_id = NEW.job_id
  )
  WHERE job_id = NEW.job_id;
  -- The sums are what is booked, whatever is written to them.
  UPDATE jobs SET steps_total = steps_total WHERE id = NEW.job_id;
  DELETE FROM tablao_skips
  WHERE lane_id IN (SELECT id FROM tablao_lanes WHERE job_id = NEW.job_id);
  UPDATE tablao_lanes SET
    (worker_tag_id, job_priority, is_closed) = (
      SELECT j.worker_tag_id, j.job_priority, j.is_closed
      FROM tablao_job_lanes j WHERE j.job_id = NEW.job_id
    ),
    has_ready = EXISTS (SELECT 1 FROM tablao_ready_tasks r WHERE r.lane_id = tablao_lanes.id),
    num_tasks = 0
  WHERE job_id = NEW.job_id;
  -- Counted once for all lanes, of which there may be as many as tasks.
  UPDATE tablao_lanes SET num_tasks = v.n
  FROM (SELECT tablao_lane, count(*) AS n FROM tasks WHERE job_id = NEW.job_id GROUP BY 1) v
  WHERE id = v.tablao_lane AND job_id = NEW.job_id;
  DELETE FROM tablao_lanes WHERE job_id = NEW.job_id AND num_tasks = 0;
END;
