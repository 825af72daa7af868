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

-- tablao_derived_problems: derived data that is wrong, in the order in which it is
-- repaired: what is recounted comes last.
CREATE VIEW tablao_derived_problems (kind, object, message) AS
SELECT kind, object, message FROM (
  SELECT 'leftover' AS kind, 'tablao_scratch' AS object, 'a statement has not come to its end' AS message
  FROM tablao_scratch
  WHERE EXISTS (SELECT 1 FROM tablao_acting)
    OR EXISTS (SELECT 1 FROM tablao_storing)
  UNION ALL
  SELECT 'steps', uuid, 'steps_completed is not between 0 and steps_total'
  FROM tasks
  WHERE steps_completed NOT BETWEEN 0 AND steps_total
  UNION ALL
  SELECT 'lane', uuid, 'its lane is missing'
  FROM tasks
  WHERE tablao_lane NOT IN (SELECT id FROM tablao_lanes) AND job_id IN (SELECT id FROM jobs)
  UNION ALL
  SELECT 'lane', t.uuid, 'the task does not queue with others of its job, type and priority'
  FROM tasks t
  WHERE t.job_id IN (SELECT id FROM jobs) AND (
    SELECT
      -- A text sorts after all numbers.
      t.tablao_rev NOT BETWEEN 1 AND 9e18
      OR l.job_id IS NOT t.job_id
      OR l.task_type IS NOT lower(trim(t.type, char(9, 10, 13, 32)))
      OR l.task_priority IS NOT t.priority
    FROM tablao_lanes l WHERE l.id = t.tablao_lane
  )
)
UNION ALL
SELECT kind, object, message FROM (
  SELECT 'readiness' AS kind, t.uuid AS object, 'it waits for no task that it depends on, or for one that is completed or not among these' AS message
  FROM tasks t
  -- Right is one that it depends on and that is not completed, or 0 where there is none.
  WHERE EXISTS (
    SELECT 1 FROM task_dependencies d CROSS JOIN tasks p ON p.id = d.dependency_id
    WHERE likelihood(d.task_id = t.id, 0.2)
      AND p.status <> 'completed'
      AND t.tablao_open_deps IN (0, p.id)
  ) <> (t.tablao_open_deps IS TRUE)
  UNION ALL
  SELECT 'failures', 'task_failures ' || task_id || ' ' || worker_id, 'the failure is not counted on the job of its task'
  FROM task_failures f
  WHERE tablao_job_id <> (SELECT t.job_id FROM tasks t WHERE t.id = f.task_id)
  UNION ALL
  SELECT 'unfinished', uuid, 'what its status does to its tasks has not been done'
  FROM jobs
  WHERE status <> tablao_status
  UNION ALL
  SELECT 'unfinished', t.uuid, 'what its status does to its job has not been done'
  FROM tablao_pending p
  JOIN tasks t ON t.id = p.task_id
)
UNION ALL
SELECT kind, object, message FROM (
  SELECT 'counters' AS kind, uuid AS object, 'the counters of tasks per status and steps differ from the tasks' AS message
  FROM jobs
  -- By name: PRAGMA full_column_names calls what * gives otherwise.
  WHERE id IN (SELECT job_id FROM (SELECT job_id, * FROM tablao_job_counts EXCEPT SELECT job_id, * FROM tablao_true_counts))
  UNION ALL
  SELECT 'sums', j.uuid, 'steps_completed or steps_total is not the sum over the tasks'
  FROM jobs j
  JOIN tablao_true_counts n ON n.job_id = j.id
  WHERE j.steps_completed <> n.steps_completed OR j.steps_total <> n.steps_total
  UNION ALL
  SELECT 'lanes', j.uuid, 'what its tasks queue in differs from the job, or hides ready tasks'
  FROM jobs j
  JOIN tablao_job_lanes n ON n.job_id = j.id
  WHERE EXISTS (
    SELECT 1 FROM tablao_lanes l
    WHERE unlikely(l.job_id = j.id)
      AND (
        l.is_closed <> n.is_closed
        OR l.worker_tag_id <> n.worker_tag_id
        OR l.job_priority <> n.job_priority
        OR l.has_ready <> EXISTS (SELECT 1 FROM tablao_ready_tasks r WHERE r.lane_id = l.id)
        OR EXISTS (
          SELECT 1
          FROM tablao_skips s
          CROSS JOIN tablao_ready_tasks r
            ON r.lane_id = l.id AND r.index_in_job < s.from_index
          WHERE s.lane_id = l.id
            AND NOT EXISTS (SELECT 1 FROM task_failures f WHERE f.task_id = r.task_id AND f.worker_id = s.worker_id)
        )
      )
  )
  UNION ALL
  SELECT 'lanes', j.uuid, 'what its tasks queue in counts other tasks than there are'
  FROM jobs j
  WHERE (SELECT total(l.num_tasks) FROM tablao_lanes l WHERE unlikely(l.job_id = j.id))
      <> (SELECT count(*) FROM tasks t WHERE unlikely(t.job_id = j.id))
    OR j.id IN (
      SELECT l.job_id
      FROM tablao_lanes l
      LEFT JOIN (
        SELECT tablao_lane, count(*) AS n FROM tasks WHERE job_id IN (SELECT id FROM jobs) GROUP BY 1
      ) t ON t.tablao_lane = l.id
      WHERE l.num_tasks IS NOT t.n
    )
)
UNION ALL
SELECT kind, object, message FROM (
  SELECT 'worker types' AS kind, w.uuid AS object, 'the types and tags it takes tasks of differ from supported_task_types and worker_tag_membership' AS message
  FROM workers w
  -- A text from before the rule, which would make malformed JSON, is left out.
  WHERE CASE
    WHEN instr(w.supported_task_types, char(0))
      OR w.supported_task_types GLOB '*[^' || char(9, 10, 13, 32, 45, 1114111) || ']*'
    THEN 0
    ELSE EXISTS (
        SELECT task_type, worker_tag_id FROM tablao_worker_types WHERE worker_id = w.id
        EXCEPT
        SELECT task_type, worker_tag_id FROM tablao_worker_type_pairs WHERE worker_id = w.id
      )
      OR EXISTS (
        SELECT task_type, worker_tag_id FROM tablao_worker_type_pairs WHERE worker_id = w.id
        EXCEPT
        SELECT task_type, worker_tag_id FROM tablao_worker_types WHERE worker_id = w.id
      )
  END
  UNION ALL
  SELECT 'leftover', 'tablao_counts ' || job_id, 'counters of a job that does not exist'
  FROM tablao_counts
  WHERE job_id > 0 AND job_id NOT IN (SELECT id FROM jobs)
  UNION ALL
  SELECT 'leftover', 'tablao_lanes ' || id, 'a lane of a job that does not exist'
  FROM tablao_lanes
  WHERE job_id <> 0 AND job_id NOT IN (SELECT id FROM jobs)
  UNION ALL
  SELECT 'leftover', 'tablao_worker_types ' || worker_id, 'types of a worker that does not exist'
  FROM tablao_worker_types
  WHERE worker_id NOT IN (SELECT id FROM workers)
);

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
