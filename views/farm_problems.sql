-- Stored data that disagrees with what it derives from, or with a rule: no row
-- when all is well. object is the uuid of the job, task or worker, the name of a
-- setting, or a table and a key in it. DELETE FROM farm_problems repairs what can be computed anew, and
-- deletes a row without its parent, or sets its column to NULL, as its key says:
-- kinds counters, sums, readiness, lane, lanes, worker types, failures, steps,
-- unfinished, attempt, leftover, setting, orphan and last rendered. The other kinds
-- want a decision. First comes derived data, in the order in which it is repaired:
-- what is recounted is last. In groups, since some hosts allow five terms: docs/clients.md.
-- NOT INDEXED, unlikely(): as in problems.sql.
-- @own
CREATE VIEW farm_problems (kind, object, message) AS
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
  UNION ALL
  SELECT kind, object, message FROM tablao_state_problems
)
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
  INSERT INTO tablao_settle (job_id) SELECT NULL WHERE OLD.kind = 'unfinished';
  INSERT INTO tablao_settle (job_id) SELECT NULL WHERE OLD.kind = 'unfinished';
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
